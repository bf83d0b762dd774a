//! What phones of the house may rely on: forwards, groups, transfers, slots, conferences, the way outside.

use std::time::Duration;

use tandem::{
    base::id::{CallId, LegId},
    infra::site::{Class, Conference, Group, Outside, Parking, Pattern, RingOrder, Site, Trunk},
    live::{
        record::{CallRecord, EndedBy},
        switchboard::view::{Act, CallView, ConferenceView, Query, Refusal, Setting, View, When},
    },
    ports::engine::{
        Arrival, Command, Endpoint, HangupCause, Origin,
        simulator::{Answer, Caller, Faults, Line, World},
    },
};

use super::rig::{self, Rig, leg, name, number, secs};

/// Extensions 1000 to 1004, nobody an agent; 1000 may call everywhere, 1001 locally.
pub fn house() -> Site {
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

pub fn open() -> Rig {
    let phones = rig::phones(5, Answer::After(secs(2)), secs(600));
    let mut rig = Rig::new(house(), World::new(1, phones, Faults::default(), rig::START));
    for trunk in ["first", "second"] {
        rig.world.line(name(trunk), Line { answer: Answer::After(secs(1)), talk: secs(600) });
    }
    rig
}

pub fn dials(rig: &mut Rig, id: &str, from: &str, to: &str) -> LegId {
    let caller = Caller { keys: Vec::new(), patience: secs(600), talk: secs(600) };
    let arrival = Arrival { origin: Origin::Phone(name(from)), from: Some(number(from)), ..rig::arrival(to) };
    let id = leg(id);
    rig.world.expect(rig.now, id.clone(), arrival, caller);
    rig.run_for(Duration::from_millis(20));
    id
}

pub fn answers(rig: &mut Rig, phone: &str, answer: Answer) {
    rig.world.phone(&name(phone)).expect("a phone").answer = answer;
}

/// The leg that rings or talks at a phone.
pub fn at(rig: &Rig, phone: &str) -> Option<LegId> {
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

pub fn hear_each_other(rig: &Rig, a: &LegId, b: &LegId) -> bool {
    rig.world.hear_each_other(a, b)
}

pub fn calls(rig: &Rig) -> Vec<CallView> {
    match rig.board.view(&Query::Calls, rig.now) {
        View::Calls(calls) => calls,
        other => panic!("calls were asked for, not {other:?}"),
    }
}

pub fn call_in(rig: &Rig, state: &str) -> CallId {
    let found: Vec<_> = calls(rig).into_iter().filter(|call| call.state == state).collect();
    assert_eq!(found.len(), 1, "{state}: {:?}", calls(rig));
    found[0].id
}

pub fn conference(rig: &Rig) -> ConferenceView {
    match rig.board.view(&Query::Conferences, rig.now) {
        View::Conferences(mut all) => all.remove(0),
        other => panic!("conferences were asked for, not {other:?}"),
    }
}

/// Everybody hangs up: nothing is left, and every call was written down once.
pub fn ends(mut rig: Rig, calls: usize) -> Vec<CallRecord> {
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

pub fn admin(rig: &mut Rig, act: Act) {
    assert_eq!(rig.act(act.clone()), Ok(()), "{act:?}");
    rig.run_for(secs(1));
}

pub fn sets(rig: &mut Rig, extension: &str, setting: Setting) {
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
fn an_intercom_call_is_answered_by_the_phone_itself() {
    let mut rig = open();
    answers(&mut rig, "1001", Answer::Never);
    let a = dials(&mut rig, "a", "1000", "*501001");
    rig.run_for(secs(1));
    let b = at(&rig, "1001").expect("1001 talks");
    assert!(hear_each_other(&rig, &a, &b));
    ends(rig, 1);
}
