//! `queues.yaml`: where callers wait.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    decode::{self, Fields, Shape},
    model::{Agent, Queue},
    problem::Code,
    prompt::Tongue,
    source::Findings,
    tree::{Node, Value},
};
use crate::base::id::Name;

const QUEUE: Shape = Shape {
    what: "a queue",
    keys: &[
        ("ring", "ring: 20s"),
        ("rest", "rest: 30s"),
        ("max_wait", "max_wait: 5m"),
        ("greeting", "greeting: { zh: 请稍候。, en: Please hold. }"),
    ],
};

pub(super) fn read(node: &Node, tongue: &Tongue, to: &mut Findings) -> BTreeMap<Name, Queue> {
    let queues = decode::entries(node, "queues", "sales: { ring: 20s, max_wait: 5m }", to);
    let (second, hour) = (Duration::from_secs(1), Duration::from_hours(1));
    queues
        .iter()
        .filter_map(|(key, node)| {
            let name = decode::new_name(key, "a queue", to);
            let fields = Fields::open(node, key.place, &QUEUE, to)?;
            let mut span = |key, default: u64, min, max| {
                fields
                    .get(key)
                    .map_or(Some(Duration::from_secs(default)), |n| decode::duration(n, min, max, to))
            };
            let ring = span("ring", 20, 5 * second, 120 * second);
            let rest = span("rest", 30, Duration::ZERO, hour);
            let max_wait = span("max_wait", 300, 5 * second, 24 * hour);
            let greeting = fields.get("greeting").map(|n| tongue.prompt(n, to));
            Some((
                name?,
                Queue {
                    ring: ring?,
                    rest: rest?,
                    max_wait: max_wait?,
                    greeting: greeting.unwrap_or_default(),
                },
            ))
        })
        .collect()
}

/// Queues that nobody serves.
pub(super) fn unserved(node: &Node, agents: &BTreeMap<Name, Agent>, to: &mut Findings) {
    let served: BTreeSet<&str> = agents.values().flat_map(|a| &a.queues).map(Name::as_str).collect();
    let Value::Table(entries) = &node.value else { return };
    for (key, _) in entries {
        if !served.contains(key.text.as_str()) {
            let message = format!("no agent takes calls of queue `{}`", key.text);
            let help = format!("add it to somebody in people.yaml: `queues: [{}]`", key.text);
            to.warn(Code::EmptyQueue, key.place, message, help);
        }
    }
}
