//! The switchboard: the single writer of all live state.

pub mod door;
pub mod view;
