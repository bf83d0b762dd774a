//! Messages beside calls: who is offered one, how many fit, and that none is lost whatever agents, sites and processes do.

use std::sync::Arc;

use fastrand::Rng;
use tandem::{
    base::{id::Reference, urgency::Urgency},
    infra::site::{Beyond, Capacity, Full, Overflow, Queue, Relaxation, Site, Strategy, Takes},
    live::switchboard::{
        Input,
        view::{Act, AgentView, Keep, MessageRefusal, MessageView, Over, Query, Refusal, View},
    },
    ports::engine::{
        Event,
        simulator::{Answer, Faults, World},
    },
};

use super::rig::{Rig, START, caller, millis, name, phones, secs, site};

pub fn reference(text: &str) -> Reference {
    Reference::new(text).expect("a reference")
}

fn mail() -> Queue {
    Queue {
        takes: Takes::Messages,
        strategy: Strategy::LeastBusy,
        ..Queue::new(secs(30), secs(60), secs(86_400))
    }
}

/// Agents who serve `sales` and `mail` with this capacity, answer after 3 s and talk for a minute.
pub fn desk(agents: usize, of: u8, call: u8, message: u8) -> Site {
    let mut site = site(agents);
    site.queues.insert(name("mail"), mail());
    for agent in site.agents.values_mut() {
        agent.queues = vec![name("sales"), name("mail")];
        agent.capacity = Capacity { of, call, message };
    }
    site
}

pub fn rig(site: Site) -> Rig {
    let phones = phones(site.agents.len(), Answer::After(secs(3)), secs(60));
    Rig::new(site, World::new(1, phones, Faults::default(), START))
}

fn add(rig: &mut Rig, text: &str) {
    let act = Act::AddMessage {
        reference: reference(text),
        queue: name("mail"),
        urgency: Urgency::Normal,
        keep: None,
    };
    rig.act(act).unwrap_or_else(|why| panic!("{text}: {why}"));
}

fn take(rig: &mut Rig, text: &str, agent: &str) -> Result<(), Refusal> {
    rig.act(Act::TakeMessage { reference: reference(text), agent: name(agent) })
}

fn close(rig: &mut Rig, text: &str) {
    rig.act(Act::CloseMessage { reference: reference(text) }).unwrap_or_else(|why| panic!("{text}: {why}"));
}

fn all(rig: &Rig) -> Vec<MessageView> {
    let View::Messages(all) = rig.board.view(&Query::Messages, rig.now) else { panic!("messages") };
    all
}

/// `m1 waiting`, `m2 offered a0`: each message, in the order of their coming.
fn told(rig: &Rig) -> Vec<String> {
    let who = |one: &MessageView| one.agent.as_ref().map(|agent| format!(" {agent}")).unwrap_or_default();
    all(rig).iter().map(|one| format!("{} {}{}", one.reference, one.state, who(one))).collect()
}

fn agent(rig: &Rig, agent: &str) -> AgentView {
    let View::Agents(agents) = rig.board.view(&Query::Agents, rig.now) else { panic!("agents") };
    agents.into_iter().find(|view| view.name.as_str() == agent).expect("the agent")
}

fn why(rig: &Rig, text: &str) -> Vec<String> {
    let View::Message(found) = rig.board.view(&Query::Message(reference(text)), rig.now) else {
        panic!("a message")
    };
    found.expect("the message").steps.iter().map(|why| why.what.to_string()).collect()
}

#[test]
fn as_much_is_in_hand_as_fits_beside_a_call() {
    let mut rig = rig(desk(1, 3, 2, 1));
    rig.call("c1", secs(0));
    rig.run_for(secs(10));
    for text in ["m1", "m2"] {
        add(&mut rig, text);
    }
    assert_eq!(told(&rig), ["m1 offered a0", "m2 waiting"], "a call weighs 2 of 3");
    assert_eq!(take(&mut rig, "m1", "a0"), Ok(()));
    assert_eq!(take(&mut rig, "m1", "a0"), Ok(()), "it was taken already");
    assert_eq!(told(&rig), ["m1 taken a0", "m2 waiting"]);
    assert_eq!(agent(&rig, "a0").messages, [reference("m1")]);
    // The caller hangs up after a minute, and the wrap-up is part of the call.
    rig.run_for(secs(55));
    assert_eq!((rig.agent_state("a0").as_str(), told(&rig)[1].as_str()), ("wrap-up", "m2 waiting"));
    rig.run_for(secs(3));
    assert_eq!((rig.agent_state("a0").as_str(), told(&rig)[1].as_str()), ("with messages", "m2 offered a0"));
}

#[test]
fn who_has_too_many_messages_is_rung_by_nobody_until_one_is_closed() {
    let mut rig = rig(desk(1, 3, 2, 1));
    for text in ["m1", "m2"] {
        add(&mut rig, text);
        assert_eq!(take(&mut rig, text, "a0"), Ok(()));
    }
    assert_eq!(rig.agent_state("a0"), "with messages");
    rig.call("c1", secs(0));
    rig.run_for(secs(20));
    assert_eq!(rig.states(), ["waiting"]);
    let refused = rig.act(Act::TransferToAgent { call: rig.only_call(), agent: name("a0") });
    assert!(matches!(refused, Err(Refusal::WrongState { .. })), "{refused:?}");
    close(&mut rig, "m1");
    assert_eq!(rig.states(), ["offered"]);
    close(&mut rig, "m2");
    assert_eq!(told(&rig), Vec::<String>::new());
}

#[test]
fn one_thing_at_a_time_unless_told_otherwise_and_calls_weigh_nothing_if_told_so() {
    let mut rig = self::rig(desk(1, 1, 1, 1));
    add(&mut rig, "m1");
    assert_eq!(take(&mut rig, "m1", "a0"), Ok(()));
    rig.call("c1", secs(0));
    rig.run_for(secs(20));
    assert_eq!(rig.states(), ["waiting"]);
    close(&mut rig, "m1");
    add(&mut rig, "m2");
    assert_eq!((rig.states(), told(&rig)), (vec!["offered".to_owned()], vec!["m2 waiting".to_owned()]));
    let mut rig = self::rig(desk(1, 2, 0, 1));
    for text in ["m1", "m2", "m3"] {
        add(&mut rig, text);
    }
    rig.call("c1", secs(0));
    rig.run_for(secs(10));
    assert_eq!(rig.states(), ["talking"], "messages are in no call's way");
    assert_eq!(told(&rig), ["m1 offered a0", "m2 offered a0", "m3 waiting"]);
}

#[test]
fn a_caller_comes_before_every_message_however_long_that_waits() {
    let mut rig = rig(desk(1, 1, 1, 1));
    rig.act(Act::Logout { agent: name("a0") }).expect("an agent");
    add(&mut rig, "m1");
    rig.run_for(secs(3600));
    rig.call("c1", secs(0));
    rig.run_for(secs(3));
    assert_eq!(rig.states(), ["waiting"]);
    rig.act(Act::Login { agent: name("a0") }).expect("an agent");
    assert_eq!((rig.states(), told(&rig)), (vec!["offered".to_owned()], vec!["m1 waiting".to_owned()]));
}

#[test]
fn who_has_fewest_in_hand_is_offered_it_and_who_does_not_take_it_is_spared_for_a_while() {
    let mut rig = rig(desk(2, 2, 1, 1));
    add(&mut rig, "m1");
    assert_eq!(told(&rig), ["m1 offered a0"]);
    add(&mut rig, "m2");
    assert_eq!(told(&rig)[1], "m2 offered a1", "a0 has one in hand");
    assert!(why(&rig, "m2").last().expect("a reason").contains("fewest messages in hand (0) of 2 free"));
    // 30 s are for each to take it, and then 60 s of peace.
    rig.run_for(secs(31));
    assert_eq!(
        told(&rig),
        ["m1 offered a1", "m2 waiting"],
        "a1 had room for another, and said nothing to m2"
    );
    assert!(why(&rig, "m1").iter().any(|why| why == "a0 does not take it"));
    rig.run_for(secs(30));
    assert_eq!(told(&rig), ["m1 waiting", "m2 waiting"]);
    rig.run_for(secs(30));
    assert_eq!(told(&rig), ["m1 offered a0", "m2 offered a0"]);
    let declined = Act::DeclineMessage { reference: reference("m1"), agent: name("a0") };
    rig.act(declined.clone()).expect("it is offered");
    assert_eq!(told(&rig), ["m1 waiting", "m2 offered a0"]);
    assert!(
        matches!(rig.act(declined), Err(Refusal::Message(MessageRefusal::NotOffered { .. }))),
        "it is offered to nobody"
    );
    rig.run_for(secs(31));
    assert_eq!(told(&rig), ["m1 offered a1", "m2 offered a1"]);
    // Whoever says to be ready is.
    rig.act(Act::Login { agent: name("a0") }).expect("an agent");
    add(&mut rig, "m3");
    assert_eq!(told(&rig)[2], "m3 offered a0");
    let View::Message(found) = rig.board.view(&Query::Message(reference("m3")), rig.now) else { panic!() };
    let steps = found.expect("it").steps;
    let passed = &steps.last().and_then(|why| why.assignment.as_ref()).expect("an assignment").passed;
    let Over::Busy { state, .. } = &passed[0].because[0] else { panic!("{passed:?}") };
    assert_eq!((passed[0].agent.as_str(), state.as_str()), ("a1", "with messages, 2 messages in hand"));
}

#[test]
fn what_was_in_the_hands_of_who_goes_has_its_old_place_again() {
    let mut rig = rig(desk(1, 3, 1, 1));
    for text in ["m1", "m2", "m3", "m4"] {
        add(&mut rig, text);
    }
    assert_eq!(take(&mut rig, "m1", "a0"), Ok(()));
    rig.act(Act::Pause { agent: name("a0"), reason: tandem::base::text::Label::new("lunch") })
        .expect("there");
    assert_eq!(told(&rig)[0], "m1 taken a0", "a pause is none of its business");
    rig.act(Act::Logout { agent: name("a0") }).expect("an agent");
    assert_eq!(told(&rig), ["m1 waiting", "m2 waiting", "m3 waiting", "m4 waiting"]);
    let places: Vec<_> = all(&rig).iter().map(|one| one.position).collect();
    assert_eq!(places, [Some(1), Some(2), Some(3), Some(4)]);
    // Answered once, though it may be taken twice.
    rig.act(Act::Login { agent: name("a0") }).expect("an agent");
    assert_eq!(take(&mut rig, "m1", "a0"), Ok(()));
    let View::Queues(queues) = rig.board.view(&Query::Queues, rig.now) else { panic!("queues") };
    let mail = queues.iter().find(|queue| queue.name.as_str() == "mail").expect("a queue");
    assert_eq!((mail.service.today.answered, mail.taken, mail.takes.as_str()), (1, 1, "messages"));
    // An agent who is no more in the site.
    let mut site = Site::clone(rig.board.site());
    site.agents.clear();
    rig.input(Input::Site(Arc::new(site)));
    assert_eq!(told(&rig), ["m1 waiting", "m2 waiting", "m3 waiting", "m4 waiting"]);
}

#[test]
fn without_the_engine_messages_go_on() {
    let mut rig = rig(desk(1, 1, 1, 1));
    rig.world.cut(rig.now);
    rig.run_for(millis(10));
    add(&mut rig, "m1");
    assert_eq!(told(&rig), ["m1 offered a0"]);
    rig.run_for(secs(40));
    assert_eq!(told(&rig), ["m1 waiting"]);
    rig.event(Event::Phone { extension: name("1000"), registered: false });
    rig.run_for(secs(60));
    assert_eq!(told(&rig), ["m1 offered a0"], "a phone that is gone is none of its business");
}

#[test]
fn a_queue_that_is_no_more_strands_what_waits_until_it_is_moved_or_the_queue_is_back() {
    let mut rig = rig(desk(1, 2, 1, 1));
    let before = Site::clone(rig.board.site());
    for text in ["m1", "m2", "m3"] {
        add(&mut rig, text);
    }
    assert_eq!(take(&mut rig, "m1", "a0"), Ok(()));
    let mut other = before.clone();
    other.queues.insert(name("post"), mail());
    other.queues.remove(&name("mail"));
    rig.input(Input::Site(Arc::new(other.clone())));
    assert_eq!(told(&rig), ["m1 taken a0", "m2 stranded", "m3 stranded"]);
    other.agents.get_mut(&name("a0")).expect("an agent").queues = vec![name("post")];
    rig.input(Input::Site(Arc::new(other)));
    rig.act(Act::MoveMessage { reference: reference("m3"), queue: name("post") }).expect("it is there");
    assert_eq!(told(&rig), ["m1 taken a0", "m2 stranded", "m3 offered a0"]);
    rig.input(Input::Site(Arc::new(before)));
    assert_eq!(told(&rig), ["m1 taken a0", "m2 offered a0", "m3 stranded"]);
}

#[test]
fn calls_and_messages_do_not_mix() {
    let mut rig = rig(desk(1, 1, 1, 1));
    let to_calls = Act::AddMessage {
        reference: reference("m1"),
        queue: name("sales"),
        urgency: Urgency::Normal,
        keep: None,
    };
    assert!(matches!(rig.act(to_calls), Err(Refusal::Message(MessageRefusal::Takes { .. }))));
    rig.act(Act::Logout { agent: name("a0") }).expect("an agent");
    rig.call("c1", secs(0));
    rig.run_for(secs(5));
    let call = rig.only_call();
    let refused = rig.act(Act::TransferToQueue { call, queue: name("mail") });
    assert!(matches!(refused, Err(Refusal::Message(MessageRefusal::Takes { .. }))), "{refused:?}");
    // A queue that takes messages from now on lets its callers go on.
    let mut site = Site::clone(rig.board.site());
    site.queues.get_mut(&name("sales")).expect("a queue").takes = Takes::Messages;
    rig.input(Input::Site(Arc::new(site)));
    assert_eq!(rig.states(), ["menu"], "the step's otherwise");
}

#[test]
fn it_overflows_by_time_and_at_the_door_and_needs_less_with_time() {
    let mut site = desk(1, 3, 1, 1);
    let to = |when| Overflow { when, to: Beyond::Queue(name("late")) };
    let mail = site.queues.get_mut(&name("mail")).expect("a queue");
    mail.needs = [(name("english"), 5)].into();
    mail.relax = vec![Relaxation { after: secs(20), needs: [(name("english"), 0)].into() }];
    mail.overflow = vec![to(Full::Waited(secs(300))), to(Full::Length(2))];
    site.queues.insert(name("late"), self::mail());
    let mut rig = rig(site);
    for text in ["m1", "m2", "m3"] {
        add(&mut rig, text);
    }
    let queues: Vec<_> = all(&rig).iter().map(|one| one.queue.to_string()).collect();
    assert_eq!(queues, ["mail", "mail", "late"], "two wait already");
    rig.run_for(secs(21));
    assert_eq!(told(&rig), ["m1 offered a0", "m2 offered a0", "m3 waiting"]);
    rig.act(Act::Logout { agent: name("a0") }).expect("an agent");
    rig.run_for(secs(300));
    let queues: Vec<_> = all(&rig).iter().map(|one| one.queue.to_string()).collect();
    assert_eq!(queues, ["late", "late", "late"]);
    let told = why(&rig, "m1");
    assert!(told.iter().any(|why| why == "waited 300 s in queue mail"), "{told:?}");
}

#[test]
fn the_same_comes_once_an_urgent_one_first_and_one_that_is_kept_waits_for_its_agent() {
    let mut rig = rig(desk(2, 1, 1, 1));
    rig.act(Act::Logout { agent: name("a0") }).expect("an agent");
    add(&mut rig, "m0");
    assert_eq!(take(&mut rig, "m0", "a1"), Ok(()));
    let keep = Some(Keep { agent: name("a1"), seconds: 60 });
    for (text, urgency, keep) in [
        ("m1", Urgency::Normal, keep),
        ("m2", Urgency::Normal, None),
        ("m3", Urgency::Raised, None),
        ("m2", Urgency::Emergency, None),
    ] {
        let act = Act::AddMessage { reference: reference(text), queue: name("mail"), urgency, keep };
        rig.act(act).expect("a queue");
    }
    assert_eq!(told(&rig).len(), 4);
    rig.act(Act::Login { agent: name("a0") }).expect("an agent");
    assert_eq!(told(&rig), ["m0 taken a1", "m1 waiting", "m2 waiting", "m3 offered a0"]);
    assert_eq!(take(&mut rig, "m3", "a0"), Ok(()));
    close(&mut rig, "m3");
    assert_eq!(told(&rig), ["m0 taken a1", "m1 waiting", "m2 offered a0"], "m1 is kept for a1");
    close(&mut rig, "m0");
    assert_eq!(told(&rig), ["m1 offered a1", "m2 offered a0"]);
}

/// All that can happen, at random moments, under the invariants; then everybody does their work.
#[test]
fn nothing_is_lost_and_nobody_has_too_much() {
    for seed in 0..150 {
        let mut random = Rng::with_seed(seed);
        let (of, call) = (random.u8(1..4), random.u8(0..3));
        let mut rig = rig(desk(3, of, call.min(of), 1));
        let (mut snapshot, mut brought, mut closed) = (rig.snapshot(), 0, 0);
        for n in 0..60 {
            let (who, which) = (name(&format!("a{}", random.u8(..3))), format!("m{}", random.u8(..20)));
            match random.u8(..14) {
                0..=3 => {
                    brought += usize::from(!all(&rig).iter().any(|one| one.reference.as_str() == which));
                    add(&mut rig, &which);
                }
                4..=6 => drop(take(&mut rig, &which, who.as_str())),
                7 => drop(rig.act(Act::DeclineMessage { reference: reference(&which), agent: who })),
                8 => {
                    let gone = rig.act(Act::CloseMessage { reference: reference(&which) });
                    closed += usize::from(gone.is_ok());
                }
                9 => drop(rig.act(Act::Logout { agent: who })),
                10 => drop(rig.act(Act::Login { agent: who })),
                11 => {
                    let id = format!("c{n}");
                    rig.call_with(&id, secs(0), caller('1', secs(90), secs(30)));
                }
                12 => {
                    rig.die_and_return(&snapshot, secs(1));
                    snapshot = rig.snapshot();
                }
                _ => {}
            }
            rig.run_for(millis(random.u64(..9_000)));
            assert_eq!(all(&rig).len(), brought - closed, "seed {seed}");
            for n in 0..3 {
                let view = agent(&rig, &format!("a{n}"));
                let busy = usize::from(view.call.is_some() || view.state == "wrap-up");
                let load = busy * usize::from(call.min(of)) + view.messages.len();
                assert!(load <= usize::from(of), "seed {seed}: {view:?} of {of}, a call {call}");
            }
        }
        for n in 0..3 {
            rig.act(Act::Login { agent: name(&format!("a{n}")) }).expect("an agent");
        }
        for _ in 0..400 {
            if all(&rig).is_empty() {
                break;
            }
            for one in all(&rig) {
                if one.state == "offered" {
                    drop(take(&mut rig, one.reference.as_str(), one.agent.expect("somebody").as_str()));
                } else if one.state == "taken" {
                    close(&mut rig, one.reference.as_str());
                }
            }
            rig.run_for(secs(5));
        }
        assert_eq!(told(&rig), Vec::<String>::new(), "seed {seed}");
    }
}

#[test]
fn a_number_is_a_reference_and_a_mail_address_is_none() {
    assert!(Reference::new("20261123-000042").is_ok());
    for bad in ["", "chen@example.com", "+8613800138000", "a b", "a/b", &"x".repeat(129)] {
        assert!(Reference::new(bad).is_err(), "{bad}");
    }
}

#[test]
fn messages_do_not_fill_hands_for_which_a_caller_waits() {
    let mut rig = rig(desk(1, 3, 2, 1));
    for text in ["m1", "m2", "m3", "m4", "m5"] {
        add(&mut rig, text);
    }
    for text in ["m1", "m2", "m3"] {
        assert_eq!(take(&mut rig, text, "a0"), Ok(()));
    }
    let caller = rig.call("c1", secs(0));
    rig.run_for(secs(5));
    close(&mut rig, "m1");
    assert_eq!(
        told(&rig)[2..],
        ["m4 waiting", "m5 waiting"],
        "there is room, and a caller who needs more of it"
    );
    close(&mut rig, "m2");
    assert_eq!((rig.states(), told(&rig)[1].as_str()), (vec!["offered".to_owned()], "m4 waiting"));
    // The caller hangs up before the answer: nothing keeps the messages any more.
    rig.world.hang_up(&caller, rig.now);
    rig.run_for(secs(1));
    assert_eq!(told(&rig), ["m3 taken a0", "m4 offered a0", "m5 offered a0"]);
}

#[test]
fn whatever_frees_an_agent_the_caller_who_waits_is_first() {
    type Frees = fn(&mut Rig);
    let freed: [(&str, Frees); 3] = [
        ("a message that is moved", |rig| {
            rig.act(Act::MoveMessage { reference: reference("m1"), queue: name("late") }).expect("a queue");
        }),
        ("a message that is closed", |rig| {
            close(rig, "m1");
            rig.run_for(millis(1));
        }),
        ("a site with a second agent", |rig| {
            let mut site = Site::clone(rig.board.site());
            site.agents.insert(name("a1"), site.agents[&name("a0")].clone());
            rig.input(Input::Site(Arc::new(site)));
        }),
    ];
    for (what, frees) in freed {
        let mut site = desk(1, 1, 1, 1);
        site.queues.insert(name("late"), mail());
        site.agents.get_mut(&name("a0")).expect("an agent").queues.push(name("late"));
        let mut rig = rig(site);
        add(&mut rig, "m1");
        assert_eq!(take(&mut rig, "m1", "a0"), Ok(()));
        add(&mut rig, "m2");
        rig.call("c1", secs(0));
        rig.run_for(secs(5));
        frees(&mut rig);
        assert_eq!(rig.states(), ["offered"], "{what}");
    }
}

#[test]
fn who_leaves_in_the_moment_in_which_an_offer_ends_keeps_nothing() {
    let mut rig = rig(desk(3, 2, 1, 1));
    for agent in ["a1", "a2"] {
        rig.act(Act::Logout { agent: name(agent) }).expect("an agent");
    }
    rig.act(Act::Lease { agent: name("a0"), seconds: 10 }).expect("an agent");
    add(&mut rig, "m1");
    assert_eq!(told(&rig), ["m1 offered a0"]);
    for agent in ["a1", "a2"] {
        rig.act(Act::Login { agent: name(agent) }).expect("an agent");
    }
    // The lease and the offer have ended while nobody looked.
    rig.now = rig.now + secs(40);
    rig.input(Input::Clock);
    let held: Vec<_> = (0..3).map(|n| agent(&rig, &format!("a{n}")).messages.len()).collect();
    assert_eq!((told(&rig), held), (vec!["m1 offered a1".to_owned()], vec![0, 1, 0]));
}

#[test]
fn a_pause_gives_back_what_is_offered_and_a_client_that_is_gone_all() {
    let mut rig = rig(desk(2, 2, 1, 1));
    rig.act(Act::Logout { agent: name("a1") }).expect("an agent");
    rig.act(Act::Lease { agent: name("a0"), seconds: 60 }).expect("an agent");
    for text in ["m1", "m2"] {
        add(&mut rig, text);
    }
    assert_eq!(take(&mut rig, "m1", "a0"), Ok(()));
    rig.act(Act::Login { agent: name("a1") }).expect("an agent");
    rig.act(Act::Pause { agent: name("a0"), reason: tandem::base::text::Label::new("lunch") })
        .expect("there");
    assert_eq!(told(&rig), ["m1 taken a0", "m2 offered a1"]);
    rig.run_for(secs(100));
    assert_eq!(agent(&rig, "a0").messages, [], "its client was not heard of for 80 s");
    assert!(told(&rig)[0].starts_with("m1 waiting") || told(&rig)[0].ends_with("a1"), "{:?}", told(&rig));
}

#[test]
fn a_message_counts_once_and_by_the_queue_in_which_it_is_taken() {
    let mut site = desk(1, 1, 1, 1);
    let to_late = Overflow { when: Full::Waited(secs(300)), to: Beyond::Queue(name("late")) };
    site.queues.get_mut(&name("mail")).expect("a queue").overflow = vec![to_late];
    site.queues.insert(name("late"), mail());
    site.agents.get_mut(&name("a0")).expect("an agent").queues.push(name("late"));
    let mut rig = rig(site);
    rig.act(Act::Drain { queue: name("late"), on: true }).expect("a queue");
    add(&mut rig, "m1");
    assert_eq!(take(&mut rig, "m1", "a0"), Ok(()));
    rig.run_for(secs(3600));
    rig.act(Act::Logout { agent: name("a0") }).expect("an agent");
    assert_eq!(told(&rig), ["m1 waiting"], "the hour in hand was no wait");
    rig.run_for(secs(400));
    let queue = |rig: &Rig| all(rig)[0].queue.to_string();
    assert_eq!(queue(&rig), "mail", "nothing new is let into the other");
    rig.act(Act::Drain { queue: name("late"), on: false }).expect("a queue");
    assert_eq!(queue(&rig), "late");
    rig.act(Act::Login { agent: name("a0") }).expect("an agent");
    assert_eq!(take(&mut rig, "m1", "a0"), Ok(()));
    close(&mut rig, "m1");
    let View::Queues(queues) = rig.board.view(&Query::Queues, rig.now) else { panic!("queues") };
    let figures = |queue: &str| {
        let found = queues.iter().find(|view| view.name.as_str() == queue).expect("a queue");
        let today = &found.service.today;
        (today.offered, today.answered, today.passed_on)
    };
    assert_eq!((figures("mail"), figures("late")), ((1, 1, 0), (1, 1, 0)));
}

#[test]
fn there_is_a_limit_and_where_nobody_works_it_goes_elsewhere() {
    let mut site = desk(1, 1, 1, 1);
    let to_late = Overflow { when: Full::Nobody, to: Beyond::Queue(name("late")) };
    site.queues.get_mut(&name("mail")).expect("a queue").overflow = vec![to_late];
    site.queues.insert(name("late"), mail());
    let mut rig = rig(site);
    rig.act(Act::Logout { agent: name("a0") }).expect("an agent");
    rig.watchful = false;
    for n in 0..5_000 {
        add(&mut rig, &format!("m{n}"));
    }
    assert!(all(&rig).iter().all(|one| one.queue == name("late")));
    let one_more = Act::AddMessage {
        reference: reference("more"),
        queue: name("mail"),
        urgency: Urgency::Normal,
        keep: None,
    };
    assert_eq!(rig.act(one_more.clone()), Err(Refusal::Message(MessageRefusal::TooMany)));
    close(&mut rig, "m0");
    assert_eq!(rig.act(one_more.clone()), Ok(()));
    assert!(rig.board.is_done_already(&one_more, rig.now), "it need not be written down again");
}
