//! Why this agent had this caller: who was considered, why others were passed over, and what would have changed it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use crate::base::{clock::Stamp, id::Name};

/// One decision and its reason, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Why {
    pub at: Stamp,
    #[schema(value_type = String)]
    pub what: SmolStr,
    /// When an agent was chosen: from whom, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<Box<Assignment>>,
}

impl Why {
    pub fn new(at: Stamp, what: impl Into<SmolStr>) -> Self {
        Self { at, what: what.into(), assignment: None }
    }
}

/// One decision of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Assignment {
    pub queue: Name,
    pub agent: Name,
    /// In which order agents are offered callers: `longest_idle`, `least_talk`, `round_robin`, `best_skill`,
    /// `sequential`.
    #[schema(value_type = String)]
    pub strategy: SmolStr,
    /// What the queue needed of agents at that moment, such as `vip 3`; empty: nothing.
    #[schema(value_type = String)]
    pub needs: SmolStr,
    pub waited_ms: u64,
    /// Some of those who were passed over, the nearest first.
    pub passed: Vec<Passed>,
    /// How many more were passed over.
    pub more: usize,
}

/// Somebody who was not offered the caller, and all that stood in the way: without it this one would have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Passed {
    pub agent: Name,
    pub because: Vec<Over>,
}

/// What stood in the way of somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Over {
    /// Does not have what is needed. `after_ms`: when the caller has waited so long, less of it is needed, and met.
    Lacks { skill: Name, has: u8, needs: u8, after_ms: Option<u64> },
    /// The caller was kept for somebody else, with whom they talked last, until so much of the wait would be over.
    Kept { after_ms: u64 },
    /// Does not have what the queue prefers, and others do.
    NotPreferred,
    /// Not first by the queue's strategy: `own` against `chosen` (milliseconds idle or talked,
    /// milliseconds since the last offer, levels of skills, places in the list).
    Later { own: i64, chosen: i64 },
    /// A caller waits for whom this one would do: no message comes before.
    Awaited,
    /// Not free.
    Busy {
        #[schema(value_type = String)]
        state: SmolStr,
        since: Stamp,
    },
}

impl Assignment {
    /// Why somebody was passed over, in words.
    pub fn why(&self, passed: &Passed, at: Stamp) -> String {
        join(passed.because.iter().map(|over| self.reason(over, at)))
    }

    /// What would have given this one the caller, in words: all of it together.
    pub fn unless(&self, passed: &Passed) -> String {
        join(passed.because.iter().map(|over| self.remedy(over)))
    }

    fn reason(&self, over: &Over, at: Stamp) -> SmolStr {
        let Self { queue, agent, .. } = self;
        match over {
            Over::Lacks { skill, has: 0, needs, .. } => format_smolstr!("has no {skill}, {needs} is needed"),
            Over::Lacks { skill, has, needs, .. } => format_smolstr!("has {skill} {has}, {needs} is needed"),
            Over::Kept { after_ms } => {
                let span = seconds(millis(Duration::from_millis(*after_ms)));
                format_smolstr!("was kept for {agent}, who had to do with it last, for {span}")
            }
            Over::Awaited => SmolStr::new_static("a caller waits for this one"),
            Over::NotPreferred => format_smolstr!("has not the skills that {queue} prefers"),
            Over::Busy { state, since } => {
                format_smolstr!("{state} for {}", seconds(millis(at.since(*since))))
            }
            Over::Later { own, chosen } => match self.strategy.as_str() {
                "longest_idle" => {
                    format_smolstr!("idle {}, {agent} {}", seconds(*own), seconds(*chosen))
                }
                "least_talk" => {
                    format_smolstr!("talked {} today, {agent} {}", seconds(*own), seconds(*chosen))
                }
                "round_robin" => {
                    format_smolstr!("had an offer {} ago, {agent} {} ago", seconds(*own), seconds(*chosen))
                }
                "best_skill" => format_smolstr!("has {own} levels of what is wanted, {agent} {chosen}"),
                _ => format_smolstr!("is {} in the list, {agent} {}", own + 1, chosen + 1),
            },
        }
    }

    fn remedy(&self, over: &Over) -> SmolStr {
        match over {
            Over::Lacks { skill, needs, after_ms: None, .. } => format_smolstr!("{skill} {needs}"),
            Over::Lacks { skill, needs, after_ms: Some(after), .. } => {
                let after = Duration::from_millis(*after);
                format_smolstr!("{skill} {needs} (or the caller had waited {})", seconds(millis(after)))
            }
            Over::Awaited => SmolStr::new_static("no caller who waits"),
            Over::Kept { .. } => SmolStr::new_static("the one who had to do with it last"),
            Over::NotPreferred => format_smolstr!("the skills that {} prefers", self.queue),
            Over::Busy { .. } => SmolStr::new_static("ready"),
            Over::Later { own, chosen } => match self.strategy.as_str() {
                "longest_idle" => format_smolstr!("idle {} longer", moment(chosen - own)),
                "least_talk" => format_smolstr!("talked {} less", moment(own - chosen)),
                "round_robin" => format_smolstr!("the last offer {} earlier", moment(chosen - own)),
                "best_skill" => format_smolstr!("{} more levels", chosen - own + 1),
                _ => SmolStr::new_static("further up in people.yaml"),
            },
        }
    }
}

fn join(parts: impl Iterator<Item = SmolStr>) -> String {
    parts.collect::<Vec<_>>().join(", and ")
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// A difference that may be none: then the names decided.
fn moment(millis: i64) -> SmolStr {
    if millis < 100 { SmolStr::new_static("a moment") } else { seconds(millis) }
}

fn seconds(millis: i64) -> SmolStr {
    if millis < 10_000 {
        format_smolstr!("{}.{} s", millis / 1000, millis % 1000 / 100)
    } else {
        format_smolstr!("{} s", millis / 1000)
    }
}
