//! A caller with a mouth at a simulated engine, the layer over it, and a test in the switchboard's place.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

use super::super::run::{Attendance, attend};
use crate::{
    base::{
        clock::{Clock, SystemClock},
        id::{LegId, OrderId},
        locale::Locale,
        number::Number,
        text::Label,
        wav::Wav,
    },
    ports::{
        engine::{
            Arrival, Command, Ear, Engine, Event, Forming, Hearing, Media, Order, Origin, PromptId, Settings,
            Verdict, Wire,
            simulator::{self, Caller, Faults, Mouth, World},
        },
        media::resample,
        speech::{
            Recognizer, Recognizers,
            synthesis::{self, Espeak},
        },
    },
};

/// Words that end so are complete.
pub(super) const COMPLETE: &str = "!";

pub(super) const RAW: Wire = Wire::Raw { rate: 8000 };

/// What espeak-ng makes of it, as a telephone carries it.
pub(super) async fn spoken(locale: Locale, text: &str) -> Vec<i16> {
    let voice = Espeak::usual(std::path::Path::new(Espeak::PROGRAM), locale);
    let sound = synthesis::speak(&voice, text).await.expect("espeak-ng speaks");
    resample::level(resample::to_telephone(&sound)).samples
}

pub(super) fn white(seed: u64, length: usize, loudness: f32) -> Vec<i16> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..length).map(|_| ((random.f32() * 2.0 - 1.0) * loudness) as i16).collect()
}

pub(super) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(super) fn hearing(ear: Ear) -> Hearing {
    Hearing { locale: Locale::English, flow: "shop".parse().expect("a name"), ear }
}

/// A house of callers who all wait for orders.
pub(super) struct Rig {
    pub(super) engine: Engine,
    pub(super) mouths: Vec<Mouth>,
    pub(super) forming: mpsc::Receiver<Forming>,
    pub(super) seen: Vec<(Instant, Event)>,
    /// When the last of a prompt was heard before it paused.
    pub(super) last_loud: Option<Instant>,
    folder: TempDir,
    orders: u32,
    _kept: watch::Sender<Arc<Recognizers>>,
}

pub(super) fn leg(n: usize) -> LegId {
    LegId::new(format!("caller-{n}")).expect("a leg")
}

impl Rig {
    pub(super) async fn start(callers: usize, wire: Wire, recognizer: Arc<dyn Recognizer>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(SystemClock);
        let mut world = World::new(1, Vec::new(), Faults::default(), clock.now());
        let mut mouths = Vec::new();
        for n in 0..callers {
            let mouth = Mouth::open(wire, n as u64).await.expect("a socket");
            world.speaks_at(leg(n), mouth.stream());
            mouths.push(mouth);
            let arrival = Arrival {
                origin: Origin::Trunk,
                from: None,
                from_name: Label::default(),
                to: Number::new("4010").expect("a number"),
            };
            let long = Duration::from_secs(600);
            let caller = Caller { keys: Vec::new(), patience: long, talk: long };
            world.expect(clock.now(), leg(n), arrival, caller);
        }
        let settings = Settings {
            address: ([127, 0, 0, 1], 8021).into(),
            user: "".into(),
            password: String::new().into(),
            prompts: folder.path().into(),
            recordings: folder.path().into(),
            domain: "".into(),
            fallback: Number::new("1000").expect("a number"),
            lease: Duration::from_secs(600),
        };
        let recognizers = Recognizers::new([(Locale::English, recognizer)]);
        let (kept, recognizers) = watch::channel(Arc::new(recognizers));
        let (forming_to, forming) = mpsc::channel(1000);
        let judge = Arc::new(|_: &Hearing, text: &str| text.ends_with(COMPLETE));
        let attendance = Attendance { settings, recognizers, forming: forming_to, judge, now: clock.now() };
        let engine = attend(simulator::start(world, None, clock), attendance);
        let mut rig = Self {
            engine,
            mouths,
            forming,
            seen: Vec::new(),
            last_loud: None,
            folder,
            orders: 0,
            _kept: kept,
        };
        for n in 0..callers {
            rig.until("arrival", |event| matches!(event, Event::Arrived { leg: at, .. } if *at == leg(n)))
                .await;
            rig.order(n, Command::Answer);
            rig.order(n, Command::Lease { span: Duration::from_secs(600) });
        }
        rig
    }

    /// Writes a prompt.
    pub(super) fn prompt(&self, name: u8, samples: &[i16]) -> Media {
        let prompt = PromptId::new([name; 16]);
        let file = self.folder.path().join(format!("{prompt}.wav"));
        std::fs::write(file, Wav::telephone(samples.to_vec()).to_bytes()).expect("written");
        Media::Prompt(prompt)
    }

    pub(super) fn order(&mut self, n: usize, command: Command) -> OrderId {
        self.orders += 1;
        let id = OrderId { seq: 1, index: self.orders };
        self.engine.orders.send(Order { id, leg: leg(n), command }).expect("the layer runs");
        id
    }

    /// The next event that is meant; those before it are kept in `seen`.
    pub(super) async fn until(&mut self, what: &str, meant: impl Fn(&Event) -> bool) -> (Instant, Event) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            match tokio::time::timeout_at(deadline, self.engine.events.recv()).await {
                Ok(Some(event)) => {
                    let here = (Instant::now(), event);
                    self.seen.push(here.clone());
                    if meant(&here.1) {
                        return here;
                    }
                }
                _ => panic!(
                    "no {what}; seen: {:?}",
                    self.seen
                        .iter()
                        .map(|(_, event)| event)
                        .filter(|event| !matches!(event, Event::Audit { .. }))
                        .collect::<Vec<_>>()
                ),
            }
        }
    }

    pub(super) async fn voice(&mut self) -> Instant {
        self.until("voice", |event| matches!(event, Event::Voice { .. })).await.0
    }

    pub(super) async fn said(&mut self) -> String {
        match self.until("words", |event| matches!(event, Event::Said { .. })).await.1 {
            Event::Said { text, .. } => text.to_string(),
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn played(&mut self, order: OrderId) -> Verdict {
        let meant = |event: &Event| matches!(event, Event::Played { order: this, .. } if *this == order);
        match self.until("end of a prompt", meant).await.1 {
            Event::Played { verdict, .. } => verdict,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn count(&self, meant: impl Fn(&Event) -> bool) -> usize {
        self.seen.iter().filter(|(_, event)| meant(event)).count()
    }

    /// Waits until the first caller hears nothing any more, and keeps when that began.
    pub(super) async fn hears_after_pause(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut silent = 0;
        while silent < 5 {
            assert!(Instant::now() < deadline, "the prompt does not pause");
            for frame in self.mouths[0].heard() {
                let loud = frame.samples.iter().any(|sample| sample.unsigned_abs() > 500);
                silent = if loud { 0 } else { silent + 1 };
                if loud {
                    self.last_loud = Some(frame.at.into_std());
                }
            }
            tokio::time::sleep(millis(10)).await;
        }
    }

    /// Waits until a caller hears something, or nothing any more.
    pub(super) async fn hears(&self, n: usize, something: bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut frames = 0;
        while Instant::now() < deadline {
            let heard = self.mouths[n].heard();
            for frame in heard {
                let loud = frame.samples.iter().any(|sample| sample.unsigned_abs() > 500);
                frames = if loud == something { frames + 1 } else { 0 };
            }
            if frames >= 3 {
                return;
            }
            tokio::time::sleep(millis(20)).await;
        }
        panic!("the caller hears {}", if something { "nothing" } else { "something" });
    }
}
