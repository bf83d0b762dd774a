//! What is wrong with a conversation, all at once.

use std::collections::BTreeMap;

use super::{Ask, End, Jump, Locale, Name, Prompt, Talk};

/// A fault, with its remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TalkFault {
    #[error("a conversation without topics: add one under `topics`")]
    NoTopics,
    #[error("topic `{topic}` asks for `{slot}`, which is no slot: add it under `slots`, or correct its name")]
    UnknownSlot { topic: Name, slot: Name },
    #[error("topic `{topic}` asks for `{slot}` twice: remove one")]
    SlotTwice { topic: Name, slot: Name },
    #[error("no topic asks for slot `{slot}`: name it in a topic's `slots`, or remove it")]
    IdleSlot { slot: Name },
    #[error("{what} means both `{first}` and `{second}`: leave it to one of them")]
    Shared { what: String, first: Name, second: Name },
    #[error("nothing leads to topic `{topic}`: give it an intent, a key or a shortcut")]
    Unreachable { topic: Name },
    #[error("a shortcut leads to `{topic}`, which is no topic: correct its name")]
    UnknownTopic { topic: Name },
    #[error("{at} is not said in {language:?}: add the text")]
    Missing { at: String, language: Locale },
    #[error(
        "{at} has the field `{{{field}}}`, which is not known there: write the name of a slot of the topic"
    )]
    UnknownField { at: String, field: String },
    #[error("slot `{slot}` has no prompt: say what callers are asked")]
    Mute { slot: Name },
    #[error("slot `{slot}` can't be filled: {remedy}")]
    Impossible { slot: Name, remedy: &'static str },
    #[error("`{what}` is {value}: it must be from 1 to {most}")]
    OutOfRange { what: &'static str, value: u8, most: u8 },
}

impl Talk {
    /// Everything that is wrong for a site that speaks these languages; empty when nothing is.
    pub fn check(&self, languages: &[Locale]) -> Vec<TalkFault> {
        let mut faults = Vec::new();
        for (what, value) in [("misses", self.misses), ("deepest", self.deepest)] {
            if !(1..=9).contains(&value) {
                faults.push(TalkFault::OutOfRange { what, value, most: 9 });
            }
        }
        if self.topics.is_empty() {
            faults.push(TalkFault::NoTopics);
        }
        self.check_topics(&mut faults);
        self.check_doors(&mut faults);
        self.check_slots(&mut faults);
        self.check_texts(languages, &mut faults);
        faults
    }

    fn check_topics(&self, faults: &mut Vec<TalkFault>) {
        for (name, topic) in &self.topics {
            for (index, slot) in topic.slots.iter().enumerate() {
                if !self.slots.contains_key(slot) {
                    faults.push(TalkFault::UnknownSlot { topic: name.clone(), slot: slot.clone() });
                }
                if topic.slots[..index].contains(slot) {
                    faults.push(TalkFault::SlotTwice { topic: name.clone(), slot: slot.clone() });
                }
            }
        }
    }

    /// The ways into topics: each leads to one, and every topic has one.
    fn check_doors(&self, faults: &mut Vec<TalkFault>) {
        let mut doors: BTreeMap<String, &Name> = BTreeMap::new();
        let mut open = |what: String, to, faults: &mut Vec<TalkFault>| {
            if let Some(first) = doors.insert(what.clone(), to).filter(|first| *first != to) {
                faults.push(TalkFault::Shared { what, first: first.clone(), second: to.clone() });
            }
        };
        for (name, topic) in &self.topics {
            for intent in &topic.intents {
                open(format!("intent `{intent}`"), name, faults);
            }
            if let Some(key) = topic.key {
                open(format!("key {key}"), name, faults);
            }
        }
        for shortcut in &self.shortcuts {
            let Jump::Topic(to) = &shortcut.to else { continue };
            if !self.topics.contains_key(to) {
                faults.push(TalkFault::UnknownTopic { topic: to.clone() });
            }
            for word in &shortcut.words {
                open(format!("shortcut `{}`", word.to_lowercase()), to, faults);
            }
        }
        let reached = |name: &Name| doors.values().any(|to| *to == name);
        let lost = self.topics.keys().filter(|name| !reached(name));
        faults.extend(lost.map(|name| TalkFault::Unreachable { topic: name.clone() }));
    }

    fn check_slots(&self, faults: &mut Vec<TalkFault>) {
        for (name, slot) in &self.slots {
            if !self.topics.values().any(|topic| topic.slots.contains(name)) {
                faults.push(TalkFault::IdleSlot { slot: name.clone() });
            }
            if slot.prompts.is_empty() {
                faults.push(TalkFault::Mute { slot: name.clone() });
            }
            let remedy = match &slot.ask {
                Ask::Digits { min, max } if *min == 0 || min > max || *max > 32 => {
                    "`min` is 1 at least, `max` no less and 32 at most"
                }
                Ask::Choice(options) if options.len() < 2 => "a choice has two options at least",
                Ask::Choice(options) if options.len() > 9 => "more than nine options fit on no keypad",
                _ => continue,
            };
            faults.push(TalkFault::Impossible { slot: name.clone(), remedy });
        }
    }

    fn check_texts(&self, languages: &[Locale], faults: &mut Vec<TalkFault>) {
        let mut look = |at: String, prompt: &Prompt, fields: Option<&[&str]>| {
            let missing = languages.iter().filter(|language| !prompt.0.contains_key(language));
            faults.extend(missing.map(|language| TalkFault::Missing { at: at.clone(), language: *language }));
            let Some(known) = fields else { return };
            for field in prompt.0.values().flat_map(|text| fields_of(text)) {
                if !known.contains(&field) {
                    faults.push(TalkFault::UnknownField { at: at.clone(), field: field.to_owned() });
                }
            }
        };
        for (name, line, fields) in self.lines.all() {
            look(format!("line `{name}`"), line, Some(fields));
        }
        for (name, topic) in &self.topics {
            look(format!("the title of topic `{name}`"), &topic.title, Some(&[]));
            let slots: Vec<&str> = topic.slots.iter().map(Name::as_str).collect();
            match &topic.end {
                // What a task gives back is not known here.
                End::Task { done, .. } => look(format!("`done` of topic `{name}`"), done, None),
                End::Say(text) | End::HangUp(text) => {
                    look(format!("the end of topic `{name}`"), text, Some(&slots));
                }
                End::Human(_) => {}
            }
        }
        for (name, slot) in &self.slots {
            for prompt in &slot.prompts {
                look(format!("a prompt of slot `{name}`"), prompt, None);
            }
            if !slot.invalid.0.is_empty() {
                look(format!("`invalid` of slot `{name}`"), &slot.invalid, Some(&[]));
            }
            if let Some(confirm) = &slot.confirm {
                look(format!("`confirm` of slot `{name}`"), confirm, Some(&["value"]));
            }
            if let Ask::Choice(options) = &slot.ask {
                for option in options {
                    look(format!("option `{}` of slot `{name}`", option.value), &option.title, Some(&[]));
                }
            }
        }
    }
}

/// The fields in a text: what stands between `{` and `}`.
fn fields_of(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(field, _)| field)
}
