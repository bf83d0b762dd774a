//! What agents said became of calls, counted.

use jiff::{civil::Date, tz::TimeZone};

use super::{CallStore, StoreError, day::Days, row};
use crate::{infra::db::Sql, live::record::DispositionReport};

const SAID: &str = "SELECT (arrived - $1) / $3 AS day, queue, disposition, COUNT(*) AS calls FROM calls \
     WHERE arrived >= $1 AND arrived < $2 AND queue IS NOT NULL AND agent IS NOT NULL AND talk_ms > 0 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";

impl CallStore {
    /// What agents said became of the calls of each of `days` days from `first` on, in the days of this time zone.
    pub async fn dispositions(
        &self,
        zone: &TimeZone,
        first: Date,
        days: u16,
    ) -> Result<Vec<DispositionReport>, StoreError> {
        let found = Days::of(zone, first, days).ask(&self.db, || Sql::new(SAID), &[], row::said).await?;
        Ok(found.into_iter().map(|(day, _, said)| DispositionReport::of(day, said)).collect())
    }
}
