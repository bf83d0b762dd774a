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
        ("knowledge", "knowledge: { hours: { text: { zh: 九点开门。, en: We open at nine. } } }"),
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
    let table = if talks { fields.get("steps") } else { Some(without_talk(&fields, to)?) };
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
    let steps = Known::new("step", "this flow", keys(entries, talk_key.as_ref(), to), true);
    let scope = Scope { root, names: house.names, house, tongue, steps, entries };
    let start = match fields.get("start") {
        Some(node) => scope.steps.name(node, to),
        None => Name::new(&talk_key.as_ref().unwrap_or(first).text).ok(),
    };
    let mut read: Vec<Option<(Name, Place, Step)>> = Vec::new();
    for (key, node) in entries {
        let (name, step) = (decode::new_name(key, "a step", to), steps::read(key, node, &scope, to));
        read.push(name.zip(step).map(|(name, step)| (name, key.place, step)));
    }
    if let Some(key) = &talk_key {
        let around = Surroundings { house, tongue, steps: &scope.steps, samples };
        let talk = talks::read(&fields, &around, to).map(|talk| Step::Talk(Box::new(talk)));
        read.push(Name::new(&key.text).ok().zip(talk).map(|(name, step)| (name, key.place, step)));
    }
    let start = start.filter(|_| read.iter().all(Option::is_some))?;
    let read: Vec<_> = read.into_iter().flatten().collect();
    let places: BTreeMap<Name, Place> = read.iter().map(|(name, place, _)| (name.clone(), *place)).collect();
    let mut all: BTreeMap<Name, Step> = read.into_iter().map(|(name, _, step)| (name, step)).collect();
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

/// The steps of a flow that talks with nobody; what belongs to a conversation is out of place there.
fn without_talk<'a>(fields: &Fields<'a>, to: &mut Findings) -> Option<&'a Node> {
    for key in
        ["slots", "shortcuts", "knowledge", "samples", "human", "otherwise", "misses", "deepest", "lines"]
    {
        if let Some(place) = fields.key_place(key) {
            let message = format!("`{key}` belongs to a conversation, but this flow has no `topics`");
            to.error(Code::MissingKey, place, message, "add `topics`, or remove it");
        }
    }
    fields.need("steps", to)
}

/// The names of all steps, that of the conversation included.
fn keys(entries: &[(Key, Node)], talk: Option<&Key>, to: &mut Findings) -> Vec<Key> {
    let own = talk.and_then(|talk| entries.iter().find(|(key, _)| key.text == talk.text));
    if let Some((own, _)) = own {
        let message = "a flow with `topics` has its step `talk` already: it leads the conversation";
        to.error(Code::Duplicate, own.place, message, "give this step another name");
    }
    entries.iter().map(|(key, _)| key).chain(talk).cloned().collect()
}
