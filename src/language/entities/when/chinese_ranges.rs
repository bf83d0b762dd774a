//! Ranges in Chinese: 从…到…, …之间, …之前, …以后, 明天上午.

use jiff::civil::DateTime;

use super::{
    grammar::{
        Caught, Rule,
        Sort::{self, Range},
    },
    model::{Clock, Part, Piece},
    ranges::{Open, between, days_of, days_of_month, hours_of, open, part_of_day, part_today, times},
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

/// A range that starts in a part of the day ends in it too, if that makes sense: 下午三点到五点.
fn within_part(c: &Caught) -> Option<Piece> {
    let part = c.part(0)?;
    let from = Clock::new(c.int(1)?, 0, 0)?.within(part);
    times(from, c.clock(2)?)
}

pub const RANGES: &[Rule] = &[
    rule(Range, "从|自|在|由? <date> 到|至|-|~|与|和 <date> 之间|间|为止|止?", |c, _| pair(c)),
    rule(Range, "从|自|在? <period> 到|至|-|~|与 <period> 之间|间|为止|止?", |c, _| pair(c)),
    rule(Range, "从|自|在? <period> 和|与 <period> 之间|间", |c, _| pair(c)),
    rule(Range, "从|自? <date> 到|至|- <period>", |c, _| pair(c)),
    rule(Range, "从|自? <period> 到|至|- <date>", |c, _| pair(c)),
    rule(Range, "从|自? <year> 到|至|- <year>", |c, _| {
        super::calendar::period(
            super::calendar::date(c.int(0)?, 1, 1)?,
            super::calendar::date(c.int(1)?, 1, 1)?,
        )
    }),
    rule(Range, "从|自? <month> <dd> 日|号? 到|至|-|~ <dd> 日|号?", |c, now| {
        days_of_month(now, c.month(0)?, c.int(1)?, c.int(2)?, None)
    }),
    rule(Range, "从|自? <year> <month> <dd> 日|号? 到|至|-|~ <dd> 日|号?", |c, now| {
        days_of_month(now, c.month(1)?, c.int(2)?, c.int(3)?, c.int(0))
    }),
    rule(Range, "从|自? <year> <month> <dd> 日|号? 到|至|-|~ <month> <dd> 日|号?", |c, _| {
        let from = super::calendar::date(c.int(0)?, i64::from(c.month(1)?), c.int(2)?)?;
        let until = super::calendar::date(c.int(0)?, i64::from(c.month(3)?), c.int(4)?)?;
        super::calendar::period(from, until)
    }),
    rule(Range, "从|自? <shift> 月 <dd> 日|号? 到|至|- <dd> 日|号", |c, now| {
        days_of(now, c.shift(0)?, c.int(1)?, c.int(2)?)
    }),
    rule(Range, "从? <n> 日|号? 到|至|- <n> 日|号", |c, now| {
        let day =
            |index| super::calendar::day_of_month(now, c.int(index).filter(|day| (1..32).contains(day))?);
        super::ranges::days(day(0)?, day(1)?)
    }),
    // Clocks.
    rule(Range, "从|自|在? <time> 到|至|-|~ <time> 之间|间|为止?", |c, _| {
        times(c.clock(0)?, c.clock(1)?)
    }),
    rule(Range, "从|自|在? <time> 和|与 <time> 之间|间", |c, _| times(c.clock(0)?, c.clock(1)?)),
    rule(Range, "从|自|在? <digital> 到|至|-|~ <digital> 之间|间?", |c, _| {
        times(c.clock(0)?, c.clock(1)?)
    }),
    rule(Range, "从|自|在? <time> 到|至|-|~ <digital> 之间|间?", |c, _| {
        times(c.clock(0)?, c.clock(1)?)
    }),
    rule(Range, "从? <part> <hour> 到|至|- <time>", |c, _| within_part(c)),
    rule(Range, "从? <hour> 到|至|- <time>", |c, _| times(Clock::new(c.int(0)?, 0, 0)?, c.clock(1)?)),
    rule(Range, "<part>", |c, _| Some(hours_of(c.part(0)?))),
    // Moments.
    rule(Range, "从|自? <moment> 到|至|-|~|和|与 <moment> 之间|间|为止?", |c, _| pair(c)),
    rule(Range, "从|自? <moment> 到|至|-|~ <time> 之间|间|为止?", |c, _| pair(c)),
    rule(Range, "从|自? <moment> 到|至|-|~ <digital> 之间|间|为止?", |c, _| pair(c)),
    rule(Range, "从|自|在? <time> 到|至|-|~ <moment> 之间|间|为止?", |c, now| {
        let (from, until) = (c.clock(0)?, c.piece(1)?);
        let from = Piece::Moment(now.date().to_datetime(from.time()), from.vague);
        between(from, until)
    }),
    rule(Range, "<date> 的? <part>", |c, _| part_of_day(c, 0, 1)),
    rule(Range, "今晚|今夜", |_, now| part_today(now, 0, Part::Evening)),
    rule(Range, "今早|今晨", |_, now| part_today(now, 0, Part::Morning)),
    rule(Range, "明晚", |_, now| part_today(now, 1, Part::Evening)),
    rule(Range, "明早|明晨", |_, now| part_today(now, 1, Part::Morning)),
    rule(Range, "昨晚|昨夜", |_, now| part_today(now, -1, Part::Evening)),
    rule(Range, "上个小时|过去一小时", |_, now| {
        let from = super::model::Length::of(-1.0, super::model::Unit::Hour).from(now)?;
        Some(super::ranges::moments(from, now))
    }),
    // Open ends.
    rule(Range, "<moment> 之前|以前|前", |c, _| opened(c, Open::Before)),
    rule(Range, "<date> 之前|以前|前", |c, _| opened(c, Open::Before)),
    rule(Range, "<period> 之前|以前|前", |c, _| opened(c, Open::Before)),
    rule(Range, "<time> 之前|以前|前", |c, _| opened(c, Open::Before)),
    rule(Range, "<moment> 之后|以后|后", |c, _| opened(c, Open::After)),
    rule(Range, "<date> 之后|以后|后", |c, _| opened(c, Open::After)),
    rule(Range, "<period> 之后|以后|后", |c, _| opened(c, Open::After)),
    rule(Range, "<time> 之后|以后|后", |c, _| opened(c, Open::After)),
    rule(Range, "<moment> 或之前|及之前|及以前|或以前", |c, _| opened(c, Open::Until)),
    rule(Range, "<date> 或之前|及之前|及以前|或以前", |c, _| opened(c, Open::Until)),
    rule(Range, "<date> 或之后|及之后|及以后|或以后|起|开始", |c, _| opened(c, Open::Since)),
    rule(Range, "<period> 或之后|及之后|及以后|或以后|起|开始", |c, _| opened(c, Open::Since)),
    rule(Range, "自从|自 <date> 以来|开始|起?", |c, _| opened(c, Open::Since)),
    rule(Range, "自从|自 <period> 以来|开始|起?", |c, _| opened(c, Open::Since)),
    rule(Range, "^从 <date> 以来|开始|起", |c, _| opened(c, Open::Since)),
    rule(Range, "^从 <period> 以来|开始|起", |c, _| opened(c, Open::Since)),
    rule(Range, "截止到|截至|直到 <period>", |c, _| opened(c, Open::Before)),
    rule(Range, "<period> 及以前|及之前|或以前|或之前", |c, _| opened(c, Open::Until)),
    rule(Range, "<period> 之后|以后 <period> 之前|以前", |c, _| pair(c)),
    rule(Range, "直到|截止到|截至 <date>", |c, _| opened(c, Open::Until)),
];
