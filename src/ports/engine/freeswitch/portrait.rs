//! What the engine answers when it is asked what there is: channels, phones, trunks.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    base::id::{LegId, Name, RoomId, SoundId},
    ports::engine::Arrival,
};

use super::{
    translate::{arrival, id},
    wire::{decode, split},
};

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
    /// We have dialled it.
    pub dialled: bool,
    /// For whom, if for somebody.
    pub dialled_for: Option<LegId>,
    /// Dialled for nobody, and it has not been in a talk or a room.
    pub alone: bool,
    /// The room it is in, and as which member.
    pub room: Option<(RoomId, u32)>,
    pub tape: Option<SoundId>,
    /// A recogniser of ours may listen to it.
    pub detects: bool,
    /// The last thing that was played has come to its end.
    pub silent: bool,
}

/// Reads the answer of `uuid_dump`; `None` when there is no such channel.
pub fn portrait(dump: &[u8]) -> Option<Portrait> {
    let (channel, _) = split(dump);
    let [leg, answer, taken, let_go, dialled, dialled_for, alone, room, member, tape, detects, response] =
        channel.pick([
            "Unique-ID",
            "Answer-State",
            "variable_tandem_taken",
            "variable_tandem_let_go",
            "variable_tandem_dialled",
            "variable_tandem_for",
            "variable_tandem_alone",
            "variable_tandem_room",
            "variable_conference_member_id",
            "variable_tandem_tape",
            "variable_tandem_detects",
            "variable_current_application_response",
        ]);
    let room = room.and_then(|room| RoomId::new(decode(room)).ok());
    let member = member.and_then(|member| decode(member).parse().ok());
    Some(Portrait {
        leg: id(leg?)?,
        up: answer == Some(b"answered"),
        arrival: arrival(channel),
        taken: taken.is_some(),
        let_go: let_go.is_some(),
        dialled: dialled.is_some(),
        dialled_for: dialled_for.and_then(id),
        alone: alone.is_some(),
        room: room.zip(member),
        tape: tape.and_then(|tape| SoundId::new(decode(tape)).ok()),
        detects: detects.is_some(),
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
    /// The leg it was joined with, when that one leads.
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
        let joined = row.state == "CS_EXCHANGE_MEDIA" && row.call_uuid != row.uuid;
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

/// Reads `sofia xmlstatus gateway`: whether the far end of each trunk answers.
pub fn trunks(xml: &str) -> BTreeMap<Name, bool> {
    let value = |line: &str, tag: &str| -> Option<String> {
        let inner = line.trim().strip_prefix(&format!("<{tag}>"))?.strip_suffix(&format!("</{tag}>"))?;
        Some(inner.to_owned())
    };
    let (mut found, mut name) = (BTreeMap::new(), None);
    for line in xml.lines() {
        if let Some(text) = value(line, "name") {
            name = Name::new(text).ok();
        } else if let (Some(status), Some(name)) = (value(line, "status"), name.clone()) {
            found.insert(name, status == "UP");
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trunks_are_up_or_down() {
        let xml = "<gateways>\n  <gateway>\n    <name>carrier</name>\n    <profile>trunks</profile>\n    \
                   <state>NOREG</state>\n    <status>DOWN</status>\n  </gateway>\n  <gateway>\n    \
                   <name>second</name>\n    <status>UP</status>\n  </gateway>\n</gateways>\n";
        let told: Vec<(String, bool)> = trunks(xml).into_iter().map(|(n, up)| (n.to_string(), up)).collect();
        assert_eq!(told, [("carrier".to_owned(), false), ("second".to_owned(), true)]);
    }

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
