//! Quantities with their units, and ages: “ten miles”, “six-mile”, 两斤半, 三十九度, “five years old”, 五岁.

use std::sync::LazyLock;

use smol_str::SmolStr;

use super::{
    decimal::Decimal,
    model::{Age, AgeUnit, Entity, Quantity, Value},
    number::{Found, number},
    numeric::scan,
    phrases::{Phrases, names, rows},
    token::{Kind, Text},
};

static UNITS: LazyLock<Phrases<SmolStr>> = LazyLock::new(|| {
    let table = rows(include_str!("data/units.tsv"));
    Phrases::new(table.flat_map(|row| {
        let name = SmolStr::new(row[0]);
        row.into_iter().skip(1).flat_map(names).map(move |unit| (unit, name.clone())).collect::<Vec<_>>()
    }))
});

pub fn quantities(text: &Text) -> Vec<Entity> {
    scan(text, |at| {
        let (quantity, end) = temperature_first(text, at).or_else(|| quantity(text, at))?;
        Some(((at, Value::Quantity(quantity)), end))
    })
}

fn quantity(text: &Text, at: usize) -> Found<Quantity> {
    let within_word = at > 0 && text.glued(at) && text.kind(at - 1) == Some(Kind::Word);
    let (value, next) = number(text, at).filter(|_| !within_word).or_else(|| article(text, at))?;
    let (value, next) = shared(text, at, next).unwrap_or((value, next));
    let next = if text.at(next) == "-" { next + 1 } else { next };
    let next = if text.starts(next, &["个", "半"]) { next + 1 } else { next };
    let (unit, end) = UNITS.at(text, next)?;
    let letters =
        text.kind(end) == Some(Kind::Word) && text.glued(end) && text.kind(end - 1) == Some(Kind::Word);
    if letters || (text.at(next) == "m" && text.glued(next) && text.raw(next) == "M") {
        return None;
    }
    let code =
        text.glued(end) && text.kind(end) == Some(Kind::Digits) && text.kind(end - 1) == Some(Kind::Word);
    let in_code = at > 1 && text.at(at - 1) == "-" && text.glued(at) && text.glued(at - 1);
    let power = text.kind(end - 1) == Some(Kind::Digits) && !text.glued(end - 1);
    if code || in_code && text.kind(at - 2) == Some(Kind::Word) || power {
        return None;
    }
    if let Some(found) = feet_and_inches(text, value, unit, end) {
        return Some(found);
    }
    if text.at(end) == "半" && text.at(end + 1) != "个" && text.at(end + 1) != "夜" {
        return Some((Quantity { value: value.plus(Decimal::HALF)?, unit: unit.clone() }, end + 1));
    }
    Some((Quantity { value, unit: unit.clone() }, end))
}

/// “a kilo”, “half a pound”.
fn article(text: &Text, at: usize) -> Found<Decimal> {
    match text.at(at) {
        "half" if matches!(text.at(at + 1), "a" | "an") => Some((Decimal::HALF, at + 2)),
        "半" => Some((Decimal::HALF, at + 1)),
        _ => None,
    }
}

/// “five feet two inches”, “5 ft 2”.
fn feet_and_inches(text: &Text, feet: Decimal, unit: &str, at: usize) -> Found<Quantity> {
    if unit != "foot" {
        return None;
    }
    let next = if text.at(at) == "and" { at + 1 } else { at };
    let (inches, end) = number(text, next).filter(|(inches, _)| inches.to_f64() < 12.0)?;
    let end = match text.at(end) {
        "in" | "inch" | "inches" | "\"" => end + 1,
        _ => return None,
    };
    let value = feet.plus(inches.over(Decimal::from(12))?)?;
    Some((Quantity { value, unit: SmolStr::new(unit) }, end))
}

/// 12千米, 两万两: the last character of the number begins the unit.
fn shared(text: &Text, at: usize, end: usize) -> Found<Decimal> {
    let last = end.checked_sub(1).filter(|last| *last > at)?;
    let (_, stop) = UNITS.at(text, last)?;
    let begins = match text.at(last) {
        "千" | "兆" => stop > end,
        "两" => UNITS.at(text, end).is_none(),
        _ => false,
    };
    if !begins {
        return None;
    }
    let shorter = Text { source: text.source, tokens: text.tokens[..last].to_vec() };
    number(&shorter, at).filter(|(_, stop)| *stop == last)
}

/// 华氏温度98.6度, 零下五度.
fn temperature_first(text: &Text, at: usize) -> Found<Quantity> {
    let scales: [(&[&str], &str); 4] = [
        (&["华", "氏", "温", "度"], "fahrenheit"),
        (&["华", "氏"], "fahrenheit"),
        (&["摄", "氏", "温", "度"], "celsius"),
        (&["摄", "氏"], "celsius"),
    ];
    if text.starts(at, &["零", "下"]) {
        let (quantity, end) = quantity(text, at + 2)
            .filter(|(found, _)| matches!(found.unit.as_str(), "degree" | "celsius" | "fahrenheit"))?;
        return Some((Quantity { value: quantity.value.negated(), unit: quantity.unit }, end));
    }
    let (words, unit) = scales.iter().find(|(words, _)| text.starts(at, words))?;
    let (value, end) = number(text, at + words.len())?;
    (text.at(end) == "度").then(|| (Quantity { value, unit: SmolStr::new(unit) }, end + 1))
}

pub fn ages(text: &Text) -> Vec<Entity> {
    scan(text, |at| {
        let (age, end) = age(text, at)?;
        Some(((at, Value::Age(age)), end))
    })
}

/// Units of age as they are said, and whether “old” or 大 must follow.
const AGE_UNITS: &[(&[&str], AgeUnit, bool)] = &[
    (&["周", "岁"], AgeUnit::Year, false),
    (&["岁"], AgeUnit::Year, false),
    (&["个", "月"], AgeUnit::Month, true),
    (&["个", "星", "期"], AgeUnit::Week, true),
    (&["周"], AgeUnit::Week, true),
    (&["天"], AgeUnit::Day, true),
    (&["year"], AgeUnit::Year, true),
    (&["years"], AgeUnit::Year, true),
    (&["month"], AgeUnit::Month, true),
    (&["months"], AgeUnit::Month, true),
    (&["week"], AgeUnit::Week, true),
    (&["weeks"], AgeUnit::Week, true),
    (&["day"], AgeUnit::Day, true),
    (&["days"], AgeUnit::Day, true),
];

fn age(text: &Text, at: usize) -> Found<Age> {
    if text.at(at) == "age" && at > 0 && matches!(text.at(at - 1), "of" | "my" | "is") {
        let (value, end) = number(text, at + 1)?;
        return Some((Age { value, unit: AgeUnit::Year }, end));
    }
    let (value, next) = number(text, at)?;
    if matches!(text.at(next), "yo" | "y/o") {
        return Some((Age { value, unit: AgeUnit::Year }, next + 1));
    }
    let next = if text.at(next) == "-" { next + 1 } else { next };
    let (words, unit, old) = AGE_UNITS.iter().find(|(words, ..)| text.starts(next, words))?;
    let end = next + words.len();
    if *unit == AgeUnit::Year && text.at(end) == "半" {
        return Some((Age { value: value.plus(Decimal::HALF)?, unit: *unit }, end + 1));
    }
    if !old {
        return Some((Age { value, unit: *unit }, end));
    }
    let dash = usize::from(text.at(end) == "-");
    let end = match text.at(end + dash) {
        "old" | "大" => end + dash + 1,
        "of" if text.at(end + 1) == "age" => end + 2,
        _ => return None,
    };
    Some((Age { value, unit: *unit }, end))
}
