//! Where a call may go.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    base::{id::Name, number::Number},
    infra::site::Locale,
    live::switchboard::view::Setting,
    ports::engine::HangupCause,
};

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Goal {
    Flow {
        flow: Name,
        language: Locale,
    },
    Extension(Number),
    /// The same, whose phone shall answer by itself.
    Intercom(Number),
    /// Waits in a queue; what is after it is a flow, for when nobody comes.
    Queue(Name),
    /// An agent who is free then.
    Agent(Name),
    Group(Number),
    /// `number` as the carrier is told it, on the first of `trunks` that takes it.
    Outside {
        number: Number,
        trunks: Vec<Name>,
    },
    Conference(Number),
    /// A parking slot: who comes from a talk is parked there, who dials it takes the parked call back.
    Park(Number),
    /// Take the call that rings at this extension, or at any of one's pickup group.
    PickUp(Option<Number>),
    /// The acting extension hears its messages.
    Mailbox(Number),
    /// Leave this extension a message.
    Message(Number),
    /// Change a setting of the acting extension.
    Setting(Setting),
}

/// Yes or no, and the reason in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    Go { goal: Goal, why: SmolStr },
    No { cause: HangupCause, why: SmolStr },
}

impl Decision {
    pub(super) fn go(goal: Goal, why: SmolStr) -> Self {
        Self::Go { goal, why }
    }

    /// There is no such number.
    pub(super) fn nothing(why: SmolStr) -> Self {
        Self::No { cause: HangupCause::UNALLOCATED_NUMBER, why }
    }

    /// There is, but not for this caller.
    pub(super) fn refused(why: SmolStr) -> Self {
        Self::No { cause: HangupCause::CALL_REJECTED, why }
    }
}
