//! What the doors may ask and tell the switchboard: queries with their answers, and acts of an admin.
//! These are the bodies of REST v1; a field once here stays.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::base::{
    clock::Stamp,
    id::{CallId, Name},
    number::Number,
    text::Label,
};

/// Questions are answered from live state and are not journalled.
#[derive(Clone, Debug)]
pub enum Query {
    Status,
    Calls,
    Call(CallId),
    Queues,
    Agents,
}

/// Answers, one for each question.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum View {
    Status(StatusView),
    Calls(Vec<CallView>),
    /// `None`: not live (perhaps in the database).
    Call(Option<Box<CallDetail>>),
    Queues(Vec<QueueView>),
    Agents(Vec<AgentView>),
}

/// Green, or what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StatusView {
    #[schema(value_type = String)]
    pub version: SmolStr,
    #[schema(value_type = String)]
    pub site: SmolStr,
    #[schema(value_type = String)]
    pub revision: SmolStr,
    pub now: Stamp,
    pub started: Stamp,
    pub engine: EngineView,
    pub calls: usize,
    pub waiting: usize,
    pub talking: usize,
    pub agents_ready: usize,
    pub agents: usize,
    pub calls_today: u64,
    /// What is wrong besides the engine; empty when all is well.
    pub troubles: Vec<Trouble>,
}

/// Something that an admin should see to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Trouble {
    #[schema(value_type = String)]
    pub what: SmolStr,
    #[schema(value_type = String)]
    pub remedy: SmolStr,
}

/// The link to the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum EngineView {
    Up { engine: Label, since: Stamp },
    Down { reason: Label, since: Stamp, next_try: Stamp },
    Connecting,
}

/// A live call in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CallView {
    pub id: CallId,
    pub from: Option<Number>,
    pub from_name: Label,
    pub to: Number,
    pub since: Stamp,
    /// `arriving`, `menu`, `waiting`, `offered`, `dialling`, `talking`, `ending`.
    #[schema(value_type = String)]
    pub state: SmolStr,
    /// The flow and step, the queue, or the person, in words.
    #[schema(value_type = String)]
    pub at: SmolStr,
    pub agent: Option<Name>,
}

/// A call with its whole way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CallDetail {
    #[serde(flatten)]
    pub call: CallView,
    pub steps: Vec<Why>,
}

/// One decision and its reason, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Why {
    pub at: Stamp,
    #[schema(value_type = String)]
    pub what: SmolStr,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QueueView {
    pub name: Name,
    pub waiting: usize,
    pub longest_wait_ms: u64,
    pub ready: usize,
    pub talking: usize,
    pub logged_in: usize,
    pub answered_today: u64,
    pub abandoned_today: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AgentView {
    pub name: Name,
    #[schema(value_type = String)]
    pub display: SmolStr,
    pub extension: Number,
    /// `logged out`, `ready`, `offered`, `talking`, `wrap-up`, `paused`, `resting` (did not answer), `phone gone`.
    #[schema(value_type = String)]
    pub state: SmolStr,
    pub since: Stamp,
    pub reason: Option<Label>,
    pub call: Option<CallId>,
    pub queues: Vec<Name>,
    pub calls_today: u64,
}

/// What an admin orders; journalled with who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "act", rename_all = "lowercase")]
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
    Hangup {
        call: CallId,
    },
    /// To an extension.
    Transfer {
        call: CallId,
        to: Number,
    },
}

/// A change that was made, for whoever writes it down: who, what, and how it was before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Of the input that made it: the same change has the same number, also when it is told again.
    pub seq: u64,
    pub at: Stamp,
    pub deed: Deed,
    /// `None`: it was not there.
    pub before: Option<Subject>,
    /// `None`: it is not there any more.
    pub after: Option<Subject>,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    Act {
        actor: Actor,
        act: Act,
    },
    /// Another revision of the site took effect.
    Site,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Subject {
    Agent(AgentView),
    Call(CallView),
    Site { site: SmolStr, revision: SmolStr },
}

/// Why an act was not done. The door turns each into problem+json (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error("there is no agent {agent}; see `tandem agents list`")]
    NoSuchAgent { agent: Name },
    #[error("there is no live call {call}; see `tandem calls list`")]
    NoSuchCall { call: CallId },
    #[error("there is no extension {to}; see people.yaml")]
    NoSuchExtension { to: Number },
    #[error("agent {agent} is {state}; {remedy}")]
    WrongState { agent: Name, state: SmolStr, remedy: SmolStr },
    #[error(
        "call {call} cannot be transferred while it is {state}; wait until somebody talks or it is in a menu or queue"
    )]
    NotNow { call: CallId, state: SmolStr },
}

/// Who acts: the socket's peer, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor(pub Label);
