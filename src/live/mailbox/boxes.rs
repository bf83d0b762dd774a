//! What lies in the mailboxes, and who guessed at their PINs.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::base::{clock::Stamp, id::SoundId, number::Number};

/// How long nobody is asked for a PIN any more after too many wrong ones.
const LOCKED: Duration = Duration::from_mins(5);

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub sound: SoundId,
    /// `None` when withheld.
    pub from: Option<Number>,
    pub at: Stamp,
    pub length: Duration,
    pub heard: bool,
}

/// All messages, by mailbox, in the order in which they were left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boxes {
    boxes: BTreeMap<Number, Vec<Message>>,
    guesses: BTreeMap<Number, Guesses>,
}

/// Wrong PINs since the last right one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Guesses {
    wrong: u8,
    until: Option<Stamp>,
}

impl Boxes {
    pub fn messages(&self, mailbox: &Number) -> &[Message] {
        self.boxes.get(mailbox).map_or(&[], Vec::as_slice)
    }

    /// How many are new, and how many are not.
    pub fn counts(&self, mailbox: &Number) -> (usize, usize) {
        let all = self.messages(mailbox);
        let new = all.iter().filter(|message| !message.heard).count();
        (new, all.len() - new)
    }

    /// Every mailbox with a message in it.
    pub fn all(&self) -> impl Iterator<Item = (&Number, &[Message])> {
        self.boxes.iter().map(|(mailbox, messages)| (mailbox, messages.as_slice()))
    }

    /// The sounds that somebody may still hear; other files in the recordings folder are no messages.
    pub fn sounds(&self) -> impl Iterator<Item = &SoundId> {
        self.boxes.values().flatten().map(|message| &message.sound)
    }

    /// Takes a message out; whether it was there.
    pub fn delete(&mut self, mailbox: &Number, sound: &SoundId) -> bool {
        let Some(messages) = self.boxes.get_mut(mailbox) else { return false };
        let before = messages.len();
        messages.retain(|message| message.sound != *sound);
        let there = messages.len() < before;
        if messages.is_empty() {
            self.boxes.remove(mailbox);
        }
        there
    }

    /// What this number has left.
    pub fn left_by(&self, from: &Number) -> Vec<SoundId> {
        let all = self.boxes.values().flatten().filter(|message| message.from.as_ref() == Some(from));
        all.map(|message| message.sound.clone()).collect()
    }

    /// Takes these messages out, wherever they are, and gives those that were there. Their files may go.
    pub fn erase(&mut self, sounds: &[SoundId]) -> Vec<SoundId> {
        let mut gone = Vec::new();
        for messages in self.boxes.values_mut() {
            gone.extend(messages.extract_if(.., |m| sounds.contains(&m.sound)).map(|m| m.sound));
        }
        self.boxes.retain(|_, messages| !messages.is_empty());
        gone
    }

    pub(super) fn keep(&mut self, mailbox: &Number, message: Message) {
        self.boxes.entry(mailbox.clone()).or_default().push(message);
    }

    pub(super) fn hear(&mut self, mailbox: &Number, sound: &SoundId) {
        let messages = self.boxes.get_mut(mailbox).into_iter().flatten();
        messages.filter(|message| message.sound == *sound).for_each(|message| message.heard = true);
    }

    pub(super) fn message(&self, mailbox: &Number, sound: &SoundId) -> Option<&Message> {
        self.messages(mailbox).iter().find(|message| message.sound == *sound)
    }

    /// Nobody may try a PIN there now.
    pub(super) fn locked(&self, place: &Number, now: Stamp) -> bool {
        self.guesses.get(place).and_then(|guesses| guesses.until).is_some_and(|until| now < until)
    }

    /// Notes a wrong PIN; whether it was one too many since the last right one, in however many calls.
    pub(super) fn wrong(&mut self, place: &Number, most: u8, now: Stamp) -> bool {
        let guesses = self.guesses.entry(place.clone()).or_default();
        guesses.wrong += 1;
        let too_many = guesses.wrong >= most;
        if too_many {
            *guesses = Guesses { wrong: 0, until: Some(now + LOCKED) };
        }
        too_many
    }

    pub(super) fn right(&mut self, place: &Number) {
        self.guesses.remove(place);
    }
}
