//! What came from outside on a day: how many calls, how they came out, how long they waited and talked.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::base::id::Name;

/// Calls and what became of them. Those that an earlier version wrote down, whose direction is not known, count too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Counts {
    pub calls: u64,
    /// Somebody talked with the caller.
    pub answered: u64,
    /// Waited in a queue, and nobody talked with the caller.
    pub abandoned: u64,
    /// Somebody was rung, and nobody talked with the caller.
    pub missed: u64,
    /// Resolved by the menu, a mailbox or a conference: nobody was needed.
    pub menu: u64,
    /// Not even answered.
    pub refused: u64,
    /// All that was waited in queues, and by how many calls.
    pub wait_ms: u64,
    pub waited: u64,
    pub talk_ms: u64,
    /// Of those that waited in a queue.
    pub average_wait_ms: u64,
    /// Of those that were answered.
    pub average_talk_ms: u64,
}

impl Counts {
    /// Calls of one outcome more.
    fn add(&mut self, outcome: Outcome, of: Group) {
        let place = match outcome {
            Outcome::Answered => &mut self.answered,
            Outcome::Abandoned => &mut self.abandoned,
            Outcome::Missed => &mut self.missed,
            Outcome::Menu => &mut self.menu,
            Outcome::Refused => &mut self.refused,
        };
        *place += of.calls;
        self.calls += of.calls;
        self.wait_ms += of.wait_ms;
        self.talk_ms += of.talk_ms;
        self.waited += if of.queue.is_some() { of.calls } else { 0 };
        self.average_wait_ms = self.wait_ms.checked_div(self.waited).unwrap_or(0);
        self.average_talk_ms = self.talk_ms.checked_div(self.answered).unwrap_or(0);
    }

    /// In hundredths: how many of all calls needed nobody else afterwards.
    pub fn resolved_percent(&self) -> u64 {
        ((self.answered + self.menu) * 100).checked_div(self.calls).unwrap_or(0)
    }
}

/// The same of one queue: the last one that the calls waited in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QueueCounts {
    pub queue: Name,
    #[serde(flatten)]
    pub counts: Counts,
}

/// One day of the site's time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DayReport {
    #[schema(value_type = String)]
    pub day: Date,
    /// 24, but 23 and 25 when the clock is changed.
    pub hours: u8,
    #[serde(flatten)]
    pub all: Counts,
    pub queues: Vec<QueueCounts>,
}

/// Calls that have queue and outcome in common.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub queue: Option<Name>,
    pub outcome: Outcome,
    pub calls: u64,
    pub wait_ms: u64,
    pub talk_ms: u64,
}

impl DayReport {
    pub(super) fn of(day: Date, hours: u8, groups: Vec<Group>) -> Self {
        let (mut all, mut queues) = (Counts::default(), BTreeMap::<Name, Counts>::new());
        for group in groups {
            all.add(group.outcome, group.clone());
            if let Some(queue) = group.queue.clone() {
                queues.entry(queue).or_default().add(group.outcome, group);
            }
        }
        let queues = queues.into_iter().map(|(queue, counts)| QueueCounts { queue, counts }).collect();
        Self { day, hours, all, queues }
    }
}
