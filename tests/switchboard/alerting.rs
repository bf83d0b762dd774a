//! Alerts: told once, by whom they are acknowledged, and what a restart makes of them.

use tandem::{
    infra::site::{AlertRule, Escalation, Limit, Metric, Site},
    live::switchboard::view::{Act, AlertTurn, AlertView, Query, Refusal, View},
    ports::engine::simulator::{Answer, Faults, World},
};

use super::rig::{Rig, START, caller, name, phones, secs, site};

/// More than two wait for ten seconds; no more with the last; escalated after a minute.
fn watched() -> Site {
    let rule = AlertRule {
        metric: Metric::Waiting,
        limit: Limit { above: true, limit: 2, clear: 0 },
        queues: vec![name("sales")],
        open: None,
        lasts: secs(10),
        least: 1,
        tell: vec![name("desk")],
        escalate: vec![Escalation { after: secs(60), tell: vec![name("boss")] }],
        remind: None,
    };
    let mut site = site(1);
    site.alerts.rules = [(name("crowd"), rule)].into();
    site
}

pub fn crowd(callers: usize) -> Rig {
    let world = World::new(1, phones(1, Answer::After(secs(1)), secs(30)), Faults::default(), START);
    let mut rig = Rig::new(watched(), world);
    rig.act(Act::Logout { agent: name("a0") }).expect("logged out");
    for i in 0..callers {
        rig.call_with(&format!("c{i}"), secs(0), caller('1', secs(150), secs(60)));
    }
    rig
}

fn standing(rig: &Rig) -> Vec<AlertView> {
    let View::Alerts(alerts) = rig.board.view(&Query::Alerts, rig.now) else { panic!("alerts") };
    alerts
}

fn turns(rig: &Rig) -> Vec<AlertTurn> {
    rig.alerts.iter().map(|news| news.turn).collect()
}

#[test]
fn a_crowd_is_told_once_over_a_restart_and_to_others_when_nobody_sees_to_it() {
    let mut rig = crowd(3);
    rig.run_for(secs(30));
    assert_eq!(turns(&rig), [AlertTurn::Fired]);
    assert_eq!(rig.alerts[0].tell, [name("desk")]);
    assert_eq!(standing(&rig)[0].words, "sales: waiting 3, above 2");
    let before = rig.snapshot();
    rig.die_and_return(&before, secs(3));
    rig.run_for(secs(30));
    assert_eq!(turns(&rig), [AlertTurn::Fired], "nobody is told again");
    rig.run_for(secs(30));
    assert_eq!(turns(&rig), [AlertTurn::Fired, AlertTurn::Escalated]);
    assert_eq!(rig.alerts[1].tell, [name("boss")]);
    // They are tired of waiting.
    rig.run_for(secs(90));
    assert_eq!(turns(&rig), [AlertTurn::Fired, AlertTurn::Escalated, AlertTurn::Cleared]);
    assert_eq!(rig.alerts[2].tell, [name("desk"), name("boss")]);
    assert_eq!(standing(&rig), []);
}

#[test]
fn two_are_no_crowd_and_whoever_acknowledges_is_left_alone() {
    let mut rig = crowd(2);
    rig.run_for(secs(60));
    assert_eq!(turns(&rig), []);
    let act = Act::AcknowledgeAlert { rule: name("crowd"), queue: None };
    assert_eq!(rig.act(act.clone()), Err(Refusal::NoSuchAlert { rule: name("crowd") }));
    let mut rig = crowd(3);
    rig.run_for(secs(30));
    rig.act(act.clone()).expect("acknowledged");
    assert_eq!(standing(&rig)[0].acknowledged.as_ref().map(|one| one.by.as_str()), Some("admin"));
    rig.run_for(secs(80));
    assert_eq!(turns(&rig), [AlertTurn::Fired, AlertTurn::Acknowledged], "nobody else is told");
    assert_eq!(rig.act(act), Err(Refusal::NoSuchAlert { rule: name("crowd") }));
}

#[test]
fn rates_of_few_callers_are_no_alert() {
    for (least, told) in [(2, vec![]), (1, vec![AlertTurn::Fired])] {
        let mut site = watched();
        let rule = site.alerts.rules.get_mut(&name("crowd")).expect("the rule");
        (rule.metric, rule.least) = (Metric::Abandonment, least);
        rule.limit = Limit { above: true, limit: 100, clear: 50 };
        let world = World::new(1, phones(1, Answer::After(secs(1)), secs(30)), Faults::default(), START);
        let mut rig = Rig::new(site, world);
        rig.act(Act::Logout { agent: name("a0") }).expect("logged out");
        rig.call_with("c", secs(0), caller('1', secs(10), secs(60)));
        rig.run_for(secs(60));
        assert_eq!(turns(&rig), told, "{least}");
    }
}
