//! `dialing.yaml`: the way out, short codes, ring groups, conferences, parking and feature codes.
//!
//! `taken` finds numbers that two things want, `targets` numbers that lead nowhere, too far or in a circle.

mod codes;
mod groups;
mod outside;
mod parking;
mod taken;
mod targets;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

pub(super) use parking::slot_keys;
pub(super) use targets::{House, check};

use super::{
    decode::{self, Fields, Shape},
    features::Feature,
    model::Dialing,
    names::Names,
    source::{Findings, Place},
    tree::Node,
};
use crate::base::number::Number;

const DIALING: Shape = Shape {
    what: "dialing.yaml",
    keys: &[
        ("outside", "outside: { prefix: \"9\", local: [\"[2-8]xxxxxxx\"], trunks: [carrier] }"),
        ("short_codes", "short_codes: { 88: +8613800138000 }"),
        ("groups", "groups: { 6001: { name: Front desk, members: [1001, 1002] } }"),
        ("conferences", "conferences: { 8001: { name: Monday } }"),
        ("parking", "parking: { slots: 701-705 }"),
        ("codes", "codes: { pickup: \"*8\" }"),
    ],
};

pub(super) fn read(
    root: &Path,
    node: &Node,
    names: &Names,
    without: &BTreeSet<Feature>,
    to: &mut Findings,
) -> Dialing {
    let top = Place { end: node.place.start, ..node.place };
    let Some(fields) = Fields::open(node, top, &DIALING, to) else { return Dialing::default() };
    let under = |key| fields.get(key).map(|node| (node, fields.key_place(key).unwrap_or(node.place)));
    let dialing = Dialing {
        outside: under("outside").and_then(|(node, at)| outside::read(node, at, names, to)),
        short_codes: under("short_codes").map(|(node, _)| short_codes(node, to)).unwrap_or_default(),
        groups: under("groups").map(|(node, _)| groups::groups(node, names, to)).unwrap_or_default(),
        conferences: under("conferences")
            .map(|(node, _)| groups::conferences(root, node, to))
            .unwrap_or_default(),
        parking: under("parking").and_then(|(node, at)| parking::read(node, at, to)),
        codes: codes::read(under("codes"), without, to),
    };
    taken::check(&fields, top, names, &dialing, to);
    dialing
}

fn short_codes(node: &Node, to: &mut Findings) -> BTreeMap<Number, Number> {
    decode::entries(node, "short codes", "88: +8613800138000", to)
        .iter()
        .filter_map(|(key, node)| {
            let code = decode::number(&key.text, key.place, to);
            let number = decode::dialled(node, "+8613800138000", to);
            Some((code?, number?))
        })
        .collect()
}
