use std::{os::unix::fs::PermissionsExt, process::Command};

use super::*;
use crate::{
    base::wav::Wav,
    ports::speech::{Listener, scripted::hearing},
};

fn primers() -> BTreeMap<Name, Primer> {
    let sentences = ["where is my order", "i want my money back", "can you send me the invoice"];
    let primer = Primer { sentences: sentences.map(str::to_owned).to_vec(), names: vec!["Chen Wei".into()] };
    BTreeMap::from([("after_sales".parse().expect("a name"), primer)])
}

/// Spoken by espeak-ng, brought to `rate`.
fn spoken(text: &str, rate: u32) -> Vec<i16> {
    let out = Command::new("espeak-ng").args(["-v", "en-us", "-s", "150", "--stdout", text]).output();
    let wav = Wav::parse(&out.expect("espeak-ng is installed").stdout).expect("a WAV");
    let step = f64::from(wav.rate) / f64::from(rate);
    let many = (wav.samples.len() as f64 / step) as usize;
    // The mean of what falls on one sample: plain, but it does not fold much back.
    (0..many)
        .map(|n| {
            let from = (n as f64 * step) as usize;
            let all = &wav.samples[from..((n + 1) as f64 * step).ceil() as usize];
            (all.iter().map(|s| i32::from(*s)).sum::<i32>() / all.len() as i32) as i16
        })
        .collect()
}

async fn heard(sphinx: &Sphinx, sound: &[i16], rate: u32) -> Result<String, Unheard> {
    let mut listener = Listener::new(sphinx, &hearing(), rate);
    sound.chunks(rate as usize / 50).for_each(|frame| listener.feed(frame));
    listener.finish().await.map(String::from)
}

#[tokio::test]
async fn primed_it_hears_what_callers_say_and_stays_warm() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings =
        SphinxSettings { patience: Duration::from_secs(30), workers: 1, ..SphinxSettings::default() };
    let sphinx =
        Sphinx::prime(settings, &folder.path().join("speech"), &primers()).expect("pocketsphinx-en-us");
    sphinx.warm().await.expect("pocketsphinx is installed");
    let worker = |sphinx: &Sphinx| {
        let idle = sphinx.pool.idle.lock().expect("idle");
        idle.iter().map(|(_, worker)| worker.id()).collect::<Vec<_>>()
    };
    let before = worker(&sphinx);
    assert_eq!(before.len(), 1);
    for text in ["where is my order", "i want my money back"] {
        assert_eq!(
            heard(&sphinx, &spoken(text, 8000), 8000).await.expect("words"),
            text,
            "through a telephone"
        );
    }
    assert_eq!(heard(&sphinx, &[], 8000).await.expect("nothing"), "", "silence is no failure");
    assert_eq!(worker(&sphinx), before, "one process heard them all");
    let wide = heard(&sphinx, &spoken("where is my order", 16_000), 16_000).await.expect("words");
    assert_eq!(wide, "where is my order");
    assert_ne!(worker(&sphinx), before, "another one hears what has all of its band");
    let primed =
        || fs::read_dir(folder.path().join("speech")).expect("the folder").flatten().collect::<Vec<_>>();
    let [only] = &primed()[..] else { panic!("one folder: {:?}", primed()) };
    assert_eq!(only.metadata().expect("the folder").permissions().mode() & 0o777, 0o700);
    drop(sphinx);
    assert!(primed().is_empty(), "what it was primed with went with it");
}

/// A recogniser that is a shell script, with what it says on its log.
fn hostile(folder: &Path, script: &str, patience: u64) -> Sphinx {
    let program = folder.join("hostile");
    let head =
        "#!/bin/sh\nwhile [ $# -gt 0 ]; do [ \"$1\" = -cepdir ] && dir=$2; shift; done\nread stem a b name\n";
    fs::write(&program, format!("{head}{script}\n")).expect("a program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("an executable");
    let settings =
        SphinxSettings { program, patience: Duration::from_secs(patience), ..SphinxSettings::default() };
    Sphinx::prime(settings, &folder.join("speech"), &primers()).expect("pocketsphinx-en-us")
}

#[tokio::test]
async fn whatever_a_worker_does_the_utterance_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let take = "cat $dir/$stem.pcm > /dev/null";
    for (script, patience, wanted) in [
        ("exec sleep 1000".to_owned(), 1, "in time"),
        (format!("{take}; exec sleep 1000"), 1, "in time"),
        ("exit 1".to_owned(), 20, "mid-utterance"),
        ("head -c 1000 $dir/$stem.pcm > /dev/null; exit 1".to_owned(), 20, "mid-utterance"),
        (format!("{take}; yes rubbish >&2"), 20, "more than anybody"),
        (format!("{take}; head -c 10000000 /dev/zero >&2"), 20, "more than anybody"),
        (format!("{take}; echo \"other words (another -1)\" >&2; exit 0"), 20, "mid-utterance"),
    ] {
        let sphinx = hostile(folder.path(), &script, patience);
        let why = heard(&sphinx, &vec![100; 80_000], 8000).await.expect_err(&script).to_string();
        assert!(why.contains(wanted), "{script}: {why}");
        assert!(sphinx.pool.idle.lock().expect("idle").is_empty(), "{script}: it is not used again");
    }
    let settings = SphinxSettings { program: "/no/such".into(), ..SphinxSettings::default() };
    let sphinx = Sphinx::prime(settings, &folder.path().join("speech"), &primers()).expect("models");
    assert!(matches!(heard(&sphinx, &[1; 160], 8000).await, Err(Unheard::Missing(_))));
}

#[tokio::test]
async fn a_dropped_utterance_ends_its_worker() {
    let folder = tempfile::tempdir().expect("a folder");
    let mark = folder.path().join("pid");
    let script = format!("echo $$ > {}.part; mv {0}.part {0}; exec sleep 1000", mark.display());
    let sphinx = hostile(folder.path(), &script, 20);
    let listener = Listener::new(&sphinx, &hearing(), 8000);
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    let pid = loop {
        match fs::read_to_string(&mark) {
            Ok(pid) => break pid.trim().to_owned(),
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
        assert!(std::time::Instant::now() < deadline, "it never began");
    };
    drop(listener);
    let gone = || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
        stat.map_or(true, |stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
    };
    while !gone() {
        assert!(std::time::Instant::now() < deadline, "{pid} still runs");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
