//! The phone itself: one UDP socket, its registration, its transactions, and what it does when it is called.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    net::UdpSocket,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    call::{Call, State},
    codec::Codec,
    digest,
    sip::{Message, fresh, uri_of},
};

/// How long a test waits for anything, unless it says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// First wait before a request is sent again (T1 of RFC 3261).
const T1: Duration = Duration::from_millis(500);

/// What the phone does with a call that comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Rings; the test answers.
    Ring,
    /// Rings this long, then answers.
    AnswerAfter(Duration),
    /// Says so long that it tries (100), then rings.
    TryFor(Duration),
    /// Refuses at once with this code.
    Refuse(u16),
    /// Says nothing at all.
    Dead,
}

/// A phone on 127.0.0.1. It is gone when dropped.
pub struct Phone {
    pub line: Arc<Line>,
    came_in: tokio::sync::Mutex<UnboundedReceiver<Call>>,
    listener: JoinHandle<()>,
}

/// What the phone and its calls share.
pub struct Line {
    pub user: String,
    pub domain: String,
    pub server: SocketAddr,
    pub address: SocketAddr,
    pub gone: Arc<AtomicBool>,
    pub quiet: AtomicBool,
    unasked: AtomicBool,
    /// It does not speak RFC 2833.
    pub tones_only: AtomicBool,
    codec: Mutex<Codec>,
    secret: String,
    socket: UdpSocket,
    manner: Mutex<Manner>,
    asked: Mutex<Vec<Asked>>,
    replied: Mutex<HashMap<String, Vec<u8>>>,
    calls: Mutex<HashMap<String, Call>>,
    trace: Mutex<Vec<String>>,
    since: Instant,
}

/// A request of ours and where its responses go.
struct Asked {
    request: Message,
    replies: UnboundedSender<Message>,
}

impl Phone {
    /// A phone without registration: the outside world on a trunk.
    pub async fn new(user: &str, server: SocketAddr) -> Self {
        Self::with_secret(user, "", server, &server.to_string()).await
    }

    /// A phone that can register as `user` in `domain`.
    pub async fn with_secret(user: &str, secret: &str, server: SocketAddr, domain: &str) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free UDP port");
        let line = Arc::new(Line {
            user: user.to_owned(),
            domain: domain.to_owned(),
            server,
            address: socket.local_addr().expect("bound"),
            gone: Arc::default(),
            quiet: false.into(),
            unasked: false.into(),
            tones_only: false.into(),
            codec: Codec::Pcmu.into(),
            secret: secret.to_owned(),
            socket,
            manner: Mutex::new(Manner::Ring),
            asked: Mutex::default(),
            replied: Mutex::default(),
            calls: Mutex::default(),
            trace: Mutex::default(),
            since: Instant::now(),
        });
        let (sender, came_in) = unbounded_channel();
        let listener = tokio::spawn(line.clone().listen(sender));
        Self { line, came_in: came_in.into(), listener }
    }

    pub fn address(&self) -> SocketAddr {
        self.line.address
    }

    pub fn on_call(&self, manner: Manner) {
        *self.line.manner.lock().expect("no panic") = manner;
    }

    /// What its next calls speak.
    pub fn speaks(&self, codec: Codec) {
        *self.line.codec.lock().expect("no panic") = codec;
    }

    /// Its next calls offer no RFC 2833: its keys are sounds, as those of an old telephone.
    pub fn knows_no_events(&self) {
        self.line.tones_only.store(true, Ordering::Relaxed);
    }

    /// From now on its calls hear nothing, and send nothing before there is something to say.
    pub fn keep_quiet(&self) {
        self.line.quiet.store(true, Ordering::Relaxed);
    }

    /// An engine that starts says 503, and phones try again.
    pub async fn register(&self) {
        let deadline = Instant::now() + PATIENCE;
        let mut code = self.registration(3600).await;
        while code == Some(503) && Instant::now() < deadline {
            sleep(Duration::from_millis(100)).await;
            code = self.registration(3600).await;
        }
        assert_eq!(code, Some(200), "{} could not register\n{}", self.line.user, self.line.trace());
    }

    pub async fn unregister(&self) {
        let code = self.registration(0).await;
        assert_eq!(code, Some(200), "{} could not unregister\n{}", self.line.user, self.line.trace());
    }

    /// The final code of a REGISTER; `None` when nobody answered.
    pub async fn registration(&self, expires: u32) -> Option<u16> {
        let line = &self.line;
        let us = format!("<sip:{}@{}>", line.user, line.domain);
        let request = line
            .request("REGISTER", &format!("sip:{}", line.domain), &fresh("r"), 1)
            .with("From", &format!("{us};tag={}", fresh("t")))
            .with("To", &us)
            .with("Expires", &expires.to_string());
        line.ask(request, line.server, |_| ()).await?.code()
    }

    /// Calls a number at the server.
    pub async fn dial(&self, number: &str) -> Call {
        Call::place(self.line.clone(), &format!("sip:{number}@{}", self.line.domain)).await
    }

    /// The next call that comes in.
    pub async fn rings(&self) -> Call {
        self.rings_within(PATIENCE).await.unwrap_or_else(|| {
            panic!("nobody called {} within {PATIENCE:?}\n{}", self.line.user, self.line.trace())
        })
    }

    pub async fn rings_within(&self, patience: Duration) -> Option<Call> {
        timeout(patience, async { self.came_in.lock().await.recv().await }).await.ok().flatten()
    }

    /// Disappears without a word: no packet is sent or heeded any more.
    pub fn vanish(&self) {
        self.line.gone.store(true, Ordering::Relaxed);
    }

    /// Is there again.
    pub fn comes_back(&self) {
        self.line.gone.store(false, Ordering::Relaxed);
    }

    /// From now on it says nothing when it is asked whether it is there (OPTIONS).
    pub fn answers_no_questions(&self) {
        self.line.unasked.store(true, Ordering::Relaxed);
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Line {
    pub fn codec(&self) -> Codec {
        *self.codec.lock().expect("no panic")
    }

    pub fn note(&self, what: &str) {
        let line = format!("{:8.3} {what}", self.since.elapsed().as_secs_f64());
        self.trace.lock().expect("no panic").push(line);
    }

    /// All that was sent and received, a line each.
    pub fn trace(&self) -> String {
        self.trace.lock().expect("no panic").join("\n")
    }

    pub fn contact(&self) -> String {
        format!("<sip:{}@{}>", self.user, self.address)
    }

    /// A request of this phone, without `From` and `To`.
    pub fn request(&self, method: &str, uri: &str, call_id: &str, cseq: u32) -> Message {
        Message::request(method, uri)
            .with("Via", &format!("SIP/2.0/UDP {};rport;branch={}", self.address, fresh("z9hG4bK")))
            .with("Max-Forwards", "70")
            .with("Call-ID", call_id)
            .with("CSeq", &format!("{cseq} {method}"))
            .with("Contact", &self.contact())
            .with("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, NOTIFY")
    }

    pub async fn send(&self, message: &Message, to: SocketAddr) {
        self.send_bytes(&message.bytes(), &message.summary(), to).await;
    }

    async fn send_bytes(&self, bytes: &[u8], summary: &str, to: SocketAddr) {
        if !self.gone.load(Ordering::Relaxed) {
            self.note(&format!("> {summary}"));
            let _ = self.socket.send_to(bytes, to).await;
        }
    }

    /// Sends a request, again and again until it is answered, once more with credentials when asked for them, and
    /// returns the final response; `None` when there is none. `news` sees provisional ones.
    pub async fn ask(&self, request: Message, to: SocketAddr, news: impl Fn(&Message)) -> Option<Message> {
        let first = self.exchange(&request, to, &news).await?;
        if !matches!(first.code(), Some(401 | 407)) || self.secret.is_empty() {
            return Some(first);
        }
        let via = format!("SIP/2.0/UDP {};rport;branch={}", self.address, fresh("z9hG4bK"));
        let again = digest::answer(request.with("Via", &via), &first, &self.user, &self.secret)?;
        self.exchange(&again, to, &news).await
    }

    async fn exchange(&self, request: &Message, to: SocketAddr, news: &impl Fn(&Message)) -> Option<Message> {
        let (replies, mut incoming) = unbounded_channel();
        self.asked.lock().expect("no panic").push(Asked { request: request.clone(), replies });
        let (mut wait, deadline) = (T1, Instant::now() + 64 * T1);
        let mut answered = false;
        loop {
            if !answered {
                self.send(request, to).await;
            }
            match timeout(wait, incoming.recv()).await {
                Ok(Some(reply)) if reply.code() >= Some(200) => return Some(reply),
                Ok(Some(reply)) => {
                    answered = request.method() == "INVITE";
                    news(&reply);
                }
                // A phone that rings may ring as long as it likes.
                _ if !answered && Instant::now() > deadline => return None,
                _ => wait = (2 * wait).min(8 * T1),
            }
        }
    }

    /// The latest INVITE of this call as it was sent (a CANCEL must match it).
    pub fn invite_of(&self, call_id: &str) -> Option<Message> {
        let asked = self.asked.lock().expect("no panic");
        let mine = |a: &&Asked| a.request.method() == "INVITE" && a.request.get("Call-ID") == call_id;
        asked.iter().rev().find(mine).map(|a| a.request.clone())
    }

    pub fn remember(&self, call_id: &str, call: Call) {
        self.calls.lock().expect("no panic").insert(call_id.to_owned(), call);
    }

    /// Answers a request, and answers the same when it comes again.
    pub async fn reply(&self, request: &Message, reply: &Message, to: SocketAddr) {
        let key = format!("{} {}", request.method(), request.branch());
        self.replied.lock().expect("no panic").insert(key, reply.bytes());
        self.send(reply, to).await;
    }

    async fn listen(self: Arc<Self>, came_in: UnboundedSender<Call>) {
        let mut packet = vec![0; 65_536];
        while let Ok((length, from)) = self.socket.recv_from(&mut packet).await {
            let Some(message) = Message::parse(&packet[..length]) else { continue };
            if self.gone.load(Ordering::Relaxed) {
                continue;
            }
            self.note(&format!("< {}", message.summary()));
            match message.code() {
                Some(code) => self.on_response(message, code, from).await,
                None => self.on_request(message, from, &came_in).await,
            }
        }
    }

    async fn on_response(&self, response: Message, code: u16, from: SocketAddr) {
        let ack = {
            let asked = self.asked.lock().expect("no panic");
            // A CANCEL has the branch of its INVITE; its response decides nothing.
            let mine = |a: &&Asked| {
                a.request.branch() == response.branch() && a.request.method() == response.method()
            };
            let Some(asked) = asked.iter().find(mine) else { return };
            let _ = asked.replies.send(response.clone());
            (code >= 200 && response.method() == "INVITE").then(|| self.ack(&asked.request, &response, code))
        };
        if let Some(ack) = ack {
            self.send(&ack, from).await;
        }
    }

    /// The ACK of a final response, as often as it comes.
    fn ack(&self, invite: &Message, response: &Message, code: u16) -> Message {
        let uri = if code < 300 { uri_of(response.get("Contact")) } else { invite.uri() };
        let ack = self
            .request("ACK", uri, invite.get("Call-ID"), invite.cseq())
            .with("From", invite.get("From"))
            .with("To", response.get("To"));
        if code < 300 { ack } else { ack.with("Via", invite.get("Via")) }
    }

    async fn on_request(
        self: &Arc<Self>,
        request: Message,
        from: SocketAddr,
        came_in: &UnboundedSender<Call>,
    ) {
        let call = self.calls.lock().expect("no panic").get(request.get("Call-ID")).cloned();
        let key = format!("{} {}", request.method(), request.branch());
        let again = self.replied.lock().expect("no panic").get(&key).cloned();
        match (request.method(), call) {
            (_, _) if again.is_some() => {
                self.send_bytes(&again.unwrap_or_default(), "the same again", from).await;
            }
            ("ACK", call) => {
                if let Some(call) = call {
                    call.acknowledged(&request);
                }
            }
            (_, Some(call)) => call.on_request(request, from).await,
            ("INVITE", None) => self.called(request, from, came_in).await,
            ("OPTIONS", None) if self.unasked.load(Ordering::Relaxed) => {}
            ("OPTIONS" | "NOTIFY" | "INFO", None) => {
                self.reply(&request, &request.reply(200, "x"), from).await;
            }
            (_, None) => self.reply(&request, &request.reply(481, "x"), from).await,
        }
    }

    async fn called(self: &Arc<Self>, invite: Message, from: SocketAddr, came_in: &UnboundedSender<Call>) {
        let manner = *self.manner.lock().expect("no panic");
        if manner == Manner::Dead {
            return;
        }
        if let Manner::TryFor(wait) = manner {
            self.reply(&invite, &invite.reply(100, "x"), from).await;
            let (line, came_in) = (self.clone(), came_in.clone());
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                let _ = came_in.send(Call::incoming(line, invite, from).await);
            });
            return;
        }
        let call = Call::incoming(self.clone(), invite, from).await;
        match manner {
            Manner::Refuse(code) => call.refuse(code),
            Manner::AnswerAfter(wait) => {
                let call = call.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(wait).await;
                    if call.state() == State::Ringing {
                        call.answer();
                    }
                });
            }
            Manner::Ring | Manner::Dead | Manner::TryFor(_) => {}
        }
        let _ = came_in.send(call);
    }
}
