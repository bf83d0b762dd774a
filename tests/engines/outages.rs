//! The wire to the engine is cut, the daemon is killed: calls go on, callers keep their place, and without a daemon
//! every waiting caller reaches the fallback.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::{
    bench::Kind,
    support::call::State,
    wire::book::{Deed, Mishap},
    world::{World, both_talk, both_talk_a_while, eventually},
};

/// The longest that a lease runs: an agent's phone rings 5 s, a caller whose lease was not yet renewed has 30 s, and an
/// engine may take 3 s to act on it.
pub const LEASE: Duration = Duration::from_secs(5 + 30 + 3);

on_every_engine! {
    a_cut_wire_is_not_noticed_by_who_talks,
    a_cut_wire_costs_nobody_the_place_in_the_queue,
    an_agent_who_answers_while_the_wire_is_cut_talks,
    a_dial_that_is_lost_with_the_wire_is_dialled_once_more,
    who_hangs_up_while_the_wire_is_cut_is_known_to_be_gone,
    a_killed_daemon_comes_back_to_its_talks_and_its_queue,
    a_daemon_killed_while_a_phone_rings_comes_back_to_it,
    callers_in_the_menu_survive_a_killed_daemon,
    kills_at_any_moment_drop_nobody_and_keep_the_order,
    without_a_daemon_whoever_waits_reaches_the_fallback,
    without_a_daemon_whoever_calls_reaches_the_fallback,
}

pub async fn a_cut_wire_is_not_noticed_by_who_talks(kind: Kind) {
    let world = World::new(kind).await;
    let (caller, anna) = (world.outside("13800000041").await, world.agent("anna").await);
    let call = caller.dial("8002").await;
    let offer = anna.rings().await;
    offer.answer();
    both_talk(&call, &offer).await;
    world.wire.cut();
    world.unlinked().await;
    both_talk(&call, &offer).await;
    world.wire.mend();
    world.linked().await;
    world.call_is("13800000041", "talking").await;
    both_talk(&call, &offer).await;
    call.hang_up().await;
    offer.ended().await;
    assert!(world.record("13800000041").await.talk_ms > 0);
    world.ends_clean().await;
}

pub async fn a_cut_wire_costs_nobody_the_place_in_the_queue(kind: Kind) {
    let world = World::new(kind).await;
    let (first, second) = (world.outside("13800000042").await, world.outside("13800000043").await);
    let one = first.dial("8002").await;
    world.call_is("13800000042", "waiting").await;
    let two = second.dial("8002").await;
    world.call_is("13800000043", "waiting").await;
    world.wire.cut();
    world.unlinked().await;
    world.wire.mend();
    world.linked().await;
    let anna = world.agent_coming("anna").await;
    for (call, number) in [(one, "13800000042"), (two, "13800000043")] {
        let offer = anna.rings().await;
        assert_eq!(offer.other(), number);
        offer.answer();
        both_talk_a_while(&call, &offer).await;
        offer.hang_up().await;
        call.ended().await;
    }
    world.ends_clean().await;
}

pub async fn an_agent_who_answers_while_the_wire_is_cut_talks(kind: Kind) {
    let world = World::new(kind).await;
    let (caller, anna) = (world.outside("13800000044").await, world.agent("anna").await);
    let call = caller.dial("8002").await;
    let offer = anna.rings().await;
    world.wire.cut();
    world.unlinked().await;
    offer.answer();
    world.wire.mend();
    world.linked().await;
    both_talk(&call, &offer).await;
    call.hang_up().await;
    offer.ended().await;
    world.ends_clean().await;
}

/// The order to dial is on its way when the wire is cut: the engine never sees it, nobody says so, and the caller,
/// who has been sent there by an admin, has nowhere else to go.
pub async fn a_dial_that_is_lost_with_the_wire_is_dialled_once_more(kind: Kind) {
    const CALLER: &str = "13800000047";
    let world = World::new(kind).await;
    let (caller, anna, ben) =
        (world.outside(CALLER).await, world.agent("anna").await, world.phone("1002").await);
    let call = caller.dial("8002").await;
    let offer = anna.rings().await;
    offer.answer();
    both_talk(&call, &offer).await;
    world.wire.book.plan(CALLER, Deed::Connect, Mishap::Lost, 2, 1);
    let id = world.call_is(CALLER, "talking").await.id;
    world.rest.post(&format!("/v1/calls/{id}/transfer"), json!({ "to": "1002" })).await;
    eventually("the order to dial is lost", async || match world.wire.book.open_plans() {
        open if open.is_empty() => Ok(()),
        open => Err(format!("{open:?}")),
    })
    .await;
    world.wire.cut();
    world.unlinked().await;
    world.wire.mend();
    world.linked().await;
    let rings = ben.rings().await;
    rings.answer();
    both_talk(&call, &rings).await;
    call.hang_up().await;
    rings.ended().await;
    offer.ended().await;
    world.ends_clean().await;
}

pub async fn who_hangs_up_while_the_wire_is_cut_is_known_to_be_gone(kind: Kind) {
    let world = World::new(kind).await;
    let (caller, waiter) = (world.outside("13800000045").await, world.outside("13800000046").await);
    let anna = world.agent("anna").await;
    let call = caller.dial("8002").await;
    let offer = anna.rings().await;
    offer.answer();
    both_talk(&call, &offer).await;
    let waits = waiter.dial("8002").await;
    world.call_is("13800000046", "waiting").await;
    world.wire.cut();
    world.unlinked().await;
    waits.hang_up().await;
    call.hang_up().await;
    world.wire.mend();
    world.linked().await;
    world.record("13800000045").await;
    world.record("13800000046").await;
    world.agent_is("anna", "ready").await;
    world.ends_clean().await;
}

pub async fn a_killed_daemon_comes_back_to_its_talks_and_its_queue(kind: Kind) {
    let mut world = World::new(kind).await;
    let (talker, first, second) = (
        world.outside("13800000047").await,
        world.outside("13800000048").await,
        world.outside("13800000049").await,
    );
    let anna = world.agent("anna").await;
    let talk = talker.dial("8002").await;
    let offer = anna.rings().await;
    offer.answer();
    both_talk(&talk, &offer).await;
    let one = first.dial("8002").await;
    let began = world.call_is("13800000048", "waiting").await.since;
    let two = second.dial("8002").await;
    world.call_is("13800000049", "waiting").await;

    world.kill_daemon().await;
    both_talk(&talk, &offer).await;
    let took = world.restart_daemon().await;
    assert!(took < Duration::from_secs(3), "control was back after {took:?}");
    assert_eq!(world.call_is("13800000048", "waiting").await.since, began);
    world.call_is("13800000047", "talking").await;
    both_talk(&talk, &offer).await;
    talk.hang_up().await;
    for (call, number) in [(one, "13800000048"), (two, "13800000049")] {
        let offer = anna.rings().await;
        assert_eq!(offer.other(), number, "the order in the queue is kept");
        offer.answer();
        both_talk(&call, &offer).await;
        call.hang_up().await;
        offer.ended().await;
    }
    world.ends_clean().await;
}

pub async fn a_daemon_killed_while_a_phone_rings_comes_back_to_it(kind: Kind) {
    let mut world = World::new(kind).await;
    let (caller, anna) = (world.outside("13800000050").await, world.agent("anna").await);
    let call = caller.dial("8002").await;
    let offer = anna.rings().await;
    world.kill_daemon().await;
    let took = world.restart_daemon().await;
    assert!(took < Duration::from_secs(3), "control was back after {took:?}");
    offer.answer();
    both_talk_a_while(&call, &offer).await;
    offer.hang_up().await;
    call.ended().await;
    world.ends_clean().await;
}

pub async fn callers_in_the_menu_survive_a_killed_daemon(kind: Kind) {
    let mut world = World::new(kind).await;
    let (caller, anna) = (world.outside("13800000051").await, world.agent("anna").await);
    let call = caller.dial("8000").await;
    call.answered().await;
    world.call_is("13800000051", "menu").await;
    world.kill_daemon().await;
    world.restart_daemon().await;
    call.hears_other_than(0.0).await;
    call.press("1");
    let offer = anna.rings().await;
    offer.answer();
    both_talk(&call, &offer).await;
    call.hang_up().await;
    world.ends_clean().await;
}

pub async fn kills_at_any_moment_drop_nobody_and_keep_the_order(kind: Kind) {
    let mut world = World::new(kind).await;
    let (anna, ben) = (world.agent("anna").await, world.agent("ben").await);
    let numbers: Vec<String> = (0..8).map(|i| format!("1380000006{i}")).collect();
    let mut calls = Vec::new();
    for number in &numbers {
        let caller = world.outside(number).await;
        let call = caller.dial("8002").await;
        let offer = match calls.len() {
            0 => Some(anna.rings().await),
            1 => Some(ben.rings().await),
            _ => None,
        };
        match &offer {
            Some(offer) => offer.answer(),
            None => drop(world.call_is(number, "waiting").await),
        }
        calls.push((caller, call, offer));
    }
    for round in 0..8 {
        world.kill_daemon().await;
        sleep(Duration::from_millis(round * 61 % 200)).await;
        let took = world.restart_daemon().await;
        assert!(took < Duration::from_secs(3), "control was back after {took:?}");
        sleep(Duration::from_millis(round * 83 % 300)).await;
    }
    for ((_, call, offer), number) in calls.iter().zip(&numbers) {
        assert_eq!(call.state(), State::Talking, "{number} was dropped");
        if let Some(offer) = offer {
            both_talk(call, offer).await;
            world.call_is(number, "talking").await;
        }
    }
    calls[0].1.hang_up().await;
    for ((_, call, _), number) in calls.iter().zip(&numbers).skip(2) {
        let offer = anna.rings().await;
        assert_eq!(&offer.other(), number, "the order in the queue is kept");
        offer.answer();
        both_talk(call, &offer).await;
        call.hang_up().await;
        offer.ended().await;
    }
    calls[1].1.hang_up().await;
    world.ends_clean().await;
}

pub async fn without_a_daemon_whoever_waits_reaches_the_fallback(kind: Kind) {
    let mut world = World::new(kind).await;
    let (caller, desk) = (world.outside("13800000052").await, world.phone("1009").await);
    let call = caller.dial("8002").await;
    world.call_is("13800000052", "waiting").await;
    world.kill_daemon().await;
    let rescued = desk.rings_within(LEASE).await.expect("the fallback rings within the lease");
    rescued.answer();
    both_talk(&call, &rescued).await;
    call.hang_up().await;
    rescued.ended().await;
    world.ends_clean().await;
}

pub async fn without_a_daemon_whoever_calls_reaches_the_fallback(kind: Kind) {
    let world = World::without_daemon(kind).await;
    let (caller, desk) = (world.outside("13800000053").await, world.phone("1009").await);
    let call = caller.dial("8000").await;
    let rescued = desk.rings_within(LEASE).await.expect("the fallback rings");
    rescued.answer();
    both_talk(&call, &rescued).await;
    call.hang_up().await;
    rescued.ended().await;
    world.ends_clean().await;
}
