//! An engine in memory: callers, phones and their habits, in virtual or real time, with seeded faults.
//!
//! `World` is the machine itself, sans I/O: orders go in with a time, events come out with a time. Tests drive
//! it in virtual time; `start` lets it run in real time behind the engine port, with traffic of its own. A `Mouth` is what
//! is heard of a caller and what the caller hears, in real time, as datagrams.

mod hearing;
mod live;
mod model;
mod mouth;
mod obey;
mod rooms;
mod seen;
mod world;

pub use live::{Callers, start};
pub use model::{Answer, Caller, Faults, Line, Outsider, Phone};
pub use mouth::{Frame, Mouth};
pub use world::World;
