//! Customers: who somebody is, known by numbers and mail addresses, each of which belongs to one customer at most.
//!
//! Every change is written with its audit row in one transaction. The audit is kept for ever, so it has nothing of the
//! person in it: only the id, the class, tags, language, and how many contact points and complaints there are.

mod file;
mod model;
mod service;
mod store;

pub use file::{Fault as FileFault, Row, read_csv, read_json};
pub use model::{Customer, Draft, Invalid, Mail, Note};
pub use service::{CustomerError, Customers, Imported, Point, Wanted};
