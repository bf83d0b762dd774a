//! What is going on now, as the switchboard sees it.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{
    Rooms,
    extract::{Asked, Segment},
    page::{limit, page},
    people::Window,
    problem::{Problem, Says},
};
use crate::{
    base::{
        id::{CallId, SoundId},
        number::Number,
    },
    live::switchboard::view::{CallDetail, CallbackView, Query, View},
};

type Answer = Result<Json<View>, Problem>;

pub(super) async fn status(rooms: State<Rooms>) -> Answer {
    ask(&rooms, Query::Status).await
}

pub(super) async fn calls(rooms: State<Rooms>, Asked(window): Asked<Window>) -> Result<Response, Problem> {
    match rooms.door.query(Query::Calls).await? {
        View::Calls(calls) => part("/v1/calls", window, calls, |call| call.id.to_string()),
        other => unreachable!("asked for calls, got {other:?}"),
    }
}

pub(super) async fn queues(rooms: State<Rooms>, Asked(window): Asked<Window>) -> Result<Response, Problem> {
    match rooms.door.query(Query::Queues).await? {
        View::Queues(queues) => part("/v1/queues", window, queues, |queue| queue.name.to_string()),
        other => unreachable!("asked for queues, got {other:?}"),
    }
}

pub(super) async fn agents(rooms: State<Rooms>, Asked(window): Asked<Window>) -> Result<Response, Problem> {
    match rooms.door.query(Query::Agents).await? {
        View::Agents(agents) => part("/v1/agents", window, agents, |agent| agent.name.to_string()),
        other => unreachable!("asked for agents, got {other:?}"),
    }
}

pub(super) async fn callbacks(
    rooms: State<Rooms>,
    Asked(window): Asked<Window>,
) -> Result<Response, Problem> {
    part("/v1/callbacks", window, promised(&rooms).await?, |one| one.call.to_string())
}

/// Everybody who is to be called back.
pub(super) async fn promised(rooms: &Rooms) -> Result<Vec<CallbackView>, Problem> {
    match rooms.door.query(Query::Callbacks).await? {
        View::Callbacks(all) => Ok(all),
        other => unreachable!("asked for callbacks, got {other:?}"),
    }
}

pub(super) async fn alerts(rooms: State<Rooms>, Asked(window): Asked<Window>) -> Result<Response, Problem> {
    match rooms.door.query(Query::Alerts).await? {
        View::Alerts(all) => part("/v1/alerts", window, all, |one| format!("{} {}", one.rule, one.queue)),
        other => unreachable!("asked for alerts, got {other:?}"),
    }
}

pub(super) async fn conferences(
    rooms: State<Rooms>,
    Asked(window): Asked<Window>,
) -> Result<Response, Problem> {
    match rooms.door.query(Query::Conferences).await? {
        View::Conferences(all) => part("/v1/conferences", window, all, |one| one.number.to_string()),
        other => unreachable!("asked for conferences, got {other:?}"),
    }
}

pub(super) async fn extensions(
    rooms: State<Rooms>,
    Asked(window): Asked<Window>,
) -> Result<Response, Problem> {
    match rooms.door.query(Query::Extensions).await? {
        View::Extensions(all) => part("/v1/extensions", window, all, |one| one.number.to_string()),
        other => unreachable!("asked for extensions, got {other:?}"),
    }
}

/// All of what is live, unless a page of it is asked for.
pub(super) fn part<T: Serialize>(
    path: &str,
    window: Window,
    mut rows: Vec<T>,
    key: impl Fn(&T) -> String,
) -> Result<Response, Problem> {
    if window.limit.is_none() && window.cursor.is_none() {
        return Ok(Json(rows).into_response());
    }
    let limit = limit(window.limit)?;
    rows.sort_by_cached_key(&key);
    if let Some(after) = window.cursor {
        rows.retain(|row| key(row) > after);
    }
    Ok(page(path, &[], rows, limit, key))
}

pub(super) async fn call(
    rooms: State<Rooms>,
    Segment(id): Segment<CallId>,
) -> Result<Json<CallDetail>, Problem> {
    match find(&rooms, id).await? {
        Some(call) => Ok(Json(*call)),
        None => Err(Problem::new(Says::NoSuchCall, format!("call {id} is not live"))),
    }
}

/// The call with its way, if it is live.
pub(super) async fn find(rooms: &Rooms, id: CallId) -> Result<Option<Box<CallDetail>>, Problem> {
    match rooms.door.query(Query::Call(id)).await? {
        View::Call(call) => Ok(call),
        other => unreachable!("asked for a call, got {other:?}"),
    }
}

/// The messages that this number has left.
pub(super) async fn left_by(rooms: &Rooms, number: &Number) -> Result<Vec<SoundId>, Problem> {
    match rooms.door.query(Query::LeftBy(number.clone())).await? {
        View::Left(sounds) => Ok(sounds),
        other => unreachable!("asked for messages, got {other:?}"),
    }
}

/// How many live calls this number made or got.
pub(super) async fn calls_with(rooms: &Rooms, number: &Number) -> Result<u64, Problem> {
    match rooms.door.query(Query::Calls).await? {
        View::Calls(calls) => {
            let with = calls.iter().filter(|call| call.from.as_ref() == Some(number) || call.to == *number);
            Ok(with.count() as u64)
        }
        other => unreachable!("asked for calls, got {other:?}"),
    }
}

async fn ask(rooms: &Rooms, query: Query) -> Answer {
    Ok(Json(rooms.door.query(query).await?))
}
