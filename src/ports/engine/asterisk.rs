//! Asterisk by ARI: orders as REST requests, events by a WebSocket.
//!
//! - `translate` is the only place that knows ARI's words; `ledger` decides what follows from them, without I/O;
//! - `link` keeps the event stream, reconnects and audits; `socket` is the stream, `rest` the requests;
//! - `lane` keeps the orders of one leg in order; `orders` carries them out; `join` brings two legs together;
//! - `reader` is the way of the engine's words without connections, for the fuzzer.
//!
//! The dialplan (`dialplans/asterisk`) is the other half: it holds the lease, gives a caller back when the leg
//! dialled for him ends, and leads to the fallback, all without Tandem. `docs/engines/asterisk.md` tells how.

pub mod console;
mod join;
mod lane;
mod ledger;
mod link;
mod orders;
mod reader;
mod rest;
mod socket;
mod translate;

pub use reader::{Reader, read_script};

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Engine, Settings};
use crate::base::clock::Clock;

/// Starts the adapter; it connects, reconnects and audits until `orders` is dropped.
pub fn start(settings: Settings, clock: Arc<dyn Clock>) -> Engine {
    let (orders, taken) = mpsc::unbounded_channel();
    let (tell, events) = mpsc::unbounded_channel();
    tokio::spawn(link::run(settings, clock, taken, tell));
    Engine { orders, events }
}
