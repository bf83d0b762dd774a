//! The way of the engine's words without the connections: for fuzzing.

use serde_json::Value;

use super::{
    ledger::{Effects, Ledger},
    translate,
};
use crate::{base::clock::Stamp, ports::engine::Event};

/// Reads what came from an engine, and keeps the adapter's memory of it.
#[derive(Debug, Default)]
pub struct Reader {
    ledger: Ledger,
}

impl Reader {
    /// Takes one frame of the event stream and gives what it means for Tandem.
    pub fn hear(&mut self, frame: &str, now: Stamp) -> Vec<Event> {
        translate::event(frame).map(|heard| self.ledger.hear(heard, now).events).unwrap_or_default()
    }

    /// Takes the answers to the two questions of an audit; one that is no JSON is as good as empty.
    pub fn audit(&mut self, channels: &str, bridges: &str, now: Stamp, fresh: bool) -> Vec<Event> {
        let tree = |answer: &str| serde_json::from_str(answer).unwrap_or(Value::Null);
        let (channels, bridges) = (translate::channels(&tree(channels)), translate::bridges(&tree(bridges)));
        let (legs, Effects { mut events, .. }) = self.ledger.audit(&channels, &bridges, now, fresh);
        events.insert(0, Event::Audit { asked: now, legs });
        events
    }

    /// Takes any answer of a request and reads it in every way in which one is read.
    pub fn answer(&self, answer: &str) {
        let tree = serde_json::from_str(answer).unwrap_or(Value::Null);
        let _ = (translate::phones(&tree), translate::trunks(&tree));
        let _ = (translate::engine(&tree), translate::reason(&tree));
        let _ = (translate::deaf_to(&tree), translate::tapes(&tree), translate::stored(&tree));
        let _ = (translate::taps(&tree), translate::value(&tree, &tree));
    }
}

/// How the fuzzer's inputs are read, here and in the tests: a line for a frame; `[…` the channels of an audit, then
/// `]BRIDGES` makes it, or `}BRIDGES` right after a new link; `?ANSWER` for any other answer. Each line comes a second
/// after the last.
pub fn read_script(reader: &mut Reader, bytes: &[u8]) -> Vec<Event> {
    let (mut told, mut channels, mut now) = (Vec::new(), String::new(), Stamp(0));
    for line in bytes.split(|byte| *byte == b'\n') {
        now = now + std::time::Duration::from_secs(1);
        // As the socket does: a text frame is UTF-8 or none.
        let Ok(line) = std::str::from_utf8(line) else { continue };
        match (line.as_bytes().first(), line.get(1..)) {
            (Some(b'['), _) => line.clone_into(&mut channels),
            (Some(b']'), Some(bridges)) => told.extend(reader.audit(&channels, bridges, now, false)),
            (Some(b'}'), Some(bridges)) => told.extend(reader.audit(&channels, bridges, now, true)),
            (Some(b'?'), Some(answer)) => reader.answer(answer),
            _ => told.extend(reader.hear(line, now)),
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    fn folder(name: &str) -> impl Iterator<Item = (String, Vec<u8>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        files.map(|path| (path.display().to_string(), fs::read(&path).expect("a file")))
    }

    /// The fuzzer's corpus: never a panic, and the same words give the same events.
    #[test]
    fn the_fuzzers_corpus_is_survived() {
        let (mut inputs, mut told) = (0, 0);
        for (name, bytes) in folder("fuzz/corpus/ari") {
            let mut reader = Reader::default();
            let mut ended = Vec::new();
            for event in read_script(&mut reader, &bytes) {
                told += 1;
                match event {
                    Event::Arrived { leg, .. } => ended.retain(|gone| *gone != leg),
                    Event::Ended { leg, .. } => {
                        assert!(!ended.contains(&leg), "{name}: {leg} ended twice");
                        ended.push(leg);
                    }
                    _ => {}
                }
            }
            // Whatever it was, the next call is heard.
            let start = include_str!("../../../../fuzz/corpus/ari/arrive-end").replace("a-1", "next-1");
            let events = read_script(&mut reader, start.as_bytes());
            let next = events.iter().filter(|event| event.leg().is_some_and(|leg| leg.as_str() == "next-1"));
            assert_eq!(next.count(), 3, "{name}: {events:?}");
            inputs += 1;
        }
        assert!(inputs >= 12, "{inputs}");
        assert!(told > 20, "the corpus reaches the ledger: {told} events");
    }
}
