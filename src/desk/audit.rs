//! The audit: who changed what, when, from what to what. Rows are only ever added, each sealed with the hash of the
//! row before it, so that a row that was changed or taken out is found ([`Audit::verify`]).
//!
//! What the switchboard did waits in a spool of its own until the database takes it, so a change is never held up
//! by the database and never lost. What the database itself owns (users, tokens) is written in one transaction with
//! its audit row ([`add`]).

mod model;
mod service;
mod store;

pub use model::{Change, Entry, What};
pub use service::{Audit, Bringing, Ledger};
pub use store::{AuditError, Filter, Sound, add};
