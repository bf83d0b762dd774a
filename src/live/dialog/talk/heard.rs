//! What the language room understood, in the words of a conversation.

use jiff::{
    ToSpan,
    civil::{DateTime, Time},
};
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use super::words::{Correction, Fact, FactKind, Guess, Heard, Sureness};
use crate::language::{
    entities::{Address, Answer, Entity, Place, Value, When},
    model::{Understanding, Verdict},
};

/// As many guesses are kept: the best, and those it may be confused with.
const GUESSES: usize = 3;

impl Heard {
    /// The intents of a text, and its entities: those found by `parse`, or those that the question expected.
    pub fn new(text: &str, understanding: &Understanding, entities: &[Entity]) -> Self {
        Self::facts(text, entities).meaning(understanding)
    }

    /// The same words with these intents.
    #[must_use]
    pub fn meaning(self, understanding: &Understanding) -> Self {
        let guess = |guess: &crate::language::model::Guess| Guess {
            intent: guess.intent.clone(),
            probability: guess.probability,
        };
        let sure = match understanding.verdict {
            Verdict::Accept => Sureness::Accept,
            Verdict::Confirm => Sureness::Confirm,
            Verdict::Reject => Sureness::Reject,
        };
        let intents = understanding.intents.iter().take(GUESSES).map(guess).collect();
        Self { sure, intents, ..self }
    }

    /// A text of which only the entities are known.
    pub fn facts(text: &str, entities: &[Entity]) -> Self {
        let corrections = entities.iter().filter_map(|entity| match &entity.value {
            Value::Correction { wrong, right } => {
                let right = facts(text, right).into_iter().next()?;
                Some(Correction { wrong: wrong.as_ref().map(|span| span.bytes.clone()), right })
            }
            _ => None,
        });
        Self {
            text: text.into(),
            sure: Sureness::Reject,
            intents: Vec::new(),
            facts: entities.iter().flat_map(|entity| facts(text, entity)).collect(),
            corrections: corrections.collect(),
            answer: None,
            second: false,
        }
    }
}

/// Said in passing (“where is my order right now”), these ask for no moment.
const IN_PASSING: [&str; 7] = ["now", "right now", "just now", "现在", "刚才", "刚刚", "这会儿"];

/// Several for a moment: its day and its time.
fn facts(text: &str, entity: &Entity) -> Vec<Fact> {
    let words = text.get(entity.span.bytes.clone()).unwrap_or_default();
    let passing = words.len() < text.trim().len() && IN_PASSING.contains(&words.to_lowercase().as_str());
    let spelled = match &entity.value {
        Value::When(When::DateTime { .. }) if passing => Vec::new(),
        Value::When(When::DateTime { at, vague }) => {
            vec![(FactKind::Date, at.date().to_smolstr()), (FactKind::Time, daytime(at.time(), *vague))]
        }
        // A range of one day tells the day, not the time.
        Value::When(When::DateTimes { from: Some(from), until: Some(until) }) if one_day(*from, *until) => {
            vec![(FactKind::Date, from.date().to_smolstr())]
        }
        value => spelled(value).into_iter().collect(),
    };
    let fact = |(kind, text)| Fact { kind, text, span: entity.span.bytes.clone() };
    spelled.into_iter().map(fact).collect()
}

/// Nobody makes an appointment for three at night who does not say so.
fn daytime(time: Time, vague: bool) -> SmolStr {
    let time = if vague && (1..8).contains(&time.hour()) { time + 12.hours() } else { time };
    time.to_smolstr()
}

fn one_day(from: DateTime, until: DateTime) -> bool {
    until.checked_sub(1.second()).is_ok_and(|last| last.date() == from.date())
}

fn spelled(value: &Value) -> Option<(FactKind, SmolStr)> {
    Some(match value {
        Value::Digits(digits) => (FactKind::Digits, digits.digits.as_str().into()),
        // As it was said: so it is read back.
        Value::Phone(phone) => (FactKind::Phone, phone.digits.as_str().into()),
        Value::Code(code) => (FactKind::Code, code.into()),
        Value::Number(number) => (FactKind::Number, number.to_smolstr()),
        // 三张, “four pieces”: how many is what is meant by it.
        Value::Quantity(quantity) => (FactKind::Number, quantity.value.to_smolstr()),
        Value::Ordinal(place) => (FactKind::Ordinal, ordinal(*place)?),
        Value::Amount(amount) => (FactKind::Amount, format_smolstr!("{} {}", amount.value, amount.currency)),
        Value::When(When::Date { date }) => (FactKind::Date, date.to_smolstr()),
        Value::When(When::Time { time, vague }) => (FactKind::Time, daytime(*time, *vague)),
        Value::Person { candidates } => (FactKind::Person, candidates.first()?.name.clone()),
        Value::Address(address) => (FactKind::Place, place(address)),
        Value::Answer(Answer::Yes) => (FactKind::Yes, "yes".into()),
        Value::Answer(Answer::No) => (FactKind::No, "no".into()),
        Value::Answer(Answer::Neither) => (FactKind::Neither, "neither".into()),
        _ => return None,
    })
}

/// Counted from one, or from the end below zero.
fn ordinal(place: Place) -> Option<SmolStr> {
    match place {
        Place::Nth(nth) => Some(nth.to_smolstr()),
        Place::FromEnd(nth) => Some((-1 - nth).to_smolstr()),
        Place::FromHere(_) => None,
    }
}

fn place(address: &Address) -> SmolStr {
    let parts = [&address.province, &address.city, &address.district];
    let mut parts: Vec<&str> = parts.into_iter().flatten().map(SmolStr::as_str).collect();
    parts.extend(address.street.as_deref());
    parts.join(" ").into()
}
