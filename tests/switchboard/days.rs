//! Whole days of calls with seeded faults: nobody stuck, nobody lost, and the same seed gives the same day.

use proptest::prelude::*;
use tandem::{
    base::clock::Stamp,
    live::record::EndedBy,
    ports::engine::simulator::{Answer, Caller, Faults, World},
};

use super::{
    cores,
    rig::{Rig, START, caller, leg, millis, name, phones, secs, site},
};

/// How many callers a day has, within two minutes: a few on most days, since small days go wrong in the same ways
/// and more of them fit into a night; many on some.
fn callers() -> impl Strategy<Value = usize> {
    prop_oneof![3 => 1usize..12, 1 => 1usize..40]
}

/// A day with `calls` callers at random times and with random habits.
fn day(seed: u64, calls: usize, agents: usize, faults: Faults) -> Rig {
    let mut random = fastrand::Rng::with_seed(seed);
    let world = World::new(seed, phones(agents, Answer::After(secs(2)), secs(20)), faults, START);
    let mut rig = Rig::new(site(agents), world);
    for i in 0..agents {
        let habit = match random.u8(..6) {
            0 => Answer::Never,
            1 => Answer::Busy,
            2 => Answer::After(millis(random.u64(..200))),
            _ => Answer::After(millis(random.u64(500..9_000))),
        };
        let phone = rig.world.phone(&name(&(1000 + i).to_string())).expect("a phone");
        phone.answer = habit;
        phone.talk = millis(random.u64(..40_000));
    }
    for i in 0..calls {
        let habits: Caller = caller(
            *random.choice(['1', '2', '9'].as_slice()).expect("a key"),
            millis(random.u64(..90_000)),
            millis(random.u64(..60_000)),
        );
        rig.call_with(&format!("c{i}"), millis(random.u64(..120_000)), habits);
    }
    rig
}

fn end_of(mut rig: Rig, calls: usize) -> Rig {
    let evening = rig.now + secs(900);
    // Nobody comes after the first two minutes. When all have gone, a while more, for what comes late.
    rig.run_for(secs(120));
    while rig.now < evening && (rig.board.live_calls() > 0 || rig.world.legs().count() > 0) {
        rig.run_for(secs(10));
    }
    rig.run_for(secs(20));
    assert_eq!(rig.board.live_calls(), 0, "calls that never end: {:?}", rig.states());
    assert_eq!(rig.world.legs().count(), 0, "legs left behind: {:?}", rig.world.legs().collect::<Vec<_>>());
    assert!(rig.records.len() <= calls, "a call was written down twice");
    rig
}

/// Callers who neither hung up nor talked nor were told good bye by the flow.
fn lost(rig: &Rig, calls: usize) -> Vec<String> {
    (0..calls)
        .map(|i| leg(&format!("c{i}")))
        .filter(|leg| !rig.world.hung_up().contains(leg) && !rig.world.talked().contains(leg))
        .filter(|leg| !rig.world.fallen_back().contains(leg))
        .filter(|leg| {
            let record = rig.records.iter().find(|record| record.legs[0].leg == *leg);
            record.is_none_or(|record| record.ended_by != EndedBy::Tandem)
        })
        .map(|leg| leg.to_string())
        .collect()
}

#[test]
fn a_day_without_faults_is_written_down_whole() {
    let days = || (any::<u64>(), callers(), 0usize..6);
    cores::check("days without faults", cores::wanted(), days, |(seed, calls, agents)| {
        let rig = end_of(day(seed, calls, agents, Faults::default()), calls);
        prop_assert_eq!(rig.records.len(), calls);
        prop_assert_eq!(lost(&rig, calls), Vec::<String>::new());
        Ok(())
    });
}

#[test]
fn pain_12_lost_doubled_late_refused_and_slow_lose_nobody() {
    let faults = || {
        (0.0..0.2f64, 0.0..0.3f64, 0.0..0.3f64, 0.0..0.1f64, 0.0..0.3f64).prop_map(
            |(lose, double, late, refuse, slow)| Faults {
                lose,
                double,
                late,
                lateness: millis(800),
                refuse,
                slow,
                slowness: millis(800),
            },
        )
    };
    let days = || (any::<u64>(), callers(), 0usize..6, faults());
    cores::check("days with faults", cores::wanted(), days, |(seed, calls, agents, faults)| {
        let rig = end_of(day(seed, calls, agents, faults), calls);
        prop_assert_eq!(lost(&rig, calls), Vec::<String>::new());
        Ok(())
    });
}

#[test]
fn the_same_seed_gives_the_same_journal() {
    let faults = Faults { lose: 0.05, double: 0.1, late: 0.1, lateness: secs(1), ..Faults::default() };
    // Two days a case: a tenth of them shows what a million would.
    cores::check("days done twice", cores::wanted().div_ceil(10), any::<u64>, |seed| {
        let journal = |_| format!("{:?}", end_of(day(seed, 15, 3, faults), 15).journal);
        prop_assert_eq!(journal(1), journal(2));
        Ok(())
    });
}

#[test]
fn the_machine_replays_to_the_same_state() {
    let rig = end_of(day(7, 20, 3, Faults::default()), 20);
    let mut again = tandem::live::switchboard::Switchboard::new(rig.board.site().clone(), START);
    for (seq, at, input) in rig.journal.clone() {
        again.on(seq, at, input);
    }
    let json = |board: &tandem::live::switchboard::Switchboard| serde_json::to_string(board).expect("JSON");
    assert_eq!(json(&again), json(&rig.board));
    let _: Stamp = rig.now;
}

#[test]
fn days_that_once_lost_somebody_lose_nobody() {
    let faults = Faults {
        lose: 0.047_492_386_997_948_23,
        double: 0.024_234_121_691_000_67,
        late: 0.163_790_586_403_264_52,
        lateness: millis(800),
        refuse: 0.098_505_684_762_021_04,
        slow: 0.108_232_275_170_181_69,
        slowness: millis(800),
    };
    // The engine refused to answer this caller's call four times, then answered and did not tell.
    let known = [(14_081_923_122_873_277_308, 33, 1, faults)];
    for (seed, calls, agents, faults) in known {
        let rig = end_of(day(seed, calls, agents, faults), calls);
        assert_eq!(lost(&rig, calls), Vec::<String>::new(), "seed {seed}");
    }
}
