//! Calls: the caller's leg, the stage that the call is in, and everybody who was dialled for it.

mod model;
mod timers;

pub use model::{Call, Dialled, Next, Party, Stage, Waiting};
pub use timers::{Timer, Timers};
