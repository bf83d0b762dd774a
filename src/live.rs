//! A call's life. Everything here is owned by the switchboard: pure, journalled, without clock or I/O.

pub mod record;
pub mod switchboard;
