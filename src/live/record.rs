//! What a finished call leaves behind: the call detail record (CDR) with both legs.

mod day;
mod find;
mod repeat;
mod said;
pub mod store;
mod survey;

pub use day::{Counts, DayReport, QueueCounts};
pub use find::{Filter, Unfindable};
pub use repeat::{QueueRepeats, RepeatReport};
pub use said::{Disposition, DispositionReport, QueueDispositions};
pub use survey::{AgentRated, QueueRated, SurveyReport};

use serde::{Deserialize, Serialize};

use crate::{
    base::{
        clock::Stamp,
        id::{CallId, LegId, Name},
        number::Number,
        text::Label,
    },
    live::switchboard::view::{Recording, SummaryView, SurveyView, Why},
    ports::engine::HangupCause,
};

/// One finished call. Times are UTC; durations in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CallRecord {
    pub id: CallId,
    pub from: Option<Number>,
    pub from_name: Label,
    pub to: Number,
    /// Not known of calls that an earlier version wrote down.
    #[serde(default)]
    pub direction: Option<Direction>,
    pub arrived: Stamp,
    pub answered: Option<Stamp>,
    pub ended: Stamp,
    /// Of the caller's leg.
    #[schema(value_type = u8)]
    pub cause: HangupCause,
    pub ended_by: EndedBy,
    /// The last queue that the call waited in.
    pub queue: Option<Name>,
    /// Time in queues, until somebody answered or the call left.
    pub wait_ms: u64,
    /// Time joined with agents or extensions.
    pub talk_ms: u64,
    /// The last agent who talked.
    pub agent: Option<Name>,
    pub legs: Vec<LegRecord>,
    #[serde(default)]
    pub recordings: Vec<Recording>,
    pub steps: Vec<Why>,
    /// What its conversations were about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<SummaryView>,
    /// What the caller answered who was asked how it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survey: Option<SurveyView>,
    /// What the agent said became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<Name>,
    /// When all that could tell of a person was removed; times, causes and the people of the house stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<Stamp>,
}

/// What became of a call whose record was written before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disposed {
    pub disposed: CallId,
    pub disposition: Name,
}

/// The word with which a step begins that tells of a wait which was over before an agent came.
pub const WAITED: &str = "waited";

impl CallRecord {
    /// When the caller, having waited in the last queue as long as was allowed, went on to something else than an agent.
    pub fn passed_on(&self) -> Option<Stamp> {
        let joins = format!("queue {}: place ", self.queue.as_ref()?);
        let joined = self.steps.iter().rposition(|step| step.what.starts_with(&joins)).unwrap_or(0);
        let over = |step: &&Why| step.what.split(' ').next() == Some(WAITED);
        self.steps[joined.min(self.steps.len())..].iter().find(over).map(|step| step.at)
    }

    /// Hung up before an agent came, and was sent nowhere else. Whoever talked all the same had been passed on before.
    pub fn gave_up(&self) -> bool {
        let alone = self.agent.is_none() && self.talk_ms == 0;
        alone && self.ended_by == EndedBy::Caller && self.passed_on().is_none()
    }

    pub fn outcome(&self) -> Outcome {
        let rung = self.legs.iter().any(|leg| leg.role != Role::Caller);
        match (self.talk_ms, &self.queue, rung, self.answered) {
            (1.., ..) => Outcome::Answered,
            (0, Some(_), ..) => Outcome::Abandoned,
            (0, None, true, _) => Outcome::Missed,
            (0, None, false, Some(_)) => Outcome::Menu,
            (0, None, false, None) => Outcome::Refused,
        }
    }

    /// From the arrival to the end, in whole seconds.
    pub fn seconds(&self) -> u64 {
        self.ended.since(self.arrived).as_secs()
    }
}

/// Which way a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From outside.
    Inbound,
    /// From a phone of the house to somebody outside, or dialled by the house itself.
    Outbound,
    /// From a phone of the house to the house.
    Internal,
}

/// How a call came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Somebody talked with the caller.
    Answered,
    /// It waited in a queue, and nobody talked with the caller.
    Abandoned,
    /// Somebody was rung, and did not talk with the caller.
    Missed,
    /// It was answered, and needed nobody: a menu, a mailbox, a conference.
    Menu,
    /// It was not even answered.
    Refused,
}

/// A word for each value, in the database, in queries and in tables.
macro_rules! words {
    ($($type:ident { $($value:ident => $word:literal),+ })+) => {
        $(
            impl $type {
                pub const ALL: &[Self] = &[$(Self::$value),+];

                pub fn word(self) -> &'static str {
                    match self {
                        $(Self::$value => $word),+
                    }
                }

                pub fn of_word(word: &str) -> Option<Self> {
                    Self::ALL.iter().copied().find(|value| value.word() == word)
                }
            }
        )+
    };
}

words! {
    Direction { Inbound => "inbound", Outbound => "outbound", Internal => "internal" }
    Outcome {
        Answered => "answered", Abandoned => "abandoned", Missed => "missed", Menu => "menu",
        Refused => "refused"
    }
    EndedBy { Caller => "caller", Callee => "callee", Tandem => "tandem", Engine => "engine" }
    Role { Caller => "caller", Agent => "agent", Extension => "extension", Outside => "outside" }
}

/// Where a page of finished calls, newest first, goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// The `ended` of the last call of the page before.
    pub ended: Stamp,
    /// Its id: then calls that ended in the same microsecond are not skipped.
    pub call: Option<CallId>,
}

/// Who ended the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EndedBy {
    Caller,
    Callee,
    Tandem,
    /// The engine lost the leg or the call was gone after a restart.
    Engine,
}

/// One party of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LegRecord {
    pub leg: LegId,
    pub role: Role,
    /// The agent's name, the extension or the number dialled; the caller's number.
    pub party: Label,
    pub began: Stamp,
    pub answered: Option<Stamp>,
    pub ended: Option<Stamp>,
    #[schema(value_type = Option<u8>)]
    pub cause: Option<HangupCause>,
}

impl LegRecord {
    /// A leg that begins now.
    pub fn dialled(leg: LegId, role: Role, party: Label, began: Stamp) -> Self {
        Self { leg, role, party, began, answered: None, ended: None, cause: None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Caller,
    Agent,
    Extension,
    Outside,
}
