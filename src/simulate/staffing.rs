//! How many agents each hour of a scenario needs by Erlang's formulas, and how many have to be rostered for that.

use std::time::Duration;

use jiff::civil::Time;
use serde::Serialize;

use super::erlang::{Expected, erlang_a, erlang_c};
use crate::{
    base::id::Name,
    infra::site::scenario::{Arrivals, Scenario, Spread},
};

/// More agents than this need no formula.
const MOST: u32 = 100_000;

/// What is wanted: shares from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Wish {
    /// Of all callers, so many are to be answered within the scenario's time.
    pub goal: f64,
    /// Of the time that agents are paid for, so much they are not there: breaks, training, illness.
    pub shrinkage: f64,
}

/// What a queue needs from a time of day on, until the next row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Need {
    pub queue: Name,
    pub from: Time,
    /// Calls an hour.
    pub rate: u32,
    /// Calls in talk at once, in the mean.
    pub erlangs: f64,
    /// Agents who have to be there.
    pub agents: u32,
    /// Agents on the roster, so that as many are there.
    pub rostered: u32,
    #[serde(flatten)]
    pub expected: Expected,
}

/// A row for each time at which a queue's arrivals change. Callers of several kinds in one queue count with their mean
/// handling time, and as patient as the least patient of them.
pub fn staffing(scenario: &Scenario, wish: Wish) -> Vec<Need> {
    let mut needs = Vec::new();
    for queue in scenario.agents.keys() {
        let callers: Vec<&Arrivals> =
            scenario.arrivals.iter().filter(|one| one.to.queue() == Some(queue)).collect();
        let mut times: Vec<Time> =
            callers.iter().flat_map(|one| &one.rate.0).map(|(from, _)| *from).collect();
        times.sort_unstable();
        times.dedup();
        needs.extend(times.into_iter().filter_map(|from| need(queue, from, &callers, scenario.within, wish)));
    }
    needs
}

fn need(queue: &Name, from: Time, callers: &[&Arrivals], within: Duration, wish: Wish) -> Option<Need> {
    let rate: u32 = callers.iter().map(|one| u32::from(one.rate.at(from))).sum();
    let load = |one: &&Arrivals| f64::from(one.rate.at(from)) / 3600.0 * one.handling.mean().as_secs_f64();
    let erlangs: f64 = callers.iter().map(load).sum();
    let patience = callers.iter().filter_map(|one| one.patience).map(Spread::mean).min();
    if rate == 0 {
        let expected = Expected { within: 1.0, mean_wait: 0.0, abandoned: 0.0, occupancy: 0.0 };
        return Some(Need { queue: queue.clone(), from, rate, erlangs, agents: 0, rostered: 0, expected });
    }
    let handling = Duration::from_secs_f64(erlangs * 3600.0 / f64::from(rate));
    let expect = |agents| match patience {
        Some(patience) => erlang_a(rate.into(), handling, agents, patience, within),
        None => erlang_c(rate.into(), handling, agents, within),
    };
    let enough = |agents: u32| expect(agents).is_some_and(|expected| expected.within >= wish.goal);
    // One agent more never answers fewer in time.
    let (mut few, mut agents) = (0, 1);
    while !enough(agents) {
        (few, agents) = (agents, agents * 2);
        if agents > MOST {
            return None;
        }
    }
    while agents - few > 1 {
        let middle = few.midpoint(agents);
        *if enough(middle) { &mut agents } else { &mut few } = middle;
    }
    let rostered = (f64::from(agents) / (1.0 - wish.shrinkage)).ceil();
    Some(Need {
        queue: queue.clone(),
        from,
        rate,
        erlangs,
        agents,
        rostered: rostered as u32,
        expected: expect(agents)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infra::site::scenario::{Curve, Target, Who};

    fn scenario(patience: Option<Spread>) -> Scenario {
        let queue = Name::new("calls").expect("a name");
        let second = Duration::from_secs(1);
        let hour = |hour| Time::constant(hour, 0, 0, 0);
        Scenario {
            name: "test".into(),
            start: jiff::civil::date(2026, 11, 23).at(0, 0, 0, 0),
            length: Duration::from_hours(24),
            warm_up: Duration::ZERO,
            seed: 1,
            within: 20 * second,
            queues: [].into(),
            agents: [(queue.clone(), Curve(vec![(Time::MIN, 14)]))].into(),
            site: None,
            recorded: Vec::new(),
            what_if: Vec::new(),
            arrivals: vec![Arrivals {
                name: "calls".into(),
                to: Target::Queue(queue),
                who: Who::default(),
                keys: Vec::new(),
                rate: Curve(vec![(hour(8), 200), (hour(12), 360), (hour(18), 0)]),
                handling: Spread::Exponential(180 * second),
                patience,
                callback: None,
                problem: None,
            }],
        }
    }

    #[test]
    fn as_many_as_the_goal_wants_and_no_more() {
        let wish = Wish { goal: 0.8, shrinkage: 0.3 };
        let needs = staffing(&scenario(None), wish);
        let told: Vec<_> = needs.iter().map(|need| (need.from.hour(), need.agents, need.rostered)).collect();
        // 10 erlang: 13 agents answer 79.5 % in 20 s, 14 answer 88.8 %.
        assert_eq!(told, [(8, 14, 20), (12, 22, 32), (18, 0, 0)], "{needs:#?}");
        for need in &needs[..2] {
            let fewer = erlang_c(
                need.rate.into(),
                Duration::from_secs(180),
                need.agents - 1,
                Duration::from_secs(20),
            );
            assert!(fewer.is_none_or(|expected| expected.within < 0.8), "{need:?}");
            assert!(need.expected.within >= 0.8);
        }
    }

    #[test]
    fn callers_who_hang_up_need_fewer() {
        let wish = Wish { goal: 0.8, shrinkage: 0.0 };
        let patient = staffing(&scenario(None), wish);
        let hasty = staffing(&scenario(Some(Spread::Exponential(Duration::from_secs(60)))), wish);
        assert!(hasty[0].agents < patient[0].agents && hasty[1].agents < patient[1].agents, "{hasty:?}");
        assert_eq!(hasty[0].agents, hasty[0].rostered);
    }
}
