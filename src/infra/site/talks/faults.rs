//! What `Talk::check` finds, at its place.

use super::{
    super::{
        model::{Talk, TalkFault},
        problem::{Code, Severity},
        source::{Findings, Place},
    },
    Reading,
};

impl Reading<'_> {
    /// Notes everything that is wrong with the conversation as a whole; false when it may not be led.
    pub(super) fn note_faults(&self, talk: &Talk, top: Place, to: &mut Findings) -> bool {
        let mut sound = true;
        for fault in talk.check(self.spoken()) {
            // Whoever reads texts has told this.
            if matches!(fault, TalkFault::Missing { .. }) {
                continue;
            }
            let (place, code, severity) = self.judged(&fault, top);
            let said = fault.to_string();
            let (message, help) = said.split_once(": ").unwrap_or((&said, ""));
            if severity == Severity::Error {
                sound = false;
                to.error(code, place, message, help);
            } else {
                to.warn(code, place, message, help);
            }
        }
        if let Some(learned) = self.intents {
            let meant = |intent: &str| {
                talk.topics.values().any(|topic| topic.intents.iter().any(|own| own == intent))
            };
            for key in learned.intents.all().filter(|key| !meant(&key.text)) {
                let message =
                    format!("no topic of a flow with these samples means the intent `{}`", key.text);
                to.warn(
                    Code::Unreachable,
                    key.place,
                    message,
                    "name it in a topic's `intents`, or remove it",
                );
            }
        }
        sound
    }

    fn judged(&self, fault: &TalkFault, top: Place) -> (Place, Code, Severity) {
        use Severity::{Error, Warning};
        let topic = |name| self.places.topics.get(name).copied().unwrap_or(top);
        let slot = |name| self.places.slots.get(name).copied().unwrap_or(top);
        let passage = |name| self.places.passages.get(name).copied().unwrap_or(top);
        match fault {
            TalkFault::NoTopics => (top, Code::MissingKey, Error),
            TalkFault::OutOfRange { .. } => (top, Code::BadValue, Error),
            TalkFault::UnknownSlot { topic: name, .. } | TalkFault::UnknownPassage { topic: name, .. } => {
                (topic(name), Code::UnknownName, Error)
            }
            TalkFault::EmptyPassage { passage: name } => (passage(name), Code::MissingKey, Error),
            TalkFault::LongPassage { passage: name, .. } => (passage(name), Code::TooLarge, Warning),
            TalkFault::Unasked { passage: name, .. } => (passage(name), Code::Untranslated, Warning),
            TalkFault::AskedTwice { second, .. } => (passage(second), Code::Duplicate, Error),
            TalkFault::UnknownTopic { .. } => (top, Code::UnknownName, Error),
            TalkFault::SlotTwice { topic: name, .. } => (topic(name), Code::Duplicate, Error),
            TalkFault::Shared { second, .. } => (topic(second), Code::Duplicate, Error),
            TalkFault::Unreachable { topic: name } | TalkFault::Keyless { topic: name } => {
                (topic(name), Code::Unreachable, Warning)
            }
            TalkFault::TakenKey { topic: name, .. }
            | TalkFault::NobodyToCall { topic: name, .. }
            | TalkFault::NotUrgent { topic: name } => (topic(name), Code::Contradiction, Error),
            TalkFault::IdleSlot { slot: name } => (slot(name), Code::Unreachable, Warning),
            TalkFault::NoHelp { slot: name } => (slot(name), Code::Duplicate, Warning),
            TalkFault::Mute { slot: name } => (slot(name), Code::MissingKey, Error),
            TalkFault::Impossible { slot: name, .. } => (slot(name), Code::BadValue, Error),
            TalkFault::SameOption { slot: name, .. } => (slot(name), Code::Duplicate, Error),
            TalkFault::Blind { slot: name } | TalkFault::Bare { slot: name } => {
                (slot(name), Code::Contradiction, Warning)
            }
            TalkFault::NoSecret { slot: name } => (slot(name), Code::Contradiction, Error),
            TalkFault::UnknownField { at, .. } | TalkFault::Missing { at, .. } => {
                (self.places.texts.get(at).copied().unwrap_or(top), Code::UnknownName, Error)
            }
        }
    }
}
