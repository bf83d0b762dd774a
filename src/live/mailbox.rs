//! Mailboxes: leaving a message, hearing one's own, and the PIN that stands before them and before a conference.
//!
//! A sans-IO machine like `dialog`: told what happened, it answers with what to do next, and keeps the messages
//! themselves, which are live state. It knows nothing of calls, legs or engines. A PIN's digits never
//! come here: it is told that a key was pressed, and whether the whole was right.

mod boxes;
mod model;
mod rules;

#[cfg(test)]
mod tests;

pub use boxes::{Boxes, Message};
pub use model::{Act, Happening, Pressed, Session, Verdict};
pub use rules::on;
