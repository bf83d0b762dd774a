//! Calls: the caller's leg, the stage that the call is in, and everybody who was dialled for it.

mod model;
mod spoken;
mod timers;

pub use model::{
    AtMailbox, Attending, Call, Caller, Conferring, Dialled, Meeting, Member, Next, Parked, Party, Presence,
    Stage, Tape, Turn, Waiting,
};
pub use spoken::{Said, Spoken};
pub use timers::{Timer, Timers};
