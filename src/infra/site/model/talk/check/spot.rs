//! Where a text of a conversation stands.

use std::fmt;

use super::{Ask, End, Name, Prompt, Talk};

/// A place for a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    Line(&'static str),
    Title(Name),
    /// What is said at the end of a topic.
    End(Name),
    /// A slot's prompts are counted from 0.
    Prompt(Name, usize),
    Invalid(Name),
    Confirm(Name),
    Option(Name, Name),
    Passage(Name),
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line `{line}`"),
            Self::Title(topic) => write!(f, "the title of topic `{topic}`"),
            Self::End(topic) => write!(f, "the end of topic `{topic}`"),
            Self::Prompt(slot, index) => write!(f, "prompt {} of slot `{slot}`", index + 1),
            Self::Invalid(slot) => write!(f, "`invalid` of slot `{slot}`"),
            Self::Confirm(slot) => write!(f, "`confirm` of slot `{slot}`"),
            Self::Passage(passage) => write!(f, "passage `{passage}`"),
            Self::Option(slot, option) => write!(f, "option `{option}` of slot `{slot}`"),
        }
    }
}

impl Talk {
    /// Everything that is said.
    pub fn texts(&self) -> Vec<(Spot, &Prompt)> {
        let mut all: Vec<(Spot, &Prompt)> =
            self.lines.all().map(|(name, line, _)| (Spot::Line(name), line)).to_vec();
        for (name, topic) in &self.topics {
            all.push((Spot::Title(name.clone()), &topic.title));
            if let End::Task { done: text, .. } | End::Say(text) | End::HangUp(text) = &topic.end {
                all.push((Spot::End(name.clone()), text));
            }
        }
        for (name, slot) in &self.slots {
            let prompts = slot.prompts.iter().enumerate();
            all.extend(prompts.map(|(index, prompt)| (Spot::Prompt(name.clone(), index), prompt)));
            let invalid = Some(&slot.invalid).filter(|invalid| !invalid.0.is_empty());
            all.extend(invalid.map(|invalid| (Spot::Invalid(name.clone()), invalid)));
            all.extend(slot.confirm.iter().map(|confirm| (Spot::Confirm(name.clone()), confirm)));
            if let Ask::Choice(options) = &slot.ask {
                let title =
                    |option: &'_ super::super::Choice| Spot::Option(name.clone(), option.value.clone());
                all.extend(options.iter().map(|option| (title(option), &option.title)));
            }
        }
        all.extend(self.knowledge.iter().map(|(name, passage)| (Spot::Passage(name.clone()), &passage.text)));
        all
    }

    /// The fields that a text may have there; `None` where that is not known: what a task gives back, and what other
    /// topics hold that ask for the same slot.
    pub(super) fn fields(&self, at: &Spot) -> Option<Vec<&str>> {
        match at {
            Spot::Line(name) => {
                self.lines.all().iter().find(|(line, ..)| line == name).map(|(_, _, fields)| fields.to_vec())
            }
            Spot::Title(_) | Spot::Invalid(_) | Spot::Option(..) | Spot::Passage(_) => Some(Vec::new()),
            Spot::Confirm(_) => Some(vec!["value"]),
            Spot::Prompt(..) => Some(self.slots.keys().map(Name::as_str).collect()),
            Spot::End(name) => {
                let topic = self.topics.get(name)?;
                match topic.end {
                    End::Task { .. } => None,
                    _ => Some(topic.slots.iter().map(Name::as_str).collect()),
                }
            }
        }
    }
}
