//! What phones speak, and how they tell their keys.

use std::time::{Duration, Instant};

use crate::{
    bench::Kind,
    office::Office,
    support::{
        call::{Call, Side},
        codec::Codec::{G729, Opus, Pcma, Pcmu},
    },
    world::{LOW, World, both_talk},
};

on_every_engine! {
    every_codec_goes_both_ways_between_two_phones,
    every_codec_goes_both_ways_to_a_trunk,
    a_menu_hears_keys_by_either_way_wrong_ones_and_none,
}

/// Opus and G.729 are heard only where every packet arrives as it was sent.
pub async fn every_codec_goes_both_ways_between_two_phones(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    for (mine, theirs) in [(Pcma, Pcma), (Pcmu, Pcmu), (Pcma, Pcmu), (Opus, Opus), (G729, G729)] {
        anna.speaks(mine);
        ben.speaks(theirs);
        let (call, taken) = office.talk(&anna, &ben).await;
        call.hang_up().await;
        taken.ended().await;
    }
    office.world.ends_clean().await;
}

pub async fn every_codec_goes_both_ways_to_a_trunk(kind: Kind) {
    let office = Office::open(kind).await;
    let anna = office.phone("1001").await;
    for codec in [Pcma, Pcmu, Opus, G729] {
        anna.speaks(codec);
        office.first.speaks(codec);
        let call = anna.dial("013900000002").await;
        let taken = office.first.rings().await;
        taken.answer();
        both_talk(&call, &taken).await;
        taken.hang_up().await;
        call.ended().await;
    }
    office.world.ends_clean().await;
}

/// How a phone tells its keys.
#[derive(Clone, Copy, Debug)]
enum Way {
    Sound,
    Signal,
    Both,
}

async fn press(call: &Call, key: char, way: Way) {
    if !matches!(way, Way::Signal) {
        call.press(&key.to_string());
    }
    if !matches!(way, Way::Sound) {
        call.press_by_info(key).await;
    }
}

/// Waits until the call's story has this in it.
async fn told(world: &World, from: &str, what: &str) {
    let id = world.call_is(from, "menu").await.id;
    let story = async || -> String {
        let story: serde_json::Value =
            world.rest.try_get(&format!("/v1/calls/{id}/explain")).await.expect("a story");
        story.to_string()
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    while !story().await.contains(what) {
        assert!(Instant::now() < deadline, "not told: {what}; {}", story().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub async fn a_menu_hears_keys_by_either_way_wrong_ones_and_none(kind: Kind) {
    let world = World::new(kind).await;
    for (number, way) in
        [("13800000021", Way::Sound), ("13800000022", Way::Signal), ("13800000023", Way::Both)]
    {
        let caller = world.outside(number).await;
        let call = caller.dial("8000").await;
        call.answered().await;
        // Wrong, while the menu speaks.
        call.hears_other_than(LOW).await;
        press(&call, '9', way).await;
        told(&world, number, "key 9 leads nowhere, try 2 of 3").await;
        // None: the menu is heard once more.
        told(&world, number, "no key, try 3 of 3").await;
        call.hears_other_than(LOW).await;
        press(&call, '2', way).await;
        let end = call.ended().await;
        assert_eq!(end.by, Side::Them);
        let record = world.record(number).await;
        let told = |what: &str| record.steps.iter().filter(|why| why.what.contains(what)).count();
        let counts = ["key 9", "key 2 → place", ", try "].map(told);
        assert_eq!(counts, [1, 1, 2], "{way:?}: {record:?}");
    }
    // None at all: the call is over after the third try.
    let caller = world.outside("13800000024").await;
    let call = caller.dial("8000").await;
    call.answered().await;
    told(&world, "13800000024", "no key, try 3 of 3").await;
    tokio::time::timeout(Duration::from_secs(30), call.ended()).await.expect("it ends");
    let record = world.record("13800000024").await;
    assert!(record.steps.iter().any(|why| why.what.contains("no key, 3 tries are over")), "{record:?}");
    world.ends_clean().await;
}
