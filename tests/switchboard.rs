//! The switchboard against the simulated engine, in virtual time.

#[path = "switchboard/days.rs"]
mod days;
#[path = "switchboard/rig.rs"]
mod rig;
#[path = "switchboard/rules.rs"]
mod rules;
