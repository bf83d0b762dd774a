//! Which queue takes whom: the tiers, rules about what is known of a caller, whom a caller is kept for, and what happens when nobody says
//! in time who calls.

use std::{collections::BTreeMap, time::Duration};

use tandem::{
    base::{
        clock::Stamp,
        hours::{Hours, Span},
        text::Label,
    },
    infra::site::{Beyond, Canary, First, Full, Overflow, Queue, Rule, Site, Skills, Step, When},
    live::{
        record::CallRecord,
        switchboard::{
            Input,
            view::{Act, Known, LastContact, Refusal},
        },
    },
    ports::engine::simulator::{Answer, Faults, World},
};

use crate::rig::{Rig, START, arrival, caller, leg, millis, name, number, phones, secs, site};

fn rule(rule: &str, queue: &str, when: When) -> Rule {
    let (head_start, first) = (Duration::ZERO, None);
    Rule { name: name(rule), when, queue: name(queue), head_start, first }
}

fn class(class: &str) -> When {
    When { class: [name(class)].into(), ..When::default() }
}

/// Callers come to the policy `desk` at once; nobody there but agents who serve `queues`.
fn house(agents: usize, queues: &[(&str, u64)], rules: Vec<Rule>) -> Site {
    let mut site = site(agents);
    let queue =
        |(queue, max_wait): &(&str, u64)| (name(queue), Queue::new(secs(15), secs(10), secs(*max_wait)));
    site.queues = queues.iter().map(queue).collect();
    for agent in site.agents.values_mut() {
        agent.queues = site.queues.keys().cloned().collect();
    }
    site.routing = [(name("desk"), rules)].into();
    let flow = site.flows.get_mut(&name("main")).expect("a flow");
    flow.steps.insert(name("menu"), Step::Route { policy: name("desk"), otherwise: name("bye") });
    site
}

fn rig(site: Site) -> Rig {
    let list = phones(site.agents.len(), Answer::After(secs(3)), secs(60));
    Rig::new(site, World::new(1, list, Faults::default(), START))
}

fn call_from(rig: &mut Rig, id: &str, from: &str, after: Duration) {
    let mut arrival = arrival("4000");
    arrival.from = Some(number(from));
    rig.world.expect(rig.now + after, leg(id), arrival, caller('9', secs(900), secs(900)));
}

fn known(rig: &mut Rig, from: &str, known: Known) {
    rig.known.get_or_insert_default().insert(number(from), Known { by: "customers".into(), ..known });
}

fn of_class(class: &str) -> Known {
    Known { class: Some(name(class)), ..Known::default() }
}

fn record<'a>(rig: &'a Rig, id: &str) -> &'a CallRecord {
    rig.records.iter().find(|record| record.legs[0].leg.as_str() == id).expect("a record")
}

fn tells(record: &CallRecord, words: &str) -> bool {
    record.steps.iter().any(|step| step.what.contains(words))
}

#[track_caller]
fn waited(record: &CallRecord, seconds: u64) {
    assert!(record.wait_ms.abs_diff(seconds * 1000) < 100, "{} ms, not {seconds} s", record.wait_ms);
}

/// R080, row by row.
#[test]
fn every_tier_has_its_queue_and_leaves_it_when_its_wait_is_over() {
    let tiers =
        [("vip", "priority_queue", 30), ("regular", "standard_queue", 120), ("new", "training_queue", 300)];
    let mut rules: Vec<Rule> = tiers.iter().map(|(of, queue, _)| rule(of, queue, class(of))).collect();
    rules.push(rule("rest", "default_queue", When::default()));
    let queues: Vec<(&str, u64)> =
        tiers.iter().map(|(_, queue, wait)| (*queue, *wait)).chain([("default_queue", 180)]).collect();
    let mut rig = rig(house(0, &queues, rules));
    for (i, (of, ..)) in tiers.iter().enumerate() {
        known(&mut rig, &format!("1380000000{i}"), of_class(of));
        call_from(&mut rig, of, &format!("1380000000{i}"), secs(0));
    }
    call_from(&mut rig, "stranger", "13900000000", secs(0));
    rig.run_for(secs(320));
    for (of, queue, wait) in tiers.into_iter().chain([("stranger", "default_queue", 180)]) {
        let record = record(&rig, of);
        assert_eq!(record.queue, Some(name(queue)), "{of}");
        waited(record, wait);
        assert!(tells(record, &format!("→ queue {queue}")), "{:#?}", record.steps);
    }
    assert!(tells(record(&rig, "vip"), "rule vip (class vip)"));
    assert!(tells(record(&rig, "stranger"), "rule rest (for everybody)"));
}

/// Makes somebody known.
type Make = fn(&mut Known);

/// R082, R083, R087, R088: what every condition looks at.
#[test]
fn a_rule_fits_when_all_of_it_is_true() {
    let day = secs(86_400);
    let when = |change: fn(&mut When)| {
        let mut when = When::default();
        change(&mut when);
        when
    };
    let last = |rig: &Rig, days: u32| {
        Some(LastContact {
            agent: None,
            at: Stamp(rig.now.0 - i64::try_from((day * days).as_micros()).expect("µs")),
        })
    };
    let conditions: [(&str, When, Make); 5] = [
        ("tags", when(|w| w.tags = [name("investor")].into()), |k| {
            k.tags = [name("investor"), name("a")].into();
        }),
        ("complaints", when(|w| w.complaints = Some(2)), |k| k.complaints = 2),
        ("contacts", when(|w| w.contacts = Some(3)), |k| k.contacts = 4),
        ("area", when(|w| w.area = ["beijing".into()].into()), |_| {}),
        ("from", when(|w| w.from = vec!["+8610.".parse_pattern()]), |_| {}),
    ];
    for (of, when, make) in conditions {
        for fits in [true, false] {
            let mut rig = rig(house(
                0,
                &[("one", 30), ("other", 30)],
                vec![rule(of, "one", when.clone()), rule("rest", "other", When::default())],
            ));
            let from = if fits { "+861062345678" } else { "+862162345678" };
            let mut caller = Known::default();
            if fits {
                make(&mut caller);
            }
            known(&mut rig, from, caller);
            call_from(&mut rig, "c", from, secs(0));
            rig.run_for(secs(60));
            let expected = if fits { "one" } else { "other" };
            assert_eq!(record(&rig, "c").queue, Some(name(expected)), "{of}");
        }
    }
    for (days, expected) in [(2, "one"), (4, "other")] {
        let again = When { again_within: Some(day * 3), ..When::default() };
        let mut rig = rig(house(
            0,
            &[("one", 30), ("other", 30)],
            vec![rule("again", "one", again), rule("rest", "other", When::default())],
        ));
        let last = last(&rig, days);
        known(&mut rig, "13800000000", Known { last, ..Known::default() });
        call_from(&mut rig, "c", "13800000000", secs(0));
        rig.run_for(secs(60));
        assert_eq!(record(&rig, "c").queue, Some(name(expected)), "{days} days");
    }
}

trait ParsePattern {
    fn parse_pattern(&self) -> tandem::infra::site::Pattern;
}

impl ParsePattern for str {
    fn parse_pattern(&self) -> tandem::infra::site::Pattern {
        tandem::infra::site::Pattern::new(self).expect("a pattern")
    }
}

#[test]
fn a_canary_takes_the_same_callers_every_time_and_more_as_it_grows() {
    let taken = |department: &str, percent: u8| -> Vec<bool> {
        let canary = Some(Canary { department: name(department), percent });
        let rules = vec![
            rule("try", "one", When { canary, ..When::default() }),
            rule("rest", "other", When::default()),
        ];
        let mut rig = rig(house(0, &[("one", 5), ("other", 5)], rules));
        for i in 0..1000 {
            call_from(&mut rig, &format!("c{i}"), &format!("139{i:08}"), millis(i));
        }
        rig.watchful = false;
        rig.run_for(secs(30));
        (0..1000).map(|i| record(&rig, &format!("c{i}")).queue == Some(name("one"))).collect()
    };
    let count = |list: &[bool]| list.iter().filter(|taken| **taken).count();
    let (ten, thirty, other) = (taken("sales", 10), taken("sales", 30), taken("support", 10));
    // Three standard deviations of a fair draw: 9.5 and 14.5.
    assert!(
        (72..=128).contains(&count(&ten)) && (256..=344).contains(&count(&thirty)),
        "{} {}",
        count(&ten),
        count(&thirty)
    );
    assert!(ten.iter().zip(&thirty).all(|(few, more)| !few || *more), "whoever is in it stays in it");
    assert!(ten.iter().zip(&other).any(|(one, other)| one != other), "departments draw for themselves");
}

#[test]
fn a_caller_of_whom_nobody_says_anything_in_time_goes_on_without() {
    let rules = vec![rule("vip", "one", class("vip")), rule("rest", "other", When::default())];
    for (after, expected) in [(200, "one"), (299, "one"), (301, "other")] {
        let mut rig = rig(house(0, &[("one", 30), ("other", 30)], rules.clone()));
        rig.known = None;
        call_from(&mut rig, "c", "13800000000", secs(0));
        let begin = rig.now;
        rig.run_until(begin + millis(after));
        let call = *rig.board_calls().first().expect("a call");
        rig.input(Input::Known { call, known: Some(Box::new(of_class("vip"))) });
        rig.run_for(secs(60));
        let record = record(&rig, "c");
        assert_eq!(record.queue, Some(name(expected)), "{after} ms");
        assert_eq!(tells(record, "nobody said in time"), after > 300, "{:#?}", record.steps);
    }
}

fn kept_for(last_agent: bool, needs: &[(&str, u8)]) -> Rule {
    let needs = needs.iter().map(|(skill, level)| (name(skill), *level)).collect();
    let last_agent = last_agent.then_some(secs(86_400 * 7));
    Rule { first: Some(First { needs, last_agent, wait: secs(20) }), ..rule("kept", "one", When::default()) }
}

fn last_with(rig: &Rig, agent: &str) -> Known {
    let last = Some(LastContact { agent: Some(name(agent)), at: rig.now });
    Known { last, ..Known::default() }
}

fn agent_of(record: &CallRecord) -> &str {
    record.agent.as_ref().expect("an agent").as_str()
}

#[test]
fn a_caller_has_the_last_agent_again_or_after_a_while_somebody_else() {
    // a1 was idle as long as a0, and comes behind by name.
    let mut rig = rig(house(2, &[("one", 100)], vec![kept_for(true, &[])]));
    let last = last_with(&rig, "a1");
    known(&mut rig, "13800000000", last);
    call_from(&mut rig, "c1", "13800000000", secs(0));
    // a1 talks until 63 s; this one waits 20 s for a1.
    call_from(&mut rig, "c2", "13800000000", secs(10));
    // And this one has a1 again in time, though a0 has long been free.
    call_from(&mut rig, "c3", "13800000000", secs(150));
    rig.run_for(secs(300));
    assert_eq!(agent_of(record(&rig, "c1")), "a1");
    assert!(tells(record(&rig, "c1"), "offered to a1, who talked with this caller last, in one"));
    let second = record(&rig, "c2");
    assert_eq!(agent_of(second), "a0");
    // 3 s of them the phone rang.
    waited(second, 23);
    assert!(tells(second, "waited 20 s: queue one needs nothing special now"), "{:#?}", second.steps);
    assert_eq!(agent_of(record(&rig, "c3")), "a1");
}

#[test]
fn nobody_waits_for_an_agent_who_is_not_at_work() {
    let acts =
        [Act::Logout { agent: name("a1") }, Act::Pause { agent: name("a1"), reason: Label::new("tea") }];
    for act in acts {
        let mut rig = rig(house(2, &[("one", 100)], vec![kept_for(true, &[])]));
        rig.act(act).expect("done");
        let last = last_with(&rig, "a1");
        known(&mut rig, "13800000000", last);
        call_from(&mut rig, "c", "13800000000", secs(0));
        rig.run_for(secs(100));
        let record = record(&rig, "c");
        assert_eq!(agent_of(record), "a0");
        waited(record, 3);
        assert!(tells(record, "a1 talked with this caller last, but is not at work"), "{:#?}", record.steps);
    }
}

/// R083: who complained is for the senior first.
#[test]
fn a_caller_is_kept_for_skills_beyond_those_of_the_queue() {
    let mut site = house(2, &[("one", 100)], vec![kept_for(false, &[("service", 4)])]);
    site.agents.get_mut(&name("a1")).expect("an agent").skills = Skills::from([(name("service"), 6)]);
    let mut rig = rig(site);
    call_from(&mut rig, "c1", "13800000000", secs(0));
    call_from(&mut rig, "c2", "13800000001", secs(5));
    rig.run_for(secs(200));
    assert_eq!((agent_of(record(&rig, "c1")), agent_of(record(&rig, "c2"))), ("a1", "a0"));
    waited(record(&rig, "c2"), 23);
}

fn overflowing(when: Full, to: Beyond) -> Site {
    let mut site = house(0, &[("one", 100), ("two", 100)], vec![rule("all", "one", When::default())]);
    site.queues.get_mut(&name("one")).expect("a queue").overflow = vec![Overflow { when, to }];
    site
}

#[test]
fn who_overflows_into_another_queue_keeps_the_place() {
    let mut site = overflowing(Full::Waited(secs(30)), Beyond::Queue(name("two")));
    // c2 is in `two` from the beginning, and joins after c1.
    let mut rules = vec![rule("two", "two", When { from: vec!["139.".parse_pattern()], ..When::default() })];
    rules.append(site.routing.get_mut(&name("desk")).expect("a policy"));
    site.routing = BTreeMap::from([(name("desk"), rules)]);
    let mut rig = rig(site);
    call_from(&mut rig, "c1", "13800000000", secs(0));
    call_from(&mut rig, "c2", "13900000000", secs(10));
    rig.run_for(secs(20));
    let snapshot = rig.snapshot();
    rig.run_for(secs(12));
    rig.die_and_return(&snapshot, secs(1));
    rig.run_for(secs(5));
    let order = rig.board_line("two");
    assert_eq!(order, ["c1", "c2"], "by the moment of joining");
    rig.run_for(secs(200));
    let first = record(&rig, "c1");
    assert!(tells(first, "waited 30 s in queue one") && tells(first, "on to queue two, with the same place"));
    // 30 s in one, 100 in two.
    assert!((130_000..131_500).contains(&first.wait_ms), "{}", first.wait_ms);
    assert_eq!(first.queue, Some(name("two")));
}

/// Queues to which a policy or an overflow alone leads are as good as others to a supervisor.
#[test]
fn callers_are_sent_to_queues_of_policies_and_overflows() {
    let mut site = overflowing(Full::Waited(secs(30)), Beyond::Queue(name("two")));
    site.queues.insert(name("three"), Queue::new(secs(15), secs(10), secs(100)));
    let mut rig = rig(site);
    call_from(&mut rig, "c", "13800000000", secs(0));
    rig.run_for(secs(5));
    let call = rig.only_call();
    let to = |queue: &str| Act::TransferToQueue { call, queue: name(queue) };
    assert_eq!(rig.act(to("three")), Err(Refusal::NoWayTo { queue: name("three") }));
    for queue in ["two", "one", "two"] {
        rig.act(to(queue)).expect("sent");
        rig.run_for(secs(2));
        assert_eq!(rig.board_line(queue), ["c"]);
    }
    rig.run_for(secs(110));
    let record = record(&rig, "c");
    assert!(tells(record, "waited as long as queue two allows: step bye"), "{:#?}", record.steps);
    assert_eq!(record.queue, Some(name("two")));
}

#[test]
fn nobody_overflows_into_a_queue_that_takes_nobody() {
    let mut rig = rig(overflowing(Full::Waited(secs(30)), Beyond::Queue(name("two"))));
    rig.act(Act::Drain { queue: name("two"), on: true }).expect("drained");
    call_from(&mut rig, "c", "13800000000", secs(0));
    rig.run_for(secs(110));
    let record = record(&rig, "c");
    assert!(!tells(record, "on to queue two"), "{:#?}", record.steps);
    waited(record, 100);
}

#[test]
fn a_queue_that_is_too_full_is_not_joined() {
    let flow = || Beyond::Flow(name("away"));
    let cases = [(Full::Length(2), 2), (Full::Nobody, 0)];
    for (when, room) in cases {
        let mut site = overflowing(when.clone(), flow());
        let main = site.flows[&name("main")].clone();
        let mut away = main.clone();
        away.start = name("bye");
        site.flows.insert(name("away"), away);
        let mut rig = rig(site);
        for i in 0..4 {
            call_from(&mut rig, &format!("c{i}"), "13800000000", secs(i));
        }
        rig.run_for(secs(150));
        for i in 0..4_usize {
            let gone = tells(record(&rig, &format!("c{i}")), "on to flow away");
            assert_eq!(gone, i >= room, "{when:?}: c{i}");
        }
    }
}

#[test]
fn whoever_is_kept_for_an_agent_who_leaves_is_for_everybody() {
    let acts =
        [Act::Logout { agent: name("a1") }, Act::Pause { agent: name("a1"), reason: Label::new("tea") }];
    for act in acts {
        let mut rig = rig(house(2, &[("one", 100)], vec![kept_for(true, &[])]));
        let last = last_with(&rig, "a1");
        known(&mut rig, "13800000000", last);
        call_from(&mut rig, "c1", "13800000000", secs(0));
        // a1 talks; this one is kept for a1 until 30 s.
        call_from(&mut rig, "c2", "13800000000", secs(10));
        rig.run_for(secs(15));
        assert_eq!(rig.agent_state("a0"), "ready");
        rig.act(act).expect("done");
        rig.run_for(millis(10));
        assert_eq!(rig.agent_state("a0"), "offered");
    }
}

/// In another queue nobody is kept for an agent of the first.
#[test]
fn an_overflow_ends_what_a_caller_is_kept_for() {
    let mut site = house(2, &[("one", 100), ("two", 100)], vec![kept_for(true, &[])]);
    site.agents.get_mut(&name("a0")).expect("an agent").queues = vec![name("two")];
    site.agents.get_mut(&name("a1")).expect("an agent").queues = vec![name("one")];
    let queue = site.queues.get_mut(&name("one")).expect("a queue");
    queue.overflow = vec![Overflow { when: Full::Waited(secs(5)), to: Beyond::Queue(name("two")) }];
    let mut rig = rig(site);
    let last = last_with(&rig, "a1");
    known(&mut rig, "13800000000", last);
    call_from(&mut rig, "c1", "13800000000", secs(0));
    call_from(&mut rig, "c2", "13800000000", secs(10));
    rig.run_for(secs(100));
    assert_eq!(agent_of(record(&rig, "c2")), "a0");
    waited(record(&rig, "c2"), 8);
}

/// A circle of steps and overflows in which no time passes ends, and whoever waits meanwhile leaves no place behind.
#[test]
fn a_caller_who_was_sent_on_too_often_waits() {
    for when in [Full::Nobody, Full::Waited(secs(6))] {
        let mut site = overflowing(when.clone(), Beyond::Flow(name("main")));
        let flow = site.flows.get_mut(&name("main")).expect("a flow");
        flow.steps.insert(name("bye"), Step::Route { policy: name("desk"), otherwise: name("bye") });
        let mut rig = rig(site);
        rig.world.expect(rig.now, leg("c"), arrival("4000"), caller('9', secs(80), secs(80)));
        rig.run_for(secs(70));
        assert_eq!(rig.board_line("one"), ["c"], "{when:?}");
        rig.run_for(secs(30));
        assert!(rig.board_line("one").is_empty());
    }
}

/// A policy of which no rule fits, with a step that leads back to it.
#[test]
fn rules_that_lead_in_a_circle_end_at_the_fallback() {
    let mut site = house(0, &[("one", 100)], vec![rule("vip", "one", class("vip"))]);
    let flow = site.flows.get_mut(&name("main")).expect("a flow");
    flow.steps.insert(name("bye"), Step::Route { policy: name("desk"), otherwise: name("menu") });
    let mut rig = rig(site);
    call_from(&mut rig, "c", "13800000000", secs(0));
    rig.run_for(secs(60));
    assert!(tells(record(&rig, "c"), "the steps go in a circle: the fallback extension"));
}

#[test]
fn a_queue_that_is_closed_or_too_slow_is_not_joined() {
    let away = |mut site: Site| {
        let mut away = site.flows[&name("main")].clone();
        away.start = name("bye");
        site.flows.insert(name("away"), away);
        site
    };
    let zone = jiff::tz::TimeZone::UTC;
    let today = usize::try_from(START.zoned(&zone).weekday().to_monday_zero_offset()).expect("a day");
    for open_today in [true, false] {
        let mut site = away(overflowing(Full::Closed(name("office")), Beyond::Flow(name("away"))));
        let mut hours = Hours::default();
        let midnight = jiff::civil::Time::midnight();
        hours.week[if open_today { today } else { (today + 1) % 7 }] =
            vec![Span { from: midnight, to: midnight }];
        site.hours = [(name("office"), hours)].into();
        let mut rig = rig(site);
        call_from(&mut rig, "c", "13800000000", secs(0));
        rig.run_for(secs(120));
        assert_eq!(
            tells(record(&rig, "c"), "office is closed"),
            !open_today,
            "{:#?}",
            record(&rig, "c").steps
        );
    }
    // One agent who talks for a minute: from the fourth answer on a wait is to be expected.
    let mut site = away(house(1, &[("one", 3_600)], vec![rule("all", "one", When::default())]));
    let overflow = Overflow { when: Full::Expected(secs(90)), to: Beyond::Flow(name("away")) };
    site.queues.get_mut(&name("one")).expect("a queue").overflow = vec![overflow];
    let mut rig = rig(site);
    for i in 0..8 {
        call_from(&mut rig, &format!("c{i}"), "13800000000", secs(i));
    }
    rig.run_for(secs(200));
    call_from(&mut rig, "late", "13800000000", secs(0));
    rig.run_for(secs(10));
    assert!(
        tells(record(&rig, "late"), "s is to be expected") && tells(record(&rig, "late"), "on to flow away")
    );
    rig.run_for(secs(900));
    assert!((0..8).all(|i| record(&rig, &format!("c{i}")).agent.is_some()), "who came before waits");
}

#[test]
fn whoever_was_to_overflow_into_a_drained_queue_does_so_when_it_takes_callers_again() {
    let mut rig = rig(overflowing(Full::Waited(secs(30)), Beyond::Queue(name("two"))));
    rig.act(Act::Drain { queue: name("two"), on: true }).expect("drained");
    call_from(&mut rig, "c", "13800000000", secs(0));
    rig.run_for(secs(50));
    assert_eq!(rig.board_line("one"), ["c"]);
    rig.act(Act::Drain { queue: name("two"), on: false }).expect("open");
    assert_eq!(rig.board_line("two"), ["c"]);
}
