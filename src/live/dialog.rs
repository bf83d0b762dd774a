//! Dialogs: a caller's way through a flow by prompts and keys. A sans-IO machine: it is told what
//! happened and answers with what to do next; it knows nothing of calls, queues or engines.

mod model;
mod rules;
pub mod talk;

pub use model::{Act, Dialog, Happening};
pub use rules::on;
