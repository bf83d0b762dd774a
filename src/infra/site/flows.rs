//! `flows/*.yaml`: what callers go through, one flow a file.

use std::{collections::BTreeMap, path::Path};

use super::{
    decode::{self, Fields, Shape},
    depth,
    dialing::House,
    graph,
    model::{Flow, Step},
    names::Known,
    problem::Code,
    prompt::Tongue,
    source::{Findings, Place},
    steps::{self, Scope},
    tree::{Key, Node},
};
use crate::base::id::Name;

const FLOW: Shape = Shape {
    what: "a flow",
    keys: &[("start", "start: greet"), ("steps", "steps: { greet: { say: Hello., next: hangup } }")],
};

/// More than anybody can follow, and few enough to look at every way through.
const MAX_STEPS: usize = 500;

/// The target that needs no step of its own.
pub(super) const HANGUP: &str = "hangup";

/// The flow in one file; `None` when something in it is wrong (and said so).
pub(super) fn read(
    root: &Path,
    node: &Node,
    house: &House,
    tongue: &Tongue,
    to: &mut Findings,
) -> Option<Flow> {
    let top = Place { end: node.place.start, ..node.place };
    let fields = Fields::open(node, top, &FLOW, to)?;
    let table = fields.need("steps", to)?;
    let entries = decode::entries(table, "steps", "greet: { say: Hello., next: hangup }", to);
    let Some((first, _)) = entries.first() else {
        let place = fields.key_place("steps").unwrap_or(top);
        to.error(
            Code::MissingKey,
            place,
            "a flow needs at least one step",
            "add `greet: { say: Hello., next: hangup }`",
        );
        return None;
    };
    if entries.len() > MAX_STEPS {
        let message = format!("a flow of more than {MAX_STEPS} steps");
        to.error(Code::TooLarge, first.place, message, "split it into several numbers' flows");
        return None;
    }
    let keys: Vec<Key> = entries.iter().map(|(key, _)| key.clone()).collect();
    let scope = Scope {
        root,
        names: house.names,
        house,
        tongue,
        steps: Known::new("step", "this flow", keys, true),
        entries,
    };
    let start = match fields.get("start") {
        Some(node) => scope.steps.name(node, to),
        None => Name::new(&first.text).ok(),
    };
    let mut all = BTreeMap::new();
    let mut places = BTreeMap::new();
    let mut whole = true;
    for (key, node) in entries {
        let name = decode::new_name(key, "a step", to);
        let step = steps::read(key, node, &scope, to);
        match (name, step) {
            (Some(name), Some(step)) => {
                places.insert(name.clone(), key.place);
                all.insert(name, step);
            }
            _ => whole = false,
        }
    }
    let start = start.filter(|_| whole)?;
    if let Ok(name) = Name::new(HANGUP)
        && !all.contains_key(&name)
        && all.values().any(|step| graph::targets(step).contains(&&name))
    {
        all.insert(name, Step::Hangup);
    }
    let flow = Flow { start, steps: all };
    if let Some(most) = house.deepest_menu {
        depth::check(&flow, &places, most, to);
    }
    graph::check(&flow, &places, to).then_some(flow)
}
