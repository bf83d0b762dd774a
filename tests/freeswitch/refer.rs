//! Phones that send the other side on (REFER), and phones that join their two talks (REFER with Replaces).

use std::time::Duration;

use tandem::{
    base::{id::LegId, number::Number},
    ports::engine::{Command, Event, HangupCause, Verdict},
};

use crate::{
    rig::{Adapter, MUSIC, PATIENCE, Rig, prompt},
    support::{call::Call, phone::Phone},
};

const BYE: Command = Command::Hangup { cause: HangupCause::NORMAL_CLEARING };

async fn hear_each_other(one: &Call, other: &Call) {
    one.says(440.0);
    other.says(1000.0);
    one.hears(1000.0).await;
    other.hears(440.0).await;
}

fn ends(tandem: &Adapter, from: usize) -> usize {
    tandem.told[from..].iter().filter(|(_, e)| matches!(e, Event::Ended { .. })).count()
}

fn returned(tandem: &Adapter, from: usize, leg: &LegId) -> usize {
    let told = Event::Returned { leg: leg.clone() };
    tandem.told[from..].iter().filter(|(_, event)| *event == told).count()
}

/// A phone of the house calls another one, and they talk.
async fn talk(tandem: &mut Adapter, caller: &Phone, callee: &Phone) -> (Call, LegId, Call, LegId) {
    let from = tandem.mark();
    let call = caller.dial(&callee.line.user).await;
    let (leg, _) = tandem.arrival(from).await;
    let to = tandem.dial(&leg, &callee.line.user);
    let other = callee.rings().await;
    other.answer();
    tandem.expect(from, Event::Joined { leg: leg.clone(), peer: to.clone() }).await;
    call.answered().await;
    other.answered().await;
    hear_each_other(&call, &other).await;
    (call, leg, other, to)
}

pub async fn either_side_sends_the_other_on() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let (one, two, three) = (rig.phone("1001").await, rig.phone("1002").await, rig.phone("1003").await);
    for of_caller in [true, false, true, false] {
        let from = tandem.mark();
        let (call, leg, other, to) = talk(&mut tandem, &one, &two).await;
        let (phone, away, stays, stayer) =
            if of_caller { (&call, &leg, &to, &other) } else { (&other, &to, &leg, &call) };
        assert_eq!(phone.refer("1003").await, Some(202));
        let number = Number::new("1003").expect("number");
        tandem.expect(from, Event::Referred { leg: away.clone(), peer: stays.clone(), to: number }).await;
        tandem.expect(from, Event::Returned { leg: stays.clone() }).await;
        assert_eq!(tandem.ended(away).await, HangupCause::NORMAL_CLEARING);
        phone.ended().await;
        // Whoever stays obeys like any caller.
        tandem.order(stays, Command::Music).await;
        stayer.hears(MUSIC).await;
        let to = tandem.dial(stays, "1003");
        let third = three.rings().await;
        third.answer();
        tandem.expect(from, Event::Joined { leg: stays.clone(), peer: to.clone() }).await;
        hear_each_other(stayer, &third).await;
        third.hang_up().await;
        tandem.ended(&to).await;
        tandem.listen(Duration::from_millis(300)).await;
        assert_eq!(returned(&tandem, from, stays), 2, "{}", tandem.story());
        assert_eq!(returned(&tandem, from, away), 0, "{}", tandem.story());
        let order = tandem.send(stays, Command::Play { media: vec![prompt(1)] });
        tandem.played(stays, order, Verdict::Finished).await;
        tandem.order(stays, BYE).await;
        stayer.ended().await;
        tandem.ended(stays).await;
        assert_eq!(ends(&tandem, from), 3, "{}", tandem.story());
        rig.is_empty().await;
    }
}

pub async fn nonsense_sends_nobody_anywhere() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let (one, two) = (rig.phone("1001").await, rig.phone("1002").await);
    for nonsense in
        ["MEET-r.1", "JOIN-r.1", "DIALLED", "RESUME", "park", "$%7Bsystem(touch%20x)%7D", "+", "a%40b"]
    {
        for of_caller in [true, false] {
            let from = tandem.mark();
            let (call, leg, other, to) = talk(&mut tandem, &one, &two).await;
            let (phone, away, stays, stayer) =
                if of_caller { (&call, &leg, &to, &other) } else { (&other, &to, &leg, &call) };
            assert_eq!(phone.refer(nonsense).await, Some(202));
            tandem.expect(from, Event::Returned { leg: stays.clone() }).await;
            phone.ended().await;
            tandem.ended(away).await;
            tandem.order(stays, Command::Music).await;
            stayer.hears(MUSIC).await;
            let told = |e: &Event| matches!(e, Event::Referred { .. } | Event::Met { .. });
            assert_eq!(tandem.times(told), 0, "{nonsense}\n{}", tandem.story());
            tandem.order(stays, BYE).await;
            stayer.ended().await;
            tandem.ended(stays).await;
            rig.is_empty().await;
        }
    }
    // One that talks with nobody can send nobody on, nor can a line to the outside.
    let caller = rig.outside("15550100").await;
    let (call, leg) = tandem.answer(&caller, "8000").await;
    let to = tandem.dial(&leg, "1001");
    let talk = one.rings().await;
    talk.answer();
    tandem.expect(0, Event::Joined { leg: leg.clone(), peer: to.clone() }).await;
    assert_eq!(call.refer("1002").await, Some(405));
    hear_each_other(&call, &talk).await;
    let from = tandem.mark();
    call.hang_up().await;
    tandem.ended(&leg).await;
    tandem.ended(&to).await;
    let (call, leg) = tandem.answer(&two, "8000").await;
    tandem.order(&leg, Command::Music).await;
    call.refer("1001").await;
    call.hears(MUSIC).await;
    call.hang_up().await;
    tandem.ended(&leg).await;
    assert_eq!(ends(&tandem, from), 3);
    rig.is_empty().await;
}

/// A phone has two talks, of which it holds the first, and joins the other two: no talk ends before they are joined,
/// and whoever of those hangs up, nobody is stuck.
#[allow(clippy::too_many_lines, reason = "one story, told in order")]
pub async fn a_phone_joins_its_two_talks() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let (boss, two, three) = (rig.phone("1001").await, rig.phone("1002").await, rig.phone("1003").await);
    // The phone was called first, or calls; then asks the other; and refers from the first or from the second call.
    for (called, from_first, first_leaves) in [
        (true, true, true),
        (true, true, false),
        (true, false, true),
        (true, false, false),
        (false, true, true),
        (false, true, false),
        (false, false, true),
        (false, false, false),
    ] {
        let from = tandem.mark();
        let what = format!("called {called}, from first {from_first}, first leaves {first_leaves}");
        let (mine, my_leg, theirs, their_leg) = if called {
            let (call, leg, other, to) = talk(&mut tandem, &two, &boss).await;
            (other, to, call, leg)
        } else {
            talk(&mut tandem, &boss, &two).await
        };
        mine.hold(true).await;
        let (asked, asked_leg, friend, friend_leg) = talk(&mut tandem, &boss, &three).await;
        let mark = tandem.mark();
        let code = if from_first { mine.refer_into(&asked).await } else { asked.refer_into(&mine).await };
        assert_eq!(code, Some(202), "{what}");
        let (a, b) = (their_leg.clone(), friend_leg.clone());
        let joined = move |e: &Event| match e {
            Event::Joined { leg, peer } => {
                ((*leg == a && *peer == b) || (*leg == b && *peer == a)).then(|| leg.clone())
            }
            _ => None,
        };
        tandem.get(mark, PATIENCE, &what, joined.clone()).await;
        let first = tandem.told[mark..].iter().find(|(_, e)| {
            joined(e).is_some()
                || matches!(e, Event::Ended { .. } | Event::Returned { .. } | Event::Referred { .. })
        });
        assert!(first.is_some_and(|(_, e)| joined(e).is_some()), "{what}: {first:?}\n{}", tandem.story());
        // As phones do that have heard that it went well (RFC 5589), if the engine was not faster.
        mine.hang_up().await;
        asked.hang_up().await;
        for gone in [&my_leg, &asked_leg] {
            tandem.ended(gone).await;
            assert_eq!(returned(&tandem, from, gone), 0, "{what}\n{}", tandem.story());
        }
        hear_each_other(&theirs, &friend).await;
        let mark = tandem.mark();
        let (leaver, left, stayer, stays) = if first_leaves {
            (&theirs, &their_leg, &friend, &friend_leg)
        } else {
            (&friend, &friend_leg, &theirs, &their_leg)
        };
        leaver.hang_up().await;
        tandem.ended(left).await;
        let (s1, s2) = (stays.clone(), stays.clone());
        let comes_back = tandem
            .get(mark, PATIENCE, &what, move |e| match e {
                Event::Returned { leg } if *leg == s1 => Some(true),
                Event::Ended { leg, .. } if *leg == s2 => Some(false),
                _ => None,
            })
            .await;
        if comes_back {
            let order = tandem.send(stays, Command::Play { media: vec![prompt(1)] });
            tandem.played(stays, order, Verdict::Finished).await;
            tandem.order(stays, BYE).await;
        }
        stayer.ended().await;
        tandem.ended(stays).await;
        assert_eq!(ends(&tandem, from), 4, "{what}\n{}", tandem.story());
        rig.is_empty().await;
        println!("       {what}: whoever stays {}", if comes_back { "comes back" } else { "ends" });
    }
}

/// A phone lets go while the one whom it asked for the other still rings. Whoever waits is not joined with that one, nor
/// ended with that call, and obeys; and who answers in that very moment does not stay.
pub async fn a_phone_joins_before_the_other_has_answered() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let (boss, two, three) = (rig.phone("1001").await, rig.phone("1002").await, rig.phone("1003").await);
    for (called, answers) in [(true, false), (true, true), (false, false), (false, true)] {
        let from = tandem.mark();
        let (theirs, their_leg, mine, my_leg) = if called {
            talk(&mut tandem, &two, &boss).await
        } else {
            let (mine, my_leg, theirs, their_leg) = talk(&mut tandem, &boss, &two).await;
            (theirs, their_leg, mine, my_leg)
        };
        mine.hold(true).await;
        let mark = tandem.mark();
        let asked = boss.dial("1003").await;
        let (asked_leg, _) = tandem.arrival(mark).await;
        let first_leg = tandem.dial(&asked_leg, "1003");
        let first = three.rings().await;
        asked.rings_there().await;
        tandem.expect(mark, Event::Ringing { leg: first_leg.clone() }).await;
        assert_eq!(mine.refer_into(&asked).await, Some(202));
        if answers {
            first.answer();
        }
        let handed =
            Event::HandedOn { leg: my_leg.clone(), peer: their_leg.clone(), asked: asked_leg.clone() };
        tandem.expect(mark, handed).await;
        tandem.expect(mark, Event::Returned { leg: their_leg.clone() }).await;
        for leg in [&asked_leg, &first_leg] {
            tandem.send(leg, BYE);
        }
        for leg in [&my_leg, &asked_leg, &first_leg] {
            tandem.ended(leg).await;
        }
        first.ended().await;
        tandem.order(&their_leg, Command::Music).await;
        theirs.hears(MUSIC).await;
        let mark = tandem.mark();
        let friend_leg = tandem.dial(&their_leg, "1003");
        let friend = three.rings().await;
        friend.answer();
        tandem.expect(mark, Event::Joined { leg: their_leg.clone(), peer: friend_leg.clone() }).await;
        hear_each_other(&theirs, &friend).await;
        theirs.hang_up().await;
        for leg in [&their_leg, &friend_leg] {
            tandem.ended(leg).await;
        }
        assert_eq!((ends(&tandem, from), returned(&tandem, from, &their_leg)), (5, 1), "{}", tandem.story());
        rig.is_empty().await;
    }
}

/// A dialog that the engine does not know makes it call whoever the request names.
pub async fn no_phone_makes_the_engine_call_a_stranger() {
    let rig = Rig::start();
    let mut tandem = rig.adapter().await;
    let (one, two) = (rig.phone("1001").await, rig.phone("1002").await);
    let stranger = Phone::new("stranger", "127.0.0.1:9".parse().expect("address")).await;
    for of_caller in [true, false] {
        let from = tandem.mark();
        let (call, leg, other, to) = talk(&mut tandem, &one, &two).await;
        let phone = if of_caller { &call } else { &other };
        let replaces = "Replaces=nobody%3Bto-tag%3Da%3Bfrom-tag%3Db";
        let whom = format!("<sip:stranger@{}?{replaces}>", stranger.address());
        assert_eq!(phone.refer_to(&whom).await, Some(202));
        stranger.rings().await.ended().await;
        // The talk goes on, and ends as any other.
        hear_each_other(&call, &other).await;
        other.hang_up().await;
        tandem.ended(&to).await;
        tandem.expect(from, Event::Returned { leg: leg.clone() }).await;
        tandem.order(&leg, BYE).await;
        call.ended().await;
        tandem.ended(&leg).await;
        assert_eq!(tandem.times(|e| matches!(e, Event::Referred { .. })), 0);
        rig.is_empty().await;
    }
}
