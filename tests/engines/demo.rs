//! `tandem demo`, as somebody sees it who runs it for the first time.

use std::{fs, path::PathBuf, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tandem::lab::{
    program::{Program, command},
    rundir::RunDir,
};

use crate::{bench::Kind, world::eventually};

on_every_engine! {
    real_calls_go_through_and_nothing_is_left,
    interrupted_or_killed_it_leaves_no_process,
}

pub async fn real_calls_go_through_and_nothing_is_left(kind: Kind) {
    let lines = demo(kind.word(), 2).await;
    let ended: Vec<&Value> =
        lines.iter().map(|line| &line["ended"]).filter(|ended| !ended.is_null()).collect();
    assert_eq!(ended.len(), 2, "{lines:#?}");
    for record in ended {
        assert!(record["talk_ms"].as_u64() > Some(5000), "{record:#}");
        assert_eq!(record["ended_by"], "caller", "{record:#}");
    }
}

#[tokio::test]
async fn the_simulated_demo_needs_nothing() {
    let lines = demo("simulator", 2).await;
    assert_eq!(lines.iter().filter(|line| !line["ended"].is_null()).count(), 2, "{lines:#?}");
}

pub async fn interrupted_or_killed_it_leaves_no_process(kind: Kind) {
    for signal in [Signal::SIGINT, Signal::SIGKILL] {
        let dir = RunDir::new("demo-test").expect("a folder");
        let mut demo = start(&dir, kind.word(), &[]);
        let ready = async |demo: &Program| demo.said().contains("\"ready\":true");
        demo.ready(Duration::from_secs(60), ready)
            .await
            .unwrap_or_else(|why| panic!("{why}\n{}", demo.said()));
        let folder = dir.display().to_string();
        assert!(running_in(&folder).len() > 5, "engine, daemon and phones run");
        kill(Pid::from_raw(demo.pid()), signal).expect("it is there");
        let status = tokio::time::timeout(Duration::from_secs(20), demo.wait()).await.expect("it ends");
        assert_eq!(status.expect("a status").success(), signal == Signal::SIGINT);
        eventually("no process is left", async || {
            let left = running_in(&folder);
            if left.is_empty() { Ok(()) } else { Err(format!("{left:#?}")) }
        })
        .await;
    }
}

/// Runs the demo until so many calls are over, and returns what it told.
async fn demo(engine: &str, calls: usize) -> Vec<Value> {
    let dir = RunDir::new("demo-test").expect("a folder");
    let mut tandem = start(&dir, engine, &["--calls", &calls.to_string()]);
    let status =
        tokio::time::timeout(Duration::from_secs(120), tandem.wait()).await.expect("it ends by itself");
    assert!(status.expect("a status").success(), "{}", tandem.said());
    let left: Vec<PathBuf> =
        fs::read_dir(&*dir).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    assert_eq!(left, [dir.join("log")], "folders of the run are left");
    let strays: Vec<String> = running_in(&dir.display().to_string());
    assert!(strays.is_empty(), "still running: {strays:?}");
    tandem.said().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// A demo whose folders are all in `dir`.
fn start(dir: &RunDir, engine: &str, words: &[&str]) -> Program {
    let mut tandem = command(env!("CARGO_BIN_EXE_tandem"));
    tandem.args(["demo", "--json", "--every", "1", "--engine", engine]).args(words).env("TMPDIR", &**dir);
    Program::start("tandem demo", tandem, &dir.join("log")).expect("the demo starts")
}

/// Command lines of processes that name this folder.
fn running_in(folder: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
    processes
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(folder))
        .collect()
}
