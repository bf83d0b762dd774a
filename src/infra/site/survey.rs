//! `survey` of a queue: whoever has talked with one of its agents is asked how it was.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    decode::{self, Fields, Shape},
    model::{Flow, Queue, Step, Survey},
    names::Names,
    problem::Code,
    source::{Findings, Place},
    tree::{Node, Value},
};
use crate::base::id::Name;

const SURVEY: Shape = Shape {
    what: "a survey",
    keys: &[("flow", "flow: rating"), ("share", "share: 100"), ("least", "least: 10s")],
};

/// `{ flow: rating, share: 50, least: 10s }`
pub(super) fn read(node: &Node, names: &Names, to: &mut Findings) -> Option<Survey> {
    let fields = Fields::open(node, node.place, &SURVEY, to)?;
    let flow = fields.need("flow", to).and_then(|n| names.flows.name(n, to));
    let share = fields.get("share").map_or(Some(100), |n| decode::count(n, 1, 100, to));
    let (usual, hour) = (Duration::from_secs(10), Duration::from_hours(1));
    let least = fields.get("least").map_or(Some(usual), |n| decode::duration(n, Duration::ZERO, hour, to));
    Some(Survey { flow: flow?, share: share?, least: least? })
}

/// Surveys that ask nothing, and questions that are no survey's.
pub(super) fn check(
    node: Option<&Node>,
    queues: &BTreeMap<Name, Queue>,
    flows: &BTreeMap<Name, (Flow, Place)>,
    to: &mut Findings,
) {
    let entries = match node.map(|node| &node.value) {
        Some(Value::Table(entries)) => entries.as_slice(),
        _ => &[],
    };
    let rates = |name: &Name| {
        flows.get(name).is_some_and(|(flow, _)| flow.steps.values().any(|step| matches!(step, Step::Rate(_))))
    };
    let mut asking = BTreeSet::new();
    for (key, node) in entries {
        let queue = Name::new(&key.text).ok().and_then(|name| queues.get(&name));
        let Some(survey) = queue.and_then(|queue| queue.survey.as_ref()) else { continue };
        let led = led_to(&survey.flow, flows);
        if flows.contains_key(&survey.flow) && !led.iter().any(rates) {
            let message = format!("the flow `{}` asks nobody how it was: it has no `rate`", survey.flow);
            let help =
                "name a flow with a step like `rate: { zh: 请按1到5打分。, en: Please press 1 to 5. }`";
            to.error(Code::Contradiction, place_of(node), message, help);
        }
        asking.extend(led);
    }
    if to.has_errors() {
        // What could not be read may name it.
        return;
    }
    for (name, (_, place)) in flows.iter().filter(|(name, _)| rates(name) && !asking.contains(*name)) {
        let message =
            format!("what callers answer in the flow `{name}` counts nowhere: it is no queue's survey");
        let help = format!("write `survey: {{ flow: {name} }}` into a queue of queues.yaml");
        to.warn(Code::Unreachable, *place, message, help);
    }
}

/// A flow and those that it goes on with.
fn led_to(flow: &Name, flows: &BTreeMap<Name, (Flow, Place)>) -> BTreeSet<Name> {
    let (mut led, mut open) = (BTreeSet::new(), vec![flow.clone()]);
    while let Some(name) = open.pop() {
        let steps = flows.get(&name).into_iter().flat_map(|(flow, _)| flow.steps.values());
        open.extend(steps.filter_map(|step| match step {
            Step::Flow(next) if !led.contains(next) => Some(next.clone()),
            _ => None,
        }));
        led.insert(name);
    }
    led
}

/// Where `survey` stands.
fn place_of(queue: &Node) -> Place {
    let Value::Table(fields) = &queue.value else { return queue.place };
    fields.iter().find(|(key, _)| key.text == "survey").map_or(queue.place, |(key, _)| key.place)
}
