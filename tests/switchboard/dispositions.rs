//! What agents say of a call when it is over, and that they wrap up until they have where a queue wants it.

use std::sync::Arc;

use tandem::{
    base::text::Label,
    infra::site::{Dispositions, Locale, Prompt, Site},
    live::switchboard::{
        Input,
        view::{Act, OwesView, Query, Refusal, View},
    },
    ports::engine::simulator::{Answer, Faults, World},
};

use crate::rig::{Rig, START, millis, name, number, phones, secs, site};

/// The queue `sales` has two dispositions.
pub fn saying(mut site: Site, required: bool) -> Site {
    let prompt = |text: &str| Prompt([(Locale::English, text.into())].into());
    let codes = [(name("solved"), prompt("Solved")), (name("later"), prompt("Call back"))].into();
    let sales = site.queues.get_mut(&name("sales")).expect("a queue");
    sales.dispositions = Some(Dispositions { codes, required, within: secs(120) });
    site
}

/// An agent who answers after 3 s, hangs up after 60, and wraps up for 2.
fn rig(required: bool) -> Rig {
    let world = World::new(1, phones(1, Answer::After(secs(3)), secs(60)), Faults::default(), START);
    Rig::new(saying(site(1), required), world)
}

/// A call has just ended.
fn wraps_up(rig: &mut Rig) {
    rig.call("c0", secs(0));
    rig.run_for(secs(65));
    assert_eq!((rig.agent_state("a0"), rig.records.len()), ("wrap-up".to_owned(), 1));
}

fn says(rig: &mut Rig, disposition: &str) -> Result<(), Refusal> {
    rig.act(Act::Dispose { agent: name("a0"), disposition: name(disposition) })
}

fn owes(rig: &Rig) -> Option<OwesView> {
    let View::Agents(agents) = rig.board.view(&Query::Agents, rig.now) else { panic!("no agents") };
    agents[0].owes.clone()
}

fn said(rig: &Rig) -> Vec<(bool, &str)> {
    let call = |call| rig.records.iter().any(|record| record.id == call);
    rig.disposed.iter().map(|one| (call(one.disposed), one.disposition.as_str())).collect()
}

#[test]
fn who_must_say_it_wraps_up_until_then_and_takes_the_next_caller_at_once() {
    let mut rig = rig(true);
    wraps_up(&mut rig);
    rig.call("c1", secs(0));
    rig.run_for(secs(60));
    assert_eq!((rig.agent_state("a0").as_str(), rig.states()), ("wrap-up", vec!["waiting".to_owned()]));
    let view = owes(&rig).expect("something to say");
    assert_eq!((view.call, view.required), (rig.records[0].id, true));
    assert_eq!(view.codes, [name("later"), name("solved")]);
    for act in [Act::Unpause { agent: name("a0") }, Act::Login { agent: name("a0") }] {
        assert!(matches!(rig.act(act), Err(Refusal::WrongState { .. })));
    }
    rig.act(Act::WrapUp { agent: name("a0"), seconds: 0 }).expect("no way around");
    let refused = says(&mut rig, "sold").expect_err("there is none").to_string();
    assert!(refused.contains("queue sales has no disposition sold; one of later, solved"), "{refused}");
    assert_eq!(rig.agent_state("a0"), "wrap-up");
    assert_eq!(says(&mut rig, "solved"), Ok(()));
    assert_eq!((rig.agent_state("a0").as_str(), said(&rig)), ("offered", vec![(true, "solved")]));
    assert_eq!(says(&mut rig, "later"), Ok(()), "another mind, while the next phone call rings");
    assert_eq!((rig.agent_state("a0").as_str(), said(&rig).len()), ("offered", 2));
}

#[test]
fn nobody_wraps_up_for_ever() {
    let mut rig = rig(true);
    wraps_up(&mut rig);
    rig.run_for(secs(115));
    assert_eq!(rig.agent_state("a0"), "wrap-up");
    rig.run_for(secs(10));
    assert_eq!((rig.agent_state("a0").as_str(), owes(&rig), said(&rig)), ("ready", None, vec![]));
}

#[test]
fn who_says_it_soon_has_the_usual_wrap_up_and_who_need_not_say_it_may() {
    for required in [true, false] {
        let mut rig = rig(required);
        wraps_up(&mut rig);
        assert_eq!(says(&mut rig, "later"), Ok(()));
        assert_eq!(says(&mut rig, "solved"), Ok(()), "another mind");
        assert_eq!(rig.agent_state("a0"), "wrap-up");
        rig.run_for(secs(2));
        assert_eq!(rig.agent_state("a0"), "ready", "after the usual 2 s");
        assert_eq!(said(&rig), [(true, "later"), (true, "solved")]);
    }
    let mut rig = rig(false);
    wraps_up(&mut rig);
    rig.run_for(secs(3));
    assert_eq!(rig.agent_state("a0"), "ready", "nothing is required");
}

#[test]
fn a_pause_waits_until_it_is_said_and_a_kill_changes_nothing() {
    let mut rig = rig(true);
    wraps_up(&mut rig);
    rig.act(Act::Pause { agent: name("a0"), reason: Label::new("lunch") }).expect("in time");
    let snapshot = rig.snapshot();
    rig.run_for(secs(20));
    rig.die_and_return(&snapshot, secs(1));
    rig.run_for(secs(1));
    assert_eq!(rig.agent_state("a0"), "wrap-up");
    let snapshot = rig.snapshot();
    assert_eq!(says(&mut rig, "solved"), Ok(()));
    assert_eq!(rig.agent_state("a0"), "paused");
    // Nobody wrote it down before the process died.
    rig.disposed.clear();
    rig.die_and_return(&snapshot, secs(1));
    assert_eq!((rig.agent_state("a0").as_str(), said(&rig)), ("paused", vec![(true, "solved")]));
}

#[test]
fn a_talk_that_was_none_leaves_nothing_to_say() {
    let mut rig = rig(true);
    rig.world.phone(&name("1000")).expect("a phone").talk = millis(500);
    let leg = rig.call("c0", secs(0));
    while rig.agent_state("a0") != "wrap-up" {
        rig.run_for(millis(100));
    }
    assert_eq!((rig.states(), owes(&rig)), (vec!["waiting".to_owned()], None));
    rig.run_for(secs(3));
    assert_eq!(rig.agent_state("a0"), "offered", "after the usual 2 s");
    let board: serde_json::Value = serde_json::from_str(&rig.snapshot().1).expect("JSON");
    let call = &board["calls"][rig.only_call().to_string()];
    assert_eq!((&call["queue"], &call["served"]), (&"sales".into(), &serde_json::Value::Null), "{call}");
    rig.world.hang_up(&leg, rig.now);
    rig.run_for(secs(5));
    assert_eq!((rig.records.len(), &rig.records[0].agent), (1, &None), "nobody talked");
}

#[test]
fn of_a_call_that_goes_on_without_the_agent_the_record_says_it() {
    let world = World::new(1, phones(2, Answer::After(secs(3)), secs(60)), Faults::default(), START);
    let mut rig = Rig::new(saying(site(2), true), world);
    rig.call("c0", secs(0));
    rig.run_for(secs(20));
    let call = rig.only_call();
    assert_eq!(rig.act(Act::Transfer { call, to: number("1001") }), Ok(()));
    rig.run_for(secs(10));
    assert_eq!((rig.agent_state("a0").as_str(), says(&mut rig, "solved")), ("wrap-up", Ok(())));
    rig.run_for(secs(90));
    assert_eq!(rig.records[0].disposition, Some(name("solved")));
    assert_eq!(rig.disposed, []);
}

#[test]
fn a_site_that_wants_nothing_said_any_more_excuses_who_wraps_up() {
    let mut rig = rig(true);
    wraps_up(&mut rig);
    rig.run_for(secs(20));
    rig.input(Input::Site(Arc::new(site(1))));
    assert_eq!((rig.agent_state("a0").as_str(), owes(&rig)), ("ready", None));
}

fn unsaid(rig: &Rig) -> u64 {
    let View::Queues(queues) = rig.board.view(&Query::Queues, rig.now) else { panic!("no queues") };
    queues.iter().find(|queue| queue.name == name("sales")).expect("the queue").undisposed_today
}

#[test]
fn what_was_not_said_in_time_is_counted_and_may_be_said_for_an_hour() {
    let mut rig = rig(true);
    wraps_up(&mut rig);
    rig.run_for(secs(125));
    assert_eq!((rig.agent_state("a0").as_str(), unsaid(&rig), said(&rig)), ("ready", 1, vec![]));
    let may_say = |rig: &Rig| {
        let View::Agents(agents) = rig.board.view(&Query::Agents, rig.now) else { panic!("no agents") };
        agents[0].may_say.clone()
    };
    let (view, last) = (may_say(&rig).expect("something to say"), rig.records[0].id);
    assert_eq!((view.call, view.required, owes(&rig)), (last, false, None));
    assert_eq!(view.labels[&name("solved")][&Locale::English], "Solved");
    let before = rig.snapshot();
    rig.die_and_return(&before, secs(1));
    rig.run_for(secs(1));
    assert_eq!(says(&mut rig, "solved"), Ok(()));
    assert_eq!((rig.agent_state("a0").as_str(), said(&rig)), ("ready", vec![(true, "solved")]));
    rig.run_for(secs(3600));
    assert_eq!(may_say(&rig), None);
    let late = says(&mut rig, "later").expect_err("too late").to_string();
    assert!(late.contains("within an hour"), "{late}");
    // The next call takes the place of the one before.
    rig.call("c1", secs(0));
    rig.run_for(secs(65));
    assert_eq!((may_say(&rig), owes(&rig).map(|view| view.call != last)), (None, Some(true)));
    assert_eq!((says(&mut rig, "later"), unsaid(&rig)), (Ok(()), 1));
    rig.run_for(secs(86_400));
    assert_eq!(unsaid(&rig), 0, "another day");
}
