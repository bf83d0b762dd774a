//! `strategy: ring_all`: all agents ring, and whoever answers first has the caller.

use tandem::{
    infra::site::{Site, Strategy},
    live::{
        record::{CallRecord, EndedBy},
        switchboard::{
            Input,
            view::{Act, Query, View},
        },
    },
    ports::engine::simulator::{Answer, Faults, World},
};

use crate::rig::{Rig, START, caller, millis, name, phones, secs, site};

fn house(agents: usize) -> Site {
    let mut site = site(agents);
    for queue in site.queues.values_mut() {
        queue.strategy = Strategy::RingAll;
        queue.max_wait = secs(60);
    }
    site
}

fn rig(answers: &[Answer]) -> Rig {
    let mut list = phones(answers.len(), Answer::Never, secs(60));
    for (phone, answer) in list.iter_mut().zip(answers) {
        phone.answer = *answer;
    }
    Rig::new(house(answers.len()), World::new(1, list, Faults::default(), START))
}

fn states(rig: &Rig, agents: usize) -> Vec<String> {
    (0..agents).map(|i| rig.agent_state(&format!("a{i}"))).collect()
}

fn tells(record: &CallRecord, words: &str) -> bool {
    record.steps.iter().any(|step| step.what.contains(words))
}

#[test]
fn all_ring_and_the_first_who_answers_has_the_caller() {
    let mut rig = rig(&[Answer::Never, Answer::After(secs(4)), Answer::After(secs(6))]);
    rig.call("c", secs(0));
    rig.run_for(secs(3));
    assert_eq!(states(&rig, 3), ["offered", "offered", "offered"]);
    assert_eq!(rig.states(), ["offered"]);
    rig.call("d", secs(0));
    rig.run_for(secs(3));
    // The two who did not answer first are rung for the next caller at once, without a rest.
    assert_eq!(states(&rig, 3), ["offered", "talking", "offered"]);
    rig.run_for(secs(30));
    assert_eq!(states(&rig, 3), ["ready", "talking", "talking"]);
    rig.run_for(secs(200));
    let [first, second] = &rig.records[..] else { panic!("{:?}", rig.records) };
    assert_eq!((first.agent.as_ref(), second.agent.as_ref()), (Some(&name("a1")), Some(&name("a2"))));
    assert!(tells(first, "offered to a0, a1, a2 at once: 3 of 3 free in sales"), "{:?}", first.steps);
    assert!((3_900..4_500).contains(&first.wait_ms), "{}", first.wait_ms);
    assert!((59_000..62_000).contains(&first.talk_ms), "{}", first.talk_ms);
}

#[test]
fn whom_nobody_answers_keeps_the_place_and_those_who_did_not_answer_rest() {
    let mut rig = rig(&[Answer::Never, Answer::Reject]);
    rig.call("c", secs(0));
    rig.run_for(secs(3));
    assert_eq!(states(&rig, 2), ["offered", "resting"]);
    let snapshot = rig.snapshot();
    rig.run_for(secs(2));
    rig.die_and_return(&snapshot, secs(1));
    rig.run_for(secs(13));
    assert_eq!(states(&rig, 2)[0], "resting", "after 15 s");
    rig.call("d", secs(0));
    rig.run_for(secs(8));
    assert_eq!(rig.board_line("sales"), ["c", "d"], "with the old place");
    rig.run_for(secs(60));
    let first = rig.records.iter().find(|record| record.legs[0].leg.as_str() == "c").expect("a record");
    assert!(tells(first, "waited as long as queue sales allows"), "{:?}", first.steps);
    assert!((59_000..61_000).contains(&first.wait_ms), "{}", first.wait_ms);
}

#[test]
fn a_caller_who_gives_up_frees_everybody() {
    let mut rig = rig(&[Answer::Never, Answer::Never]);
    rig.call_with("c", secs(0), caller('1', secs(5), secs(60)));
    rig.run_for(secs(3));
    assert_eq!(states(&rig, 2), ["offered", "offered"]);
    rig.run_for(secs(4));
    assert_eq!(states(&rig, 2), ["ready", "ready"]);
    assert_eq!(rig.board.live_calls(), 0);
}

#[test]
fn a_site_without_the_queue_and_an_admin_end_it() {
    let mut rig = rig(&[Answer::Never, Answer::Never]);
    rig.call("c", secs(0));
    rig.call("d", millis(10));
    rig.run_for(secs(3));
    let call = rig.board_calls()[0];
    rig.act(Act::Hangup { call }).expect("ended");
    rig.run_for(secs(1));
    assert_eq!(states(&rig, 2), ["offered", "offered"], "for the next");
    let mut without = house(2);
    without.queues.remove(&name("sales"));
    for agent in without.agents.values_mut() {
        agent.queues.retain(|queue| *queue != name("sales"));
    }
    rig.input(Input::Site(std::sync::Arc::new(without)));
    rig.run_for(secs(5));
    assert_eq!(states(&rig, 2), ["ready", "ready"]);
    let View::Calls(calls) = rig.board.view(&Query::Calls, rig.now) else { panic!("no calls") };
    assert!(calls.iter().all(|call| call.state != "offered"), "{calls:?}");
}

#[test]
fn whoever_waited_too_long_goes_on_though_somebody_answers_in_that_very_moment() {
    let mut late = 0;
    for ms in 19_950..20_050 {
        let mut list = phones(2, Answer::Never, secs(30));
        list[1].answer = Answer::After(millis(ms));
        let mut site = house(2);
        for queue in site.queues.values_mut() {
            (queue.max_wait, queue.ring) = (secs(20), secs(60));
        }
        let mut rig = Rig::new(site, World::new(1, list, Faults::default(), START));
        rig.call_with("c", secs(0), caller('1', secs(200), secs(200)));
        rig.run_for(secs(120));
        let [record] = &rig.records[..] else { panic!("{ms}: {:?}", rig.records) };
        if record.steps.iter().any(|step| step.what.contains("waited as long as")) {
            late += 1;
            assert_eq!(record.ended_by, EndedBy::Tandem, "{ms}: not by the step `bye`: {:#?}", record.steps);
        }
    }
    assert!(late > 10, "{late}");
}
