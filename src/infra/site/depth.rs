//! How many menus stand before a menu: callers of a small company are spared long ways.

use std::collections::{BTreeMap, VecDeque};

use super::{
    graph,
    model::{Flow, Step},
    problem::Code,
    source::{Findings, Place},
};
use crate::base::id::Name;

/// Menus on the way to a menu, itself included, by the shortest way there.
fn levels(flow: &Flow) -> BTreeMap<&Name, usize> {
    let mut levels = BTreeMap::new();
    let mut open = VecDeque::from([(&flow.start, 0)]);
    while let Some((name, above)) = open.pop_front() {
        let Some((name, step)) = flow.steps.get_key_value(name) else { continue };
        let level = above + usize::from(matches!(step, Step::Menu(_) | Step::Talk(_)));
        if levels.get(name).is_none_or(|known| level < *known) {
            levels.insert(name, level);
            open.extend(graph::targets(step).into_iter().map(|next| (next, level)));
        }
    }
    levels
}

/// Notes every menu below level `most`.
pub(super) fn check(flow: &Flow, places: &BTreeMap<Name, Place>, most: usize, to: &mut Findings) {
    for (name, level) in levels(flow) {
        let menu = matches!(flow.steps.get(name), Some(Step::Menu(_)));
        if let Some(place) = places.get(name).filter(|_| menu && level > most) {
            let message =
                format!("a menu on level {level}, but a small company's callers hear {most} at most");
            let help = "lead to it from a menu above, or write `profile: medium` into site.yaml";
            to.error(Code::TooDeep, *place, message, help);
        }
    }
}
