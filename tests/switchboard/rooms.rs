//! Conferences and mailboxes: who is let in, who is heard, what is kept.

use std::time::Duration;

use secrecy::SecretString;
use tandem::{
    base::{id::LegId, number::Key},
    infra::site::{Mailbox, PinHash},
    live::switchboard::{
        Input,
        view::{Act, Query, View},
    },
    ports::engine::{
        Event,
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
