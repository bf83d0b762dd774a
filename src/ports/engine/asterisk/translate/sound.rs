//! Names of what Asterisk records for us: they tell whose it is and what it is for, so that nothing is lost when
//! nobody remembers. The mark between their parts is in no id, so a channel named with it is never taken for a leg.

use serde_json::Value;

use super::{TAPE, text};
use crate::base::id::{LegId, OrderId, SoundId};

/// What we told Asterisk to record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recording {
    /// What a leg says, for an order.
    Message { order: OrderId, leg: LegId, sound: SoundId },
    /// One side of a tape.
    Tape { leg: LegId, sound: SoundId, side: Side },
}

/// A side of a tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What the leg says.
    In,
    /// What it hears.
    Out,
}

impl Side {
    pub const BOTH: [Self; 2] = [Self::In, Self::Out];

    /// As a snoop is asked for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

impl Recording {
    pub fn name(&self) -> String {
        match self {
            Self::Message { order, leg, sound } => format!("tandem~message~{order}~{leg}~{sound}"),
            Self::Tape { leg, sound, side } => format!("tandem~tape~{}~{leg}~{sound}", side.word()),
        }
    }

    /// `None`: it is none of ours.
    pub fn parse(name: &str) -> Option<Self> {
        let mut parts = name.strip_prefix("tandem~")?.split('~');
        let [kind, what, leg, sound] = std::array::from_fn(|_| parts.next().unwrap_or_default());
        let (leg, sound) = (LegId::new(leg).ok()?, SoundId::new(sound).ok()?);
        match (kind, what, parts.next()) {
            ("message", order, None) => Some(Self::Message { order: order.parse().ok()?, leg, sound }),
            ("tape", "in", None) => Some(Self::Tape { leg, sound, side: Side::In }),
            ("tape", "out", None) => Some(Self::Tape { leg, sound, side: Side::Out }),
            _ => None,
        }
    }
}

/// The channel that listens to a side of a leg.
pub fn snoop(leg: &LegId, side: Side) -> String {
    format!("tandem~{}~{leg}", side.word())
}

/// The channel by which a side of a leg is listened to meanwhile.
pub fn overhears(leg: &LegId, side: Side) -> String {
    format!("tandem~overhear~{}~{leg}", side.word())
}

/// The answer to `GET /channels`: which legs are taped, and into what.
pub fn tapes(answer: &Value) -> Vec<(LegId, SoundId)> {
    let one = |tree: &Value| {
        let leg = text(tree, "/id")?.strip_prefix("tandem~in~")?;
        let sound = tree.get("channelvars")?.get(TAPE)?.as_str()?;
        Some((LegId::new(leg).ok()?, SoundId::new(sound).ok()?))
    };
    answer.as_array().map(|list| list.iter().filter_map(one).collect()).unwrap_or_default()
}

/// The answer to `GET /recordings/stored`: what of it is ours.
pub fn stored(answer: &Value) -> Vec<Recording> {
    let one = |tree: &Value| Recording::parse(text(tree, "/name")?);
    answer.as_array().map(|list| list.iter().filter_map(one).collect()).unwrap_or_default()
}
