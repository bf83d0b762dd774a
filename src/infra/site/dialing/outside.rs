//! The section `outside`: how numbers outside look, which class each is of, and on which trunks they are called.

use smol_str::SmolStr;

use super::super::{
    decode::{self, Fields, Shape, shorten},
    model::Outside,
    names::Names,
    pattern::Pattern,
    problem::Code,
    source::{Findings, Place},
    tree::Node,
};
use crate::base::{id::Name, number::Number};

const OUTSIDE: Shape = Shape {
    what: "outside",
    keys: &[
        ("prefix", "prefix: \"9\""),
        ("local", "local: [\"[2-8]xxxxxxx\"]"),
        ("national", "national: [\"0[1-9].\", \"1[3-9]xxxxxxxxx\"]"),
        ("international", "international: [\"00.\"]"),
        ("blocked", "blocked: [\"00881.\"]"),
        ("emergency", "emergency: [110, 119, 120]"),
        ("trunks", "trunks: [carrier]"),
        ("caller", "caller: 02161234000"),
    ],
};
const LISTS: [&str; 4] = ["local", "national", "international", "blocked"];
const LONGEST_PREFIX: usize = 4;

pub(super) fn read(node: &Node, owner: Place, names: &Names, to: &mut Findings) -> Option<Outside> {
    let fields = Fields::open(node, owner, &OUTSIDE, to)?;
    let prefix = fields.get("prefix").map_or(Some(SmolStr::default()), |n| prefix(n, to));
    let mut seen: Vec<(Pattern, Place)> = Vec::new();
    let [local, national, international, blocked] =
        LISTS.map(|key| fields.get(key).map(|n| patterns(n, &mut seen, to)).unwrap_or_default());
    if fields.get("local").or(fields.get("national")).or(fields.get("international")).is_none() {
        let message = "no pattern says which numbers may be called";
        to.error(
            Code::MissingKey,
            owner,
            message,
            "add `local`, `national` or `international`: `local: [\"[2-8]xxxxxxx\"]`",
        );
    }
    let emergency = fields.get("emergency").map(|n| emergency(n, to));
    if emergency.as_ref().is_none_or(Vec::is_empty) {
        let message = "no emergency number: in need, phones that may call the house only reach nobody";
        to.warn(
            Code::MissingKey,
            owner,
            message,
            "add `emergency: [110, 119, 120]`, or those of your country",
        );
    }
    let trunks = fields.need("trunks", to).map(|n| trunks(n, names, to));
    let caller = match fields.get("caller") {
        Some(node) => Some(decode::dialled(node, "02161234000", to)?),
        None => None,
    };
    Some(Outside {
        prefix: prefix?,
        local,
        national,
        international,
        blocked,
        emergency: emergency.unwrap_or_default(),
        trunks: trunks?,
        caller,
    })
}

fn prefix(node: &Node, to: &mut Findings) -> Option<SmolStr> {
    let text = decode::scalar(node, "\"9\"", to)?;
    if text.len() <= LONGEST_PREFIX && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(SmolStr::new(text));
    }
    let message = format!("`{}` is no prefix", shorten(text));
    to.error(Code::BadValue, node.place, message, "up to 4 digits, like `\"9\"`; `\"\"` for none");
    None
}

fn patterns(node: &Node, seen: &mut Vec<(Pattern, Place)>, to: &mut Findings) -> Vec<Pattern> {
    let mut found = Vec::new();
    for node in decode::list(node) {
        let Some(text) = decode::scalar(node, "\"[2-8]xxxxxxx\"", to) else { continue };
        match Pattern::new(text) {
            Ok(pattern) => {
                if let Some((_, first)) = seen.iter().find(|(known, _)| *known == pattern) {
                    let first = to.whereabouts(*first);
                    let message = format!("the pattern `{pattern}` is here already, at {first}");
                    to.error(
                        Code::Duplicate,
                        node.place,
                        message,
                        "a number has one class: remove one of them",
                    );
                    continue;
                }
                seen.push((pattern.clone(), node.place));
                found.push(pattern);
            }
            Err(fault) => {
                let message = format!("`{}` is no pattern of numbers: {fault}", shorten(text));
                let help = "digits, `x` for any digit, `[2-9]`, at the end `.` for more: `\"0[1-9].\"`";
                to.error(Code::BadValue, node.place, message, help);
            }
        }
    }
    found
}

fn emergency(node: &Node, to: &mut Findings) -> Vec<Number> {
    let mut found = Vec::new();
    for node in decode::list(node) {
        let Some(number) = decode::dialled(node, "110", to) else { continue };
        if !number.as_str().bytes().all(|b| b.is_ascii_digit()) {
            let message = format!("`{number}` is no emergency number");
            to.error(Code::BadValue, node.place, message, "as it is dialled in need, digits only: `110`");
        } else if found.contains(&number) {
            to.error(Code::Duplicate, node.place, format!("`{number}` is here twice"), "remove one");
        } else {
            found.push(number);
        }
    }
    found
}

fn trunks(node: &Node, names: &Names, to: &mut Findings) -> Vec<Name> {
    let mut found = Vec::new();
    if decode::list(node).is_empty() {
        to.error(
            Code::MissingKey,
            node.place,
            "no trunk leads outside",
            "name one of trunks.yaml: `trunks: [carrier]`",
        );
    }
    for node in decode::list(node) {
        let Some(trunk) = names.trunks.name(node, to) else { continue };
        if found.contains(&trunk) {
            to.error(Code::Duplicate, node.place, format!("trunk `{trunk}` is here twice"), "remove one");
        } else {
            found.push(trunk);
        }
    }
    found
}
