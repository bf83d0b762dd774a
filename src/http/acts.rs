//! What an admin orders. Done acts are answered with the act itself.

use axum::{Json, extract::State};
use serde::Deserialize;

use super::{
    Rooms,
    extract::{Body, Segment},
    gate::Acting,
    problem::{Problem, Says},
};
use crate::{
    base::{
        attendance::Attendance,
        id::{CallId, Name},
        number::Number,
        text::Label,
    },
    live::switchboard::view::{Act, Actor, LEASES, Setting, Spot, When},
};

pub(super) type Done = Result<Json<Act>, Problem>;

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

/// From now on.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WrapUpBody {
    /// 1800 s after it began at most.
    seconds: u32,
}

pub(super) async fn wrap_up(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(agent): Segment<Name>,
    Body(WrapUpBody { seconds }): Body<WrapUpBody>,
) -> Done {
    act(&rooms, actor, Act::WrapUp { agent, seconds }).await
}

/// For how long a client that says nothing is taken to be there.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LeaseBody {
    /// 10 to 86,400; 0: the agent is held by no client.
    seconds: u32,
}

pub(super) async fn lease(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(agent): Segment<Name>,
    Body(LeaseBody { seconds }): Body<LeaseBody>,
) -> Done {
    if seconds != 0 && !LEASES.contains(&seconds) {
        let (least, most) = LEASES.into_inner();
        let why = format!("`seconds` is from {least} to {most}, or 0, not {seconds}");
        return Err(Problem::new(Says::BadBody, why));
    }
    act(&rooms, actor, Act::Lease { agent, seconds }).await
}

/// What became of the call that the agent wraps up.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DisposeBody {
    disposition: Name,
}

pub(super) async fn dispose(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(agent): Segment<Name>,
    Body(DisposeBody { disposition }): Body<DisposeBody>,
) -> Done {
    act(&rooms, actor, Act::Dispose { agent, disposition }).await
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

/// Who shall be asked, or invited.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TransferBody {
    to: Number,
}

/// Where a call shall go: to a number, to an agent or into a queue.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SendBody {
    To(Number),
    Agent(Name),
    Queue(Name),
}

pub(super) async fn transfer(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(call): Segment<CallId>,
    Body(whither): Body<SendBody>,
) -> Done {
    let order = match whither {
        SendBody::To(to) => Act::Transfer { call, to },
        SendBody::Agent(agent) => Act::TransferToAgent { call, agent },
        SendBody::Queue(queue) => Act::TransferToQueue { call, queue },
    };
    act(&rooms, actor, order).await
}

/// Which extension's phone attends a talk, and how.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AttendBody {
    by: Number,
    mode: Attendance,
}

pub(super) async fn attend(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(call): Segment<CallId>,
    Body(AttendBody { by, mode }): Body<AttendBody>,
) -> Done {
    act(&rooms, actor, Act::Attend { call, by, mode }).await
}

pub(super) async fn unattend(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(call): Segment<CallId>,
) -> Done {
    act(&rooms, actor, Act::Unattend { call }).await
}

/// Which extension's phone takes a call over.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TakeOverBody {
    by: Number,
}

pub(super) async fn take_over(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(call): Segment<CallId>,
    Body(TakeOverBody { by }): Body<TakeOverBody>,
) -> Done {
    act(&rooms, actor, Act::TakeOver { call, by }).await
}

pub(super) async fn move_caller(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(call): Segment<CallId>,
    Body(to): Body<Spot>,
) -> Done {
    act(&rooms, actor, Act::Move { call, to }).await
}

pub(super) async fn cancel_callback(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(call): Segment<CallId>,
) -> Done {
    act(&rooms, actor, Act::CancelCallback { call }).await
}

pub(super) async fn drain(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(queue): Segment<Name>,
    Body(SwitchBody { on }): Body<SwitchBody>,
) -> Done {
    act(&rooms, actor, Act::Drain { queue, on }).await
}

/// Of which queue; `null`: of all.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AckBody {
    #[serde(deserialize_with = "Option::deserialize")]
    queue: Option<Name>,
}

pub(super) async fn acknowledge(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(rule): Segment<Name>,
    Body(AckBody { queue }): Body<AckBody>,
) -> Done {
    act(&rooms, actor, Act::AcknowledgeAlert { rule, queue }).await
}

pub(super) async fn consult(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(call): Segment<CallId>,
    Body(TransferBody { to }): Body<TransferBody>,
) -> Done {
    act(&rooms, actor, Act::Consult { call, to }).await
}

pub(super) async fn complete(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(call): Segment<CallId>,
) -> Done {
    act(&rooms, actor, Act::Complete { call }).await
}

pub(super) async fn back(rooms: State<Rooms>, Acting(actor): Acting, Segment(call): Segment<CallId>) -> Done {
    act(&rooms, actor, Act::Back { call }).await
}

pub(super) async fn join(rooms: State<Rooms>, Acting(actor): Acting, Segment(call): Segment<CallId>) -> Done {
    act(&rooms, actor, Act::Join { call }).await
}

/// Where a call shall wait; `null`: on the first slot that is free.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ParkBody {
    #[serde(deserialize_with = "Option::deserialize")]
    slot: Option<Number>,
}

pub(super) async fn park(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(call): Segment<CallId>,
    Body(ParkBody { slot }): Body<ParkBody>,
) -> Done {
    act(&rooms, actor, Act::Park { call, slot }).await
}

/// On or off.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SwitchBody {
    on: bool,
}

pub(super) async fn record(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(call): Segment<CallId>,
    Body(SwitchBody { on }): Body<SwitchBody>,
) -> Done {
    act(&rooms, actor, Act::Record { call, on }).await
}

pub(super) async fn pause_recording(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(call): Segment<CallId>,
    Body(SwitchBody { on }): Body<SwitchBody>,
) -> Done {
    act(&rooms, actor, Act::PauseRecording { call, on }).await
}

pub(super) async fn mute(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(call): Segment<CallId>,
    Body(SwitchBody { on }): Body<SwitchBody>,
) -> Done {
    act(&rooms, actor, Act::Mute { call, on }).await
}

pub(super) async fn invite(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(conference): Segment<Number>,
    Body(TransferBody { to }): Body<TransferBody>,
) -> Done {
    act(&rooms, actor, Act::Invite { conference, to }).await
}

pub(super) async fn lock(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(conference): Segment<Number>,
    Body(SwitchBody { on }): Body<SwitchBody>,
) -> Done {
    act(&rooms, actor, Act::Lock { conference, on }).await
}

pub(super) async fn record_conference(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(conference): Segment<Number>,
    Body(SwitchBody { on }): Body<SwitchBody>,
) -> Done {
    act(&rooms, actor, Act::RecordConference { conference, on }).await
}

/// When calls are forwarded, and where; without a number no more.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ForwardBody {
    when: When,
    #[serde(default)]
    to: Option<Number>,
}

pub(super) async fn forward(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(extension): Segment<Number>,
    Body(ForwardBody { when, to }): Body<ForwardBody>,
) -> Done {
    let setting = Setting::Forward { when, to };
    act(&rooms, actor, Act::Extension { extension, setting }).await
}

pub(super) async fn quiet(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(extension): Segment<Number>,
    Body(SwitchBody { on }): Body<SwitchBody>,
) -> Done {
    act(&rooms, actor, Act::Extension { extension, setting: Setting::Quiet(on) }).await
}

pub(super) async fn act(rooms: &Rooms, actor: Actor, act: Act) -> Done {
    rooms.door.act(actor, act.clone()).await??;
    Ok(Json(act))
}
