//! Listens to callers, and lets them hear: a layer between the switchboard and an adapter, an `Engine` around another.
//!
//! The adapter streams a leg's audio (`Command::Tap`) and nothing more. While it does, prompts are played here, frame
//! by frame, so that they pause the moment somebody speaks; a voice is told from noise and echo (`voice`, `echo`),
//! an utterance from what follows it (`turn`), and its sound goes to a recogniser (`ports::speech`). Where no stream is
//! to be had, the engine plays as ever and callers use keys. `docs/media.md` has the whole way.
//!
//! `lines`, `leg` and `duplex` are the core, sans I/O; `run` is the shell with sockets, clock, files and recognisers.

mod cadence;
mod clips;
mod detected;
mod duplex;
mod echo;
mod effect;
pub(super) mod filter;
mod leg;
mod lines;
mod pace;
mod player;
pub(super) mod rate;
mod run;
mod sequence;
mod turn;
mod utterance;
pub(super) mod voice;
mod wire;

#[cfg(test)]
mod tests;

pub use run::{Attendance, Judge, attend};
