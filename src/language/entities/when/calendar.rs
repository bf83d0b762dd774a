//! Arithmetic over days, weeks (from Monday), months and years. Weeks and guesses are those of an appointment: a day
//! without a year, a month or a week is the next one to come.

use jiff::{
    ToSpan,
    civil::{Date, DateTime, Weekday},
};

use super::model::{Day, Length, Named, Piece, Unit, When};

pub fn date(year: i64, month: i64, day: i64) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

pub fn days(from: Date, days: i64) -> Option<Date> {
    from.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

pub fn months(from: Date, months: i64) -> Option<Date> {
    from.checked_add(jiff::Span::new().try_months(months).ok()?).ok()
}

pub fn monday(of: Date) -> Option<Date> {
    days(of, -i64::from(of.weekday().to_monday_zero_offset()))
}

/// This weekday in the week that is `weeks` away.
pub fn in_week(now: DateTime, weeks: i64, weekday: Weekday) -> Option<Date> {
    days(monday(now.date())?, weeks * 7 + i64::from(weekday.to_monday_zero_offset()))
}

/// The first such weekday from today on.
pub fn coming(now: DateTime, weekday: Weekday) -> Option<Date> {
    let ahead = i64::from(now.date().weekday().until(weekday));
    days(now.date(), ahead)
}

pub fn first_of_month(of: Date) -> Date {
    of.first_of_month()
}

/// A month and a day without a year: the next such day from today on; the 29th of February waits for its year.
pub fn yearless(now: DateTime, month: i64, day: i64) -> Option<Day> {
    let this = i64::from(now.date().year());
    (0..=8)
        .filter_map(|ahead| date(this + ahead, month, day))
        .find(|date| *date >= now.date())
        .map(|date| Day { date, named: Named::Yearless })
}

/// The day of a month without a month: the next from today on.
pub fn day_of_month(now: DateTime, day: i64) -> Option<Day> {
    let first = first_of_month(now.date());
    (0..=12)
        .filter_map(|ahead| {
            let month = months(first, ahead)?;
            date(i64::from(month.year()), i64::from(month.month()), day)
        })
        .find(|date| *date >= now.date())
        .map(|date| Day { date, named: Named::DayOfMonth })
}

pub fn exactly(date: Date) -> Piece {
    Piece::Day(Day { date, named: Named::Exactly })
}

/// Whole days, the last exclusive; nothing if it would end before it begins.
pub fn period(from: Date, until: Date) -> Option<Piece> {
    (from <= until).then_some(Piece::Period { from, until, yearless: false })
}

/// This, next or last week, weekend, month, quarter, year.
pub fn around(now: DateTime, unit: Unit, shift: i64) -> Option<Piece> {
    let today = now.date();
    let (from, until) = match unit {
        Unit::Week => {
            let from = days(monday(today)?, shift * 7)?;
            (from, days(from, 7)?)
        }
        Unit::Fortnight => {
            let from = days(monday(today)?, shift * 14)?;
            (from, days(from, 14)?)
        }
        Unit::Weekend => {
            let from = days(monday(today)?, shift * 7 + 5)?;
            (from, days(from, 2)?)
        }
        Unit::Month => {
            let from = months(first_of_month(today), shift)?;
            (from, months(from, 1)?)
        }
        Unit::Quarter => {
            let first = date(i64::from(today.year()), (i64::from(today.month()) - 1) / 3 * 3 + 1, 1)?;
            let from = months(first, shift * 3)?;
            (from, months(from, 3)?)
        }
        Unit::Year => {
            let from = date(i64::from(today.year()) + shift, 1, 1)?;
            (from, date(i64::from(today.year()) + shift + 1, 1, 1)?)
        }
        Unit::Second | Unit::Minute | Unit::Hour => return beside(now, unit, shift),
        Unit::Day => return Some(exactly(days(today, shift)?)),
        _ => return None,
    };
    period(from, until)
}

/// The last or the next hour, minute, second.
fn beside(now: DateTime, unit: Unit, shift: i64) -> Option<Piece> {
    let at = Length::of(shift as f64, unit).from(now)?;
    let (from, until) = if shift < 0 { (at, now) } else { (now, at) };
    (from < until).then_some(Piece::Whole(When::DateTimes { from: Some(from), until: Some(until) }))
}

/// A month of a year, or the next such month (the running one included).
pub fn month_of(now: DateTime, month: i8, year: Option<i64>) -> Option<Piece> {
    let today = now.date();
    let guessed = i64::from(today.year()) + i64::from(month < today.month());
    let from = date(year.unwrap_or(guessed), i64::from(month), 1)?;
    Some(Piece::Period { from, until: from.checked_add(1.month()).ok()?, yearless: year.is_none() })
}

pub fn year_of(year: i64) -> Option<Piece> {
    period(date(year, 1, 1)?, date(year + 1, 1, 1)?)
}

pub fn quarter_of(year: i64, quarter: i64) -> Option<Piece> {
    let from = date(year, (quarter - 1) * 3 + 1, 1)?;
    period(from, months(from, 3)?)
}

pub fn half_of(year: i64, half: i64) -> Option<Piece> {
    let from = date(year, (half - 1) * 6 + 1, 1)?;
    period(from, months(from, 6)?)
}

/// The nth such weekday between two days; 0 is the last.
pub fn nth_weekday(from: Date, until: Date, nth: i64, weekday: Weekday) -> Option<Date> {
    if nth == 0 {
        let last = days(until, -1)?;
        return days(last, -i64::from(last.weekday().since(weekday)));
    }
    let first = days(from, i64::from(from.weekday().until(weekday)))?;
    days(first, (nth - 1) * 7).filter(|date| *date < until)
}

/// The nth week that begins (Monday) in a period, as calendars print them: the week of the 4th is the first.
pub fn nth_week(from: Date, until: Date, nth: i64) -> Option<Piece> {
    let first = monday(days(from, 3)?)?;
    let start = if nth == 0 {
        let last = monday(days(until, -1)?)?;
        if days(last, 3)? < until { last } else { days(last, -7)? }
    } else {
        days(first, (nth - 1) * 7)?
    };
    period(start, days(start, 7)?)
}

/// Easter Sunday (Gregorian), by Gauss with the corrections of Meeus, for the years 1900 to 2199.
pub fn easter(year: i64) -> Option<Date> {
    let golden = year % 19;
    let century = year / 100;
    let shift = century - century / 4 - (8 * century + 13) / 25 + 19 * golden + 15;
    let moon = shift.rem_euclid(30);
    let moon = if moon == 29 || (moon == 28 && golden > 10) { moon - 1 } else { moon };
    let weekday = (year + year / 4 + moon + 2 - century + century / 4).rem_euclid(7);
    let offset = moon - weekday;
    days(date(year, 3, 28)?, offset)
}
