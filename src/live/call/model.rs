//! A call and its stages. The stage says all that is expected of the engine, so that after a restart or a
//! lost link it can be asked for again.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    base::{
        clock::Stamp,
        id::{CallId, LegId, Name, OrderId},
        number::Number,
        text::Label,
    },
    infra::site::Locale,
    live::{
        dialog::Dialog,
        queue::Place,
        record::{EndedBy, LegRecord, Role},
        switchboard::view::Why,
    },
    ports::engine::{Arrival, Endpoint, HangupCause},
};

/// A caller in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub queue: Name,
    pub place: Place,
    /// The dialog to go on with, at its `otherwise` step, when waiting is over.
    pub after: Dialog,
    /// The greeting is being heard; music follows.
    pub greeting: bool,
}

/// Who is dialled or talks on the other side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Party {
    Agent(Name),
    Extension(Number),
    Outside(Number),
}

impl Party {
    pub fn words(&self) -> Label {
        match self {
            Self::Agent(name) => Label::new(name.as_str()),
            Self::Extension(number) | Self::Outside(number) => Label::new(number.as_str()),
        }
    }

    pub fn role(&self) -> Role {
        match self {
            Self::Agent(_) => Role::Agent,
            Self::Extension(_) => Role::Extension,
            Self::Outside(_) => Role::Outside,
        }
    }
}

/// A leg that Tandem dialled for the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialled {
    pub leg: LegId,
    pub party: Party,
    pub since: Stamp,
    /// What follows when this does not become a talk.
    pub otherwise: Next,
}

/// What a caller does when the leg obeys again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Next {
    Hangup,
    /// Back to the place in the queue.
    Wait(Box<Waiting>),
    /// On with the flow at the dialog's step.
    Flow(Box<Dialog>),
    /// Dial this extension.
    Dial {
        to: Number,
        endpoint: Endpoint,
    },
}

/// Where a call stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// `Answer` is ordered.
    Answering {
        next: Next,
        tries: u8,
    },
    Dialog(Dialog),
    Waiting(Waiting),
    /// `Connect` to an agent or an extension is ordered.
    Dialling(Dialled),
    /// Both hear each other. `returned`: the engine already said that the caller's leg obeys again.
    Talking {
        with: Dialled,
        joined: Stamp,
        then: Next,
        returned: bool,
    },
    /// The peer is gone; `next` as soon as the caller's leg obeys again.
    Parting {
        next: Next,
    },
    /// `Hangup` is ordered or the caller is gone; the record follows when all legs have ended.
    Ending,
}

impl Stage {
    /// The word of the doors.
    pub fn word(&self) -> SmolStr {
        SmolStr::new_static(match self {
            Self::Answering { .. } => "arriving",
            Self::Dialog(_) => "menu",
            Self::Waiting(_) | Self::Parting { next: Next::Wait(_) } => "waiting",
            Self::Dialling(Dialled { party: Party::Agent(_), .. }) => "offered",
            Self::Dialling(_) | Self::Parting { .. } => "dialling",
            Self::Talking { .. } => "talking",
            Self::Ending => "ending",
        })
    }

    /// The leg on the other side, dialled or talking.
    pub fn peer(&self) -> Option<&Dialled> {
        match self {
            Self::Dialling(dialled) | Self::Talking { with: dialled, .. } => Some(dialled),
            _ => None,
        }
    }

    /// The waiting that this stage holds a place for.
    pub fn waiting(&self) -> Option<&Waiting> {
        match self {
            Self::Waiting(waiting) => Some(waiting),
            Self::Dialling(Dialled { otherwise: Next::Wait(waiting), .. })
            | Self::Parting { next: Next::Wait(waiting) } => Some(waiting),
            _ => None,
        }
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub id: CallId,
    pub leg: LegId,
    pub arrival: Arrival,
    pub language: Locale,
    pub began: Stamp,
    pub answered: Option<Stamp>,
    pub stage: Stage,
    /// The `Play` whose end is awaited.
    pub playing: Option<OrderId>,
    /// The caller's leg holds a lease.
    pub leased: bool,
    /// The engine's last list did not have the caller's leg, and may have been too old to tell. Nobody is
    /// rung for this caller before the next one does.
    pub unseen: bool,
    /// The caller's leg is gone, with this cause.
    pub gone: Option<(Stamp, HangupCause)>,
    pub ended_by: Option<EndedBy>,
    pub queue: Option<Name>,
    pub agent: Option<Name>,
    pub wait_ms: u64,
    pub talk_ms: u64,
    /// The legs that Tandem dialled, in order.
    pub dialled: Vec<LegRecord>,
    pub steps: Vec<Why>,
}

impl Call {
    pub fn note(&mut self, at: Stamp, what: impl Into<SmolStr>) {
        self.steps.push(Why { at, what: what.into() });
    }

    /// Legs that were dialled and have not ended.
    pub fn open_legs(&self) -> impl Iterator<Item = &LegRecord> {
        self.dialled.iter().filter(|leg| leg.ended.is_none())
    }

    pub fn dialled_mut(&mut self, leg: &LegId) -> Option<&mut LegRecord> {
        self.dialled.iter_mut().find(|record| record.leg == *leg)
    }
}
