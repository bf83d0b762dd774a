//! A new site under live calls: whatever it lacks, talks go on, and nobody is stuck at something that is no more.

use std::sync::Arc;

use tandem::{
    base::id::LegId,
    infra::site::{Site, Step},
    live::switchboard::{
        Input,
        view::{Act, Query, View},
    },
    ports::engine::{
        HangupCause,
        simulator::{Answer, Line},
    },
};

use super::{
    rig::{self, Rig, leg, millis, name, number, secs},
    telephony::{admin, answers, at, call_in, calls, dials, ends, hear_each_other},
    town::{open, presses},
};

fn comes(rig: &mut Rig, id: &str, keys: &str) -> LegId {
    let id = leg(id);
    rig.world.expect(rig.now, id.clone(), rig::arrival("4000"), presses(keys));
    id
}

fn changes(rig: &mut Rig, change: impl FnOnce(&mut Site)) {
    let mut site = Site::clone(rig.board.site());
    change(&mut site);
    rig.input(Input::Site(Arc::new(site)));
}

fn is_there(rig: &Rig, leg: &LegId) -> bool {
    rig.world.legs().any(|known| known == leg)
}

/// Who hears whom.
fn talks(rig: &Rig) -> Vec<(LegId, LegId)> {
    let legs: Vec<_> = rig.world.legs().cloned().collect();
    let pairs = legs.iter().flat_map(|a| legs.iter().map(move |b| (a.clone(), b.clone())));
    pairs.filter(|(a, b)| a < b && hear_each_other(rig, a, b)).collect()
}

type Scene = (&'static str, &'static str, fn(&mut Rig));
type Change = (&'static str, fn(&mut Site));

/// A caller "c" on the way to each stage, and the word of the doors for it.
const SCENES: [Scene; 14] = [
    ("hears the menu", "menu", |rig| {
        comes(rig, "c", "");
        rig.run_for(secs(1));
    }),
    ("keys in digits", "menu", |rig| {
        comes(rig, "c", "310");
        rig.run_for(millis(3_500));
    }),
    ("waits", "waiting", |rig| {
        logged_out(rig);
        comes(rig, "c", "1");
        rig.run_for(secs(8));
    }),
    ("is offered", "offered", |rig| {
        silent(rig);
        comes(rig, "c", "1");
        rig.run_for(secs(3));
    }),
    ("talks with an agent", "talking", |rig| {
        comes(rig, "c", "1");
        rig.run_for(secs(5));
    }),
    ("rings at an extension", "dialling", |rig| {
        silent(rig);
        comes(rig, "c", "4");
        rig.run_for(secs(3));
    }),
    ("rings at a group", "dialling", |rig| {
        silent(rig);
        comes(rig, "c", "5");
        rig.run_for(secs(3));
    }),
    ("rings at a group in turn", "dialling", |rig| {
        silent(rig);
        comes(rig, "c", "6");
        rig.run_for(secs(3));
    }),
    ("talks with a group", "talking", |rig| {
        comes(rig, "c", "5");
        rig.run_for(secs(6));
    }),
    ("is parked", "parked", |rig| {
        comes(rig, "c", "4");
        rig.run_for(secs(6));
        let call = rig.only_call();
        admin(rig, Act::Park { call, slot: None });
    }),
    ("is in the conference", "conference", |rig| {
        comes(rig, "c", "8");
        rig.run_for(secs(4));
        rig.act(Act::Invite { conference: number("7001"), to: number("1000") }).expect("invited");
        rig.run_for(secs(4));
    }),
    ("leaves a message", "menu", |rig| {
        comes(rig, "c", "7");
        rig.run_for(secs(8));
    }),
    ("is aside while 1001 asks 1002", "consulting", |rig| {
        comes(rig, "c", "4");
        rig.run_for(secs(6));
        let call = rig.only_call();
        admin(rig, Act::Consult { call, to: number("1002") });
        rig.run_for(secs(3));
    }),
    ("talks outside", "talking", |rig| {
        comes(rig, "c", "0");
        rig.run_for(secs(5));
    }),
];

const CHANGES: [Change; 12] = [
    ("queue", |site| drop(site.queues.remove(&name("sales")))),
    ("flow", |site| {
        let main = site.flows.remove(&name("main")).expect("there");
        site.flows.insert(name("other"), main);
        site.numbers.get_mut(&number("4000")).expect("there").flow = name("other");
    }),
    ("steps but the start", |site| {
        let flow = site.flows.get_mut(&name("main")).expect("there");
        flow.steps.retain(|step, _| ["menu", "bye", "end"].contains(&step.as_str()));
        let Some(Step::Menu(menu)) = flow.steps.get_mut(&name("menu")) else { panic!("a menu") };
        menu.keys.clear();
    }),
    ("steps but another start", |site| {
        let flow = site.flows.get_mut(&name("main")).expect("there");
        flow.steps.retain(|step, _| ["bye", "end"].contains(&step.as_str()));
        flow.start = name("bye");
    }),
    ("extension", |site| site.extensions.retain(|of, _| *of == number("1000"))),
    ("agent", |site| site.agents.clear()),
    ("group", |site| site.dialing.groups.clear()),
    ("slot", |site| site.dialing.parking.as_mut().expect("there").slots = vec![number("7502")]),
    ("conference", |site| site.dialing.conferences.clear()),
    ("mailbox", |site| site.extensions.values_mut().for_each(|extension| extension.mailbox = None)),
    ("trunk", |site| {
        site.trunks.clear();
        site.dialing.outside = None;
    }),
    ("number", |site| site.numbers.clear()),
];

fn logged_out(rig: &mut Rig) {
    for agent in ["a3", "a4", "far"] {
        rig.act(Act::Logout { agent: name(agent) }).expect("logged out");
    }
}

fn silent(rig: &mut Rig) {
    for phone in ["1000", "1001", "1002", "1003", "1004"] {
        answers(rig, phone, Answer::Never);
    }
}

/// Each of all changes under each of all stages: whoever talks talks on, who does not goes on or is told good bye, and
/// nothing is left over. What holds of every input is checked by the rig.
#[test]
fn no_change_tears_a_talk_or_leaves_somebody_stuck() {
    for (scene, state, play) in SCENES {
        for (gone, change) in CHANGES {
            let case = format!("{scene}, and the {gone} is no more");
            let mut rig = open();
            play(&mut rig);
            assert!(rig.states().contains(&state.into()), "{case}: {:?}", rig.states());
            let talking = talks(&rig);
            changes(&mut rig, change);
            // Shorter than any good bye.
            rig.run_for(millis(1_500));
            assert!(talking.iter().all(|pair| talks(&rig).contains(pair)), "{case}: {talking:?} ended");
            assert!(
                is_there(&rig, &leg("c")),
                "{case}: hung up at once: {:#?}",
                rig.records.iter().map(|record| &record.steps).collect::<Vec<_>>()
            );
            if state == "consulting" {
                let call = rig.only_call();
                admin(&mut rig, Act::Complete { call });
            }
            // Who does not talk gets somewhere.
            rig.run_for(secs(100));
            let over = !is_there(&rig, &leg("c"));
            let waits = ["waits", "is offered"].contains(&scene) && gone != "queue";
            assert!(over || waits || talks(&rig).iter().any(|(a, b)| [a, b].contains(&&leg("c"))), "{case}");
            let invited = usize::from(scene == "is in the conference");
            ends(rig, 1 + invited);
        }
    }
}

#[test]
fn who_waits_in_a_queue_that_is_no_more_goes_on_at_once() {
    let mut rig = open();
    logged_out(&mut rig);
    comes(&mut rig, "c", "1");
    rig.run_for(secs(8));
    changes(&mut rig, CHANGES[0].1);
    rig.run_for(millis(10));
    assert_eq!(rig.states(), ["menu"]);
    rig.run_for(secs(5));
    let record = &ends(rig, 1)[0];
    let steps: Vec<_> = record.steps.iter().map(|why| why.what.as_str()).collect();
    assert!(steps.contains(&"queue sales is no longer in the site: step bye"), "{steps:#?}");
    assert!((5_000..8_000).contains(&record.wait_ms), "{}", record.wait_ms);
}

#[test]
fn an_offer_outlives_its_queue_and_when_it_fails_the_flow_goes_on() {
    for (answer, state) in [(Answer::After(secs(4)), "talking"), (Answer::Never, "menu")] {
        let mut rig = open();
        for phone in ["1003", "1004"] {
            answers(&mut rig, phone, answer);
        }
        comes(&mut rig, "c", "1");
        rig.run_for(secs(3));
        changes(&mut rig, CHANGES[0].1);
        assert_eq!(rig.states(), ["offered"]);
        rig.run_for(millis(14_500));
        assert_eq!(rig.states(), [state], "{answer:?}");
        ends(rig, 1);
    }
    // The agent is gone in the first moment: there is no place to give back.
    let mut rig = open();
    comes(&mut rig, "c", "1");
    rig.run_for(millis(3_300));
    assert_eq!(rig.states(), ["talking"]);
    changes(&mut rig, CHANGES[0].1);
    let agent = at(&rig, "1003").or_else(|| at(&rig, "1004")).expect("an agent talks");
    rig.world.hang_up(&agent, rig.now);
    rig.run_for(millis(100));
    assert_eq!(rig.states(), ["menu"]);
    ends(rig, 1);
}

#[test]
fn a_flow_begins_anew_where_the_step_of_a_caller_is_no_more() {
    let mut rig = open();
    comes(&mut rig, "c", "31");
    rig.run_for(secs(3));
    assert_eq!(calls(&rig)[0].at, "main / digits");
    changes(&mut rig, |site| {
        let flow = site.flows.get_mut(&name("main")).expect("there");
        flow.steps.remove(&name("digits"));
    });
    assert_eq!(calls(&rig)[0].at, "main / menu");
    // Without the flow, the number's; without the number, the fallback extension.
    changes(&mut rig, CHANGES[1].1);
    assert_eq!(rig.states(), ["menu"]);
    changes(&mut rig, |site| {
        site.flows.clear();
        site.numbers.clear();
    });
    rig.run_for(secs(3));
    let fallback = at(&rig, "1000").expect("the fallback extension talks");
    assert!(hear_each_other(&rig, &leg("c"), &fallback));
    ends(rig, 1);
}

#[test]
fn who_is_parked_on_a_slot_that_is_no_more_is_back_at_once() {
    let mut rig = open();
    (SCENES[9].2)(&mut rig);
    changes(&mut rig, CHANGES[7].1);
    rig.run_for(secs(3));
    let back = at(&rig, "1001").expect("1001 has the caller back");
    assert!(hear_each_other(&rig, &leg("c"), &back));
    ends(rig, 1);

    // And whoever parked the caller is no more either.
    let mut rig = open();
    (SCENES[9].2)(&mut rig);
    changes(&mut rig, CHANGES[4].1);
    changes(&mut rig, CHANGES[7].1);
    rig.run_for(millis(10));
    assert_eq!((rig.states(), calls(&rig)[0].at.as_str()), (vec!["menu".into()], "main / menu"));
    ends(rig, 1);
}

fn agents(rig: &Rig) -> Vec<String> {
    match rig.board.view(&Query::Agents, rig.now) {
        View::Agents(all) => all.iter().map(|agent| agent.name.to_string()).collect(),
        other => panic!("agents were asked for, not {other:?}"),
    }
}

#[test]
fn an_agent_who_is_no_more_ends_the_talk_and_is_gone() {
    for scene in [3, 4] {
        let mut rig = open();
        (SCENES[scene].2)(&mut rig);
        changes(&mut rig, CHANGES[5].1);
        let busy = agents(&rig);
        assert_eq!(busy.len(), 1, "{busy:?}");
        rig.run_for(secs(1));
        let phone = if busy[0] == "a3" { "1003" } else { "1004" };
        let agent = at(&rig, phone).expect("the agent's phone is in the call");
        rig.world.hang_up(&agent, rig.now);
        rig.run_for(millis(100));
        assert_eq!(agents(&rig), Vec::<String>::new());
        ends(rig, 1);
    }
}

#[test]
fn the_rest_of_a_group_that_is_no_more_is_still_rung() {
    let mut rig = open();
    answers(&mut rig, "1001", Answer::Never);
    answers(&mut rig, "1002", Answer::Busy);
    comes(&mut rig, "c", "6");
    rig.run_for(secs(4));
    changes(&mut rig, CHANGES[6].1);
    rig.run_for(secs(12));
    let last = at(&rig, "1003").expect("1003 talks");
    assert!(hear_each_other(&rig, &leg("c"), &last));
    ends(rig, 1);
}

#[test]
fn nobody_gets_into_a_conference_or_a_mailbox_that_is_no_more() {
    let mut rig = open();
    (SCENES[10].2)(&mut rig);
    changes(&mut rig, CHANGES[8].1);
    dials(&mut rig, "late", "1001", "7001");
    rig.run_for(secs(1));
    assert!(!is_there(&rig, &leg("late")));
    let call = rig.act(Act::Invite { conference: number("7001"), to: number("1002") });
    assert!(call.is_err(), "{call:?}");
    ends(rig, 3);

    let mut rig = open();
    (SCENES[11].2)(&mut rig);
    changes(&mut rig, CHANGES[9].1);
    rig.run_for(secs(40));
    let record = &ends(rig, 1)[0];
    assert!(record.steps.iter().all(|why| !why.what.contains("a message of")), "{record:#?}");
}

#[test]
fn a_trunk_that_is_no_more_is_not_tried_next() {
    let mut rig = open();
    let slow = Line { answer: Answer::Never, talk: secs(600) };
    rig.world.line(name("first"), slow);
    let a = dials(&mut rig, "a", "1000", "013800138000");
    rig.run_for(secs(1));
    changes(&mut rig, |site| drop(site.trunks.remove(&name("second"))));
    let dialled = call_in(&rig, "dialling");
    let ringing = rig.world.legs().find(|leg| **leg != a).expect("rings").clone();
    rig.event(tandem::ports::engine::Event::Ended { leg: ringing.clone(), cause: HangupCause::NO_CIRCUIT });
    rig.world.hang_up(&ringing, rig.now);
    rig.run_for(secs(2));
    let record = rig.records.iter().find(|record| record.id == dialled).expect("told why");
    assert_eq!((record.cause, record.legs.len()), (HangupCause::NO_CIRCUIT, 2));
    ends(rig, 1);
}
