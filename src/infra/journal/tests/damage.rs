//! Disks that lie: unconfirmed writes, half-written garbage, flipped bytes, a last record that is cut.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use super::*;

/// Waits until the journal says what `told` looks for.
fn until(journal: &mut Journal, told: impl Fn(Health) -> bool) -> Health {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let health = journal.health();
        if told(health) {
            return health;
        }
        assert!(Instant::now() < deadline, "{health}");
        std::thread::yield_now();
    }
}

fn is_sync(health: Health) -> bool {
    matches!(health, Health::Failing(Trouble { reason: Reason::Sync(_), .. }))
}

#[test]
fn a_disk_that_does_not_confirm_is_told_until_a_restart_and_stops_no_call() {
    for fsync in [Fsync::Every(Duration::from_millis(5)), Fsync::EachCommit] {
        let state = tempfile::tempdir().unwrap();
        let options = Options { fsync, ..options() };
        let (mut journal, _) = Journal::open(state.path(), options.clone()).unwrap();
        write(&mut journal, 10);
        assert!(until(&mut journal, Health::is_good).is_good());
        valve::confirm(state.path(), false);
        write(&mut journal, 10);
        let told = until(&mut journal, is_sync);
        let Health::Failing(trouble) = told else { unreachable!() };
        assert_eq!((trouble.since, trouble.kept_bytes, trouble.dropped), (at(20), 0, 0), "{fsync:?}");
        let words = told.to_string();
        assert!(
            words.contains("did not confirm") && words.contains("check the disk, then restart"),
            "{words}"
        );

        // A disk that was silent once is not believed again: what it dropped then stays dropped.
        valve::confirm(state.path(), true);
        for _ in 0..20 {
            write(&mut journal, 10);
            std::thread::sleep(Duration::from_millis(2));
        }
        assert_eq!(journal.health(), told, "{fsync:?}");
        assert_eq!(journal.close(), told, "{fsync:?}");
        let (mut journal, recovered) = Journal::open(state.path(), options).unwrap();
        assert_inputs(&recovered.entries.map(Result::unwrap).collect::<Vec<_>>(), 1..=220);
        write(&mut journal, 10);
        assert!(journal.close().is_good(), "{fsync:?}");
    }
}

#[test]
fn a_full_disk_is_told_before_a_silent_one_and_the_silent_one_after_it() {
    let state = tempfile::tempdir().unwrap();
    let options = Options { fsync: Fsync::EachCommit, ..options() };
    let (mut journal, _) = Journal::open(state.path(), options).unwrap();
    valve::confirm(state.path(), false);
    write(&mut journal, 10);
    assert!(is_sync(journal.health()));
    valve::set(Some(100));
    write(&mut journal, 10);
    assert!(matches!(journal.health(), Health::Failing(Trouble { reason: Reason::DiskFull, .. })));
    valve::set(None);
    valve::confirm(state.path(), true);
    until(&mut journal, |_| true);
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_sync(journal.commit()) {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    drop(journal);
    assert_inputs(&all(state.path()), 1..=20);
}

/// A large batch is written half, then dropped for want of memory: what follows is shorter than its torso.
#[test]
fn nothing_of_a_dropped_batch_stays_behind_the_gap() {
    let state = tempfile::tempdir().unwrap();
    let small = Options { backlog_bytes: 16_000, segment_bytes: 1 << 20, ..options() };
    let (mut journal, _) = Journal::open(state.path(), small.clone()).unwrap();
    write(&mut journal, 5);
    valve::set(Some(12_000));
    write(&mut journal, 100);
    write(&mut journal, 15);
    let Health::Failing(trouble) = journal.health() else { panic!("the disk is full") };
    assert_eq!(trouble.dropped, 100);
    valve::set(None);
    let deadline = Instant::now() + Duration::from_secs(10);
    while !journal.commit().is_good() {
        assert!(Instant::now() < deadline, "{}", journal.health());
        std::thread::yield_now();
    }
    // No more is written: the torso would now reach beyond the end.
    drop(journal);
    let (_journal, recovered) = Journal::open(state.path(), small).unwrap();
    assert_eq!(recovered.torn, None);
    let entries: Vec<_> = recovered.entries.map(Result::unwrap).collect();
    assert_inputs(&entries[..5], 1..=5);
    assert_eq!((entries[5].seq, &entries[5].payload), (105, &Payload::Gap { first: 6 }));
    assert_inputs(&entries[6..], 106..=120);
}

/// The log of the only segment, where each of its records begins, and where the last ends.
fn laid_out(state: &Path) -> (PathBuf, Vec<usize>) {
    let log = segment::log_path(&state.join("journal"), 1);
    let bytes = fs::read(&log).unwrap();
    let (mut at, mut last, mut places) = (segment::START, 0, Vec::new());
    while let record::Parsed::Whole(head) = record::parse(&bytes[at..], last) {
        places.push(at);
        at += head.total();
        last = head.seq;
    }
    places.push(at);
    assert_eq!(at, bytes.len());
    (log, places)
}

/// One segment with inputs 1 to 20.
fn twenty() -> tempfile::TempDir {
    let state = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(state.path(), Options::default()).unwrap();
    write(&mut journal, 20);
    drop(journal);
    state
}

/// What a start finds: the numbers that are whole, and those that are missing.
fn found(state: &Path) -> (Vec<u64>, Vec<u64>, Option<Torn>) {
    let (_journal, recovered) = Journal::open(state, Options::default()).unwrap();
    let (mut whole, mut missing) = (Vec::new(), Vec::new());
    for entry in recovered.entries.map(Result::unwrap) {
        if let Payload::Damaged { first } = entry.payload {
            missing.extend(first..=entry.seq);
        } else {
            assert_inputs(std::slice::from_ref(&entry), [entry.seq]);
            whole.push(entry.seq);
        }
    }
    (whole, missing, recovered.torn)
}

#[test]
fn a_byte_that_flipped_in_the_middle_costs_one_input_and_no_other() {
    let state = twenty();
    let (log, places) = laid_out(state.path());
    let bytes = fs::read(&log).unwrap();
    // Every byte of the tenth record, head, length and payload.
    for at in places[9]..places[10] {
        let mut harmed = bytes.clone();
        harmed[at] ^= 0x10;
        fs::write(&log, harmed).unwrap();
        let (whole, missing, torn) = found(state.path());
        assert_eq!((missing, torn), (vec![10], None), "byte {at}");
        assert_eq!(whole, (1..=9).chain(11..=20).collect::<Vec<_>>(), "byte {at}");
    }
}

#[test]
fn a_bad_block_in_the_middle_costs_what_was_in_it_and_nothing_behind() {
    let state = twenty();
    let (log, places) = laid_out(state.path());
    let bytes = fs::read(&log).unwrap();
    for (fill, from, to) in [(0, 4, 9), (0xFF, 4, 9), (0x5A, 0, 1), (0, 0, 12), (0x7B, 11, 19)] {
        let mut harmed = bytes.clone();
        harmed[places[from] + 3..places[to] - 3].fill(fill);
        fs::write(&log, harmed).unwrap();
        let (whole, missing, torn) = found(state.path());
        let (first, last) = (from as u64 + 1, to as u64);
        assert_eq!((missing, torn), ((first..=last).collect(), None), "{fill} {from} {to}");
        assert_eq!(whole, (1..first).chain(last + 1..=20).collect::<Vec<_>>());
    }
}

#[test]
fn a_last_record_that_was_cut_is_put_aside_and_its_number_given_anew() {
    let state = twenty();
    let (log, places) = laid_out(state.path());
    let bytes = fs::read(&log).unwrap();
    for end in places[19] + 1..places[20] {
        fs::write(&log, &bytes[..end]).unwrap();
        let (whole, missing, torn) = found(state.path());
        assert_eq!((whole, missing), ((1..=19).collect(), vec![]), "cut at {end}");
        let torn = torn.expect("it is told");
        assert_eq!((torn.at, torn.bytes), (places[19] as u64, (end - places[19]) as u64));
        assert_eq!(fs::read(torn.kept.unwrap()).unwrap(), bytes[places[19]..end]);
    }
}

/// The reader finds the end of a segment, and before it looks for the next one, the writer puts more into this one
/// and begins the next: it must look at this one again.
#[test]
fn a_reader_looks_again_before_it_leaves_a_segment() {
    let state = twenty();
    let folder = state.path().join("journal");
    let (log, places) = laid_out(state.path());
    let whole = fs::read(&log).unwrap();
    let (mut journal, _) = Journal::open(state.path(), Options::default()).unwrap();
    write(&mut journal, 5);
    drop(journal);
    let (next, aside) = (segment::log_path(&folder, 21), state.path().join("aside"));
    fs::rename(&next, &aside).unwrap();
    for seen in 0..20 {
        // Only the first records are there, and no segment behind.
        fs::write(&log, &whole[..places[seen]]).unwrap();
        let mut reader = read(state.path(), 1).unwrap();
        reader.on_end = Some(Box::new({
            let (log, whole, next, aside) = (log.clone(), whole.clone(), next.clone(), aside.clone());
            move || {
                fs::write(&log, &whole).unwrap();
                fs::copy(&aside, &next).unwrap();
            }
        }));
        let entries: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
        assert_inputs(&entries, 1..=25);
        fs::remove_file(&next).unwrap();
    }
}
