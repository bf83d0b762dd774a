//! Finished calls: the list, and the story of one call, live or finished.

use axum::{Json, extract::State};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::{
    Rooms,
    extract::{Asked, Body, Segment},
    live,
    problem::{Problem, Says},
};
use crate::{
    base::{clock::Stamp, id::CallId, number::Number},
    live::{
        record::{Before, CallRecord},
        switchboard::view::CallDetail,
    },
};

/// The database did not give an answer; the text says why.
#[derive(Debug, thiserror::Error)]
#[error("finished calls cannot be reached: {0}")]
pub struct Lost(pub String);

/// Where finished calls are read from.
pub trait History: Send + Sync + 'static {
    /// The last `limit` calls that ended before `before`, newest first.
    fn recent(&self, limit: u32, before: Option<Before>) -> BoxFuture<'_, Result<Vec<CallRecord>, Lost>>;

    /// One finished call.
    fn call(&self, id: CallId) -> BoxFuture<'_, Result<Option<CallRecord>, Lost>>;

    /// Removes what could tell of this person from all finished calls, and says from how many.
    fn erase<'a>(&'a self, person: &'a Number) -> BoxFuture<'a, Result<u64, Lost>>;
}

/// Why a call went where it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "life", rename_all = "lowercase")]
pub enum Explanation {
    Live { call: Box<CallDetail> },
    Finished { call: Box<CallRecord> },
}

/// Which finished calls. `before` is in microseconds since 1970, as all times of the API.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Window {
    limit: Option<u32>,
    before: Option<Stamp>,
    before_call: Option<CallId>,
}

/// Who is to be erased: the number as the history shows it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    number: Number,
}

/// What was erased, and what has to be erased again when it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// Finished calls from which the person is gone.
    pub calls: u64,
    /// Calls of this person that are live.
    pub live: u64,
}

const LIMIT: u32 = 50;
const MOST: u32 = 1000;

pub(super) async fn history(
    rooms: State<Rooms>,
    Asked(window): Asked<Window>,
) -> Result<Json<Vec<CallRecord>>, Problem> {
    let limit = window.limit.unwrap_or(LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::new(Says::BadQuery, format!("limit must be 1 to {MOST}, not {limit}")));
    }
    let before = match (window.before, window.before_call) {
        (Some(ended), call) => Some(Before { ended, call }),
        (None, None) => None,
        (None, Some(_)) => return Err(Problem::new(Says::BadQuery, "before_call goes with before")),
    };
    Ok(Json(rooms.history.recent(limit, before).await?))
}

pub(super) async fn erase(
    rooms: State<Rooms>,
    Body(Person { number }): Body<Person>,
) -> Result<Json<Erased>, Problem> {
    let calls = rooms.history.erase(&number).await?;
    let live = live::calls_from(&rooms, &number).await?;
    Ok(Json(Erased { calls, live }))
}

/// The loop is asked first: a call that ends between the two questions is then found finished, or, for the
/// moment until its record is written, not at all.
pub(super) async fn explain(
    rooms: State<Rooms>,
    Segment(id): Segment<CallId>,
) -> Result<Json<Explanation>, Problem> {
    if let Some(call) = live::find(&rooms, id).await? {
        return Ok(Json(Explanation::Live { call }));
    }
    match rooms.history.call(id).await? {
        Some(call) => Ok(Json(Explanation::Finished { call: Box::new(call) })),
        None => Err(Problem::new(Says::NoSuchCall, format!("there is no call {id}, live or finished"))),
    }
}

impl From<Lost> for Problem {
    fn from(lost: Lost) -> Self {
        Self::new(Says::NoHistory, lost.to_string())
    }
}
