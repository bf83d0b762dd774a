//! Patterns of numbers: digits, `x` for any digit, `[2-9]` for some, and at the end `.` for one or more. A pattern
//! with `+` before it matches numbers that begin so, and no others.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smol_str::SmolStr;

/// As many digits as a number has.
const MOST: usize = 32;

/// Why a text is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than {MOST} digits")]
    Long,
    #[error("`{0}` is none of 0 to 9, `x`, `[…]` and `.`")]
    Character(char),
    #[error("`.` stands only at the end")]
    Dot,
    #[error("`[` and `]` hold digits or ranges that rise, like `[2-9]` or `[135]`")]
    Set,
}

/// A pattern, as it was written and as it matches.
#[derive(Clone, PartialEq, Eq)]
pub struct Pattern {
    text: SmolStr,
    plus: bool,
    /// One set of digits a place: bit 0 to 9.
    places: Vec<u16>,
    more: bool,
}

const ANY: u16 = 0x3FF;

impl Pattern {
    pub fn new(text: &str) -> Result<Self, InvalidPattern> {
        let body = text.strip_prefix('+').unwrap_or(text);
        let mut pattern =
            Self { text: SmolStr::new(text), plus: body.len() < text.len(), places: Vec::new(), more: false };
        let mut rest = body;
        while let Some(first) = rest.chars().next() {
            if pattern.more {
                return Err(InvalidPattern::Dot);
            }
            let after = &rest[first.len_utf8()..];
            rest = match first {
                '0'..='9' => pattern.place(bit(first as u8), after),
                'x' | 'X' => pattern.place(ANY, after),
                '.' => {
                    pattern.more = true;
                    after
                }
                '[' => {
                    let (set, after) = after.split_once(']').ok_or(InvalidPattern::Set)?;
                    let digits = digits(set.as_bytes()).ok_or(InvalidPattern::Set)?;
                    pattern.place(digits, after)
                }
                other => return Err(InvalidPattern::Character(other)),
            };
        }
        match pattern.places.len() {
            0 if !pattern.more => Err(InvalidPattern::Empty),
            0..=MOST => Ok(pattern),
            _ => Err(InvalidPattern::Long),
        }
    }

    fn place<'a>(&mut self, digits: u16, rest: &'a str) -> &'a str {
        self.places.push(digits);
        rest
    }

    /// Whether it is the pattern of `number`, all of it. What has other characters than digits has no pattern.
    pub fn matches(&self, number: &str) -> bool {
        let body = number.strip_prefix('+').unwrap_or(number);
        let enough = if self.more { body.len() > self.places.len() } else { body.len() == self.places.len() };
        enough
            && self.plus == (body.len() < number.len())
            && body.bytes().all(|b| b.is_ascii_digit())
            && self.places.iter().zip(body.bytes()).all(|(set, digit)| set & bit(digit) != 0)
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

fn bit(digit: u8) -> u16 {
    1 << (digit - b'0')
}

/// What stands in brackets.
fn digits(mut set: &[u8]) -> Option<u16> {
    let mut all = 0;
    while !set.is_empty() {
        let (from, to, rest) = match set {
            [from, b'-', to, rest @ ..] => (from, to, rest),
            [digit, rest @ ..] => (digit, digit, rest),
            [] => break,
        };
        if !from.is_ascii_digit() || !to.is_ascii_digit() || from > to {
            return None;
        }
        all |= (*from..=*to).map(bit).fold(0, |all, bit| all | bit);
        set = rest;
    }
    (all != 0).then_some(all)
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.text.as_str(), f)
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = SmolStr::deserialize(from)?;
        Self::new(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pattern_matches_what_it_says_and_nothing_else() {
        for (pattern, yes, no) in [
            ("110", &["110"][..], &["1100", "11", "+110", "", "11*"][..]),
            ("[2-9]xxxxxxx", &["21234567"], &["11234567", "2123456", "212345678", "2123456*", "2123456#"]),
            ("00.", &["001", "0014155550100"], &["00", "0", "+001", "00*", "0+1"]),
            ("+86.", &["+861"], &["861", "+86", "00861"]),
            (".", &["1", "123"], &["", "+1", "*"]),
            ("[13-57]", &["1", "3", "4", "5", "7"], &["0", "2", "6", "8", "9"]),
        ] {
            let pattern = Pattern::new(pattern).expect("a pattern");
            assert!(yes.iter().all(|n| pattern.matches(n)), "{pattern} misses one of {yes:?}");
            assert!(!no.iter().any(|n| pattern.matches(n)), "{pattern} matches one of {no:?}");
        }
    }

    #[test]
    fn what_is_malformed_is_refused_with_its_fault() {
        for (text, fault) in [
            ("", InvalidPattern::Empty),
            ("+", InvalidPattern::Empty),
            ("[]", InvalidPattern::Set),
            ("[9-2]", InvalidPattern::Set),
            ("[2-", InvalidPattern::Set),
            ("[a]", InvalidPattern::Set),
            ("0.0", InvalidPattern::Dot),
            ("..", InvalidPattern::Dot),
            ("12-34", InvalidPattern::Character('-')),
            ("*97", InvalidPattern::Character('*')),
            ("１", InvalidPattern::Character('１')),
            (&"1".repeat(33), InvalidPattern::Long),
        ] {
            assert_eq!(Pattern::new(text), Err(fault), "{text}");
        }
    }

    /// The same in other words: a recursion over the text.
    fn reference(pattern: &[u8], number: &[u8]) -> bool {
        let digit = |from: u8, to: u8| number.first().is_some_and(|d| (from..=to).contains(d));
        match pattern {
            [] => number.is_empty(),
            [b'.', ..] => !number.is_empty() && number.iter().all(u8::is_ascii_digit),
            [b'x', rest @ ..] => digit(b'0', b'9') && reference(rest, &number[1..]),
            [b'[', from, b'-', to, b']', rest @ ..] => digit(*from, *to) && reference(rest, &number[1..]),
            [one, rest @ ..] => digit(*one, *one) && reference(rest, &number[1..]),
        }
    }

    proptest! {
        #[test]
        fn it_matches_as_the_reference_does(
            pattern in r"\+?([0-2x]|\[0-1\]|\[1-2\]){0,4}\.?",
            number in r"\+?[0-2*]{0,6}",
        ) {
            if let Ok(parsed) = Pattern::new(&pattern) {
                prop_assert_eq!(parsed.as_str(), &pattern);
                prop_assert_eq!(
                    parsed.matches(&number),
                    reference(pattern.as_bytes(), number.as_bytes()),
                    "{} {}", pattern, number
                );
            }
        }
    }
}
