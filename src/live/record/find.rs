//! How finished calls are found: each is known by words, and a filter is a list of words to look for. The database keeps
//! the words in an index of its own, so that rare and common ones are answered without looking at all calls; `docs/store.md` has what was measured.

use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization;

use super::{CallRecord, Direction, EndedBy, Outcome, Role};
use crate::base::{clock::Stamp, id::Name, number::Number};

/// Ends of numbers by which they are found; besides, the whole.
const ENDS: RangeInclusive<usize> = 3..=11;
/// Up to so many seconds each length has its own word; from there on eight words for each doubling.
const EXACT: u64 = 64;
const EIGHTHS: u32 = 8;
/// Of a text that is looked for: characters, and things that must all be there.
const CHARACTERS: usize = 200;
const THINGS: usize = 16;
/// No call is longer than this for the words: 194 days.
const LONGEST: u64 = 1 << 24;

/// Which finished calls; everything that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Arrived at this moment or later, and before that one; to the millisecond.
    pub since: Option<Stamp>,
    pub until: Option<Stamp>,
    pub caller: Option<Number>,
    pub called: Option<Number>,
    pub queue: Option<Name>,
    pub agent: Option<Name>,
    pub direction: Option<Direction>,
    pub outcome: Option<Outcome>,
    pub ended_by: Option<EndedBy>,
    pub cause: Option<u8>,
    /// From the arrival to the end, in whole seconds, both ends included.
    pub min_seconds: Option<u64>,
    pub max_seconds: Option<u64>,
    /// Words of names, and numbers or their last 3 to 11 digits; all of them.
    pub text: Option<String>,
}

/// By what no call could ever be found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfindable {
    #[error(
        "there is no word and no number in {0:?}; give one word of a name, or the last digits of a number"
    )]
    NoWords(String),
    #[error(
        "the text has more than {CHARACTERS} characters or {THINGS} words (of Chinese, pairs of characters); give fewer"
    )]
    TooMuch,
    #[error("no call arrived since {since} and before {until}; give an earlier moment first")]
    Moments { since: Stamp, until: Stamp },
    #[error("no call is {min} seconds or longer and {max} or shorter; give the smaller number as the least")]
    Lengths { min: u64, max: u64 },
}

impl Filter {
    /// Whether there is anything to look for.
    pub fn check(&self) -> Result<(), Unfindable> {
        if let (Some(since), Some(until)) = (self.since, self.until)
            && until <= since
        {
            return Err(Unfindable::Moments { since, until });
        }
        if let (Some(min), Some(max)) = (self.min_seconds, self.max_seconds)
            && max < min
        {
            return Err(Unfindable::Lengths { min, max });
        }
        self.wanted().map(drop)
    }

    /// What to look for: of each group one word must be there.
    pub(super) fn wanted(&self) -> Result<Vec<Vec<String>>, Unfindable> {
        let exact = [
            self.caller.as_ref().map(|number| format!("f:{number}")),
            self.called.as_ref().map(|number| format!("t:{number}")),
            self.queue.as_ref().map(|name| named('q', name)),
            self.agent.as_ref().map(|name| named('a', name)),
            self.direction.map(|direction| format!("d:{}", direction.word())),
            self.outcome.map(|outcome| format!("o:{}", outcome.word())),
            self.ended_by.map(|who| format!("e:{}", who.word())),
            self.cause.map(|cause| format!("c:{cause}")),
        ];
        let mut wanted: Vec<Vec<String>> = exact.into_iter().flatten().map(|word| vec![word]).collect();
        if let Some((min, max)) = self.seconds() {
            // No call has the last one: nothing is between a longer and a shorter one.
            let steps = (step(min)..=step(max)).map(|step| format!("l:{step}"));
            wanted.push(steps.chain(["l:".to_owned()]).collect());
        }
        if let Some(text) = &self.text {
            if text.chars().nth(CHARACTERS).is_some() {
                return Err(Unfindable::TooMuch);
            }
            let groups: Vec<Vec<String>> = parts(text).iter().flat_map(Part::wanted).collect();
            if groups.is_empty() {
                return Err(Unfindable::NoWords(text.chars().take(40).collect()));
            }
            if groups.len() > THINGS {
                return Err(Unfindable::TooMuch);
            }
            wanted.extend(groups);
        }
        Ok(wanted)
    }

    /// The shortest and the longest, if that matters.
    pub(super) fn seconds(&self) -> Option<(u64, u64)> {
        let asked = self.min_seconds.is_some() || self.max_seconds.is_some();
        let most = LONGEST - 1;
        asked.then(|| (self.min_seconds.unwrap_or(0).min(most), self.max_seconds.unwrap_or(most).min(most)))
    }
}

/// By which words a call is found, with spaces between them.
pub(super) fn words(call: &CallRecord) -> String {
    let mut words = vec![
        format!("t:{}", call.to),
        format!("o:{}", call.outcome().word()),
        format!("e:{}", call.ended_by.word()),
        format!("c:{}", call.cause.0),
        format!("l:{}", step(call.seconds())),
    ];
    words.extend(call.from.as_ref().map(|number| format!("f:{number}")));
    words.extend(call.queue.as_ref().map(|name| named('q', name)));
    words.extend(call.agent.as_ref().map(|name| named('a', name)));
    words.extend(call.direction.map(|direction| format!("d:{}", direction.word())));
    let outside = call.legs.iter().filter(|leg| leg.role == Role::Outside);
    let numbers = call.from.iter().chain([&call.to]).map(Number::as_str);
    words.extend(numbers.chain(outside.map(|leg| leg.party.as_str())).flat_map(ends));
    let others = call.legs.iter().filter(|leg| !matches!(leg.role, Role::Caller | Role::Outside));
    let names = std::iter::once(&call.from_name).chain(others.map(|leg| &leg.party));
    words.extend(names.flat_map(|name| parts(name.as_str())).flat_map(Part::stored));
    words.sort_unstable();
    words.dedup();
    words.join(" ")
}

/// The database's words know no capitals, names do.
fn named(kind: char, name: &Name) -> String {
    let mut word = format!("{kind}:");
    for c in name.as_str().chars() {
        if c.is_ascii_uppercase() {
            word.push('^');
        }
        word.push(c.to_ascii_lowercase());
    }
    word
}

/// The whole number and its last digits.
fn ends(number: &str) -> Vec<String> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let lengths = ENDS.filter(|length| *length < digits.len()).chain([digits.len()]);
    lengths
        .filter(|length| *length > 0)
        .map(|length| format!("n:{}", &digits[digits.len() - length..]))
        .collect()
}

/// The place of a length in seconds among all words for lengths.
fn step(seconds: u64) -> u64 {
    if seconds < EXACT {
        return seconds;
    }
    let seconds = seconds.min(LONGEST - 1);
    let doubling = seconds.ilog2();
    let eighth = ((seconds - (1 << doubling)) * u64::from(EIGHTHS)) >> doubling;
    EXACT + u64::from((doubling - EXACT.ilog2()) * EIGHTHS) + eighth
}

/// A run of letters or digits.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Word(String),
    /// Characters that are written without spaces between words.
    Han(Vec<char>),
}

impl Part {
    fn stored(self) -> Vec<String> {
        match self {
            Self::Word(word) => vec![format!("x:{word}")],
            Self::Han(run) => {
                let pairs = run.windows(2).map(|pair| format!("x:{}{}", pair[0], pair[1]));
                run.iter().map(|c| format!("x:{c}")).chain(pairs).collect()
            }
        }
    }

    fn wanted(&self) -> Vec<Vec<String>> {
        match self {
            Self::Word(word) => {
                let number = word.bytes().all(|b| b.is_ascii_digit()).then(|| format!("n:{word}"));
                vec![std::iter::once(format!("x:{word}")).chain(number).collect()]
            }
            Self::Han(run) if run.len() == 1 => vec![vec![format!("x:{}", run[0])]],
            Self::Han(run) => run.windows(2).map(|pair| vec![format!("x:{}{}", pair[0], pair[1])]).collect(),
        }
    }
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut apart = true;
    for c in text.nfkc().flat_map(char::to_lowercase) {
        if !c.is_alphanumeric() {
            apart = true;
            continue;
        }
        match (parts.last_mut(), han(c)) {
            (Some(Part::Han(run)), true) if !apart => run.push(c),
            (_, true) => parts.push(Part::Han(vec![c])),
            (Some(Part::Word(word)), false) if !apart => word.push(c),
            (_, false) => parts.push(Part::Word(c.to_string())),
        }
        apart = false;
    }
    parts
}

fn han(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_their_words_and_han_by_any_two_in_a_row() {
        let stored: Vec<String> = parts("王小明 Ann-Smith ２号").into_iter().flat_map(Part::stored).collect();
        let finds = |text: &str| {
            let wanted: Vec<_> = parts(text).iter().flat_map(Part::wanted).collect();
            wanted.iter().all(|group| group.iter().any(|word| stored.contains(word)))
        };
        for text in ["王", "小明", "王小明", "SMITH", "ann smith", "明 王", "2号"] {
            assert!(finds(text), "{text}");
        }
        for text in ["明小", "smit", "王明", "3"] {
            assert!(!finds(text), "{text}");
        }
    }

    #[test]
    fn numbers_are_found_by_their_last_digits() {
        assert_eq!(ends("+8613800138000").len(), 10);
        assert_eq!(ends("1001"), ["n:001", "n:1001"]);
        assert_eq!(ends("12"), ["n:12"]);
        assert_eq!(ends("*#"), [""; 0]);
    }

    #[test]
    fn longer_calls_never_have_a_lower_word() {
        let steps: Vec<u64> = (0..200_000).map(step).collect();
        assert!(steps.windows(2).all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1));
        assert_eq!((step(63), step(64), step(71), step(72)), (63, 64, 64, 65));
        assert!(step(u64::MAX) < 250);
    }

    #[test]
    fn a_text_without_a_word_is_refused() {
        let filter = Filter { text: Some("-- ;".to_owned()), ..Filter::default() };
        assert_eq!(filter.check(), Err(Unfindable::NoWords("-- ;".to_owned())));
    }

    #[test]
    fn a_text_may_not_ask_for_too_much() {
        let check = |text: &str| Filter { text: Some(text.to_owned()), ..Filter::default() }.check();
        for fits in ["a ".repeat(16), "王".repeat(17), "x".repeat(200)] {
            assert_eq!(check(&fits), Ok(()), "{fits}");
        }
        for much in ["a ".repeat(17), "王".repeat(18), "x".repeat(201), " ".repeat(200) + "x"] {
            assert_eq!(check(&much), Err(Unfindable::TooMuch), "{much}");
        }
    }

    #[test]
    fn an_end_before_its_beginning_is_refused() {
        let (since, until) = (Stamp(2000), Stamp(1000));
        let moments = Filter { since: Some(since), until: Some(until), ..Filter::default() };
        assert_eq!(moments.check(), Err(Unfindable::Moments { since, until }));
        assert_eq!(Filter { until: Some(Stamp(2001)), ..moments }.check(), Ok(()));
        let lengths = Filter { min_seconds: Some(61), max_seconds: Some(60), ..Filter::default() };
        assert_eq!(lengths.check(), Err(Unfindable::Lengths { min: 61, max: 60 }));
        assert_eq!(Filter { max_seconds: Some(61), ..lengths }.check(), Ok(()));
    }
}
