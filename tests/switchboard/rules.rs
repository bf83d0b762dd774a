//! What callers and agents may rely on, one story each.

use tandem::{
    base::{id::LegId, number::Key, text::Label},
    live::{
        record::EndedBy,
        switchboard::view::{Act, Refusal},
    },
    ports::engine::{
        Command, Endpoint, Event, HangupCause, Verdict,
        simulator::{Answer, Caller},
    },
};

use super::rig::{Rig, caller, millis, name, number, secs};

#[test]
fn a_caller_chooses_by_key_waits_talks_and_is_written_down() {
    let mut rig = Rig::simple(1);
    rig.call("c1", secs(1));
    rig.run_for(millis(1500));
    assert_eq!(rig.states(), ["menu"]);
    rig.run_for(secs(2));
    assert_eq!(rig.states(), ["offered"]);
    rig.run_for(secs(4));
    assert_eq!(rig.states(), ["talking"]);
    assert_eq!(rig.agent_state("a0"), "talking");
    rig.run_for(secs(70));
    assert_eq!(rig.records.len(), 1);
    let record = &rig.records[0];
    assert_eq!(record.queue, Some(name("sales")));
    assert_eq!(record.agent, Some(name("a0")));
    assert_eq!(record.ended_by, EndedBy::Callee);
    assert!((3_000..3_100).contains(&record.wait_ms), "{}", record.wait_ms);
    assert!((60_000..60_100).contains(&record.talk_ms), "{}", record.talk_ms);
    assert_eq!(record.legs.len(), 2);
    assert!(
        record.legs.iter().all(|leg| leg.cause == Some(HangupCause::NORMAL_CLEARING)),
        "{:?}",
        record.legs
    );
    assert_eq!(rig.world.legs().count(), 0);
    assert_eq!(rig.agent_state("a0"), "ready");
}

const UNWILLING: [(Answer, bool); 4] = [
    (Answer::Busy, true),
    (Answer::Never, true),
    (Answer::Reject, true),
    (Answer::After(std::time::Duration::from_secs(1)), false),
];

#[test]
fn pain_04_an_agent_who_does_not_take_the_call_is_followed_by_the_next() {
    for (answer, registered) in UNWILLING {
        let mut rig = Rig::simple(2);
        let phone = rig.world.phone(&name("1000")).expect("a phone");
        (phone.answer, phone.registered) = (answer, registered);
        rig.call("c1", secs(0));
        rig.run_for(secs(25));
        assert_eq!(rig.states(), ["talking"], "{answer:?} {registered}");
        assert_eq!(rig.agent_state("a1"), "talking");
    }
}

#[test]
fn pain_11_a_caller_whose_offer_failed_keeps_the_place() {
    for (answer, registered) in UNWILLING {
        let mut rig = Rig::simple(1);
        let phone = rig.world.phone(&name("1000")).expect("a phone");
        (phone.answer, phone.registered) = (answer, registered);
        rig.call("c1", secs(0));
        rig.call("c2", secs(1));
        rig.run_for(secs(18));
        assert_eq!(rig.world.talked().len(), 0);
        let phone = rig.world.phone(&name("1000")).expect("a phone");
        (phone.answer, phone.registered) = (Answer::After(secs(1)), true);
        rig.run_for(secs(20));
        let talked: Vec<_> = rig.world.talked().iter().map(ToString::to_string).collect();
        assert_eq!(talked, ["c1"], "{answer:?} {registered}");
    }
}

#[test]
fn an_agent_gone_right_after_answering_does_not_lose_the_caller() {
    for after in (0..=100).step_by(5) {
        let mut rig = Rig::simple(2);
        rig.world.phone(&name("1000")).expect("a phone").talk = millis(after);
        rig.call("c1", secs(0));
        rig.run_for(secs(20));
        assert_eq!(rig.states(), ["talking"], "agent gone {after} ms after answering");
        assert_eq!(rig.agent_state("a1"), "talking");
        rig.run_for(secs(70));
        assert_eq!(rig.records.len(), 1);
        assert_eq!(rig.records[0].agent, Some(name("a1")));
    }
}

#[test]
fn pain_02_a_caller_gone_around_the_answer_leaves_nothing_behind() {
    for after in (0..=200).step_by(5) {
        let mut rig = Rig::simple(1);
        let leg = rig.call("c1", secs(0));
        // The key is pressed at 1 s; the agent answers 3 s later.
        let now = rig.now;
        rig.world.hang_up(&leg, now + millis(3_900 + after));
        rig.run_for(secs(15));
        assert_eq!(rig.world.legs().count(), 0, "{after}");
        assert_eq!(rig.records.len(), 1, "{after}");
        assert_eq!(rig.records[0].ended_by, EndedBy::Caller);
        assert_eq!(rig.agent_state("a0"), "ready", "{after}");
    }
}

#[test]
fn first_come_first_served_and_the_longest_idle_agent_first() {
    let mut rig = Rig::simple(2);
    for i in 0..6 {
        rig.call(&format!("c{i}"), millis(100 * i));
    }
    rig.run_for(secs(600));
    let mut records = rig.records.clone();
    assert_eq!(records.len(), 6);
    let answered = |record: &tandem::live::record::CallRecord| record.legs[1].answered.expect("answered");
    records.sort_by_key(answered);
    let order: Vec<_> = records.iter().map(|record| record.legs[0].leg.to_string()).collect();
    assert_eq!(order, ["c0", "c1", "c2", "c3", "c4", "c5"]);
    let agents: Vec<_> =
        records.iter().map(|record| record.agent.as_ref().expect("an agent").to_string()).collect();
    assert_eq!(agents, ["a0", "a1", "a0", "a1", "a0", "a1"]);
}

#[test]
fn nobody_waits_longer_than_the_queue_allows() {
    let mut rig = Rig::simple(0);
    rig.call("c1", secs(0));
    rig.run_for(secs(299));
    assert_eq!(rig.states(), ["waiting"]);
    rig.run_for(secs(10));
    assert_eq!(rig.records.len(), 1);
    assert_eq!(rig.records[0].ended_by, EndedBy::Tandem);
    assert!((300_000..300_100).contains(&rig.records[0].wait_ms));
}

#[test]
fn no_key_is_asked_three_times_then_told_good_bye() {
    let mut rig = Rig::simple(1);
    rig.call_with("c1", secs(0), Caller { keys: vec![], patience: secs(600), talk: secs(1) });
    rig.run_for(secs(60));
    assert_eq!(rig.records.len(), 1);
    let plays = rig.orders.iter().filter(|(_, order)| matches!(order.command, Command::Play { .. })).count();
    assert_eq!(plays, 4, "three times the menu and once good bye");
    assert_eq!(rig.records[0].ended_by, EndedBy::Tandem);
}

#[test]
fn a_pause_during_a_call_waits_for_its_end() {
    let mut rig = Rig::simple(1);
    rig.call("c1", secs(0));
    rig.run_for(secs(10));
    assert_eq!(rig.agent_state("a0"), "talking");
    rig.act(Act::Pause { agent: name("a0"), reason: Label::new("lunch") }).expect("paused");
    assert_eq!(rig.agent_state("a0"), "talking");
    rig.run_for(secs(70));
    assert_eq!(rig.agent_state("a0"), "paused");
    rig.call("c2", secs(0));
    rig.run_for(secs(20));
    assert_eq!(rig.states(), ["waiting"]);
    rig.act(Act::Unpause { agent: name("a0") }).expect("back");
    assert_eq!(rig.states(), ["offered"]);
    assert_eq!(
        rig.act(Act::Login { agent: name("nobody") }),
        Err(Refusal::NoSuchAgent { agent: name("nobody") })
    );
}

#[test]
fn a_call_is_transferred_and_hung_up_by_command_in_every_stage() {
    for wait in [500, 2_500, 10_000] {
        let mut rig = Rig::simple(3);
        rig.call("c1", secs(0));
        rig.run_for(millis(wait));
        let call = rig.only_call();
        rig.act(Act::Transfer { call, to: number("1002") }).expect("transferred");
        rig.run_for(secs(10));
        assert_eq!(rig.states(), ["talking"], "transferred after {wait} ms");
        let record = {
            rig.act(Act::Hangup { call }).expect("hung up");
            rig.run_for(secs(5));
            rig.records.pop().expect("a record")
        };
        let last = record.legs.last().expect("a leg");
        assert_eq!(last.party.as_str(), "1002");
        assert_eq!(record.ended_by, EndedBy::Tandem);
        assert_eq!(rig.world.legs().count(), 0);
    }
}

#[test]
fn a_number_that_is_not_ours_is_turned_away_without_an_answer() {
    let mut rig = Rig::simple(1);
    let at = rig.now;
    rig.world.expect(at, super::rig::leg("c1"), super::rig::arrival("5555"), caller('1', secs(60), secs(1)));
    rig.run_for(secs(5));
    assert_eq!(rig.records.len(), 1);
    assert_eq!(rig.records[0].answered, None);
    assert_eq!(rig.records[0].cause, HangupCause::UNALLOCATED_NUMBER);
}

#[test]
fn pain_13_a_lost_link_loses_nobody_in_any_stage() {
    for wait in (0..9_000).step_by(250) {
        let mut rig = Rig::simple(1);
        // Keys pressed while the link is down are lost, so these callers press again.
        let key = Key::new('1').expect("a key");
        let stubborn = || Caller {
            keys: [1, 8, 15].map(|s| (secs(s), key)).into(),
            patience: secs(600),
            talk: secs(600),
        };
        rig.call_with("c1", millis(10), stubborn());
        rig.call_with("c2", millis(20), stubborn());
        rig.run_for(millis(wait));
        let now = rig.now;
        rig.world.cut(now);
        rig.run_for(secs(4));
        let now = rig.now;
        rig.world.link(now);
        rig.run_for(secs(16));
        let states = rig.states();
        assert_eq!(states.len(), 2, "cut after {wait} ms: {states:?}");
        assert!(states.contains(&"talking".to_owned()), "cut after {wait} ms: {states:?}");
        rig.run_for(secs(300));
        assert_eq!(rig.records.len(), 2, "cut after {wait} ms: {:?}", rig.states());
        assert_eq!(rig.world.legs().count(), 0);
        assert!(rig.records.iter().all(|record| record.ended_by == EndedBy::Callee), "{:?}", rig.records);
    }
}

#[test]
fn a_dial_that_was_lost_with_the_link_is_dialled_once_more() {
    for away in [millis(200), secs(1), secs(4)] {
        let mut rig = Rig::simple(3);
        rig.call_with("c1", secs(0), caller('1', secs(600), secs(600)));
        rig.run_for(secs(8));
        assert_eq!(rig.states(), ["talking"]);
        let call = rig.only_call();
        rig.act(Act::Transfer { call, to: number("1002") }).expect("transferred");
        let dialled = |rig: &Rig| -> Vec<LegId> {
            let connects = rig.orders.iter().filter_map(|(_, order)| match &order.command {
                Command::Connect { to, endpoint: Endpoint::Phone(phone), .. } if *phone == name("1002") => {
                    Some(to.clone())
                }
                _ => None,
            });
            connects.collect()
        };
        while !dialled(&rig).first().is_some_and(|to| rig.world.legs().any(|leg| leg == to)) {
            rig.run_for(millis(1));
        }
        let now = rig.now;
        rig.world.cut(now);
        rig.world.hang_up(&dialled(&rig)[0], now);
        rig.run_for(away);
        let now = rig.now;
        rig.world.link(now);
        rig.run_for(secs(12));
        assert_eq!(rig.states(), ["talking"], "away for {away:?}");
        assert_eq!(dialled(&rig).len(), 2, "away for {away:?}");
    }
}

#[test]
fn a_caller_who_left_while_nobody_listened_costs_no_agent_an_offer() {
    let mut rig = Rig::simple(1);
    rig.act(Act::Pause { agent: name("a0"), reason: Label::new("lunch") }).expect("paused");
    let leg = rig.call("c1", secs(0));
    rig.run_for(millis(1_500));
    assert_eq!(rig.states(), ["waiting"]);
    let now = rig.now;
    rig.world.cut(now);
    rig.run_for(millis(10));
    let now = rig.now;
    rig.world.hang_up(&leg, now);
    rig.run_for(millis(100));
    rig.act(Act::Unpause { agent: name("a0") }).expect("back");
    let now = rig.now;
    rig.world.link(now);
    rig.run_for(secs(10));
    assert_eq!(rig.agent_state("a0"), "ready");
    assert_eq!(rig.states(), Vec::<String>::new());
    let dialled = rig.orders.iter().any(|(_, order)| matches!(order.command, Command::Connect { .. }));
    assert!(!dialled, "an agent was dialled for a caller who had gone");
}

#[test]
fn prompts_that_cannot_be_played_cost_the_caller_no_way() {
    let mut rig = Rig::simple(1);
    // Presses 1 when the second of three questions should be heard.
    let key = Key::new('1').expect("a key");
    let keys = vec![(secs(8), key)];
    rig.call_with("c1", secs(0), Caller { keys, patience: secs(600), talk: secs(600) });
    let mut failed = Vec::new();
    while rig.states() != ["talking"] {
        rig.run_for(millis(10));
        assert!(rig.now < super::rig::START + secs(30), "{:?} after {failed:?}", rig.states());
        let plays = rig.orders.iter().filter(|(_, order)| matches!(order.command, Command::Play { .. }));
        let fresh: Vec<_> =
            plays.map(|(_, order)| order.clone()).filter(|o| !failed.contains(&o.id)).collect();
        for order in fresh {
            failed.push(order.id);
            rig.event(Event::Played { leg: order.leg, order: order.id, verdict: Verdict::Failed });
        }
    }
    assert_eq!(failed.len(), 2, "the question twice; the agent is free, so nobody waits");
    let waited = rig.now.since(super::rig::START);
    assert!(waited < secs(13), "silence takes no longer than the prompts would: {waited:?}");
}
