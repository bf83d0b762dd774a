//! Secrets of callers, such as cards and PINs: hidden before the conversation learns of them. What it remembers, says,
//! writes down and shows is a mask; the digits themselves stay with whoever leads it, until a task needs them.

use std::ops::Range;

use secrecy::{ExposeSecret, SecretString};
use smol_str::SmolStr;

use super::{
    matching::{Fit, fit, meant},
    words::{Fact, FactKind, Heard, Stage, Talking},
};
use crate::{
    base::{number::Key, text::masked},
    infra::site::{Ask, Slot, Talk},
    language::entities,
};

/// A value that a caller told.
#[derive(Clone, Debug)]
pub struct Hidden {
    /// As the conversation knows it.
    pub mask: SmolStr,
    pub real: SecretString,
}

impl Hidden {
    pub fn new(real: &str) -> Self {
        Self { mask: masked(real), real: SecretString::from(real) }
    }

    /// The value under this number, if it has this mask.
    pub fn behind<'h>(all: &'h [Self], number: u32, mask: &str) -> Option<&'h str> {
        let hidden = all.get(usize::try_from(number).ok()?)?;
        (hidden.mask == mask).then(|| hidden.real.expose_secret())
    }

    /// The number of a value among these; one that was told before has the same.
    pub fn number(self, all: &mut Vec<Self>) -> u32 {
        let known = all.iter().position(|known| known.real.expose_secret() == self.real.expose_secret());
        let at = known.unwrap_or_else(|| {
            all.push(self);
            all.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }
}

/// The caller is being asked for a secret, or it is read back.
pub fn asks_secret(talk: &Talk, talking: &Talking) -> bool {
    asked(talk, talking).is_some_and(|slot| slot.secret)
}

/// As many keys as the longest secret has.
pub const MOST_KEYS: usize = 32;

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    Open,
    /// It belongs to a secret of which so many digits came before, and no more than `most` can come.
    Secret {
        before: usize,
        most: usize,
    },
    /// It answers nothing, and may be of a secret that is keyed in anew.
    Stray,
}

pub fn pressed(talk: &Talk, talking: &Talking, key: Key) -> Pressed {
    let Some(slot) = asked(talk, talking).filter(|slot| slot.secret) else { return Pressed::Open };
    match talking.stage {
        Stage::Ask(_) => Pressed::Secret { before: talking.keys.len(), most: most_keys(&slot.ask) },
        _ if matches!(key.char(), '3'..='9') => Pressed::Stray,
        _ => Pressed::Open,
    }
}

pub fn most_keys(ask: &Ask) -> usize {
    match ask {
        Ask::Digits { max, .. } => usize::from(*max),
        _ => MOST_KEYS,
    }
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
    // A mask does not tell letters from digits: what could be no secret is hidden and no more.
    let passes =
        |fact: &Fact| talk.slots.values().any(|slot| slot.secret && fit(&slot.ask, fact) != Fit::Other);
    let (mut masked, mut hidden) = (Vec::new(), Vec::new());
    for fact in heard.facts.iter().filter(hides) {
        let one = Hidden::new(fact.text.trim_start_matches('+'));
        let text = one.mask.clone();
        let kind = FactKind::Secret(one.number(&mut hidden));
        masked.push((Fact { kind, text, span: fact.span.clone() }, passes(fact)));
    }
    if !asks && masked.is_empty() {
        return (heard, hidden);
    }
    let apart = |fact: &Fact| {
        masked.iter().all(|(own, _)| own.span.end <= fact.span.start || fact.span.end <= own.span.start)
    };
    let answer = |kind| matches!(kind, FactKind::Yes | FactKind::No | FactKind::Neither);
    let open = |fact: &Fact| {
        answers(fact)
            || talk.slots.values().any(|slot| !slot.secret && meant(&slot.ask, fact.kind) && is(slot, fact))
    };
    let kept = |fact: &Fact| answer(fact.kind) || !asks && apart(fact) && (!number(fact.kind) || open(fact));
    let facts: Vec<Fact> = heard.facts.iter().filter(|fact| kept(fact)).cloned().collect();
    let told = |part: &Range<usize>| {
        facts.iter().any(|fact| number(fact.kind) && fact.span.start < part.end && part.start < fact.span.end)
    };
    let parts = entities::parts(&heard.text).into_iter().filter(|part| !told(part));
    let text = starred(&heard.text, parts.chain(masked.iter().map(|(fact, _)| fact.span.clone()))).into();
    let masked = masked.into_iter().filter(|(_, passes)| *passes).map(|(fact, _)| fact);
    let facts = facts.into_iter().chain(masked).collect();
    (Heard { text, facts, corrections: Vec::new(), ..heard }, hidden)
}

/// A text without its numbers and single letters, as long as it was.
pub fn blanked(text: &str) -> String {
    starred(text, entities::parts(text))
}

fn starred(text: &str, spans: impl IntoIterator<Item = Range<usize>>) -> String {
    let spans: Vec<_> = spans.into_iter().collect();
    let mut blank = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let ascii = first.is_ascii_alphanumeric();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(if ascii { end } else { first.len_utf8() });
        let at = text.len() - rest.len();
        if spans.iter().any(|span| span.start < at + word.len() && at < span.end) && word != " " {
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
            assert_eq!(masked(real), shown);
        }
        let mut all = Vec::new();
        let told = ["4000000000001234", "4111111111111234", "4000000000001234"];
        assert_eq!(told.map(|real| Hidden::new(real).number(&mut all)), [0, 1, 0]);
        let mask = "************1234";
        assert_eq!(Hidden::behind(&all, 0, mask), Some("4000000000001234"));
        assert_eq!(Hidden::behind(&all, 1, mask), Some("4111111111111234"));
        assert_eq!(Hidden::behind(&all, 2, mask), None);
        assert_eq!(Hidden::behind(&all, 0, "****"), None);
        assert!(!format!("{all:?}").contains("4111111111111"), "in no picture of it");
    }

    #[test]
    fn no_number_is_left_in_a_text_in_whatever_way_it_is_said() {
        for (text, blank) in [
            ("my pin is four 1 Double-seven", "my pin is **** * ******-*****"),
            ("密码是四幺１2，转人工", "密码是**********，转人工"),
            ("it's B like bravo, b as in boy", "it's * like *****, * ** ** ***"),
            ("狗腰沟邀，玖壹仨", "************，*********"),
            ("ow nil ou fourty, quadruple six", "** *** ** ******, ********* ***"),
            ("the code is x7b9 or 7x", "the code is **** or **"),
            ("someone else", "someone else"),
        ] {
            assert_eq!(blanked(text), blank);
            assert_eq!(blank.len(), text.len());
        }
    }
}
