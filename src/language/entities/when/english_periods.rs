//! Periods in English: weeks, months, quarters, years, and their parts.

use jiff::civil::DateTime;

use super::{
    calendar::{self, around, date, day_of_month, month_of, nth_week},
    english_dates::bounds,
    grammar::{
        Caught, Rule,
        Sort::{self, Period},
    },
    lexicon::full_year,
    model::{Length, Piece, Unit, When},
};

const fn rule(gives: Sort, pattern: &'static str, make: fn(&Caught, DateTime) -> Option<Piece>) -> Rule {
    Rule { gives, pattern, make }
}

/// “early next year” is its first half, “late” its second; of shorter periods likewise.
fn part_of(piece: Option<Piece>, late: bool) -> Option<Piece> {
    let (from, until) = bounds(piece)?;
    let half = if (until - from).get_days() > 300 || calendar::months(from, 12)? == until {
        calendar::months(from, 6)?
    } else if calendar::months(from, 1)? == until {
        calendar::days(from, 15)?
    } else {
        calendar::days(from, 3)?
    };
    if late { calendar::period(half, until) } else { calendar::period(from, half) }
}

pub const PERIODS: &[Rule] = &[
    rule(Period, "this|current decade", |_, now| decades(now, 0, 1)),
    rule(Period, "the? next|coming decade", |_, now| decades(now, 1, 1)),
    rule(Period, "^the? last|past|previous decade", |_, now| decades(now, -1, 1)),
    rule(Period, "the? next|coming <count> decades", |c, now| decades(now, 1, c.count(0)? as i64)),
    rule(Period, "the? last|past|previous <count> decades", |c, now| {
        decades(now, -(c.count(0)? as i64), c.count(0)? as i64)
    }),
    rule(Period, "^the? beginning|start of the? <year>", |c, _| third(c.int(0)?, 0)),
    rule(Period, "^the? middle of the? <year>", |c, _| third(c.int(0)?, 1)),
    rule(Period, "^the? end of the? <year>", |c, _| third(c.int(0)?, 2)),
    rule(Period, "last|past|previous <count> quarters", |c, now| quarters(now, -(c.count(0)? as i64))),
    rule(Period, "next|coming|following <count> quarters", |c, now| quarters(now, c.count(0)? as i64)),
    rule(Period, "<shift> <unit>", |c, now| {
        if c.unit(1)? == Unit::Day { None } else { around(now, c.unit(1)?, c.shift(0)?) }
    }),
    rule(Period, "the|my week", |_, now| around(now, Unit::Week, 0)),
    rule(Period, "the|my weekend", |_, now| around(now, Unit::Weekend, 0)),
    rule(Period, "the|my month", |_, now| around(now, Unit::Month, 0)),
    rule(Period, "the|my year", |_, now| around(now, Unit::Year, 0)),
    rule(Period, "weekend", |_, now| around(now, Unit::Weekend, 0)),
    rule(Period, "the? <unit> after the? next", |c, now| around(now, c.unit(0)?, 2)),
    rule(Period, "same <unit>", |c, now| around(now, c.unit(0)?, 0)),
    rule(Period, "<month>", |c, now| month_of(now, c.month(0)?, None)),
    rule(Period, "the? month of <month>", |c, now| month_of(now, c.month(0)?, None)),
    rule(Period, "<month> -|/|.? of|in? <year>", |c, now| month_of(now, c.month(0)?, c.int(1))),
    rule(Period, "<year> -|/|.? <month>", |c, now| month_of(now, c.month(1)?, c.int(0))),
    rule(Period, "<month> of? <shift> year", |c, now| {
        month_of(now, c.month(0)?, Some(i64::from(now.date().year()) + c.shift(1)?))
    }),
    rule(Period, "<shift> <month>", |c, now| shifted_month(now, c.shift(0)?, c.month(1)?)),
    rule(Period, "^in|of|during <year>", |c, _| calendar::year_of(c.int(0)?)),
    rule(Period, "^the? year|cy|fy|calendar_year|fiscal_year <year>", |c, _| calendar::year_of(c.int(0)?)),
    rule(Period, "<year>", |c, _| calendar::year_of(c.int(0)?)),
    rule(Period, "<n> -|/ <n>", |c, now| year_and_month(now, c.int(0)?, c.int(1)?)),
    rule(Period, "the? <nth> quarter of? the? <year>", |c, _| {
        calendar::quarter_of(c.int(1)?, c.int(0).filter(|n| *n < 5)?)
    }),
    rule(Period, "the? <nth> quarter of? the? <shift>? year?", |c, now| {
        let year = i64::from(now.date().year()) + c.shift(1).unwrap_or(0);
        calendar::quarter_of(year, c.int(0).filter(|n| *n < 5)?)
    }),
    rule(Period, "<year> -? q|quarter <n>", |c, _| {
        calendar::quarter_of(c.int(0)?, c.int(1).filter(|n| (1..5).contains(n))?)
    }),
    rule(Period, "q <n> of|in|-? <year>", |c, _| {
        calendar::quarter_of(c.int(1)?, c.int(0).filter(|n| (1..5).contains(n))?)
    }),
    rule(Period, "q <n>", |c, now| {
        let quarter = c.int(0).filter(|n| (1..5).contains(n))?;
        let year = i64::from(now.date().year());
        let past = quarter * 3 < i64::from(now.date().month());
        calendar::quarter_of(year + i64::from(past), quarter)
    }),
    rule(Period, "h <n> of|in|-? <year>", |c, _| {
        calendar::half_of(c.int(1)?, c.int(0).filter(|n| (1..3).contains(n))?)
    }),
    rule(Period, "<year> -? h <n>", |c, _| {
        calendar::half_of(c.int(0)?, c.int(1).filter(|n| (1..3).contains(n))?)
    }),
    rule(Period, "the? <nth> half of <year>", |c, _| {
        calendar::half_of(c.int(1)?, c.int(0).filter(|n| (1..3).contains(n))?)
    }),
    rule(Period, "the? <nth> week of|in? the? <period>", |c, _| {
        let (from, until) = bounds(c.piece(1))?;
        nth_week(from, until, c.int(0)?)
    }),
    rule(Period, "the? last week of|in the? <period>", |c, _| {
        let (from, until) = bounds(c.piece(0))?;
        nth_week(from, until, 0)
    }),
    rule(Period, "^the? week|wk <n>", |c, now| {
        let year = i64::from(now.date().year());
        nth_week(date(year, 1, 1)?, date(year + 1, 1, 1)?, c.int(0).filter(|n| (1..54).contains(n))?)
    }),
    rule(Period, "the? week of the <dd>", |c, now| {
        let from = calendar::monday(day_of_month(now, c.int(0)?)?.date)?;
        calendar::period(from, calendar::days(from, 7)?)
    }),
    rule(Period, "q <n> of|in|-? <shift> year", |c, now| {
        let quarter = c.int(0).filter(|n| (1..5).contains(n))?;
        calendar::quarter_of(i64::from(now.date().year()) + c.shift(1)?, quarter)
    }),
    rule(Period, "<year> the? <nth> quarter", |c, _| {
        calendar::quarter_of(c.int(0)?, c.int(1).filter(|n| *n < 5)?)
    }),
    rule(Period, "<month> ' <n>", |c, now| month_of(now, c.month(0)?, Some(full_year(c.int(1)?, 2)))),
    rule(Period, "<month> <n>", |c, now| {
        let year = c.int(1).filter(|year| (32..100).contains(year))?;
        month_of(now, c.month(0)?, Some(full_year(year, 2)))
    }),
    rule(Period, "the? <nth> century", |c, _| {
        let century = c.int(0).filter(|nth| (1..30).contains(nth))?;
        calendar::period(date((century - 1) * 100, 1, 1)?, date(century * 100, 1, 1)?)
    }),
    rule(Period, "that weekend", |_, now| around(now, Unit::Weekend, 0)),
    rule(Period, "the? week|w commencing|starting|beginning|/c on? <date>", |c, _| {
        let from = calendar::monday(c.day(0)?.date)?;
        calendar::period(from, calendar::days(from, 7)?)
    }),
    rule(Period, "the? week of <date>", |c, _| {
        let from = calendar::monday(c.day(0)?.date)?;
        calendar::period(from, calendar::days(from, 7)?)
    }),
    rule(Period, "the? rest|remainder|remaining of? the|my|this? week|current_week", |_, now| {
        rest(now, Unit::Week)
    }),
    rule(Period, "the? rest|remainder of? the|my|this? month|current_month", |_, now| rest(now, Unit::Month)),
    rule(Period, "the? rest|remainder of? the|my|this? year|current_year|decade", |_, now| {
        rest(now, Unit::Year)
    }),
    rule(Period, "next|coming|following|upcoming <duration>", ahead),
    rule(Period, "last|past|previous <duration>", behind),
    rule(Period, "<duration> in_the_future", ahead),
    rule(Period, "within the? next|upcoming|coming? <duration>", within),
    rule(Period, "^the? early|beginning_of|start_of the? <period>", |c, _| part_of(c.piece(0), false)),
    rule(Period, "^the? late|end_of the? <period>", |c, _| part_of(c.piece(0), true)),
    rule(Period, "^the? end of the? year", |_, now| part_of(around(now, Unit::Year, 0), true)),
    rule(Period, "eoy", |_, now| part_of(around(now, Unit::Year, 0), true)),
    rule(Period, "^the? end of the? month", |_, now| part_of(around(now, Unit::Month, 0), true)),
    rule(Period, "eom", |_, now| part_of(around(now, Unit::Month, 0), true)),
    rule(Period, "mid|middle_of -? the? <period>", |c, _| middle(c.piece(0))),
    rule(Period, "the_middle_of the? <period>", |c, _| middle(c.piece(0))),
    rule(Period, "<n> next|coming|upcoming|following <unit>", |c, now| stretch(now, c.int(0)?, c.unit(1)?)),
    rule(Period, "<n> last|past|previous <unit>", |c, now| stretch(now, -c.int(0)?, c.unit(1)?)),
    rule(Period, "this calendar|current year", |_, now| around(now, Unit::Year, 0)),
    rule(Period, "the? <nth> month of <period>", |c, _| {
        let (from, _) = bounds(c.piece(1))?;
        let start = calendar::months(from, c.int(0).filter(|n| (1..13).contains(n))? - 1)?;
        calendar::period(start, calendar::months(start, 1)?)
    }),
    rule(Period, "the? first <duration> of the? <period>", |c, _| first_of(c)),
    rule(Period, "the? last <duration> of the? <period>", |c, _| last_of(c)),
    rule(Period, "later in? the? <period>", |c, now| later(now, c.piece(0))),
    rule(Period, "earlier in? the? <period>", |c, now| earlier(now, c.piece(0))),
    rule(Period, "^the? week|wk <n> of <year>", |c, _| {
        nth_week(
            date(c.int(1)?, 1, 1)?,
            date(c.int(1)? + 1, 1, 1)?,
            c.int(0).filter(|n| (1..54).contains(n))?,
        )
    }),
    rule(Period, "^the? week|wk <n> of <shift> year", |c, now| {
        let year = i64::from(now.date().year()) + c.shift(1)?;
        nth_week(date(year, 1, 1)?, date(year + 1, 1, 1)?, c.int(0).filter(|n| (1..54).contains(n))?)
    }),
    rule(Period, "<shift> workweek|working_week|work_week|business_week", |c, now| {
        let (from, _) = bounds(around(now, Unit::Week, c.shift(0)?))?;
        calendar::period(from, calendar::days(from, 5)?)
    }),
    rule(Period, "<month> of <n>", |c, now| {
        let year = c.int(1).filter(|year| (32..100).contains(year))?;
        month_of(now, c.month(0)?, Some(full_year(year, 2)))
    }),
    rule(Period, "the? <n> s|'s", |c, _| {
        let year = c.int(0).filter(|year| (1000..2100).contains(year) && year % 10 == 0)?;
        calendar::period(date(year, 1, 1)?, date(year + 10, 1, 1)?)
    }),
    rule(Period, "the? <n> twenties", |c, _| decade(c, 20)),
    rule(Period, "the? <n> thirties", |c, _| decade(c, 30)),
    rule(Period, "the? <n> forties", |c, _| decade(c, 40)),
    rule(Period, "the? <n> fifties", |c, _| decade(c, 50)),
    rule(Period, "the? <n> sixties", |c, _| decade(c, 60)),
    rule(Period, "the? <n> seventies", |c, _| decade(c, 70)),
    rule(Period, "the? <n> eighties", |c, _| decade(c, 80)),
    rule(Period, "the? <n> nineties", |c, _| decade(c, 90)),
    rule(Period, "year_to_date|ytd", |_, now| {
        calendar::period(date(i64::from(now.date().year()), 1, 1)?, now.date())
    }),
    rule(Period, "month_to_date|mtd", |_, now| {
        calendar::period(calendar::first_of_month(now.date()), now.date())
    }),
];

/// From now so long; whole days begin today.
fn within(c: &Caught, now: DateTime) -> Option<Piece> {
    let length = c.length(0)?;
    if length.fine { ahead(c, now) } else { calendar::period(now.date(), length.from(now)?.date()) }
}

/// The second half of a period, from today on at the earliest.
fn later(now: DateTime, piece: Option<Piece>) -> Option<Piece> {
    let (from, until) = bounds(part_of(piece, true))?;
    calendar::period(from.max(now.date()), until)
}

/// The first half of a period, until today if it has begun.
fn earlier(now: DateTime, piece: Option<Piece>) -> Option<Piece> {
    let (from, until) = bounds(part_of(piece, false))?;
    let today = now.date();
    calendar::period(from, if (from < today) && (today < until) { today } else { until })
}

/// Four months of a year: its beginning, middle, or end.
fn third(year: i64, which: i64) -> Option<Piece> {
    let from = date(year, 1 + which * 4, 1)?;
    calendar::period(from, calendar::months(from, 4)?)
}

/// The middle third of a month, the middle of a week.
fn middle(piece: Option<Piece>) -> Option<Piece> {
    let (from, until) = bounds(piece)?;
    if calendar::months(from, 1)? == until {
        return calendar::period(calendar::days(from, 9)?, calendar::days(from, 20)?);
    }
    if calendar::days(from, 7)? == until {
        return calendar::period(calendar::days(from, 1)?, calendar::days(from, 5)?);
    }
    (calendar::months(from, 12)? == until).then_some(())?;
    calendar::period(calendar::months(from, 4)?, calendar::months(from, 8)?)
}

/// “the 5 upcoming years”, “the 10 previous weeks”.
fn stretch(now: DateTime, count: i64, unit: Unit) -> Option<Piece> {
    let length = Length::of(count.unsigned_abs() as f64, unit);
    if count < 0 { stretch_back(now, length) } else { stretch_ahead(now, length) }
}

/// Whole quarters, the running one not among them.
fn quarters(now: DateTime, count: i64) -> Option<Piece> {
    let (this, next) = bounds(around(now, Unit::Quarter, 0))?;
    if count < 0 {
        calendar::period(calendar::months(this, count * 3)?, this)
    } else {
        calendar::period(next, calendar::months(next, count * 3)?)
    }
}

/// The first days, weeks, months of a period; its weeks begin with its first Monday.
pub fn first_of(c: &Caught) -> Option<Piece> {
    let (length, piece) = length_and_period(c)?;
    let (from, until) = bounds(piece)?;
    let weeks = length.months == 0 && length.days % 7 == 0;
    let from = if weeks { bounds(nth_week(from, until, 1))?.0 } else { from };
    calendar::period(from, length.from(from.at(0, 0, 0, 0))?.date())
}

pub fn last_of(c: &Caught) -> Option<Piece> {
    let (length, piece) = length_and_period(c)?;
    let (from, until) = bounds(piece)?;
    let weeks = length.months == 0 && length.days % 7 == 0;
    let until = if weeks { bounds(nth_week(from, until, 0))?.1 } else { until };
    calendar::period(length.negated().from(until.at(0, 0, 0, 0))?.date(), until)
}

/// In either order: English says the length first, Chinese the period.
fn length_and_period(c: &Caught) -> Option<(Length, Option<Piece>)> {
    let found = c.length(0).map(|length| (length, c.piece(1))).or_else(|| Some((c.length(1)?, c.piece(0))));
    found.filter(|(length, _)| !length.fine)
}

/// So many whole decades, the first of them `shift` away.
fn decades(now: DateTime, shift: i64, count: i64) -> Option<Piece> {
    let start = i64::from(now.date().year()) / 10 * 10 + shift * 10;
    calendar::period(date(start, 1, 1)?, date(start + count.clamp(1, 50) * 10, 1, 1)?)
}

/// “the nineteen eighties”.
fn decade(c: &Caught, tens: i64) -> Option<Piece> {
    let start = c.int(0).filter(|century| (15..22).contains(century))? * 100 + tens;
    calendar::period(date(start, 1, 1)?, date(start + 10, 1, 1)?)
}

fn shifted_month(now: DateTime, shift: i64, month: i8) -> Option<Piece> {
    let (year, this) = (i64::from(now.date().year()), now.date().month());
    let year = match shift {
        0 => year,
        1 => year + i64::from(month <= this),
        _ => year - i64::from(month >= this),
    };
    month_of(now, month, Some(year))
}

fn year_and_month(now: DateTime, a: i64, b: i64) -> Option<Piece> {
    let (year, month) = if a > 1000 { (a, b) } else { (b, a) };
    let fits = (1900..2200).contains(&year) && (1..=12).contains(&month);
    if fits { month_of(now, month as i8, Some(year)) } else { None }
}

fn rest(now: DateTime, unit: Unit) -> Option<Piece> {
    let (_, until) = bounds(around(now, unit, 0))?;
    calendar::period(now.date(), calendar::days(until, -1)?)
}

/// So long from tomorrow on.
pub fn ahead(c: &Caught, now: DateTime) -> Option<Piece> {
    stretch_ahead(now, c.length(0)?)
}

/// So long until today.
pub fn behind(c: &Caught, now: DateTime) -> Option<Piece> {
    stretch_back(now, c.length(0)?)
}

fn stretch_ahead(now: DateTime, length: Length) -> Option<Piece> {
    if length.fine {
        return Some(Piece::Whole(When::DateTimes { from: Some(now), until: Some(length.from(now)?) }));
    }
    let from = calendar::days(now.date(), 1)?;
    calendar::period(from, length.from(from.at(0, 0, 0, 0))?.date())
}

fn stretch_back(now: DateTime, length: Length) -> Option<Piece> {
    let from = length.negated().from(now)?;
    if length.fine {
        return Some(Piece::Whole(When::DateTimes { from: Some(from), until: Some(now) }));
    }
    calendar::period(from.date(), now.date())
}
