//! Text from outside, made safe to store, log and show.

use serde::{Deserialize, Deserializer, Serialize};
use smol_str::SmolStr;

/// Whether a character would be obeyed instead of shown: control characters, and those that change the
/// direction of text.
pub fn hostile(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// One line without anything that would be obeyed, of at most so many characters.
pub fn one_line(text: &str, most: usize) -> SmolStr {
    let mut line = String::new();
    let mut many = 0;
    for c in text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !hostile(*c)) {
        if many == most {
            break;
        }
        if c != ' ' || !(line.is_empty() || line.ends_with(' ')) {
            line.push(c);
            many += 1;
        }
    }
    line.trim_end().into()
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

/// A `*` for each place, but for the last four of twelve or more and the last two of eight or more.
pub fn masked(real: &str) -> SmolStr {
    let count = real.chars().count();
    let shown = match count {
        12.. => 4,
        8.. => 2,
        _ => 0,
    };
    let hide = |(at, c)| if at + shown < count { '*' } else { c };
    real.chars().enumerate().map(hide).collect()
}

/// Digits from which on a number is one of a person outside, not one of the house.
const OUTSIDE: usize = 7;

/// A text for what is kept for ever: numbers of people outside are blanked, those of the house stay.
pub fn without_outsiders(text: &str) -> String {
    let word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '+' | '*' | '#');
    let mut blanked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(from) = rest.find(word) {
        let (before, found) = rest.split_at(from);
        let (found, after) = found.split_at(found.find(|c| !word(c)).unwrap_or(found.len()));
        let number = found.chars().all(|c| c.is_numeric() || matches!(c, '+' | '*' | '#'));
        let outside = number && found.chars().filter(|c| c.is_numeric()).count() >= OUTSIDE;
        blanked.push_str(before);
        blanked.push_str(if outside { "•" } else { found });
        rest = after;
    }
    blanked + rest
}

/// So many sentences are spoken to answer a question.
pub const ANSWER: usize = 3;

/// The sentences of a text, their marks with them.
pub fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| matches!(c, '。' | '！' | '？' | '；' | '\n');
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let mut places = rest.char_indices().peekable();
        while let Some((at, c)) = places.next() {
            let next = places.peek().map(|(_, next)| *next);
            let full = matches!(c, '.' | '!' | '?')
                && next.is_none_or(|next| next.is_whitespace() || !next.is_ascii());
            if full || ends(c) {
                let (sentence, after) = rest.split_at(at + c.len_utf8());
                rest = after;
                return Some(sentence.trim_end());
            }
        }
        let last = std::mem::take(&mut rest);
        (!last.is_empty()).then_some(last.trim_end())
    })
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
    use super::{discreet, sentences, without_outsiders};

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

    #[test]
    fn who_is_outside_is_not_kept() {
        for (text, kept) in [
            ("+8613800138000", "•"),
            ("with 013800138000, then 1002", "with •, then 1002"),
            ("dials *7213800138000#", "dials •"),
            ("extension 600123", "extension 600123"),
            (
                "is joined with call 019aa000-0000-7000-8000-000000000001",
                "is joined with call 019aa000-0000-7000-8000-000000000001",
            ),
            ("trunk sip-2088880000 of agent chen 12 s", "trunk sip-2088880000 of agent chen 12 s"),
            ("１３８００１３８０００ 说", "• 说"),
        ] {
            assert_eq!(without_outsiders(text), kept);
        }
    }

    #[test]
    fn sentences_end_where_they_end() {
        let all: Vec<&str> = sentences("It is 9.50 euro. Yes! 好的。再见 \n\n bye").collect();
        assert_eq!(all, ["It is 9.50 euro.", "Yes!", "好的。", "再见", "bye"]);
    }
}
