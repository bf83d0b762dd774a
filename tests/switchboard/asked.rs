//! Whom a command rings, and who says how far: forwards, trunks that fail, classes.

use tandem::{
    base::{id::LegId, text::Label},
    infra::site::Class,
    live::switchboard::view::{Act, Actor, Refusal, Setting, When},
    ports::engine::{
        Command, Endpoint, HangupCause, Order,
        simulator::{Answer, Line},
    },
};

use super::{
    rig::{Rig, name, number, secs},
    telephony::{admin, answers, at, call_in, calls, conference, dials, ends, hear_each_other, open, sets},
};

/// 1000, who may call everywhere, talks with 1001, who may call locally.
fn talk(rig: &mut Rig) -> (LegId, LegId) {
    let a = dials(rig, "a", "1000", "1001");
    rig.run_for(secs(4));
    (a, at(rig, "1001").expect("1001 talks"))
}

/// The trunks that were tried, in order.
fn trunks(rig: &Rig) -> Vec<String> {
    let trunk = |order: &Order| match &order.command {
        Command::Connect { endpoint: Endpoint::Trunk { trunk, .. }, .. }
        | Command::Dial { endpoint: Endpoint::Trunk { trunk, .. }, .. } => Some(trunk.to_string()),
        _ => None,
    };
    rig.orders.iter().filter_map(|(_, order)| trunk(order)).collect()
}

/// The trunks that live calls hang on, call by call.
fn hangs_on(rig: &Rig) -> Vec<Vec<String>> {
    calls(rig).iter().map(|call| call.trunks.iter().map(ToString::to_string).collect()).collect()
}

fn fails(rig: &mut Rig, trunk: &str, cause: HangupCause) {
    rig.world.line(name(trunk), Line { answer: Answer::Fail(cause), talk: secs(600) });
}

#[test]
fn who_is_asked_or_invited_outside_is_called_on_the_next_trunk_when_one_fails() {
    let mut rig = open();
    fails(&mut rig, "first", HangupCause::NO_CIRCUIT);
    let (a, b) = talk(&mut rig);
    assert_eq!(hangs_on(&rig), [[""; 0]], "nobody is outside");
    let call = call_in(&rig, "talking");
    admin(&mut rig, Act::Consult { call, to: number("022345678") });
    rig.run_for(secs(3));
    assert_eq!(trunks(&rig), ["first", "second"]);
    assert_eq!(hangs_on(&rig), [["second"]]);
    assert_eq!(rig.states(), ["consulting"]);
    admin(&mut rig, Act::Join { call });
    assert!(hear_each_other(&rig, &a, &b));
    let room = rig.world.room(&a).expect("a room").clone();
    assert_eq!(rig.world.in_room(&room).len(), 3);
    // What failed is left alone for a while.
    admin(&mut rig, Act::Invite { conference: number("7001"), to: number("013800138000") });
    rig.run_for(secs(3));
    assert_eq!(trunks(&rig), ["first", "second", "second"]);
    assert_eq!(conference(&rig).members.len(), 1);
    assert_eq!(hangs_on(&rig)[1], ["first", "second"], "by which one is known no more");
    let records = ends(rig, 2);
    assert!(records.iter().any(|record| record.legs.len() == 4), "{records:#?}");

    let mut rig = open();
    fails(&mut rig, "first", HangupCause::TIMER_EXPIRED);
    admin(&mut rig, Act::Invite { conference: number("7001"), to: number("013800138000") });
    rig.run_for(secs(10));
    assert_eq!(trunks(&rig), ["first", "second"]);
    assert_eq!(conference(&rig).members.len(), 1);
    let record = &ends(rig, 1)[0];
    assert_eq!(record.legs.iter().filter_map(|leg| leg.cause).max(), Some(HangupCause::TIMER_EXPIRED));

    // When all fail, the talk is as it was, and nobody is left.
    let mut rig = open();
    fails(&mut rig, "first", HangupCause::NO_CIRCUIT);
    fails(&mut rig, "second", HangupCause::NO_CIRCUIT);
    let (a, b) = talk(&mut rig);
    let call = call_in(&rig, "talking");
    admin(&mut rig, Act::Consult { call, to: number("022345678") });
    admin(&mut rig, Act::Invite { conference: number("7001"), to: number("013800138000") });
    rig.run_for(secs(3));
    assert_eq!(trunks(&rig).len(), 4);
    assert!(hear_each_other(&rig, &a, &b));
    assert_eq!(rig.states(), ["talking"]);
    ends(rig, 2);
}

#[test]
fn who_is_asked_is_found_where_calls_are_forwarded() {
    let cases = [
        (When::Always, Answer::After(secs(2)), 0),
        (When::Busy, Answer::Busy, 0),
        (When::Busy, Answer::Reject, 0),
        (When::NoAnswer, Answer::Never, 30),
    ];
    for (when, answer, after) in cases {
        let mut rig = open();
        answers(&mut rig, "1002", answer);
        sets(&mut rig, "1002", Setting::Forward { when, to: Some(number("1003")) });
        let (_, b) = talk(&mut rig);
        let call = call_in(&rig, "talking");
        admin(&mut rig, Act::Consult { call, to: number("1002") });
        rig.run_for(secs(after + 3));
        let c = at(&rig, "1003").unwrap_or_else(|| panic!("{when:?}: 1003 is asked"));
        assert!(hear_each_other(&rig, &b, &c), "{when:?}");
        ends(rig, 1);
    }
    // Whoever is not to be disturbed is not asked; nobody is asked in a circle.
    let mut rig = open();
    sets(&mut rig, "1002", Setting::Quiet(true));
    for (from, to) in [("1003", "1004"), ("1004", "1003")] {
        sets(&mut rig, from, Setting::Forward { when: When::Always, to: Some(number(to)) });
    }
    talk(&mut rig);
    let call = call_in(&rig, "talking");
    for to in ["1002", "1003"] {
        let refused = rig.act(Act::Consult { call, to: number(to) });
        assert!(matches!(refused, Err(Refusal::NotAllowed { .. })), "{to}: {refused:?}");
    }
    ends(rig, 1);
}

#[test]
fn who_gives_up_asking_rings_nobody_else() {
    let mut rig = open();
    answers(&mut rig, "1002", Answer::Never);
    sets(&mut rig, "1002", Setting::Forward { when: When::NoAnswer, to: Some(number("1003")) });
    let (a, b) = talk(&mut rig);
    let call = call_in(&rig, "talking");
    admin(&mut rig, Act::Consult { call, to: number("1002") });
    admin(&mut rig, Act::Back { call });
    rig.run_for(secs(3));
    assert_eq!(at(&rig, "1003"), None);
    assert!(hear_each_other(&rig, &a, &b));
    ends(rig, 1);
}

#[test]
fn a_command_reaches_as_far_as_who_commands_or_else_who_talks() {
    let (local, far) = ("022345678", "013800138000");
    let cases = [
        (Some(Class::International), far, true),
        (Some(Class::Local), far, false),
        (Some(Class::Local), local, true),
        // 1001, who talks, may call locally.
        (None, local, true),
        (None, far, false),
    ];
    let acts: [fn(tandem::base::id::CallId, &str) -> Act; 2] =
        [|call, to| Act::Transfer { call, to: number(to) }, |call, to| Act::Consult { call, to: number(to) }];
    for (class, to, may) in cases {
        for act in acts {
            let mut rig = open();
            talk(&mut rig);
            let act = act(call_in(&rig, "talking"), to);
            rig.actor = Actor(Label::new("somebody"), class);
            let done = rig.act(act.clone());
            assert_eq!(done.is_ok(), may, "{class:?} {act:?}: {done:?}");
            rig.run_for(secs(1));
            ends(rig, 1);
        }
    }
    // An invitation is in nobody's name: without a class it stays in the house.
    for (class, to, may) in
        [(Some(Class::International), far, true), (None, local, false), (None, "1002", true)]
    {
        let mut rig = open();
        rig.actor = Actor(Label::new("somebody"), class);
        let done = rig.act(Act::Invite { conference: number("7001"), to: number(to) });
        assert_eq!(done.is_ok(), may, "{class:?} {to}: {done:?}");
        rig.run_for(secs(1));
        ends(rig, usize::from(may));
    }
}

/// The causes of Q.850 that are a trunk's fault, by name; after every other one the caller is told at once.
#[test]
fn a_trunks_fault_is_known_by_its_cause() {
    let faults = [
        (2, "no route to transit network"),
        (3, "no route to destination"),
        (6, "channel unacceptable"),
        (25, "exchange routing error"),
        (27, "destination out of order"),
        (34, "no circuit"),
        (38, "network out of order"),
        (41, "temporary failure"),
        (42, "switch congestion"),
        (43, "access info discarded"),
        (44, "requested channel unavailable"),
        (47, "resource unavailable"),
        (58, "bearer capability not available"),
        (63, "service unavailable"),
        (66, "channel type not implemented"),
        (102, "timer expired"),
        (111, "protocol error"),
        (127, "interworking"),
    ];
    for cause in 1..=127 {
        let mut rig = open();
        fails(&mut rig, "first", HangupCause(cause));
        dials(&mut rig, "a", "1000", "013800138000");
        rig.run_for(secs(3));
        let fault = faults.iter().find(|(known, _)| *known == cause);
        assert_eq!(trunks(&rig).len(), 1 + usize::from(fault.is_some()), "{cause}: {fault:?}");
        let record = &ends(rig, 1)[0];
        if fault.is_none() {
            assert_eq!(record.cause, HangupCause(cause));
        }
    }
}

#[test]
fn the_story_tells_who_acted() {
    let mut rig = open();
    talk(&mut rig);
    let call = call_in(&rig, "talking");
    for end in [Act::Back { call }, Act::Join { call }, Act::Complete { call }] {
        admin(&mut rig, Act::Consult { call, to: number("1002") });
        rig.run_for(secs(3));
        admin(&mut rig, end.clone());
        if matches!(end, Act::Join { .. }) {
            let third = at(&rig, "1002").expect("1002 talks");
            rig.world.hang_up(&third, rig.now);
            rig.run_for(secs(1));
        }
    }
    dials(&mut rig, "x", "1003", "7001");
    rig.run_for(secs(1));
    let member = conference(&rig).members[0].call;
    for on in [true, false] {
        admin(&mut rig, Act::Mute { call: member, on });
        admin(&mut rig, Act::Lock { conference: number("7001"), on });
    }
    let records = ends(rig, 2);
    let told = |what: &str| records.iter().any(|call| call.steps.iter().any(|why| why.what == what));
    for what in [
        "admin gives the caller back",
        "admin lets all talk together",
        "admin hands the caller on",
        "admin mutes this caller",
        "admin lets this caller be heard",
        "admin locks the conference",
        "admin opens the conference",
    ] {
        assert!(told(what), "{what}: {records:#?}");
    }
}

/// A journal of before knows the name alone.
#[test]
fn an_older_journal_tells_who_acted_by_name_alone() {
    let read = |text: &str| serde_json::from_str::<Actor>(text).expect("an actor");
    assert_eq!(read(r#""nina""#), Actor::named(Label::new("nina")));
    let now = Actor::admin(Label::new("nina"));
    assert_eq!(read(&serde_json::to_string(&now).expect("JSON")), now);
}
