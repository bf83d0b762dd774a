//! The site that is lived in: the scenario's own, or a number for each queue and a phone for each agent; and who is there
//! when, and by which number each kind of callers comes in.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    base::{id::Name, locale::Locale, number::Number},
    infra::site::{
        Agent, AgentPhone, Capacity, EngineKind, EngineSettings, Extension, Flow, NumberEntry, Site, Step,
        scenario::{Curve, Scenario, Target, usual},
    },
};

/// Nothing goes wrong here, so nobody looks often.
pub(super) const LEASE: Duration = Duration::from_hours(3);

/// Agents who come and go together.
pub(super) struct Crew {
    /// In the order in which they come in the morning.
    pub agents: Vec<Name>,
    pub staff: Curve,
}

pub(super) struct House {
    pub site: Site,
    pub crews: Vec<Crew>,
    /// For each kind of callers, in the scenario's order.
    pub numbers: Vec<Number>,
}

pub(super) fn build(scenario: &Scenario) -> House {
    let (mut site, crews) = match &scenario.site {
        Some(site) => (Site::clone(site), crews(scenario)),
        None => of_its_own(scenario),
    };
    site.engine = EngineSettings::at(EngineKind::Simulator, ([127, 0, 0, 1], 1));
    site.lease = LEASE;
    // The roster says who is there.
    site.agents.values_mut().for_each(|agent| agent.logged_in = false);
    let numbers = scenario.arrivals.iter().map(|one| number(&mut site, &one.to)).collect();
    House { site, crews, numbers }
}

fn crews(scenario: &Scenario) -> Vec<Crew> {
    let all = |agents: &[Name]| Curve::always(u16::try_from(agents.len()).unwrap_or(u16::MAX));
    let crew = |(queue, agents): (Name, Vec<Name>)| {
        let staff = scenario.agents.get(&queue).cloned().unwrap_or_else(|| all(&agents));
        Crew { agents, staff }
    };
    scenario.crews().into_iter().map(crew).collect()
}

fn of_its_own(scenario: &Scenario) -> (Site, Vec<Crew>) {
    let fallback = Number::new("2000000").expect("digits");
    let mut site = Site::bare(scenario.name.as_str(), fallback);
    let mut crews = Vec::new();
    for (queue, staff) in &scenario.agents {
        site.queues.insert(queue.clone(), scenario.queues.get(queue).cloned().unwrap_or_else(usual));
        let agents = (0..staff.most()).map(|_| hire(&mut site, queue)).collect();
        crews.push(Crew { agents, staff: staff.clone() });
    }
    if let Some(first) = site.extensions.keys().next() {
        site.fallback = first.clone();
    }
    (site, crews)
}

/// The number of a target; one is made that leads there, where it has none.
fn number(site: &mut Site, target: &Target) -> Number {
    let (end, wait) = (named("end"), named("wait"));
    let step = match target {
        Target::Number(number) => return number.clone(),
        Target::Queue(queue) => Step::Queue { queue: queue.clone(), otherwise: end.clone() },
        Target::Policy(policy) => Step::Route { policy: policy.clone(), otherwise: end.clone() },
    };
    let steps = BTreeMap::from([(wait.clone(), step), (end, Step::Hangup)]);
    // As many as there are callers of a kind, and numbers and flows of the site, are enough.
    let free = (0..1_000_000).map(|n| format!("9990{n:04}")).find(|text| {
        let number = Number::new(text).expect("digits");
        !site.numbers.contains_key(&number) && !site.flows.contains_key(&named(text))
    });
    let text = free.expect("no site has a million numbers");
    let (number, flow) = (Number::new(&text).expect("digits"), named(&text));
    site.flows.insert(flow.clone(), Flow { start: wait, steps });
    let language = site.languages.first().copied().unwrap_or(Locale::English);
    site.numbers.insert(number.clone(), NumberEntry { flow, language, hours: None, closed: None });
    number
}

fn hire(site: &mut Site, queue: &Name) -> Name {
    let number = Number::new(format!("2{:06}", site.agents.len())).expect("digits");
    let name = named(&format!("agent.{}", site.agents.len()));
    let phone = named(number.as_str());
    site.extensions.insert(number.clone(), Extension::new(name.as_str(), phone, "/nonexistent"));
    let agent = Agent {
        capacity: Capacity::default(),
        display: name.as_str().into(),
        phone: AgentPhone::Extension(number),
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
