//! What callers do besides waiting and talking: being called back, and calling again.

use std::time::Duration;

use super::Spread;
use crate::infra::site::{
    Code,
    decode::{self, Fields, Shape},
    source::Findings,
    tree::Node,
};

const BACK: Shape = Shape {
    what: "who is called back",
    keys: &[("accept", "accept: 60"), ("after", "after: 40s"), ("answer", "answer: 90")],
};
const PROBLEM: Shape = Shape {
    what: "a problem",
    keys: &[
        ("solved", "solved: 70"),
        ("known", "known: 85"),
        ("again", "again: { exponential: 12h }"),
        ("within", "within: 7d"),
    ],
};

/// Who would rather be called back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Back {
    /// Of a hundred who still wait then, so many press the queue's key.
    pub accept: u8,
    /// So long after the beginning of the call.
    pub after: Duration,
    /// Of a hundred of these, so many answer when they are called; the others never do.
    pub answer: u8,
}

/// Why somebody calls, until it is solved. It is an assumption of the scenario.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Problem {
    /// In a hundred talks about it, so often anybody solves it,
    pub solved: u8,
    /// and so often the agent does with whom the caller talked the last time.
    pub known: u8,
    /// Whose problem is not solved calls again so long after the talk.
    pub again: Spread,
    /// Whoever calls later than this after a talk has not called again.
    pub within: Duration,
}

/// `{ accept: 60, after: 40s, answer: 90 }`
pub(super) fn back(node: &Node, to: &mut Findings) -> Option<Back> {
    let fields = Fields::open(node, node.place, &BACK, to)?;
    let accept = fields.need("accept", to).and_then(|n| decode::count(n, 0, 100, to));
    let bounds = (Duration::from_secs(1), Duration::from_hours(1));
    let after = fields.need("after", to).and_then(|n| decode::duration(n, bounds.0, bounds.1, to));
    let answer = fields.get("answer").map_or(Some(100), |n| decode::count(n, 0, 100, to));
    Some(Back { accept: accept?, after: after?, answer: answer? })
}

/// `{ solved: 70, known: 85, again: { exponential: 12h }, within: 7d }`
pub(super) fn problem(node: &Node, to: &mut Findings) -> Option<Problem> {
    let fields = Fields::open(node, node.place, &PROBLEM, to)?;
    let solved = fields.need("solved", to).and_then(|n| decode::count(n, 1, 100, to));
    let known = fields.get("known").map_or(solved, |n| decode::count(n, 1, 100, to));
    let again = fields.need("again", to).and_then(|n| Spread::read(n, to));
    let (day, usual) = (Duration::from_hours(24), Duration::from_hours(24 * 7));
    let within = fields.get("within").map_or(Some(usual), |n| decode::duration(n, day, 90 * day, to));
    let (solved, known) = (solved?, known?);
    if let Some(place) = fields.key_place("known").filter(|_| known < solved) {
        let message = "who knows the caller would solve it less often than anybody";
        to.error(Code::Contradiction, place, message, "make it as much as `solved`, or more");
    }
    Some(Problem { solved, known, again: again?, within: within? })
}
