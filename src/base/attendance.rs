//! How somebody of the house attends a talk of others.

use serde::{Deserialize, Serialize};

/// Who hears whoever attends; that one always hears both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Attendance {
    /// Nobody.
    Listen,
    /// The one who is attended, the agent, and not the caller.
    Whisper,
    /// Both.
    Barge,
}

impl Attendance {
    /// What somebody does so, as a verb.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Listen => "listens to",
            Self::Whisper => "whispers to",
            Self::Barge => "speaks into the talk of",
        }
    }
}
