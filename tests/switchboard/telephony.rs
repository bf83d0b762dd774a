//! What phones of the house may rely on: forwards, groups, transfers, slots, conferences, the way outside.

use std::time::Duration;

use secrecy::SecretString;
use tandem::{
    base::{
        id::{CallId, LegId},
        number::Key,
    },
    infra::site::{
        Class, Conference, Group, Mailbox, Outside, Parking, Pattern, PinHash, RingOrder, Site, Trunk,
    },
    live::{
        record::{CallRecord, EndedBy},
        switchboard::view::{Act, CallView, ConferenceView, Query, Refusal, Setting, View, When},
    },
    ports::engine::{
        Arrival, Command, Endpoint, Event, HangupCause, Origin,
        simulator::{Answer, Caller, Faults, Line, World},
    },
};

use super::rig::{self, Rig, leg, name, number, secs};

/// Extensions 1000 to 1004, nobody an agent; 1000 may call everywhere, 1001 locally.
fn house() -> Site {
    let mut site = rig::site(5);
    site.agents.clear();
    let classes = [Class::International, Class::Local, Class::Internal, Class::Internal, Class::Internal];
    for (extension, class) in site.extensions.values_mut().zip(classes) {
        extension.class = class;
        extension.pickup = Some(name("office"));
    }
    let trunk = |site: &mut Site, text: &str| site.trunks.insert(name(text), Trunk::to("192.0.2.1:5060"));
    trunk(&mut site, "first");
    trunk(&mut site, "second");
    let patterns = |text: &str| vec![Pattern::new(text).expect("a pattern")];
    site.dialing.outside = Some(Outside {
        prefix: "0".into(),
        local: patterns("[2-8]xxxxxxx"),
        national: patterns("1[3-9]xxxxxxxxx"),
        international: patterns("00x."),
        blocked: Vec::new(),
        emergency: vec![number("110")],
        trunks: vec![name("first"), name("second")],
        caller: Some(number("02088880000")),
    });
    let group = |order| Group {
        name: "Office".into(),
        members: ["1001", "1002", "1003"].map(number).into(),
        ring: secs(10),
        order,
        otherwise: None,
    };
    site.dialing.groups.insert(number("6001"), group(RingOrder::Together));
    site.dialing.groups.insert(number("6002"), group(RingOrder::InTurn));
    let room = Conference { name: "Board".into(), pin_file: None, pin: None, most: 3, record: false };
    site.dialing.conferences.insert(number("7001"), room);
    let slots = ["7501", "7502"].map(number).into();
    site.dialing.parking = Some(Parking { slots, back_after: secs(40) });
    site.dialing.codes.pickup = Some(number("*8"));
    site.dialing.codes.intercom = Some(number("*50"));
    site.dialing.codes.forward_always = Some(number("*72"));
    site.dialing.codes.forward_off = Some(number("*73"));
    site.dialing.codes.quiet_on = Some(number("*78"));
    site.dialing.codes.quiet_off = Some(number("*79"));
    site
}

fn open() -> Rig {
    let phones = rig::phones(5, Answer::After(secs(2)), secs(600));
    let mut rig = Rig::new(house(), World::new(1, phones, Faults::default(), rig::START));
    for trunk in ["first", "second"] {
        rig.world.line(name(trunk), Line { answer: Answer::After(secs(1)), talk: secs(600) });
    }
    rig
}

fn dials(rig: &mut Rig, id: &str, from: &str, to: &str) -> LegId {
    let caller = Caller { keys: Vec::new(), patience: secs(600), talk: secs(600) };
    let arrival = Arrival { origin: Origin::Phone(name(from)), from: Some(number(from)), ..rig::arrival(to) };
    let id = leg(id);
    rig.world.expect(rig.now, id.clone(), arrival, caller);
    rig.run_for(Duration::from_millis(20));
    id
}

fn answers(rig: &mut Rig, phone: &str, answer: Answer) {
    rig.world.phone(&name(phone)).expect("a phone").answer = answer;
}

/// The leg that rings or talks at a phone.
fn at(rig: &Rig, phone: &str) -> Option<LegId> {
    let to = |order: &tandem::ports::engine::Order| match &order.command {
        Command::Connect { to, endpoint: Endpoint::Phone(name) | Endpoint::Intercom(name), .. } => {
            (name.as_str() == phone).then(|| to.clone())
        }
        Command::Dial { endpoint: Endpoint::Phone(name) | Endpoint::Intercom(name), .. } => {
            (name.as_str() == phone).then(|| order.leg.clone())
        }
        _ => None,
    };
    let mut dialled = rig.orders.iter().rev().filter_map(|(_, order)| to(order));
    dialled.find(|leg| rig.world.legs().any(|known| known == leg))
}

fn hear_each_other(rig: &Rig, a: &LegId, b: &LegId) -> bool {
    let room = rig.world.room(a);
    rig.world.peer(a) == Some(b) || room.is_some() && room == rig.world.room(b)
}

fn calls(rig: &Rig) -> Vec<CallView> {
    match rig.board.view(&Query::Calls, rig.now) {
        View::Calls(calls) => calls,
        other => panic!("calls were asked for, not {other:?}"),
    }
}

fn call_in(rig: &Rig, state: &str) -> CallId {
    let found: Vec<_> = calls(rig).into_iter().filter(|call| call.state == state).collect();
    assert_eq!(found.len(), 1, "{state}: {:?}", calls(rig));
    found[0].id
}

fn conference(rig: &Rig) -> ConferenceView {
    match rig.board.view(&Query::Conferences, rig.now) {
        View::Conferences(mut all) => all.remove(0),
        other => panic!("conferences were asked for, not {other:?}"),
    }
}

/// Everybody hangs up: nothing is left, and every call was written down once.
fn ends(mut rig: Rig, calls: usize) -> Vec<CallRecord> {
    let legs: Vec<LegId> = rig.world.legs().cloned().collect();
    for leg in legs {
        rig.world.hang_up(&leg, rig.now);
    }
    rig.run_for(secs(10));
    assert_eq!(rig.world.legs().count(), 0, "{:?}", rig.world);
    assert_eq!(rig.board.live_calls(), 0);
    assert_eq!(rig.records.len(), calls, "{:#?}", rig.records);
    for record in &rig.records {
        assert!(record.legs.iter().all(|leg| leg.ended.is_some()), "{record:#?}");
    }
    rig.records
}

fn admin(rig: &mut Rig, act: Act) {
    assert_eq!(rig.act(act.clone()), Ok(()), "{act:?}");
    rig.run_for(secs(1));
}

fn sets(rig: &mut Rig, extension: &str, setting: Setting) {
    admin(rig, Act::Extension { extension: number(extension), setting });
}

#[test]
fn a_phone_hears_ringing_until_the_other_answers_and_why_it_does_not() {
    let mut rig = open();
    let a = dials(&mut rig, "a", "1000", "1001");
    assert!(!rig.orders.iter().any(|(_, order)| order.command == Command::Answer));
    rig.run_for(secs(3));
    let b = at(&rig, "1001").expect("1001 talks");
    assert!(hear_each_other(&rig, &a, &b));
    assert!(ends(rig, 1)[0].answered.is_some());

    for (answer, cause) in
        [(Answer::Busy, HangupCause::USER_BUSY), (Answer::Reject, HangupCause::CALL_REJECTED)]
    {
        let mut rig = open();
        answers(&mut rig, "1001", answer);
        dials(&mut rig, "a", "1000", "1001");
        rig.run_for(secs(3));
        let record = &ends(rig, 1)[0];
        assert_eq!((record.answered, record.cause), (None, cause));
    }
}

#[test]
fn calls_are_forwarded_always_when_busy_and_when_nobody_answers() {
    let cases = [
        (When::Always, Answer::After(secs(2)), 0),
        (When::Busy, Answer::Busy, 0),
        (When::NoAnswer, Answer::Never, 30),
    ];
    for (when, answer, after) in cases {
        let mut rig = open();
        answers(&mut rig, "1001", answer);
        sets(&mut rig, "1001", Setting::Forward { when, to: Some(number("1002")) });
        let a = dials(&mut rig, "a", "1000", "1001");
        rig.run_for(secs(after + 4));
        let b = at(&rig, "1002").unwrap_or_else(|| panic!("{when:?}: 1002 talks"));
        assert!(hear_each_other(&rig, &a, &b), "{when:?}");
        ends(rig, 1);
    }
}

#[test]
fn a_forward_has_the_rights_of_the_phone_that_forwards_and_no_circle_holds_a_call() {
    let mut rig = open();
    let outside = Setting::Forward { when: When::Always, to: Some(number("013800138000")) };
    let refused = rig.act(Act::Extension { extension: number("1001"), setting: outside.clone() });
    assert!(matches!(refused, Err(Refusal::NotAllowed { .. })), "{refused:?}");
    sets(&mut rig, "1000", outside);
    dials(&mut rig, "a", "1002", "1000");
    rig.run_for(secs(3));
    assert_eq!(calls(&rig)[0].at, "with 13800138000");
    ends(rig, 1);

    let mut rig = open();
    for (from, to) in [("1001", "1002"), ("1002", "1001")] {
        sets(&mut rig, from, Setting::Forward { when: When::Always, to: Some(number(to)) });
    }
    dials(&mut rig, "a", "1000", "1001");
    rig.run_for(secs(3));
    assert_eq!(calls(&rig), []);
    ends(rig, 1);
}

#[test]
fn who_does_not_want_to_be_disturbed_is_not_rung() {
    let mut rig = open();
    dials(&mut rig, "q", "1001", "*78");
    rig.run_for(secs(5));
    dials(&mut rig, "a", "1000", "1001");
    rig.run_for(secs(3));
    assert_eq!(at(&rig, "1001"), None);
    dials(&mut rig, "r", "1001", "*79");
    rig.run_for(secs(5));
    dials(&mut rig, "b", "1000", "1001");
    rig.run_for(secs(3));
    assert!(at(&rig, "1001").is_some());
    let records = ends(rig, 4);
    assert_eq!(records[1].cause, HangupCause::USER_BUSY);
}

#[test]
fn a_phone_sets_its_forward_by_a_code() {
    let mut rig = open();
    dials(&mut rig, "s", "1001", "*721003");
    rig.run_for(secs(5));
    let a = dials(&mut rig, "a", "1000", "1001");
    rig.run_for(secs(3));
    let b = at(&rig, "1003").expect("1003 talks");
    assert!(hear_each_other(&rig, &a, &b));
    ends(rig, 2);
}

#[test]
fn all_phones_of_a_group_ring_and_the_first_to_answer_has_the_call() {
    let mut rig = open();
    answers(&mut rig, "1002", Answer::After(secs(1)));
    let a = dials(&mut rig, "a", "1000", "6001");
    for phone in ["1001", "1002", "1003"] {
        assert!(at(&rig, phone).is_some(), "{phone} rings");
    }
    rig.run_for(secs(5));
    let b = at(&rig, "1002").expect("1002 talks");
    assert!(hear_each_other(&rig, &a, &b));
    assert_eq!((at(&rig, "1001"), at(&rig, "1003")), (None, None));
    assert_eq!(rig.states(), ["talking"]);
    rig.world.hang_up(&b, rig.now);
    rig.run_for(secs(1));
    let record = &ends(rig, 1)[0];
    assert_eq!(record.ended_by, EndedBy::Callee);
    assert!(record.talk_ms > 3_000, "{record:?}");
}

#[test]
fn a_group_in_turn_rings_one_after_the_other_and_tells_when_nobody_came() {
    let mut rig = open();
    answers(&mut rig, "1001", Answer::Never);
    answers(&mut rig, "1002", Answer::Busy);
    let a = dials(&mut rig, "a", "1000", "6002");
    rig.run_for(secs(14));
    let b = at(&rig, "1003").expect("1003 talks");
    assert!(hear_each_other(&rig, &a, &b));
    ends(rig, 1);

    for group in ["6001", "6002"] {
        let mut rig = open();
        for phone in ["1001", "1002", "1003"] {
            answers(&mut rig, phone, Answer::Never);
        }
        dials(&mut rig, "a", "1000", group);
        rig.run_for(secs(45));
        let record = &ends(rig, 1)[0];
        assert_eq!((record.answered, record.cause), (None, HangupCause::NO_ANSWER), "{group}");
    }
}

#[test]
fn a_ringing_call_is_picked_up_by_another_phone_of_the_group() {
    for (target, code) in [("1001", "*8"), ("1001", "*81001"), ("6001", "*8")] {
        let mut rig = open();
        for phone in ["1001", "1002", "1003"] {
            answers(&mut rig, phone, Answer::Never);
        }
        let a = dials(&mut rig, "a", "1000", target);
        rig.run_for(secs(2));
        let d = dials(&mut rig, "d", "1004", code);
        rig.run_for(secs(1));
        assert!(hear_each_other(&rig, &a, &d), "{target} {code}");
        assert_eq!(at(&rig, "1001"), None, "rings no more");
        assert_eq!(rig.states(), ["talking"]);
        ends(rig, 2);
    }
    let mut rig = open();
    dials(&mut rig, "d", "1004", "*8");
    rig.run_for(secs(1));
    assert_eq!(ends(rig, 1)[0].cause, HangupCause::CALL_REJECTED);
}

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
    ends(rig, 2);
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

#[test]
fn a_call_goes_on_to_the_next_trunk_and_the_next_call_goes_there_at_once() {
    let mut rig = open();
    let down = Answer::Fail(HangupCause::TIMER_EXPIRED);
    rig.world.line(name("first"), Line { answer: down, talk: secs(600) });
    dials(&mut rig, "a", "1000", "013800138000");
    rig.run_for(secs(3));
    assert_eq!(rig.states(), ["talking"]);
    let trunks = |rig: &Rig| -> Vec<String> {
        let trunk = |order: &tandem::ports::engine::Order| match &order.command {
            Command::Connect { endpoint: Endpoint::Trunk { trunk, .. }, .. } => Some(trunk.to_string()),
            _ => None,
        };
        rig.orders.iter().filter_map(|(_, order)| trunk(order)).collect()
    };
    assert_eq!(trunks(&rig), ["first", "second"]);
    dials(&mut rig, "b", "1000", "013800138001");
    rig.run_for(secs(3));
    assert_eq!(trunks(&rig), ["first", "second", "second"]);
    // Whoever was called and is busy is no reason to try another trunk.
    rig.world.line(name("second"), Line { answer: Answer::Busy, talk: secs(600) });
    dials(&mut rig, "c", "1000", "013800138002");
    rig.run_for(secs(3));
    assert_eq!(trunks(&rig).len(), 4);
    ends(rig, 3);
}

#[test]
fn nobody_calls_further_than_the_class_allows() {
    let mut rig = open();
    for (id, from, to) in
        [("a", "1001", "013800138000"), ("b", "1002", "022345678"), ("c", "1001", "0008612345")]
    {
        dials(&mut rig, id, from, to);
    }
    rig.run_for(secs(3));
    assert_eq!(rig.board.live_calls(), 0);
    dials(&mut rig, "d", "1001", "022345678");
    dials(&mut rig, "e", "1002", "110");
    rig.run_for(secs(3));
    assert_eq!(rig.states(), ["talking", "talking"]);
    ends(rig, 5);
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
    ends(rig, 1);
}

#[test]
fn an_intercom_call_is_answered_by_the_phone_itself() {
    let mut rig = open();
    answers(&mut rig, "1001", Answer::Never);
    let a = dials(&mut rig, "a", "1000", "*501001");
    rig.run_for(secs(1));
    let b = at(&rig, "1001").expect("1001 talks");
    assert!(hear_each_other(&rig, &a, &b));
    ends(rig, 1);
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

/// Presses a key, and lets a moment pass.
fn presses(rig: &mut Rig, at: &LegId, keys: &str) {
    for key in keys.chars() {
        rig.event(Event::Key { leg: at.clone(), key: Key::new(key).expect("a key") });
        rig.run_for(Duration::from_millis(200));
    }
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
