//! What an admin orders. Done acts are answered with the act itself.

use axum::{Json, extract::State};
use serde::Deserialize;

use super::{
    Rooms,
    extract::{Body, Segment},
    gate::Acting,
    problem::Problem,
};
use crate::{
    base::{
        id::{CallId, Name},
        number::Number,
        text::Label,
    },
    live::switchboard::view::{Act, Actor},
};

type Done = Result<Json<Act>, Problem>;

pub(super) async fn login(rooms: State<Rooms>, Acting(actor): Acting, Segment(agent): Segment<Name>) -> Done {
    act(&rooms, actor, Act::Login { agent }).await
}

pub(super) async fn logout(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(agent): Segment<Name>,
) -> Done {
    act(&rooms, actor, Act::Logout { agent }).await
}

/// Why an agent pauses.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PauseBody {
    reason: Label,
}

pub(super) async fn pause(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(agent): Segment<Name>,
    Body(PauseBody { reason }): Body<PauseBody>,
) -> Done {
    act(&rooms, actor, Act::Pause { agent, reason }).await
}

pub(super) async fn unpause(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(agent): Segment<Name>,
) -> Done {
    act(&rooms, actor, Act::Unpause { agent }).await
}

pub(super) async fn hangup(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(call): Segment<CallId>,
) -> Done {
    act(&rooms, actor, Act::Hangup { call }).await
}

/// Where a call shall go.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TransferBody {
    to: Number,
}

pub(super) async fn transfer(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(call): Segment<CallId>,
    Body(TransferBody { to }): Body<TransferBody>,
) -> Done {
    act(&rooms, actor, Act::Transfer { call, to }).await
}

async fn act(rooms: &Rooms, actor: Actor, act: Act) -> Done {
    rooms.door.act(actor, act.clone()).await??;
    Ok(Json(act))
}
