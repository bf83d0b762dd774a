//! What the customer system said, for a while.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use super::Profile;
use crate::base::number::Number;

/// Answers that are kept; the oldest go first.
const MOST: usize = 10_000;
/// An answer is forgotten after this, even while nobody gives a newer one.
const OLDEST: Duration = Duration::from_hours(24);

/// How much an answer is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    Fresh,
    Stale,
}

#[derive(Debug)]
pub(super) struct Cache {
    keep: Duration,
    answers: HashMap<Number, (Instant, Option<Profile>)>,
    /// In the order in which they came; what came again is in it twice, and counts by its newer place.
    order: VecDeque<(Instant, Number)>,
}

impl Cache {
    pub(super) fn new(keep: Duration) -> Self {
        Self { keep, answers: HashMap::new(), order: VecDeque::new() }
    }

    /// What was said of this number, even that it is nobody.
    pub(super) fn get(&self, number: &Number, now: Instant) -> Option<(Option<Profile>, Age)> {
        let (at, profile) = self.answers.get(number)?;
        let old = now.duration_since(*at);
        let age = if old < self.keep { Age::Fresh } else { Age::Stale };
        (old < OLDEST).then(|| (profile.clone(), age))
    }

    pub(super) fn forget(&mut self, number: &Number) {
        self.answers.remove(number);
        self.order.retain(|(_, kept)| kept != number);
    }

    pub(super) fn put(&mut self, number: Number, profile: Option<Profile>, now: Instant) {
        self.order.push_back((now, number.clone()));
        self.answers.insert(number, (now, profile));
        while let Some((at, number)) = self.order.front() {
            let newest = self.answers.get(number).is_some_and(|(newest, _)| newest == at);
            let goes = !newest || self.answers.len() > MOST || now.duration_since(*at) >= OLDEST;
            if !goes {
                break;
            }
            if newest {
                self.answers.remove(number);
            }
            self.order.pop_front();
        }
        if self.order.len() > 2 * MOST {
            let answers = &self.answers;
            self.order.retain(|(at, number)| answers.get(number).is_some_and(|(newest, _)| newest == at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(n: usize) -> Number {
        Number::new(format!("+86{n:011}")).expect("a number")
    }

    #[tokio::test(start_paused = true)]
    async fn it_keeps_so_many_and_so_long() {
        let mut cache = Cache::new(Duration::from_mins(10));
        let begun = Instant::now();
        cache.put(number(0), None, begun);
        assert_eq!(cache.get(&number(0), begun), Some((None, Age::Fresh)));
        assert_eq!(cache.get(&number(1), begun), None);
        let later = begun + Duration::from_mins(10);
        assert_eq!(cache.get(&number(0), later), Some((None, Age::Stale)));
        assert_eq!(cache.get(&number(0), begun + OLDEST), None);
        for round in 1..30_000 {
            // One that comes again and again, and many that come once.
            cache.put(number(0), Some(Profile::default()), later + Duration::from_millis(round));
            cache.put(number(round as usize), None, later + Duration::from_millis(round));
        }
        assert_eq!(cache.answers.len(), MOST);
        assert!(cache.order.len() <= 2 * MOST + 1, "{}", cache.order.len());
        let end = later + Duration::from_secs(30);
        assert_eq!(cache.get(&number(0), end), Some((Some(Profile::default()), Age::Fresh)));
        assert_eq!(
            (cache.get(&number(1), end), cache.get(&number(29_999), end)),
            (None, Some((None, Age::Fresh)))
        );
        cache.forget(&number(29_999));
        assert!(cache.get(&number(29_999), end).is_none() && !format!("{cache:?}").contains("29999"));
        cache.put(number(7), None, end + OLDEST);
        assert_eq!((cache.answers.len(), cache.order.len()), (1, 1), "what is old is gone");
    }
}
