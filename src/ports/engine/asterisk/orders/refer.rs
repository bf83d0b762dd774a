//! What phones do with the calls of others: REFER, which Asterisk leaves to us.

use std::sync::Arc;

use reqwest::Method;

use super::{
    ask, hang_up,
    room::{part_for_good, untie},
    set,
};
use crate::{
    base::id::LegId,
    ports::engine::{
        HangupCause,
        asterisk::{
            join::{enter, remove, unless_gone},
            lane::Desk,
            rest::Failure,
            translate::{CALLER, PEER, bridge_for},
        },
    },
};

const TAKEN: &str = "channel_answered";
pub const DECLINED: &str = "channel_declined";

/// Tells the phone what becomes of its wish.
pub async fn answer(desk: &Desk, leg: &LegId, what: &str) -> Result<(), Failure> {
    ask(desk, Method::POST, leg, "/transfer_progress", &[("states", what)]).await.map(drop)
}

/// The phone's peer is ours again; the phone has done its part.
pub async fn send_on(desk: &Arc<Desk>, leg: &LegId, peer: &LegId) -> Result<(), Failure> {
    part_for_good(desk, leg, peer).await?;
    answer(desk, leg, TAKEN).await.or_else(unless_gone)?;
    hang_up(desk, leg, HangupCause::NORMAL_CLEARING).await
}

/// The phone has two talks, and makes one of those it talks with.
pub async fn merge(desk: &Arc<Desk>, leg: &LegId, other: &LegId) -> Result<(), Failure> {
    let pair = desk.ledger().pair(leg, other);
    let Some((caller, to)) = pair else { return answer(desk, leg, DECLINED).await };
    if let Err(failure) = bring_together(desk, &caller, &to).await {
        tracing::debug!(%leg, %failure, "two who were to be joined by a phone could not be");
        return answer(desk, leg, DECLINED).await;
    }
    let mut bridges = Vec::new();
    desk.update(|ledger| {
        let (left, effects) = ledger.merged([leg, other], &caller, &to);
        bridges = left;
        effects
    });
    answer(desk, leg, TAKEN).await.or_else(unless_gone)?;
    for one in [leg, other] {
        hang_up(desk, one, HangupCause::NORMAL_CLEARING).await?;
    }
    for bridge in bridges {
        remove(desk, &bridge).await?;
    }
    Ok(())
}

/// From here on the end of `to` gives `caller` back, and the ends of the phone's legs concern nobody.
async fn bring_together(desk: &Desk, caller: &LegId, to: &LegId) -> Result<(), Failure> {
    let bridge = bridge_for(to);
    desk.rest.post(&format!("/bridges/{bridge}"), &[("type", "mixing")]).await.or_else(|failure| {
        match failure {
            Failure::Refused { status: 409, .. } => Ok(serde_json::Value::Null),
            failure => Err(failure),
        }
    })?;
    untie(desk, caller).await?;
    untie(desk, to).await?;
    set(desk, to, CALLER, caller.as_str()).await?;
    set(desk, caller, PEER, to.as_str()).await?;
    enter(desk, &bridge, to).await?;
    enter(desk, &bridge, caller).await
}
