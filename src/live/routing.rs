//! Routing: who is this call for? Number, hours and extensions of the site decide; the reason goes with it.

mod rules;

pub use rules::{Route, route};
