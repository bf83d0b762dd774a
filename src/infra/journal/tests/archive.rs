use std::{collections::BTreeSet, fs, time::Duration};

use super::*;

fn files(state: &Path, ending: &str) -> BTreeSet<u64> {
    segment::list(&state.join("journal"), ending).unwrap().into_iter().collect()
}

/// Twenty rounds of inputs, each with a snapshot; a segment holds several rounds.
fn rounds(journal: &mut Journal) {
    for _ in 0..20 {
        write(journal, 10);
        let seq = journal.next_seq() - 1;
        assert!(journal.snapshot(seq, format!("state {seq}").into_bytes()));
        journal.wait_for_snapshot();
    }
}

fn began(state: &Path) -> (u64, u64) {
    let past = past(state, 1, None).unwrap().expect("a snapshot");
    (past.snapshot.seq, past.entries.map(Result::unwrap).next().expect("an entry").seq)
}

#[test]
fn every_segment_that_is_kept_has_a_state_before_it() {
    let state = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(state.path());
    assert!(journal.snapshot(0, b"state 0".to_vec()));
    journal.wait_for_snapshot();
    rounds(&mut journal);
    let (bases, snapshots) = (files(state.path(), "log"), files(state.path(), "snap"));
    assert!(bases.len() > 4 && snapshots.len() < 20, "{bases:?} {snapshots:?}");
    for base in &bases {
        let at = Some(at(*base));
        let past = past(state.path(), 1, at).unwrap().expect("a state before the segment");
        assert!(past.snapshot.seq < *base && base - past.snapshot.seq <= 10, "{base}: {}", past.snapshot.seq);
        assert_eq!(past.snapshot.bytes, format!("state {}", past.snapshot.seq).into_bytes());
        let seqs: Vec<u64> = past.entries.map(|entry| entry.unwrap().seq).collect();
        assert_eq!(seqs, (past.snapshot.seq + 1..=200).collect::<Vec<_>>());
    }
    assert_eq!(began(state.path()), (0, 1));
}

#[test]
fn the_past_ends_with_its_retention() {
    let state = tempfile::tempdir().unwrap();
    let options = Options { retention: Duration::from_millis(60), ..options() };
    let (mut journal, _) = Journal::open(state.path(), options).unwrap();
    assert!(journal.snapshot(0, b"state 0".to_vec()));
    journal.wait_for_snapshot();
    rounds(&mut journal);
    // A retention of less than a second counts as one: a thousand inputs of a millisecond each.
    (0..150).for_each(|_| write(&mut journal, 10));
    rounds(&mut journal);
    let bases = files(state.path(), "log");
    assert!(*bases.first().unwrap() > 500, "{bases:?}");
    let (snapshot, first) = began(state.path());
    assert_eq!(first, snapshot + 1);
    assert!(snapshot + 1 >= *bases.first().unwrap());
}

#[test]
fn an_erased_call_is_in_no_old_state() {
    let state = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(state.path());
    rounds(&mut journal);
    let before = files(state.path(), "snap");
    journal.append(at(201), Some(call(50)), &text(201)).unwrap();
    journal.commit();
    rounds(&mut journal);
    let within = files(state.path(), "snap").difference(&before).count();
    assert!(within > 2);
    assert!(journal.erase(call(50)).unwrap() > 0);
    let after = files(state.path(), "snap");
    assert!(before.iter().rev().skip(2).all(|seq| after.contains(seq)), "older states stay");
    let segment = files(state.path(), "log").range(..=201).next_back().copied().unwrap();
    let next = files(state.path(), "log").range(202..).next().copied().unwrap();
    assert!(
        after.range(segment..next).next().is_none(),
        "{after:?} still has a state of {segment} to {next}"
    );
    assert_eq!(
        fs::read_dir(state.path().join("journal")).unwrap().count() - after.len() - 1,
        2 * files(state.path(), "log").len()
    );
}
