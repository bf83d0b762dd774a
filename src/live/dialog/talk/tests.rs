//! Whole conversations. Entities are read by the language room from the caller's very words; what the model would
//! make of a sentence is written beside it. Between any two turns the state goes through JSON, as over a restart.

mod answers;
mod bounds;
mod english;
mod hostile;
mod learned;
mod mandarin;
mod shop;

use std::collections::BTreeMap;

use jiff::civil::date;
use smol_str::SmolStr;

use super::{Guess, Heard, Input, Output, Stage, Sureness, Talking, Why, on};
use crate::{
    base::{id::Name, number::Key},
    infra::site::{Locale, Talk},
    language::entities::{self, Setting},
};

/// A caller in a conversation.
struct Caller {
    talk: Talk,
    state: Talking,
    out: Vec<Output>,
}

impl Caller {
    fn new(talk: Talk, language: Locale) -> Self {
        let mut caller = Self { talk, state: Talking::new(language), out: Vec::new() };
        caller.put(Input::Begin);
        caller
    }

    fn put(&mut self, input: Input) -> &mut Self {
        let input = serde_json::from_slice(&serde_json::to_vec(&input).unwrap()).unwrap();
        self.out = on(&mut self.state, &self.talk, input);
        self.state = serde_json::from_slice(&serde_json::to_vec(&self.state).unwrap()).unwrap();
        self
    }

    /// Says words that are no intent's.
    fn says(&mut self, text: &str) -> &mut Self {
        self.means(text, Sureness::Reject, &[])
    }

    fn wants(&mut self, text: &str, intent: &str) -> &mut Self {
        self.means(text, Sureness::Accept, &[(intent, 0.93)])
    }

    fn means(&mut self, text: &str, sure: Sureness, intents: &[(&str, f32)]) -> &mut Self {
        let locale = if text.is_ascii() { "en-US" } else { "zh-CN" };
        let setting = Setting::new(locale, date(2026, 11, 21).at(10, 0, 0, 0));
        let guess = |(intent, probability): &(&str, f32)| Guess {
            intent: (*intent).into(),
            probability: *probability,
        };
        let intents = intents.iter().map(guess).collect();
        let heard = Heard { sure, intents, ..Heard::facts(text, &entities::parse(text, &setting)) };
        self.put(Input::Understood(heard))
    }

    fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.chars() {
            self.put(Input::Key(Key::new(key).unwrap()));
        }
        self
    }

    fn done(&mut self, results: &[(&str, &str)]) -> &mut Self {
        let results: BTreeMap<SmolStr, SmolStr> =
            results.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        self.put(Input::Task(Some(results)))
    }

    /// All that was said in this turn.
    #[track_caller]
    fn hears(&mut self, text: &str) -> &mut Self {
        let said: Vec<&str> = self
            .out
            .iter()
            .filter_map(|output| match output {
                Output::Say { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(said.join(" | "), text, "{:#?}", self.out);
        self
    }

    #[track_caller]
    fn because(&mut self, why: Why) -> &mut Self {
        assert!(self.out.contains(&Output::Why(why.clone())), "no {why:?} in {:#?}", self.out);
        self
    }

    #[track_caller]
    fn does(&mut self, task: &str, facts: &[(&str, &str)]) -> &mut Self {
        let facts = facts.iter().map(|(slot, value)| (name(slot), SmolStr::new(value))).collect();
        assert_eq!(self.out.last(), Some(&Output::Do { task: name(task), facts }), "{:#?}", self.out);
        self
    }

    /// The queue and priority of the human who takes over, and what they see.
    #[track_caller]
    fn transferred(&self) -> (&str, super::Priority, &super::Context) {
        match self.out.last() {
            Some(Output::Transfer { to, priority, context }) => (to.queue.as_str(), *priority, context),
            other => panic!("no transfer but {other:?}"),
        }
    }
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}
