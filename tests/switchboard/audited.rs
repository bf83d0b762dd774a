//! Every act of an admin tells the audit who did what, and how it was before and after: the two differ.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tandem::{
    base::{attendance::Attendance, text::Label, urgency::Urgency},
    live::switchboard::view::{Act, Actor, Deed, Done, Query, Refusal, Setting, Spot, View, When},
    ports::engine::simulator::{Answer, Faults, World},
};

use super::{
    callbacks,
    dispositions::saying,
    in_hand,
    rig::{Rig, START, millis, name, number, phones, secs, site},
    rooms::{message_left, roster},
    telephony::{call_in, dials, open},
};

/// The act's row, as the audit has it: what, before and after.
fn row(done: &Done) -> (String, Value, Value) {
    let Deed::Act { actor, act } = &done.deed else { panic!("no act: {done:?}") };
    assert_eq!(actor.0.as_str(), "nina");
    let what = json!(act)["act"].as_str().expect("a word").to_owned();
    (what, json!(done.before), json!(done.after))
}

fn world_of_one() -> World {
    World::new(1, phones(1, Answer::After(secs(3)), secs(60)), Faults::default(), START)
}

struct Audited {
    seen: BTreeSet<String>,
}

impl Audited {
    /// Does it, and looks at the row that comes of it.
    fn does(&mut self, rig: &mut Rig, act: Act) -> (Value, Value) {
        rig.actor = Actor::admin(Label::new("nina"));
        rig.done.clear();
        rig.act(act.clone()).unwrap_or_else(|why| panic!("{act:?}: {why}"));
        assert_eq!(rig.done.len(), 1, "{act:?}");
        let (what, before, after) = row(&rig.done[0]);
        assert_ne!(before, after, "{what} changes nothing that the audit sees");
        assert!(!before.is_null(), "{what}: nothing was there before");
        self.seen.insert(what);
        rig.run_for(secs(5));
        (before, after)
    }

    /// The first is written down, renewals are not.
    fn leases(&mut self) {
        let mut rig = Rig::simple(1);
        let lease = |seconds| Act::Lease { agent: name("a0"), seconds };
        let (before, after) = self.does(&mut rig, lease(60));
        assert_eq!((&before["lease_s"], &after["lease_s"]), (&json!(null), &json!(60)));
        rig.done.clear();
        rig.act(lease(60)).expect("renewed");
        assert_eq!(rig.done.len(), 0, "{:?}", rig.done);
        self.does(&mut rig, lease(0));
    }

    fn agents_and_extensions(&mut self) {
        let mut rig = Rig::simple(1);
        let agent = name("a0");
        self.does(&mut rig, Act::Logout { agent: agent.clone() });
        self.does(&mut rig, Act::Login { agent: agent.clone() });
        self.does(&mut rig, Act::Pause { agent: agent.clone(), reason: Label::new("lunch") });
        self.does(&mut rig, Act::Unpause { agent });
        // In a call it is done when that is over, and seen at once.
        let mut rig = Rig::simple(1);
        rig.call("caller", secs(0));
        rig.run_for(secs(10));
        let agent = name("a0");
        let (_, after) = self.does(&mut rig, Act::Logout { agent: agent.clone() });
        assert_eq!((&after["state"], &after["reason"]), (&json!("talking"), &json!("logs out after it")));
        let (_, after) =
            self.does(&mut rig, Act::Pause { agent: agent.clone(), reason: Label::new("lunch") });
        assert_eq!(after["reason"], json!("pauses after it: lunch"));
        self.does(&mut rig, Act::Login { agent: agent.clone() });
        while rig.agent_state("a0") != "wrap-up" {
            rig.run_for(millis(100));
        }
        let (before, after) = self.does(&mut rig, Act::WrapUp { agent: agent.clone(), seconds: 60 });
        let ends = |view: &Value| view["until"].as_i64().expect("it ends by itself");
        assert!(ends(&after) - ends(&before) > 50_000_000, "{before} {after}");
        assert_eq!(rig.agent_state("a0"), "wrap-up", "5 s later; it would have been 2");
        rig.act(Act::WrapUp { agent: agent.clone(), seconds: 9_999 }).expect("longer");
        rig.run_for(secs(1_700));
        assert_eq!(rig.agent_state("a0"), "wrap-up");
        rig.run_for(secs(100));
        assert_eq!(rig.agent_state("a0"), "ready", "half an hour and no longer");
        assert!(matches!(rig.act(Act::WrapUp { agent, seconds: 9 }), Err(Refusal::WrongState { .. })));
        self.leases();
        let mut rig = Rig::new(saying(site(1), true), world_of_one());
        rig.call("caller", secs(0));
        rig.run_for(secs(65));
        let (before, after) =
            self.does(&mut rig, Act::Dispose { agent: name("a0"), disposition: name("solved") });
        assert_eq!((&before["owes"]["required"], &after["owes"]["required"]), (&json!(true), &json!(false)));
        let mut rig = open();
        let set = |setting| Act::Extension { extension: number("1001"), setting };
        let to = Some(number("1002"));
        let (_, after) = self.does(&mut rig, set(Setting::Forward { when: When::Busy, to }));
        assert_eq!(after["forward_busy"], json!("1002"));
        self.does(&mut rig, set(Setting::Quiet(true)));
        self.does(&mut rig, set(Setting::ForwardOff));
    }

    fn talks(&mut self) {
        let mut rig = open();
        dials(&mut rig, "a", "1000", "1001");
        rig.run_for(secs(5));
        let call = call_in(&rig, "talking");
        for on in [true, false] {
            let (before, after) = self.does(&mut rig, Act::Record { call, on });
            assert_eq!((&before["recorded"], &after["recorded"]), (&json!(!on), &json!(on)));
        }
        self.does(&mut rig, Act::Record { call, on: true });
        for on in [true, false] {
            let (before, after) = self.does(&mut rig, Act::PauseRecording { call, on });
            assert_eq!((&before["paused"], &after["paused"]), (&json!(!on), &json!(on)));
        }
        let consult = |to| Act::Consult { call, to: number(to) };
        self.does(&mut rig, consult("1002"));
        self.does(&mut rig, Act::Back { call });
        self.does(&mut rig, consult("1002"));
        self.does(&mut rig, Act::Complete { call });
        self.does(&mut rig, consult("1001"));
        self.does(&mut rig, Act::Join { call });
        self.does(&mut rig, Act::Hangup { call });
        let mut rig = open();
        dials(&mut rig, "a", "1000", "1001");
        rig.run_for(secs(5));
        let call = call_in(&rig, "talking");
        self.does(&mut rig, Act::Transfer { call, to: number("1002") });
        self.does(&mut rig, Act::Park { call, slot: None });
        let mut rig = open();
        dials(&mut rig, "a", "1000", "1001");
        rig.run_for(secs(5));
        let call = call_in(&rig, "talking");
        let by = number("1002");
        for mode in [Attendance::Listen, Attendance::Barge] {
            let (_, after) = self.does(&mut rig, Act::Attend { call, by: by.clone(), mode });
            assert_eq!((&after["attended"]["by"], &after["attended"]["mode"]), (&json!(by), &json!(mode)));
        }
        self.does(&mut rig, Act::Unattend { call });
        self.does(&mut rig, Act::TakeOver { call, by });
    }

    fn queues(&mut self) {
        let mut rig = Rig::simple(2);
        for agent in ["a0", "a1"] {
            rig.act(Act::Logout { agent: name(agent) }).expect("logged out");
        }
        rig.call("one", secs(0));
        rig.run_for(secs(3));
        let first = rig.only_call();
        rig.call("two", secs(0));
        rig.run_for(secs(6));
        let View::Calls(calls) = rig.board.view(&Query::Calls, rig.now) else { panic!("calls") };
        let call = calls.iter().map(|call| call.id).find(|call| *call != first).expect("the second");
        let (sales, support) = (name("sales"), name("support"));
        let (_, after) = self.does(&mut rig, Act::Move { call, to: Spot::Place(1) });
        assert_eq!(after["decided"], json!("nina moves the caller from place 2 of queue sales to 1"));
        let (_, after) = self.does(&mut rig, Act::Move { call, to: Spot::Queue(support) });
        assert_eq!(after["at"], json!("queue support"));
        self.does(&mut rig, Act::TransferToQueue { call, queue: sales.clone() });
        for on in [true, false] {
            let (_, after) = self.does(&mut rig, Act::Drain { queue: sales.clone(), on });
            assert_eq!(after["drained"], if on { json!("nina") } else { json!(null) });
        }
        for agent in ["a0", "a1"] {
            rig.act(Act::Login { agent: name(agent) }).expect("logged in");
        }
        rig.run_for(secs(6));
        rig.act(Act::Hangup { call: first }).expect("ended");
        rig.run_for(secs(6));
        let free = ["a0", "a1"].into_iter().find(|agent| rig.agent_state(agent) == "ready").expect("one");
        let (_, after) = self.does(&mut rig, Act::TransferToAgent { call, agent: name(free) });
        assert_eq!(after["decided"], json!(format!("nina transfers the call to {free}")));
    }

    fn callbacks(&mut self) {
        let mut rig = callbacks::rig(0, Answer::Never);
        callbacks::calls(&mut rig, "one", "13800000001", 10);
        rig.run_for(secs(30));
        let call = callbacks::promised(&rig)[0].call;
        let (before, after) = self.does(&mut rig, Act::CancelCallback { call });
        assert_eq!((&before["callbacks"], &after["callbacks"]), (&json!([call]), &json!([])));
    }

    fn alerts(&mut self) {
        let mut rig = super::alerting::crowd(3);
        rig.run_for(secs(30));
        let (before, after) =
            self.does(&mut rig, Act::AcknowledgeAlert { rule: name("crowd"), queue: Some(name("sales")) });
        assert_eq!(before["alerts"][0]["acknowledged"], json!(null));
        assert_eq!(after["alerts"][0]["acknowledged"]["by"], json!("nina"));
    }

    fn conferences(&mut self) {
        let mut rig = open();
        dials(&mut rig, "a", "1000", "7001");
        dials(&mut rig, "b", "1001", "7001");
        rig.run_for(secs(2));
        let conference = number("7001");
        let (before, after) =
            self.does(&mut rig, Act::Invite { conference: conference.clone(), to: number("1002") });
        assert_eq!((&before["invited"], &after["invited"]), (&json!([]), &json!(["1002"])));
        let call = roster(&rig)[0];
        for on in [true, false] {
            let (before, after) = self.does(&mut rig, Act::Mute { call, on });
            assert_eq!((&before["muted"], &after["muted"]), (&json!(!on), &json!(on)));
            self.does(&mut rig, Act::Lock { conference: conference.clone(), on });
            self.does(&mut rig, Act::RecordConference { conference: conference.clone(), on });
        }
    }

    fn in_hand(&mut self) {
        let mut rig = in_hand::rig(in_hand::desk(1, 1, 1, 1));
        let (reference, agent, queue) = (in_hand::reference("m1"), name("a0"), name("mail"));
        let add = Act::AddMessage {
            reference: reference.clone(),
            queue: queue.clone(),
            urgency: Urgency::Normal,
            keep: None,
        };
        rig.actor = Actor::admin(Label::new("nina"));
        rig.done.clear();
        rig.act(add).expect("a queue");
        let (what, before, after) = row(&rig.done[0]);
        assert_eq!((&before, &after["state"]), (&json!(null), &json!("offered")), "it was not there before");
        self.seen.insert(what);
        let decline = Act::DeclineMessage { reference: reference.clone(), agent: agent.clone() };
        let (_, after) = self.does(&mut rig, decline);
        assert_eq!(after["state"], json!("waiting"));
        rig.run_for(secs(60));
        let take = Act::TakeMessage { reference: reference.clone(), agent };
        let (before, after) = self.does(&mut rig, take);
        assert_eq!((&before["state"], &after["state"]), (&json!("offered"), &json!("taken")));
        self.does(&mut rig, Act::MoveMessage { reference: reference.clone(), queue });
        let (_, after) = self.does(&mut rig, Act::CloseMessage { reference });
        assert_eq!(after, json!(null));
    }

    fn messages(&mut self) {
        let mut rig = message_left();
        let View::Left(messages) = rig.board.view(&Query::LeftBy(number("1000")), rig.now) else {
            panic!("messages were asked for")
        };
        assert_eq!(messages.len(), 1);
        let (before, after) = self.does(&mut rig, Act::ForgetMessages { messages: messages.clone() });
        assert_eq!((before, after), (json!({ "messages": 1 }), json!({ "messages": 0 })));
        assert_eq!(rig.forgotten, messages, "their files may go");
        let journal = serde_json::to_string(&rig.journal.last()).expect("JSON");
        assert!(!journal.contains("\"1000\""), "{journal}");
    }
}

#[test]
fn every_act_tells_who_did_what_and_what_it_changed() {
    let mut audited = Audited { seen: BTreeSet::new() };
    audited.agents_and_extensions();
    audited.talks();
    audited.queues();
    audited.callbacks();
    audited.alerts();
    audited.conferences();
    audited.messages();
    audited.in_hand();
    // What there is, from the document of the API: nobody adds an act without a row.
    let document = serde_json::to_value(tandem::http::openapi()).expect("JSON");
    let all = document.pointer("/components/schemas/Act/oneOf").and_then(Value::as_array).expect("acts");
    let word = |one: &Value| one.pointer("/properties/act/enum/0").and_then(Value::as_str).map(str::to_owned);
    let all: BTreeSet<String> = all.iter().filter_map(word).collect();
    assert!(all.len() > 15, "{all:?}");
    assert_eq!(audited.seen, all);
}
