//! Dates, times, lengths of time and ranges, relative to now.
//!
//! [`grammar`] matches tables of phrases ([`english_dates`], [`english_periods`], [`english_times`], [`english_ranges`], [`chinese`],
//! [`chinese_ranges`]) over words of the [`lexicon`]; [`calendar`] does the arithmetic. What is ambiguous is read as
//! for an appointment: docs/entities.md has the rules.

mod calendar;
mod chinese;
mod chinese_ranges;
mod english_dates;
mod english_periods;
mod english_ranges;
mod english_times;
mod grammar;
mod holiday;
mod lexicon;
pub mod model;
mod ranges;
mod written;

use std::sync::LazyLock;

use super::{
    model::{Entity, Setting, Value},
    number::Found,
    numeric::scan,
    token::Text,
};
use grammar::{Chart, Grammar, Order, Said, Sort};
use model::Piece;
pub use model::When;

static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| {
    Grammar::new(&[
        chinese_ranges::RANGES,
        english_ranges::RANGES,
        english_times::MOMENTS,
        english_dates::DATES,
        english_times::TIMES,
        english_periods::PERIODS,
        chinese::PARTS,
        chinese::MOMENTS,
        chinese::DATES,
        chinese::TIMES,
        chinese::PERIODS,
    ])
});

/// What is tried at each place; of equal lengths the first wins.
const ORDER: [Sort; 6] = [Sort::Date, Sort::Moment, Sort::Time, Sort::Period, Sort::Range, Sort::Duration];

pub fn moments(text: &Text, setting: &Setting) -> Vec<Entity> {
    let chart = Chart::new(&GRAMMAR, text, setting.now, Order::of(setting));
    let found = scan(text, |at| longest(&chart, at));
    if found.is_empty() { face_alone(&chart).into_iter().collect() } else { found }
}

/// “eight forty” is a time if nothing else is said.
fn face_alone(chart: &Chart) -> Option<Entity> {
    let all = chart.at(Sort::Clock, 0).iter().copied().find(|said| said.end == chart.text.len())?;
    let Piece::Clock(clock) = all.piece else { return None };
    (clock.minute != 0).then(|| Entity::new(chart.text, 0, all.end, Value::When(value(all.piece)?)))?
}

fn longest(chart: &Chart, at: usize) -> Found<(usize, Value)> {
    let said = best(chart, at)?;
    // “for three hours”: what needs no word before it may be longer.
    let inner =
        if said.from > at { best(chart, said.from).filter(|inner| inner.end >= said.end) } else { None };
    let said = inner.unwrap_or(said);
    Some(((said.from, Value::When(value(said.piece)?)), said.end))
}

fn best(chart: &Chart, at: usize) -> Option<Said> {
    if !chart.begins(at) {
        return None;
    }
    let mut best: Option<Said> = None;
    for sort in ORDER {
        for said in chart.at(sort, at).iter().copied() {
            let longer = best.is_none_or(|best| said.end > best.end);
            if longer && stands(chart.text, sort, &said) && value(said.piece).is_some() {
                best = Some(said);
            }
        }
    }
    best
}

/// Whether it may be found in any sentence: not a part of a word, not a word that is mostly something else.
fn stands(text: &Text, sort: Sort, said: &Said) -> bool {
    use super::token::Kind;
    let (from, end) = (said.from, said.end);
    let letters = |index: usize| text.kind(index) == Some(Kind::Word);
    let digits = |index: usize| text.kind(index) == Some(Kind::Digits);
    let cut = from > 0
        && text.glued(from)
        && (letters(from - 1) && digits(from) || digits(from - 1) && letters(from))
        || text.glued(end) && digits(end - 1) && letters(end);
    let alone = end == from + 1;
    let doubtful = alone
        && matches!(
            text.at(from),
            "may" | "march" | "mar" | "sat" | "sun" | "second" | "wed" | "mon" | "dec" | "jan"
        );
    let capital = text.raw(from).starts_with(char::is_uppercase);
    let bare_year = alone && sort == Sort::Period && digits(from);
    let before = if from > 0 { text.at(from - 1) } else { "" };
    // “good morning”, 早上好, “$12 December”.
    let greeting = before == "good" || text.at(end) == "好" || before == "$";
    // “a second round” lasts no second.
    let counted =
        sort == Sort::Duration && text.at(end - 1) == "second" && text.kind(end) == Some(Kind::Word);
    let greeting = greeting || counted;
    // “ten thirty” is rather a time than the year 1030.
    let clock_like = matches!(said.piece, Piece::Period { from, .. } if from.year() < 1700 && from.year() % 100 < 60)
        && (from..end).all(|index| {
            super::number::fraction::spoken_digit(text.at(index)).is_some()
                || super::number::english::small(text.at(index)).is_some()
        });
    let greeting = greeting || sort == Sort::Period && clock_like;
    let verb = end == from + 2 && text.at(end - 1) == "may" && text.raw(end - 1) == "may";
    if greeting || verb {
        return false;
    }
    let year_expected = !bare_year
        || matches!(
            before,
            "from" | "in" | "of" | "since" | "year" | "after" | "before" | "during" | "by" | "until" | "and"
        );
    !cut && year_expected
        && (!doubtful || capital && from > 0 || matches!(before, "in" | "on" | "next" | "last"))
}

fn value(piece: Piece) -> Option<When> {
    Some(match piece {
        Piece::Day(day) => When::Date { date: day.date },
        Piece::Clock(clock) => When::Time { time: clock.time(), vague: clock.vague },
        Piece::Moment(at, vague) => When::DateTime { at, vague },
        Piece::Length(length) => When::Duration { seconds: length.nominal.round() as i64 },
        Piece::Period { from, until, .. } => When::Dates { from: Some(from), until: Some(until) },
        Piece::Whole(when) => when,
        _ => return None,
    })
}
