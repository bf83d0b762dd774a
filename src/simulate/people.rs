//! Callers who are followed from call to call: who wants to be called back, and whose problem is not solved yet.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use fastrand::Rng;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::callers::{self, Coming};
use crate::{
    base::{
        clock::Stamp,
        id::{LegId, Name},
        number::Number,
    },
    infra::site::scenario::Arrivals,
    live::{record::CallRecord, switchboard::view::LastContact},
    ports::engine::{Arrival, simulator::Caller},
};

/// What a record says of somebody who is followed, or of anybody.
#[derive(Default)]
pub(super) struct Over {
    pub kind: Option<usize>,
    /// The caller came by this call, and was not called.
    pub came: bool,
    /// Hung up to be called back.
    pub promised: bool,
    /// Waited before on the phone, and was called back.
    pub kept: Option<Duration>,
    /// Will call again.
    pub again: Option<Coming>,
}

/// Those who were answered, and those of them who called again; shares from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FirstContact {
    /// Callers who talked with an agent, each once a day and queue.
    pub callers: u64,
    /// Of these, who called the same queue again in time.
    pub again: u64,
    /// The others, of all.
    pub resolved: f64,
}

#[derive(Default)]
pub(super) struct People<'a>(BTreeMap<Number, Person<'a>>);

struct Person<'a> {
    kind: usize,
    arrivals: &'a Arrivals,
    leg: LegId,
    arrival: Arrival,
    caller: Caller,
    chance: u64,
    /// Waited until it was promised to call back.
    promised: Option<Duration>,
    contacts: Vec<Contact>,
    last: Option<LastContact>,
}

/// A call that came to a queue.
struct Contact {
    queue: Name,
    arrived: Stamp,
    ended: Stamp,
    answered: bool,
}

impl<'a> People<'a> {
    pub fn follow(&mut self, coming: &Coming, kind: usize, arrivals: &'a Arrivals) {
        let Some(from) = coming.arrival.from.clone() else { return };
        if arrivals.callback.is_none() && arrivals.problem.is_none() {
            return;
        }
        let person = Person {
            kind,
            arrivals,
            leg: coming.leg.clone(),
            arrival: coming.arrival.clone(),
            caller: coming.caller.clone(),
            chance: coming.chance,
            promised: None,
            contacts: Vec::new(),
            last: None,
        };
        self.0.insert(from, person);
    }

    /// How often somebody has talked with agents, and with whom last.
    pub fn before(&self, from: &Number) -> (u32, Option<LastContact>) {
        let Some(person) = self.0.get(from) else { return (0, None) };
        (person.talks(), person.last.clone())
    }

    /// A call is over.
    pub fn over(&mut self, record: &CallRecord) -> Over {
        let leg = record.legs.first().map(|leg| &leg.leg);
        let kind = leg.and_then(callers::kind);
        let mut over = Over { kind, came: kind.is_some(), ..Over::default() };
        let Some(person) = record.from.as_ref().and_then(|from| self.0.get_mut(from)) else { return over };
        over.kind = Some(person.kind);
        let waited = Duration::from_millis(record.wait_ms);
        let Some(queue) = record.queue.clone() else {
            // What was waited in belongs to the call by which the promise is kept.
            over.promised = over.came && !waited.is_zero();
            person.promised = over.promised.then_some(waited);
            return over;
        };
        if !over.came {
            over.kept = person.promised.take();
        }
        let answered = record.agent.is_some();
        over.again = record.agent.clone().and_then(|agent| person.calls_again(&agent, record.ended));
        person.contacts.push(Contact { queue, arrived: record.arrived, ended: record.ended, answered });
        if answered {
            person.last = Some(LastContact { agent: record.agent.clone(), at: record.ended });
        }
        over
    }

    /// Of those of one kind, or of all, who came since `from` and of whom it is known by `until` whether they called again.
    pub fn first_contact(
        &self,
        kind: Option<usize>,
        (from, until): (Stamp, Stamp),
        zone: &TimeZone,
    ) -> Option<FirstContact> {
        let (mut seen, mut back) = (BTreeSet::new(), BTreeSet::new());
        for (number, person) in self.0.iter().filter(|(_, one)| kind.is_none_or(|kind| kind == one.kind)) {
            let Some(problem) = &person.arrivals.problem else { continue };
            for one in person.contacts.iter().filter(|one| one.answered && one.arrived >= from) {
                let last = one.ended + problem.within;
                if last > until {
                    continue;
                }
                let of = (one.arrived.zoned(zone).date(), &one.queue, number);
                let later = |next: &Contact| {
                    next.queue == one.queue && next.arrived > one.ended && next.arrived <= last
                };
                if person.contacts.iter().any(later) {
                    back.insert(of);
                }
                seen.insert(of);
            }
        }
        let (callers, again) = (seen.len() as u64, back.len() as u64);
        let resolved = (callers - again) as f64 / callers.max(1) as f64;
        (callers > 0).then_some(FirstContact { callers, again, resolved })
    }
}

impl Person<'_> {
    fn talks(&self) -> u32 {
        u32::try_from(self.contacts.iter().filter(|one| one.answered).count()).unwrap_or(u32::MAX)
    }

    /// The problem may be solved by this talk; if not, when the caller comes again.
    fn calls_again(&self, agent: &Name, ended: Stamp) -> Option<Coming> {
        let problem = self.arrivals.problem?;
        let known = self.last.as_ref().is_some_and(|last| last.agent.as_ref() == Some(agent));
        let percent = if known { problem.known } else { problem.solved };
        let talks = self.talks();
        let chance = callers::mixed(self.chance ^ (u64::from(talks) + 1) << 4);
        if callers::share(chance) < f64::from(percent) / 100.0 {
            return None;
        }
        let mut random = Rng::with_seed(callers::mixed(chance));
        let at = ended + callers::span(problem.again, &mut random);
        let talk = callers::span(self.arrivals.handling, &mut random);
        let patience = self.arrivals.patience;
        let patience = patience.map_or(Duration::MAX, |spread| callers::span(spread, &mut random));
        Some(Coming {
            at,
            leg: LegId::new(format!("{}a{talks}", self.leg)).ok()?,
            arrival: self.arrival.clone(),
            caller: Caller { patience, talk, ..self.caller.clone() },
            back: None,
            chance: self.chance,
        })
    }
}
