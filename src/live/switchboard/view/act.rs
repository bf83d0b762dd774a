//! What an admin orders.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::Setting;
use crate::{
    base::{
        attendance::Attendance,
        id::{CallId, Name, Reference, SoundId},
        number::Number,
        text::Label,
        urgency::Urgency,
    },
    infra::site::Feature,
};

/// Seconds that a lease can have; 0 is none.
pub const LEASES: RangeInclusive<u32> = 10..=86_400;

/// What an admin orders; journalled with who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum Act {
    Login {
        agent: Name,
    },
    Logout {
        agent: Name,
    },
    Pause {
        agent: Name,
        reason: Label,
    },
    Unpause {
        agent: Name,
    },
    /// An agent's wrap-up ends so many seconds from now.
    WrapUp {
        agent: Name,
        seconds: u32,
    },
    /// A client holds the agent at work for so many seconds more; 0: nobody has to.
    Lease {
        agent: Name,
        seconds: u32,
    },
    /// What became of the call that an agent wraps up.
    Dispose {
        agent: Name,
        disposition: Name,
    },
    Hangup {
        call: CallId,
    },
    /// To any number that the one who commands may reach.
    Transfer {
        call: CallId,
        to: Number,
    },
    /// To an agent who is ready; who came from a queue keeps the place there until the agent answers.
    TransferToAgent {
        call: CallId,
        agent: Name,
    },
    /// To the end of a queue, by a flow's step that leads there.
    TransferToQueue {
        call: CallId,
        queue: Name,
    },
    /// A caller who waits gets another place.
    Move {
        call: CallId,
        to: Spot,
    },
    /// A queue lets nobody new in: they go on at the step's `otherwise`. Or it does again.
    Drain {
        queue: Name,
        on: bool,
    },
    /// Whoever was promised it in that call is not called back.
    CancelCallback {
        call: CallId,
    },
    /// Somebody sees to an alert: of this queue, or of all queues that the rule is for.
    AcknowledgeAlert {
        rule: Name,
        #[serde(default)]
        queue: Option<Name>,
    },
    /// The phone of extension `by` is rung, and whoever answers attends the talk so; or attends it otherwise from now on.
    Attend {
        call: CallId,
        by: Number,
        mode: Attendance,
    },
    /// Whoever attends the talk leaves it.
    Unattend {
        call: CallId,
    },
    /// The same as `Attend`, and whoever answers has the caller, without whoever talked with the caller so far.
    TakeOver {
        call: CallId,
        by: Number,
    },
    /// The caller hears music, and whoever talks with the caller asks `to` first.
    Consult {
        call: CallId,
        to: Number,
    },
    /// After `Consult`: whoever asked leaves, the caller has the other one.
    Complete {
        call: CallId,
    },
    /// After `Consult`: whoever was asked leaves, the caller is back.
    Back {
        call: CallId,
    },
    /// After `Consult`: all three talk.
    Join {
        call: CallId,
    },
    /// On a slot, the first that is free if none is named.
    Park {
        call: CallId,
        slot: Option<Number>,
    },
    Record {
        call: CallId,
        on: bool,
    },
    PauseRecording {
        call: CallId,
        on: bool,
    },
    /// Calls somebody into a conference of the house.
    Invite {
        conference: Number,
        to: Number,
    },
    /// Nobody else is let in.
    Lock {
        conference: Number,
        on: bool,
    },
    /// What is said in a conference is recorded.
    RecordConference {
        conference: Number,
        on: bool,
    },
    /// A participant of a conference is not heard.
    Mute {
        call: CallId,
        on: bool,
    },
    /// Forwards and quiet of an extension.
    Extension {
        extension: Number,
        setting: Setting,
    },
    /// A mail, a chat, a ticket waits for an agent from now on; one that is there already stays as it is.
    AddMessage {
        reference: Reference,
        queue: Name,
        #[serde(default)]
        #[schema(value_type = String)]
        urgency: Urgency,
        /// Who has it first, and for so many seconds nobody else.
        #[serde(default)]
        keep: Option<Keep>,
    },
    /// The agent to whom it is offered takes it.
    TakeMessage {
        reference: Reference,
        agent: Name,
    },
    /// The agent to whom it is offered does not.
    DeclineMessage {
        reference: Reference,
        agent: Name,
    },
    /// It is done, or not wanted any more.
    CloseMessage {
        reference: Reference,
    },
    /// Into another queue.
    MoveMessage {
        reference: Reference,
        queue: Name,
    },
    /// Messages of somebody who wants to be forgotten. Who that is stands nowhere.
    ForgetMessages {
        #[schema(value_type = Vec<String>)]
        messages: Vec<SoundId>,
    },
}

/// For whom a message is kept at first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    pub agent: Name,
    pub seconds: u32,
}

/// Another place for a caller who waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Spot {
    /// In the same queue; 1, or less, is the next.
    Place(u32),
    /// In another queue, as if the caller had waited there so long.
    Queue(Name),
}

impl Act {
    /// The call that this is about.
    pub fn call(&self) -> Option<CallId> {
        match self {
            Self::Hangup { call }
            | Self::Transfer { call, .. }
            | Self::TransferToAgent { call, .. }
            | Self::TransferToQueue { call, .. }
            | Self::Move { call, .. }
            | Self::Attend { call, .. }
            | Self::Unattend { call }
            | Self::TakeOver { call, .. }
            | Self::Consult { call, .. }
            | Self::Complete { call }
            | Self::Back { call }
            | Self::Join { call }
            | Self::Park { call, .. }
            | Self::Record { call, .. }
            | Self::PauseRecording { call, .. }
            | Self::Mute { call, .. } => Some(*call),
            Self::Login { .. }
            | Self::Logout { .. }
            | Self::Pause { .. }
            | Self::Unpause { .. }
            | Self::WrapUp { .. }
            | Self::Lease { .. }
            | Self::Dispose { .. }
            | Self::Drain { .. }
            | Self::CancelCallback { .. }
            | Self::AcknowledgeAlert { .. }
            | Self::Invite { .. }
            | Self::Lock { .. }
            | Self::RecordConference { .. }
            | Self::Extension { .. }
            | Self::AddMessage { .. }
            | Self::TakeMessage { .. }
            | Self::DeclineMessage { .. }
            | Self::CloseMessage { .. }
            | Self::MoveMessage { .. }
            | Self::ForgetMessages { .. } => None,
        }
    }

    /// What a house must have for this.
    pub fn feature(&self) -> Option<Feature> {
        match self {
            Self::Record { .. } | Self::PauseRecording { .. } | Self::RecordConference { .. } => {
                Some(Feature::Recording)
            }
            Self::Invite { .. } | Self::Lock { .. } | Self::Mute { .. } => Some(Feature::Conferences),
            Self::Park { .. } => Some(Feature::Parking),
            Self::Extension { .. } => Some(Feature::Forwarding),
            _ => None,
        }
    }

    /// The message that this is about.
    pub fn message(&self) -> Option<&Reference> {
        match self {
            Self::AddMessage { reference, .. }
            | Self::TakeMessage { reference, .. }
            | Self::DeclineMessage { reference, .. }
            | Self::CloseMessage { reference }
            | Self::MoveMessage { reference, .. } => Some(reference),
            _ => None,
        }
    }

    /// The agent that this is about.
    pub fn agent(&self) -> Option<&Name> {
        match self {
            Self::Login { agent }
            | Self::Logout { agent }
            | Self::Pause { agent, .. }
            | Self::Unpause { agent }
            | Self::WrapUp { agent, .. }
            | Self::Lease { agent, .. }
            | Self::Dispose { agent, .. } => Some(agent),
            _ => None,
        }
    }
}
