//! Queues in which many wait: reserves and lower needs, until few wait again.

use fastrand::Rng;
use tandem::{
    infra::site::{Expansion, Site, Skills},
    live::{
        record::EndedBy,
        switchboard::{
            Input,
            view::{Query, QueueView, View},
        },
    },
    ports::engine::simulator::{Answer, Faults, World},
};

use crate::rig::{Rig, START, caller, millis, name, phones, secs, site};

/// a0 serves `sales`; the others stand in reserve.
fn house(agents: usize, expansion: Option<Expansion>) -> Site {
    let mut site = site(agents);
    for (agent, settings) in &mut site.agents {
        let reserve = agent.as_str() != "a0";
        settings.queues = if reserve { vec![name("support")] } else { vec![name("sales")] };
        settings.reserve = if reserve { vec![name("sales")] } else { Vec::new() };
    }
    site.queues.get_mut(&name("sales")).expect("a queue").expand = expansion;
    site
}

fn at_ten() -> Expansion {
    Expansion { above: 10, below: 5, needs: Skills::new() }
}

fn rig(site: Site, talk: u64) -> Rig {
    let list = phones(site.agents.len(), Answer::After(secs(3)), secs(talk));
    Rig::new(site, World::new(1, list, Faults::default(), START))
}

fn sales(rig: &Rig) -> QueueView {
    let View::Queues(queues) = rig.board.view(&Query::Queues, rig.now) else { panic!("no queues") };
    queues.into_iter().find(|queue| queue.name == name("sales")).expect("the queue")
}

/// R091.
#[test]
fn with_the_eleventh_who_waits_the_reserve_comes_and_it_goes_below_five() {
    let mut rig = rig(house(2, Some(at_ten())), 60);
    // One talks, and ten wait.
    rig.call("c0", secs(0));
    for i in 1..11 {
        rig.call(&format!("c{i}"), secs(10) + millis(10 * i));
    }
    rig.run_for(secs(20));
    assert_eq!((sales(&rig).waiting, sales(&rig).expanded), (10, false));
    assert_eq!(rig.agent_state("a1"), "ready");
    rig.call("c11", secs(0));
    rig.run_for(secs(2));
    // The key is pressed after 1 s; the reserve has rung at once.
    assert_eq!(rig.agent_state("a1"), "offered");
    assert!(sales(&rig).expanded);
    let snapshot = rig.snapshot();
    rig.run_for(secs(20));
    rig.die_and_return(&snapshot, secs(1));
    rig.run_for(secs(1));
    let mut seen = Vec::new();
    while sales(&rig).expanded {
        rig.run_for(millis(100));
        seen.push(sales(&rig).waiting);
    }
    assert_eq!(seen.last(), Some(&4), "not before: {seen:?}");
    assert!(seen[..seen.len() - 1].iter().all(|waiting| *waiting >= 5));
    // Whoever talks goes on, and takes no more.
    rig.run_for(secs(70));
    assert_eq!(rig.agent_state("a1"), "ready");
    let told = |words: &str| {
        rig.records.iter().flat_map(|record| &record.steps).any(|step| step.what.contains(words))
    };
    assert!(told("queue sales: 4 wait, so those in reserve take no more of its callers"));
    rig.run_for(secs(600));
    let helped = rig.records.iter().filter(|record| record.agent == Some(name("a1"))).count();
    assert_eq!(helped, 4, "every second one until four were left");
}

#[test]
fn an_expanded_queue_asks_for_less() {
    let mut site = house(2, Some(Expansion { above: 2, below: 1, needs: Skills::from([(name("wine"), 0)]) }));
    site.queues.get_mut(&name("sales")).expect("a queue").needs = Skills::from([(name("wine"), 3)]);
    let mut rig = rig(site, 60);
    for i in 0..2 {
        rig.call(&format!("c{i}"), secs(0));
    }
    rig.run_for(secs(5));
    assert_eq!(rig.states(), ["waiting", "waiting"], "nobody knows wine");
    rig.call("c2", secs(0));
    rig.run_for(secs(2));
    assert_eq!(rig.states(), ["offered", "offered", "waiting"]);
}

#[test]
fn a_site_without_expansion_ends_it() {
    let mut rig = rig(house(2, Some(Expansion { above: 1, below: 1, needs: Skills::new() })), 600);
    for i in 0..4 {
        rig.call(&format!("c{i}"), millis(i));
    }
    rig.run_for(secs(5));
    assert!(sales(&rig).expanded);
    rig.input(Input::Site(std::sync::Arc::new(house(2, None))));
    assert!(!sales(&rig).expanded);
    rig.input(Input::Site(std::sync::Arc::new(house(
        2,
        Some(Expansion { above: 1, below: 1, needs: Skills::new() }),
    ))));
    assert!(sales(&rig).expanded, "two wait");
}

/// R092: the same two hours, with and without.
#[test]
fn a_rush_abandons_less_than_three_of_a_hundred_with_the_reserve() {
    let abandoned = |expansion| {
        let mut rig = rig(house(4, expansion), 55);
        rig.watchful = false;
        let mut random = Rng::with_seed(7);
        let mut at = 0;
        let mut calls = 0;
        while at < 7_200_000 {
            // Every 30 s, and in the rush every 20 s, at random.
            let mean = if (1_800_000..3_600_000).contains(&at) { 20_000.0 } else { 75_000.0 };
            at += (-mean * (1.0 - random.f64()).ln()) as u64;
            let patience = secs(300 + random.u64(0..600));
            rig.call_with(&format!("c{calls}"), millis(at), caller('1', patience, secs(600)));
            calls += 1;
        }
        rig.run_for(secs(10_800));
        let lost = rig.records.iter().filter(|r| r.agent.is_none() && r.ended_by != EndedBy::Callee).count();
        100.0 * lost as f64 / f64::from(calls)
    };
    let (without, with) = (abandoned(None), abandoned(Some(at_ten())));
    println!("abandoned or sent away: {without:.1} % without, {with:.1} % with the reserve");
    assert!(without > 12.0, "the rush is too much for one: {without}");
    assert!(with <= 3.0, "{with}");
}
