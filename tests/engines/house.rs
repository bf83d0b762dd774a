//! Calls within the house: forwards, groups, pickup, slots, intercom, codes; and what a phone hears that is not taken.

use std::{
    fs,
    time::{Duration, Instant},
};

use serde_json::json;
use tandem::live::record::EndedBy;

use crate::{
    bench::Kind,
    office::Office,
    support::{
        call::{Side, State},
        phone::Manner,
    },
    world::{both_talk, both_talk_a_while},
};

on_every_engine! {
    a_phone_that_is_not_taken_hears_why,
    an_extension_forwards_always_when_busy_and_when_nobody_answers,
    an_extension_that_nobody_answers_forwards_after_its_ring,
    who_is_not_to_be_disturbed_is_not_rung,
    a_group_rings_together_and_the_first_to_answer_has_the_call,
    a_group_rings_in_turn,
    a_ringing_call_is_picked_up,
    a_call_is_parked_and_fetched,
    a_parked_call_comes_back,
    an_intercom_call_is_asked_to_answer_by_itself,
    codes_and_short_codes_do_what_they_say,
    a_phone_sets_its_wishes_by_codes,
}

pub async fn a_phone_that_is_not_taken_hears_why(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    for (code, heard) in [(486, &[486][..]), (603, &[603, 403, 500]), (404, &[404])] {
        ben.on_call(Manner::Refuse(code));
        let call = anna.dial("1002").await;
        let end = call.ended().await;
        assert_eq!(end.by, Side::Them);
        assert!(heard.contains(&end.code), "{code} became {}", end.code);
        drop(ben.rings().await);
    }
    // Nobody is registered at 1003.
    let call = anna.dial("1003").await;
    let end = call.ended().await;
    assert!((400..500).contains(&end.code), "{}", end.code);
    office.world.ends_clean().await;
}

pub async fn an_extension_forwards_always_when_busy_and_when_nobody_answers(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben, carla) =
        (office.phone("1001").await, office.phone("1002").await, office.phone("1003").await);
    for (when, manner) in
        [("always", Manner::Ring), ("busy", Manner::Refuse(486)), ("no_answer", Manner::Refuse(480))]
    {
        ben.on_call(manner);
        office.forwards("1002", when, Some("1003")).await;
        let call = anna.dial("1002").await;
        let taken = carla.rings().await;
        taken.answer();
        both_talk_a_while(&call, &taken).await;
        taken.hang_up().await;
        call.ended().await;
        office.forwards("1002", when, None).await;
    }
    office.world.ends_clean().await;
}

pub async fn an_extension_that_nobody_answers_forwards_after_its_ring(kind: Kind) {
    let office = Office::on_site(kind, |site| {
        let people = site.join("people.yaml");
        let text = fs::read_to_string(&people).expect("people");
        let ben = "1002: { name: Ben, class: local";
        assert!(text.contains(ben), "{text}");
        let forwards = format!("{ben}, forward: {{ no_answer: 1003, ring: 5s }}");
        fs::write(people, text.replace(ben, &forwards)).expect("written");
    })
    .await;
    let (anna, ben, carla) =
        (office.phone("1001").await, office.phone("1002").await, office.phone("1003").await);
    let call = anna.dial("1002").await;
    let rings = ben.rings().await;
    let since = Instant::now();
    let taken = carla.rings().await;
    let rang = since.elapsed();
    assert!(rang > Duration::from_secs(4) && rang < Duration::from_secs(9), "{rang:?}");
    rings.ended().await;
    taken.answer();
    both_talk(&call, &taken).await;
    call.hang_up().await;
    taken.ended().await;
    office.world.ends_clean().await;
}

pub async fn who_is_not_to_be_disturbed_is_not_rung(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    office.world.rest.post("/v1/extensions/1002/quiet", json!({ "on": true })).await;
    let call = anna.dial("1002").await;
    assert_eq!(call.ended().await.code, 486);
    assert!(ben.rings_within(Duration::ZERO).await.is_none());
    office.world.rest.post("/v1/extensions/1002/quiet", json!({ "on": false })).await;
    let (call, taken) = office.talk(&anna, &ben).await;
    call.hang_up().await;
    taken.ended().await;
    office.world.ends_clean().await;
}

pub async fn a_group_rings_together_and_the_first_to_answer_has_the_call(kind: Kind) {
    let office = Office::open(kind).await;
    let anna = office.phone("1001").await;
    let (ben, carla, dora) =
        (office.phone("1002").await, office.phone("1003").await, office.phone("1004").await);
    let call = anna.dial("6001").await;
    let (b, c, d) = (ben.rings().await, carla.rings().await, dora.rings().await);
    call.rings_there().await;
    c.answer();
    both_talk_a_while(&call, &c).await;
    b.ended().await;
    d.ended().await;
    c.hang_up().await;
    call.ended().await;
    let record = office.world.record("1001").await;
    assert_eq!((record.ended_by, record.legs.len()), (EndedBy::Callee, 4), "{record:?}");
    assert!(record.talk_ms >= 2000, "{record:?}");
    office.world.ends_clean().await;
}

pub async fn a_group_rings_in_turn(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben, carla) =
        (office.phone("1001").await, office.phone("1002").await, office.phone("1003").await);
    let call = anna.dial("6002").await;
    let first = ben.rings().await;
    let second = carla.rings().await;
    first.ended().await;
    second.answer();
    both_talk(&call, &second).await;
    call.hang_up().await;
    second.ended().await;
    office.world.ends_clean().await;
}

pub async fn a_ringing_call_is_picked_up(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben, carla) =
        (office.phone("1001").await, office.phone("1002").await, office.phone("1003").await);
    for code in ["*8", "*81002"] {
        let call = anna.dial("1002").await;
        let rings = ben.rings().await;
        let taker = carla.dial(code).await;
        taker.answered().await;
        both_talk_a_while(&call, &taker).await;
        rings.ended().await;
        taker.hang_up().await;
        call.ended().await;
    }
    office.world.ends_clean().await;
}

pub async fn a_call_is_parked_and_fetched(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    let (_customer, call, desk) = office.customer(&anna).await;
    office.act("13900000001", "talking", "park", json!({ "slot": "7502" })).await;
    desk.ended().await;
    office.world.call_is("13900000001", "parked").await;
    let taker = ben.dial("7502").await;
    taker.answered().await;
    both_talk_a_while(&call, &taker).await;
    call.hang_up().await;
    taker.ended().await;
    office.world.ends_clean().await;
}

pub async fn a_parked_call_comes_back(kind: Kind) {
    let office = Office::open(kind).await;
    let anna = office.phone("1001").await;
    let (_customer, call, desk) = office.customer(&anna).await;
    office.act("13900000001", "talking", "park", json!({ "slot": null })).await;
    desk.ended().await;
    let again = anna.rings_within(Duration::from_secs(25)).await.expect("it comes back");
    again.answer();
    both_talk(&call, &again).await;
    call.hang_up().await;
    again.ended().await;
    office.world.ends_clean().await;
}

pub async fn an_intercom_call_is_asked_to_answer_by_itself(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    let call = anna.dial("*501002").await;
    let rings = ben.rings().await;
    let asked = rings.header("Call-Info");
    assert!(asked.contains("answer-after=0"), "Call-Info: {asked}");
    rings.answer();
    both_talk(&call, &rings).await;
    call.hang_up().await;
    rings.ended().await;
    office.world.ends_clean().await;
}

pub async fn codes_and_short_codes_do_what_they_say(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben, carla) =
        (office.phone("1001").await, office.phone("1002").await, office.phone("1003").await);
    let set = ben.dial("*721003").await;
    assert_eq!(set.ended().await.by, Side::Them);
    let call = anna.dial("1002").await;
    let taken = carla.rings().await;
    taken.answer();
    both_talk(&call, &taken).await;
    call.hang_up().await;
    taken.ended().await;
    let off = ben.dial("*73").await;
    off.ended().await;
    let call = anna.dial("1002").await;
    let rings = ben.rings().await;
    assert_eq!(rings.state(), State::Ringing);
    call.hang_up().await;
    rings.ended().await;
    let call = anna.dial("99").await;
    let taken = carla.rings().await;
    taken.answer();
    both_talk(&call, &taken).await;
    call.hang_up().await;
    taken.ended().await;
    office.world.ends_clean().await;
}

pub async fn a_phone_sets_its_wishes_by_codes(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben, carla) =
        (office.phone("1001").await, office.phone("1002").await, office.phone("1003").await);
    let set = async |code: &str| assert_eq!(ben.dial(code).await.ended().await.by, Side::Them, "{code}");
    set("*78").await;
    assert_eq!(anna.dial("1002").await.ended().await.code, 486);
    assert!(ben.rings_within(Duration::ZERO).await.is_none());
    set("*79").await;
    for (code, refusal) in [("*901003", 486), ("*921003", 480)] {
        set(code).await;
        ben.on_call(Manner::Refuse(refusal));
        let call = anna.dial("1002").await;
        let taken = carla.rings().await;
        taken.answer();
        both_talk(&call, &taken).await;
        call.hang_up().await;
        taken.ended().await;
    }
    set("*73").await;
    assert_eq!(anna.dial("1002").await.ended().await.by, Side::Them);
    assert!(carla.rings_within(Duration::ZERO).await.is_none(), "forwards are off");
    office.world.ends_clean().await;
}
