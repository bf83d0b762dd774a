//! How well a queue is served.

use serde::{Deserialize, Serialize};

/// What was promised, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ServiceView {
    /// So many of a hundred are to be answered
    pub percent: u8,
    /// within this time.
    pub within_ms: u64,
    /// Who hangs up sooner does not count.
    pub short_ms: u64,
    /// Of the last 15 minutes.
    pub lately: FiguresView,
    /// Since midnight in the site's time zone.
    pub today: FiguresView,
}

/// What became of those whose wait in the queue is over. Rates are thousandths of `offered`, rounded down; nothing when
/// nobody was offered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FiguresView {
    /// `answered` + `abandoned` + `passed_on`.
    pub offered: u64,
    pub answered: u64,
    /// Answered within the time of the service level.
    pub in_time: u64,
    /// Hung up.
    pub abandoned: u64,
    /// Hung up so soon that it does not count.
    pub short: u64,
    /// Went elsewhere: waited as long as they could, overflowed, were sent or moved on.
    pub passed_on: u64,
    /// Of `in_time`.
    pub service_level_permille: Option<u64>,
    /// Of `answered`.
    pub answer_permille: Option<u64>,
    /// Of `abandoned`.
    pub abandonment_permille: Option<u64>,
    /// What those answered waited in this queue, on the mean.
    pub average_wait_ms: Option<u64>,
}
