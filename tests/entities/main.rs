//! Entities against public yardsticks, and what must hold for any text.

mod invariants;
mod measure;
mod spoken;
mod when;
