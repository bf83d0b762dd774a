//! Rooms, and the ways out of a room or a talk.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use tokio::time::{Instant, sleep};

use super::{answer, ask, dial::give_back, hang_up, play, seconds, set, set_lease};
use crate::{
    base::id::{LegId, RoomId},
    ports::engine::{
        HangupCause,
        asterisk::{
            join::{LEASE, RETURN, STEP, enter, remove, unless_gone},
            lane::Desk,
            ledger::{Duty, Effects, Parted, lane_of},
            rest::Failure,
            translate::{CALLER, PEER, ROOM, SPAN, bridge_of},
        },
    },
};

/// The shortest lease of whoever waits in a room for others while we live: longer than the way to its renewal.
const ALONE: Duration = Duration::from_secs(15);

/// Brings a leg into a room, whatever it does.
pub async fn meet(desk: &Arc<Desk>, leg: &LegId, room: &RoomId, muted: bool) -> Result<(), Failure> {
    let outcome = go_in(desk, leg, room, muted).await;
    if outcome.is_err() {
        desk.ledger().leaving(leg);
        count_soon(desk, room);
    }
    outcome
}

async fn go_in(desk: &Arc<Desk>, leg: &LegId, room: &RoomId, muted: bool) -> Result<(), Failure> {
    play::stop_prompt(desk, leg, None).await?;
    if !desk.ledger().up(leg) {
        answer(desk, leg).await?;
    }
    if desk.ledger().music(leg, false) {
        ask(desk, Method::DELETE, leg, "/moh", &[]).await?;
    }
    let bridge = bridge_of(room);
    match desk.rest.post(&format!("/bridges/{bridge}"), &[("type", "mixing")]).await {
        Ok(_) | Err(Failure::Refused { status: 409, .. } | Failure::Unknown) => {}
        Err(failure) => return Err(failure),
    }
    let span = desk.ledger().span(leg).unwrap_or(LEASE);
    set(desk, leg, SPAN, &seconds(span)).await?;
    set(desk, leg, ROOM, room.as_str()).await?;
    let parted = desk.ledger().part(leg);
    untie(desk, leg).await?;
    if let Some(Parted::Talk { peer, .. }) = &parted {
        arm(desk, peer).await.or_else(unless_gone)?;
    }
    turn_voice(desk, leg, !muted).await?;
    let left = desk.ledger().meeting(leg, room);
    enter(desk, &bridge, leg).await?;
    if let Some(parted) = parted {
        release_other(desk, leg, parted).await?;
    }
    if let Some(left) = left {
        count_soon(desk, &left);
    }
    Ok(())
}

/// Whoever was with this leg is ours again.
async fn release_other(desk: &Arc<Desk>, leg: &LegId, parted: Parted) -> Result<(), Failure> {
    match parted {
        Parted::Talk { peer, bridge } => {
            give_back(desk, &peer).await;
            untie(desk, &peer).await.or_else(unless_gone)?;
            remove(desk, &bridge).await
        }
        Parted::Awaited(to) => {
            desk.ledger().cancel(&to);
            hang_up(desk, &to, HangupCause::NORMAL_CLEARING).await
        }
        Parted::Promised(caller) => {
            tracing::debug!(%leg, %caller, "taken away before the two had met");
            give_back(desk, &caller).await;
            Ok(())
        }
    }
}

/// Nobody's end brings this leg back any more, and its end brings nobody back.
pub async fn untie(desk: &Desk, leg: &LegId) -> Result<(), Failure> {
    set(desk, leg, PEER, "").await?;
    set(desk, leg, CALLER, "").await
}

/// A lease for somebody whose talk is about to end.
async fn arm(desk: &Desk, leg: &LegId) -> Result<(), Failure> {
    set_lease(desk, leg, desk.settings.lease).await
}

/// Comes back from a talk or a room.
pub async fn part(desk: &Arc<Desk>, leg: &LegId) -> Result<(), Failure> {
    let left = desk.ledger().leaving(leg);
    if let Some(room) = left {
        turn_voice(desk, leg, true).await?;
        give_back(desk, leg).await;
        count_soon(desk, &room);
        return Ok(());
    }
    let parted = desk.ledger().part(leg);
    match parted {
        Some(parted @ Parted::Talk { .. }) => {
            arm(desk, leg).await?;
            if let Parted::Talk { peer, .. } = &parted {
                arm(desk, peer).await.or_else(unless_gone)?;
            }
            give_back(desk, leg).await;
            release_other(desk, leg, parted).await?;
            untie(desk, leg).await
        }
        Some(parted) => {
            let promised = matches!(parted, Parted::Promised(_));
            release_other(desk, leg, parted).await?;
            if !promised {
                give_back(desk, leg).await;
            }
            Ok(())
        }
        None => Err(Failure::refused(409, "this leg is in no talk and in no room")),
    }
}

/// The phone at `leg` has sent its peer elsewhere: the peer is ours again, the phone's leg ends.
pub async fn part_for_good(desk: &Arc<Desk>, leg: &LegId, peer: &LegId) -> Result<(), Failure> {
    let parted = desk.ledger().part(leg);
    if let Some(parted @ Parted::Talk { .. }) = parted {
        arm(desk, peer).await.or_else(unless_gone)?;
        release_other(desk, leg, parted).await.or_else(unless_gone)?;
    }
    Ok(())
}

/// Whether the others hear a leg of a room.
pub async fn mute(desk: &Arc<Desk>, leg: &LegId, on: bool) -> Result<(), Failure> {
    if desk.ledger().room(leg).is_none() {
        return Err(Failure::refused(409, "this leg is in no room"));
    }
    turn_voice(desk, leg, !on).await
}

pub async fn turn_voice(desk: &Desk, leg: &LegId, heard: bool) -> Result<(), Failure> {
    if desk.ledger().muted(leg, !heard) {
        let method = if heard { Method::DELETE } else { Method::POST };
        ask(desk, method, leg, "/mute", &[("direction", "in")]).await?;
    }
    Ok(())
}

fn count_soon(desk: &Arc<Desk>, room: &RoomId) {
    let duty = (lane_of(room), Duty::Count { room: room.clone() });
    desk.update(|_| Effects { events: Vec::new(), duties: vec![duty] });
}

/// Sets right what depends on how many are in a room: its list for the dialplan, its leases, its being there.
pub async fn count(desk: &Arc<Desk>, room: &RoomId) -> Result<(), Failure> {
    let members = desk.ledger().members(room);
    let list: Vec<&str> = members.iter().map(LegId::as_str).collect();
    let (name, list) = (format!("{ROOM}_{room}"), list.join("&"));
    desk.rest.post("/asterisk/variable", &[("variable", name.as_str()), ("value", list.as_str())]).await?;
    match members.as_slice() {
        [] => remove(desk, &bridge_of(room)).await,
        // The others have left: it comes back, by the dialplan when the last of them ended, else by us.
        [left] if desk.ledger().free(left) => {
            let deadline = Instant::now() + RETURN;
            let stays = || desk.ledger().members(room) == members;
            while stays() && Instant::now() < deadline {
                sleep(STEP).await;
            }
            if stays() {
                arm(desk, left).await.or_else(unless_gone)?;
                give_back(desk, left).await;
            }
            Ok(())
        }
        // The first, who waits for others.
        [first] => {
            let span = desk.ledger().span(first).unwrap_or(LEASE).max(ALONE);
            set_lease(desk, first, span).await.or_else(unless_gone)
        }
        several => {
            for leg in several {
                let news = desk.ledger().freed(leg, true);
                if news {
                    desk.ledger().lease(leg, None);
                    set_lease(desk, leg, Duration::ZERO).await.or_else(unless_gone)?;
                }
            }
            Ok(())
        }
    }
}
