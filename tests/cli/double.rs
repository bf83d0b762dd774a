//! A daemon whose switchboard is a small loop with known state. Its doors are the real ones.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use futures_util::FutureExt;
use tandem::{
    base::{
        clock::{Clock, Stamp, SystemClock},
        id::{CallId, Name, SoundId},
        mood::Side,
        number::Number,
        text::Label,
    },
    desk::{access::Access, audit::Audit, customer::Customers},
    http::{self, Admits, Feed, Meters, Rooms},
    infra::db::Db,
    live::{
        record::Filter,
        switchboard::{
            door::{Ask, Door},
            view::{
                Act, Actor, AgentView, AlertView, CallDetail, CallView, CallbackView, ConferenceView,
                EngineView, ExtensionView, FiguresView, MessageRefusal, MoodView, ParticipantView, Query,
                QueueView, RatedView, Refusal, ServiceView, StatusView, View, Why,
            },
        },
    },
};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};

use crate::{in_hand, past::Past};

/// The call that is live.
pub const LIVE: CallId = CallId(0x0123_4567_89AB_CDEF);
/// The call that is over.
pub const OVER: CallId = CallId(0x0000_0000_0000_00FF);

/// 2026-03-02 09:30:00 in Shanghai.
pub const THEN: Stamp = Stamp(1_772_415_000_000_000);

/// How the double behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// The engine is not there.
    EngineDown,
    /// The loop takes questions and never answers.
    Hangs,
    /// The loop is gone.
    Gone,
    /// The database fails.
    NoDatabase,
}

/// A running double. Stops when dropped.
pub struct Daemon {
    pub socket: PathBuf,
    /// Where the TLS port is, and the certificate by which it is known.
    pub url: String,
    pub ca: PathBuf,
    /// The database of users, tokens and audit.
    pub db: Db,
    pub feed: Feed,
    heard: Heard,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _folder: TempDir,
}

impl Daemon {
    pub fn start(mood: Mood) -> Self {
        Self::admitting(mood, Admits::owner_and_root())
    }

    pub fn admitting(mood: Mood, admits: Admits) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let socket = folder.path().join("run/tandem.sock");
        let ca = folder.path().join("http.crt");
        certify(&ca, &folder.path().join("http.key"));
        let db = Db::sqlite(folder.path().join("tandem.db"));
        let feed = Feed::new(SystemClock.now());
        let heard = Heard::default();
        let (stop, stopped) = oneshot::channel();
        let (ready, bound) = std::sync::mpsc::channel();
        let thread = thread::spawn({
            let place = Place { socket: socket.clone(), ca: ca.clone(), db: db.clone(), feed: feed.clone() };
            let heard = heard.clone();
            move || serve(&place, mood, admits, heard, ready, stopped)
        });
        let address = bound.recv_timeout(Duration::from_secs(20)).expect("the doors are open");
        let url = format!("https://localhost:{}", address.port());
        Self { socket, url, ca, db, feed, heard, stop: Some(stop), thread: Some(thread), _folder: folder }
    }

    /// What was ordered so far, and by whom.
    pub fn acts(&self) -> Vec<(Actor, Act)> {
        self.heard.acts.lock().expect("acts").clone()
    }

    /// What was looked for among finished calls.
    pub fn looked_for(&self) -> Vec<Filter> {
        self.heard.looked_for.lock().expect("filters").clone()
    }

    /// How often somebody wanted to know the agents.
    pub fn asked(&self) -> usize {
        self.heard.asked.load(Ordering::SeqCst)
    }

    /// Stops and waits for the end.
    pub fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the double ends well");
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What the loop was told and asked.
#[derive(Clone, Default)]
struct Heard {
    acts: Arc<Mutex<Vec<(Actor, Act)>>>,
    asked: Arc<AtomicUsize>,
    looked_for: Arc<Mutex<Vec<Filter>>>,
}

/// A certificate as the daemon makes one.
fn certify(certificate: &Path, key: &Path) {
    let pair = rcgen::KeyPair::generate().expect("key");
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("names");
    fs::write(certificate, params.self_signed(&pair).expect("signed").pem()).expect("written");
    fs::write(key, pair.serialize_pem()).expect("written");
}

struct Place {
    socket: PathBuf,
    ca: PathBuf,
    db: Db,
    feed: Feed,
}

fn serve(
    place: &Place,
    mood: Mood,
    admits: Admits,
    heard: Heard,
    ready: std::sync::mpsc::Sender<SocketAddr>,
    stopped: oneshot::Receiver<()>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    runtime.block_on(async {
        let (asks, asked) = mpsc::channel(16);
        let looked_for = heard.looked_for.clone();
        if mood == Mood::Gone {
            drop(asked);
        } else {
            tokio::spawn(answer(asked, mood, heard));
        }
        let bound = http::bind(&place.socket).expect("bound");
        let key = place.ca.with_extension("key");
        let port = http::bind_tls(([127, 0, 0, 1], 0).into(), &place.ca, &key).await.expect("port");
        ready.send(port.address().expect("address")).expect("ready");
        let lost = mood == Mood::NoDatabase;
        let history = Arc::new(Past { lost, asked: looked_for });
        let access = Access::new(place.db.clone(), Arc::new(SystemClock));
        let customers = Customers::new(place.db.clone(), Arc::new(SystemClock), || "+86".into());
        let desk = (access, Audit::new(place.db.clone()), customers);
        let rooms = Rooms::new(Door::new(asks), history, desk, (place.feed.clone(), Meters::new(|| 4711)));
        let stop = async { drop(stopped.await) }.shared();
        let remote = http::serve_tls(port, rooms.clone(), stop.clone());
        let (local, remote) = tokio::join!(http::serve_on(bound, admits, rooms, stop), remote);
        local.and(remote).expect("served");
    });
}

async fn answer(mut asked: mpsc::Receiver<Ask>, mood: Mood, heard: Heard) {
    let mut kept = Vec::new();
    while let Some(ask) = asked.recv().await {
        if mood == Mood::Hangs {
            kept.push(ask);
            continue;
        }
        match ask {
            Ask::Query { query, reply } => {
                heard.asked.fetch_add(usize::from(matches!(query, Query::Agents)), Ordering::SeqCst);
                drop(reply.send(view(&query, mood)));
            }
            Ask::Act { actor, act, reply } => {
                let refused = refusal(&act);
                if refused.is_none() {
                    heard.acts.lock().expect("acts").push((actor, act));
                }
                drop(reply.send(refused.map_or(Ok(()), Err)));
            }
        }
    }
}

fn view(query: &Query, mood: Mood) -> View {
    match query {
        Query::Status => View::Status(status(mood)),
        Query::Calls => View::Calls(vec![call()]),
        Query::Call(id) if *id == LIVE => View::Call(Some(Box::new(CallDetail {
            call: call(),
            recordings: vec![],
            steps: steps(),
            known: None,
            brief: None,
            summary: None,
        }))),
        Query::Call(_) => View::Call(None),
        Query::Queues => View::Queues(queues()),
        Query::Callbacks => View::Callbacks(vec![CallbackView {
            call: LIVE,
            queue: name("sales"),
            number: extension("13800138000"),
            joined: ago(),
            position: 1,
            tries: 0,
            not_before: None,
            trouble: None,
            calling: None,
        }]),
        Query::Messages | Query::Message(_) => in_hand::view(query),
        Query::Conferences => View::Conferences(vec![ConferenceView {
            number: extension("7001"),
            name: "Board".into(),
            locked: true,
            recorded: false,
            members: vec![ParticipantView {
                call: LIVE,
                number: Some(extension("13800138000")),
                since: ago(),
                muted: true,
            }],
        }]),
        Query::Extensions => View::Extensions(vec![ExtensionView {
            number: extension("1001"),
            name: "李小龙".into(),
            forward_always: None,
            forward_busy: Some(extension("1002")),
            forward_no_answer: None,
            quiet: true,
            new_messages: 2,
            old_messages: 0,
        }]),
        Query::Alerts => View::Alerts(vec![alert("sales", 12), alert("service", 11)]),
        Query::LeftBy(number) if number.as_str() == "13800138000" => {
            View::Left(vec![SoundId::new("message-1").expect("sound")])
        }
        Query::LeftBy(_) => View::Left(vec![]),
        Query::Agents => View::Agents(vec![
            agent("li", "李小龙", "1001", "talking", Some(LIVE), None),
            agent("smith", "Ann Smith", "1002", "paused", None, Some("午餐")),
        ]),
    }
}

fn refusal(act: &Act) -> Option<Refusal> {
    let known = |agent: &Name| ["li", "smith"].contains(&agent.as_str());
    match act {
        Act::Login { agent }
        | Act::Logout { agent }
        | Act::Pause { agent, .. }
        | Act::Unpause { agent }
        | Act::WrapUp { agent, .. }
        | Act::Lease { agent, .. }
        | Act::Dispose { agent, .. }
            if !known(agent) =>
        {
            Some(Refusal::NoSuchAgent { agent: agent.clone() })
        }
        Act::Unpause { agent } if agent.as_str() == "li" => Some(Refusal::WrongState {
            agent: agent.clone(),
            state: "talking".into(),
            remedy: "only a paused agent can be unpaused".into(),
        }),
        Act::Drain { queue, .. } if !["sales", "service", "smith"].contains(&queue.as_str()) => {
            Some(Refusal::NoSuchQueue { queue: queue.clone() })
        }
        act if act.message().is_some_and(|reference| *reference != in_hand::message().reference) => {
            let reference = act.message().expect("one").clone();
            Some(Refusal::Message(MessageRefusal::NoSuch { reference }))
        }
        Act::CancelCallback { call } if *call != LIVE => Some(Refusal::NoSuchCallback { call: *call }),
        Act::AcknowledgeAlert { rule, .. } if !["crowd", "smith"].contains(&rule.as_str()) => {
            Some(Refusal::NoSuchAlert { rule: rule.clone() })
        }
        act if act.call().is_some_and(|call| call != LIVE) => {
            act.call().map(|call| Refusal::NoSuchCall { call })
        }
        Act::Invite { conference, .. }
        | Act::Lock { conference, .. }
        | Act::RecordConference { conference, .. }
            if conference.as_str() != "7001" =>
        {
            Some(Refusal::NoSuchConference { number: conference.clone() })
        }
        Act::Extension { extension, .. } if !["1001", "7001"].contains(&extension.as_str()) => {
            Some(Refusal::NoSuchExtension { to: extension.clone() })
        }
        Act::Transfer { to, .. } if to.as_str() == "9999" => {
            Some(Refusal::NoSuchExtension { to: to.clone() })
        }
        Act::Transfer { call, to } if to.as_str() == "1000" => {
            Some(Refusal::NotNow { call: *call, state: "arriving".into() })
        }
        _ => None,
    }
}

pub fn name(text: &str) -> Name {
    Name::new(text).expect("name")
}

pub fn extension(text: &str) -> Number {
    Number::new(text).expect("number")
}

/// The same whenever it is asked for: nothing that is looked at moves by itself.
pub fn ago() -> Stamp {
    static AGO: LazyLock<Stamp> =
        LazyLock::new(|| SystemClock.now() - Duration::from_mins(30) - Duration::from_hours(76));
    *AGO
}

fn status(mood: Mood) -> StatusView {
    let now = SystemClock.now();
    let engine = if mood == Mood::EngineDown {
        let reason = Label::new("connection refused");
        EngineView::Down { reason, since: THEN, next_try: now + Duration::from_millis(8500) }
    } else {
        EngineView::Up { engine: Label::new("Simulator 1"), since: THEN }
    };
    StatusView {
        version: "0.1.0".into(),
        site: "华星 Huaxing".into(),
        revision: "0123456789abcdef".into(),
        now,
        started: ago(),
        engine,
        calls: 1,
        waiting: 0,
        talking: 1,
        agents_ready: 0,
        agents: 2,
        calls_today: 17,
        troubles: vec![],
    }
}

fn call() -> CallView {
    CallView {
        id: LIVE,
        from: Some(extension("13800138000")),
        from_name: Label::new("张伟"),
        to: extension("95001"),
        since: ago(),
        state: "talking".into(),
        at: "李小龙".into(),
        agent: Some(name("li")),
        attended: None,
        mood: Some(MoodView {
            mood: "heated".into(),
            since: ago(),
            score: Some(71),
            side: Some(Side::Caller),
        }),
        trunks: vec![],
    }
}

fn queues() -> Vec<QueueView> {
    let queue = |queue: &str, waiting, longest_wait_ms| QueueView {
        name: name(queue),
        takes: "calls".into(),
        taken: 0,
        waiting,
        callbacks: usize::from(queue == "sales"),
        longest_wait_ms,
        expected_wait_ms: (queue == "sales").then_some(140_000),
        ready: 0,
        talking: 1,
        logged_in: 2,
        answered_today: 15,
        abandoned_today: 2,
        drained: (queue == "service").then(|| Label::new("nina")),
        expanded: false,
        silent: 0,
        heated: usize::from(queue == "sales"),
        undisposed_today: u64::from(queue == "sales"),
        service: ServiceView {
            percent: 80,
            within_ms: 20_000,
            short_ms: 0,
            lately: FiguresView::default(),
            today: FiguresView {
                offered: 18,
                answered: 15,
                in_time: 12,
                abandoned: 2,
                short: 0,
                passed_on: 1,
                service_level_permille: Some(666),
                answer_permille: Some(833),
                abandonment_permille: Some(111),
                average_wait_ms: Some(13_500),
            },
        },
        rated: if queue == "sales" { crate::past::rated() } else { RatedView::default() },
        repeats: None,
    };
    vec![queue("sales", 1, 65_000), queue("service", 0, 0)]
}

fn alert(queue: &str, value: u64) -> AlertView {
    AlertView {
        rule: name("crowd"),
        queue: name(queue),
        figure: "waiting".into(),
        value,
        limit: 10,
        above: true,
        words: format!("{queue}: waiting {value}, above 10").into(),
        since: ago(),
        acknowledged: None,
        escalated: 1,
        told: vec![name("desk"), name("boss")],
    }
}

fn agent(
    id: &str,
    display: &str,
    number: &str,
    state: &str,
    call: Option<CallId>,
    reason: Option<&str>,
) -> AgentView {
    AgentView {
        name: name(id),
        display: display.into(),
        extension: Some(extension(number)),
        number: None,
        state: state.into(),
        since: ago(),
        reason: reason.map(Label::new),
        call,
        queues: vec![name("sales")],
        calls_today: 3,
        until: None,
        messages: Vec::new(),
        owes: None,
        may_say: None,
        rated: RatedView::default(),
        lease_s: None,
    }
}

pub fn steps() -> Vec<Why> {
    let step = |after, what: &str| Why::new(THEN + Duration::from_millis(after), what);
    vec![
        step(0, "came in on 95001: flow main in zh-CN, office is open"),
        step(4120, "pressed 1 in menu welcome: goes to step sales"),
        step(4121, "waits in queue sales, place 1"),
        step(4123, "offered to 李小龙: idle for 3m, longest of 2 ready; smith is paused"),
        step(9800, "李小龙 answered: both talk"),
        step(129_800, "the caller hung up"),
    ]
}
