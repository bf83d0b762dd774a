//! What Tandem writes onto an application that it starts, so that its end tells by itself what it was.

use std::{fmt, str::FromStr};

use crate::base::id::{LegId, OrderId};

/// Sent as `event-uuid`, comes back as the application's id. Legs and orders survive a restart in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    Answer(OrderId),
    Ring(OrderId),
    Play(OrderId),
    Music(OrderId),
    Detect(OrderId),
    /// What a recogniser is told besides; counted, not ordered.
    Redetect(OrderId),
    Record(OrderId),
    Connect(OrderId, LegId),
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(order) => write!(f, "tandem/answer/{order}"),
            Self::Ring(order) => write!(f, "tandem/ring/{order}"),
            Self::Record(order) => write!(f, "tandem/record/{order}"),
            Self::Detect(order) => write!(f, "tandem/detect/{order}"),
            Self::Redetect(count) => write!(f, "tandem/redetect/{count}"),
            Self::Play(order) => write!(f, "tandem/play/{order}"),
            Self::Music(order) => write!(f, "tandem/music/{order}"),
            Self::Connect(order, to) => write!(f, "tandem/connect/{order}/{to}"),
        }
    }
}

/// Somebody else's application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotOurs;

impl FromStr for Tag {
    type Err = NotOurs;

    fn from_str(text: &str) -> Result<Self, NotOurs> {
        let mut parts = text.split('/');
        if parts.next() != Some("tandem") {
            return Err(NotOurs);
        }
        let kind = parts.next().ok_or(NotOurs)?;
        let order: OrderId = parts.next().ok_or(NotOurs)?.parse().map_err(|_| NotOurs)?;
        let tag = match (kind, parts.next()) {
            ("answer", None) => Self::Answer(order),
            ("ring", None) => Self::Ring(order),
            ("record", None) => Self::Record(order),
            ("detect", None) => Self::Detect(order),
            ("redetect", None) => Self::Redetect(order),
            ("play", None) => Self::Play(order),
            ("music", None) => Self::Music(order),
            ("connect", Some(to)) => Self::Connect(order, LegId::new(to).map_err(|_| NotOurs)?),
            _ => return Err(NotOurs),
        };
        if parts.next().is_none() { Ok(tag) } else { Err(NotOurs) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_reads_back_and_strangers_are_none() {
        let order = OrderId { seq: 7, index: 1 };
        let to = LegId::new("b-1").expect("id");
        let plain = [Tag::Answer, Tag::Ring, Tag::Play, Tag::Music, Tag::Record, Tag::Detect, Tag::Redetect]
            .map(|tag| tag(order));
        for tag in plain.into_iter().chain([Tag::Connect(order, to)]) {
            assert_eq!(tag.to_string().parse(), Ok(tag));
        }
        for text in
            ["", "a04f3ad3-082a", "tandem/play", "tandem/play/1.2/x", "tandem/connect/1.2", "other/play/1.2"]
        {
            assert_eq!(text.parse::<Tag>(), Err(NotOurs), "{text}");
        }
    }
}
