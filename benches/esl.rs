//! Event-socket bytes to engine events, on one core, over captures of a real FreeSWITCH: `cargo bench --bench esl`.
//! The throughput is in events of the engine a second; the aim is 300,000.

use std::{fs, hint::black_box, path::Path, time::Duration};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use secrecy::SecretString;
use tandem::{
    base::{clock::Stamp, number::Number},
    ports::engine::{
        Settings,
        freeswitch::{
            Reader,
            wire::{Decoder, Kind},
        },
    },
};

fn reader() -> Reader {
    Reader::new(Settings {
        address: ([127, 0, 0, 1], 8021).into(),
        user: "".into(),
        password: SecretString::from("x"),
        prompts: "/prompts".into(),
        recordings: "/recordings".into(),
        domain: "tandem.local".into(),
        fallback: Number::new("5900").expect("a number"),
        lease: Duration::from_secs(30),
    })
}

/// All plain captures after one another, their channels marked as ours, so that every fact goes all the way.
fn captures() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/esl");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the captures")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().ends_with(".plain.rx.raw"))
        .collect();
    files.sort();
    let mut bytes = Vec::new();
    for file in files {
        let mut decoder = Decoder::default();
        decoder.feed(&fs::read(file).expect("a capture"));
        while let Some(frame) = decoder.next_frame().expect("a sound capture") {
            if frame.kind() == Kind::Event {
                let body = ours(frame.body);
                let head = format!("Content-Length: {}\nContent-Type: text/event-plain\n\n", body.len());
                bytes.extend_from_slice(head.as_bytes());
                bytes.extend_from_slice(&body);
            }
        }
    }
    bytes
}

/// The event with what Tandem's dialplan says about a channel, at the end of its headers.
fn ours(event: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(event);
    let marks = "\nvariable_tandem_origin: trunk\nvariable_tandem_to: 8000\n\n";
    text.replacen("\n\n", marks, 1).into_bytes()
}

fn esl(criterion: &mut Criterion) {
    let bytes = captures();
    let (events, told) = reader().read(&bytes, Stamp(0)).expect("sound captures");
    println!("{events} events of {} bytes each mean {} to Tandem", bytes.len() / events, told.len());
    assert!(events > 400 && told.len() > 20, "{events} events, {} told", told.len());
    let mut group = criterion.benchmark_group("esl");
    group.throughput(Throughput::Elements(events as u64));
    group.bench_function("bytes to engine events", |bench| {
        bench.iter_batched_ref(
            reader,
            |reader| {
                let mut told = 0;
                // As a socket gives them.
                for chunk in bytes.chunks(65_536) {
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
