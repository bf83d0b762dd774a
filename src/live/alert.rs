//! Alerts: figures that pass their limits, told once, and until somebody sees to them.

mod rules;

pub use rules::{Alerts, Figure};
