//! Numbers as they are said and as they are written, in both languages.
//!
//! [`english`] and [`chinese`] read words, [`written`] reads digits; a number may mix them (“4 thousand 3 hundred”,
//! 3万4000). [`number`] takes whatever stands at a place, so a Chinese sentence may hold an English number.

pub mod chinese;
pub mod english;
pub(super) mod fraction;
mod magnitude;
pub mod speak;
pub mod written;

use super::{
    decimal::Decimal,
    token::{Kind, Text},
};

/// A value, and the index of the token behind it.
pub type Found<T> = Option<(T, usize)>;

/// The longest number that begins at this token.
pub fn number(text: &Text, at: usize) -> Found<Decimal> {
    let found = match text.kind(at)? {
        Kind::Han => chinese::number(text, at),
        Kind::Word => english::number(text, at),
        Kind::Digits => longest(chinese::number(text, at), english::number(text, at)),
        Kind::Mark => signed(text, at),
    };
    found.filter(|(_, end)| *end > at)
}

/// A whole number; no fraction, no point.
pub fn integer(text: &Text, at: usize) -> Found<i64> {
    let (value, end) = match text.kind(at)? {
        Kind::Han => chinese::integer(text, at)?,
        Kind::Word => english::cardinal(text, at)?,
        Kind::Digits => longest(chinese::integer(text, at), written::plain(text, at))?,
        Kind::Mark => return None,
    };
    Some((value.integer()?, end))
}

fn signed(text: &Text, at: usize) -> Found<Decimal> {
    if text.at(at) != "-" {
        let (value, end) = written::number(text, at)?;
        return Some(magnitude::scaled(text, value, end));
    }
    let free = at == 0
        || !text.glued(at) && text.kind(at - 1) != Some(Kind::Digits)
        || text.kind(at - 1) == Some(Kind::Mark) && !matches!(text.at(at - 1), "-" | ")");
    if !free || text.at(at + 1) == "-" {
        return None;
    }
    let (value, end) = match text.kind(at + 1)? {
        Kind::Digits => number(text, at + 1)?,
        Kind::Mark if text.at(at + 1) == "." => written::number(text, at + 1)?,
        _ => return None,
    };
    Some((value.negated(), end))
}

pub fn longest<T>(one: Found<T>, other: Found<T>) -> Found<T> {
    match (one, other) {
        (Some(a), Some(b)) => Some(if b.1 > a.1 { b } else { a }),
        (a, b) => a.or(b),
    }
}
