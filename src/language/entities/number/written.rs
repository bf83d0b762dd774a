//! Numbers in digits: 1,234,567.8 · 1 234 567 · 1.234,5 · .08 · 2 1/4 · ½ · 1.3e6 · 1.3x10^6 · 1.1^23.

use super::{
    super::{
        decimal::Decimal,
        token::{Kind, Text},
    },
    Found,
};

/// A written number that begins at this token, without a sign.
pub fn number(text: &Text, at: usize) -> Found<Decimal> {
    if let Some((value, end)) = vulgar(text, at) {
        return Some((value, end));
    }
    let (value, end) = plain(text, at)?;
    if let Some(found) = power(text, value, end).or_else(|| quotient(text, value, end)) {
        return Some(found);
    }
    if let Some((part, end)) = vulgar(text, end).filter(|_| value.scale() == 0) {
        return Some((value.plus(part)?, end));
    }
    if value.scale() == 0
        && let Some((part, end)) = plain(text, end)
            .filter(|_| !text.glued(end))
            .and_then(|(above, next)| quotient(text, above, next))
    {
        return Some((value.plus(part)?, end));
    }
    Some((value, end))
}

/// Digits with their groups and their point, nothing else.
pub fn plain(text: &Text, at: usize) -> Found<Decimal> {
    if text.at(at) == "." {
        let free = at == 0 || !text.glued(at) || !(is_digits(text, at - 1) || text.at(at - 1) == ".");
        let part = text.at(at + 1);
        return if free && is_digits(text, at + 1) && text.glued(at + 1) && !continues(text, at + 2, ".") {
            Some((format!("0.{part}").parse().ok()?, at + 2))
        } else {
            None
        };
    }
    if !is_digits(text, at) {
        return None;
    }
    let (mut digits, mut end) = grouped(text, at, ",")
        .or_else(|| grouped(text, at, " "))
        .unwrap_or_else(|| (text.at(at).to_owned(), at + 1));
    if let Some((european, next)) = grouped(text, at, ".")
        && continues(text, next, ",")
        && !continues(text, next + 2, ",")
    {
        return Some((format!("{european}.{}", text.at(next + 1)).parse().ok()?, next + 2));
    }
    let chained = at > 1 && text.at(at - 1) == "." && text.glued(at) && is_digits(text, at - 2);
    let point = !chained && continues(text, end, ".") && !continues(text, end + 2, ".");
    let comma = end == at + 1
        && continues(text, end, ",")
        && text.at(end + 1).len() <= 2
        && text.at(at).len() <= 3
        && !continues(text, end + 2, ",")
        && !(at > 1 && text.at(at - 1) == ",");
    if point || comma {
        digits.push('.');
        digits.push_str(text.at(end + 1));
        end += 2;
    }
    Some((digits.parse().ok()?, end))
}

fn is_digits(text: &Text, at: usize) -> bool {
    text.kind(at) == Some(Kind::Digits)
}

/// A mark and digits follow without a gap.
fn continues(text: &Text, at: usize, mark: &str) -> bool {
    let joined = text.at(at) == mark && text.glued(at) && is_digits(text, at + 1) && text.glued(at + 1);
    // A full-width comma groups only full-width digits; elsewhere it ends a clause.
    joined && (text.raw(at).is_ascii() || !text.raw(at + 1).is_ascii())
}

/// Groups of three (or, as in India, two and a last of three).
fn grouped(text: &Text, at: usize, mark: &str) -> Option<(String, usize)> {
    let first = text.at(at);
    if first.len() > 3 || (mark == " " && first.starts_with('0')) {
        return None;
    }
    let mut digits = first.to_owned();
    let mut end = at + 1;
    let mut last = 0;
    loop {
        let next = if mark == " " { end } else { end + 1 };
        let joined =
            if mark == " " { is_digits(text, end) && !text.glued(end) } else { continues(text, end, mark) };
        if !joined {
            break;
        }
        let group = text.at(next);
        if !(group.len() == 3 || (group.len() == 2 && mark == ",")) {
            return None;
        }
        digits.push_str(group);
        last = group.len();
        end = next + 1;
    }
    (last == 3).then_some((digits, end))
}

/// `above/below`, which is no date: not followed by a further stroke.
fn quotient(text: &Text, above: Decimal, at: usize) -> Found<Decimal> {
    if text.at(at) != "/" || !is_digits(text, at + 1) || text.at(at + 2) == "/" {
        return None;
    }
    if at >= 2 && text.at(at - 2) == "/" {
        return None;
    }
    let (below, end) = plain(text, at + 1)?;
    Some((above.over(below)?, end))
}

fn vulgar(text: &Text, at: usize) -> Found<Decimal> {
    const FRACTIONS: &[(&str, i64, i64)] = &[
        ("½", 1, 2),
        ("⅓", 1, 3),
        ("⅔", 2, 3),
        ("¼", 1, 4),
        ("¾", 3, 4),
        ("⅕", 1, 5),
        ("⅖", 2, 5),
        ("⅗", 3, 5),
        ("⅘", 4, 5),
        ("⅙", 1, 6),
        ("⅚", 5, 6),
        ("⅛", 1, 8),
        ("⅜", 3, 8),
        ("⅝", 5, 8),
        ("⅞", 7, 8),
    ];
    let (_, above, below) = FRACTIONS.iter().find(|(sign, ..)| text.at(at) == *sign)?;
    Some((Decimal::from(*above).over(Decimal::from(*below))?, at + 1))
}

/// `e10`, `x10^6`, `^-1` behind a number.
fn power(text: &Text, value: Decimal, at: usize) -> Found<Decimal> {
    if text.at(at) == "e" && text.glued(at) {
        let (exponent, end) = exponent(text, at + 1)?;
        let factor: Decimal = format!("1e{exponent}").parse().ok()?;
        return Some((value.times(factor)?, end));
    }
    if matches!(text.at(at), "x" | "×") && text.at(at + 1) == "10" && text.at(at + 2) == "^" {
        let (exponent, end) = exponent(text, at + 3)?;
        let factor: Decimal = format!("1e{exponent}").parse().ok()?;
        return Some((value.times(factor)?, end));
    }
    if text.at(at) == "^" && text.glued(at) {
        let (exponent, end) = exponent(text, at + 1)?;
        return Some((value.power(exponent)?, end));
    }
    None
}

fn exponent(text: &Text, at: usize) -> Found<Decimal> {
    let mut at = at;
    let mut negative = false;
    while matches!(text.at(at), "-" | "+") && text.glued(at) {
        negative ^= text.at(at) == "-";
        at += 1;
    }
    if !is_digits(text, at) || !text.glued(at) || text.at(at).len() > 3 {
        return None;
    }
    let value: i64 = text.at(at).parse().ok()?;
    Some((Decimal::from(if negative { -value } else { value }), at + 1))
}
