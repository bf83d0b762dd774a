//! A call's life. Everything here is owned by the switchboard: pure, journalled, without clock or I/O.

pub mod agent;
pub mod alert;
pub mod call;
pub mod dialog;
pub mod mailbox;
pub mod message;
pub mod queue;
pub mod record;
pub mod routing;
pub mod switchboard;
