//! Live events: in order, from any number, told plainly when they are gone; and nobody is waited for.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tandem::{
    base::{
        clock::{Clock, Stamp, SystemClock},
        id::{CallId, LegId, Name},
        locale::Locale,
        text::Label,
    },
    desk::access::{Access, NewToken, Scope},
    http::{Event, Feed},
    live::switchboard::view::{Speaker, Words},
};
use tokio::net::UnixStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, protocol::Role},
};

use crate::double::{Daemon, LIVE, Mood, OVER};

const PATIENCE: Duration = Duration::from_secs(30);

type Stream = WebSocketStream<UnixStream>;

async fn follow(daemon: &Daemon, query: &str) -> Stream {
    let socket = UnixStream::connect(&daemon.socket).await.expect("connected");
    let (stream, _) = client_async(format!("ws://tandem/v1/events{query}"), socket).await.expect("upgraded");
    stream
}

/// The next event, or the code of the close.
async fn next<S>(stream: &mut WebSocketStream<S>) -> Result<Value, u16>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    loop {
        match tokio::time::timeout(PATIENCE, stream.next()).await.expect("something comes") {
            Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(text.as_str()).expect("JSON")),
            Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
            // A ping is answered with the next flush.
            Some(Ok(_)) => {
                if stream.flush().await.is_err() {
                    return Err(1006);
                }
            }
            Some(Err(_)) | None => return Err(1006),
        }
    }
}

fn publish(feed: &Feed, what: &str) {
    feed.publish(SystemClock.now(), Event::CallTold { call: LIVE, what: what.into() });
}

async fn told(stream: &mut Stream, many: usize) -> Vec<(u64, String)> {
    let mut events = Vec::new();
    while events.len() < many {
        let event = next(stream).await.expect("an event");
        if event["event"] == "call.told" {
            let what = event["what"].as_str().expect("text").to_owned();
            events.push((event["seq"].as_u64().expect("a number"), what));
        }
    }
    events
}

#[tokio::test]
async fn events_come_in_order_and_from_any_number_again() {
    let daemon = Daemon::start(Mood::Well);
    publish(&daemon.feed, "before anybody watched");
    let mut first = follow(&daemon, "").await;
    let hello = next(&mut first).await.expect("hello");
    assert_eq!(hello["event"], "hello");
    let newest = hello["seq"].as_u64().expect("a number");
    for n in 0..500 {
        publish(&daemon.feed, &format!("event {n}"));
    }
    let events = told(&mut first, 500).await;
    let expected: Vec<_> = (0..500).map(|n| (newest + 1 + n, format!("event {n}"))).collect();
    assert_eq!(events, expected);

    let mut again = follow(&daemon, &format!("?after={}", newest + 490)).await;
    assert_eq!(next(&mut again).await.expect("hello")["seq"], newest + 500);
    assert_eq!(told(&mut again, 10).await, expected[490..]);
    let mut whole = follow(&daemon, &format!("?after={}", newest - 1)).await;
    next(&mut whole).await.expect("hello");
    assert_eq!(told(&mut whole, 1).await[0].1, "before anybody watched");
}

#[tokio::test]
async fn what_is_gone_is_told_as_a_gap() {
    let daemon = Daemon::start(Mood::Well);
    for n in 0..10_010 {
        publish(&daemon.feed, &format!("event {n}"));
    }
    for after in [0, u64::MAX - 7] {
        let mut late = follow(&daemon, &format!("?after={after}")).await;
        next(&mut late).await.expect("hello");
        let gap = next(&mut late).await.expect("gap");
        assert_eq!((&gap["event"], gap["after"].as_u64()), (&"gap".into(), Some(after)));
        let (seq, what) = told(&mut late, 1).await.remove(0);
        assert_eq!((gap["oldest"].as_u64(), what.as_str()), (Some(seq), "event 10"));
    }
}

#[tokio::test]
async fn whoever_does_not_read_is_let_go_and_holds_up_nobody() {
    let daemon = Daemon::start(Mood::Well);
    let mut slow = follow(&daemon, "").await;
    let mut quick = follow(&daemon, "").await;
    next(&mut quick).await.expect("hello");
    let long = "x".repeat(4000);
    // Far more than the kernel keeps for a reader who does not read, and more than the feed keeps.
    for round in 0..30 {
        for _ in 0..400 {
            publish(&daemon.feed, &long);
        }
        assert_eq!(told(&mut quick, 400).await.len(), 400, "round {round}");
    }
    let mut heard = 0;
    let end = loop {
        match next(&mut slow).await {
            Ok(_) => heard += 1,
            Err(code) => break code,
        }
    };
    assert!(heard < 12_000, "{heard}");
    assert!([4000, 1006].contains(&end), "closed with {end}");
    publish(&daemon.feed, "still there");
    assert_eq!(told(&mut quick, 1).await[0].1, "still there");
}

async fn upgrade(client: &reqwest::Client, url: &str, token: &SecretString) -> reqwest::Response {
    let request = client.get(url).bearer_auth(token.expose_secret());
    let request = request.header("connection", "upgrade").header("upgrade", "websocket");
    let request = request.header("sec-websocket-version", "13");
    request.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==").send().await.expect("answer")
}

#[tokio::test]
async fn a_revoked_token_ends_the_watching() {
    let daemon = Daemon::start(Mood::Well);
    let access = Access::new(daemon.db.clone(), Arc::new(SystemClock));
    let (who, user) = (Label::new("test"), Name::new("board").expect("name"));
    access.add_user(&who, user.clone(), Scope::Read).await.expect("added");
    let asked = NewToken { scope: Scope::Read, days: 1, note: Label::default() };
    let made = access.make_token(&who, &user, asked).await.expect("made");
    let ca = std::fs::read(&daemon.ca).expect("read");
    let ca = reqwest::Certificate::from_pem(&ca).expect("PEM");
    let client = reqwest::Client::builder().tls_certs_only([ca]).build().expect("client");
    let answer = upgrade(&client, &format!("{}/v1/events", daemon.url), &made.secret).await;
    assert_eq!(answer.status(), 101);
    let socket = answer.upgrade().await.expect("upgraded");
    let mut stream = WebSocketStream::from_raw_socket(socket, Role::Client, None).await;
    assert_eq!(next(&mut stream).await.expect("hello")["event"], "hello");
    access.revoke(&who, &made.token.id).await.expect("revoked");
    let end = loop {
        if let Err(code) = next(&mut stream).await {
            break code;
        }
    };
    assert_eq!(end, 4001);
}

fn whisper(feed: &Feed, call: CallId, text: &str, whole: bool) {
    let leg = LegId::new("caller").expect("a leg");
    let (by, language) = (Speaker::Caller, Locale::English);
    feed.whisper(SystemClock.now(), Words { call, leg, by, language, text: text.into(), whole });
}

/// The words that come until an event is the last one.
async fn words(stream: &mut Stream, last: impl Fn(&Value) -> bool) -> Vec<String> {
    let mut words = Vec::new();
    loop {
        let event = next(stream).await.expect("an event");
        if event["event"] == "call.words" {
            assert_eq!(event["words"]["by"], "caller");
            words.push(format!("{} {}", event["words"]["text"], event["words"]["final"]));
        }
        if last(&event) {
            return words;
        }
    }
}

#[tokio::test]
async fn words_are_told_to_whoever_asks_as_they_form_and_kept_for_nobody() {
    let daemon = Daemon::start(Mood::Well);
    let mut all = follow(&daemon, "?words=all").await;
    let mut one = follow(&daemon, &format!("?words={LIVE}")).await;
    let mut none = follow(&daemon, "").await;
    for stream in [&mut all, &mut one, &mut none] {
        next(stream).await.expect("hello");
    }
    let before = daemon.feed.newest();
    whisper(&daemon.feed, LIVE, "I want", false);
    whisper(&daemon.feed, OVER, "where is", false);
    whisper(&daemon.feed, LIVE, "I want a refund", true);
    assert_eq!(daemon.feed.newest(), before, "words have no number of their own");
    publish(&daemon.feed, "afterwards");
    let told = |event: &Value| event["event"] == "call.told";
    let ours = ["\"I want\" false", "\"I want a refund\" true"];
    assert_eq!(words(&mut all, told).await, [ours[0], "\"where is\" false", ours[1]]);
    assert_eq!(words(&mut one, told).await, ours);
    assert_eq!(words(&mut none, told).await, Vec::<String>::new());
    let mut late = follow(&daemon, &format!("?words=all&after={before}")).await;
    assert_eq!(words(&mut late, told).await, Vec::<String>::new(), "nobody hears them later");
}

#[tokio::test]
async fn words_need_more_than_the_right_to_look() {
    let daemon = Daemon::start(Mood::Well);
    let access = Access::new(daemon.db.clone(), Arc::new(SystemClock));
    let (who, user) = (Label::new("test"), Name::new("board").expect("name"));
    access.add_user(&who, user.clone(), Scope::Operate).await.expect("added");
    let ca = std::fs::read(&daemon.ca).expect("read");
    let ca = reqwest::Certificate::from_pem(&ca).expect("PEM");
    let client = reqwest::Client::builder().tls_certs_only([ca]).build().expect("client");
    for (scope, words, status) in [
        (Scope::Read, "?words=all", 403),
        (Scope::Read, "", 101),
        (Scope::Operate, "?words=all", 101),
        (Scope::Operate, "?words=some", 422),
    ] {
        let asked = NewToken { scope, days: 1, note: Label::default() };
        let made = access.make_token(&who, &user, asked).await.expect("made");
        let answer = upgrade(&client, &format!("{}/v1/events{words}", daemon.url), &made.secret).await;
        assert_eq!(answer.status(), status, "{scope} {words}");
    }
}

/// `tandem transcript` reads along until the call is over.
#[tokio::test(flavor = "multi_thread")]
async fn the_transcript_of_a_call_ends_with_it() {
    let daemon = Daemon::start(Mood::Well);
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
    command.arg("--socket").arg(&daemon.socket).args(["transcript", &LIVE.to_string()]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let deadline = Instant::now() + PATIENCE;
    while daemon.feed.listeners() == 0 {
        assert!(Instant::now() < deadline, "it never listened");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    whisper(&daemon.feed, LIVE, "I want", false);
    whisper(&daemon.feed, LIVE, "I want a refund", true);
    whisper(&daemon.feed, OVER, "not ours", true);
    whisper(&daemon.feed, LIVE, "", true);
    daemon.feed.publish(SystemClock.now(), Event::CallGone { call: OVER });
    daemon.feed.publish(SystemClock.now(), Event::CallGone { call: LIVE });
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output());
    let output = ended.await.expect("joined").expect("output");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let shown = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<&str> = shown.lines().filter_map(|line| line.get(10..)).collect();
    assert_eq!(lines, ["caller  I want a refund", "caller  (not understood)"], "{shown}");
}

#[tokio::test]
async fn whoever_asks_without_a_web_socket_is_told_so() {
    let daemon = Daemon::start(Mood::Well);
    let client = reqwest::Client::builder().unix_socket(daemon.socket.as_path()).build().expect("client");
    let answer = client.get("http://tandem/v1/events").send().await.expect("answer");
    assert_eq!(answer.status(), 426);
    let problem: Value = answer.json().await.expect("JSON");
    assert_eq!(problem["type"], "/problems/no-web-socket");
    let bad = client.get("http://tandem/v1/events?after=x").send().await.expect("answer");
    assert_eq!(bad.status(), 422);
}

#[test]
fn numbers_of_a_later_start_are_higher() {
    let (early, late) = (Feed::new(Stamp(1_000_000)), Feed::new(Stamp(2_000_000)));
    for _ in 0..1000 {
        publish(&early, "x");
    }
    assert!(early.newest() < late.newest());
}

/// The real program's lines, as they come.
pub struct Lines {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Lines {
    pub fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
        let out = BufReader::new(child.stdout.take().expect("output"));
        let (to, lines) = mpsc::channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| to.send(line)));
        Self { child, lines }
    }

    pub fn until(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("{what} never came"));
            let event = serde_json::from_str(&line).expect("JSON");
            if is(&event) {
                return event;
            }
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}
