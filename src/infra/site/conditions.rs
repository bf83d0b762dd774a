//! `when` of a rule: whom it is for.

use std::{collections::BTreeMap, time::Duration};

use smol_str::SmolStr;

use super::{
    decode::{self, Fields, Shape, shorten},
    general,
    model::{Canary, When},
    names::Names,
    pattern::Pattern,
    problem::Code,
    source::Findings,
    tree::{Key, Node},
};
use crate::base::{area, id::Name};

const WHEN: Shape = Shape {
    what: "a condition",
    keys: &[
        ("class", "class: [vip, regular]"),
        ("tags", "tags: [investor]"),
        ("from", "from: [+8621.]"),
        ("to", "to: [4000]"),
        ("area", "area: [shanghai]"),
        ("language", "language: en"),
        ("complaints", "complaints: 2"),
        ("contacts", "contacts: 3"),
        ("again_within", "again_within: 3d"),
        ("topic", "topic: [refund]"),
        ("facts", "facts: { product: pump }"),
        ("open", "open: office"),
        ("closed", "closed: office"),
        ("canary", "canary: { department: sales, percent: 10 }"),
    ],
};
const CANARY: Shape =
    Shape { what: "a canary", keys: &[("department", "department: sales"), ("percent", "percent: 10")] };

pub(super) fn read(node: &Node, names: &Names, to: &mut Findings) -> Option<When> {
    let fields = Fields::open(node, node.place, &WHEN, to)?;
    let errors = to.count();
    let name_list = |key: &str, to: &mut Findings| {
        let nodes = fields.get(key).map(decode::list).unwrap_or_default();
        nodes.iter().filter_map(|node| new_name(node, to)).collect()
    };
    let (class, tags, topic) = (name_list("class", to), name_list("tags", to), name_list("topic", to));
    let nodes = |key: &str| fields.get(key).map(decode::list).unwrap_or_default();
    let count = |key: &str, to: &mut Findings| {
        fields.get(key).and_then(|node| decode::amount(node, 1, 10_000, to)).map(u32::from)
    };
    let when = When {
        class,
        tags,
        topic,
        from: nodes("from").iter().filter_map(|node| pattern(node, to)).collect(),
        to: nodes("to").iter().filter_map(|node| names.numbers.number(node, to)).collect(),
        area: nodes("area").iter().filter_map(|node| area(node, to)).collect(),
        language: fields.get("language").and_then(|node| general::language(node, to)),
        complaints: count("complaints", to),
        contacts: count("contacts", to),
        again_within: fields
            .get("again_within")
            .and_then(|n| decode::duration(n, Duration::from_secs(1), Duration::from_hours(24 * 366), to)),
        facts: fields.get("facts").map(|node| facts(node, to)).unwrap_or_default(),
        open: fields.get("open").and_then(|node| names.hours.name(node, to)),
        closed: fields.get("closed").and_then(|node| names.hours.name(node, to)),
        canary: fields.get("canary").and_then(|node| canary(node, to)),
    };
    if when.open.is_some() && when.open == when.closed {
        let place = fields.key_place("closed").unwrap_or(node.place);
        let message = "nothing is open and closed at once: nobody fits this rule";
        to.error(Code::Contradiction, place, message, "remove one of them");
    }
    (to.count() == errors).then_some(when)
}

fn new_name(node: &Node, to: &mut Findings) -> Option<Name> {
    let text = decode::scalar(node, "vip", to)?;
    decode::new_name(&Key { text: text.to_owned(), place: node.place }, "a class, a tag or a topic", to)
}

fn pattern(node: &Node, to: &mut Findings) -> Option<Pattern> {
    let text = decode::scalar(node, "+8621.", to)?;
    Pattern::new(text)
        .map_err(|why| {
            let message = format!("`{}` is no pattern of numbers: {why}", shorten(text));
            to.error(
                Code::BadValue,
                node.place,
                message,
                "digits, `x` for any digit, `.` at the end for more",
            );
        })
        .ok()
}

fn area(node: &Node, to: &mut Findings) -> Option<SmolStr> {
    let word = decode::scalar(node, "shanghai", to)?;
    if area::known_word(word) {
        return Some(word.into());
    }
    let message = format!("`{}` is no area", shorten(word));
    let help =
        "a country by its two letters, or a province or city of China: `US`, `guangdong`, `shanghai`, `上海`";
    to.error(Code::BadValue, node.place, message, help);
    None
}

fn facts(node: &Node, to: &mut Findings) -> BTreeMap<Name, SmolStr> {
    decode::entries(node, "facts", "product: pump", to)
        .iter()
        .filter_map(|(key, node)| {
            let slot = decode::new_name(key, "a slot", to);
            let value = decode::scalar(node, "pump", to);
            Some((slot?, value?.into()))
        })
        .collect()
}

fn canary(node: &Node, to: &mut Findings) -> Option<Canary> {
    let fields = Fields::open(node, node.place, &CANARY, to)?;
    let department = fields.need("department", to).and_then(|node| new_name(node, to));
    let percent = fields.need("percent", to).and_then(|node| decode::count(node, 0, 100, to));
    Some(Canary { department: department?, percent: percent? })
}
