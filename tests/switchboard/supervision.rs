//! What supervisors do with queues and those who wait in them.

use proptest::prelude::*;
use tandem::{
    base::{
        clock::Stamp,
        id::{CallId, LegId},
        urgency::Urgency,
    },
    infra::site::Step,
    live::{
        queue::{Place, Queues, Wanted},
        switchboard::view::{Act, CallDetail, Query, QueueView, Refusal, Spot, View},
    },
    ports::engine::simulator::{Answer, Faults, World},
};

use super::rig::{Rig, START, caller, millis, name, phones, secs, site};

/// Callers who joined one second after the other, and nobody who answers.
fn waiting(callers: usize) -> (Rig, Vec<LegId>) {
    let mut rig = Rig::simple(1);
    rig.act(Act::Logout { agent: name("a0") }).expect("logged out");
    let legs = (0..callers).map(|i| rig.call(&format!("c{i}"), secs(i as u64))).collect();
    rig.run_for(secs(20));
    (rig, legs)
}

fn call_of(rig: &Rig, which: usize) -> CallId {
    let View::Calls(mut calls) = rig.board.view(&Query::Calls, rig.now) else { panic!("calls") };
    calls.sort_by_key(|call| call.since);
    calls[which].id
}

fn detail(rig: &Rig, call: CallId) -> CallDetail {
    let View::Call(Some(call)) = rig.board.view(&Query::Call(call), rig.now) else { panic!("a call") };
    *call
}

fn queue(rig: &Rig, queue: &str) -> QueueView {
    let View::Queues(queues) = rig.board.view(&Query::Queues, rig.now) else { panic!("queues") };
    queues.into_iter().find(|view| view.name == name(queue)).expect("the queue")
}

fn story(rig: &Rig, call: CallId) -> Vec<String> {
    let over = rig.records.iter().find(|record| record.id == call);
    let steps = over.map_or_else(|| detail(rig, call).steps, |record| record.steps.clone());
    steps.iter().map(|step| step.what.to_string()).collect()
}

fn tells(rig: &Rig, call: CallId, what: &str) {
    let story = story(rig, call);
    assert!(story.iter().any(|step| step.contains(what)), "{what}: {story:#?}");
}

#[test]
fn whoever_is_moved_to_the_front_is_offered_first_and_explain_tells_who_did_it() {
    let (mut rig, _) = waiting(3);
    let (first, last) = (call_of(&rig, 0), call_of(&rig, 2));
    rig.act(Act::Move { call: last, to: Spot::Place(1) }).expect("moved");
    tells(&rig, last, "admin moves the caller from place 3 of queue sales to 1");
    let before = rig.snapshot();
    rig.die_and_return(&before, secs(1));
    rig.run_for(secs(3));
    rig.act(Act::Login { agent: name("a0") }).expect("logged in");
    rig.run_for(secs(4));
    assert_eq!(detail(&rig, last).call.state, "talking");
    assert_eq!(detail(&rig, first).call.state, "waiting");
    assert!(
        detail(&rig, last).steps.iter().any(|why| why.what.contains("waited 2")),
        "the wait is the true one"
    );
}

#[test]
fn whoever_is_moved_back_lets_the_others_pass_and_keeps_the_time_that_may_be_waited() {
    let (mut rig, _) = waiting(3);
    let first = call_of(&rig, 0);
    rig.act(Act::Move { call: first, to: Spot::Place(99) }).expect("moved");
    tells(&rig, first, "from place 1 of queue sales to 3");
    rig.act(Act::Move { call: first, to: Spot::Place(2) }).expect("moved");
    tells(&rig, first, "from place 3 of queue sales to 2");
    // `max_wait` is five minutes from joining, wherever the place is.
    let joined =
        detail(&rig, first).steps.iter().find(|why| why.what.contains("place 1")).expect("it joined").at;
    rig.run_until(joined + secs(300) - millis(100));
    assert_eq!(detail(&rig, first).call.state, "waiting", "{:?}", story(&rig, first));
    rig.run_for(millis(200));
    tells(&rig, first, "waited as long as queue sales allows");
    assert_eq!(queue(&rig, "sales").waiting, 2);
}

#[test]
fn who_goes_to_another_queue_has_waited_there_as_long() {
    let (mut rig, _) = waiting(2);
    let other = caller('2', secs(600), secs(600));
    rig.call_with("late", secs(0), other);
    rig.run_for(secs(8));
    let (moved, late) = (call_of(&rig, 1), call_of(&rig, 2));
    rig.act(Act::Move { call: moved, to: Spot::Queue(name("support")) }).expect("moved");
    tells(&rig, moved, "admin moves the caller from queue sales to place 1 of queue support");
    assert_eq!((queue(&rig, "sales").waiting, queue(&rig, "support").waiting), (1, 2));
    assert_eq!(detail(&rig, late).call.state, "waiting");
    // What is waited in both is booked once.
    rig.run_for(secs(10));
    rig.act(Act::Hangup { call: moved }).expect("ended");
    rig.run_for(secs(3));
    let record = rig.records.iter().find(|record| record.id == moved).expect("a record");
    assert_eq!(record.queue, Some(name("support")));
    let waited = rig.now.since(record.arrived).as_millis() as u64;
    assert!((record.wait_ms + 3_000..record.wait_ms + 12_000).contains(&waited), "{record:?}");
}

#[test]
fn only_who_waits_is_moved_and_only_to_queues_that_let_callers_in() {
    let (mut rig, _) = waiting(1);
    let call = call_of(&rig, 0);
    let to = |queue: &str| Act::Move { call, to: Spot::Queue(name(queue)) };
    assert_eq!(rig.act(to("nowhere")), Err(Refusal::NoSuchQueue { queue: name("nowhere") }));
    rig.act(Act::Drain { queue: name("support"), on: true }).expect("drained");
    assert_eq!(rig.act(to("support")), Err(Refusal::Drained { queue: name("support") }));
    rig.act(Act::Login { agent: name("a0") }).expect("logged in");
    rig.run_for(secs(1));
    assert_eq!(rig.states(), ["offered"]);
    assert!(matches!(rig.act(to("sales")), Err(Refusal::NotNow { .. })), "its phone rings");
    rig.run_for(secs(5));
    let moved = rig.act(Act::Move { call, to: Spot::Place(1) });
    assert!(matches!(moved, Err(Refusal::NotNow { .. })), "{moved:?}");
}

#[test]
fn a_drained_queue_serves_who_waits_and_leads_everybody_else_on_also_after_a_restart() {
    let (mut rig, _) = waiting(1);
    let drained = rig.snapshot();
    let drain = |on| Act::Drain { queue: name("sales"), on };
    rig.act(drain(true)).expect("drained");
    assert_eq!(queue(&rig, "sales").drained.map(|by| by.to_string()), Some("admin".to_owned()));
    rig.die_and_return(&drained, secs(1));
    rig.run_for(secs(3));
    assert!(queue(&rig, "sales").drained.is_some());
    rig.call("new", secs(0));
    let first = call_of(&rig, 0);
    rig.run_for(secs(8));
    let new = rig.records.last().expect("whoever heard good bye").id;
    tells(&rig, new, "queue sales takes no new callers, by order of admin: step bye");
    assert_eq!(queue(&rig, "sales").waiting, 1);
    rig.act(Act::Login { agent: name("a0") }).expect("logged in");
    rig.run_for(secs(5));
    assert_eq!(detail(&rig, first).call.state, "talking");
    rig.act(drain(false)).expect("open again");
    assert_eq!(queue(&rig, "sales").drained, None);
    rig.call("newer", secs(0));
    rig.run_for(secs(6));
    assert_eq!(queue(&rig, "sales").waiting, 1);
}

#[test]
fn drained_queues_in_a_circle_lead_to_the_fallback_extension() {
    let mut site = site(1);
    let flow = site.flows.get_mut(&name("main")).expect("the flow");
    for (own, other) in [("sales", "support"), ("support", "sales")] {
        let step = Step::Queue { queue: name(own), otherwise: name(other) };
        flow.steps.insert(name(own), step);
    }
    let world = World::new(1, phones(1, Answer::After(secs(3)), secs(60)), Faults::default(), START);
    let mut rig = Rig::new(site, world);
    for queue in ["sales", "support"] {
        rig.act(Act::Drain { queue: name(queue), on: true }).expect("drained");
    }
    rig.call("c", secs(0));
    rig.run_for(secs(7));
    let call = rig.only_call();
    tells(&rig, call, "go in a circle: the fallback extension");
    assert_eq!(detail(&rig, call).call.state, "talking", "{:#?}", story(&rig, call));
}

#[test]
fn a_supervisor_sends_a_talk_to_an_agent_by_name_who_is_held_while_it_rings() {
    let mut rig = Rig::simple(3);
    rig.call("c", secs(0));
    rig.run_for(secs(10));
    let call = rig.only_call();
    let with = detail(&rig, call).call.agent.expect("an agent");
    let other = ["a0", "a1", "a2"].map(name).into_iter().find(|agent| *agent != with).expect("another");
    let busy = rig.act(Act::TransferToAgent { call, agent: with.clone() });
    assert!(matches!(busy, Err(Refusal::WrongState { .. })), "{busy:?}");
    rig.act(Act::TransferToAgent { call, agent: other.clone() }).expect("sent");
    tells(&rig, call, &format!("admin transfers the call to {other}"));
    rig.run_for(secs(1));
    assert_eq!(rig.agent_state(other.as_str()), "offered");
    assert_eq!(rig.agent_state(with.as_str()), "wrap-up");
    rig.run_for(secs(5));
    assert_eq!(detail(&rig, call).call.agent, Some(other));
    assert_eq!(detail(&rig, call).call.state, "talking");
}

#[test]
fn who_is_not_answered_by_the_agent_waits_again_in_the_old_place() {
    let mut site = site(2);
    site.agents.get_mut(&name("a1")).expect("an agent").queues = vec![name("support")];
    let world = World::new(1, phones(2, Answer::Never, secs(60)), Faults::default(), START);
    let mut rig = Rig::new(site, world);
    rig.act(Act::Logout { agent: name("a0") }).expect("logged out");
    rig.call("one", secs(0));
    rig.call("two", secs(1));
    rig.run_for(secs(9));
    let (one, agent) = (call_of(&rig, 0), name("a1"));
    rig.act(Act::TransferToAgent { call: one, agent }).expect("sent to an agent of another queue");
    rig.run_for(secs(1));
    assert_eq!(rig.agent_state("a1"), "offered");
    rig.run_for(secs(16));
    assert_eq!(rig.agent_state("a1"), "resting");
    assert_eq!(queue(&rig, "sales").waiting, 2, "nobody is lost");
    rig.act(Act::Login { agent: name("a0") }).expect("logged in");
    rig.run_for(secs(1));
    assert_eq!(detail(&rig, one).call.state, "offered", "before the one who joined later");
}

#[test]
fn a_supervisor_sends_a_talk_to_the_end_of_a_queue_by_name() {
    let mut rig = Rig::simple(1);
    rig.call("c", secs(0));
    rig.run_for(secs(10));
    let call = rig.only_call();
    rig.act(Act::Logout { agent: name("a0") }).expect("logged out when the call is over");
    let to = |queue: &str| Act::TransferToQueue { call, queue: name(queue) };
    assert_eq!(rig.act(to("nowhere")), Err(Refusal::NoSuchQueue { queue: name("nowhere") }));
    rig.act(to("support")).expect("sent");
    rig.run_for(secs(2));
    tells(&rig, call, "admin transfers the call to queue support");
    let View::Calls(calls) = rig.board.view(&Query::Calls, rig.now) else { panic!("calls") };
    assert_eq!((calls[0].state.as_str(), calls[0].at.as_str()), ("waiting", "queue support"));
    assert_eq!(rig.agent_state("a0"), "logged out");
}

proptest! {
    #[test]
    fn a_move_puts_one_caller_where_asked_and_leaves_the_others_in_their_order(
        joined in prop::collection::vec((0_u8..3, 0_i64..4), 1..12), which: prop::sample::Index, to in 1_usize..14,
    ) {
        let urgency = [Urgency::Emergency, Urgency::Raised, Urgency::Normal];
        let (name, mut queues) = (name("q"), Queues::default());
        let places: Vec<Place> = (0..).zip(&joined)
            .map(|(id, (urgent, at))| Place {
                urgency: urgency[usize::from(*urgent)], since: Stamp(*at), joined: Stamp(*at), call: CallId(id),
            })
            .collect();
        for place in &places {
            queues.open(&name, *place, Wanted::default());
        }
        let mine = *which.get(&places);
        let order = |queues: &Queues| -> Vec<CallId> { queues.members(&name).map(|place| place.call).collect() };
        let mut wanted = order(&queues);
        wanted.retain(|call| *call != mine.call);
        wanted.insert((to - 1).min(wanted.len()), mine.call);
        for (was, place) in queues.moved(&name, mine, to) {
            prop_assert_eq!((was.joined, was.call), (place.joined, place.call));
            queues.replace(&name, was, place);
        }
        prop_assert_eq!(order(&queues), wanted);
        let open = queues.members(&name).all(|place| queues.is_open(&name, place));
        prop_assert!(open);
    }
}
