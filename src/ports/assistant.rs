//! The assistant: what words mean, what the house knows about it, and what a call was about.
//!
//! It always answers. The built-in model and the words themselves are enough; a chat model elsewhere may be asked too
//! (off unless it is given), and whatever it does (late, wrong, too long, gone) the built-in answer stands.
//! Nothing that it says is believed: an intent must be one of ours, an answer is what the house wrote.

mod answer;
mod remote;
mod second;
mod summary;
mod understand;

pub use answer::{Answer, Answered, Cited, Passage, Shelf};
pub use remote::{Remote, Silence};
pub use second::{Doubt, Opinions, Settled, start};
pub use summary::{Speaker, Summaries, Summary, Told, Turn, in_own_words, sums};
pub use understand::{Choice, Understood};

use crate::language::model::Model;

/// Who found the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    BuiltIn,
    Remote,
}

/// What answers, with the model elsewhere if there is one.
#[derive(Debug)]
pub struct Assistant {
    model: Model,
    /// What may be meant, with a few samples each: told to the model elsewhere.
    choices: Vec<Choice>,
    remote: Option<Remote>,
}

impl Assistant {
    pub fn new(model: Model, choices: Vec<Choice>, remote: Option<Remote>) -> Self {
        Self { model, choices, remote }
    }
}
