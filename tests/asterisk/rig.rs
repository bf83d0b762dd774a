//! A real Asterisk, the adapter connected to it, and phones; at the end nothing may be left behind.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use secrecy::SecretString;
use tandem::{
    base::{
        clock::SystemClock,
        id::{LegId, Name, OrderId, RoomId, SoundId},
        number::Number,
        text::Label,
        wav::Wav,
    },
    infra::site::{EngineKind, EngineSettings, Extension, Site, Trunk},
    lab::{asterisk::Asterisk, ports::Block, rundir::RunDir},
    ports::engine::{
        Arrival, Command, Endpoint, Engine, Event, HangupCause, Media, Order, Outcome, PromptId, Settings,
        Verdict, asterisk,
    },
    provision::asterisk::Ports,
};

use crate::support::{call::Call, phone::Phone};

pub const PASSWORD: &str = "ari pass;word \\ #1";
const PHONE_SECRET: &str = "s3cret;\"x\"";
/// How long a test waits for something to happen.
pub const PATIENCE: Duration = Duration::from_secs(10);
pub const LEASE: Duration = Duration::from_secs(3);

pub fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

pub fn number(text: &str) -> Number {
    Number::new(text).expect("a number")
}

pub fn sound(text: &str) -> SoundId {
    SoundId::new(text).expect("a sound")
}

pub fn room(text: &str) -> RoomId {
    RoomId::new(text).expect("a room")
}

/// The unpacked Asterisk; unpacks it when it is not there.
fn tree() -> PathBuf {
    let tree = Asterisk::default_tree();
    if !tree.join(".complete").exists() {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/asterisk-unpack");
        let done = std::process::Command::new(script).arg(&tree).status().expect("the script runs");
        assert!(done.success(), "Asterisk could not be unpacked");
    }
    tree
}

pub struct Rig {
    pub asterisk: Asterisk,
    pub engine: Engine,
    pub seen: Vec<Event>,
    pub dir: RunDir,
    pub ports: Ports,
    next_order: u32,
    next_leg: u32,
    _block: Block,
}

pub fn site(dir: &Path, ports: Ports, carrier: SocketAddr) -> Site {
    let secret_file = dir.join("phone.secret");
    std::fs::write(&secret_file, format!("{PHONE_SECRET}\n")).expect("written");
    let password_file = dir.join("ari.secret");
    std::fs::write(&password_file, format!("{PASSWORD}\n")).expect("written");
    let extension = |number: &str| {
        let shown = format!("Agent \"{number}\"; x");
        (self::number(number), Extension::new(shown, name(number), secret_file.clone()))
    };
    let engine = EngineSettings {
        password_file,
        domain: "127.0.0.1".into(),
        config: "/etc/asterisk".into(),
        ..EngineSettings::at(EngineKind::Asterisk, ([127, 0, 0, 1], ports.http))
    };
    Site {
        engine,
        extensions: ["1001", "1002", "1003", "1009"].map(extension).into(),
        trunks: [(name("carrier"), Trunk::to(carrier.to_string()))].into(),
        lease: LEASE,
        ..Site::bare("test", number("1009"))
    }
}

impl Rig {
    pub async fn start() -> Self {
        Self::with_carrier(SocketAddr::from(([127, 0, 0, 1], 9))).await
    }

    /// An Asterisk whose trunk leads to `carrier`.
    pub async fn with_carrier(carrier: SocketAddr) -> Self {
        let block = Block::claim().expect("free ports");
        let ports = Ports {
            sip: block.port(0),
            http: block.port(1),
            rtp_from: block.port(11),
            rtp_to: block.port(410),
        };
        let dir = RunDir::new("asterisk-test").expect("a folder");
        let site = site(&dir, ports, carrier);
        let asterisk =
            Asterisk::start(&tree(), &site, &dir.join("run"), ports).await.expect("Asterisk starts");
        std::fs::create_dir_all(dir.join("recordings")).expect("a folder");
        let engine = connect(&dir, asterisk.ari(), PASSWORD);
        let mut rig = Self {
            asterisk,
            engine,
            seen: Vec::new(),
            dir,
            ports,
            next_order: 0,
            next_leg: 0,
            _block: block,
        };
        rig.until("the first audit", |event| matches!(event, Event::Audit { .. })).await;
        rig
    }

    /// A new adapter in place of the old, as after a restart of Tandem.
    pub async fn reconnect(&mut self) {
        self.replace(connect(&self.dir, self.asterisk.ari(), PASSWORD)).await;
    }

    pub async fn replace(&mut self, engine: Engine) {
        self.die().await;
        self.engine = engine;
        self.seen.clear();
        self.until("the first audit", |event| matches!(event, Event::Audit { .. })).await;
    }

    /// A new adapter where the old one has died; what it tells first is still to come.
    pub fn take_up(&mut self) {
        self.engine = connect(&self.dir, self.asterisk.ari(), PASSWORD);
    }

    /// What was heard so far no longer counts.
    pub fn forget(&mut self) {
        while let Ok(event) = self.engine.events.try_recv() {
            self.seen.push(event);
        }
        self.seen.clear();
    }

    pub fn site(&self) -> Site {
        site(&self.dir, self.ports, SocketAddr::from(([127, 0, 0, 1], 9)))
    }

    /// Tandem dies.
    pub async fn die(&mut self) {
        let (orders, _) = tokio::sync::mpsc::unbounded_channel();
        let (_, events) = tokio::sync::mpsc::unbounded_channel();
        let mut old = std::mem::replace(&mut self.engine, Engine { orders, events });
        drop(old.orders);
        while old.events.recv().await.is_some() {}
    }

    pub async fn phone(&self, user: &str) -> Phone {
        let phone =
            Phone::with_secret(user, PHONE_SECRET, self.asterisk.sip(), &self.asterisk.sip().to_string())
                .await;
        phone.register().await;
        phone
    }

    pub async fn outside(&self, user: &str) -> Phone {
        Phone::new(user, self.asterisk.sip()).await
    }

    /// The first event, seen or to come, that fits; removed.
    pub async fn until(&mut self, what: &str, fits: impl Fn(&Event) -> bool) -> Event {
        self.within(PATIENCE, &fits).await.unwrap_or_else(|| {
            let log = std::fs::read_to_string(self.asterisk.log()).unwrap_or_default();
            let tail: Vec<&str> = log.lines().rev().take(60).collect();
            panic!("no {what} in {:#?}\n{}", self.seen, tail.into_iter().rev().collect::<Vec<_>>().join("\n"))
        })
    }

    pub async fn within(&mut self, patience: Duration, fits: impl Fn(&Event) -> bool) -> Option<Event> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(at) = self.seen.iter().position(&fits) {
                return Some(self.seen.remove(at));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match tokio::time::timeout(left, self.engine.events.recv()).await {
                Ok(Some(event)) => self.seen.push(event),
                _ => return None,
            }
        }
    }

    pub async fn ended(&mut self, leg: &LegId) -> HangupCause {
        match self.until("Ended", |event| matches!(event, Event::Ended { leg: it, .. } if it == leg)).await {
            Event::Ended { cause, .. } => cause,
            other => unreachable!("{other:?}"),
        }
    }

    pub async fn returned(&mut self, leg: &LegId) {
        self.until("Returned", |event| matches!(event, Event::Returned { leg: it } if it == leg)).await;
    }

    pub async fn joined(&mut self, leg: &LegId, peer: &LegId) {
        let joined = Event::Joined { leg: leg.clone(), peer: peer.clone() };
        self.until("Joined", |event| *event == joined).await;
    }

    pub async fn played(&mut self, leg: &LegId, order: OrderId, verdict: Verdict) {
        let played = Event::Played { leg: leg.clone(), order, verdict };
        self.until("Played", |event| *event == played).await;
    }

    /// The caller hangs up.
    pub async fn leaves(&mut self, call: &Call, leg: &LegId) -> HangupCause {
        call.hang_up().await;
        self.ended(leg).await
    }

    pub fn send(&mut self, leg: &LegId, command: Command) -> OrderId {
        self.next_order += 1;
        let id = OrderId { seq: 7, index: self.next_order };
        self.engine.orders.send(Order { id, leg: leg.clone(), command }).expect("the adapter lives");
        id
    }

    pub async fn outcome(&mut self, id: OrderId) -> Outcome {
        let event = self
            .until("Outcome", |event| matches!(event, Event::Outcome { order, .. } if *order == id))
            .await;
        match event {
            Event::Outcome { outcome, .. } => outcome,
            other => unreachable!("{other:?}"),
        }
    }

    /// Orders and expects it to be done.
    pub async fn order(&mut self, leg: &LegId, command: Command) -> OrderId {
        let id = self.send(leg, command.clone());
        assert_eq!(self.outcome(id).await, Outcome::Done, "{command:?}");
        id
    }

    /// A call from outside, answered, with a lease.
    pub async fn caller(&mut self, phone: &Phone) -> (Call, LegId) {
        let call = phone.dial("8000").await;
        let (leg, _) = self.arrived().await;
        self.order(&leg, Command::Answer).await;
        call.answered().await;
        self.order(&leg, Command::Lease { span: Duration::from_secs(60) }).await;
        (call, leg)
    }

    pub async fn arrived(&mut self) -> (LegId, Arrival) {
        match self.until("Arrived", |event| matches!(event, Event::Arrived { .. })).await {
            Event::Arrived { leg, arrival } => (leg, arrival),
            other => unreachable!("{other:?}"),
        }
    }

    pub fn leg(&mut self) -> LegId {
        self.next_leg += 1;
        LegId::new(format!("0000abcd-0000-8000-8000-{:012x}", self.next_leg)).expect("an id")
    }

    pub fn connect(&mut self, leg: &LegId, endpoint: Endpoint, seconds: u64) -> (LegId, OrderId) {
        let to = self.leg();
        let command = Command::Connect {
            to: to.clone(),
            endpoint,
            timeout: Duration::from_secs(seconds),
            caller: number("15550100"),
            caller_name: Label::new("A \"caller\" <x>"),
        };
        let id = self.send(leg, command);
        (to, id)
    }

    pub fn ring(&mut self, leg: &LegId, phone: &str, seconds: u64) -> LegId {
        self.connect(leg, Endpoint::Phone(name(phone)), seconds).0
    }

    /// Dials for nobody.
    pub fn dial(&mut self, endpoint: Endpoint, seconds: u64, lease: Duration) -> (LegId, OrderId) {
        let to = self.leg();
        let command = Command::Dial {
            endpoint,
            timeout: Duration::from_secs(seconds),
            caller: number("15550100"),
            caller_name: Label::new("Tandem"),
            lease,
        };
        let id = self.send(&to, command);
        (to, id)
    }

    /// A phone that was dialled for nobody, answered.
    pub async fn dialled(&mut self, phone: &Phone, user: &str) -> (Call, LegId) {
        let (leg, _) = self.dial(Endpoint::Phone(name(user)), 20, Duration::from_secs(60));
        let call = phone.rings().await;
        call.answer();
        self.until("Answered", |event| *event == Event::Answered { leg: leg.clone() }).await;
        (call, leg)
    }

    /// A caller from outside who talks with a phone of the house.
    pub async fn talk(
        &mut self,
        outside: &Phone,
        agent: &Phone,
        user: &str,
    ) -> ((Call, LegId), (Call, LegId)) {
        let (call, leg) = self.caller(outside).await;
        let to = self.ring(&leg, user, 20);
        let taken = agent.rings().await;
        taken.answer();
        self.joined(&leg, &to).await;
        ((call, leg), (taken, to))
    }

    pub async fn met(&mut self, leg: &LegId, room: &str) {
        let met = Event::Met { leg: leg.clone(), room: self::room(room) };
        self.until("Met", |event| *event == met).await;
    }

    /// The length that is told of a recording, and what is in its file.
    pub async fn recorded(&mut self, leg: &LegId, order: OrderId, sound: &str) -> (Duration, Option<Wav>) {
        let ours = |event: &Event| matches!(event, Event::Recorded { leg: it, order: id, .. } if it == leg && *id == order);
        match self.until("Recorded", ours).await {
            Event::Recorded { length, .. } => (length, self.sound(sound)),
            other => unreachable!("{other:?}"),
        }
    }

    /// What is in the recordings folder under this name.
    pub fn sound(&self, sound: &str) -> Option<Wav> {
        let file = std::fs::read(self.dir.join("recordings").join(format!("{sound}.wav"))).ok()?;
        Some(Wav::parse(&file).expect("a WAV file"))
    }

    /// A tape, once it is there.
    pub async fn tape(&self, sound: &str) -> Wav {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(wav) = self.sound(sound) {
                return wav;
            }
            assert!(Instant::now() < deadline, "no tape {sound}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A prompt of a pure tone in the prompt folder.
    pub fn prompt(&self, frequency: f64, length: Duration) -> Media {
        let mut hash = [0; 16];
        hash[..8].copy_from_slice(&frequency.to_be_bytes());
        hash[8..].copy_from_slice(&(length.as_millis() as u64).to_be_bytes());
        let id = PromptId::new(hash);
        let samples = (0..length.as_millis() * 8).map(|at| {
            let value = (at as f64 * frequency / 8000.0 * std::f64::consts::TAU).sin() * 8000.0;
            value as i16
        });
        // As Tandem keeps prompts: with the voice that made them.
        let wav = Wav::telephone(samples.collect()).to_bytes_by("espeak-ng en-us 160");
        std::fs::write(self.dir.join(format!("{id}.wav")), wav).expect("written");
        Media::Prompt(id)
    }

    pub async fn get(&self, what: &str) -> serde_json::Value {
        let url = format!("http://127.0.0.1:{}/ari{what}", self.ports.http);
        let request = reqwest::Client::new().get(url).basic_auth("tandem", Some(PASSWORD));
        request.send().await.expect("ARI answers").json().await.expect("JSON")
    }

    /// Asks ARI for something; returns the status of the answer.
    pub async fn ask(&self, method: reqwest::Method, what: &str, body: Option<&serde_json::Value>) -> u16 {
        let url = format!("http://127.0.0.1:{}/ari{what}", self.ports.http);
        let mut request = reqwest::Client::new().request(method, url).basic_auth("tandem", Some(PASSWORD));
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.expect("ARI answers").status().as_u16()
    }

    /// Nothing may be left at the engine, and no leg may have ended twice or without having been known.
    pub async fn clean(mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (channels, bridges) = (self.get("/channels").await, self.get("/bridges").await);
            let none = |list: &serde_json::Value| list.as_array().is_some_and(Vec::is_empty);
            if none(&channels) && none(&bridges) {
                break;
            }
            assert!(Instant::now() < deadline, "left behind: {channels:#}\n{bridges:#}\n{:#?}", self.seen);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let recordings = std::fs::read_dir(self.dir.join("run/spool/recording")).expect("there").count();
        assert_eq!(recordings, 0, "recordings left behind");
        let twice =
            self.within(Duration::from_millis(300), |event| matches!(event, Event::Ended { .. })).await;
        assert_eq!(twice, None, "ended, and nobody expected it: {:#?}", self.seen);
        self.asterisk.stop().await;
    }
}

/// Both say something else, and both hear the other.
pub async fn talk(one: &Call, other: &Call) {
    one.says(697.0);
    other.says(941.0);
    one.hears(941.0).await;
    other.hears(697.0).await;
}

/// The adapter on this Asterisk.
pub fn connect(dir: &Path, address: SocketAddr, password: &str) -> Engine {
    asterisk::start(
        Settings {
            address,
            user: "tandem".into(),
            password: SecretString::from(password.to_owned()),
            prompts: dir.to_owned(),
            recordings: dir.join("recordings"),
            domain: "127.0.0.1".into(),
            fallback: number("1009"),
            lease: Duration::from_secs(30),
        },
        Arc::new(SystemClock),
    )
}
