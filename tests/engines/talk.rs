//! The main job: a menu by keys, a queue, an agent, a talk, and what is written down about it.

use std::time::Duration;

use serde_json::json;
use tandem::{
    base::id::Name,
    live::record::{EndedBy, Role},
};

use crate::bench::Kind;
use crate::support::{call::State, phone::Manner};
use crate::world::{HIGH, LOW, World, both_talk, both_talk_a_while};

on_every_engine! {
    from_menu_to_queue_to_agent_and_the_caller_hangs_up,
    pain_19_from_menu_to_queue_to_agent_and_the_agent_hangs_up,
    keys_count_while_the_menu_speaks_and_by_info,
    who_waits_hears_music_until_an_agent_is_there,
    callers_are_served_in_the_order_in_which_they_came,
    a_caller_who_gives_up_while_waiting_leaves_nothing,
    extension_to_extension,
    an_extension_that_is_busy_is_told_to_the_caller,
    outside_of_opening_hours_the_closed_flow_answers,
    an_admin_hangs_a_call_up,
    an_admin_transfers_a_talk,
    an_admin_transfers_a_waiting_caller,
    hold_and_back,
}

pub async fn from_menu_to_queue_to_agent_and_the_caller_hangs_up(kind: Kind) {
    let world = World::new(kind).await;
    let (caller, anna) = (world.outside("13800000001").await, world.agent("anna").await);
    let call = caller.dial("8000").await;
    call.answered().await;
    call.hears_other_than(LOW).await;
    call.press("1");
    let offer = anna.rings().await;
    offer.answer();
    both_talk_a_while(&call, &offer).await;
    call.hang_up().await;
    offer.ended().await;

    let record = world.record("13800000001").await;
    assert_eq!((record.ended_by, record.cause.0), (EndedBy::Caller, 16));
    assert_eq!(record.queue.as_ref().map(Name::as_str), Some("support"));
    assert_eq!(record.agent.as_ref().map(Name::as_str), Some("anna"));
    let roles: Vec<Role> = record.legs.iter().map(|leg| leg.role).collect();
    assert_eq!(roles, [Role::Caller, Role::Agent]);
    for leg in &record.legs {
        assert!(leg.answered.is_some() && leg.ended.is_some() && leg.cause.is_some(), "{leg:?}");
    }
    let total = record.ended.since(record.arrived).as_millis() as u64;
    assert!(record.talk_ms >= 2000 && record.wait_ms + record.talk_ms <= total, "{record:?}");
    world.ends_clean().await;
}

pub async fn pain_19_from_menu_to_queue_to_agent_and_the_agent_hangs_up(kind: Kind) {
    let world = World::new(kind).await;
    let (caller, anna) = (world.outside("13800000002").await, world.agent("anna").await);
    let call = caller.dial("8000").await;
    call.answered().await;
    call.press("1");
    let offer = anna.rings().await;
    offer.answer();
    both_talk_a_while(&call, &offer).await;
    offer.hang_up().await;
    call.ended().await;

    let record = world.record("13800000002").await;
    assert_eq!(record.ended_by, EndedBy::Callee);
    assert_eq!(record.legs[1].cause.map(|c| c.0), Some(16));
    world.agent_is("anna", "ready").await;
    world.ends_clean().await;
}

pub async fn keys_count_while_the_menu_speaks_and_by_info(kind: Kind) {
    let world = World::new(kind).await;
    let (caller, anna) = (world.outside("13800000003").await, world.agent("anna").await);
    let call = caller.dial("8000").await;
    call.answered().await;
    call.hears_other_than(LOW).await;
    call.press_by_info('1').await;
    let offer = anna.rings().await;
    offer.answer();
    both_talk(&call, &offer).await;
    call.hang_up().await;
    world.ends_clean().await;
}

pub async fn who_waits_hears_music_until_an_agent_is_there(kind: Kind) {
    let world = World::new(kind).await;
    let caller = world.outside("13800000004").await;
    let call = caller.dial("8002").await;
    call.answered().await;
    world.call_is("13800000004", "waiting").await;
    call.hears_other_than(HIGH).await;
    let anna = world.agent_coming("anna").await;
    let offer = anna.rings().await;
    offer.answer();
    both_talk(&call, &offer).await;
    call.hang_up().await;
    let record = world.record("13800000004").await;
    assert!(record.wait_ms >= 300, "{record:?}");
    world.ends_clean().await;
}

pub async fn callers_are_served_in_the_order_in_which_they_came(kind: Kind) {
    let world = World::new(kind).await;
    let numbers = ["13800000011", "13800000012", "13800000013"];
    let mut calls = Vec::new();
    for number in numbers {
        let caller = world.outside(number).await;
        let call = caller.dial("8002").await;
        world.call_is(number, "waiting").await;
        calls.push((caller, call));
    }
    let anna = world.agent_coming("anna").await;
    for ((_, call), number) in calls.iter().zip(numbers) {
        let offer = anna.rings().await;
        assert_eq!(offer.other(), number);
        offer.answer();
        both_talk(call, &offer).await;
        call.hang_up().await;
        offer.ended().await;
    }
    world.ends_clean().await;
}

pub async fn a_caller_who_gives_up_while_waiting_leaves_nothing(kind: Kind) {
    let world = World::new(kind).await;
    let caller = world.outside("13800000005").await;
    let call = caller.dial("8002").await;
    world.call_is("13800000005", "waiting").await;
    call.hang_up().await;
    let record = world.record("13800000005").await;
    assert_eq!((record.ended_by, record.agent, record.talk_ms), (EndedBy::Caller, None, 0));
    world.ends_clean().await;
}

pub async fn extension_to_extension(kind: Kind) {
    let world = World::new(kind).await;
    let (carla, ben) = (world.phone("1003").await, world.phone("1002").await);
    let call = carla.dial("1002").await;
    let rings = ben.rings().await;
    assert_eq!(rings.other(), "1003");
    rings.answer();
    both_talk(&call, &rings).await;
    rings.hang_up().await;
    call.ended().await;
    let record = world.record("1003").await;
    assert_eq!(
        (record.ended_by, record.queue, record.legs[1].role),
        (EndedBy::Callee, None, Role::Extension)
    );
    world.ends_clean().await;
}

pub async fn an_extension_that_is_busy_is_told_to_the_caller(kind: Kind) {
    let world = World::new(kind).await;
    let (carla, ben) = (world.phone("1003").await, world.phone("1002").await);
    ben.on_call(Manner::Refuse(486));
    let call = carla.dial("1002").await;
    call.ended().await;
    let record = world.record("1003").await;
    assert_eq!(record.legs[1].cause.map(|c| c.0), Some(17), "{record:?}");
    assert_eq!(record.talk_ms, 0);
    world.ends_clean().await;
}

pub async fn outside_of_opening_hours_the_closed_flow_answers(kind: Kind) {
    let world = World::new(kind).await;
    let (caller, _anna) = (world.outside("13800000006").await, world.agent("anna").await);
    let call = caller.dial("8001").await;
    call.hears_other_than(LOW).await;
    call.ended().await;
    let record = world.record("13800000006").await;
    assert_eq!((record.ended_by, record.legs.len()), (EndedBy::Tandem, 1), "{record:?}");
    world.ends_clean().await;
}

pub async fn an_admin_hangs_a_call_up(kind: Kind) {
    let world = World::new(kind).await;
    let (caller, anna) = (world.outside("13800000007").await, world.agent("anna").await);
    let call = caller.dial("8002").await;
    let offer = anna.rings().await;
    offer.answer();
    both_talk(&call, &offer).await;
    let id = world.call_is("13800000007", "talking").await.id;
    world.rest.post(&format!("/v1/calls/{id}/hangup"), json!({})).await;
    call.ended().await;
    offer.ended().await;
    assert_eq!(world.record("13800000007").await.ended_by, EndedBy::Tandem);
    world.ends_clean().await;
}

pub async fn an_admin_transfers_a_talk(kind: Kind) {
    let world = World::new(kind).await;
    let (caller, anna) = (world.outside("13800000008").await, world.agent("anna").await);
    let carla = world.phone("1003").await;
    let call = caller.dial("8002").await;
    let offer = anna.rings().await;
    offer.answer();
    both_talk(&call, &offer).await;
    let id = world.call_is("13800000008", "talking").await.id;
    world.rest.post(&format!("/v1/calls/{id}/transfer"), json!({ "to": "1003" })).await;
    let taken = carla.rings().await;
    offer.ended().await;
    taken.answer();
    both_talk(&call, &taken).await;
    call.hang_up().await;
    assert_eq!(world.record("13800000008").await.legs.len(), 3);
    world.ends_clean().await;
}

pub async fn an_admin_transfers_a_waiting_caller(kind: Kind) {
    let world = World::new(kind).await;
    let (caller, carla) = (world.outside("13800000009").await, world.phone("1003").await);
    let call = caller.dial("8002").await;
    let id = world.call_is("13800000009", "waiting").await.id;
    world.rest.post(&format!("/v1/calls/{id}/transfer"), json!({ "to": "1003" })).await;
    let taken = carla.rings().await;
    taken.answer();
    both_talk(&call, &taken).await;
    taken.hang_up().await;
    call.ended().await;
    world.ends_clean().await;
}

pub async fn hold_and_back(kind: Kind) {
    let world = World::new(kind).await;
    let (caller, anna) = (world.outside("13800000010").await, world.agent("anna").await);
    let call = caller.dial("8002").await;
    let offer = anna.rings().await;
    offer.answer();
    both_talk(&call, &offer).await;
    for (holds, waits, tone) in [(&offer, &call, HIGH), (&call, &offer, LOW)] {
        holds.hold(true).await;
        tokio::time::timeout(Duration::from_secs(5), async {
            while waits.listen(Duration::from_millis(300)).await.share(tone) > 0.5 {}
        })
        .await
        .expect("who is on hold does not hear the other");
        assert_eq!(waits.state(), State::Talking);
        holds.hold(false).await;
        both_talk(&call, &offer).await;
    }
    call.hang_up().await;
    world.ends_clean().await;
}
