//! Where a caller stands in a flow.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    conversing::Conversation,
    talk::{self, Context, Priority},
};
use crate::{
    base::{
        id::Name,
        number::{Key, Number},
    },
    infra::site::{Locale, TransferTo},
    ports::engine::{Ear, Media},
};

/// A caller in a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialog {
    pub flow: Name,
    pub step: Name,
    pub language: Locale,
    /// How often the present step's prompt has been heard.
    pub tries: u8,
    /// Keys pressed in the present `collect`.
    pub keys: SmolStr,
    /// What the `collect` steps gathered.
    pub collected: BTreeMap<Name, SmolStr>,
    /// A prompt is being heard.
    pub speaking: bool,
    /// The conversation that the present step leads.
    #[serde(default)]
    pub talk: Option<Box<Conversation>>,
}

impl Dialog {
    /// A caller who is about to enter `step`.
    pub fn new(flow: Name, step: Name, language: Locale) -> Self {
        Self {
            flow,
            step,
            language,
            tries: 0,
            keys: SmolStr::default(),
            collected: BTreeMap::new(),
            speaking: false,
            talk: None,
        }
    }
}

/// What happened to the caller.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// The flow begins, or the present step begins anew after an interruption.
    Enter,
    Key(Key),
    /// The prompt is over, heard or not.
    Spoken,
    /// The deadline has passed.
    Silence,
    /// The caller begins to speak.
    Voice,
    /// What a conversation alone understands: words, noise, the outcome of a task.
    Word(talk::Input),
}

/// What whoever takes a caller over has to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    pub priority: Priority,
    pub context: Context,
}

/// What shall be done. The last one decides how the dialog goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    Speak(Vec<Media>),
    /// The same in words, for whoever reads along.
    Words {
        language: Locale,
        text: SmolStr,
        /// Without the values in it.
        told: SmolStr,
    },
    /// The conversation is over when its last words have been heard.
    SumUp,
    Hush,
    /// Listen in this way from now on.
    Listen(Ear, Locale),
    Deaf,
    /// The voice was no interruption.
    GoOn,
    /// Tell me `Silence` after this span, unless something else happens first.
    Wait(Duration),
    Queue {
        queue: Name,
        /// The policy that may say another one.
        route: Option<Name>,
        otherwise: Name,
        /// What a conversation tells those who take over.
        brief: Option<Box<Brief>>,
    },
    /// Wait where this policy says.
    Route {
        policy: Name,
        otherwise: Name,
    },
    /// Do this outside; comes back as `talk::Input::Task`.
    Task {
        task: Name,
        facts: BTreeMap<Name, SmolStr>,
    },
    Transfer {
        to: TransferTo,
        digits: Option<SmolStr>,
        ring: Duration,
        otherwise: Name,
    },
    /// Tell so many of the secret digits that were pressed, masked; comes back as `talk::Input::Typed`.
    Reveal(u8),
    /// Leave a message for this extension; the call ends with it.
    Voicemail {
        mailbox: Number,
    },
    /// The caller is asked how it was: from 1 to this.
    Asked {
        of: u8,
    },
    /// That is the answer.
    Rated(u8),
    Hangup,
    /// A reason for the record.
    Note(SmolStr),
    /// A conversation's reason.
    Because(talk::Why),
}
