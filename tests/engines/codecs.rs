//! What phones speak, and how they tell their keys.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

use crate::{
    bench::Kind,
    office::Office,
    support::{
        call::{Call, Side},
        codec::Codec::{G729, Opus, Pcma, Pcmu},
        phone::Phone,
    },
    world::{LOW, World, both_talk},
};

on_every_engine! {
    every_codec_goes_both_ways_between_two_phones,
    every_codec_goes_both_ways_to_a_trunk,
    a_menu_hears_keys_by_either_way_wrong_ones_and_none,
    a_menu_hears_the_keys_of_an_old_telephone,
    a_pin_is_heard_from_an_old_telephone,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// RFC 2833.
    Sound,
    /// SIP INFO.
    Signal,
    /// What the key sounds.
    Tones,
}
use Way::{Signal, Sound, Tones};

async fn press(call: &Call, key: char, ways: &[Way]) {
    for way in ways {
        match way {
            Sound => call.press(&key.to_string()),
            Signal => call.press_by_info(key).await,
            Tones => call.press_by_tones(&key.to_string()),
        }
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

/// A wrong key, none, and the right one, each counted once.
async fn chooses(world: &World, caller: &Phone, ways: &[Way]) {
    let number = &caller.line.user;
    let call = caller.dial("8000").await;
    call.answered().await;
    // Wrong, while the menu speaks.
    call.hears_other_than(LOW).await;
    press(&call, '9', ways).await;
    told(world, number, "key 9 leads nowhere, try 2 of 3").await;
    // None: the menu is heard once more.
    told(world, number, "no key, try 3 of 3").await;
    call.hears_other_than(LOW).await;
    press(&call, '2', ways).await;
    let end = call.ended().await;
    assert_eq!(end.by, Side::Them);
    let record = world.record(number).await;
    let told = |what: &str| record.steps.iter().filter(|why| why.what.contains(what)).count();
    let counts = ["key 9", "key 2 → place", ", try "].map(told);
    assert_eq!(counts, [1, 1, 2], "{ways:?}: {record:?}");
}

pub async fn a_menu_hears_keys_by_either_way_wrong_ones_and_none(kind: Kind) {
    let world = World::new(kind).await;
    for (number, ways) in
        [("13800000021", &[Sound][..]), ("13800000022", &[Signal]), ("13800000023", &[Sound, Signal])]
    {
        let caller = world.outside(number).await;
        chooses(&world, &caller, ways).await;
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

/// Nothing but tones, in either codec; one that sends SIP INFO as well; and one that speaks RFC 2833 and lets its tones
/// be heard all the same.
pub async fn a_menu_hears_the_keys_of_an_old_telephone(kind: Kind) {
    let world = World::new(kind).await;
    let mut ways = vec![
        ("13800000031", Pcmu, false, &[Tones][..]),
        ("13800000032", Pcma, false, &[Tones]),
        ("13800000033", Pcma, false, &[Signal]),
        ("13800000035", Pcmu, true, &[Tones, Sound]),
    ];
    // Asterisk may count a key twice that comes as tones and by SIP INFO: docs/engines/asterisk.md.
    if kind == Kind::Freeswitch {
        ways.push(("13800000034", Pcmu, false, &[Tones, Signal]));
    }
    for (number, codec, events, ways) in ways {
        let caller = world.outside(number).await;
        caller.speaks(codec);
        if !events {
            caller.knows_no_events();
        }
        chooses(&world, &caller, ways).await;
    }
    world.ends_clean().await;
}

/// Equal keys quickly one after the other are as many.
pub async fn a_pin_is_heard_from_an_old_telephone(kind: Kind) {
    let pin = "223311";
    let office = Office::on_site(kind, |site| {
        let file = site.join("secrets/mailbox-1001");
        fs::create_dir_all(site.join("secrets")).expect("a folder");
        fs::write(&file, pin).expect("written");
        fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("a mode");
    })
    .await;
    let anna = office.phone("1001").await;
    anna.knows_no_events();
    let owner = anna.dial("*97").await;
    owner.answered().await;
    // FreeSWITCH begins to listen for tones when it has been answered.
    owner.listen(Duration::from_secs(1)).await;
    owner.press_by_tones(pin);
    owner.press_by_tones("#");
    owner.ended().await;
    let record = office.world.record("1001").await;
    let told = |what: &str| record.steps.iter().filter(|why| why.what.contains(what)).count();
    assert_eq!(["PIN is right", "wrong PIN"].map(told), [1, 0], "{record:?}");
    office.world.ends_clean().await;
}
