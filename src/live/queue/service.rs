//! How well a queue was served: of the last quarter of an hour, and of the day.

use std::{collections::VecDeque, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{base::clock::Stamp, infra::site::ServiceLevel};

/// How far back `lately` goes, and in which steps it moves on.
const LATELY: Duration = Duration::from_mins(15);
const STEP: Duration = Duration::from_secs(15);

/// What became of those whose wait in a queue is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Served {
    pub answered: u64,
    /// Of these, so soon as the service level of that moment wanted.
    pub in_time: u64,
    /// Hung up.
    pub abandoned: u64,
    /// Hung up so soon that it does not count.
    pub short: u64,
    /// Went elsewhere: had waited long enough, overflowed, were sent or moved on.
    pub passed_on: u64,
    /// Waited in this queue by those answered.
    pub waited_ms: u64,
}

impl Served {
    /// All who count.
    pub fn offered(&self) -> u64 {
        self.answered + self.abandoned + self.passed_on
    }

    fn answer(in_time: bool, waited: Duration) -> Self {
        let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        Self { answered: 1, in_time: u64::from(in_time), waited_ms, ..Self::default() }
    }

    /// The same of both, number by number.
    fn with(self, other: Self, by: fn(u64, u64) -> u64) -> Self {
        Self {
            answered: by(self.answered, other.answered),
            in_time: by(self.in_time, other.in_time),
            abandoned: by(self.abandoned, other.abandoned),
            short: by(self.short, other.short),
            passed_on: by(self.passed_on, other.passed_on),
            waited_ms: by(self.waited_ms, other.waited_ms),
        }
    }
}

/// A queue's figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    today: Served,
    /// By the beginnings of their steps.
    lately: VecDeque<(Stamp, Served)>,
}

impl Service {
    pub fn answered(&mut self, waited: Duration, level: ServiceLevel, now: Stamp) {
        self.count(Served::answer(waited <= level.within, waited), now);
    }

    /// What was taken for an answer at that moment was none. `today`: it was counted on this day.
    pub fn unanswered(&mut self, waited: Duration, level: ServiceLevel, then: Stamp, today: bool) {
        let none = Served::answer(waited <= level.within, waited);
        if today {
            self.today = self.today.with(none, u64::saturating_sub);
        }
        if let Some((_, served)) = self.lately.iter_mut().find(|(begin, _)| *begin == step(then)) {
            *served = served.with(none, u64::saturating_sub);
        }
    }

    pub fn abandoned(&mut self, waited: Duration, level: ServiceLevel, now: Stamp) {
        let short = u64::from(waited < level.short);
        self.count(Served { short, abandoned: 1 - short, ..Served::default() }, now);
    }

    pub fn passed_on(&mut self, now: Stamp) {
        self.count(Served { passed_on: 1, ..Served::default() }, now);
    }

    pub fn new_day(&mut self) {
        self.today = Served::default();
    }

    pub fn today(&self) -> Served {
        self.today
    }

    /// Of the last 15 minutes, and up to a step more.
    pub fn lately(&self, now: Stamp) -> Served {
        let recent = self.lately.iter().filter(|(begin, _)| is_recent(*begin, now));
        recent.fold(Served::default(), |sum, (_, served)| sum.with(*served, u64::saturating_add))
    }

    fn count(&mut self, ended: Served, now: Stamp) {
        self.today = self.today.with(ended, u64::saturating_add);
        while self.lately.front().is_some_and(|(begin, _)| !is_recent(*begin, now)) {
            self.lately.pop_front();
        }
        match self.lately.back_mut() {
            Some((begin, served)) if *begin == step(now) => *served = served.with(ended, u64::saturating_add),
            _ => self.lately.push_back((step(now), ended)),
        }
    }
}

fn is_recent(begin: Stamp, now: Stamp) -> bool {
    begin + STEP > now - LATELY
}

fn step(at: Stamp) -> Stamp {
    let step = STEP.as_micros() as i64;
    Stamp(at.0.div_euclid(step) * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Stamp = Stamp(1_795_224_000_000_000);
    const LEVEL: ServiceLevel =
        ServiceLevel { percent: 80, within: Duration::from_secs(20), short: Duration::from_secs(5) };

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn each_wait_ends_in_one_way_and_limits_belong_to_the_better_side() {
        let mut service = Service::default();
        for waited in [0, 20, 21] {
            service.answered(secs(waited), LEVEL, NOW);
        }
        for waited in [4, 5, 90] {
            service.abandoned(secs(waited), LEVEL, NOW);
        }
        service.passed_on(NOW);
        let told =
            Served { answered: 3, in_time: 2, abandoned: 2, short: 1, passed_on: 1, waited_ms: 41_000 };
        assert_eq!((service.today(), service.lately(NOW)), (told, told));
        assert_eq!(told.offered(), 6, "who hung up at once does not count");
        service.new_day();
        assert_eq!((service.today(), service.lately(NOW)), (Served::default(), told));
    }

    #[test]
    fn the_last_quarter_of_an_hour_moves_on_and_does_not_grow() {
        let mut service = Service::default();
        for second in 0..7200 {
            service.answered(secs(1), LEVEL, NOW + secs(second));
        }
        let lately = service.lately(NOW + secs(7199)).answered;
        assert!((900..=915).contains(&lately), "{lately}");
        assert!(service.lately.len() <= 61, "{}", service.lately.len());
        assert_eq!(service.lately(NOW + secs(7200 + 915)), Served::default());
        assert_eq!(service.today().answered, 7200);
    }

    #[test]
    fn an_answer_that_was_none_is_taken_back_where_it_was_counted() {
        let mut service = Service::default();
        service.answered(secs(3), LEVEL, NOW - secs(1));
        service.answered(secs(30), LEVEL, NOW);
        service.unanswered(secs(3), LEVEL, NOW - secs(1), true);
        let left = Served { answered: 1, waited_ms: 30_000, ..Served::default() };
        assert_eq!((service.today(), service.lately(NOW)), (left, left));
    }
}
