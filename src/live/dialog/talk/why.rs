//! Reasons in words, for a call's story.

use std::fmt;

use super::words::Why;

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Began { again: false } => f.write_str("the conversation begins"),
            Self::Began { again: true } => f.write_str("the conversation goes on where it was"),
            Self::Intent { topic, percent } => write!(f, "the caller wants {topic} ({percent} %)"),
            Self::Shortcut { topic } => write!(f, "a shortcut leads to {topic}"),
            Self::Language { to } => write!(
                f,
                "the caller goes on in {}",
                match to {
                    crate::infra::site::Locale::Chinese => "Chinese",
                    crate::infra::site::Locale::English => "English",
                }
            ),
            Self::Pressed { key, topic } => write!(f, "key {key} leads to {topic}"),
            Self::Unsure { topic, percent } => write!(f, "perhaps {topic} ({percent} %): asked back"),
            Self::Ambiguous { first, second } => write!(f, "{first} or {second}: asked back"),
            Self::Filled { slot } => write!(f, "{slot} is told"),
            Self::Invalid { slot } => write!(f, "what was said cannot be {slot}"),
            Self::Confirmed { slot } => write!(f, "{slot} is confirmed"),
            Self::Denied { slot } => write!(f, "{slot} is denied"),
            Self::Corrected { slot } => write!(f, "{slot} is corrected"),
            Self::Answered { passage, sentence } => write!(f, "answered from {passage}, sentence {sentence}"),
            Self::Unclear => f.write_str("a correction that fits nothing"),
            Self::Aside { from, to } => write!(f, "{to} comes in between, {from} waits"),
            Self::Back { to } => write!(f, "back to {to}"),
            Self::Cyclic { topic } => write!(f, "{topic} is open already"),
            Self::TooDeep { topic, most } => write!(f, "{topic} would be more than {most} topics at once"),
            Self::Miss { count, most } => write!(f, "nothing came of it, {count} of {most}"),
            Self::Nod => f.write_str("the caller nods"),
            Self::FalseAlarm => f.write_str("noise: nothing is interrupted"),
            Self::Busy { task } => write!(f, "{task} is not done yet"),
            Self::Done { topic } => write!(f, "{topic} is done"),
            Self::TaskFailed { task } => write!(f, "{task} failed"),
            Self::Emergency { topic } => write!(f, "an emergency: {topic}"),
            Self::Asked => f.write_str("the caller asks for a human"),
            Self::Gone { what } => write!(f, "{what} is no longer in the site"),
            Self::TooLong { turns } => write!(f, "{turns} turns and no end"),
        }
    }
}
