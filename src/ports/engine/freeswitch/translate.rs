//! From the engine's words to facts: the only file that knows names of headers, variables and columns.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;

use crate::{
    base::{
        id::{LegId, Name},
        number::{Key, Number},
        text::Label,
    },
    ports::engine::{Arrival, HangupCause, Origin},
};

use super::{
    cause,
    tag::Tag,
    wire::{Frame, Headers, decode, split},
};

/// Something that happened at the engine, one event each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    Heartbeat,
    /// Waits for orders; with what it brought along when it is an inbound leg of ours.
    Parked {
        leg: LegId,
        arrival: Option<Box<Arrival>>,
    },
    /// A dialled leg exists.
    Created {
        leg: LegId,
    },
    Ringing {
        leg: LegId,
    },
    Answered {
        leg: LegId,
    },
    PlayStarted {
        leg: LegId,
    },
    PlayStopped {
        leg: LegId,
        whole: bool,
    },
    Executed(Executed),
    Key {
        leg: LegId,
        key: Key,
    },
    Bridged {
        leg: LegId,
        peer: LegId,
    },
    HungUp {
        leg: LegId,
        cause: HangupCause,
    },
    /// The leg went to the fallback extension.
    LetGo {
        leg: LegId,
    },
    Phone {
        extension: Name,
        registered: bool,
    },
    /// The answer to a slow question.
    Answer {
        job: String,
        text: String,
    },
}

/// An application of ours came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    pub leg: LegId,
    pub tag: Tag,
    /// What was to be played was there and could be played.
    pub played: bool,
    /// Why nobody came to talk, when nobody came.
    pub cause: HangupCause,
    pub next: Next,
}

/// Where a leg goes after an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Back to where it was parked.
    Park,
    /// On its way to another entry of the dialplan, which parks it.
    Transfer,
    Hangup,
}

/// What an event says, if it says anything that Tandem listens to.
pub fn fact(frame: &Frame<'_>) -> Option<Fact> {
    let (event, body) = frame.event();
    match event.get("Event-Name")? {
        b"HEARTBEAT" => Some(Fact::Heartbeat),
        b"BACKGROUND_JOB" => Some(Fact::Answer {
            job: decode(event.get("Job-UUID")?).into_owned(),
            text: String::from_utf8_lossy(body).into_owned(),
        }),
        b"CUSTOM" => custom(event),
        b"CHANNEL_PARK" => Some(Fact::Parked { leg: leg(event)?, arrival: arrival(event).map(Box::new) }),
        b"CHANNEL_ORIGINATE" => Some(Fact::Created { leg: leg(event)? }),
        b"CHANNEL_PROGRESS" | b"CHANNEL_PROGRESS_MEDIA" => Some(Fact::Ringing { leg: leg(event)? }),
        b"CHANNEL_ANSWER" => Some(Fact::Answered { leg: leg(event)? }),
        b"PLAYBACK_START" => Some(Fact::PlayStarted { leg: leg(event)? }),
        b"PLAYBACK_STOP" => {
            Some(Fact::PlayStopped { leg: leg(event)?, whole: event.get("Playback-Status") == Some(b"done") })
        }
        b"CHANNEL_EXECUTE_COMPLETE" => executed(event).map(Fact::Executed),
        b"DTMF" => {
            let key = decode(event.get("DTMF-Digit")?).chars().next().and_then(Key::new)?;
            Some(Fact::Key { leg: leg(event)?, key })
        }
        b"CHANNEL_BRIDGE" => {
            let [a, b] = event.pick(["Bridge-A-Unique-ID", "Bridge-B-Unique-ID"]);
            Some(Fact::Bridged { leg: id(a?)?, peer: id(b?)? })
        }
        b"CHANNEL_HANGUP" => {
            let [leg, cause] = event.pick(["Unique-ID", "Hangup-Cause"]);
            Some(Fact::HungUp { leg: id(leg?)?, cause: cause_of(cause) })
        }
        _ => None,
    }
}

fn custom(event: Headers<'_>) -> Option<Fact> {
    let phone = |name: &str, registered| {
        let extension = Name::new(decode(event.get(name)?)).ok()?;
        Some(Fact::Phone { extension, registered })
    };
    match event.get("Event-Subclass").map(decode).as_deref()? {
        "sofia::register" => phone("from-user", true),
        "sofia::unregister" => phone("from-user", false),
        "sofia::expire" => phone("user", false),
        "tandem::fallback" => Some(Fact::LetGo { leg: leg(event)? }),
        _ => None,
    }
}

/// `CS_EXECUTE`: the channel goes on with what it did before the application.
const EXECUTING: &[u8] = b"4";

fn executed(event: Headers<'_>) -> Option<Executed> {
    let [leg, tag, response, state, answer, disposition] = event.pick([
        "Unique-ID",
        "Application-UUID",
        "Application-Response",
        // The name beside it tells the state of before.
        "Channel-State-Number",
        "Answer-State",
        "variable_originate_disposition",
    ]);
    let next = match (state, answer) {
        (_, Some(b"hangup")) => Next::Hangup,
        (Some(EXECUTING), _) => Next::Park,
        _ => Next::Transfer,
    };
    Some(Executed {
        leg: id(leg?)?,
        tag: decode(tag?).parse().ok()?,
        played: response.map(decode).as_deref() == Some("FILE PLAYED"),
        cause: cause_of(disposition),
        next,
    })
}

fn cause_of(name: Option<&[u8]>) -> HangupCause {
    name.map_or(HangupCause::TEMPORARY_FAILURE, |name| cause::from_name(&decode(name)))
}

fn leg(event: Headers<'_>) -> Option<LegId> {
    id(event.get("Unique-ID")?)
}

fn id(value: &[u8]) -> Option<LegId> {
    LegId::new(decode(value)).ok()
}

/// Only our dialplan says where a leg came in; a leg without is somebody else's.
fn arrival(event: Headers<'_>) -> Option<Arrival> {
    let [origin, user, to, number, name, hide] = event.pick([
        "variable_tandem_origin",
        "variable_tandem_user",
        "variable_tandem_to",
        "Caller-Caller-ID-Number",
        "Caller-Caller-ID-Name",
        "Caller-Privacy-Hide-Number",
    ]);
    let origin = match origin? {
        b"phone" => Origin::Phone(Name::new(decode(user?)).ok()?),
        b"trunk" => Origin::Trunk,
        _ => return None,
    };
    let number = number.map_or(Cow::Borrowed(""), decode);
    let name = name.map_or(Cow::Borrowed(""), decode);
    let hidden = hide == Some(b"true");
    Some(Arrival {
        origin,
        from: if hidden { None } else { Number::new(&*number).ok() },
        from_name: Label::new(if hidden || name == number { "" } else { &name }),
        to: Number::new(decode(to?)).ok()?,
    })
}

/// A channel in full, as `uuid_dump` tells it.
#[allow(clippy::struct_excessive_bools, reason = "each is one header")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portrait {
    pub leg: LegId,
    pub up: bool,
    /// An inbound leg of ours.
    pub arrival: Option<Arrival>,
    /// It has had an order before.
    pub taken: bool,
    /// It went to the fallback extension.
    pub let_go: bool,
    /// A leg that was dialled for this one.
    pub dialled_for: Option<LegId>,
    /// The last thing that was played has come to its end.
    pub silent: bool,
}

/// Reads the answer of `uuid_dump`; `None` when there is no such channel.
pub fn portrait(dump: &[u8]) -> Option<Portrait> {
    let (channel, _) = split(dump);
    let [leg, answer, taken, let_go, dialled_for, response] = channel.pick([
        "Unique-ID",
        "Answer-State",
        "variable_tandem_taken",
        "variable_tandem_let_go",
        "variable_tandem_for",
        "variable_current_application_response",
    ]);
    Some(Portrait {
        leg: id(leg?)?,
        up: answer == Some(b"answered"),
        arrival: arrival(channel),
        taken: taken.is_some(),
        let_go: let_go.is_some(),
        dialled_for: dialled_for.and_then(id),
        silent: response.is_some(),
    })
}

/// A line of `show channels as json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub leg: LegId,
    pub up: bool,
    /// Waits while another leg is dialled for it.
    pub dialling: bool,
    /// The leg it was joined with as the dialled side.
    pub joined: Option<LegId>,
}

#[derive(Deserialize)]
struct Table<T> {
    #[serde(default = "Vec::new")]
    rows: Vec<T>,
}

#[derive(Deserialize)]
struct ChannelRow {
    uuid: String,
    direction: String,
    state: String,
    callstate: String,
    #[serde(default)]
    call_uuid: String,
}

#[derive(Deserialize)]
struct RegistrationRow {
    reg_user: String,
}

/// Reads `show channels as json`.
pub fn channels(json: &str) -> Result<Vec<Row>, serde_json::Error> {
    let table: Table<ChannelRow> = serde_json::from_str(json)?;
    let row = |row: ChannelRow| {
        let joined = row.direction == "outbound" && row.state == "CS_EXCHANGE_MEDIA";
        Some(Row {
            leg: LegId::new(&row.uuid).ok()?,
            up: matches!(&*row.callstate, "ACTIVE" | "HELD" | "UNHELD"),
            dialling: row.callstate == "RING_WAIT",
            joined: if joined { LegId::new(&row.call_uuid).ok() } else { None },
        })
    };
    Ok(table.rows.into_iter().filter_map(row).collect())
}

/// Reads `show registrations as json`.
pub fn registrations(json: &str) -> BTreeMap<Name, bool> {
    let table = serde_json::from_str(json).unwrap_or(Table { rows: Vec::<RegistrationRow>::new() });
    table.rows.into_iter().filter_map(|row| Some((Name::new(row.reg_user).ok()?, true))).collect()
}

/// Reads `list_users`: `userid|context|domain|group|contact|…`, and whether each is registered.
pub fn phones(list: &str) -> BTreeMap<Name, bool> {
    let mut lines = list.lines();
    if !lines.next().is_some_and(|head| head.starts_with("userid|context|domain|group|contact|")) {
        return BTreeMap::new();
    }
    let row = |line: &str| {
        let mut columns = line.split('|');
        let (user, contact) = (columns.next()?, columns.nth(3)?);
        Some((Name::new(user).ok()?, !contact.starts_with("error/")))
    };
    lines.filter_map(row).collect()
}

/// Reads the answer of `version`.
pub fn engine_name(version: &[u8]) -> Label {
    let text = String::from_utf8_lossy(version);
    Label::new(text.split(" (").next().unwrap_or_default())
}

/// Whether the engine took a command; else its words.
pub fn taken(answer: &[u8]) -> Result<(), Label> {
    let text = String::from_utf8_lossy(answer);
    if text.starts_with("+OK") { Ok(()) } else { Err(Label::new(text.trim().trim_start_matches("-ERR "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_listed_with_and_without_a_contact() {
        let list = "userid|context|domain|group|contact|callgroup|effective_caller_id_name|effective_caller_id_number\n\
                    1001|internal|tandem.local|phones|sofia/phones/sip:1001@127.0.0.1:5071||Ann|Lee|1001\n\
                    1002|internal|tandem.local|phones|error/user_not_registered||error/|1002\n\n+OK\n";
        let told =
            phones(list).into_iter().map(|(name, there)| (name.to_string(), there)).collect::<Vec<_>>();
        assert_eq!(told, [("1001".to_owned(), true), ("1002".to_owned(), false)]);
        assert!(phones("-ERR no reply\n").is_empty());
    }
}
