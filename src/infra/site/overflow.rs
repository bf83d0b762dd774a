//! `overflow` of a queue: when it is too much for a caller, and where the caller goes then.

use std::{collections::BTreeMap, time::Duration};

use super::{
    decode::{self, Fields, Shape},
    model::{Beyond, Full, Overflow, Queue, Takes},
    names::Names,
    problem::Code,
    source::Findings,
    tree::{Node, Value},
};
use crate::base::id::Name;

const OVERFLOW: Shape = Shape {
    what: "an overflow",
    keys: &[
        ("waited", "waited: 1m"),
        ("length", "length: 10"),
        ("expected", "expected: 5m"),
        ("nobody", "nobody: true"),
        ("closed", "closed: office"),
        ("queue", "queue: backup"),
        ("flow", "flow: busy"),
        ("extension", "extension: 1000"),
    ],
};
const WHEN: [&str; 5] = ["waited", "length", "expected", "nobody", "closed"];
const TO: [&str; 3] = ["queue", "flow", "extension"];

pub(super) fn read(
    node: &Node,
    names: &Names,
    takes: Takes,
    max_wait: Option<Duration>,
    to: &mut Findings,
) -> Vec<Overflow> {
    let one = |node: &Node| {
        let fields = Fields::open(node, node.place, &OVERFLOW, to)?;
        let (when, target) = (only(&fields, node, &WHEN, to), only(&fields, node, &TO, to));
        let when = full(&fields, when?, names, max_wait, to);
        let target = beyond(&fields, target?, names, takes, to);
        Some(Overflow { when: when?, to: target? })
    };
    decode::list(node).iter().filter_map(one).collect()
}

/// The one of `keys` that is there.
fn only(fields: &Fields, node: &Node, keys: &[&'static str], to: &mut Findings) -> Option<&'static str> {
    let mut there = keys.iter().copied().filter(|key| fields.get(key).is_some());
    let first = there.next();
    match (first, there.next()) {
        (None, _) => {
            let message = format!("an overflow needs one of {}", keys.join(", "));
            to.error(Code::MissingKey, node.place, message, "write it like `{ waited: 1m, queue: backup }`");
            None
        }
        (Some(first), Some(second)) => {
            let place = fields.key_place(second).unwrap_or(node.place);
            let message = format!("an overflow has one of them, but this has `{first}` and `{second}`");
            to.error(Code::Contradiction, place, message, "make two of it; the first that is true counts");
            None
        }
        (first, None) => first,
    }
}

fn full(
    fields: &Fields,
    key: &str,
    names: &Names,
    max_wait: Option<Duration>,
    to: &mut Findings,
) -> Option<Full> {
    let node = fields.get(key)?;
    let (second, day) = (Duration::from_secs(1), Duration::from_hours(24));
    match key {
        "waited" => {
            let span = decode::duration(node, second, day, to)?;
            if max_wait.is_some_and(|max| span >= max) {
                let message = "nobody waits so long: `max_wait` ends the wait before";
                to.warn(Code::Unreachable, node.place, message, "make it shorter, or `max_wait` longer");
            }
            Some(Full::Waited(span))
        }
        "length" => decode::amount(node, 1, 10_000, to).map(Full::Length),
        "expected" => decode::duration(node, second, day, to).map(Full::Expected),
        "nobody" => {
            let is = decode::flag(node, to)?;
            if !is {
                let message = "an overflow that never comes";
                to.error(Code::BadValue, node.place, message, "write true, or remove it");
            }
            is.then_some(Full::Nobody)
        }
        _ => names.hours.name(node, to).map(Full::Closed),
    }
}

fn beyond(fields: &Fields, key: &str, names: &Names, takes: Takes, to: &mut Findings) -> Option<Beyond> {
    let node = fields.get(key)?;
    match key {
        "queue" => names.queue(node, takes, to).map(Beyond::Queue),
        _ if takes == Takes::Messages => {
            let message = format!("a message hears no {key}");
            to.error(
                Code::Contradiction,
                node.place,
                message,
                "let it overflow to a queue that takes messages",
            );
            None
        }
        "flow" => names.flows.name(node, to).map(Beyond::Flow),
        _ => names.extensions.number(node, to).map(Beyond::Extension),
    }
}

/// Queues that lead their callers to each other in a circle.
pub(super) fn circles(node: &Node, queues: &BTreeMap<Name, Queue>, to: &mut Findings) {
    let next = |name: &Name| {
        let overflow = queues.get(name).map_or(&[][..], |queue| &queue.overflow);
        overflow.iter().filter_map(|overflow| match &overflow.to {
            Beyond::Queue(queue) => Some(queue.clone()),
            Beyond::Flow(_) | Beyond::Extension(_) => None,
        })
    };
    let Value::Table(entries) = &node.value else { return };
    let mut told = std::collections::BTreeSet::new();
    for name in queues.keys() {
        let mut from: BTreeMap<Name, Name> = BTreeMap::new();
        let mut open = vec![name.clone()];
        while let Some(here) = open.pop() {
            for queue in next(&here) {
                if !from.contains_key(&queue) {
                    from.insert(queue.clone(), here.clone());
                    open.push(queue);
                }
            }
        }
        if !from.contains_key(name) || told.contains(name) {
            continue;
        }
        let mut circle = vec![name.clone()];
        let mut at = &from[name];
        while at != name {
            circle.push(at.clone());
            at = &from[at];
        }
        circle.push(name.clone());
        circle.reverse();
        let place = entries
            .iter()
            .find(|(key, _)| key.text == name.as_str())
            .map_or(node.place, |(key, _)| key.place);
        let shown = circle.iter().map(Name::as_str).collect::<Vec<_>>().join(" → ");
        let help = "end one of these with a flow, an extension, or nothing";
        to.error(Code::EndlessLoop, place, format!("callers overflow in a circle: {shown}"), help);
        told.extend(circle);
    }
}
