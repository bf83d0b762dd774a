//! Callers who called again.

use serde::{Deserialize, Serialize};

/// Callers of a queue, each once a day, and those of them who called it again. Rates are thousandths, rounded down; nothing
/// where nobody was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Repeats {
    /// With whom somebody talked on that day, by their numbers.
    pub callers: u64,
    /// Of these, who called the same queue again in time.
    pub again: u64,
    /// `again` of `callers`.
    pub again_permille: Option<u64>,
    /// The others: resolved at first contact, as far as nobody called again.
    pub resolved_permille: Option<u64>,
}

impl Repeats {
    pub fn of(callers: u64, again: u64) -> Self {
        let permille = |of: u64| (of * 1000).checked_div(callers);
        let (again_permille, resolved_permille) = (permille(again), permille(callers.saturating_sub(again)));
        Self { callers, again, again_permille, resolved_permille }
    }
}
