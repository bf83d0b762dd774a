//! From one time to another: what two ends make together, in both languages.

use jiff::civil::DateTime;

use super::{
    calendar,
    grammar::Caught,
    model::{Clock, Day, Named, Part, Piece, When},
};

/// From day to day. What an end left unsaid, it takes from the other end.
pub fn days(from: Day, until: Day) -> Option<Piece> {
    let (mut start, mut end) = (from.date, until.date);
    match (from.named, until.named) {
        (_, Named::DayOfMonth) => {
            let month = calendar::first_of_month(start);
            let same =
                calendar::date(i64::from(month.year()), i64::from(month.month()), i64::from(end.day()));
            end = same.filter(|date| *date >= start).or_else(|| calendar::months(same?, 1))?;
        }
        (_, Named::Weekday) => end = calendar::days(start, i64::from(start.weekday().until(end.weekday())))?,
        (Named::Yearless | Named::Holiday(_), Named::Yearless | Named::Holiday(_)) if end < start => {
            start = calendar::months(start, -12)?;
        }
        (Named::Exactly, Named::Yearless) => {
            let same = calendar::date(i64::from(start.year()), i64::from(end.month()), i64::from(end.day()))?;
            end = if same < start { calendar::months(same, 12)? } else { same };
        }
        (Named::Yearless, Named::Exactly) => {
            start = calendar::date(i64::from(end.year()), i64::from(start.month()), i64::from(start.day()))?;
            start = if start > end { calendar::months(start, -12)? } else { start };
        }
        _ => {}
    }
    calendar::period(start, end)
}

/// Two days of one month.
pub fn days_of_month(now: DateTime, month: i8, from: i64, until: i64, year: Option<i64>) -> Option<Piece> {
    let first = match year {
        Some(year) => calendar::date(year, i64::from(month), from)?,
        None => calendar::yearless(now, i64::from(month), from)?.date,
    };
    calendar::period(first, calendar::date(i64::from(first.year()), i64::from(month), until)?)
}

/// Two days of the month that is `shift` away.
pub fn days_of(now: DateTime, shift: i64, from: i64, until: i64) -> Option<Piece> {
    let month = calendar::months(calendar::first_of_month(now.date()), shift)?;
    let day = |day| calendar::date(i64::from(month.year()), i64::from(month.month()), day);
    calendar::period(day(from)?, day(until)?)
}

/// From clock to clock; where one end leaves the half of the day open, it takes the nearest that makes sense.
pub fn times(from: Clock, until: Clock) -> Option<Piece> {
    let (from, until) = settle(from, until);
    let times = When::Times { from: Some(from.time()), until: Some(until.time()) };
    (from != until).then_some(Piece::Whole(times))
}

pub fn settle(from: Clock, until: Clock) -> (Clock, Clock) {
    let minutes = |clock: Clock| i64::from(clock.hour) * 60 + i64::from(clock.minute);
    let mut from = from;
    let mut until = until;
    if from.vague && !until.vague {
        // “5 to 6 pm”, “11 to 3 pm”: the start is at most twelve hours before.
        let later = from.within(Part::Pm);
        if minutes(until) >= 12 * 60 && minutes(later) < minutes(until) && from.hour != 12 {
            from = later;
        }
    } else if until.vague && !from.vague {
        let later = until.within(Part::Pm);
        if minutes(until) <= minutes(from) && minutes(later) > minutes(from) {
            until = later;
        }
    } else if from.vague && until.vague && minutes(until) < minutes(from) && until.hour != 12 {
        let later = until.within(Part::Pm);
        until = Clock { vague: true, ..later };
    }
    (from, until)
}

/// From clock to clock on a day.
pub fn times_on(day: Day, from: Clock, until: Clock) -> Option<Piece> {
    let (from, until) = settle(from, until);
    let start = day.date.to_datetime(from.time());
    let mut end = day.date.to_datetime(until.time());
    if end < start {
        end = calendar::days(day.date, 1)?.to_datetime(until.time());
    }
    Some(moments(start, end))
}

pub fn moments(from: DateTime, until: DateTime) -> Piece {
    Piece::Whole(When::DateTimes { from: Some(from), until: Some(until) })
}

/// A part of a day: “tomorrow morning”.
pub fn part_of_day(c: &Caught, day: usize, part: usize) -> Option<Piece> {
    let (from, until) = c.part(part)?.hours();
    let date = c.day(day)?.date;
    Some(moments(date.to_datetime(from), date.to_datetime(until)))
}

pub fn part_today(now: DateTime, ahead: i64, part: Part) -> Option<Piece> {
    let (from, until) = part.hours();
    let date = calendar::days(now.date(), ahead)?;
    Some(moments(date.to_datetime(from), date.to_datetime(until)))
}

pub fn hours_of(part: Part) -> Piece {
    let (from, until) = part.hours();
    Piece::Whole(When::Times { from: Some(from), until: Some(until) })
}

/// Two ends of any kind: days, months, years, moments, a moment and a clock.
pub fn between(start: Piece, end: Piece) -> Option<Piece> {
    if let (Some(start), Some(end)) = (first_day(start), first_day(end)) {
        return days(start, end);
    }
    match (start, end) {
        (Piece::Clock(start), Piece::Clock(end)) => times(start, end),
        (Piece::Moment(start, vague), Piece::Clock(end)) => {
            times_on(Day { date: start.date(), named: Named::Exactly }, face(start, vague)?, end)
        }
        (Piece::Moment(start, _), Piece::Moment(end, _)) => Some(moments(start, end)),
        (Piece::Clock(start), Piece::Moment(end, vague)) => {
            let (start, stop) = settle(start, face(end, vague)?);
            Some(moments(end.date().to_datetime(start.time()), end.date().to_datetime(stop.time())))
        }
        (Piece::Period { from, .. }, Piece::Moment(end, _)) => {
            days(Day { date: from, named: Named::Yearless }, Day { date: end.date(), named: Named::Exactly })
        }
        (Piece::Moment(start, _), Piece::Day(end)) => {
            days(Day { date: start.date(), named: Named::Exactly }, end)
        }
        (Piece::Day(start), Piece::Moment(end, _)) => {
            days(start, Day { date: end.date(), named: Named::Exactly })
        }
        _ => None,
    }
}

fn face(at: DateTime, vague: bool) -> Option<Clock> {
    Some(Clock { vague, ..Clock::new(i64::from(at.hour()), i64::from(at.minute()), i64::from(at.second()))? })
}

/// The day with which an end begins.
fn first_day(piece: Piece) -> Option<Day> {
    match piece {
        Piece::Day(day) => Some(day),
        Piece::Period { from, yearless, .. } => {
            let named = if yearless { Named::Yearless } else { Named::Exactly };
            Some(Day { date: from, named })
        }
        _ => None,
    }
}

/// Open at one end: “before Friday”, “after 3 pm”, “since 2010”, “until the end of May”.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    Before,
    After,
    Since,
    Until,
}

pub fn open(piece: Piece, open: Open) -> Option<Piece> {
    let forward = matches!(open, Open::After | Open::Since);
    Some(Piece::Whole(match piece {
        Piece::Day(day) if forward => When::Dates { from: Some(day.date), until: None },
        Piece::Day(day) => When::Dates { from: None, until: Some(day.date) },
        Piece::Clock(clock) if forward => When::Times { from: Some(clock.time()), until: None },
        Piece::Clock(clock) => When::Times { from: None, until: Some(clock.time()) },
        Piece::Moment(at, _) if forward => When::DateTimes { from: Some(at), until: None },
        Piece::Moment(at, _) => When::DateTimes { from: None, until: Some(at) },
        Piece::Period { from, until, .. } => match open {
            Open::Before => When::Dates { from: None, until: Some(from) },
            Open::Until => When::Dates { from: None, until: Some(until) },
            Open::After => When::Dates { from: Some(until), until: None },
            Open::Since => When::Dates { from: Some(from), until: None },
        },
        Piece::Whole(When::Times { from, until }) => match open {
            Open::Before => When::Times { from: None, until: from },
            Open::Until => When::Times { from: None, until },
            Open::After => When::Times { from: until, until: None },
            Open::Since => When::Times { from, until: None },
        },
        _ => return None,
    }))
}
