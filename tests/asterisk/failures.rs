//! What can go wrong when a phone is dialled: each cause told once, the caller back in our hands each time.

use std::time::Duration;

use tandem::{
    base::id::LegId,
    ports::engine::{Command, Endpoint, Event, HangupCause, Media, Outcome, PromptId, Verdict},
};

use crate::{
    rig::{Rig, name, number, talk},
    support::phone::{Manner, Phone},
};

/// The dialled leg ended with this cause, and after that the caller came back and obeys.
async fn failed(rig: &mut Rig, leg: &LegId, to: &LegId, cause: u8) {
    assert_eq!(rig.ended(to).await, HangupCause(cause));
    rig.returned(leg).await;
    // The dialplan has armed its own, short lease.
    rig.order(leg, Command::Lease { span: Duration::from_secs(60) }).await;
    rig.order(leg, Command::Music).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_refuses_tells_why() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    let (call, leg) = rig.caller(&outside).await;
    for (code, cause) in [(486, 17), (404, 1), (603, 21), (480, 19), (503, 34)] {
        agent.on_call(Manner::Refuse(code));
        let to = rig.ring(&leg, "1001", 20);
        failed(&mut rig, &leg, &to, cause).await;
    }
    rig.leaves(&call, &leg).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_does_not_answer_is_not_there_or_is_dead_gives_the_caller_back() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    let (call, leg) = rig.caller(&outside).await;

    let to = rig.ring(&leg, "1001", 1);
    failed(&mut rig, &leg, &to, 19).await;
    // Not registered: Asterisk refuses without any event.
    let to = rig.ring(&leg, "1002", 20);
    failed(&mut rig, &leg, &to, 20).await;
    // Nobody has such a phone.
    let to = rig.ring(&leg, "7777", 20);
    failed(&mut rig, &leg, &to, 20).await;
    // A trunk whose carrier does not listen, and one that does not exist.
    let there = Endpoint::Trunk { trunk: name("carrier"), number: number("+8613800138000") };
    let (to, order) = rig.connect(&leg, there, 20);
    assert_eq!(rig.outcome(order).await, Outcome::Done);
    failed(&mut rig, &leg, &to, 102).await;
    let nowhere = Endpoint::Trunk { trunk: name("nowhere"), number: number("1") };
    let (to, _) = rig.connect(&leg, nowhere, 20);
    failed(&mut rig, &leg, &to, 27).await;
    // Registered, and gone without a word.
    agent.on_call(Manner::Dead);
    let to = rig.ring(&leg, "1001", 20);
    failed(&mut rig, &leg, &to, 102).await;

    rig.leaves(&call, &leg).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_reached_through_the_trunk() {
    let carrier = Phone::new("carrier", "127.0.0.1:9".parse().expect("an address")).await;
    let mut rig = Rig::with_carrier(carrier.address()).await;
    let outside = rig.outside("15550100").await;
    let (call, leg) = rig.caller(&outside).await;
    let endpoint = Endpoint::Trunk { trunk: name("carrier"), number: number("+8613800138000") };
    let (to, _) = rig.connect(&leg, endpoint, 20);
    let taken = carrier.rings().await;
    assert!(carrier.line.trace().contains("INVITE sip:+8613800138000@"), "{}", carrier.line.trace());
    taken.answer();
    rig.joined(&leg, &to).await;
    talk(&call, &taken).await;
    call.hang_up().await;
    taken.ended().await;
    rig.ended(&leg).await;
    rig.ended(&to).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dialling_can_be_called_off_at_any_moment() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    let (call, leg) = rig.caller(&outside).await;
    let normal = HangupCause::NORMAL_CLEARING;
    // At once, soon, and while it rings.
    for wait in [0, 1, 2, 3, 4, 5, 8, 12, 20, 50, 200] {
        let to = rig.ring(&leg, "1001", 20);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        rig.order(&to, Command::Hangup { cause: normal }).await;
        failed(&mut rig, &leg, &to, 16).await;
    }
    // Twice is once.
    let to = rig.ring(&leg, "1001", 20);
    rig.order(&to, Command::Hangup { cause: normal }).await;
    rig.order(&to, Command::Hangup { cause: normal }).await;
    failed(&mut rig, &leg, &to, 16).await;

    while let Some(rung) = agent.rings_within(Duration::from_millis(100)).await {
        rung.ended().await;
    }
    rig.leaves(&call, &leg).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_leaves_while_the_agent_rings_or_talks_leaves_nothing_behind() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    let (call, leg) = rig.caller(&outside).await;
    let to = rig.ring(&leg, "1001", 20);
    let rung = agent.rings().await;
    rig.leaves(&call, &leg).await;
    assert_eq!(rig.ended(&to).await, HangupCause::NORMAL_CLEARING);
    rung.ended().await;

    let (call, leg) = rig.caller(&outside).await;
    let to = rig.ring(&leg, "1001", 20);
    let rung = agent.rings().await;
    rung.answer();
    rig.joined(&leg, &to).await;
    rig.leaves(&call, &leg).await;
    rig.ended(&to).await;
    rung.ended().await;
    assert!(!rig.seen.iter().any(|event| matches!(event, Event::Returned { .. })), "{:?}", rig.seen);
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_played_is_told_and_harms_nobody() {
    let mut rig = Rig::start().await;
    let outside = rig.outside("15550100").await;
    let (call, leg) = rig.caller(&outside).await;
    let good = rig.prompt(500.0, Duration::from_millis(400));
    let missing = Media::Prompt(PromptId::new([7; 16]));
    for media in [vec![missing.clone()], vec![]] {
        let order = rig.send(&leg, Command::Play { media });
        assert!(matches!(rig.outcome(order).await, Outcome::Refused(_)));
        rig.until("Played", |event| {
            matches!(event, Event::Played { order: it, verdict: Verdict::Failed, .. } if *it == order)
        })
        .await;
    }
    // It does not silence the others of its list.
    for media in [vec![missing.clone(), good.clone()], vec![good.clone(), missing]] {
        let order = rig.order(&leg, Command::Play { media }).await;
        call.hears(500.0).await;
        rig.played(&leg, order, Verdict::Finished).await;
    }
    // A prompt in place of a prompt: the first is stopped.
    let long = rig.prompt(1200.0, Duration::from_secs(20));
    let first = rig.order(&leg, Command::Play { media: vec![long.clone()] }).await;
    call.hears(1200.0).await;
    let second = rig.order(&leg, Command::Play { media: vec![good] }).await;
    for (order, verdict) in [(first, Verdict::Stopped), (second, Verdict::Finished)] {
        rig.played(&leg, order, verdict).await;
    }
    // A key in the midst of a prompt stops it, and music follows at once.
    let third = rig.order(&leg, Command::Play { media: vec![long] }).await;
    call.hears(1200.0).await;
    rig.order(&leg, Command::Stop).await;
    rig.order(&leg, Command::Music).await;
    rig.played(&leg, third, Verdict::Stopped).await;
    call.hears_other_than(1200.0).await;
    // Orders for nobody are refused, but ending nobody is done.
    let nobody = LegId::new("nobody").expect("an id");
    for command in [Command::Answer, Command::Music, Command::Release] {
        let order = rig.send(&nobody, command);
        assert!(matches!(rig.outcome(order).await, Outcome::Refused(_)));
    }
    rig.order(&nobody, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
    rig.leaves(&call, &leg).await;
    rig.clean().await;
}
