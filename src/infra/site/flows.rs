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
    samples::Learned,
    source::{Findings, Place},
    steps::{self, Scope},
    talks::{self, Surroundings},
    tree::{Key, Node},
};
use crate::base::id::Name;

const FLOW: Shape = Shape {
    what: "a flow",
    keys: &[
        ("start", "start: greet"),
        ("steps", "steps: { greet: { say: Hello., next: hangup } }"),
        ("topics", "topics: { refund: { title: { zh: 退款, en: a refund }, human: support } }"),
        ("slots", "slots: { day: { ask: date, prompts: { zh: 哪一天？, en: Which day? } } }"),
        ("shortcuts", "shortcuts: [ { words: [退款, refund], topic: refund } ]"),
        ("samples", "samples: after_sales"),
        ("human", "human: support"),
        ("otherwise", "otherwise: hangup"),
        ("misses", "misses: 3"),
        ("deepest", "deepest: 2"),
        ("lines", "lines: { greeting: { zh: 您好。, en: Hello. } }"),
    ],
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
    samples: &BTreeMap<String, Learned>,
    to: &mut Findings,
) -> Option<Flow> {
    let top = Place { end: node.place.start, ..node.place };
    let fields = Fields::open(node, top, &FLOW, to)?;
    let talks = fields.get("topics").is_some();
    if !talks {
        for key in ["slots", "shortcuts", "samples", "human", "otherwise", "misses", "deepest", "lines"] {
            if let Some(place) = fields.key_place(key) {
                let message = format!("`{key}` belongs to a conversation, but this flow has no `topics`");
                to.error(Code::MissingKey, place, message, "add `topics`, or remove it");
            }
        }
    }
    let table = if talks { fields.get("steps") } else { Some(fields.need("steps", to)?) };
    let example = "greet: { say: Hello., next: hangup }";
    let entries = table.map_or(&[][..], |table| decode::entries(table, "steps", example, to));
    let talk_key = fields.key_place("topics").map(|place| Key { text: talks::TALK.to_owned(), place });
    let Some(first) = entries.first().map(|(key, _)| key).or(talk_key.as_ref()) else {
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
    let mut keys: Vec<Key> = entries.iter().map(|(key, _)| key.clone()).collect();
    if let Some(key) = &talk_key {
        if let Some(own) = keys.iter().find(|own| own.text == key.text) {
            let message = "a flow with `topics` has its step `talk` already: it leads the conversation";
            to.error(Code::Duplicate, own.place, message, "give this step another name");
        }
        keys.push(key.clone());
    }
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
        None => Name::new(&talk_key.as_ref().unwrap_or(first).text).ok(),
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
    if let Some(key) = &talk_key {
        let around = Surroundings { house, tongue, steps: &scope.steps, samples };
        match (Name::new(&key.text), talks::read(&fields, &around, to)) {
            (Ok(name), Some(talk)) => {
                places.insert(name.clone(), key.place);
                all.insert(name, Step::Talk(Box::new(talk)));
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
