//! Arbitrary bytes of an event socket. `make fuzz` runs it; the corpus is replayed in the ordinary tests.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;
use tandem::{
    base::{clock::Stamp, number::Number},
    ports::engine::{Settings, freeswitch::Reader},
};

fuzz_target!(|bytes: &[u8]| {
    let mut reader = Reader::new(Settings {
        address: ([127, 0, 0, 1], 8021).into(),
        user: "".into(),
        password: SecretString::from("x"),
        prompts: "/prompts".into(),
        recordings: "/recordings".into(),
        domain: "tandem.local".into(),
        fallback: Number::new("5900").expect("a number"),
        lease: Duration::from_secs(30),
    });
    // In two pieces, cut where the input says.
    let cut = bytes.first().map_or(0, |b| usize::from(*b)).min(bytes.len());
    for piece in [&bytes[..cut], &bytes[cut..]] {
        if reader.read(piece, Stamp(0)).is_err() {
            return;
        }
    }
});
