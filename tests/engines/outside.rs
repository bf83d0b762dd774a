//! The way outside: classes of service, two trunks, and why somebody was not reached.

use std::time::{Duration, Instant};

use crate::{
    bench::Kind,
    office::Office,
    support::{call::Side, phone::Manner},
    world::both_talk,
};

on_every_engine! {
    phones_call_as_far_as_their_class_allows,
    why_somebody_outside_was_not_reached_is_told,
    a_dead_trunk_is_left_within_four_seconds_and_the_next_call_goes_round_it,
    somebody_outside_who_vanishes_ends_nobody_elses_call,
}

pub async fn phones_call_as_far_as_their_class_allows(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    let (carla, dora) = (office.phone("1003").await, office.phone("1004").await);
    for (phone, number) in [
        (&carla, "022345678"),
        (&ben, "013900000003"),
        (&ben, "0008613900000003"),
        (&dora, "0008613900000003"),
        (&anna, "000881123456"),
    ] {
        let end = phone.dial(number).await.ended().await;
        // Cause 21 in the words of each engine.
        let rejected = if kind == Kind::Asterisk { 403 } else { 603 };
        assert_eq!((end.by, end.code), (Side::Them, rejected), "{number}");
    }
    assert!(office.first.rings_within(Duration::ZERO).await.is_none());
    for (phone, number, seen) in [
        (&ben, "022345678", "22345678"),
        (&anna, "013900000003", "13900000003"),
        (&dora, "013900000003", "13900000003"),
        (&carla, "110", "110"),
        (&anna, "0008613900000003", "008613900000003"),
    ] {
        let call = phone.dial(number).await;
        let taken = office.first.rings().await;
        assert_eq!(taken.dialled(), seen);
        assert_eq!(taken.other(), "02088880000");
        taken.answer();
        both_talk(&call, &taken).await;
        call.hang_up().await;
        taken.ended().await;
    }
    office.world.ends_clean().await;
}

pub async fn why_somebody_outside_was_not_reached_is_told(kind: Kind) {
    let office = Office::open(kind).await;
    let anna = office.phone("1001").await;
    for (number, (code, causes)) in
        [(486, &[17][..]), (404, &[1]), (603, &[21]), (480, &[18, 19, 20])].into_iter().enumerate()
    {
        office.first.on_call(Manner::Refuse(code));
        let to = format!("01390000010{number}");
        let call = anna.dial(&to).await;
        assert_eq!(call.ended().await.by, Side::Them);
        drop(office.first.rings().await);
        assert!(
            office.second.rings_within(Duration::ZERO).await.is_none(),
            "{code} is nobody else's business"
        );
        let record = office.world.record_to(&to).await;
        let cause = record.legs[1].cause.map(|cause| cause.0);
        assert!(cause.is_some_and(|cause| causes.contains(&cause)), "{code}: {record:?}");
    }
    office.world.ends_clean().await;
}

pub async fn a_dead_trunk_is_left_within_four_seconds_and_the_next_call_goes_round_it(kind: Kind) {
    let office = Office::open(kind).await;
    let anna = office.phone("1001").await;
    // One that says what is wrong, and one that says nothing at all.
    office.first.on_call(Manner::Refuse(503));
    let start = Instant::now();
    let call = anna.dial("013900000004").await;
    let taken = office.second.rings().await;
    assert!(start.elapsed() < Duration::from_secs(1), "503: {:?}", start.elapsed());
    taken.answer();
    both_talk(&call, &taken).await;
    call.hang_up().await;
    taken.ended().await;
    office.world.ends_clean().await;

    let office = Office::open(kind).await;
    let anna = office.phone("1001").await;
    office.first.vanish();
    let start = Instant::now();
    let call = anna.dial("013900000005").await;
    let taken = office.second.rings().await;
    let took = start.elapsed();
    assert!(took < Duration::from_secs(4), "an INVITE in progress: {took:?}");
    taken.answer();
    both_talk(&call, &taken).await;
    call.hang_up().await;
    taken.ended().await;
    let start = Instant::now();
    let call = anna.dial("013900000006").await;
    let taken = office.second.rings().await;
    assert!(start.elapsed() < Duration::from_secs(1), "the next call: {:?}", start.elapsed());
    taken.answer();
    both_talk(&call, &taken).await;
    call.hang_up().await;
    taken.ended().await;
    office.world.ends_clean().await;
}

pub async fn somebody_outside_who_vanishes_ends_nobody_elses_call(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben, carla) =
        (office.phone("1001").await, office.phone("1002").await, office.phone("1003").await);
    let (customer, call, desk) = office.customer(&anna).await;
    let (other, taken) = office.talk(&ben, &carla).await;
    customer.vanish();
    both_talk(&other, &taken).await;
    desk.hang_up().await;
    other.hang_up().await;
    taken.ended().await;
    drop(call);
    office.world.ends_clean().await;
}
