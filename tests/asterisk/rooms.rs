//! Rooms, and the ways out of a talk.

use std::time::Duration;

use tandem::{
    base::id::LegId,
    ports::engine::{Command, Event, HangupCause, LegSeen, Outcome},
};

use crate::{
    rig::{Rig, room, talk},
    support::{call::Call, phone::Phone},
};

fn meet(name: &str) -> Command {
    Command::Meet { room: room(name), muted: false }
}

async fn goes_in(rig: &mut Rig, leg: &LegId, name: &str) {
    rig.order(leg, meet(name)).await;
    rig.met(leg, name).await;
}

/// Three say something else each; each hears both others.
async fn three_hear_each_other(calls: [&Call; 3]) {
    let tones = [697.0, 941.0, 1336.0];
    for (call, tone) in calls.iter().zip(tones) {
        call.says(tone);
    }
    for (at, call) in calls.iter().enumerate() {
        let others = [tones[(at + 1) % 3], tones[(at + 2) % 3]];
        call.hears_both(others, tones[at]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_meet_in_a_room_and_the_last_takes_it_along() {
    let mut rig = Rig::start().await;
    let (outside, one, two) =
        (rig.outside("15550100").await, rig.phone("1001").await, rig.phone("1002").await);
    let (call, leg) = rig.caller(&outside).await;
    rig.order(&leg, Command::Music).await;
    goes_in(&mut rig, &leg, "r.1").await;
    let (first, a) = rig.dialled(&one, "1001").await;
    goes_in(&mut rig, &a, "r.1").await;
    talk(&call, &first).await;
    let (second, b) = rig.dialled(&two, "1002").await;
    goes_in(&mut rig, &b, "r.1").await;
    three_hear_each_other([&call, &first, &second]).await;
    // One who is muted hears and is not heard.
    rig.order(&b, Command::Mute { on: true }).await;
    call.hears(941.0).await;
    second.hears_both([697.0, 941.0], 1336.0).await;
    rig.order(&b, Command::Mute { on: false }).await;
    call.hears_both([941.0, 1336.0], 697.0).await;
    // One leaves by order and obeys again.
    rig.order(&a, Command::Part).await;
    rig.returned(&a).await;
    rig.order(&a, Command::Music).await;
    first.hears_other_than(697.0).await;
    talk(&call, &second).await;
    // One of the last two hangs up: the other comes back.
    second.hang_up().await;
    rig.ended(&b).await;
    rig.returned(&leg).await;
    rig.order(&leg, Command::Music).await;
    call.hears_other_than(941.0).await;
    for (call, leg) in [(call, leg), (first, a)] {
        rig.leaves(&call, &leg).await;
    }
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_in_muted_is_not_heard_before_he_is_let() {
    let mut rig = Rig::start().await;
    let (outside, one) = (rig.outside("15550100").await, rig.phone("1001").await);
    let (call, leg) = rig.caller(&outside).await;
    let (first, a) = rig.dialled(&one, "1001").await;
    goes_in(&mut rig, &leg, "r").await;
    rig.order(&a, Command::Meet { room: room("r"), muted: true }).await;
    rig.met(&a, "r").await;
    first.says(941.0);
    call.says(697.0);
    first.hears(697.0).await;
    call.listen(Duration::from_millis(300)).await;
    assert!(call.listen(Duration::from_millis(600)).await.loudness() < 100.0, "a muted one is heard");
    rig.order(&a, Command::Mute { on: false }).await;
    call.hears(941.0).await;
    // Who was muted in a room is heard outside of it.
    rig.order(&a, Command::Mute { on: true }).await;
    rig.order(&a, Command::Part).await;
    rig.returned(&a).await;
    rig.returned(&leg).await;
    rig.leaves(&first, &a).await;
    let to = rig.ring(&leg, "1001", 20);
    let taken = one.rings().await;
    taken.answer();
    rig.joined(&leg, &to).await;
    talk(&call, &taken).await;
    // To mute whoever is in no room is refused, and so is to part from nobody.
    let order = rig.send(&leg, Command::Mute { on: true });
    assert!(matches!(rig.outcome(order).await, Outcome::Refused(_)));
    rig.leaves(&call, &leg).await;
    rig.ended(&to).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_talk_becomes_a_room_and_a_room_another_room() {
    let mut rig = Rig::start().await;
    let (outside, agent, third) =
        (rig.outside("15550100").await, rig.phone("1001").await, rig.phone("1002").await);
    // The dialled one is taken away: the caller comes back. Then the caller follows.
    let ((call, leg), (taken, to)) = rig.talk(&outside, &agent, "1001").await;
    goes_in(&mut rig, &to, "r").await;
    rig.returned(&leg).await;
    goes_in(&mut rig, &leg, "r").await;
    talk(&call, &taken).await;
    let (other, c) = rig.dialled(&third, "1002").await;
    goes_in(&mut rig, &c, "r").await;
    three_hear_each_other([&call, &taken, &other]).await;
    // Two go to another room, one after the other: nobody is with the wrong ones.
    goes_in(&mut rig, &leg, "other").await;
    goes_in(&mut rig, &c, "other").await;
    rig.returned(&to).await;
    other.says(941.0);
    call.hears(941.0).await;
    rig.order(&to, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
    rig.ended(&to).await;
    taken.ended().await;
    call.hears(941.0).await;
    assert!(!rig.seen.iter().any(|event| matches!(event, Event::Ended { .. })), "{:?}", rig.seen);
    rig.leaves(&other, &c).await;
    rig.returned(&leg).await;
    rig.leaves(&call, &leg).await;

    // The caller is taken away: the dialled one obeys, and dials on like a caller.
    let ((call, leg), (taken, to)) = rig.talk(&outside, &agent, "1001").await;
    goes_in(&mut rig, &leg, "r").await;
    rig.returned(&to).await;
    let next = rig.ring(&to, "1002", 20);
    let rung = third.rings().await;
    rung.answer();
    rig.joined(&to, &next).await;
    talk(&taken, &rung).await;
    // The first caller's end concerns none of the two.
    rig.leaves(&call, &leg).await;
    talk(&taken, &rung).await;
    rung.hang_up().await;
    rig.ended(&next).await;
    rig.returned(&to).await;
    rig.leaves(&taken, &to).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_come_back_from_a_talk_by_order() {
    let mut rig = Rig::start().await;
    let (outside, agent) = (rig.outside("15550100").await, rig.phone("1001").await);
    for of_the_caller in [true, false] {
        let ((call, leg), (taken, to)) = rig.talk(&outside, &agent, "1001").await;
        rig.order(if of_the_caller { &leg } else { &to }, Command::Part).await;
        rig.returned(&leg).await;
        rig.returned(&to).await;
        for leg in [&leg, &to] {
            rig.order(leg, Command::Lease { span: Duration::from_secs(60) }).await;
            rig.order(leg, Command::Music).await;
        }
        call.hears_other_than(941.0).await;
        taken.hears_other_than(941.0).await;
        // The end of one is nothing to the other any more.
        rig.leaves(&taken, &to).await;
        call.hears_other_than(941.0).await;
        assert!(!rig.seen.iter().any(|event| matches!(event, Event::Returned { .. })), "{:?}", rig.seen);
        rig.leaves(&call, &leg).await;
    }
    rig.clean().await;
}

/// The fallback's phone rings, and the caller is heard.
async fn human(fallback: &Phone, call: &Call) {
    let taken = fallback.rings_within(Duration::from_secs(20)).await.expect("the fallback rings");
    taken.answer();
    talk(call, &taken).await;
    call.hang_up().await;
    taken.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_outlives_tandem_and_who_is_left_alone_there_reaches_a_human() {
    let mut rig = Rig::start().await;
    let (outside, one, two, fallback) = (
        rig.outside("15550100").await,
        rig.phone("1001").await,
        rig.phone("1002").await,
        rig.phone("1009").await,
    );
    let (call, leg) = rig.caller(&outside).await;
    rig.order(&leg, Command::Lease { span: Duration::from_secs(2) }).await;
    goes_in(&mut rig, &leg, "r").await;
    let second = rig.outside("15550101").await;
    let ((other, b), (agent, a)) = rig.talk(&second, &one, "1001").await;
    for leg in [&a, &b] {
        goes_in(&mut rig, leg, "r").await;
    }
    rig.die().await;
    // Longer than any lease, and nobody falls out of the room.
    tokio::time::sleep(Duration::from_secs(4)).await;
    three_hear_each_other([&call, &agent, &other]).await;
    // A new Tandem finds them where they are.
    rig.forget();
    rig.take_up();
    let Event::Audit { legs, .. } = rig.until("an audit", |event| matches!(event, Event::Audit { .. })).await
    else {
        unreachable!("an audit")
    };
    let mut seen: Vec<&LegSeen> = legs.iter().collect();
    seen.sort_unstable_by_key(|seen| seen.leg.clone());
    let mut expected = [leg.clone(), a.clone(), b.clone()];
    expected.sort_unstable();
    assert!(seen.iter().zip(&expected).all(|(seen, leg)| seen.leg == *leg), "{legs:?}");
    assert!(seen.iter().all(|seen| seen.room == Some(room("r")) && seen.peer.is_none()), "{legs:?}");
    // One comes out of it by order, and another comes in.
    rig.order(&a, Command::Part).await;
    rig.returned(&a).await;
    rig.leaves(&agent, &a).await;
    let (third, c) = rig.dialled(&two, "1002").await;
    goes_in(&mut rig, &c, "r").await;
    three_hear_each_other([&call, &third, &other]).await;
    // And without Tandem the last one reaches a human.
    rig.die().await;
    third.hang_up().await;
    talk(&call, &other).await;
    other.hang_up().await;
    human(&fallback, &call).await;
    rig.reconnect().await;
    rig.clean().await;
}
