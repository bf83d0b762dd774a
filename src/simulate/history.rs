//! Callers who came once, to come again: when they came, how long they talked, how long they were willing to wait.
//!
//! Of somebody who hung up, the patience is what they waited, and how long they would have talked is not known: it is
//! drawn from those who talked. Of somebody who was answered it is only known that the patience was longer than the wait (it is
//! censored): it is drawn from the Kaplan–Meier estimate over all (1958), of those whose patience was longer; beyond the last who
//! hung up, exponential with the rate at which callers hung up while waiting. All this is drawn once, before anything is decided.

use std::{collections::BTreeMap, time::Duration};

use fastrand::Rng;

use super::outcome::{Fates, Sum};
use crate::{
    base::{clock::Stamp, id::Name},
    infra::site::scenario::{Arrivals, Came, Curve, Scenario, Spread, Target, Who},
    live::record::{CallRecord, Direction, LegRecord, Role},
};

/// Why no day can be made of what is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forgotten {
    #[error("no call of that time waited in a queue of the site; name other days, or the site of then")]
    Nobody,
    #[error("nobody was answered at that time, so nobody knows how long talks are; name other days")]
    NoTalk,
}

/// What became of those who are let come again.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Was {
    #[serde(flatten)]
    pub fates: Fates,
    /// Calls that waited in queues which the site does not have.
    pub left_out: u64,
}

/// Lets the callers of these calls come in `scenario`, which has a site: each into the queue that they waited in last, at the
/// moment when they came to wait.
pub fn again(scenario: &mut Scenario, calls: &[CallRecord]) -> Result<Was, Forgotten> {
    let known = |queue: &Name| scenario.site.as_ref().is_some_and(|site| site.queues.contains_key(queue));
    let inbound = |call: &&CallRecord| call.direction.is_none_or(|way| way == Direction::Inbound);
    let waited = calls.iter().filter(inbound).filter_map(|call| Some((call, call.queue.as_ref()?)));
    let (mut here, gone): (Vec<_>, Vec<_>) = waited.partition(|(_, queue)| known(queue));
    here.sort_by_key(|(call, _)| (joined(call), call.id));
    if here.is_empty() {
        return Err(Forgotten::Nobody);
    }
    let mut talks: BTreeMap<&Name, Vec<Duration>> = BTreeMap::new();
    for (call, queue) in here.iter().filter(|(call, _)| call.agent.is_some()) {
        talks.entry(queue).or_default().push(Duration::from_millis(call.talk_ms));
    }
    let all: Vec<Duration> = talks.values().flatten().copied().collect();
    if all.is_empty() {
        return Err(Forgotten::NoTalk);
    }
    let patience = Patience::of(here.iter().map(|(call, _)| (wait(call), call.gave_up())));
    let mut random = Rng::with_seed(scenario.seed);
    let mut sum = Sum::default();
    for (call, queue) in here {
        sum.add(call, Duration::ZERO);
        // Drawn of everybody, so that one caller's fate moves no other's draw.
        let (share, which) = (random.f64(), random.f64());
        let others = talks.get(queue).unwrap_or(&all);
        let drawn = others[((which * others.len() as f64) as usize).min(others.len() - 1)];
        let came = Came {
            at: joined(call),
            kind: kind(scenario, queue),
            talk: if call.agent.is_some() { Duration::from_millis(call.talk_ms) } else { drawn },
            patience: if call.gave_up() { wait(call) } else { patience.beyond(wait(call), share) },
        };
        scenario.recorded.push(came);
    }
    Ok(Was { fates: sum.fates(scenario.within), left_out: gone.len() as u64 })
}

/// The kind of callers who come into this queue; none are drawn besides.
fn kind(scenario: &mut Scenario, queue: &Name) -> usize {
    let name = format!("recorded in {queue}");
    if let Some(found) = scenario.arrivals.iter().position(|one| one.name == name) {
        return found;
    }
    scenario.arrivals.push(Arrivals {
        name,
        to: Target::Queue(queue.clone()),
        who: Who::default(),
        keys: Vec::new(),
        rate: Curve::always(0),
        handling: Spread::Always(Duration::ZERO),
        patience: None,
        callback: None,
        problem: None,
    });
    scenario.arrivals.len() - 1
}

fn wait(call: &CallRecord) -> Duration {
    Duration::from_millis(call.wait_ms)
}

/// When the caller came to wait: as long before the last agent's answer, or the way on, or the end, as the wait was.
fn joined(call: &CallRecord) -> Stamp {
    let last = |leg: &&LegRecord| {
        let who = call.agent.as_ref().is_some_and(|agent| agent.as_str() == leg.party.as_str());
        leg.role == Role::Agent && leg.answered.is_some() && who
    };
    let agent = call.legs.iter().rev().find(last);
    let over = agent.and_then(|leg| leg.answered).filter(|_| call.agent.is_some());
    let over = over.or_else(|| call.passed_on()).unwrap_or(call.ended);
    (over - wait(call)).max(call.arrived)
}

/// How long callers are willing to wait: the share who still are after each wait at which somebody hung up.
#[derive(Debug, PartialEq)]
struct Patience {
    still: Vec<(Duration, f64)>,
    /// How often somebody who waits hangs up, per second.
    rate: f64,
}

impl Patience {
    /// Of waits, each with whether it was ended by the caller.
    fn of(waits: impl Iterator<Item = (Duration, bool)>) -> Self {
        let mut waits: Vec<(Duration, bool)> = waits.collect();
        // Who was answered at the same moment was still there then.
        waits.sort_by_key(|(wait, hung_up)| (*wait, !hung_up));
        let (mut share, mut still) = (1.0, Vec::new());
        let mut there = waits.len();
        for (wait, hung_up) in &waits {
            if *hung_up {
                share *= 1.0 - 1.0 / there as f64;
                still.push((*wait, share));
            }
            there -= 1;
        }
        let exposed: f64 = waits.iter().map(|(wait, _)| wait.as_secs_f64()).sum();
        Self { rate: still.len() as f64 / exposed.max(1.0), still }
    }

    /// Of those whose patience is longer than `wait`, the one of whom `share` (0 to 1) have a shorter one.
    fn beyond(&self, wait: Duration, share: f64) -> Duration {
        if self.still.is_empty() {
            return Duration::MAX;
        }
        let here = self.still.iter().rev().find(|(at, _)| *at <= wait).map_or(1.0, |(_, still)| *still);
        let goal = here * (1.0 - share);
        if let Some((at, _)) = self.still.iter().find(|(at, still)| *at > wait && *still <= goal) {
            return *at;
        }
        let (last, least) = self.still[self.still.len() - 1];
        let more = (least.min(here) / goal.max(f64::MIN_POSITIVE)).ln().max(0.0) / self.rate;
        wait.max(last) + Duration::from_secs_f64(more.min(super::callers::ENDLESS.as_secs_f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn who_was_answered_counts_as_patient_for_longer_than_the_wait() {
        // The textbook way: 1 of 5 leaves at 10 s, 20 s is censored, 1 of 3 leaves at 30 s, 40 and 50 s are censored.
        let waits = [(10, true), (20, false), (30, true), (40, false), (50, false)];
        let patience = Patience::of(waits.into_iter().map(|(wait, hung_up)| (secs(wait), hung_up)));
        let told: Vec<_> =
            patience.still.iter().map(|(at, still)| (at.as_secs(), (still * 100.0).round())).collect();
        assert_eq!(told, [(10, 80.0), (30, 53.0)]);
        assert!((patience.rate - 2.0 / 150.0).abs() < 1e-9);
        assert_eq!(patience.beyond(secs(0), 0.1), secs(10), "the first fifth");
        assert_eq!(patience.beyond(secs(0), 0.3), secs(30));
        assert_eq!(patience.beyond(secs(20), 0.3), secs(30), "a third of those who are there after 20 s");
        assert!(patience.beyond(secs(20), 0.4) > secs(30), "the others");
        assert!(patience.beyond(secs(40), 0.0) >= secs(40), "never less than the wait");
        // The median of the tail is that of the exponential.
        let tail = patience.beyond(secs(50), 0.5).as_secs_f64() - 50.0;
        assert!((tail - 2f64.ln() / patience.rate).abs() < 0.01, "{tail}");
    }

    #[test]
    fn where_nobody_ever_hung_up_nobody_does() {
        let patience = Patience::of([(secs(10), false), (secs(20), false)].into_iter());
        assert_eq!(patience.beyond(secs(5), 0.5), Duration::MAX);
    }

    /// Drawing again and estimating again gives the curve once more.
    #[test]
    fn what_is_drawn_is_what_was_estimated() {
        let mut random = Rng::with_seed(5);
        let mut exponential = |mean: f64| Duration::from_secs_f64(-mean * (1.0 - random.f64()).ln());
        // Patience of a minute in the mean, answered after 40 s in the mean: more than half are censored.
        let seen: Vec<_> = (0..4_000)
            .map(|_| {
                let (patience, answer) = (exponential(60.0), exponential(40.0));
                (patience.min(answer), patience < answer)
            })
            .collect();
        let patience = Patience::of(seen.iter().copied());
        let mut draw = Rng::with_seed(6);
        let drawn = seen
            .iter()
            .map(|(wait, hung_up)| if *hung_up { *wait } else { patience.beyond(*wait, draw.f64()) });
        let mean = drawn.map(|span| span.as_secs_f64()).sum::<f64>() / seen.len() as f64;
        assert!((mean - 60.0).abs() < 3.0, "{mean}; without the censored ones it would be 24");
    }
}
