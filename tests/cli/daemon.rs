//! The whole program as a daemon, on the simulator: its doors, its audit, and its rows in either database.

use std::{
    fs::{self, File},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    commands::{err, out, program, tandem},
    events::Lines,
    figures::figures,
    postgres::{PASSWORD, Postgres},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon on a copy of the small example. It dies with the test.
pub struct House {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl House {
    /// `store` in place of the example's, and a TLS port.
    fn new(store: &str) -> Self {
        Self::of("small", store)
    }

    /// The same on a copy of another example.
    pub fn of(example: &str, store: &str) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let site = folder.path().join("site");
        copy(&Path::new("examples").join(example), &site);
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("port").port();
        let text = fs::read_to_string(site.join("site.yaml")).expect("site");
        let text = text.replace("store: sqlite ", &format!("store: {store} "));
        let http = format!("http:\n  listen: 127.0.0.1:{port}\n");
        fs::write(site.join("site.yaml"), text + &http).expect("written");
        Self { folder, port, child: None }
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("tandem.sock")
    }

    pub fn site(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub fn start(&mut self, more: &[&str]) {
        let log =
            File::options().create(true).append(true).open(self.folder.path().join("log")).expect("log");
        // It dies with this thread, however the test ends.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(env!("CARGO_BIN_EXE_tandem"));
        command.arg("--socket").arg(self.socket()).arg("serve").arg("--site").arg(self.site());
        command.arg("--state").arg(self.folder.path().join("state")).args(more);
        command.stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().expect("the daemon starts"));
        self.until("the daemon answers", |house| {
            let status = tandem(&house.socket(), &["status", "--json"]);
            out(&status).contains(r#""state":"up""#)
        });
    }

    fn signal(&mut self, signal: Signal) {
        let child = self.child.as_ref().expect("it runs");
        kill(Pid::from_raw(i32::try_from(child.id()).expect("pid")), signal).expect("signalled");
    }

    pub fn end(&mut self, signal: Signal) {
        self.signal(signal);
        if let Some(mut child) = self.child.take() {
            child.wait().expect("ended");
        }
    }

    pub fn said(&self, words: &[&str]) -> String {
        let done = tandem(&self.socket(), words);
        assert_eq!(done.status.code(), Some(0), "{words:?}: {}{}", err(&done), self.log());
        out(&done).to_owned()
    }

    pub fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.said(words)).expect("JSON")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub fn until(&self, what: &str, mut is: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is(self) {
            assert!(Instant::now() < deadline, "{what}: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The newest `many` rows of the audit, as soon as there are so many.
    fn audit(&self, many: usize) -> Vec<Value> {
        let rows =
            |house: &Self| house.json(&["audit", "--json", "-n", "1000"]).as_array().cloned().expect("rows");
        self.until("the audit", |house| rows(house).len() >= many);
        rows(self)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ended = child.kill();
            let _status = child.wait();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folder");
    for entry in fs::read_dir(from).expect("folder") {
        let entry = entry.expect("entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("type").is_dir() {
            if entry.file_name() != "secrets" {
                copy(&entry.path(), &target);
            }
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}

/// A state in one of the audit's JSON texts.
fn state(row: &Value, side: &str) -> String {
    let parsed: Value = serde_json::from_str(text(row, side)).expect("JSON in the audit");
    parsed["state"].as_str().unwrap_or_default().to_owned()
}

fn changes_are_written_down(house: &mut House) {
    house.start(&[]);
    house.said(&["agents", "pause", "chen", "--reason", "午餐"]);
    house.said(&["agents", "unpause", "chen"]);
    house.said(&["agents", "logout", "li"]);
    let refused = tandem(&house.socket(), &["agents", "unpause", "li"]);
    assert_eq!(refused.status.code(), Some(1), "what is refused changes nothing");
    // A crash: the journal tells the past again, and the audit has it once.
    house.audit(3);
    house.end(Signal::SIGKILL);
    house.start(&[]);
    let yaml = fs::read_to_string(house.site().join("site.yaml")).expect("site");
    fs::write(house.site().join("site.yaml"), yaml.replace("Harbour Trading\n", "Harbour & Sons\n"))
        .expect("written");
    house.signal(Signal::SIGHUP);
    house.until("the new site", |house| house.said(&["status"]).contains("Harbour & Sons"));
    house.said(&["agents", "login", "li"]);

    let rows = house.audit(5);
    let me = nix::unistd::User::from_uid(nix::unistd::Uid::effective()).expect("users").expect("me").name;
    let seen: Vec<_> = rows.iter().rev().map(|row| (text(row, "what"), text(row, "subject"))).collect();
    let site = ("site.take", "Harbour & Sons");
    let done = [("agent.pause", "chen"), ("agent.unpause", "chen"), ("agent.logout", "li"), site];
    assert_eq!(seen, [&done[..], &[("agent.login", "li")]].concat());
    let [login, take, logout, unpause, pause] = &rows[..] else { panic!("{rows:?}") };
    assert!([login, logout, unpause, pause].iter().all(|row| text(row, "who") == me), "{rows:?}");
    assert_eq!((state(pause, "before"), state(pause, "after")), ("ready".to_owned(), "paused".to_owned()));
    assert!(text(pause, "after").contains("午餐"));
    assert_eq!(
        (state(unpause, "before"), state(unpause, "after")),
        ("paused".to_owned(), "ready".to_owned())
    );
    assert_eq!(
        (state(logout, "before"), state(logout, "after")),
        ("ready".to_owned(), "logged out".to_owned())
    );
    assert_eq!(
        (state(login, "before"), state(login, "after")),
        ("logged out".to_owned(), "ready".to_owned())
    );
    assert_ne!(text(take, "before"), text(take, "after"));
    assert!(house.said(&["audit", "verify"]).starts_with("All 5 rows"));
    house.end(Signal::SIGTERM);
}

#[test]
fn an_agent_whose_client_vanishes_is_gone_and_the_audit_has_no_renewals() {
    let mut house = House::new("sqlite");
    house.start(&[]);
    house.said(&["agents", "login", "chen", "--lease", "10s"]);
    let inputs = |house: &House| figures(&house.socket())["tandem_inputs_total"];
    let (renewed, before, mut renewals) = (Instant::now(), inputs(&house), 0.0);
    while renewed.elapsed() < Duration::from_secs(16) {
        house.said(&["agents", "lease", "chen", "--for", "10s"]);
        renewals += 1.0;
    }
    let written = inputs(&house) - before;
    assert!(written < renewals / 2.0, "{written} inputs, with those of the engine, and {renewals} renewals");
    let agent = |house: &House| house.json(&["agents", "show", "chen", "--json"]);
    let (held, last) = (agent(&house), Instant::now());
    assert_eq!((text(&held, "state"), &held["lease_s"]), ("ready", &Value::from(10)));
    house.until("the client is gone", |house| text(&agent(house), "state") == "paused");
    assert!(last.elapsed() > Duration::from_secs(9), "{:?}", last.elapsed());
    assert_eq!(text(&agent(&house), "reason"), "gone");
    house.said(&["agents", "unpause", "chen"]);
    let rows = house.audit(3);
    let seen: Vec<_> = rows.iter().rev().map(|row| text(row, "what")).collect();
    assert_eq!(seen, ["agent.lease", "agent.login", "agent.unpause"]);
    house.end(Signal::SIGTERM);
}

#[test]
fn changes_are_written_down_in_sqlite() {
    changes_are_written_down(&mut House::new("sqlite"));
}

#[test]
fn one_line_of_the_site_puts_everything_into_postgresql() {
    let server = Postgres::start();
    let mut house = House::new(&server.url());
    let secret = house.site().join("secrets/store");
    fs::create_dir(house.site().join("secrets")).expect("folder");
    fs::write(&secret, format!("{PASSWORD}\n")).expect("written");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("closed");
    changes_are_written_down(&mut house);
    house.start(&["--traffic", "300"]);
    house.until("finished calls in the database", |house| {
        house.json(&["calls", "history", "--json"]).as_array().is_some_and(|calls| calls.len() > 2)
    });
    house.end(Signal::SIGTERM);
    assert!(!house.folder.path().join("state/tandem.db").exists());
    assert!(!house.log().contains(PASSWORD));
    a_backup_takes_the_rows_along(&server, house);
}

/// From the server into a file, and from the file into another server.
fn a_backup_takes_the_rows_along(server: &Postgres, mut house: House) {
    let (file, state) = (house.folder.path().join("backup"), house.folder.path().join("state"));
    let run = |house: &House, words: &[&str]| {
        let mut command = program();
        command
            .args(words)
            .arg("--site")
            .arg(house.site())
            .arg("--state")
            .arg(house.folder.path().join("state"));
        command.output().expect("it runs")
    };
    let history = |house: &House| house.json(&["calls", "history", "--json", "-n", "1000"]);
    let audit = |house: &House| house.json(&["audit", "--json", "-n", "1000"]);
    // Those who were in a call when the daemon before ended are counted too.
    house.start(&[]);
    house.until("nobody calls any more", |house| {
        house.json(&["calls", "--json"]).as_array().is_some_and(Vec::is_empty)
    });
    let (calls, changes) = (history(&house), audit(&house));
    assert!(calls.as_array().is_some_and(|calls| calls.len() > 2) && changes[0].is_object());
    house.end(Signal::SIGTERM);
    let path = file.to_str().expect("text");
    let made = run(&house, &["backup", "--to", path]);
    assert_eq!(made.status.code(), Some(0), "{}", err(&made));
    let drilled = run(&house, &["restore", "--drill", path]);
    assert_eq!(drilled.status.code(), Some(0), "{}{}", out(&drilled), err(&drilled));
    assert!(!state.join("tandem.db").exists());

    let mut other = House { folder: tempfile::tempdir().expect("folder"), port: 0, child: None };
    let taken = run(&other, &["restore", path]);
    assert!(err(&taken).contains("has rows already"), "{}", err(&taken));
    assert_eq!(fs::read_dir(other.folder.path()).expect("folder").count(), 0, "nothing half restored");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        server.drop_database().await;
        server.create_database().await;
    });
    let done = run(&other, &["restore", path]);
    assert_eq!(done.status.code(), Some(0), "{}", err(&done));
    assert!(!other.folder.path().join("state/tandem.db").exists());
    other.start(&[]);
    assert_eq!((history(&other), audit(&other)), (calls, changes));
    assert!(other.said(&["audit", "verify"]).starts_with("All "));
    // New rows follow the old ones.
    other.said(&["agents", "pause", "chen", "--reason", "lunch"]);
    other.until("the audit", |other| audit(other)[0]["what"] == "agent.pause");
    assert!(other.said(&["audit", "verify"]).starts_with("All "));
}

#[test]
fn what_happens_is_told_at_once_and_counted() {
    let mut house = House::new("sqlite");
    let follow = |house: &House, more: &[&str]| {
        let mut command = program();
        command.arg("--socket").arg(house.socket()).args(["--json", "events"]).args(more);
        Lines::of(command)
    };
    house.start(&[]);
    let lines = follow(&house, &[]);
    let newest = lines.until("hello", |event| event["event"] == "hello")["seq"].as_u64().expect("a number");
    house.said(&["agents", "pause", "chen", "--reason", "午餐"]);
    lines.until("the pause", |event| {
        event["event"] == "agent.changed"
            && event["agent"]["name"] == "chen"
            && event["agent"]["state"] == "paused"
    });
    house.end(Signal::SIGTERM);
    house.start(&["--traffic", "400"]);
    let lines = follow(&house, &["--after", &newest.to_string()]);
    let gap = lines.until("a gap: those of the daemon before are gone", |event| event["event"] == "gap");
    assert_eq!(gap["after"].as_u64(), Some(newest), "{gap}");
    lines.until("an offer", |event| {
        event["event"] == "call.told"
            && event["what"].as_str().is_some_and(|what| what.starts_with("offered to"))
    });
    let ended = lines.until("a call's end", |event| event["event"] == "call.ended");
    assert!(ended["seq"].as_u64().expect("a number") > newest && ended["call"]["legs"].is_array(), "{ended}");

    house.until("figures", |house| {
        let figures = figures(&house.socket());
        figures["tandem_offer_seconds_count"] >= 1.0
            && figures["tandem_queue_answered_today{queue=\"sales\"}"] >= 0.0
    });
    let early = figures(&house.socket());
    for up in ["tandem_engine_up", "tandem_journal_up"] {
        assert_eq!(early.get(up), Some(&1.0), "{early:?}");
    }
    assert!(early["tandem_agents{state=\"paused\"}"] >= 1.0, "{early:?}");
    assert!(early["tandem_journal_commit_seconds_count"] >= 1.0 && early["tandem_offer_seconds_sum"] > 0.0);
    house.until("more inputs", |house| {
        figures(&house.socket())["tandem_inputs_total"] > early["tandem_inputs_total"]
    });
    // Without its database the daemon keeps what is over, and says how much.
    house.end(Signal::SIGTERM);
    fs::remove_file(house.folder.path().join("state/tandem.db")).expect("removed");
    fs::create_dir(house.folder.path().join("state/tandem.db")).expect("a folder in its place");
    house.start(&["--traffic", "300"]);
    house.until("a full spool", |house| figures(&house.socket())["tandem_spool_bytes"] > 100.0);
}

/// A watched command's lines, as they come.
fn watched(house: &House, words: &[&str]) -> Lines {
    let mut command = program();
    command.arg("--socket").arg(house.socket()).args(words).args(["--watch", "--json"]);
    Lines::of(command)
}

#[test]
fn a_change_is_shown_within_200_ms() {
    let mut house = House::new("sqlite");
    house.start(&["--drift", "0"]);
    let lines = watched(&house, &["agents"]);
    let state = |agents: &Value| {
        let chen = agents.as_array().expect("agents").iter().find(|agent| agent["name"] == "chen");
        chen.expect("chen")["state"].as_str().expect("a state").to_owned()
    };
    lines.until("the first look", |agents| state(agents) == "ready");
    let mut took = Vec::new();
    for _ in 0..5 {
        for (verb, then) in [("pause", "paused"), ("unpause", "ready")] {
            let begun = Instant::now();
            house.said(&["agents", verb, "chen"]);
            lines.until(then, |agents| state(agents) == then);
            took.push(begun.elapsed());
        }
    }
    took.sort();
    println!("from the command's start to the watcher's line: {took:?}");
    assert!(took[took.len() / 2] <= Duration::from_millis(200), "{took:?}");
}

#[test]
fn who_watches_outlives_the_daemon() {
    let mut house = House::new("sqlite");
    house.start(&[]);
    let lines = watched(&house, &["status"]);
    let started = lines.until("the first look", |_| true)["started"].as_u64().expect("a moment");
    house.end(Signal::SIGKILL);
    house.start(&[]);
    lines.until("the next daemon", |status| status["started"].as_u64() > Some(started));
    house.said(&["agents", "pause", "chen"]);
    lines.until("its changes", |status| status["agents_ready"].as_u64() < status["agents"].as_u64());
}

#[test]
fn the_port_is_open_with_a_certificate_made_at_the_first_start() {
    let mut house = House::new("sqlite");
    house.start(&[]);
    let (certificate, key) = (house.site().join("secrets/http.crt"), house.site().join("secrets/http.key"));
    assert_eq!(fs::metadata(&key).expect("made").permissions().mode() & 0o777, 0o600);
    house.said(&["users", "add", "ansible", "--may", "operate"]);
    let made = house.said(&["users", "token", "create", "ansible", "--scope", "operate"]);
    let secret = made.lines().last().expect("the secret").to_owned();
    let remote = |house: &House, words: &[&str]| {
        let url = format!("https://127.0.0.1:{}", house.port);
        let mut command = program();
        command.args(["--url", &url, "--ca"]).arg(&certificate).env("TANDEM_TOKEN", &secret);
        command.args(words).output().expect("the program runs")
    };
    let paused = remote(&house, &["agents", "pause", "bob"]);
    assert_eq!(paused.status.code(), Some(0), "{}{}", err(&paused), house.log());
    let row = &house.audit(3)[0];
    assert_eq!(text(row, "what"), "agent.pause");
    assert_eq!(text(row, "who"), format!("ansible by token {}", &secret[7..19]));
    let before = fs::read(&certificate).expect("read");
    house.end(Signal::SIGTERM);
    house.start(&[]);
    assert_eq!(fs::read(&certificate).expect("read"), before, "it stays the same");
    assert!(!house.log().contains(&secret[20..]));
}
