//! `tandem replay` on what a real daemon wrote, while it runs: the same site, another one, none at all.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

use serde_json::Value;
use tandem::{
    infra::db::Db,
    lab::{program, rundir::RunDir, sample},
};

const SIMULATED: &str = "{ kind: simulator, password_file: secrets/engine }";

fn tandem(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tandem")).args(words).output().expect("tandem runs")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {output:?}"))
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

#[tokio::test]
async fn recorded_calls_decide_as_they_did_and_otherwise_by_another_site() {
    let dir = RunDir::new("replay-test").expect("a folder");
    let (site, state, socket) = (path(&dir, "site"), path(&dir, "state"), path(&dir, "sock"));
    sample::write(Path::new(&site), SIMULATED).expect("a site");
    let mut serve = program::command(env!("CARGO_BIN_EXE_tandem"));
    serve.args(["--socket", &socket, "serve", "--site", &site, "--state", &state, "--traffic", "150"]);
    let _daemon = program::Program::start("tandem serve", serve, &dir.join("log")).expect("it starts");

    let chose_sales = |call: &&Value| call["steps"].to_string().contains("key 1 → sales");
    let deadline = Instant::now() + Duration::from_secs(90);
    let call = loop {
        let history = tandem(&["--socket", &socket, "--json", "calls", "history", "-n", "1000"]);
        let calls: Vec<Value> = serde_json::from_slice(&history.stdout).unwrap_or_default();
        if let (true, Some(call)) = (calls.len() >= 20, calls.iter().find(chose_sales)) {
            break call["id"].as_str().expect("an id").to_owned();
        }
        assert!(Instant::now() < deadline, "{} calls: {history:?}", calls.len());
        tokio::time::sleep(Duration::from_millis(100)).await;
    };

    let again = tandem(&["--json", "replay", "--state", &state]);
    let answer = json(&again);
    assert_eq!(again.status.code(), Some(0), "{answer:#}");
    assert!(answer["calls"].as_u64() >= Some(20) && answer["differing"] == 0, "{answer:#}");

    // What ends after the journal was read is not held against it.
    let earlier = path(&dir, "earlier");
    let live =
        || json(&tandem(&["--socket", &socket, "--json", "calls"])).as_array().cloned().unwrap_or_default();
    until("live calls", deadline, || live().len() > 2).await;
    let there = live();
    copy(&Path::new(&state).join("journal"), &Path::new(&earlier).join("journal"));
    copy(&Path::new(&state).join("keys"), &Path::new(&earlier).join("keys"));
    until("their ends", deadline, || {
        let history = tandem(&["--socket", &socket, "--json", "calls", "history", "-n", "1000"]);
        let history: Vec<Value> = serde_json::from_slice(&history.stdout).unwrap_or_default();
        there.iter().any(|call| history.iter().any(|record| record["id"] == call["id"]))
    })
    .await;
    let rows = Db::sqlite(Path::new(&state).join("tandem.db"));
    rows.copy(&Path::new(&earlier).join("tandem.db")).await.expect("rows");
    let again = json(&tandem(&["--json", "replay", "--state", &earlier]));
    assert!(again["calls"].as_u64() >= Some(20) && again["differing"] == 0, "{again:#}");

    let other = path(&dir, "other");
    sample::write(Path::new(&other), SIMULATED).expect("a site");
    let flow = path(Path::new(&other), "flows/welcome.yaml");
    let text = fs::read_to_string(&flow).expect("the flow");
    fs::write(&flow, text.replace("1: sales, 2: support", "1: support, 2: sales")).expect("written");
    let parted = tandem(&["replay", &call, "--state", &state, "--site", &other]);
    let shown = String::from_utf8_lossy(&parted.stdout);
    assert_eq!(parted.status.code(), Some(5), "{shown}");
    let marked = |mark: char, text: &str| shown.lines().any(|l| l.starts_with(mark) && l.contains(text));
    assert!(marked('=', "flow welcome"), "{shown}");
    assert!(marked('-', "key 1 → sales") && marked('+', "key 1 → support"), "{shown}");
}

async fn until(what: &str, deadline: Instant, is: impl Fn() -> bool) {
    while !is() {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The files of a folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folder");
    for entry in fs::read_dir(from).expect("folder") {
        let entry = entry.expect("entry");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
}

#[test]
fn what_cannot_be_run_again_is_said_with_the_remedy() {
    let dir = RunDir::new("replay-test").expect("a folder");
    let nothing = path(&dir, "nothing");
    let refused = tandem(&["replay", "--state", &nothing]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("no journal") && said.contains("--state"), "{said}");
    let usage = tandem(&["replay", "not-a-call"]);
    assert_eq!(usage.status.code(), Some(2));
}
