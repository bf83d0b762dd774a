use std::fs;

use proptest::prelude::*;

use super::*;

fn texts(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| serde_json::from_slice(&row.bytes).unwrap()).collect()
}

/// Takes everything out, acknowledging `batch` rows at a time.
fn drain(outlet: &mut Outlet, batch: usize) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let rows = outlet.rows(batch).unwrap();
        let Some(last) = rows.last() else { return all };
        all.extend(texts(&rows));
        outlet.acknowledge(last).unwrap();
    }
}

fn files(state: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(state.join("spool")).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "rows"));
    files
}

#[test]
fn rows_come_out_in_order_until_they_are_acknowledged() {
    let state = tempfile::tempdir().unwrap();
    let (spool, mut outlet) = Spool::open(state.path()).unwrap();
    for text in ["a", "b", "c"] {
        spool.push(&text).unwrap();
    }
    let rows = outlet.rows(2).unwrap();
    assert_eq!(texts(&rows), ["a", "b"]);
    assert_eq!(outlet.rows(2).unwrap(), rows);
    outlet.acknowledge(&rows[0]).unwrap();
    drop((spool, outlet));

    let (spool, mut outlet) = Spool::open(state.path()).unwrap();
    spool.push(&"d").unwrap();
    assert_eq!(drain(&mut outlet, 10), ["b", "c", "d"]);
    drop((spool, outlet));
    let (_spool, mut outlet) = Spool::open(state.path()).unwrap();
    assert!(outlet.rows(10).unwrap().is_empty());
}

#[test]
fn files_go_when_all_in_them_has_arrived() {
    let state = tempfile::tempdir().unwrap();
    let (spool, mut outlet) = Spool::open(state.path()).unwrap();
    let row = "x".repeat(10_000);
    for _ in 0..500 {
        spool.push(&row).unwrap();
    }
    assert!(files(state.path()).len() >= 5);
    assert_eq!(drain(&mut outlet, 7).len(), 500);
    assert_eq!(files(state.path()).len(), 1);
    outlet.tidy().unwrap();
    assert!(files(state.path()).is_empty());
    spool.push(&"more").unwrap();
    assert_eq!(drain(&mut outlet, 7), ["more"]);
}

#[test]
fn a_row_larger_than_what_is_read_at_once_comes_through() {
    let state = tempfile::tempdir().unwrap();
    let (spool, mut outlet) = Spool::open(state.path()).unwrap();
    let long = "x".repeat(3 << 20);
    for text in ["a", &long, "b"] {
        spool.push(&text).unwrap();
    }
    assert_eq!(drain(&mut outlet, 10), ["a", &long, "b"]);
}

#[test]
fn rows_that_the_disk_refuses_are_kept_and_written_when_it_takes_them() {
    let state = tempfile::tempdir().unwrap();
    let (spool, mut outlet) = Spool::open(state.path()).unwrap();
    spool.push(&"a").unwrap();
    // A folder in the place of the next file: nobody can write that.
    drain(&mut outlet, 1);
    outlet.tidy().unwrap();
    let number = spool.shared.tail().number;
    let blocked = outlet::path(&state.path().join("spool"), number);
    fs::create_dir(&blocked).unwrap();
    for text in ["b", "c"] {
        assert!(matches!(spool.push(&text), Err(SpoolError::Io { .. })));
    }
    assert!(spool.waiting_bytes() > 0);
    fs::remove_dir(&blocked).unwrap();
    outlet.tidy().unwrap();
    assert_eq!(spool.waiting_bytes(), 0);
    spool.push(&"d").unwrap();
    assert_eq!(drain(&mut outlet, 10), ["b", "c", "d"]);
}

proptest! {
    #[test]
    fn a_crash_at_any_byte_keeps_every_row_before_it(
        lengths in prop::collection::vec(0usize..300, 1..20),
        cut in any::<prop::sample::Index>(),
        flip in prop::option::of(1u8..),
        ledger in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let state = tempfile::tempdir().unwrap();
        let rows: Vec<_> = lengths.iter().enumerate().map(|(i, n)| format!("{i} {}", "x".repeat(*n))).collect();
        let mut ends = Vec::new();
        {
            let (spool, mut outlet) = Spool::open(state.path()).unwrap();
            for row in &rows {
                spool.push(row).unwrap();
                ends.push(spool.shared.tail().end as usize);
            }
            let first = outlet.rows(1).unwrap();
            outlet.acknowledge(&first[0]).unwrap();
        }
        let file = &files(state.path())[0];
        let mut bytes = fs::read(file).unwrap();
        let cut = cut.index(bytes.len());
        match flip {
            Some(bits) => bytes[cut] ^= bits,
            None => bytes.truncate(cut),
        }
        fs::write(file, bytes).unwrap();
        if let Some(at) = ledger {
            let path = state.path().join("spool/acknowledged");
            let mut bytes = fs::read(&path).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1;
            fs::write(path, bytes).unwrap();
        }

        let (spool, mut outlet) = Spool::open(state.path()).unwrap();
        spool.push(&"after").unwrap();
        let found = drain(&mut outlet, 3);
        // The first was acknowledged, unless that was forgotten; what happens to it then is no matter.
        let from = usize::from(ledger.is_none());
        let skipped = from == 1 && flip.is_some() && cut < ends[0];
        let whole = if skipped { rows.len() } else { ends.iter().filter(|end| **end <= cut).count() };
        let mut expected: Vec<_> = rows.get(from..whole).unwrap_or_default().to_vec();
        expected.push("after".to_owned());
        prop_assert_eq!(found, expected);
    }
}
