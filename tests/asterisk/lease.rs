//! With Tandem dead, on arrival or later, callers still reach a human; with Tandem back in time, they are its again.

use std::time::{Duration, Instant};

use tandem::{
    base::id::LegId,
    ports::engine::{Command, HangupCause, Verdict},
};

use crate::{
    rig::{Rig, number, talk},
    support::{call::Call, phone::Phone},
};

/// The fallback's phone rings, is taken, and both hear each other.
async fn human(fallback: &Phone, call: &Call) {
    let taken = fallback.rings_within(Duration::from_secs(20)).await.expect("the fallback rings");
    taken.answer();
    talk(call, &taken).await;
    call.hang_up().await;
    taken.ended().await;
}

async fn leased(rig: &mut Rig, leg: &LegId, span: Duration) {
    rig.order(leg, Command::Lease { span }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_runs_out_leads_to_the_fallback() {
    let mut rig = Rig::start().await;
    let (outside, fallback) = (rig.outside("15550100").await, rig.phone("1009").await);
    // While music plays, and never renewed.
    let (call, leg) = rig.caller(&outside).await;
    rig.order(&leg, Command::Music).await;
    leased(&mut rig, &leg, Duration::from_secs(1)).await;
    assert_eq!(rig.ended(&leg).await, HangupCause::NORMAL_CLEARING);
    human(&fallback, &call).await;
    // Before anybody has taken the call: the dialplan's own.
    let call = outside.dial("8000").await;
    let (leg, _) = rig.arrived().await;
    let began = Instant::now();
    assert_eq!(rig.ended(&leg).await, HangupCause::NORMAL_CLEARING);
    assert!(began.elapsed() > Duration::from_secs(2), "{:?}", began.elapsed());
    human(&fallback, &call).await;
    // By order, from the midst of a prompt.
    let (call, leg) = rig.caller(&outside).await;
    let long = rig.prompt(1200.0, Duration::from_secs(20));
    rig.order(&leg, Command::Play { media: vec![long] }).await;
    rig.order(&leg, Command::Fallback).await;
    assert_eq!(rig.ended(&leg).await, HangupCause::NORMAL_CLEARING);
    human(&fallback, &call).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewed_lease_holds_and_a_prompt_longer_than_the_lease_is_heard_to_its_end() {
    let mut rig = Rig::start().await;
    let (outside, fallback) = (rig.outside("15550100").await, rig.phone("1009").await);
    let (call, leg) = rig.caller(&outside).await;
    rig.order(&leg, Command::Music).await;
    for _ in 0..8 {
        leased(&mut rig, &leg, Duration::from_millis(1000)).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    let long = rig.prompt(1200.0, Duration::from_secs(4));
    let order = rig.order(&leg, Command::Play { media: vec![long] }).await;
    // A renewal meanwhile has to wait for the prompt, and is not in anybody's way.
    for _ in 0..4 {
        leased(&mut rig, &leg, Duration::from_millis(1500)).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    rig.played(&leg, order, Verdict::Finished).await;
    let over = Instant::now();
    rig.ended(&leg).await;
    let left = over.elapsed();
    assert!((Duration::from_millis(1200)..Duration::from_millis(2500)).contains(&left), "{left:?}");
    human(&fallback, &call).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_talk_outlives_the_lease_and_tandem_and_the_caller_reaches_the_fallback_after_it() {
    let mut rig = Rig::start().await;
    let (outside, agent, fallback) =
        (rig.outside("15550100").await, rig.phone("1001").await, rig.phone("1009").await);
    let (call, leg) = rig.caller(&outside).await;
    leased(&mut rig, &leg, Duration::from_secs(2)).await;
    let to = rig.ring(&leg, "1001", 20);
    let taken = agent.rings().await;
    taken.answer();
    rig.joined(&leg, &to).await;
    rig.die().await;
    call.says(697.0);
    taken.says(941.0);
    tokio::time::sleep(Duration::from_secs(3)).await;
    call.hears(941.0).await;
    taken.hears(697.0).await;
    taken.hang_up().await;
    human(&fallback, &call).await;
    // The bridge that nobody removed is removed by the next Tandem.
    rig.reconnect().await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_arrives_while_tandem_is_dead_reaches_the_fallback() {
    let mut rig = Rig::start().await;
    let (outside, fallback) = (rig.outside("15550100").await, rig.phone("1009").await);
    rig.die().await;
    let call = outside.dial("8000").await;
    human(&fallback, &call).await;
    rig.reconnect().await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tandem_that_restarts_finds_every_caller() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    let (call, leg) = rig.caller(&outside).await;
    rig.order(&leg, Command::Music).await;
    let ringing = rig.ring(&leg, "1001", 30);
    let taken = agent.rings().await;
    rig.die().await;
    // Meanwhile another comes, and the agent answers: both wait for us.
    let late = rig.outside("15550101").await;
    let waiting = late.dial("8000").await;
    taken.answer();
    taken.answered().await;
    rig.reconnect().await;
    rig.joined(&leg, &ringing).await;
    talk(&call, &taken).await;
    let (other, arrival) = rig.arrived().await;
    assert_eq!(arrival.from, Some(number("15550101")));
    rig.order(&other, Command::Answer).await;
    waiting.answered().await;

    // A talk goes on over a restart, and its end is ours again.
    rig.die().await;
    rig.reconnect().await;
    taken.hang_up().await;
    rig.ended(&ringing).await;
    rig.returned(&leg).await;
    rig.order(&leg, Command::Music).await;

    // A prompt of the former life can be stopped, so that it is in nobody's way.
    let long = rig.prompt(1200.0, Duration::from_secs(20));
    rig.order(&leg, Command::Lease { span: Duration::from_secs(60) }).await;
    let order = rig.order(&leg, Command::Play { media: vec![long] }).await;
    call.hears(1200.0).await;
    rig.die().await;
    rig.reconnect().await;
    rig.order(&leg, Command::Stop).await;
    rig.played(&leg, order, Verdict::Stopped).await;

    for (call, leg) in [(call, leg), (waiting, other)] {
        rig.leaves(&call, &leg).await;
    }
    rig.clean().await;
}
