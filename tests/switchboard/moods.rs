//! How talks go, where a queue wants to know: told at once, over when the talk is, and known over a restart.

use tandem::{
    base::mood::{Mood, MoodLimits, Side},
    infra::site::{AlertRule, Limit, Metric, Site},
    live::switchboard::view::{Act, AlertTurn, MoodView, Query, View},
    ports::engine::{
        Command, Event,
        simulator::{Answer, Faults, World},
    },
};

use crate::rig::{Rig, START, caller, leg, millis, name, phones, secs, site};

const HEATED: Mood = Mood::Heated { score: 71, side: Side::Caller };

fn house() -> Site {
    let mut site = site(1);
    for queue in site.queues.values_mut() {
        queue.mood = Some(MoodLimits { silence: Some(secs(20)), heat: Some(60) });
    }
    let rule = |metric| AlertRule {
        metric,
        limit: Limit { above: true, limit: 0, clear: 0 },
        queues: vec![name("sales")],
        open: None,
        lasts: secs(0),
        least: 1,
        within_days: 7,
        tell: vec![name("desk")],
        escalate: Vec::new(),
        remind: None,
    };
    let rules = [("quiet", rule(Metric::SilentTalks)), ("loud", rule(Metric::HeatedTalks))];
    site.alerts.rules = rules.map(|(word, rule)| (name(word), rule)).into();
    site
}

/// A caller who talks with the only agent.
fn talk() -> Rig {
    let world = World::new(1, phones(1, Answer::After(secs(1)), secs(300)), Faults::default(), START);
    let mut rig = Rig::new(house(), world);
    rig.call_with("c", secs(0), caller('1', secs(100), secs(300)));
    rig.run_for(secs(10));
    assert_eq!(rig.states(), ["talking"]);
    rig
}

fn becomes(rig: &mut Rig, mood: Mood) {
    rig.world.feels(&leg("c"), mood, rig.now);
    rig.run_for(millis(100));
}

fn shown(rig: &Rig) -> Option<MoodView> {
    let View::Calls(calls) = rig.board.view(&Query::Calls, rig.now) else { panic!("calls") };
    calls.first().and_then(|call| call.mood.clone())
}

fn told(rig: &Rig) -> Vec<(String, AlertTurn)> {
    rig.alerts.iter().map(|news| (news.alert.rule.to_string(), news.turn)).collect()
}

#[test]
fn a_silence_and_a_quarrel_are_told_at_once_and_so_is_their_end() {
    let mut rig = talk();
    assert_eq!(shown(&rig).expect("sensed").mood, "calm");
    becomes(&mut rig, Mood::Silent);
    let told_at_once = [("quiet".to_owned(), AlertTurn::Fired)];
    assert_eq!(told(&rig), told_at_once);
    assert_eq!(shown(&rig).expect("sensed").mood, "silent");
    becomes(&mut rig, HEATED);
    let view = shown(&rig).expect("sensed");
    assert_eq!((view.mood.as_str(), view.score, view.side), ("heated", Some(71), Some(Side::Caller)));
    becomes(&mut rig, Mood::Calm);
    let words = |turn| move |rule: &str| (rule.to_owned(), turn);
    let [fired, cleared] = [words(AlertTurn::Fired), words(AlertTurn::Cleared)];
    let [_, second, third, last] = &told(&rig)[..] else { panic!("{:?}", told(&rig)) };
    assert!([second, third].contains(&&fired("loud")) && [second, third].contains(&&cleared("quiet")));
    assert_eq!(*last, cleared("loud"));
    rig.act(Act::Hangup { call: rig.only_call() }).expect("hung up");
    rig.run_for(secs(5));
    let steps: Vec<&str> = rig.records[0].steps.iter().map(|step| step.what.as_str()).collect();
    for step in [
        "neither has said anything for 20 s",
        "the talk is heated, 71 of 100: the caller",
        "the talk is calm again",
    ] {
        assert!(steps.contains(&step), "{steps:#?}");
    }
}

#[test]
fn a_talk_is_sensed_again_after_a_restart_and_no_more_when_it_is_over() {
    let mut rig = talk();
    becomes(&mut rig, Mood::Silent);
    let before = rig.snapshot();
    rig.orders.clear();
    rig.die_and_return(&before, secs(2));
    rig.run_for(secs(3));
    let ordered = |rig: &Rig, wanted: fn(&Command) -> bool| {
        rig.orders.iter().filter(|(_, order)| wanted(&order.command)).count()
    };
    assert_eq!(ordered(&rig, |command| matches!(command, Command::Sense { mood: Mood::Silent, .. })), 1);
    assert_eq!(shown(&rig).expect("sensed").mood, "silent");
    let call = rig.only_call();
    rig.act(Act::TransferToQueue { call, queue: name("sales") }).expect("sent on");
    rig.run_for(secs(1));
    assert!(ordered(&rig, |command| matches!(command, Command::SenseStop)) >= 1);
    rig.run_for(secs(5));
    let both = [AlertTurn::Fired, AlertTurn::Cleared].map(|turn| ("quiet".to_owned(), turn));
    assert_eq!(told(&rig), both, "once, over the restart, and over with the talk");
}

#[test]
fn nobody_is_told_of_a_talk_that_cannot_be_heard_and_nobody_listens_while_a_recording_pauses() {
    let mut rig = talk();
    let call = rig.only_call();
    rig.act(Act::Record { call, on: true }).expect("recorded");
    rig.act(Act::PauseRecording { call, on: true }).expect("paused");
    rig.run_for(millis(100));
    assert!(!rig.world.is_sensed(&leg("c")));
    rig.act(Act::PauseRecording { call, on: false }).expect("goes on");
    rig.run_for(millis(100));
    assert!(rig.world.is_sensed(&leg("c")));
    becomes(&mut rig, HEATED);
    let why = tandem::base::text::Label::new("no such file");
    rig.event(Event::Unsensed { leg: leg("c"), why });
    rig.run_for(millis(100));
    assert_eq!(shown(&rig), None);
    let turns: Vec<AlertTurn> = told(&rig).into_iter().map(|(_, turn)| turn).collect();
    assert_eq!(turns, [AlertTurn::Fired, AlertTurn::Cleared]);
}

#[test]
fn the_next_agent_is_not_listened_to_either_while_the_recording_pauses() {
    let mut rig = talk();
    let call = rig.only_call();
    rig.act(Act::Record { call, on: true }).expect("recorded");
    rig.act(Act::PauseRecording { call, on: true }).expect("paused");
    rig.act(Act::TransferToQueue { call, queue: name("sales") }).expect("sent on");
    rig.run_for(secs(60));
    assert_eq!(rig.states(), ["talking"]);
    assert!(!rig.world.is_sensed(&leg("c")));
    rig.act(Act::Record { call, on: false }).expect("not recorded any more");
    rig.run_for(millis(100));
    assert!(rig.world.is_sensed(&leg("c")));
}
