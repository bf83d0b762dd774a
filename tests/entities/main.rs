//! Entities against public yardsticks, and what must hold for any text.

mod calls;
mod invariants;
mod latency;
mod measure;
mod spoken;
mod when;
