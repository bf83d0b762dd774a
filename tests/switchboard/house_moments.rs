//! Somebody leaves 0 to 100 ms after the engine has answered a command, in steps of 5 ms, on every way on which more than
//! two meet: groups, consultations, slots, pickup, transfers, conferences, messages, trunks. Any leg that is there is the
//! one that leaves. Nobody is left in silence, nothing is left over.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::{Duration, Instant},
};

use tandem::{
    base::{attendance::Attendance, clock::Stamp, id::LegId},
    live::switchboard::{Input, view::Act},
    ports::engine::{
        Arrival, Event, HangupCause, Origin,
        simulator::{Answer, Line},
    },
};

use super::{
    cores,
    rig::{self, Rig, START, leg, millis, name, number, secs},
    telephony::{answers, at, calls},
    town,
    watch::Watch,
};

type Deed = fn(&mut Rig);

/// What happens at which millisecond. What cannot be done any more, since somebody has left, is refused.
struct Way {
    name: &'static str,
    deeds: &'static [(u64, Deed)],
}

const WAYS: [Way; 14] = [
    Way { name: "a group together", deeds: &[(1, |rig| dials(rig, "a", "1000", "6001"))] },
    Way {
        name: "a group in turn",
        deeds: &[(0, |rig| answers(rig, "1001", Answer::Busy)), (1, |rig| dials(rig, "a", "1000", "6002"))],
    },
    Way {
        name: "asked first, then handed on",
        deeds: &[
            (1, |rig| dials(rig, "a", "1000", "1001")),
            (4_000, |rig| act(rig, |call| Act::Consult { call, to: number("1002") })),
            (7_500, |rig| act(rig, |call| Act::Complete { call })),
        ],
    },
    Way {
        name: "asked first, then all, then one of them",
        deeds: &[
            (1, |rig| dials(rig, "a", "1000", "1001")),
            (4_000, |rig| act(rig, |call| Act::Consult { call, to: number("1002") })),
            (7_500, |rig| act(rig, |call| Act::Join { call })),
            (8_500, |rig| leaves(rig, "1001")),
        ],
    },
    Way {
        name: "asked first, then given back",
        deeds: &[
            (1, |rig| dials(rig, "a", "1000", "1001")),
            (4_000, |rig| act(rig, |call| Act::Consult { call, to: number("1002") })),
            (5_000, |rig| act(rig, |call| Act::Back { call })),
        ],
    },
    Way {
        name: "parked and fetched",
        deeds: &[
            (1, |rig| dials(rig, "a", "1000", "1001")),
            (4_000, |rig| act(rig, |call| Act::Park { call, slot: None })),
            (5_000, |rig| dials(rig, "d", "1004", "7501")),
        ],
    },
    Way {
        name: "picked up",
        deeds: &[(1, |rig| dials(rig, "a", "1000", "1001")), (1_000, |rig| dials(rig, "d", "1004", "*8"))],
    },
    Way {
        name: "transferred by a phone, outside by the second trunk",
        deeds: &[
            (0, |rig| rig.world.line(name("first"), failing())),
            (1, |rig| dials(rig, "a", "1001", "1000")),
            (4_000, |rig| refers(rig, "1000", "013800138000")),
        ],
    },
    Way {
        name: "two talks joined by a phone",
        deeds: &[
            (1, |rig| dials(rig, "a", "1000", "1001")),
            (4_000, |rig| dials(rig, "b", "1001", "1002")),
            (7_500, joins),
        ],
    },
    Way {
        name: "a conference",
        deeds: &[
            (1, |rig| dials(rig, "a", "1000", "7001")),
            (1_000, |rig| dials(rig, "b", "1001", "7001")),
            (2_000, |rig| act(rig, |call| Act::Mute { call, on: true })),
            (3_000, |rig| {
                drop(rig.act(Act::Invite { conference: number("7001"), to: number("1002") }));
            }),
            (7_000, |rig| act(rig, |call| Act::Transfer { call, to: number("1003") })),
        ],
    },
    Way {
        name: "attended, whispered to, taken over",
        deeds: &[
            (1, |rig| dials(rig, "a", "1000", "1001")),
            (4_000, |rig| attends(rig, Attendance::Listen)),
            (7_500, |rig| attends(rig, Attendance::Whisper)),
            (8_000, |rig| act(rig, |call| Act::TakeOver { call, by: number("1002") })),
        ],
    },
    Way {
        name: "taken over, while somebody is asked first",
        deeds: &[
            (1, |rig| dials(rig, "a", "1000", "1001")),
            (4_000, |rig| act(rig, |call| Act::TakeOver { call, by: number("1002") })),
            (4_500, |rig| act(rig, |call| Act::Consult { call, to: number("1003") })),
        ],
    },
    Way {
        name: "a message",
        deeds: &[
            (0, |rig| answers(rig, "1002", Answer::Busy)),
            (1, |rig| dials(rig, "a", "1000", "1002")),
            (9_000, |rig| leaves_leg(rig, "a")),
        ],
    },
    Way {
        name: "from the queue to a group",
        deeds: &[
            (1, |rig| rig.world.expect(rig.now, leg("a"), rig::arrival("4000"), town::presses("1"))),
            (5_000, |rig| refers(rig, "1003", "6001")),
        ],
    },
];

fn dials(rig: &mut Rig, id: &str, from: &str, to: &str) {
    let arrival = Arrival { origin: Origin::Phone(name(from)), from: Some(number(from)), ..rig::arrival(to) };
    rig.world.expect(rig.now, leg(id), arrival, town::presses(""));
}

/// The first call that there is.
fn act(rig: &mut Rig, act: fn(tandem::base::id::CallId) -> Act) {
    if let Some(call) = calls(rig).first() {
        let call = call.id;
        drop(rig.act(act(call)));
    }
}

fn attends(rig: &mut Rig, mode: Attendance) {
    if let Some(call) = calls(rig).first() {
        drop(rig.act(Act::Attend { call: call.id, by: number("1002"), mode }));
    }
}

fn leaves(rig: &mut Rig, phone: &str) {
    if let Some(leg) = at(rig, phone) {
        rig.world.hang_up(&leg, rig.now);
    }
}

fn leaves_leg(rig: &mut Rig, id: &str) {
    rig.world.hang_up(&leg(id), rig.now);
}

fn refers(rig: &mut Rig, phone: &str, to: &str) {
    if let Some(leg) = at(rig, phone) {
        rig.world.refer(&leg, number(to), rig.now);
    }
}

fn joins(rig: &mut Rig) {
    if let Some(one) = at(rig, "1001") {
        rig.world.refer_attended(&one, &leg("b"), rig.now);
    }
}

fn failing() -> Line {
    Line { answer: Answer::Fail(HangupCause::NO_CIRCUIT), talk: secs(600) }
}

/// Goes the way to its end; with `strike`, somebody leaves at that moment.
fn go(way: &Way, strike: Option<(Stamp, LegId)>) -> Result<Rig, String> {
    let mut rig = town::open();
    let mut watch = Watch::new(false);
    let mut strike = strike.into_iter().peekable();
    for (at, deed) in way.deeds {
        let at = START + millis(20 + at);
        while let Some((when, leg)) = strike.next_if(|(when, _)| *when <= at) {
            hangs_up(&mut rig, &mut watch, when, &leg)?;
        }
        let span = at.since(rig.now);
        watch.pass(&mut rig, span)?;
        deed(&mut rig);
    }
    for (when, leg) in strike {
        hangs_up(&mut rig, &mut watch, when, &leg)?;
    }
    watch.pass(&mut rig, secs(20))?;
    Ok(rig)
}

fn hangs_up(rig: &mut Rig, watch: &mut Watch, at: Stamp, leg: &LegId) -> Result<(), String> {
    let span = at.since(rig.now);
    watch.pass(rig, span)?;
    rig.world.hang_up(leg, rig.now);
    Ok(())
}

/// When the engine replies on an undisturbed way.
fn replies(rig: &Rig) -> BTreeSet<Stamp> {
    let all = rig.journal.iter();
    all.filter(|(_, _, input)| matches!(input, Input::Engine(Event::Outcome { .. })))
        .map(|(_, at, _)| *at)
        .collect()
}

/// Every leg that the way has.
fn legs(rig: &Rig) -> BTreeSet<LegId> {
    let all = rig.journal.iter().filter_map(|(_, _, input)| match input {
        Input::Engine(Event::Arrived { leg, .. } | Event::Ringing { leg }) => Some(leg.clone()),
        _ => None,
    });
    all.collect()
}

/// Every moment of a way at which somebody leaves, and who. Ids of legs are the same until then.
fn moments(way: &'static Way) -> Vec<(&'static Way, Stamp, LegId)> {
    let rig = go(way, None).expect("an undisturbed way");
    let steps = || (0..=100).step_by(5).map(Duration::from_millis);
    let at: BTreeSet<Stamp> =
        replies(&rig).into_iter().flat_map(|reply| steps().map(move |step| reply + step)).collect();
    at.into_iter().flat_map(|at| legs(&rig).into_iter().map(move |leg| (way, at, leg))).collect()
}

/// Everybody hangs up: nothing is left, and every leg has the end that the engine told.
fn nothing_is_left(mut rig: Rig) -> Result<(), String> {
    let legs: Vec<LegId> = rig.world.legs().cloned().collect();
    for leg in legs {
        rig.world.hang_up(&leg, rig.now);
    }
    rig.run_for(secs(10));
    let left: Vec<_> = rig.world.legs().collect();
    if !left.is_empty() || rig.board.live_calls() > 0 {
        return Err(format!("left: {left:?}, {:?}", calls(&rig)));
    }
    let told = |cause: Option<HangupCause>| cause.is_some_and(|cause| cause != HangupCause::INTERWORKING);
    match rig
        .records
        .iter()
        .find(|record| !record.legs.iter().all(|leg| leg.ended.is_some() && told(leg.cause)))
    {
        Some(record) => Err(format!("a leg whose end nobody told: {record:#?}")),
        None => Ok(()),
    }
}

/// Every tenth moment; all of them in `make test-long`.
#[test]
fn pain_15_whoever_leaves_at_any_moment_of_a_meeting_leaves_nothing_behind() {
    let all: Vec<_> = WAYS.iter().flat_map(moments).collect();
    let step = if std::env::var("TANDEM_CASES").is_ok() { 1 } else { 10 };
    let chosen: Vec<_> = all.iter().step_by(step).collect();
    let begun = Instant::now();
    let wrong = Mutex::new(BTreeMap::new());
    cores::each(&chosen, |(way, at, leg)| {
        let gone = go(way, Some((*at, leg.clone()))).and_then(nothing_is_left);
        if let Err(why) = gone {
            let why = format!("{leg} leaves after {:?}: {why}", at.since(START));
            wrong.lock().expect("no panic").entry(way.name).or_insert(why);
        }
    });
    println!("{} of {} moments in {:?}", chosen.len(), all.len(), begun.elapsed());
    let wrong = wrong.into_inner().expect("no panic");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(all.len() > 5_000, "{} moments", all.len());
}
