//! Trunks: whether their far ends are there, and how soon a call to one that is not comes to its end.

use std::time::{Duration, Instant};

use tandem::ports::engine::{Command, Endpoint, Event, HangupCause};

use crate::{
    rig::{LEASE, Rig, name, number, talk},
    support::phone::{Manner, Phone},
};

fn carrier() -> Endpoint {
    Endpoint::Trunk { trunk: name("carrier"), number: number("+8613800138000") }
}

fn is(up: bool) -> Event {
    Event::Trunk { trunk: name("carrier"), up }
}

async fn with_carrier() -> (Rig, Phone) {
    let phone = Phone::new("carrier", "127.0.0.1:9".parse().expect("an address")).await;
    let mut rig = Rig::with_carrier(phone.address()).await;
    rig.until("the trunk", |event| *event == is(true)).await;
    (rig, phone)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_far_end_that_falls_silent_is_told_and_calls_to_it_end_within_four_seconds() {
    let (mut rig, phone) = with_carrier().await;
    rig.forget();
    phone.vanish();
    // In the moment of its death, when nobody knows.
    let since = Instant::now();
    let (leg, _) = rig.dial(carrier(), 30, LEASE);
    assert_eq!(rig.ended(&leg).await, HangupCause::TIMER_EXPIRED);
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
    rig.until("the trunk", |event| *event == is(false)).await;
    // When it is known. It may be dialled all the same.
    let since = Instant::now();
    let (leg, _) = rig.dial(carrier(), 30, LEASE);
    assert_eq!(rig.ended(&leg).await, HangupCause::TIMER_EXPIRED);
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
    // A new life of ours knows as much.
    rig.die().await;
    rig.take_up();
    rig.until("the trunk", |event| *event == is(false)).await;
    // It comes back.
    phone.comes_back();
    rig.until("the trunk", |event| *event == is(true)).await;
    let (leg, _) = rig.dial(carrier(), 30, LEASE);
    let call = phone.rings().await;
    call.answer();
    rig.until("Answered", |event| *event == Event::Answered { leg: leg.clone() }).await;
    rig.leaves(&call, &leg).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_far_end_that_answers_is_never_told_to_be_silent() {
    let (mut rig, phone) = with_carrier().await;
    for _ in 0..2 {
        assert_eq!(rig.within(Duration::from_secs(7), |event| *event == is(false)).await, None);
        rig.die().await;
        rig.take_up();
        rig.until("the trunk", |event| *event == is(true)).await;
    }
    drop(phone);
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_carrier_that_has_answered_at_all_takes_its_time() {
    let (mut rig, phone) = with_carrier().await;
    let outside = rig.outside("15550100").await;
    let (call, leg) = rig.caller(&outside).await;
    phone.on_call(Manner::TryFor(Duration::from_secs(8)));
    let (to, _) = rig.connect(&leg, carrier(), 30);
    let taken = phone.rings_within(Duration::from_secs(20)).await.expect("it rings at last");
    rig.until("Ringing", |event| *event == Event::Ringing { leg: to.clone() }).await;
    taken.answer();
    rig.joined(&leg, &to).await;
    talk(&call, &taken).await;
    rig.leaves(&call, &leg).await;
    rig.ended(&to).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_far_end_that_never_answers_questions_can_be_called_all_the_same() {
    let phone = Phone::new("carrier", "127.0.0.1:9".parse().expect("an address")).await;
    phone.answers_no_questions();
    let mut rig = Rig::with_carrier(phone.address()).await;
    rig.until("the trunk", |event| *event == is(false)).await;
    // Asterisk has asked, and given up.
    tokio::time::sleep(Duration::from_secs(5)).await;
    phone.on_call(Manner::TryFor(Duration::from_secs(5)));
    let (leg, _) = rig.dial(carrier(), 30, LEASE);
    let call = phone.rings_within(Duration::from_secs(20)).await.expect("it rings at last");
    call.answer();
    rig.until("Answered", |event| *event == Event::Answered { leg: leg.clone() }).await;
    rig.order(&leg, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
    rig.ended(&leg).await;
    call.ended().await;
    rig.clean().await;
}
