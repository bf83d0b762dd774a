//! Conferences of three and more, and recordings of talks.

use serde_json::json;

use crate::{
    bench::Kind,
    office::Office,
    support::call::{Call, Side},
    world::{HIGH, both_talk, eventually},
};

on_every_engine! {
    three_confer_and_are_muted_removed_and_locked_out,
    people_are_called_into_a_conference,
    a_conference_outlives_the_daemon,
}

/// Everybody hears who speaks.
async fn all_hear(calls: &[&Call]) {
    for speaker in calls {
        for call in calls {
            call.is_silent();
        }
        speaker.says(HIGH);
        for hearer in calls.iter().filter(|call| call.user() != speaker.user()) {
            hearer.hears(HIGH).await;
        }
    }
}

pub async fn three_confer_and_are_muted_removed_and_locked_out(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben, carla, dora) = (
        office.phone("1001").await,
        office.phone("1002").await,
        office.phone("1003").await,
        office.phone("1004").await,
    );
    let (a, b, c) = (anna.dial("7001").await, ben.dial("7001").await, carla.dial("7001").await);
    for call in [&a, &b, &c] {
        call.answered().await;
    }
    all_hear(&[&a, &b, &c]).await;
    let roster = office.are_in(3).await;
    let full = dora.dial("7001").await;
    assert_eq!(full.ended().await.by, Side::Them);

    let of = |who: &str| roster.members.iter().find(|m| m.number.as_ref().is_some_and(|n| n.as_str() == who));
    let (first, second) = (of("1001").expect("in").call, of("1002").expect("in").call);
    office.world.rest.post(&format!("/v1/calls/{first}/mute"), json!({ "on": true })).await;
    for call in [&a, &b, &c] {
        call.is_silent();
    }
    a.says(HIGH);
    eventually("who is muted is not heard", async || {
        let heard = b.listen(std::time::Duration::from_millis(400)).await;
        if heard.loudness() < 50.0 { Ok(()) } else { Err(format!("{:.0}", heard.loudness())) }
    })
    .await;
    office.world.rest.post(&format!("/v1/calls/{first}/mute"), json!({ "on": false })).await;
    b.hears(HIGH).await;

    office.world.rest.post(&format!("/v1/calls/{second}/hangup"), json!({})).await;
    b.ended().await;
    office.world.rest.post("/v1/conferences/7001/lock", json!({ "on": true })).await;
    let late = dora.dial("7001").await;
    assert_eq!(late.ended().await.by, Side::Them);
    both_talk(&a, &c).await;
    a.hang_up().await;
    c.hang_up().await;
    office.are_in(0).await;
    office.world.ends_clean().await;
}

pub async fn people_are_called_into_a_conference(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    for to in ["1001", "1002", "013900000007"] {
        office.world.rest.post("/v1/conferences/7001/invite", json!({ "to": to })).await;
    }
    let calls = [anna.rings().await, ben.rings().await, office.first.rings().await];
    for call in &calls {
        call.answer();
    }
    let [a, b, c] = &calls;
    all_hear(&[a, b, c]).await;
    office.are_in(3).await;
    for call in &calls {
        call.hang_up().await;
    }
    office.world.ends_clean().await;
}

pub async fn a_conference_outlives_the_daemon(kind: Kind) {
    let mut office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    let (a, b) = (anna.dial("7001").await, ben.dial("7001").await);
    both_talk(&a, &b).await;
    office.world.kill_daemon().await;
    both_talk(&a, &b).await;
    office.world.restart_daemon().await;
    both_talk(&a, &b).await;
    office.are_in(2).await;
    b.hang_up().await;
    office.are_in(1).await;
    a.hang_up().await;
    office.are_in(0).await;
    office.world.ends_clean().await;
}
