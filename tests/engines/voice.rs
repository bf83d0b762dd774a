//! What is kept of voices: messages in mailboxes, recordings of talks.

use std::time::Duration;

use serde_json::json;
use tandem::{base::wav::Wav, live::switchboard::view::ExtensionView};

use crate::{
    bench::Kind,
    office::Office,
    support::{
        call::{Call, Side},
        phone::Manner,
        tone::Heard,
    },
    world::{HIGH, LOW, eventually},
};

/// Hz; said when nothing is recorded any more.
const AFTERWARDS: f64 = 1700.0;

on_every_engine! {
    a_message_is_left_heard_and_deleted,
    three_wrong_pins_lock_a_mailbox_against_the_right_one,
    who_hangs_up_has_left_a_message_too,
    a_message_is_kept_though_the_daemon_dies_under_it,
    pain_21_a_talk_is_recorded_in_stereo_and_paused,
}

/// How many messages extension 1001 has: new, and heard.
async fn messages(office: &Office) -> (usize, usize) {
    let all: Vec<ExtensionView> = office.world.rest.try_get("/v1/extensions").await.expect("a list");
    let anna = all.into_iter().find(|ext| ext.number.as_str() == "1001").expect("in people.yaml");
    (anna.new_messages, anna.old_messages)
}

async fn are(office: &Office, new: usize, old: usize) {
    eventually(&format!("{new} new and {old} old messages"), async || match messages(office).await {
        found if found == (new, old) => Ok(()),
        found => Err(format!("{found:?}")),
    })
    .await;
}

/// Waits until greeting and tone are over: the mailbox listens. No pause in the greeting is as long.
async fn after_the_tone(call: &Call) {
    call.hears_other_than(LOW).await;
    eventually("silence after the tone", async || {
        let heard = call.listen(Duration::from_millis(1200)).await;
        if heard.loudness() < 50.0 { Ok(()) } else { Err(format!("{:.0}", heard.loudness())) }
    })
    .await;
}

/// What comes before it, who called and when, takes its time.
async fn the_message_is_heard(owner: &Call) {
    tokio::time::timeout(Duration::from_secs(40), async {
        loop {
            let heard = owner.listen(Duration::from_millis(300)).await;
            if heard.share(LOW) > 0.8 && heard.loudness() > 500.0 {
                return;
            }
        }
    })
    .await
    .expect("the message is heard");
}

async fn leaves(call: &Call) {
    call.answered().await;
    after_the_tone(call).await;
    call.says(LOW);
    tokio::time::sleep(Duration::from_secs(3)).await;
}

pub async fn a_message_is_left_heard_and_deleted(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    anna.on_call(Manner::Refuse(486));
    let call = ben.dial("1001").await;
    leaves(&call).await;
    call.press("#");
    call.ended().await;
    are(&office, 1, 0).await;

    let pin = office.world.secret("mailbox-1001");
    let owner = anna.dial("*97").await;
    owner.answered().await;
    owner.press(&pin);
    owner.press("#");
    the_message_is_heard(&owner).await;
    are(&office, 0, 1).await;
    owner.press("3");
    are(&office, 0, 0).await;
    owner.hang_up().await;
    eventually("the file is gone", async || {
        let left = office.sounds();
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
    office.world.ends_clean().await;
}

pub async fn three_wrong_pins_lock_a_mailbox_against_the_right_one(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    anna.on_call(Manner::Refuse(486));
    let call = ben.dial("1001").await;
    leaves(&call).await;
    call.press("#");
    call.ended().await;
    are(&office, 1, 0).await;

    let pin = office.world.secret("mailbox-1001");
    let wrong: String = pin.chars().map(|digit| if digit == '7' { '8' } else { '7' }).collect();
    for tried in [[&wrong; 3], [&pin; 3]] {
        let guesser = anna.dial("*97").await;
        guesser.answered().await;
        for digits in tried {
            guesser.press(digits);
            guesser.press("#");
        }
        assert_eq!(guesser.ended().await.by, Side::Them);
        are(&office, 1, 0).await;
    }
    office.world.ends_clean().await;
}

pub async fn who_hangs_up_has_left_a_message_too(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    anna.on_call(Manner::Refuse(486));
    let call = ben.dial("1001").await;
    leaves(&call).await;
    call.hang_up().await;
    are(&office, 1, 0).await;
    office.world.ends_clean().await;
}

pub async fn a_message_is_kept_though_the_daemon_dies_under_it(kind: Kind) {
    let mut office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    anna.on_call(Manner::Refuse(486));
    let call = ben.dial("1001").await;
    leaves(&call).await;
    office.world.kill_daemon().await;
    call.hang_up().await;
    office.world.restart_daemon().await;
    are(&office, 1, 0).await;
    let [file] = &office.sounds()[..] else { panic!("one message: {:?}", office.sounds()) };
    let wav = Wav::parse(&std::fs::read(file).expect("a file")).expect("a sound");
    let voice = Heard(wav.samples.clone());
    assert!(voice.share(LOW) > 0.8 && voice.seconds() > 2.5, "{} s", voice.seconds());
    office.world.ends_clean().await;
}

pub async fn pain_21_a_talk_is_recorded_in_stereo_and_paused(kind: Kind) {
    let office = Office::open(kind).await;
    let (anna, ben) = (office.phone("1001").await, office.phone("1002").await);
    let (call, taken) = office.talk(&anna, &ben).await;
    let order = async |verb: &str, on: bool| {
        office.act("1001", "talking", verb, json!({ "on": on })).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    };
    order("record", true).await;
    order("pause-recording", true).await;
    order("pause-recording", false).await;
    office.act("1001", "talking", "record", json!({ "on": false })).await;
    // What is said from here on is in no file.
    call.says(AFTERWARDS);
    taken.hears(AFTERWARDS).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    taken.hears(AFTERWARDS).await;
    call.hang_up().await;
    taken.ended().await;
    let file = eventually("a recording", async || {
        office.sounds().into_iter().next().ok_or_else(|| "none".to_owned())
    })
    .await;
    let wav = eventually("a whole recording", async || {
        let bytes = std::fs::read(&file).map_err(|why| why.to_string())?;
        Wav::parse(&bytes).map_err(|why| why.to_string())
    })
    .await;
    let [left, right] = channels(&wav);
    // What the call's leg, which is Anna's, says is on the left; what it hears on the right.
    assert!(
        left.share(LOW) > 0.8 && right.share(HIGH) > 0.8,
        "{:.2} {:.2}",
        left.share(LOW),
        right.share(HIGH)
    );
    assert!(left.share(AFTERWARDS) < 0.02, "recorded on: {:.2}", left.share(AFTERWARDS));
    let quiet = quietest_second(&left);
    assert!(quiet < 50.0, "nothing is heard of the pause: {quiet:.0}");
    let second = |samples: &[i16]| Heard(samples.to_vec()).loudness();
    let (first, last) = (second(&left.0[..8000]), second(&left.0[left.0.len() - 8000..]));
    assert!(first > 200.0 && last > 200.0, "the pause is in its midst: {first:.0}, {last:.0}");
    // It is written down: which file, from when to when, without what, by whom.
    let record = office.world.record("1001").await;
    let [one] = &record.recordings[..] else { panic!("one recording: {record:?}") };
    assert!(file.ends_with(format!("{}.wav", one.sound)), "{} {one:?}", file.display());
    let written = one.ended.expect("it ended").since(one.began).as_secs_f64();
    let recorded = wav.samples.len() as f64 / 2.0 / 8000.0;
    assert!((written - recorded).abs() < 1.5, "{recorded} s of {written} s are in the file");
    let [pause] = &one.pauses[..] else { panic!("one pause: {one:?}") };
    let paused = pause.to.expect("it went on").since(pause.from).as_secs_f64();
    assert!((1.5..written).contains(&paused) && pause.by.is_some() && pause.by == one.by, "{one:?}");
    // Who is erased is not heard any more either.
    office.world.tandem(&["calls", "erase", "1001"]);
    assert!(!file.exists() && office.world.record_to("1002").await.recordings.is_empty());
    office.world.ends_clean().await;
}

fn channels(wav: &Wav) -> [Heard; 2] {
    assert_eq!(wav.channels, 2);
    [0, 1].map(|side| Heard(wav.samples.iter().skip(side).step_by(2).copied().collect()))
}

/// The loudness of the quietest second.
fn quietest_second(heard: &Heard) -> f64 {
    heard
        .0
        .windows(8000)
        .step_by(400)
        .map(|window| Heard(window.to_vec()).loudness())
        .fold(f64::MAX, f64::min)
}
