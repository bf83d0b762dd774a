//! Phones that vanish without a word: whoever sends no sound at all for the site's `media_timeout` is gone, whatever the
//! call does, and nothing of it is left.

use std::{
    fs,
    time::{Duration, Instant},
};

use tandem::{
    live::record::{CallRecord, EndedBy},
    ports::engine::HangupCause,
};

use crate::{
    bench::Kind,
    office::Office,
    support::call::{Call, End, Side, State},
    world::{HIGH, both_talk, both_talk_a_while},
};

on_every_engine! {
    a_caller_who_vanishes_in_a_queue_is_offered_to_nobody,
    whichever_side_of_a_talk_vanishes_the_talk_ends,
    who_vanishes_from_a_conference_is_taken_out,
    who_holds_may_send_nothing_until_the_time_for_that_is_over,
}

/// What the site says; sound is missed no sooner.
const MISSED: Duration = Duration::from_secs(4);
const HELD: Duration = Duration::from_secs(14);
/// Until the call of one who vanished is over: engines look once in a while.
const LATEST: Duration = Duration::from_secs(20);

async fn office(kind: Kind) -> Office {
    Office::on_site(kind, |site| {
        let file = site.join("site.yaml");
        let text = fs::read_to_string(&file).expect("there");
        let impatient = format!("media_timeout: {}s, hold_timeout: {}s }}", MISSED.as_secs(), HELD.as_secs());
        fs::write(file, text.replace("secrets/engine }", &format!("secrets/engine, {impatient}")))
            .expect("written");
    })
    .await
}

/// Nobody hung up: the engine missed the sound, and the record says so.
fn was_missed(record: &CallRecord, who: &str) {
    assert_eq!(record.ended_by, EndedBy::Engine, "{record:?}");
    let told =
        record.steps.iter().any(|why| why.what.starts_with(&format!("nothing was heard of {who} any more")));
    assert!(told, "{record:?}");
}

async fn goes_on(call: &Call, span: Duration) {
    let end = Instant::now() + span;
    while Instant::now() < end {
        call.listen(Duration::from_millis(200)).await;
        assert_eq!(call.state(), State::Talking);
    }
}

pub async fn a_caller_who_vanishes_in_a_queue_is_offered_to_nobody(kind: Kind) {
    let office = office(kind).await;
    let customer = office.world.outside("13900000001").await;
    let call = customer.dial("8002").await;
    call.hears_other_than(HIGH).await;
    office.world.call_is("13900000001", "waiting").await;
    // Silence is sound too.
    goes_on(&call, 2 * MISSED).await;
    customer.vanish();
    let record = office.world.record("13900000001").await;
    assert_eq!(record.cause, HangupCause::TIMER_EXPIRED, "{record:?}");
    was_missed(&record, "the caller");
    let anna = office.phone("1001").await;
    office.world.rest.post("/v1/agents/anna/login", serde_json::json!({})).await;
    office.world.agent_is("anna", "ready").await;
    assert!(anna.rings_within(Duration::from_millis(500)).await.is_none());
    office.world.ends_clean().await;
}

pub async fn whichever_side_of_a_talk_vanishes_the_talk_ends(kind: Kind) {
    let office = office(kind).await;
    let anna = office.phone("1001").await;
    let (customer, call, desk) = office.customer(&anna).await;
    both_talk_a_while(&call, &desk).await;
    customer.vanish();
    assert_eq!(over(&desk).await.by, Side::Them);
    let record = office.world.record("13900000001").await;
    assert_eq!(record.cause, HangupCause::TIMER_EXPIRED, "{record:?}");
    was_missed(&record, "the caller");
    customer.comes_back();
    drop((customer, call));

    let other = office.world.outside("13900000002").await;
    let call = other.dial("8010").await;
    let desk = anna.rings().await;
    desk.answer();
    both_talk_a_while(&call, &desk).await;
    anna.vanish();
    assert_eq!(over(&call).await.by, Side::Them);
    let record = office.world.record("13900000002").await;
    was_missed(&record, "1001");
    assert_eq!(record.legs[1].cause, Some(HangupCause::TIMER_EXPIRED), "{record:?}");
    office.world.ends_clean().await;
}

pub async fn who_vanishes_from_a_conference_is_taken_out(kind: Kind) {
    let office = office(kind).await;
    let (anna, ben, carla) =
        (office.phone("1001").await, office.phone("1002").await, office.phone("1003").await);
    let (a, b, c) = (anna.dial("7001").await, ben.dial("7001").await, carla.dial("7001").await);
    for call in [&a, &b, &c] {
        call.answered().await;
    }
    office.are_in(3).await;
    carla.vanish();
    let record = office.world.record("1003").await;
    was_missed(&record, "the caller");
    office.are_in(2).await;
    both_talk(&a, &b).await;
    a.hang_up().await;
    b.hang_up().await;
    drop(c);
    office.world.ends_clean().await;
}

pub async fn who_holds_may_send_nothing_until_the_time_for_that_is_over(kind: Kind) {
    let office = office(kind).await;
    let anna = office.phone("1001").await;
    let (_customer, call, desk) = office.customer(&anna).await;
    desk.hold(true).await;
    desk.sends_nothing(true);
    goes_on(&call, 2 * MISSED).await;
    desk.sends_nothing(false);
    desk.hold(false).await;
    both_talk(&call, &desk).await;
    goes_on(&call, 2 * MISSED).await;
    desk.hold(true).await;
    desk.sends_nothing(true);
    let since = Instant::now();
    anna.vanish();
    assert_eq!(over(&call).await.by, Side::Them);
    assert!(since.elapsed() + Duration::from_secs(2) >= HELD, "{:?}", since.elapsed());
    was_missed(&office.world.record("13900000001").await, "1001");
    office.world.ends_clean().await;
}

async fn over(call: &Call) -> End {
    let deadline = Instant::now() + HELD + LATEST;
    loop {
        match call.state() {
            State::Ended(end) => return end,
            _ => assert!(Instant::now() < deadline, "{} is still in a talk with nobody", call.user()),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
