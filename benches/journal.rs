//! How fast inputs reach the journal: 200-byte payloads of 1,000 live calls, sealed, committed in batches of 32.
//!
//! `cargo bench --bench journal`

use std::{hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tandem::{
    base::{clock::Stamp, id::CallId},
    infra::journal::{Journal, Options},
};

const BATCH: u64 = 32;
const CALLS: u64 = 1000;

fn options() -> Options {
    Options { retention: Duration::ZERO, ..Options::default() }
}

fn payload() -> serde_json::Value {
    let value = serde_json::json!({
        "kind": "event", "event": { "Played": {
            "leg": "0f7d1c1e-5a55-4d5c-9a52-3b1f7c0d8e11", "order": { "seq": 123_456_789, "index": 2 },
            "verdict": "Finished"
        }}, "note": "012345678901234567890123456789012345678901234567890"
    });
    assert_eq!(value.to_string().len(), 200);
    value
}

fn journal(c: &mut Criterion) {
    let mut group = c.benchmark_group("journal");
    group.throughput(Throughput::Elements(BATCH));
    let payload = payload();

    let state = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = Journal::open(state.path(), options()).expect("a journal");
    let mut n = 0;
    group.bench_function("append and commit 32 sealed inputs", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                n += 1;
                let call = Some(CallId(1 + n % CALLS));
                journal.append(Stamp(n as i64), call, black_box(&payload)).expect("appended");
            }
            assert!(journal.commit().is_good());
            // The bench must not fill the disk: what is written goes with the next snapshots.
            if n % (1 << 20) == 0 {
                journal.snapshot(n, Vec::new());
            }
        });
    });
    drop(journal);

    group.throughput(Throughput::Elements(1));
    group.bench_function("first input of a call, with its key", |b| {
        let state = tempfile::tempdir().expect("a folder");
        let (mut journal, _) = Journal::open(state.path(), options()).expect("a journal");
        let mut n = 0;
        b.iter(|| {
            n += 1;
            journal.append(Stamp(n as i64), Some(CallId(n)), black_box(&payload)).expect("appended");
            journal.forget(CallId(n));
            if n % BATCH == 0 {
                journal.commit();
            }
        });
    });

    let state = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = Journal::open(state.path(), options()).expect("a journal");
    for n in 0..100_000 {
        journal.append(Stamp(n), Some(CallId(1 + n as u64 % CALLS)), &payload).expect("appended");
    }
    drop(journal);
    group.throughput(Throughput::Elements(100_000)).sample_size(10);
    group.bench_function("open and replay 100,000 inputs", |b| {
        b.iter_batched(
            || (),
            |()| {
                let (_journal, recovered) = Journal::open(state.path(), options()).expect("opens");
                let read = recovered.entries.filter(|entry| {
                    let input = entry.as_ref().expect("whole").input::<serde_json::Value>();
                    input.is_some_and(|json| json.is_ok())
                });
                assert_eq!(read.count(), 100_000);
            },
            BatchSize::PerIteration,
        );
    });
}

/// The same against the time that this thread had on a core, for machines that have other work too.
fn journal_by_core_time(_: &mut Criterion) {
    const INPUTS: u64 = 2_000_000;
    let state = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = Journal::open(state.path(), options()).expect("a journal");
    let payload = payload();
    let begun = core_time();
    for n in 1..=INPUTS {
        journal.append(Stamp(n as i64), Some(CallId(1 + n % CALLS)), black_box(&payload)).expect("appended");
        if n % BATCH == 0 {
            assert!(journal.commit().is_good());
        }
    }
    let spent = core_time().saturating_sub(begun);
    println!("journal: {:.0} inputs in a second of one core", INPUTS as f64 / spent.as_secs_f64());
}

/// How long this thread has been running on a core.
fn core_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux counts it");
    let nanos = stat.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanos.expect("a number"))
}

criterion_group!(benches, journal, journal_by_core_time);
criterion_main!(benches);
