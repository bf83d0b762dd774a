//! What went wrong, as a problem document (RFC 9457) that names its remedy.

use std::borrow::Cow;

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::live::switchboard::{
    door::Stopping,
    view::{MessageRefusal, Refusal},
};

/// A problem document. `remedy` is our extension member: the next thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, utoipa::ToSchema)]
#[error("{detail}; {remedy}")]
pub struct Problem {
    /// A reference that stays the same for the same kind of problem.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: Cow<'static, str>,
    #[schema(value_type = String)]
    pub title: Cow<'static, str>,
    pub status: u16,
    pub detail: String,
    #[schema(value_type = String)]
    pub remedy: Cow<'static, str>,
}

/// The kinds of problems that this door has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    NotAdmitted,
    NotKnown,
    NotPermitted,
    TooMany,
    NoSuchUser,
    NoSuchCustomer,
    ContactTaken,
    NoSuchToken,
    KnownUser,
    TooFar,
    BadKey,
    KeyReused,
    UnderWay,
    ShownOnce,
    AuditBroken,
    NoWebSocket,
    NoDatabase,
    NoSuchRoute,
    NoSuchMethod,
    NoSuchAgent,
    NoSuchQueue,
    NoSuchAlert,
    NoSuchMessage,
    NoSuchCall,
    NoSuchExtension,
    NoSuchConference,
    NotAllowed,
    NoSlot,
    SwitchedOff,
    NotNow,
    BadPath,
    BadQuery,
    BadBody,
    BodyTooLarge,
    TooSlow,
    Stopping,
    NoHistory,
}

impl Says {
    fn words(self) -> (u16, &'static str, &'static str, &'static str) {
        match self {
            Self::NotAdmitted => {
                (403, "not-admitted", "Not admitted", "run the command as the daemon's user, or as root")
            }
            Self::NoSuchRoute => (404, "no-such-route", "No such route", "see the routes in docs/api.md"),
            Self::NoSuchMethod => {
                (405, "no-such-method", "No such method", "use a method that the header Allow names")
            }
            Self::NoSuchAgent => {
                (404, "no-such-agent", "No such agent", "see the names with `tandem agents list`")
            }
            Self::NoSuchQueue => {
                (404, "no-such-queue", "No such queue", "see the names with `tandem queues list`")
            }
            Self::NoSuchAlert => {
                (404, "no-such-alert", "No such alert", "see the alerts with `tandem alerts list`")
            }
            Self::NoSuchCall => {
                (404, "no-such-call", "No such call", "see `tandem calls list` and `tandem calls history`")
            }
            Self::NoSuchExtension => {
                (422, "no-such-extension", "No such extension", "see the extensions in people.yaml")
            }
            Self::NoSuchConference => (
                404,
                "no-such-conference",
                "No such conference",
                "see the conferences with `tandem conferences list`",
            ),
            Self::NotAllowed => (
                422,
                "not-allowed",
                "That number may not be reached so",
                "see the classes in people.yaml and `outside` in dialing.yaml",
            ),
            Self::NoSlot => (409, "no-slot", "No parking slot", "see `parking` in dialing.yaml"),
            Self::SwitchedOff => (404, "switched-off", "Not in this house", "see `without` in site.yaml"),
            Self::NotNow => (409, "not-now", "Not now", "look at the state and try again"),
            Self::BadPath => (422, "bad-path", "A name in the path is malformed", "correct the path"),
            Self::BadQuery => (422, "bad-query", "The query is malformed", "see docs/api.md"),
            Self::BadBody => (422, "bad-body", "The body is malformed", "send the JSON shown in docs/api.md"),
            Self::BodyTooLarge => (413, "body-too-large", "The body is too large", "send at most 16 KiB"),
            Self::TooSlow => (
                504,
                "too-slow",
                "No answer in time",
                "look with `tandem status`; an act may have been done: look before you repeat it",
            ),
            Self::Stopping => {
                (503, "stopping", "The daemon is stopping", "start it again with `tandem serve`")
            }
            Self::NoHistory => (
                503,
                "no-history",
                "The database does not answer",
                "look with `tandem status`; live calls are not affected",
            ),
            other => other.more_words(),
        }
    }

    /// Those of whoever comes in by the network, and of users, tokens, keys and the audit.
    fn more_words(self) -> (u16, &'static str, &'static str, &'static str) {
        match self {
            Self::NotKnown => (
                401,
                "not-known",
                "Nobody is known by this",
                "show a token: make one with `tandem users token create` where the daemon runs",
            ),
            Self::NotPermitted => (
                403,
                "not-permitted",
                "Not permitted",
                "use a token with this scope: `tandem users token create --scope`",
            ),
            Self::NoSuchMessage => {
                (404, "no-such-message", "No such message", "see the messages with `tandem messages list`")
            }
            Self::TooMany => (429, "too-many", "Too many bad tokens", "correct the token and wait"),
            Self::NoSuchUser => {
                (404, "no-such-user", "No such user", "see the names with `tandem users list`")
            }
            Self::NoSuchToken => {
                (404, "no-such-token", "No such token", "see the ids with `tandem users token list`")
            }
            Self::KnownUser => {
                (409, "known-user", "There is one already", "choose another name, or remove the user")
            }
            Self::TooFar => {
                (409, "too-far", "Further than the user may go", "ask for less, or make another user who may")
            }
            Self::BadKey => {
                (422, "bad-key", "The Idempotency-Key is malformed", "send a random one, like a UUID")
            }
            Self::KeyReused => (
                422,
                "key-reused",
                "The Idempotency-Key was used before",
                "send a new one with each new request",
            ),
            Self::UnderWay => (409, "under-way", "Still under way", "wait, and ask again with the same key"),
            Self::ShownOnce => (
                409,
                "shown-once",
                "Done, and shown once",
                "if the secret was not kept, revoke the token and make another",
            ),
            Self::AuditBroken => {
                (500, "audit-broken", "The audit is not as it was written", "compare with a backup")
            }
            Self::NoWebSocket => {
                (426, "no-web-socket", "A WebSocket is wanted", "follow with `tandem events`, or upgrade")
            }
            Self::NoDatabase => (
                503,
                "no-database",
                "The database does not answer",
                "look with `tandem status` where the daemon runs; live calls are not affected",
            ),
            other => other.words_of_customers(),
        }
    }

    fn words_of_customers(self) -> (u16, &'static str, &'static str, &'static str) {
        match self {
            Self::NoSuchCustomer => {
                (404, "no-such-customer", "No such customer", "see the ids with `tandem customers list`")
            }
            Self::ContactTaken => (
                409,
                "contact-taken",
                "Somebody else has this number or address",
                "take it from the other customer first, or leave it out here",
            ),
            _ => (500, "unknown", "Something went wrong", "look at the daemon's log"),
        }
    }
}

impl Problem {
    pub fn new(says: Says, detail: impl Into<String>) -> Self {
        let (status, kind, title, remedy) = says.words();
        Self {
            kind: format!("/problems/{kind}").into(),
            title: title.into(),
            status,
            detail: detail.into(),
            remedy: remedy.into(),
        }
    }

    fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: remedy.into().into(), ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(self)).into_response()
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoSuchAgent { agent } => {
                Self::new(Says::NoSuchAgent, format!("there is no agent {agent}"))
            }
            Refusal::NoSuchQueue { queue } => {
                Self::new(Says::NoSuchQueue, format!("there is no queue {queue}"))
            }
            Refusal::NoSuchAlert { rule } => Self::new(
                Says::NoSuchAlert,
                format!("no alert of rule {rule} waits for anybody to see to it"),
            ),
            Refusal::Message(refusal) => refusal.into(),
            Refusal::Drained { queue } => {
                Self::new(Says::NotNow, format!("queue {queue} takes no new callers"))
                    .with_remedy("let it take them again: `tandem queues drain QUEUE --off`")
            }
            Refusal::NoWayTo { queue } => Self::new(Says::NotNow, format!("no flow leads to queue {queue}"))
                .with_remedy(
                    "add a step `queue:` or a rule, so that it is known what follows when nobody comes",
                ),
            Refusal::NoSuchCall { call } => {
                Self::new(Says::NoSuchCall, format!("there is no live call {call}"))
            }
            Refusal::NoSuchCallback { call } => {
                Self::new(Says::NoSuchCall, format!("nobody is to be called back for call {call}"))
                    .with_remedy("see who is with `tandem callbacks list`")
            }
            Refusal::NoSuchExtension { to } => {
                Self::new(Says::NoSuchExtension, format!("there is no extension {to}"))
            }
            Refusal::WrongState { agent, state, remedy } => {
                Self::new(Says::NotNow, format!("agent {agent} is {state}")).with_remedy(remedy)
            }
            Refusal::NotNow { call, state } => {
                Self::new(Says::NotNow, format!("that cannot be done with call {call} while it is {state}"))
                    .with_remedy("wait until somebody talks with the caller, or see `tandem calls list`")
            }
            Refusal::NoSuchConference { number } => {
                Self::new(Says::NoSuchConference, format!("there is no conference {number} now"))
            }
            Refusal::NotAllowed { to, why } => {
                Self::new(Says::NotAllowed, format!("{to} cannot be reached so: {why}"))
            }
            Refusal::NoSlot { slot } => {
                let taken = |slot| format!("slot {slot} is taken or is none of the site");
                Self::new(Says::NoSlot, slot.map_or("no parking slot is free".into(), taken))
            }
            Refusal::SwitchedOff { feature } => {
                Self::new(Says::SwitchedOff, format!("this house has no {}", feature.word()))
            }
            Refusal::Attended { call, by } => {
                Self::new(Says::NotNow, format!("{by} attends call {call} already"))
                    .with_remedy("let that one leave first: `tandem calls listen CALL --off`")
            }
            Refusal::NotAttended { call } => Self::new(Says::NotNow, format!("nobody attends call {call}"))
                .with_remedy("begin with `tandem calls listen CALL --by EXTENSION`"),
            Refusal::NotRecorded { call } => Self::new(Says::NotNow, format!("call {call} is not recorded"))
                .with_remedy("begin with `tandem calls record`"),
        }
    }
}

impl From<MessageRefusal> for Problem {
    fn from(refusal: MessageRefusal) -> Self {
        match refusal {
            MessageRefusal::NoSuch { reference } => {
                Self::new(Says::NoSuchMessage, format!("there is no message {reference}"))
            }
            MessageRefusal::NotOffered { reference, agent } => {
                Self::new(Says::NotNow, format!("message {reference} is not offered to {agent}"))
                    .with_remedy(format!("see where it is: `tandem messages show {reference}`"))
            }
            MessageRefusal::Takes { queue, takes } => {
                Self::new(Says::NotNow, format!("queue {queue} takes {takes}"))
                    .with_remedy("name another: `tandem queues list` shows what each takes")
            }
            MessageRefusal::TooMany => Self::new(Says::NotNow, "no more messages are kept")
                .with_remedy("close some that are done with: `tandem messages close`"),
        }
    }
}

impl From<Stopping> for Problem {
    fn from(stopping: Stopping) -> Self {
        Self::new(Says::Stopping, stopping.to_string())
    }
}
