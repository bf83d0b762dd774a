//! The only place that knows the names of ARI's fields: what Asterisk says becomes Tandem's words here.
//!
//! Everything is read by asking a JSON tree for what is needed. What is missing, unknown, or of another type
//! than expected is not there; nothing that Asterisk or a caller sends can make this fail.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::{
    base::{
        id::{LegId, Name, OrderId},
        number::{Key, Number},
        text::Label,
    },
    ports::engine::{Arrival, HangupCause, Origin},
};

/// The Stasis application that Tandem is.
pub const APP: &str = "tandem";
/// The event that the link has sent to itself.
pub const HELLO: &str = "tandem-hello";
/// Names of bridges that Tandem made begin so; the dialled leg's id follows.
pub const BRIDGE: &str = "tandem-";
/// Endpoints to the outside begin so, and no phone does.
const TRUNK: &str = "trunk.";
/// Channel variables that travel with every event (`channelvars` in `ari.conf`).
pub const CALLER: &str = "TANDEM_CALLER";
pub const PEER: &str = "TANDEM_PEER";
pub const PLAY: &str = "TANDEM_PLAY";

/// Events that are asked for; all others stay in Asterisk.
const WANTED: &[&str] = &[
    "ApplicationReplaced",
    "ChannelDestroyed",
    "ChannelDialplan",
    "ChannelDtmfReceived",
    "ChannelEnteredBridge",
    "ChannelStateChange",
    "ChannelUserevent",
    "PeerStatusChange",
    "PlaybackFinished",
    "StasisStart",
];

/// Something that Asterisk said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A channel came under our command.
    Entered(Channel),
    /// A channel's state changed.
    State(Channel),
    /// A channel went to the fallback: it is no longer ours.
    LetGo {
        leg: LegId,
    },
    Key {
        leg: LegId,
        key: Key,
    },
    Played {
        order: OrderId,
        failed: bool,
    },
    /// A channel entered a bridge, whose members are now these.
    Bridged {
        bridge: Bridge,
    },
    Destroyed {
        leg: LegId,
        cause: HangupCause,
    },
    Phone {
        extension: Name,
        registered: bool,
    },
    /// Our own voice: the stream works.
    Hello,
    /// Somebody else connected under our name; this connection gets nothing more.
    Replaced,
}

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
    /// Set on legs that we dialled.
    pub caller: Option<LegId>,
    /// Set on callers: the leg that was dialled last for them.
    pub peer: Option<LegId>,
    /// The last `Play`.
    pub play: Option<OrderId>,
    /// `None` when what was dialled is no number.
    pub arrival: Option<Arrival>,
}

/// A bridge as Asterisk describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    pub id: String,
    pub members: Vec<LegId>,
}

impl Bridge {
    /// The dialled leg that this bridge was made for, if it is ours.
    pub fn dialled(&self) -> Option<LegId> {
        LegId::new(self.id.strip_prefix(BRIDGE)?).ok()
    }
}

/// The name of the bridge made for a dialled leg.
pub fn bridge_for(dialled: &LegId) -> String {
    format!("{BRIDGE}{dialled}")
}

/// Asterisk's name of whom to dial.
pub fn endpoint(endpoint: &crate::ports::engine::Endpoint) -> String {
    match endpoint {
        crate::ports::engine::Endpoint::Phone(phone) | crate::ports::engine::Endpoint::Intercom(phone) => {
            format!("PJSIP/{phone}")
        }
        crate::ports::engine::Endpoint::Trunk { trunk, number } => format!("PJSIP/{number}@{TRUNK}{trunk}"),
    }
}

/// The caller shown to the dialled phone.
pub fn caller_id(number: &Number, name: &Label) -> String {
    let name: String = name.as_str().chars().filter(|c| !matches!(c, '"' | '\\' | '<' | '>')).collect();
    format!("\"{name}\" <{number}>")
}

/// The body that narrows the subscription to what is wanted.
pub fn filter() -> Value {
    let wanted: Vec<Value> = WANTED.iter().map(|name| json!({ "type": name })).collect();
    json!({ "allowed": wanted })
}

/// The body of an originate: whose call this is, and who gets the caller back when the leg ends.
pub fn variables(caller: &LegId) -> Value {
    json!({ "variables": { CALLER: caller.as_str(), "CHANNEL(hangup_handler_push)": "tandem-gone,s,1" } })
}

/// One frame of the event stream. `None`: nothing that concerns us.
pub fn event(frame: &str) -> Option<Heard> {
    let tree: Value = serde_json::from_str(frame).ok()?;
    match text(&tree, "/type")? {
        "StasisStart" => Some(Heard::Entered(channel(tree.get("channel")?)?)),
        "ChannelStateChange" => Some(Heard::State(channel(tree.get("channel")?)?)),
        "ChannelDialplan" => {
            let channel = channel(tree.get("channel")?)?;
            (channel.place == Place::Fallback).then_some(Heard::LetGo { leg: channel.leg })
        }
        "ChannelDtmfReceived" => {
            let mut digits = text(&tree, "/digit")?.chars();
            let key = Key::new(digits.next()?.to_ascii_uppercase()).filter(|_| digits.next().is_none())?;
            Some(Heard::Key { leg: leg(&tree, "/channel/id")?, key })
        }
        "PlaybackFinished" => Some(Heard::Played {
            order: text(&tree, "/playback/id")?.parse().ok()?,
            failed: text(&tree, "/playback/state") == Some("failed"),
        }),
        "ChannelEnteredBridge" => Some(Heard::Bridged { bridge: bridge(tree.get("bridge")?)? }),
        "ChannelDestroyed" => Some(Heard::Destroyed {
            leg: leg(&tree, "/channel/id")?,
            cause: cause(number(&tree, "/cause"), number(&tree, "/tech_cause")),
        }),
        // Told for the first contact and the last only, unlike ContactStatusChange.
        "PeerStatusChange" => Some(Heard::Phone {
            extension: phone_name(&tree, "/endpoint/resource")?,
            registered: text(&tree, "/endpoint/state") == Some("online"),
        }),
        "ChannelUserevent" if text(&tree, "/eventname") == Some(HELLO) => Some(Heard::Hello),
        "ApplicationReplaced" => Some(Heard::Replaced),
        _ => None,
    }
}

/// The answer to `GET /channels`; channels that cannot be ours are left out.
pub fn channels(answer: &Value) -> Vec<Channel> {
    answer.as_array().map(|list| list.iter().filter_map(channel).collect()).unwrap_or_default()
}

/// The answer to `GET /bridges`.
pub fn bridges(answer: &Value) -> Vec<Bridge> {
    answer.as_array().map(|list| list.iter().filter_map(bridge).collect()).unwrap_or_default()
}

/// The answer to `GET /endpoints/PJSIP`: phones and whether they are registered.
pub fn phones(answer: &Value) -> Vec<(Name, bool)> {
    let one = |tree: &Value| Some((phone_name(tree, "/resource")?, text(tree, "/state") == Some("online")));
    answer.as_array().map(|list| list.iter().filter_map(one).collect()).unwrap_or_default()
}

/// The answer to `GET /asterisk/info`: product and version.
pub fn engine(answer: &Value) -> Label {
    Label::new(&format!("Asterisk {}", text(answer, "/system/version").unwrap_or("of unknown version")))
}

/// What Asterisk gives as the reason of a refusal.
pub fn reason(answer: &Value) -> Option<Label> {
    text(answer, "/message").or_else(|| text(answer, "/error")).map(Label::new)
}

/// The cause of Q.850; where Asterisk has none, by the SIP status (RFC 3398).
pub fn cause(q850: Option<i64>, sip: Option<i64>) -> HangupCause {
    match (q850, sip) {
        (Some(q @ 1..=126), _) => HangupCause(q as u8),
        // The caller cancelled.
        (_, Some(487)) | (Some(0) | None, None) => HangupCause::NORMAL_CLEARING,
        (_, Some(486 | 600)) => HangupCause::USER_BUSY,
        (_, Some(404 | 604)) => HangupCause::UNALLOCATED_NUMBER,
        (_, Some(603)) => HangupCause::CALL_REJECTED,
        (_, Some(408)) => HangupCause::NO_USER_RESPONSE,
        (_, Some(480)) => HangupCause::NO_ANSWER,
        (_, Some(500..=599)) => HangupCause::TEMPORARY_FAILURE,
        _ => HangupCause::INTERWORKING,
    }
}

fn channel(tree: &Value) -> Option<Channel> {
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
    let caller = variable(CALLER).and_then(|id| LegId::new(id).ok());
    let state = text(tree, "/state").unwrap_or_default();
    Some(Channel {
        leg: leg(tree, "/id")?,
        // A leg that is dialled, by us or by the fallback, is born in the context of its endpoint.
        place: if place == Place::Arrival && (caller.is_some() || app.starts_with("AppDial")) {
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
        arrival: if caller.is_some() { None } else { arrival(tree, context) },
        caller,
        peer: variable(PEER).and_then(|id| LegId::new(id).ok()),
        play: variable(PLAY).and_then(|id| id.parse().ok()),
    })
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

fn bridge(tree: &Value) -> Option<Bridge> {
    let members = tree.get("channels").and_then(Value::as_array);
    Some(Bridge {
        id: text(tree, "/id")?.to_owned(),
        members: members
            .map(|list| list.iter().filter_map(|id| LegId::new(id.as_str()?).ok()).collect())
            .unwrap_or_default(),
    })
}

fn phone_name(tree: &Value, path: &str) -> Option<Name> {
    Name::new(text(tree, path)?).ok().filter(|name| !name.as_str().starts_with(TRUNK))
}

fn text<'a>(tree: &'a Value, path: &str) -> Option<&'a str> {
    tree.pointer(path)?.as_str()
}

fn number(tree: &Value, path: &str) -> Option<i64> {
    tree.pointer(path)?.as_i64()
}

fn leg(tree: &Value, path: &str) -> Option<LegId> {
    LegId::new(text(tree, path)?).ok()
}

/// The members' ids of our bridges, each with the other one.
pub fn peers(bridges: &[Bridge]) -> HashMap<LegId, LegId> {
    let mut peers = HashMap::new();
    for bridge in bridges.iter().filter(|bridge| bridge.dialled().is_some()) {
        if let [a, b] = bridge.members.as_slice() {
            peers.insert(a.clone(), b.clone());
            peers.insert(b.clone(), a.clone());
        }
    }
    peers
}

/// The sources that an application does not hear of as a whole, as a subscription names them.
pub fn deaf_to(application: &Value) -> Vec<&'static str> {
    let hears = |list: &str| {
        application[list].as_array().is_some_and(|ids| {
            ids.iter().any(|id| {
                id.as_str().is_some_and(|id| id.starts_with("__AST_") && id.ends_with("_ALL_TOPIC"))
            })
        })
    };
    [("channel_ids", "channel:"), ("bridge_ids", "bridge:"), ("endpoint_ids", "endpoint:")]
        .into_iter()
        .filter(|(list, _)| !hears(list))
        .map(|(_, source)| source)
        .collect()
}

#[cfg(test)]
mod tests;
