//! A model elsewhere, played by a server that is late, talks rubbish, talks for ever, fails or goes away. The caller is
//! understood all the same, and soon.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use secrecy::SecretString;
use serde_json::{Value, json};
use tandem::{
    base::id::{CallId, Name},
    infra::chat::{Chat, ChatError, Settings},
    language::{
        file::{decode, encode},
        model::{Scratch, Verdict},
        sample::Sample,
        train::{Wanted, train},
    },
    ports::assistant::{
        Assistant, By, Choice, Cited, Doubt, Passage, Remote, Shelf, Silence, Speaker, Told, Turn,
        in_own_words, start, sums,
    },
};

use crate::{fixture, language, learned, text};

const SECRET: &str = "sk-this-is-nobodys-business";
const PATIENCE: Duration = Duration::from_millis(1_500);

/// What the stand-in does with a question.
#[derive(Clone)]
enum Play {
    /// Fills in the form like this.
    Form(&'static str, Value),
    Status(u16),
    Body(&'static str),
    Huge,
    /// A byte now and then, without end.
    Drip,
    HangUp,
}

/// A server in the place of a chat model, and what it was asked.
struct StandIn {
    address: String,
    asked: Arc<AtomicUsize>,
    last: Arc<Mutex<String>>,
}

impl StandIn {
    fn new(play: Play) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}/v1", listener.local_addr().expect("address"));
        let (asked, last) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(String::new())));
        let (counted, kept) = (asked.clone(), last.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (play, counted, kept) = (play.clone(), counted.clone(), kept.clone());
                thread::spawn(move || serve(stream, &play, &counted, &kept));
            }
        });
        Self { address, asked, last }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn last(&self) -> String {
        self.last.lock().expect("unharmed").clone()
    }
}

fn serve(mut stream: TcpStream, play: &Play, asked: &AtomicUsize, last: &Mutex<String>) {
    while let Some(request) = heard(&mut stream) {
        *last.lock().expect("unharmed") = request;
        asked.fetch_add(1, Ordering::SeqCst);
        let body = match play {
            Play::Form(form, filled) => {
                let call = json!({ "function": { "name": form, "arguments": filled.to_string() } });
                json!({ "choices": [{ "message": { "tool_calls": [call] } }] }).to_string()
            }
            Play::Status(_) => "{\"error\":\"no\"}".to_owned(),
            Play::Body(text) => (*text).to_owned(),
            Play::Huge => "x".repeat(10 << 20),
            Play::Drip => "x".repeat(1_000),
            Play::HangUp => return,
        };
        let status = if let Play::Status(status) = play { *status } else { 200 };
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut told = stream.write_all(head.as_bytes());
        if matches!(play, Play::Drip) {
            for byte in body.bytes() {
                told = told.and_then(|()| stream.write_all(&[byte]));
                thread::sleep(Duration::from_millis(20));
            }
        } else {
            told = told.and_then(|()| stream.write_all(body.as_bytes()));
        }
        if told.is_err() {
            return;
        }
    }
}

/// One request, head and body; `None` when the other side is gone.
fn heard(stream: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        match stream.read(&mut chunk) {
            Ok(0) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(why) if why.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

const SAMPLES: [(&str, [&str; 4]); 2] = [
    ("refund", ["refund me", "my money back", "i want a refund", "give the money back"]),
    ("human", ["a human", "an agent please", "talk to a person", "give me an agent"]),
];

static MODEL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let samples =
        SAMPLES.iter().flat_map(|(intent, texts)| texts.map(|text| Sample::new(text, Some(intent))));
    let trained = train(&samples.collect::<Vec<_>>(), &Wanted::default(), &|_| {}).expect("a model");
    encode(&trained.model)
});

fn assistant(stand_in: Option<&StandIn>) -> Assistant {
    let model = decode(&MODEL).expect("the model");
    let choice = |(intent, texts): &(&str, [&str; 4])| Choice {
        intent: (*intent).into(),
        samples: vec![texts[0].to_owned()],
    };
    Assistant::new(model, SAMPLES.iter().map(choice).collect(), stand_in.map(remote))
}

fn remote(stand_in: &StandIn) -> Remote {
    let secret = Some(SecretString::from(SECRET.to_owned()));
    let settings =
        Settings { url: stand_in.address.clone(), model: "stand-in".into(), secret, patience: PATIENCE };
    Remote::new(Chat::new(settings).expect("a good address"))
}

/// Words of which the built-in model is not sure.
const UNSURE: &str = "could somebody possibly reverse the transaction";

#[tokio::test]
async fn the_one_elsewhere_is_asked_when_the_built_in_is_not_sure() {
    let stand_in = StandIn::new(Play::Form("understood", json!({ "intent": "refund", "sure": 0.9 })));
    let assistant = assistant(Some(&stand_in));
    let understood = assistant.understand(UNSURE).await;
    assert_eq!((understood.by, understood.silence), (By::Remote, None));
    assert_eq!(understood.understanding.intents[0].intent, "refund");
    assert_ne!(understood.understanding.verdict, Verdict::Reject);
    let asked = stand_in.last();
    assert!(
        asked.starts_with("POST /v1/chat/completions ") && asked.contains(&format!("Bearer {SECRET}")),
        "{asked}"
    );
    let body: Value = serde_json::from_str(asked.split_once("\r\n\r\n").expect("a body").1).expect("JSON");
    assert_eq!(body["model"], "stand-in");
    let about: Value =
        serde_json::from_str(body["messages"][1]["content"].as_str().expect("text")).expect("JSON");
    assert_eq!((&about["words"], about["intents"].as_array().map(Vec::len)), (&json!(UNSURE), Some(2)));
    let before = stand_in.asked();
    let sure = assistant.understand("i want a refund").await;
    assert_eq!(sure.understanding.verdict, Verdict::Accept);
    assert_eq!((sure.by, stand_in.asked()), (By::BuiltIn, before), "what is certain is told to nobody");
}

#[test]
fn the_command_line_asks_it_and_keeps_the_secret() {
    let (folder, model) = learned();
    let secret = folder.path().join("chat");
    fs::write(&secret, SECRET).expect("write");
    let stand_in = StandIn::new(Play::Form("understood", json!({ "intent": "human", "sure": 0.8 })));
    let samples = fixture("menu.yaml");
    let to = |address: &str| {
        let words =
            ["parse", "--model", text(&model), "--ask", address, "--ask-model", "stand-in", "--ask-secret"];
        let more = [text(&secret), "--ask-samples", text(&samples), "zyzzyva", "--json"];
        language(&[&words[..], &more[..]].concat())
    };
    let mode = |mode| fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).expect("mode");
    mode(0o644);
    let open = to(&stand_in.address);
    let said = String::from_utf8_lossy(&open.stderr).into_owned();
    assert!(open.status.code() == Some(1) && said.contains("chmod 600") && !said.contains(SECRET), "{said}");
    assert_eq!(stand_in.asked(), 0);
    mode(0o600);
    let told: Value = serde_json::from_slice(&to(&stand_in.address).stdout).expect("JSON");
    assert_eq!((&told["by"], &told["intents"][0]["intent"]), (&json!("remote"), &json!("human")), "{told}");
    assert!(stand_in.last().contains(SECRET) && stand_in.last().contains("human"), "it was told both");
    let failing = StandIn::new(Play::Status(401));
    let told: Value = serde_json::from_slice(&to(&failing.address).stdout).expect("JSON");
    assert_eq!(told["by"], "built-in");
    assert!(told["silence"].as_str().is_some_and(|why| why.contains("401")), "{told}");
    let clear = to("http://192.0.2.1/v1");
    assert!(
        String::from_utf8_lossy(&clear.stderr).contains("is no address of a chat model"),
        "in clear to nowhere"
    );
}

#[tokio::test]
async fn whatever_it_does_the_caller_is_answered_in_time() {
    let huge = Silence::Failed(ChatError::TooLong);
    let nonsense = || Silence::Failed(ChatError::Nonsense);
    let cases = [
        (Play::Status(500), Silence::Failed(ChatError::Refused { status: 500 })),
        (Play::Status(302), Silence::Failed(ChatError::Refused { status: 302 })),
        (Play::Body("<html>It works!</html>"), nonsense()),
        (Play::Body("{\"choices\":[]}"), nonsense()),
        (Play::Form("understood", json!({ "intent": ["refund"], "sure": "very" })), nonsense()),
        (Play::Form("understood", json!({ "intent": "wire all money", "sure": 1.0 })), Silence::Unfounded),
        (Play::Form("understood", json!({ "intent": "refund", "sure": 7.0 })), Silence::Unfounded),
        (Play::Huge, huge),
        (Play::Drip, Silence::Failed(ChatError::TimedOut)),
        (Play::HangUp, Silence::Failed(ChatError::Unreachable)),
    ];
    let alone = assistant(None).understand(UNSURE).await;
    assert_eq!((alone.by, &alone.silence), (By::BuiltIn, &None));
    for (play, silence) in cases {
        let stand_in = StandIn::new(play);
        let began = Instant::now();
        let understood = assistant(Some(&stand_in)).understand(UNSURE).await;
        assert_eq!((understood.by, understood.silence.as_ref()), (By::BuiltIn, Some(&silence)));
        assert_eq!(understood.understanding, alone.understanding, "as if it were not there");
        assert!(began.elapsed() < Duration::from_secs(20), "{silence}: {:?}", began.elapsed());
        assert!(!silence.to_string().contains(SECRET) && stand_in.asked() == 1);
    }
}

#[tokio::test]
async fn what_fails_thrice_is_left_alone() {
    let stand_in = StandIn::new(Play::Status(503));
    let assistant = assistant(Some(&stand_in));
    for _ in 0..3 {
        assistant.understand(UNSURE).await;
    }
    let understood = assistant.understand(UNSURE).await;
    assert_eq!((understood.silence, stand_in.asked()), (Some(Silence::Resting), 3));
    assert!(!format!("{assistant:?}").contains(SECRET), "the secret is in no picture of it");
}

#[tokio::test]
async fn answers_are_from_what_the_house_wrote() {
    let name = |name: &str| Name::new(name).expect("a name");
    let text = "Bring it to any shop. You can return an item within 30 days.".to_owned();
    let shelf = Shelf::new(vec![Passage { id: name("returns"), text, asked: Vec::new() }], true);
    let quotes = |passage: &str, quote: &str| {
        let quotation = json!({ "passage": passage, "quote": quote });
        Play::Form("answer", json!({ "quotations": [quotation] }))
    };
    let of = |sentence| Some(vec![Cited { passage: name("returns"), sentence }]);
    let question = "how long do i have to return an item";
    let good = StandIn::new(quotes("returns", "Bring it to any  SHOP"));
    let found = remote(&good).answer(question, &shelf).await;
    assert_eq!((found.by, found.silence, found.answer.map(|answer| answer.cited)), (By::Remote, None, of(0)));
    assert!(good.last().contains("within 30 days"), "it is told what the house wrote");
    for lie in [quotes("returns", "within 90 days"), quotes("secrets", "within 30 days")] {
        let found = remote(&StandIn::new(lie)).answer(question, &shelf).await;
        assert_eq!((found.by, found.silence), (By::BuiltIn, Some(Silence::Unfounded)));
        assert_eq!(found.answer.map(|answer| answer.cited), of(1), "the likest sentence");
    }
    let unknowing = StandIn::new(Play::Form("answer", json!({ "quotations": [] })));
    let found = remote(&unknowing).answer(question, &shelf).await;
    assert!(found.by == By::Remote && found.answer.is_none(), "it is not known");
}

#[tokio::test]
async fn a_doubt_is_settled_with_both_questions_at_once_whatever_the_other_side_does() {
    let name = Name::new("returns").expect("a name");
    let text = "You can return an item within 30 days.".to_owned();
    let shelf = Arc::new(Shelf::new(vec![Passage { id: name.clone(), text, asked: Vec::new() }], true));
    let own = decode(&MODEL).expect("the model").understand(UNSURE, &mut Scratch::default());
    let answer = shelf.likest("how many days to return an item");
    assert!(answer.is_some());
    for play in [Play::Drip, Play::HangUp, Play::Status(500), Play::Body("{}")] {
        let stand_in = StandIn::new(play);
        let asks = Arc::new(remote(&stand_in));
        let mut opinions = start(move || Some(asks.clone()));
        let began = Instant::now();
        let choices = vec![Choice { intent: "refund".into(), samples: Vec::new() }].into();
        let doubt = Doubt {
            number: 7,
            words: UNSURE.to_owned(),
            choices,
            own: own.clone(),
            shelf: Some(shelf.clone()),
            answer: None,
        };
        opinions.asked.send(doubt).expect("it listens");
        let settled = opinions.settled.recv().await.expect("an answer");
        assert_eq!((settled.number, settled.by, &settled.understanding), (7, By::BuiltIn, &own));
        assert_eq!(settled.answer, shelf.likest(UNSURE), "what was found without it");
        assert!(began.elapsed() < PATIENCE * 2, "one after the other would take {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_call_is_summed_up_with_or_without_it() {
    let turn = |speaker, text: &str| Turn { speaker, text: text.to_owned() };
    let call = [
        turn(Speaker::Caller, "My parcel 4711 has not arrived."),
        turn(Speaker::House, "We'll send it again on Monday."),
    ];
    let form = |text: &str| {
        Play::Form("summary", json!({ "text": text, "promises": ["We'll send it again on Monday."] }))
    };
    let good = StandIn::new(form("Parcel 4711 is missing and is sent again."));
    let summary = remote(&good).summarise(&call).await.expect("a summary");
    assert_eq!(summary.text, "Parcel 4711 is missing and is sent again.");
    assert_eq!(summary.promises, ["We'll send it again on Monday."]);
    let lying = StandIn::new(form("Parcel 4711 is missing; 500 euro were promised."));
    assert_eq!(remote(&lying).summarise(&call).await, Err(Silence::Unfounded));
    let own = in_own_words(&call);
    assert_eq!(own.text, "My parcel 4711 has not arrived.");
    assert_eq!(own.promises, ["We'll send it again on Monday."]);
}

#[tokio::test]
async fn what_the_other_side_makes_nothing_of_is_not_told_and_the_next_call_is_summed_up() {
    let turns = vec![Turn { speaker: Speaker::Caller, text: "My parcel has not arrived.".to_owned() }];
    let stand_ins =
        [Play::HangUp, Play::Form("summary", json!({ "text": "A parcel is missing.", "promises": [] }))];
    let asks = stand_ins.map(|play| Arc::new(remote(&StandIn::new(play))));
    let at = AtomicUsize::new(0);
    let mut sums = sums(move || Some(asks[at.fetch_add(1, Ordering::SeqCst).min(1)].clone()));
    for call in [1, 2] {
        sums.asked.send(Told { call: CallId(call), turns: turns.clone() }).expect("it listens");
    }
    let (call, summary) = sums.made.recv().await.expect("a summary");
    assert_eq!((call, summary.text.as_str()), (CallId(2), "A parcel is missing."));
    drop(sums.asked);
    assert!(sums.made.recv().await.is_none(), "nothing else comes");
}
