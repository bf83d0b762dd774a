//! The site that a scenario describes: a number for each queue, a phone for each agent.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    base::{id::Name, locale::Locale, number::Number},
    infra::site::{
        Agent, Extension, Flow, NumberEntry, Queue, Site, Step,
        scenario::{Curve, Scenario},
    },
};

/// Nothing goes wrong here, so nobody looks often.
pub(super) const LEASE: Duration = Duration::from_hours(3);
/// Who has waited so long is turned away, unless told.
const LONGEST_WAIT: Duration = Duration::from_hours(7 * 24);

/// A queue that is called by its own number.
pub(super) struct Line {
    pub number: Number,
    /// In the order in which they come in the morning.
    pub agents: Vec<Name>,
    pub staff: Curve,
}

pub(super) fn build(scenario: &Scenario) -> (Site, BTreeMap<Name, Line>) {
    let fallback = Number::new("2000000").expect("digits");
    let mut site = Site { lease: LEASE, ..Site::bare(scenario.name.as_str(), fallback) };
    let mut lines = BTreeMap::new();
    for (queue, staff) in &scenario.agents {
        let rules = scenario.queues.get(queue).cloned();
        let rules =
            rules.unwrap_or_else(|| Queue::new(Duration::from_secs(20), Duration::ZERO, LONGEST_WAIT));
        site.queues.insert(queue.clone(), rules);
        let number = Number::new(format!("1{:03}", lines.len())).expect("digits");
        let flow = Flow {
            start: named("wait"),
            steps: BTreeMap::from([
                (named("wait"), Step::Queue { queue: queue.clone(), otherwise: named("end") }),
                (named("end"), Step::Hangup),
            ]),
        };
        site.flows.insert(queue.clone(), flow);
        let entry = NumberEntry { flow: queue.clone(), language: Locale::English, hours: None, closed: None };
        site.numbers.insert(number.clone(), entry);
        let agents = (0..staff.most()).map(|_| hire(&mut site, queue)).collect();
        lines.insert(queue.clone(), Line { number, agents, staff: staff.clone() });
    }
    if let Some(first) = site.extensions.keys().next() {
        site.fallback = first.clone();
    }
    (site, lines)
}

fn hire(site: &mut Site, queue: &Name) -> Name {
    let number = Number::new(format!("2{:06}", site.agents.len())).expect("digits");
    let name = named(&format!("agent.{}", site.agents.len()));
    let phone = named(number.as_str());
    site.extensions.insert(number.clone(), Extension::new(name.as_str(), phone, "/nonexistent"));
    let agent = Agent {
        display: name.as_str().into(),
        extension: number,
        queues: vec![queue.clone()],
        reserve: Vec::new(),
        skills: BTreeMap::new(),
        place: u32::try_from(site.agents.len()).unwrap_or(u32::MAX),
        wrap_up: Duration::ZERO,
        logged_in: false,
    };
    site.agents.insert(name.clone(), agent);
    name
}

fn named(text: &str) -> Name {
    Name::new(text).expect("letters, digits and dots")
}
