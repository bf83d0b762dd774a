//! Dialogs: a caller's way through a flow by prompts and keys. A sans-IO machine: it is told what
//! happened and answers with what to do next; it knows nothing of calls, queues or engines.

mod conversing;
mod model;
mod rating;
mod rules;
pub mod talk;

pub use conversing::Conversation;
pub use model::{Act, Brief, Dialog, Happening};
pub use rules::on;
