//! Keys: the same answers as by voice. 1 is yes and 2 is no, numbers choose, `#` ends, `*` repeats, 0 is a human
//! wherever no digits are collected.

use jiff::civil::{Date, Time};
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use super::{
    hiding::{MOST_KEYS, most_keys},
    rules::Turn,
    words::{Fact, FactKind, Heard, Output, Priority, Stage, Why},
};
use crate::{base::number::Key, infra::site::Ask, ports::engine::Ear};

impl Turn<'_> {
    pub fn key(&mut self, key: Key) {
        // A key stops what is said, too.
        self.hush();
        match self.state.stage.clone() {
            Stage::Ask(_) => self.key_for_slot(key),
            Stage::Open => {
                let topic =
                    self.talk.topics.iter().find(|(_, topic)| topic.key == Some(key)).map(|(name, _)| name);
                match topic {
                    Some(topic) => {
                        self.why(Why::Pressed { key, topic: topic.clone() });
                        self.state.held.clear();
                        self.state.last = "".into();
                        self.enter(topic);
                    }
                    None => self.common(key),
                }
            }
            Stage::Confirm(slot) => match yes_no(key) {
                Some(heard) => self.checked(&slot, &heard),
                None => self.common(key),
            },
            Stage::Sure(topic) => match yes_no(key) {
                Some(heard) => self.assured(&topic, &heard),
                None => self.common(key),
            },
            Stage::Which(first, second) => match key.char() {
                '1' | '2' => self.chosen(first, second, &pressed(FactKind::Number, key.char().to_smolstr())),
                _ => self.common(key),
            },
            // Whoever asks for a human need not wait for the task.
            Stage::Task(task) => match key.char() {
                '0' => self.common(key),
                _ => self.why(Why::Busy { task }),
            },
            Stage::Fresh | Stage::Over => {}
        }
    }

    /// Keys that mean the same wherever they mean nothing else.
    fn common(&mut self, key: Key) {
        match key.char() {
            '0' => {
                self.why(Why::Asked);
                self.human(Priority::Normal);
            }
            '*' => self.question(),
            _ => self.miss(),
        }
    }

    fn key_for_slot(&mut self, key: Key) {
        let Some(slot) = self.slot() else { return };
        let single = match (&slot.ask, key.char()) {
            (Ask::Choice(options), '1'..='9') if options.len() <= 9 => Some(FactKind::Number),
            (Ask::Answer, '1') => Some(FactKind::Yes),
            (Ask::Answer, '2') => Some(FactKind::No),
            _ => None,
        };
        if let (Some(kind), Stage::Ask(name)) = (single, self.state.stage.clone()) {
            return self.answered(&name, &pressed(kind, key.char().to_smolstr()));
        }
        let most = match &slot.ask {
            Ask::Digits { max, .. } => usize::from(*max),
            Ask::Phone => 15,
            Ask::Date => 8,
            Ask::Time => 4,
            Ask::Code | Ask::Number | Ask::Amount => MOST_KEYS,
            Ask::Person | Ask::Place | Ask::Answer | Ask::Choice(_) => return self.common(key),
        };
        let point = key.char() == '*' && slot.ask == Ask::Amount && !self.state.keys.is_empty();
        match key.char() {
            '#' => self.gathered(),
            digit if digit.is_ascii_digit() || point => {
                let digit = if point { '.' } else { digit };
                self.state.keys = format_smolstr!("{}{digit}", self.state.keys);
                if self.state.keys.len() >= most {
                    return self.gathered();
                }
                let ear = Ear::Digits { min: 1, max: most as u8 };
                self.out.push(Output::Listen { ear, language: self.state.language });
            }
            '*' => {
                self.state.keys = "".into();
                self.question();
            }
            _ => self.miss(),
        }
    }

    /// A digit of which only the count is known.
    pub fn secret_digit(&mut self) {
        self.hush();
        if matches!(self.state.stage, Stage::Confirm(_)) {
            return self.miss();
        }
        let Some(slot) = self.slot().filter(|slot| slot.secret) else { return };
        self.state.keys = format_smolstr!("{}*", self.state.keys);
        let most = most_keys(&slot.ask);
        if self.state.keys.len() >= most {
            return self.gathered();
        }
        let ear = Ear::Digits { min: 1, max: most as u8 };
        self.out.push(Output::Listen { ear, language: self.state.language });
    }

    /// The secret digits are an answer.
    pub fn typed(&mut self, typed: Option<Fact>) {
        // Digits that came after the whole are nobody's.
        self.state.keys = "".into();
        let Stage::Ask(name) = self.state.stage.clone() else { return };
        match typed {
            Some(fact) => self.answered(&name, &pressed(fact.kind, fact.text)),
            None => self.miss(),
        }
    }

    /// The keys so far are the answer.
    pub fn gathered(&mut self) {
        let keys = std::mem::take(&mut self.state.keys);
        let (Some(slot), Stage::Ask(name)) = (self.slot(), self.state.stage.clone()) else { return };
        if slot.secret && !keys.is_empty() {
            return self.out.push(Output::Reveal(keys.len() as u8));
        }
        let fact = match slot.ask {
            Ask::Date => date(&keys).map(|date| (FactKind::Date, date.to_smolstr())),
            Ask::Time => time(&keys).map(|time| (FactKind::Time, time.to_smolstr())),
            Ask::Amount | Ask::Number => keys.parse::<f64>().ok().map(|_| (FactKind::Number, keys.clone())),
            _ => Some((FactKind::Digits, keys.clone())),
        };
        match fact.filter(|_| !keys.is_empty()) {
            Some((kind, text)) => self.answered(&name, &pressed(kind, text)),
            None => self.miss(),
        }
    }
}

fn yes_no(key: Key) -> Option<Heard> {
    let kind = match key.char() {
        '1' => FactKind::Yes,
        '2' => FactKind::No,
        _ => return None,
    };
    Some(pressed(kind, key.char().to_smolstr()))
}

/// Keys are an utterance without words.
fn pressed(kind: FactKind, text: SmolStr) -> Heard {
    let span = 0..text.len();
    Heard { facts: vec![Fact { kind, text, span }], ..Heard::default() }
}

/// 20261204
fn date(keys: &str) -> Option<Date> {
    Date::strptime("%Y%m%d", keys).ok()
}

/// 1530
fn time(keys: &str) -> Option<Time> {
    Time::strptime("%H%M", keys).ok()
}
