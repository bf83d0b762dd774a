//! Text from outside, made safe to store, log and show.

use serde::{Deserialize, Deserializer, Serialize};
use smol_str::SmolStr;

/// Whether a character would be obeyed instead of shown: control characters, and those that change the
/// direction of text.
pub fn hostile(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A text for the log: whatever could be a number or a key that somebody dialled is blanked, spans of time stay.
pub fn discreet(text: &str) -> String {
    let part = |c: char| c.is_numeric() || matches!(c, '*' | '#' | '+');
    let mut blanked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(from) = rest.find(part) {
        let (before, run) = rest.split_at(from);
        let length = run.find(|c| !part(c) && c != '.').unwrap_or(run.len());
        let (run, after) = run.split_at(length);
        let seconds = after.strip_prefix(" s").is_some_and(|more| !more.starts_with(char::is_alphanumeric));
        blanked.push_str(before);
        blanked.push_str(if seconds { run } else { "•" });
        rest = after;
    }
    blanked + rest
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

#[cfg(test)]
mod tests {
    use super::discreet;

    #[test]
    fn no_dialled_digit_is_left_and_no_time_is_lost() {
        for (said, logged) in [
            ("menu welcome: key 1 → sales", "menu welcome: key • → sales"),
            ("phone 1001 dialled extension 1002", "phone • dialled extension •"),
            ("call from +86 755-2345.678 to *72#", "call from • •-• to •"),
            (
                "offered to chen: idle longest (12 s) of 3 free",
                "offered to chen: idle longest (12 s) of • free",
            ),
            ("chen answered; waited 4.5 s", "chen answered; waited 4.5 s"),
            ("key 4 said", "key • said"),
            ("键 ７ 和 ٣", "键 • 和 •"),
            ("7", "•"),
            ("", ""),
        ] {
            assert_eq!(discreet(said), logged);
        }
    }
}
