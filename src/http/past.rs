//! Finished calls: the list, and the story of one call, live or finished.

use axum::{Json, extract::State, response::Response};
use futures_util::future::BoxFuture;
use jiff::{civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    Rooms,
    extract::{Asked, Segment},
    live,
    page::{cursor, limit, page},
    problem::{Problem, Says},
};
use crate::{
    base::{clock::Stamp, id::CallId, number::Number},
    live::{
        record::{Before, CallRecord, DayReport, DispositionReport, Filter, RepeatReport, SurveyReport},
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

    /// At most `limit` finished calls that fit, newest arrival first, and before the call `before`.
    fn search<'a>(
        &'a self,
        filter: &'a Filter,
        before: Option<CallId>,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<CallRecord>, Lost>>;

    /// The time zone of the site's days.
    fn zone(&self) -> TimeZone;

    /// What came from outside on each of `days` days.
    fn days(&self, first: Date, days: u16) -> BoxFuture<'_, Result<Vec<DayReport>, Lost>>;

    /// What callers answered on each of `days` days who were asked how it was.
    fn surveys(&self, first: Date, days: u16) -> BoxFuture<'_, Result<Vec<SurveyReport>, Lost>>;

    /// Of those who were answered on each of `days` days: who called again within so many days.
    fn repeats(&self, first: Date, days: u16, within: u16) -> BoxFuture<'_, Result<Vec<RepeatReport>, Lost>>;

    /// What agents said became of the calls of each of `days` days.
    fn dispositions(&self, first: Date, days: u16) -> BoxFuture<'_, Result<Vec<DispositionReport>, Lost>>;

    /// One finished call.
    fn call(&self, id: CallId) -> BoxFuture<'_, Result<Option<CallRecord>, Lost>>;

    /// Removes what could tell of this person from all finished calls, and says from how many.
    fn erase<'a>(&'a self, person: &'a Number) -> BoxFuture<'a, Result<u64, Lost>>;
}

/// Why a call went where it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
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
    cursor: Option<String>,
}

pub(super) async fn history(rooms: State<Rooms>, Asked(window): Asked<Window>) -> Result<Response, Problem> {
    let limit = limit(window.limit)?;
    let last = cursor(window.cursor.as_deref(), |text| {
        let (ended, id) = text.split_once('.')?;
        Some(Before { ended: Stamp(ended.parse().ok()?), call: Some(id.parse().ok()?) })
    })?;
    let before = match (window.before, window.before_call) {
        (Some(ended), call) => Some(Before { ended, call }),
        (None, None) => None,
        (None, Some(_)) => return Err(Problem::new(Says::BadQuery, "before_call goes with before")),
    };
    let calls = rooms.history.recent(limit + 1, last.or(before)).await?;
    Ok(page("/v1/history", &[], calls, limit, |call| format!("{}.{}", call.ended.0, call.id)))
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
