//! What callers go through.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Prompt, Talk};
use crate::base::{
    id::Name,
    number::{Key, Number},
};

/// What a caller goes through: named steps, entered at `start`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    pub start: Name,
    pub steps: BTreeMap<Name, Step>,
}

/// One step of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Speak, then go on.
    Say {
        prompt: Prompt,
        next: Name,
    },
    /// Play a recording of the site (absolute path of a WAV with 16-bit PCM of any rate, made ready like a
    /// prompt), then go on.
    Play {
        file: PathBuf,
        next: Name,
    },
    Menu(MenuStep),
    Collect(CollectStep),
    Rate(RateStep),
    /// Wait for an agent; `otherwise` after `max_wait`.
    Queue {
        queue: Name,
        otherwise: Name,
    },
    /// Wait where the first rule of the policy that fits says; `otherwise` where none does, and after `max_wait`.
    Route {
        policy: Name,
        otherwise: Name,
    },
    /// Dial an extension, or what was collected (`collected: true`), or an outside number on a trunk.
    Transfer {
        to: TransferTo,
        ring: Duration,
        otherwise: Name,
    },
    /// Branch on a calendar.
    Hours {
        hours: Name,
        open: Name,
        closed: Name,
    },
    /// Leave a message for this extension, then hang up.
    Voicemail {
        mailbox: Number,
    },
    /// Talk with the caller in their own words; `otherwise` when nobody takes over.
    Talk(Box<Talk>),
    /// On with another flow, from its start.
    Flow(Name),
    Hangup,
}

/// Whom a transfer dials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransferTo {
    Extension(Number),
    /// The digits that the named `collect` step gathered, as an extension.
    Collected(Name),
    Trunk {
        trunk: Name,
        number: Number,
    },
    /// A number outside, as a phone that may call everywhere dials it: `dialing.outside` says on which trunks.
    Outside(Number),
    /// A ring group.
    Group(Number),
    Conference(Number),
}

/// Say a prompt and take one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuStep {
    pub prompt: Prompt,
    pub keys: BTreeMap<Key, Name>,
    /// Silence after the prompt before it counts as a try.
    pub timeout: Duration,
    /// How often the prompt is heard in all.
    pub tries: u8,
    /// Said after a key that leads nowhere.
    pub invalid: Option<Prompt>,
    pub otherwise: Name,
}

/// Say a prompt and take several keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectStep {
    pub prompt: Prompt,
    pub min: u8,
    pub max: u8,
    /// Ends the input early; not part of it.
    pub end_key: Option<Key>,
    /// Silence before the first key, and between keys.
    pub timeout: Duration,
    pub tries: u8,
    pub invalid: Option<Prompt>,
    pub next: Name,
    pub otherwise: Name,
}

/// Ask how it was, answered by one key or by a number said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateStep {
    pub prompt: Prompt,
    /// The best answer; 1 is the worst.
    pub of: u8,
    /// Silence after the prompt before the caller is let go.
    pub timeout: Duration,
    /// How often the prompt is heard in all.
    pub tries: u8,
    /// Said after an answer that is none.
    pub invalid: Option<Prompt>,
    pub next: Name,
    /// For those who do not answer.
    pub otherwise: Name,
}
