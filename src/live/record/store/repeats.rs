//! Callers who called again, counted.

use jiff::{civil::Date, tz::TimeZone};

use super::{CallStore, StoreError, day::Days, row};
use crate::{base::clock::Stamp, infra::db::Sql, live::record::RepeatReport};

const AGAIN: &str = "SELECT (calls.arrived - $1) / $3 AS day, calls.queue, \
     COUNT(DISTINCT calls.from_number) AS callers, COUNT(DISTINCT CASE WHEN EXISTS (\
     SELECT 1 FROM calls AS later WHERE later.from_number = calls.from_number AND later.queue = calls.queue \
     AND later.ended > calls.ended AND later.arrived > calls.arrived AND later.arrived <= calls.ended + $4 \
     AND (later.direction = 'inbound' OR later.direction IS NULL)) THEN calls.from_number END) AS again \
     FROM calls WHERE calls.arrived >= $1 AND calls.arrived < $2 AND calls.talk_ms > 0 AND calls.queue IS NOT NULL \
     AND calls.agent IS NOT NULL AND calls.from_number IS NOT NULL AND (calls.direction = 'inbound' OR calls.direction IS NULL) GROUP BY 1, 2";
const DAY: i64 = 86_400_000_000;

impl CallStore {
    /// Of those who came from outside to a queue and talked with an agent on each of `days` days from `first` on: who called
    /// the same queue again within so many days after the call.
    pub async fn repeats(
        &self,
        zone: &TimeZone,
        (first, days): (Date, u16),
        within: u16,
        now: Stamp,
    ) -> Result<Vec<RepeatReport>, StoreError> {
        let span = i64::from(within) * DAY;
        let found =
            Days::of(zone, first, days).ask(&self.db, || Sql::new(AGAIN), &[span], row::again).await?;
        let report = |(date, day, found): (Date, std::ops::Range<i64>, Vec<_>)| {
            RepeatReport::of(date, within, day.end + span > now.0, found)
        };
        Ok(found.into_iter().map(report).collect())
    }
}
