//! What passes over the wire, in the port's words: which command about which call, when its reply was handed on, and
//! what a test wants to go wrong with it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use tokio::sync::watch;

/// What an engine is told. The first eight are commands of the port; the others are steps that one adapter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deed {
    Answer,
    Play,
    Stop,
    Music,
    Connect,
    HangUp,
    Lease,
    Release,
    /// A bridge is made.
    Bridge,
    /// A leg is put into a bridge.
    Enter,
    /// A bridge is removed.
    Unbridge,
    /// A leg is sent through the dialplan, or parked anew.
    GiveBack,
    /// A variable is set.
    Note,
    /// A question.
    Ask,
}

/// What goes wrong with a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The reply comes so much later.
    Late(Duration),
    /// The engine never sees it, and the daemon is told that it was refused.
    Refused,
    /// The engine does it; the reply never comes.
    ReplyLost,
    /// The engine never sees it; no reply ever comes.
    Lost,
}

/// A command to the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub deed: Deed,
    /// The leg that it is about.
    pub leg: String,
    /// The leg that a `Connect` is going to make.
    pub makes: Option<String>,
}

/// The reply to a command about a call has reached the daemon.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    pub deed: Deed,
    /// The how many-th of its kind for this call, from 1.
    pub nth: usize,
    pub at: Instant,
}

/// A command that has been seen: whose, and what shall happen to it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub deed: Deed,
    nth: usize,
    caller: Option<String>,
    pub mishap: Option<Mishap>,
}

/// Calls by the number that calls. Shared by all connections.
#[derive(Clone, Default)]
pub struct Book(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    /// Who calls, by leg: the caller's, and those dialled for the caller.
    callers: HashMap<String, String>,
    counts: HashMap<(String, Deed), usize>,
    diaries: HashMap<String, watch::Sender<Vec<Done>>>,
    mishaps: Vec<Planned>,
}

struct Planned {
    caller: String,
    deed: Deed,
    mishap: Mishap,
    from: usize,
    times: usize,
}

impl Book {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().expect("no panic")
    }

    fn read(&self, caller: &str) -> watch::Receiver<Vec<Done>> {
        self.pages().diaries.entry(caller.to_owned()).or_default().subscribe()
    }

    /// Waits for the reply to the `nth` command of this kind about the call from this number; says when it was.
    pub async fn when(&self, caller: &str, deed: Deed, nth: usize) -> Instant {
        let mut diary = self.read(caller);
        let found = |done: &&Done| done.deed == deed && done.nth == nth;
        let there = diary.wait_for(|diary| diary.iter().any(|done| found(&done))).await;
        let there = there.expect("the book outlives its readers");
        there.iter().find(found).expect("just seen").at
    }

    /// All replies about this call so far, in order.
    pub fn diary(&self, caller: &str) -> Vec<Done> {
        self.read(caller).borrow().clone()
    }

    /// From the `from`-th command of this kind for this call on, it goes wrong so often.
    pub fn plan(&self, caller: &str, deed: Deed, mishap: Mishap, from: usize, times: usize) {
        self.pages().mishaps.push(Planned { caller: caller.to_owned(), deed, mishap, from, times });
    }

    /// What has not come to pass, and how often it still would.
    pub fn open_plans(&self) -> Vec<(String, Deed, usize)> {
        let pages = self.pages();
        let open = pages.mishaps.iter().filter(|planned| planned.times > 0);
        open.map(|planned| (planned.caller.clone(), planned.deed, planned.times)).collect()
    }

    /// The engine told who calls with this leg.
    pub fn learn(&self, leg: &str, caller: &str) {
        self.pages().callers.entry(leg.to_owned()).or_insert_with(|| caller.to_owned());
    }

    /// A command is on its way to the engine.
    pub fn asked(&self, act: &Act) -> Seen {
        let mut pages = self.pages();
        let caller = pages.callers.get(&act.leg).cloned();
        let Some(caller) = caller else {
            return Seen { deed: act.deed, nth: 0, caller: None, mishap: None };
        };
        if let Some(makes) = &act.makes {
            pages.callers.insert(makes.clone(), caller.clone());
        }
        let count = pages.counts.entry((caller.clone(), act.deed)).or_default();
        *count += 1;
        let nth = *count;
        let planned = pages
            .mishaps
            .iter_mut()
            .find(|p| p.caller == caller && p.deed == act.deed && p.times > 0 && p.from <= nth);
        let mishap = planned.map(|planned| {
            planned.times -= 1;
            planned.mishap
        });
        Seen { deed: act.deed, nth, caller: Some(caller), mishap }
    }

    /// Its reply has been handed on.
    pub fn replied(&self, seen: &Seen) {
        let Some(caller) = &seen.caller else { return };
        let done = Done { deed: seen.deed, nth: seen.nth, at: Instant::now() };
        self.pages().diaries.entry(caller.clone()).or_default().send_modify(|diary| diary.push(done));
    }
}
