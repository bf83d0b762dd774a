//! The process is killed at random instants, also between writing an input and letting its effects go.

use std::collections::BTreeSet;

use tandem::{
    base::id::LegId,
    ports::engine::simulator::{Answer, Caller, Faults, World},
};

use super::rig::{Rig, START, caller, leg, millis, phones, secs, site};

const CALLS: usize = 100;
const AGENTS: usize = 30;

/// 100 callers within half a minute, who press their key again and again.
fn crowd(seed: u64) -> Rig {
    let world = World::new(seed, phones(AGENTS, Answer::After(secs(4)), secs(45)), Faults::default(), START);
    let mut rig = Rig::new(site(AGENTS), world);
    let mut random = fastrand::Rng::with_seed(seed);
    for i in 0..CALLS {
        let key = caller(random.choice(['1', '2']).expect("a key"), secs(0), secs(0)).keys[0].1;
        let keys = (0..30).map(|n| (secs(1 + 4 * n), key)).collect();
        rig.call_with(
            &format!("c{i}"),
            millis(random.u64(..30_000)),
            Caller { keys, patience: secs(900), talk: secs(900) },
        );
    }
    rig
}

/// Callers who are there and have not talked yet: nobody but they themselves may end their call.
fn callers(rig: &Rig) -> BTreeSet<LegId> {
    let fresh = |leg: &&LegId| leg.as_str().starts_with('c') && !rig.world.talked().contains(*leg);
    rig.world.legs().filter(fresh).cloned().collect()
}

#[test]
fn pain_14_two_hundred_kills_drop_nobody_and_keep_every_place() {
    let mut random = fastrand::Rng::with_seed(200);
    let mut kills = 0;
    for seed in 0..20 {
        let mut rig = crowd(seed);
        for _ in 0..10 {
            rig.run_for(millis(random.u64(..9_000)));
            let snapshot = rig.snapshot();
            rig.run_for(millis(random.u64(..500)));
            rig.doomed = random.bool();
            if rig.doomed {
                rig.run_for(secs(5));
            }
            let before = callers(&rig);
            rig.die_and_return(&snapshot, millis(random.u64(100..2_500)));
            rig.run_for(millis(1));
            kills += 1;
            let there: BTreeSet<_> = rig.world.legs().cloned().collect();
            let dropped: Vec<_> = before.difference(&there).collect();
            assert!(dropped.is_empty(), "seed {seed}, kill {kills}: dropped {dropped:?}");
        }
        rig.run_for(secs(900));
        assert_eq!(rig.board.live_calls(), 0, "{:?}", rig.states());
        assert_eq!(rig.world.legs().count(), 0);
        for i in 0..CALLS {
            let leg = leg(&format!("c{i}"));
            let record = rig.records.iter().find(|record| record.legs[0].leg == leg);
            assert!(rig.world.talked().contains(&leg), "seed {seed}: caller {i} never talked: {record:#?}");
        }
    }
    assert_eq!(kills, 200);
}

#[test]
fn a_process_that_never_returns_leaves_everybody_to_the_fallback() {
    let mut rig = crowd(5);
    rig.run_for(secs(40));
    let now = rig.now;
    let talking: Vec<_> =
        (0..CALLS).map(|i| leg(&format!("c{i}"))).filter(|leg| rig.world.peer(leg).is_some()).collect();
    let waiting: Vec<_> =
        (0..CALLS).map(|i| leg(&format!("c{i}"))).filter(|leg| rig.world.peer(leg).is_none()).collect();
    assert!(!talking.is_empty() && !waiting.is_empty());
    rig.world.cut(now);
    rig.world.run(now + secs(30));
    for leg in &waiting {
        let rings = rig.world.talked().contains(leg);
        assert!(rig.world.fallen_back().contains(leg) || rings, "{leg} waits for ever");
    }
    for leg in &talking {
        assert!(!rig.world.fallen_back().contains(leg), "{leg} was torn from a talk");
    }
}
