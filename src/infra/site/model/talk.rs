//! A conversation as a site describes it: topics that callers bring, slots that are asked for, and what is said.
//! Plain values; `check` tells what is wrong with them, `live::dialog::talk` leads the conversation.

mod check;
mod knowledge;
mod lines;
mod template;

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

pub use check::{Spot, TalkFault};
pub use knowledge::Passage;
pub use lines::Lines;
pub use template::{Part, parts};

use super::{Locale, Prompt};
use crate::base::{id::Name, number::Key};

/// A whole conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talk {
    pub topics: BTreeMap<Name, Topic>,
    /// Topics share slots by name: what was said for one need not be said again for another.
    pub slots: BTreeMap<Name, Slot>,
    /// Words that count wherever they are said.
    #[serde(default)]
    pub shortcuts: Vec<Shortcut>,
    /// Who takes over when nothing else helps.
    pub human: Human,
    /// The step of the flow for callers whom nobody takes over.
    pub otherwise: Name,
    /// The file of samples from which intents are learned; absolute.
    #[serde(default)]
    pub samples: Option<PathBuf>,
    /// What the house tells those who ask, in sentences of its own.
    #[serde(default)]
    pub knowledge: BTreeMap<Name, Passage>,
    #[serde(default)]
    pub lines: Lines,
    /// So often in a row nothing is understood before a human takes over.
    #[serde(default = "three")]
    pub misses: u8,
    /// So many topics may be open, one inside the other.
    #[serde(default = "three")]
    pub deepest: u8,
}

fn three() -> u8 {
    3
}

/// Something that callers want.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// As it is called in a question: “a refund”, 退款.
    pub title: Prompt,
    /// The intents of the language model that mean it.
    #[serde(default)]
    pub intents: Vec<SmolStr>,
    /// The key that leads to it from the open question.
    #[serde(default)]
    pub key: Option<Key>,
    /// What must be known, in the order in which it is asked.
    #[serde(default)]
    pub slots: Vec<Name>,
    pub end: End,
    /// An emergency: nothing is asked, nothing is left to be finished first.
    #[serde(default)]
    pub urgent: bool,
}

/// What happens when all that a topic needs is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// A task outside; `done` is said afterwards and may name its results.
    Task {
        task: Name,
        done: Prompt,
    },
    Say(Prompt),
    /// A passage of the house's knowledge.
    Answer(Name),
    Human(Human),
    /// The extension of the person, or with the digits, that this slot holds.
    Call(Name),
    HangUp(Prompt),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Human {
    pub queue: Name,
    /// This policy says in which queue; `queue` where none of its rules fits.
    #[serde(default)]
    pub route: Option<Name>,
}

/// One thing to be known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    pub ask: Ask,
    /// The first asks; each further one, said after a failure, helps more. The last serves from there on.
    pub prompts: Vec<Prompt>,
    /// Said when what was heard can't be it.
    #[serde(default)]
    pub invalid: Prompt,
    /// Reads back before it counts; `{value}` stands for it, digit by digit where it has digits.
    #[serde(default)]
    pub confirm: Option<Prompt>,
    /// Asked and listened to in this language, whatever the caller speaks otherwise.
    #[serde(default)]
    pub language: Option<Locale>,
    /// Stays known for the rest of the call.
    #[serde(default)]
    pub keep: bool,
    /// Known to nobody but the task: everywhere else a mask stands for it.
    #[serde(default)]
    pub secret: bool,
}

/// What a slot holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    Digits { min: u8, max: u8 },
    Phone,
    Code,
    Number,
    Amount,
    Date,
    Time,
    Person,
    Place,
    Answer,
    Choice(Vec<Choice>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub value: Name,
    pub title: Prompt,
    /// Said for it, besides its title.
    #[serde(default)]
    pub words: Vec<SmolStr>,
}

/// Words that lead somewhere from every state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortcut {
    pub words: Vec<SmolStr>,
    pub to: Jump,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Jump {
    Topic(Name),
    Language(Locale),
}
