//! Who is offered whom: needs and how they relax, preferences, strategies, head starts; and that what `explain` says
//! would have changed a decision does change it.

use std::time::Duration;

use fastrand::Rng;
use proptest::prelude::*;
use serde_json::json;
use tandem::{
    base::{clock::Stamp, id::Name, text::Label},
    infra::site::{First, Queue, Relaxation, Rule, Site, Skills, Step, Strategy as Order, When},
    live::switchboard::{
        Effect, Input, Switchboard,
        view::{Act, Assignment, Known, LastContact, Over, Passed, Why},
    },
    ports::engine::simulator::{Answer, Faults, World},
};

use crate::rig::{Rig, START, caller, millis, name, number, phones, secs, site};

fn skills(list: &[(&str, u8)]) -> Skills {
    list.iter().map(|(skill, level)| (name(skill), *level)).collect()
}

/// Queue `sales` as `change` makes it, and agents with these skills who answer after 3 s and talk for a minute.
fn house(agents: &[&[(&str, u8)]], change: impl FnOnce(&mut Queue)) -> Rig {
    let mut site = site(agents.len());
    change(site.queues.get_mut(&name("sales")).expect("a queue"));
    for (i, list) in agents.iter().enumerate() {
        site.agents.get_mut(&name(&format!("a{i}"))).expect("an agent").skills = skills(list);
    }
    rig(site)
}

fn rig(site: Site) -> Rig {
    let phones = phones(site.agents.len(), Answer::After(secs(3)), secs(60));
    Rig::new(site, World::new(1, phones, Faults::default(), START))
}

fn vip(queue: &mut Queue) {
    queue.needs = skills(&[("vip", 5)]);
    queue.relax = vec![
        Relaxation { after: secs(10), needs: skills(&[("vip", 3)]) },
        Relaxation { after: secs(20), needs: skills(&[("vip", 0)]) },
    ];
}

/// The decisions about a finished call.
fn assignments(rig: &Rig, leg: &str) -> Vec<Assignment> {
    let record = rig.records.iter().find(|record| record.legs[0].leg.as_str() == leg).expect("a record");
    record.steps.iter().filter_map(|step| step.assignment.as_deref().cloned()).collect()
}

fn agent_of(rig: &Rig, leg: &str) -> String {
    assignments(rig, leg).last().expect("an offer").agent.to_string()
}

#[test]
fn a_queue_needs_less_step_by_step_and_asks_nobody_for_more_than_is_needed() {
    for (level, waits) in [(5, 0), (4, 10), (3, 10), (2, 20), (0, 20)] {
        let mut rig = house(&[&[("vip", level)]], vip);
        rig.call("c1", secs(0));
        rig.run_for(secs(120));
        let record = &rig.records[0];
        // The key is pressed after 1 s, the phone rings for 3 s.
        let expected = (waits + 3) * 1000;
        assert!((expected..expected + 100).contains(&record.wait_ms), "vip {level}: {}", record.wait_ms);
        let told = record.steps.iter().any(|step| step.what.contains("needs vip 3 now"));
        assert_eq!(told, waits >= 10, "vip {level}");
    }
}

#[test]
fn a_caller_for_whom_nobody_is_good_enough_holds_up_nobody() {
    let mut rig = house(&[&[]], |queue| queue.needs = skills(&[("vip", 5)]));
    rig.call("c1", secs(0));
    rig.call_with("c2", secs(1), caller('2', secs(600), secs(600)));
    rig.run_for(secs(30));
    assert_eq!(rig.states(), ["waiting", "talking"], "the second waits in another queue");
}

#[test]
fn what_is_needed_is_less_for_who_waits_longest_and_that_one_goes_first() {
    let mut rig = house(&[&[("vip", 3)]], vip);
    rig.call("c1", secs(0));
    rig.call("c2", secs(6));
    rig.run_for(secs(200));
    let answered = |leg: &str| {
        let record = rig.records.iter().find(|record| record.legs[0].leg.as_str() == leg).expect("a record");
        record.legs[1].answered.expect("answered")
    };
    assert!(answered("c1") < answered("c2"));
}

#[test]
fn whoever_has_what_is_preferred_comes_before_who_has_been_idle_longer() {
    let mut rig = house(&[&[], &[("wine", 4)], &[]], |queue| queue.prefers = skills(&[("wine", 4)]));
    rig.call("c1", secs(0));
    rig.call("c2", secs(5));
    rig.run_for(secs(200));
    assert_eq!([agent_of(&rig, "c1"), agent_of(&rig, "c2")], ["a1", "a0"]);
    let passed = &assignments(&rig, "c1")[0].passed;
    assert!(passed.iter().all(|passed| passed.because[0] == Over::NotPreferred), "{passed:?}");
}

#[test]
fn every_strategy_has_its_own_order() {
    let agents: [&[(&str, u8)]; 3] = [&[("wine", 1)], &[("wine", 9)], &[("wine", 5)]];
    let told = |strategy, talks: [u64; 3]| {
        let mut site = site(3);
        let queue = site.queues.get_mut(&name("sales")).expect("a queue");
        queue.strategy = strategy;
        queue.needs = skills(&[("wine", 1)]);
        for (i, list) in agents.iter().enumerate() {
            let agent = site.agents.get_mut(&name(&format!("a{i}"))).expect("an agent");
            agent.skills = skills(list);
            // The list of people.yaml is not that of the names.
            agent.place = 2 - u32::try_from(i).expect("few");
        }
        let mut list = phones(3, Answer::After(secs(1)), secs(60));
        list.iter_mut().zip(talks).for_each(|(phone, talk)| phone.talk = secs(talk));
        let mut rig = Rig::new(site, World::new(1, list, Faults::default(), START));
        // Three at once, and three more when all are free again.
        let at = [0, 1, 2, 200, 230, 260];
        at.iter().enumerate().for_each(|(i, at)| drop(rig.call(&format!("c{i}"), secs(*at))));
        rig.run_for(secs(600));
        (0..6).map(|i| agent_of(&rig, &format!("c{i}"))).collect::<Vec<_>>()
    };
    let talks = [20, 90, 50];
    assert_eq!(told(Order::LongestIdle, talks)[3..], ["a0", "a2", "a1"], "who ended first");
    assert_eq!(told(Order::LeastTalk, talks)[3..], ["a0", "a0", "a2"], "20 s, then 40 s, then 50 s");
    assert_eq!(told(Order::RoundRobin, [90, 20, 50])[3..], ["a0", "a1", "a2"], "in the order of the offers");
    assert_eq!(told(Order::BestSkill, talks)[..3], ["a1", "a2", "a0"]);
    assert_eq!(told(Order::Sequential, talks)[..3], ["a2", "a1", "a0"]);
    assert_eq!(told(Order::Sequential, talks)[3..], ["a2", "a1", "a2"], "the first who is free");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// R085: who has no head start is passed only by those who joined within the head start after them.
    #[test]
    fn nobody_is_passed_by_who_joined_later_than_the_head_start(seed: u64, head in 0_u64..120, agents in 1_usize..4) {
        let mut random = Rng::with_seed(seed);
        let mut site = site(agents);
        site.queues.get_mut(&name("sales")).expect("a queue").head_start = secs(head);
        let list = phones(agents, Answer::After(secs(1)), secs(25));
        let mut rig = Rig::new(site, World::new(seed, list, Faults::default(), START));
        let mut passed_by = 0;
        let mut at = 0;
        for i in 0..40 {
            at += random.u64(0..12_000);
            let key = if random.bool() { '1' } else { '2' };
            rig.call_with(&format!("c{i}"), millis(at), caller(key, secs(3_600), secs(600)));
        }
        rig.run_for(secs(280));
        rig.run_for(secs(3_600));
        let mut served: Vec<_> = rig.records.iter().filter_map(|record| {
            let queue = record.queue.clone()?;
            let agent = record.legs.iter().find(|leg| leg.answered.is_some() && leg.party.as_str().starts_with('a'))?;
            let joined = record.steps.iter().find(|step| step.what.starts_with("queue "))?.at;
            Some((agent.began, joined, queue))
        }).collect();
        served.sort();
        for (i, (_, early, _)) in served.iter().enumerate() {
            for (_, late, queue) in &served[..i] {
                if late > early {
                    passed_by += 1;
                    prop_assert_eq!(queue, &name("sales"), "only a head start passes");
                    prop_assert!(late.since(*early) <= secs(head), "{early:?} {late:?}");
                }
            }
        }
        prop_assert!(head > 0 || passed_by == 0);
    }
}

/// What a daemon before skills saved: places without a head start, and who can be offered in another form.
#[test]
fn a_snapshot_of_an_earlier_version_keeps_callers_and_their_places() {
    let mut rig = rig(site(0));
    for id in ["c1", "c2", "c3"] {
        rig.call(id, secs(0));
        rig.run_for(secs(2));
    }
    let mut saved: serde_json::Value = serde_json::from_str(&rig.snapshot().1).expect("JSON");
    let line = &mut saved["queues"]["lines"]["sales"];
    let members = line["members"].as_array_mut().expect("places");
    assert_eq!(members.len(), 3);
    for place in members {
        place.as_object_mut().expect("a place").remove("since").expect("it was there");
    }
    line["open"] = line["members"].clone();
    line.as_object_mut().expect("a line").remove("seeking").expect("it was there");
    for call in saved["calls"].as_object_mut().expect("calls").values_mut() {
        let place = &mut call["stage"]["Waiting"]["place"];
        place.as_object_mut().expect("a place").remove("since").expect("it was there");
    }
    rig.board = Switchboard::saved(saved.to_string().as_bytes()).expect("a board");
    rig.world.cut(rig.now);
    rig.run_for(secs(1));
    rig.world.link(rig.now);
    rig.run_for(secs(1));
    rig.input(Input::Site(std::sync::Arc::new(site(1))));
    assert_eq!(rig.states(), ["offered", "waiting", "waiting"], "the first is still the first");
}

/// The decision that a board makes of the last input, as its effects tell it.
fn decided((mut board, input): (Switchboard, Input), rig: &Rig) -> Option<Why> {
    let (seq, at, _) = rig.journal.last().expect("an input").clone();
    board.on(seq, at, input).into_iter().find_map(|effect| match effect {
        Effect::Told { why, .. } if why.assignment.is_some() => Some(why),
        _ => None,
    })
}

/// The board's state with all that changed of which `explain` says that it would have given this one the caller.
fn otherwise(before: &str, input: &Input, passed: &Passed) -> (Switchboard, Input) {
    let mut input = input.clone();
    let mut board: serde_json::Value = serde_json::from_str(before).expect("JSON");
    let agent = passed.agent.as_str();
    for over in &passed.because {
        let settings = &mut board["site"]["agents"][agent]["skills"];
        match over {
            Over::Lacks { skill, needs, .. } => settings[skill.as_str()] = json!(needs),
            Over::Kept { .. } => keep_for(&mut board, &mut input, agent),
            Over::Awaited => unreachable!("only messages are kept back for callers"),
            Over::NotPreferred => settings["wine"] = json!(5),
            Over::Busy { .. } => board["agents"]["all"][agent]["state"] = json!("Ready"),
            Over::Later { own, chosen } => {
                let since = &mut board["agents"]["all"][agent]["idle_since"];
                *since = json!(since.as_i64().expect("a time") - (chosen - own + 1) * 1000);
            }
        }
    }
    (Switchboard::saved(board.to_string().as_bytes()).expect("a board"), input)
}

/// Who presses 1 is kept for the last agent for 12 s.
fn route_to_the_last_agent(site: &mut Site) {
    let first = First { needs: Skills::new(), last_agent: Some(secs(86_400)), wait: secs(12) };
    let rule = Rule {
        name: name("again"),
        when: When::default(),
        queue: name("sales"),
        head_start: Duration::ZERO,
        first: Some(first),
    };
    site.routing = [(name("desk"), vec![rule])].into();
    let step = Step::Route { policy: name("desk"), otherwise: name("bye") };
    site.flows.get_mut(&name("main")).expect("a flow").steps.insert(name("sales"), step);
}

/// Everybody talked with this agent last.
fn keep_callers(rig: &mut Rig, agent: &str) {
    let mut site = (**rig.board.site()).clone();
    route_to_the_last_agent(&mut site);
    rig.input(Input::Site(std::sync::Arc::new(site)));
    rig.known = Some([(number("13800138000"), known_to(name(agent), rig.now))].into());
}

fn known_to(agent: Name, at: Stamp) -> Known {
    let last = Some(LastContact { agent: Some(agent), at });
    Known { last, by: "history".into(), ..Known::default() }
}

/// Callers are kept for this one, instead of whom they are kept for.
fn keep_for(board: &mut serde_json::Value, input: &mut Input, agent: &str) {
    if let Input::Known { known: Some(known), .. } = input {
        known.last.as_mut().expect("a last agent").agent = Some(name(agent));
    }
    for call in board["calls"].as_object_mut().expect("calls").values_mut() {
        if let Some(known) = call["caller"].get_mut("Known") {
            known["last"]["agent"] = json!(agent);
        }
        if let Some(wish) = call["stage"].get_mut("Waiting").and_then(|waiting| waiting.get_mut("wish"))
            && !wish.is_null()
        {
            wish["agent"] = json!(agent);
        }
    }
    for line in board["queues"]["lines"].as_object_mut().expect("lines").values_mut() {
        for entry in line["seeking"].as_array_mut().expect("places") {
            if !entry[0]["agent"].is_null() {
                entry[0]["agent"] = json!(agent);
            }
        }
    }
}

#[test]
fn what_would_have_changed_a_decision_changes_it() {
    let mut tried = [0; 5];
    for seed in 0..40 {
        let mut random = Rng::with_seed(seed);
        let agents = random.usize(2..6);
        let lists: Vec<Vec<(&str, u8)>> = (0..agents)
            .map(|_| {
                [("vip", random.u8(0..=10)), ("wine", random.u8(0..=10))]
                    .into_iter()
                    .filter(|(_, l)| *l > 0)
                    .collect()
            })
            .collect();
        let lists: Vec<&[(&str, u8)]> = lists.iter().map(Vec::as_slice).collect();
        let mut rig = house(&lists, |queue| {
            queue.needs = skills(&[("vip", 4)]);
            queue.prefers = if random.bool() { skills(&[("wine", 5)]) } else { Skills::new() };
            queue.relax = vec![Relaxation { after: secs(8), needs: skills(&[("vip", 2)]) }];
        });
        if random.bool() {
            keep_callers(&mut rig, &format!("a{}", random.usize(0..agents)));
        }
        if random.bool() {
            rig.act(Act::Pause { agent: name("a1"), reason: Label::new("tea") }).expect("paused");
        }
        let mut until = Duration::ZERO;
        for i in 0..4 {
            until += secs(random.u64(0..30));
            rig.call(&format!("c{i}"), until);
        }
        let end = rig.now + secs(150);
        while rig.now < end {
            let (before, inputs) = (rig.snapshot().1, rig.journal.len());
            step(&mut rig, end);
            if rig.journal.len() != inputs + 1 {
                continue;
            }
            let again = Switchboard::saved(before.as_bytes()).expect("a board");
            let input = rig.journal.last().expect("an input").2.clone();
            let Some(decision) = decided((again, input.clone()), &rig) else { continue };
            let assignment = decision.assignment.clone().expect("a decision");
            for passed in &assignment.passed {
                assert!(!passed.because.is_empty(), "seed {seed}: {assignment:#?}");
                let other = decided(otherwise(&before, &input, passed), &rig).and_then(|why| why.assignment);
                let other = other.map(|other| other.agent);
                assert_eq!(other.as_ref(), Some(&passed.agent), "seed {seed}: {passed:?} {assignment:#?}");
                for over in &passed.because {
                    tried[match over {
                        Over::Lacks { .. } => 0,
                        Over::Later { .. } => 1,
                        Over::NotPreferred => 2,
                        Over::Busy { .. } => 3,
                        Over::Kept { .. } => 4,
                        Over::Awaited => unreachable!("there are no messages here"),
                    }] += 1;
                }
            }
        }
    }
    assert!(tried.iter().all(|times| *times > 5), "every reason is met: {tried:?}");
}

/// Lets the next thing happen.
fn step(rig: &mut Rig, end: tandem::base::clock::Stamp) {
    let next = [rig.world.next(), rig.board.next_deadline()].into_iter().flatten().min();
    rig.run_until(next.unwrap_or(end).min(end).max(rig.now + Duration::from_micros(1)));
}
