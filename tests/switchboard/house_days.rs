//! Random days of a whole house: groups, consultations, rooms, slots, mailboxes, trunks and transfers at random moments,
//! with lost, doubled, late, refused and slow events, lost links, kills, and new sites. All the while nobody hears nothing
//! and no leg is without a call; in the evening nothing is left.

use std::{collections::BTreeSet, time::Duration};

use proptest::prelude::*;
use tandem::{
    base::id::{CallId, LegId},
    live::{
        record::{CallRecord, EndedBy},
        switchboard::view::{Query, View},
    },
    ports::engine::simulator::Faults,
};

use super::{
    cores,
    deeds::Day,
    rig::{Rig, millis, secs},
    telephony::calls,
    watch::Watch,
};

/// So long after the last move everybody has left by themselves.
const EVENING: Duration = Duration::from_secs(900);

/// So many moves, one about every two seconds, and then the evening.
fn pass(day: &mut Day, moves: usize, faulty: bool) -> Result<(), String> {
    let mut watch = Watch::new(faulty);
    let mut snapshot = day.rig.snapshot();
    for _ in 0..moves {
        let cut = std::mem::take(&mut day.cut);
        day.something(&mut snapshot);
        if day.cut {
            watch.afresh();
        }
        day.cut |= cut;
        let wait = day.span(4_000);
        watch.pass(&mut day.rig, wait)?;
    }
    let evening = day.rig.now + EVENING;
    let somebody = |rig: &Rig| rig.board.live_calls() > 0 || rig.world.legs().count() > 0;
    // Whoever is called back again comes within half a minute.
    while day.rig.now < evening && (somebody(&day.rig) || called_later(&day.rig)) {
        watch.pass(&mut day.rig, secs(10))?;
        if day.rig.now + EVENING / 2 > evening {
            everybody_in_a_room_leaves(day);
        }
    }
    // A while more, for what comes late.
    day.rig.run_for(secs(20));
    Ok(())
}

/// Whoever is alone in a conference would wait there for ever.
fn everybody_in_a_room_leaves(day: &mut Day) {
    let legs: Vec<LegId> =
        day.rig.world.legs().filter(|leg| day.rig.world.room(leg).is_some()).cloned().collect();
    for leg in legs {
        day.rig.world.hang_up(&leg, day.rig.now);
    }
}

fn nothing_is_left(day: &Day) -> Result<(), TestCaseError> {
    let rig = &day.rig;
    prop_assert_eq!(rig.board.live_calls(), 0, "calls that never end: {:?}", calls(rig));
    let legs: Vec<_> = rig.world.legs().collect();
    prop_assert!(legs.is_empty(), "legs left behind: {:?}", legs);
    let records: BTreeSet<CallId> = rig.records.iter().map(|record| record.id).collect();
    prop_assert_eq!(records.len(), rig.records.len(), "a call was written down twice");
    let begun = day.begun + called_back(rig);
    prop_assert!(rig.records.len() <= begun, "{} calls of {begun}", rig.records.len());
    let View::Agents(agents) = rig.board.view(&Query::Agents, rig.now) else { panic!("agents") };
    for agent in agents {
        prop_assert!(!["offered", "talking"].contains(&agent.state.as_str()), "{:?}", agent);
    }
    let View::Conferences(rooms) = rig.board.view(&Query::Conferences, rig.now) else { panic!("rooms") };
    prop_assert!(rooms.iter().all(|room| room.members.is_empty() && !room.locked), "{:?}", rooms);
    rig.records.iter().try_for_each(is_whole)
}

/// Calls by which somebody was called back.
fn called_back(rig: &Rig) -> usize {
    let calls =
        |record: &&CallRecord| record.steps.iter().any(|step| step.what.starts_with("calls back who"));
    rig.records.iter().filter(calls).count()
}

/// Somebody is to be called back, and an agent is there who could be kept for them.
fn called_later(rig: &Rig) -> bool {
    let View::Agents(agents) = rig.board.view(&Query::Agents, rig.now) else { panic!("agents") };
    let View::Callbacks(promised) = rig.board.view(&Query::Callbacks, rig.now) else { panic!("callbacks") };
    !promised.is_empty()
        && agents.iter().any(|agent| ["ready", "wrap-up", "resting"].contains(&&*agent.state))
}

/// Every leg has its end, nothing lasts longer than the call.
fn is_whole(record: &CallRecord) -> Result<(), TestCaseError> {
    let span = record.ended.since(record.arrived).as_millis();
    let ended = record.legs.iter().all(|leg| leg.ended.is_some_and(|end| end >= leg.began));
    prop_assert!(ended, "a leg without an end: {record:#?}");
    prop_assert!(record.ended >= record.arrived, "ended before it began: {record:#?}");
    let counted = u128::from(record.wait_ms) + u128::from(record.talk_ms);
    prop_assert!(counted <= span, "waited and talked {counted} of {span} ms: {record:#?}");
    let taped = record.recordings.iter().all(|tape| tape.ended.is_some());
    prop_assert!(taped, "a recording without an end: {record:#?}");
    Ok(())
}

/// Callers who neither hung up nor talked nor were told that nobody comes.
fn lost(day: &Day) -> Vec<String> {
    let world = &day.rig.world;
    let left = |leg: &&LegId| {
        !world.hung_up().contains(*leg)
            && !world.talked().contains(*leg)
            && !world.fallen_back().contains(*leg)
    };
    let told = |leg: &LegId| {
        let mut all = day.rig.records.iter();
        all.any(|call| call.legs.iter().any(|l| l.leg == *leg) && call.ended_by == EndedBy::Tandem)
    };
    day.callers.iter().filter(left).filter(|leg| !told(leg)).map(ToString::to_string).collect()
}

/// One day, and what is wrong with it.
fn day(seed: u64, moves: usize, faults: Option<Faults>) -> Result<Day, TestCaseError> {
    let mut day = Day::new(seed, faults.unwrap_or_default());
    pass(&mut day, moves, faults.is_some()).map_err(TestCaseError::fail)?;
    nothing_is_left(&day)?;
    prop_assert_eq!(lost(&day), Vec::<String>::new());
    if faults.is_none() && !day.cut {
        let begun = day.begun + called_back(&day.rig);
        prop_assert_eq!(day.rig.records.len(), begun, "each call has its record");
        prop_assert!(
            day.rig.world.fallen_back().is_empty(),
            "left to the engine: {:?}",
            day.rig.world.fallen_back()
        );
    }
    Ok(day)
}

fn faults() -> impl Strategy<Value = Option<Faults>> {
    let some = (0.0..0.1f64, 0.0..0.2f64, 0.0..0.2f64, 0.0..0.1f64, 0.0..0.2f64).prop_map(
        |(lose, double, late, refuse, slow)| {
            Some(Faults { lose, double, late, lateness: millis(800), refuse, slow, slowness: millis(800) })
        },
    );
    prop_oneof![1 => Just(None), 2 => some]
}

#[test]
fn days_of_a_whole_house_leave_nothing_and_lose_nobody() {
    let days = || (any::<u64>(), 1usize..40, faults());
    cores::check("days of a house", cores::wanted(), days, |(seed, moves, faults)| {
        day(seed, moves, faults).map(drop)
    });
}
