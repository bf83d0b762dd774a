//! What switchboards make their users suffer from, and the rule of each that has no story elsewhere: `docs/pains.md`.

use tandem::{
    base::text::Label,
    live::switchboard::{
        Input, Switchboard,
        view::{Act, Query, View},
    },
    ports::engine::{Command, Event, simulator::Answer},
};

use super::{
    rig::{Rig, leg, name, secs, site},
    telephony::{answers, calls},
};

/// When the agents' phones were dialled, in seconds since the first time.
fn dialled(rig: &Rig) -> Vec<u64> {
    let connects = rig.orders.iter().filter(|(_, order)| matches!(order.command, Command::Connect { .. }));
    let at: Vec<_> = connects.map(|(at, _)| *at).collect();
    at.iter().map(|one| one.since(at[0]).as_secs()).collect()
}

#[test]
fn pain_05_an_agent_who_declined_is_left_alone_before_the_next_offer() {
    for answer in [Answer::Reject, Answer::Busy] {
        let mut rig = Rig::simple(1);
        answers(&mut rig, "1000", answer);
        rig.call("c1", secs(0));
        rig.run_for(secs(60));
        // `rest` of the queue is ten seconds.
        assert_eq!(dialled(&rig), [0, 10, 20, 30, 40, 50], "{answer:?}");
        // What an admin changes meanwhile makes no faster circle either.
        rig.act(Act::Pause { agent: name("a0"), reason: Label::new("tea") }).expect("paused");
        rig.act(Act::Unpause { agent: name("a0") }).expect("back");
        rig.run_for(secs(9));
        assert_eq!(dialled(&rig).len(), 7, "asked for once, offered once");
    }
}

#[test]
fn pain_06_the_queue_is_in_the_state_and_goes_where_the_state_goes() {
    let mut rig = Rig::simple(0);
    for id in ["c1", "c2", "c3"] {
        rig.call(id, secs(0));
        rig.run_for(secs(2));
    }
    let moved: Switchboard = Switchboard::saved(rig.snapshot().1.as_bytes()).expect("a state");
    let queues = |board: &Switchboard| match board.view(&Query::Queues, rig.now) {
        View::Queues(queues) => serde_json::to_string(&queues).expect("JSON"),
        other => panic!("{other:?}"),
    };
    assert_eq!(queues(&moved), queues(&rig.board));
    // On the machine that it went to, the first is still the first.
    rig.board = moved;
    rig.world.cut(rig.now);
    rig.run_for(secs(1));
    rig.world.link(rig.now);
    rig.run_for(secs(1));
    rig.input(Input::Site(std::sync::Arc::new(site(1))));
    let offered = calls(&rig).into_iter().find(|call| call.state == "offered").expect("an offer");
    let first = Input::Engine(Event::Answered { leg: leg("c1") });
    assert_eq!(Some(offered.id), rig.board.call_of(&first, 0, rig.now));
}

#[test]
fn pain_08_a_new_site_changes_no_agents_state_and_a_phone_that_is_gone_is_not_rung() {
    let mut rig = Rig::simple(4);
    rig.act(Act::Pause { agent: name("a0"), reason: Label::new("lunch") }).expect("paused");
    rig.act(Act::Logout { agent: name("a1") }).expect("out");
    rig.event(Event::Phone { extension: name("1002"), registered: false });
    let states = |rig: &Rig| ["a0", "a1", "a2", "a3"].map(|agent| rig.agent_state(agent));
    let before = states(&rig);
    assert_eq!(before, ["paused", "logged out", "phone gone", "ready"]);
    let mut next = site(4);
    next.revision = "r2".into();
    next.queues.get_mut(&name("sales")).expect("a queue").ring = secs(7);
    rig.input(Input::Site(std::sync::Arc::new(next)));
    assert_eq!(states(&rig), before);
    rig.call("c1", secs(0));
    rig.run_for(secs(3));
    assert_eq!(states(&rig), ["paused", "logged out", "phone gone", "offered"]);
}

#[test]
fn pain_09_wrap_up_holds_and_ends_by_itself_and_a_pause_outlives_a_call_and_a_restart() {
    let mut rig = Rig::simple(1);
    rig.world.phone(&name("1000")).expect("a phone").talk = secs(10);
    rig.call("c1", secs(0));
    rig.call("c2", secs(1));
    rig.run_for(secs(15));
    assert_eq!(rig.agent_state("a0"), "wrap-up");
    assert_eq!(dialled(&rig), [0], "nobody is offered meanwhile");
    rig.run_for(secs(2));
    assert_eq!(rig.agent_state("a0"), "offered");
    assert_eq!(dialled(&rig), [0, 15], "three seconds of ringing, ten of talk, two of wrap-up");
    rig.act(Act::Pause { agent: name("a0"), reason: Label::new("lunch") }).expect("later");
    let snapshot = rig.snapshot();
    rig.run_for(secs(5));
    assert_eq!(rig.agent_state("a0"), "talking");
    rig.die_and_return(&snapshot, secs(1));
    rig.run_for(secs(60));
    assert_eq!((rig.agent_state("a0").as_str(), rig.board.live_calls()), ("paused", 0));
}
