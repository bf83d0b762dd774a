//! Calls: the caller's leg, the stage that the call is in, and everybody who was dialled for it.

mod meeting;
mod model;
mod mood;
mod spoken;
mod timers;

pub use meeting::{Meeting, Member, Presence};
pub use model::{
    AtMailbox, Attending, Call, Caller, Conferring, Dialled, Next, Parked, Party, Stage, Survey, Tape, Turn,
    Waiting,
};
pub use mood::Sensed;
pub use spoken::{Said, Spoken};
pub use timers::{Timer, Timers};
