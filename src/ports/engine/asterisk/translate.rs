//! The only place that knows the names of ARI's fields: what Asterisk says becomes Tandem's words here.
//!
//! Everything is read by asking a JSON tree for what is needed. What is missing, unknown, or of another type
//! than expected is not there; nothing that Asterisk or a caller sends can make this fail.

mod channel;
mod dial;
mod sound;
mod tap;

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    base::{
        clock::Stamp,
        id::{LegId, Name, OrderId},
        number::{Key, Number},
        text::Label,
    },
    ports::engine::HangupCause,
};

pub use channel::{Bridge, Channel, Hold, Place, Purpose, Talk, bridge_for, bridge_of, rooms, talks};
pub use dial::{For, caller_id, endpoint, variables};
pub use sound::{Recording, Side, overhears, snoop, stored, tapes};
pub use tap::{attends, stream_to, tap_of, taps, value};

/// The Stasis application that Tandem is.
pub const APP: &str = "tandem";
/// The event that the link has sent to itself.
pub const HELLO: &str = "tandem-hello";
/// Endpoints to the outside begin so, and no phone does.
const TRUNK: &str = "trunk.";
/// And those that Asterisk asks whether they are there end so. They are never dialled: Asterisk dials none that does not
/// answer its questions, and some far ends take calls all the same.
const PROBE: &str = "~probe";
/// Channel variables that travel with every event (`channelvars` in `ari.conf`).
pub const CALLER: &str = "TANDEM_CALLER";
pub const PEER: &str = "TANDEM_PEER";
pub const PLAY: &str = "TANDEM_PLAY";
pub const DIALLED: &str = "TANDEM_DIALLED";
pub const RECORD: &str = "TANDEM_RECORD";
pub const TAPE: &str = "TANDEM_TAPE";
/// What only the dialplan reads: a leg that ends when its lease does, how long the last lease was, and the room.
const ALONE: &str = "TANDEM_ALONE";
pub const SPAN: &str = "TANDEM_SPAN";
pub const ROOM: &str = "TANDEM_ROOM";
pub const TAP: &str = "TANDEM_TAP";

/// Events that are asked for; all others stay in Asterisk.
const WANTED: &[&str] = &[
    "ApplicationReplaced",
    "ChannelDestroyed",
    "ChannelDialplan",
    "ChannelDtmfReceived",
    "ChannelEnteredBridge",
    "ChannelStateChange",
    "ChannelTransfer",
    "ChannelUserevent",
    "PeerStatusChange",
    "PlaybackFinished",
    "RecordingFailed",
    "RecordingFinished",
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
        /// When it was let go, by Asterisk's clock.
        at: Stamp,
        /// How long it was pressed before that.
        lasted: Duration,
    },
    Played {
        order: OrderId,
        failed: bool,
    },
    /// What we had recorded is done, or came to nothing.
    Recorded {
        recording: Recording,
    },
    /// A channel entered a bridge, whose members are now these.
    Bridged {
        bridge: Bridge,
    },
    Destroyed {
        leg: LegId,
        cause: HangupCause,
    },
    /// The phone at this leg wants its talk to go on elsewhere (REFER).
    Refers {
        leg: LegId,
        wish: Wish,
    },
    Phone {
        extension: Name,
        registered: bool,
    },
    /// A trunk's far end answers, or does not any more.
    Trunk {
        trunk: Name,
        up: bool,
    },
    /// Our own voice: the stream works.
    Hello,
    /// Somebody else connected under our name; this connection gets nothing more.
    Replaced,
}

/// Where a phone sends the one it talks with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Number(Number),
    /// To whoever its other leg talks with (Replaces).
    Other(LegId),
    /// Nowhere that we know.
    Nowhere,
}

/// The body that narrows the subscription to what is wanted.
pub fn filter() -> Value {
    let wanted: Vec<Value> = WANTED.iter().map(|name| json!({ "type": name })).collect();
    json!({ "allowed": wanted })
}

/// As Asterisk writes it: `2026-11-20T18:16:56.551+0000`.
fn moment(text: &str) -> Option<Stamp> {
    let read = jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok()?;
    Some(Stamp(read.as_microsecond()))
}

/// One frame of the event stream. `None`: nothing that concerns us.
pub fn event(frame: &str) -> Option<Heard> {
    let tree: Value = serde_json::from_str(frame).ok()?;
    match text(&tree, "/type")? {
        "StasisStart" => Some(Heard::Entered(Channel::read(tree.get("channel")?)?)),
        "ChannelStateChange" => Some(Heard::State(Channel::read(tree.get("channel")?)?)),
        "ChannelDialplan" => {
            let channel = Channel::read(tree.get("channel")?)?;
            (channel.place == Place::Fallback).then_some(Heard::LetGo { leg: channel.leg })
        }
        "ChannelDtmfReceived" => {
            let mut digits = text(&tree, "/digit")?.chars();
            let key = Key::new(digits.next()?.to_ascii_uppercase()).filter(|_| digits.next().is_none())?;
            let lasted = tree.get("duration_ms").and_then(Value::as_u64).unwrap_or_default();
            let at = moment(text(&tree, "/timestamp")?)?;
            Some(Heard::Key {
                leg: leg(&tree, "/channel/id")?,
                key,
                at,
                lasted: Duration::from_millis(lasted),
            })
        }
        "PlaybackFinished" => Some(Heard::Played {
            order: text(&tree, "/playback/id")?.parse().ok()?,
            failed: text(&tree, "/playback/state") == Some("failed"),
        }),
        "RecordingFinished" | "RecordingFailed" => {
            Some(Heard::Recorded { recording: Recording::parse(text(&tree, "/recording/name")?)? })
        }
        "ChannelEnteredBridge" => Some(Heard::Bridged { bridge: Bridge::read(tree.get("bridge")?)? }),
        "ChannelDestroyed" => Some(Heard::Destroyed {
            leg: leg(&tree, "/channel/id")?,
            cause: cause(number(&tree, "/cause"), number(&tree, "/tech_cause")),
        }),
        // The first of several that tell the same; the others say how it goes.
        "ChannelTransfer" if tree.get("state").is_none() => Some(Heard::Refers {
            leg: leg(&tree, "/referred_by/source_channel/id")?,
            wish: wish(tree.get("refer_to")?),
        }),
        // Told for the first contact and the last only, unlike ContactStatusChange.
        "PeerStatusChange" => {
            let there = text(&tree, "/endpoint/state") == Some("online");
            match trunk_name(&tree, "/endpoint/resource") {
                Some(trunk) => Some(Heard::Trunk { trunk, up: there }),
                None => Some(Heard::Phone {
                    extension: phone_name(&tree, "/endpoint/resource")?,
                    registered: there,
                }),
            }
        }
        "ChannelUserevent" if text(&tree, "/eventname") == Some(HELLO) => Some(Heard::Hello),
        "ApplicationReplaced" => Some(Heard::Replaced),
        _ => None,
    }
}

/// The answer to `GET /channels`; channels that cannot be ours are left out.
pub fn channels(answer: &Value) -> Vec<Channel> {
    answer.as_array().map(|list| list.iter().filter_map(Channel::read).collect()).unwrap_or_default()
}

/// The answer to `GET /bridges`.
pub fn bridges(answer: &Value) -> Vec<Bridge> {
    answer.as_array().map(|list| list.iter().filter_map(Bridge::read).collect()).unwrap_or_default()
}

/// The answer to `GET /endpoints/PJSIP`: phones and whether they are registered.
pub fn phones(answer: &Value) -> Vec<(Name, bool)> {
    let one = |tree: &Value| Some((phone_name(tree, "/resource")?, text(tree, "/state") == Some("online")));
    answer.as_array().map(|list| list.iter().filter_map(one).collect()).unwrap_or_default()
}

/// The same answer: trunks and whether their far ends answer.
pub fn trunks(answer: &Value) -> Vec<(Name, bool)> {
    let one = |tree: &Value| Some((trunk_name(tree, "/resource")?, text(tree, "/state") == Some("online")));
    answer.as_array().map(|list| list.iter().filter_map(one).collect()).unwrap_or_default()
}

/// The answer to a question for a channel: its name.
pub fn name(answer: &Value) -> Option<&str> {
    text(answer, "/name")
}

/// What is asked of a channel of this name to learn what its far end has said last.
pub fn last_said(name: &str) -> String {
    format!("HANGUPCAUSE({name},tech)")
}

/// The answer: has it said anything? `SIP 100 Trying` is enough.
pub fn has_spoken(answer: &Value) -> bool {
    text(answer, "/value").is_some_and(|said| said.starts_with("SIP "))
}

/// The answer to `GET /asterisk/info`: product and version.
pub fn engine(answer: &Value) -> Label {
    Label::new(&format!("Asterisk {}", text(answer, "/system/version").unwrap_or("of unknown version")))
}

/// What Asterisk gives as the reason of a refusal.
pub fn reason(answer: &Value) -> Option<Label> {
    text(answer, "/message").or_else(|| text(answer, "/error")).map(Label::new)
}

/// What Asterisk says of a leg whose far end sends nothing any more (`rtp_timeout`), and of no other.
const NO_SOUND: i64 = 44;

/// The cause of Q.850; where Asterisk has none, by the SIP status (RFC 3398).
pub fn cause(q850: Option<i64>, sip: Option<i64>) -> HangupCause {
    match (q850, sip) {
        // Asterisk's own 18 does not tell whether anybody was there.
        (_, Some(408)) | (Some(NO_SOUND), _) => HangupCause::TIMER_EXPIRED,
        (Some(q @ 1..=126), _) => HangupCause(q as u8),
        // The caller cancelled.
        (_, Some(487)) | (Some(0) | None, None) => HangupCause::NORMAL_CLEARING,
        (_, Some(486 | 600)) => HangupCause::USER_BUSY,
        (_, Some(404 | 604)) => HangupCause::UNALLOCATED_NUMBER,
        (_, Some(603)) => HangupCause::CALL_REJECTED,
        (_, Some(480)) => HangupCause::NO_ANSWER,
        (_, Some(500..=599)) => HangupCause::TEMPORARY_FAILURE,
        _ => HangupCause::INTERWORKING,
    }
}

fn wish(tree: &Value) -> Wish {
    if let Some(other) = leg(tree, "/destination_channel/id") {
        return Wish::Other(other);
    }
    let replaces = text(tree, "/requested_destination/protocol_id").is_some_and(|id| !id.is_empty());
    let number = text(tree, "/requested_destination/destination").and_then(|text| Number::new(text).ok());
    number.filter(|_| !replaces).map_or(Wish::Nowhere, Wish::Number)
}

fn phone_name(tree: &Value, path: &str) -> Option<Name> {
    Name::new(text(tree, path)?).ok().filter(|name| !name.as_str().starts_with(TRUNK))
}

fn trunk_name(tree: &Value, path: &str) -> Option<Name> {
    Name::new(text(tree, path)?.strip_prefix(TRUNK)?.strip_suffix(PROBE)?).ok()
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
