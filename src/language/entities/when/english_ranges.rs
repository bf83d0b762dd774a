//! Ranges in English: from … to, between … and, before, after, parts of a day.

use jiff::civil::DateTime;

use super::{
    calendar,
    grammar::{
        Caught, Rule,
        Sort::{self, Range},
    },
    model::{Clock, Length, Part, Piece},
    ranges::{
        Open, between, days_of, days_of_month, hours_of, open, part_of_day, part_today, times, times_on,
    },
};

const fn rule(gives: Sort, pattern: &'static str, make: fn(&Caught, DateTime) -> Option<Piece>) -> Rule {
    Rule { gives, pattern, make }
}

fn pair(c: &Caught) -> Option<Piece> {
    between(c.piece(0)?, c.piece(1)?)
}

fn opened(c: &Caught, how: Open) -> Option<Piece> {
    open(c.piece(0)?, how)
}

/// Two hours, the half of the day behind the second: “5 to 6 in the afternoon”.
fn hours(c: &Caught, part: Option<Part>) -> Option<Piece> {
    let (from, until) = (c.clock(0)?, c.clock(1)?);
    let until = part.map_or(until, |part| until.within(part));
    let from = match part {
        Some(Part::Morning | Part::Am) => from.within(Part::Am),
        _ => from,
    };
    times(from, until)
}

fn hours_on(c: &Caught, day: usize, from: usize, until: usize) -> Option<Piece> {
    times_on(c.day(day)?, c.clock(from)?, c.clock(until)?)
}

/// A clock with the half of the day at another place.
fn half(c: &Caught, face: usize, part: usize) -> Option<Clock> {
    Some(c.clock(face)?.within(c.part(part)?))
}

fn evening(now: DateTime, c: &Caught, part: Part) -> Option<Piece> {
    let day = super::model::Day { date: now.date(), named: super::model::Named::Exactly };
    times_on(day, c.clock(0)?.within(part), c.clock(1)?.within(part))
}

fn year_of(c: &Caught, day: usize, year: usize) -> Option<jiff::civil::Date> {
    match super::english_dates::in_year(c.day(day)?, c.int(year)?)? {
        Piece::Day(day) => Some(day.date),
        _ => None,
    }
}

/// The weekend that a holiday makes longer: from Saturday or the holiday on, to Sunday or the holiday.
fn long_weekend(holiday: jiff::civil::Date) -> Option<Piece> {
    use jiff::civil::Weekday::{Monday, Sunday};
    let (from, length) = match holiday.weekday() {
        Monday => (-2, 3),
        Sunday => (-1, 2),
        other => (0, i64::from(other.until(Sunday)) + 1),
    };
    let from = calendar::days(holiday, from)?;
    calendar::period(from, calendar::days(from, length)?)
}

/// Up to the end, or from the beginning, of a period.
fn border(c: &Caught, period: usize, end: bool, how: Open) -> Option<Piece> {
    let Piece::Period { from, until, .. } = c.piece(period)? else { return None };
    open(calendar::exactly(if end { until } else { from }), how)
}

/// From the beginning of one period to the end of another.
fn until_end(c: &Caught) -> Option<Piece> {
    let (Some(Piece::Period { from, .. }), Some(Piece::Period { until, .. })) = (c.piece(0), c.piece(1))
    else {
        return None;
    };
    calendar::period(from, until)
}

fn around_night(c: &Caught, now: DateTime, ahead: i64) -> Option<Piece> {
    let day =
        super::model::Day { date: calendar::days(now.date(), ahead)?, named: super::model::Named::Exactly };
    times_on(day, c.clock(0)?.within(Part::Night), c.clock(1)?.within(Part::Night))
}

/// A day with an open end of its hours.
fn on_open(c: &Caught, how: Open) -> Option<Piece> {
    open(super::english_times::on(c, 0, 1)?, how)
}

/// So long after (or before) a day.
fn later(c: &Caught, length: usize, day: usize, back: bool) -> Option<Piece> {
    let length = c.length(length)?;
    let length = if back { length.negated() } else { length };
    Some(calendar::exactly(length.from(c.day(day)?.date.at(0, 0, 0, 0))?.date()))
}

fn on_day(c: &Caught, day: usize, time: usize) -> Option<Piece> {
    super::english_times::on(c, day, time)
}

fn lasting(from: Piece, length: Length) -> Option<Piece> {
    match from {
        Piece::Clock(clock) => {
            let until = clock.later(length.seconds / 60);
            let clock = Clock { vague: false, ..clock };
            times(clock, Clock { vague: false, ..until })
        }
        Piece::Day(day) => calendar::period(day.date, length.from(day.date.at(0, 0, 0, 0))?.date()),
        Piece::Moment(at, _) => Some(super::ranges::moments(at, length.from(at)?)),
        _ => None,
    }
}

pub const RANGES: &[Rule] = &[
    rule(Range, "in morning", |_, _| Some(hours_of(Part::Morning))),
    rule(Range, "in afternoon", |_, _| Some(hours_of(Part::Afternoon))),
    rule(Range, "in evening", |_, _| Some(hours_of(Part::Evening))),
    rule(Range, "after breakfast", |_, _| open(hours_of(Part::Morning), Open::After)),
    rule(Range, "before lunch|lunchtime", |_, _| open(hours_of(Part::Noon), Open::Before)),
    rule(Range, "after lunch|lunchtime", |_, _| open(hours_of(Part::Noon), Open::After)),
    rule(Range, "after dinner|dinnertime", |_, _| open(hours_of(Part::Evening), Open::After)),
    rule(Range, "around|at|over dinner|dinnertime", |_, _| Some(hours_of(Part::Evening))),
    rule(Range, "around|at|over lunch|lunchtime", |_, _| Some(hours_of(Part::Noon))),
    rule(Range, "<holiday> weekend", |c, _| long_weekend(c.day(0)?.date)),
    rule(Range, "<holiday> weekend <year>", |c, _| long_weekend(year_of(c, 0, 1)?)),
    rule(Range, "<holiday> <year> weekend", |c, _| long_weekend(year_of(c, 0, 1)?)),
    rule(Range, "the? weekend of <holiday>", |c, _| long_weekend(c.day(0)?.date)),
    rule(Range, "the? weekend of <holiday> <year>", |c, _| long_weekend(year_of(c, 0, 1)?)),
    rule(Range, "less|more than <duration>", |c, _| c.piece(0)),
    rule(Range, "early this morning", |_, now| part_today(now, 0, Part::MorningEarly)),
    rule(Range, "late|later this morning", |_, now| part_today(now, 0, Part::MorningLate)),
    rule(Range, "early this afternoon", |_, now| part_today(now, 0, Part::AfternoonEarly)),
    rule(Range, "late|later this afternoon", |_, now| part_today(now, 0, Part::AfternoonLate)),
    rule(Range, "early this evening", |_, now| part_today(now, 0, Part::EveningEarly)),
    rule(Range, "late|later this evening", |_, now| part_today(now, 0, Part::EveningLate)),
    rule(Range, "tonight|this_evening from|between? <clock> to|and|until|- <time>", |c, now| {
        evening(now, c, Part::Night)
    }),
    rule(Range, "this_afternoon from|between? <clock> to|and|until|- <time>", |c, now| {
        evening(now, c, Part::Afternoon)
    }),
    rule(Range, "at <time> to|until|- <time> on|,? <date>", |c, _| hours_on(c, 2, 0, 1)),
    rule(Range, "till|until date", |_, now| open(calendar::exactly(now.date()), Open::Until)),
    // The end and the beginning of a period as a border.
    rule(Range, "before|by|until|till the? end of the? <period>", |c, _| border(c, 0, true, Open::Until)),
    rule(Range, "after|since the? beginning|start of the? <period>", |c, _| border(c, 0, false, Open::Since)),
    rule(Range, "from? <period> to|until|till the? end of the? <period>", |c, _| until_end(c)),
    rule(Range, "between <period> and the? end of the? <period>", |c, _| until_end(c)),
    // Days.
    rule(Range, "from? <date> to|until|till|through|thru|-|til <date>", |c, _| pair(c)),
    rule(Range, "between <date> and|to|through|till|until|- <date>", |c, _| pair(c)),
    rule(Range, "from|in? <period> to|until|till|through|thru|-|til <period>", |c, _| pair(c)),
    rule(Range, "between <period> and|to|through|till|until|- <period>", |c, _| pair(c)),
    rule(Range, "from? <date> to|until|till|through|thru|-|til <period>", |c, _| pair(c)),
    rule(Range, "from? <period> to|until|till|through|thru|-|til <date>", |c, _| pair(c)),
    rule(Range, "between <period> and|to|- <date>", |c, _| pair(c)),
    rule(Range, "between <date> and|to|- <period>", |c, _| pair(c)),
    rule(Range, "from? the? <dd> to|until|till|through|thru|- the? <dd> of? <month>", |c, now| {
        days_of_month(now, c.month(2)?, c.int(0)?, c.int(1)?, None)
    }),
    rule(Range, "between the? <dd> and|to the? <dd> of? <month>", |c, now| {
        days_of_month(now, c.month(2)?, c.int(0)?, c.int(1)?, None)
    }),
    rule(
        Range,
        "from? the? <dd> to|until|till|through|thru|- the? <dd> of? <month> of|in? <year>",
        |c, now| days_of_month(now, c.month(2)?, c.int(0)?, c.int(1)?, c.int(3)),
    ),
    rule(Range, "between the? <dd> and|to the? <dd> of? <month> of|in? <year>", |c, now| {
        days_of_month(now, c.month(2)?, c.int(0)?, c.int(1)?, c.int(3))
    }),
    rule(Range, "from? <month> from? the? <dd> to|until|till|through|thru|- the? <dd>", |c, now| {
        days_of_month(now, c.month(0)?, c.int(1)?, c.int(2)?, None)
    }),
    rule(Range, "<month> between the? <dd> and the? <dd>", |c, now| {
        days_of_month(now, c.month(0)?, c.int(1)?, c.int(2)?, None)
    }),
    rule(Range, "between <month> the? <dd> and|to the? <dd>", |c, now| {
        days_of_month(now, c.month(0)?, c.int(1)?, c.int(2)?, None)
    }),
    rule(
        Range,
        "from? <month> from? the? <dd> to|until|till|through|thru|- the? <dd> of|in|,? <year>",
        |c, now| days_of_month(now, c.month(0)?, c.int(1)?, c.int(2)?, c.int(3)),
    ),
    rule(
        Range,
        "from? the? <dd> to|until|till|through|thru|- the? <dd> of|in|,? the? <shift> month",
        |c, now| days_of(now, c.shift(2)?, c.int(0)?, c.int(1)?),
    ),
    rule(Range, "between the? <dd> and|to the? <dd> of|in|,? the? <shift> month", |c, now| {
        days_of(now, c.shift(2)?, c.int(0)?, c.int(1)?)
    }),
    rule(Range, "<shift> month from|between? the? <dd> to|and|till|through|- the? <dd>", |c, now| {
        days_of(now, c.shift(0)?, c.int(1)?, c.int(2)?)
    }),
    rule(Range, "<shift> week from|between? <weekday> to|and|through|till|until|- <weekday>", |c, now| {
        let day = |index| calendar::in_week(now, c.shift(0)?, c.weekday(index)?);
        calendar::period(day(1)?, day(2)?)
    }),
    rule(Range, "from? <weekday> to|through|till|until|- <weekday> of? <shift> week", |c, now| {
        let day = |index| calendar::in_week(now, c.shift(2)?, c.weekday(index)?);
        calendar::period(day(0)?, day(1)?)
    }),
    // Clocks.
    rule(Range, "from? <time> to|until|till|through|-|til <time>", |c, _| times(c.clock(0)?, c.clock(1)?)),
    rule(Range, "from? <time> to|until|till|through|-|til <clock>", |c, _| times(c.clock(0)?, c.clock(1)?)),
    rule(Range, "from? <clock> to|until|till|through|-|til <time>", |c, _| times(c.clock(0)?, c.clock(1)?)),
    rule(Range, "from <clock> to|until|till|through|-|til <clock>", |c, _| hours(c, None)),
    rule(Range, "between <time> and|to|- <time>", |c, _| times(c.clock(0)?, c.clock(1)?)),
    rule(Range, "between <time> and|to|- <clock>", |c, _| times(c.clock(0)?, c.clock(1)?)),
    rule(Range, "between <clock> and|to|- <time>", |c, _| times(c.clock(0)?, c.clock(1)?)),
    rule(Range, "between <clock> and|to|- <clock>", |c, _| hours(c, None)),
    rule(Range, "from|between? <clock> to|and|until|till|- <clock> <half>", |c, _| {
        hours(c, Some(c.part(2)?))
    }),
    rule(Range, "in_the? <part> from|between? <clock> to|until|and|- <clock>", |c, _| {
        times(half(c, 1, 0)?, half(c, 2, 0)?)
    }),
    rule(Range, "from <clock>|<time> for <duration>", |c, _| lasting(c.piece(0)?, c.length(1)?)),
    rule(Range, "from <clock> for <duration>", |c, _| lasting(c.piece(0)?, c.length(1)?)),
    rule(Range, "from <time> for <duration>", |c, _| lasting(c.piece(0)?, c.length(1)?)),
    rule(Range, "for <duration> ,? from|starting|starting_at <time>", |c, _| {
        lasting(c.piece(1)?, c.length(0)?)
    }),
    rule(Range, "for <duration> ,? from <date>", |c, _| lasting(c.piece(1)?, c.length(0)?)),
    rule(Range, "<duration> ,? starting from|on? <date>", |c, _| lasting(c.piece(1)?, c.length(0)?)),
    rule(Range, "<duration> ,? starting from|on? <moment>", |c, _| lasting(c.piece(1)?, c.length(0)?)),
    rule(Range, "for <duration> ,? from <moment>", |c, _| lasting(c.piece(1)?, c.length(0)?)),
    rule(Range, "<date> ,? for <duration> from <time>", |c, _| lasting(on_day(c, 0, 2)?, c.length(1)?)),
    rule(Range, "<date> ,? from <time> for <duration>", |c, _| lasting(on_day(c, 0, 1)?, c.length(2)?)),
    rule(Range, "^during? in_the|the? <part>", |c, _| Some(hours_of(c.part(0)?))),
    // Moments.
    rule(Range, "from? <moment> to|until|till|through|- <moment>", |c, _| pair(c)),
    rule(Range, "from? <moment> to|until|till|through|- <time>", |c, _| pair(c)),
    rule(Range, "from? <moment> to|until|till|through|- <clock>", |c, _| pair(c)),
    rule(Range, "from? <time> to|until|till|through|- <moment>", |c, _| pair(c)),
    rule(Range, "from? <clock> to|until|till|through|- <moment>", |c, _| pair(c)),
    rule(Range, "between <moment> and|- <moment>", |c, _| pair(c)),
    rule(Range, "between <moment> and|- <time>", |c, _| pair(c)),
    rule(Range, "<date> ,|from|between|at? <clock> to|and|until|till|- <clock>", |c, _| hours_on(c, 0, 1, 2)),
    rule(Range, "<date> ,|from|between|at? <time> to|and|until|till|- <clock>", |c, _| hours_on(c, 0, 1, 2)),
    rule(Range, "<date> ,|from|between|at? <clock> to|and|until|till|- <time>", |c, _| hours_on(c, 0, 1, 2)),
    rule(Range, "<date> ,|from|between|at? <time> to|and|until|till|- <time>", |c, _| hours_on(c, 0, 1, 2)),
    rule(Range, "<date> 's|,|in_the? <part> from|between? <clock> to|and|- <clock>", |c, _| {
        times_on(c.day(0)?, half(c, 2, 1)?, half(c, 3, 1)?)
    }),
    rule(Range, "from|between? <clock> to|and|until|till|- <clock> on|,? <date>", |c, _| {
        hours_on(c, 2, 0, 1)
    }),
    rule(Range, "from|between? <time> to|and|until|till|- <clock> on|,? <date>", |c, _| hours_on(c, 2, 0, 1)),
    rule(Range, "from|between? <clock> to|and|until|till|- <time> on|,? <date>", |c, _| hours_on(c, 2, 0, 1)),
    rule(Range, "from|between? <time> to|and|until|till|- <time> on|,? <date>", |c, _| hours_on(c, 2, 0, 1)),
    rule(Range, "tonight|this_evening from|between? <clock> to|and|until|- <clock>", |c, now| {
        evening(now, c, Part::Night)
    }),
    rule(Range, "this_afternoon from|between? <clock> to|and|until|- <clock>", |c, now| {
        evening(now, c, Part::Afternoon)
    }),
    rule(Range, "this_morning from|between? <clock> to|and|until|- <clock>", |c, now| {
        evening(now, c, Part::Morning)
    }),
    rule(Range, "from|between? <clock> to|and|until|- <clock> tonight|this_evening", |c, now| {
        evening(now, c, Part::Night)
    }),
    rule(Range, "from|between? <clock> to|and|until|- <clock> this_afternoon", |c, now| {
        evening(now, c, Part::Afternoon)
    }),
    rule(Range, "from|between? <clock> to|and|until|- <clock> this_morning", |c, now| {
        evening(now, c, Part::Morning)
    }),
    rule(Range, "<date> 's|,|in_the? <part>", |c, _| part_of_day(c, 0, 1)),
    rule(Range, "in_the|the? <part> of|on|,? the? <date>", |c, _| part_of_day(c, 1, 0)),
    rule(Range, "<date> <half>", |c, _| part_of_day(c, 0, 1)),
    rule(Range, "rest of? the|my|this|current? day|today", |_, now| {
        Some(super::ranges::moments(now, now.date().at(23, 59, 59, 0)))
    }),
    rule(Range, "between <moment> and <date>", |c, _| pair(c)),
    rule(Range, "between <date> and <moment>", |c, _| pair(c)),
    rule(Range, "more_than <duration> after|from <date>", |c, _| open(later(c, 0, 1, false)?, Open::Since)),
    rule(Range, "more_than <duration> before <date>", |c, _| open(later(c, 0, 1, true)?, Open::Before)),
    rule(Range, "less_than|within <duration> after|from <date>", |c, _| {
        between(c.piece(1)?, later(c, 0, 1, false)?)
    }),
    rule(Range, "this <part>", |c, now| part_today(now, 0, c.part(0)?)),
    rule(Range, "tonight|tonite", |_, now| part_today(now, 0, Part::Night)),
    rule(Range, "last night", |_, now| part_today(now, -1, Part::Night)),
    rule(Range, "next|the_next|tomorrow <part>", |c, now| part_today(now, 1, c.part(0)?)),
    rule(Range, "yesterday|last <part>", |c, now| part_today(now, -1, c.part(0)?)),
    rule(Range, "<date> in_the|,? <part> ,? from|between? <time> to|and|- <time>", |c, _| {
        times_on(c.day(0)?, c.clock(2)?, c.clock(3)?)
    }),
    rule(Range, "<date> in_the|,? <part> ,? from|between? <clock> to|and|- <time>", |c, _| {
        times_on(c.day(0)?, half(c, 2, 1)?, c.clock(3)?)
    }),
    rule(Range, "<weekday> in_the? <part> of? <shift> week", |c, now| {
        let (from, until) = c.part(1)?.hours();
        let date = calendar::in_week(now, c.shift(2)?, c.weekday(0)?)?;
        Some(super::ranges::moments(date.to_datetime(from), date.to_datetime(until)))
    }),
    rule(Range, "between|from? <clock> and|to|- <clock> last night", |c, now| around_night(c, now, -1)),
    rule(Range, "last night from|between? <clock> and|to|- <clock>", |c, now| around_night(c, now, -1)),
    rule(Range, "tomorrow night from|between? <clock> and|to|- <clock>", |c, now| around_night(c, now, 1)),
    rule(Range, "next evening from|between? <clock> and|to|- <clock>", |c, now| around_night(c, now, 1)),
    rule(Range, "between <period> and <moment>", |c, _| pair(c)),
    rule(Range, "between <time> and <moment>", |c, _| pair(c)),
    rule(Range, "from? <period> to|until|till <moment>", |c, _| pair(c)),
    // Open ends, of a day too.
    rule(Range, "<date> ,? before|by|no_later_than <time>", |c, _| on_open(c, Open::Before)),
    rule(Range, "<date> ,? before|by|no_later_than <clock>", |c, _| on_open(c, Open::Before)),
    rule(Range, "<date> ,? after|later_than <time>", |c, _| on_open(c, Open::After)),
    rule(Range, "<date> ,? after|later_than <clock>", |c, _| on_open(c, Open::After)),
    rule(Range, "<date> ,? until|till <time>", |c, _| on_open(c, Open::Until)),
    rule(Range, "<date> ,? since|from|starting_at <time>", |c, _| on_open(c, Open::Since)),
    rule(Range, "<time> or_later on? <date>", |c, _| open(super::english_times::on(c, 1, 0)?, Open::Since)),
    rule(Range, "after|past around <time>", |c, _| opened(c, Open::After)),
    rule(Range, "before around <time>", |c, _| opened(c, Open::Before)),
    rule(Range, "as_late_as|until|till|by <date>", |c, _| opened(c, Open::Until)),
    rule(Range, "beginning|starting|beginning_on|starting_in <date>", |c, _| opened(c, Open::Since)),
    rule(Range, "before|prior_to|earlier_than|by|no_later_than <moment>", |c, _| opened(c, Open::Before)),
    rule(Range, "before|prior_to|earlier_than|no_later_than <date>", |c, _| opened(c, Open::Before)),
    rule(Range, "before|prior_to|earlier_than <period>", |c, _| opened(c, Open::Before)),
    rule(Range, "before|prior_to|earlier_than|no_later_than <time>", |c, _| opened(c, Open::Before)),
    rule(Range, "before|no_later_than <clock>", |c, _| opened(c, Open::Before)),
    rule(Range, "after|later_than <moment>", |c, _| opened(c, Open::After)),
    rule(Range, "after|later_than <date>", |c, _| opened(c, Open::After)),
    rule(Range, "after|later_than|greater_than <period>", |c, _| opened(c, Open::After)),
    rule(Range, "after|later_than <time>", |c, _| opened(c, Open::After)),
    rule(Range, "after|later_than <clock>", |c, _| opened(c, Open::After)),
    rule(Range, "since|starting|starting_from|starting_on|on_or_after|as_of <moment>", |c, _| {
        opened(c, Open::Since)
    }),
    rule(Range, "since|starting|starting_from|starting_on|on_or_after <date>", |c, _| opened(c, Open::Since)),
    rule(Range, "since|starting|starting_from|starting_in|starting_on <period>", |c, _| {
        opened(c, Open::Since)
    }),
    rule(Range, "since|starting|starting_from|starting_at|as_early_as <time>", |c, _| opened(c, Open::Since)),
    rule(Range, "<date> or_later|and_later|onwards|onward", |c, _| opened(c, Open::Since)),
    rule(Range, "<time> or_later|and_later|onwards|onward", |c, _| opened(c, Open::Since)),
    rule(Range, "<period> or_later|and_later|onwards|onward", |c, _| opened(c, Open::Since)),
    rule(Range, "until|till|til|up_to|as_late_as <moment>", |c, _| opened(c, Open::Until)),
    rule(Range, "up_to|on_or_before <date>", |c, _| opened(c, Open::Until)),
    rule(Range, "until|till|til|up_to <period>", |c, _| opened(c, Open::Until)),
    rule(Range, "until|till|til|up_to|as_late_as <time>", |c, _| opened(c, Open::Until)),
    rule(Range, "<date> or_earlier|and_earlier|or_before|and_before", |c, _| opened(c, Open::Until)),
];
