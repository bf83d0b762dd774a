//! Days and periods in English. Each line: what it gives, the words, what they mean.

use jiff::civil::DateTime;

use super::{
    calendar::{self, around, coming, date, day_of_month, exactly, in_week, month_of, nth_weekday, yearless},
    grammar::{
        Caught, Rule,
        Sort::{self, Date},
    },
    holiday,
    model::{Day, Named, Piece, Unit},
};

const fn rule(gives: Sort, pattern: &'static str, make: fn(&Caught, DateTime) -> Option<Piece>) -> Rule {
    Rule { gives, pattern, make }
}

/// A day that is so many days from today.
fn from_today(now: DateTime, days: i64) -> Option<Piece> {
    Some(exactly(calendar::days(now.date(), days)?))
}

/// A month and a day, with or without a year.
fn of_month(now: DateTime, month: Option<i8>, day: Option<i64>, year: Option<i64>) -> Option<Piece> {
    let (month, day) = (i64::from(month?), day?);
    match year {
        Some(year) => Some(exactly(date(year, month, day)?)),
        None => Some(Piece::Day(yearless(now, month, day)?)),
    }
}

/// A day of the month that is `shift` away.
fn in_month(now: DateTime, shift: i64, day: i64) -> Option<Piece> {
    let month = calendar::months(calendar::first_of_month(now.date()), shift)?;
    Some(exactly(date(i64::from(month.year()), i64::from(month.month()), day)?))
}

/// The same holiday, or the same month and day, in a year.
pub fn in_year(day: Day, year: i64) -> Option<Piece> {
    let found = match day.named {
        Named::Holiday(index) => holiday::of_year(index, year)?,
        Named::Yearless => date(year, i64::from(day.date.month()), i64::from(day.date.day()))?,
        _ => return None,
    };
    Some(exactly(found))
}

/// Ahead or back from now; hours and less give a moment.
pub fn away(c: &Caught, now: DateTime, back: bool) -> Option<Piece> {
    let length = c.length(0)?;
    let at = if back { length.negated() } else { length }.from(now)?;
    if length.fine { Some(Piece::Moment(at, false)) } else { Some(exactly(at.date())) }
}

/// Ahead or back from a day.
fn away_from(c: &Caught, back: bool) -> Option<Piece> {
    let (length, day) = (c.length(0)?, c.day(1)?);
    let length = if back { length.negated() } else { length };
    let at = length.from(day.date.at(0, 0, 0, 0))?;
    (!length.fine).then(|| exactly(at.date()))
}

/// “two Sundays from now”.
fn weekdays_ahead(now: DateTime, count: i64, weekday: jiff::civil::Weekday) -> Option<Piece> {
    let first = coming(now, weekday)?;
    let first = if first == now.date() { calendar::days(first, 7)? } else { first };
    Some(exactly(calendar::days(first, (count - 1) * 7)?))
}

/// The month and year that a period begins with.
pub fn bounds(piece: Option<Piece>) -> Option<(jiff::civil::Date, jiff::civil::Date)> {
    match piece? {
        Piece::Period { from, until, .. } => Some((from, until)),
        _ => None,
    }
}

fn nth_of(c: &Caught, nth: i64, weekday: usize, period: usize) -> Option<Piece> {
    let (from, until) = bounds(c.piece(period))?;
    Some(exactly(nth_weekday(from, until, nth, c.weekday(weekday)?)?))
}

fn this_month(now: DateTime) -> Option<(jiff::civil::Date, jiff::civil::Date)> {
    bounds(around(now, Unit::Month, 0))
}

/// A weekday in the week of a day: “Monday two weeks from now”.
fn weekday_near(weekday: jiff::civil::Weekday, piece: Option<Piece>) -> Option<Piece> {
    let date = match piece? {
        Piece::Day(day) => day.date,
        Piece::Moment(at, _) => at.date(),
        _ => return None,
    };
    Some(exactly(in_week(date.at(0, 0, 0, 0), 0, weekday)?))
}

fn ahead_of(length: Option<super::model::Length>, from: DateTime) -> Option<Piece> {
    Some(exactly(length?.from(from)?.date()))
}

pub const DATES: &[Rule] = &[
    rule(Date, "<weekday> ,? <duration> from_now|from_today|later", |c, now| {
        weekday_near(c.weekday(0)?, ahead_of(c.length(1), now))
    }),
    rule(Date, "<weekday> ,? in <duration>", |c, now| {
        weekday_near(c.weekday(0)?, ahead_of(c.length(1), now))
    }),
    rule(Date, "in <duration> on <weekday>", |c, now| {
        weekday_near(c.weekday(1)?, ahead_of(c.length(0), now))
    }),
    rule(Date, "<duration> from_now|from_today on <weekday>", |c, now| {
        weekday_near(c.weekday(1)?, ahead_of(c.length(0), now))
    }),
    rule(Date, "<duration> after|from <date> on <weekday>", |c, _| {
        weekday_near(c.weekday(2)?, ahead_of(c.length(0), c.day(1)?.date.at(0, 0, 0, 0)))
    }),
    rule(Date, "^in <duration> from <date>", |c, _| away_from(c, false)),
    rule(Date, "today|my_day|the_day|this_day", |_, now| from_today(now, 0)),
    rule(Date, "tomorrow|tomorrows|tmrw|tmr|tmw", |_, now| from_today(now, 1)),
    rule(Date, "the? next|following day", |_, now| from_today(now, 1)),
    rule(Date, "yesterday", |_, now| from_today(now, -1)),
    rule(Date, "the? last|past|previous day", |_, now| from_today(now, -1)),
    rule(Date, "the? day after tomorrow|tmrw|tmr", |_, now| from_today(now, 2)),
    rule(Date, "the? day before yesterday", |_, now| from_today(now, -2)),
    rule(Date, "<weekday>", |c, now| {
        Some(Piece::Day(Day { date: coming(now, c.weekday(0)?)?, named: Named::Weekday }))
    }),
    rule(Date, "this <weekday>", |c, now| Some(exactly(in_week(now, 0, c.weekday(0)?)?))),
    rule(Date, "next|following <weekday>", |c, now| Some(exactly(in_week(now, 1, c.weekday(0)?)?))),
    rule(Date, "this? coming|upcoming <weekday>", |c, now| {
        let tomorrow = calendar::days(now.date(), 1)?.at(0, 0, 0, 0);
        Some(exactly(coming(tomorrow, c.weekday(0)?)?))
    }),
    rule(Date, "this? past <weekday>", |c, now| {
        let week_ago = calendar::days(now.date(), -7)?.at(0, 0, 0, 0);
        Some(exactly(coming(week_ago, c.weekday(0)?)?))
    }),
    rule(Date, "last|previous <weekday>", |c, now| Some(exactly(in_week(now, -1, c.weekday(0)?)?))),
    rule(Date, "<shift> week 's? on? <weekday>", |c, now| {
        Some(exactly(in_week(now, c.shift(0)?, c.weekday(1)?)?))
    }),
    rule(Date, "on? <weekday> of? the? <shift> week", |c, now| {
        Some(exactly(in_week(now, c.shift(1)?, c.weekday(0)?)?))
    }),
    rule(Date, "<weekday> week|after_next", |c, now| Some(exactly(in_week(now, 1, c.weekday(0)?)?))),
    rule(Date, "<month> -|.|/? the? <dd>", |c, now| of_month(now, c.month(0), c.int(1), None)),
    rule(Date, "<month> -|.|/? the? <dd> of|,|/? <year>", |c, now| {
        of_month(now, c.month(0), c.int(1), c.int(2))
    }),
    rule(Date, "the? <dd> -|.? of? <month>", |c, now| of_month(now, c.month(1), c.int(0), None)),
    rule(Date, "the? <dd> <month> of <n>", |c, now| {
        let year = c.int(2).filter(|year| (32..100).contains(year))?;
        of_month(now, c.month(1), c.int(0), Some(super::lexicon::full_year(year, 2)))
    }),
    rule(Date, "^the? <dd> day of <month>", |c, now| of_month(now, c.month(1), c.int(0), None)),
    rule(Date, "the? <dd> day of <month> of|,? <year>", |c, now| {
        of_month(now, c.month(1), c.int(0), c.int(2))
    }),
    rule(Date, "the? <dd> -|.|/? of? <month> -|.|/? of|in? <year>", |c, now| {
        of_month(now, c.month(1), c.int(0), c.int(2))
    }),
    rule(Date, "<year> -|/? <month> -|/? <dd>", |c, now| of_month(now, c.month(1), c.int(2), c.int(0))),
    rule(Date, "<weekday> .? the? <dd> of? <month>", |c, now| of_month(now, c.month(2), c.int(1), None)),
    rule(Date, "<weekday> .? the? <dd> of? <month> of|in? <year>", |c, now| {
        of_month(now, c.month(2), c.int(1), c.int(3))
    }),
    rule(Date, "<weekday> .? <month> the? <dd>", |c, now| of_month(now, c.month(1), c.int(2), None)),
    rule(Date, "<weekday> .? <month> the? <dd> of|in? <year>", |c, now| {
        of_month(now, c.month(1), c.int(2), c.int(3))
    }),
    rule(Date, "<weekday> <written>", |c, _| c.piece(1)),
    rule(Date, "this|next|coming <weekday> <written>", |c, _| c.piece(1)),
    rule(Date, "<written>", |c, _| c.piece(0)),
    rule(Date, "<holiday>", |c, _| c.piece(0)),
    rule(Date, "<holiday> of|in? <year>", |c, _| in_year(c.day(0)?, c.int(1)?)),
    rule(Date, "<shift> <holiday>", |c, now| {
        let (shift, day) = (c.shift(0)?, c.day(1)?);
        let year = i64::from(now.date().year());
        let guess = i64::from(day.date.year());
        match shift {
            -1 => in_year(day, guess - 1),
            1 if guess == year => in_year(day, year + 1),
            _ => Some(Piece::Day(day)),
        }
    }),
    rule(Date, "<holiday> <shift> year", |c, now| {
        in_year(c.day(0)?, i64::from(now.date().year()) + c.shift(1)?)
    }),
    rule(Date, "^on|for|until|till|by <dd>", |c, now| Some(Piece::Day(day_of_month(now, c.int(0)?)?))),
    rule(Date, "^on|for|by the <dd>", |c, now| Some(Piece::Day(day_of_month(now, c.int(0)?)?))),
    rule(Date, "^on|for|by|at the <nth>", |c, now| {
        Some(Piece::Day(day_of_month(now, c.int(0).filter(|day| *day < 32)?)?))
    }),
    rule(Date, "<weekday> the? <dd>", |c, now| weekday_and_day(now, c.weekday(0)?, c.int(1)?)),
    rule(Date, "the? <dd> day of the? month", |c, now| in_month(now, 0, c.int(0)?)),
    rule(Date, "the? <dd> day of the? <shift> month", |c, now| in_month(now, c.shift(1)?, c.int(0)?)),
    rule(Date, "<month> <nth> <n>", |c, now| {
        let year = c.int(2).filter(|year| (10..100).contains(year))?;
        of_month(now, c.month(0), c.int(1), Some(super::lexicon::full_year(year, 2)))
    }),
    rule(Date, "the? <dd> of? the? <shift> month", |c, now| in_month(now, c.shift(1)?, c.int(0)?)),
    rule(Date, "the? <nth> <weekday> of|in the? <period>", |c, _| nth_of(c, c.int(0)?, 1, 2)),
    rule(Date, "the? last <weekday> of|in the? <period>", |c, _| nth_of(c, 0, 0, 1)),
    rule(Date, "the? <nth> <weekday> of|in <month>", |c, now| {
        let (from, until) = bounds(month_of(now, c.month(2)?, None))?;
        Some(exactly(nth_weekday(from, until, c.int(0)?, c.weekday(1)?)?))
    }),
    rule(Date, "the? last <weekday> of|in <month>", |c, now| {
        let (from, until) = bounds(month_of(now, c.month(1)?, None))?;
        Some(exactly(nth_weekday(from, until, 0, c.weekday(0)?)?))
    }),
    rule(Date, "the? <nth> <weekday>", |c, now| {
        let (from, until) = this_month(now)?;
        Some(exactly(nth_weekday(from, until, c.int(0)?, c.weekday(1)?)?))
    }),
    rule(Date, "<n> <weekday> from_now|later|from_today", |c, now| {
        weekdays_ahead(now, c.int(0)?, c.weekday(1)?)
    }),
    rule(Date, "<duration> ago|earlier|back", |c, now| away(c, now, true)),
    rule(Date, "in <duration> time?", |c, now| away(c, now, false)),
    rule(Date, "<duration> later|hence|from_now|from_today|after_today|in_the_future", |c, now| {
        away(c, now, false)
    }),
    rule(Date, "<duration> from|after|following <date>", |c, _| away_from(c, false)),
    rule(Date, "<duration> before|prior_to|ahead_of <date>", |c, _| away_from(c, true)),
    rule(Date, "a week from|after|on? <date>", |c, _| Some(exactly(calendar::days(c.day(0)?.date, 7)?))),
    rule(Date, "<date> week", |c, _| Some(exactly(calendar::days(c.day(0)?.date, 7)?))),
];

/// “Friday the 22nd”: the month in which that day is a Friday, this one first.
fn weekday_and_day(now: DateTime, weekday: jiff::civil::Weekday, day: i64) -> Option<Piece> {
    let first = calendar::first_of_month(now.date());
    let month = (0..=24).filter_map(|ahead| calendar::months(first, ahead));
    let mut days = month.filter_map(|month| date(i64::from(month.year()), i64::from(month.month()), day));
    days.find(|date| date.weekday() == weekday).map(exactly)
}
