//! What a caller can mean by a time, and the pieces that the grammar builds it from.

use jiff::{
    Span as Step,
    civil::{Date, DateTime, Time, Weekday},
};
use serde::Serialize;

/// A date, a time, a range of them, or a length of time. Ends of ranges are exclusive; a missing end is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum When {
    Date {
        date: Date,
    },
    /// `vague`: it may as well be twelve hours later (“at three”).
    Time {
        time: Time,
        vague: bool,
    },
    DateTime {
        at: DateTime,
        vague: bool,
    },
    Dates {
        from: Option<Date>,
        until: Option<Date>,
    },
    Times {
        from: Option<Time>,
        until: Option<Time>,
    },
    DateTimes {
        from: Option<DateTime>,
        until: Option<DateTime>,
    },
    /// In seconds, a month taken as 30 days and a year as 365.
    Duration {
        seconds: i64,
    },
}

/// A time of the day as it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    pub hour: i8,
    pub minute: i8,
    pub second: i8,
    /// Neither morning nor afternoon was said, and the hour leaves it open.
    pub vague: bool,
}

impl Clock {
    pub fn new(hour: i64, minute: i64, second: i64) -> Option<Self> {
        let fits = (0..=24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
        let vague = (1..=12).contains(&hour);
        let hour = if hour == 24 { 0 } else { hour };
        fits.then_some(Self { hour: hour as i8, minute: minute as i8, second: second as i8, vague })
    }

    pub fn time(self) -> Time {
        Time::new(self.hour, self.minute, self.second, 0).unwrap_or(Time::midnight())
    }

    /// The same time in a part of the day: “seven” in the evening is 19:00.
    #[must_use]
    pub fn within(self, part: Part) -> Self {
        let hour = self.hour;
        let noon = hour == 12;
        let hour = match part.whole() {
            Part::Am | Part::EarlyMorning | Part::Night | Part::Midnight if noon => 0,
            Part::Pm | Part::Afternoon | Part::Evening if (1..12).contains(&hour) => hour + 12,
            Part::Noon if (1..5).contains(&hour) => hour + 12,
            Part::Night if (5..12).contains(&hour) => hour + 12,
            Part::Midnight if (9..12).contains(&hour) => hour + 12,
            _ => hour,
        };
        Self { hour, vague: false, ..self }
    }

    #[must_use]
    pub fn later(self, minutes: i64) -> Self {
        let total = (i64::from(self.hour) * 60 + i64::from(self.minute) + minutes).rem_euclid(24 * 60);
        let hour = (total / 60) as i8;
        // One o'clock less five is 12:55, not 0:55, as long as nobody said which half of the day.
        let hour = if self.vague && hour == 0 { 12 } else { hour };
        Self { hour, minute: (total % 60) as i8, ..self }
    }
}

/// Parts of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Am,
    Pm,
    EarlyMorning,
    Morning,
    Noon,
    Afternoon,
    Evening,
    Night,
    Midnight,
    /// The working day.
    Business,
    MorningEarly,
    MorningLate,
    AfternoonEarly,
    AfternoonLate,
    EveningEarly,
    EveningLate,
    NightEarly,
    NightLate,
}

impl Part {
    /// The part that an early or late part belongs to.
    fn whole(self) -> Self {
        match self {
            Self::MorningEarly | Self::MorningLate => Self::Morning,
            Self::AfternoonEarly | Self::AfternoonLate => Self::Afternoon,
            Self::EveningEarly | Self::EveningLate => Self::Evening,
            Self::NightEarly | Self::NightLate => Self::Night,
            other => other,
        }
    }

    /// Its hours; the end is exclusive but for the last second of the night.
    pub fn hours(self) -> (Time, Time) {
        let at = |hour| Time::new(hour, 0, 0, 0).unwrap_or(Time::midnight());
        let last = Time::new(23, 59, 59, 0).unwrap_or(Time::midnight());
        match self {
            Self::EarlyMorning => (at(4), at(8)),
            Self::Am | Self::Morning => (at(8), at(12)),
            Self::Noon => (at(11), at(13)),
            Self::Pm | Self::Afternoon => (at(12), at(16)),
            Self::Evening => (at(16), at(20)),
            Self::Night | Self::Midnight => (at(20), last),
            Self::Business => (at(8), at(18)),
            Self::MorningEarly => (at(8), at(10)),
            Self::MorningLate => (at(10), at(12)),
            Self::AfternoonEarly => (at(12), at(14)),
            Self::AfternoonLate => (at(14), at(16)),
            Self::EveningEarly => (at(16), at(18)),
            Self::EveningLate => (at(18), at(20)),
            Self::NightEarly => (at(20), at(22)),
            Self::NightLate => (at(22), last),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    BusinessDay,
    Weekend,
    Week,
    Fortnight,
    Month,
    Quarter,
    Year,
    Decade,
}

/// A length of time that steps over a calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Length {
    pub months: i64,
    pub days: i64,
    pub seconds: i64,
    pub business_days: i64,
    /// In seconds, a month taken as 30 days and a year as 365.
    pub nominal: f64,
    /// The smallest unit is an hour or less.
    pub fine: bool,
}

impl Length {
    pub fn of(count: f64, unit: Unit) -> Self {
        let day = 86_400.0;
        let whole = count as i64;
        let rest = count - whole as f64;
        let mut length = Self::default();
        let nominal = match unit {
            Unit::Second => 1.0,
            Unit::Minute => 60.0,
            Unit::Hour => 3600.0,
            Unit::Day | Unit::BusinessDay => day,
            Unit::Weekend => 2.0 * day,
            Unit::Week => 7.0 * day,
            Unit::Fortnight => 14.0 * day,
            Unit::Month => 30.0 * day,
            Unit::Quarter => 91.0 * day,
            Unit::Year => 365.0 * day,
            Unit::Decade => 3650.0 * day,
        };
        length.nominal = count * nominal;
        match unit {
            Unit::Second | Unit::Minute | Unit::Hour => {
                length.seconds = (count * nominal).round() as i64;
                length.fine = true;
            }
            Unit::BusinessDay => length.business_days = whole,
            Unit::Day | Unit::Weekend | Unit::Week | Unit::Fortnight => {
                let days = (count * nominal / day * 2.0).round() / 2.0;
                length.days = days as i64;
                length.seconds = ((days - days.trunc()) * day) as i64;
                length.fine = length.seconds != 0;
            }
            Unit::Month => {
                length.months = whole;
                length.days = (rest * 30.0) as i64;
            }
            Unit::Quarter => length.months = whole * 3,
            Unit::Year => length.months = (count * 12.0).round() as i64,
            Unit::Decade => length.months = (count * 120.0).round() as i64,
        }
        length
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            months: self.months + other.months,
            days: self.days + other.days,
            seconds: self.seconds + other.seconds,
            business_days: self.business_days + other.business_days,
            nominal: self.nominal + other.nominal,
            fine: self.fine || other.fine,
        }
    }

    #[must_use]
    pub fn negated(self) -> Self {
        Self {
            months: -self.months,
            days: -self.days,
            seconds: -self.seconds,
            business_days: -self.business_days,
            nominal: -self.nominal,
            fine: self.fine,
        }
    }

    pub fn from(self, at: DateTime) -> Option<DateTime> {
        let step = Step::new()
            .try_months(self.months)
            .ok()?
            .try_days(self.days)
            .ok()?
            .try_seconds(self.seconds)
            .ok()?;
        let mut at = at.checked_add(step).ok()?;
        let (mut left, one) = (self.business_days.abs().min(4000), self.business_days.signum());
        while left > 0 {
            at = at.checked_add(Step::new().try_days(one).ok()?).ok()?;
            if !matches!(at.date().weekday(), Weekday::Saturday | Weekday::Sunday) {
                left -= 1;
            }
        }
        Some(at)
    }
}

/// How a date was named: what a range may still change of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    Exactly,
    /// Month and day; the year was guessed.
    Yearless,
    Weekday,
    /// The day of a month alone.
    DayOfMonth,
    /// A holiday, by its place in the table; the year was guessed.
    Holiday(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    pub date: Date,
    pub named: Named,
}

/// What one part of a phrase means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Piece {
    Int(i64),
    Count(f64),
    Unit(Unit),
    Weekday(Weekday),
    Month(i8),
    Part(Part),
    /// 0 this, 1 next, -1 last.
    Shift(i64),
    Day(Day),
    Clock(Clock),
    Moment(DateTime, bool),
    Length(Length),
    /// A period of whole days, and what it is (a month may be cut to its end, a year may be guessed).
    Period {
        from: Date,
        until: Date,
        yearless: bool,
    },
    Whole(When),
}
