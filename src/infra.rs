//! The ground that the halls stand on; it knows nothing of calls or tickets.

pub mod archive;
pub mod chat;
pub mod db;
pub mod journal;
pub mod log;
pub mod remote;
pub mod site;
pub mod spool;
