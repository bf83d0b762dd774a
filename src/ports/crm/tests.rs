//! A customer system that does what it likes, and answers that come in time all the same.

use std::sync::{Arc, atomic::AtomicUsize};

use proptest::prelude::*;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

const PATIENCE: Duration = Duration::from_millis(300);

/// What the system does with a question.
#[derive(Clone, Debug)]
enum Does {
    Says(String),
    Bytes(Vec<u8>),
    /// Writes so much of a good answer, and hangs.
    Hangs(usize),
    /// One byte after the other, each after so many milliseconds.
    Drips(u64),
    Closes,
}

fn reply(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        .into_bytes()
}

struct System {
    crm: Crm,
    asked: Arc<AtomicUsize>,
    does: Arc<Mutex<Does>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl System {
    async fn new(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/who", listener.local_addr().expect("an address"));
        let (asked, does, requests) =
            (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(does)), Arc::<Mutex<Vec<String>>>::default());
        let (counts, now, kept) = (asked.clone(), does.clone(), requests.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (now, kept, counts) = (now.clone(), kept.clone(), counts.clone());
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    while !request.ends_with(b"\"}")
                        && stream.read_buf(&mut request).await.is_ok_and(|n| n > 0)
                    {}
                    counts.fetch_add(1, Ordering::SeqCst);
                    kept.lock().expect("kept").push(String::from_utf8_lossy(&request).into_owned());
                    let does = now.lock().expect("what it does").clone();
                    let good = reply("200 OK", r#"{"id": "7", "class": "vip"}"#);
                    let _gone = match does {
                        Does::Says(body) => stream.write_all(&reply("200 OK", &body)).await,
                        Does::Bytes(bytes) => stream.write_all(&bytes).await,
                        Does::Closes => Ok(()),
                        Does::Hangs(upto) => {
                            let written = stream.write_all(&good[..upto.min(good.len() - 1)]).await;
                            while stream.read_buf(&mut Vec::new()).await.is_ok_and(|n| n > 0) {}
                            written
                        }
                        Does::Drips(millis) => {
                            for byte in good {
                                tokio::time::sleep(Duration::from_millis(millis)).await;
                                if stream.write_all(&[byte]).await.is_err() {
                                    break;
                                }
                            }
                            Ok(())
                        }
                    };
                });
            }
        });
        let secret = Some(SecretString::from("word"));
        let settings =
            Settings { url: url.into(), secret, patience: PATIENCE, cache: Duration::from_mins(10) };
        Self { crm: Crm::new(settings).expect("an address"), asked, does, requests }
    }

    fn now(&self, does: Does) {
        *self.does.lock().expect("what it does") = does;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Who it is, and whether that was told in time.
    async fn who(&self, number: &str) -> (Option<Profile>, How) {
        let begun = Instant::now();
        let told = self.crm.who(&Number::new(number).expect("a number")).await;
        assert!(begun.elapsed() < PATIENCE * 3, "{:?}", begun.elapsed());
        told
    }
}

#[tokio::test]
async fn a_caller_is_one_question_with_the_secret_and_the_number() {
    let said = r#"{"id": 4711, "name": "林\u202e美", "class": "vip", "tags": ["gold"], "complaints": 2, "language": "zh", "balance": [1]}"#;
    let system = System::new(Does::Says(said.to_owned())).await;
    let (profile, how) = system.who("+8613800138000").await;
    let wanted = Profile {
        id: Some("4711".into()),
        name: Label::new("林美"),
        class: Name::new("vip").ok(),
        tags: BTreeSet::from([Name::new("gold").unwrap()]),
        language: Some(Locale::Chinese),
        complaints: 2,
    };
    assert_eq!((profile, how), (Some(wanted.clone()), How::Fresh));
    assert_eq!(system.who("+8613800138000").await, (Some(wanted), How::Cached));
    assert_eq!(system.asked(), 1);
    let request = system.requests.lock().unwrap()[0].clone();
    assert!(request.starts_with("POST /who HTTP/1.1"), "{request}");
    assert!(request.to_lowercase().contains("authorization: bearer word"), "{request}");
    assert!(request.ends_with(r#"{"number":"+8613800138000"}"#), "{request}");
}

#[tokio::test]
async fn nobody_is_an_answer_too() {
    for does in
        [Does::Says("{}".to_owned()), Does::Says("null".to_owned()), Does::Bytes(reply("404 No", "<html>"))]
    {
        let system = System::new(does).await;
        assert_eq!(system.who("+1").await, (None, How::Fresh));
        assert_eq!(system.who("+1").await, (None, How::Cached));
    }
}

#[tokio::test]
async fn whatever_else_it_does_is_told_in_time() {
    for (does, why) in [
        (Does::Bytes(reply("500 No", "{}")), CrmError::Refused(500)),
        (Does::Bytes(reply("302 There\r\nlocation: https://elsewhere.example/", "")), CrmError::Refused(302)),
        (Does::Says("<html>".to_owned()), CrmError::Nonsense),
        (Does::Says("[]".to_owned()), CrmError::Nonsense),
        (Does::Says("[".repeat(10_000)), CrmError::Nonsense),
        (Does::Says(format!("\"{}\"", "x".repeat(1 << 20))), CrmError::TooLong),
        (Does::Bytes(b"SSH-2.0\r\n".to_vec()), CrmError::Unreachable),
        (Does::Closes, CrmError::Unreachable),
        (Does::Hangs(0), CrmError::TimedOut),
        (Does::Hangs(60), CrmError::TimedOut),
        (Does::Drips(20), CrmError::TimedOut),
    ] {
        let system = System::new(does.clone()).await;
        assert_eq!(system.who("+1").await, (None, How::Failed(why)), "{does:?}");
    }
    let nobody = Settings {
        url: "http://127.0.0.1:1/".into(),
        secret: None,
        patience: PATIENCE,
        cache: Duration::from_mins(10),
    };
    let crm = Crm::new(nobody.clone()).expect("an address");
    assert_eq!(crm.who(&Number::new("+1").unwrap()).await, (None, How::Failed(CrmError::Unreachable)));
    assert!(Crm::new(Settings { url: "http://crm.example/".into(), ..nobody }).is_err(), "unsealed");
}

#[tokio::test]
async fn one_that_is_ill_is_left_alone_and_what_it_said_stands() {
    let system = System::new(Does::Says(r#"{"class": "vip"}"#.to_owned())).await;
    let (vip, _) = system.who("+861").await;
    assert!(vip.is_some());
    system.now(Does::Bytes(reply("503 Ill", "")));
    // What it said is no longer taken for true unasked.
    system.crm.cache().put(
        Number::new("+861").unwrap(),
        vip.clone(),
        Instant::now() - Duration::from_mins(11),
    );
    assert_eq!(system.who("+861").await, (vip.clone(), How::Stale));
    for n in 2..4 {
        assert_eq!(system.who(&format!("+86{n}")).await.1, How::Failed(CrmError::Refused(503)));
    }
    let asked = system.asked();
    system.now(Does::Says(r#"{"class": "new"}"#.to_owned()));
    assert_eq!(system.who("+869").await, (None, How::Failed(CrmError::Resting)), "though it is well again");
    assert_eq!(system.who("+861").await, (vip, How::Stale));
    assert_eq!(system.asked(), asked, "it was left alone");
}

#[tokio::test]
async fn one_that_comes_and_goes_is_asked_again_after_each_answer() {
    let system = System::new(Does::Closes).await;
    for round in 0..5 {
        for n in 0..2 {
            system.now(Does::Closes);
            assert_eq!(system.who(&format!("+{round}{n}")).await.1.word(), "failed");
        }
        system.now(Does::Says(r#"{"class": "new"}"#.to_owned()));
        assert_eq!(system.who(&format!("+{round}7")).await.1, How::Fresh);
    }
}

#[tokio::test]
async fn no_more_than_so_many_questions_are_under_way() {
    let system = System::new(Does::Hangs(0)).await;
    let numbers: Vec<Number> = (0..100).map(|n| Number::new(format!("+{n}")).unwrap()).collect();
    let begun = Instant::now();
    let told = futures_util::future::join_all(numbers.iter().map(|number| system.crm.who(number))).await;
    assert!(begun.elapsed() < PATIENCE * 3);
    let busy = told.iter().filter(|(_, how)| *how == How::Failed(CrmError::Busy)).count();
    assert_eq!(busy, 100 - AT_ONCE);
    assert!(system.asked() <= AT_ONCE, "{}", system.asked());
}

#[test]
fn what_cannot_be_taken_is_left_out_and_the_rest_is_taken() {
    let said = json!({
        "id": "a\u{202E}b", "name": 7, "class": "very important", "tags": ["a b"], "language": "fr", "complaints": -1,
    });
    let (none, left_out) = profile(said.as_object().unwrap());
    assert_eq!(none, Profile::default());
    assert_eq!(left_out, ["id", "name", "class", "tags", "language", "complaints"]);
    let many: Vec<String> = (0..33).map(|n| format!("t{n}")).collect();
    let said = json!({ "class": "vip", "tags": many, "complaints": 4_000_000_000u64, "id": "x".repeat(200), "name": "很".repeat(200) });
    let (some, left_out) = profile(said.as_object().unwrap());
    assert_eq!((some.class, some.name.as_str().chars().count()), (Name::new("vip").ok(), 80));
    assert_eq!(left_out, ["id", "tags", "complaints"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_it_does_the_answer_comes_in_time(does in prop_oneof![
        "\\PC{0,200}".prop_map(Does::Says),
        proptest::collection::vec(any::<u8>(), 0..400).prop_map(Does::Bytes),
        (0usize..90).prop_map(Does::Hangs),
        (0u64..30).prop_map(Does::Drips),
        Just(Does::Closes),
    ]) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let system = System::new(does).await;
            // Each fails when it takes too long.
            system.who("+8613800138000").await;
            system.who("+8613800138000").await;
        });
    }
}
