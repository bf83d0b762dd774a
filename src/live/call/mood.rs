//! How the talk of a call is, where somebody wants to know.

use serde::{Deserialize, Serialize};

use crate::base::{
    clock::Stamp,
    id::{Name, OrderId},
    mood::{Mood, MoodLimits},
};

/// A talk that is sensed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sensed {
    /// Which queue's talk it is.
    pub queue: Name,
    pub limits: MoodLimits,
    /// Nobody listens while a recording pauses.
    pub order: Option<OrderId>,
    pub mood: Mood,
    pub since: Stamp,
}
