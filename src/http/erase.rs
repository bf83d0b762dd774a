//! A person is erased: from finished calls, recordings and mailboxes, and the audit tells that it was done.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use super::{
    Rooms,
    extract::Body,
    gate::Acting,
    live,
    problem::{Problem, Says},
};
use crate::{
    base::{
        clock::{Clock, SystemClock},
        number::Number,
    },
    desk::audit::{Change, What},
    live::switchboard::view::{Act, Actor},
};

/// Who is to be erased: the number as the history shows it.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    number: Number,
}

/// What was erased, and what has to be erased again when it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Erased {
    /// Finished calls from which the person is gone.
    pub calls: u64,
    /// Calls of this person that are live.
    pub live: u64,
    /// Messages of this person that are gone from the mailboxes.
    #[serde(default)]
    pub messages: u64,
}

pub(super) async fn erase(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Body(Person { number }): Body<Person>,
) -> Result<Json<Erased>, Problem> {
    // It goes on to its end and into the audit, however long it takes: whoever asked may not wait so long.
    let whole = tokio::spawn(everywhere(rooms, actor, number));
    let erased = whole.await.map_err(|why| Problem::new(Says::Stopping, why.to_string()))??;
    Ok(Json(erased))
}

async fn everywhere(State(rooms): State<Rooms>, actor: Actor, number: Number) -> Result<Erased, Problem> {
    let calls = rooms.history.erase(&number).await?;
    let left = live::left_by(&rooms, &number).await?;
    let messages = left.len() as u64;
    if messages > 0 {
        // By their ids: what is ordered is written down, and the number must not be.
        rooms.door.act(actor.clone(), Act::ForgetMessages { messages: left }).await??;
    }
    let live = live::calls_with(&rooms, &number).await?;
    let erased = Erased { calls, live, messages };
    let at = SystemClock.now();
    let change = Change {
        id: format_smolstr!("erase-{}", at.0),
        at,
        who: actor.0,
        what: What::PersonErase,
        // Never who it was: that is gone.
        subject: SmolStr::default(),
        before: None,
        after: serde_json::to_string(&erased).ok(),
    };
    rooms.audit.add(&change).await?;
    Ok(erased)
}
