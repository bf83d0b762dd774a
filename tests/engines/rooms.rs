//! Conferences of three and more, and recordings of talks.

use serde_json::json;
use tandem::base::{id::CallId, wav::Wav};

use crate::{
    bench::Kind,
    office::Office,
    support::{
        call::{Call, Side},
        phone::Phone,
        tone::Heard,
    },
    world::{HIGH, LOW, both_talk, eventually},
};

on_every_engine! {
    three_confer_and_are_muted_removed_and_locked_out,
    a_conference_is_recorded_whoever_is_muted_or_leaves,
    people_are_called_into_a_conference,
    a_conference_outlives_the_daemon,
}

/// Everybody hears who speaks.
async fn all_hear(calls: &[&Call]) {
    for speaker in calls {
        for call in calls {
            call.is_silent();
        }
        speaker.says(HIGH);
        for hearer in calls.iter().filter(|call| call.user() != speaker.user()) {
            hearer.hears(HIGH).await;
        }
    }
}

pub async fn three_confer_and_are_muted_removed_and_locked_out(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben, carla, dora) = (
        office.phone("1001").await,
        office.phone("1002").await,
        office.phone("1003").await,
        office.phone("1004").await,
    );
    let (a, b, c) = (anna.dial("7001").await, ben.dial("7001").await, carla.dial("7001").await);
    for call in [&a, &b, &c] {
        call.answered().await;
    }
    all_hear(&[&a, &b, &c]).await;
    let roster = office.are_in(3).await;
    let full = dora.dial("7001").await;
    assert_eq!(full.ended().await.by, Side::Them);

    let of = |who: &str| roster.members.iter().find(|m| m.number.as_ref().is_some_and(|n| n.as_str() == who));
    let (first, second) = (of("1001").expect("in").call, of("1002").expect("in").call);
    office.world.rest.post(&format!("/v1/calls/{first}/mute"), json!({ "on": true })).await;
    for call in [&a, &b, &c] {
        call.is_silent();
    }
    a.says(HIGH);
    eventually("who is muted is not heard", async || {
        let heard = b.listen(std::time::Duration::from_millis(400)).await;
        if heard.loudness() < 50.0 { Ok(()) } else { Err(format!("{:.0}", heard.loudness())) }
    })
    .await;
    office.world.rest.post(&format!("/v1/calls/{first}/mute"), json!({ "on": false })).await;
    b.hears(HIGH).await;

    office.world.rest.post(&format!("/v1/calls/{second}/hangup"), json!({})).await;
    b.ended().await;
    office.world.rest.post("/v1/conferences/7001/lock", json!({ "on": true })).await;
    let late = dora.dial("7001").await;
    assert_eq!(late.ended().await.by, Side::Them);
    both_talk(&a, &c).await;
    a.hang_up().await;
    c.hang_up().await;
    office.are_in(0).await;
    office.world.ends_clean().await;
}

/// What nobody's recording may have.
const SECRET: f64 = 600.0;
const THIRD: f64 = 1700.0;

async fn four_phones(office: &Office) -> [Phone; 4] {
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    [anna, ben, office.phone("1003").await, office.phone("1004").await]
}

/// `speaker` says a tone, and the others hear it.
async fn says(speaker: &Call, tone: f64, all: &[&Call]) {
    for call in all {
        call.is_silent();
    }
    speaker.says(tone);
    for call in all.iter().filter(|call| call.user() != speaker.user()) {
        call.hears(tone).await;
    }
    tokio::time::sleep(LONG_ENOUGH).await;
}

/// What an engine may leave out at the beginning of a recording, and some more.
const LONG_ENOUGH: std::time::Duration = std::time::Duration::from_secs(1);

/// The longest time that a tone is heard alone on either side of a recording, in tenths of a second.
fn heard(wav: &Wav, tone: f64) -> usize {
    assert_eq!(wav.channels, 2);
    let side = |side| wav.samples.iter().skip(side).step_by(2).copied().collect::<Vec<_>>();
    let tenths = |samples: Vec<i16>| {
        let clear = |tenth: &[i16]| {
            let tenth = Heard(tenth.to_vec());
            tenth.share(tone) > 0.8 && tenth.loudness() > 300.0
        };
        samples.chunks(800).filter(|tenth| clear(tenth)).count()
    };
    tenths(side(0)).max(tenths(side(1)))
}

/// The recording of this participant, once it is whole.
async fn recording(office: &Office, call: CallId) -> Wav {
    let story = eventually("a story", async || {
        let path = format!("/v1/calls/{call}/explain");
        office.world.rest.try_get::<serde_json::Value>(&path).await.map_err(|why| why.to_string())
    })
    .await;
    let recordings = story["call"]["recordings"].as_array().expect("a list").clone();
    let [one] = &recordings[..] else { panic!("one recording of {call}: {recordings:?}") };
    assert!(one["ended"].is_i64(), "{one}");
    let sound = one["sound"].as_str().expect("a sound").to_owned();
    let shown = office.world.tandem(&["calls", "show", &call.to_string()]);
    assert!(shown.contains(&format!("{sound}.wav")), "{shown}");
    eventually("a whole recording", async || {
        let file = office.sounds().into_iter().find(|file| file.ends_with(format!("{sound}.wav")));
        let bytes = std::fs::read(file.ok_or("no file")?).map_err(|why| why.to_string())?;
        let wav = Wav::parse(&bytes).map_err(|why| why.to_string())?;
        if wav.samples.len() > 8000 { Ok(wav) } else { Err("nothing in it".to_owned()) }
    })
    .await
}

pub async fn a_conference_is_recorded_whoever_is_muted_or_leaves(kind: Kind) {
    let office = Office::open(kind).await;
    let [anna, ben, carla, dora] = four_phones(&office).await;
    let a = anna.dial("7001").await;
    office.are_in(1).await;
    let b = ben.dial("7001").await;
    office.are_in(2).await;
    let c = carla.dial("7001").await;
    all_hear(&[&a, &b, &c]).await;
    let roster = office.are_in(3).await;
    let of = |who: &str| roster.members.iter().find(|m| m.number.as_ref().is_some_and(|n| n.as_str() == who));
    let [first, second, third] = ["1001", "1002", "1003"].map(|who| of(who).expect("in").call);
    let tandem = |words: &[&str]| office.world.tandem(&[&["conferences"], words].concat());

    tandem(&["record", "7001"]);
    assert!(office.are_in(3).await.recorded);
    let all = [&a, &b, &c];
    for (call, tone) in [(&a, LOW), (&b, HIGH), (&c, THIRD)] {
        says(call, tone, &all).await;
    }
    // Who is muted is in no recording, though the recording was by way of this leg.
    tandem(&["mute", &first.to_string()]);
    for call in all {
        call.is_silent();
    }
    recording(&office, first).await;
    a.says(SECRET);
    for (call, tone, hears) in [(&b, HIGH, &c), (&c, THIRD, &b)] {
        call.says(tone);
        hears.hears(tone).await;
        tokio::time::sleep(LONG_ENOUGH).await;
        call.is_silent();
    }
    tandem(&["lock", "7001"]);
    assert_eq!(dora.dial("7001").await.ended().await.by, Side::Them);
    // Nor does it end with whoever is removed.
    tandem(&["kick", &second.to_string()]);
    b.ended().await;
    a.is_silent();
    tandem(&["unmute", &first.to_string()]);
    says(&a, LOW, &[&a, &c]).await;
    says(&c, THIRD, &[&a, &c]).await;
    tandem(&["record", "7001", "stop"]);
    assert!(!office.are_in(2).await.recorded);
    recording(&office, third).await;
    says(&c, SECRET, &[&a, &c]).await;
    a.hang_up().await;
    c.hang_up().await;
    office.are_in(0).await;

    for (call, tones) in [(first, &[LOW, HIGH, THIRD][..]), (second, &[HIGH, THIRD]), (third, &[LOW, THIRD])]
    {
        let wav = recording(&office, call).await;
        for tone in tones {
            assert!(heard(&wav, *tone) >= 2, "{tone} Hz in the recording by way of {call}");
        }
        assert_eq!(heard(&wav, SECRET), 0, "what was said by whoever was muted, or later");
    }
    assert_eq!(office.sounds().len(), 3, "{:?}", office.sounds());
    office.world.ends_clean().await;
}

pub async fn people_are_called_into_a_conference(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    for to in ["1001", "1002", "013900000007"] {
        office.world.rest.post("/v1/conferences/7001/invite", json!({ "to": to })).await;
    }
    let calls = [anna.rings().await, ben.rings().await, office.first.rings().await];
    for call in &calls {
        call.answer();
    }
    let [a, b, c] = &calls;
    all_hear(&[a, b, c]).await;
    office.are_in(3).await;
    for call in &calls {
        call.hang_up().await;
    }
    office.world.ends_clean().await;
}

pub async fn a_conference_outlives_the_daemon(kind: Kind) {
    let mut office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    let (a, b) = (anna.dial("7001").await, ben.dial("7001").await);
    both_talk(&a, &b).await;
    office.world.kill_daemon().await;
    both_talk(&a, &b).await;
    office.world.restart_daemon().await;
    both_talk(&a, &b).await;
    office.are_in(2).await;
    b.hang_up().await;
    office.are_in(1).await;
    a.hang_up().await;
    office.are_in(0).await;
    office.world.ends_clean().await;
}
