//! What went wrong, as a problem document (RFC 9457) that names its remedy.

use std::borrow::Cow;

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::live::switchboard::{door::Stopping, view::Refusal};

/// A problem document. `remedy` is our extension member: the next thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{detail}; {remedy}")]
pub struct Problem {
    /// A reference that stays the same for the same kind of problem.
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
    pub title: Cow<'static, str>,
    pub status: u16,
    pub detail: String,
    pub remedy: Cow<'static, str>,
}

/// The kinds of problems that this door has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    NotAdmitted,
    NoSuchRoute,
    NoSuchMethod,
    NoSuchAgent,
    NoSuchCall,
    NoSuchExtension,
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
            Self::NoSuchCall => (
                404,
                "no-such-call",
                "No such call",
                "see the calls with `tandem calls list` and `tandem calls history`",
            ),
            Self::NoSuchExtension => {
                (422, "no-such-extension", "No such extension", "see the extensions in people.yaml")
            }
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
            Refusal::NoSuchCall { call } => {
                Self::new(Says::NoSuchCall, format!("there is no live call {call}"))
            }
            Refusal::NoSuchExtension { to } => {
                Self::new(Says::NoSuchExtension, format!("there is no extension {to}"))
            }
            Refusal::WrongState { agent, state, remedy } => {
                Self::new(Says::NotNow, format!("agent {agent} is {state}")).with_remedy(remedy)
            }
            Refusal::NotNow { call, state } => {
                Self::new(Says::NotNow, format!("call {call} cannot be transferred while it is {state}"))
                    .with_remedy("wait until somebody talks or it is in a menu or queue")
            }
        }
    }
}

impl From<Stopping> for Problem {
    fn from(stopping: Stopping) -> Self {
        Self::new(Says::Stopping, stopping.to_string())
    }
}
