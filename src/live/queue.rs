//! Queues: who waits, in which order. A caller's place is the moment of joining and never changes
//! while the caller waits, whatever happens to offers, unless a supervisor moves somebody.

mod expected;
mod moving;
mod rules;
mod service;

pub use expected::Expected;
pub use rules::{Place, Queues, Wanted, Wish};
pub use service::{Served, Service};
