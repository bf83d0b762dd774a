//! What callers leave, and tapes of talks.

use std::{path::Path, time::Duration};

use tandem::{
    base::id::{LegId, OrderId, SoundId},
    ports::engine::{Command, Event, HangupCause, Media, Outcome, Verdict},
};

use crate::{
    rig::{Adapter, PATIENCE, Rig, prompt},
    support::{phone::Manner, tone::Heard},
};

fn sound(name: &str) -> SoundId {
    SoundId::new(name).expect("an id")
}

fn record(name: &str, limit: f64, silence: f64) -> Command {
    let (limit, silence) = (Duration::from_secs_f64(limit), Duration::from_secs_f64(silence));
    Command::Record { sound: sound(name), limit, silence }
}

/// The sides of a WAV file of 8 kHz and 16 bit.
fn sides(file: &Path) -> Vec<Heard> {
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let half = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    assert_eq!((&bytes[..4], &bytes[8..12]), (&b"RIFF"[..], &b"WAVE"[..]));
    let mut at = 12;
    let (mut channels, mut data) = (0, &[][..]);
    while at + 8 <= bytes.len() {
        let length = half(at + 4) + (half(at + 6) << 16);
        match &bytes[at..at + 4] {
            b"fmt " => {
                channels = half(at + 10);
                assert_eq!(
                    (half(at + 8), half(at + 12), half(at + 22)),
                    (1, 8000, 16),
                    "plain, 8 kHz, 16 bit"
                );
            }
            b"data" => data = &bytes[at + 8..(at + 8 + length).min(bytes.len())],
            _ => {}
        }
        at += 8 + length + length % 2;
    }
    let samples: Vec<i16> = data.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
    (0..channels).map(|side| Heard(samples.iter().skip(side).step_by(channels).copied().collect())).collect()
}

async fn recorded(tandem: &mut Adapter, leg: &LegId, order: OrderId) -> f64 {
    let length = tandem
        .find("a record", |e| match e {
            Event::Recorded { leg: of, order: told, length } if of == leg && *told == order => Some(*length),
            _ => None,
        })
        .await;
    assert_eq!(tandem.times(|e| matches!(e, Event::Recorded { order: told, .. } if *told == order)), 1);
    length.as_secs_f64()
}

/// What was said is in the file, and as long as was told.
fn holds(rig: &Rig, name: &str, frequency: f64, length: f64) {
    let file = rig.settings.file(&Media::Sound(sound(name)));
    let sides = sides(&file);
    assert_eq!(sides.len(), 1, "one voice");
    assert!(
        (sides[0].seconds() - length).abs() < 0.1,
        "{} s in the file, {length} s told",
        sides[0].seconds()
    );
    let share = sides[0].share(frequency);
    assert!(share > 0.8, "{share} of {frequency} Hz in {name}");
}

#[allow(clippy::too_many_lines, reason = "one story, told in order")]
pub async fn a_message_is_left() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    call.says(440.0);
    // Until the limit.
    let order = tandem.order(&leg, record("limit", 2.0, 0.0)).await;
    let length = recorded(&mut tandem, &leg, order).await;
    assert!((1.5..3.2).contains(&length), "{length}");
    holds(&rig, "limit", 440.0, length);
    // Until a stop; keys end nothing. What was said can be heard at once.
    let order = tandem.order(&leg, record("stop", 30.0, 0.0)).await;
    tandem.listen(Duration::from_secs(1)).await;
    call.press("5");
    tandem.find_within(PATIENCE, "the key", |e| matches!(e, Event::Key { .. })).await;
    assert_eq!(tandem.times(|e| matches!(e, Event::Recorded { .. })), 1);
    tandem.order(&leg, Command::Stop).await;
    let length = recorded(&mut tandem, &leg, order).await;
    assert!((0.8..5.0).contains(&length), "{length}");
    holds(&rig, "stop", 440.0, length);
    let order = tandem.send(&leg, Command::Play { media: vec![Media::Sound(sound("stop"))] });
    call.hears(440.0).await;
    tandem.played(&leg, order, Verdict::Finished).await;
    // Until the caller falls silent.
    let order = tandem.order(&leg, record("silence", 30.0, 1.0)).await;
    tandem.listen(Duration::from_millis(1500)).await;
    call.is_silent();
    let length = recorded(&mut tandem, &leg, order).await;
    assert!((2.0..6.0).contains(&length), "{length}");
    // At once: a stop behind it, and another order.
    call.says(440.0);
    let order = tandem.send(&leg, record("short", 30.0, 0.0));
    let next = tandem.send(&leg, Command::Play { media: vec![prompt(1)] });
    recorded(&mut tandem, &leg, order).await;
    tandem.played(&leg, next, Verdict::Finished).await;
    // Until the caller hangs up: that is told before the end.
    let order = tandem.order(&leg, record("hangup", 30.0, 0.0)).await;
    tandem.listen(Duration::from_millis(1500)).await;
    call.hang_up().await;
    let length = recorded(&mut tandem, &leg, order).await;
    assert!((1.0..5.0).contains(&length), "{length}");
    tandem.ended(&leg).await;
    holds(&rig, "hangup", 440.0, length);
    tandem.listen(Duration::from_millis(200)).await;
    assert!(matches!(
        tandem.told.iter().rev().find(|(_, e)| e.leg() == Some(&leg)),
        Some((_, Event::Ended { .. }))
    ));
    // Until it is taken into a room.
    let (call, leg) = tandem.answer(&caller, "8000").await;
    call.says(440.0);
    let order = tandem.order(&leg, record("room", 30.0, 0.0)).await;
    tandem.listen(Duration::from_millis(1500)).await;
    let room = tandem::base::id::RoomId::new("r").expect("id");
    tandem.order(&leg, Command::Meet { room: room.clone(), muted: false }).await;
    let length = recorded(&mut tandem, &leg, order).await;
    holds(&rig, "room", 440.0, length);
    tandem.expect(0, Event::Met { leg: leg.clone(), room }).await;
    tandem.order(&leg, Command::Part).await;
    // Until the duty phone takes it.
    let duty = rig.phone("1001").await;
    let order = tandem.order(&leg, record("duty", 30.0, 0.0)).await;
    tandem.listen(Duration::from_millis(1500)).await;
    tandem.order(&leg, Command::Fallback).await;
    let length = recorded(&mut tandem, &leg, order).await;
    holds(&rig, "duty", 440.0, length);
    let rescue = duty.rings().await;
    rescue.answer();
    rescue.hears(440.0).await;
    call.hang_up().await;
    tandem.ended(&leg).await;
    rig.is_empty().await;
}

#[allow(clippy::too_many_lines, reason = "one story, told in order")]
pub async fn a_talk_is_taped() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let agent = rig.phone("1001").await;
    agent.on_call(Manner::AnswerAfter(Duration::from_millis(50)));
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    let no_tape = tandem.send(&leg, Command::TapeStop);
    let refused = |e: &Event| matches!(e, Event::Outcome { order, outcome: Outcome::Refused(_), .. } if *order == no_tape);
    tandem.find_within(PATIENCE, "a refusal", refused).await;
    call.says(440.0);
    tandem.order(&leg, Command::Tape { sound: sound("tape") }).await;
    // Through a prompt, a talk, and a room.
    let order = tandem.send(&leg, Command::Play { media: vec![prompt(1)] });
    tandem.played(&leg, order, Verdict::Finished).await;
    let to = tandem.dial(&leg, "1001");
    let talk = agent.rings().await;
    tandem.expect(0, Event::Joined { leg: leg.clone(), peer: to.clone() }).await;
    talk.says(1000.0);
    call.hears(1000.0).await;
    tandem.listen(Duration::from_secs(2)).await;
    tandem.order(&leg, Command::TapePause { on: true }).await;
    talk.says(700.0);
    call.hears(700.0).await;
    tandem.listen(Duration::from_secs(2)).await;
    talk.says(1000.0);
    call.hears(1000.0).await;
    tandem.order(&leg, Command::TapePause { on: false }).await;
    tandem.listen(Duration::from_secs(1)).await;
    let room = tandem::base::id::RoomId::new("taped").expect("id");
    for leg in [&leg, &to] {
        tandem.order(leg, Command::Meet { room: room.clone(), muted: false }).await;
        tandem.expect(0, Event::Met { leg: leg.clone(), room: room.clone() }).await;
    }
    talk.says(1300.0);
    call.hears(1300.0).await;
    tandem.listen(Duration::from_secs(2)).await;
    tandem.order(&leg, Command::TapeStop).await;
    let file = rig.settings.file(&Media::Sound(sound("tape")));
    let tape = sides(&file);
    assert_eq!(tape.len(), 2, "two sides");
    assert!(tape[0].seconds() > 8.0, "{} s", tape[0].seconds());
    assert!((tape[0].seconds() - tape[1].seconds()).abs() < 0.1);
    assert!(tape[0].share(440.0) > 0.8, "left is what it says: {}", tape[0].share(440.0));
    let part = |tone| tape[1].share(tone);
    let heard = [part(600.0), part(1000.0), part(1300.0)];
    assert!(heard.iter().all(|share| *share > 0.08), "right is what it hears: {heard:?}");
    assert!(
        part(700.0) < 0.02 && part(440.0) < 0.05,
        "paused, or the wrong side: {} {}",
        part(700.0),
        part(440.0)
    );
    // A second tape, which the leg's end ends.
    tandem.order(&leg, Command::Tape { sound: sound("second") }).await;
    tandem.listen(Duration::from_secs(1)).await;
    call.hang_up().await;
    tandem.ended(&leg).await;
    tandem.expect(0, Event::Returned { leg: to.clone() }).await;
    tandem.order(&to, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
    tandem.ended(&to).await;
    rig.is_empty().await;
    let second = sides(&rig.settings.file(&Media::Sound(sound("second"))));
    assert!(second[0].share(440.0) > 0.8 && second[1].share(1300.0) > 0.5, "{:?}", second[0].seconds());
    assert_eq!(tandem.times(|e| matches!(e, Event::Recorded { .. })), 0);
}
