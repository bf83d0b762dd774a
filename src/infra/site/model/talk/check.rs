//! What is wrong with a conversation, all at once.

mod spot;

use std::collections::BTreeMap;

use super::{Ask, End, Jump, Locale, Name, Part, Prompt, Slot, Talk, Topic, parts};
use crate::base::{number::Key, text::ANSWER};

pub use spot::Spot;

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
    #[error("whoever is not understood has no way to topic `{topic}`: give it a `key`")]
    Keyless { topic: Name },
    #[error("key {key} leads to topic `{topic}`, but 0 is a human, `*` repeats and `#` ends: take 1 to 9")]
    TakenKey { topic: Name, key: Key },
    #[error("a shortcut leads to `{topic}`, which is no topic: correct its name")]
    UnknownTopic { topic: Name },
    #[error("{at} is not said in {language:?}: add the text")]
    Missing { at: Spot, language: Locale },
    #[error(
        "{at} has the field `{{{field}}}`, which is not known there: write the name of a slot of the topic"
    )]
    UnknownField { at: Spot, field: String },
    #[error("slot `{slot}` has no prompt: say what callers are asked")]
    Mute { slot: Name },
    #[error("slot `{slot}` can't be filled: {remedy}")]
    Impossible { slot: Name, remedy: &'static str },
    #[error("two prompts of slot `{slot}` are the same: let the later one help more, or remove it")]
    NoHelp { slot: Name },
    #[error("`confirm` of slot `{slot}` does not say what is confirmed: put `{{value}}` into it")]
    Blind { slot: Name },
    #[error("`{word}` means two options of slot `{slot}`: leave it to one of them")]
    SameOption { slot: Name, word: String },
    #[error(
        "topic `{topic}` calls whom `{slot}` names: let it be one of its slots, that asks for a person or digits"
    )]
    NobodyToCall { topic: Name, slot: Name },
    #[error(
        "topic `{topic}` is urgent, so it asks nothing and leads to a human: remove its slots, end it by `human`"
    )]
    NotUrgent { topic: Name },
    #[error("passage `{passage}` says nothing: write what callers are told")]
    EmptyPassage { passage: Name },
    #[error(
        "topic `{topic}` answers with `{passage}`, which is no passage: add it under `knowledge`, or correct its name"
    )]
    UnknownPassage { topic: Name, passage: Name },
    #[error(
        "passage `{passage}` has {count} sentences, of which callers hear {most}: make two passages of it"
    )]
    LongPassage { passage: Name, count: usize, most: usize },
    #[error("nobody asks for passage `{passage}` in {language:?}: add what callers ask to `asked`")]
    Unasked { passage: Name, language: Locale },
    #[error("`{word}` is asked for both `{first}` and `{second}`: leave it to one of them")]
    AskedTwice { word: String, first: Name, second: Name },
    #[error(
        "slot `{slot}` is secret, but only digits and codes can be, and nobody is called by them: remove `secret`"
    )]
    NoSecret { slot: Name },
    #[error("slot `{slot}` asks for a card or a PIN, which would stand in the journal: write `secret: true`")]
    Bare { slot: Name },
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
        for (name, topic) in &self.topics {
            self.check_topic(name, topic, &mut faults);
        }
        self.check_doors(&mut faults);
        for (name, slot) in &self.slots {
            self.check_slot(name, slot, &mut faults);
        }
        self.check_knowledge(languages, &mut faults);
        self.check_texts(languages, &mut faults);
        faults
    }

    fn check_knowledge(&self, languages: &[Locale], faults: &mut Vec<TalkFault>) {
        let mut asked: BTreeMap<String, &Name> = BTreeMap::new();
        for (name, passage) in &self.knowledge {
            let heard = |(_, sentence): &(Locale, &str)| sentence.contains(char::is_alphanumeric);
            let counts = passage.text.0.keys().map(|locale| passage.sentences(*locale).filter(heard).count());
            let (least, count) = counts.fold((usize::MAX, 0), |(least, most), n| (least.min(n), most.max(n)));
            if count == 0 || least == 0 {
                faults.push(TalkFault::EmptyPassage { passage: name.clone() });
            }
            if count > ANSWER {
                faults.push(TalkFault::LongPassage { passage: name.clone(), count, most: ANSWER });
            }
            let asks =
                |language: &&Locale| passage.asked.get(*language).is_some_and(|asked| !asked.is_empty());
            let silent = languages.iter().filter(|language| !asks(language));
            faults.extend(
                silent.map(|language| TalkFault::Unasked { passage: name.clone(), language: *language }),
            );
            for word in passage.asked.values().flatten().map(|word| word.to_lowercase()) {
                let before = asked.insert(word.clone(), name);
                if let Some(first) = before.filter(|first| *first != name) {
                    faults.push(TalkFault::AskedTwice { word, first: first.clone(), second: name.clone() });
                }
            }
        }
    }

    fn check_topic(&self, name: &Name, topic: &Topic, faults: &mut Vec<TalkFault>) {
        for (index, slot) in topic.slots.iter().enumerate() {
            if !self.slots.contains_key(slot) {
                faults.push(TalkFault::UnknownSlot { topic: name.clone(), slot: slot.clone() });
            }
            if topic.slots[..index].contains(slot) {
                faults.push(TalkFault::SlotTwice { topic: name.clone(), slot: slot.clone() });
            }
        }
        if let Some(key) = topic.key.filter(|key| !('1'..='9').contains(&key.char())) {
            faults.push(TalkFault::TakenKey { topic: name.clone(), key });
        }
        if topic.key.is_none() && !topic.urgent {
            faults.push(TalkFault::Keyless { topic: name.clone() });
        }
        if topic.urgent && (!topic.slots.is_empty() || !matches!(topic.end, End::Human(_))) {
            faults.push(TalkFault::NotUrgent { topic: name.clone() });
        }
        if let End::Answer(passage) = &topic.end
            && !self.knowledge.contains_key(passage)
        {
            let (topic, passage) = (name.clone(), passage.clone());
            faults.push(TalkFault::UnknownPassage { topic, passage });
        }
        if let End::Call(slot) = &topic.end {
            let ask = self.slots.get(slot).map(|slot| &slot.ask);
            if !topic.slots.contains(slot) || !matches!(ask, Some(Ask::Person | Ask::Digits { .. })) {
                faults.push(TalkFault::NobodyToCall { topic: name.clone(), slot: slot.clone() });
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

    fn check_slot(&self, name: &Name, slot: &Slot, faults: &mut Vec<TalkFault>) {
        if !self.topics.values().any(|topic| topic.slots.contains(name)) {
            faults.push(TalkFault::IdleSlot { slot: name.clone() });
        }
        if slot.prompts.is_empty() {
            faults.push(TalkFault::Mute { slot: name.clone() });
        }
        if slot.prompts.iter().enumerate().any(|(index, prompt)| slot.prompts[..index].contains(prompt)) {
            faults.push(TalkFault::NoHelp { slot: name.clone() });
        }
        let says = |prompt: &Prompt| prompt.0.values().all(|text| text.contains("{value}"));
        if slot.confirm.as_ref().is_some_and(|confirm| !says(confirm)) {
            faults.push(TalkFault::Blind { slot: name.clone() });
        }
        let called = |topic: &Topic| matches!(&topic.end, End::Call(whom) if whom == name);
        let typed = matches!(slot.ask, Ask::Digits { .. } | Ask::Code);
        if slot.secret && (!typed || self.topics.values().any(called)) {
            faults.push(TalkFault::NoSecret { slot: name.clone() });
        }
        if !slot.secret && (typed || slot.ask == Ask::Number) && sensitive(name, slot) {
            faults.push(TalkFault::Bare { slot: name.clone() });
        }
        if let Ask::Choice(options) = &slot.ask {
            let mut words: BTreeMap<String, &Name> = BTreeMap::new();
            for option in options {
                for word in option.title.0.values().chain(&option.words).map(|word| word.to_lowercase()) {
                    let before = words.insert(word.clone(), &option.value);
                    if before.is_some_and(|before| *before != option.value) {
                        faults.push(TalkFault::SameOption { slot: name.clone(), word });
                    }
                }
            }
        }
        let remedy = match &slot.ask {
            Ask::Digits { min, max } if *min == 0 || min > max || *max > 32 => {
                "`min` is 1 at least, `max` no less and 32 at most"
            }
            Ask::Choice(options) if options.len() < 2 => "a choice has two options at least",
            Ask::Choice(options) if options.len() > 9 => "more than nine options fit on no keypad",
            _ => return,
        };
        faults.push(TalkFault::Impossible { slot: name.clone(), remedy });
    }

    fn check_texts(&self, languages: &[Locale], faults: &mut Vec<TalkFault>) {
        for (at, prompt) in self.texts() {
            let missing = languages.iter().filter(|language| !prompt.0.contains_key(language));
            faults.extend(missing.map(|language| TalkFault::Missing { at: at.clone(), language: *language }));
            let Some(known) = self.fields(&at) else { continue };
            for field in prompt.0.values().flat_map(|text| fields_of(text)) {
                if !known.contains(&field) {
                    faults.push(TalkFault::UnknownField { at: at.clone(), field: field.to_owned() });
                }
            }
        }
    }
}

/// Words of what nobody writes down.
const SENSITIVE: [&str; 6] = ["card", "pin", "cvv", "cvc", "password", "passcode"];
const SENSITIVE_HAN: [&str; 6] = ["卡号", "密码", "安全码", "验证码", "口令", "信用卡"];

/// Whether a slot's name or questions are those for a card or a PIN.
fn sensitive(name: &Name, slot: &Slot) -> bool {
    let texts = slot.prompts.iter().flat_map(|prompt| prompt.0.values()).map(|text| text.to_lowercase());
    let mut texts = texts.chain([name.as_str().to_lowercase()]);
    texts.any(|text| {
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
        SENSITIVE_HAN.iter().any(|word| text.contains(word)) || words.any(|word| SENSITIVE.contains(&word))
    })
}

fn fields_of(text: &str) -> impl Iterator<Item = &str> {
    parts(text).filter_map(|part| match part {
        Part::Field(field) => Some(field),
        Part::Words(_) => None,
    })
}
