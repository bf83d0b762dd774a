//! Agents who do not take the call: the next one is asked, and the caller keeps the place.

use std::time::Duration;

use tandem::base::id::Name;

use crate::bench::Kind;
use crate::support::phone::{Manner, Phone};
use crate::world::{World, both_talk, both_talk_a_while};

on_every_engine! {
    the_next_agent_is_asked_when_one_is_busy,
    the_next_agent_is_asked_when_one_declines,
    the_next_agent_is_asked_when_one_does_not_answer,
    the_next_agent_is_asked_when_a_phone_is_dead,
    an_unregistered_phone_is_not_asked,
    the_caller_keeps_the_place_when_nobody_takes_the_call,
}

/// Anna is asked first (she has been idle longer) and does not take the call; Ben does.
async fn ben_takes_over(kind: Kind, from: &str, annas_cause: u8, manner: Manner) {
    let world = World::new(kind).await;
    let anna = world.agent("anna").await;
    anna.on_call(manner);
    let ben = world.agent("ben").await;
    let caller = world.outside(from).await;
    let call = caller.dial("8002").await;
    let offer = ben.rings().await;
    offer.answer();
    both_talk(&call, &offer).await;
    world.agent_is("anna", "resting").await;
    call.hang_up().await;

    let record = world.record(from).await;
    assert_eq!(record.agent.as_ref().map(Name::as_str), Some("ben"));
    assert_eq!(record.legs.len(), 3, "{record:?}");
    assert_eq!(record.legs[1].party.to_string(), "anna");
    assert_eq!(record.legs[1].cause.map(|c| c.0), Some(annas_cause), "{record:?}");
    assert!(record.legs[1].answered.is_none());
    world.ends_clean().await;
}

pub async fn the_next_agent_is_asked_when_one_is_busy(kind: Kind) {
    ben_takes_over(kind, "13800000021", 17, Manner::Refuse(486)).await;
}

pub async fn the_next_agent_is_asked_when_one_declines(kind: Kind) {
    ben_takes_over(kind, "13800000022", 21, Manner::Refuse(603)).await;
}

pub async fn the_next_agent_is_asked_when_one_does_not_answer(kind: Kind) {
    ben_takes_over(kind, "13800000023", 19, Manner::Ring).await;
}

pub async fn the_next_agent_is_asked_when_a_phone_is_dead(kind: Kind) {
    ben_takes_over(kind, "13800000024", 19, Manner::Dead).await;
}

pub async fn an_unregistered_phone_is_not_asked(kind: Kind) {
    let world = World::new(kind).await;
    let anna = world.agent("anna").await;
    anna.unregister().await;
    world.agent_is("anna", "phone gone").await;
    let ben = world.agent("ben").await;
    let caller = world.outside("13800000025").await;
    let call = caller.dial("8002").await;
    let offer = ben.rings().await;
    offer.answer();
    both_talk(&call, &offer).await;
    call.hang_up().await;
    assert!(anna.rings_within(Duration::from_millis(1)).await.is_none());
    world.ends_clean().await;
}

pub async fn the_caller_keeps_the_place_when_nobody_takes_the_call(kind: Kind) {
    let world = World::new(kind).await;
    let anna = world.agent("anna").await;
    anna.on_call(Manner::Refuse(486));
    let (first, second) = (world.outside("13800000026").await, world.outside("13800000027").await);
    let one = first.dial("8002").await;
    world.agent_is("anna", "resting").await;
    let two = waits(&world, &second, "13800000027").await;
    let ben = world.agent_coming("ben").await;
    let offer = ben.rings().await;
    assert_eq!(offer.other(), "13800000026", "who came first is served first");
    offer.answer();
    both_talk(&one, &offer).await;
    one.hang_up().await;
    let offer = ben.rings().await;
    assert_eq!(offer.other(), "13800000027");
    offer.answer();
    both_talk_a_while(&two, &offer).await;
    offer.hang_up().await;
    world.ends_clean().await;
}

async fn waits(world: &World, phone: &Phone, from: &str) -> crate::support::call::Call {
    let call = phone.dial("8002").await;
    world.call_is(from, "waiting").await;
    call
}
