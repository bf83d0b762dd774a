//! Dates in digits: 2016-11-22, 02/22/2016, 22/02/2016, 3-7-07, 13.5.2015, 2010 01 29, 2019-sep-1, 4/22.

use jiff::civil::{Date, DateTime};

use super::{
    super::token::{Kind, Text},
    calendar,
    grammar::Order,
    lexicon::full_year,
    model::{Day, Piece},
};

/// One of the three fields: its value, how many digits, and whether it is the name of a month.
#[derive(Clone, Copy)]
struct Field {
    value: i64,
    digits: usize,
    named: bool,
}

pub fn date(text: &Text, at: usize, now: DateTime, order: Order) -> Option<(Piece, usize)> {
    let code = at > 0
        && text.glued(at)
        && matches!(text.at(at - 1), "-" | "/" | ".")
        && text.at(at - 1) == text.at(at + 1)
        && text.glued(at - 1)
        && text.kind(at.checked_sub(2)?) == Some(Kind::Digits);
    if code {
        return None;
    }
    let first = field(text, at)?;
    let mark = text.at(at + 1);
    let spaced = text.kind(at + 1) == Some(Kind::Digits) && first.digits == 4;
    if spaced {
        let (month, day) = (field(text, at + 1)?, field(text, at + 2)?);
        let fits = month.digits == 2 && day.digits == 2 && !text.glued(at + 1) && !text.glued(at + 2);
        let date = calendar::date(first.value, month.value, day.value).filter(|_| fits)?;
        return Some((calendar::exactly(date), at + 3));
    }
    if !matches!(mark, "/" | "-" | ".") {
        return None;
    }
    let second = field(text, at + 2)?;
    let next = text.at(at + 3);
    let third = if next == mark || (mark == "/" && next == "," && text.glued(at + 4)) {
        field(text, at + 4)
    } else {
        None
    };
    let tight = |index: usize| text.glued(index);
    if let Some(third) = third.filter(|_| tight(at + 1) && tight(at + 2)) {
        if text.at(at + 5) == mark
            && text.kind(at + 6) == Some(Kind::Digits)
            && text.glued(at + 6)
            && mark != "-"
        {
            return None;
        }
        let date = three(first, second, third, order)?;
        return Some((calendar::exactly(date), at + 5));
    }
    let day = two(first, second, mark, now, order).filter(|_| tight(at + 1) && tight(at + 2))?;
    let longer =
        text.glued(at + 3) && (text.kind(at + 3) == Some(Kind::Word) || matches!(text.at(at + 3), "%"));
    // “4.22” and “4-22” are dates only where a date is expected; the rules say so by “on”.
    let expected = mark == "/"
        || at > 0
            && matches!(
                text.at(at - 1),
                "on" | "in"
                    | "friday"
                    | "monday"
                    | "tuesday"
                    | "wednesday"
                    | "thursday"
                    | "saturday"
                    | "sunday"
            );
    (!longer && expected).then_some((Piece::Day(day), at + 3))
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

fn field(text: &Text, at: usize) -> Option<Field> {
    let word = text.at(at);
    if text.kind(at) == Some(Kind::Digits) && word.len() <= 4 {
        return Some(Field { value: word.parse().ok()?, digits: word.len(), named: false });
    }
    let month = MONTHS.iter().position(|month| (3..10).contains(&word.len()) && word.starts_with(month))?;
    Some(Field { value: month as i64 + 1, digits: 0, named: true })
}

fn three(a: Field, b: Field, c: Field, order: Order) -> Option<Date> {
    let year_first = a.digits == 4
        || a.value > 31
        || order == Order::Year && a.digits == 2 && c.digits <= 2 && c.value <= 31;
    let (year, first, second) = if year_first { (a, b, c) } else { (c, a, b) };
    if year.named || year.digits == 3 {
        return None;
    }
    let year = full_year(year.value, year.digits);
    let month_first = year_first || order == Order::Month;
    let mut ways = [(first, second), (second, first)];
    if second.named || !month_first && !first.named {
        ways.reverse();
    }
    ways.iter().find_map(|(month, day)| calendar::date(year, month.value, day.value).filter(|_| !day.named))
}

/// 4/22, 22/04, Oct-2, 1-jan.
fn two(a: Field, b: Field, mark: &str, now: DateTime, order: Order) -> Option<Day> {
    let years = a.digits > 2 || b.digits > 2;
    if years || (a.named && b.named) || (b.named && mark == ".") {
        return None;
    }
    let mut ways = [(a, b), (b, a)];
    if b.named || order == Order::Day && !a.named {
        ways.reverse();
    }
    ways.iter()
        .filter(|(month, day)| !day.named && (1..=12).contains(&month.value) && (1..=31).contains(&day.value))
        .find_map(|(month, day)| calendar::yearless(now, month.value, day.value))
}
