//! Opening hours: weekly spans in a time zone, with holidays and make-up workdays.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use super::clock::Stamp;

/// A span within one day, `from` included, `to` excluded; `to` of 00:00 means midnight at the day's end.
/// A span whose end is before its start runs over midnight into the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub from: Time,
    pub to: Time,
}

/// When somebody is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// Seven days, Monday first.
    pub week: [Vec<Span>; 7],
    /// Closed all day.
    pub holidays: BTreeSet<Date>,
    /// Open on this date as on that weekday (Monday = 0): a make-up workday.
    pub makeup: BTreeMap<Date, u8>,
}

impl Hours {
    /// Whether it is open at `at` in `zone`.
    pub fn open(&self, at: Stamp, zone: &TimeZone) -> bool {
        let local = at.zoned(zone);
        let (date, time) = (local.date(), local.time());
        let today = self.spans(date).iter().any(|s| time >= s.from && (time < s.to || s.over_midnight()));
        let yesterday = date
            .yesterday()
            .is_ok_and(|day| self.spans(day).iter().any(|s| s.over_midnight() && time < s.to));
        today || yesterday
    }

    fn spans(&self, date: Date) -> &[Span] {
        if let Some(day) = self.makeup.get(&date) {
            return self.week.get(usize::from(*day)).map_or(&[], Vec::as_slice);
        }
        if self.holidays.contains(&date) {
            return &[];
        }
        &self.week[day_index(date.weekday())]
    }
}

impl Span {
    fn over_midnight(self) -> bool {
        self.to <= self.from
    }
}

fn day_index(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office() -> Hours {
        let day = vec![Span { from: Time::constant(9, 0, 0, 0), to: Time::constant(18, 0, 0, 0) }];
        let mut week: [Vec<Span>; 7] = Default::default();
        week[..5].fill(day);
        week[5] = vec![Span { from: Time::constant(22, 0, 0, 0), to: Time::constant(2, 0, 0, 0) }];
        Hours { week, ..Hours::default() }
    }

    fn at(text: &str) -> Stamp {
        let zone = TimeZone::get("Asia/Shanghai").expect("zone");
        Stamp(
            text.parse::<jiff::civil::DateTime>()
                .expect("time")
                .to_zoned(zone)
                .expect("zoned")
                .timestamp()
                .as_microsecond(),
        )
    }

    #[test]
    fn hours_follow_the_zone_the_holidays_and_the_makeup_days() {
        let zone = TimeZone::get("Asia/Shanghai").expect("zone");
        let mut hours = office();
        assert!(hours.open(at("2026-11-20T09:00:00"), &zone), "Friday at nine");
        assert!(!hours.open(at("2026-11-20T18:00:00"), &zone), "Friday at six");
        assert!(!hours.open(at("2026-11-22T12:00:00"), &zone), "Sunday");
        assert!(hours.open(at("2026-11-22T01:59:00"), &zone), "Saturday night runs into Sunday");
        assert!(!hours.open(at("2026-11-22T02:00:00"), &zone));
        hours.holidays.insert(jiff::civil::date(2026, 11, 20));
        assert!(!hours.open(at("2026-11-20T10:00:00"), &zone), "holiday");
        hours.makeup.insert(jiff::civil::date(2026, 11, 22), 0);
        assert!(hours.open(at("2026-11-22T10:00:00"), &zone), "make-up Sunday works as a Monday");
    }
}
