//! `dispositions` of a queue: what its agents say of a call when it is over.

use std::time::Duration;

use super::{
    decode::{self, Fields, Shape},
    model::Dispositions,
    problem::Code,
    prompt::Tongue,
    source::Findings,
    tree::Node,
};

const DISPOSITIONS: Shape = Shape {
    what: "dispositions",
    keys: &[
        ("codes", "codes: { solved: { zh: 已解决, en: Solved } }"),
        ("required", "required: true"),
        ("within", "within: 10m"),
    ],
};

/// `{ codes: { solved: { zh: 已解决, en: Solved } }, required: true, within: 10m }`
pub(super) fn read(node: &Node, tongue: &Tongue, to: &mut Findings) -> Option<Dispositions> {
    let fields = Fields::open(node, node.place, &DISPOSITIONS, to)?;
    let codes = fields.need("codes", to)?;
    let entries = decode::entries(codes, "dispositions", "solved: { zh: 已解决, en: Solved }", to);
    if entries.is_empty() {
        let help = "add one, like `solved: { zh: 已解决, en: Solved }`";
        to.error(Code::MissingKey, codes.place, "nothing that agents could say of a call", help);
        return None;
    }
    let read: Vec<_> = entries
        .iter()
        .map(|(key, node)| (decode::new_name(key, "a disposition", to), tongue.prompt(node, to)))
        .collect();
    let required = fields.get("required").map_or(Some(false), |n| decode::flag(n, to));
    let (least, most, usual) = (Duration::from_secs(10), Duration::from_mins(30), Duration::from_mins(10));
    let within = fields.get("within").map_or(Some(usual), |n| decode::duration(n, least, most, to));
    if let Some(place) = fields.key_place("within").filter(|_| required == Some(false)) {
        let message = "a wrap-up in which nothing is required ends by itself as ever";
        to.error(Code::Contradiction, place, message, "add `required: true`, or remove it");
    }
    let codes = read.into_iter().map(|(code, label)| Some((code?, label?))).collect::<Option<_>>()?;
    Some(Dispositions { codes, required: required?, within: within? })
}
