//! The daemon dies in the middle of rooms, transfers and slots: nobody is left in silence longer than it takes to come
//! back, or, when nobody comes back, than the lease.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use crate::{
    bench::Kind,
    office::Office,
    outages::LEASE,
    support::call::{Call, State},
    world::{HIGH, LOW, both_talk, eventually},
};

on_every_engine! {
    whoever_is_left_alone_as_the_daemon_dies_is_not_left_in_silence,
    an_order_under_way_as_the_daemon_dies_leaves_nobody_in_silence,
}

mod long {
    use super::{Kind, grid};

    const DELAYS: [u64; 10] = [0, 1, 3, 6, 10, 15, 25, 40, 70, 120];

    #[tokio::test]
    #[ignore = "takes minutes: make test-long"]
    async fn every_order_and_moment_asterisk() {
        grid(Kind::Asterisk, &DELAYS).await;
    }

    #[tokio::test]
    #[ignore = "takes minutes: make test-long"]
    async fn every_order_and_moment_freeswitch() {
        grid(Kind::Freeswitch, &DELAYS).await;
    }
}

/// How long the engine and a daemon that has just come back may take together.
const CONTROL: Duration = Duration::from_secs(15);

/// It ends, or hears something.
async fn is_not_in_silence(call: &Call, patience: Duration, what: &str) {
    let deadline = Instant::now() + patience;
    loop {
        if matches!(call.state(), State::Ended(_)) {
            return;
        }
        let heard = call.listen(Duration::from_millis(400)).await;
        if heard.loudness() > 50.0 {
            return;
        }
        assert!(Instant::now() < deadline, "{what}: {} hears nothing", call.user());
    }
}

/// Everybody who is there says something all the time.
fn all_talk(calls: &[&Call]) {
    for (call, tone) in calls.iter().zip([LOW, HIGH, 1700.0]) {
        if call.state() == State::Talking {
            call.says(tone);
        }
    }
}

async fn are_gone(office: &Office) {
    eventually("nobody is left", async || {
        let calls = office.calls().await;
        if calls.is_empty() { Ok(()) } else { Err(format!("{calls:?}")) }
    })
    .await;
}

async fn goes(call: &Call) {
    if !matches!(call.state(), State::Ended(_)) {
        call.hang_up().await;
    }
}

pub async fn whoever_is_left_alone_as_the_daemon_dies_is_not_left_in_silence(kind: Kind) {
    let mut office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    // The others leave just before the kill, about it, and after it.
    for (before, after) in [(0, None), (20, None), (0, Some(0))] {
        let (_customer, call, desk, asked) = office.three(&anna, &ben).await;
        desk.hang_up().await;
        if after.is_none() {
            asked.hang_up().await;
            sleep(Duration::from_millis(before)).await;
        }
        office.world.kill_daemon().await;
        if after.is_some() {
            asked.hang_up().await;
        }
        office.world.restart_daemon().await;
        is_not_in_silence(
            &call,
            CONTROL,
            &format!("left {before} ms before the kill, or {after:?} ms after"),
        )
        .await;
        goes(&call).await;
        are_gone(&office).await;
    }
    // Nobody comes back: the engine brings whoever is left to the duty phone.
    let duty = office.phone("1009").await;
    let (_customer, call, desk, asked) = office.three(&anna, &ben).await;
    office.world.kill_daemon().await;
    desk.hang_up().await;
    both_talk(&call, &asked).await;
    asked.hang_up().await;
    let rescued = duty.rings_within(LEASE).await.expect("the duty phone rings within the lease");
    rescued.answer();
    both_talk(&call, &rescued).await;
    call.hang_up().await;
    rescued.ended().await;
    office.world.restart_daemon().await;
    office.world.ends_clean().await;
}

/// What is ordered in the moment of the kill.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Consult,
    Complete,
    Back,
    Join,
    Park,
    Transfer,
    Confer,
    PickUp,
    Fetch,
}

const DEEDS: [Deed; 9] = [
    Deed::Consult,
    Deed::Complete,
    Deed::Back,
    Deed::Join,
    Deed::Park,
    Deed::Transfer,
    Deed::Confer,
    Deed::PickUp,
    Deed::Fetch,
];

pub async fn an_order_under_way_as_the_daemon_dies_leaves_nobody_in_silence(kind: Kind) {
    let mut office = Office::open(kind).await;
    // Every deed once, each at another moment.
    for (deed, delay) in
        [(Deed::Complete, 3), (Deed::Join, 0), (Deed::Park, 8), (Deed::Transfer, 15), (Deed::Fetch, 5)]
    {
        moment(&mut office, deed, delay).await;
    }
    office.world.ends_clean().await;
}

async fn grid(kind: Kind, delays: &[u64]) {
    let mut office = Office::open(kind).await;
    for deed in DEEDS {
        for delay in delays {
            moment(&mut office, deed, *delay).await;
        }
    }
    println!("{}: {} kills, nobody in silence", kind.word(), DEEDS.len() * delays.len());
    office.world.ends_clean().await;
}

async fn moment(office: &mut Office, deed: Deed, delay: u64) {
    let what = format!("{deed:?}, killed {delay} ms after");
    let (anna, ben, carla) =
        (office.phone("1001").await, office.phone("1002").await, office.phone("1003").await);
    let (_customer, call, desk) = office.customer(&anna).await;
    let mut others = vec![desk];
    if matches!(deed, Deed::Complete | Deed::Back | Deed::Join) {
        others.push(office.asks(&others[0], &ben).await);
    }
    if matches!(deed, Deed::Confer) {
        // Whoever is alone in a conference hears nothing: somebody is there already.
        let first = ben.dial("7001").await;
        first.answered().await;
        office.world.call_is("1002", "conference").await;
        others.push(first);
    }
    if matches!(deed, Deed::Fetch) {
        office.act("13900000001", "talking", "park", json!({ "slot": "7501" })).await;
        others[0].ended().await;
        office.world.call_is("13900000001", "parked").await;
    }
    match deed {
        Deed::Consult => office.act("13900000001", "talking", "consult", json!({ "to": "1002" })).await,
        Deed::Complete => office.act("13900000001", "consulting", "complete", json!({})).await,
        Deed::Back => office.act("13900000001", "consulting", "back", json!({})).await,
        Deed::Join => office.act("13900000001", "consulting", "join", json!({})).await,
        Deed::Park => office.act("13900000001", "talking", "park", json!({ "slot": "7501" })).await,
        Deed::Transfer => office.act("13900000001", "talking", "transfer", json!({ "to": "1002" })).await,
        Deed::Confer => office.act("13900000001", "talking", "transfer", json!({ "to": "7001" })).await,
        Deed::PickUp => {
            office.act("13900000001", "talking", "transfer", json!({ "to": "1002" })).await;
            drop(ben.rings().await);
            others.push(carla.dial("*81002").await);
        }
        Deed::Fetch => others.push(carla.dial("7501").await),
    }
    sleep(Duration::from_millis(delay)).await;
    office.world.kill_daemon().await;
    office.world.restart_daemon().await;
    // Whoever is rung answers.
    while let Some(taken) = ben.rings_within(Duration::from_millis(300)).await {
        if taken.state() == State::Ringing {
            taken.answer();
        }
        others.push(taken);
    }
    let all: Vec<&Call> = others.iter().chain([&call]).collect();
    let deadline = Instant::now() + CONTROL;
    for one in &all {
        all_talk(&all);
        is_not_in_silence(one, deadline.saturating_duration_since(Instant::now()), &what).await;
    }
    for one in all {
        goes(one).await;
    }
    are_gone(office).await;
}
