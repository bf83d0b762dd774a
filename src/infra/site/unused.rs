//! Queues and policies that nothing leads to.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    model::{Beyond, End, Flow, Human, Queue, Rule, Step, Takes},
    problem::Code,
    source::{Findings, Place},
    tree::{Node, Value},
};
use crate::base::id::Name;

type Read<'a, T> = (Option<&'a Node>, &'a BTreeMap<Name, T>);

pub(super) fn check(
    flows: &BTreeMap<Name, (Flow, Place)>,
    (queue_tree, queues): Read<Queue>,
    (routing_tree, routing): Read<Vec<Rule>>,
    to: &mut Findings,
) {
    if to.has_errors() {
        // What could not be read may lead there.
        return;
    }
    let mut named = Named::default();
    flows.values().flat_map(|(flow, _)| flow.steps.values()).for_each(|step| named.by_step(step));
    for rule in named.policies.iter().filter_map(|policy| routing.get(policy)).flatten() {
        named.queues.insert(rule.queue.clone());
    }
    // Whoever brings messages names their queues.
    let brought = |(name, queue): (&Name, &Queue)| (queue.takes == Takes::Messages).then(|| name.clone());
    named.queues.extend(queues.iter().filter_map(brought));
    // What only an unused policy or queue leads to is told with it.
    let mut open: Vec<Name> = named.queues.iter().cloned().collect();
    while let Some(queue) = open.pop() {
        for overflow in queues.get(&queue).map_or(&[][..], |queue| &queue.overflow) {
            if let Beyond::Queue(next) = &overflow.to
                && named.queues.insert(next.clone())
            {
                open.push(next.clone());
            }
        }
    }
    let help = "lead to it from a flow, a rule or an overflow, or remove it";
    for (tree, used, what) in
        [(queue_tree, &named.queues, "queue"), (routing_tree, &named.policies, "policy")]
    {
        let Some(Value::Table(entries)) = tree.map(|tree| &tree.value) else { continue };
        for (key, _) in entries.iter().filter(|(key, _)| !used.iter().any(|name| name.as_str() == key.text)) {
            to.warn(
                Code::Unreachable,
                key.place,
                format!("nothing leads to the {what} `{}`", key.text),
                help,
            );
        }
    }
}

#[derive(Default)]
struct Named {
    queues: BTreeSet<Name>,
    policies: BTreeSet<Name>,
}

impl Named {
    fn by_step(&mut self, step: &Step) {
        match step {
            Step::Queue { queue, .. } => drop(self.queues.insert(queue.clone())),
            Step::Route { policy, .. } => drop(self.policies.insert(policy.clone())),
            Step::Talk(talk) => {
                let ends = talk.topics.values().filter_map(|topic| match &topic.end {
                    End::Human(human) => Some(human),
                    _ => None,
                });
                for Human { queue, route } in ends.chain([&talk.human]) {
                    self.queues.insert(queue.clone());
                    self.policies.extend(route.clone());
                }
            }
            _ => {}
        }
    }
}
