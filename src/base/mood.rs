//! How two talk, as far as it can be heard without their words.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What is told of a talk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoodLimits {
    /// So long nobody says anything before it counts as silence.
    pub silence: Option<Duration>,
    /// From which score on it counts as heated, of 100.
    pub heat: Option<u8>,
}

/// Who of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Caller,
    Agent,
}

/// How a talk is at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    #[default]
    Calm,
    /// Neither has said anything for as long as the limit is.
    Silent,
    /// One of them is louder and higher than before, or both speak at once; `score` of 100.
    Heated { score: u8, side: Side },
}
