//! Callers who called again: how many of those answered on a day had to.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{base::id::Name, live::switchboard::view::Repeats};

/// The same of one queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QueueRepeats {
    pub queue: Name,
    #[serde(flatten)]
    pub repeats: Repeats,
}

/// One day of the site's time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RepeatReport {
    #[schema(value_type = String)]
    pub day: Date,
    /// So many days later whoever calls counts.
    pub within_days: u16,
    /// They are not over yet: more may call again.
    pub open: bool,
    /// Whoever was answered in two queues counts in both.
    #[serde(flatten)]
    pub all: Repeats,
    pub queues: Vec<QueueRepeats>,
}

impl RepeatReport {
    pub(super) fn of(day: Date, within_days: u16, open: bool, found: Vec<(Name, u64, u64)>) -> Self {
        let queues: BTreeMap<Name, (u64, u64)> =
            found.into_iter().map(|(queue, callers, again)| (queue, (callers, again))).collect();
        let (callers, again) = queues.values().fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
        let queue = |(queue, (callers, again))| QueueRepeats { queue, repeats: Repeats::of(callers, again) };
        Self {
            day,
            within_days,
            open,
            all: Repeats::of(callers, again),
            queues: queues.into_iter().map(queue).collect(),
        }
    }
}
