//! A day that was written into a journal runs again: every decision as it was, and otherwise under another site.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use tandem::{
    base::{clock::Stamp, id::CallId, number::Key},
    infra::{
        journal::{self, Entry, Journal, Options, Payload},
        site::{RingOrder, Site, Step},
    },
    live::switchboard::{
        Switchboard,
        replay::{Replay, Rerun},
        view::Why,
    },
    ports::engine::simulator::{Answer, Faults, World},
};

use super::{
    deeds::Day,
    rig::{Rig, START, caller, millis, name, number, phones, secs, site},
    town,
};

const AGENTS: usize = 12;

/// Calls all over an hour, with callers who lose patience and faults of the engine.
fn hour(calls: usize, faults: Faults) -> Rig {
    let mut random = fastrand::Rng::with_seed(7);
    let world = World::new(7, phones(AGENTS, Answer::After(secs(3)), secs(20)), faults, START);
    let mut rig = Rig::new(site(AGENTS), world);
    rig.watchful = false;
    for i in 0..calls {
        let key = random.choice(['1', '2', '9']).expect("a key");
        let habits = caller(key, millis(random.u64(..90_000)), millis(random.u64(..60_000)));
        rig.call_with(&format!("c{i}"), millis(random.u64(..3_600_000)), habits);
    }
    rig.run_for(secs(4500));
    assert!(rig.records.len() >= calls, "{} of {calls} calls ended", rig.records.len());
    rig
}

/// Hours of a house in which everything happens, and what that was: see `deeds`.
fn hours(calls: usize, same_site: bool, faults: Faults) -> Rig {
    let mut day = Day::new(11, faults);
    (day.rig.watchful, day.same_site) = (false, same_site);
    let mut snapshot = day.rig.snapshot();
    while day.begun < calls {
        day.something(&mut snapshot);
        let wait = day.span(2_500);
        day.rig.run_for(wait);
    }
    for _ in 0..100 {
        let left: Vec<_> = day.rig.world.legs().cloned().collect();
        for leg in left {
            day.rig.world.hang_up(&leg, day.rig.now);
        }
        day.rig.run_for(secs(10));
    }
    assert_eq!(day.rig.board.live_calls(), 0);
    day.rig
}

/// Calls in whose story this is said.
fn with(calls: &BTreeMap<CallId, Vec<Why>>, words: &str) -> usize {
    calls.values().filter(|steps| steps.iter().any(|why| why.what.contains(words))).count()
}

/// Writes the day as a daemon does: in small segments, with a snapshot before the first input and now and then.
fn write_down(rig: &Rig, state: &Path) {
    write_down_from(rig.board.site().clone(), rig, state);
}

fn write_down_from(site: Arc<Site>, rig: &Rig, state: &Path) {
    let options = Options { segment_bytes: 256 << 10, ..Options::default() };
    let (mut journal, _) = Journal::open(state, options).expect("a journal");
    let mut board = Switchboard::new(site, START);
    let snapshot = |journal: &mut Journal, seq, board: &Switchboard| {
        assert!(journal.snapshot(seq, serde_json::to_vec(board).expect("JSON")));
        journal.wait_for_snapshot();
    };
    snapshot(&mut journal, 0, &board);
    for (seq, at, input) in &rig.journal {
        let call = board.call_of(input, *seq, *at);
        assert_eq!(journal.append(*at, call, input).expect("appended"), *seq);
        journal.commit();
        board.on(*seq, *at, input.clone());
        if seq.is_multiple_of(700) {
            snapshot(&mut journal, *seq, &board);
        }
    }
    assert!(journal.close().is_good());
}

struct Ran {
    calls: BTreeMap<CallId, Vec<Why>>,
    span: Duration,
    took: Duration,
    missing: usize,
    entries: usize,
}

fn run_again(state: &Path, site: Option<Site>, only: Option<CallId>) -> Ran {
    let begun = Instant::now();
    let past = journal::past(state, 1, only.map(CallId::born)).expect("a journal").expect("a snapshot");
    let mut replay = Replay::new(&past.snapshot, site.map(Arc::new), only).expect("a state");
    let (mut over, mut first, mut last): (Vec<Rerun>, _, _) = (Vec::new(), None, Stamp::default());
    let (mut missing, mut entries) = (0, 0);
    for entry in past.entries.map(|entry| entry.expect("an entry")) {
        missing += usize::from(entry.payload == Payload::Erased);
        entries += 1;
        last = entry.at;
        first.get_or_insert(entry.at);
        over.append(&mut replay.on(&entry).expect("an input"));
    }
    over.extend(replay.unfinished());
    let span = last.since(first.expect("entries"));
    let calls = over.into_iter().map(|rerun| (rerun.call, rerun.steps)).collect();
    Ran { calls, span, took: begun.elapsed(), missing, entries }
}

fn recorded(rig: &Rig) -> BTreeMap<CallId, Vec<Why>> {
    rig.records.iter().map(|record| (record.id, record.steps.clone())).collect()
}

#[test]
fn a_thousand_calls_decide_as_they_did_a_thousand_times_as_fast() {
    let state = tempfile::tempdir().expect("a folder");
    let rig = hour(1000, Faults { lose: 0.02, double: 0.05, ..Faults::default() });
    write_down(&rig, state.path());
    let ran = run_again(state.path(), None, None);
    assert_eq!(ran.calls, recorded(&rig));
    let faster = ran.span.as_secs_f64() / ran.took.as_secs_f64();
    println!("{} calls, {} entries, {faster:.0} × real time", ran.calls.len(), ran.entries);
    assert!(faster >= 1000.0, "only {faster:.0} × real time");
}

#[test]
fn a_thousand_calls_of_every_kind_decide_as_they_did_a_thousand_times_as_fast() {
    let state = tempfile::tempdir().expect("a folder");
    let rig = hours(3200, false, Faults { lose: 0.02, double: 0.05, refuse: 0.02, ..Faults::default() });
    write_down_from(Arc::new(town::site()), &rig, state.path());
    let was = recorded(&rig);
    let ran = run_again(state.path(), None, None);
    assert_eq!(ran.calls, was);
    let decisions: usize = was.values().map(Vec::len).sum();
    let faster = ran.span.as_secs_f64() / ran.took.as_secs_f64();
    println!(
        "{} calls, {decisions} decisions, {} entries: all the same, {faster:.0} × real time",
        was.len(),
        ran.entries
    );
    let kinds = [
        "queue ",
        "transfers the call",
        " transfers: ",
        "group ",
        "ask ",
        "conference ",
        "parked on",
        "fetched from",
        "picked up",
        "a message of",
        "forwards to",
        "trunk ",
        "recording ",
        "is joined with",
        "no longer in the site",
    ];
    for kind in kinds {
        let calls = with(&was, kind);
        println!("{calls:5} with “{kind}”");
        assert!(calls >= 2, "{calls} calls with “{kind}”");
    }
    assert!(was.len() >= 1000, "{} calls", was.len());
    assert!(faster >= 1000.0, "only {faster:.0} × real time");
}

#[test]
fn another_site_names_the_first_decision_that_differs_in_calls_of_every_kind() {
    let state = tempfile::tempdir().expect("a folder");
    let rig = hours(300, true, Faults::default());
    write_down(&rig, state.path());
    let mut other = town::site();
    other.dialing.groups.get_mut(&number("6001")).expect("a group").order = RingOrder::InTurn;
    let (was, ran) = (recorded(&rig), run_again(state.path(), Some(other), None));
    // Whom Tandem itself called has not arrived, and is not tried.
    let invited = with(&was, " invites ") + with(&was, "calls back who");
    assert_eq!(ran.calls.len(), was.len() - invited);
    let (mut there, mut elsewhere, mut same) = (0, 0, 0);
    for (call, now) in &ran.calls {
        let rung = was[call].iter().any(|why| why.what.ends_with("3 phones together"));
        match was[call].iter().zip(now).find(|(was, is)| was.what != is.what) {
            Some((was, is)) if was.what.ends_with("together") && is.what.ends_with("in turn") => there += 1,
            // Others of the house meet the other site too: a slot, a phone, a place may be taken by then.
            Some(_) => elsewhere += 1,
            None => {
                assert!(!rung, "{:#?}\n{now:#?}", was[call]);
                same += 1;
            }
        }
    }
    println!("{there} calls part at the group, {elsewhere} for what others do, {same} go as they went");
    assert!(there >= 10 && same > 10 * elsewhere, "{there}, {elsewhere}, {same}");
}

#[test]
fn any_call_is_run_again_from_a_state_shortly_before_it() {
    let state = tempfile::tempdir().expect("a folder");
    let rig = hour(300, Faults::default());
    write_down(&rig, state.path());
    let mut shorter = 0;
    for (call, steps) in recorded(&rig).into_iter().step_by(17) {
        let ran = run_again(state.path(), None, Some(call));
        assert_eq!(ran.calls, [(call, steps)].into());
        shorter += usize::from(ran.entries < rig.journal.len());
    }
    assert!(shorter > 5, "{shorter} runs began later than at the beginning");
}

#[test]
fn another_site_shows_where_calls_would_part() {
    let state = tempfile::tempdir().expect("a folder");
    let rig = hour(200, Faults::default());
    write_down(&rig, state.path());
    let mut other = site(AGENTS);
    let flow = other.flows.get_mut(&name("main")).expect("a flow");
    let Some(Step::Menu(menu)) = flow.steps.get_mut(&name("menu")) else { panic!("a menu") };
    menu.keys.insert(Key::new('1').expect("a key"), name("support"));
    let ran = run_again(state.path(), Some(other), None);
    let was = recorded(&rig);
    assert_eq!(ran.calls.len(), was.len());
    let (mut parted, mut same) = (0, 0);
    for (call, now) in &ran.calls {
        let pressed_one = was[call].iter().any(|why| why.what.contains("key 1 → sales"));
        // Others who stand in the menu meet the other site too: places in queues may differ for all.
        let chosen =
            |steps: &[Why]| steps.iter().map(|why| why.what.clone()).find(|what| what.contains("key "));
        let differs = chosen(now) != chosen(&was[call]);
        assert_eq!(differs, pressed_one, "{:#?}\n{now:#?}", was[call]);
        if differs {
            assert!(now.iter().any(|why| why.what.contains("key 1 → support")), "{now:#?}");
            parted += 1;
        } else {
            same += 1;
        }
    }
    assert!(parted > 30 && same > 30, "{parted} parted, {same} the same");
}

#[test]
fn what_was_erased_is_missing_and_said_so() {
    let state = tempfile::tempdir().expect("a folder");
    let rig = hour(100, Faults::default());
    write_down(&rig, state.path());
    let erased = *recorded(&rig).keys().nth(50).expect("a call");
    let its = |entry: &Entry| entry.call == Some(erased);
    let inputs = journal::read(state.path(), 1).expect("a journal").map(|entry| entry.expect("an entry"));
    let expected = inputs.filter(its).count();
    assert!(expected > 3, "{expected}");
    let (mut journal, _) = Journal::open(state.path(), Options::default()).expect("a journal");
    assert!(journal.erase(erased).expect("erased") > 0);
    drop(journal);
    let ran = run_again(state.path(), None, None);
    assert_eq!(ran.missing, expected);
    assert!(!ran.calls.contains_key(&erased), "an erased call is not told of");
}
