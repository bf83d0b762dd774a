//! One conversation of a phone.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use tokio::{sync::watch, time::timeout};

use super::{
    codec::Codec,
    phone::{Line, PATIENCE},
    rtp::Audio,
    sdp,
    sip::{Message, fresh, uri_of},
    tone::Heard,
};

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Sent; nobody has said a word.
    Calling,
    /// The server works on it.
    Trying,
    Ringing,
    Talking,
    Ended(End),
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    pub by: Side,
    /// 200 after a BYE, else the code that ended the attempt (487 after CANCEL, 408 when nobody answered).
    pub code: u16,
    /// Q.850, when the other side named it.
    pub cause: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Us,
    Them,
}

/// A handle to a conversation; clones are the same conversation.
#[derive(Clone)]
pub struct Call(Arc<Inner>);

struct Inner {
    line: Arc<Line>,
    id: String,
    caller: bool,
    tag: String,
    /// Ours in `From` of what we send.
    us: String,
    began: SystemTime,
    dialog: Mutex<Dialog>,
    /// By twos: a request that must be repeated with credentials takes the number between.
    cseq: AtomicU32,
    acknowledged: watch::Sender<bool>,
    state: watch::Sender<State>,
    audio: Audio,
}

/// What we know of the other side, and the INVITE between us.
struct Dialog {
    them: String,
    target: String,
    address: SocketAddr,
    invite: Message,
    version: u32,
}

impl Call {
    async fn new(line: Arc<Line>, id: String, caller: bool, us: String, tag: String, dialog: Dialog) -> Self {
        let began = SystemTime::now();
        let audio = Audio::open(line.codec(), line.gone.clone(), line.quiet.load(Ordering::Relaxed)).await;
        let state = watch::channel(if caller { State::Calling } else { State::Ringing }).0;
        let (dialog, cseq, acknowledged) = (dialog.into(), AtomicU32::new(1), watch::channel(false).0);
        let inner = Inner { line, id, caller, tag, us, began, dialog, cseq, acknowledged, state, audio };
        let call = Self(Arc::new(inner));
        call.0.line.remember(&call.0.id, call.clone());
        call
    }

    pub(super) async fn place(line: Arc<Line>, uri: &str) -> Self {
        let (id, tag) = (fresh("c"), fresh("t"));
        let us = format!("<sip:{}@{}>;tag={tag}", line.user, line.domain);
        let them = format!("<{uri}>");
        let invite = line.request("INVITE", uri, &id, 1).with("From", &us).with("To", &them);
        let dialog =
            Dialog { them, target: uri.to_owned(), address: line.server, invite: invite.clone(), version: 1 };
        let call = Self::new(line, id, true, us, tag, dialog).await;
        let offer = call.sdp_of(1, "sendrecv");
        let invite = invite.with_body("application/sdp", offer);
        tokio::spawn(call.clone().follow(invite));
        call
    }

    /// Follows our INVITE until it is decided.
    async fn follow(self, invite: Message) {
        let news = |reply: &Message| {
            self.learn(reply);
            let ringing = reply.code() > Some(100);
            self.0.state.send_if_modified(|state| {
                let next = if ringing { State::Ringing } else { State::Trying };
                let forward = matches!(state, State::Calling | State::Trying) && *state != next;
                if forward {
                    *state = next;
                }
                forward
            });
        };
        let Some(reply) = self.0.line.ask(invite, self.0.line.server, news).await else {
            return self.end(Side::Them, 408, None);
        };
        match reply.code() {
            Some(200..=299) => {
                self.learn(&reply);
                self.0.state.send_replace(State::Talking);
            }
            // Only our own CANCEL brings a 487.
            Some(487) => self.end(Side::Us, 487, reply.cause()),
            code => self.end(Side::Them, code.unwrap_or_default(), reply.cause()),
        }
    }

    pub(super) async fn incoming(line: Arc<Line>, invite: Message, from: SocketAddr) -> Self {
        let tag = fresh("t");
        let us = format!("{};tag={tag}", invite.get("To"));
        let dialog = Dialog {
            them: invite.get("From").to_owned(),
            target: uri_of(invite.get("Contact")).to_owned(),
            address: from,
            invite: invite.clone(),
            version: 1,
        };
        let id = invite.get("Call-ID").to_owned();
        let call = Self::new(line, id, false, us, tag, dialog).await;
        call.learn_audio(&invite);
        let ringing = invite.reply(180, &call.0.tag).with("Contact", &call.0.line.contact());
        call.0.line.reply(&invite, &ringing, from).await;
        call
    }

    fn dialog(&self) -> MutexGuard<'_, Dialog> {
        self.0.dialog.lock().expect("no panic")
    }

    fn invite(&self) -> (Message, SocketAddr) {
        let dialog = self.dialog();
        (dialog.invite.clone(), dialog.address)
    }

    fn learn(&self, reply: &Message) {
        if reply.code() > Some(100) {
            let mut dialog = self.dialog();
            reply.get("To").clone_into(&mut dialog.them);
            if !reply.get("Contact").is_empty() {
                uri_of(reply.get("Contact")).clone_into(&mut dialog.target);
            }
        }
        self.learn_audio(reply);
    }

    fn learn_audio(&self, message: &Message) {
        if let Some(remote) = sdp::read(&message.body) {
            self.0.audio.talk_to(remote);
        }
    }

    fn end(&self, by: Side, code: u16, cause: Option<u8>) {
        self.0.state.send_if_modified(|state| {
            let first = !matches!(state, State::Ended(_));
            if first {
                *state = State::Ended(End { by, code, cause });
                self.0.audio.stop();
            }
            first
        });
    }

    fn sdp(&self, direction: &str) -> String {
        let version = {
            let mut dialog = self.dialog();
            dialog.version += 1;
            dialog.version
        };
        self.sdp_of(version, direction)
    }

    fn sdp_of(&self, version: u32, direction: &str) -> String {
        let audio = &self.0.audio;
        let keys = audio.remote().map_or(101, |r| r.keys);
        let keys = (!self.0.line.tones_only.load(Ordering::Relaxed)).then_some(keys);
        sdp::write(audio.port, audio.kind(), keys, direction, version)
    }

    /// A request inside of the dialog.
    fn request(&self, method: &str) -> Message {
        let cseq = self.0.cseq.fetch_add(2, Ordering::Relaxed) + 2;
        let dialog = self.dialog();
        self.0
            .line
            .request(method, &dialog.target, &self.0.id, cseq)
            .with("From", &self.0.us)
            .with("To", &dialog.them)
    }

    async fn ask(&self, request: Message) -> Option<u16> {
        let to = self.dialog().address;
        self.0.line.ask(request, to, |_| ()).await?.code()
    }

    pub(super) fn acknowledged(&self, ack: &Message) {
        self.learn_audio(ack);
        self.0.acknowledged.send_replace(true);
    }

    pub(super) async fn on_request(&self, request: Message, from: SocketAddr) {
        let mut reply = request.reply(200, &self.0.tag).with("Contact", &self.0.line.contact());
        match request.method() {
            "BYE" => self.end(Side::Them, 200, request.cause()),
            "CANCEL" if !matches!(self.state(), State::Ringing) => {}
            "CANCEL" => {
                self.end(Side::Them, 487, request.cause());
                let invite = self.dialog().invite.clone();
                self.settle(invite.reply(487, &self.0.tag), from);
            }
            "INVITE" | "UPDATE" => {
                self.learn_audio(&request);
                let held = self.is_held();
                reply =
                    reply.with_body("application/sdp", self.sdp(if held { "recvonly" } else { "sendrecv" }));
                if request.method() == "INVITE" {
                    self.dialog().invite = request.clone();
                    self.0.acknowledged.send_replace(false);
                    return self.settle(reply, from);
                }
            }
            // What became of a transfer is in the body.
            "NOTIFY" => self.0.line.note(request.body.trim()),
            "OPTIONS" | "INFO" | "MESSAGE" => {}
            _ => reply = request.reply(501, &self.0.tag),
        }
        self.0.line.reply(&request, &reply, from).await;
    }

    /// Sends the final response to an INVITE until it is acknowledged.
    fn settle(&self, reply: Message, to: SocketAddr) {
        let call = self.clone();
        tokio::spawn(async move {
            let (invite, mut acknowledged) = (call.dialog().invite.clone(), call.0.acknowledged.subscribe());
            for wait in [500, 1000, 2000, 4000, 4000, 4000] {
                call.0.line.reply(&invite, &reply, to).await;
                let ack = acknowledged.wait_for(|yes| *yes);
                if timeout(Duration::from_millis(wait), ack).await.is_ok() {
                    return;
                }
            }
        });
    }

    /// Takes the call.
    pub fn answer(&self) {
        let (invite, to) = self.invite();
        let reply = invite
            .reply(200, &self.0.tag)
            .with("Contact", &self.0.line.contact())
            .with_body("application/sdp", self.sdp("sendrecv"));
        self.0.state.send_if_modified(|state| {
            let rings = *state == State::Ringing;
            if rings {
                *state = State::Talking;
            }
            rings
        });
        if self.state() == State::Talking {
            self.settle(reply, to);
        }
    }

    /// Refuses the call: 486, 404, 603, 480, 503 …
    pub fn refuse(&self, code: u16) {
        let (invite, to) = self.invite();
        if self.state() == State::Ringing {
            self.end(Side::Us, code, None);
            self.settle(invite.reply(code, &self.0.tag), to);
        }
    }

    /// Ends the call the way that fits: CANCEL, 603 or BYE. Returns when the other side knows it.
    pub async fn hang_up(&self) {
        if !self.0.caller && self.state() == State::Ringing {
            return self.refuse(603);
        }
        if self.state() == State::Calling {
            // A request that nobody has seen cannot be cancelled.
            self.until("heard of", |state| *state != State::Calling).await;
        }
        if matches!(self.state(), State::Trying | State::Ringing)
            && let Some(invite) = self.0.line.invite_of(&self.0.id)
        {
            let cancel = self
                .0
                .line
                .request("CANCEL", invite.uri(), &self.0.id, invite.cseq())
                .with("From", invite.get("From"))
                .with("To", invite.get("To"))
                .with("Via", invite.get("Via"));
            self.0.line.send(&cancel, self.0.line.server).await;
            self.until("settled", |state| matches!(state, State::Talking | State::Ended(_))).await;
        }
        if self.state() == State::Talking {
            if !self.0.caller {
                // Whoever answered must not send BYE before the ACK (RFC 3261, 15).
                self.answered().await;
            }
            let bye = self.request("BYE");
            self.end(Side::Us, 200, None);
            self.ask(bye).await;
        }
    }

    /// Puts the other side on hold, or takes it back. When the other side just offers something too (491), once more
    /// a little later (RFC 3261, 14.1).
    pub async fn hold(&self, on: bool) {
        self.offer(|| self.sdp(if on { "sendonly" } else { "sendrecv" })).await;
    }

    /// Speaks another codec from now on.
    pub async fn speaks(&self, codec: Codec) {
        self.0.audio.turn_to(codec);
        self.offer(|| self.sdp("sendrecv")).await;
    }

    async fn offer(&self, offer: impl Fn() -> String) {
        let ask = async || self.ask(self.request("INVITE").with_body("application/sdp", offer())).await;
        let mut code = ask().await;
        for _ in 0..3 {
            if code == Some(491) {
                tokio::time::sleep(Duration::from_millis(700)).await;
                code = ask().await;
            }
        }
        assert_eq!(code, Some(200), "the offer was refused\n{}", self.0.line.trace());
    }

    /// Sends the other side to a number (REFER, RFC 3515). The code of the answer.
    pub async fn refer(&self, number: &str) -> Option<u16> {
        self.refer_to(&format!("<sip:{number}@{}>", self.0.line.domain)).await
    }

    /// Joins the other side with that of another call of this phone (REFER with Replaces, RFC 3891).
    pub async fn refer_into(&self, other: &Self) -> Option<u16> {
        let theirs = other.dialog().them.split("tag=").nth(1).unwrap_or_default().to_owned();
        let replaces = format!("{}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{}", other.0.id, other.0.tag);
        let target = other.dialog().target.split(';').next().unwrap_or_default().to_owned();
        self.refer_to(&format!("<{target}?Replaces={replaces}>")).await
    }

    pub async fn refer_to(&self, whom: &str) -> Option<u16> {
        self.ask(self.request("REFER").with("Refer-To", whom).with("Referred-By", &self.0.us)).await
    }

    pub fn is_held(&self) -> bool {
        self.0.audio.remote().is_some_and(|r| r.holds)
    }

    /// Presses keys, by RFC 2833.
    pub fn press(&self, keys: &str) {
        self.0.audio.press(keys);
    }

    /// How many of them have not begun to be pressed.
    pub fn keys_to_press(&self) -> usize {
        self.0.audio.keys_to_press()
    }

    /// Presses keys by nothing but their sound.
    pub fn press_by_tones(&self, keys: &str) {
        self.0.audio.press_by_tones(keys);
    }

    /// Presses a key by SIP INFO.
    pub async fn press_by_info(&self, key: char) {
        let body = format!("Signal={key}\r\nDuration=160\r\n");
        let code = self.ask(self.request("INFO").with_body("application/dtmf-relay", body)).await;
        assert_eq!(code, Some(200), "INFO was refused\n{}", self.0.line.trace());
    }

    /// Keys that the other side pressed (RFC 2833).
    pub fn pressed(&self) -> String {
        self.0.audio.pressed()
    }

    /// A quiet phone begins to listen.
    pub fn listens(&self) {
        self.0.audio.listens();
    }

    /// Says a tone without end.
    pub fn says(&self, frequency: f64) {
        self.0.audio.say(Some(frequency));
    }

    /// Says this once, 8,000 samples a second.
    pub fn says_sound(&self, samples: &[i16]) {
        self.0.audio.say_sound(samples);
    }

    /// When the last of a sound was sent; `None` while there is more to say.
    pub fn said(&self) -> Option<Instant> {
        self.0.audio.said()
    }

    /// When the first packet came that is as loud as this, of all since then.
    pub fn loud_since(&self, start: Instant, loud: u16) -> Option<Instant> {
        self.0.audio.loud_since(start, loud)
    }

    /// Sends packets of so many milliseconds from now on, whatever was agreed on.
    pub fn packets_of(&self, millis: usize) {
        self.0.audio.packets_of(millis);
    }

    /// Says nothing, but goes on sending.
    pub fn is_silent(&self) {
        self.0.audio.say(None);
    }

    /// Sends no packet at all, or does again: some phones are so on hold.
    pub fn sends_nothing(&self, on: bool) {
        self.0.audio.pause(on);
    }

    /// When its INVITE was sent, or had come in.
    pub fn began(&self) -> SystemTime {
        self.0.began
    }

    /// The user of the phone that this is a call of.
    pub fn user(&self) -> &str {
        &self.0.line.user
    }

    pub fn state(&self) -> State {
        *self.0.state.borrow()
    }

    /// A header of the INVITE that brought the call.
    pub fn header(&self, name: &str) -> String {
        self.invite().0.get(name).to_owned()
    }

    /// The number or user that calls, or is called, as the other side writes itself.
    pub fn other(&self) -> String {
        let them = self.dialog().them.clone();
        uri_of(&them).trim_start_matches("sip:").split('@').next().unwrap_or_default().to_owned()
    }

    /// The number or user that was called.
    pub fn dialled(&self) -> String {
        let uri = self.dialog().invite.uri().to_owned();
        uri.trim_start_matches("sip:").split('@').next().unwrap_or_default().to_owned()
    }

    pub async fn rings_there(&self) {
        self.until("ringing", |state| *state == State::Ringing).await;
    }

    pub async fn answered(&self) {
        self.until("answered", |state| *state == State::Talking).await;
        if !self.0.caller {
            let _ = timeout(PATIENCE, self.0.acknowledged.subscribe().wait_for(|yes| *yes)).await;
        }
    }

    pub async fn ended(&self) -> End {
        self.ended_within(PATIENCE).await
    }

    pub async fn ended_within(&self, patience: Duration) -> End {
        match self.until_within(patience, "ended", |state| matches!(state, State::Ended(_))).await {
            State::Ended(end) => end,
            _ => unreachable!("waited for the end"),
        }
    }

    async fn until(&self, what: &str, reached: impl FnMut(&State) -> bool) -> State {
        self.until_within(PATIENCE, what, reached).await
    }

    async fn until_within(
        &self,
        patience: Duration,
        what: &str,
        reached: impl FnMut(&State) -> bool,
    ) -> State {
        let mut state = self.0.state.subscribe();
        let found = timeout(patience, state.wait_for(reached)).await.map(|found| found.map(|s| *s));
        match found {
            Ok(Ok(state)) => state,
            _ => panic!(
                "{}'s call with {} is {:?}, not {what}\n{}",
                self.0.line.user,
                self.other(),
                self.state(),
                self.0.line.trace()
            ),
        }
    }

    pub fn heard_since(&self, start: Instant) -> Heard {
        self.0.audio.heard_since(start)
    }

    /// What comes in during the next `span`.
    pub async fn listen(&self, span: Duration) -> Heard {
        let start = Instant::now();
        tokio::time::sleep(span).await;
        self.heard_since(start)
    }

    /// Waits until the other side's tone is heard: at least 80 % of all energy, in at least 0.2 s of sound.
    pub async fn hears(&self, frequency: f64) {
        let enough = |heard: &Heard| heard.share(frequency) > 0.8 && heard.loudness() > 500.0;
        self.hears_that(frequency, "hears only", enough).await;
    }

    /// Waits until two tones are heard at once, and not one's own.
    pub async fn hears_both(&self, tones: [f64; 2], own: f64) {
        let enough = |heard: &Heard| {
            tones.iter().all(|tone| heard.share(*tone) > 0.2)
                && heard.share(own) < 0.1
                && heard.loudness() > 500.0
        };
        self.hears_that(tones[0], "hears two, of which one says", enough).await;
    }

    /// Waits until something is heard that is not that tone: a prompt or music.
    pub async fn hears_other_than(&self, frequency: f64) {
        let enough = |heard: &Heard| heard.share(frequency) < 0.3 && heard.loudness() > 100.0;
        self.hears_that(frequency, "hears something else than", enough).await;
    }

    async fn hears_that(&self, frequency: f64, what: &str, enough: impl Fn(&Heard) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let heard = self.listen(Duration::from_millis(300)).await;
            if heard.seconds() >= 0.2 && enough(&heard) {
                return;
            }
            let (seconds, loudness, share) = (heard.seconds(), heard.loudness(), heard.share(frequency));
            assert!(
                Instant::now() < deadline,
                "not true that {} {what} {frequency} Hz: in {seconds:.2} s of loudness {loudness:.0} its share is \
                 {share:.2}\n{}",
                self.0.line.user,
                self.0.line.trace()
            );
        }
    }
}
