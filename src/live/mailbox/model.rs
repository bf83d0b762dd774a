//! Where somebody stands at a mailbox, or before a conference's door.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    base::{
        clock::Stamp,
        id::SoundId,
        number::{Key, Number},
    },
    infra::site::{Locale, PinHash},
    ports::engine::Media,
};

/// Somebody at a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The extension whose mailbox it is, or the conference.
    pub place: Number,
    pub language: Locale,
    pub(super) stage: Stage,
    /// Something is being heard.
    pub(super) speaking: bool,
    /// When silence is told, unless something happens first.
    pub(super) due: Stamp,
}

impl Session {
    /// A caller who shall leave a message for `mailbox`.
    pub fn leave(mailbox: Number, from: Option<Number>, language: Locale) -> Self {
        Self::at(mailbox, language, Stage::Greeting { from, tries: 0 })
    }

    /// The owner of `mailbox`, who wants to hear its messages.
    pub fn hear(mailbox: Number, language: Locale) -> Self {
        Self::at(mailbox, language, Stage::pin(Purpose::Hear))
    }

    /// Somebody before the door of `conference`, which has a PIN; `Act::Admit` lets them in.
    pub fn door(conference: Number, language: Locale) -> Self {
        Self::at(conference, language, Stage::pin(Purpose::Enter))
    }

    fn at(place: Number, language: Locale, stage: Stage) -> Self {
        Self { place, language, stage, speaking: false, due: Stamp::default() }
    }

    /// Sees to it that time never stands still: what did not set a deadline keeps the one that was.
    pub(super) fn watch(&mut self, acts: &mut Vec<Act>, now: Stamp) {
        let waits = |act: &Act| if let Act::Wait(span) = act { Some(*span) } else { None };
        if let Some(span) = acts.iter().rev().find_map(waits) {
            self.due = now + span;
        } else if !acts.iter().any(|act| matches!(act, Act::Hangup | Act::Admit)) {
            acts.push(Act::Wait(self.due.since(now)));
        }
    }

    /// What is keyed in now is told to nobody, not even to this session: it learns `Pressed`.
    pub fn asks_secret(&self) -> bool {
        matches!(self.stage, Stage::Pin { .. })
    }

    /// A recording runs, or its end has not been told yet.
    pub fn recording(&self) -> bool {
        matches!(self.stage, Stage::Recording { .. })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stage {
    /// Greeting and tone are being heard.
    Greeting {
        from: Option<Number>,
        tries: u8,
    },
    /// `overdue`: it was stopped, and its end should have been told.
    Recording {
        from: Option<Number>,
        tries: u8,
        overdue: bool,
    },
    /// `tries`: how often the PIN was asked for. `checking`: what was keyed in is being looked at.
    Pin {
        purpose: Purpose,
        tries: u8,
        checking: bool,
    },
    Hearing(Hearing),
    /// The last words are being heard.
    Closing,
}

impl Stage {
    fn pin(purpose: Purpose) -> Self {
        Self::Pin { purpose, tries: 0, checking: false }
    }
}

/// What the PIN opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Purpose {
    Hear,
    Enter,
}

impl Purpose {
    /// So many wrong PINs, and nobody is asked for a while. Before a conference stand strangers, who shall not so
    /// easily keep out those who know it.
    pub fn most_wrong(self) -> u8 {
        match self {
            Self::Hear => 3,
            Self::Enter => 10,
        }
    }
}

/// The owner goes through the messages that were there at the beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hearing {
    pub list: Vec<SoundId>,
    /// In `list`; its length when there are no more.
    pub at: usize,
    pub said: Said,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Said {
    /// Number and time of the message.
    Head,
    Message,
    /// What the keys do; so often already.
    Choices(u8),
}

/// A key without its digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pressed {
    Digit,
    /// `*`: what was keyed in counts no more.
    Anew,
    /// `#`, or as many digits as no PIN is longer than.
    End,
    Other,
}

/// What came of a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    Right,
    Wrong,
    /// Nothing was keyed in.
    Nothing,
}

/// What happened to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The session begins, or the present stage begins anew after an interruption.
    Enter,
    Key(Key),
    /// A key at a secret.
    Pressed(Pressed),
    /// The answer to `Check`.
    Checked(Verdict),
    /// What was spoken is over, heard or not.
    Spoken,
    /// The deadline has passed.
    Silence,
    /// The recording is over, also when the caller has gone; nothing is in it when `length` is zero.
    Recorded {
        sound: SoundId,
        length: Duration,
    },
}

/// What shall be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    Speak(Vec<Media>),
    /// Stop what is heard, or recorded.
    Hush,
    /// Tell me `Silence` after this span, unless something else happens first.
    Wait(Duration),
    /// Record what the caller says into a new sound.
    Record {
        limit: Duration,
        silence: Duration,
    },
    /// What has been keyed in counts no more.
    Afresh,
    /// Tell me whether what was keyed in, up to the last `Pressed::End` or till now, is this PIN.
    Check(PinHash),
    /// The PIN was right: into the conference.
    Admit,
    Hangup,
    /// A reason for the record.
    Note(SmolStr),
    /// Nobody will hear this sound any more: its file may go.
    Forget(SoundId),
}
