//! Time as a value: microseconds since 1970 in UTC. Only `SystemClock` looks at a clock.

use std::{
    fmt,
    ops::{Add, Sub},
    time::Duration,
};

use jiff::{Timestamp, Zoned, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// A moment, in microseconds since 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp(pub i64);

impl Stamp {
    pub const MAX: Self = Self(i64::MAX);

    pub fn millis(self) -> i64 {
        self.0 / 1000
    }

    /// The time from `earlier` to `self`; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    pub fn zoned(self, zone: &TimeZone) -> Zoned {
        Timestamp::from_microsecond(self.0).unwrap_or_default().to_zoned(zone.clone())
    }
}

impl Add<Duration> for Stamp {
    type Output = Self;
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Stamp {
    type Output = Self;
    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Stamp {
    /// RFC 3339 with milliseconds, in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", Timestamp::from_microsecond(self.0).unwrap_or_default())
    }
}

/// Where the present comes from.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Stamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Stamp {
        Stamp(Timestamp::now().as_microsecond())
    }
}
