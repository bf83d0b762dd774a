//! English numbers in words: “a hundred and five”, “twenty one hundred”, “two point five million”, “the fourth”.

use super::{
    super::{
        decimal::Decimal,
        token::{Kind, Text},
    },
    Found, fraction, magnitude, written,
};

/// Words below a hundred.
const SMALL: &[(&str, i64)] = &[
    ("zero", 0),
    ("nought", 0),
    ("naught", 0),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("twelve", 12),
    ("thirteen", 13),
    ("fourteen", 14),
    ("fifteen", 15),
    ("sixteen", 16),
    ("seventeen", 17),
    ("eighteen", 18),
    ("nineteen", 19),
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fourty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("seventy", 70),
    ("eighty", 80),
    ("ninety", 90),
];

/// Ordinal words below a hundred.
const SMALL_ORDINAL: &[(&str, i64)] = &[
    ("zeroth", 0),
    ("first", 1),
    ("second", 2),
    ("third", 3),
    ("fourth", 4),
    ("fifth", 5),
    ("sixth", 6),
    ("seventh", 7),
    ("eighth", 8),
    ("ninth", 9),
    ("nineth", 9),
    ("tenth", 10),
    ("eleventh", 11),
    ("twelfth", 12),
    ("thirteenth", 13),
    ("fourteenth", 14),
    ("fifteenth", 15),
    ("sixteenth", 16),
    ("seventeenth", 17),
    ("eighteenth", 18),
    ("nineteenth", 19),
    ("twentieth", 20),
    ("thirtieth", 30),
    ("fortieth", 40),
    ("fiftieth", 50),
    ("sixtieth", 60),
    ("seventieth", 70),
    ("eightieth", 80),
    ("ninetieth", 90),
];

/// Words that multiply, as powers of ten.
const SCALES: &[(&str, u32)] = &[
    ("hundred", 2),
    ("thousand", 3),
    ("lakh", 5),
    ("million", 6),
    ("crore", 7),
    ("billion", 9),
    ("trillion", 12),
    ("quadrillion", 15),
    ("quintillion", 18),
    ("sextillion", 21),
];

pub fn small(word: &str) -> Option<i64> {
    SMALL.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
}

/// The ordinal's value, and whether it is a plural (“fifths”).
pub fn small_ordinal(word: &str) -> Option<(i64, bool)> {
    let find = |word: &str| SMALL_ORDINAL.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    find(word).map(|value| (value, false)).or_else(|| Some((find(word.strip_suffix('s')?)?, true)))
}

/// The power of ten of “million” or “millions”.
pub fn scale(word: &str) -> Option<u32> {
    let find = |word: &str| SCALES.iter().find(|(name, _)| *name == word).map(|(_, exponent)| *exponent);
    find(word).or_else(|| find(word.strip_suffix('s')?))
}

/// The power of ten of “millionth” or “millionths”, and whether it is a plural.
fn scale_ordinal(word: &str) -> Option<(u32, bool)> {
    if let Some(singular) = word.strip_suffix("th") {
        return Some((scale(singular).filter(|_| !singular.ends_with('s'))?, false));
    }
    let singular = word.strip_suffix("ths")?;
    Some((scale(singular).filter(|_| !singular.ends_with('s'))?, true))
}

pub fn ten_to(exponent: u32) -> Decimal {
    Decimal::new(10i128.pow(exponent.min(36)), 0).unwrap_or(Decimal::ONE)
}

/// How a walk over number words ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Cardinal,
    Ordinal { plural: bool },
}

/// A walk from word to word: what is summed up, and what may still be said.
struct Walk<'t, 's> {
    text: &'t Text<'s>,
    pos: usize,
    total: Decimal,
    group: Decimal,
    /// The last word below a hundred (or digits), which “dozen” multiplies.
    last: Decimal,
    /// What follows must be smaller than this; zero: nothing may follow but a scale.
    room: Option<Decimal>,
    scale: Option<u32>,
    began: bool,
    hundred: bool,
}

impl<'t, 's> Walk<'t, 's> {
    fn new(text: &'t Text<'s>, at: usize) -> Self {
        Self {
            text,
            pos: at,
            total: Decimal::ZERO,
            group: Decimal::ZERO,
            last: Decimal::ZERO,
            room: None,
            scale: None,
            began: false,
            hundred: false,
        }
    }

    fn fits(&self, value: Decimal) -> bool {
        self.room.is_none_or(|room| value.to_f64() < room.to_f64())
    }

    /// A word below a hundred, with the unit behind a ten.
    fn take_small(&mut self) -> bool {
        let Some(value) = small(self.text.at(self.pos)) else { return false };
        if (value == 0 && self.began) || !self.fits(Decimal::from(value)) {
            return false;
        }
        let mut sum = value;
        let mut end = self.pos + 1;
        if value >= 20 {
            let next = if self.text.at(end) == "-" { end + 1 } else { end };
            if let Some(unit) = small(self.text.at(next)).filter(|unit| (1..10).contains(unit)) {
                sum += unit;
                end = next + 1;
            }
        }
        self.add(Decimal::from(sum), end)
    }

    fn take_digits(&mut self) -> bool {
        if self.text.kind(self.pos) != Some(Kind::Digits) {
            return false;
        }
        let found = if self.began {
            written::plain(self.text, self.pos)
        } else {
            written::number(self.text, self.pos)
        };
        let Some((value, end)) = found.filter(|(value, _)| self.fits(*value)) else { return false };
        if self.began && (value == Decimal::ZERO || value.scale() > 0) {
            return false;
        }
        if self.began
            && matches!(scale(self.text.at(end)), Some(2))
            && !self.fits(value.times(ten_to(2)).unwrap_or(value))
        {
            return false;
        }
        let (value, end) = if self.began { (value, end) } else { magnitude::scaled(self.text, value, end) };
        self.add(value, end)
    }

    fn add(&mut self, value: Decimal, end: usize) -> bool {
        let Some(group) = self.group.plus(value) else { return false };
        (self.group, self.last, self.pos) = (group, value, end);
        (self.room, self.began) = (Some(Decimal::ZERO), true);
        true
    }

    /// “hundred”, “thousand”, “million” …; `exponent` of the word at this place.
    fn multiply(&mut self, exponent: u32) -> bool {
        let factor = ten_to(exponent);
        let one = !self.began;
        if exponent == 2 {
            let group = if one { Decimal::ONE } else { self.group };
            if self.hundred || group == Decimal::ZERO || group.to_f64() >= 1000.0 {
                return false;
            }
            let Some(group) = group.times(factor) else { return false };
            (self.group, self.hundred, self.room) = (group, true, Some(factor));
        } else if self.group == Decimal::ZERO && !one {
            // “three lakh crore”, “a million million”.
            let Some(total) = self.total.times(factor) else { return false };
            (self.total, self.room) = (total, Some(factor));
        } else {
            if self.scale.is_some_and(|last| exponent >= last) {
                return false;
            }
            let group = if one { Decimal::ONE } else { self.group };
            let Some(total) = group.times(factor).and_then(|product| self.total.plus(product)) else {
                return false;
            };
            (self.total, self.group, self.hundred) = (total, Decimal::ZERO, false);
            (self.room, self.scale) = (Some(factor), Some(exponent));
        }
        (self.began, self.last) = (true, Decimal::ZERO);
        self.pos += 1;
        true
    }

    fn ordinal(&mut self) -> Option<Ending> {
        let word = self.text.at(self.pos);
        if let Some((value, plural)) =
            small_ordinal(word).filter(|(value, _)| self.fits(Decimal::from(*value)))
        {
            self.add(Decimal::from(value), self.pos + 1).then_some(())?;
            return Some(Ending::Ordinal { plural });
        }
        // “twenty first”: the unit behind a ten.
        let at = if word == "-" { self.pos + 1 } else { self.pos };
        if let Some((value, plural)) =
            small_ordinal(self.text.at(at)).filter(|(value, _)| (1..10).contains(value))
            && self.last.integer().is_some_and(|last| (20..100).contains(&last) && last % 10 == 0)
            && self.text.kind(self.pos - 1) == Some(Kind::Word)
        {
            self.group = self.group.plus(Decimal::from(value))?;
            self.pos = at + 1;
            return Some(Ending::Ordinal { plural });
        }
        let (exponent, plural) = scale_ordinal(word)?;
        self.multiply(exponent).then_some(Ending::Ordinal { plural })
    }

    fn sum(&self) -> Option<Decimal> {
        self.total.plus(self.group)
    }

    fn step(&mut self) -> bool {
        if self.take_small() || self.take_digits() {
            return true;
        }
        let word = self.text.at(self.pos);
        if self.began
            && matches!(word, "dozen" | "dozens" | "doz" | "dozs" | "dz" | "dzs")
            && self.last != Decimal::ZERO
        {
            let more = self.last.times(Decimal::from(11)).and_then(|more| self.group.plus(more));
            let Some(group) = more else { return false };
            (self.group, self.last) = (group, Decimal::ZERO);
            self.pos += 1;
            return true;
        }
        scale(word).is_some_and(|exponent| self.multiply(exponent))
    }

    /// An article stands for one before a multiplying word.
    fn article(&mut self) {
        let next = self.text.at(self.pos + 1);
        if matches!(self.text.at(self.pos), "a" | "an") {
            if scale(next).is_some() || scale_ordinal(next).is_some() {
                self.pos += 1;
            } else if matches!(next, "dozen") {
                self.add(Decimal::ONE, self.pos + 1);
            }
        }
    }

    /// “and” goes on only if what follows fits.
    fn and(&mut self) -> bool {
        let at = self.pos;
        let joins =
            self.began && self.text.at(at) == "and" && self.room.is_some_and(|room| room != Decimal::ZERO);
        if joins {
            self.pos += 1;
        }
        joins
    }
}

/// The longest cardinal or ordinal at this place.
pub fn walk(text: &Text, at: usize, ordinals: bool) -> Option<(Decimal, usize, Ending)> {
    let mut walk = Walk::new(text, at);
    walk.article();
    loop {
        let before = walk.pos;
        let and = walk.and();
        if ordinals && let Some(ending) = walk.ordinal() {
            return Some((walk.sum()?, walk.pos, ending));
        }
        let took = walk.step();
        if !took || (and && !walk.began) {
            walk.pos = before;
            break;
        }
    }
    if !walk.began {
        return None;
    }
    Some((walk.sum()?, walk.pos, Ending::Cardinal))
}

/// “two hundred and five”; digits too.
pub fn cardinal(text: &Text, at: usize) -> Found<Decimal> {
    let (value, end, _) = walk(text, at, false)?;
    Some((value, end))
}

/// “twenty first”, “21st”, “one hundred and eleventh”.
pub fn ordinal(text: &Text, at: usize) -> Found<i64> {
    if text.kind(at) == Some(Kind::Digits) {
        let tail = text.at(at + 1);
        if text.glued(at + 1) && matches!(tail, "st" | "nd" | "rd" | "th") {
            return Some((text.at(at).parse().ok()?, at + 2));
        }
    }
    let (value, end, ending) = walk(text, at, true)?;
    matches!(ending, Ending::Ordinal { plural: false }).then_some((value.integer()?, end))
}

/// Any number: cardinal, decimal, fraction, with or without a sign.
pub fn number(text: &Text, at: usize) -> Found<Decimal> {
    if matches!(text.at(at), "minus" | "negative") {
        let doubled = matches!(text.at(at + 1), "minus" | "negative");
        let (value, end) = if doubled { return None } else { number(text, at + 1)? };
        return Some((value.negated(), end));
    }
    fraction::number(text, at)
}
