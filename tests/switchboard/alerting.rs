//! Alerts: told once, by whom they are acknowledged, and what a restart makes of them.

use tandem::{
    infra::site::{AlertRule, Escalation, Limit, Metric, Site},
    live::switchboard::{
        Input, Repeated,
        view::{Act, AlertTurn, AlertView, Query, Refusal, Repeats, View},
    },
    ports::engine::simulator::{Answer, Faults, World},
};

use super::{
    rig::{Rig, START, caller, name, phones, secs, site},
    surveys::asking,
};

/// More than two wait for ten seconds; no more with the last; escalated after a minute.
fn watched() -> Site {
    let rule = AlertRule {
        metric: Metric::Waiting,
        limit: Limit { above: true, limit: 2, clear: 0 },
        queues: vec![name("sales")],
        open: None,
        lasts: secs(10),
        least: 1,
        within_days: 7,
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

/// Nothing but a figure, as soon as it is passed.
fn on(site: Site, metric: Metric, limit: Limit, least: u64) -> Rig {
    let mut site = site;
    let rule = &watched().alerts.rules[&name("crowd")];
    let rule = AlertRule { metric, limit, least, lasts: secs(0), escalate: vec![], ..rule.clone() };
    site.alerts.rules = [(name("figure"), rule)].into();
    Rig::new(site, World::new(1, phones(1, Answer::After(secs(1)), secs(30)), Faults::default(), START))
}

#[test]
fn who_called_again_is_told_by_the_database_and_forgotten_when_it_is_silent() {
    let limit = Limit { above: true, limit: 150, clear: 150 };
    let told = |within: u16, callers, again| {
        let of = [(name("sales"), Repeats::of(callers, again))].into();
        Input::Repeated(Repeated([(within, of)].into()))
    };
    let mut rig = on(site(1), Metric::RepeatRate, limit, 10);
    for (input, fires) in [(told(3, 20, 10), 0), (told(7, 9, 9), 0), (told(7, 20, 3), 0), (told(7, 20, 4), 1)]
    {
        rig.input(input.clone());
        rig.run_for(secs(10));
        assert_eq!(standing(&rig).len(), fires, "{input:?}");
    }
    assert_eq!(standing(&rig)[0].words, "sales: repeat rate 20.0 %, above 15.0 %");
    let before = rig.snapshot();
    rig.die_and_return(&before, secs(3));
    rig.run_for(secs(10));
    assert_eq!((standing(&rig).len(), turns(&rig).len()), (1, 1), "a restart changes nothing");
    // Nobody comes to the queue, and the database tells nothing.
    rig.run_for(secs(5 * 3600));
    assert_eq!(turns(&rig), [AlertTurn::Fired], "what was told last counts for six hours");
    rig.run_for(secs(3600));
    assert_eq!(turns(&rig), [AlertTurn::Fired, AlertTurn::Cleared]);
    let limit = Limit { above: false, limit: 900, clear: 900 };
    let mut rig = on(site(1), Metric::FirstContactResolution, limit, 10);
    rig.input(told(7, 20, 3));
    rig.run_for(secs(10));
    assert_eq!(standing(&rig)[0].words, "sales: first contact resolution 85.0 %, below 90.0 %");
}

#[test]
fn bad_answers_of_those_who_were_asked_are_an_alert() {
    for (metric, few, words) in [
        (Metric::SurveyScore, 2, "sales: survey score 40.0 %, below 70.0 %"),
        (Metric::SurveyGood, 2, "sales: survey good 0.0 %, below 70.0 %"),
        (Metric::SurveyAnswerRate, 3, "sales: survey answer rate 50.0 %, below 70.0 %"),
    ] {
        for (least, fires) in [(1, true), (few, false)] {
            let limit = Limit { above: false, limit: 700, clear: 700 };
            let mut rig = on(asking(site(1), 100, 10), metric, limit, least);
            for keys in ["2", ""] {
                let leg = rig.call(&format!("c{keys}"), secs(0));
                rig.run_for(secs(36));
                assert_eq!(rig.states(), ["menu"], "is asked");
                rig.presses(&leg, keys);
                rig.run_for(secs(60));
            }
            let told: Vec<_> = standing(&rig).into_iter().map(|alert| alert.words).collect();
            assert_eq!(told, fires.then_some(words).into_iter().collect::<Vec<_>>(), "{least}");
        }
    }
}

#[test]
fn the_mean_wait_of_the_day_is_watched_longer_than_a_quarter_of_an_hour() {
    for (metric, told) in [
        (Metric::AverageWait, vec![AlertTurn::Fired, AlertTurn::Cleared]),
        (Metric::AverageWaitToday, vec![AlertTurn::Fired]),
    ] {
        let limit = Limit { above: true, limit: 10_000, clear: 10_000 };
        let mut rig = on(site(1), metric, limit, 2);
        for id in ["c0", "c1"] {
            rig.call(id, secs(0));
        }
        rig.run_for(secs(30 * 60));
        assert_eq!(turns(&rig), told, "{metric:?}");
    }
}

#[test]
fn a_mean_wait_counts_those_who_were_answered() {
    for metric in [Metric::AverageWait, Metric::AverageWaitToday] {
        for (least, told) in [(1, vec![AlertTurn::Fired]), (2, vec![])] {
            let limit = Limit { above: true, limit: 500, clear: 500 };
            let mut rig = on(site(1), metric, limit, least);
            rig.call("c0", secs(0));
            rig.call_with("c1", secs(2), caller('1', secs(20), secs(60)));
            rig.run_for(secs(60));
            let View::Queues(queues) = rig.board.view(&Query::Queues, rig.now) else { panic!("queues") };
            let lately = &queues[0].service.lately;
            assert_eq!((lately.answered, lately.abandoned), (1, 1));
            assert_eq!(turns(&rig), told, "{metric:?} {least}");
        }
    }
}

#[test]
fn the_mean_wait_of_the_day_begins_anew_at_midnight_of_the_site() {
    // Twenty minutes past eleven.
    let mut there = site(1);
    there.time_zone = jiff::tz::TimeZone::get("America/Noronha").expect("a time zone");
    let limit = Limit { above: true, limit: 500, clear: 500 };
    let mut rig = on(there, Metric::AverageWaitToday, limit, 1);
    rig.call("c0", secs(0));
    rig.run_for(secs(39 * 60));
    assert_eq!(turns(&rig), [AlertTurn::Fired]);
    rig.run_for(secs(2 * 60));
    assert_eq!(turns(&rig), [AlertTurn::Fired, AlertTurn::Cleared]);
    rig.call("c1", secs(0));
    rig.run_for(secs(60));
    assert_eq!(turns(&rig), [AlertTurn::Fired, AlertTurn::Cleared, AlertTurn::Fired]);
}
