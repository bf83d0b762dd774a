//! A flow as a graph: steps that nobody reaches, and loops that nobody leaves.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    model::{Flow, Step},
    problem::Code,
    source::{Findings, Place},
};
use crate::base::id::Name;

/// Where a step may lead.
pub(crate) fn targets(step: &Step) -> Vec<&Name> {
    match step {
        Step::Say { next, .. } | Step::Play { next, .. } => vec![next],
        Step::Menu(menu) => menu.keys.values().chain([&menu.otherwise]).collect(),
        Step::Collect(collect) => vec![&collect.next, &collect.otherwise],
        Step::Rate(rate) => vec![&rate.next, &rate.otherwise],
        Step::Queue { otherwise, .. } | Step::Route { otherwise, .. } | Step::Transfer { otherwise, .. } => {
            vec![otherwise]
        }
        Step::Hours { open, closed, .. } => vec![open, closed],
        Step::Talk(talk) => vec![&talk.otherwise],
        Step::Voicemail { .. } | Step::Flow(_) | Step::Hangup => Vec::new(),
    }
}

/// Notes what is wrong; false when the flow may not be used.
pub(super) fn check(flow: &Flow, places: &BTreeMap<Name, Place>, to: &mut Findings) -> bool {
    let reached = reach(flow, &flow.start, |_| true);
    for (name, place) in places.iter().filter(|(name, _)| !reached.contains(*name)) {
        let message = format!("nothing leads to the step `{name}`");
        to.warn(Code::Unreachable, *place, message, "lead to it from another step, or remove it");
    }
    let mut sound = true;
    let mut told = BTreeSet::new();
    for (name, place) in places {
        if told.contains(name) {
            continue;
        }
        let Some((path, fault)) = fault(flow, name) else { continue };
        let around = reach(flow, name, |_| true);
        told.extend(around.into_iter().filter(|other| reach(flow, other, |_| true).contains(name)));
        let start = path.iter().filter_map(|n| places.get(n)).min_by_key(|p| p.start).unwrap_or(place);
        let shown = path.iter().map(Name::as_str).collect::<Vec<_>>().join(" → ");
        let (message, help) = match fault {
            Fault::Timeless => (
                format!("a loop in which no time passes: {shown}"),
                "put a step between that speaks or waits, or lead one of them elsewhere",
            ),
            Fault::Mute => (
                format!("a loop without exit, in which no step waits for the caller: {shown}"),
                "lead one of these steps to a menu, a queue, a transfer or `hangup`",
            ),
            Fault::Trap => (
                format!("whoever comes here can only hang up: {shown}"),
                "lead a key or `otherwise` to a queue, a transfer or `hangup`",
            ),
        };
        if fault == Fault::Trap {
            to.warn(Code::EndlessLoop, *start, message, help);
        } else {
            to.error(Code::EndlessLoop, *start, message, help);
            sound = false;
        }
    }
    sound
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nothing but branches and dialling, which may fail at once: it would spin.
    Timeless,
    /// Speaks for ever.
    Mute,
    /// Asks for ever.
    Trap,
}

/// What is wrong with a loop through `name`, and the loop.
fn fault(flow: &Flow, name: &Name) -> Option<(Vec<Name>, Fault)> {
    let timeless =
        |step: &Step| matches!(step, Step::Hours { .. } | Step::Route { .. } | Step::Transfer { .. });
    if let Some(path) = cycle(flow, name, timeless) {
        return Some((path, Fault::Timeless));
    }
    let mute = |step: &Step| matches!(step, Step::Say { .. } | Step::Play { .. } | Step::Hours { .. });
    let path = cycle(flow, name, |_| true)?;
    let around = reach(flow, name, |_| true);
    if around.iter().all(|n| flow.steps.get(n).is_some_and(mute)) {
        return Some((path, Fault::Mute));
    }
    let leads_out = |step: &Step| {
        matches!(
            step,
            Step::Queue { .. }
                | Step::Route { .. }
                | Step::Transfer { .. }
                | Step::Voicemail { .. }
                | Step::Talk(_)
                | Step::Flow(_)
                | Step::Hangup
        )
    };
    let trapped = !around.iter().any(|n| flow.steps.get(n).is_some_and(leads_out));
    trapped.then_some((path, Fault::Trap))
}

/// Notes flows that lead to each other in a circle in which no time passes.
pub(super) fn across(flows: &BTreeMap<Name, (Flow, Place)>, to: &mut Findings) {
    let next = |name: &Name| -> Vec<Name> {
        let Some((flow, _)) = flows.get(name) else { return Vec::new() };
        let timeless = |step: &Step| matches!(step, Step::Hours { .. } | Step::Route { .. } | Step::Flow(_));
        let steps = reach(flow, &flow.start, timeless).into_iter();
        let to_flow = |step: Name| match flow.steps.get(&step) {
            Some(Step::Flow(to)) => Some(to.clone()),
            _ => None,
        };
        steps.filter_map(to_flow).collect()
    };
    for (name, (_, place)) in flows {
        let (mut seen, mut open) = (BTreeSet::new(), next(name));
        while let Some(other) = open.pop() {
            if seen.insert(other.clone()) {
                open.extend(next(&other));
            }
        }
        if seen.contains(name) {
            let message = format!("the flow `{name}` leads back to itself without a word to the caller");
            to.error(Code::EndlessLoop, *place, message, "lead one of its `flow` steps elsewhere");
        }
    }
}

/// All steps that are reached from `start` (included) over steps that `pass`.
fn reach(flow: &Flow, start: &Name, pass: impl Fn(&Step) -> bool) -> BTreeSet<Name> {
    let mut seen = BTreeSet::new();
    let mut open = vec![start.clone()];
    while let Some(name) = open.pop() {
        let Some(step) = flow.steps.get(&name).filter(|s| pass(s)) else { continue };
        if seen.insert(name) {
            open.extend(targets(step).into_iter().cloned());
        }
    }
    seen
}

/// The shortest way from `name` back to it over steps that `pass`, both ends included.
fn cycle(flow: &Flow, name: &Name, pass: impl Fn(&Step) -> bool) -> Option<Vec<Name>> {
    let mut from: BTreeMap<&Name, &Name> = BTreeMap::new();
    let mut open = std::collections::VecDeque::from([name]);
    while let Some(here) = open.pop_front() {
        let Some(step) = flow.steps.get(here).filter(|s| pass(s)) else { continue };
        for next in targets(step) {
            if next == name {
                let mut path = vec![name.clone(), here.clone()];
                let mut at = here;
                while let Some(before) = from.get(at).filter(|_| at != name) {
                    path.push((*before).clone());
                    at = before;
                }
                if here == name {
                    path.truncate(1);
                    path.push(name.clone());
                }
                path.reverse();
                return Some(path);
            }
            if next != name && !from.contains_key(next) {
                from.insert(next, here);
                open.push_back(next);
            }
        }
    }
    None
}
