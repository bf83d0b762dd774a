//! Callers who hang up, keep their place and are called back.

use tandem::{
    base::id::{CallId, LegId},
    infra::site::{Beyond, Callback, Class, Full, Outside, Overflow, Pattern, Site, Trunk},
    live::{
        record::{CallRecord, Direction, Outcome},
        switchboard::{
            Input,
            view::{Act, CallbackView, Query, QueueView, Refusal, View},
        },
    },
    ports::{
        engine::{
            Arrival, Command, Endpoint, HangupCause, Media, Origin,
            simulator::{Answer, Caller, Faults, Line, World},
        },
        media::phrase,
    },
};

use crate::rig::{Rig, START, arrival, caller, leg, millis, name, number, phones, secs, site};

fn house(agents: usize) -> Site {
    let mut site = site(agents);
    let key = tandem::base::number::Key::new('5').expect("a key");
    let callback =
        Callback { key, tries: 2, again: secs(120), class: Class::National, most: 100, tell: secs(40) };
    for queue in site.queues.values_mut() {
        queue.callback = Some(callback.clone());
        queue.max_wait = secs(1_800);
    }
    site.trunks.insert(name("first"), Trunk::to("192.0.2.1:5060"));
    let patterns = |text: &str| vec![Pattern::new(text).expect("a pattern")];
    site.dialing.outside = Some(Outside {
        prefix: "0".into(),
        local: Vec::new(),
        national: patterns("1[3-9]xxxxxxxxx"),
        international: patterns("00x."),
        blocked: patterns("13900000000"),
        emergency: vec![number("110")],
        trunks: vec![name("first")],
        caller: None,
    });
    site
}

pub fn rig(agents: usize, answer: Answer) -> Rig {
    let list = phones(agents, Answer::After(secs(3)), secs(100));
    let mut rig = Rig::new(house(agents), World::new(1, list, Faults::default(), START));
    rig.world.line(name("first"), Line { answer, talk: secs(600) });
    rig
}

/// A caller from this number who waits in `sales`; presses 5 `then` seconds after the answer, if that is not 0.
pub fn calls(rig: &mut Rig, id: &str, from: &str, then: u64) -> LegId {
    let mut habits = caller('1', secs(3_000), secs(600));
    let key = tandem::base::number::Key::new('5').expect("a key");
    habits.keys.extend((then > 0).then_some((secs(then), key)));
    let arrival = Arrival { from: Some(number(from)), ..arrival("4000") };
    rig.world.expect(rig.now, leg(id), arrival, habits);
    rig.run_for(millis(20));
    leg(id)
}

pub fn promised(rig: &Rig) -> Vec<CallbackView> {
    let View::Callbacks(all) = rig.board.view(&Query::Callbacks, rig.now) else { panic!("no callbacks") };
    all
}

fn sales(rig: &Rig) -> QueueView {
    let View::Queues(queues) = rig.board.view(&Query::Queues, rig.now) else { panic!("no queues") };
    queues.into_iter().find(|queue| queue.name == name("sales")).expect("the queue")
}

/// Who was dialled outside, and after how many seconds.
fn dialled(rig: &Rig) -> Vec<(u64, String)> {
    let dials = rig.orders.iter().filter_map(|(at, order)| match &order.command {
        Command::Dial { endpoint: Endpoint::Trunk { number, .. }, .. } => {
            Some((at.since(START).as_secs(), number.to_string()))
        }
        _ => None,
    });
    dials.collect()
}

fn plays(rig: &Rig, leg: &LegId) -> Vec<Vec<Media>> {
    let told = rig.orders.iter().filter(|(_, order)| order.leg == *leg);
    told.filter_map(|(_, order)| match &order.command {
        Command::Play { media } => Some(media.clone()),
        _ => None,
    })
    .collect()
}

fn record_of(rig: &Rig, call: CallId) -> &CallRecord {
    rig.records.iter().find(|record| record.id == call).expect("its record")
}

fn tells(record: &CallRecord, words: &str) -> bool {
    record.steps.iter().any(|step| step.what.contains(words))
}

/// Pain 11.
#[test]
fn whoever_hangs_up_keeps_the_place_and_is_called_when_the_turn_comes() {
    let mut rig = rig(1, Answer::After(secs(4)));
    calls(&mut rig, "c0", "13800000000", 0);
    rig.run_for(secs(5));
    let c1 = calls(&mut rig, "c1", "13800000001", 10);
    calls(&mut rig, "c2", "13800000002", 0);
    rig.run_for(secs(20));
    let language = tandem::infra::site::Locale::English;
    assert!(plays(&rig, &c1).contains(&phrase::will_call_back(language)));
    let [one] = &promised(&rig)[..] else { panic!("{:?}", promised(&rig)) };
    assert_eq!((one.number.as_str(), one.position, one.tries), ("13800000001", 1, 0));
    let first = record_of(&rig, one.call);
    assert!(tells(first, "wants to be called back by queue sales"), "{:?}", first.steps);
    assert_eq!((sales(&rig).waiting, sales(&rig).callbacks, sales(&rig).abandoned_today), (1, 1, 0));
    assert_eq!(dialled(&rig), [], "the agent talks");
    let snapshot = rig.snapshot();
    rig.die_and_return(&snapshot, secs(1));
    // c0 is answered after 1 + 3 s and talks for 100; 2 s of wrap-up.
    rig.run_until(START + secs(108));
    assert_eq!(dialled(&rig), [(106, "13800000001".to_owned())]);
    assert_eq!(rig.agent_state("a0"), "offered", "kept for who is called");
    assert_eq!(sales(&rig).waiting, 1, "c2 joined later and goes on waiting");
    let snapshot = rig.snapshot();
    rig.run_for(secs(1));
    rig.die_and_return(&snapshot, secs(1));
    rig.run_for(secs(20));
    assert_eq!(promised(&rig), []);
    assert_eq!(rig.agent_state("a0"), "talking");
    let View::Calls(live) = rig.board.view(&Query::Calls, rig.now) else { panic!("no calls") };
    let talk = live.iter().find(|call| call.state == "talking").expect("a talk");
    assert_eq!(talk.from.as_ref().map(tandem::base::number::Number::as_str), Some("13800000001"));
    rig.run_for(secs(3_000));
    let talk = record_of(&rig, talk.id);
    assert_eq!((talk.queue.as_ref(), talk.agent.as_ref()), (Some(&name("sales")), Some(&name("a0"))));
    assert!(talk.wait_ms < 20_000, "only what was waited on the phone: {}", talk.wait_ms);
    assert!(tells(talk, "a0 is free and kept for them, try 1"), "{:?}", talk.steps);
    assert_eq!(talk.direction, Some(Direction::Inbound), "the caller began it");
    let today = sales(&rig).service.today;
    assert_eq!((today.offered, today.answered, today.passed_on, today.abandoned), (3, 3, 0, 0));
    // 3 s of c0; c1 waited 9 on the phone, and again for the agent; c2 more than three minutes.
    assert_eq!(today.in_time, 2, "{today:?}");
    let outcomes: Vec<Outcome> = rig.records.iter().map(CallRecord::outcome).collect();
    assert!(!outcomes.contains(&Outcome::Abandoned), "{outcomes:?}");
}

#[test]
fn pain_11_nobody_who_joined_before_is_passed_by_who_is_called_back() {
    let mut rig = rig(1, Answer::After(secs(4)));
    calls(&mut rig, "c0", "13800000000", 0);
    rig.run_for(secs(5));
    calls(&mut rig, "c1", "13800000001", 0);
    rig.run_for(secs(1));
    calls(&mut rig, "c2", "13800000002", 10);
    rig.run_until(START + secs(150));
    assert_eq!((dialled(&rig), promised(&rig)[0].position), (vec![], 1), "c1 talks");
    rig.run_until(START + secs(240));
    assert_eq!(dialled(&rig).len(), 1);
}

#[test]
fn pain_11_never_are_more_called_than_agents_are_free() {
    let mut rig = rig(2, Answer::Never);
    for i in 0..2 {
        calls(&mut rig, &format!("busy{i}"), "13700000000", 0);
    }
    for i in 0..6 {
        calls(&mut rig, &format!("c{i}"), &format!("1380000000{i}"), 10);
    }
    let mut most = 0;
    for _ in 0..600 {
        rig.run_for(secs(1));
        let calling = promised(&rig).iter().filter(|one| one.calling.is_some()).count();
        let busy = ["a0", "a1"].iter().filter(|agent| rig.agent_state(agent) == "offered").count();
        assert!(calling <= busy, "{calling} are called, {busy} are kept");
        most = most.max(calling);
    }
    assert_eq!(most, 2);
}

#[test]
fn who_is_not_reached_is_called_again_and_then_no_more() {
    let mut rig = rig(1, Answer::Busy);
    calls(&mut rig, "c0", "13800000000", 0);
    rig.run_for(secs(5));
    calls(&mut rig, "c1", "13800000001", 10);
    let c2 = calls(&mut rig, "c2", "13800000002", 0);
    rig.run_until(START + secs(110));
    assert_eq!(dialled(&rig).iter().map(|(at, _)| *at).collect::<Vec<_>>(), [106]);
    let [one] = &promised(&rig)[..] else { panic!("it is tried again") };
    assert!(one.not_before.is_some_and(|then| then.since(rig.now) > secs(110)), "{one:?}");
    assert_eq!(
        rig.world.peer(&c2).is_some(),
        rig.agent_state("a0") == "talking",
        "c2 has the agent meanwhile"
    );
    rig.run_until(START + secs(600));
    // c2 talks from 109 to 209; the second try is after 2 minutes.
    assert_eq!(dialled(&rig).iter().map(|(at, _)| *at).collect::<Vec<_>>(), [106, 226]);
    assert_eq!(promised(&rig), []);
    let from = Some(number("13800000001"));
    let last = rig.records.iter().rev().find(|record| record.from == from).expect("a record");
    assert!(tells(last, "not reached by try 2, which was the last"), "{:?}", last.steps);
    assert_eq!((last.direction, last.outcome()), (Some(Direction::Outbound), Outcome::Refused));
    assert_eq!(sales(&rig).abandoned_today, 1, "in vain");
    assert_eq!(rig.agent_state("a0"), "ready");
}

#[test]
fn whoever_calls_again_has_the_place_that_was_kept() {
    let mut rig = rig(1, Answer::After(secs(4)));
    calls(&mut rig, "c0", "13800000000", 0);
    rig.run_for(secs(5));
    calls(&mut rig, "c1", "13800000001", 10);
    rig.run_for(secs(5));
    calls(&mut rig, "c2", "13800000002", 0);
    rig.run_for(secs(20));
    calls(&mut rig, "again", "13800000001", 0);
    rig.run_for(secs(5));
    assert_eq!(promised(&rig), []);
    assert_eq!(rig.board_line("sales"), ["again", "c2"]);
    // While being called just then, too.
    calls(&mut rig, "c3", "13800000003", 10);
    rig.run_for(secs(20));
    rig.run_until(START + secs(600));
    assert_eq!(dialled(&rig).len(), 1, "c3 alone is called: {:?}", dialled(&rig));
}

#[test]
fn whoever_calls_while_being_called_is_called_no_more() {
    let mut rig = rig(1, Answer::Never);
    calls(&mut rig, "c0", "13800000000", 0);
    rig.run_for(secs(5));
    calls(&mut rig, "c1", "13800000001", 10);
    rig.run_until(START + secs(110));
    assert!(promised(&rig)[0].calling.is_some());
    calls(&mut rig, "again", "13800000001", 0);
    rig.run_for(secs(10));
    assert_eq!(promised(&rig), []);
    assert_eq!(rig.states(), ["talking"], "one call, and the agent was given free");
}

#[test]
fn only_numbers_that_may_be_dialled_are_called_back() {
    let mut rig = rig(0, Answer::After(secs(4)));
    for (i, (from, why)) in [
        ("0012025550123", "cannot be called back"),
        ("13900000000", "blocked for everybody"),
        ("4000", "cannot be called back"),
        ("110", "110 is an emergency number"),
        ("1000", "cannot be called back"),
    ]
    .into_iter()
    .enumerate()
    {
        let waits = calls(&mut rig, &format!("w{i}"), from, 10);
        rig.run_for(secs(70));
        assert!(!plays(&rig, &waits).iter().any(|media| media.len() == 2), "nothing is offered to {from}");
        rig.world.hang_up(&waits, rig.now);
        rig.run_for(secs(2));
        let record = rig.records.iter().rev().find(|r| r.from == Some(number(from))).expect("a record");
        assert!(tells(record, why), "{from}: {:?}", record.steps);
    }
    assert_eq!(promised(&rig), []);
}

#[test]
fn it_is_offered_by_voice_and_phones_of_the_house_are_called_back_too() {
    let mut rig = rig(2, Answer::After(secs(4)));
    rig.act(Act::Logout { agent: name("a1") }).expect("logged out");
    calls(&mut rig, "c0", "13800000000", 0);
    let key = |key| tandem::base::number::Key::new(key).expect("a key");
    let habits =
        Caller { keys: vec![(secs(1), key('1')), (secs(60), key('5'))], patience: secs(900), talk: secs(9) };
    let from = Arrival { origin: Origin::Phone(name("1001")), from: Some(number("1001")), ..arrival("4000") };
    rig.world.expect(rig.now, leg("desk"), from, habits);
    rig.run_for(secs(50));
    let offer = phrase::offer_callback(key('5'), tandem::infra::site::Locale::English);
    assert!(plays(&rig, &leg("desk")).contains(&offer));
    rig.run_for(secs(200));
    let record =
        rig.records.iter().rev().find(|record| record.from == Some(number("1001"))).expect("called back");
    assert_eq!(record.agent, Some(name("a0")), "{:?}", record.steps);
}

#[test]
fn an_admin_takes_it_back_and_a_site_without_the_queue_ends_it() {
    let mut rig = rig(1, Answer::Never);
    calls(&mut rig, "c0", "13800000000", 0);
    rig.run_for(secs(5));
    calls(&mut rig, "c1", "13800000001", 10);
    calls(&mut rig, "c2", "13800000002", 10);
    rig.run_for(secs(30));
    let call = promised(&rig)[0].call;
    rig.act(Act::CancelCallback { call }).expect("taken back");
    assert_eq!(rig.act(Act::CancelCallback { call }), Err(Refusal::NoSuchCallback { call }));
    let done = serde_json::to_value(rig.done.last().expect("audited").after.as_ref()).expect("JSON");
    assert_eq!(done["callbacks"].as_array().map(Vec::len), Some(1));
    assert!(!format!("{done}").contains("1380000"), "nobody's number is in the audit: {done}");
    // The other one is being called when the queue goes.
    rig.run_until(START + secs(112));
    assert!(promised(&rig)[0].calling.is_some());
    let mut without = house(1);
    without.queues.remove(&name("sales"));
    without.flows.clear();
    for agent in without.agents.values_mut() {
        agent.queues.retain(|queue| *queue != name("sales"));
    }
    rig.input(Input::Site(std::sync::Arc::new(without)));
    assert_eq!(promised(&rig), []);
    rig.run_for(secs(5));
    assert_eq!((rig.agent_state("a0").as_str(), rig.states().len()), ("ready", 0));
}

#[test]
fn the_engine_fails_and_the_agent_is_not_kept_for_ever() {
    let mut rig = rig(1, Answer::Fail(HangupCause::NO_CIRCUIT));
    calls(&mut rig, "c0", "13800000000", 0);
    rig.run_for(secs(5));
    calls(&mut rig, "c1", "13800000001", 10);
    rig.run_until(START + secs(110));
    assert_eq!(rig.agent_state("a0"), "ready");
    // Nobody was called, so it is no try; for hours, if need be.
    rig.run_for(secs(7_200));
    let one = &promised(&rig)[0];
    assert_eq!((one.tries, one.trouble.is_some()), (0, true), "{one:?}");
    rig.world.line(name("first"), Line { answer: Answer::After(secs(4)), talk: secs(600) });
    rig.run_for(secs(150));
    assert_eq!((promised(&rig), rig.agent_state("a0").as_str()), (vec![], "talking"));
}

/// The site takes away the numbers that may be dialled: nobody's stack is the longer, and no agent is kept.
#[test]
fn whom_the_house_may_not_call_any_more_is_called_when_it_may_again() {
    let mut rig = rig(0, Answer::After(secs(4)));
    for i in 0..60 {
        calls(&mut rig, &format!("c{i}"), &format!("138000001{i:02}"), 10);
    }
    rig.run_for(secs(30));
    assert_eq!(promised(&rig).len(), 60);
    let mut narrow = house(1);
    narrow.dialing.outside.as_mut().expect("an outside").national.clear();
    rig.input(Input::Site(std::sync::Arc::new(narrow)));
    rig.run_for(secs(1));
    assert_eq!((promised(&rig).len(), rig.agent_state("a0").as_str()), (60, "ready"));
    assert!(promised(&rig).iter().all(|one| one.trouble.is_some() && one.tries == 0));
    // A queue that promises no more keeps what it has promised.
    let mut without = house(1);
    without.queues.get_mut(&name("sales")).expect("a queue").callback = None;
    rig.input(Input::Site(std::sync::Arc::new(without)));
    rig.run_for(secs(130));
    assert_eq!(dialled(&rig).len(), 1, "one agent, one call");
}

#[test]
fn so_many_are_promised_and_no_more() {
    let mut rig = rig(0, Answer::Never);
    let mut few = house(0);
    few.queues.get_mut(&name("sales")).expect("a queue").callback.as_mut().expect("set").most = 2;
    rig.input(Input::Site(std::sync::Arc::new(few)));
    for i in 0..4 {
        calls(&mut rig, &format!("c{i}"), &format!("1380000000{i}"), 10);
    }
    rig.run_for(secs(30));
    assert_eq!((promised(&rig).len(), sales(&rig).waiting), (2, 2));
}

/// Whoever answers and hangs up does not want it any more.
#[test]
fn who_answers_and_hangs_up_is_not_called_again() {
    let mut rig = rig(1, Answer::After(secs(4)));
    calls(&mut rig, "c0", "13800000000", 0);
    rig.run_for(secs(5));
    calls(&mut rig, "c1", "13800000001", 10);
    rig.run_until(START + secs(110) + millis(500));
    let call = promised(&rig)[0].calling.expect("being called");
    rig.act(Act::Hangup { call }).expect("ended");
    rig.run_for(secs(300));
    assert_eq!((dialled(&rig).len(), promised(&rig)), (1, vec![]));
    assert!(tells(record_of(&rig, call), "answered, and hung up"), "{:?}", record_of(&rig, call).steps);
}

/// Also when the agent who was kept becomes free by it, and where nobody else is let in.
#[test]
fn whoever_calls_again_is_before_those_who_came_later_and_not_turned_away() {
    let mut rig = rig(1, Answer::Never);
    calls(&mut rig, "c0", "13800000000", 0);
    rig.run_for(secs(5));
    calls(&mut rig, "c1", "13800000001", 10);
    calls(&mut rig, "c2", "13800000002", 0);
    rig.run_until(START + secs(110));
    assert!(promised(&rig)[0].calling.is_some());
    let mut full = house(1);
    let overflow = Overflow { when: Full::Length(1), to: Beyond::Queue(name("support")) };
    full.queues.get_mut(&name("sales")).expect("a queue").overflow = vec![overflow];
    rig.input(Input::Site(std::sync::Arc::new(full)));
    calls(&mut rig, "again", "13800000001", 0);
    rig.run_for(secs(10));
    let peer = rig.world.peer(&leg("again"));
    assert!(peer.is_some(), "talks: {:?}", rig.states());
    assert_eq!(rig.board_line("sales"), ["c2"]);
}

#[test]
fn what_was_talked_before_the_kept_place_is_not_booked_as_waited() {
    let mut rig = rig(2, Answer::Never);
    let mut apart = house(2);
    for (agent, queue) in [("a0", "sales"), ("a1", "support")] {
        apart.agents.get_mut(&name(agent)).expect("an agent").queues = vec![name(queue)];
    }
    rig.input(Input::Site(std::sync::Arc::new(apart)));
    rig.act(Act::Logout { agent: name("a0") }).expect("logged out");
    calls(&mut rig, "c1", "13800000001", 10);
    rig.run_for(secs(30));
    assert_eq!(promised(&rig).len(), 1);
    let from = Arrival { from: Some(number("13800000001")), ..arrival("4000") };
    rig.world.expect(rig.now, leg("again"), from, caller('2', secs(900), secs(900)));
    rig.run_for(secs(30));
    let call = rig.only_call();
    rig.act(Act::TransferToQueue { call, queue: name("sales") }).expect("sent");
    rig.run_for(secs(10));
    assert_eq!((rig.board_line("sales"), promised(&rig)), (vec!["again".to_owned()], vec![]));
    rig.act(Act::Hangup { call }).expect("ended");
    rig.run_for(secs(5));
    let record = record_of(&rig, call);
    assert!((9_000..15_000).contains(&record.wait_ms), "{} of 40 s", record.wait_ms);
}
