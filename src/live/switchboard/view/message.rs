//! Messages that wait for agents, or are in their hands.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::Why;
use crate::base::{
    clock::Stamp,
    id::{Name, Reference},
    urgency::Urgency,
};

/// A mail, a chat, a ticket. What it says knows whoever brought it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MessageView {
    pub reference: Reference,
    pub queue: Name,
    /// `waiting`, `offered`, `taken`, or `stranded`: its queue is no more, and somebody has to move it.
    #[schema(value_type = String)]
    pub state: SmolStr,
    pub since: Stamp,
    /// To whom it is offered, or who has it.
    #[serde(default)]
    pub agent: Option<Name>,
    /// When it came.
    pub joined: Stamp,
    /// 1 for what is next; nothing outside of the line.
    #[serde(default)]
    pub position: Option<usize>,
    #[schema(value_type = String)]
    pub urgency: Urgency,
}

/// A message with its whole way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MessageDetail {
    #[serde(flatten)]
    pub message: MessageView,
    /// The newest 20 of its decisions; who was passed over with the newest 3 offers.
    pub steps: Vec<Why>,
}

/// Why nothing is done with a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum MessageRefusal {
    #[error("there is no message {reference}; see `tandem messages list`")]
    NoSuch { reference: Reference },
    #[error("message {reference} is not offered to {agent}; see `tandem messages show {reference}`")]
    NotOffered { reference: Reference, agent: Name },
    #[error("queue {queue} takes {takes}; see `tandem queues list`")]
    Takes { queue: Name, takes: SmolStr },
    #[error("no more messages are kept; close some that are done with: `tandem messages close`")]
    TooMany,
}
