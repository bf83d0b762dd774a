//! Ringing and connecting before the answer, phones that answer by themselves, and dialling for nobody.

use std::time::{Duration, Instant};

use tandem::ports::engine::{Command, Endpoint, Event, HangupCause, Outcome, Verdict};

use crate::{
    rig::{LEASE, Rig, name, number, talk},
    support::{
        call::State,
        phone::{Manner, Phone},
    },
};

const NORMAL: HangupCause = HangupCause::NORMAL_CLEARING;

fn phone(user: &str) -> Endpoint {
    Endpoint::Phone(name(user))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_is_answered_with_the_phone_that_takes_the_call_and_not_before() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    let call = outside.dial("8000").await;
    let (leg, _) = rig.arrived().await;
    rig.order(&leg, Command::Ring).await;
    call.rings_there().await;
    rig.order(&leg, Command::Lease { span: Duration::from_secs(60) }).await;
    // Busy, not there, and called off: each time the caller obeys again, unanswered.
    agent.on_call(Manner::Refuse(486));
    let to = rig.ring(&leg, "1001", 20);
    assert_eq!(rig.ended(&to).await, HangupCause::USER_BUSY);
    rig.returned(&leg).await;
    let to = rig.ring(&leg, "1002", 20);
    assert_eq!(rig.ended(&to).await, HangupCause::SUBSCRIBER_ABSENT);
    rig.returned(&leg).await;
    agent.on_call(Manner::Ring);
    let to = rig.ring(&leg, "1001", 20);
    let rung = loop {
        let rung = agent.rings().await;
        if rung.state() == State::Ringing {
            break rung;
        }
    };
    rig.order(&to, Command::Hangup { cause: NORMAL }).await;
    rig.ended(&to).await;
    rig.returned(&leg).await;
    rung.ended().await;
    rig.order(&leg, Command::Lease { span: Duration::from_secs(60) }).await;
    assert_eq!(call.state(), State::Ringing);
    let answered = Event::Answered { leg: leg.clone() };
    assert!(!rig.seen.contains(&answered), "{:?}", rig.seen);
    // Somebody comes.
    let to = rig.ring(&leg, "1001", 20);
    let taken = agent.rings().await;
    assert_eq!(call.state(), State::Ringing);
    taken.answer();
    rig.joined(&leg, &to).await;
    rig.until("Answered", |event| *event == answered).await;
    call.answered().await;
    talk(&call, &taken).await;
    // It obeys as any other afterwards; and ringing is nothing to one who is answered.
    taken.hang_up().await;
    rig.ended(&to).await;
    rig.returned(&leg).await;
    rig.order(&leg, Command::Ring).await;
    rig.order(&leg, Command::Music).await;
    rig.leaves(&call, &leg).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_was_never_answered_reaches_the_fallback_when_tandem_dies() {
    let mut rig = Rig::start().await;
    let (outside, agent, fallback) =
        (rig.outside("15550100").await, rig.phone("1001").await, rig.phone("1009").await);
    let call = outside.dial("8000").await;
    let (leg, _) = rig.arrived().await;
    rig.ring(&leg, "1001", 2);
    let rung = agent.rings().await;
    rig.die().await;
    rung.ended().await;
    let taken = fallback.rings_within(Duration::from_secs(20)).await.expect("the fallback rings");
    taken.answer();
    call.answered().await;
    talk(&call, &taken).await;
    call.hang_up().await;
    taken.ended().await;
    rig.reconnect().await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_intercom_asks_the_phone_to_answer_by_itself() {
    let mut rig = Rig::start().await;
    let agent = rig.phone("1001").await;
    let (leg, _) = rig.dial(Endpoint::Intercom(name("1001")), 20, LEASE);
    let rung = agent.rings().await;
    assert_eq!(rung.header("Call-Info"), "<sip:127.0.0.1>;answer-after=0");
    assert!(rung.header("Alert-Info").contains("info=alert-autoanswer"), "{}", rung.header("Alert-Info"));
    rig.order(&leg, Command::Hangup { cause: NORMAL }).await;
    rig.ended(&leg).await;
    let (leg, _) = rig.dial(phone("1001"), 20, LEASE);
    assert_eq!(agent.rings().await.header("Call-Info"), "");
    rig.order(&leg, Command::Hangup { cause: NORMAL }).await;
    rig.ended(&leg).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leg_that_was_dialled_for_nobody_obeys_like_any_other() {
    let mut rig = Rig::start().await;
    let (agent, other) = (rig.phone("1001").await, rig.phone("1002").await);
    let (leg, order) = rig.dial(phone("1001"), 20, Duration::from_secs(60));
    assert_eq!(rig.outcome(order).await, Outcome::Done);
    rig.until("Ringing", |event| *event == Event::Ringing { leg: leg.clone() }).await;
    let call = agent.rings().await;
    assert_eq!(call.other(), "15550100");
    call.answer();
    rig.until("Answered", |event| *event == Event::Answered { leg: leg.clone() }).await;
    let prompt = rig.prompt(500.0, Duration::from_millis(500));
    let order = rig.order(&leg, Command::Play { media: vec![prompt] }).await;
    call.hears(500.0).await;
    rig.played(&leg, order, Verdict::Finished).await;
    call.press("7");
    rig.until("Key", |event| matches!(event, Event::Key { key, .. } if key.char() == '7')).await;
    // It dials on like a caller.
    let to = rig.ring(&leg, "1002", 20);
    let taken = other.rings().await;
    taken.answer();
    rig.joined(&leg, &to).await;
    talk(&call, &taken).await;
    taken.hang_up().await;
    rig.ended(&to).await;
    rig.returned(&leg).await;
    // And with it ends who was dialled for it.
    let to = rig.ring(&leg, "1002", 20);
    let taken = other.rings().await;
    taken.answer();
    rig.joined(&leg, &to).await;
    call.hang_up().await;
    rig.ended(&leg).await;
    rig.ended(&to).await;
    taken.ended().await;
    rig.clean().await;
}

async fn fails(rig: &mut Rig, endpoint: Endpoint, cause: u8) {
    let (leg, order) = rig.dial(endpoint, 20, LEASE);
    assert_eq!(rig.outcome(order).await, Outcome::Done);
    assert_eq!(rig.ended(&leg).await, HangupCause(cause));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dialling_that_fails_tells_why() {
    let mut rig = Rig::start().await;
    let agent = rig.phone("1001").await;
    for (code, cause) in [(486, 17), (404, 1), (603, 21), (604, 1), (480, 19), (503, 34)] {
        agent.on_call(Manner::Refuse(code));
        fails(&mut rig, phone("1001"), cause).await;
    }
    agent.on_call(Manner::Ring);
    let (leg, _) = rig.dial(phone("1001"), 1, LEASE);
    assert_eq!(rig.ended(&leg).await, HangupCause::NO_ANSWER);
    fails(&mut rig, phone("1002"), 20).await;
    fails(&mut rig, Endpoint::Trunk { trunk: name("nowhere"), number: number("1") }, 27).await;
    fails(&mut rig, Endpoint::Trunk { trunk: name("carrier"), number: number("1") }, 102).await;
    agent.on_call(Manner::Dead);
    fails(&mut rig, phone("1001"), 102).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leg_dialled_for_nobody_can_be_ended_at_any_moment() {
    let mut rig = Rig::start().await;
    let agent = rig.phone("1001").await;
    agent.on_call(Manner::AnswerAfter(Duration::from_millis(100)));
    for wait in [0, 1, 2, 4, 8, 20, 50, 90, 95, 100, 105, 110, 120, 200] {
        let (leg, order) = rig.dial(phone("1001"), 20, LEASE);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        rig.order(&leg, Command::Hangup { cause: NORMAL }).await;
        assert_eq!(rig.outcome(order).await, Outcome::Done);
        assert_eq!(rig.ended(&leg).await, NORMAL, "after {wait} ms");
    }
    while let Some(rung) = agent.rings_within(Duration::from_millis(100)).await {
        rung.ended().await;
    }
    rig.clean().await;
}

async fn nobody_rings(fallback: &Phone) {
    assert!(fallback.rings_within(Duration::from_millis(500)).await.is_none(), "the fallback rings");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leg_dialled_for_nobody_and_left_alone_ends_by_itself() {
    let mut rig = Rig::start().await;
    let (agent, other, fallback) =
        (rig.phone("1001").await, rig.phone("1002").await, rig.phone("1009").await);
    // While we live but give no orders.
    let (leg, _) = rig.dial(phone("1001"), 20, Duration::from_secs(1));
    let call = agent.rings().await;
    call.answer();
    call.answered().await;
    let since = Instant::now();
    call.ended().await;
    assert!(since.elapsed() > Duration::from_millis(500), "{:?}", since.elapsed());
    rig.ended(&leg).await;
    // A later lease holds it.
    let (leg, _) = rig.dial(phone("1001"), 20, Duration::from_secs(2));
    let call = agent.rings().await;
    call.answer();
    rig.until("Answered", |event| *event == Event::Answered { leg: leg.clone() }).await;
    rig.order(&leg, Command::Lease { span: Duration::from_secs(4) }).await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(call.state(), State::Talking);
    call.ended().await;
    rig.ended(&leg).await;
    // We die while it rings, while it waits, and while it talks.
    let (_, _) = rig.dial(phone("1001"), 20, Duration::from_secs(2));
    let ringing = agent.rings().await;
    let (waiting, last) = rig.dialled(&other, "1002").await;
    rig.order(&last, Command::Lease { span: Duration::from_secs(2) }).await;
    rig.die().await;
    ringing.answer();
    waiting.ended().await;
    ringing.ended().await;
    nobody_rings(&fallback).await;
    rig.reconnect().await;
    let (call, leg) = rig.dialled(&agent, "1001").await;
    let to = rig.ring(&leg, "1002", 20);
    let taken = other.rings().await;
    taken.answer();
    rig.joined(&leg, &to).await;
    rig.die().await;
    talk(&call, &taken).await;
    taken.hang_up().await;
    call.ended().await;
    nobody_rings(&fallback).await;
    rig.reconnect().await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_dialled_for_a_caller_does_not_outlive_him_without_tandem() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    let ((call, _), (taken, _)) = rig.talk(&outside, &agent, "1001").await;
    rig.die().await;
    call.hang_up().await;
    taken.ended().await;
    // Nor does one that still rings.
    rig.reconnect().await;
    let (call, leg) = rig.caller(&outside).await;
    rig.ring(&leg, "1001", 60);
    let rung = agent.rings().await;
    rig.die().await;
    call.hang_up().await;
    rung.ended().await;
    rig.reconnect().await;
    rig.clean().await;
}
