//! The daemon of a rig.

use std::time::{Duration, Instant};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tandem::lab::program::{self, Program};

use super::rig::Rig;

const PATIENCE: Duration = Duration::from_secs(60);

/// Starts it on the rig's site, and waits for its engine.
pub async fn start(rig: &Rig) -> Program {
    start_until(rig, |status| status["engine"]["state"] == "up").await
}

/// Starts it on the rig's site, and waits until it says this of itself.
pub async fn start_until(rig: &Rig, is: impl Fn(&Value) -> bool) -> Program {
    let mut serve = program::command(env!("CARGO_BIN_EXE_tandem"));
    serve.arg("serve").arg("--site").arg(rig.site()).arg("--state").arg(rig.state());
    serve.args(["--drift", "1"]).env("TANDEM_SOCKET", rig.socket());
    let mut daemon =
        Program::start("tandem serve", serve, &rig.folder().join("daemon.log")).expect("it starts");
    let up = daemon.ready(PATIENCE, async |_| is(&status(rig))).await;
    up.unwrap_or_else(|error| panic!("{error}\n{}", daemon.said()));
    daemon
}

fn status(rig: &Rig) -> Value {
    serde_json::from_str(&rig.tandem(&["status", "--json"]).out).unwrap_or_default()
}

pub fn revision(rig: &Rig) -> String {
    status(rig)["revision"].as_str().expect("a revision").to_owned()
}

/// The ids of the live calls.
pub fn calls(rig: &Rig) -> Vec<Value> {
    let said = rig.tandem(&["calls", "list", "--json"]);
    let calls: Vec<Value> = serde_json::from_str(&said.out).expect("a list");
    calls.iter().map(|call| call["id"].clone()).collect()
}

/// As `systemctl reload` does.
pub fn hang_up(daemon: &Program) {
    kill(Pid::from_raw(daemon.pid()), Signal::SIGHUP).expect("it lives");
}

pub async fn says(daemon: &mut Program, words: &str) {
    daemon.ready(PATIENCE, async |daemon| daemon.said().contains(words)).await.expect("it says so");
}

/// Until `status` tells of a trouble with these words.
pub async fn troubled(rig: &Rig, words: &str) {
    until(rig, |status| status["troubles"].to_string().contains(words)).await;
}

/// Until `status` knows of no trouble.
pub async fn well(rig: &Rig) {
    until(rig, |status| status["troubles"] == serde_json::json!([])).await;
}

/// Until it says this of itself.
pub async fn until(rig: &Rig, is: impl Fn(&Value) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let status = status(rig);
        if is(&status) {
            return;
        }
        assert!(Instant::now() < deadline, "it is still {status}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
