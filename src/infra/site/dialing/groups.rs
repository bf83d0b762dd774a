//! The sections `groups` and `conferences`: several phones under one number, one after the other or together.

use std::{collections::BTreeMap, path::Path, time::Duration};

use super::super::{
    decode::{self, Fields, Shape, shorten, suggest},
    model::{Conference, Group, RingOrder},
    names::Names,
    problem::Code,
    secret,
    source::Findings,
    tree::{Key, Node},
};
use crate::base::number::Number;

const GROUP: Shape = Shape {
    what: "a ring group",
    keys: &[
        ("name", "name: Front desk"),
        ("members", "members: [1001, 1002]"),
        ("ring", "ring: 20s"),
        ("order", "order: together"),
        ("otherwise", "otherwise: 1003"),
    ],
};
const CONFERENCE: Shape = Shape {
    what: "a conference",
    keys: &[
        ("name", "name: Monday"),
        ("pin_file", "pin_file: secrets/conference-8001"),
        ("most", "most: 20"),
        ("record", "record: true"),
    ],
};
const ORDERS: [(&str, RingOrder); 2] = [("together", RingOrder::Together), ("in_turn", RingOrder::InTurn)];

pub(super) fn groups(node: &Node, names: &Names, to: &mut Findings) -> BTreeMap<Number, Group> {
    let groups = decode::entries(node, "groups", "6001: { name: Front desk, members: [1001, 1002] }", to);
    groups.iter().filter_map(|(key, node)| group(key, node, names, to)).collect()
}

fn group(key: &Key, node: &Node, names: &Names, to: &mut Findings) -> Option<(Number, Group)> {
    let number = decode::number(&key.text, key.place, to);
    let fields = Fields::open(node, key.place, &GROUP, to)?;
    let name = fields.need("name", to).and_then(|n| decode::line(n, 80, "Front desk", to));
    let members = fields.need("members", to).map(|n| members(n, names, to));
    let (least, most) = (Duration::from_secs(5), Duration::from_mins(5));
    let ring =
        fields.get("ring").map_or(Some(Duration::from_secs(20)), |n| decode::duration(n, least, most, to));
    let order = fields.get("order").map_or(Some(RingOrder::Together), |n| order(n, to));
    let otherwise = match fields.get("otherwise") {
        Some(node) => Some(decode::dialled(node, "1003", to)?),
        None => None,
    };
    let group = Group { name: name?.into(), members: members?, ring: ring?, order: order?, otherwise };
    Some((number?, group))
}

fn members(node: &Node, names: &Names, to: &mut Findings) -> Vec<Number> {
    let mut found = Vec::new();
    if decode::list(node).is_empty() {
        to.error(
            Code::MissingKey,
            node.place,
            "nobody is in this group",
            "name its extensions: `members: [1001, 1002]`",
        );
    }
    for node in decode::list(node) {
        let Some(member) = names.extensions.number(node, to) else { continue };
        if found.contains(&member) {
            to.error(Code::Duplicate, node.place, format!("extension {member} is here twice"), "remove one");
        } else {
            found.push(member);
        }
    }
    found
}

fn order(node: &Node, to: &mut Findings) -> Option<RingOrder> {
    let text = decode::scalar(node, "together", to)?;
    let order = ORDERS.iter().find(|(word, _)| *word == text).map(|(_, order)| *order);
    if order.is_none() {
        let message = format!("phones do not ring `{}`", shorten(text));
        to.error(Code::BadValue, node.place, message, suggest(text, &ORDERS.map(|o| o.0), "allowed"));
    }
    order
}

pub(super) fn conferences(root: &Path, node: &Node, to: &mut Findings) -> BTreeMap<Number, Conference> {
    let all = decode::entries(node, "conferences", "8001: { name: Monday }", to);
    all.iter().filter_map(|(key, node)| conference(root, key, node, to)).collect()
}

fn conference(root: &Path, key: &Key, node: &Node, to: &mut Findings) -> Option<(Number, Conference)> {
    let number = decode::number(&key.text, key.place, to);
    let fields = Fields::open(node, key.place, &CONFERENCE, to)?;
    let name = fields.need("name", to).and_then(|n| decode::line(n, 80, "Monday", to));
    let pin_file = match fields.get("pin_file") {
        Some(node) => Some(secret::pin_file(root, Some(node), node.place, "secrets/conference-8001", to)?),
        None => None,
    };
    let most = fields.get("most").map_or(Some(20), |n| decode::amount(n, 2, 200, to));
    let record = fields.get("record").map_or(Some(false), |n| decode::flag(n, to));
    let conference = Conference { name: name?.into(), pin_file, pin: None, most: most?, record: record? };
    Some((number?, conference))
}
