use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use super::*;

fn trouble(health: Health) -> Trouble {
    match health {
        Health::Failing(trouble) => trouble,
        Health::Good => panic!("the journal says that all is well"),
    }
}

/// Commits until the journal is well again.
fn recover(journal: &mut Journal) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !journal.commit().is_good() {
        assert!(Instant::now() < deadline, "{}", journal.health());
        std::thread::yield_now();
    }
}

#[test]
fn a_full_disk_loses_nothing_that_fits_into_memory_wherever_it_cut_the_write() {
    for room in (0..3000).step_by(97) {
        let state = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(state.path());
        valve::set(Some(room));
        for _ in 0..10 {
            write(&mut journal, 30);
        }
        let state_now = trouble(journal.health());
        assert_eq!((state_now.reason, state_now.dropped), (Reason::DiskFull, 0));
        assert!(state_now.kept_bytes > 20_000, "{}", state_now.kept_bytes);
        assert!(state_now.since <= at(31), "{}", state_now.since);
        valve::set(None);
        recover(&mut journal);
        write(&mut journal, 10);
        drop(journal);
        assert_inputs(&all(state.path()), 1..=310);
    }
}

#[test]
fn a_clean_stop_writes_what_was_kept() {
    let state = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(state.path());
    valve::set(Some(500));
    write(&mut journal, 30);
    valve::set(None);
    assert_eq!(journal.close(), Health::Good);
    assert_inputs(&all(state.path()), 1..=30);
}

#[test]
fn when_memory_is_full_too_the_oldest_go_and_the_journal_says_so() {
    for room in [0, 1000, 1700, 2500] {
        let state = tempfile::tempdir().unwrap();
        let small = Options { backlog_bytes: 20_000, ..options() };
        let (mut journal, _) = Journal::open(state.path(), small.clone()).unwrap();
        write(&mut journal, 10);
        valve::set(Some(room));
        for _ in 0..100 {
            write(&mut journal, 5);
        }
        let dropped = trouble(journal.health()).dropped;
        assert!((300..500).contains(&dropped), "{dropped}");
        assert!(journal.health().to_string().contains(&format!("{dropped} inputs lost")));
        valve::set(None);
        recover(&mut journal);
        write(&mut journal, 10);
        drop(journal);

        let (_journal, recovered) = Journal::open(state.path(), small).unwrap();
        assert_eq!(recovered.torn, None);
        let entries: Vec<_> = recovered.entries.map(Result::unwrap).collect();
        let gap = entries.iter().position(|e| matches!(e.payload, Payload::Gap { .. })).unwrap();
        let Payload::Gap { first } = entries[gap].payload else { unreachable!() };
        assert_eq!(entries[gap].seq - first + 1, dropped);
        assert_inputs(&entries[..gap], 1..first);
        assert_inputs(&entries[gap + 1..], entries[gap].seq + 1..=520);
    }
}

/// Set for the part of the next test that runs where a small disk is mounted.
const SMALL_DISK: &str = "TANDEM_TEST_SMALL_DISK";

#[test]
fn on_a_real_full_disk_work_goes_on_and_catches_up() {
    if let Some(disk) = std::env::var_os(SMALL_DISK) {
        return fill_and_free(&PathBuf::from(disk));
    }
    let folder = tempfile::tempdir().unwrap();
    let me = std::env::current_exe().unwrap();
    // A mount of its own, seen and left behind by nobody else.
    let script = "mount -t tmpfs -o size=1m none \"$TANDEM_TEST_SMALL_DISK\" && exec \"$0\" --exact --nocapture \
                  infra::journal::tests::full::on_a_real_full_disk_work_goes_on_and_catches_up";
    let run = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", script])
        .arg(me)
        .env(SMALL_DISK, folder.path())
        .output()
        .expect("unshare, of Debian's util-linux, runs");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&run.stderr)
    );
}

fn fill_and_free(disk: &std::path::Path) {
    let (mut journal, _) = open(disk);
    write(&mut journal, 100);
    assert!(journal.health().is_good());
    let ballast = disk.join("ballast");
    let full = std::fs::write(&ballast, vec![0; 2 << 20]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    while journal.health().is_good() {
        write(&mut journal, 100);
        assert!(journal.next_seq() < 10_000, "the disk never filled");
    }
    for _ in 0..100 {
        write(&mut journal, 100);
    }
    let before = trouble(journal.health());
    assert_eq!((before.reason, before.dropped), (Reason::DiskFull, 0));
    // Room comes back little by little, and not at once for all.
    let ballast_file = std::fs::OpenOptions::new().write(true).open(&ballast).unwrap();
    ballast_file.set_len(ballast_file.metadata().unwrap().len() - 100_000).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while trouble(journal.commit()).kept_bytes >= before.kept_bytes {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    std::fs::remove_file(&ballast).unwrap();
    let last = journal.next_seq() - 1;
    // The rest does not fit into one megabyte either: a stop must say so, and keep the order of what did.
    let end = journal.close();
    let entries = all(disk);
    assert_inputs(&entries, 1..=entries.last().unwrap().seq);
    let complete = entries.last().unwrap().seq == last;
    assert_eq!(end.is_good(), complete, "{end}");
}
