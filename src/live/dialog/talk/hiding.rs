//! Secrets of callers, such as cards and PINs: hidden before the conversation learns of them. What it remembers, says,
//! writes down and shows is a mask; the digits themselves stay with whoever leads it, until a task needs them.

use secrecy::{ExposeSecret, SecretString};
use smol_str::SmolStr;

use super::{
    matching::{Fit, fit},
    words::{Fact, FactKind, Heard, Stage, Talking},
};
use crate::infra::site::{Slot, Talk};

/// A value that a caller told.
#[derive(Clone, Debug)]
pub struct Hidden {
    /// As the conversation knows it.
    pub mask: SmolStr,
    pub real: SecretString,
}

impl Hidden {
    pub fn new(real: &str) -> Self {
        Self { mask: mask(real), real: SecretString::from(real) }
    }

    /// The value behind a mask: the one that was told last.
    pub fn behind<'h>(all: &'h [Self], mask: &str) -> Option<&'h str> {
        all.iter().rev().find(|hidden| hidden.mask == mask).map(|hidden| hidden.real.expose_secret())
    }
}

/// A `*` for each place, but for the last four of twelve or more and the last two of eight or more.
fn mask(real: &str) -> SmolStr {
    let count = real.chars().count();
    let shown = match count {
        12.. => 4,
        8.. => 2,
        _ => 0,
    };
    let hide = |(at, c)| if at + shown < count { '*' } else { c };
    real.chars().enumerate().map(hide).collect()
}

/// The caller is being asked for a secret, or it is read back.
pub fn asks_secret(talk: &Talk, talking: &Talking) -> bool {
    asked(talk, talking).is_some_and(|slot| slot.secret)
}

/// Keys are digits of a secret.
pub fn keys_are_secret(talk: &Talk, talking: &Talking) -> bool {
    matches!(talking.stage, Stage::Ask(_)) && asks_secret(talk, talking)
}

/// Callers of this conversation may tell secrets.
pub fn knows_secrets(talk: &Talk) -> bool {
    talk.slots.values().any(|slot| slot.secret)
}

fn asked<'t>(talk: &'t Talk, talking: &Talking) -> Option<&'t Slot> {
    match &talking.stage {
        Stage::Ask(slot) | Stage::Confirm(slot) => talk.slots.get(slot),
        _ => None,
    }
}

/// What was heard without its secrets, and these. While a secret is asked for or read back every number is one;
/// otherwise one that a secret slot could hold, unless it answers what is asked.
pub fn hide(talk: &Talk, talking: &Talking, heard: Heard) -> (Heard, Vec<Hidden>) {
    let asks = asks_secret(talk, talking);
    let is = |slot: &Slot, fact: &Fact| matches!(fit(&slot.ask, fact), Fit::Is(_));
    let answers = |fact: &Fact| asked(talk, talking).is_some_and(|slot| is(slot, fact));
    let secret = |fact: &Fact| talk.slots.values().any(|slot| slot.secret && is(slot, fact));
    let number =
        |kind| matches!(kind, FactKind::Digits | FactKind::Phone | FactKind::Code | FactKind::Number);
    let hides = |fact: &&Fact| number(fact.kind) && (asks || secret(fact) && !answers(fact));
    let (mut masked, mut hidden) = (Vec::new(), Vec::new());
    for fact in heard.facts.iter().filter(hides) {
        let real = fact.text.trim_start_matches('+');
        if real.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let one = Hidden::new(real);
            masked.push(Fact { kind: FactKind::Secret, text: one.mask.clone(), span: fact.span.clone() });
            hidden.push(one);
        }
    }
    if !asks && masked.is_empty() {
        return (heard, hidden);
    }
    let apart = |fact: &Fact| {
        masked.iter().all(|own| own.span.end <= fact.span.start || fact.span.end <= own.span.start)
    };
    let answer = |kind| matches!(kind, FactKind::Yes | FactKind::No | FactKind::Neither);
    let kept = |fact: &&Fact| answer(fact.kind) || !asks && apart(fact) && !number(fact.kind);
    let facts = heard.facts.iter().filter(kept).cloned().chain(masked.clone()).collect();
    let text = blanked(&heard.text).into();
    (Heard { text, facts, corrections: Vec::new(), ..heard }, hidden)
}

const HAN: &str = "零〇一二三四五六七八九十百千万亿两幺洞拐勾";
const WORDS: [&str; 38] = [
    "zero",
    "nought",
    "naught",
    "oh",
    "o",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "hundred",
    "thousand",
    "million",
    "double",
    "triple",
    "treble",
];

/// A text without its numbers and single letters, as long as it was.
pub fn blanked(text: &str) -> String {
    let mut blank = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let ascii = first.is_ascii_alphanumeric();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(if ascii { end } else { first.len_utf8() });
        let number = word.contains(char::is_numeric)
            || word.len() == 1 && ascii
            || WORDS.contains(&word.to_ascii_lowercase().as_str())
            || HAN.contains(word);
        if number {
            blank.extend(std::iter::repeat_n('*', word.len()));
        } else {
            blank.push_str(word);
        }
        rest = after;
    }
    blank
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_shows_no_more_than_its_rule() {
        for (real, shown) in [
            ("1234", "****"),
            ("1234567", "*******"),
            ("12345678", "******78"),
            ("4111111111111234", "************1234"),
            ("", ""),
        ] {
            assert_eq!(mask(real), shown);
        }
        let all = ["4000000000001234", "4111111111111234"].map(Hidden::new);
        assert_eq!(Hidden::behind(&all, "************1234"), Some("4111111111111234"), "the last one told");
        assert_eq!(Hidden::behind(&all, "****"), None);
        assert!(!format!("{all:?}").contains("4111111111111"), "in no picture of it");
    }

    #[test]
    fn no_number_is_left_in_a_text_in_whatever_way_it_is_said() {
        for (text, blank) in [
            ("my pin is four 1 Double-seven", "my pin is **** * ******-*****"),
            ("密码是四幺１2，转人工", "密码是**********，转人工"),
            ("it's B like bravo", "it'* * like bravo"),
            ("someone else", "someone else"),
        ] {
            assert_eq!(blanked(text), blank);
            assert_eq!(blank.len(), text.len());
        }
    }
}
