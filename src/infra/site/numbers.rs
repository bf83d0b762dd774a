//! `numbers.yaml`: our numbers, each with a flow, a language and opening hours.

use std::collections::BTreeMap;

use super::{
    decode::{self, Fields, Shape},
    model::{Closed, NumberEntry},
    names::Names,
    problem::Code,
    prompt::Tongue,
    source::Findings,
    tree::{Key, Node},
};
use crate::base::number::Number;

const NUMBER: Shape = Shape {
    what: "a number",
    keys: &[
        ("flow", "flow: welcome"),
        ("language", "language: zh"),
        ("hours", "hours: office"),
        ("closed", "closed: night"),
    ],
};

pub(super) fn read(
    node: &Node,
    names: &Names,
    tongue: &Tongue,
    to: &mut Findings,
) -> BTreeMap<Number, NumberEntry> {
    let numbers = decode::entries(node, "numbers", "4000: { flow: welcome, language: en }", to);
    if numbers.is_empty() {
        let message = "no number is ours: nobody could call";
        to.error(Code::MissingKey, node.place, message, "add `4000: { flow: welcome, language: en }`");
    }
    numbers
        .iter()
        .filter_map(|(key, node)| {
            let number = decode::number(&key.text, key.place, to);
            if let Some(first) = names.extensions.place(&key.text) {
                let first = to.whereabouts(first);
                let message = format!("{} is an extension, at {first}", key.text);
                to.error(Code::Duplicate, key.place, message, "give one of them another number");
            }
            Some((number?, entry(key, node, names, tongue, to)?))
        })
        .collect()
}

fn entry(key: &Key, node: &Node, names: &Names, tongue: &Tongue, to: &mut Findings) -> Option<NumberEntry> {
    let fields = Fields::open(node, key.place, &NUMBER, to)?;
    let flow = fields.need("flow", to).and_then(|n| names.flows.name(n, to));
    let language = match fields.get("language") {
        Some(node) => tongue.language(node, to),
        None => tongue.default(),
    };
    let hours = fields.get("hours").map(|n| names.hours.name(n, to));
    let closed = fields.get("closed").map(|n| names.flows.name(n, to));
    match (fields.key_place("hours"), fields.key_place("closed")) {
        (Some(at), None) => {
            let message = "nothing says what callers get outside of these hours";
            to.error(Code::MissingKey, at, message, "add `closed: FLOW` below it");
        }
        (None, Some(at)) => {
            let message = "without `hours` it is never closed";
            to.error(Code::MissingKey, at, message, "add `hours: NAME`, or remove `closed`");
        }
        _ => {}
    }
    let hours = match hours {
        Some(hours) => Some(hours?),
        None => None,
    };
    let closed = match closed {
        Some(flow) => Some(Closed { flow: flow? }),
        None => None,
    };
    Some(NumberEntry { flow: flow?, language: language?, hours, closed })
}
