//! Every capture of a real event socket is digested to its last byte, frame for frame as its timeline says.
//! With `TANDEM_CAPTURES` set, all captures of that folder as well.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::SecretString;

use super::{
    Reader,
    translate::{self, Detected, Fact},
    wire::{Decoder, Kind},
};
use crate::{
    base::{clock::Stamp, number::Number},
    ports::engine::{Event, Settings},
};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/esl")
}

fn captures(folder: &Path) -> Vec<PathBuf> {
    let list = fs::read_dir(folder).expect("folder of captures");
    let mut found: Vec<PathBuf> = list
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.to_string_lossy().ends_with(".rx.raw"))
        .collect();
    found.sort();
    found
}

/// Offset and length of each received frame.
fn timeline(capture: &Path) -> Vec<(usize, usize)> {
    let path = capture.to_string_lossy().replace(".rx.raw", ".timeline.txt");
    let text = fs::read_to_string(path).expect("timeline");
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (_, direction) = (words.next()?, words.next()?);
            (direction == "<-").then(|| {
                let mut number = || words.next().expect("column").parse().expect("number");
                (number(), number())
            })
        })
        .collect()
}

fn digest(folder: &Path) -> usize {
    let list = captures(folder);
    for capture in &list {
        let bytes = fs::read(capture).expect("capture");
        for chunk in [1, 7, 1460, 65_536] {
            let mut decoder = Decoder::default();
            let (mut ends, mut fed) = (Vec::new(), 0);
            for part in bytes.chunks(chunk) {
                decoder.feed(part);
                fed += part.len();
                loop {
                    match decoder.next_frame() {
                        Ok(Some(frame)) => {
                            assert!(frame.head.get("Content-Type").is_some() || ends.is_empty());
                        }
                        Ok(None) => break,
                        Err(error) => panic!("{}: {error}", capture.display()),
                    }
                    ends.push(fed - decoder.pending());
                }
            }
            let expected: Vec<usize> = timeline(capture).iter().map(|(at, length)| at + length).collect();
            assert_eq!(ends, expected, "{} in chunks of {chunk}", capture.display());
            assert_eq!(decoder.pending(), 0, "{}", capture.display());
        }
    }
    list.len()
}

#[test]
fn every_capture_is_digested_to_the_last_byte() {
    assert_eq!(digest(&fixtures()), 13);
    if let Some(folder) = std::env::var_os("TANDEM_CAPTURES") {
        assert!(digest(Path::new(&folder)) > 13, "the full set is larger");
    }
}

fn settings() -> Settings {
    Settings {
        address: ([127, 0, 0, 1], 8021).into(),
        user: "".into(),
        password: SecretString::from("x"),
        prompts: "/prompts".into(),
        recordings: "/recordings".into(),
        domain: "127.0.0.1".into(),
        fallback: Number::new("5900").expect("number"),
        lease: Duration::from_secs(30),
    }
}

fn read(name: &str) -> Vec<Event> {
    let bytes = fs::read(fixtures().join(name)).expect("capture");
    Reader::new(settings()).read(&bytes, Stamp(0)).expect("sound").1
}

#[test]
fn a_real_registration_is_told_once_and_its_end_too() {
    let events = read("j-register-unregister.plain.rx.raw");
    let told: Vec<(&str, bool)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Phone { extension, registered } => Some((extension.as_str(), *registered)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [("1000", true), ("1000", false)]);
}

#[test]
fn channels_of_a_strange_dialplan_are_left_alone() {
    for name in ["b1-park-answer-play-pagd-rfc2833.plain.rx.raw", "d-originate-failures.plain.rx.raw"] {
        let events = read(name);
        assert!(events.iter().all(|event| event.leg().is_none()), "{name}: {events:?}");
    }
}

#[test]
fn what_a_real_recogniser_tells_is_read_and_numbered() {
    let bytes = fs::read(fixtures().join("n-detect-speech.plain.rx.raw")).expect("capture");
    let mut decoder = Decoder::default();
    decoder.feed(&bytes);
    let (mut told, mut again, mut last) = (Vec::new(), 0, 0);
    while let Ok(Some(frame)) = decoder.next_frame() {
        if let Some(Fact::Detected { leg, number, what }) = translate::fact(&frame) {
            assert_eq!(leg.as_str(), "leg-1");
            if number > last {
                told.push(what);
                last = number;
            } else {
                again += 1;
            }
        }
    }
    let (part, words) = (|| Detected::Part("two of us".into()), |text: &str| Detected::Words(text.into()));
    let wanted = [
        Detected::Voice,
        words("i want my money back"),
        Detected::Voice,
        part(),
        part(),
        part(),
        words("two of us"),
        // Broken JSON.
        Detected::Voice,
        words(""),
        // Nobody spoke.
        words(""),
        Detected::Closed,
    ];
    assert_eq!(told, wanted);
    assert_eq!(again, 9, "all but what is told over a prompt comes twice, and under one number");
}

#[test]
fn a_password_that_was_refused_is_answered_as_such() {
    let bytes = fs::read(fixtures().join("a2-bad-password.rx.raw")).expect("capture");
    let mut decoder = Decoder::default();
    decoder.feed(&bytes);
    let mut kinds = Vec::new();
    while let Ok(Some(frame)) = decoder.next_frame() {
        kinds.push((frame.kind(), String::from_utf8_lossy(frame.answer()).into_owned()));
    }
    assert_eq!(kinds[0].0, Kind::AuthRequest);
    assert_eq!((kinds[1].0, kinds[1].1.as_str()), (Kind::CommandReply, "-ERR invalid"));
}

/// The fuzzer's corpus, each input whole and byte by byte: never a panic, and the same events either way.
#[test]
fn the_fuzzers_corpus_is_survived() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/esl");
    let inputs: Vec<PathBuf> =
        fs::read_dir(folder).expect("the corpus").map(|entry| entry.expect("entry").path()).collect();
    assert!(inputs.len() >= 12);
    let mut told = 0;
    for input in inputs {
        let bytes = fs::read(&input).expect("input");
        let whole = Reader::new(settings()).read(&bytes, Stamp(0));
        let mut reader = Reader::new(settings());
        let mut events = Vec::new();
        let pieces: Result<(), _> =
            bytes.chunks(1).try_for_each(|b| reader.read(b, Stamp(0)).map(|(_, e)| events.extend(e)));
        match whole {
            Ok((_, all)) => {
                assert_eq!((pieces, &events), (Ok(()), &all), "{}", input.display());
                told += all.len();
            }
            Err(error) => assert_eq!(pieces, Err(error), "{}", input.display()),
        }
    }
    assert!(told > 10, "the corpus reaches the legs");
}
