//! Does what was said fit what is asked? And what becomes of a value when a part of it is corrected.

use jiff::civil::Date;
use smol_str::{SmolStr, ToSmolStr};

use super::words::{Fact, FactKind};
use crate::infra::site::{Ask, Choice};

/// What a fact is to a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    Is(SmolStr),
    /// Of the right kind, but it can't be it.
    Wrong,
    Other,
}

/// What `fact` is to a slot that asks for this.
pub fn fit(ask: &Ask, fact: &Fact) -> Fit {
    use FactKind::{
        Amount, Code, Date, Digits, No, Number, Ordinal, Person, Phone, Place, Secret, Time, Yes,
    };
    let same = || Fit::Is(fact.text.clone());
    match (ask, fact.kind) {
        (Ask::Digits { min, max }, Secret(_)) => {
            let long = usize::from(*min)..=usize::from(*max);
            if long.contains(&fact.text.len()) { same() } else { Fit::Wrong }
        }
        (Ask::Digits { min, max }, Digits | Phone | Code | Number) => {
            let digits = fact.text.trim_start_matches('+');
            if !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Fit::Other;
            }
            let long = usize::from(*min)..=usize::from(*max);
            if long.contains(&digits.len()) { Fit::Is(digits.into()) } else { Fit::Wrong }
        }
        (Ask::Phone, Digits | Number) => {
            if fact.text.len() >= 7 {
                same()
            } else {
                Fit::Wrong
            }
        }
        (Ask::Phone, Phone)
        | (Ask::Code, Code | Digits | Number | Secret(_))
        | (Ask::Number, Number)
        | (Ask::Amount, Amount | Number)
        | (Ask::Date, Date)
        | (Ask::Time, Time)
        | (Ask::Person, Person)
        | (Ask::Place, Place)
        | (Ask::Answer, Yes | No) => same(),
        (Ask::Number, Digits) => fact.text.parse::<u32>().map_or(Fit::Wrong, |n| Fit::Is(n.to_smolstr())),
        (Ask::Choice(options), Ordinal | Number | Digits) => match nth(options, &fact.text) {
            Some(option) => Fit::Is(option.value.as_str().into()),
            None => Fit::Wrong,
        },
        _ => Fit::Other,
    }
}

/// The kind of fact that is said for just this, so that it fills a slot that was not asked for.
pub fn meant(ask: &Ask, kind: FactKind) -> bool {
    use FactKind::{Amount, Code, Date, Digits, Number, Person, Phone, Place, Secret, Time};
    match ask {
        // Eight digits may be a phone number of the place: their count tells (`fit`).
        Ask::Digits { .. } => matches!(kind, Digits | Number | Phone | Secret(_)),
        Ask::Phone => kind == Phone,
        Ask::Code => matches!(kind, Code | Secret(_)),
        Ask::Number => kind == Number,
        Ask::Amount => kind == Amount,
        Ask::Date => kind == Date,
        Ask::Time => kind == Time,
        Ask::Person => kind == Person,
        Ask::Place => kind == Place,
        Ask::Answer | Ask::Choice(_) => false,
    }
}

fn nth<'o>(options: &'o [Choice], text: &str) -> Option<&'o Choice> {
    let place: i64 = text.parse().ok()?;
    let from_end = || options.len().checked_sub(usize::try_from(-place).ok()?);
    let index = if place < 0 { from_end()? } else { usize::try_from(place).ok()?.checked_sub(1)? };
    options.get(index)
}

/// The option whose words the text has; `None` when it has those of several.
pub fn named<'o>(options: &'o [Choice], text: &str) -> Option<&'o Choice> {
    let mut named = options
        .iter()
        .filter(|option| option.title.0.values().chain(&option.words).any(|word| says(text, word)));
    named.next().filter(|_| named.next().is_none())
}

/// Words by which the next ones are refused, as they stand right before them.
const DENIALS: [&str; 10] = ["不", "不是", "不要", "不想", "别", "没", "not", "no", "don't want", "not a"];

/// The text has this word, not as a part of a longer one, and does not refuse it.
pub fn says(text: &str, word: &str) -> bool {
    let (text, word) = (text.to_lowercase(), word.to_lowercase());
    if word.is_empty() {
        return false;
    }
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.match_indices(&word).any(|(at, _)| {
        let (before, behind) = (&text[..at], &text[at + word.len()..]);
        let cut = |inside: Option<char>, outside: Option<char>| !(letter(inside) && letter(outside));
        let whole = cut(word.chars().next(), before.chars().next_back())
            && cut(word.chars().next_back(), behind.chars().next());
        let before = before.trim_end();
        whole && !DENIALS.iter().any(|denial| ends_with_word(before, denial))
    })
}

fn ends_with_word(text: &str, word: &str) -> bool {
    let before = text.strip_suffix(word).and_then(|rest| rest.chars().next_back());
    text.ends_with(word) && !(word.is_ascii() && before.is_some_and(char::is_alphanumeric))
}

/// A value of which one part is corrected: the one digit that is `wrong`, the day of a date.
pub fn mended(ask: &Ask, value: &str, wrong: Option<&str>, right: &Fact) -> Option<SmolStr> {
    match ask {
        Ask::Digits { .. } | Ask::Phone | Ask::Code => {
            let wrong = wrong.filter(|wrong| !wrong.is_empty())?;
            // In two places it is not clear which one is meant.
            let once = value.matches(wrong).count() == 1;
            let plain = right.text.bytes().all(|b| b.is_ascii_alphanumeric());
            (once && plain && right.text.len() == wrong.len())
                .then(|| value.replace(wrong, &right.text).into())
        }
        Ask::Date if matches!(right.kind, FactKind::Ordinal | FactKind::Number) => {
            let date: Date = value.parse().ok()?;
            let day: i8 = right.text.parse().ok()?;
            Date::new(date.year(), date.month(), day).ok().map(|date| date.to_smolstr())
        }
        _ => None,
    }
}
