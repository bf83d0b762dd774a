//! Rooms, and talks that end by an order.

use std::time::Duration;

use tandem::{
    base::id::{LegId, RoomId},
    ports::engine::{Command, Event, HangupCause, LegSeen, Outcome, Settings, Verdict},
};

use crate::{
    broken::Road,
    dial::{dialled, phone},
    rig::{Adapter, MUSIC, PATIENCE, Rig, prompt},
    support::{
        call::{Call, State},
        phone::Manner,
    },
};

fn room(name: &str) -> RoomId {
    RoomId::new(name).expect("an id")
}

fn meet(name: &str) -> Command {
    Command::Meet { room: room(name), muted: false }
}

async fn met(tandem: &mut Adapter, from: usize, leg: &LegId, name: &str) {
    tandem.expect(from, Event::Met { leg: leg.clone(), room: room(name) }).await;
}

async fn hear_each_other(one: &Call, other: &Call) {
    one.says(440.0);
    other.says(1000.0);
    one.hears(1000.0).await;
    other.hears(440.0).await;
}

/// Tells who is in which room, as the next audit has it.
async fn audited(tandem: &mut Adapter) -> Vec<LegSeen> {
    let from = tandem.mark();
    tandem
        .get(from, PATIENCE, "an audit", |e| match e {
            Event::Audit { legs, .. } => Some(legs.clone()),
            _ => None,
        })
        .await
}

#[allow(clippy::too_many_lines, reason = "one story, told in order")]
pub async fn three_meet_and_one_is_muted() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let (agent, other) = (rig.phone("1001").await, rig.phone("1002").await);
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    tandem.order(&leg, meet("r.1")).await;
    met(&mut tandem, 0, &leg, "r.1").await;
    // The first stays, in silence, as long as Tandem lives.
    let quiet = call.listen(Duration::from_secs(1)).await;
    assert!(quiet.loudness() < 100.0, "noise in an empty room: {}", quiet.loudness());
    let first = dialled(&mut tandem, "a", phone("1001"), 10, 10);
    agent.rings().await.answer();
    tandem.expect(0, Event::Answered { leg: first.clone() }).await;
    tandem.order(&first, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
    tandem.ended(&first).await;
    let first = dialled(&mut tandem, "b", phone("1001"), 10, 10);
    let one = agent.rings().await;
    one.answer();
    tandem.expect(0, Event::Answered { leg: first.clone() }).await;
    // At once, before it is where it obeys.
    tandem.order(&first, meet("r.1")).await;
    met(&mut tandem, 0, &first, "r.1").await;
    hear_each_other(&call, &one).await;
    let second = dialled(&mut tandem, "c", phone("1002"), 10, 10);
    let two = other.rings().await;
    two.answer();
    tandem.order(&second, Command::Meet { room: room("r.1"), muted: true }).await;
    met(&mut tandem, 0, &second, "r.1").await;
    two.says(700.0);
    one.is_silent();
    two.hears(440.0).await;
    call.is_silent();
    let muted = call.listen(Duration::from_millis(600)).await;
    assert!(muted.share(700.0) < 0.2 || muted.loudness() < 100.0, "heard, though muted");
    tandem.order(&second, Command::Mute { on: false }).await;
    call.hears(700.0).await;
    one.hears(700.0).await;
    tandem.order(&second, Command::Mute { on: true }).await;
    one.says(1000.0);
    call.hears(1000.0).await;
    two.hears(1000.0).await;
    let legs = audited(&mut tandem).await;
    assert_eq!(legs.len(), 3, "{legs:?}");
    assert!(legs.iter().all(|l| l.room == Some(room("r.1")) && l.up && l.peer.is_none()), "{legs:?}");
    // A phone in a room sends nobody anywhere.
    one.refer("1002").await;
    call.hears(1000.0).await;
    // Orders that need the leg for themselves are refused.
    let play = tandem.send(&leg, Command::Play { media: vec![prompt(1)] });
    let refused =
        |e: &Event| matches!(e, Event::Outcome { order, outcome: Outcome::Refused(_), .. } if *order == play);
    tandem.find_within(PATIENCE, "a refusal", refused).await;
    // One goes by an order and obeys, the others stay.
    let from = tandem.mark();
    tandem.order(&second, Command::Part).await;
    tandem.expect(from, Event::Returned { leg: second.clone() }).await;
    tandem.order(&second, Command::Music).await;
    two.hears(MUSIC).await;
    hear_each_other(&call, &one).await;
    // The last of two comes back when the other goes.
    one.hang_up().await;
    tandem.ended(&first).await;
    tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
    let order = tandem.send(&leg, Command::Play { media: vec![prompt(1)] });
    tandem.played(&leg, order, Verdict::Finished).await;
    // And in again: a room that was left is a new one.
    let from = tandem.mark();
    tandem.order(&leg, meet("r.1")).await;
    met(&mut tandem, from, &leg, "r.1").await;
    tandem.order(&second, meet("r.1")).await;
    met(&mut tandem, from, &second, "r.1").await;
    call.says(440.0);
    two.hears(440.0).await;
    // From room to room.
    let from = tandem.mark();
    tandem.order(&second, meet("r.2")).await;
    met(&mut tandem, from, &second, "r.2").await;
    tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
    tandem.order(&leg, meet("r.2")).await;
    met(&mut tandem, from, &leg, "r.2").await;
    hear_each_other(&call, &two).await;
    let keys = tandem.mark();
    call.press("0");
    tandem.get(keys, PATIENCE, "a key", |e| matches!(e, Event::Key { .. }).then_some(())).await;
    hear_each_other(&call, &two).await;
    call.hang_up().await;
    two.hang_up().await;
    tandem.ended(&leg).await;
    tandem.ended(&second).await;
    for gone in [&leg, &first, &second] {
        assert_eq!(tandem.times(|e| matches!(e, Event::Ended { leg, .. } if leg == gone)), 1);
    }
    rig.is_empty().await;
}

pub async fn a_talk_ends_by_order_and_both_obey() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let agent = rig.phone("1001").await;
    agent.on_call(Manner::AnswerAfter(Duration::from_millis(50)));
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    // Parted from either side, sent into a room from either side.
    for (round, (of_caller, command)) in
        [(true, Command::Part), (false, Command::Part), (true, meet("x")), (false, meet("x"))]
            .into_iter()
            .enumerate()
    {
        let from = tandem.mark();
        let to = tandem.dial(&leg, "1001");
        let talk = agent.rings().await;
        tandem.expect(from, Event::Joined { leg: leg.clone(), peer: to.clone() }).await;
        hear_each_other(&call, &talk).await;
        let (one, other) = if of_caller { (&leg, &to) } else { (&to, &leg) };
        let enters = matches!(command, Command::Meet { .. });
        tandem.order(one, command).await;
        tandem.expect(from, Event::Returned { leg: other.clone() }).await;
        if enters {
            met(&mut tandem, from, one, "x").await;
            tandem.order(other, meet("x")).await;
            met(&mut tandem, from, other, "x").await;
            hear_each_other(&call, &talk).await;
            tandem.order(&leg, Command::Part).await;
        }
        tandem.expect(from, Event::Returned { leg: one.clone() }).await;
        tandem.expect(from, Event::Returned { leg: other.clone() }).await;
        tandem.order(&leg, Command::Music).await;
        call.hears(MUSIC).await;
        let order = tandem.send(&to, Command::Play { media: vec![prompt(1)] });
        tandem.played(&to, order, Verdict::Finished).await;
        tandem.order(&to, Command::Hangup { cause: HangupCause::NORMAL_CLEARING }).await;
        talk.ended().await;
        tandem.ended(&to).await;
        tandem.order(&leg, Command::Stop).await;
        let returned = |leg: &LegId| {
            tandem.told[from..].iter().filter(|(_, e)| *e == Event::Returned { leg: leg.clone() }).count()
        };
        let expected = if enters { [1, 2] } else { [1, 1] };
        assert_eq!([returned(one), returned(other)], expected, "round {round}\n{}", tandem.story());
    }
    call.hang_up().await;
    tandem.ended(&leg).await;
    rig.is_empty().await;
}

pub async fn whoever_is_busy_meets_at_once() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let agent = rig.phone("1001").await;
    let caller = rig.outside("15550100").await;
    let other = rig.outside("15550101").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    let (waits, waiting) = tandem.answer(&other, "8000").await;
    tandem.order(&waiting, meet("busy")).await;
    // In a prompt, with another order behind it.
    let first = tandem.order(&leg, Command::Play { media: vec![prompt(1), prompt(2)] }).await;
    let from = tandem.mark();
    tandem.order(&leg, meet("busy")).await;
    met(&mut tandem, from, &leg, "busy").await;
    tandem.played(&leg, first, Verdict::Stopped).await;
    hear_each_other(&call, &waits).await;
    tandem.order(&leg, Command::Part).await;
    tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
    tandem.expect(from, Event::Returned { leg: waiting.clone() }).await;
    tandem.order(&waiting, meet("busy")).await;
    // While somebody is dialled for it: cancelled.
    for wait in [0, 10, 25, 60, 300] {
        let from = tandem.mark();
        let to = tandem.dial(&leg, "1001");
        tandem.listen(Duration::from_millis(wait)).await;
        tandem.order(&leg, meet("busy")).await;
        met(&mut tandem, from, &leg, "busy").await;
        tandem.ended(&to).await;
        hear_each_other(&call, &waits).await;
        tandem.order(&leg, Command::Part).await;
        tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
        tandem.expect(from, Event::Returned { leg: waiting.clone() }).await;
        let again = tandem.mark();
        tandem.order(&waiting, meet("busy")).await;
        met(&mut tandem, again, &waiting, "busy").await;
    }
    while let Some(offer) = agent.rings_within(Duration::from_millis(50)).await {
        offer.ended().await;
    }
    call.hang_up().await;
    waits.hang_up().await;
    tandem.ended(&leg).await;
    tandem.ended(&waiting).await;
    rig.is_empty().await;
}

pub async fn whoever_is_left_alone_while_tandem_is_away_is_rescued() {
    let rig = Rig::with(|site| site.lease = Duration::from_secs(3));
    let mut tandem = rig.adapter().await;
    let (duty, agent) = (rig.phone("1001").await, rig.phone("1002").await);
    let caller = rig.outside("15550100").await;
    let lease = Command::Lease { span: Duration::from_secs(2) };
    // Alone from the beginning.
    let (call, leg) = tandem.answer(&caller, "8000").await;
    tandem.order(&leg, lease.clone()).await;
    tandem.order(&leg, meet("left")).await;
    met(&mut tandem, 0, &leg, "left").await;
    for _ in 0..4 {
        tandem.order(&leg, lease.clone()).await;
        assert!(duty.rings_within(Duration::from_secs(1)).await.is_none(), "renewed, yet gone");
    }
    drop(tandem);
    let rescue = duty.rings().await;
    rescue.answer();
    hear_each_other(&rescue, &call).await;
    call.hang_up().await;
    rescue.ended().await;
    rig.is_empty().await;
    // Two in a room, renewals that cross, and Tandem dies: nobody is cut out.
    let mut tandem = rig.adapter().await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    tandem.order(&leg, lease.clone()).await;
    let to = dialled(&mut tandem, "a", phone("1002"), 10, 2);
    let talk = agent.rings().await;
    talk.answer();
    tandem.expect(0, Event::Answered { leg: to.clone() }).await;
    tandem.order(&leg, meet("two")).await;
    met(&mut tandem, 0, &leg, "two").await;
    tandem.order(&to, meet("two")).await;
    tandem.order(&leg, lease.clone()).await;
    met(&mut tandem, 0, &to, "two").await;
    tandem.order(&leg, lease.clone()).await;
    tandem.order(&to, lease.clone()).await;
    drop(tandem);
    assert!(duty.rings_within(Duration::from_secs(5)).await.is_none(), "the lease cut the talk");
    hear_each_other(&call, &talk).await;
    // The one goes, nobody is there for the other: the duty phone.
    talk.hang_up().await;
    let rescue = duty.rings().await;
    rescue.answer();
    hear_each_other(&rescue, &call).await;
    call.hang_up().await;
    rescue.ended().await;
    assert_eq!(call.state(), State::Ended(call.ended().await));
    rig.is_empty().await;
}

#[allow(clippy::too_many_lines, reason = "one story, told in order")]
pub async fn rooms_are_found_again() {
    let rig = Rig::start();
    let road = Road::to(rig.settings.address).await;
    drop(rig.adapter().await);
    let mut tandem = Adapter::start(Settings { address: road.address, ..rig.settings.clone() });
    tandem.find_within(PATIENCE, "an audit", |e| matches!(e, Event::Audit { .. })).await;
    let (caller, other) = (rig.outside("15550100").await, rig.outside("15550101").await);
    let (one, leg) = tandem.answer(&caller, "8000").await;
    let (two, second) = tandem.answer(&other, "8000").await;
    let (three, third) = tandem.answer(&other, "8000").await;
    for leg in [&leg, &second, &third] {
        tandem.order(leg, meet("again")).await;
        met(&mut tandem, 0, leg, "again").await;
    }
    // The link is cut, one goes, and it comes back.
    let from = tandem.mark();
    road.close();
    tandem.get(from, PATIENCE, "the cut", |e| matches!(e, Event::Down { .. }).then_some(())).await;
    three.hang_up().await;
    // What is younger is not missed in the first audit.
    tandem.listen(Duration::from_secs(2)).await;
    road.open();
    tandem.get(from, PATIENCE, "the link", |e| matches!(e, Event::Up { .. }).then_some(())).await;
    let inside = |legs: &[LegSeen]| legs.iter().filter(|l| l.room == Some(room("again"))).count();
    let legs = tandem
        .get(from, PATIENCE, "an audit", |e| match e {
            Event::Audit { legs, .. } => Some(legs.clone()),
            _ => None,
        })
        .await;
    assert_eq!((legs.len(), inside(&legs)), (2, 2), "{legs:?}");
    hear_each_other(&one, &two).await;
    tandem.order(&second, Command::Mute { on: true }).await;
    let muted = async {
        two.says(700.0);
        one.listen(Duration::from_millis(600)).await
    };
    assert!(muted.await.share(700.0) < 0.2, "heard, though muted");
    // A new Tandem finds them, and they obey.
    drop(tandem);
    let mut tandem = rig.adapter().await;
    let legs = tandem
        .get(0, PATIENCE, "an audit", |e| match e {
            Event::Audit { legs, .. } => Some(legs.clone()),
            _ => None,
        })
        .await;
    assert_eq!((legs.len(), inside(&legs)), (2, 2), "{legs:?}");
    tandem.order(&second, Command::Mute { on: false }).await;
    one.hears(700.0).await;
    let from = tandem.mark();
    tandem.order(&leg, Command::Part).await;
    tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
    tandem.expect(from, Event::Returned { leg: second.clone() }).await;
    tandem.order(&leg, Command::Music).await;
    one.hears(MUSIC).await;
    // The last comes out while the link is cut.
    for leg in [&leg, &second] {
        tandem.order(leg, meet("once.more")).await;
        met(&mut tandem, from, leg, "once.more").await;
    }
    one.hang_up().await;
    tandem.ended(&leg).await;
    tandem.expect(from, Event::Returned { leg: second.clone() }).await;
    two.hang_up().await;
    tandem.ended(&second).await;
    rig.is_empty().await;
}
