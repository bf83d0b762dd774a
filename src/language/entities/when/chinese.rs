//! Dates, times and lengths in Chinese.

use jiff::civil::DateTime;

use super::{
    calendar::{
        self, around, coming, date, day_of_month, exactly, half_of, in_week, month_of, nth_week, nth_weekday,
        quarter_of, year_of, yearless,
    },
    english_dates::{away, in_year},
    english_periods::{ahead, behind, first_of, last_of},
    grammar::{
        Caught, Rule,
        Sort::{self, Date, Duration, Moment, Period, Range, Time},
    },
    model::{Clock, Day, Length, Named, Part, Piece, Unit},
};

const fn rule(gives: Sort, pattern: &'static str, make: fn(&Caught, DateTime) -> Option<Piece>) -> Rule {
    Rule { gives, pattern, make }
}

fn from_today(now: DateTime, days: i64) -> Option<Piece> {
    Some(exactly(calendar::days(now.date(), days)?))
}

fn this_year(now: DateTime, shift: i64) -> i64 {
    i64::from(now.date().year()) + shift
}

fn of_month(now: DateTime, month: Option<i8>, day: Option<i64>, year: Option<i64>) -> Option<Piece> {
    let (month, day) = (i64::from(month?), day?);
    match year {
        Some(year) => Some(exactly(date(year, month, day)?)),
        None => Some(Piece::Day(yearless(now, month, day)?)),
    }
}

fn in_month(now: DateTime, shift: i64, day: Option<i64>) -> Option<Piece> {
    let month = calendar::months(calendar::first_of_month(now.date()), shift)?;
    Some(exactly(date(i64::from(month.year()), i64::from(month.month()), day?)?))
}

fn period_bounds(piece: Option<Piece>) -> Option<(jiff::civil::Date, jiff::civil::Date)> {
    match piece? {
        Piece::Period { from, until, .. } => Some((from, until)),
        _ => None,
    }
}

/// The end or the beginning of a month or a year: its last or first ten days, or third.
fn edge(piece: Option<Piece>, end: bool) -> Option<Piece> {
    let (from, until) = period_bounds(piece)?;
    // 周末 is no end of a week but its own word.
    if calendar::days(from, 20)? > until {
        return None;
    }
    let long = calendar::months(from, 2)? < until;
    if end {
        let start = if long { calendar::months(until, -1)? } else { calendar::days(until, -10)? };
        return calendar::period(start, until);
    }
    calendar::period(from, if long { calendar::months(from, 1)? } else { calendar::days(from, 10)? })
}

pub const DATES: &[Rule] = &[
    rule(Date, "今天|今日|今儿|当天|最近|现今", |_, now| from_today(now, 0)),
    rule(Date, "明天|明日|明儿|次日|第二天", |_, now| from_today(now, 1)),
    rule(Date, "昨天|昨日|昨儿|前一天", |_, now| from_today(now, -1)),
    rule(Date, "后天|后日", |_, now| from_today(now, 2)),
    rule(Date, "前天|前日", |_, now| from_today(now, -2)),
    rule(Date, "大后天", |_, now| from_today(now, 3)),
    rule(Date, "大前天", |_, now| from_today(now, -3)),
    rule(Date, "<weekday>", |c, now| {
        Some(Piece::Day(Day { date: coming(now, c.weekday(0)?)?, named: Named::Weekday }))
    }),
    rule(Date, "<shift> 的? <weekday>", |c, now| Some(exactly(in_week(now, c.shift(0)?, c.weekday(1)?)?))),
    rule(Date, "<shift> 周|星期|礼拜 的 <weekday>", |c, now| {
        Some(exactly(in_week(now, c.shift(0)?, c.weekday(1)?)?))
    }),
    rule(Date, "<month> 的? <dd> 日|号?", |c, now| of_month(now, c.month(0), c.int(1), None)),
    rule(Date, "<year> 的? <month> 的? <dd> 日|号?", |c, now| {
        of_month(now, c.month(1), c.int(2), c.int(0))
    }),
    rule(Date, "<month> <dd> 日|号 ,? <weekday>", |c, now| of_month(now, c.month(0), c.int(1), None)),
    rule(Date, "<year> <month> <dd> 日|号 ,? <weekday>", |c, now| {
        of_month(now, c.month(1), c.int(2), c.int(0))
    }),
    rule(Date, "公元|纪元 <date>", |c, _| c.piece(0)),
    rule(Date, "<n> 日|号", |c, now| {
        Some(Piece::Day(day_of_month(now, c.int(0).filter(|day| (1..32).contains(day))?)?))
    }),
    rule(Date, "<n> 号 <weekday>", |c, now| {
        Some(Piece::Day(day_of_month(now, c.int(0).filter(|day| (1..32).contains(day))?)?))
    }),
    rule(Date, "<shift> 月 的? <dd> 日|号", |c, now| in_month(now, c.shift(0)?, c.int(1))),
    rule(Date, "去年|上年 <month> <dd> 日|号?", |c, now| {
        of_month(now, c.month(0), c.int(1), Some(this_year(now, -1)))
    }),
    rule(Date, "前年 <month> <dd> 日|号?", |c, now| {
        of_month(now, c.month(0), c.int(1), Some(this_year(now, -2)))
    }),
    rule(Date, "今年|本年 的? <month> <dd> 日|号?", |c, now| {
        of_month(now, c.month(0), c.int(1), Some(this_year(now, 0)))
    }),
    rule(Date, "明年|来年 的? <month> <dd> 日|号?", |c, now| {
        of_month(now, c.month(0), c.int(1), Some(this_year(now, 1)))
    }),
    rule(Date, "后年 的? <month> <dd> 日|号?", |c, now| {
        of_month(now, c.month(0), c.int(1), Some(this_year(now, 2)))
    }),
    rule(Date, "去年 <shift> 月 <dd> 日|号?", |c, now| {
        of_month(now, Some(now.date().month()), c.int(1), Some(this_year(now, -1)))
    }),
    rule(Date, "<written>", |c, _| c.piece(0)),
    rule(Date, "<holiday>", |c, _| c.piece(0)),
    rule(Date, "<holiday> 当天|那天", |c, _| c.piece(0)),
    rule(Date, "<year> 的? <holiday>", |c, _| in_year(c.day(1)?, c.int(0)?)),
    rule(Date, "今年|本年 的? <holiday>", |c, now| in_year(c.day(0)?, this_year(now, 0))),
    rule(Date, "明年|来年 的? <holiday>", |c, now| in_year(c.day(0)?, this_year(now, 1))),
    rule(Date, "去年|上年 的? <holiday>", |c, now| in_year(c.day(0)?, this_year(now, -1))),
    rule(Date, "<period> 的? 第 <n> 个? <weekday>", |c, _| {
        let (from, until) = period_bounds(c.piece(0))?;
        Some(exactly(nth_weekday(from, until, c.int(1)?, c.weekday(2)?)?))
    }),
    rule(Date, "<period> 的? 最后一个|最后 <weekday>", |c, _| {
        let (from, until) = period_bounds(c.piece(0))?;
        Some(exactly(nth_weekday(from, until, 0, c.weekday(1)?)?))
    }),
    rule(Date, "<duration> 之前|以前|前", |c, now| away(c, now, true)),
    rule(Date, "<duration> 之后|以后|后", |c, now| away(c, now, false)),
    rule(Date, "再过|过 <duration>", |c, now| away(c, now, false)),
    rule(Date, "<date> 的? <duration> 之后|以后|后", |c, _| {
        let at = c.length(1)?.from(c.day(0)?.date.at(0, 0, 0, 0))?;
        Some(exactly(at.date()))
    }),
];

/// Parts of a period that is named first: 上个月底, 十月的第一周, 去年的前十天.
pub const PARTS: &[Rule] = &[
    rule(Range, "<period> 的? 第 <n> 个月", |c, _| {
        let (from, _) = period_bounds(c.piece(0))?;
        let start = calendar::months(from, c.int(1).filter(|n| (1..13).contains(n))? - 1)?;
        calendar::period(start, calendar::months(start, 1)?)
    }),
    rule(Range, "<period> 的? 前 <duration>", |c, _| first_of(c)),
    rule(Range, "<period> 的? 最后|最後 <duration>", |c, _| last_of(c)),
    rule(Range, "<period> 底|末", |c, _| edge(c.piece(0), true)),
    rule(Range, "<period> 初", |c, _| edge(c.piece(0), false)),
    rule(Range, "<period> 的? 第 <n> 周|个星期|个礼拜|星期", |c, _| {
        let (from, until) = period_bounds(c.piece(0))?;
        nth_week(from, until, c.int(1)?)
    }),
    rule(Range, "<period> 的? 最后一周|最后一个星期", |c, _| {
        let (from, until) = period_bounds(c.piece(0))?;
        nth_week(from, until, 0)
    }),
];

pub const PERIODS: &[Rule] = &[
    rule(Period, "<shift> 的? <unit>", |c, now| {
        around(now, c.unit(1)?, c.shift(0)?).filter(|_| c.unit(1) != Some(Unit::Day))
    }),
    rule(Period, "这个月|本月|当月|这月", |_, now| around(now, Unit::Month, 0)),
    rule(Period, "下月|下个月", |_, now| around(now, Unit::Month, 1)),
    rule(Period, "上月|上个月", |_, now| around(now, Unit::Month, -1)),
    rule(Period, "下下个月|下下月", |_, now| around(now, Unit::Month, 2)),
    rule(Period, "上半月", |_, now| part_month(now, false)),
    rule(Period, "下半月", |_, now| part_month(now, true)),
    rule(Period, "这周|本周|这个星期|本星期|这礼拜", |_, now| around(now, Unit::Week, 0)),
    rule(Period, "下周|下个星期|下星期|下礼拜|下个礼拜", |_, now| around(now, Unit::Week, 1)),
    rule(Period, "上周|上个星期|上星期|上礼拜|上个礼拜", |_, now| {
        around(now, Unit::Week, -1)
    }),
    rule(Period, "下下周|下下个星期|下下星期", |_, now| around(now, Unit::Week, 2)),
    rule(Period, "上上周|上上个星期|上上星期", |_, now| around(now, Unit::Week, -2)),
    rule(Period, "这周末|本周末|这个周末|周末", |_, now| around(now, Unit::Weekend, 0)),
    rule(Period, "下周末|下个周末", |_, now| around(now, Unit::Weekend, 1)),
    rule(Period, "上周末|上个周末", |_, now| around(now, Unit::Weekend, -1)),
    rule(Period, "下下周末|下下个周末", |_, now| around(now, Unit::Weekend, 2)),
    rule(Period, "上上周末|上上个周末", |_, now| around(now, Unit::Weekend, -2)),
    rule(Period, "今年|本年|当年", |_, now| around(now, Unit::Year, 0)),
    rule(Period, "明年|来年", |_, now| around(now, Unit::Year, 1)),
    rule(Period, "后年", |_, now| around(now, Unit::Year, 2)),
    rule(Period, "去年|上年", |_, now| around(now, Unit::Year, -1)),
    rule(Period, "前年", |_, now| around(now, Unit::Year, -2)),
    rule(Period, "月底", |_, now| edge(around(now, Unit::Month, 0), true)),
    rule(Period, "月初", |_, now| edge(around(now, Unit::Month, 0), false)),
    rule(Period, "年底|年末", |_, now| edge(around(now, Unit::Year, 0), true)),
    rule(Period, "年初", |_, now| edge(around(now, Unit::Year, 0), false)),
    rule(Period, "<month>", |c, now| month_of(now, c.month(0)?, None)),
    rule(Period, "<year> 的? <month>", |c, now| month_of(now, c.month(1)?, c.int(0))),
    rule(Period, "今年 的? <month>", |c, now| month_of(now, c.month(0)?, Some(this_year(now, 0)))),
    rule(Period, "明年|来年 的? <month>", |c, now| month_of(now, c.month(0)?, Some(this_year(now, 1)))),
    rule(Period, "去年|上年 的? <month>", |c, now| month_of(now, c.month(0)?, Some(this_year(now, -1)))),
    rule(Period, "公元|纪元 <period>", |c, _| c.piece(0)),
    rule(Period, "<year>", |c, _| year_of(c.int(0)?)),
    rule(Period, "<year> 的? 第 <n> 季度|季|个季度", |c, _| {
        quarter_of(c.int(0)?, c.int(1).filter(|n| (1..5).contains(n))?)
    }),
    rule(Period, "今年 的? 第 <n> 季度|季|个季度", |c, now| {
        quarter_of(this_year(now, 0), c.int(0).filter(|n| (1..5).contains(n))?)
    }),
    rule(Period, "去年 的? 第 <n> 季度|季|个季度", |c, now| {
        quarter_of(this_year(now, -1), c.int(0).filter(|n| (1..5).contains(n))?)
    }),
    rule(Period, "明年 的? 第 <n> 季度|季|个季度", |c, now| {
        quarter_of(this_year(now, 1), c.int(0).filter(|n| (1..5).contains(n))?)
    }),
    rule(Period, "第? <n> 季度", |c, now| {
        quarter_of(this_year(now, 0), c.int(0).filter(|n| (1..5).contains(n))?)
    }),
    rule(Period, "<year> 的? 上半年|前半年", |c, _| half_of(c.int(0)?, 1)),
    rule(Period, "<year> 的? 下半年|后半年", |c, _| half_of(c.int(0)?, 2)),
    rule(Period, "今年|本年? 的? 上半年|前半年", |_, now| half_of(this_year(now, 0), 1)),
    rule(Period, "今年|本年? 的? 下半年|后半年", |_, now| half_of(this_year(now, 0), 2)),
    rule(Period, "去年 的? 上半年|前半年", |_, now| half_of(this_year(now, -1), 1)),
    rule(Period, "去年 的? 下半年|后半年", |_, now| half_of(this_year(now, -1), 2)),
    rule(Period, "明年 的? 上半年|前半年", |_, now| half_of(this_year(now, 1), 1)),
    rule(Period, "明年 的? 下半年|后半年", |_, now| half_of(this_year(now, 1), 2)),
    rule(Period, "未来|接下来|今后|后|之后|往后|未来的 <duration>", ahead),
    rule(Period, "未来|接下来|之后|今后|后 的? <duration>", ahead),
    rule(Period, "过去|最近|近|前|之前|上|过去的|最近的 <duration>", behind),
    rule(Period, "<n> 世纪 <n> 年代", |c, _| decade((c.int(0)? - 1) * 100 + c.int(1)?)),
    rule(Period, "上世纪|上个世纪 <n> 年代", |c, now| {
        decade((this_year(now, 0) / 100 - 1) * 100 + c.int(0)?)
    }),
    rule(Period, "本世纪 <n> 年代", |c, now| decade(this_year(now, 0) / 100 * 100 + c.int(0)?)),
    rule(Period, "<n> 年代", |c, now| decade(this_year(now, 0) / 100 * 100 + c.int(0)?)),
];

fn part_month(now: DateTime, second: bool) -> Option<Piece> {
    let (from, until) = period_bounds(around(now, Unit::Month, 0))?;
    let middle = calendar::days(from, 15)?;
    if second { calendar::period(middle, until) } else { calendar::period(from, middle) }
}

fn decade(year: i64) -> Option<Piece> {
    let from = date(year, 1, 1).filter(|_| year % 10 == 0)?;
    calendar::period(from, date(year + 10, 1, 1)?)
}

fn face(c: &Caught, part: Option<usize>, hour: usize, minute: i64, second: i64) -> Option<Piece> {
    let clock = Clock::new(c.int(hour)?, minute, second)?;
    let part = part.and_then(|part| c.part(part));
    Some(Piece::Clock(part.map_or(clock, |part| clock.within(noonless(part, clock)))))
}

/// 中午十一点 stays in the morning.
fn noonless(part: Part, clock: Clock) -> Part {
    if part == Part::Noon && clock.hour >= 10 { Part::Am } else { part }.morning_of(clock)
}

impl Part {
    /// 早上12点 and 中午12点 are noon.
    fn morning_of(self, clock: Clock) -> Self {
        if clock.hour == 12 && matches!(self, Self::Am) { Self::Noon } else { self }
    }
}

pub const TIMES: &[Rule] = &[
    rule(Time, "大约|大概|差不多? <part>? 的? <hour> 点|时 整|钟|正? 左右|前后?", |c, _| {
        face(c, Some(0), 1, 0, 0)
    }),
    rule(Time, "大约|大概|差不多? <part>? 的? <hour> 点钟 左右|前后?", |c, _| {
        face(c, Some(0), 1, 0, 0)
    }),
    rule(Time, "大约|大概|差不多? <part>? 的? <hour> 点|时 半 左右|前后?", |c, _| {
        face(c, Some(0), 1, 30, 0)
    }),
    rule(Time, "<part>? 的? <hour> 点 一刻", |c, _| face(c, Some(0), 1, 15, 0)),
    rule(Time, "<part>? 的? <hour> 点 1 刻", |c, _| face(c, Some(0), 1, 15, 0)),
    rule(Time, "<part>? 的? <hour> 点 二刻|两刻", |c, _| face(c, Some(0), 1, 30, 0)),
    rule(Time, "<part>? 的? <hour> 点 三刻", |c, _| face(c, Some(0), 1, 45, 0)),
    rule(Time, "<part>? 的? <hour> 点 3 刻", |c, _| face(c, Some(0), 1, 45, 0)),
    rule(
        Time,
        "大约|大概|差不多? <part>? 的? <hour> 点|时 <minute> 分? 左右|前后?",
        |c, _| face(c, Some(0), 1, c.int(2)?, 0),
    ),
    rule(Time, "<part>? 的? <hour> 点|时 <minute> 分 <n> 秒", |c, _| {
        face(c, Some(0), 1, c.int(2)?, c.int(3)?)
    }),
    rule(Time, "<part>? 的? <hour> 点|时 过 <minute> 分?", |c, _| face(c, Some(0), 1, c.int(2)?, 0)),
    rule(Time, "<part>? 的? 差 <minute> 分 <hour> 点", |c, _| less(c, c.int(1)?, 2)),
    rule(Time, "<part>? 的? 差 一刻 <hour> 点", |c, _| less(c, 15, 1)),
    rule(Time, "<part>? 的? <hour> 点 差 <minute> 分", |c, _| less(c, c.int(2)?, 1)),
    rule(Time, "<part> <digital> 左右?", |c, _| {
        Some(Piece::Clock(c.clock(1)?.within(noonless(c.part(0)?, c.clock(1)?))))
    }),
    rule(Time, "正午", |_, _| Some(Piece::Clock(Clock { vague: false, ..Clock::new(12, 0, 0)? }))),
    rule(Time, "<part> <n> 时", |c, _| face(c, Some(0), 1, 0, 0)),
    rule(Duration, "<count> 个? 半 <unit>", |c, _| {
        Some(Piece::Length(Length::of(c.count(0)? + 0.5, c.unit(1)?)))
    }),
    rule(Duration, "<count> 分", |c, _| Some(Piece::Length(Length::of(c.count(0)?, Unit::Minute)))),
    rule(Duration, "<count> <unit> 半", |c, _| {
        Some(Piece::Length(Length::of(c.count(0)? + 0.5, c.unit(1)?)))
    }),
    rule(Duration, "<count> 刻钟", |c, _| {
        Some(Piece::Length(Length::of(c.count(0)? * 15.0, Unit::Minute)))
    }),
    rule(Duration, "<count> <unit> 又|零|余|多|,? <duration>", |c, _| {
        let first = Length::of(c.count(0)?, c.unit(1)?);
        Some(Piece::Length(first.plus(c.length(2)?)))
    }),
    rule(Duration, "<count> 时", |c, _| Some(Piece::Length(Length::of(c.count(0)?, Unit::Hour)))),
    rule(Duration, "一整|整 天|日", |_, _| Some(Piece::Length(Length::of(1.0, Unit::Day)))),
];

fn less(c: &Caught, minutes: i64, hour: usize) -> Option<Piece> {
    let clock = Clock::new(c.int(hour)?, 0, 0)?;
    let clock = c.part(0).map_or(clock, |part| clock.within(part));
    Some(Piece::Clock(clock.later(-minutes)))
}

/// A day at a time; 今晚, 明早 and their like carry the part of the day.
fn on(now: DateTime, ahead: i64, part: Part, clock: Clock) -> Option<Piece> {
    let clock = if clock.vague { clock.within(part) } else { clock };
    Some(Piece::Moment(calendar::days(now.date(), ahead)?.to_datetime(clock.time()), false))
}

pub const MOMENTS: &[Rule] = &[
    rule(
        Moment,
        "现在|当前|此时|马上|立刻|立即|此刻|尽快|刚才|刚刚|这会儿",
        |_, now| Some(Piece::Moment(now, false)),
    ),
    rule(Moment, "<date> 的|,|在? <time>", |c, _| super::english_times::on(c, 0, 1)),
    rule(Moment, "<date> 的|,? <part> <time>", |c, _| super::english_times::on_part(c, 0, 1, 2)),
    rule(Moment, "<date> <digital>", |c, _| super::english_times::on(c, 0, 1)),
    rule(Moment, "今晚|今夜|今儿晚上 的|,? <time>", |c, now| on(now, 0, Part::Evening, c.clock(0)?)),
    rule(Moment, "今早|今晨 的|,? <time>", |c, now| on(now, 0, Part::Morning, c.clock(0)?)),
    rule(Moment, "明晚 的|,? <time>", |c, now| on(now, 1, Part::Evening, c.clock(0)?)),
    rule(Moment, "明早|明晨 的|,? <time>", |c, now| on(now, 1, Part::Morning, c.clock(0)?)),
    rule(Moment, "昨晚|昨夜 的|,? <time>", |c, now| on(now, -1, Part::Evening, c.clock(0)?)),
    rule(Moment, "后晚 的|,? <time>", |c, now| on(now, 2, Part::Evening, c.clock(0)?)),
    rule(Moment, "<duration> 之前|以前|前", |c, now| away(c, now, true).filter(is_moment)),
    rule(Moment, "<duration> 之后|以后|后", |c, now| away(c, now, false).filter(is_moment)),
    rule(Moment, "再过|过 <duration>", |c, now| away(c, now, false).filter(is_moment)),
];

fn is_moment(piece: &Piece) -> bool {
    matches!(piece, Piece::Moment(..))
}
