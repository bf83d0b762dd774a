//! Holidays by name: fixed days, the nth weekday of a month, days around Easter, and days of the Chinese calendar.

use std::sync::LazyLock;

use jiff::civil::{Date, DateTime, Weekday};

use super::{
    super::{
        phrases::{Phrases, names, rows},
        token::Text,
    },
    calendar,
    model::{Day, Named, Piece},
};

/// When a holiday is, in any year.
#[derive(Clone, Copy, Debug)]
enum Rule {
    Fixed(i64, i64),
    /// Month, which one (0 the last), weekday, days behind it.
    Nth(i64, i64, Weekday, i64),
    Easter(i64),
    /// A column of `data/lunar.tsv`, and days behind it.
    Lunar(usize, i64),
    /// 清明: the day on which the sun reaches 15°.
    Qingming,
}

/// The rules in the table's order, and the names with the place of their rule.
static TABLE: LazyLock<(Vec<Rule>, Phrases<usize>)> = LazyLock::new(|| {
    let mut rules = Vec::new();
    let mut phrases = Vec::new();
    for row in rows(include_str!("../data/holidays.tsv")) {
        if let (Some(rule), Some(column)) = (rule(row[0]), row.get(1)) {
            phrases.extend(names(column).map(|name| (name, rules.len())));
            rules.push(rule);
        }
    }
    (rules, Phrases::new(phrases))
});

/// The words of the table's first column: `12-25`, `nth 11 4 thu`, `easter -2`, `lunar 1 14`, `qingming`.
fn rule(source: &str) -> Option<Rule> {
    let words: Vec<&str> = source.split(' ').collect();
    let number = |index: usize| words.get(index).and_then(|word| word.parse::<i64>().ok());
    match words[0] {
        "nth" => Some(Rule::Nth(number(1)?, number(2)?, weekday(words.get(3)?)?, number(4).unwrap_or(0))),
        "easter" => Some(Rule::Easter(number(1)?)),
        "lunar" => Some(Rule::Lunar(number(1)? as usize, number(2).unwrap_or(0))),
        "qingming" => Some(Rule::Qingming),
        fixed => {
            let (month, day) = fixed.split_once('-')?;
            Some(Rule::Fixed(month.parse().ok()?, day.parse().ok()?))
        }
    }
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sun" => Weekday::Sunday,
        _ => return None,
    })
}

fn on(rule: Rule, year: i64) -> Option<Date> {
    match rule {
        Rule::Fixed(month, day) => calendar::date(year, month, day),
        Rule::Nth(month, nth, weekday, behind) => {
            let from = calendar::date(year, month, 1)?;
            let found = calendar::nth_weekday(from, calendar::months(from, 1)?, nth, weekday)?;
            calendar::days(found, behind)
        }
        Rule::Easter(behind) => calendar::days(calendar::easter(year)?, behind),
        Rule::Lunar(column, behind) => calendar::days(lunar(year, column)?, behind),
        Rule::Qingming => {
            let short = year - 2000;
            calendar::date(year, 4, (short as f64 * 0.2422 + 4.81) as i64 - short / 4)
        }
    }
}

/// From the shipped table of the Chinese calendar; no date outside it.
fn lunar(year: i64, column: usize) -> Option<Date> {
    let wanted = year.to_string();
    let row = rows(include_str!("../data/lunar.tsv")).find(|row| row[0] == wanted)?;
    let (month, day) = row.get(column)?.split_once('-')?;
    calendar::date(year, month.parse().ok()?, day.parse().ok()?)
}

/// The next time that the holiday comes, today included.
pub fn at(text: &Text, at: usize, now: DateTime) -> Option<(Piece, usize)> {
    let (index, end) = TABLE.1.at(text, at)?;
    let year = i64::from(now.date().year());
    let date = (year..year + 2).filter_map(|year| of_year(*index, year)).find(|date| *date >= now.date())?;
    Some((Piece::Day(Day { date, named: Named::Holiday(*index) }), end))
}

/// Whether a name of the table begins with this token.
pub fn begins(word: &str) -> bool {
    TABLE.1.begins(word)
}

/// A holiday of the table in a given year.
pub fn of_year(index: usize, year: i64) -> Option<Date> {
    on(*TABLE.0.get(index)?, year)
}
