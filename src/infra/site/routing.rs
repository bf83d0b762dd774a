//! `routing.yaml`: policies, each a list of rules; the first that fits says which queue takes a caller.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    conditions,
    decode::{self, Fields, Shape},
    model::{Agent, First, Queue, Rule, Takes, When},
    names::Names,
    problem::Code,
    skills,
    source::{Findings, Place},
    tree::{Key, Node},
};
use crate::base::id::Name;

const RULE: Shape = Shape {
    what: "a rule",
    keys: &[
        ("rule", "rule: vip"),
        ("when", "when: { class: vip }"),
        ("queue", "queue: priority_queue"),
        ("head_start", "head_start: 2m"),
        ("first", "first: { needs: { service: 4 }, wait: 20s }"),
    ],
};
const FIRST: Shape = Shape {
    what: "whom a caller is kept for",
    keys: &[("needs", "needs: { service: 4 }"), ("last_agent", "last_agent: 7d"), ("wait", "wait: 20s")],
};
const EXAMPLE: &str = "desk: [ { rule: vip, when: { class: vip }, queue: priority_queue } ]";
const DAY: Duration = Duration::from_hours(24);

/// What rules may point at.
struct House<'a> {
    names: &'a Names,
    queues: &'a BTreeMap<Name, Queue>,
    agents: &'a BTreeMap<Name, Agent>,
}

pub(super) fn read(
    node: &Node,
    names: &Names,
    queues: &BTreeMap<Name, Queue>,
    agents: &BTreeMap<Name, Agent>,
    to: &mut Findings,
) -> BTreeMap<Name, Vec<Rule>> {
    let house = House { names, queues, agents };
    let entries = decode::entries(node, "routing.yaml", EXAMPLE, to);
    let policy = |(key, node): &(Key, Node)| {
        let name = decode::new_name(key, "a policy", to);
        let rules = policy(key, node, &house, to);
        Some((name?, rules))
    };
    entries.iter().filter_map(policy).collect()
}

fn policy(key: &Key, node: &Node, house: &House, to: &mut Findings) -> Vec<Rule> {
    let mut rules: Vec<(Rule, Place)> = Vec::new();
    for node in decode::list(node) {
        let Some((rule, place)) = rule(node, house, to) else { continue };
        if let Some((_, first)) = rules.iter().find(|(other, _)| other.name == rule.name) {
            let message = format!("there is a rule `{}` already, at {}", rule.name, to.whereabouts(*first));
            to.error(Code::Duplicate, place, message, "give every rule of a policy its own name");
        }
        let before = rules.iter().find(|(other, _)| covers(&other.when, &rule.when));
        if let Some((other, at)) = before {
            let message = format!(
                "nobody comes to the rule `{}`: `{}` takes them all, at {}",
                rule.name,
                other.name,
                to.whereabouts(*at)
            );
            to.error(Code::Contradiction, place, message, "move it up, or remove one of them");
        }
        rules.push((rule, place));
    }
    let list = decode::list(node);
    if list.is_empty() {
        to.error(Code::MissingKey, key.place, "a policy without rules", format!("write them like {EXAMPLE}"));
    } else if list.len() == rules.len() && rules.iter().all(|(rule, _)| !rule.when.is_empty()) {
        let message = format!("not everybody fits a rule of `{}`: the others go to `otherwise`", key.text);
        to.warn(Code::MissingKey, key.place, message, "end it with a rule without `when`");
    }
    rules.into_iter().map(|(rule, _)| rule).collect()
}

fn rule(node: &Node, house: &House, to: &mut Findings) -> Option<(Rule, Place)> {
    let fields = Fields::open(node, node.place, &RULE, to)?;
    let named = fields.need("rule", to);
    let name = named.and_then(|node| {
        let key = Key { text: decode::scalar(node, "vip", to)?.to_owned(), place: node.place };
        decode::new_name(&key, "a rule", to)
    });
    let queue = fields.need("queue", to).and_then(|n| house.names.queue(n, Takes::Calls, to));
    let when = match fields.get("when") {
        Some(node) => conditions::read(node, house.names, to),
        None => Some(When::default()),
    };
    let head_start = fields
        .get("head_start")
        .map_or(Some(Duration::ZERO), |n| decode::duration(n, Duration::ZERO, DAY, to));
    let first = match fields.get("first") {
        Some(node) => Some(first(node, queue.as_ref(), house, to)?),
        None => None,
    };
    let rule = Rule { name: name?, when: when?, queue: queue?, head_start: head_start?, first };
    Some((rule, named.map_or(node.place, |node| node.place)))
}

fn first(node: &Node, queue: Option<&Name>, house: &House, to: &mut Findings) -> Option<First> {
    let fields = Fields::open(node, node.place, &FIRST, to)?;
    let needs = fields.get("needs").map(|n| (n, skills::levels(n, 1, to)));
    let year = DAY * 366;
    let last_agent = match fields.get("last_agent") {
        Some(node) => Some(decode::duration(node, Duration::from_secs(1), year, to)?),
        None => None,
    };
    let wait = fields.need("wait", to).and_then(|n| {
        let span = decode::duration(n, Duration::from_secs(1), DAY, to)?;
        let most = queue.and_then(|queue| house.queues.get(queue)).map(|queue| queue.max_wait);
        if most.is_some_and(|most| span >= most) {
            let message = "the queue's `max_wait` ends the wait before anybody else is asked";
            to.error(Code::Contradiction, n.place, message, "make `wait` shorter, or `max_wait` longer");
        }
        Some(span)
    });
    if needs.is_none() && last_agent.is_none() {
        let help = "add `last_agent: 7d` or `needs: { service: 4 }`, or remove `first`";
        to.error(Code::MissingKey, node.place, "nothing says for whom these callers are kept", help);
        return None;
    }
    if let Some((node, needs)) = &needs {
        let mut crew = house.agents.values().filter(|agent| queue.is_some_and(|q| agent.queues.contains(q)));
        let has = |agent: &Agent| {
            needs.iter().all(|(skill, level)| agent.skills.get(skill).is_some_and(|has| has >= level))
        };
        if !house.agents.is_empty() && !crew.any(has) {
            let message = "no agent of this queue has these skills: the callers wait for nobody";
            to.error(
                Code::Unreachable,
                node.place,
                message,
                "give them to somebody in people.yaml, or ask for less",
            );
        }
    }
    Some(First { needs: needs.map(|(_, needs)| needs).unwrap_or_default(), last_agent, wait: wait? })
}

/// Whether whoever fits `narrow` surely fits `wide`.
fn covers(wide: &When, narrow: &When) -> bool {
    fn set<T: Ord>(wide: &BTreeSet<T>, narrow: &BTreeSet<T>) -> bool {
        wide.is_empty() || !narrow.is_empty() && narrow.is_subset(wide)
    }
    fn same<T: PartialEq>(wide: Option<&T>, narrow: Option<&T>) -> bool {
        wide.is_none() || wide == narrow
    }
    fn least<T: PartialOrd>(wide: Option<T>, narrow: Option<T>) -> bool {
        wide.is_none() || narrow.zip(wide).is_some_and(|(narrow, wide)| narrow >= wide)
    }
    let canary = match (&wide.canary, &narrow.canary) {
        (None, _) => true,
        (Some(wide), Some(narrow)) => wide.department == narrow.department && wide.percent >= narrow.percent,
        // Whoever withholds the number is never among them.
        (Some(_), None) => false,
    };
    let again = match (wide.again_within, narrow.again_within) {
        (None, _) => true,
        (Some(wide), Some(narrow)) => narrow <= wide,
        (Some(_), None) => false,
    };
    set(&wide.class, &narrow.class)
        && set(&wide.tags, &narrow.tags)
        && (wide.from.is_empty() || wide.from == narrow.from)
        && set(&wide.to, &narrow.to)
        && set(&wide.area, &narrow.area)
        && same(wide.language.as_ref(), narrow.language.as_ref())
        && least(wide.complaints, narrow.complaints)
        && least(wide.contacts, narrow.contacts)
        && again
        && set(&wide.topic, &narrow.topic)
        && wide.facts.iter().all(|(slot, value)| narrow.facts.get(slot) == Some(value))
        && same(wide.open.as_ref(), narrow.open.as_ref())
        && same(wide.closed.as_ref(), narrow.closed.as_ref())
        && canary
}
