//! How a talk goes: a layer between the switchboard and an adapter, an `Engine` around another, that carries out `Sense`.
//!
//! The adapter lets the talk be listened to in its engine's way (`Command::Overhear`): FreeSWITCH writes both sides into a file
//! that is read, and cut, as it grows (`tail`); Asterisk sends each side by `AudioSocket` (`socket`). `talk` puts the two sides
//! beside each other by the clock; `ports::media::mood` makes of them what is told. `docs/supervise.md` has what that means.

mod run;
mod socket;
mod tail;
mod talk;

pub use run::{Way, sense};
