//! What the world outside can do for a call, in our words.

pub mod assistant;
pub mod crm;
pub mod engine;
pub mod media;
pub mod notify;
pub mod speech;
pub mod tasks;
