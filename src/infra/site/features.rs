//! `without` in site.yaml: what a house does not have at all. Nobody can dial it, command it or describe it elsewhere.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    decode::{self, shorten, suggest},
    problem::Code,
    source::{Findings, Place},
    tree::{Key, Node, Value},
};

/// What a house may be without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Feature {
    Conferences,
    /// Forwards and do not disturb.
    Forwarding,
    Groups,
    Intercom,
    Parking,
    Pickup,
    /// Of talks and conferences. A mailbox takes messages all the same.
    Recording,
    Voicemail,
}

impl Feature {
    pub const ALL: [Self; 8] = [
        Self::Conferences,
        Self::Forwarding,
        Self::Groups,
        Self::Intercom,
        Self::Parking,
        Self::Pickup,
        Self::Recording,
        Self::Voicemail,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Conferences => "conferences",
            Self::Forwarding => "forwarding",
            Self::Groups => "groups",
            Self::Intercom => "intercom",
            Self::Parking => "parking",
            Self::Pickup => "pickup",
            Self::Recording => "recording",
            Self::Voicemail => "voicemail",
        }
    }

    /// The key that describes it, and what has that key.
    fn key(self) -> Option<(Has, &'static str)> {
        match self {
            Self::Conferences => Some((Has::Dialing, "conferences")),
            Self::Forwarding => Some((Has::Extension, "forward")),
            Self::Groups => Some((Has::Dialing, "groups")),
            Self::Intercom => None,
            Self::Parking => Some((Has::Dialing, "parking")),
            Self::Pickup => Some((Has::Extension, "pickup")),
            Self::Recording => Some((Has::Conference, "record")),
            Self::Voicemail => Some((Has::Extension, "mailbox")),
        }
    }
}

/// What has keys by which features are described.
#[derive(Clone, Copy)]
enum Has {
    Dialing,
    Conference,
    Extension,
}

/// The list of `without`.
pub(super) fn read(node: &Node, to: &mut Findings) -> BTreeSet<Feature> {
    let mut without = BTreeSet::new();
    for node in decode::list(node) {
        let Some(text) = decode::scalar(node, "recording", to) else { continue };
        match Feature::ALL.into_iter().find(|feature| feature.word() == text) {
            Some(feature) if without.insert(feature) => {}
            Some(_) => to.error(Code::Duplicate, node.place, "this is here twice", "remove one of them"),
            None => {
                let message = format!("there is no feature `{}`", shorten(text));
                let help = suggest(text, &Feature::ALL.map(Feature::word), "allowed");
                to.error(Code::BadValue, node.place, message, help);
            }
        }
    }
    without
}

/// Tells what describes them nevertheless; `dialing::codes` tells it of codes.
pub(super) fn leave_out(
    without: &BTreeSet<Feature>,
    dialing: Option<&Node>,
    people: Option<&Node>,
    to: &mut Findings,
) {
    for feature in without {
        let Some((has, key)) = feature.key() else { continue };
        let places: Vec<&Node> = match has {
            Has::Dialing => dialing.into_iter().collect(),
            Has::Conference => below(dialing, "conferences"),
            Has::Extension => below(people, "extensions"),
        };
        for node in places {
            if let Some((key, _)) = table(node).iter().find(|(found, _)| found.text == key) {
                contradicts(*feature, key.place, to);
            }
        }
    }
}

/// Something that the house is without is described here.
pub(super) fn contradicts(feature: Feature, place: Place, to: &mut Findings) {
    let word = feature.word();
    let message = format!("`without` in site.yaml says that there is no {word}");
    to.error(Code::Contradiction, place, message, format!("remove this, or `{word}` there"));
}

/// What the entries of this section have.
fn below<'a>(node: Option<&'a Node>, section: &str) -> Vec<&'a Node> {
    let sections = node.map(table).unwrap_or_default().iter().filter(|(key, _)| key.text == section);
    sections.flat_map(|(_, section)| table(section)).map(|(_, node)| node).collect()
}

fn table(node: &Node) -> &[(Key, Node)] {
    match &node.value {
        Value::Table(table) => table,
        _ => &[],
    }
}
