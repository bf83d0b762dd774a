//! Arbitrary words of ARI: events and the answers to audits. `make fuzz` runs it; the corpus is replayed in the
//! ordinary tests.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tandem::ports::engine::asterisk::{Reader, read_script};

fuzz_target!(|bytes: &[u8]| {
    read_script(&mut Reader::default(), bytes);
});
