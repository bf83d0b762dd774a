//! Messages that wait for agents: who brings one, who takes it, and when it is done.

use axum::{
    Json,
    extract::State,
    response::Response,
    routing::{get, post},
};
use serde::Deserialize;

use super::{
    Rooms,
    acts::{Done, act},
    extract::{Asked, Body, Segment},
    gate::Acting,
    live::part,
    openapi::{Gives, many, one},
    people::Window,
    problem::{Problem, Says},
    routes::{DONE, Route, acts, reads},
};
use crate::{
    base::{
        id::{Name, Reference},
        urgency::Urgency,
    },
    desk::access::Scope::{Operate, Read},
    live::switchboard::view::{Act, Keep, MessageDetail, MessageView, Query, View},
};

pub(super) const ROUTES: &[Route] = &[
    reads(
        "/v1/messages",
        Read,
        || get(list),
        "The messages that wait, and those in agents' hands",
        Gives::Page(many::<MessageView>),
    ),
    reads(
        "/v1/messages/{id}",
        Read,
        || get(show),
        "One message and its decisions",
        Gives::Json(one::<MessageDetail>),
    ),
    acts(
        "/v1/messages/{id}/add",
        Operate,
        || post(add),
        "Let a message wait for an agent; one that is there already stays as it is",
        DONE,
    )
    .taking(one::<AddBody>),
    acts("/v1/messages/{id}/take", Operate, || post(take), "Take a message that is offered", DONE)
        .taking(one::<AgentBody>),
    acts("/v1/messages/{id}/decline", Operate, || post(decline), "Do not take it", DONE)
        .taking(one::<AgentBody>),
    acts("/v1/messages/{id}/close", Operate, || post(close), "Be done with a message", DONE),
    acts("/v1/messages/{id}/move", Operate, || post(pass_on), "Move a message to another queue", DONE)
        .taking(one::<QueueBody>),
];

/// A day.
const LONGEST_KEPT: u32 = 86_400;

/// Where a message waits, and how.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddBody {
    queue: Name,
    /// `emergency`, `raised` or `normal`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    urgency: Urgency,
    #[serde(default)]
    keep: Option<Keep>,
}

/// To whom it is offered.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AgentBody {
    agent: Name,
}

/// Where to.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QueueBody {
    queue: Name,
}

async fn list(rooms: State<Rooms>, Asked(window): Asked<Window>) -> Result<Response, Problem> {
    match rooms.door.query(Query::Messages).await? {
        View::Messages(all) => part("/v1/messages", window, all, |one| one.reference.to_string()),
        other => unreachable!("asked for messages, got {other:?}"),
    }
}

async fn show(
    rooms: State<Rooms>,
    Segment(reference): Segment<Reference>,
) -> Result<Json<MessageDetail>, Problem> {
    match rooms.door.query(Query::Message(reference.clone())).await? {
        View::Message(Some(message)) => Ok(Json(*message)),
        View::Message(None) => {
            Err(Problem::new(Says::NoSuchMessage, format!("there is no message {reference}")))
        }
        other => unreachable!("asked for a message, got {other:?}"),
    }
}

async fn add(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(reference): Segment<Reference>,
    Body(AddBody { queue, urgency, keep }): Body<AddBody>,
) -> Done {
    if let Some(Keep { seconds, .. }) = keep.as_ref().filter(|keep| keep.seconds > LONGEST_KEPT) {
        let why = format!("`keep.seconds` is {LONGEST_KEPT} at most, not {seconds}");
        return Err(Problem::new(Says::BadBody, why));
    }
    act(&rooms, actor, Act::AddMessage { reference, queue, urgency, keep }).await
}

async fn take(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(reference): Segment<Reference>,
    Body(AgentBody { agent }): Body<AgentBody>,
) -> Done {
    act(&rooms, actor, Act::TakeMessage { reference, agent }).await
}

async fn decline(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(reference): Segment<Reference>,
    Body(AgentBody { agent }): Body<AgentBody>,
) -> Done {
    act(&rooms, actor, Act::DeclineMessage { reference, agent }).await
}

async fn close(rooms: State<Rooms>, Acting(actor): Acting, Segment(reference): Segment<Reference>) -> Done {
    act(&rooms, actor, Act::CloseMessage { reference }).await
}

async fn pass_on(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(reference): Segment<Reference>,
    Body(QueueBody { queue }): Body<QueueBody>,
) -> Done {
    act(&rooms, actor, Act::MoveMessage { reference, queue }).await
}
