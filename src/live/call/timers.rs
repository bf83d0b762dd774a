//! All deadlines of live state. The switchboard says when the next is due; the loop brings the time.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::base::{
    clock::Stamp,
    id::{CallId, Name},
};

/// What a deadline is about. Each has at most one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Timer {
    /// What the call's stage waits for.
    Stage(CallId),
    /// The caller has waited as long as the queue allows.
    MaxWait(CallId),
    /// The queue needs less of an agent for this caller.
    Relax(CallId),
    /// The caller has waited long enough for another queue.
    Overflow(CallId),
    /// The caller is told their place.
    Announce(CallId),
    /// The caller's lease is to be renewed.
    Lease(CallId),
    /// The lease of whoever attends the call is to be renewed.
    Attend(CallId),
    /// Whoever was promised it in that call is called back again.
    Callback(CallId),
    /// A message that is offered was not taken.
    Offer(CallId),
    /// An agent who did not take a message is offered some again.
    Spared(Name),
    /// An agent's wrap-up or rest is over.
    Agent(Name),
    /// An agent's client has not been heard of for the time of its lease.
    Held(Name),
    /// The figures of queues are looked at.
    Alerts,
}

impl Timer {
    /// What a call may have a deadline for, besides its stage.
    pub const OF_CALL: [fn(CallId) -> Self; 6] =
        [Self::MaxWait, Self::Relax, Self::Overflow, Self::Announce, Self::Lease, Self::Attend];
}

/// A set of deadlines; saved as a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(Stamp, Timer)>", into = "Vec<(Stamp, Timer)>")]
pub struct Timers {
    due: BTreeSet<(Stamp, Timer)>,
    at: BTreeMap<Timer, Stamp>,
}

impl Timers {
    pub fn set(&mut self, timer: Timer, at: Stamp) {
        if let Some(before) = self.at.insert(timer.clone(), at) {
            self.due.remove(&(before, timer.clone()));
        }
        self.due.insert((at, timer));
    }

    pub fn clear(&mut self, timer: &Timer) {
        if let Some(at) = self.at.remove(timer) {
            self.due.remove(&(at, timer.clone()));
        }
    }

    pub fn has(&self, timer: &Timer) -> bool {
        self.at.contains_key(timer)
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<Stamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Takes one that is due.
    pub fn pop(&mut self, now: Stamp) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        let (_, timer) = self.due.pop_first()?;
        self.at.remove(&timer);
        Some(timer)
    }
}

impl From<Vec<(Stamp, Timer)>> for Timers {
    fn from(list: Vec<(Stamp, Timer)>) -> Self {
        let mut timers = Self::default();
        for (at, timer) in list {
            timers.set(timer, at);
        }
        timers
    }
}

impl From<Timers> for Vec<(Stamp, Timer)> {
    fn from(timers: Timers) -> Self {
        timers.due.into_iter().collect()
    }
}
