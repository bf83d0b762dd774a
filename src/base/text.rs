//! Text from outside, made safe to store, log and show.

use serde::{Deserialize, Deserializer, Serialize};
use smol_str::SmolStr;

/// Whether a character would be obeyed instead of shown: control characters, and those that change the
/// direction of text.
pub fn hostile(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A display name or note from a caller: at most 80 characters, no control characters,
/// no characters that change the direction of text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Label(SmolStr);

impl Label {
    pub fn new(text: &str) -> Self {
        Self(text.chars().filter(|c| !hostile(*c)).take(80).collect::<String>().trim().into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self::new(&SmolStr::deserialize(from)?))
    }
}
