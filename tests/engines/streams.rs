//! A leg's audio as a stream, on both engines and with phones: what the caller says arrives, what is sent is heard, and
//! nothing else that a leg does is the worse for it. The adapter is ordered directly, as what listens to callers does.

use std::time::{Duration, Instant};

use tandem::ports::engine::{Command, Event, HangupCause, Verdict};
use tokio::time::sleep;

use crate::{
    bench::Kind,
    frames::{likeness, rate, speech},
    support::{call::Call, codec::Codec},
    tapping::{Ear, Line},
    world::{HIGH, LOW, World, both_talk, eventually},
};

on_every_engine! {
    a_caller_is_heard_and_spoken_to_by_a_stream,
    a_stream_ends_for_whatever_comes_next,
    a_stream_goes_on_over_hold_and_another_codec,
    a_stream_goes_on_over_another_packet_time,
    a_stream_outlives_nobody_it_belongs_to,
}

/// A prompt.
const PROMPT: f64 = 600.0;

/// Each hears the other by the stream.
async fn both_hear(call: &Call, ear: &Ear) {
    call.says(LOW);
    ear.says(HIGH);
    ear.hears(LOW).await;
    call.hears(HIGH).await;
}

async fn a_caller_is_heard_and_spoken_to_by_a_stream(kind: Kind) {
    let world = World::without_daemon(kind).await;
    let mut line = Line::start(&world).await;
    let caller = world.outside("13800000090").await;
    let (call, leg) = line.caller(&caller).await;
    let ear = line.tap(&leg).await;
    println!("{}: first frame {:.0?} after the order", kind.word(), ear.first_frame().await);
    both_hear(&call, &ear).await;
    let start = Instant::now();
    sleep(Duration::from_secs(2)).await;
    let (_, samples) = ear.heard_since(start);
    let (wanted, got) =
        (f64::from(rate(ear.stream.expect("begun").wire)), samples as f64 / start.elapsed().as_secs_f64());
    assert!((got / wanted - 1.0).abs() < 0.15, "{got:.0} samples a second, not {wanted}");
    // What is said arrives as it was said, either way.
    call.is_silent();
    ear.is_silent();
    let [theirs, ours, nobodys] = [1, 2, 3].map(speech);
    let start = Instant::now();
    call.says_sound(&theirs);
    ear.says_sound(&ours);
    eventually("each has heard the other's words", async || {
        let (heard, _) = ear.heard_since(start);
        let alike = [likeness(&theirs, &heard.0), likeness(&ours, &call.heard_since(start).0)];
        if alike.iter().all(|alike| *alike > 0.8) { Ok(()) } else { Err(format!("{alike:.2?}")) }
    })
    .await;
    assert!(likeness(&nobodys, &ear.heard_since(start).0.0) < 0.6);
    // Keys are told all the same.
    call.press("5");
    line.key(&leg, '5').await;
    call.press_by_info('7').await;
    line.key(&leg, '7').await;
    both_hear(&call, &ear).await;
    line.order(&leg, Command::Untap).await;
    let media = vec![line.prompt(PROMPT)];
    let order = line.order(&leg, Command::Play { media }).await;
    call.hears(PROMPT).await;
    line.expect(Event::Played { leg: leg.clone(), order, verdict: Verdict::Finished }).await;
    let ear = line.tap(&leg).await;
    both_hear(&call, &ear).await;
    call.hang_up().await;
    line.expect(Event::Ended { leg, cause: HangupCause::NORMAL_CLEARING }).await;
    world.ends_clean().await;
}

async fn a_stream_ends_for_whatever_comes_next(kind: Kind) {
    let world = World::without_daemon(kind).await;
    let mut line = Line::start(&world).await;
    let (caller, agent) = (world.outside("13800000091").await, world.phone("1001").await);
    let (call, leg) = line.caller(&caller).await;
    // A prompt.
    let ear = line.tap(&leg).await;
    both_hear(&call, &ear).await;
    let media = vec![line.prompt(PROMPT)];
    let order = line.order(&leg, Command::Play { media }).await;
    call.hears(PROMPT).await;
    line.expect(Event::Played { leg: leg.clone(), order, verdict: Verdict::Finished }).await;
    let count = ear.count();
    sleep(Duration::from_millis(500)).await;
    assert_eq!(ear.count(), count, "the stream goes on");
    // Another stream, and one in its place.
    let ear = line.tap(&leg).await;
    both_hear(&call, &ear).await;
    let other = line.tap(&leg).await;
    both_hear(&call, &other).await;
    // A talk, and a stream after it.
    let to = line.dial(&leg, "1001");
    let taken = agent.rings().await;
    taken.answer();
    line.expect(Event::Joined { leg: leg.clone(), peer: to.clone() }).await;
    both_talk(&call, &taken).await;
    taken.hang_up().await;
    line.expect(Event::Returned { leg: leg.clone() }).await;
    let ear = line.tap(&leg).await;
    both_hear(&call, &ear).await;
    line.order(&leg, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
    call.ended().await;
    world.ends_clean().await;
}

async fn a_stream_goes_on_over_hold_and_another_codec(kind: Kind) {
    let world = World::without_daemon(kind).await;
    let mut line = Line::start(&world).await;
    let caller = world.outside("13800000092").await;
    let (call, leg) = line.caller(&caller).await;
    let ear = line.tap(&leg).await;
    both_hear(&call, &ear).await;
    call.hold(true).await;
    call.press("67");
    eventually("the first key is pressed", async || {
        if call.keys_to_press() == 0 { Ok(()) } else { Err("not yet".to_owned()) }
    })
    .await;
    // Asterisk tells it at once, FreeSWITCH when the phone is back.
    call.hold(false).await;
    line.key(&leg, '6').await;
    both_hear(&call, &ear).await;
    call.speaks(Codec::Pcma).await;
    both_hear(&call, &ear).await;
    sleep(Duration::from_secs(1)).await;
    both_hear(&call, &ear).await;
    call.press("4");
    line.key(&leg, '4').await;
    call.hang_up().await;
    line.expect(Event::Ended { leg, cause: HangupCause::NORMAL_CLEARING }).await;
    world.ends_clean().await;
}

/// A phone that agrees on 20 ms and sends what it likes.
async fn a_stream_goes_on_over_another_packet_time(kind: Kind) {
    let world = World::without_daemon(kind).await;
    let mut line = Line::start(&world).await;
    let caller = world.outside("13800000094").await;
    let mut cases = vec![(30, false), (40, false), (60, false), (30, true), (40, true), (60, true)];
    // Packets shorter than agreed on are beyond FreeSWITCH: docs/engines/freeswitch.md.
    if kind == Kind::Asterisk {
        cases.extend([(10, false), (10, true)]);
    }
    for (millis, at_once) in cases {
        let (call, leg) = line.caller(&caller).await;
        if at_once {
            call.packets_of(millis);
        }
        let ear = line.tap(&leg).await;
        if !at_once {
            both_hear(&call, &ear).await;
            call.packets_of(millis);
        }
        let start = Instant::now();
        call.says(HIGH);
        ear.says(LOW);
        ear.hears(HIGH).await;
        call.hears(LOW).await;
        let took = start.elapsed();
        println!("{}: packets of {millis} ms, at once {at_once}, are heard after {took:.0?}", kind.word());
        assert!(took < Duration::from_secs(2), "packets of {millis} ms: {took:?}");
        let start = Instant::now();
        sleep(Duration::from_secs(2)).await;
        let (_, samples) = ear.heard_since(start);
        let (wanted, got) = (
            f64::from(rate(ear.stream.expect("begun").wire)),
            samples as f64 / start.elapsed().as_secs_f64(),
        );
        assert!(
            (got / wanted - 1.0).abs() < 0.15,
            "{got:.0} samples a second of packets of {millis} ms, not {wanted}"
        );
        call.press("4");
        line.key(&leg, '4').await;
        call.packets_of(20);
        both_hear(&call, &ear).await;
        call.hang_up().await;
        line.expect(Event::Ended { leg, cause: HangupCause::NORMAL_CLEARING }).await;
    }
    // So it is in a talk.
    let (agent, (call, leg)) = (world.phone("1001").await, line.caller(&caller).await);
    let to = line.dial(&leg, "1001");
    let taken = agent.rings().await;
    taken.answer();
    line.expect(Event::Joined { leg: leg.clone(), peer: to.clone() }).await;
    for millis in [20, 30, 40, 10] {
        call.packets_of(millis);
        both_talk(&call, &taken).await;
    }
    call.hang_up().await;
    taken.ended().await;
    world.ends_clean().await;
}

/// Neither the adapter nor the leg.
async fn a_stream_outlives_nobody_it_belongs_to(kind: Kind) {
    let world = World::without_daemon(kind).await;
    let mut line = Line::start(&world).await;
    let (caller, duty) = (world.outside("13800000093").await, world.phone("1009").await);
    let (call, leg) = line.caller(&caller).await;
    let old = line.tap(&leg).await;
    both_hear(&call, &old).await;
    line.dies().await;
    let mut line = Line::start(&world).await;
    let ear = line.tap(&leg).await;
    both_hear(&call, &ear).await;
    let count = old.count();
    sleep(Duration::from_millis(500)).await;
    assert_eq!(old.count(), count, "the old stream goes on");
    // Nobody comes back: the lease holds, and the stream goes with it.
    line.order(&leg, Command::Lease { span: Duration::from_secs(2) }).await;
    line.dies().await;
    let taken = duty.rings().await;
    taken.answer();
    both_talk(&call, &taken).await;
    eventually("no stream left", async || {
        let left = world.left().await;
        let streams: Vec<_> = left.iter().filter(|name| name.contains("UnicastRTP")).collect();
        if streams.is_empty() { Ok(()) } else { Err(format!("{streams:?}")) }
    })
    .await;
    let count = ear.count();
    sleep(Duration::from_millis(500)).await;
    assert_eq!(ear.count(), count, "the stream goes on");
    call.hang_up().await;
    // Whoever comes next tidies up.
    let _line = Line::start(&world).await;
    world.ends_clean().await;
}
