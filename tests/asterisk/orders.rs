//! Every order and every event, one after the other.

use std::time::Duration;

use tandem::ports::engine::{Command, Event, Origin, Verdict};

use crate::rig::{Rig, name, number};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_answered_hears_prompts_presses_keys_and_is_hung_up() {
    let mut rig = Rig::start().await;
    let outside = rig.outside("15550100").await;
    let call = outside.dial("8000").await;
    let (leg, arrival) = rig.arrived().await;
    assert_eq!(arrival.origin, Origin::Trunk);
    assert_eq!(arrival.from, Some(number("15550100")));
    assert_eq!(arrival.to, number("8000"));
    rig.order(&leg, Command::Answer).await;
    call.answered().await;
    rig.until("Answered", |event| *event == Event::Answered { leg: leg.clone() }).await;

    let (low, high) =
        (rig.prompt(500.0, Duration::from_millis(600)), rig.prompt(1200.0, Duration::from_millis(600)));
    let order = rig.order(&leg, Command::Play { media: vec![low, high] }).await;
    call.hears(500.0).await;
    call.hears(1200.0).await;
    let played = Event::Played { leg: leg.clone(), order, verdict: Verdict::Finished };
    rig.until("Played", |event| *event == played).await;

    call.press("5#");
    for key in ['5', '#'] {
        rig.until("Key", |event| matches!(event, Event::Key { key: it, .. } if it.char() == key)).await;
    }
    rig.order(&leg, Command::Music).await;
    call.hears_other_than(1200.0).await;
    rig.order(&leg, Command::Hangup { cause: tandem::ports::engine::HangupCause(16) }).await;
    assert_eq!(rig.ended(&leg).await.0, 16);
    call.ended().await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_and_an_agent_talk_and_the_agent_hangs_up() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    rig.until("Phone", |event| *event == Event::Phone { extension: name("1001"), registered: true }).await;
    let (call, leg) = rig.caller(&outside).await;
    let to = rig.ring(&leg, "1001", 20);
    let taken = agent.rings().await;
    rig.until("Ringing", |event| *event == Event::Ringing { leg: to.clone() }).await;
    call.hears_other_than(941.0).await;
    taken.answer();
    rig.joined(&leg, &to).await;
    call.says(697.0);
    taken.says(941.0);
    call.hears(941.0).await;
    taken.hears(697.0).await;
    taken.hang_up().await;
    assert_eq!(rig.ended(&to).await.0, 16);
    rig.returned(&leg).await;
    rig.order(&leg, Command::Music).await;
    call.hang_up().await;
    assert_eq!(rig.ended(&leg).await.0, 16);
    rig.clean().await;
}
