//! `tandem demo`, as somebody sees it who runs it for the first time.

use std::{fs, path::PathBuf, time::Duration};

use serde_json::Value;
use tandem::lab::{
    program::{Program, command},
    rundir::RunDir,
};

use crate::bench::Kind;

on_every_engine! {
    real_calls_go_through_and_nothing_is_left,
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

/// Runs the demo until so many calls are over, and returns what it told.
async fn demo(engine: &str, calls: usize) -> Vec<Value> {
    let dir = RunDir::new("demo-test").expect("a folder");
    let mut tandem = command(env!("CARGO_BIN_EXE_tandem"));
    tandem.args(["demo", "--json", "--every", "1", "--engine", engine, "--calls", &calls.to_string()]);
    tandem.env("TMPDIR", &*dir);
    let mut tandem = Program::start("tandem demo", tandem, &dir.join("log")).expect("the demo starts");
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

/// Command lines of processes that name this folder.
fn running_in(folder: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
    processes
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(folder))
        .collect()
}
