//! Skills with their levels: what agents have, what queues need, and how a queue asks for less with time.

use std::time::Duration;

use super::{
    decode::{self, Fields, Shape},
    model::{Agent, Expansion, Queue, Relaxation, Relaxed, Skills},
    problem::Code,
    source::{Findings, Place},
    tree::{Key, Node, Value},
};

const RELAXATION: Shape =
    Shape { what: "a relaxation", keys: &[("after", "after: 10s"), ("needs", "needs: { vip: 3 }")] };

const EXPANSION: Shape = Shape {
    what: "an expansion",
    keys: &[("above", "above: 10"), ("below", "below: 5"), ("needs", "needs: { vip: 3 }")],
};

/// `{ vip: 5, english: 3 }`: levels from `least` to 10.
pub(super) fn levels(node: &Node, least: u8, to: &mut Findings) -> Skills {
    decode::entries(node, "skills", "vip: 5", to)
        .iter()
        .filter_map(|(key, node)| {
            let skill = decode::new_name(key, "a skill", to);
            let level = decode::count(node, least, 10, to);
            Some((skill?, level?))
        })
        .collect()
}

/// Steps that ask for less and less, each later than the one before and before the wait ends.
pub(super) fn relaxations(
    node: &Node,
    needs: &Skills,
    max_wait: Option<Duration>,
    to: &mut Findings,
) -> Vec<Relaxation> {
    let mut steps: Vec<Relaxation> = Vec::new();
    let mut level = needs.clone();
    for node in decode::list(node) {
        let Some(fields) = Fields::open(node, node.place, &RELAXATION, to) else { continue };
        let bounds = (Duration::from_secs(1), Duration::from_hours(24));
        let time = fields.need("after", to);
        let after = time.and_then(|n| Some((n.place, decode::duration(n, bounds.0, bounds.1, to)?)));
        let less = fields.need("needs", to).map(|n| (n, levels(n, 0, to)));
        let (Some((time, after)), Some((node, less))) = (after, less) else { continue };
        if steps.last().is_some_and(|before| before.after >= after) {
            let message = "this step is not later than the one before it";
            to.error(Code::Contradiction, time, message, "write them in the order of their time");
        }
        if max_wait.is_some_and(|max| after >= max) {
            let message = "nobody waits so long: `max_wait` ends the wait before";
            to.warn(Code::Unreachable, time, message, "make `after` shorter or `max_wait` longer");
        }
        for (skill, less) in &less {
            let place = place_of(node, skill.as_str());
            match level.get_mut(skill) {
                Some(level) if less < level => *level = *less,
                Some(level) => {
                    let message = format!("this asks for {skill} {less}, and before it {level} is enough");
                    to.error(Code::Contradiction, place, message, "every step asks for less; 0 for nothing");
                }
                None => {
                    let message = format!("this queue does not need `{skill}`");
                    let help = "a relaxation lowers what stands in `needs` of the same queue";
                    to.error(Code::Contradiction, place, message, help);
                }
            }
        }
        steps.push(Relaxation { after, needs: less });
    }
    steps
}

/// `{ above: 10, below: 5, needs: { vip: 3 } }`
pub(super) fn expansion(node: &Node, needs: &Skills, to: &mut Findings) -> Option<Expansion> {
    let fields = Fields::open(node, node.place, &EXPANSION, to)?;
    let above = fields.need("above", to).and_then(|n| decode::amount(n, 1, 10_000, to));
    let below = match fields.get("below") {
        Some(node) => decode::amount(node, 1, 10_000, to).map(|below| (below, node.place)),
        // Half as many, so that it does not come and go with every caller.
        None => above.map(|above| (above.div_ceil(2), node.place)),
    };
    if let (Some(above), Some((below, place))) = (above, below)
        && below > above
    {
        let message = format!("it would end below {below}, and begin only above {above}");
        to.error(Code::Contradiction, place, message, "`below` is less than `above`, or as much");
    }
    let less = fields.get("needs").map(|n| (n, levels(n, 0, to)));
    for (node, skill, level) in less.iter().flat_map(|(n, less)| less.iter().map(move |(s, l)| (n, s, l))) {
        if needs.get(skill).is_none_or(|needed| level >= needed) {
            let message = format!("this does not lower what the queue needs of `{skill}`");
            let help = "an expansion asks for less than `needs` of the same queue; 0 for nothing";
            to.error(Code::Contradiction, place_of(node, skill.as_str()), message, help);
        }
    }
    Some(Expansion { above: above?, below: below?.0, needs: less.map(|(_, less)| less).unwrap_or_default() })
}

/// Where a key of a table stands.
fn place_of(table: &Node, key: &str) -> Place {
    let Value::Table(entries) = &table.value else { return table.place };
    entries.iter().find(|(found, _)| found.text == key).map_or(table.place, |(found, _)| found.place)
}

/// Tells when no agent of a queue ever meets its needs.
pub(super) fn unmet<'a>(
    key: &Key,
    node: &Node,
    queue: &Queue,
    crew: impl Iterator<Item = &'a Agent>,
    to: &mut Findings,
) {
    let mut crew: Vec<&Agent> = crew.collect();
    if crew.iter().any(|agent| queue.met_after(&agent.skills, false).is_some()) {
        return;
    }
    // The one who is nearest says best what is missing.
    crew.sort_by_key(|agent| std::cmp::Reverse(queue.score(&agent.skills)));
    let last = Relaxed { steps: queue.relax.len(), expanded: false };
    let Some(lack) = crew.first().and_then(|agent| queue.lacks(&agent.skills, last).next()) else { return };
    let message = format!(
        "no agent of queue `{}` ever meets its needs: of {} the best has {} {}, and {} is needed",
        key.text,
        crew.len(),
        lack.skill,
        lack.has,
        lack.needs
    );
    let place = place_of(node, "needs");
    let help = format!(
        "give somebody `skills: {{ {}: {} }}` in people.yaml, or let `relax` lower it",
        lack.skill, lack.needs
    );
    to.error(Code::Unreachable, place, message, help);
}
