//! Messages and tapes.

use std::time::Duration;

use tandem::{
    base::{
        id::{LegId, OrderId},
        wav::Wav,
    },
    ports::engine::{Command, Event, Media, Outcome, Verdict},
};

use crate::{
    rig::{Rig, room, sound, talk},
    support::tone::Heard,
};

const SECOND: Duration = Duration::from_secs(1);

fn record(name: &str, limit: u64, silence: u64) -> Command {
    let (limit, silence) = (Duration::from_secs(limit), Duration::from_secs(silence));
    Command::Record { sound: sound(name), limit, silence }
}

/// A message in mono as the telephone has it, of this tone.
fn says(length: Duration, wav: Option<Wav>, tone: f64) {
    let wav = wav.expect("a file");
    assert_eq!((wav.rate, wav.channels), (8000, 1));
    let told = length.as_secs_f64();
    assert!((told - wav.samples.len() as f64 / 8000.0).abs() < 0.01, "{told} {}", wav.samples.len());
    // The beginning may be from before the tone.
    let heard = Heard(wav.samples);
    assert!(
        heard.share(tone) > 0.7 && heard.loudness() > 500.0,
        "{} {}",
        heard.share(tone),
        heard.loudness()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_recorded_until_its_limit_silence_or_stop_and_can_be_heard() {
    let mut rig = Rig::start().await;
    let outside = rig.outside("15550100").await;
    let (call, leg) = rig.caller(&outside).await;
    rig.order(&leg, Command::Music).await;
    call.says(697.0);
    // Until a stop. Longer than the lease, which must not end it.
    rig.order(&leg, Command::Lease { span: SECOND }).await;
    let order = rig.order(&leg, record("a-1", 30, 0)).await;
    tokio::time::sleep(2 * SECOND).await;
    call.press("#");
    rig.until("Key", |event| matches!(event, Event::Key { key, .. } if key.char() == '#')).await;
    rig.order(&leg, Command::Stop).await;
    let (length, wav) = rig.recorded(&leg, order, "a-1").await;
    assert!((SECOND..10 * SECOND).contains(&length), "{length:?}");
    says(length, wav, 697.0);
    rig.order(&leg, Command::Lease { span: 60 * SECOND }).await;
    // To its limit.
    let order = rig.order(&leg, record("b", 1, 0)).await;
    let (length, wav) = rig.recorded(&leg, order, "b").await;
    assert!((SECOND / 2..2 * SECOND).contains(&length), "{length:?}");
    says(length, wav, 697.0);
    // To a silence.
    let order = rig.order(&leg, record("c", 30, 1)).await;
    tokio::time::sleep(SECOND).await;
    call.is_silent();
    let (length, wav) = rig.recorded(&leg, order, "c").await;
    assert!((SECOND / 2..10 * SECOND).contains(&length), "{length:?}");
    assert!(wav.is_some());
    // It is heard, in place of another recording, which it stops.
    let order = rig.order(&leg, record("d", 30, 0)).await;
    let heard = rig.order(&leg, Command::Play { media: vec![Media::Sound(sound("a-1"))] }).await;
    rig.recorded(&leg, order, "d").await;
    call.hears(697.0).await;
    rig.played(&leg, heard, Verdict::Finished).await;
    // Recorded over.
    call.says(941.0);
    let order = rig.order(&leg, record("a-1", 1, 0)).await;
    let (length, wav) = rig.recorded(&leg, order, "a-1").await;
    says(length, wav, 941.0);
    rig.leaves(&call, &leg).await;
    rig.clean().await;
}

async fn ended_after(rig: &mut Rig, leg: &LegId, order: OrderId) -> Duration {
    let ours = |event: &Event| matches!(event, Event::Recorded { .. } | Event::Ended { .. });
    let Event::Recorded { leg: it, order: id, length } = rig.until("Recorded", ours).await else {
        panic!("ended before the recording was told")
    };
    assert_eq!((&it, id), (leg, order));
    rig.ended(leg).await;
    length
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_whose_speaker_hangs_up_is_there_before_his_end_is_told() {
    let mut rig = Rig::start().await;
    let outside = rig.outside("15550100").await;
    for wait in [0, 20, 1000] {
        let (call, leg) = rig.caller(&outside).await;
        call.says(697.0);
        let order = rig.order(&leg, record("x", 30, 0)).await;
        tokio::time::sleep(Duration::from_millis(wait)).await;
        call.hang_up().await;
        let length = ended_after(&mut rig, &leg, order).await;
        if wait == 1000 {
            assert!(length > SECOND / 2, "{length:?}");
            says(length, rig.sound("x"), 697.0);
        }
    }
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_outlives_tandem() {
    let mut rig = Rig::start().await;
    let outside = rig.outside("15550100").await;
    let (call, leg) = rig.caller(&outside).await;
    call.says(697.0);
    // One that still goes on obeys the next Tandem.
    let order = rig.order(&leg, record("x", 30, 0)).await;
    tokio::time::sleep(SECOND).await;
    rig.reconnect().await;
    rig.order(&leg, Command::Stop).await;
    let (length, wav) = rig.recorded(&leg, order, "x").await;
    says(length, wav, 697.0);
    // One that ended meanwhile is told by it.
    let order = rig.order(&leg, record("y", 1, 0)).await;
    rig.die().await;
    tokio::time::sleep(2 * SECOND).await;
    rig.take_up();
    let (length, wav) = rig.recorded(&leg, order, "y").await;
    says(length, wav, 697.0);
    rig.leaves(&call, &leg).await;
    rig.clean().await;
}

/// What one side of a tape says.
fn side(tape: &Wav, at: usize) -> Heard {
    Heard(tape.samples.iter().skip(at).step_by(2).copied().collect())
}

/// Whether in the midst of it there was silence for so many seconds.
fn paused(side: &Heard, seconds: f64) -> bool {
    let blocks = side.0.chunks(800).map(|block| Heard(block.to_vec()).loudness() < 50.0);
    let blocks: Vec<bool> = blocks.skip_while(|quiet| *quiet).collect();
    let longest = blocks.split(|quiet| !quiet).map(<[bool]>::len).max().unwrap_or(0);
    longest as f64 * 0.1 >= seconds
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tape_has_what_a_leg_says_on_the_left_and_what_it_hears_on_the_right() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    let ((call, leg), (taken, to)) = rig.talk(&outside, &agent, "1001").await;
    talk(&call, &taken).await;
    rig.order(&to, Command::Tape { sound: sound("t") }).await;
    let twice = rig.send(&to, Command::Tape { sound: sound("u") });
    assert!(matches!(rig.outcome(twice).await, Outcome::Refused(_)));
    tokio::time::sleep(SECOND).await;
    rig.order(&to, Command::TapePause { on: true }).await;
    tokio::time::sleep(SECOND).await;
    rig.order(&to, Command::TapePause { on: false }).await;
    tokio::time::sleep(SECOND).await;
    // Nobody of those who listen is a leg.
    rig.forget();
    let Event::Audit { legs, .. } = rig.until("an audit", |event| matches!(event, Event::Audit { .. })).await
    else {
        unreachable!("an audit")
    };
    assert_eq!(legs.len(), 2, "{legs:?}");
    rig.order(&to, Command::TapeStop).await;
    let tape = rig.tape("t").await;
    assert_eq!((tape.rate, tape.channels), (8000, 2));
    let (left, right) = (side(&tape, 0), side(&tape, 1));
    assert!(left.seconds() > 2.5, "{}", left.seconds());
    for (side, tone) in [(&left, 941.0), (&right, 697.0)] {
        assert!(side.share(tone) > 0.8, "{tone}: {}", side.share(tone));
        assert!(paused(side, 0.7), "{tone}: no pause");
    }
    // The talk has not suffered, and a tape goes on through rooms to the leg's end.
    talk(&call, &taken).await;
    rig.order(&to, Command::Tape { sound: sound("v") }).await;
    for leg in [&leg, &to] {
        rig.order(leg, Command::Meet { room: room("r"), muted: false }).await;
        rig.met(leg, "r").await;
    }
    talk(&call, &taken).await;
    tokio::time::sleep(SECOND).await;
    rig.leaves(&taken, &to).await;
    let tape = rig.tape("v").await;
    assert!(side(&tape, 0).share(941.0) > 0.7 && side(&tape, 1).share(697.0) > 0.3);
    rig.leaves(&call, &leg).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tape_outlives_tandem() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    let ((call, leg), (taken, to)) = rig.talk(&outside, &agent, "1001").await;
    talk(&call, &taken).await;
    rig.order(&leg, Command::Tape { sound: sound("t") }).await;
    // The next Tandem ends it.
    rig.die().await;
    tokio::time::sleep(SECOND).await;
    rig.reconnect().await;
    rig.order(&leg, Command::TapeStop).await;
    let tape = rig.tape("t").await;
    assert!(side(&tape, 0).seconds() > 0.9 && side(&tape, 0).share(697.0) > 0.8);
    // Or finds it when the leg has ended meanwhile.
    rig.order(&leg, Command::Tape { sound: sound("u") }).await;
    tokio::time::sleep(SECOND).await;
    rig.die().await;
    call.hang_up().await;
    taken.ended().await;
    rig.reconnect().await;
    let tape = rig.tape("u").await;
    assert!(side(&tape, 0).share(697.0) > 0.8 && side(&tape, 1).share(941.0) > 0.8);
    let _ = to;
    rig.clean().await;
}
