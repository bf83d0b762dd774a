//! Transfers: by phones (REFER, with and without Replaces), and by command, with and without asking first.

use std::time::Duration;

use serde_json::json;
use tandem::live::record::EndedBy;

use crate::{
    bench::Kind,
    office::Office,
    support::{
        call::Call,
        phone::{Manner, Phone},
    },
    world::{HIGH, LOW, both_talk, both_talk_a_while, eventually},
};

on_every_engine! {
    the_called_phone_hands_the_caller_on,
    the_calling_phone_hands_the_called_on,
    a_transfer_has_the_rights_of_the_phone_that_transfers,
    who_is_not_taken_comes_back_to_the_phone_that_transferred,
    a_phone_parks_by_a_transfer,
    a_phone_joins_its_two_talks,
    a_phone_that_called_both_joins_them,
    a_phone_hands_on_while_the_one_it_asked_still_rings,
    handed_on_while_it_rings_and_not_taken_the_caller_comes_back,
    who_is_held_is_not_lost_with_the_phone_that_holds,
    asked_first_and_handed_on,
    asked_first_and_taken_back,
    asked_first_and_all_three_talk,
    handed_on_while_it_rings,
    a_caller_who_leaves_while_somebody_is_asked_leaves_nobody,
}

/// Nobody hears this one.
async fn falls_silent(call: &Call, frequency: f64) {
    tokio::time::timeout(Duration::from_secs(5), async {
        while call.listen(Duration::from_millis(300)).await.share(frequency) > 0.5 {}
    })
    .await
    .expect("it is heard no more");
}

pub async fn the_called_phone_hands_the_caller_on(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    let (_customer, call, desk) = office.customer(&anna).await;
    assert_eq!(desk.refer("1002").await, Some(202));
    let taken = ben.rings().await;
    taken.answer();
    both_talk_a_while(&call, &taken).await;
    desk.ended().await;
    call.hang_up().await;
    taken.ended().await;
    assert_eq!(office.world.record("13900000001").await.legs.len(), 3);
    office.world.ends_clean().await;
}

pub async fn the_calling_phone_hands_the_called_on(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben, carla) =
        (office.phone("1001").await, office.phone("1002").await, office.phone("1003").await);
    let (call, taken) = office.talk(&anna, &ben).await;
    assert_eq!(call.refer("1003").await, Some(202));
    let third = carla.rings().await;
    third.answer();
    both_talk_a_while(&taken, &third).await;
    call.ended().await;
    third.hang_up().await;
    taken.ended().await;
    office.world.ends_clean().await;
}

pub async fn a_transfer_has_the_rights_of_the_phone_that_transfers(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, carla) = (office.phone("1001").await, office.phone("1003").await);
    // Carla's phone may not call outside: she has the caller back.
    let (call, taken) = office.talk(&anna, &carla).await;
    assert_eq!(taken.refer("013900000002").await, Some(202));
    let again = carla.rings().await;
    assert!(office.first.rings_within(Duration::ZERO).await.is_none());
    again.answer();
    both_talk_a_while(&call, &again).await;
    // Anna's may.
    assert_eq!(call.refer("013900000002").await, Some(202));
    let outside = office.first.rings().await;
    outside.answer();
    both_talk_a_while(&again, &outside).await;
    outside.hang_up().await;
    again.ended().await;
    office.world.ends_clean().await;
}

pub async fn who_is_not_taken_comes_back_to_the_phone_that_transferred(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    ben.on_call(Manner::Refuse(486));
    let (_customer, call, desk) = office.customer(&anna).await;
    assert_eq!(desk.refer("1002").await, Some(202));
    let again = anna.rings().await;
    again.answer();
    both_talk(&call, &again).await;
    call.hang_up().await;
    again.ended().await;
    office.world.ends_clean().await;
}

pub async fn a_phone_parks_by_a_transfer(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    let (_customer, call, desk) = office.customer(&anna).await;
    assert_eq!(desk.refer("7501").await, Some(202));
    office.world.call_is("13900000001", "parked").await;
    let taker = ben.dial("7501").await;
    taker.answered().await;
    both_talk(&call, &taker).await;
    taker.hang_up().await;
    call.ended().await;
    office.world.ends_clean().await;
}

pub async fn a_phone_joins_its_two_talks(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    let (_customer, call, desk) = office.customer(&anna).await;
    desk.hold(true).await;
    let (own, taken) = office.talk(&anna, &ben).await;
    assert_eq!(desk.refer_into(&own).await, Some(202));
    both_talk_a_while(&call, &taken).await;
    // As phones do that have heard that it went well (RFC 5589), if the engine was not faster.
    desk.hang_up().await;
    own.hang_up().await;
    let live = office.calls().await;
    assert_eq!((live.len(), live[0].at.as_str()), (1, "with 1002"), "{live:?}");
    taken.hang_up().await;
    call.ended().await;
    office.world.ends_clean().await;
}

pub async fn a_phone_that_called_both_joins_them(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben, carla) =
        (office.phone("1001").await, office.phone("1002").await, office.phone("1003").await);
    let (one, first) = office.talk(&anna, &ben).await;
    one.hold(true).await;
    let (two, second) = office.talk(&anna, &carla).await;
    assert_eq!(one.refer_into(&two).await, Some(202));
    both_talk_a_while(&first, &second).await;
    one.hang_up().await;
    two.hang_up().await;
    second.hang_up().await;
    first.ended().await;
    office.world.ends_clean().await;
}

/// A phone that talks asks a number at which another phone rings, and hands on before that one has answered. What rings
/// there is the other call.
async fn hands_on(office: &Office, talk: &Call, from: &Phone, number: &str, to: &Phone) -> Call {
    talk.hold(true).await;
    let asked = from.dial(number).await;
    let first = to.rings().await;
    asked.rings_there().await;
    if number == to.line.user {
        // The phone hears ringing before anything has left the engine. Nobody hands on within those milliseconds.
        eventually("it is told that it rings", async || {
            let calls = office.calls().await;
            let asking = calls.iter().find(|call| call.state == "dialling").ok_or("nobody asks")?;
            let path = format!("/v1/calls/{}/explain", asking.id);
            let story: serde_json::Value =
                office.world.rest.try_get(&path).await.map_err(|why| why.to_string())?;
            story.to_string().contains(" rings\"").then_some(()).ok_or_else(|| story.to_string())
        })
        .await;
    }
    assert_eq!(talk.refer_into(&asked).await, Some(202));
    talk.ended().await;
    asked.hang_up().await;
    asked.ended().await;
    first.ended().await;
    to.rings().await
}

pub async fn a_phone_hands_on_while_the_one_it_asked_still_rings(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben, carla) =
        (office.phone("1001").await, office.phone("1002").await, office.phone("1003").await);
    // The phone was called.
    let (_customer, call, desk) = office.customer(&anna).await;
    let taken = hands_on(&office, &desk, &anna, "1002", &ben).await;
    call.hears_other_than(HIGH).await;
    taken.answer();
    both_talk_a_while(&call, &taken).await;
    assert_eq!(office.calls().await.len(), 1);
    taken.hang_up().await;
    call.ended().await;
    let record = office.world.record("13900000001").await;
    assert_eq!((record.legs.len(), record.talk_ms >= 2000), (3, true), "{record:?}");
    // The phone had called.
    let (own, first) = office.talk(&anna, &carla).await;
    let taken = hands_on(&office, &own, &anna, "1002", &ben).await;
    taken.answer();
    both_talk_a_while(&first, &taken).await;
    first.hang_up().await;
    taken.ended().await;
    // A group rings.
    let (own, first) = office.talk(&anna, &carla).await;
    let taken = hands_on(&office, &own, &anna, "6001", &ben).await;
    taken.answer();
    both_talk_a_while(&first, &taken).await;
    taken.hang_up().await;
    first.ended().await;
    office.world.ends_clean().await;
}

pub async fn handed_on_while_it_rings_and_not_taken_the_caller_comes_back(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    let (customer, call, desk) = office.customer(&anna).await;
    let taken = hands_on(&office, &desk, &anna, "1002", &ben).await;
    taken.refuse(486);
    let again = anna.rings().await;
    again.answer();
    both_talk_a_while(&call, &again).await;
    // Who leaves meanwhile leaves nobody.
    let taken = hands_on(&office, &again, &anna, "1002", &ben).await;
    call.hang_up().await;
    taken.ended().await;
    drop(customer);
    office.world.ends_clean().await;
}

/// A talk that a phone holds ends like any other, whether the phone, the caller or Tandem ends it.
pub async fn who_is_held_is_not_lost_with_the_phone_that_holds(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    // Sent on by command while it is held.
    let (_customer, call, desk) = office.customer(&anna).await;
    desk.hold(true).await;
    office.act("13900000001", "talking", "transfer", json!({ "to": "1002" })).await;
    let taken = ben.rings().await;
    desk.ended().await;
    taken.answer();
    both_talk_a_while(&call, &taken).await;
    // The phone hangs up that holds.
    taken.hold(true).await;
    taken.hang_up().await;
    call.ended().await;
    let record = office.world.record("13900000001").await;
    assert_eq!((record.ended_by, record.cause.0), (EndedBy::Callee, 16), "{record:?}");
    // Somebody is asked first while it is held.
    let (_customer, call, desk) = office.customer(&anna).await;
    desk.hold(true).await;
    office.act("13900000001", "talking", "consult", json!({ "to": "1002" })).await;
    let asked = ben.rings().await;
    asked.answer();
    // A phone that resumes in the very moment in which FreeSWITCH moves it hears nothing until it resumes once more
    // (docs/conformance.md).
    office.world.call_is("13900000001", "consulting").await;
    desk.hold(false).await;
    both_talk(&desk, &asked).await;
    office.act("13900000001", "consulting", "back", json!({})).await;
    asked.ended().await;
    both_talk(&call, &desk).await;
    call.hang_up().await;
    desk.ended().await;
    // A phone that had called holds and hangs up.
    let (own, first) = office.talk(&ben, &anna).await;
    own.hold(true).await;
    own.hang_up().await;
    first.ended().await;
    let record = office.world.record("1002").await;
    assert_eq!((record.ended_by, record.cause.0), (EndedBy::Caller, 16), "{record:?}");
    office.world.ends_clean().await;
}

pub async fn asked_first_and_handed_on(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    let (_customer, call, desk) = office.customer(&anna).await;
    let asked = office.asks(&desk, &ben).await;
    falls_silent(&call, HIGH).await;
    assert_eq!(office.world.call_is("13900000001", "consulting").await.at, "with 1001, 1002");
    office.act("13900000001", "consulting", "complete", json!({})).await;
    desk.ended().await;
    both_talk_a_while(&call, &asked).await;
    asked.hang_up().await;
    call.ended().await;
    office.world.ends_clean().await;
}

pub async fn asked_first_and_taken_back(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    let (_customer, call, desk) = office.customer(&anna).await;
    // Who is asked and refuses leaves the talk as it was.
    ben.on_call(Manner::Refuse(603));
    office.act("13900000001", "talking", "consult", json!({ "to": "1002" })).await;
    ben.rings().await.ended().await;
    both_talk(&call, &desk).await;
    ben.on_call(Manner::Ring);
    let asked = office.asks(&desk, &ben).await;
    office.act("13900000001", "consulting", "back", json!({})).await;
    asked.ended().await;
    both_talk(&call, &desk).await;
    call.hang_up().await;
    desk.ended().await;
    office.world.ends_clean().await;
}

pub async fn asked_first_and_all_three_talk(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    let (_customer, call, desk, asked) = office.three(&anna, &ben).await;
    asked.is_silent();
    desk.says(HIGH);
    call.hears(HIGH).await;
    call.is_silent();
    asked.hears(HIGH).await;
    desk.is_silent();
    asked.says(LOW);
    desk.hears(LOW).await;
    // The one who asked leaves; the others talk on.
    desk.hang_up().await;
    both_talk(&call, &asked).await;
    call.hang_up().await;
    asked.ended().await;
    office.world.ends_clean().await;
}

pub async fn handed_on_while_it_rings(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    let (_customer, call, desk) = office.customer(&anna).await;
    office.act("13900000001", "talking", "consult", json!({ "to": "1002" })).await;
    let asked = ben.rings().await;
    office.act("13900000001", "consulting", "complete", json!({})).await;
    desk.ended().await;
    asked.answer();
    both_talk(&call, &asked).await;
    call.hang_up().await;
    asked.ended().await;
    office.world.ends_clean().await;
}

pub async fn a_caller_who_leaves_while_somebody_is_asked_leaves_nobody(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    for answered in [false, true] {
        let (_customer, call, desk) = office.customer(&anna).await;
        office.act("13900000001", "talking", "consult", json!({ "to": "1002" })).await;
        let asked = ben.rings().await;
        if answered {
            asked.answer();
            both_talk(&desk, &asked).await;
        }
        call.hang_up().await;
        desk.ended().await;
        asked.ended().await;
    }
    office.world.ends_clean().await;
}
