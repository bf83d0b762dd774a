//! A person is erased: from finished calls, recordings, mailboxes and customers, and the audit tells that it was done.

use std::collections::BTreeSet;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use super::{
    Rooms,
    extract::{Body, Segment},
    gate::Acting,
    live,
    problem::{Problem, Says},
};
use crate::{
    base::{
        clock::{Clock, SystemClock},
        id::Name,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Erased {
    /// Finished calls from which the person is gone.
    pub calls: u64,
    /// Calls of this person that are live.
    pub live: u64,
    /// Messages of this person that are gone from the mailboxes.
    #[serde(default)]
    pub messages: u64,
    /// Of those who were to be called back.
    #[serde(default)]
    pub callbacks: u64,
    /// Customers who are no more.
    #[serde(default)]
    pub customers: u64,
}

pub(super) async fn erase(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Body(Person { number }): Body<Person>,
) -> Result<Json<Erased>, Problem> {
    // It goes on to its end and into the audit, however long it takes: whoever asked may not wait so long.
    let whole = tokio::spawn(async move {
        // The customer last: while something of the person is left, the number can be found.
        let customer = rooms.customers.by_number(&number).await?;
        let mut numbers = BTreeSet::from([number]);
        let id = customer.map(|customer| {
            numbers.extend(customer.numbers);
            customer.id
        });
        everywhere(&rooms, actor, numbers, id).await
    });
    let erased = whole.await.map_err(|why| Problem::new(Says::Stopping, why.to_string()))??;
    Ok(Json(erased))
}

pub(super) async fn erase_customer(
    rooms: State<Rooms>,
    Acting(actor): Acting,
    Segment(id): Segment<Name>,
) -> Result<Json<Erased>, Problem> {
    let customer = rooms.customers.get(&id).await?;
    let whole = tokio::spawn(async move { everywhere(&rooms, actor, customer.numbers, Some(id)).await });
    let erased = whole.await.map_err(|why| Problem::new(Says::Stopping, why.to_string()))??;
    Ok(Json(erased))
}

/// Everything that tells of whoever has these numbers, in all forms in which trunks may have brought them.
async fn everywhere(
    rooms: &Rooms,
    actor: Actor,
    numbers: BTreeSet<Number>,
    customer: Option<Name>,
) -> Result<Erased, Problem> {
    let mut erased = Erased::default();
    for number in numbers.iter().flat_map(|number| rooms.customers.forms(number)) {
        erased.calls += rooms.history.erase(&number).await?;
        let left = live::left_by(rooms, &number).await?;
        erased.messages += left.len() as u64;
        if !left.is_empty() {
            // By their ids: what is ordered is written down, and the number must not be.
            rooms.door.act(actor.clone(), Act::ForgetMessages { messages: left }).await??;
        }
        for one in live::promised(rooms).await?.into_iter().filter(|one| one.number == number) {
            // It may be over by now.
            if rooms.door.act(actor.clone(), Act::CancelCallback { call: one.call }).await?.is_ok() {
                erased.callbacks += 1;
            }
        }
        erased.live += live::calls_with(rooms, &number).await?;
    }
    if let Some(customer) = customer {
        rooms.customers.remove(&actor.0, &customer).await?;
        erased.customers = 1;
    }
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
