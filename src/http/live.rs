//! What is going on now, as the switchboard sees it.

use axum::{Json, extract::State};

use super::{
    Rooms,
    extract::Segment,
    problem::{Problem, Says},
};
use crate::{
    base::{id::CallId, number::Number},
    live::switchboard::view::{CallDetail, Query, View},
};

type Answer = Result<Json<View>, Problem>;

pub(super) async fn status(rooms: State<Rooms>) -> Answer {
    ask(&rooms, Query::Status).await
}

pub(super) async fn calls(rooms: State<Rooms>) -> Answer {
    ask(&rooms, Query::Calls).await
}

pub(super) async fn queues(rooms: State<Rooms>) -> Answer {
    ask(&rooms, Query::Queues).await
}

pub(super) async fn agents(rooms: State<Rooms>) -> Answer {
    ask(&rooms, Query::Agents).await
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

/// How many live calls come from this number.
pub(super) async fn calls_from(rooms: &Rooms, number: &Number) -> Result<u64, Problem> {
    match rooms.door.query(Query::Calls).await? {
        View::Calls(calls) => {
            Ok(calls.iter().filter(|call| call.from.as_ref() == Some(number)).count() as u64)
        }
        other => unreachable!("asked for calls, got {other:?}"),
    }
}

async fn ask(rooms: &Rooms, query: Query) -> Answer {
    Ok(Json(rooms.door.query(query).await?))
}
