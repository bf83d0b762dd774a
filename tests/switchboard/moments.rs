//! Somebody leaves 0 to 100 ms after the engine has answered a command, in steps of 5 ms, for every command that a
//! call's way needs. Nobody is stuck, nobody is lost who did not hang up, and the record is right.

use std::{collections::BTreeSet, time::Duration};

use tandem::{
    base::{
        clock::Stamp,
        id::{LegId, OrderId},
        text::Label,
    },
    live::{
        record::{CallRecord, EndedBy},
        switchboard::{Input, view::Act},
    },
    ports::engine::{
        Command, Event, HangupCause, Order,
        simulator::{Answer, Faults, World},
    },
};

use super::rig::{Rig, START, millis, name, number, phones, secs, site};

/// What happens on the way of the call, at which millisecond. Nobody is ready at first, so the caller hears the greeting,
/// music, and stays until the lease is renewed.
const WAY: [(u64, Deed); 4] =
    [(1, Deed::Call), (12_000, Deed::Ready), (16_000, Deed::Transfer), (19_000, Deed::TargetLeaves)];
/// The same, but the transfer comes while the agent's phone still rings: the dialling is called off.
const CALLED_OFF: [(u64, Deed); 4] =
    [(1, Deed::Call), (2_000, Deed::Ready), (2_200, Deed::Transfer), (5_000, Deed::TargetLeaves)];

#[derive(Clone, Copy, Debug)]
enum Deed {
    Call,
    Ready,
    Transfer,
    TargetLeaves,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Caller,
    /// The side that was dialled last.
    Dialled,
}

/// A reply of the engine to a command.
#[derive(Debug)]
struct Reply {
    at: Stamp,
    command: Command,
    /// Whom the caller was dialled before it, in order.
    dialled: Vec<LegId>,
}

fn fresh() -> Rig {
    let world = World::new(1, phones(2, Answer::After(millis(500)), secs(60)), Faults::default(), START);
    let mut rig = Rig::new(site(2), world);
    for agent in ["a0", "a1"] {
        rig.act(Act::Pause { agent: name(agent), reason: Label::new("not yet") }).expect("paused");
    }
    rig
}

/// Goes the way until `end`.
fn go(rig: &mut Rig, way: &[(u64, Deed)], end: Stamp) {
    for (at, deed) in way {
        let at = START + millis(20 + at);
        if at > end {
            break;
        }
        rig.run_until(at);
        match deed {
            Deed::Call => drop(rig.call("c1", Duration::ZERO)),
            Deed::Ready => rig.act(Act::Unpause { agent: name("a0") }).expect("ready"),
            Deed::Transfer => {
                let call = rig.only_call();
                rig.act(Act::Transfer { call, to: number("1001") }).expect("transferred");
            }
            Deed::TargetLeaves => {
                let target = dialled(rig).pop().expect("dialled");
                rig.world.hang_up(&target, at);
            }
        }
    }
    rig.run_until(end);
}

fn dialled(rig: &Rig) -> Vec<LegId> {
    let connects = rig.orders.iter().filter_map(|(_, order)| match &order.command {
        Command::Connect { to, .. } => Some(to.clone()),
        _ => None,
    });
    connects.collect()
}

/// Every reply on an undisturbed way.
fn replies(way: &[(u64, Deed)]) -> Vec<Reply> {
    let mut rig = fresh();
    go(&mut rig, way, START + secs(30));
    assert_eq!(rig.records.len(), 1, "the undisturbed way has an end: {:?}", rig.states());
    let order = |id: OrderId| rig.orders.iter().find(|(_, order)| order.id == id).expect("ordered");
    let mut replies = Vec::new();
    for (_, at, input) in &rig.journal {
        let Input::Engine(Event::Outcome { order: id, .. }) = input else { continue };
        let (_, Order { command, .. }) = order(*id);
        let before = rig.orders.iter().take_while(|(_, order)| order.id <= *id);
        let dialled = before.filter_map(|(_, order)| match &order.command {
            Command::Connect { to, .. } => Some(to.clone()),
            _ => None,
        });
        replies.push(Reply { at: *at, command: command.clone(), dialled: dialled.collect() });
    }
    replies
}

fn offsets() -> impl Iterator<Item = Duration> {
    (0..=100).step_by(5).map(Duration::from_millis)
}

/// The name of a command.
fn word(command: &Command) -> String {
    format!("{command:?}").split([' ', '{']).next().unwrap_or_default().to_owned()
}

#[test]
fn every_command_is_on_the_way() {
    let words: BTreeSet<String> =
        [WAY, CALLED_OFF].iter().flat_map(|way| replies(way)).map(|reply| word(&reply.command)).collect();
    let all = ["Answer", "Connect", "Hangup", "Lease", "Music", "Play", "Release", "Stop"];
    assert_eq!(words, all.map(str::to_owned).into(), "`Fallback` is the engine's own, when a lease runs out");
}

#[test]
fn a_caller_who_leaves_after_any_reply_leaves_nothing_behind() {
    for way in [WAY, CALLED_OFF] {
        for (reply, offset) in replies(&way).iter().flat_map(|reply| offsets().map(move |o| (reply, o))) {
            let case = format!("{offset:?} after the reply to {:?}", reply.command);
            let mut rig = struck(&way, reply, offset, Victim::Caller);
            rig.run_for(secs(15));
            let record = over(&rig, &case);
            let ends = matches!(&reply.command, Command::Hangup { .. }) && ends_by_itself(&rig);
            if !ends {
                assert_eq!(record.ended_by, EndedBy::Caller, "{case}: {record:#?}");
            }
        }
    }
}

#[test]
fn whoever_was_dialled_and_leaves_after_any_reply_costs_the_caller_nothing() {
    let mut served = 0;
    for way in [WAY, CALLED_OFF] {
        for (reply, offset) in replies(&way).iter().flat_map(|reply| offsets().map(move |o| (reply, o))) {
            if reply.dialled.is_empty() {
                continue;
            }
            let case = format!("{offset:?} after the reply to {:?}", reply.command);
            let mut rig = struck(&way, reply, offset, Victim::Dialled);
            // The next agent comes.
            rig.act(Act::Unpause { agent: name("a1") }).expect("ready");
            rig.run_for(secs(15));
            // Whom an admin sent to an extension that declines has no other place to go.
            let to_target = reply.dialled.len() > 1;
            if !to_target {
                assert_eq!(rig.states(), ["talking"], "{case}");
                let caller = super::rig::leg("c1");
                assert!(rig.world.legs().any(|leg| *leg == caller), "{case}: the caller was lost");
                let now = rig.now;
                rig.world.hang_up(&caller, now);
                rig.run_for(secs(5));
                served += 1;
            }
            let record = over(&rig, &case);
            let by = if to_target { EndedBy::Callee } else { EndedBy::Caller };
            let declined = to_target && record.legs.last().is_some_and(|leg| leg.answered.is_none());
            let by = if declined { EndedBy::Tandem } else { by };
            assert_eq!(record.ended_by, by, "{case}: {record:#?}");
        }
    }
    assert!(served >= 4 * offsets().count(), "only {served} callers had to be served again");
}

/// The way until somebody leaves, so long after the reply.
fn struck(way: &[(u64, Deed)], reply: &Reply, offset: Duration, victim: Victim) -> Rig {
    let mut rig = fresh();
    let at = reply.at + offset;
    go(&mut rig, way, at);
    let leg = match victim {
        Victim::Caller => super::rig::leg("c1"),
        Victim::Dialled => reply.dialled.last().expect("dialled").clone(),
    };
    rig.world.hang_up(&leg, at);
    rig.run_for(secs(1));
    rig
}

/// Whether Tandem had ordered the caller's own leg to end.
fn ends_by_itself(rig: &Rig) -> bool {
    let caller = super::rig::leg("c1");
    rig.orders.iter().any(|(_, o)| o.leg == caller && matches!(o.command, Command::Hangup { .. }))
}

/// Nothing is left; gives the one record, whose legs all have an end that somebody told.
fn over(rig: &Rig, case: &str) -> CallRecord {
    assert_eq!(rig.world.legs().count(), 0, "{case}: {:?}", rig.world.legs().collect::<Vec<_>>());
    assert_eq!(rig.board.live_calls(), 0, "{case}: {:?}", rig.states());
    for agent in ["a0", "a1"] {
        let state = rig.agent_state(agent);
        assert!(!["offered", "talking"].contains(&state.as_str()), "{case}: {agent} is {state}");
    }
    let [record] = rig.records.as_slice() else { panic!("{case}: {:#?}", rig.records) };
    for leg in &record.legs {
        let told = leg.cause.is_some_and(|cause| cause != HangupCause::INTERWORKING);
        assert!(leg.ended.is_some() && told, "{case}: {record:#?}");
    }
    record.clone()
}
