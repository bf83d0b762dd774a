//! Agents who are held at work by a client: one that is heard of no more costs no caller's time.

use std::time::Duration;

use tandem::{
    base::text::Label,
    live::switchboard::{
        Input,
        view::{Act, AgentView, Query, View},
    },
};

use crate::rig::{Rig, millis, name, secs};

const AGENT: &str = "a0";

fn lease(rig: &mut Rig, seconds: u32) {
    rig.act(Act::Lease { agent: name(AGENT), seconds }).expect("held");
}

fn view(rig: &Rig) -> AgentView {
    let View::Agents(agents) = rig.board.view(&Query::Agents, rig.now) else { panic!("agents") };
    agents.into_iter().find(|view| view.name.as_str() == AGENT).expect("the agent")
}

fn state(rig: &Rig) -> (String, String) {
    let view = view(rig);
    (view.state.to_string(), view.reason.map(|reason| reason.to_string()).unwrap_or_default())
}

fn is(state: &str, reason: &str) -> (String, String) {
    (state.to_owned(), reason.to_owned())
}

/// As the loop does: what is done already is no input.
fn renews(rig: &mut Rig, seconds: u32, every: Duration, times: usize) -> usize {
    let before = rig.journal.len();
    let act = Act::Lease { agent: name(AGENT), seconds };
    for _ in 0..times {
        rig.run_for(every);
        if !rig.board.is_done_already(&act, rig.now) {
            rig.act(act.clone()).expect("held");
        }
    }
    let acts = |(_, _, input): &&(u64, _, Input)| matches!(input, Input::Act { .. });
    rig.journal[before..].iter().filter(acts).count()
}

#[test]
fn whose_client_is_heard_of_no_more_is_offered_nothing() {
    let mut rig = Rig::simple(2);
    lease(&mut rig, 60);
    rig.run_for(secs(79));
    assert_eq!(state(&rig), is("ready", ""), "no sooner");
    rig.run_for(secs(2));
    assert_eq!(state(&rig), is("paused", "gone"), "no later than after four thirds");
    assert_eq!(view(&rig).lease_s, None);
    rig.call("c", secs(0));
    rig.run_for(secs(10));
    assert_eq!(rig.agent_state("a1"), "talking");
    lease(&mut rig, 60);
    assert_eq!(state(&rig), is("paused", "gone"), "renewing brings nobody back");
    rig.act(Act::Unpause { agent: name(AGENT) }).expect("back");
    assert_eq!(state(&rig), is("ready", ""));
}

#[test]
fn renewals_hold_and_one_in_a_third_of_the_time_is_written_down() {
    let mut rig = Rig::simple(1);
    lease(&mut rig, 60);
    // Every second for half an hour.
    let written = renews(&mut rig, 60, secs(1), 1_800);
    assert_eq!(state(&rig), is("ready", ""));
    assert!((80..=90).contains(&written), "{written}");
    rig.run_for(secs(59));
    assert_eq!(state(&rig), is("ready", ""), "the whole time from the last renewal, written down or not");
    rig.run_for(secs(22));
    assert_eq!(state(&rig), is("paused", "gone"));
}

#[test]
fn no_renewal_is_ever_cut_short() {
    for every in [1, 7, 13, 19, 20, 21, 33, 47, 59] {
        let mut rig = Rig::simple(1);
        lease(&mut rig, 60);
        renews(&mut rig, 60, secs(every), 20);
        rig.run_for(millis(59_999));
        assert_eq!(state(&rig), is("ready", ""), "renewed every {every} s");
        rig.run_for(secs(21));
        assert_eq!(state(&rig), is("paused", "gone"), "renewed every {every} s");
    }
}

#[test]
fn a_call_under_way_goes_on_and_no_other_follows() {
    let mut rig = Rig::simple(1);
    lease(&mut rig, 10);
    rig.call("c", secs(0));
    rig.run_for(secs(20));
    assert_eq!(state(&rig), is("talking", "pauses after it: gone"));
    assert_eq!(rig.states(), ["talking"]);
    rig.run_for(secs(60));
    assert_eq!(state(&rig), is("paused", "gone"), "no wrap-up, no offer");
    assert_eq!(rig.records.len(), 1);
    assert!(rig.records[0].talk_ms > 55_000, "{}", rig.records[0].talk_ms);
}

#[test]
fn who_pauses_or_has_logged_out_stays_so_and_no_client_ends_it() {
    let mut rig = Rig::simple(1);
    lease(&mut rig, 10);
    rig.act(Act::Pause { agent: name(AGENT), reason: Label::new("lunch") }).expect("paused");
    rig.run_for(secs(20));
    assert_eq!((state(&rig), view(&rig).lease_s), (is("paused", "lunch"), None));
    lease(&mut rig, 10);
    rig.act(Act::Logout { agent: name(AGENT) }).expect("logged out");
    assert_eq!(view(&rig).lease_s, None);
    rig.act(Act::Login { agent: name(AGENT) }).expect("back, by an admin");
    rig.run_for(secs(60));
    assert_eq!(state(&rig), is("ready", ""));
    lease(&mut rig, 10);
    lease(&mut rig, 0);
    rig.run_for(secs(60));
    assert_eq!(state(&rig), is("ready", ""));
}

#[test]
fn a_restart_gives_every_lease_its_time_again_and_no_more() {
    let mut rig = Rig::simple(1);
    let snapshot = rig.snapshot();
    lease(&mut rig, 60);
    rig.run_for(secs(50));
    rig.die_and_return(&snapshot, secs(120));
    rig.run_for(secs(59));
    assert_eq!(state(&rig), is("ready", ""), "nobody could renew it");
    rig.run_for(secs(22));
    assert_eq!(state(&rig), is("paused", "gone"));
}
