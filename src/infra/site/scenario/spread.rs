//! What varies: by chance, and by the time of day.

use std::{collections::BTreeSet, time::Duration};

use jiff::civil::Time;

use crate::infra::site::{
    Code,
    decode::{self, Fields, Shape, shorten},
    hours,
    source::Findings,
    tree::{Node, Value},
};

const SPREAD: Shape = Shape { what: "a time that varies", keys: &[("exponential", "exponential: 180s")] };

/// How long something takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spread {
    Always(Duration),
    /// With this mean.
    Exponential(Duration),
}

impl Spread {
    pub fn mean(self) -> Duration {
        match self {
            Self::Always(span) | Self::Exponential(span) => span,
        }
    }

    /// `180s`, or `{ exponential: 180s }`.
    pub(super) fn read(node: &Node, to: &mut Findings) -> Option<Self> {
        let bounds = (Duration::from_secs(1), Duration::from_hours(24));
        if !matches!(node.value, Value::Table(_)) {
            return decode::duration(node, bounds.0, bounds.1, to).map(Self::Always);
        }
        let mean = Fields::open(node, node.place, &SPREAD, to)?.need("exponential", to)?;
        decode::duration(mean, bounds.0, bounds.1, to).map(Self::Exponential)
    }
}

/// A value by the time of day: each from its time on, the last one until midnight; nothing before the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve(pub Vec<(Time, u16)>);

impl Curve {
    pub fn at(&self, time: Time) -> u16 {
        self.0.iter().rev().find(|(from, _)| *from <= time).map_or(0, |(_, value)| *value)
    }

    pub fn most(&self) -> u16 {
        self.0.iter().map(|(_, value)| *value).max().unwrap_or(0)
    }

    /// The same all day.
    pub fn always(value: u16) -> Self {
        Self(vec![(Time::MIN, value)])
    }

    /// The value, if it is the same all day.
    pub fn constant(&self) -> Option<u16> {
        match self.0.as_slice() {
            [(Time::MIN, value)] => Some(*value),
            _ => None,
        }
    }

    /// So much more or less between two times of day, over midnight if the second is the earlier one.
    pub(super) fn shifted(&self, by: i32, from: Time, until: Time) -> Self {
        let within = |time| {
            if from < until { from <= time && time < until } else { from <= time || time < until }
        };
        let times: BTreeSet<Time> =
            self.0.iter().map(|(time, _)| *time).chain([Time::MIN, from, until]).collect();
        let value = |time| {
            let value = i32::from(self.at(time)) + if within(time) { by } else { 0 };
            u16::try_from(value.max(0)).unwrap_or(u16::MAX)
        };
        let mut steps: Vec<_> = times.into_iter().map(|time| (time, value(time))).collect();
        steps.dedup_by_key(|(_, value)| *value);
        Self(steps)
    }

    /// `14`, or `{ 08:00: 10, 12:00: 14 }`.
    pub(super) fn read(node: &Node, example: &str, to: &mut Findings) -> Option<Self> {
        let Value::Table(entries) = &node.value else {
            return decode::amount(node, 0, 60_000, to).map(Self::always);
        };
        let mut steps: Vec<(Time, u16)> = Vec::new();
        for (key, node) in entries {
            let time = hours::time(&key.text);
            if time.is_none() {
                let message = format!("`{}` is no time of day", shorten(&key.text));
                to.error(Code::BadValue, key.place, message, format!("write it like `\"08:00\": {example}`"));
            }
            if let (Some(time), Some(value)) = (time, decode::amount(node, 0, 60_000, to)) {
                steps.push((time, value));
            }
        }
        steps.sort_by_key(|(time, _)| *time);
        Some(Self(steps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(hour: i8) -> Time {
        Time::constant(hour, 0, 0, 0)
    }

    #[test]
    fn two_fewer_for_two_hours_and_none_fewer_than_nobody() {
        let curve = Curve(vec![(hour(8), 10), (hour(11), 1), (hour(18), 0)]);
        let fewer = curve.shifted(-2, hour(10), hour(12));
        assert_eq!(
            fewer.0,
            [(hour(0), 0), (hour(8), 10), (hour(10), 8), (hour(11), 0), (hour(12), 1), (hour(18), 0)]
        );
        let night = Curve::always(3).shifted(1, hour(22), hour(6));
        assert_eq!(night.0, [(hour(0), 4), (hour(6), 3), (hour(22), 4)]);
        assert_eq!(Curve::always(3).shifted(1, hour(0), hour(0)).constant(), Some(4), "a whole day");
    }
}
