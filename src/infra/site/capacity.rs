//! `capacity` of an agent: how much of calls and messages is done at once.

use super::{
    decode::{self, Fields, Shape},
    model::Capacity,
    problem::Code,
    source::Findings,
    tree::Node,
};

const CAPACITY: Shape =
    Shape { what: "a capacity", keys: &[("of", "of: 3"), ("call", "call: 2"), ("message", "message: 1")] };

/// `{ of: 3, call: 2, message: 1 }`; what is left out weighs 1.
pub(super) fn read(node: &Node, to: &mut Findings) -> Option<Capacity> {
    let fields = Fields::open(node, node.place, &CAPACITY, to)?;
    let of = fields.need("of", to).and_then(|n| decode::count(n, 1, 100, to));
    let mut weight = |key, least| fields.get(key).map_or(Some(1), |n| decode::count(n, least, 100, to));
    let (call, message) = (weight("call", 0), weight("message", 1));
    let capacity = Capacity { of: of?, call: call?, message: message? };
    for (key, weight) in [("call", capacity.call), ("message", capacity.message)] {
        if weight > capacity.of {
            let message =
                format!("a {key} weighs {weight}, and a capacity of {} has never room for one", capacity.of);
            to.error(Code::Contradiction, node.place, message, format!("write `of: {weight}` or more"));
            return None;
        }
    }
    Some(capacity)
}
