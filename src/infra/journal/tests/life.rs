use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use super::*;
use crate::infra::journal::error::LockHolder;

#[test]
fn what_was_committed_is_read_back_in_order_over_segments_and_starts() {
    let state = tempfile::tempdir().unwrap();
    let mut epochs = Vec::new();
    for start in 0..3 {
        let (mut journal, recovered) = open(state.path());
        assert_eq!(recovered.torn, None);
        let replayed: Vec<_> = recovered.entries.map(Result::unwrap).collect();
        assert_inputs(&replayed, 1..=start * 100);
        write(&mut journal, 60);
        write(&mut journal, 40);
        epochs.push(journal.epoch());
        assert_eq!(journal.close(), Health::Good);
    }
    assert_inputs(&all(state.path()), 1..=300);
    assert_eq!(epochs[0], epochs[2]);
    assert!(segment::list(&state.path().join("journal"), "log").unwrap().len() > 3);
}

#[test]
fn nothing_of_an_input_can_be_read_in_the_files() {
    let state = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(state.path());
    journal.append(at(1), Some(call(1)), &"caller +8613800138000").unwrap();
    journal.append(at(2), None, &"caller +8613800138000").unwrap();
    journal.commit();
    assert!(journal.snapshot(2, b"caller +8613800138000".to_vec()));
    drop(journal);
    let mut files = 0;
    for file in fs::read_dir(state.path().join("journal")).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        assert!(memchr::memmem::find(&bytes, b"8613800138000").is_none());
        files += 1;
    }
    assert_eq!(files, 4, "lock, segment, keys, snapshot");
}

#[test]
fn an_erased_call_is_gone_and_the_order_stays() {
    let state = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(state.path());
    write(&mut journal, 100);
    drop(journal);
    let (mut journal, _) = open(state.path());
    write(&mut journal, 50);
    // One more that is not committed when its call is erased.
    journal.append(at(151), Some(call(3)), &text(151)).unwrap();
    assert!(journal.erase(call(3)).unwrap() >= 3, "a key in each of several segments");
    assert_eq!(journal.erase(call(99)).unwrap(), 0);
    journal.commit();
    drop(journal);

    let (journal, recovered) = open(state.path());
    let entries: Vec<_> = recovered.entries.map(Result::unwrap).collect();
    assert_eq!(entries.iter().map(|e| e.seq).collect::<Vec<_>>(), (1..=151).collect::<Vec<_>>());
    for entry in entries {
        let expected = if entry.call == Some(call(3)) { None } else { Some(text(entry.seq)) };
        assert_eq!(said(&entry), expected, "{}", entry.seq);
        assert_eq!(entry.payload == Payload::Erased, entry.call == Some(call(3)));
    }
    drop(journal);
}

#[test]
fn a_start_begins_at_the_newest_snapshot_that_can_be_read() {
    let state = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(state.path());
    for round in 1..=4u64 {
        write(&mut journal, 100);
        assert!(journal.snapshot(round * 100, format!("state {round}").into_bytes()));
        journal.wait_for_snapshot();
    }
    write(&mut journal, 5);
    drop(journal);
    let folder = state.path().join("journal");
    assert!(snapshot::list(&folder).unwrap().ends_with(&[300, 400]));

    let (journal, recovered) = open(state.path());
    assert_eq!(recovered.snapshot.map(|s| (s.seq, s.bytes)), Some((400, b"state 4".to_vec())));
    let entries: Vec<_> = recovered.entries.map(Result::unwrap).collect();
    assert_inputs(&entries, 401..=405);
    drop(journal);

    let newest = folder.join(format!("{:020}.snap", 400));
    let mut bytes = fs::read(&newest).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&newest, bytes).unwrap();
    let (_journal, recovered) = open(state.path());
    assert_eq!(recovered.snapshot.map(|s| s.seq), Some(300));
    let entries: Vec<_> = recovered.entries.map(Result::unwrap).collect();
    assert_inputs(&entries, 301..=405);
}

#[test]
fn segments_go_when_no_snapshot_needs_them_and_they_are_old() {
    let state = tempfile::tempdir().unwrap();
    // Inputs are a millisecond apart.
    let keep = Options { retention: Duration::from_millis(1500), ..options() };
    let (mut journal, _) = Journal::open(state.path(), keep).unwrap();
    for _ in 0..30 {
        write(&mut journal, 100);
        let last = journal.next_seq() - 1;
        assert!(journal.snapshot(last, Vec::new()));
        journal.wait_for_snapshot();
    }
    drop(journal);
    let first = all(state.path())[0].seq;
    assert!((1300..=1500).contains(&first), "{first}");
    let folder = state.path().join("journal");
    assert_eq!(segment::list(&folder, "log").unwrap(), segment::list(&folder, "keys").unwrap());

    // However old, what the older snapshot needs stays.
    let (mut journal, recovered) =
        Journal::open(state.path(), Options { retention: Duration::ZERO, ..options() }).unwrap();
    assert_eq!(recovered.snapshot.unwrap().seq, 3000);
    write(&mut journal, 2000);
    assert!(journal.snapshot(5000, Vec::new()));
    drop(journal);
    let first = all(state.path())[0].seq;
    assert!((2900..=3001).contains(&first), "{first}");
}

#[test]
fn a_reader_follows_the_running_writer_through_its_segments() {
    let state = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(state.path());
    let mut reader = read(state.path(), 1).unwrap();
    let mut seen = Vec::new();
    for _ in 0..40 {
        write(&mut journal, 7);
        seen.extend(reader.by_ref().map(Result::unwrap));
        assert_eq!(seen.last().unwrap().seq, journal.next_seq() - 1);
    }
    assert_inputs(&seen, 1..=280);
    assert!(segment::list(&state.path().join("journal"), "log").unwrap().len() > 3);
}

#[test]
fn two_daemons_cannot_share_a_journal() {
    let state = tempfile::tempdir().unwrap();
    let (_journal, _) = open(state.path());
    let Err(error) = Journal::open(state.path(), options()) else { panic!("opened twice") };
    let me = std::process::id();
    assert!(matches!(error, OpenError::Locked { pid: LockHolder(Some(pid)), .. } if pid == me), "{error}");
    assert!(error.to_string().contains(&format!("process {me}")));
}

#[test]
fn an_older_program_refuses_a_newer_journal() {
    for with_snapshot in [false, true] {
        let state = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(state.path(), Options { schema: 3, ..options() }).unwrap();
        write(&mut journal, 2);
        if with_snapshot {
            assert!(journal.snapshot(2, b"state".to_vec()));
        }
        drop(journal);
        for schema in [3, 4] {
            Journal::open(state.path(), Options { schema, ..options() }).unwrap();
        }
        let Err(error) = Journal::open(state.path(), Options { schema: 2, ..options() }) else {
            panic!("read a newer journal")
        };
        assert!(matches!(error, OpenError::Newer { found: 3, known: 2, .. }), "{error}");
        assert_eq!(all_refused(state.path()), Some(3));
    }
}

fn all_refused(state: &std::path::Path) -> Option<u32> {
    match read(state, 2).unwrap().next() {
        Some(Err(OpenError::Newer { found, .. })) => Some(found),
        _ => None,
    }
}

#[test]
fn the_master_key_is_private_and_never_silently_replaced() {
    let state = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(state.path());
    write(&mut journal, 3);
    drop(journal);
    let master = state.path().join("keys/master");
    assert_eq!(fs::metadata(&master).unwrap().permissions().mode() & 0o777, 0o600);
    let reason = || match Journal::open(state.path(), options()) {
        Ok(_) => panic!("opened"),
        Err(e) => e,
    };
    fs::set_permissions(&master, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(reason(), OpenError::KeyExposed { mode: 0o640, .. }));
    fs::set_permissions(&master, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&master, [7; 32]).unwrap();
    assert!(matches!(reason(), OpenError::WrongKey { .. }));
    fs::write(&master, [7; 5]).unwrap();
    assert!(matches!(reason(), OpenError::KeyDamaged { bytes: 5, .. }));
    fs::remove_file(&master).unwrap();
    assert!(matches!(reason(), OpenError::KeyMissing { .. }));
    assert!(!master.exists());
}

#[test]
fn an_input_that_cannot_be_written_leaves_no_trace() {
    let state = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(state.path());
    write(&mut journal, 2);
    let odd = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert!(matches!(journal.append(at(3), None, &odd), Err(AppendError::Json(_))));
    let long = "x".repeat(record::MAX_BODY);
    assert!(matches!(journal.append(at(3), None, &long), Err(AppendError::TooLong(_))));
    write(&mut journal, 2);
    drop(journal);
    assert_inputs(&all(state.path()), 1..=4);
}

#[test]
fn with_every_commit_synced_it_is_the_same_journal() {
    let state = tempfile::tempdir().unwrap();
    let each = Options { fsync: Fsync::EachCommit, ..options() };
    let (mut journal, _) = Journal::open(state.path(), each).unwrap();
    for _ in 0..5 {
        write(&mut journal, 20);
        assert_eq!(journal.health(), Health::Good);
    }
    drop(journal);
    assert_inputs(&all(state.path()), 1..=100);
}
