//! A conversation in the caller's own words. A sans-IO machine like the menus beside it: it is told what was
//! understood, which keys were pressed, that nothing came; it answers with what to say, how to listen, what to do,
//! and why. It serves the switchboard and knows nothing of calls, recognisers, models or clocks.
//!
//! One turn, from top to bottom (`rules`): shortcuts and emergencies count everywhere; then corrections; then what
//! the present question asks for; then whatever else was said that the topic needs; then another topic (`topics`);
//! then what the house knows (`answers`). What none of it explains is a miss, and misses in a row lead to a human. `keys` brings keypads to the same
//! ways. [`Talking`] is all that there is to remember: it is written with the call and goes on after a restart.

mod answers;
mod ears;
mod heard;
pub mod hiding;
mod keys;
mod matching;
mod nods;
mod questions;
mod rules;
mod said;
mod slots;
mod topics;
mod why;
mod words;

#[cfg(test)]
mod tests;

pub use ears::{Deaf, Ears, Hearsay};
pub use rules::on;
pub use words::{
    Context, Correction, Fact, FactKind, Guess, Heard, Input, Known, Output, Priority, Stage, Sureness,
    Talking, Why,
};
