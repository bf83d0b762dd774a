//! Either side leaves around the answer, in steps of 5 ms: nobody is stuck, nobody is lost who did not hang up.

use std::time::Duration;

use tandem::ports::engine::{Command, Event, HangupCause};

use crate::{
    rig::Rig,
    support::{call::Call, phone::Manner},
};

const STEPS: std::ops::RangeInclusive<u64> = 0..=20;
const STEP: u64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_who_leaves_around_the_answer_never_takes_the_caller_along() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    let (call, leg) = rig.caller(&outside).await;
    for step in STEPS {
        let to = rig.ring(&leg, "1001", 20);
        let taken = agent.rings().await;
        taken.answer();
        tokio::time::sleep(Duration::from_millis(step * STEP)).await;
        taken.hang_up().await;
        rig.ended(&to).await;
        rig.returned(&leg).await;
        rig.order(&leg, Command::Lease { span: Duration::from_secs(60) }).await;
        rig.order(&leg, Command::Music).await;
        call.hears_other_than(697.0).await;
    }
    rig.leaves(&call, &leg).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_leaves_around_the_answer_leaves_no_agent_behind() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    agent.on_call(Manner::AnswerAfter(Duration::from_millis(50)));
    for step in STEPS {
        let (call, leg) = rig.caller(&outside).await;
        let to = rig.ring(&leg, "1001", 20);
        let taken = agent.rings().await;
        tokio::time::sleep(Duration::from_millis(step * STEP)).await;
        rig.leaves(&call, &leg).await;
        rig.ended(&to).await;
        taken.ended().await;
        assert!(!rig.seen.iter().any(|event| matches!(event, Event::Returned { .. })), "{:?}", rig.seen);
    }
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_leave_at_once() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    for step in STEPS {
        let (call, leg) = rig.caller(&outside).await;
        let to = rig.ring(&leg, "1001", 20);
        let taken = agent.rings().await;
        taken.answer();
        tokio::time::sleep(Duration::from_millis(step * STEP)).await;
        tokio::join!(call.hang_up(), taken.hang_up());
        rig.ended(&leg).await;
        rig.ended(&to).await;
    }
    rig.clean().await;
}

/// The switchboard gives up, or changes its mind, at the very moment of the answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_around_the_answer_leaves_nobody_stuck() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    agent.on_call(Manner::AnswerAfter(Duration::from_millis(50)));
    let (call, leg) = rig.caller(&outside).await;
    for step in STEPS {
        let to = rig.ring(&leg, "1001", 20);
        let taken = agent.rings().await;
        tokio::time::sleep(Duration::from_millis(step * STEP)).await;
        rig.order(&to, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
        rig.ended(&to).await;
        rig.returned(&leg).await;
        taken.ended().await;
        rig.order(&leg, Command::Lease { span: Duration::from_secs(60) }).await;
    }
    let prompt = rig.prompt(500.0, Duration::from_millis(500));
    rig.order(&leg, Command::Play { media: vec![prompt] }).await;
    call.hears(500.0).await;
    rig.leaves(&call, &leg).await;
    rig.clean().await;
}

/// Forty at once, on one machine: half the talks are ended by the caller, half by the agent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_calls_at_once_are_joined_and_all_gone_afterwards() {
    const CALLS: usize = 40;
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    agent.on_call(Manner::AnswerAfter(Duration::from_millis(20)));
    let mut talks = Vec::new();
    for _ in 0..CALLS {
        let (call, leg) = rig.caller(&outside).await;
        let to = rig.ring(&leg, "1001", 30);
        talks.push((call, leg, to));
    }
    for (_, leg, to) in &talks {
        rig.joined(leg, to).await;
    }
    let mut taken = Vec::new();
    while let Some(one) = agent.rings_within(Duration::from_millis(100)).await {
        taken.push(one);
    }
    assert_eq!(taken.len(), CALLS);
    // The agent's half: whose callers they are is told by the events.
    let leaving = taken.iter().take(CALLS / 2);
    futures_util::future::join_all(leaving.map(Call::hang_up)).await;
    for _ in 0..CALLS / 2 {
        let returned = rig.until("Returned", |event| matches!(event, Event::Returned { .. })).await;
        let Event::Returned { leg } = returned else { unreachable!("{returned:?}") };
        rig.order(&leg, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
    }
    futures_util::future::join_all(talks.iter().map(|(call, ..)| call.hang_up())).await;
    for (_, leg, to) in &talks {
        rig.ended(leg).await;
        rig.ended(to).await;
    }
    rig.clean().await;
}
