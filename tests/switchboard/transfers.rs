//! Transfers by phones and by command, slots, and recordings: who talks with whom afterwards.

use std::time::Duration;

use tandem::{
    base::{
        id::{CallId, LegId},
        text::Label,
    },
    live::{
        record::Direction,
        switchboard::view::{Act, Query, Refusal, View},
    },
    ports::engine::{
        Command, Event, Outcome,
        simulator::{Answer, Caller},
    },
};

use super::{
    rig::{self, Rig, leg, name, number, secs},
    telephony::{admin, answers, at, call_in, calls, dials, ends, hear_each_other, open},
};

/// 1000 talks with 1001: both legs.
fn talk(rig: &mut Rig) -> (LegId, LegId) {
    let a = dials(rig, "a", "1000", "1001");
    rig.run_for(secs(4));
    let b = at(rig, "1001").expect("1001 talks");
    assert!(hear_each_other(rig, &a, &b));
    (a, b)
}

#[test]
fn either_side_hands_the_other_on_and_who_leaves_leaves() {
    let mut rig = open();
    let (a, b) = talk(&mut rig);
    rig.world.refer(&b, number("1002"), rig.now);
    rig.run_for(secs(6));
    let c = at(&rig, "1002").expect("1002 talks");
    assert!(hear_each_other(&rig, &a, &c));
    assert_eq!(at(&rig, "1001"), None);
    assert_eq!(ends(rig, 1)[0].legs.len(), 3);

    let mut rig = open();
    let (a, b) = talk(&mut rig);
    rig.world.refer(&a, number("1002"), rig.now);
    rig.run_for(secs(6));
    let c = at(&rig, "1002").expect("1002 talks");
    assert!(hear_each_other(&rig, &b, &c));
    rig.world.hang_up(&c, rig.now);
    rig.run_for(secs(2));
    assert_eq!(rig.world.legs().count(), 0, "who stayed is not left alone");
    assert_eq!(ends(rig, 1)[0].legs.len(), 3);
}

#[test]
fn a_transfer_has_the_rights_of_who_transfers() {
    let mut rig = open();
    let (a, b) = talk(&mut rig);
    rig.world.refer(&b, number("013800138000"), rig.now);
    rig.run_for(secs(4));
    let back = at(&rig, "1001").expect("the phone that may not is rung again");
    assert!(hear_each_other(&rig, &a, &back));
    ends(rig, 1);

    let mut rig = open();
    let (a, _) = talk(&mut rig);
    rig.world.refer(&a, number("013800138000"), rig.now);
    rig.run_for(secs(4));
    assert_eq!(calls(&rig)[0].at, "with 13800138000");
    ends(rig, 1);
}

#[test]
fn who_was_not_taken_after_a_transfer_comes_back_to_who_transferred() {
    let mut rig = open();
    let (a, b) = talk(&mut rig);
    answers(&mut rig, "1002", Answer::Busy);
    rig.world.refer(&b, number("1002"), rig.now);
    rig.run_for(secs(5));
    let back = at(&rig, "1001").expect("1001 has the caller back");
    assert!(hear_each_other(&rig, &a, &back));
    ends(rig, 1);
}

#[test]
fn a_phone_joins_its_two_talks_into_one() {
    // 1001 was called by 1000 and calls 1002 itself.
    let mut rig = open();
    let (a, b) = talk(&mut rig);
    rig.world.phone(&name("1001")).expect("a phone").answer = Answer::Busy;
    let own = dials(&mut rig, "own", "1001", "1002");
    rig.run_for(secs(3));
    let c = at(&rig, "1002").expect("1002 talks");
    rig.world.refer_attended(&b, &own, rig.now);
    rig.run_for(secs(1));
    assert!(hear_each_other(&rig, &a, &c));
    assert_eq!(rig.states(), ["talking"]);
    assert_eq!(calls(&rig)[0].at, "with 1002");
    rig.world.hang_up(&a, rig.now);
    rig.run_for(secs(1));
    assert_eq!(rig.world.legs().count(), 0);
    ends(rig, 2);

    // 1000 called both.
    let mut rig = open();
    let (a, b) = talk(&mut rig);
    let second = dials(&mut rig, "second", "1000", "1002");
    rig.run_for(secs(3));
    let c = at(&rig, "1002").expect("1002 talks");
    rig.world.refer_attended(&a, &second, rig.now);
    rig.run_for(secs(1));
    assert!(hear_each_other(&rig, &b, &c));
    assert_eq!(rig.states(), ["talking"]);
    let records = ends(rig, 2);
    assert!(records.iter().all(|record| record.direction == Some(Direction::Internal)), "{records:#?}");

    // Two callers of the house are joined by those whom they called.
    let mut rig = open();
    let (a, b) = talk(&mut rig);
    let other = dials(&mut rig, "other", "1003", "1002");
    rig.run_for(secs(3));
    let second = at(&rig, "1002").expect("1002 talks");
    rig.world.refer_attended(&b, &second, rig.now);
    rig.run_for(secs(1));
    assert!(hear_each_other(&rig, &a, &other));
    let records = ends(rig, 2);
    assert!(records.iter().all(|record| record.direction == Some(Direction::Internal)), "{records:#?}");
}

/// A caller from outside talks with extension 1001; the legs of both.
fn customer(rig: &mut Rig) -> (LegId, LegId, CallId) {
    let caller = Caller { keys: Vec::new(), patience: secs(600), talk: secs(600) };
    let a = leg("customer");
    rig.world.expect(rig.now, a.clone(), rig::arrival("4000"), caller);
    rig.run_for(secs(1));
    let id = rig.only_call();
    admin(rig, Act::Transfer { call: id, to: number("1001") });
    rig.run_for(secs(3));
    let b = at(rig, "1001").expect("1001 talks");
    assert!(hear_each_other(rig, &a, &b));
    (a, b, id)
}

#[test]
fn somebody_is_asked_first_and_then_has_the_caller_or_not_or_all_talk() {
    // Handed on.
    let mut rig = open();
    let (a, b, call) = customer(&mut rig);
    admin(&mut rig, Act::Consult { call, to: number("1002") });
    rig.run_for(secs(3));
    let c = at(&rig, "1002").expect("1002 talks");
    assert!(hear_each_other(&rig, &b, &c) && !hear_each_other(&rig, &a, &b));
    assert_eq!(rig.states(), ["consulting"]);
    admin(&mut rig, Act::Complete { call });
    assert!(hear_each_other(&rig, &a, &c));
    assert_eq!(at(&rig, "1001"), None);
    ends(rig, 1);

    // Back.
    let mut rig = open();
    let (a, b, call) = customer(&mut rig);
    admin(&mut rig, Act::Consult { call, to: number("1002") });
    rig.run_for(secs(3));
    admin(&mut rig, Act::Back { call });
    assert!(hear_each_other(&rig, &a, &b));
    assert_eq!(at(&rig, "1002"), None);
    // And once more, from the room: now all three.
    admin(&mut rig, Act::Consult { call, to: number("1003") });
    rig.run_for(secs(3));
    let d = at(&rig, "1003").expect("1003 talks");
    assert!(hear_each_other(&rig, &b, &d) && !hear_each_other(&rig, &a, &b));
    admin(&mut rig, Act::Join { call });
    assert!(hear_each_other(&rig, &a, &b) && hear_each_other(&rig, &a, &d));
    rig.world.hang_up(&b, rig.now);
    rig.run_for(secs(1));
    assert!(hear_each_other(&rig, &a, &d), "the other two talk on");
    ends(rig, 1);
}

#[test]
fn who_is_asked_and_does_not_come_leaves_the_talk_as_it_was() {
    for answer in [Answer::Busy, Answer::Never] {
        let mut rig = open();
        let (a, b, call) = customer(&mut rig);
        answers(&mut rig, "1002", answer);
        admin(&mut rig, Act::Consult { call, to: number("1002") });
        rig.run_for(secs(40));
        assert!(hear_each_other(&rig, &a, &b), "{answer:?}");
        ends(rig, 1);
    }
}

#[test]
fn handed_on_while_it_rings_the_caller_waits_for_the_answer_or_comes_back() {
    for (answer, reached) in [(Answer::After(secs(8)), "1002"), (Answer::Never, "1001")] {
        let mut rig = open();
        let (a, _, call) = customer(&mut rig);
        answers(&mut rig, "1002", answer);
        admin(&mut rig, Act::Consult { call, to: number("1002") });
        admin(&mut rig, Act::Complete { call });
        rig.run_for(secs(40));
        let other = at(&rig, reached).unwrap_or_else(|| panic!("{reached} talks"));
        assert!(hear_each_other(&rig, &a, &other), "{answer:?}");
        ends(rig, 1);
    }
}

#[test]
fn a_caller_who_leaves_while_somebody_is_asked_leaves_nobody_behind() {
    for (step, after) in [(0, 0), (0, 1), (0, 2), (3000, 0), (3000, 1), (3000, 2)] {
        let mut rig = open();
        let (a, _, call) = customer(&mut rig);
        assert_eq!(rig.act(Act::Consult { call, to: number("1002") }), Ok(()));
        rig.run_for(Duration::from_millis(step + after));
        rig.world.hang_up(&a, rig.now);
        rig.run_for(secs(3));
        assert_eq!(rig.world.legs().count(), 0, "{step} + {after} ms");
        ends(rig, 1);
    }
}

#[test]
fn a_call_is_parked_fetched_by_another_phone_or_comes_back() {
    let mut rig = open();
    let (a, b, _) = customer(&mut rig);
    rig.world.refer(&b, number("7501"), rig.now);
    rig.run_for(secs(1));
    assert_eq!(rig.states(), ["parked"]);
    let d = dials(&mut rig, "d", "1004", "7501");
    rig.run_for(secs(1));
    assert!(hear_each_other(&rig, &a, &d));
    ends(rig, 2);

    let mut rig = open();
    let (a, _, call) = customer(&mut rig);
    admin(&mut rig, Act::Park { call, slot: None });
    assert_eq!(calls(&rig)[0].at, "slot 7501");
    rig.run_for(secs(45));
    let back = at(&rig, "1001").expect("1001 is rung");
    assert!(hear_each_other(&rig, &a, &back));
    ends(rig, 1);
}

#[test]
fn a_talk_is_recorded_paused_and_ended() {
    let mut rig = open();
    let (a, ..) = talk(&mut rig);
    let call = call_in(&rig, "talking");
    assert!(matches!(rig.act(Act::PauseRecording { call, on: true }), Err(Refusal::NotRecorded { .. })));
    admin(&mut rig, Act::Record { call, on: true });
    admin(&mut rig, Act::PauseRecording { call, on: true });
    admin(&mut rig, Act::PauseRecording { call, on: false });
    admin(&mut rig, Act::Record { call, on: false });
    let tape = |command: &Command| {
        matches!(command, Command::Tape { .. } | Command::TapePause { .. } | Command::TapeStop)
    };
    let ordered: Vec<_> = rig.orders.iter().filter(|(_, order)| tape(&order.command)).collect();
    assert!(ordered.iter().all(|(_, order)| order.leg == a));
    assert_eq!(ordered.len(), 4);
    let View::Call(Some(shown)) = rig.board.view(&Query::Call(call), rig.now) else { panic!("a live call") };
    let recordings = ends(rig, 1).remove(0).recordings;
    assert_eq!(recordings, shown.recordings);
    let [one] = &recordings[..] else { panic!("one recording: {recordings:?}") };
    let [pause] = &one.pauses[..] else { panic!("one pause: {one:?}") };
    assert!(one.leg == a && one.ended.is_some() && pause.to.is_some(), "{one:?}");
    let by = |by: &Option<Label>| by.as_ref().map(|by| by.as_str().to_owned());
    assert_eq!((by(&one.by), by(&pause.by)), (Some("admin".into()), Some("admin".into())));
}

/// Whoever is recorded is the call: when it is about another leg, that one is; and when the engine cannot, none is.
#[test]
fn a_recording_follows_the_call_and_is_none_where_the_engine_refuses() {
    let mut rig = open();
    let (a, b) = talk(&mut rig);
    let call = call_in(&rig, "talking");
    admin(&mut rig, Act::Record { call, on: true });
    admin(&mut rig, Act::PauseRecording { call, on: true });
    rig.world.refer(&a, number("1003"), rig.now);
    rig.run_for(secs(4));
    let d = at(&rig, "1003").expect("1003 is rung");
    assert!(hear_each_other(&rig, &b, &d));
    let View::Call(Some(shown)) = rig.board.view(&Query::Call(call), rig.now) else { panic!("a live call") };
    let [first, second] = &shown.recordings[..] else { panic!("two: {:?}", shown.recordings) };
    assert!(first.leg == a && !first.runs() && second.leg == b && second.runs() && second.paused());
    let order = rig.orders.iter().rev().find(|(_, order)| matches!(order.command, Command::Tape { .. }));
    let refused = order.expect("the second tape").1.clone();
    let outcome = Outcome::Refused(Label::new("no room on the disk"));
    rig.event(Event::Outcome { leg: b.clone(), order: refused.id, outcome });
    let record = ends(rig, 1).remove(0);
    assert_eq!(record.recordings.len(), 1, "{record:?}");
    assert!(record.steps.iter().any(|why| why.what.ends_with("did not begin: no room on the disk")));
}

/// The daemon dies while people are in rooms, parked, forwarded: everybody is where they were.
#[test]
fn rooms_and_slots_outlive_the_daemon() {
    let mut rig = open();
    let snapshot = rig.snapshot();
    let (a, _, call) = customer(&mut rig);
    admin(&mut rig, Act::Park { call, slot: None });
    let x = dials(&mut rig, "x", "1000", "7001");
    let y = dials(&mut rig, "y", "1002", "7001");
    rig.run_for(secs(1));
    rig.die_and_return(&snapshot, secs(2));
    rig.run_for(secs(6));
    assert!(hear_each_other(&rig, &x, &y));
    let d = dials(&mut rig, "d", "1004", "7501");
    rig.run_for(secs(2));
    assert!(hear_each_other(&rig, &a, &d));
    ends(rig, 4);
}

#[test]
fn handed_on_while_the_other_rings_the_caller_rings_there() {
    for answers in [true, false] {
        let mut rig = open();
        let (a, b) = talk(&mut rig);
        answers_after(&mut rig, answers);
        let asked = dials(&mut rig, "asked", "1001", "1002");
        rig.run_for(secs(1));
        let first = at(&rig, "1002").expect("1002 rings");
        rig.world.refer_early(&b, &asked, rig.now);
        rig.run_for(secs(1));
        let second = at(&rig, "1002").filter(|leg| *leg != first);
        assert!(second.is_some() || !answers, "it rings anew");
        assert!(rig.world.legs().all(|leg| *leg != asked && *leg != first), "what the phone dialled is over");
        rig.run_for(secs(40));
        let who = at(&rig, if answers { "1002" } else { "1001" }).expect("somebody talks with the caller");
        assert!(hear_each_other(&rig, &a, &who), "{answers}");
        assert_eq!(calls(&rig).len(), 1);
        ends(rig, 2);
    }
}

/// The answer and the phone's message cross, or what the phone dialled is over already: the caller is in no talk any more
/// and must not be left alone.
#[test]
fn handed_on_in_the_moment_of_the_answer_or_after_the_end_the_caller_is_not_lost() {
    for answered in [true, false] {
        let mut rig = open();
        let (a, b) = talk(&mut rig);
        answers(&mut rig, "1002", Answer::After(secs(1)));
        let asked = dials(&mut rig, "asked", "1001", "1002");
        rig.run_for(secs(3));
        let first = at(&rig, "1002").expect("1002 has answered");
        if !answered {
            rig.world.hang_up(&asked, rig.now);
            rig.run_for(secs(3));
        }
        rig.world.refer_early(&b, &asked, rig.now);
        rig.run_for(secs(8));
        let who = at(&rig, if answered { "1002" } else { "1001" }).expect("somebody talks with the caller");
        assert!(who != first && who != b && hear_each_other(&rig, &a, &who), "{answered}");
        ends(rig, 2);
    }
}

fn answers_after(rig: &mut Rig, ever: bool) {
    answers(rig, "1002", if ever { Answer::After(secs(5)) } else { Answer::Never });
}
