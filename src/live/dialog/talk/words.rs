//! The words of a conversation: what comes in, what goes out, what is remembered.

use std::{collections::BTreeMap, ops::Range};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    base::{id::Name, number::Key},
    infra::site::{Human, Locale},
    ports::{assistant::Answer, engine::Ear},
};

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// The caller is there; or is there again after an interruption or a restart.
    Begin,
    Understood(Heard),
    /// Speech that the recogniser made nothing of.
    Nothing,
    Key(Key),
    /// A key whose digit nobody may know.
    Digit,
    /// What the digits of `Output::Reveal` are, masked; `None` when they are lost.
    Typed(Option<Fact>),
    /// The time to answer is over.
    Silence,
    /// What was said has been heard to the end.
    Spoken,
    /// The task has come to this: its results by name, or `None` when it failed.
    Task(Option<BTreeMap<SmolStr, SmolStr>>),
}

/// What was understood of one utterance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    pub text: SmolStr,
    pub sure: Sureness,
    /// The likeliest first.
    pub intents: Vec<Guess>,
    pub facts: Vec<Fact>,
    pub corrections: Vec<Correction>,
    /// What the house knows about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// A model elsewhere had a say.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub second: bool,
}

/// What the model makes of its best guess.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sureness {
    Accept,
    Confirm,
    #[default]
    Reject,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guess {
    pub intent: SmolStr,
    pub probability: f32,
}

/// A value that was said, in one spelling, with its place in the text in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    pub kind: FactKind,
    pub text: SmolStr,
    pub span: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    Digits,
    Phone,
    Code,
    Number,
    Ordinal,
    Amount,
    Date,
    Time,
    Person,
    Place,
    /// A mask, with the number under which the value is kept (`hiding`).
    Secret(u32),
    Yes,
    No,
    /// Neither of what was offered.
    Neither,
}

/// Not this (if it was said), but that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    pub wrong: Option<Range<usize>>,
    pub right: Fact,
}

/// What shall be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// `text` is `template` with its `values`.
    Say {
        language: Locale,
        text: SmolStr,
        template: SmolStr,
        values: Vec<(String, String)>,
    },
    Hush,
    Listen {
        ear: Ear,
        language: Locale,
    },
    Do {
        task: Name,
        facts: BTreeMap<Name, SmolStr>,
    },
    Transfer {
        to: Human,
        priority: Priority,
        context: Context,
    },
    /// Whom this slot holds: a name of the directory, or an extension's digits.
    Call {
        slot: Name,
        text: SmolStr,
    },
    HangUp,
    /// So many secret digits were pressed: comes back as `Input::Typed`.
    Reveal(u8),
    Why(Why),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Normal,
    /// The machine has failed this caller already.
    Raised,
    Urgent,
}

/// What the human who takes over sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    pub language: Locale,
    /// Open topics, the present one last.
    pub topics: Vec<Name>,
    pub facts: BTreeMap<Name, Known>,
    /// The caller's last words.
    pub last: SmolStr,
    pub turns: u16,
}

/// Why it was decided so. Names and counts alone: no word or digit of the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    Began {
        again: bool,
    },
    Intent {
        topic: Name,
        percent: u8,
    },
    Shortcut {
        topic: Name,
    },
    Language {
        to: Locale,
    },
    Pressed {
        key: Key,
        topic: Name,
    },
    Unsure {
        topic: Name,
        percent: u8,
    },
    Ambiguous {
        first: Name,
        second: Name,
    },
    Filled {
        slot: Name,
    },
    Invalid {
        slot: Name,
    },
    Confirmed {
        slot: Name,
    },
    Denied {
        slot: Name,
    },
    Corrected {
        slot: Name,
    },
    /// A correction that fits nothing, or several places.
    Unclear,
    /// In the words of the house; sentences are counted from 1.
    Answered {
        passage: Name,
        sentence: u16,
    },
    Aside {
        from: Name,
        to: Name,
    },
    Back {
        to: Name,
    },
    Cyclic {
        topic: Name,
    },
    TooDeep {
        topic: Name,
        most: u8,
    },
    Miss {
        count: u8,
        most: u8,
    },
    /// Noise interrupts nothing.
    FalseAlarm,
    /// The caller listens and says so.
    Nod,
    Busy {
        task: Name,
    },
    Done {
        topic: Name,
    },
    TaskFailed {
        task: Name,
    },
    Emergency {
        topic: Name,
    },
    Asked,
    Gone {
        what: Name,
    },
    TooLong {
        turns: u16,
    },
}

/// Where the conversation stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talking {
    pub language: Locale,
    pub stage: Stage,
    /// Open topics; the last is spoken of.
    pub topics: Vec<Name>,
    pub facts: BTreeMap<Name, Known>,
    /// Said before its topic was clear.
    pub held: Vec<Fact>,
    /// Failures in a row.
    pub misses: u8,
    /// Keys of the present answer.
    pub keys: SmolStr,
    /// A prompt is being heard.
    pub speaking: bool,
    /// False interruptions since the last success: one is forgiven.
    pub alarms: u8,
    pub last: SmolStr,
    pub turns: u16,
    /// The passage that was told last, and how often since anything else came of what was said.
    #[serde(default)]
    pub told: Option<(Name, u8)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Fresh,
    /// The open question.
    Open,
    Ask(Name),
    Confirm(Name),
    /// “Do you want this topic?”
    Sure(Name),
    /// “This topic, or that?”
    Which(Name, Name),
    Task(Name),
    Over,
}

/// A slot's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    pub text: SmolStr,
    /// Confirmed, or in no need of it.
    pub settled: bool,
    /// The text is a mask, and its value is kept under this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<u32>,
}

impl Fact {
    /// The number of the value behind a mask.
    pub fn hidden(&self) -> Option<u32> {
        match self.kind {
            FactKind::Secret(number) => Some(number),
            _ => None,
        }
    }
}

impl Talking {
    pub fn new(language: Locale) -> Self {
        Self {
            language,
            stage: Stage::Fresh,
            topics: Vec::new(),
            facts: BTreeMap::new(),
            held: Vec::new(),
            misses: 0,
            keys: SmolStr::default(),
            speaking: false,
            alarms: 0,
            last: SmolStr::default(),
            turns: 0,
            told: None,
        }
    }
}
