//! What became of the callers of a scenario, and of its agents' time.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use super::{
    erlang::{Expected, erlang_a, erlang_c},
    people::{FirstContact, Over, People},
};
use crate::{
    base::{clock::Stamp, id::Name},
    infra::site::{
        Site,
        scenario::{Scenario, Spread},
    },
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
    /// Everybody who waited in a queue, and every agent.
    pub all: Whole,
    pub queues: Vec<QueueOutcome>,
    /// By kind, as the scenario has them.
    pub callers: Vec<CallersOutcome>,
}

/// What became of callers who waited in a queue; waits in seconds, shares from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Fates {
    pub offered: u64,
    pub answered: u64,
    pub abandoned: u64,
    /// Went on to something else than an agent, because they had waited as long as the queue allows.
    pub overflowed: u64,
    /// Of all of them, answered within the time.
    pub service_level: f64,
    /// Of those who were answered.
    pub mean_wait: f64,
    pub median_wait: f64,
    pub wait_95: f64,
    pub longest_wait: f64,
}

/// What agents did with their time; shares from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Work {
    /// How much of the time that they were there they talked.
    pub occupancy: f64,
    /// How evenly: 1 less the standard deviation of their occupancies by the mean. None with fewer than two agents, or
    /// when nobody talked.
    pub balance: Option<f64>,
}

/// Who came, and who was missed; shares from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Came {
    /// All of them; those who waited in no queue are in no figure of queues.
    pub came: u64,
    /// Went through the menu to its end, and needed nobody.
    pub served_alone: u64,
    /// Hung up before they waited for anybody.
    pub left_early: u64,
    /// Of those who were answered, who had hung up and were called back.
    pub called_back: u64,
    /// Were to be called back and never reached, or not by the end.
    pub not_reached: u64,
    /// Of all who came: hung up, turned away, or not reached.
    pub missed: f64,
    /// Of those whose problem calls them again until it is solved.
    pub first_contact: Option<FirstContact>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Whole {
    #[serde(flatten)]
    pub came: Came,
    #[serde(flatten)]
    pub fates: Fates,
    #[serde(flatten)]
    pub work: Work,
}

/// Those whose last queue this was, and the agents who serve it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QueueOutcome {
    pub queue: Name,
    #[serde(flatten)]
    pub fates: Fates,
    #[serde(flatten)]
    pub work: Work,
    /// What theory says of it: calls at one rate, exponential talks, the same number of agents all the time.
    pub theory: Option<Theory>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallersOutcome {
    pub callers: String,
    #[serde(flatten)]
    pub came: Came,
    #[serde(flatten)]
    pub fates: Fates,
    /// How many had which last queue.
    pub queues: BTreeMap<Name, u64>,
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
    came: Coming,
    all: Sum,
    lines: BTreeMap<Name, Sum>,
    kinds: Vec<Kind>,
    agents: BTreeMap<Name, Shift>,
    /// Who serves which queue.
    crews: BTreeMap<Name, Vec<Name>>,
}

#[derive(Default)]
pub(super) struct Sum {
    waits_ms: Vec<u64>,
    abandoned: u64,
    overflowed: u64,
}

/// Who came, counted.
#[derive(Clone, Copy, Default)]
struct Coming {
    came: u64,
    alone: u64,
    early: u64,
    promised: u64,
    kept: u64,
    called_back: u64,
}

#[derive(Default)]
struct Kind {
    came: Coming,
    sum: Sum,
    queues: BTreeMap<Name, u64>,
}

/// An agent's time, as far as it is counted.
#[derive(Default)]
struct Shift {
    since: Option<Stamp>,
    /// Some who have gone talk on.
    left: Option<Stamp>,
    there_ms: u64,
    talk_ms: u64,
}

impl Sums {
    pub fn new(scenario: &Scenario, site: &Site, start: Stamp) -> Self {
        let mut crews: BTreeMap<Name, Vec<Name>> = BTreeMap::new();
        for (name, agent) in &site.agents {
            for queue in &agent.queues {
                crews.entry(queue.clone()).or_default().push(name.clone());
            }
        }
        Self {
            counted: start + scenario.warm_up,
            end: start + scenario.length,
            scenario: scenario.clone(),
            calls: 0,
            came: Coming::default(),
            all: Sum::default(),
            lines: site.queues.keys().map(|queue| (queue.clone(), Sum::default())).collect(),
            kinds: scenario.arrivals.iter().map(|_| Kind::default()).collect(),
            agents: BTreeMap::new(),
            crews,
        }
    }

    pub fn add(&mut self, record: &CallRecord, over: &Over) {
        self.calls += 1;
        if let Some(agent) = &record.agent {
            let began = (record.ended - Duration::from_millis(record.talk_ms)).max(self.counted);
            let ended = record.ended.min(self.end);
            let shift = self.agents.entry(agent.clone()).or_default();
            shift.talk_ms += millis(began, ended);
            if let Some(left) = shift.left {
                shift.there_ms += millis(began.max(left), ended);
            }
        }
        if record.arrived < self.counted {
            return;
        }
        let kind = over.kind.and_then(|kind| self.kinds.get_mut(kind));
        self.came.add(record, over);
        let before = over.kept.unwrap_or_default();
        if let Some(kind) = kind {
            kind.came.add(record, over);
            if let Some(queue) = record.queue.clone() {
                kind.sum.add(record, before);
                *kind.queues.entry(queue).or_default() += 1;
            }
        }
        let Some(queue) = record.queue.clone() else { return };
        self.all.add(record, before);
        self.lines.entry(queue).or_default().add(record, before);
    }

    pub fn came(&mut self, agent: &Name, now: Stamp) {
        let shift = self.agents.entry(agent.clone()).or_default();
        (shift.since, shift.left) = (Some(now), None);
    }

    /// Who talks then is there until the end of the talk.
    pub fn left(&mut self, agent: &Name, now: Stamp) {
        let (counted, end) = (self.counted, self.end);
        let shift = self.agents.entry(agent.clone()).or_default();
        if let Some(since) = shift.since.take() {
            shift.there_ms += millis(since.max(counted), now.min(end));
        }
        shift.left = Some(now);
    }

    pub fn outcome(mut self, people: &People) -> Outcome {
        let agents: Vec<Name> = self.agents.keys().cloned().collect();
        for agent in &agents {
            if self.agents.get(agent).is_some_and(|shift| shift.since.is_some()) {
                self.left(agent, self.end);
            }
        }
        let within = self.scenario.within;
        let queues = std::mem::take(&mut self.lines).into_iter().map(|(queue, sum)| QueueOutcome {
            theory: self.theory(&queue),
            work: self.work(self.crews.get(&queue).into_iter().flatten()),
            fates: sum.fates(within),
            queue,
        });
        let queues = queues.collect();
        let kinds = std::mem::take(&mut self.kinds).into_iter().zip(&self.scenario.arrivals);
        let (zone, time) = (self.scenario.zone(), (self.counted, self.end));
        let kinds = kinds.enumerate().map(|(n, (Kind { came, sum, queues }, arrivals))| {
            let (fates, first_contact) = (sum.fates(within), people.first_contact(Some(n), time, &zone));
            CallersOutcome {
                callers: arrivals.name.clone(),
                came: came.told(&fates, first_contact),
                fates,
                queues,
            }
        });
        let kinds = kinds.collect();
        let fates = std::mem::take(&mut self.all).fates(within);
        let came = self.came.told(&fates, people.first_contact(None, time, &zone));
        Outcome {
            name: self.scenario.name.clone(),
            seed: self.scenario.seed,
            calls: self.calls,
            within_s: within.as_secs(),
            callers: kinds,
            all: Whole { came, work: self.work(agents.iter()), fates },
            queues,
        }
    }

    /// Of those who were there at all.
    fn work<'a>(&self, crew: impl Iterator<Item = &'a Name>) -> Work {
        let there: Vec<&Shift> =
            crew.filter_map(|agent| self.agents.get(agent)).filter(|shift| shift.there_ms > 0).collect();
        let sum = |of: fn(&Shift) -> u64| there.iter().map(|shift| of(shift)).sum::<u64>() as f64;
        let shares: Vec<f64> =
            there.iter().map(|shift| shift.talk_ms as f64 / shift.there_ms as f64).collect();
        let count = shares.len() as f64;
        let mean = shares.iter().sum::<f64>() / count.max(1.0);
        let variance = shares.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / count.max(1.0);
        Work {
            occupancy: sum(|shift| shift.talk_ms) / sum(|shift| shift.there_ms).max(1.0),
            balance: (shares.len() > 1 && mean > 0.0).then(|| 1.0 - variance.sqrt() / mean),
        }
    }

    /// What the formulas say, if the scenario is one that they are about.
    fn theory(&self, queue: &Name) -> Option<Theory> {
        if self.scenario.site.is_some() || self.scenario.queues.contains_key(queue) {
            return None;
        }
        let mut callers = self.scenario.arrivals.iter().filter(|arrivals| arrivals.to.queue() == Some(queue));
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

impl Coming {
    fn add(&mut self, record: &CallRecord, over: &Over) {
        self.came += u64::from(over.came);
        self.promised += u64::from(over.promised);
        self.kept += u64::from(over.kept.is_some());
        self.called_back += u64::from(over.kept.is_some() && record.agent.is_some());
        if over.came && record.queue.is_none() && !over.promised {
            let early = record.ended_by == EndedBy::Caller && record.talk_ms == 0;
            *if early { &mut self.early } else { &mut self.alone } += 1;
        }
    }

    fn told(self, fates: &Fates, first_contact: Option<FirstContact>) -> Came {
        let Self { came, alone, early, promised, kept, called_back } = self;
        let not_reached = promised.saturating_sub(kept);
        let missed = fates.abandoned + fates.overflowed + not_reached + early;
        Came {
            came,
            served_alone: alone,
            left_early: early,
            called_back,
            not_reached,
            missed: missed as f64 / came.max(1) as f64,
            first_contact,
        }
    }
}

impl Sum {
    /// `before`: what was waited before the caller hung up to be called back.
    pub fn add(&mut self, record: &CallRecord, before: Duration) {
        if record.agent.is_some() {
            let before = u64::try_from(before.as_millis()).unwrap_or(u64::MAX);
            self.waits_ms.push(record.wait_ms.saturating_add(before));
        } else if record.gave_up() {
            self.abandoned += 1;
        } else {
            self.overflowed += 1;
        }
    }

    pub fn fates(self, within: Duration) -> Fates {
        let mut waits = self.waits_ms;
        waits.sort_unstable();
        let answered = waits.len() as u64;
        let offered = answered + self.abandoned + self.overflowed;
        let within = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
        let soon = waits.partition_point(|wait| *wait <= within);
        let seconds = |ms: u64| ms as f64 / 1000.0;
        let at = |share: f64| {
            let place = (share * waits.len() as f64).ceil() as usize;
            waits.get(place.saturating_sub(1)).map_or(0.0, |ms| seconds(*ms))
        };
        Fates {
            offered,
            answered,
            abandoned: self.abandoned,
            overflowed: self.overflowed,
            service_level: soon as f64 / offered.max(1) as f64,
            mean_wait: seconds(waits.iter().sum()) / answered.max(1) as f64,
            median_wait: at(0.5),
            wait_95: at(0.95),
            longest_wait: waits.last().map_or(0.0, |ms| seconds(*ms)),
        }
    }
}

fn millis(from: Stamp, to: Stamp) -> u64 {
    u64::try_from(to.since(from).as_millis()).unwrap_or(u64::MAX)
}
