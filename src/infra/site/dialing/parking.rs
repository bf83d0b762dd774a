//! The section `parking`: numbers at which calls are left for somebody else.

use std::time::Duration;

use super::super::{
    decode::{self, Fields, Shape, shorten},
    model::Parking,
    problem::Code,
    source::{Findings, Place},
    tree::{Key, Node, Value},
};
use crate::base::number::Number;

const PARKING: Shape =
    Shape { what: "parking", keys: &[("slots", "slots: 701-705"), ("back_after", "back_after: 2m")] };
const MOST: usize = 100;

pub(super) fn read(node: &Node, owner: Place, to: &mut Findings) -> Option<Parking> {
    let fields = Fields::open(node, owner, &PARKING, to)?;
    let slots = fields.need("slots", to).map(|n| slots(n, to));
    let (least, most) = (Duration::from_secs(15), Duration::from_hours(1));
    let back_after = fields
        .get("back_after")
        .map_or(Some(Duration::from_mins(2)), |n| decode::duration(n, least, most, to));
    Some(Parking { slots: slots?, back_after: back_after? })
}

fn slots(node: &Node, to: &mut Findings) -> Vec<Number> {
    let mut found = Vec::new();
    if decode::list(node).is_empty() {
        to.error(Code::MissingKey, node.place, "no slot to park a call at", "name some: `slots: 701-705`");
    }
    for node in decode::list(node) {
        let Some(text) = decode::scalar(node, "701-705", to) else { continue };
        let Some(range) = range(text) else {
            let message = format!("`{}` is neither a slot nor a range of slots", shorten(text));
            let help =
                format!("one number, or from one up to another of as many digits: `701-705`, {MOST} at most");
            to.error(Code::BadValue, node.place, message, help);
            continue;
        };
        for slot in range {
            if found.contains(&slot) {
                to.error(Code::Duplicate, node.place, format!("slot {slot} is here twice"), "remove one");
            } else {
                found.push(slot);
            }
        }
    }
    found
}

/// `701`, or `701-705`.
fn range(text: &str) -> Option<Vec<Number>> {
    let Some((from, to)) = text.split_once('-') else { return Some(vec![Number::new(text).ok()?]) };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u32>().ok())?;
    let (first, last) = (digits(from)?, digits(to)?);
    let many = usize::try_from(last.checked_sub(first)?).ok()?;
    let width = from.len();
    (from.len() == to.len() && many < MOST)
        .then(|| (first..=last).filter_map(|n| Number::new(format!("{n:0width$}")).ok()).collect())
}

/// Every slot with its place, before anything is said about it.
pub(in super::super) fn slot_keys(parking: Option<&Node>) -> Vec<Key> {
    let Some(Value::Table(entries)) = parking.map(|n| &n.value) else { return Vec::new() };
    let slots =
        entries.iter().filter(|(key, _)| key.text == "slots").flat_map(|(_, node)| decode::list(node));
    slots
        .filter_map(|node| Some((decode::text(node)?, node.place)))
        .flat_map(|(text, place)| range(text).unwrap_or_default().into_iter().map(move |slot| (slot, place)))
        .map(|(slot, place)| Key { text: slot.as_str().to_owned(), place })
        .collect()
}
