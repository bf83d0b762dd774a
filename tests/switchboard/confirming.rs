//! Agents who are rung outside: whoever answers there takes the call by a key, or the caller keeps the place.

use std::time::Duration;

use tandem::{
    base::{
        id::LegId,
        number::{Key, Number},
        text::Label,
    },
    infra::site::{AgentPhone, Site, Strategy},
    live::{
        record::CallRecord,
        switchboard::{
            Input,
            view::{Act, AgentView, Query, View},
        },
    },
    ports::engine::{
        Command, Endpoint, Event, HangupCause, Media,
        simulator::{Answer, Faults, Line, Outsider, World},
    },
};

use crate::{
    rig::{self, Rig, START, caller, name, number, secs},
    telephony::house,
};

/// As the agent's number is in people.yaml, and as the carrier is told it.
const NUMBER: [&str; 2] = ["013900000077", "13900000077"];

/// Agents a0 at extension 1000, and `far` outside, who has been idle longest.
fn site() -> Site {
    let mut site = house();
    site.agents = rig::site(1).agents;
    let mut far = site.agents[&name("a0")].clone();
    far.phone = AgentPhone::Outside(number(NUMBER[0]));
    far.place = 1;
    site.agents.insert(name("far"), far);
    for queue in site.queues.values_mut() {
        queue.strategy = Strategy::Sequential;
    }
    site
}

/// `far` alone works; what is pressed, and how long after the answer.
fn rig(site: Site, answer: Answer, keys: &[(u64, char)]) -> Rig {
    let mut world = World::new(1, rig::phones(5, Answer::After(secs(2)), secs(60)), Faults::default(), START);
    for trunk in ["first", "second"] {
        world.line(name(trunk), Line { answer: Answer::After(secs(1)), talk: secs(600) });
    }
    let mut rig = Rig::new(site, world);
    presses(&mut rig, answer, keys);
    rig.act(Act::Pause { agent: name("a0"), reason: Label::new("lunch") }).expect("paused");
    rig
}

fn presses(rig: &mut Rig, answer: Answer, keys: &[(u64, char)]) {
    let keys = keys.iter().map(|(after, key)| (secs(*after), Key::new(*key).expect("a key"))).collect();
    let line = Line { answer, talk: secs(60) };
    rig.world.outsider(number(NUMBER[1]), Outsider { line, keys });
}

/// The leg at the agent's telephone, and on which trunk.
fn rung(rig: &Rig) -> Vec<(LegId, String)> {
    let outside = |order: &tandem::ports::engine::Order| match &order.command {
        Command::Dial { endpoint: Endpoint::Trunk { trunk, number }, .. } if number.as_str() == NUMBER[1] => {
            Some((order.leg.clone(), trunk.to_string()))
        }
        _ => None,
    };
    rig.orders.iter().filter_map(|(_, order)| outside(order)).collect()
}

fn tells(record: &CallRecord, words: &str) -> bool {
    record.steps.iter().any(|step| step.what.contains(words))
}

fn first(rig: &Rig) -> &CallRecord {
    rig.records.iter().find(|record| record.legs[0].leg.as_str() == "c").expect("a record")
}

fn view(rig: &Rig, agent: &str) -> AgentView {
    let View::Agents(agents) = rig.board.view(&Query::Agents, rig.now) else { panic!("agents") };
    agents.into_iter().find(|view| view.name.as_str() == agent).expect("the agent")
}

#[test]
fn whoever_presses_the_key_has_the_caller_and_nobody_sees_the_number() {
    let mut rig = rig(site(), Answer::After(secs(4)), &[(5, '1')]);
    let caller = rig.call("c", secs(0));
    rig.run_for(secs(8));
    let [(leg, trunk)] = &rung(&rig)[..] else { panic!("{:?}", rung(&rig)) };
    assert_eq!(
        (trunk.as_str(), rig.agent_state("far").as_str()),
        ("first", "offered"),
        "answered, and asked"
    );
    assert!(!rig.world.hear_each_other(&caller, leg), "who answered need not be the agent");
    let asks = |order: &&tandem::ports::engine::Order| {
        order.leg == *leg && matches!(order.command, Command::Play { .. })
    };
    let asked = rig.orders.iter().map(|(_, order)| order).filter(asks).count();
    assert_eq!(asked, 1, "is told what to press");
    let shown = rig.orders.iter().find_map(|(_, order)| match &order.command {
        Command::Dial { caller, .. } => Some(caller.clone()),
        _ => None,
    });
    assert_eq!(shown, Some(number("02088880000")), "the house calls");
    rig.run_for(secs(6));
    assert!(rig.world.hear_each_other(&caller, leg));
    assert_eq!(rig.agent_state("far"), "talking");
    let view = view(&rig, "far");
    assert_eq!((view.extension, view.number.as_deref()), (None, Some("********0077")));
    let leg = leg.clone();
    rig.world.hang_up(&leg, rig.now);
    rig.run_for(secs(1));
    assert_eq!(rig.agent_state("far"), "wrap-up");
    rig.run_for(secs(10));
    let record = first(&rig);
    assert_eq!(record.agent, Some(name("far")));
    assert!((9_000..11_000).contains(&record.wait_ms), "until the key was pressed: {}", record.wait_ms);
    for told in ["far answered, and is asked to press 1", "far takes the call", "talks with far; waited"] {
        assert!(tells(record, told), "{told}: {:#?}", record.steps);
    }
    let written = serde_json::to_string(&rig.records).expect("JSON");
    assert!(!written.contains("13900000077"), "{written}");
}

#[test]
fn a_voicemail_swallows_nobody() {
    let mut rig = rig(site(), Answer::After(secs(2)), &[]);
    rig.call("c", secs(0));
    rig.run_for(secs(16));
    assert_eq!(rig.agent_state("far"), "resting", "12 s after it answered");
    assert_eq!(rig.world.legs().count(), 1, "the caller, and nobody else: {:?}", rung(&rig));
    assert_eq!((rig.states(), rig.board_line("sales")), (vec!["waiting".to_owned()], vec!["c".to_owned()]));
    rig.act(Act::Unpause { agent: name("a0") }).expect("back");
    rig.run_for(secs(10));
    assert_eq!(rig.agent_state("a0"), "talking");
    rig.run_for(secs(100));
    let record = first(&rig);
    assert_eq!(record.agent, Some(name("a0")));
    assert!((17_000..20_000).contains(&record.wait_ms), "with the old place: {}", record.wait_ms);
    assert!(tells(record, "far did not take the call"), "{:#?}", record.steps);
}

#[test]
fn another_key_declines() {
    let mut rig = rig(site(), Answer::After(secs(2)), &[(1, '9'), (2, '1')]);
    rig.call("c", secs(0));
    rig.run_for(secs(5));
    let view = view(&rig, "far");
    assert_eq!((view.state.as_str(), view.reason.as_ref().map(Label::as_str)), ("resting", Some("declined")));
    rig.run_for(secs(5));
    assert_eq!(rig.board_line("sales"), ["c"]);
    assert_eq!(rung(&rig).len(), 1, "is not rung again while resting");
}

#[test]
fn a_caller_who_gives_up_while_the_agent_is_asked_frees_the_agent() {
    let mut rig = rig(site(), Answer::After(secs(2)), &[(8, '1')]);
    rig.call_with("c", secs(0), caller('1', secs(6), secs(60)));
    rig.run_for(secs(5));
    assert_eq!(rig.agent_state("far"), "offered");
    rig.run_for(secs(3));
    assert_eq!((rig.agent_state("far").as_str(), rig.world.legs().count()), ("ready", 0));
    assert_eq!(rig.board.live_calls(), 0);
}

#[test]
fn a_kill_while_the_agent_is_asked_loses_nothing() {
    let mut rig = rig(site(), Answer::After(secs(2)), &[(7, '1')]);
    let caller = rig.call("c", secs(0));
    let snapshot = rig.snapshot();
    rig.run_for(secs(5));
    assert_eq!(rig.agent_state("far"), "offered");
    rig.die_and_return(&snapshot, secs(2));
    rig.run_for(secs(1));
    let [(leg, _)] = &rung(&rig)[..] else { panic!("rung again: {:?}", rung(&rig)) };
    let told = rig.orders.iter().filter(|(_, order)| {
        order.leg == *leg && matches!(&order.command, Command::Play { media } if matches!(media[..], [Media::Prompt(_), ..]))
    });
    assert_eq!(told.count(), 2, "and is told again what to press");
    rig.run_for(secs(4));
    assert!(rig.world.hear_each_other(&caller, leg));
}

#[test]
fn a_kill_before_the_answer_is_heard_of_loses_nothing() {
    let mut rig = rig(site(), Answer::After(secs(4)), &[(6, '1')]);
    let caller = rig.call("c", secs(0));
    let snapshot = rig.snapshot();
    rig.run_for(secs(4));
    rig.die_and_return(&snapshot, secs(3));
    rig.run_for(secs(8));
    let [(leg, _)] = &rung(&rig)[..] else { panic!("rung again: {:?}", rung(&rig)) };
    assert!(rig.world.hear_each_other(&caller, leg));
}

#[test]
fn a_trunk_that_fails_is_followed_by_the_next_and_both_by_a_rest() {
    let fails = Line { answer: Answer::Fail(HangupCause::NO_CIRCUIT), talk: secs(60) };
    let mut rig = rig(site(), Answer::After(secs(2)), &[(2, '1')]);
    rig.world.line(name("first"), fails);
    rig.call("c", secs(0));
    rig.run_for(secs(4));
    let trunks = |rig: &Rig| rung(rig).into_iter().map(|(_, trunk)| trunk).collect::<Vec<_>>();
    assert_eq!(trunks(&rig), ["first", "second"]);
    rig.run_for(secs(5));
    assert_eq!(rig.agent_state("far"), "talking");
    rig.world.line(name("second"), fails);
    rig.run_for(secs(100));
    rig.call("d", secs(0));
    rig.run_for(secs(4));
    let after = view(&rig, "far");
    let reason = after.reason.as_ref().map(Label::as_str);
    assert_eq!((after.state.as_str(), reason), ("resting", Some("phone could not be reached")));
    assert_eq!(trunks(&rig).len(), 4, "each trunk once: {:?}", trunks(&rig));
    assert_eq!(rig.board_line("sales"), ["d"]);
}

#[test]
fn of_all_who_ring_the_first_to_take_the_call_has_it() {
    let mut site = site();
    for queue in site.queues.values_mut() {
        queue.strategy = Strategy::RingAll;
    }
    let mut rig = rig(site, Answer::After(secs(1)), &[(6, '1')]);
    rig.act(Act::Unpause { agent: name("a0") }).expect("back");
    rig.world.phone(&name("1000")).expect("a phone").answer = Answer::After(secs(4));
    rig.call("c", secs(0));
    rig.run_for(secs(3));
    assert_eq!((rig.agent_state("far").as_str(), rig.agent_state("a0").as_str()), ("offered", "offered"));
    rig.run_for(secs(3));
    assert_eq!((rig.agent_state("far").as_str(), rig.agent_state("a0").as_str()), ("ready", "talking"));
    rig.world.phone(&name("1000")).expect("a phone").answer = Answer::Never;
    rig.call("d", secs(0));
    rig.run_for(secs(10));
    assert_eq!(rig.agent_state("far"), "talking");
    rig.run_for(secs(100));
    let agents: Vec<_> = rig.records.iter().map(|record| record.agent.clone()).collect();
    assert_eq!(agents, [Some(name("a0")), Some(name("far"))]);
}

#[test]
fn whoever_is_sent_to_the_agent_by_name_is_taken_by_the_key_too() {
    let mut rig = rig(site(), Answer::After(secs(1)), &[]);
    rig.act(Act::Unpause { agent: name("a0") }).expect("back");
    let caller = rig.call("c", secs(0));
    rig.run_for(secs(6));
    assert_eq!(rig.agent_state("a0"), "talking");
    let call = rig.only_call();
    rig.act(Act::TransferToAgent { call, agent: name("far") }).expect("sent");
    rig.run_for(secs(8));
    assert_eq!(rig.states(), ["offered"]);
    rig.run_for(secs(12));
    assert_eq!(rig.agent_state("far"), "resting");
    rig.run_for(secs(1));
    assert_eq!(rig.agent_state("a0"), "talking", "the caller has a place in the queue again");
    presses(&mut rig, Answer::After(secs(1)), &[(3, '1')]);
    rig.run_for(secs(5));
    rig.act(Act::TransferToAgent { call, agent: name("far") }).expect("sent");
    rig.run_for(secs(6));
    let (leg, _) = rung(&rig).pop().expect("rung");
    assert!(rig.world.hear_each_other(&caller, &leg));
}

#[test]
fn whoever_is_sent_to_the_agent_from_a_menu_or_a_slot_is_talked_with_as_from_a_queue() {
    for parked in [false, true] {
        let mut rig = rig(site(), Answer::After(secs(1)), &[(3, '1')]);
        let caller = rig.call_with("c", secs(0), caller('9', secs(60), secs(60)));
        rig.run_for(secs(2));
        let call = rig.only_call();
        if parked {
            rig.act(Act::Transfer { call, to: number("7501") }).expect("parked");
            rig.run_for(secs(1));
        }
        assert_eq!(rig.states(), [if parked { "parked" } else { "menu" }]);
        rig.act(Act::TransferToAgent { call, agent: name("far") }).expect("sent");
        rig.run_for(secs(3));
        assert_eq!((rig.states(), rig.agent_state("far").as_str()), (vec!["offered".to_owned()], "offered"));
        rig.run_for(secs(3));
        let (leg, _) = rung(&rig).pop().expect("rung");
        assert!(rig.world.hear_each_other(&caller, &leg));
        assert_eq!((rig.states(), rig.agent_state("far").as_str()), (vec!["talking".to_owned()], "talking"));
        assert_eq!(view(&rig, "far").calls_today, 1);
        rig.world.hang_up(&leg, rig.now);
        rig.run_for(secs(1));
        assert_eq!(rig.agent_state("far"), "wrap-up");
        assert_eq!(first(&rig).agent, Some(name("far")));
    }
}

#[test]
fn whoever_talks_with_an_agent_outside_has_the_old_place_again_when_the_next_does_not_answer() {
    let mut rig = rig(site(), Answer::After(secs(1)), &[(2, '1')]);
    rig.call("c", secs(0));
    rig.run_for(secs(8));
    assert_eq!(rig.agent_state("far"), "talking");
    rig.act(Act::Unpause { agent: name("a0") }).expect("back");
    rig.act(Act::Logout { agent: name("far") }).expect("goes after it");
    rig.world.phone(&name("1000")).expect("a phone").answer = Answer::Never;
    let call = rig.only_call();
    rig.act(Act::TransferToAgent { call, agent: name("a0") }).expect("sent");
    rig.run_for(secs(3));
    assert_eq!((rig.agent_state("a0").as_str(), rig.board_line("sales")), ("offered", vec!["c".to_owned()]));
    rig.run_for(secs(20));
    assert_eq!(rig.agent_state("a0"), "resting");
    assert_eq!((rig.states(), rig.board_line("sales")), (vec!["waiting".to_owned()], vec!["c".to_owned()]));
}

#[test]
fn an_agent_whose_phone_was_gone_is_called_outside_and_no_more_gone() {
    let mut rig = rig(house_of_two(), Answer::After(secs(1)), &[(3, '1')]);
    rig.event(Event::Phone { extension: name("1001"), registered: false });
    assert_eq!(rig.agent_state("far"), "phone gone");
    rig.input(Input::Site(std::sync::Arc::new(site())));
    assert_eq!(rig.agent_state("far"), "ready");
    rig.call("c", secs(0));
    rig.run_for(secs(10));
    assert_eq!(rig.agent_state("far"), "talking");
}

/// As `site`, with `far` still at extension 1001.
fn house_of_two() -> Site {
    let mut site = site();
    let far = site.agents.get_mut(&name("far")).expect("an agent");
    far.phone = AgentPhone::Extension(number("1001"));
    site
}

#[test]
fn a_site_that_has_the_agent_no_more_and_one_without_trunks_leave_nobody_behind() {
    for without in [true, false] {
        let mut rig = rig(site(), Answer::After(secs(2)), &[(6, '1')]);
        rig.call("c", secs(0));
        rig.run_for(secs(5));
        assert_eq!(rig.agent_state("far"), "offered");
        let mut new = site();
        if without {
            new.agents.remove(&name("far"));
        } else {
            new.trunks.clear();
        }
        rig.input(Input::Site(std::sync::Arc::new(new)));
        rig.run_for(secs(100));
        assert_eq!(first(&rig).agent, Some(name("far")), "who was asked may take it");
        rig.call("d", secs(0));
        rig.run_for(secs(20));
        assert_eq!(rig.states(), ["waiting"]);
        assert_eq!(rung(&rig).len(), 1, "nobody can ring there any more");
    }
}

#[test]
fn an_agent_outside_has_never_two_legs() {
    let mut rig = rig(site(), Answer::After(secs(1)), &[]);
    for (i, id) in ["c", "d", "e"].into_iter().enumerate() {
        rig.call_with(id, Duration::from_millis(300 * i as u64), caller('1', secs(200), secs(20)));
    }
    let there: std::collections::BTreeSet<Number> = [number(NUMBER[1])].into();
    for _ in 0..200 {
        rig.run_for(secs(1));
        let legs: Vec<LegId> = rung(&rig).into_iter().map(|(leg, _)| leg).collect();
        let alive = rig.world.legs().filter(|leg| legs.contains(leg)).count();
        assert!(alive <= there.len(), "{alive} at once");
    }
    assert!(rung(&rig).len() > 3, "one after the other: {:?}", rung(&rig));
}
