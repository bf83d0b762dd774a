//! Who goes first, of those who wait.

use serde::{Deserialize, Serialize};

/// Who goes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    Emergency,
    /// The house has failed this caller already.
    Raised,
    #[default]
    Normal,
}
