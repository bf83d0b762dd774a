//! How heavy the daemon is: `cargo bench --bench daemon`.
//!
//! Starts the real program on the shipped example with its simulated engine and prints one line a figure:
//! the time from start to the first answer with prompts at hand, and its memory with 1,000 calls alive.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tandem");
const ALIVE: u64 = 1_000;
/// Callers of the simulator stay about 70 s: one every 25 ms makes more than 1,000 alive.
const EVERY_MS: &str = "25";
const PATIENCE: Duration = Duration::from_mins(3);

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = folder.path().join("site");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small"), &site);
    let state = folder.path().join("state");
    let socket = folder.path().join("run/tandem.sock");

    drop(Daemon::start(&site, &state, &socket, &[])); // speaks the prompts once
    let begun = Instant::now();
    let daemon = Daemon::start(&site, &state, &socket, &[]);
    println!("cold start:          {:>9.0} ms to the first answer", begun.elapsed().as_secs_f64() * 1e3);
    drop(daemon);

    let daemon = Daemon::start(&site, &state, &socket, &["--traffic", EVERY_MS]);
    let begun = Instant::now();
    let mut calls = 0;
    while calls < ALIVE {
        assert!(begun.elapsed() < PATIENCE, "only {calls} calls after {PATIENCE:?}");
        thread::sleep(Duration::from_millis(200));
        calls = status(&socket).expect("the daemon answers")["calls"].as_u64().expect("a number");
    }
    println!("memory:              {:>9.1} MB resident with {calls} calls alive", daemon.resident_mb());
}

/// A running daemon; stopped when dropped.
struct Daemon(Child);

impl Daemon {
    fn start(site: &Path, state: &Path, socket: &Path, more: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.arg("serve").arg("--site").arg(site).arg("--state").arg(state).arg("--socket").arg(socket);
        let child =
            command.args(more).env("RUST_LOG", "error").stderr(Stdio::null()).spawn().expect("the program");
        let daemon = Self(child);
        let begun = Instant::now();
        while status(socket).is_none_or(|status| status["engine"]["state"] != "up") {
            assert!(begun.elapsed() < PATIENCE, "the daemon does not answer");
            thread::sleep(Duration::from_millis(5));
        }
        daemon
    }

    fn resident_mb(&self) -> f64 {
        let text = fs::read_to_string(format!("/proc/{}/status", self.0.id())).expect("the process is there");
        let line = text.lines().find(|line| line.starts_with("VmRSS")).expect("a line VmRSS");
        let kb: f64 = line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).expect("kilobytes");
        kb / 1024.0
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.0.id()).expect("a process id"));
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("our own child");
        self.0.wait().expect("our own child ends");
    }
}

fn status(socket: &Path) -> Option<serde_json::Value> {
    let output =
        Command::new(PROGRAM).arg("--socket").arg(socket).args(["--json", "status"]).output().ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the example") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
