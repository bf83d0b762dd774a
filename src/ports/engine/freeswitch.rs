//! The adapter for FreeSWITCH: park and command over its event socket.
//!
//! - `wire`       bytes to frames and headers, without I/O
//! - `escape`     what may stand on the engine's command line; `command` the commands, `dial` those that dial; `tag`
//!   what they carry
//! - `translate`  from the engine's words to facts, `portrait` to answers; the only files that know names of headers
//! - `recognised` words out of what recognisers of the engine write
//! - `leg`        what is known of one leg; `keys` of what was pressed on it; `phones` and `trunks` of those
//! - `legs`       what every leg does, pure: `facts`, `orders` (`sounds`, `rooms`, `taps`, `detect`) and audits (`survey`) in, events and
//!   commands out
//! - `line`       one connection; `link` the task that owns two of them
//!
//! `docs/engines/freeswitch.md` says why it is built so.

#[cfg(test)]
mod captures;
mod cause;
mod command;
pub mod console;
mod detect;
mod dial;
mod escape;
mod facts;
mod keys;
mod leg;
mod legs;
mod line;
mod link;
mod merges;
mod orders;
mod phones;
mod portrait;
#[cfg(test)]
mod random;
mod recognised;
mod rooms;
#[cfg(test)]
mod rules;
mod sounds;
mod survey;
mod tag;
mod taps;
mod translate;
mod trunks;
pub mod wire;

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Engine, Event, Settings};
use crate::base::clock::{Clock, Stamp};

/// Starts the adapter on the running tokio runtime. It ends when `orders` is dropped.
pub fn start(settings: Settings, clock: Arc<dyn Clock>) -> Engine {
    let (orders, taken) = mpsc::unbounded_channel();
    let (told, events) = mpsc::unbounded_channel();
    tokio::spawn(link::run(settings, clock, taken, told));
    Engine { orders, events }
}

/// The way of the engine's bytes without the sockets: for measuring and for fuzzing.
#[derive(Debug)]
pub struct Reader {
    decoder: wire::Decoder,
    legs: legs::Legs,
}

impl Reader {
    pub fn new(settings: Settings) -> Self {
        Self { decoder: wire::Decoder::default(), legs: legs::Legs::new(settings) }
    }

    /// Takes bytes of the event connection; gives the number of events of the engine in them and what they
    /// mean for Tandem.
    pub fn read(&mut self, bytes: &[u8], now: Stamp) -> Result<(usize, Vec<Event>), wire::WireError> {
        self.decoder.feed(bytes);
        let mut count = 0;
        while let Some(frame) = self.decoder.next_frame()? {
            if frame.kind() == wire::Kind::Event {
                count += 1;
                if let Some(fact) = translate::fact(&frame) {
                    self.legs.on_fact(fact, now);
                }
            }
        }
        Ok((count, self.legs.take().events))
    }
}
