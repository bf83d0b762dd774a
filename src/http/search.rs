//! Finished calls looked for, in pages or as one file.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde::Deserialize;

use super::{
    Rooms,
    extract::Asked,
    page::{cursor, limit, page},
    past::{History, Lost},
    problem::{Problem, Says},
};
use crate::{
    base::{
        clock::Stamp,
        csv,
        id::{CallId, Name},
        number::Number,
    },
    live::record::{CallRecord, Direction, EndedBy, Filter, Outcome},
};

/// What may be asked for, with a word on each.
pub(super) const ASKED: &[(&str, &str)] = &[
    ("since", "arrived at this moment or later"),
    ("until", "arrived before this moment"),
    ("caller", "the caller's whole number"),
    ("called", "the whole number that was called"),
    ("queue", "the last queue that it waited in"),
    ("agent", "the last agent who talked"),
    ("direction", "inbound, outbound or internal"),
    ("outcome", "answered, abandoned, missed, menu or refused"),
    ("ended_by", "caller, callee, tandem or engine"),
    ("cause", "the caller's hangup cause (Q.850)"),
    ("min_seconds", "at least so long, from arrival to end"),
    ("max_seconds", "at most so long"),
    ("text", "words of names, and numbers or their last 3 to 11 digits"),
];

/// How the file shall be written.
pub(super) const WRITTEN: &[(&str, &str)] = &[("format", "csv (what it is unless told) or jsonl")];

/// Rows that are read together for a file.
const BATCH: u32 = 500;

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    since: Option<Stamp>,
    until: Option<Stamp>,
    caller: Option<Number>,
    called: Option<Number>,
    queue: Option<Name>,
    agent: Option<Name>,
    direction: Option<Direction>,
    outcome: Option<Outcome>,
    ended_by: Option<EndedBy>,
    cause: Option<u8>,
    min_seconds: Option<u64>,
    max_seconds: Option<u64>,
    text: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<Format>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Csv,
    Jsonl,
}

impl Wish {
    fn filter(self) -> Result<Filter, Problem> {
        let filter = Filter {
            since: self.since,
            until: self.until,
            caller: self.caller,
            called: self.called,
            queue: self.queue,
            agent: self.agent,
            direction: self.direction,
            outcome: self.outcome,
            ended_by: self.ended_by,
            cause: self.cause,
            min_seconds: self.min_seconds,
            max_seconds: self.max_seconds,
            text: self.text,
        };
        filter.check().map_err(|why| Problem::new(Says::BadQuery, why.to_string()))?;
        Ok(filter)
    }

    /// What the next page asks for too.
    fn parts(&self) -> [(&'static str, Option<String>); 13] {
        [
            ("since", self.since.map(|at| at.0.to_string())),
            ("until", self.until.map(|at| at.0.to_string())),
            ("caller", self.caller.as_ref().map(Number::to_string)),
            ("called", self.called.as_ref().map(Number::to_string)),
            ("queue", self.queue.as_ref().map(Name::to_string)),
            ("agent", self.agent.as_ref().map(Name::to_string)),
            ("direction", self.direction.map(|word| word.word().to_owned())),
            ("outcome", self.outcome.map(|word| word.word().to_owned())),
            ("ended_by", self.ended_by.map(|word| word.word().to_owned())),
            ("cause", self.cause.map(|cause| cause.to_string())),
            ("min_seconds", self.min_seconds.map(|seconds| seconds.to_string())),
            ("max_seconds", self.max_seconds.map(|seconds| seconds.to_string())),
            ("text", self.text.clone()),
        ]
    }
}

pub(super) async fn search(rooms: State<Rooms>, Asked(wish): Asked<Wish>) -> Result<Response, Problem> {
    if wish.format.is_some() {
        return Err(Problem::new(Says::BadQuery, "format is for /v1/history/export"));
    }
    let limit = limit(wish.limit)?;
    let before: Option<CallId> = cursor(wish.cursor.as_deref(), |text| text.parse().ok())?;
    let parts = wish.parts();
    let calls = rooms.history.search(&wish.filter()?, before, limit + 1).await?;
    Ok(page("/v1/history/search", &parts, calls, limit, |call| call.id.to_string()))
}

pub(super) async fn export(rooms: State<Rooms>, Asked(wish): Asked<Wish>) -> Result<Response, Problem> {
    if wish.limit.is_some() || wish.cursor.is_some() {
        return Err(Problem::new(
            Says::BadQuery,
            "a file is whole; limit and cursor are for /v1/history/search",
        ));
    }
    let format = wish.format.unwrap_or(Format::Csv);
    let file = File { history: rooms.history.clone(), filter: wish.filter()?, format };
    // The first rows are read before the answer begins, so that a database that is down is told as such.
    let first = file.rows(None).await?;
    let rows = stream::try_unfold(Some((file, first, true)), |state| async move {
        let Some((file, calls, begins)) = state else { return Ok(None) };
        let text = file.text(&calls, begins);
        let next = match calls.last() {
            Some(last) if calls.len() == BATCH as usize => {
                let more = file.rows(Some(last.id)).await?;
                Some((file, more, false))
            }
            _ => None,
        };
        Ok::<_, Lost>(Some((Bytes::from(text), next)))
    });
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"calls.csv\""),
        Format::Jsonl => ("application/x-ndjson", "attachment; filename=\"calls.jsonl\""),
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(rows)).into_response())
}

/// A file that is being written.
struct File {
    history: Arc<dyn History>,
    filter: Filter,
    format: Format,
}

impl File {
    async fn rows(&self, before: Option<CallId>) -> Result<Vec<CallRecord>, Lost> {
        self.history.search(&self.filter, before, BATCH).await
    }

    fn text(&self, calls: &[CallRecord], begins: bool) -> String {
        match self.format {
            Format::Csv => {
                let head = if begins { csv::row(COLUMNS) } else { String::new() };
                head + &calls.iter().map(line).collect::<String>()
            }
            Format::Jsonl => {
                let json = |call| serde_json::to_string(call).unwrap_or_default() + "\n";
                calls.iter().map(json).collect()
            }
        }
    }
}

const COLUMNS: [&str; 19] = [
    "call",
    "direction",
    "from",
    "from_name",
    "to",
    "arrived",
    "answered",
    "ended",
    "outcome",
    "queue",
    "agent",
    "wait_seconds",
    "talk_seconds",
    "seconds",
    "cause",
    "ended_by",
    "rating",
    "rating_of",
    "disposition",
];

fn line(call: &CallRecord) -> String {
    let time = |at: Option<Stamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let small = |value: Option<u8>| value.map(|value| value.to_string()).unwrap_or_default();
    let survey = call.survey.as_ref();
    csv::row([
        call.id.to_string(),
        text(call.direction.map(Direction::word)),
        text(call.from.as_ref().map(Number::as_str)),
        call.from_name.to_string(),
        call.to.to_string(),
        time(Some(call.arrived)),
        time(call.answered),
        time(Some(call.ended)),
        call.outcome().word().to_owned(),
        text(call.queue.as_ref().map(Name::as_str)),
        text(call.agent.as_ref().map(Name::as_str)),
        (call.wait_ms / 1000).to_string(),
        (call.talk_ms / 1000).to_string(),
        call.seconds().to_string(),
        call.cause.0.to_string(),
        call.ended_by.word().to_owned(),
        small(survey.and_then(|survey| survey.rating)),
        small(survey.map(|survey| survey.of)),
        text(call.disposition.as_ref().map(Name::as_str)),
    ])
}
