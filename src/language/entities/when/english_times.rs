//! Times, moments and lengths of time in English.

use jiff::civil::DateTime;

use super::{
    calendar::{self, exactly},
    english_dates::away,
    grammar::{
        Caught, Rule,
        Sort::{self, Clock as Face, Date, Duration, Moment, Time},
    },
    model::{Clock, Length, Part, Piece, Unit},
};

const fn rule(gives: Sort, pattern: &'static str, make: fn(&Caught, DateTime) -> Option<Piece>) -> Rule {
    Rule { gives, pattern, make }
}

fn clock(hour: i64, minute: i64) -> Option<Piece> {
    Some(Piece::Clock(Clock::new(hour, minute, 0)?))
}

/// A face of the clock in the half of the day that is said at `part`.
pub fn within(c: &Caught, face: usize, part: usize) -> Option<Piece> {
    Some(Piece::Clock(c.clock(face)?.within(c.part(part)?)))
}

fn exact(hour: i64, minute: i64) -> Option<Piece> {
    Some(Piece::Clock(Clock { vague: false, ..Clock::new(hour, minute, 0)? }))
}

/// So many minutes past or to the hour.
fn past(c: &Caught, minutes: i64, face: usize) -> Option<Piece> {
    Some(Piece::Clock(c.clock(face)?.later(minutes)))
}

/// So many minutes before an hour in the half of the day that follows it.
fn less(c: &Caught, minutes: i64, face: usize) -> Option<Piece> {
    Some(Piece::Clock(c.clock(face)?.within(c.part(face + 1)?).later(-minutes)))
}

fn minutes(c: &Caught, index: usize) -> Option<i64> {
    c.int(index).filter(|minutes| (1..60).contains(minutes))
}

/// A day at a time.
pub fn on(c: &Caught, day: usize, time: usize) -> Option<Piece> {
    let (day, clock) = (c.day(day)?, c.clock(time)?);
    Some(Piece::Moment(day.date.to_datetime(clock.time()), clock.vague))
}

/// A part of a day at a time: “tomorrow evening at seven”.
pub fn on_part(c: &Caught, day: usize, part: usize, time: usize) -> Option<Piece> {
    let clock = c.clock(time)?.within(c.part(part)?);
    Some(Piece::Moment(c.day(day)?.date.to_datetime(clock.time()), false))
}

/// Today at a time, in a part of the day.
fn tonight(c: &Caught, now: DateTime, part: Part, face: usize) -> Option<Piece> {
    let clock = c.clock(face)?.within(part);
    Some(Piece::Moment(now.date().to_datetime(clock.time()), false))
}

pub const TIMES: &[Rule] = &[
    // The face of a clock, without a word that makes it a time.
    rule(Face, "<digital>", |c, _| c.piece(0)),
    rule(Face, "<hour>", |c, _| clock(c.int(0)?, 0)),
    rule(Face, "<hour> o'clock|oclock|o_clock|o'_clock", |c, _| clock(c.int(0)?, 0)),
    rule(Face, "<hour> <minute>", |c, _| clock(c.int(0)?, c.int(1)?)),
    rule(Face, "<hour> hundred", |c, _| clock(c.int(0)?, 0)),
    rule(Face, "<hour> h <minute>?", |c, _| clock(c.int(0)?, c.int(1).unwrap_or(0))),
    rule(Face, "noon|midday|noonish|mid_-?_day|twelve_noon|12_noon", |_, _| exact(12, 0)),
    rule(Face, "midnight|mid_night|mid_-_night", |_, _| exact(0, 0)),
    // Times.
    rule(Time, "<digital>", |c, _| c.piece(0)),
    rule(Time, "<digital> <half>", |c, _| within(c, 0, 1)),
    rule(Time, "<hour> <half>", |c, _| Some(Piece::Clock(Clock::new(c.int(0)?, 0, 0)?.within(c.part(1)?)))),
    rule(Time, "<digital> <half> <half>", |c, _| within(c, 0, 1)),
    rule(Time, "<clock> <half> <half>", |c, _| within(c, 0, 1)),
    rule(Time, "<clock> <half>", |c, _| within(c, 0, 1)),
    rule(Time, "<hour> o'clock|oclock|o_clock|o'_clock sharp?", |c, _| clock(c.int(0)?, 0)),
    rule(Time, "<hour> - ish", |c, _| clock(c.int(0)?, 0)),
    rule(Time, "<hour> ish", |c, _| clock(c.int(0)?, 0)),
    rule(Time, "^at|@|by <hour>", |c, _| clock(c.int(0)?, 0)),
    rule(Time, "^at|@|by|until|till <clock>", |c, _| c.piece(0)),
    rule(Time, "around|about|circa|approximately <clock>", |c, _| c.piece(0)),
    rule(Time, "around|about|circa|approximately <clock> <half>", |c, _| within(c, 0, 1)),
    rule(Time, "^for <hour> <minute>", |c, _| clock(c.int(0)?, c.int(1)?)),
    rule(Time, "half past <clock>", |c, _| past(c, 30, 0)),
    rule(Time, "half past <clock> <half>", |c, _| {
        Some(Piece::Clock(c.clock(0)?.later(30).within(c.part(1)?)))
    }),
    rule(Time, "a? quarter past|after <clock>", |c, _| past(c, 15, 0)),
    rule(Time, "a? quarter past|after <clock> <half>", |c, _| {
        Some(Piece::Clock(c.clock(0)?.later(15).within(c.part(1)?)))
    }),
    rule(Time, "a? quarter to|of|before|till <clock>", |c, _| past(c, -15, 0)),
    rule(Time, "a? quarter to|of|before|till <clock> <half>", |c, _| {
        Some(Piece::Clock(c.clock(0)?.within(c.part(1)?).later(-15)))
    }),
    rule(Time, "three quarters past|after <clock>", |c, _| past(c, 45, 0)),
    rule(Time, "three quarters past|after <clock> <half>", |c, _| {
        Some(Piece::Clock(c.clock(0)?.later(45).within(c.part(1)?)))
    }),
    rule(Time, "<n> min|mins|minute|minutes past|after <clock>", |c, _| past(c, minutes(c, 0)?, 1)),
    rule(Time, "<n> past <clock>", |c, _| past(c, minutes(c, 0)?, 1)),
    rule(Time, "<n> min|mins|minute|minutes? past|after <clock> <half>", |c, _| {
        Some(Piece::Clock(c.clock(1)?.later(minutes(c, 0)?).within(c.part(2)?)))
    }),
    rule(Time, "<n> min|mins|minute|minutes to|of|before|till <clock>", |c, _| past(c, -minutes(c, 0)?, 1)),
    rule(Time, "<n> min|mins|minute|minutes to|of|before|till <clock> <half>", |c, _| {
        less(c, minutes(c, 0)?, 1)
    }),
    rule(Time, "five to|till <clock>", |c, _| past(c, -5, 0)),
    rule(Time, "five to|till <clock> <half>", |c, _| less(c, 5, 0)),
    rule(Time, "ten|10 to|till <clock>", |c, _| past(c, -10, 0)),
    rule(Time, "ten|10 to|till <clock> <half>", |c, _| less(c, 10, 0)),
    rule(Time, "twenty|20 to|till <clock>", |c, _| past(c, -20, 0)),
    rule(Time, "twenty|20 to|till <clock> <half>", |c, _| less(c, 20, 0)),
    rule(Time, "twenty_five|25 to|till <clock>", |c, _| past(c, -25, 0)),
    rule(Time, "twenty_five|25 to|till <clock> <half>", |c, _| less(c, 25, 0)),
    rule(Time, "noon|midday|noonish|twelve_noon|12_noon|mid_day|mid_-_day", |_, _| exact(12, 0)),
    rule(Time, "midnight|mid_night|mid_-_night", |_, _| exact(0, 0)),
    rule(Time, "midmorning|mid_morning|mid_-_morning", |_, _| exact(10, 0)),
    rule(Time, "midafternoon|mid_afternoon|mid_-_afternoon", |_, _| exact(14, 0)),
    rule(Time, "12|twelve|12_o'clock|twelve_o'clock midnight|mid_night", |_, _| exact(0, 0)),
    rule(Time, "<clock> midnight", |c, _| Some(Piece::Clock(c.clock(0)?.within(Part::Midnight)))),
    rule(Time, "at|in|in_the|at_the? <part> at|,|around? <clock>", |c, _| within(c, 1, 0)),
    rule(Time, "at|in|in_the|at_the? <part> at|,|around? <clock> <half>", |c, _| within(c, 1, 2)),
    rule(Time, "at <time> in the? <part>", |c, _| within(c, 0, 1)),
    // Lengths.
    rule(Duration, "<count> -? more? <unit>", |c, _| {
        Some(Piece::Length(Length::of(c.count(0)?, c.unit(1)?)))
    }),
    rule(Duration, "<count> <unit> and_half", |c, _| {
        Some(Piece::Length(Length::of(c.count(0)? + 0.5, c.unit(1)?)))
    }),
    rule(Duration, "<count> <unit> and_a_half", |c, _| {
        Some(Piece::Length(Length::of(c.count(0)? + 0.5, c.unit(1)?)))
    }),
    rule(Duration, "an hour and_a_half", |_, _| Some(Piece::Length(Length::of(1.5, Unit::Hour)))),
    rule(Duration, "<count> <unit> and|,? <duration>", |c, _| {
        Some(Piece::Length(Length::of(c.count(0)?, c.unit(1)?).plus(c.length(2)?)))
    }),
    rule(Duration, "a quarter of an hour", |_, _| Some(Piece::Length(Length::of(0.25, Unit::Hour)))),
    rule(Duration, "a quarter hour|quarter_hour", |_, _| Some(Piece::Length(Length::of(0.25, Unit::Hour)))),
    rule(Duration, "three quarters of an hour", |_, _| Some(Piece::Length(Length::of(0.75, Unit::Hour)))),
    rule(Duration, "all|whole|the_whole|full|entire -? day", |_, _| {
        Some(Piece::Length(Length::of(1.0, Unit::Day)))
    }),
    rule(Duration, "all|whole|the_whole|full|entire -? week", |_, _| {
        Some(Piece::Length(Length::of(1.0, Unit::Week)))
    }),
    rule(Duration, "all|whole|the_whole|full|entire -? month", |_, _| {
        Some(Piece::Length(Length::of(1.0, Unit::Month)))
    }),
    rule(Duration, "all|whole|the_whole|full|entire -? year", |_, _| {
        Some(Piece::Length(Length::of(1.0, Unit::Year)))
    }),
    rule(Duration, "overnight", |_, _| Some(Piece::Length(Length::of(1.0, Unit::Day)))),
];

pub const MOMENTS: &[Rule] = &[
    rule(
        Moment,
        "now|right_now|at_present|at_the_present_time|at_the_moment|at_the_minute|at_this_time|asap|as_soon_as_possible|straight_away|immediately",
        |_, now| Some(Piece::Moment(now, false)),
    ),
    rule(Moment, "<date> at|around|for|by|about|@|-|'s? <time>", |c, _| on(c, 0, 1)),
    rule(Moment, "<date> at|around|about|by|@ <clock>", |c, _| on(c, 0, 1)),
    rule(Moment, "<date> <hour> <minute>", |c, _| {
        let clock = Clock::new(c.int(1)?, c.int(2).filter(|minute| *minute >= 10)?, 0)?;
        Some(Piece::Moment(c.day(0)?.date.to_datetime(clock.time()), clock.vague))
    }),
    rule(Moment, "<date> in_the|'s|,? <part> at|around|@|,? <clock>", |c, _| on_part(c, 0, 1, 2)),
    rule(Moment, "<date> in_the|'s|,? <part> at|around|@|,? <time>", |c, _| on_part(c, 0, 1, 2)),
    rule(Moment, "at? <time> on|of|for|,? the? <date>", |c, _| on(c, 1, 0)),
    rule(Moment, "at <clock> on|,? <date>", |c, _| on(c, 1, 0)),
    rule(Moment, "^at <clock> on|,? <date>", |c, _| on(c, 1, 0)),
    rule(Moment, "at? <time> on|of|for|,? the? <date> in_the? <part>", |c, _| on_part(c, 1, 2, 0)),
    rule(Moment, "<written> t <digital>", |c, _| on(c, 0, 1)),
    rule(Moment, "<weekday> <month> <dd> <digital> <year>", |c, _| {
        let date = calendar::date(c.int(4)?, i64::from(c.month(1)?), c.int(2)?)?;
        Some(Piece::Moment(date.to_datetime(c.clock(3)?.time()), false))
    }),
    rule(Moment, "<clock> on the? <dd>", |c, now| {
        let day = calendar::day_of_month(now, c.int(1)?)?;
        Some(Piece::Moment(day.date.to_datetime(c.clock(0)?.time()), c.clock(0)?.vague))
    }),
    rule(Moment, "<time> on the? <dd>", |c, now| {
        let day = calendar::day_of_month(now, c.int(1)?)?;
        Some(Piece::Moment(day.date.to_datetime(c.clock(0)?.time()), c.clock(0)?.vague))
    }),
    rule(Moment, "^on|at the? <dd> at|,? <time>", |c, now| {
        let day = calendar::day_of_month(now, c.int(0)?)?;
        Some(Piece::Moment(day.date.to_datetime(c.clock(1)?.time()), c.clock(1)?.vague))
    }),
    rule(Moment, "^at <nth> at <time>", |c, now| {
        let day = calendar::day_of_month(now, c.int(0)?)?;
        Some(Piece::Moment(day.date.to_datetime(c.clock(1)?.time()), c.clock(1)?.vague))
    }),
    rule(Moment, "tonight|this_evening|this_night at|around|about|by|,? <clock>", |c, now| {
        tonight(c, now, Part::Night, 0)
    }),
    rule(Moment, "tonight|this_evening|this_night at|around|about|by|,? <time>", |c, now| {
        tonight(c, now, Part::Night, 0)
    }),
    rule(Moment, "at? <clock> tonight|this_evening", |c, now| tonight(c, now, Part::Night, 0)),
    rule(Moment, "at? <time> tonight|this_evening", |c, now| tonight(c, now, Part::Night, 0)),
    rule(Moment, "this morning at|around|about|,? <clock>", |c, now| tonight(c, now, Part::Morning, 0)),
    rule(Moment, "this morning at|around|about|,? <time>", |c, now| tonight(c, now, Part::Morning, 0)),
    rule(Moment, "at? <time> this morning", |c, now| tonight(c, now, Part::Morning, 0)),
    rule(Moment, "at? <clock> this morning", |c, now| tonight(c, now, Part::Morning, 0)),
    rule(Moment, "this afternoon at|around|about|,? <clock>", |c, now| tonight(c, now, Part::Afternoon, 0)),
    rule(Moment, "this afternoon at|around|about|,? <time>", |c, now| tonight(c, now, Part::Afternoon, 0)),
    rule(Moment, "at? <time> this afternoon", |c, now| tonight(c, now, Part::Afternoon, 0)),
    rule(Moment, "at? <clock> this afternoon", |c, now| tonight(c, now, Part::Afternoon, 0)),
    rule(Moment, "last night at|around|about|,? <clock>", |c, now| {
        let clock = c.clock(0)?.within(Part::Night);
        Some(Piece::Moment(calendar::days(now.date(), -1)?.to_datetime(clock.time()), false))
    }),
    rule(Moment, "<duration> ago|earlier", |c, now| away(c, now, true).filter(is_moment)),
    rule(Moment, "in <duration> time?", |c, now| away(c, now, false).filter(is_moment)),
    rule(Moment, "<duration> later|hence|from_now", |c, now| away(c, now, false).filter(is_moment)),
    rule(Moment, "the? end of the? <date>", |c, _| {
        Some(Piece::Moment(c.day(0)?.date.at(23, 59, 59, 0), false))
    }),
    rule(Moment, "the? eod|end_of_day", |_, now| Some(Piece::Moment(now.date().at(23, 59, 59, 0), false))),
    rule(Moment, "the? end of the? day", |_, now| Some(Piece::Moment(now.date().at(23, 59, 59, 0), false))),
    rule(Date, "tonight's", |_, now| Some(exactly(now.date()))),
];

fn is_moment(piece: &Piece) -> bool {
    matches!(piece, Piece::Moment(..))
}
