//! What is in the log, and what never is.

use std::{collections::BTreeMap, fs, io, thread};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::house::House;

/// Simulated callers press keys all the time; at the most verbose level every line is an object, the decisions are
/// there, and no password, no number and no key is.
#[test]
fn a_log_for_machines_has_an_object_a_line_and_neither_passwords_nor_digits() {
    let mut house = House::new();
    house.secret("engine", "Known-Secret-4711");
    house.start(&[("RUST_LOG", "trace"), ("TANDEM_LOG_FORMAT", "json")], &["--traffic", "120"]);
    house.ready();
    house.until("keys and ends", |house| {
        let log = house.log();
        log.contains("key • → ") && log.matches("hung up after").count() > 3
    });
    house.end(Signal::SIGTERM);

    let lines: Vec<BTreeMap<String, Value>> = house
        .log()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}")))
        .collect();
    for line in &lines {
        for key in ["timestamp", "level", "target", "message"] {
            assert!(line.contains_key(key), "{line:?} lacks {key}");
        }
    }
    let secrets: Vec<String> = fs::read_dir(house.at("site/secrets"))
        .expect("secrets")
        .map(|file| fs::read_to_string(file.expect("entry").path()).expect("read").trim().to_owned())
        .collect();
    assert!(secrets.len() > 3 && secrets.iter().any(|secret| secret == "Known-Secret-4711"));
    let log = house.log();
    assert_eq!(secrets.iter().find(|secret| log.contains(*secret)), None);
    for line in lines.iter().filter(|line| line["target"] == "call") {
        let message = line["message"].as_str().expect("text");
        let bare = without_times(message);
        assert!(!bare.chars().any(char::is_numeric), "{message}");
    }
}

/// The message without its `12 s` and `4.5 s`.
fn without_times(message: &str) -> String {
    let words: Vec<&str> = message.split(' ').collect();
    let time =
        |at: usize| words.get(at + 1).is_some_and(|unit| unit.trim_end_matches([')', ';', ',']) == "s");
    (0..words.len()).filter(|at| !time(*at)).map(|at| words[at]).collect::<Vec<_>>().join(" ")
}

#[test]
fn libraries_below_us_never_write_their_finest_lines() {
    let mut house = House::new();
    house.start(&[("RUST_LOG", "trace,sqlx=trace,hyper=trace,tokio=trace")], &["--traffic", "300"]);
    house.ready();
    house.until("a finished call in the database", |house| {
        house.said(&["calls", "history", "--json"]).contains("\"ended\"")
    });
    house.end(Signal::SIGTERM);
    let log = house.log();
    let fine = |line: &&str| line.contains(" DEBUG ") || line.contains(" TRACE ");
    assert_eq!(log.lines().filter(fine).find(|line| !line.contains(" tandem::")), None);
}

/// A pipe that is full: whoever waited for it would wait for ever.
#[test]
fn a_log_that_nobody_reads_stops_no_call() {
    let mut house = House::new();
    let (reader, writer) = io::pipe().expect("a pipe");
    house.start_into(writer.into(), &[("RUST_LOG", "trace")], &["--traffic", "60"]);
    house.ready();
    let newest = |house: &House| -> i64 {
        let calls = house.said(&["calls", "history", "-n", "1", "--json"]);
        let calls: Value = serde_json::from_str(&calls).expect("JSON");
        calls[0]["ended"].as_i64().unwrap_or(0)
    };
    house.until("lines that are lost", |house| {
        String::from_utf8_lossy(&house.tandem(&["status", "--json"]).stdout).contains("nobody reads the log")
    });
    let before = newest(&house);
    house.until("calls that end nevertheless", |house| newest(house) > before + 3_000_000);
    let read = thread::spawn(move || io::read_to_string(reader).expect("text"));
    house.until("no trouble any more", |house| house.said(&["status", "--json"]).contains("\"troubles\":[]"));
    house.end(Signal::SIGTERM);
    let log = read.join().expect("read");
    assert!(log.contains("lines of the log are lost"), "it is told in the log");
}
