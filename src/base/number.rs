//! Telephone numbers as they come from callers, sites and engines: hostile until parsed.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use smol_str::SmolStr;

/// Why a text is no number.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no number: 1 to 32 of 0-9, '+' (first), '*', '#'")]
pub struct InvalidNumber(String);

/// A dialled or calling number: E.164 with `+`, national digits, an extension or a feature code.
/// 1 to 32 characters of `[0-9*#]` with an optional leading `+` (ITU-T E.164 allows 15 digits).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Number(SmolStr);

impl Number {
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidNumber> {
        let text = text.as_ref();
        let body = text.strip_prefix('+').unwrap_or(text);
        let valid = (1..=32).contains(&body.len())
            && body.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'#');
        if valid { Ok(Self(SmolStr::new(text))) } else { Err(InvalidNumber(text.chars().take(40).collect())) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::new(SmolStr::deserialize(from)?).map_err(de::Error::custom)
    }
}

/// One key of a telephone keypad, as DTMF carries it (ITU-T Q.23).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u8);

impl Key {
    pub const POUND: Self = Self(b'#');

    pub fn new(key: char) -> Option<Self> {
        matches!(key, '0'..='9' | '*' | '#' | 'A'..='D').then_some(Self(key as u8))
    }

    pub fn char(self) -> char {
        char::from(self.0)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.char())
    }
}

impl Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_char(self.char())
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let key = char::deserialize(from)?;
        Self::new(key).ok_or_else(|| de::Error::custom(format!("{key:?} is no telephone key: 0-9, * or #")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dialable_characters_make_a_number() {
        for good in ["1001", "+8613800138000", "*97", "#1"] {
            assert!(Number::new(good).is_ok(), "{good}");
        }
        for bad in ["", "+", "12 34", "12;drop", "sip:1@x", "1\r\n2", "+1+2", "${X}", "1,2", &"1".repeat(33)]
        {
            assert!(Number::new(bad).is_err(), "{bad}");
        }
    }
}
