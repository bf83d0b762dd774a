//! The section `codes`: what a phone dials to have something done.

use std::collections::BTreeSet;

use super::super::{
    decode::{self, Fields, Shape, shorten},
    features::{self, Feature},
    model::Codes,
    problem::Code,
    source::{Findings, Place},
    tree::Node,
};
use crate::base::number::Number;

const CODES: Shape = Shape {
    what: "codes",
    keys: &[
        ("pickup", "pickup: \"*8\""),
        ("forward_always", "forward_always: \"*72\""),
        ("forward_busy", "forward_busy: \"*90\""),
        ("forward_no_answer", "forward_no_answer: \"*92\""),
        ("forward_off", "forward_off: \"*73\""),
        ("quiet_on", "quiet_on: \"*78\""),
        ("quiet_off", "quiet_off: \"*79\""),
        ("intercom", "intercom: \"*50\""),
        ("voicemail", "voicemail: \"*97\""),
    ],
};

const LONGEST: usize = 6;

/// What must be there for a code.
fn feature(key: &str) -> Feature {
    match key {
        "pickup" => Feature::Pickup,
        "intercom" => Feature::Intercom,
        "voicemail" => Feature::Voicemail,
        _ => Feature::Forwarding,
    }
}

/// What the file does not name has its usual code; `none` takes one away, and so does `without`.
pub(super) fn read(section: Option<(&Node, Place)>, without: &BTreeSet<Feature>, to: &mut Findings) -> Codes {
    let fields = section.and_then(|(node, owner)| Fields::open(node, owner, &CODES, to));
    let mut codes = CODES.keys.iter().map(|(key, example)| {
        let usual = example.split('"').nth(1).and_then(|code| Number::new(code).ok());
        let told = fields.as_ref().and_then(|fields| Some((fields.get(key)?, fields.key_place(key)?)));
        let code = told.map_or(usual, |(node, _)| code(node, example, to));
        if !without.contains(&feature(key)) {
            return code;
        }
        if let Some((_, place)) = told.filter(|_| code.is_some()) {
            features::contradicts(feature(key), place, to);
        }
        None
    });
    let mut next = || codes.next().flatten();
    Codes {
        pickup: next(),
        forward_always: next(),
        forward_busy: next(),
        forward_no_answer: next(),
        forward_off: next(),
        quiet_on: next(),
        quiet_off: next(),
        intercom: next(),
        voicemail: next(),
    }
}

fn code(node: &Node, example: &str, to: &mut Findings) -> Option<Number> {
    let text = decode::scalar(node, example, to)?;
    if text == "none" {
        return None;
    }
    let code = Number::new(text).ok().filter(|_| text.starts_with(['*', '#']) && text.len() <= LONGEST);
    if code.is_none() {
        let message = format!("`{}` is no feature code", shorten(text));
        let help = format!("`*` or `#`, then up to 5 keys, in quotes, like `{example}`; `none` for none");
        to.error(Code::BadValue, node.place, message, help);
    }
    code
}

/// Each code that is set, with its key.
pub(super) fn each(codes: &Codes) -> Vec<(&'static str, &Number)> {
    let all = [
        &codes.pickup,
        &codes.forward_always,
        &codes.forward_busy,
        &codes.forward_no_answer,
        &codes.forward_off,
        &codes.quiet_on,
        &codes.quiet_off,
        &codes.intercom,
        &codes.voicemail,
    ];
    CODES.keys.iter().zip(all).filter_map(|((key, _), code)| Some((*key, code.as_ref()?))).collect()
}
