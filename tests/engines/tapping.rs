//! An adapter without a daemon above it, and whoever listens to a leg by a stream.

use std::{
    fs,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use tandem::{
    base::{
        clock::SystemClock,
        id::{LegId, Name, OrderId},
        number::{Key, Number},
        text::Label,
        wav::Wav,
    },
    ports::engine::{
        Command, Endpoint, Engine, Event, Media, Order, Outcome, PromptId, Settings, Stream, asterisk,
        freeswitch,
    },
};
use tokio::{net::UdpSocket, task::JoinSet, time::timeout};

use crate::{
    bench::Kind,
    frames,
    support::{
        call::Call,
        phone::{PATIENCE, Phone},
        tone::{Heard, wave},
    },
    world::{World, eventually},
};

/// The adapter, and what it has told that nobody has asked for yet.
pub struct Line {
    engine: Engine,
    settings: Settings,
    told: Vec<Event>,
    next: u32,
}

impl Line {
    /// Starts the adapter; it has told what legs there are.
    pub async fn start(world: &World) -> Self {
        let settings = world.settings();
        let clock = Arc::new(SystemClock);
        let engine = match world.kind {
            Kind::Asterisk => asterisk::start(settings.clone(), clock),
            Kind::Freeswitch => freeswitch::start(settings.clone(), clock),
        };
        let mut line = Self { engine, settings, told: Vec::new(), next: 0 };
        line.find("the first audit", |event| matches!(event, Event::Audit { .. }).then_some(())).await;
        line
    }

    /// The adapter dies.
    pub async fn dies(self) {
        let Engine { orders, mut events } = self.engine;
        drop(orders);
        while events.recv().await.is_some() {}
    }

    /// The first event, told or to come, that fits; it is told once.
    pub async fn find<T>(&mut self, what: &str, fits: impl Fn(&Event) -> Option<T>) -> T {
        let deadline = Instant::now() + 2 * PATIENCE;
        let mut seen = 0;
        loop {
            while let Some(event) = self.told.get(seen) {
                if let Some(found) = fits(event) {
                    self.told.remove(seen);
                    return found;
                }
                seen += 1;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match timeout(left, self.engine.events.recv()).await {
                Ok(Some(event)) => self.told.push(event),
                _ => panic!("not told: {what}\n{:#?}", self.told),
            }
        }
    }

    pub async fn expect(&mut self, event: Event) {
        self.find(&format!("{event:?}"), |told| (*told == event).then_some(())).await;
    }

    pub fn send(&mut self, leg: &LegId, command: Command) -> OrderId {
        self.next += 1;
        let id = OrderId { seq: 3, index: self.next };
        self.engine.orders.send(Order { id, leg: leg.clone(), command }).expect("the adapter runs");
        id
    }

    /// Orders, and expects it to be done.
    pub async fn order(&mut self, leg: &LegId, command: Command) -> OrderId {
        let id = self.send(leg, command);
        self.expect(Event::Outcome { leg: leg.clone(), order: id, outcome: Outcome::Done }).await;
        id
    }

    /// A call from outside.
    pub async fn caller(&mut self, phone: &Phone) -> (Call, LegId) {
        let call = phone.dial("8000").await;
        let leg = self.arrives().await;
        call.answered().await;
        (call, leg)
    }

    /// Whoever calls, answered, under a long lease.
    pub async fn arrives(&mut self) -> LegId {
        let arrived = |event: &Event| match event {
            Event::Arrived { leg, .. } => Some(leg.clone()),
            _ => None,
        };
        let leg = self.find("a call", arrived).await;
        self.order(&leg, Command::Answer).await;
        self.expect(Event::Answered { leg: leg.clone() }).await;
        self.order(&leg, Command::Lease { span: Duration::from_secs(60) }).await;
        leg
    }

    /// Dials a phone of the house for a leg.
    pub fn dial(&mut self, leg: &LegId, extension: &str) -> LegId {
        let to = LegId::new(format!("0000abcd-0000-8000-8000-{:012x}", self.next)).expect("an id");
        let connect = Command::Connect {
            to: to.clone(),
            endpoint: Endpoint::Phone(Name::new(extension).expect("a name")),
            timeout: Duration::from_secs(20),
            caller: Number::new("13800000090").expect("a number"),
            caller_name: Label::default(),
        };
        self.send(leg, connect);
        to
    }

    pub async fn key(&mut self, leg: &LegId, key: char) {
        self.expect(Event::Key { leg: leg.clone(), key: Key::new(key).expect("a key") }).await;
    }

    /// A prompt of a pure tone.
    pub fn prompt(&self, tone: f64) -> Media {
        let id = PromptId::new(u128::from(tone.to_bits()).to_be_bytes());
        let samples = (0..50).flat_map(|frame| wave(&[tone], frame * 160).collect::<Vec<i16>>()).collect();
        let file = self.settings.prompts.join(format!("{id}.wav"));
        fs::write(file, Wav::telephone(samples).to_bytes()).expect("written");
        Media::Prompt(id)
    }

    /// Listens to a leg from now on.
    pub async fn tap(&mut self, leg: &LegId) -> Ear {
        let mut ear = Ear::open().await;
        self.order(leg, Command::Tap { to: ear.address }).await;
        let tapped = |event: &Event| match event {
            Event::Tapped { leg: it, stream } if it == leg => Some(*stream),
            _ => None,
        };
        let stream = self.find("Tapped", tapped).await;
        ear.begins(stream);
        ear
    }
}

/// Whoever listens to a leg, and speaks to it.
pub struct Ear {
    pub address: SocketAddr,
    pub opened: Instant,
    pub stream: Option<Stream>,
    socket: Arc<UdpSocket>,
    shared: Arc<Mutex<Shared>>,
    tasks: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    /// What came, from where and when.
    came: Vec<(Instant, SocketAddr, Vec<u8>)>,
    tone: Option<f64>,
    to_say: std::collections::VecDeque<i16>,
}

impl Ear {
    async fn open() -> Self {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.expect("a free UDP port"));
        let shared = Arc::<Mutex<Shared>>::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(socket.clone(), shared.clone()));
        let address = socket.local_addr().expect("bound");
        Self { address, opened: Instant::now(), stream: None, socket, shared, tasks }
    }

    fn begins(&mut self, stream: Stream) {
        self.stream = Some(stream);
        self.tasks.spawn(speak(self.socket.clone(), self.shared.clone(), stream));
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().expect("nobody panics here")
    }

    /// How long the first frame took, counted from before the order.
    pub async fn first_frame(&self) -> Duration {
        eventually("a first frame", async || {
            let first = self.shared().came.first().map(|(at, ..)| at.duration_since(self.opened));
            first.ok_or_else(|| "nothing came".to_owned())
        })
        .await
    }

    /// How many datagrams have come.
    pub fn count(&self) -> usize {
        self.shared().came.len()
    }

    /// What came since then, as 8 kHz, and how many samples it was. Everything must be from where it was said to be.
    pub fn heard_since(&self, start: Instant) -> (Heard, usize) {
        let stream = self.stream.expect("it has begun");
        let shared = self.shared();
        let mut samples = Vec::new();
        for (at, from, datagram) in &shared.came {
            assert_eq!(*from, stream.engine, "a datagram from elsewhere");
            if *at >= start {
                samples.extend(frames::read(stream.wire, datagram));
            }
        }
        let step = frames::rate(stream.wire) as usize / 8000;
        (Heard(samples.iter().step_by(step).copied().collect()), samples.len())
    }

    pub async fn listen(&self, span: Duration) -> Heard {
        let start = Instant::now();
        tokio::time::sleep(span).await;
        self.heard_since(start).0
    }

    /// Waits until the caller's tone is heard.
    pub async fn hears(&self, tone: f64) {
        eventually(&format!("{tone} Hz in the stream"), async || {
            let heard = self.listen(Duration::from_millis(300)).await;
            let (share, loudness) = (heard.share(tone), heard.loudness());
            let good = heard.seconds() >= 0.2 && share > 0.8 && loudness > 500.0;
            if good { Ok(()) } else { Err(format!("{:.2} s, {share:.2}, {loudness:.0}", heard.seconds())) }
        })
        .await;
    }

    pub fn says(&self, tone: f64) {
        self.shared().tone = Some(tone);
    }

    pub fn is_silent(&self) {
        self.shared().tone = None;
    }

    pub fn says_sound(&self, samples: &[i16]) {
        self.shared().to_say.extend(samples);
    }
}

async fn listen(socket: Arc<UdpSocket>, shared: Arc<Mutex<Shared>>) {
    let mut datagram = [0; 4096];
    while let Ok((length, from)) = socket.recv_from(&mut datagram).await {
        let came = (Instant::now(), from, datagram[..length].to_vec());
        shared.lock().expect("nobody panics here").came.push(came);
    }
}

/// A frame every 20 ms, be it of silence.
async fn speak(socket: Arc<UdpSocket>, shared: Arc<Mutex<Shared>>, stream: Stream) {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    for number in 0u32.. {
        tick.tick().await;
        let samples: Vec<i16> = {
            let mut shared = shared.lock().expect("nobody panics here");
            let length = shared.to_say.len().min(160);
            if length > 0 {
                shared.to_say.drain(..length).collect()
            } else {
                wave(shared.tone.as_slice(), number * 160).collect()
            }
        };
        let _ = socket.send_to(&frames::write(stream.wire, &samples, number), stream.engine).await;
    }
}
