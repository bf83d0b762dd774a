//! Bringing a caller and the leg dialled for him together, and what else follows from events.
//!
//! Every step may find one of the two gone. The order of the steps is chosen so that whoever is left,
//! with or without Tandem, still has a lease or a leg whose end gives him back.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use tokio::time::{Instant, sleep};

use super::{
    lane::Desk,
    ledger::Duty,
    orders::{answer, ask, give_back, hang_up, record, refer, release, room, set_lease, tap},
    rest::Failure,
    translate::bridge_for,
};
use crate::{
    base::id::{LegId, OrderId},
    ports::engine::{HangupCause, Verdict},
};

/// The lease of a leg for which none was ordered in this life of ours.
pub const LEASE: Duration = Duration::from_secs(30);
/// How long the dialplan may take to give a caller back before we do it.
pub const RETURN: Duration = Duration::from_millis(300);
pub const STEP: Duration = Duration::from_millis(10);

/// Does a duty in the lane of `leg`.
pub async fn do_duty(desk: &Arc<Desk>, leg: &LegId, duty: Duty) {
    let outcome = match duty {
        Duty::Join { to } => join(desk, leg, &to).await,
        Duty::Tidy { to } => tidy(desk, leg, &to).await,
        Duty::Drop { cause } => hang_up(desk, leg, cause).await,
        Duty::Renew => renew(desk, leg).await,
        Duty::Release => release(desk, leg).await,
        Duty::AskPlay { order } => ask_play(desk, order).await,
        Duty::AskRecord { order, sound } => record::ask_record(desk, leg, order, &sound).await,
        Duty::Collect { order, sound } => record::collect(desk, leg, order, &sound).await,
        Duty::Splice { sound } => record::splice(desk, leg, &sound).await,
        Duty::Sweep { bridge } => remove(desk, &bridge).await,
        Duty::Untap => tap::sweep(desk, leg).await,
        Duty::Refer { peer } => refer::send_on(desk, leg, &peer).await,
        Duty::Merge { other } => refer::merge(desk, leg, &other).await,
        Duty::Decline => refer::answer(desk, leg, refer::DECLINED).await,
        Duty::Unmute => room::turn_voice(desk, leg, true).await,
        Duty::Count { room } => room::count(desk, &room).await,
    };
    if let Err(failure) = outcome.or_else(|failure| if failure.gone() { Ok(()) } else { Err(failure) }) {
        tracing::warn!(%leg, %failure, "a duty was not done; the next audit repairs what is left");
    }
}

async fn join(desk: &Arc<Desk>, caller: &LegId, to: &LegId) -> Result<(), Failure> {
    let (wanted, joined) = {
        let ledger = desk.ledger();
        let joined = ledger.joined(to).is_some() || ledger.caller(to) != Some(caller);
        (ledger.wanted(to), joined || ledger.room(caller).is_some())
    };
    if joined {
        return Ok(());
    }
    if !wanted {
        return hang_up(desk, to, HangupCause::NORMAL_CLEARING).await;
    }
    let bridge = bridge_for(to);
    match desk.rest.post(&format!("/bridges/{bridge}"), &[("type", "mixing")]).await {
        Ok(_) | Err(Failure::Refused { status: 409, .. } | Failure::Unknown) => {}
        Err(failure) => {
            hang_up(desk, to, HangupCause::TEMPORARY_FAILURE).await?;
            return Err(failure);
        }
    }
    // The dialled leg first: if it has gone meanwhile, the caller has not been touched.
    if let Err(failure) = enter(desk, &bridge, to).await {
        tracing::debug!(%to, %failure, "the dialled leg left before it was joined");
        hang_up(desk, to, HangupCause::NORMAL_CLEARING).await?;
        return remove(desk, &bridge).await;
    }
    if let Err(failure) = bring(desk, &bridge, caller).await {
        tracing::debug!(%caller, %failure, "the caller left before he was joined");
        hang_up(desk, to, HangupCause::NORMAL_CLEARING).await?;
        return remove(desk, &bridge).await;
    }
    // Last: if we die before this, the lease still runs and leads to a human.
    if desk.ledger().wanted(to) {
        release(desk, caller).await?;
        release(desk, to).await?;
    }
    Ok(())
}

/// Brings the caller to the one who answered, as one who is answered himself.
async fn bring(desk: &Arc<Desk>, bridge: &str, caller: &LegId) -> Result<(), Failure> {
    if !desk.ledger().up(caller) {
        answer(desk, caller).await?;
    }
    desk.ledger().music(caller, false);
    ask(desk, Method::DELETE, caller, "/moh", &[]).await.map(drop).or_else(unless_gone)?;
    enter(desk, bridge, caller).await
}

pub fn unless_gone(failure: Failure) -> Result<(), Failure> {
    if failure.gone() { Ok(()) } else { Err(failure) }
}

/// Puts a leg into a bridge.
pub async fn enter(desk: &Desk, bridge: &str, leg: &LegId) -> Result<(), Failure> {
    let path = format!("/bridges/{bridge}/addChannel");
    let query = [("channel", leg.as_str())];
    match desk.rest.post(&path, &query).await {
        // Entering twice is entering once.
        Err(Failure::Unknown) => desk.rest.post(&path, &query).await.map(drop),
        answer => answer.map(drop),
    }
}

pub async fn remove(desk: &Desk, bridge: &str) -> Result<(), Failure> {
    desk.rest.delete(&format!("/bridges/{bridge}"), &[]).await.map(drop).or_else(unless_gone)
}

/// After the dialled leg's end: the bridge goes, the caller surely comes back, and his lease surely runs again.
async fn tidy(desk: &Arc<Desk>, caller: &LegId, to: &LegId) -> Result<(), Failure> {
    remove(desk, &bridge_for(to)).await?;
    let deadline = Instant::now() + RETURN;
    while desk.ledger().awaits(caller, to) && Instant::now() < deadline {
        sleep(STEP).await;
    }
    if desk.ledger().awaits(caller, to) {
        give_back(desk, caller).await;
    }
    let waits = {
        let ledger = desk.ledger();
        ledger.knows(caller) && ledger.joined(caller).is_none() && ledger.leased(caller).is_none()
    };
    if waits {
        let span = desk.ledger().span(caller).unwrap_or(LEASE);
        desk.ledger().lease(caller, Some(span));
        set_lease(desk, caller, span).await?;
    }
    Ok(())
}

async fn renew(desk: &Desk, leg: &LegId) -> Result<(), Failure> {
    let lease = desk.ledger().leased(leg);
    if desk.ledger().lease(leg, lease) {
        set_lease(desk, leg, lease.unwrap_or_default()).await
    } else {
        Ok(())
    }
}

async fn ask_play(desk: &Arc<Desk>, order: OrderId) -> Result<(), Failure> {
    match desk.rest.get(&format!("/playbacks/{order}")).await {
        Err(failure) if failure.gone() => {
            desk.update(|ledger| ledger.play_over(order, Verdict::Finished));
            Ok(())
        }
        answer => answer.map(drop),
    }
}
