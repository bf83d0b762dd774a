//! Conferences and mailboxes: who is let in, who is heard, what is kept.

use std::time::Duration;

use secrecy::SecretString;
use tandem::{
    base::{
        id::{CallId, LegId, OrderId},
        number::Key,
        text::Label,
    },
    infra::site::{Mailbox, PinHash},
    live::switchboard::{
        Input,
        view::{Act, Query, View},
    },
    ports::engine::{
        Command, Event, HangupCause,
        simulator::{Answer, Faults, World},
    },
};

use super::{
    rig::{self, Rig, number, secs},
    telephony::{admin, answers, at, call_in, conference, dials, ends, hear_each_other, house, open},
};

#[test]
fn a_conference_has_a_roster_mutes_locks_and_is_full_at_its_size() {
    let mut rig = open();
    let a = dials(&mut rig, "a", "1000", "7001");
    let b = dials(&mut rig, "b", "1001", "7001");
    rig.run_for(secs(1));
    assert!(hear_each_other(&rig, &a, &b));
    admin(&mut rig, Act::Invite { conference: number("7001"), to: number("1002") });
    rig.run_for(secs(3));
    let c = at(&rig, "1002").expect("1002 is in");
    assert!(hear_each_other(&rig, &a, &c) && hear_each_other(&rig, &b, &c));
    let roster = conference(&rig);
    let who: Vec<_> =
        roster.members.iter().filter_map(|m| m.number.as_ref()).map(ToString::to_string).collect();
    assert_eq!(who, ["1000", "1001", "1002"]);

    dials(&mut rig, "full", "1003", "7001");
    rig.run_for(secs(1));
    assert_eq!(conference(&rig).members.len(), 3);
    let first = roster.members[0].call;
    admin(&mut rig, Act::Mute { call: first, on: true });
    assert!(conference(&rig).members[0].muted);
    admin(&mut rig, Act::Hangup { call: roster.members[1].call });
    admin(&mut rig, Act::Lock { conference: number("7001"), on: true });
    dials(&mut rig, "late", "1003", "7001");
    rig.run_for(secs(1));
    assert_eq!(conference(&rig).members.len(), 2);
    assert!(conference(&rig).locked);
    ends(rig, 5);
}

/// Whose legs were recorded, in order: begun, ended.
fn taped(rig: &Rig) -> Vec<(String, bool)> {
    let tape = |command: &Command| match command {
        Command::Tape { .. } => Some(true),
        Command::TapeStop => Some(false),
        _ => None,
    };
    let mut all = Vec::new();
    for (_, order) in &rig.orders {
        all.extend(tape(&order.command).map(|on| (order.leg.to_string(), on)));
    }
    all
}

#[test]
fn a_conference_is_recorded_by_way_of_whoever_is_heard() {
    let mut rig = open();
    let record = |rig: &mut Rig, on| rig.act(Act::RecordConference { conference: number("7001"), on });
    assert!(record(&mut rig, true).is_err(), "nobody is in it");
    for (id, from) in [("a", "1000"), ("b", "1001"), ("c", "1002")] {
        dials(&mut rig, id, from, "7001");
        rig.run_for(secs(1));
    }
    assert_eq!(taped(&rig), []);
    let on = |leg: &str, on: bool| (leg.to_owned(), on);
    record(&mut rig, true).expect("done");
    record(&mut rig, true).expect("done already");
    assert_eq!(taped(&rig), [on("a", true)]);
    let roster = conference(&rig);
    assert!(roster.recorded);
    // The recording goes on by way of the next when one is muted or leaves; paused, it stays so.
    admin(&mut rig, Act::Mute { call: roster.members[0].call, on: true });
    assert_eq!(taped(&rig)[1..], [on("a", false), on("b", true)]);
    admin(&mut rig, Act::PauseRecording { call: roster.members[1].call, on: true });
    rig.world.hang_up(&rig::leg("b"), rig.now);
    rig.run_for(secs(1));
    assert_eq!(taped(&rig)[3..], [on("c", true)]);
    let paused = rig.orders.iter().filter(|(_, order)| order.command == Command::TapePause { on: true });
    assert_eq!(paused.map(|(_, order)| order.leg.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    admin(&mut rig, Act::Mute { call: roster.members[2].call, on: true });
    assert_eq!(taped(&rig)[4..], [on("c", false)], "nobody is heard");
    admin(&mut rig, Act::Mute { call: roster.members[0].call, on: false });
    assert_eq!(taped(&rig)[5..], [on("a", true)]);
    // Who is sent elsewhere is not recorded there.
    admin(&mut rig, Act::Mute { call: roster.members[2].call, on: false });
    admin(&mut rig, Act::Transfer { call: roster.members[0].call, to: number("1003") });
    rig.run_for(secs(3));
    assert_eq!(taped(&rig)[6..], [on("a", false), on("c", true)]);
    record(&mut rig, false).expect("done");
    assert_eq!(taped(&rig)[8..], [on("c", false)]);
    assert!(!conference(&rig).recorded);
    let records = ends(rig, 3);
    let of = |leg: &str| {
        &records.iter().find(|record| record.legs[0].leg.as_str() == leg).expect("a record").recordings
    };
    assert_eq!((of("a").len(), of("b").len(), of("c").len()), (2, 1, 2));
    for recording in records.iter().flat_map(|record| &record.recordings) {
        assert_eq!(recording.by.as_ref().map(Label::as_str), Some("admin"));
        assert!(recording.ended >= Some(recording.began));
    }
    assert_eq!(of("b")[0].pauses.len(), 1);
    assert_eq!(of("a")[1].pauses.len(), 1, "what is paused stays so, by whichever way it is recorded");
}

/// Presses a key, and lets a moment pass.
fn presses(rig: &mut Rig, at: &LegId, keys: &str) {
    for key in keys.chars() {
        rig.event(Event::Key { leg: at.clone(), key: Key::new(key).expect("a key") });
        rig.run_for(Duration::from_millis(200));
    }
}

/// The keys of a leg that the journal knows.
fn keys_of(rig: &Rig, at: &LegId) -> String {
    let keys = rig.journal.iter().filter_map(|(.., input)| match input {
        Input::Engine(Event::Key { leg, key }) if leg == at => Some(key.char()),
        _ => None,
    });
    keys.collect()
}

#[test]
fn what_is_pressed_in_a_talk_is_known_to_nobody() {
    let mut rig = guarded();
    let a = dials(&mut rig, "a", "1000", "1001");
    rig.run_for(secs(5));
    assert_eq!(rig.states(), ["talking"]);
    presses(&mut rig, &a, "6217001234#");
    assert_eq!(keys_of(&rig, &a), "");
    ends(rig, 1);
}

fn messages(rig: &Rig, extension: &str) -> (usize, usize) {
    match rig.board.view(&Query::Extensions, rig.now) {
        View::Extensions(all) => {
            let found = all.into_iter().find(|ext| ext.number == number(extension)).expect("an extension");
            (found.new_messages, found.old_messages)
        }
        other => panic!("extensions were asked for, not {other:?}"),
    }
}

/// A house where 1001 has a mailbox and conference 7001 a PIN, both 471147.
fn guarded() -> Rig {
    let pin = Some(PinHash::of(&SecretString::from("471147"), "a place"));
    let mut site = house();
    let mailbox =
        Mailbox { pin_file: "/nowhere".into(), pin: pin.clone(), greeting: None, most: 2, limit: secs(60) };
    site.extensions.get_mut(&number("1001")).expect("there").mailbox = Some(mailbox);
    let room = site.dialing.conferences.get_mut(&number("7001")).expect("there");
    (room.pin_file, room.pin) = (Some("/nowhere".into()), pin);
    site.dialing.codes.voicemail = Some(number("*97"));
    let phones = rig::phones(5, Answer::After(secs(2)), secs(600));
    Rig::new(site, World::new(1, phones, Faults::default(), rig::START))
}

#[test]
fn who_does_not_answer_gets_a_message_that_only_the_pin_opens() {
    let mut rig = guarded();
    answers(&mut rig, "1001", Answer::Busy);
    for hangs_up in [false, true] {
        let a = dials(&mut rig, if hangs_up { "a" } else { "b" }, "1000", "1001");
        rig.run_for(secs(20));
        if hangs_up {
            rig.world.hang_up(&a, rig.now);
        } else {
            presses(&mut rig, &a, "#");
        }
        rig.run_for(secs(30));
        assert_eq!(rig.board.live_calls(), 0);
    }
    assert_eq!(messages(&rig, "1001"), (2, 0));
    dials(&mut rig, "full", "1000", "1001");
    rig.run_for(secs(30));
    assert_eq!(messages(&rig, "1001"), (2, 0));

    let owner = dials(&mut rig, "owner", "1001", "*97");
    rig.run_for(secs(3));
    presses(&mut rig, &owner, "000000#");
    rig.run_for(secs(3));
    assert_eq!(messages(&rig, "1001"), (2, 0), "a wrong PIN opens nothing");
    presses(&mut rig, &owner, "471147#");
    rig.run_for(secs(7));
    presses(&mut rig, &owner, "3");
    rig.run_for(secs(5));
    let (new, old) = messages(&rig, "1001");
    assert_eq!(new + old, 1, "one was deleted: {:?}", rig.board.view(&Query::Calls, rig.now));
    let told = format!("{:?}", rig.board.view(&Query::Call(call_in(&rig, "menu")), rig.now));
    assert!(!told.contains("471147"), "{told}");
    let opened: String = keys_of(&rig, &owner);
    assert_eq!(opened, "3", "no digit of a PIN is an input");
    ends(rig, 4);
}

/// The `Record` of the last message.
fn record_of(rig: &Rig) -> (LegId, OrderId) {
    let mut orders = rig.orders.iter().rev().map(|(_, order)| order);
    let found = orders.find(|order| matches!(order.command, Command::Record { .. })).expect("a message");
    (found.leg.clone(), found.id)
}

/// A caller at the mailbox of 1001 has spoken for some seconds.
fn speaks_after_the_tone(rig: &mut Rig, id: &str) -> LegId {
    answers(rig, "1001", Answer::Busy);
    let leg = dials(rig, id, "1000", "1001");
    rig.run_for(secs(12));
    assert_eq!(record_of(rig).0, leg, "it is being recorded");
    leg
}

/// A house in which 1000 has left one message.
pub fn message_left() -> Rig {
    let mut rig = guarded();
    let a = speaks_after_the_tone(&mut rig, "a");
    let (_, order) = record_of(&rig);
    rig.event(Event::Ended { leg: a.clone(), cause: HangupCause::NORMAL_CLEARING });
    rig.event(Event::Recorded { leg: a, order, length: secs(8) });
    rig
}

/// The calls in the conference.
pub fn roster(rig: &Rig) -> Vec<CallId> {
    conference(rig).members.iter().map(|member| member.call).collect()
}

#[test]
fn a_message_whose_end_is_told_when_its_caller_is_gone_is_kept() {
    let mut rig = guarded();
    let a = speaks_after_the_tone(&mut rig, "a");
    let (_, order) = record_of(&rig);
    rig.event(Event::Ended { leg: a.clone(), cause: HangupCause::NORMAL_CLEARING });
    assert_eq!((rig.board.live_calls(), messages(&rig, "1001")), (0, (0, 0)));
    let recorded = Event::Recorded { leg: a.clone(), order, length: secs(8) };
    rig.event(recorded.clone());
    rig.event(recorded);
    assert_eq!(messages(&rig, "1001"), (1, 0), "once");
    // One that was too short is none.
    let mut rig = guarded();
    let b = speaks_after_the_tone(&mut rig, "b");
    let (_, order) = record_of(&rig);
    rig.event(Event::Ended { leg: b.clone(), cause: HangupCause::NORMAL_CLEARING });
    rig.event(Event::Recorded { leg: b, order, length: secs(1) });
    assert_eq!((messages(&rig, "1001"), rig.forgotten.len()), ((0, 0), 1));
}

#[test]
fn a_message_outlives_the_daemon_whether_its_caller_stays_or_leaves() {
    for leaves in [true, false] {
        let mut rig = guarded();
        let snapshot = rig.snapshot();
        let a = speaks_after_the_tone(&mut rig, "a");
        if leaves {
            rig.world.hang_up(&a, rig.now + secs(1));
        }
        rig.die_and_return(&snapshot, secs(4));
        rig.run_for(secs(20));
        assert_eq!(messages(&rig, "1001"), (1, 0), "the caller leaves: {leaves}");
        assert_eq!(rig.forgotten.len(), 0);
        ends(rig, 1);
    }
}

#[test]
fn whoever_is_sent_elsewhere_has_left_a_message_too() {
    let mut rig = guarded();
    speaks_after_the_tone(&mut rig, "a");
    let call = call_in(&rig, "menu");
    admin(&mut rig, Act::Transfer { call, to: number("1002") });
    rig.run_for(secs(4));
    assert_eq!(messages(&rig, "1001"), (1, 0));
    ends(rig, 1);
}

#[test]
fn a_conference_with_a_pin_lets_in_who_knows_it() {
    let mut rig = guarded();
    let a = dials(&mut rig, "a", "1000", "7001");
    rig.run_for(secs(3));
    assert_eq!(conference(&rig).members.len(), 0);
    presses(&mut rig, &a, "471147#");
    rig.run_for(secs(3));
    assert_eq!(conference(&rig).members.len(), 1);
    admin(&mut rig, Act::Invite { conference: number("7001"), to: number("1002") });
    rig.run_for(secs(3));
    assert_eq!(conference(&rig).members.len(), 2, "who is invited needs no PIN");
    ends(rig, 2);
}
