//! Finds numbers, ordinals and percentages in a sentence.

use super::{
    decimal::Decimal,
    model::{Entity, Place, Value},
    number::{Found, chinese, english, number},
    token::{Kind, Text},
};

/// Goes through a text once; what is found is not looked at again.
pub fn scan(text: &Text, mut look: impl FnMut(usize) -> Found<(usize, Value)>) -> Vec<Entity> {
    let mut entities = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match look(at) {
            Some(((start, value), end)) if end > at => {
                entities.extend(Entity::new(text, start, end, value));
                at = end;
            }
            _ => at += 1,
        }
    }
    entities
}

pub fn numbers(text: &Text) -> Vec<Entity> {
    let mut blocked = 0;
    scan(text, |at| {
        if at < blocked {
            return None;
        }
        let (value, end) = number(text, at)?;
        if !counts(text, at, end) {
            blocked = end;
            return None;
        }
        Some(((at, Value::Number(value)), end))
    })
}

/// No pronoun (“this one”), no part of a word or code (A4, 180ml).
fn counts(text: &Text, at: usize, end: usize) -> bool {
    let before = if at > 0 { text.at(at - 1) } else { "" };
    if end == at + 1 && text.at(at) == "one" {
        let pronoun = [
            "the", "this", "that", "which", "no", "next", "previous", "other", "another", "any", "every",
            "each",
        ];
        return !pronoun.contains(&before) && english::small_ordinal(before).is_none();
    }
    let digits_last = text.kind(end - 1) == Some(Kind::Digits);
    let letters_follow = text.glued(end) && text.kind(end) == Some(Kind::Word);
    let letters_before = at > 0 && text.glued(at) && text.kind(at - 1) == Some(Kind::Word);
    !(digits_last && letters_follow || letters_before)
}

pub fn percentages(text: &Text) -> Vec<Entity> {
    scan(text, |at| {
        let (value, end) = percentage(text, at)?;
        Some(((at, Value::Percentage(value)), end))
    })
}

fn percentage(text: &Text, at: usize) -> Found<Decimal> {
    if let Some(end) = percent_word(text, at) {
        let end = if text.at(end) == "of" { end + 1 } else { return None };
        return number(text, end);
    }
    if let Some(found) = chinese_share(text, at).or_else(|| discount(text, at)) {
        return Some(found);
    }
    let (value, end) = number(text, at)?;
    Some((value, percent_word(text, end)?))
}

/// “percent”, “per cent”, %, 个百分点.
fn percent_word(text: &Text, at: usize) -> Option<usize> {
    match text.at(at) {
        "%" | "percent" | "percents" | "percentage" => Some(at + 1),
        "per" if text.at(at + 1) == "cent" => Some(at + 2),
        "个" if text.starts(at + 1, &["百", "分", "点"]) => Some(at + 4),
        "百" if text.starts(at + 1, &["分", "点"]) => Some(at + 3),
        _ => None,
    }
}

/// 百分之二十, 千分之一, 百分百, 百分三十.
fn chinese_share(text: &Text, at: usize) -> Found<Decimal> {
    if text.at(at) == "负" && !matches!(text.at(at + 1), "的" | "负") {
        let (value, end) = chinese_share(text, at + 1)?;
        return Some((value.negated(), end));
    }
    let mut below = 0;
    let mut end = at;
    while let Some(exponent) = match text.at(end) {
        "百" => Some(2),
        "千" => Some(3),
        "万" => Some(4),
        _ => None,
    } {
        below += exponent;
        end += 1;
    }
    if below == 0 || text.at(end) != "分" || text.at(end + 1) == "点" {
        return None;
    }
    let share = Decimal::from(100).over(english::ten_to(below))?;
    let said = text.at(end + 1) == "之";
    let from = if said { end + 2 } else { end + 1 };
    if below == 2 && text.at(from) == "百" {
        return Some((Decimal::from(100), from + 1));
    }
    let (value, end) = number(text, from)?;
    Some((value.times(share)?, end))
}

/// 八折 is 80 % of the price, 七五折 75 %, 三成 30 %, 三成半 35 %, 对折 and 半折 50 %.
fn discount(text: &Text, at: usize) -> Found<Decimal> {
    if matches!(text.at(at), "对" | "半") && text.at(at + 1) == "折" {
        return Some((Decimal::from(50), at + 2));
    }
    let ten = Decimal::from(10);
    if let (Some(tens), Some(ones)) = (chinese::digit(text.at(at)), chinese::digit(text.at(at + 1)))
        && text.at(at + 2) == "折"
    {
        return Some((Decimal::from(tens * 10 + ones), at + 3));
    }
    let (value, end) = number(text, at)?;
    let value = if value.to_f64() > 10.0 { value } else { value.times(ten)? };
    match text.at(end) {
        "折" if value.to_f64() < 100.0 => Some((value, end + 1)),
        "成" if chinese::digit(text.at(end + 1)).is_some_and(|ones| ones > 0) => {
            let ones = chinese::digit(text.at(end + 1))?;
            Some((value.plus(Decimal::from(ones))?, end + 2))
        }
        "成" if text.at(end + 1) == "半" => Some((value.plus(Decimal::from(5))?, end + 2)),
        "成" => Some((value, end + 1)),
        _ => None,
    }
}

pub fn ordinals(text: &Text) -> Vec<Entity> {
    scan(text, |at| {
        let (place, end) = ordinal(text, at)?;
        Some(((at, Value::Ordinal(place)), end))
    })
}

/// Phrases for a place in a row that no number names.
const PLACES: &[(&[&str], Place)] = &[
    (&["the", "one", "before", "the", "last", "one"], Place::FromEnd(1)),
    (&["the", "one", "before", "the", "last"], Place::FromEnd(1)),
    (&["the", "last", "but", "one"], Place::FromEnd(1)),
    (&["last", "but", "one"], Place::FromEnd(1)),
    (&["the", "second", "to", "last"], Place::FromEnd(1)),
    (&["second", "to", "last"], Place::FromEnd(1)),
    (&["the", "third", "to", "last"], Place::FromEnd(2)),
    (&["next", "to", "last"], Place::FromEnd(1)),
    (&["penultimate"], Place::FromEnd(1)),
    (&["antepenultimate"], Place::FromEnd(2)),
    (&["next", "one"], Place::FromHere(1)),
    (&["next"], Place::FromHere(1)),
    (&["previous", "one"], Place::FromHere(-1)),
    (&["previous"], Place::FromHere(-1)),
    (&["current", "one"], Place::FromHere(0)),
    (&["current"], Place::FromHere(0)),
    (&["last"], Place::FromEnd(0)),
    (&["倒", "数", "第", "一"], Place::FromEnd(0)),
    (&["倒", "数", "第", "二"], Place::FromEnd(1)),
    (&["倒", "数", "第", "三"], Place::FromEnd(2)),
    (&["最", "后", "一", "个"], Place::FromEnd(0)),
    (&["最", "后", "一"], Place::FromEnd(0)),
    (&["下", "一", "个"], Place::FromHere(1)),
    (&["上", "一", "个"], Place::FromHere(-1)),
    (&["前", "一", "个"], Place::FromHere(-1)),
];

fn ordinal(text: &Text, at: usize) -> Found<Place> {
    if let Some((words, place)) = PLACES.iter().find(|(words, _)| text.starts(at, words)) {
        return Some((*place, at + words.len()));
    }
    if text.at(at) == "第" {
        let (value, end) = chinese::integer(text, at + 1)?;
        return Some((Place::Nth(value.integer()?), end));
    }
    let (value, end) = english::ordinal(text, at)?;
    // “a trillionth” is a share.
    if matches!(text.at(at), "a" | "an") && end == at + 2 {
        return None;
    }
    Some((Place::Nth(value), end))
}
