//! A change, and its sealed row.

use std::str::FromStr;

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::base::{clock::Stamp, text::Label};

/// One change: what is to be written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Change {
    /// The same change has the same id, however often it is told.
    #[schema(value_type = String)]
    pub id: SmolStr,
    pub at: Stamp,
    pub who: Label,
    pub what: What,
    /// The agent, call, customer, user, token or site that was changed.
    #[schema(value_type = String)]
    pub subject: SmolStr,
    /// JSON; `None` when there was nothing.
    pub before: Option<String>,
    /// JSON; `None` when there is nothing any more.
    pub after: Option<String>,
}

/// The kinds of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum What {
    #[serde(rename = "agent.login")]
    AgentLogin,
    #[serde(rename = "agent.logout")]
    AgentLogout,
    #[serde(rename = "agent.pause")]
    AgentPause,
    #[serde(rename = "agent.wrap-up")]
    AgentWrapUp,
    #[serde(rename = "agent.lease")]
    AgentLease,
    #[serde(rename = "agent.dispose")]
    AgentDispose,
    #[serde(rename = "agent.unpause")]
    AgentUnpause,
    #[serde(rename = "call.hangup")]
    CallHangup,
    #[serde(rename = "call.transfer")]
    CallTransfer,
    #[serde(rename = "call.move")]
    CallMove,
    #[serde(rename = "queue.drain")]
    QueueDrain,
    #[serde(rename = "callback.cancel")]
    CallbackCancel,
    #[serde(rename = "alert.acknowledge")]
    AlertAcknowledge,
    #[serde(rename = "call.attend")]
    CallAttend,
    #[serde(rename = "call.unattend")]
    CallUnattend,
    #[serde(rename = "call.take-over")]
    CallTakeOver,
    #[serde(rename = "call.consult")]
    CallConsult,
    #[serde(rename = "call.complete")]
    CallComplete,
    #[serde(rename = "call.back")]
    CallBack,
    #[serde(rename = "call.join")]
    CallJoin,
    #[serde(rename = "call.park")]
    CallPark,
    #[serde(rename = "call.record")]
    CallRecord,
    #[serde(rename = "call.pause-recording")]
    CallPauseRecording,
    #[serde(rename = "call.mute")]
    CallMute,
    #[serde(rename = "conference.invite")]
    ConferenceInvite,
    #[serde(rename = "conference.lock")]
    ConferenceLock,
    #[serde(rename = "conference.record")]
    ConferenceRecord,
    #[serde(rename = "extension.set")]
    ExtensionSet,
    #[serde(rename = "message.add")]
    MessageAdd,
    #[serde(rename = "message.take")]
    MessageTake,
    #[serde(rename = "message.decline")]
    MessageDecline,
    #[serde(rename = "message.close")]
    MessageClose,
    #[serde(rename = "message.move")]
    MessageMove,
    #[serde(rename = "messages.forget")]
    MessagesForget,
    #[serde(rename = "customer.set")]
    CustomerSet,
    #[serde(rename = "customer.remove")]
    CustomerRemove,
    #[serde(rename = "person.erase")]
    PersonErase,
    #[serde(rename = "site.take")]
    SiteTake,
    #[serde(rename = "user.add")]
    UserAdd,
    #[serde(rename = "user.remove")]
    UserRemove,
    #[serde(rename = "token.create")]
    TokenCreate,
    #[serde(rename = "token.revoke")]
    TokenRevoke,
}

const WORDS: [(What, &str); 42] = [
    (What::AgentLogin, "agent.login"),
    (What::AgentLogout, "agent.logout"),
    (What::AgentPause, "agent.pause"),
    (What::AgentWrapUp, "agent.wrap-up"),
    (What::AgentLease, "agent.lease"),
    (What::AgentDispose, "agent.dispose"),
    (What::AgentUnpause, "agent.unpause"),
    (What::CallHangup, "call.hangup"),
    (What::CallTransfer, "call.transfer"),
    (What::CallMove, "call.move"),
    (What::QueueDrain, "queue.drain"),
    (What::CallbackCancel, "callback.cancel"),
    (What::AlertAcknowledge, "alert.acknowledge"),
    (What::CallAttend, "call.attend"),
    (What::CallUnattend, "call.unattend"),
    (What::CallTakeOver, "call.take-over"),
    (What::CallConsult, "call.consult"),
    (What::CallComplete, "call.complete"),
    (What::CallBack, "call.back"),
    (What::CallJoin, "call.join"),
    (What::CallPark, "call.park"),
    (What::CallRecord, "call.record"),
    (What::CallPauseRecording, "call.pause-recording"),
    (What::CallMute, "call.mute"),
    (What::ConferenceInvite, "conference.invite"),
    (What::ConferenceLock, "conference.lock"),
    (What::ConferenceRecord, "conference.record"),
    (What::ExtensionSet, "extension.set"),
    (What::MessageAdd, "message.add"),
    (What::MessageTake, "message.take"),
    (What::MessageDecline, "message.decline"),
    (What::MessageClose, "message.close"),
    (What::MessageMove, "message.move"),
    (What::MessagesForget, "messages.forget"),
    (What::CustomerSet, "customer.set"),
    (What::CustomerRemove, "customer.remove"),
    (What::PersonErase, "person.erase"),
    (What::SiteTake, "site.take"),
    (What::UserAdd, "user.add"),
    (What::UserRemove, "user.remove"),
    (What::TokenCreate, "token.create"),
    (What::TokenRevoke, "token.revoke"),
];

impl What {
    pub fn word(self) -> &'static str {
        WORDS.iter().find(|(what, _)| *what == self).map_or("", |(_, word)| word)
    }
}

/// No change is called so.
#[derive(Debug, thiserror::Error)]
#[error("there is no such change")]
pub struct NoSuchChange;

impl FromStr for What {
    type Err = NoSuchChange;
    fn from_str(text: &str) -> Result<Self, NoSuchChange> {
        WORDS.iter().find(|(_, word)| *word == text).map(|(what, _)| *what).ok_or(NoSuchChange)
    }
}

/// A row of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Entry {
    /// 1, 2, 3, … without a hole.
    pub number: i64,
    #[serde(flatten)]
    pub change: Change,
    /// Of this row and of the hash before it: SHA-256 in hexadecimal digits.
    pub hash: String,
}

/// The hash of a row behind one whose hash is `previous`. Every part goes in with its length, so that no two rows
/// give the same bytes.
pub fn seal(previous: &str, number: i64, change: &Change) -> String {
    let mut digest = Context::new(&SHA256);
    let mut part = |bytes: Option<&[u8]>| {
        let length = bytes.map_or(u64::MAX, |bytes| bytes.len() as u64);
        digest.update(&length.to_be_bytes());
        digest.update(bytes.unwrap_or_default());
    };
    part(Some(previous.as_bytes()));
    part(Some(&number.to_be_bytes()));
    part(Some(change.id.as_bytes()));
    part(Some(&change.at.0.to_be_bytes()));
    part(Some(change.who.as_str().as_bytes()));
    part(Some(change.what.word().as_bytes()));
    part(Some(change.subject.as_bytes()));
    part(change.before.as_deref().map(str::as_bytes));
    part(change.after.as_deref().map(str::as_bytes));
    digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_word_in_json_and_in_the_database() {
        for (what, word) in WORDS {
            assert_eq!(serde_json::to_value(what).unwrap(), word);
            assert_eq!(word.parse::<What>().unwrap(), what);
        }
    }

    #[test]
    fn any_difference_gives_another_hash() {
        let change = Change {
            id: "1".into(),
            at: Stamp(7),
            who: Label::new("root"),
            what: What::AgentPause,
            subject: "li".into(),
            before: Some("{}".to_owned()),
            after: None,
        };
        let hash = seal("", 1, &change);
        assert_eq!(hash.len(), 64);
        let others = [
            seal("x", 1, &change),
            seal("", 2, &change),
            seal("", 1, &Change { who: Label::new("roo"), ..change.clone() }),
            seal("", 1, &Change { what: What::AgentLogin, ..change.clone() }),
            seal("", 1, &Change { before: None, ..change.clone() }),
            seal("", 1, &Change { before: None, after: Some("{}".to_owned()), ..change.clone() }),
            seal("", 1, &Change { id: "".into(), subject: "1li".into(), ..change.clone() }),
        ];
        for other in others {
            assert_ne!(other, hash);
        }
    }
}
