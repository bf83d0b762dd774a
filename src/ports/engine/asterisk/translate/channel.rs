//! A channel and a bridge as Asterisk describes them.

use std::collections::HashMap;

use serde_json::Value;

use super::{APP, CALLER, DIALLED, PEER, PLAY, RECORD, Recording, leg, text};
use crate::{
    base::{
        id::{LegId, Name, OrderId, RoomId},
        number::Number,
        text::Label,
    },
    ports::engine::{Arrival, Origin},
};

/// Names of bridges that Tandem made begin so; the id of the leg that somebody talks with follows.
const TALK: &str = "tandem-";
/// Or the id of a room.
const ROOM: &str = "tandem-room-";

/// Where a channel is in our dialplan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Came in and waits for orders.
    Arrival,
    /// Back from a talk or an attempt at one.
    Resumed,
    /// Dialled by us and answered.
    Dialled,
    /// Handed over to the fallback.
    Fallback,
    /// Dialled and not yet answered, or none of ours.
    Elsewhere,
}

/// Who commands a channel at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// We do.
    Ours,
    /// The dialplan, which wants to give it to us and finds nobody.
    Offered,
    /// The dialplan, or nobody yet.
    Other,
}

/// A channel as Asterisk describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    pub leg: LegId,
    pub place: Place,
    pub hold: Hold,
    pub up: bool,
    pub ringing: bool,
    /// We dialled it.
    pub dialled: bool,
    /// Who is given back when this leg ends: the one that it was dialled for.
    pub caller: Option<LegId>,
    /// The leg whose end gives this one back: the one that was dialled last for it.
    pub peer: Option<LegId>,
    /// The last `Play`.
    pub play: Option<OrderId>,
    /// The last `Record`.
    pub record: Option<Recording>,
    /// `None` when what was dialled is no number.
    pub arrival: Option<Arrival>,
}

impl Channel {
    pub(super) fn read(tree: &Value) -> Option<Self> {
        let context = text(tree, "/dialplan/context").unwrap_or_default();
        let app = text(tree, "/dialplan/app_name").unwrap_or_default();
        let data = text(tree, "/dialplan/app_data").unwrap_or_default();
        let place = match context {
            "tandem-trunk" | "tandem-phone" | "tandem-arrival" => Place::Arrival,
            "tandem-resume" => Place::Resumed,
            "tandem-dialled" => Place::Dialled,
            "tandem-fallback" => Place::Fallback,
            _ => Place::Elsewhere,
        };
        let variable =
            |name: &str| tree.get("channelvars").and_then(|vars| vars.get(name)).and_then(Value::as_str);
        let dialled = variable(DIALLED).is_some_and(|text| !text.is_empty());
        let state = text(tree, "/state").unwrap_or_default();
        Some(Self {
            leg: leg(tree, "/id")?,
            // A leg that is dialled, by us or by the fallback, is born in the context of its endpoint.
            place: if place == Place::Arrival && (dialled || app.starts_with("AppDial")) {
                Place::Elsewhere
            } else {
                place
            },
            hold: match app {
                "Stasis" if data.starts_with(APP) => Hold::Ours,
                "Wait" if matches!(place, Place::Arrival | Place::Resumed | Place::Dialled) => Hold::Offered,
                _ => Hold::Other,
            },
            up: state == "Up",
            ringing: state == "Ringing",
            arrival: if dialled { None } else { arrival(tree, context) },
            dialled,
            caller: variable(CALLER).and_then(|id| LegId::new(id).ok()),
            peer: variable(PEER).and_then(|id| LegId::new(id).ok()),
            play: variable(PLAY).and_then(|id| id.parse().ok()),
            record: variable(RECORD).and_then(Recording::parse),
        })
    }
}

fn arrival(tree: &Value, context: &str) -> Option<Arrival> {
    let origin = match context {
        "tandem-phone" => Origin::Phone(Name::new(endpoint_of(text(tree, "/name")?)?).ok()?),
        "tandem-trunk" => Origin::Trunk,
        _ => return None,
    };
    Some(Arrival {
        origin,
        from: text(tree, "/caller/number").and_then(|text| Number::new(text).ok()),
        from_name: Label::new(text(tree, "/caller/name").unwrap_or_default()),
        to: Number::new(text(tree, "/dialplan/exten")?).ok()?,
    })
}

/// `1001` of the channel name `PJSIP/1001-0000002a`.
fn endpoint_of(name: &str) -> Option<&str> {
    name.strip_prefix("PJSIP/")?.rsplit_once('-').map(|(endpoint, _)| endpoint)
}

/// What a bridge of ours is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Somebody talks with this leg.
    Talk(LegId),
    Room(RoomId),
}

/// A bridge as Asterisk describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    pub id: String,
    pub members: Vec<LegId>,
}

impl Bridge {
    pub(super) fn read(tree: &Value) -> Option<Self> {
        let members = tree.get("channels").and_then(Value::as_array);
        Some(Self {
            id: text(tree, "/id")?.to_owned(),
            members: members
                .map(|list| list.iter().filter_map(|id| LegId::new(id.as_str()?).ok()).collect())
                .unwrap_or_default(),
        })
    }

    /// `None`: it is none of ours.
    pub fn purpose(&self) -> Option<Purpose> {
        if let Some(room) = self.id.strip_prefix(ROOM) {
            return RoomId::new(room).ok().map(Purpose::Room);
        }
        LegId::new(self.id.strip_prefix(TALK)?).ok().map(Purpose::Talk)
    }

    /// The leg that this bridge was made for, if it is one for a talk of ours.
    pub fn talk(&self) -> Option<LegId> {
        match self.purpose()? {
            Purpose::Talk(leg) => Some(leg),
            Purpose::Room(_) => None,
        }
    }

    pub fn room(&self) -> Option<RoomId> {
        match self.purpose()? {
            Purpose::Room(room) => Some(room),
            Purpose::Talk(_) => None,
        }
    }
}

/// The name of the bridge in which somebody talks with this leg.
pub fn bridge_for(dialled: &LegId) -> String {
    format!("{TALK}{dialled}")
}

/// The name of the bridge that a room is.
pub fn bridge_of(room: &RoomId) -> String {
    format!("{ROOM}{room}")
}

/// What a leg's talk is: with whom, and for which of the two the bridge was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talk {
    pub peer: LegId,
    pub made: LegId,
}

/// Who talks with whom.
pub fn talks(bridges: &[Bridge]) -> HashMap<LegId, Talk> {
    let mut talks = HashMap::new();
    for bridge in bridges {
        if let (Some(made), [a, b]) = (bridge.talk(), bridge.members.as_slice()) {
            talks.insert(a.clone(), Talk { peer: b.clone(), made: made.clone() });
            talks.insert(b.clone(), Talk { peer: a.clone(), made });
        }
    }
    talks
}

/// Who is in which room.
pub fn rooms(bridges: &[Bridge]) -> HashMap<LegId, RoomId> {
    let of = |bridge: &Bridge| Some((bridge.members.clone(), bridge.room()?));
    bridges
        .iter()
        .filter_map(of)
        .flat_map(|(legs, room)| legs.into_iter().map(move |leg| (leg, room.clone())))
        .collect()
}
