//! Calls: the caller's leg, the stage that the call is in, and everybody who was dialled for it.

mod model;
mod timers;

pub use model::{
    AtMailbox, Call, Conferring, Dialled, Meeting, Member, Next, Parked, Party, Presence, Stage, Tape, Turn,
    Waiting,
};
pub use timers::{Timer, Timers};
