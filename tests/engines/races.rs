//! Both sides at the same moment: whoever hangs up, 0 to 100 ms around the answer, in steps of 5 ms. Nobody is
//! stuck, and nobody is lost who did not hang up.

use std::time::Duration;

use tokio::time::sleep;

use crate::bench::Kind;
use crate::support::phone::Manner;
use crate::world::{HIGH, World, both_talk};

on_every_engine! {
    a_caller_who_hangs_up_around_the_answer_leaves_nobody_behind,
    an_agent_who_hangs_up_around_the_answer_loses_no_caller,
    a_caller_who_cancels_while_being_answered_leaves_nothing,
    an_agent_whose_phone_vanishes_after_the_answer_holds_no_caller,
}

fn steps() -> impl Iterator<Item = Duration> {
    (0..=100).step_by(5).map(Duration::from_millis)
}

pub async fn a_caller_who_hangs_up_around_the_answer_leaves_nobody_behind(kind: Kind) {
    let world = World::new(kind).await;
    let anna = world.agent("anna").await;
    for wait in steps() {
        let caller = world.outside("13800000031").await;
        let call = caller.dial("8002").await;
        let offer = anna.rings().await;
        // The agent answers after 50 ms; the caller goes before, then, and after.
        let answers = async {
            sleep(Duration::from_millis(50)).await;
            offer.answer();
        };
        let leaves = async {
            sleep(wait).await;
            call.hang_up().await;
        };
        tokio::join!(answers, leaves);
        offer.ended().await;
        world.agent_is("anna", "ready").await;
    }
    world.ends_clean().await;
}

pub async fn an_agent_who_hangs_up_around_the_answer_loses_no_caller(kind: Kind) {
    let world = World::new(kind).await;
    let (caller, anna) = (world.outside("13800000032").await, world.agent("anna").await);
    for wait in steps() {
        let call = caller.dial("8002").await;
        let offer = anna.rings().await;
        offer.answer();
        sleep(wait).await;
        offer.hang_up().await;
        // Whoever has not talked is not served: the caller waits on, and is offered again. The engine may have told
        // of an end before it told of the answer; then the agent rests.
        let next = if let Some(offer) = anna.rings_within(Duration::from_secs(1)).await {
            offer
        } else {
            world.call_is("13800000032", "waiting").await;
            world.agent_is("anna", "resting").await;
            world.agent_starts_anew("anna").await;
            anna.rings().await
        };
        next.answer();
        both_talk(&call, &next).await;
        call.hang_up().await;
        next.ended().await;
        world.agent_is("anna", "ready").await;
    }
    world.ends_clean().await;
}

pub async fn a_caller_who_cancels_while_being_answered_leaves_nothing(kind: Kind) {
    let world = World::new(kind).await;
    for wait in steps() {
        let caller = world.outside("13800000033").await;
        let call = caller.dial("8000").await;
        sleep(wait).await;
        call.hang_up().await;
        call.ended().await;
    }
    world.ends_clean().await;
}

pub async fn an_agent_whose_phone_vanishes_after_the_answer_holds_no_caller(kind: Kind) {
    let world = World::new(kind).await;
    let (caller, anna) = (world.outside("13800000034").await, world.agent("anna").await);
    anna.on_call(Manner::AnswerAfter(Duration::from_millis(100)));
    let call = caller.dial("8002").await;
    let offer = anna.rings().await;
    both_talk(&call, &offer).await;
    anna.vanish();
    let quiet = async { while call.listen(Duration::from_millis(300)).await.share(HIGH) > 0.5 {} };
    tokio::time::timeout(Duration::from_secs(5), quiet).await.expect("the agent is not heard any more");
    call.hang_up().await;
    world.ends_clean().await;
}
