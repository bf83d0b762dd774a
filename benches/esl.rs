//! Event-socket bytes to engine events, on one core, over captures of a real FreeSWITCH: `cargo bench --bench esl`.
//! The throughput is in events of the engine a second; the aim is 300,000.

use std::{fs, hint::black_box, path::Path};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use secrecy::SecretString;
use tandem::{
    base::{clock::Stamp, number::Number},
    ports::engine::{Settings, freeswitch::Reader},
};

fn reader() -> Reader {
    Reader::new(Settings {
        address: ([127, 0, 0, 1], 8021).into(),
        user: "".into(),
        password: SecretString::from("x"),
        prompts: "/prompts".into(),
        domain: "tandem.local".into(),
        fallback: Number::new("5900").expect("a number"),
    })
}

fn captures() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/esl");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the captures")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().ends_with(".plain.rx.raw"))
        .collect();
    files.sort();
    files.iter().flat_map(|path| fs::read(path).expect("a capture")).collect()
}

fn esl(criterion: &mut Criterion) {
    // The captured channels are not ours by name; made ours, every fact goes all the way.
    let bytes = captures();
    let ours: Vec<u8> = String::from_utf8_lossy(&bytes).into_owned().into_bytes();
    let (events, told) = reader().read(&ours, Stamp(0)).expect("sound captures");
    assert!(events > 400, "{events} events");
    assert!(!told.is_empty());
    let mut group = criterion.benchmark_group("esl");
    group.throughput(Throughput::Elements(events as u64));
    group.bench_function("bytes to engine events", |bench| {
        bench.iter_batched_ref(
            reader,
            |reader| {
                let mut told = 0;
                // As a socket gives them.
                for chunk in ours.chunks(65_536) {
                    told += reader.read(black_box(chunk), Stamp(0)).expect("sound captures").1.len();
                }
                told
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, esl);
criterion_main!(benches);
