//! What an entity is: a typed value and its place in the original text.

use std::ops::Range;

use jiff::civil::DateTime;
use serde::Serialize;
use smol_str::SmolStr;

use super::{
    check::Reading,
    decimal::Decimal,
    names::{Candidate, Directory},
    token::Text,
    when::When,
};

/// A place in the original text, counted both ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    pub bytes: Range<usize>,
    pub chars: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entity {
    pub span: Span,
    #[serde(flatten)]
    pub value: Value,
}

impl Entity {
    /// A value said by the tokens from `start` until before `end`.
    pub fn new(text: &Text, start: usize, end: usize, value: Value) -> Option<Self> {
        let (first, last) = (text.tokens.get(start)?, text.tokens.get(end.checked_sub(1)?)?);
        let span =
            Span { bytes: first.bytes.start..last.bytes.end, chars: first.chars.start..last.chars.end };
        Some(Self { span, value })
    }
}

/// What a dialog can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Number,
    Ordinal,
    Percentage,
    Digits,
    Phone,
    Code,
    Amount,
    Quantity,
    Age,
    /// Dates, times, lengths of time, ranges.
    When,
    /// Names of the directory.
    Person,
    Address,
    Answer,
    Correction,
}

impl Kind {
    /// The more special first: of two readings of the same words, the first wins.
    pub const ALL: &[Self] = &[
        Self::Amount,
        Self::Age,
        Self::Person,
        Self::Address,
        Self::When,
        Self::Percentage,
        Self::Phone,
        Self::Digits,
        Self::Code,
        Self::Quantity,
        Self::Ordinal,
        Self::Number,
        Self::Answer,
    ];
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum Value {
    Number(Decimal),
    Ordinal(Place),
    /// 20 is twenty per cent.
    Percentage(Decimal),
    Digits(Digits),
    Phone(Phone),
    /// Letters and digits, in capitals.
    Code(String),
    Amount(Amount),
    Quantity(Quantity),
    Age(Age),
    When(When),
    /// Names that sound like what was said, the likeliest first.
    Person {
        candidates: Vec<Candidate>,
    },
    Address(Address),
    Answer(Answer),
    /// What is taken back, if it was said, and what holds now.
    Correction {
        wrong: Option<Span>,
        right: Box<Entity>,
    },
}

/// A place, as far as it was said or follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Address {
    /// ISO 3166.
    pub country: SmolStr,
    /// Province, state, or country of the union.
    pub province: Option<SmolStr>,
    pub city: Option<SmolStr>,
    pub district: Option<SmolStr>,
    /// As it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Yes,
    No,
    Neither,
    Unsure,
}

/// Digits in the order in which they were said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Digits {
    pub digits: String,
    /// What their check digits say that they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<Reading>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Phone {
    /// As said, with `+` if it was said.
    pub digits: String,
    /// As the world dials it, where the caller's country tells.
    pub e164: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Amount {
    pub value: Decimal,
    /// ISO 4217.
    pub currency: SmolStr,
    /// What else it may have been (“two fifty”), or the upper end of 七八百块.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub or: Option<Decimal>,
}

impl Amount {
    pub fn new(value: Decimal, currency: SmolStr) -> Self {
        Self { value, currency, or: None }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quantity {
    pub value: Decimal,
    /// The unit's name in `data/units.tsv`.
    pub unit: SmolStr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Age {
    pub value: Decimal,
    pub unit: AgeUnit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AgeUnit {
    Year,
    Month,
    Week,
    Day,
}

/// Which one of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Counted from one.
    Nth(i64),
    /// 0 is the last, 1 the one before it.
    FromEnd(i64),
    /// 1 is the next, 0 this one, -1 the one before.
    FromHere(i64),
}

/// Where and when the words are said.
#[derive(Clone, Debug)]
pub struct Setting<'d> {
    /// `zh-CN`, `en-US`, `en-GB` …: decides what a number without a country and 3/4 mean.
    pub locale: String,
    /// The wall clock of the place that the caller speaks of.
    pub now: DateTime,
    /// Whose names to listen for.
    pub directory: Option<&'d Directory>,
}

impl<'d> Setting<'d> {
    pub fn new(locale: &str, now: DateTime) -> Self {
        Self { locale: locale.to_owned(), now, directory: None }
    }

    /// The country: that of the locale, or the one that speaks most of its language.
    pub fn region(&self) -> &str {
        match self.locale.split_once(['-', '_']) {
            Some((_, region)) => region.rsplit(['-', '_']).next().unwrap_or(region),
            None if self.locale == "zh" => "CN",
            None => "US",
        }
    }

    #[must_use]
    pub fn with(self, directory: &'d Directory) -> Self {
        Self { directory: Some(directory), ..self }
    }
}
