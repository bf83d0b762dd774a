//! Topics: begun, left for another and come back to, ended; and the human at the end of every way.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::{
    rules::{Turn, yes_or_no},
    said,
    words::{Context, FactKind, Heard, Output, Priority, Stage, Sureness, Why},
};
use crate::{
    base::id::Name,
    infra::site::{End, Human, Prompt, Topic},
};

/// A second guess so likely beside the first makes a question of both.
const RIVAL: f32 = 0.5;

impl Turn<'_> {
    /// The caller turns to a topic that is not the open one, or may do so.
    pub fn turned(&mut self, heard: &Heard) -> bool {
        if heard.sure == Sureness::Reject {
            return false;
        }
        let mut guesses = heard.intents.iter().filter_map(|guess| {
            let (topic, _) = self.topic_of(&guess.intent)?;
            Some((topic, guess.probability))
        });
        let Some((topic, likely)) = guesses.next() else { return false };
        let rival = guesses.find(|(other, _)| *other != topic).filter(|(_, other)| *other >= likely * RIVAL);
        if self.state.topics.last() == Some(topic) {
            return false;
        }
        if heard.sure != Sureness::Accept && self.told(heard, true) {
            self.go_on();
            return true;
        }
        let percent = (likely * 100.0).round() as u8;
        self.state.held.clone_from(&heard.facts);
        match (heard.sure, rival) {
            (Sureness::Accept, _) => {
                self.why(Why::Intent { topic: topic.clone(), percent });
                self.enter(topic);
            }
            (_, Some((second, _))) => {
                let (first, second) = (topic.clone(), second.clone());
                self.why(Why::Ambiguous { first: first.clone(), second: second.clone() });
                self.state.stage = Stage::Which(first, second);
                self.question();
            }
            (_, None) => {
                self.why(Why::Unsure { topic: topic.clone(), percent });
                self.state.stage = Stage::Sure(topic.clone());
                self.question();
            }
        }
        true
    }

    /// “Do you want this?”
    pub fn assured(&mut self, topic: &Name, heard: &Heard) {
        match yes_or_no(heard) {
            Some(true) => self.enter(topic),
            no => {
                let turned = heard.sure == Sureness::Accept && self.turned(heard);
                if turned {
                    return;
                }
                if no.is_some() {
                    self.resume();
                    return self.miss();
                }
                self.unclear(heard);
            }
        }
    }

    /// “This, or that?”
    pub fn chosen(&mut self, first: Name, second: Name, heard: &Heard) {
        let place = heard.facts.iter().find_map(|fact| match fact.kind {
            FactKind::Ordinal | FactKind::Number | FactKind::Digits => match fact.text.as_str() {
                "1" | "-2" => Some(&first),
                "2" | "-1" => Some(&second),
                _ => None,
            },
            _ => None,
        });
        let says = |topic: &Name| {
            let title = self.talk.topics.get(topic).map(|topic| &topic.title.0);
            title.is_some_and(|title| title.values().any(|word| super::matching::says(&heard.text, word)))
        };
        let named = match (says(&first), says(&second)) {
            (true, false) => Some(&first),
            (false, true) => Some(&second),
            _ => None,
        };
        let best = heard.intents.first().filter(|_| heard.sure != Sureness::Reject);
        let meant = best.and_then(|guess| self.topic_of(&guess.intent)).map(|(topic, _)| topic);
        let meant = meant.filter(|topic| **topic == first || **topic == second);
        if let Some(topic) = place.or(named).or(meant) {
            return self.enter(topic);
        }
        if heard.sure == Sureness::Accept && self.turned(heard) {
            return;
        }
        if yes_or_no(heard) == Some(false) {
            self.resume();
            return self.miss();
        }
        self.unclear(heard);
    }

    /// Begins a topic, inside the open one if there is one.
    pub fn enter(&mut self, name: &Name) {
        let Some(topic) = self.talk.topics.get(name) else { return self.gone(name.clone()) };
        if topic.urgent {
            self.why(Why::Emergency { topic: name.clone() });
            self.state.topics.push(name.clone());
            let human = match &topic.end {
                End::Human(human) => human,
                _ => &self.talk.human,
            };
            return self.transfer(human, Priority::Urgent);
        }
        let most = self.talk.deepest;
        let open = self.state.topics.last().cloned();
        let refused = if open.as_ref() == Some(name) {
            None
        } else if self.state.topics.contains(name) {
            Some(Why::Cyclic { topic: name.clone() })
        } else {
            let full = self.state.topics.len() >= usize::from(most);
            full.then(|| Why::TooDeep { topic: name.clone(), most })
        };
        if let Some(why) = refused {
            self.why(why);
            self.state.held.clear();
            let title = open.map(|open| self.title(&open)).unwrap_or_default();
            self.say(&self.talk.lines.first, &[("topic".to_owned(), title)]);
            self.resume();
            return self.miss();
        }
        if open.as_ref() != Some(name) {
            if let Some(from) = open {
                self.why(Why::Aside { from, to: name.clone() });
                self.say(&self.talk.lines.aside, &[("topic".to_owned(), self.title(name))]);
            }
            self.state.topics.push(name.clone());
            self.progress();
        }
        let held = std::mem::take(&mut self.state.held);
        let text = self.state.last.clone();
        self.fill(None, &text, &held);
        self.proceed();
    }

    /// Back in the state that the open topic was left in, without a word.
    fn resume(&mut self) {
        let topic = self.state.topics.last().and_then(|topic| self.talk.topics.get(topic));
        self.state.stage = topic.and_then(|topic| self.lacking(topic)).unwrap_or(Stage::Open);
    }

    /// All is known.
    pub fn conclude(&mut self, name: &Name, topic: &Topic) {
        match &topic.end {
            End::Task { task, .. } => {
                let facts = topic
                    .slots
                    .iter()
                    .filter_map(|slot| Some((slot.clone(), self.known(slot)?.text.clone())));
                let facts = facts.collect();
                self.state.stage = Stage::Task(task.clone());
                self.out.push(Output::Do { task: task.clone(), facts });
            }
            End::Say(text) => self.finish(name, text, &self.values()),
            End::Answer(passage) => {
                self.tell_all(passage);
                self.finished(name);
            }
            End::Human(human) => self.transfer(human, Priority::Normal),
            End::Call(slot) => {
                let text = self.known(slot).map(|known| known.text.clone());
                let Some(text) = text else { return self.gone(slot.clone()) };
                self.why(Why::Done { topic: name.clone() });
                self.state.stage = Stage::Over;
                self.out.push(Output::Call { slot: slot.clone(), text });
            }
            End::HangUp(text) => {
                self.say(text, &self.values());
                self.why(Why::Done { topic: name.clone() });
                self.state.stage = Stage::Over;
                self.out.push(Output::HangUp);
            }
        }
    }

    /// A task has come to its end. One that nobody waits for any more is no news.
    pub fn outcome(&mut self, outcome: Option<BTreeMap<SmolStr, SmolStr>>) {
        let Stage::Task(running) = self.state.stage.clone() else { return };
        let Some(name) = self.state.topics.last().cloned() else { return self.open() };
        let Some(Topic { end: End::Task { done, .. }, .. }) = self.talk.topics.get(&name) else {
            return self.gone(name);
        };
        let Some(results) = outcome else {
            self.why(Why::TaskFailed { task: running });
            self.say(&self.talk.lines.failed, &[]);
            return self.human(Priority::Raised);
        };
        let language = self.language();
        let mut fields: Vec<(String, String)> =
            results.iter().map(|(name, value)| (name.to_string(), said::result(value, language))).collect();
        fields.extend(self.values());
        self.finish(&name, done, &fields);
    }

    fn finish(&mut self, name: &Name, text: &Prompt, fields: &[(String, String)]) {
        self.say(text, fields);
        self.finished(name);
    }

    /// The topic is over: back to the one that waits, or to the open question.
    fn finished(&mut self, name: &Name) {
        self.why(Why::Done { topic: name.clone() });
        self.state.topics.pop();
        self.forget(name);
        self.progress();
        match self.state.topics.last().cloned() {
            Some(to) => {
                self.why(Why::Back { to: to.clone() });
                self.say(&self.talk.lines.back, &[("topic".to_owned(), self.title(&to))]);
                self.proceed();
            }
            None => self.open(),
        }
    }

    /// What only this topic needed is forgotten, so that the next of its kind is asked anew.
    fn forget(&mut self, name: &Name) {
        let talk = self.talk;
        let slots = talk.topics.get(name).map(|topic| topic.slots.as_slice()).unwrap_or_default();
        let open = &self.state.topics;
        let needed = |slot: &Name| {
            talk.slots.get(slot).is_some_and(|slot| slot.keep)
                || open
                    .iter()
                    .filter_map(|topic| talk.topics.get(topic))
                    .any(|topic| topic.slots.contains(slot))
        };
        self.state.facts.retain(|slot, _| !slots.contains(slot) || needed(slot));
    }

    pub fn open(&mut self) {
        self.state.stage = Stage::Open;
        self.question();
    }

    /// The site has changed under the conversation.
    pub fn gone(&mut self, what: Name) {
        self.why(Why::Gone { what });
        self.human(Priority::Raised);
    }

    pub fn human(&mut self, priority: Priority) {
        self.transfer(&self.talk.human, priority);
    }

    fn transfer(&mut self, to: &Human, priority: Priority) {
        self.state.stage = Stage::Open;
        self.say(&self.talk.lines.human, &[]);
        self.state.stage = Stage::Over;
        let context = Context {
            language: self.state.language,
            topics: self.state.topics.clone(),
            facts: self.state.facts.clone(),
            last: self.state.last.clone(),
            turns: self.state.turns,
        };
        self.out.push(Output::Transfer { to: to.clone(), priority, context });
    }
}
