//! The shipped example on the simulator, with all between a caller's mouth and the queue: the layer that listens, the
//! recogniser's place, the switchboard's loop with its journal, and the prompts.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use tandem::{
    base::{
        clock::{Clock, SystemClock},
        id::{CallId, LegId, SoundId},
        locale::Locale,
        text::Label,
    },
    infra::{
        journal::{self, Health, Journal},
        site::{self, AssistantSettings, Site},
    },
    live::{
        dialog::talk::Ears,
        record::{CallRecord, Disposed},
        switchboard::{
            self, Callers, Outlet, Outside, RunError, Turn, Wiring,
            door::Door,
            view::{self, CallDetail, Query, Trouble, View, Why, Words},
        },
    },
    ports::{
        assistant::{self, Opinions},
        engine::{
            Arrival, Origin, Settings, Wire,
            simulator::{self, Answer, Caller, Faults, Mouth, Phone, World},
        },
        media::{
            self,
            line::{Attendance, Judge, attend},
        },
        speech::{Recognizer, Recognizers, Synthesizers},
        tasks::{Done, Task, Tasks},
    },
};
use tempfile::TempDir;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

use crate::rig::{number, secs};

/// Callers in their own words, in English.
const NUMBER: &str = "4011";

/// What the loop told.
#[derive(Default)]
pub struct Told {
    pub words: Vec<Words>,
    pub why: BTreeMap<CallId, Vec<String>>,
}

struct Notes(Arc<Mutex<Told>>);

impl Outlet for Notes {
    fn record(&mut self, _: &CallRecord) {}
    fn disposed(&mut self, _: &Disposed) {}
    fn forget(&mut self, _: &SoundId) {}
    fn told(&mut self, call: CallId, why: &Why) {
        self.0.lock().expect("notes").why.entry(call).or_default().push(why.what.to_string());
    }
    fn words(&mut self, words: Words) {
        self.0.lock().expect("notes").words.push(words);
    }
    fn done(&mut self, _: view::Done) {}
    fn alert(&mut self, _: view::AlertNews) {}
    fn turned(&mut self, _: Turn) {}
    fn health(&mut self, _: Health) {}
    fn troubles(&self) -> Vec<Trouble> {
        Vec::new()
    }
}

/// What the samples of the after-sales flow teach the house. Without, it understands shortcuts and values.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Learns {
    Nothing,
    /// From a few, at once.
    Little,
}

/// A house with callers on their way.
pub struct House {
    pub mouths: Vec<Mouth>,
    pub told: Arc<Mutex<Told>>,
    /// Tasks that were begun; all fail.
    pub begun: Arc<Mutex<Vec<Task>>>,
    door: Door,
    stop: oneshot::Sender<()>,
    runs: JoinHandle<Result<(), RunError>>,
    _kept: Box<dyn Send>,
    folder: TempDir,
}

pub fn leg(n: usize) -> LegId {
    LegId::new(format!("caller-{n}")).expect("a leg")
}

impl House {
    /// So many callers come, each a little after the one before.
    pub async fn open(
        callers: usize,
        apart: Duration,
        recognizer: Arc<dyn Recognizer>,
        learns: Learns,
        opinions: Option<Opinions>,
    ) -> Self {
        Self::changed(callers, apart, recognizer, learns, opinions, |_| {}).await
    }

    /// The same with another site.
    pub async fn changed(
        callers: usize,
        apart: Duration,
        recognizer: Arc<dyn Recognizer>,
        learns: Learns,
        opinions: Option<Opinions>,
        change: impl FnOnce(&mut Site),
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut site = example(&folder.path().join("site"), learns, opinions.is_some());
        change(&mut site);
        let site = Arc::new(site);
        let prompts = prompts(&site).await;
        let clock = Arc::new(SystemClock);
        let phones = site.extensions.values().map(|extension| Phone {
            extension: extension.phone.clone(),
            registered: true,
            answer: Answer::After(secs(1)),
            talk: secs(600),
        });
        let mut world = World::new(1, phones.collect(), Faults::default(), clock.now());
        let mut mouths = Vec::new();
        for n in 0..callers {
            let mouth = Mouth::open(Wire::Raw { rate: 8000 }, n as u64).await.expect("a socket");
            world.speaks_at(leg(n), mouth.stream());
            mouths.push(mouth);
            let arrival = Arrival {
                origin: Origin::Trunk,
                from: None,
                from_name: Label::default(),
                to: number(NUMBER),
            };
            let habits = Caller { keys: Vec::new(), patience: secs(600), talk: secs(600) };
            world.expect(clock.now() + secs(1) + apart * n as u32, leg(n), arrival, habits);
        }
        let (forms, forming) = mpsc::channel(256);
        let (taught, ears) = watch::channel(Arc::new(learned(&site, learns)));
        let judge = judge(ears.clone());
        let (heard_by, recognizers) =
            watch::channel(Arc::new(Recognizers::new([(Locale::English, recognizer)])));
        let attendance = Attendance {
            settings: settings(&site, prompts),
            recognizers,
            forming: forms,
            judge,
            now: clock.now(),
        };
        let engine = attend(simulator::start(world, None, clock.clone()), attendance);

        let (journal, recovered) =
            Journal::open(&folder.path().join("state"), journal::Options::default()).expect("a journal");
        let told = Arc::new(Mutex::new(Told::default()));
        let mut outlet = Notes(told.clone());
        let board =
            switchboard::recover(recovered, &site, clock.now(), &mut outlet).expect("an empty journal");
        let ((asks, inbox), (sites, new_sites)) = (mpsc::channel(256), mpsc::channel(4));
        sites.try_send(site).expect("room");
        let (tasks, begun) = nobody_does();
        let opinions = opinions.unwrap_or_else(|| assistant::start(|| None));
        let (summaries, (_, repeated)) = (assistant::sums(|| None), mpsc::channel(1));
        let outside = Outside { tasks, opinions, summaries, callers: Callers::nobody(), repeated };
        let wiring =
            Wiring { journal, engine, forming, asks: inbox, sites: new_sites, outlet, clock, ears, outside };
        let (stop, stopped) = oneshot::channel();
        let runs = tokio::spawn(switchboard::run(board, wiring, stopped));
        let kept = Box::new((heard_by, taught, sites));
        Self { mouths, told, begun, door: Door::new(asks), stop, runs, _kept: kept, folder }
    }

    /// The live calls by their callers' legs.
    pub async fn calls(&self) -> Vec<CallDetail> {
        let Ok(View::Calls(calls)) = self.door.query(Query::Calls).await else { panic!("no calls") };
        let mut all = Vec::new();
        for call in calls {
            if let Ok(View::Call(Some(detail))) = self.door.query(Query::Call(call.id)).await {
                all.push(*detail);
            }
        }
        all
    }

    /// Stops the loop; returns where its journal is.
    pub async fn close(self) -> (TempDir, Vec<Words>) {
        let _running = self.stop.send(());
        self.runs.await.expect("no panic").expect("it stops well");
        let words = std::mem::take(&mut self.told.lock().expect("notes").words);
        (self.folder, words)
    }
}

/// Somebody to whom tasks are told and who does none.
fn nobody_does() -> (Tasks, Arc<Mutex<Vec<Task>>>) {
    let (todo, mut inbox) = mpsc::unbounded_channel::<Task>();
    let (outbox, done) = mpsc::unbounded_channel();
    let begun = Arc::new(Mutex::new(Vec::new()));
    let kept = begun.clone();
    tokio::spawn(async move {
        while let Some(task) = inbox.recv().await {
            let _gone = outbox.send(Done { call: task.call, results: None });
            kept.lock().expect("tasks").push(task);
        }
    });
    (Tasks { todo, done }, begun)
}

fn learned(site: &Site, learns: Learns) -> Ears {
    match learns {
        Learns::Nothing => Ears::default(),
        Learns::Little => Ears::learned(&of_sales(site)).0,
    }
}

fn judge(ears: watch::Receiver<Arc<Ears>>) -> Judge {
    Arc::new(move |hearing, text| ears.borrow().accepts(&hearing.flow, text))
}

/// The site with nothing but its after-sales flow.
fn of_sales(site: &Site) -> Site {
    let mut site = site.clone();
    site.flows.retain(|name, _| name.as_str() == "after_sales");
    site
}

fn settings(site: &Site, prompts: PathBuf) -> Settings {
    Settings {
        address: ([127, 0, 0, 1], 8021).into(),
        user: "".into(),
        password: String::new().into(),
        recordings: prompts.clone(),
        prompts,
        domain: "".into(),
        fallback: site.fallback.clone(),
        lease: site.lease,
    }
}

/// A copy of `examples/small`.
fn example(to: &Path, learns: Learns, asks: bool) -> Site {
    copy(Path::new("examples/small"), to);
    if learns == Learns::Little {
        fs::copy("tests/engines/samples/after_sales.yaml", to.join("language/after_sales.yaml"))
            .expect("samples");
    }
    site::secret::make_missing(&site::load(to).expect("a good site")).expect("secrets");
    let mut site = site::load(to).expect("a good site");
    site::pin::learn(&mut site).expect("PINs");
    site.assistant = asks.then(|| AssistantSettings {
        url: "http://127.0.0.1:9/v1".into(),
        model: "stand-in".into(),
        key_file: None,
        patience: secs(1),
    });
    site
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

/// Spoken once for all runs; what is there is kept.
async fn prompts(site: &Site) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prompts-small");
    let voices = Synthesizers::default();
    let first = media::prepare(site, &voices, &folder, |_| {}).await;
    for made in [first, media::prepare_phrases(site, &voices, &folder, |_| {}).await] {
        assert!(made.failed.is_empty(), "{:?}", made.failed);
    }
    folder
}
