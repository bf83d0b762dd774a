//! How long somebody will wait, by how fast the queue was served lately.

use std::{collections::VecDeque, time::Duration};

use serde::{Deserialize, Serialize};

use crate::base::clock::Stamp;

/// So many answers are looked at, and none that are older.
const LOOKED_AT: usize = 20;
const LATELY: Duration = Duration::from_mins(30);
/// Fewer tell nothing.
const FEWEST: usize = 3;

/// A wait that is to be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    pub mean: Duration,
    /// Nine of ten wait no longer.
    pub most: Duration,
}

/// When callers were answered lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace(VecDeque<Stamp>);

impl Pace {
    pub fn answered(&mut self, now: Stamp) {
        self.0.push_back(now);
        if self.0.len() > LOOKED_AT {
            self.0.pop_front();
        }
    }

    pub fn unanswered(&mut self, then: Stamp) {
        self.0.retain(|at| *at != then);
    }

    /// For whoever is the `position`th, from 1: so many answers are still to come. Answers come at random, so the time of the nth
    /// is distributed as Erlang's (a gamma of whole shape); its quantile is Wilson and Hilferty's (1931), within 3 %.
    pub fn expected(&self, position: usize, now: Stamp) -> Option<Expected> {
        let lately: Vec<Stamp> = self.0.iter().copied().filter(|at| now.since(*at) <= LATELY).collect();
        if lately.len() < FEWEST {
            return None;
        }
        let interval = now.since(*lately.first()?).as_secs_f64() / lately.len() as f64;
        let shape = position.max(1) as f64;
        // The standard normal quantile of 0.9.
        let quantile = 1.281_552;
        let root = 1.0 - 1.0 / (9.0 * shape) + quantile / (9.0 * shape).sqrt();
        let span = |times: f64| Duration::try_from_secs_f64(times * interval).unwrap_or(Duration::MAX);
        Some(Expected { mean: span(shape), most: span(shape * root.powi(3)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(every: u64, many: usize) -> (Pace, Stamp) {
        let (mut pace, mut now) = (Pace::default(), Stamp(1_000_000_000_000_000));
        for _ in 0..many {
            pace.answered(now);
            now = now + Duration::from_secs(every);
        }
        (pace, now)
    }

    #[test]
    fn the_wait_is_the_place_times_the_time_between_answers() {
        let (pace, now) = pace(30, 20);
        let first = pace.expected(1, now).expect("enough answers");
        assert_eq!(first.mean, Duration::from_secs(30));
        // −ln 0.1 = 2.303 times the mean.
        assert!((first.most.as_secs_f64() - 69.1).abs() < 69.1 * 0.03, "{first:?}");
        let fifth = pace.expected(5, now).expect("enough answers");
        assert_eq!(fifth.mean, Duration::from_secs(150));
        // The 0.9 quantile of a gamma with shape 5 is 7.994.
        assert!((fifth.most.as_secs_f64() - 239.8).abs() < 239.8 * 0.03, "{fifth:?}");
    }

    #[test]
    fn who_has_answered_nobody_lately_says_nothing_and_a_queue_that_stands_still_takes_longer() {
        let (few, now) = pace(30, 2);
        assert_eq!(few.expected(1, now), None);
        let (pace, now) = pace(30, 20);
        let later = now + Duration::from_secs(600);
        assert!(pace.expected(1, later).expect("lately").mean > Duration::from_secs(50));
        assert_eq!(pace.expected(1, now + LATELY + Duration::from_secs(600)), None);
    }
}
