//! Routing: who is this call for? The site's numbers, hours, extensions and `dialing.yaml` decide; the reason goes
//! with it.
//!
//! `route` is for a new call: from a trunk it reaches our numbers and nothing else, from a phone whatever its class
//! allows. `reach` is for calls that stand: transfers, forwards, flows, commands. Both refuse what is above the class
//! of whoever acts, so that no way around leads further than dialling does. `policy` says which queue takes a caller.

mod codes;
mod model;
pub mod policy;
mod rules;

#[cfg(test)]
mod tests;

pub use model::{Decision, Goal};
pub use rules::{reach, route};
