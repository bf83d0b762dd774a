//! What became of the callers of a scenario.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    erlang::{Expected, erlang_a, erlang_c},
    house::Line,
};
use crate::{
    base::{clock::Stamp, id::Name},
    infra::site::scenario::{Scenario, Spread},
    live::record::{CallRecord, EndedBy},
};

/// The outcome of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    pub name: String,
    pub seed: u64,
    /// Calls that came, those of the warm-up too.
    pub calls: u64,
    /// Answered within so many seconds counts for the service level.
    pub within_s: u64,
    pub queues: Vec<QueueOutcome>,
}

/// What became of a queue's callers; waits in seconds, shares from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QueueOutcome {
    pub queue: Name,
    pub offered: u64,
    pub answered: u64,
    pub abandoned: u64,
    /// Left because they had waited as long as the queue allows.
    pub overflowed: u64,
    /// Of all who called, answered within the time.
    pub service_level: f64,
    /// Of those who were answered.
    pub mean_wait: f64,
    pub median_wait: f64,
    pub wait_95: f64,
    pub longest_wait: f64,
    /// How much of the time that agents were there they talked.
    pub occupancy: f64,
    /// What theory says of it: calls at one rate, exponential talks, the same number of agents all the time.
    pub theory: Option<Theory>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Theory {
    pub formula: &'static str,
    #[serde(flatten)]
    pub expected: Expected,
}

/// What is counted while the day goes on.
pub(super) struct Sums {
    scenario: Scenario,
    counted: Stamp,
    end: Stamp,
    calls: u64,
    lines: BTreeMap<Name, Sum>,
    /// When agents went who have not come back; some talk on.
    gone: BTreeMap<Name, Stamp>,
}

#[derive(Default)]
struct Sum {
    waits_ms: Vec<u64>,
    abandoned: u64,
    overflowed: u64,
    /// Of the talks, what lay within the time that is counted.
    talk_ms: u64,
    /// Since when so many agents are there.
    staff: Option<(Stamp, usize)>,
    staffed_ms: u64,
}

impl Sums {
    pub fn new(scenario: &Scenario, start: Stamp) -> Self {
        Self {
            counted: start + scenario.warm_up,
            end: start + scenario.length,
            scenario: scenario.clone(),
            calls: 0,
            lines: BTreeMap::new(),
            gone: BTreeMap::new(),
        }
    }

    pub fn add(&mut self, record: &CallRecord) {
        self.calls += 1;
        let Some(queue) = record.queue.clone() else { return };
        let sum = self.lines.entry(queue).or_default();
        let answered = record.agent.is_some();
        let ended = record.ended.min(self.end);
        if answered {
            let talk_began = record.ended - std::time::Duration::from_millis(record.talk_ms);
            sum.talk_ms += millis(talk_began.max(self.counted), ended);
            if let Some(gone) = record.agent.as_ref().and_then(|agent| self.gone.get(agent)) {
                sum.staffed_ms += millis(talk_began.max(self.counted).max(*gone), ended);
            }
        }
        if record.arrived < self.counted {
            return;
        }
        if answered {
            sum.waits_ms.push(record.wait_ms);
        } else if record.ended_by == EndedBy::Caller {
            sum.abandoned += 1;
        } else {
            sum.overflowed += 1;
        }
    }

    pub fn came(&mut self, agent: &Name) {
        self.gone.remove(agent);
    }

    /// Who talks then is there until the end of the talk.
    pub fn left(&mut self, agent: &Name, now: Stamp) {
        self.gone.insert(agent.clone(), now);
    }

    /// So many agents are there from now on.
    pub fn staffed(&mut self, queue: &Name, now: Stamp, agents: usize) {
        let (counted, end) = (self.counted, self.end);
        let sum = self.lines.entry(queue.clone()).or_default();
        sum.change_staff(now, agents, counted, end);
    }

    pub fn outcome(mut self, lines: &BTreeMap<Name, Line>) -> Outcome {
        let (counted, end) = (self.counted, self.end);
        let queues = lines.keys().filter_map(|queue| {
            let mut sum = self.lines.remove(queue)?;
            sum.change_staff(end, 0, counted, end);
            Some(self.queue(queue, sum))
        });
        let queues = queues.collect();
        let Scenario { name, seed, within, .. } = &self.scenario;
        Outcome { name: name.clone(), seed: *seed, calls: self.calls, within_s: within.as_secs(), queues }
    }

    fn queue(&self, queue: &Name, sum: Sum) -> QueueOutcome {
        let mut waits = sum.waits_ms;
        waits.sort_unstable();
        let answered = waits.len() as u64;
        let offered = answered + sum.abandoned + sum.overflowed;
        let within = u64::try_from(self.scenario.within.as_millis()).unwrap_or(u64::MAX);
        let soon = waits.partition_point(|wait| *wait <= within);
        let seconds = |ms: u64| ms as f64 / 1000.0;
        let at = |share: f64| {
            let place = (share * waits.len() as f64).ceil() as usize;
            waits.get(place.saturating_sub(1)).map_or(0.0, |ms| seconds(*ms))
        };
        QueueOutcome {
            queue: queue.clone(),
            offered,
            answered,
            abandoned: sum.abandoned,
            overflowed: sum.overflowed,
            service_level: soon as f64 / offered.max(1) as f64,
            mean_wait: seconds(waits.iter().sum()) / answered.max(1) as f64,
            median_wait: at(0.5),
            wait_95: at(0.95),
            longest_wait: waits.last().map_or(0.0, |ms| seconds(*ms)),
            occupancy: sum.talk_ms as f64 / sum.staffed_ms.max(1) as f64,
            theory: self.theory(queue),
        }
    }

    /// What the formulas say, if the scenario is one that they are about.
    fn theory(&self, queue: &Name) -> Option<Theory> {
        if self.scenario.queues.contains_key(queue) {
            return None;
        }
        let mut callers = self.scenario.arrivals.iter().filter(|arrivals| arrivals.queue == *queue);
        let (one, None) = (callers.next()?, callers.next()) else { return None };
        let agents = self.scenario.agents.get(queue)?.constant()?;
        let (rate, within) = (f64::from(one.rate.constant()?), self.scenario.within);
        let Spread::Exponential(handling) = one.handling else { return None };
        match one.patience {
            None => Some(Theory {
                formula: "Erlang C",
                expected: erlang_c(rate, handling, agents.into(), within)?,
            }),
            Some(Spread::Exponential(patience)) => Some(Theory {
                formula: "Erlang A",
                expected: erlang_a(rate, handling, agents.into(), patience, within)?,
            }),
            Some(Spread::Always(_)) => None,
        }
    }
}

impl Sum {
    fn change_staff(&mut self, now: Stamp, agents: usize, counted: Stamp, end: Stamp) {
        if let Some((since, there)) = self.staff.replace((now, agents)) {
            self.staffed_ms += millis(since.max(counted), now.min(end)) * there as u64;
        }
    }
}

fn millis(from: Stamp, to: Stamp) -> u64 {
    u64::try_from(to.since(from).as_millis()).unwrap_or(u64::MAX)
}
