//! Supervisors in talks of others: they come and go, and the talk does not notice.

use serde_json::json;
use tandem::{
    base::{
        attendance::Attendance,
        id::{CallId, LegId},
    },
    live::{
        record::LegRecord,
        switchboard::view::{Act, CallDetail, Query, Refusal, Setting, View, When},
    },
    ports::engine::{
        Command,
        simulator::{Answer, Faults, World},
    },
};

use super::rig::{Rig, START, millis, name, number, phones, secs, site};

/// A caller talks with a0; a1 and a2 are paused, so that their phones are the supervisors'.
fn talk() -> (Rig, CallId) {
    let mut rig = Rig::new(
        site(3),
        World::new(1, phones(3, Answer::After(secs(3)), secs(600)), Faults::default(), START),
    );
    for agent in ["a1", "a2"] {
        rig.act(Act::Logout { agent: name(agent) }).expect("logged out");
    }
    rig.call("caller", secs(0));
    rig.run_for(secs(10));
    let call = rig.only_call();
    assert_eq!(rig.states(), ["talking"]);
    (rig, call)
}

fn detail(rig: &Rig, call: CallId) -> CallDetail {
    let View::Call(Some(call)) = rig.board.view(&Query::Call(call), rig.now) else { panic!("a call") };
    *call
}

fn attend(call: CallId, by: &str, mode: Attendance) -> Act {
    Act::Attend { call, by: number(by), mode }
}

/// Legs that hear a talk of others, and how they are heard there.
fn attending(rig: &Rig) -> Vec<(LegId, LegId, Attendance)> {
    let legs: Vec<LegId> = rig.world.legs().cloned().collect();
    let one = |leg: LegId| rig.world.attends(&leg).map(|(of, how)| (leg.clone(), of.clone(), how));
    legs.into_iter().filter_map(one).collect()
}

fn tells(rig: &Rig, call: CallId, what: &str) {
    let steps = detail(rig, call).steps;
    assert!(steps.iter().any(|step| step.what.contains(what)), "{what}: {steps:#?}");
}

#[test]
fn who_listens_is_seen_changes_the_mode_and_leaves_the_talk_as_it_was() {
    let (mut rig, call) = talk();
    rig.act(attend(call, "1001", Attendance::Listen)).expect("rung");
    tells(&rig, call, "admin orders that 1001 listens to a0");
    let view = detail(&rig, call).call.attended.expect("attended");
    assert_eq!((view.by, view.since, view.takes_over), (number("1001"), None, false));
    rig.run_for(secs(4));
    assert!(detail(&rig, call).call.attended.expect("attended").since.is_some());
    let [(leg, of, how)] = &attending(&rig)[..] else { panic!("{:?}", attending(&rig)) };
    assert_eq!((rig.world.peer(of).map(LegId::as_str), *how), (Some("caller"), Attendance::Listen));
    let leg = leg.clone();
    for how in [Attendance::Whisper, Attendance::Barge] {
        rig.act(attend(call, "1001", how)).expect("changed");
        rig.run_for(millis(100));
        assert_eq!(attending(&rig)[0].2, how);
    }
    assert_eq!(detail(&rig, call).call.at, "with a0; 1001 speaks");
    // Its lease is renewed as long as the talk lasts.
    rig.run_for(secs(200));
    assert_eq!(attending(&rig).len(), 1);
    rig.world.hang_up(&leg, rig.now);
    rig.run_for(secs(1));
    assert_eq!((rig.states(), detail(&rig, call).call.attended), (vec!["talking".to_owned()], None));
    tells(&rig, call, "1001 attends no more");
    assert_eq!(rig.agent_state("a0"), "talking");
}

#[test]
fn one_attends_and_a_second_is_refused_as_is_a_phone_of_the_talk() {
    let (mut rig, call) = talk();
    let listen = |by: &str| attend(call, by, Attendance::Listen);
    assert_eq!(rig.act(Act::Unattend { call }), Err(Refusal::NotAttended { call }));
    let own = rig.act(listen("1000"));
    assert!(matches!(own, Err(Refusal::NotAllowed { .. })), "{own:?}");
    assert_eq!(rig.act(listen("7777")), Err(Refusal::NoSuchExtension { to: number("7777") }));
    rig.act(listen("1001")).expect("rung");
    assert_eq!(rig.act(listen("1002")), Err(Refusal::Attended { call, by: number("1001") }));
    let take = rig.act(Act::TakeOver { call, by: number("1002") });
    assert_eq!(take, Err(Refusal::Attended { call, by: number("1001") }));
    rig.run_for(secs(4));
    rig.act(Act::Unattend { call }).expect("ends");
    rig.run_for(secs(1));
    assert_eq!(attending(&rig), []);
    rig.act(listen("1002")).expect("another may");
    rig.act(Act::Hangup { call }).expect("over");
    rig.run_for(secs(5));
    assert_eq!(rig.world.legs().count(), 0, "whoever was rung is not left ringing");
    assert_eq!(rig.records.len(), 1);
}

#[test]
fn only_a_talk_is_attended_and_a_phone_that_nobody_answers_changes_nothing() {
    let mut rig =
        Rig::new(site(2), World::new(1, phones(2, Answer::Never, secs(60)), Faults::default(), START));
    rig.call("caller", secs(0));
    rig.run_for(secs(6));
    let call = rig.only_call();
    let early = rig.act(attend(call, "1001", Attendance::Listen));
    assert!(matches!(early, Err(Refusal::NotNow { .. })), "{early:?}");
    let (mut rig, call) = talk();
    rig.world.phone(&name("1001")).expect("a phone").answer = Answer::Never;
    rig.act(Act::TakeOver { call, by: number("1001") }).expect("rung");
    rig.run_for(secs(40));
    tells(&rig, call, "1001 was not reached");
    assert_eq!((rig.states(), detail(&rig, call).call.attended), (vec!["talking".to_owned()], None));
}

#[test]
fn whoever_takes_over_has_the_caller_and_the_agent_wraps_up() {
    for (listens_first, turns) in [(true, false), (false, false), (false, true)] {
        let (mut rig, call) = talk();
        if listens_first {
            rig.act(attend(call, "1001", Attendance::Whisper)).expect("rung");
            rig.run_for(secs(4));
        }
        rig.act(Act::TakeOver { call, by: number("1001") }).expect("ordered");
        if turns {
            // In the moment of the answer the daemon dies.
            rig.run_for(millis(2999));
            let before = rig.snapshot();
            rig.doomed = true;
            rig.run_for(millis(20));
            rig.die_and_return(&before, secs(2));
        }
        rig.run_for(secs(8));
        assert_eq!(rig.states(), ["talking"], "{:#?}", detail(&rig, call).steps);
        tells(&rig, call, "1001 takes the call over from a0");
        assert_eq!(detail(&rig, call).call.at, "with 1001");
        assert_eq!(rig.agent_state("a0"), "ready", "after the wrap-up");
        assert_eq!(
            rig.world.room(&super::rig::leg("caller")).map(|room| rig.world.in_room(room).len()),
            Some(2)
        );
        rig.act(Act::Hangup { call }).expect("over");
        rig.run_for(secs(5));
        assert_eq!((rig.world.legs().count(), rig.records.len()), (0, 1));
        assert!(rig.records[0].talk_ms > 8_000, "{:?}", rig.records[0]);
    }
}

#[test]
fn who_attends_does_so_after_a_kill_at_any_moment() {
    // Rung, answered a moment ago, attending.
    for (moment, away) in [(0, 1), (2_995, 1), (3_002, 4), (3_500, 10), (3_500, 25)] {
        let (mut rig, call) = talk();
        rig.act(attend(call, "1001", Attendance::Whisper)).expect("rung");
        let before = rig.snapshot();
        rig.run_for(millis(moment));
        rig.doomed = true;
        rig.run_for(millis(10));
        rig.die_and_return(&before, secs(away));
        rig.run_for(secs(8));
        let heard = attending(&rig);
        assert_eq!(heard.len(), 1, "killed {moment} ms after the order: {:#?}", detail(&rig, call).steps);
        assert_eq!(heard[0].2, Attendance::Whisper);
        assert_eq!(detail(&rig, call).call.attended.map(|view| view.mode), Some(Attendance::Whisper));
        assert_eq!(rig.states(), ["talking"]);
    }
}

#[test]
fn a_dead_daemon_leaves_nobody_in_a_talk_that_is_over() {
    let (mut rig, call) = talk();
    rig.act(attend(call, "1001", Attendance::Listen)).expect("rung");
    rig.run_for(secs(5));
    let leg = attending(&rig)[0].0.clone();
    let before = rig.snapshot();
    rig.die_and_return(&before, secs(60));
    assert!(!rig.world.legs().any(|other| *other == leg), "its lease has run out");
    rig.run_for(secs(8));
    assert_eq!((rig.states(), detail(&rig, call).call.attended), (vec!["talking".to_owned()], None));
}

#[test]
fn the_agents_end_is_the_end_of_attending_and_what_the_engine_refuses_is_told() {
    let (mut rig, call) = talk();
    rig.act(attend(call, "1001", Attendance::Listen)).expect("rung");
    rig.run_for(secs(4));
    rig.act(Act::TransferToQueue { call, queue: name("support") }).expect("sent on");
    rig.run_for(secs(1));
    assert_eq!((attending(&rig), detail(&rig, call).call.attended), (vec![], None));
    let (mut rig, call) = talk();
    rig.act(attend(call, "1001", Attendance::Listen)).expect("rung");
    rig.run_for(millis(2_990));
    rig.world.set_faults(Faults { refuse: 1.0, ..Faults::default() });
    rig.run_for(millis(50));
    rig.world.set_faults(Faults::default());
    tells(&rig, call, "the engine does not let 1001 attend: refused");
    rig.run_for(secs(10));
    assert_eq!((rig.states(), detail(&rig, call).call.attended), (vec!["talking".to_owned()], None));
}

#[test]
fn a_journal_of_before_knows_nobody_who_attends() {
    let (rig, _) = talk();
    let (_, mut text) = rig.snapshot();
    text = text.replace(",\"attended\":null", "");
    let board: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_ne!(board, json!(null));
    tandem::live::switchboard::Switchboard::saved(text.as_bytes()).expect("is read");
}

#[test]
fn an_order_names_whose_leg_is_attended_and_it_is_the_house_side() {
    // A phone of the house calls another: the one that was called is attended.
    let (mut rig, call) = talk();
    rig.act(attend(call, "1001", Attendance::Barge)).expect("rung");
    rig.run_for(secs(4));
    let orders = rig.orders.iter().filter_map(|(_, order)| match &order.command {
        Command::Attend { of, how } => Some((of.as_str() != "caller", *how)),
        _ => None,
    });
    assert_eq!(orders.collect::<Vec<_>>(), [(true, Attendance::Barge)]);
}

#[test]
fn who_fetches_a_parked_call_out_of_a_talk_that_is_attended_leaves_no_leg() {
    let mut rig = super::town::open();
    super::telephony::dials(&mut rig, "parked", "1002", "1003");
    rig.run_for(secs(5));
    let first = rig.only_call();
    rig.act(Act::Park { call: first, slot: Some(number("7501")) }).expect("parked");
    rig.run_for(secs(1));
    let caller = super::telephony::dials(&mut rig, "a", "1001", "1004");
    rig.run_for(secs(5));
    let call = super::telephony::call_in(&rig, "talking");
    rig.act(attend(call, "1000", Attendance::Listen)).expect("rung");
    rig.run_for(secs(5));
    assert_eq!(attending(&rig).len(), 1, "{:#?}", detail(&rig, call).steps);
    // The phone that was called sends its caller to the slot, which is taken, and back at that phone the call is forwarded to fetch.
    let setting = Setting::Forward { when: When::Always, to: Some(number("7501")) };
    rig.act(Act::Extension { extension: number("1004"), setting }).expect("set");
    let called = rig.world.peer(&caller).expect("they talk").clone();
    rig.world.refer(&called, number("7501"), rig.now);
    rig.run_for(secs(3));
    assert_eq!(attending(&rig), []);
    let record = rig.records.iter().find(|record| record.id == call).expect("fetched");
    let party = |leg: &LegRecord| (leg.party.to_string(), leg.ended.is_some());
    let others: Vec<_> = record.legs.iter().map(party).filter(|(party, _)| party == "1000").collect();
    assert_eq!(others, [("1000".to_owned(), true)], "{record:#?}");
}
