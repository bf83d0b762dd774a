use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{
        Arc as Shared,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

const TEXT: &str = "Thank you for calling. Where may I send your parcel?";

/// A synthesiser that never says anything. It leaves its process number behind in `folder`.
pub(crate) fn hanging(folder: &Path) -> String {
    let program = folder.join("hangs");
    let text = format!("#!/bin/sh\n: > {}/pid.$$\nexec sleep 1000\n", folder.display());
    fs::write(&program, text).expect("a program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("an executable");
    program.display().to_string()
}

/// Waits until all that [`hanging`] began are gone, and checks that they were so many at most.
pub(crate) fn wait_for_end(folder: &Path, most: usize) {
    let names = fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("entry").file_name());
    let pids: Vec<String> =
        names.filter_map(|name| Some(name.to_str()?.strip_prefix("pid.")?.to_owned())).collect();
    assert!(pids.len() <= most, "{pids:?}");
    let deadline = Instant::now() + Duration::from_secs(10);
    let runs = |pid: &String| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
    };
    while pids.iter().any(runs) {
        assert!(Instant::now() < deadline, "{pids:?} still run");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a stand-in answers to each of its callers.
#[derive(Clone)]
pub(crate) enum Answer {
    Bytes(Vec<u8>),
    Never,
}

/// A speech server that gives everybody the same answer. It speaks nothing, and counts how often it was asked.
pub(crate) async fn server(answer: Answer) -> (SocketAddr, Shared<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let asked = Shared::new(AtomicUsize::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut all = Vec::new();
                let mut part = [0; 4096];
                while !all.ends_with(b"}") {
                    match tcp.read(&mut part).await {
                        Ok(many) if many > 0 => all.extend_from_slice(&part[..many]),
                        _ => return,
                    }
                }
                match answer {
                    Answer::Bytes(bytes) => drop(tcp.write_all(&bytes).await),
                    Answer::Never => std::future::pending().await,
                }
            });
        }
    });
    (address, asked)
}

pub(crate) fn http(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// So many seconds of a tone.
pub(crate) fn tone(seconds: f64) -> Wav {
    let sample = |n: u32| ((f64::from(n) * 0.3).sin() * 12_000.0) as i16;
    Wav { rate: 24_000, channels: 1, samples: (0..(seconds * 24_000.0) as u32).map(sample).collect() }
}

pub(crate) fn remote(address: SocketAddr, patience: u64) -> HttpVoice {
    let url = format!("http://{address}/v1");
    let (model, voice) = ("tts-1".into(), "alloy".into());
    let patience = Duration::from_secs(patience);
    let (secret, authorities) = (Some("s3cret".into()), None);
    HttpVoice::new(HttpVoiceSettings { url, model, voice, secret, authorities, patience })
        .expect("an address")
}

fn program(script: &str, patience: u64) -> SpokenByProgram {
    let command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
    SpokenByProgram { command, patience: Duration::from_secs(patience) }
}

#[tokio::test]
async fn each_kind_speaks_what_it_is_given() {
    let espeak = Espeak::usual(Path::new(Espeak::PROGRAM), Locale::English);
    let sound = speak(&espeak, TEXT).await.expect("espeak-ng is installed");
    assert!(sound.samples.len() > sound.rate as usize, "over a second");
    let by_program = program("exec espeak-ng --stdin --stdout", 20);
    assert!(speak(&by_program, TEXT).await.is_ok());

    let wav = tone(3.0);
    let (address, asked) = server(Answer::Bytes(http("200 OK", &wav.to_bytes()))).await;
    assert_eq!(speak(&remote(address, 20), TEXT).await.expect("a sound"), wav);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    // The head of a stream does not know how long it becomes.
    let mut stream = wav.to_bytes();
    stream[40..44].copy_from_slice(&u32::MAX.to_le_bytes());
    let (address, _) = server(Answer::Bytes(http("200 OK", &stream))).await;
    assert_eq!(speak(&remote(address, 20), TEXT).await.expect("a sound"), wav);
}

#[tokio::test]
async fn whatever_a_server_does_it_ends_in_a_reason_that_tells_no_secret() {
    let wav = tone(3.0).to_bytes();
    let cut = &wav[..wav.len() / 2];
    let early =
        [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", wav.len()).as_bytes(), cut].concat();
    let closing = [b"HTTP/1.0 200 OK\r\n\r\n", cut].concat();
    let silence = Wav { samples: vec![3; 72_000], ..tone(3.0) }.to_bytes();
    for (answer, wanted) in [
        (http("401 Unauthorized", b"s3cret"), "status 401"),
        (http("500 Oh", b""), "status 500"),
        (http("200 OK", b"<html>"), "no sound"),
        (http("200 OK", b"ID3rubbish"), "no sound"),
        (http("200 OK", &vec![0; 10_000_000]), "more than any prompt"),
        (http("200 OK", &tone(150.0).to_bytes()), "more than any prompt"),
        (early, "mid-sentence"),
        (closing, "mid-sentence"),
        (http("200 OK", &tone(0.3).to_bytes()), "mid-sentence"),
        (http("200 OK", &silence), "silence"),
        (b"rubbish".to_vec(), "cannot be reached"),
        (Vec::new(), "cannot be reached"),
    ] {
        let (address, _) = server(Answer::Bytes(answer)).await;
        let why = speak(&remote(address, 20), TEXT).await.expect_err(wanted);
        assert!(why.to_string().contains(wanted), "{wanted}: {why}");
        assert!(!format!("{why:?}").contains("s3cret"));
    }
    let (address, _) = server(Answer::Never).await;
    assert!(matches!(speak(&remote(address, 1), TEXT).await, Err(Unspoken::Slow(_))));
}

#[tokio::test]
async fn whatever_a_program_does_it_ends_in_a_reason() {
    for (script, wanted) in [
        ("cat > /dev/null; echo no voice >&2; exit 3", "no voice"),
        ("kill -9 $$", "refused"),
        ("yes", "more than any prompt"),
        ("head -c 10000000 /dev/zero", "more than any prompt"),
        ("echo rubbish", "no sound"),
        ("true", "no sound"),
        ("espeak-ng --stdout one", "mid-sentence"),
        // So much on its log that a pipe is full.
        ("cat > /dev/null; head -c 1000000 /dev/zero | tr '\\0' x >&2; echo rubbish", "no sound"),
    ] {
        let why = speak(&program(script, 20), TEXT).await.expect_err(script);
        assert!(why.to_string().contains(wanted), "{script}: {why}");
    }
    assert!(matches!(speak(&program("exec sleep 1000", 1), TEXT).await, Err(Unspoken::Slow(_))));
    let none = SpokenByProgram { command: vec!["/no/such".into()], patience: Duration::from_secs(20) };
    assert!(matches!(speak(&none, TEXT).await, Err(Unspoken::Missing(_))));
}

#[tokio::test]
async fn a_missing_or_failing_espeak_is_told_with_its_remedy() {
    let of = |program: &str| Espeak::usual(Path::new(program), Locale::English);
    let why = speak(&of("espeak-ng-that-is-not-there"), "hello").await.expect_err("missing");
    assert!(why.to_string().contains("apt-get install espeak-ng"), "{why}");
    assert!(matches!(speak(&of("false"), "hello").await, Err(Unspoken::Failed(_))));
}

/// The real 30 s pass at once in virtual time; the program is ended, not left behind.
#[tokio::test(start_paused = true)]
async fn an_espeak_that_hangs_is_ended_after_thirty_seconds() {
    let folder = tempfile::tempdir().expect("a folder");
    let hangs = Espeak::usual(Path::new(&hanging(folder.path())), Locale::English);
    let began = tokio::time::Instant::now();
    assert!(matches!(speak(&hangs, "hello").await, Err(Unspoken::Slow(_))));
    assert_eq!(began.elapsed().as_secs(), 30);
    wait_for_end(folder.path(), 1);
}

#[tokio::test]
async fn text_is_spoken_not_obeyed() {
    let length = async |text: &str| {
        let espeak = Espeak::usual(Path::new(Espeak::PROGRAM), Locale::English);
        let wav = speak(&espeak, text).await.expect("espeak-ng is installed");
        wav.samples.len() as f64 / f64::from(wav.rate)
    };
    let plain = length("hello hello hello hello").await;
    assert!(plain > 0.8, "{plain} s");
    let hostile =
        length("--version $(reboot) `reboot` [[h@l'oU]] <break time=\"60s\"/> -f /etc/passwd").await;
    assert!((1.0..30.0).contains(&hostile), "{hostile} s");
}

#[test]
fn another_voice_has_another_name_and_the_name_tells_nothing() {
    let of = |url: &str, voice: &str| {
        let (url, model, secret, authorities) = (url.to_owned(), "tts-1".into(), None, None);
        let patience = Duration::from_secs(1);
        let settings = HttpVoiceSettings { url, model, voice: voice.into(), secret, authorities, patience };
        HttpVoice::new(settings).map(|voice| voice.voice())
    };
    let name = of("https://speech.example/v1", "alloy").expect("an address");
    assert_eq!(of("https://speech.example/v1", "alloy").expect("an address"), name);
    assert!(!name.contains("speech.example"), "{name}");
    let espeak = Espeak::usual(Path::new(Espeak::PROGRAM), Locale::English);
    let faster = Espeak { speed: 200, ..espeak.clone() };
    let names = [
        name,
        of("https://speech.example/v1", "echo").expect("an address"),
        of("https://other.example/v1", "alloy").expect("an address"),
        program("say", 1).voice(),
        program("say --slowly", 1).voice(),
        espeak.voice(),
        faster.voice(),
    ];
    let kinds: std::collections::BTreeSet<&SmolStr> = names.iter().collect();
    assert_eq!(kinds.len(), names.len(), "{names:?}");
    assert!(of("http://speech.example/v1", "alloy").is_err(), "a text leaves the house sealed or not at all");
}

#[tokio::test]
async fn the_shortest_and_the_longest_of_what_is_said_is_plausible() {
    for locale in [Locale::English, Locale::Chinese] {
        let espeak = Espeak::usual(Path::new(Espeak::PROGRAM), locale);
        let long = match locale {
            Locale::English => "Extraordinarily straightforward strengths stretched through thoroughbreds. ",
            Locale::Chinese => "您好，这里是海港贸易公司，请说出您需要什么帮助。",
        };
        let mut texts = vec![long.repeat(12), "0".into(), "A".into(), "PM".into(), "3".into()];
        if locale == Locale::Chinese {
            texts.extend(["幺".into(), "12月".into(), "零".into()]);
        }
        for speed in [160, 400] {
            for text in &texts {
                let espeak = Espeak { speed, ..espeak.clone() };
                assert!(speak(&espeak, text).await.is_ok(), "{locale:?} {speed} {text}");
            }
        }
    }
}
