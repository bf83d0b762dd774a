//! The world of one story: an engine, the daemon, a wire between them, and phones.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use jiff::{ToSpan, Zoned};
use secrecy::SecretString;
use serde_json::json;
use tandem::{
    base::{id::CallId, number::Number},
    infra::site::{self, Site, secret},
    lab::{ports::Block, rundir::RunDir},
    live::{
        record::CallRecord,
        switchboard::view::{AgentView, CallView, EngineView, StatusView},
    },
    ports::engine::Settings,
};
use tokio::io::AsyncBufReadExt;

use crate::support::{
    call::Call,
    phone::{PATIENCE, Phone},
};
use crate::{
    bench::{self, Bench, Kind},
    daemon::{Daemon, Rest},
    wire::Wire,
};

/// A tone for each side.
pub const LOW: f64 = 440.0;
pub const HIGH: f64 = 1020.0;

/// An agent who is gone within two seconds has not talked, and the caller stays; an engine may tell of an answer half
/// a second late.
const A_WHILE: Duration = Duration::from_secs(3);

pub struct World {
    pub kind: Kind,
    pub wire: Wire,
    pub rest: Rest,
    bench: Bench,
    daemon: Option<Daemon>,
    site: Site,
    dir: RunDir,
    _ports: Block,
}

impl World {
    /// Starts everything; the daemon is linked to the engine.
    pub async fn new(kind: Kind) -> Self {
        let mut world = Self::without_daemon(kind).await;
        world.restart_daemon().await;
        world
    }

    /// The same on a site that `change` has made of the suite's own.
    pub async fn on_site(kind: Kind, change: impl FnOnce(&Path)) -> Self {
        let (dir, ports) = place();
        let wire = Wire::to(bench::control(&ports), kind).await;
        let mut world = Self::engine_of(kind, dir, ports, wire, change).await;
        world.restart_daemon().await;
        world
    }

    /// The same, and without a wire that could be cut.
    pub async fn straight(kind: Kind, change: impl FnOnce(&Path)) -> Self {
        let (dir, ports) = place();
        let wire = Wire::none(bench::control(&ports));
        let mut world = Self::engine_of(kind, dir, ports, wire, change).await;
        world.restart_daemon().await;
        world
    }

    /// The engine alone.
    pub async fn without_daemon(kind: Kind) -> Self {
        let (dir, ports) = place();
        let wire = Wire::to(bench::control(&ports), kind).await;
        Self::engine_of(kind, dir, ports, wire, |_| ()).await
    }

    async fn engine_of(
        kind: Kind,
        dir: RunDir,
        ports: Block,
        wire: Wire,
        change: impl FnOnce(&Path),
    ) -> Self {
        let site = write_site(&dir.join("site"), kind, wire.address, change);
        let bench = Bench::start(kind, &site, &dir.join("engine"), &ports).await;
        fs::create_dir(dir.join("state")).expect("a new folder");
        let rest = Rest::new(Daemon::socket(&dir.join("state")));
        Self { kind, wire, rest, bench, daemon: None, site, dir, _ports: ports }
    }

    /// Where calls from outside come in.
    pub fn outside_address(&self) -> std::net::SocketAddr {
        self.bench.outside()
    }

    /// Somebody outside, on the trunk.
    pub async fn outside(&self, number: &str) -> Phone {
        Phone::new(number, self.bench.outside()).await
    }

    /// The registered phone of an extension.
    pub async fn phone(&self, extension: &str) -> Phone {
        let entry =
            self.site.extensions.values().find(|e| e.phone.as_str() == extension).expect("in people.yaml");
        let password = word(&entry.secret_file);
        let domain = match self.kind {
            Kind::Asterisk => self.bench.inside().to_string(),
            Kind::Freeswitch => self.site.engine.domain.to_string(),
        };
        let phone = Phone::with_secret(extension, &password, self.bench.inside(), &domain).await;
        phone.register().await;
        phone
    }

    /// The registered phone of an agent whom the daemon knows to be ready.
    pub async fn agent(&self, name: &str) -> Phone {
        let phone = self.agent_coming(name).await;
        self.agent_is(name, "ready").await;
        phone
    }

    /// The registered phone of an agent for whom somebody waits.
    pub async fn agent_coming(&self, name: &str) -> Phone {
        self.phone(&self.extension_of(name)).await
    }

    fn extension_of(&self, agent: &str) -> String {
        let settings = self.site.agents.iter().find(|(name, _)| name.as_str() == agent);
        settings.expect("in people.yaml").1.phone.extension().expect("in the house").to_string()
    }

    pub async fn agent_is(&self, name: &str, state: &str) {
        eventually(&format!("{name} is {state}"), async || {
            let agents: Vec<AgentView> =
                self.rest.try_get("/v1/agents").await.map_err(|why| why.to_string())?;
            let agent = agents.into_iter().find(|a| a.name.as_str() == name).ok_or("no such agent")?;
            if agent.state == state { Ok(()) } else { Err(agent.state.to_string()) }
        })
        .await;
    }

    /// Logs the agent out and in again: no rest after a call that was not taken.
    pub async fn agent_starts_anew(&self, name: &str) {
        for act in ["logout", "login"] {
            self.rest.post(&format!("/v1/agents/{name}/{act}"), json!({})).await;
        }
    }

    /// The live call from this number, once it is in this state.
    pub async fn call_is(&self, from: &str, state: &str) -> CallView {
        eventually(&format!("the call from {from} is {state}"), async || {
            let calls: Vec<CallView> = self.rest.try_get("/v1/calls").await.map_err(|why| why.to_string())?;
            let call = calls.into_iter().find(|c| is(c.from.as_ref(), from)).ok_or("no such call")?;
            if call.state == state { Ok(call) } else { Err(format!("{} ({})", call.state, call.at)) }
        })
        .await
    }

    /// What was written down about the last call from this number. An end that was missed is found by comparing
    /// notes with the engine twice, which takes its time.
    pub async fn record(&self, from: &str) -> CallRecord {
        within(2 * PATIENCE, &format!("a record of the call from {from}"), async || {
            let records: Vec<CallRecord> =
                self.rest.try_get("/v1/history?limit=200").await.map_err(|why| why.to_string())?;
            records.into_iter().find(|r| is(r.from.as_ref(), from)).ok_or_else(|| "none".to_owned())
        })
        .await
    }

    /// What the daemon has logged so far.
    pub fn daemon_said(&self) -> String {
        self.daemon.as_ref().map(Daemon::said).unwrap_or_default()
    }

    /// What was written down about the last call to this number.
    pub async fn record_to(&self, to: &str) -> CallRecord {
        within(2 * PATIENCE, &format!("a record of the call to {to}"), async || {
            let records: Vec<CallRecord> =
                self.rest.try_get("/v1/history?limit=200").await.map_err(|why| why.to_string())?;
            records.into_iter().find(|r| r.to.as_str() == to).ok_or_else(|| "none".to_owned())
        })
        .await
    }

    pub async fn linked(&self) {
        eventually("linked to the engine", async || {
            let status: StatusView = self.rest.try_get("/v1/status").await.map_err(|why| why.to_string())?;
            if matches!(status.engine, EngineView::Up { .. }) {
                Ok(())
            } else {
                Err(format!("{:?}", status.engine))
            }
        })
        .await;
    }

    pub async fn unlinked(&self) {
        eventually("not linked to the engine", async || {
            let status: StatusView = self.rest.try_get("/v1/status").await.map_err(|why| why.to_string())?;
            if matches!(status.engine, EngineView::Up { .. }) { Err("linked".to_owned()) } else { Ok(()) }
        })
        .await;
    }

    /// As whoever updates it does.
    pub async fn stop_daemon(&mut self) {
        self.daemon.take().expect("it runs").stop().await;
    }

    pub async fn kill_daemon(&mut self) {
        self.daemon.take().expect("it runs").kill().await;
    }

    /// What the command `tandem` says to these words.
    pub fn tandem(&self, words: &[&str]) -> String {
        let mut tandem = Command::new(env!("CARGO_BIN_EXE_tandem"));
        let socket = Daemon::socket(&self.dir.join("state"));
        let output = tandem.args(words).env("TANDEM_SOCKET", socket).output().expect("it runs");
        let [said, complained] =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(output.status.success(), "tandem {words:?}: {said}{complained}");
        said
    }

    /// The first of the kept events that has this word.
    pub async fn event(&self, word: &str) -> String {
        let mut tandem = tokio::process::Command::new(env!("CARGO_BIN_EXE_tandem"));
        let socket = Daemon::socket(&self.dir.join("state"));
        tandem.args(["events", "--after", "0", "--json"]).env("TANDEM_SOCKET", socket);
        let mut running = tandem.stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("it runs");
        let mut lines = tokio::io::BufReader::new(running.stdout.take().expect("its output")).lines();
        let found = async {
            while let Some(line) = lines.next_line().await.expect("text") {
                if line.contains(word) {
                    return line;
                }
            }
            panic!("the events ended before {word}");
        };
        tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("no event has {word}"))
    }

    /// Starts the daemon; returns how long it took until it had the engine.
    pub async fn restart_daemon(&mut self) -> Duration {
        let start = Instant::now();
        let daemon = Daemon::start(&self.dir.join("site"), &self.dir.join("state")).await;
        self.daemon = Some(daemon);
        self.linked().await;
        start.elapsed()
    }

    /// What a call has, or has left, at the engine.
    pub async fn left(&self) -> Vec<String> {
        self.bench.left(&word(&self.site.engine.password_file)).await
    }

    /// What FreeSWITCH's event socket answers to these commands.
    pub async fn ask(&self, commands: &[&str]) -> Vec<String> {
        self.bench.ask(&word(&self.site.engine.password_file), commands).await
    }

    /// Everything that the daemon has logged.
    pub fn log(&self) -> String {
        self.daemon.as_ref().expect("it runs").said()
    }

    /// Site and state of the daemon.
    pub fn folders(&self) -> [PathBuf; 2] {
        ["site", "state"].map(|name| self.dir.join(name))
    }

    /// How an adapter without a daemon reaches the engine.
    pub fn settings(&self) -> Settings {
        let [prompts, recordings] =
            ["prompts", "recordings"].map(|folder| self.dir.join("state").join(folder));
        for folder in [&prompts, &recordings] {
            fs::create_dir_all(folder).expect("a folder");
        }
        Settings {
            address: self.wire.address,
            user: self.site.engine.user.clone(),
            password: SecretString::from(word(&self.site.engine.password_file)),
            prompts,
            recordings,
            domain: self.site.engine.domain.clone(),
            fallback: self.site.fallback.clone(),
            lease: self.site.lease,
        }
    }

    /// A file of the site.
    pub fn site_file(&self, name: &str) -> PathBuf {
        self.dir.join("site").join(name)
    }

    /// A password or PIN of the site.
    pub fn secret(&self, name: &str) -> String {
        word(&self.dir.join("site/secrets").join(name))
    }

    /// What was recorded.
    pub fn sounds(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.dir.join("state/recordings"));
        files.into_iter().flatten().map(|file| file.expect("an entry").path()).collect()
    }

    /// All passwords of the site.
    pub fn secrets(&self) -> Vec<String> {
        let files = fs::read_dir(self.dir.join("site/secrets")).expect("secrets");
        files.map(|file| word(&file.expect("an entry").path())).collect()
    }

    /// Nothing of any call is left: not at the engine, not in the daemon. Every story ends so.
    pub async fn ends_clean(self) {
        eventually("nothing left at the engine", async || {
            let left = self.left().await;
            if left.is_empty() { Ok(()) } else { Err(left.join(" ")) }
        })
        .await;
        if self.daemon.is_some() {
            eventually("no call left in the daemon", async || {
                let calls: Vec<CallView> =
                    self.rest.try_get("/v1/calls").await.map_err(|why| why.to_string())?;
                if calls.is_empty() { Ok(()) } else { Err(format!("{calls:?}")) }
            })
            .await;
        }
    }
}

/// A story that fails shows what the daemon knows.
impl Drop for World {
    fn drop(&mut self) {
        let Some(daemon) = self.daemon.as_ref().filter(|_| std::thread::panicking()) else { return };
        let socket = Daemon::socket(&self.dir.join("state"));
        let ask = |words: &str| {
            let mut tandem = Command::new(env!("CARGO_BIN_EXE_tandem"));
            let output =
                tandem.args(words.split(' ')).env("TANDEM_SOCKET", &socket).output().expect("it runs");
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            eprintln!("---- tandem {words}\n{text}");
            text
        };
        ask("status");
        ask("agents");
        let calls = format!("{}\n{}", ask("calls"), ask("calls history -n 30"));
        let ids = calls.split_whitespace().filter(|word| word.len() == 13 && word.parse::<CallId>().is_ok());
        ids.for_each(|id| drop(ask(&format!("explain {id}"))));
        eprintln!("---- the daemon's log\n{}", daemon.said());
    }
}

/// Each hears the other's tone.
pub async fn both_talk(one: &Call, other: &Call) {
    one.says(LOW);
    other.says(HIGH);
    one.hears(HIGH).await;
    other.hears(LOW).await;
}

/// Each hears the other's tone, for longer than a talk must last to be one.
pub async fn both_talk_a_while(one: &Call, other: &Call) {
    let start = Instant::now();
    while start.elapsed() < A_WHILE {
        both_talk(one, other).await;
    }
}

/// Asks again and again until the answer is `Ok`; panics with the last `Err` when patience is over.
pub async fn eventually<T>(what: &str, ask: impl AsyncFnMut() -> Result<T, String>) -> T {
    within(PATIENCE, what, ask).await
}

pub async fn within<T>(patience: Duration, what: &str, mut ask: impl AsyncFnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        match ask().await {
            Ok(found) => return found,
            Err(last) => assert!(Instant::now() < deadline, "not within {patience:?}: {what}; last: {last}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn place() -> (RunDir, Block) {
    (RunDir::new("story").expect("a folder"), Block::claim().expect("free ports"))
}

fn is(number: Option<&Number>, text: &str) -> bool {
    number.is_some_and(|n| n.as_str() == text)
}

fn word(path: &Path) -> String {
    fs::read_to_string(path).expect("a secret").trim().to_owned()
}

fn write_site(dir: &Path, kind: Kind, control: SocketAddr, change: impl FnOnce(&Path)) -> Site {
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engines/site"), dir);
    let today = Zoned::now().date();
    let (from, to) = (today.saturating_sub(2.days()), today.saturating_add(2.days()));
    fs::write(
        dir.join("hours.yaml"),
        format!("never: {{ mon-sun: 09:00-10:00, holidays: [ {from}..{to} ] }}\n"),
    )
    .expect("written");
    let general = format!(
        "name: Stories\nlanguages: [en]\ntime_zone: UTC\nstore: sqlite\nfallback: 1009\nlease: 10s\n\
         engine: {{ kind: {}, address: {control}, user: tandem, domain: tandem.local, password_file: secrets/engine }}\n",
        kind.word()
    );
    fs::write(dir.join("site.yaml"), general).expect("written");
    change(dir);
    let site = site::load(dir).unwrap_or_else(|problems| panic!("{problems:?}"));
    secret::make_missing(&site).expect("secrets");
    site
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a new folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}
