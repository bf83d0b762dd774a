//! A FreeSWITCH on loopback with the configuration that Tandem renders, phones around it, and the adapter.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use secrecy::SecretString;
use tandem::{
    base::{
        clock::SystemClock,
        id::{LegId, Name, OrderId, SoundId},
        number::Number,
        text::Label,
        wav::Wav,
    },
    infra::site::{self, Site},
    lab::{
        ports::Block,
        program::{Program, command},
        rundir::RunDir,
    },
    ports::engine::{
        Arrival, Command, Endpoint, Engine, Event, HangupCause, Media, Order, Outcome, PromptId, Settings,
        Verdict, freeswitch,
    },
    provision::freeswitch::{FreeswitchTarget, Ports, machine, render},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    harness,
    support::{call::Call, phone::Phone},
};

pub const PATIENCE: Duration = Duration::from_secs(15);
/// On a busy machine the engine takes its time to calibrate its clock.
const BOOT: Duration = Duration::from_secs(90);
pub const PASSWORD: &str = "loopback <&\"' only";
/// What prompts one and two sound like, and the music.
pub const ONE: f64 = 600.0;
pub const TWO: f64 = 900.0;
pub const MUSIC: f64 = 330.0;

/// The engine and its surroundings.
pub struct Rig {
    pub settings: Settings,
    pub ports: Ports,
    program: Program,
    _block: Block,
    dir: RunDir,
}

/// The adapter, with everything it has told so far.
pub struct Adapter {
    engine: Engine,
    pub told: Vec<(Instant, Event)>,
    next: u32,
}

pub fn prompt(number: u8) -> Media {
    Media::Prompt(PromptId::new([number; 16]))
}

/// A tone as a WAV file.
fn wav(path: &Path, frequency: f64, span: Duration) {
    let count = (span.as_secs_f64() * 8000.0) as u32;
    let sample = |n: u32| 8000.0 * (std::f64::consts::TAU * frequency * f64::from(n) / 8000.0).sin();
    // As Tandem keeps prompts: with the voice that made them.
    let bytes =
        Wav::telephone((0..count).map(|n| sample(n) as i16).collect()).to_bytes_by("espeak-ng en-us 160");
    fs::write(path, bytes).expect("a sound file");
}

impl Rig {
    pub fn start() -> Self {
        Self::with(|_| ())
    }

    /// `change` may change the site before it is rendered.
    pub fn with(change: impl FnOnce(&mut Site)) -> Self {
        let dir = RunDir::new("freeswitch").expect("a folder");
        let block = Block::claim().expect("ports");
        let ports = Ports {
            event_socket: block.port(0),
            phones: block.port(1),
            trunks: block.port(2),
            rtp_from: block.port(10),
            rtp_to: block.port(398),
        };
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small");
        let mut site = site::load(&example).expect("the small example is sound");
        site.engine.domain = "tandem.test".into();
        site.trunks.insert(
            Name::new("carrier").expect("name"),
            site::Trunk::to(format!("127.0.0.1:{}", block.port(3))),
        );
        change(&mut site);
        for folder in ["conf", "music", "prompts", "recordings"] {
            fs::create_dir(dir.join(folder)).expect("a folder");
        }
        wav(&dir.join("music/tone.wav"), MUSIC, Duration::from_secs(10));
        wav(&file_of(&dir, 1), ONE, Duration::from_millis(1500));
        wav(&file_of(&dir, 2), TWO, Duration::from_millis(1500));
        configure(&dir, &site, ports);
        let program = launch(&dir);
        let settings = Settings {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, ports.event_socket)),
            user: "".into(),
            password: SecretString::from(PASSWORD),
            prompts: dir.join("prompts"),
            recordings: dir.join("recordings"),
            domain: site.engine.domain.clone(),
            fallback: site.fallback.clone(),
            lease: site.lease,
        };
        Self { settings, ports, program, _block: block, dir }
    }

    /// Starts the adapter and waits for its first audit.
    pub async fn adapter(&self) -> Adapter {
        let mut adapter = Adapter::start(self.settings.clone());
        adapter.find_within(BOOT, "an audit", |e| matches!(e, Event::Audit { .. })).await;
        adapter
    }

    fn sip(port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }

    /// A registered phone of the house.
    pub async fn phone(&self, user: &str) -> Phone {
        let secret = format!("secret-{user}");
        let phone = Phone::with_secret(user, &secret, Self::sip(self.ports.phones), "tandem.test").await;
        phone.register().await;
        phone
    }

    /// The world outside.
    pub async fn outside(&self, number: &str) -> Phone {
        Phone::new(number, Self::sip(self.ports.trunks)).await
    }

    /// A message that somebody left.
    pub fn sound(&self, name: &str, frequency: f64) -> Media {
        let media = Media::Sound(SoundId::new(name).expect("an id"));
        wav(&self.settings.file(&media), frequency, Duration::from_millis(1500));
        media
    }

    /// Asks the engine itself.
    pub async fn ask(&self, question: &str) -> String {
        let talk = async {
            let mut stream = TcpStream::connect(self.settings.address).await?;
            stream.write_all(format!("auth {PASSWORD}\n\napi {question}\n\nexit\n\n").as_bytes()).await?;
            let mut text = String::new();
            stream.read_to_string(&mut text).await?;
            std::io::Result::Ok(text)
        };
        timeout(PATIENCE, talk).await.expect("an answer in time").expect("an answer")
    }

    /// Waits until the engine has no channel left.
    pub async fn is_empty(&self) {
        self.has_channels(0).await;
    }

    /// Waits until the engine's table, which lags a little, has so many channels.
    pub async fn has_channels(&self, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.ask("show channels").await;
            if answer.contains(&format!("\n{count} total.")) {
                return;
            }
            assert!(Instant::now() < deadline, "not {count} channels:\n{answer}\n{}", self.log());
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Stops the engine's process in its tracks, or lets it go on.
    pub fn freeze(&self, on: bool) {
        let signal = if on { Signal::SIGSTOP } else { Signal::SIGCONT };
        kill(Pid::from_raw(self.program.pid()), signal).expect("the engine lives");
    }

    pub fn log(&self) -> String {
        let text = fs::read_to_string(self.dir.join("log/freeswitch.log")).unwrap_or_default();
        let from = text.len().saturating_sub(6000);
        text.get(from..).unwrap_or_default().to_owned()
    }
}

fn file_of(dir: &Path, number: u8) -> PathBuf {
    let Media::Prompt(id) = prompt(number) else { panic!("a prompt") };
    dir.join("prompts").join(format!("{id}.wav"))
}

fn configure(dir: &Path, site: &Site, ports: Ports) {
    let secrets: BTreeMap<Name, SecretString> = site
        .extensions
        .values()
        .map(|e| (e.phone.clone(), SecretString::from(format!("secret-{}", e.phone))))
        .collect();
    let target = FreeswitchTarget::local(ports, dir.join("music"), SecretString::from(PASSWORD), secrets);
    let ours = render(site, &target).expect("the site renders");
    for file in machine(ports).expect("the machine renders").into_iter().chain(ours) {
        let path = dir.join("conf").join(&file.path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, file.alone()).expect("a configuration file");
    }
}

fn launch(dir: &Path) -> Program {
    let mut freeswitch = command(harness::program().expect("asked before"));
    freeswitch.args(["-nonat", "-nf", "-nc", "-np"]).arg("-conf").arg(dir.join("conf"));
    let folders = [
        "log",
        "db",
        "run",
        "temp",
        "storage",
        "recordings",
        "cache",
        "certs",
        "scripts",
        "sounds",
        "grammar",
        "htdocs",
    ];
    for folder in folders {
        fs::create_dir_all(dir.join(folder)).expect("a folder");
        freeswitch.arg(format!("-{folder}")).arg(dir.join(folder));
    }
    Program::start("freeswitch", freeswitch, &dir.join("out")).expect("FreeSWITCH starts")
}

impl Adapter {
    pub fn start(settings: Settings) -> Self {
        let engine = freeswitch::start(settings, Arc::new(SystemClock));
        Self { engine, told: Vec::new(), next: 0 }
    }

    /// The first event from now on, or already told, that fits.
    pub async fn find<T>(&mut self, what: &str, fits: impl Fn(&Event) -> Option<T>) -> T {
        self.get(0, PATIENCE, what, fits).await
    }

    pub async fn find_within(&mut self, patience: Duration, what: &str, fits: impl Fn(&Event) -> bool) {
        self.get(0, patience, what, |event| fits(event).then_some(())).await;
    }

    /// Waits for an event that fits, told after the first `from` ones.
    pub async fn get<T>(
        &mut self,
        from: usize,
        patience: Duration,
        what: &str,
        fits: impl Fn(&Event) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + patience;
        let mut seen = from;
        loop {
            while let Some((_, event)) = self.told.get(seen) {
                seen += 1;
                if let Some(found) = fits(event) {
                    return found;
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match timeout(left, self.engine.events.recv()).await {
                Ok(Some(event)) => self.told.push((Instant::now(), event)),
                _ => panic!("not told in {patience:?}: {what}\n{}", self.story()),
            }
        }
    }

    pub async fn expect(&mut self, from: usize, event: Event) {
        let what = format!("{event:?}");
        self.get(from, PATIENCE, &what, |told| (*told == event).then_some(())).await;
    }

    /// Takes in what is told during `span`.
    pub async fn listen(&mut self, span: Duration) {
        let until = Instant::now() + span;
        while let Ok(Some(event)) =
            timeout(until.saturating_duration_since(Instant::now()), self.engine.events.recv()).await
        {
            self.told.push((Instant::now(), event));
        }
    }

    pub fn mark(&self) -> usize {
        self.told.len()
    }

    pub fn story(&self) -> String {
        let Some((start, _)) = self.told.first() else { return "nothing was told".into() };
        let line =
            |(at, event): &(Instant, Event)| format!("{:8.3} {event:?}\n", (*at - *start).as_secs_f64());
        self.told.iter().map(line).collect()
    }

    pub fn send(&mut self, leg: &LegId, command: Command) -> OrderId {
        self.next += 1;
        let id = OrderId { seq: 1, index: self.next };
        self.engine.orders.send(Order { id, leg: leg.clone(), command }).expect("the adapter runs");
        id
    }

    /// Gives an order and waits until the engine has taken it.
    pub async fn order(&mut self, leg: &LegId, command: Command) -> OrderId {
        let id = self.send(leg, command);
        self.expect(0, Event::Outcome { leg: leg.clone(), order: id, outcome: Outcome::Done }).await;
        id
    }

    pub async fn arrival(&mut self, from: usize) -> (LegId, Arrival) {
        self.get(from, PATIENCE, "a call", |event| match event {
            Event::Arrived { leg, arrival } => Some((leg.clone(), arrival.clone())),
            _ => None,
        })
        .await
    }

    /// Lets a phone call in and answers it.
    pub async fn answer(&mut self, caller: &Phone, number: &str) -> (Call, LegId) {
        let from = self.mark();
        let call = caller.dial(number).await;
        let (leg, _) = self.arrival(from).await;
        self.order(&leg, Command::Answer).await;
        self.expect(from, Event::Answered { leg: leg.clone() }).await;
        call.answered().await;
        (call, leg)
    }

    pub fn connect(&mut self, leg: &LegId, endpoint: Endpoint, timeout: Duration, name: &str) -> LegId {
        let to = LegId::new(format!("b-{}-{}", leg.as_str(), self.next)).expect("an id");
        self.send(
            leg,
            Command::Connect {
                to: to.clone(),
                endpoint,
                timeout,
                caller: Number::new("15550100").expect("number"),
                caller_name: Label::new(name),
            },
        );
        to
    }

    pub fn dial(&mut self, leg: &LegId, phone: &str) -> LegId {
        self.connect(leg, Endpoint::Phone(Name::new(phone).expect("name")), Duration::from_secs(20), "Ann")
    }

    pub async fn played(&mut self, leg: &LegId, order: OrderId, verdict: Verdict) {
        self.expect(0, Event::Played { leg: leg.clone(), order, verdict }).await;
    }

    pub async fn ended(&mut self, leg: &LegId) -> HangupCause {
        self.find("an end", |event| match event {
            Event::Ended { leg: ended, cause } if ended == leg => Some(*cause),
            _ => None,
        })
        .await
    }

    pub fn times(&self, fits: impl Fn(&Event) -> bool) -> usize {
        self.told.iter().filter(|(_, event)| fits(event)).count()
    }
}
