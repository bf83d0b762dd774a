//! What was changed, for the audit: who did what, and how it was before and after.

use serde::Serialize;
use smol_str::SmolStr;

use super::{
    Act, Actor, AgentView, AlertView, CallView, ConferenceView, ExtensionView, MessageView, QueueView,
};
use crate::base::{clock::Stamp, id::CallId, number::Number};

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
    Call(CallSubject),
    Conference(ConferenceSubject),
    Extension(ExtensionView),
    Queue(QueueView),
    Message(MessageView),
    /// All that stand of a rule.
    Alerts {
        alerts: Vec<AlertView>,
    },
    Site {
        site: SmolStr,
        revision: SmolStr,
    },
    /// The calls in which it was promised to call back. To whom, stands nowhere.
    Callbacks {
        callbacks: Vec<CallId>,
    },
    /// How many there are in all mailboxes.
    Messages {
        messages: usize,
    },
}

/// A call with all that an act can change of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallSubject {
    #[serde(flatten)]
    pub call: CallView,
    pub recorded: bool,
    /// Its recording is paused.
    pub paused: bool,
    /// In a conference.
    pub muted: bool,
    /// The newest of its decisions: what was ordered stands here before it has come about.
    pub decided: Option<SmolStr>,
}

/// A conference with all that an act can change of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConferenceSubject {
    #[serde(flatten)]
    pub conference: ConferenceView,
    /// Who is being called into it.
    pub invited: Vec<Number>,
}
