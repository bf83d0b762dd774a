//! English fractions and decimals: “two thirds”, “one and a half”, “half a million”, “three point one four”.

use super::{
    super::{
        decimal::Decimal,
        token::{Kind, Text},
    },
    Found, english,
    english::{Ending, scale, small, ten_to},
};

/// A cardinal with what may follow it: a point, a denominator, “and a half”, “over three”.
pub fn number(text: &Text, at: usize) -> Found<Decimal> {
    if let Some((part, end)) = bare(text, at) {
        return Some(of_scale(text, part, end));
    }
    if let Some(found) = split_tens(text, at) {
        return Some(found);
    }
    let whole = english::cardinal(text, at);
    if let Some(found) = decimal(text, at, whole) {
        return Some(scales(text, found));
    }
    let (value, end) = whole?;
    if let Some(found) = behind_and(text, at, value, end) {
        return Some(found);
    }
    if let Some((below, end)) = denominator(text, end, value == Decimal::ONE) {
        return Some(of_scale(text, value.over(below)?, end));
    }
    if let Some(found) = over(text, at, value, end) {
        return Some(found);
    }
    let part = if text.at(end) == "and" { and_part(text, end + 1) } else { None };
    part.and_then(|part| mixed(text, (value, end), part)).or(Some((value, end)))
}

/// “half a dozen”, “a half”, “a quarter”, “a fifth”, “half million”.
fn bare(text: &Text, at: usize) -> Found<Decimal> {
    if text.at(at) == "half" && text.kind(at + 1) != Some(Kind::Han) {
        if matches!(text.at(at + 1), "past" | "an" | "hour" | "day" | "year") {
            return None;
        }
        if text.at(at + 1) == "a" && text.at(at + 2) == "dozen" {
            return Some((Decimal::from(6), at + 3));
        }
        return Some((Decimal::HALF, at + 1));
    }
    if text.at(at) == "quarter" && scale(text.at(at + 1)).is_some() {
        return Some((Decimal::new(25, 2)?, at + 1));
    }
    if !matches!(text.at(at), "a" | "an") {
        return None;
    }
    if scale(text.at(at + 1)).is_some() {
        return None;
    }
    let (below, end) = denominator(text, at + 1, true)?;
    // “a quarter past”, “a third” of something is a fraction; “a second” is time.
    if matches!(text.at(end), "past" | "to" | "after" | "of" | "hour") && matches!(text.at(at + 1), "quarter")
    {
        return None;
    }
    Some((Decimal::ONE.over(below)?, end))
}

/// What a plural (or, behind “one”, a singular) ordinal divides by; “halves”, “quarters”.
fn denominator(text: &Text, at: usize, one: bool) -> Found<Decimal> {
    let at = if text.at(at) == "-" { at + 1 } else { at };
    match text.at(at) {
        "half" if one => return Some((Decimal::from(2), at + 1)),
        "halves" => return Some((Decimal::from(2), at + 1)),
        "quarter" if one => return Some((Decimal::from(4), at + 1)),
        "quarters" => return Some((Decimal::from(4), at + 1)),
        "second" | "seconds" | "first" => return None,
        _ => {}
    }
    let (value, end, ending) = english::walk(text, at, true)?;
    match ending {
        Ending::Ordinal { plural } if (plural || one) && value.to_f64() > 2.0 => Some((value, end)),
        _ => None,
    }
}

/// “one hundred thirty fifths” is a hundred over thirty-five; with “and” it is a hundred and thirty over five.
fn split_tens(text: &Text, at: usize) -> Found<Decimal> {
    let (_, end) = english::cardinal(text, at)?;
    let next = if text.at(end) == "-" { end + 1 } else { end };
    let (unit, plural) = english::small_ordinal(text.at(next))?;
    let tens = small(text.at(end - 1)).filter(|tens| *tens >= 20)?;
    if !plural || !(1..10).contains(&unit) || end < at + 2 || text.at(end - 2) == "and" {
        return None;
    }
    let (above, stop) = english::cardinal(text, at)?;
    let above = above.plus(Decimal::from(-tens))?;
    (stop == end && above != Decimal::ZERO).then_some(())?;
    Some((above.over(Decimal::from(tens + unit))?, next + 1))
}

/// “three point one four”, “point five”, “zero point eleven”.
fn decimal(text: &Text, at: usize, whole: Found<Decimal>) -> Found<Decimal> {
    let (value, end) = whole.unwrap_or((Decimal::ZERO, at));
    if text.at(end) != "point" || value.scale() > 0 {
        return None;
    }
    let mut digits = String::new();
    let mut next = end + 1;
    while let Some(digit) = spoken_digit(text.at(next)) {
        digits.push(digit);
        next += 1;
    }
    if digits.is_empty() {
        let (part, stop) = english::cardinal(text, next)?;
        digits = part.integer().filter(|part| (0..1000).contains(part))?.to_string();
        next = stop;
    }
    let part: Decimal = format!("0.{digits}").parse().ok()?;
    Some((value.plus(part)?, next))
}

pub fn spoken_digit(word: &str) -> Option<char> {
    match word {
        "o" | "oh" => Some('0'),
        _ => small(word).filter(|value| *value < 10).and_then(|value| char::from_digit(value as u32, 10)),
    }
}

/// “five point two million”.
fn scales(text: &Text, found: (Decimal, usize)) -> (Decimal, usize) {
    let (mut value, mut end) = found;
    while let Some(product) = scale(text.at(end)).and_then(|exponent| value.times(ten_to(exponent))) {
        (value, end) = (product, end + 1);
    }
    (value, end)
}

/// “three quarters billion”, “two thirds of a million”.
fn of_scale(text: &Text, part: Decimal, end: usize) -> (Decimal, usize) {
    let at = if text.starts(end, &["of", "a"]) {
        end + 2
    } else if text.at(end) == "a" {
        end + 1
    } else {
        end
    };
    if scale(text.at(at)).is_some() { scales(text, (part, at)) } else { (part, end) }
}

/// “one over three”, “one out of three”, “1 in 21”: a share, so not more than one; a written one may be.
fn over(text: &Text, at: usize, above: Decimal, end: usize) -> Found<Decimal> {
    let (next, free) = match text.at(end) {
        "over" => (end + 1, true),
        "out" if text.at(end + 1) == "of" => (end + 2, false),
        "in" if above == Decimal::ONE => (end + 1, false),
        _ => return None,
    };
    if at > 0 && matches!(text.at(at - 1), "$" | "€" | "£" | "¥") {
        return None;
    }
    let (below, stop) = english::cardinal(text, next)?;
    if !free && above.to_f64() >= below.to_f64() {
        return None;
    }
    Some((above.over(below)?, stop))
}

/// What follows “and”: “a half”, “three quarters”, “two fifths”, with its own scale at most.
fn and_part(text: &Text, at: usize) -> Found<Decimal> {
    if let Some(found) = bare(text, at).filter(|_| text.at(at) != "half") {
        return Some(found);
    }
    let (above, end) = english::cardinal(text, at)?;
    let (below, end) = denominator(text, end, above == Decimal::ONE)?;
    Some((above.over(below)?, end))
}

/// “two million and three fifths”: what stands behind the last “and” is a part if it is less than its denominator.
fn behind_and(text: &Text, at: usize, value: Decimal, end: usize) -> Found<Decimal> {
    let and = (at..end).rev().find(|index| text.at(*index) == "and")?;
    let (above, stop) = english::cardinal(text, and + 1)?;
    let (below, _) = denominator(text, end, above == Decimal::ONE)?;
    if stop != end || above.to_f64() >= below.to_f64() {
        return None;
    }
    let whole = value.plus(above.negated())?;
    mixed(text, (whole, and), and_part(text, and + 1)?)
}

/// “one and a half”; “one million and a half” is a million and a half; “five and a half million”.
fn mixed(text: &Text, whole: (Decimal, usize), part: (Decimal, usize)) -> Found<Decimal> {
    let (value, end) = whole;
    let large = scale(text.at(end - 1)).filter(|exponent| *exponent > 2);
    let own = scale(text.at(part.1));
    match (large, own) {
        (Some(_), Some(_)) => {
            let (part, end) = scales(text, part);
            Some((value.plus(part)?, end))
        }
        (Some(exponent), None) => Some((value.plus(part.0.times(ten_to(exponent))?)?, part.1)),
        (None, Some(_)) => Some(scales(text, (value.plus(part.0)?, part.1))),
        (None, None) => Some((value.plus(part.0)?, part.1)),
    }
}
