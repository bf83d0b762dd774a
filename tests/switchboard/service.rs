//! How well queues are served, told in figures.

use tandem::{
    base::clock::Stamp,
    infra::site::{ServiceLevel, Site},
    live::record::CallRecord,
    live::switchboard::view::{Act, FiguresView, Query, ServiceView, View},
    ports::engine::simulator::{Answer, Faults, World},
};

use super::rig::{Rig, START, caller, millis, name, phones, secs, site};

fn service(rig: &Rig) -> ServiceView {
    let View::Queues(queues) = rig.board.view(&Query::Queues, rig.now) else { panic!("queues") };
    queues.into_iter().find(|view| view.name == name("sales")).expect("the queue").service
}

fn level(short: u64, wrap_up: u64) -> Site {
    let mut site = site(1);
    let queue = site.queues.get_mut(&name("sales")).expect("a queue");
    queue.service_level = ServiceLevel { percent: 90, within: secs(10), short: secs(short) };
    queue.max_wait = secs(60);
    site.agents.get_mut(&name("a0")).expect("an agent").wrap_up = secs(wrap_up);
    site
}

#[test]
fn every_wait_ends_in_one_figure_and_a_restart_changes_none() {
    let world = World::new(1, phones(1, Answer::After(secs(1)), secs(30)), Faults::default(), START);
    let mut rig = Rig::new(level(5, 0), world);
    // One is answered at once, one when the first has talked, one is tired by then, one at once, and one waits in vain.
    rig.call("c1", secs(0));
    rig.call("c2", secs(2));
    rig.call_with("c3", secs(4), caller('1', secs(20), secs(60)));
    rig.call_with("c4", secs(6), caller('1', secs(3), secs(60)));
    rig.run_for(secs(45));
    rig.act(Act::Logout { agent: name("a0") }).expect("logged out");
    rig.call("c5", secs(0));
    rig.run_for(secs(100));
    let told = service(&rig);
    let FiguresView { offered, answered, in_time, abandoned, short, passed_on, .. } = told.today;
    assert_eq!((offered, answered, in_time, abandoned, short, passed_on), (4, 2, 1, 1, 1, 1), "{told:?}");
    assert_eq!(told.today.service_level_permille, Some(250));
    assert_eq!(told.today.answer_permille, Some(500));
    assert_eq!(told.today.abandonment_permille, Some(250));
    let waits = told.today.average_wait_ms.expect("two were answered");
    assert!((14_000..17_000).contains(&waits), "one second and thirty: {waits}");
    assert_eq!((told.percent, told.within_ms, told.short_ms), (90, 10_000, 5_000));
    assert_eq!(told.lately, told.today);

    // What is written down says so too.
    let fates = |record: &CallRecord| {
        (record.gave_up(), record.passed_on().map(|at| at.since(record.arrived).as_secs()))
    };
    let mut written: Vec<_> = rig.records.iter().map(fates).filter(|fate| *fate != (false, None)).collect();
    written.sort_unstable();
    assert_eq!(written, [(false, Some(61)), (true, None), (true, None)]);

    let before = rig.snapshot();
    rig.die_and_return(&before, secs(1));
    rig.run_for(secs(2));
    assert_eq!(service(&rig).today, told.today);
    rig.run_for(secs(16 * 60));
    let later = service(&rig);
    assert_eq!((later.lately, later.today), (FiguresView::default(), told.today));
    rig.run_for(secs(24 * 3600));
    assert_eq!(service(&rig).today, FiguresView::default(), "a new day");
}

#[test]
fn an_agent_gone_at_once_has_answered_nobody() {
    let world = World::new(1, phones(1, Answer::After(secs(1)), millis(500)), Faults::default(), START);
    let mut rig = Rig::new(level(0, 30), world);
    rig.call("c1", secs(0));
    rig.run_for(secs(8));
    assert_eq!(rig.states(), ["waiting"], "the place is given back");
    assert_eq!(service(&rig).today, FiguresView::default());
    rig.world.phone(&name("1000")).expect("a phone").talk = secs(30);
    rig.run_for(secs(40));
    let told = service(&rig).today;
    assert_eq!((told.offered, told.answered), (1, 1), "{told:?}");
}

/// Two queues' agents: a0 of sales, away, and a1, to whom a supervisor sends the caller who waits for sales since 9 s.
fn sent_to_another(answer: Answer, patience: u64) -> Rig {
    let mut site = level(0, 0);
    site.agents.insert(name("a1"), super::rig::site(2).agents[&name("a1")].clone());
    site.extensions = super::rig::site(2).extensions;
    site.agents.get_mut(&name("a1")).expect("an agent").queues = vec![name("support")];
    let world = World::new(1, phones(2, answer, secs(60)), Faults::default(), START);
    let mut rig = Rig::new(site, world);
    rig.act(Act::Logout { agent: name("a0") }).expect("logged out");
    rig.call_with("one", secs(0), caller('1', secs(patience), secs(60)));
    rig.run_for(secs(10));
    let call = rig.only_call();
    rig.act(Act::TransferToAgent { call, agent: name("a1") }).expect("sent");
    assert_eq!(service(&rig).today, FiguresView::default(), "the wait is not over");
    rig
}

#[test]
fn who_waits_and_is_sent_to_an_agent_counts_once_and_has_waited_all_the_while() {
    let mut rig = sent_to_another(Answer::After(secs(3)), 60);
    rig.run_for(secs(8));
    assert_eq!(rig.states(), ["talking"]);
    let told = service(&rig).today;
    assert_eq!((told.offered, told.answered, told.in_time, told.passed_on), (1, 1, 0, 0), "{told:?}");
    let waited = told.average_wait_ms.expect("one was answered");
    assert!((11_000..14_000).contains(&waited), "nine seconds and three: {waited}");

    // While the agent is rung, and when nobody came.
    for patience in [12, 40] {
        let mut rig = sent_to_another(Answer::Never, patience);
        rig.run_for(secs(patience));
        assert_eq!(rig.states(), Vec::<&str>::new());
        let told = service(&rig).today;
        assert_eq!((told.offered, told.abandoned, told.passed_on), (1, 1, 0), "{patience}: {told:?}");
    }
}

#[test]
fn an_answer_of_yesterday_that_was_none_is_not_taken_from_todays() {
    let world = World::new(1, phones(2, Answer::After(secs(1)), secs(30)), Faults::default(), START);
    let mut rig = Rig::new(site(2), world);
    rig.world.phone(&name("1000")).expect("a phone").talk = millis(1500);
    // The site's days are those of UTC.
    let day = 86_400_000_000;
    let midnight = Stamp((START.0 / day + 1) * day);
    for (id, begins) in
        [("c1", midnight - millis(2700)), ("c2", midnight - millis(1700)), ("c3", midnight + millis(100))]
    {
        rig.run_until(begins);
        rig.call(id, secs(0));
    }
    rig.run_until(midnight + millis(500));
    assert_eq!((rig.agent_state("a0").as_str(), service(&rig).today.answered), ("talking", 1), "c2 was");
    rig.run_until(midnight + secs(2));
    assert_eq!(
        (rig.agent_state("a0").as_str(), service(&rig).today.answered),
        ("wrap-up", 1),
        "c1 was yesterday"
    );
}
