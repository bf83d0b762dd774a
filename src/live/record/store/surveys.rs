//! What callers answered, counted.

use jiff::{civil::Date, tz::TimeZone};

use super::{CallStore, StoreError, day::Days, row};
use crate::{infra::db::Sql, live::record::SurveyReport};

/// The same sums as `Rated::add`.
const ANSWERS: &str = "SELECT (arrived - $1) / $3 AS day, rated_queue, rated_agent, COUNT(*) AS asked, \
     COUNT(rating) AS answered, \
     CAST(SUM(CASE WHEN rating * 5 >= rated_of * 4 THEN 1 ELSE 0 END) AS BIGINT) AS good, \
     CAST(COALESCE(SUM(rating * 1000 / rated_of), 0) AS BIGINT) AS permille FROM calls \
     WHERE rated_of IS NOT NULL AND arrived >= $1 AND arrived < $2 GROUP BY 1, 2, 3";

impl CallStore {
    /// What callers answered on each of `days` days from `first` on, in the days of this time zone.
    pub async fn surveys(
        &self,
        zone: &TimeZone,
        first: Date,
        days: u16,
    ) -> Result<Vec<SurveyReport>, StoreError> {
        let found =
            Days::of(zone, first, days).ask(&self.db, || Sql::new(ANSWERS), &[], row::answers).await?;
        Ok(found.into_iter().map(|(day, _, answers)| SurveyReport::of(day, answers)).collect())
    }
}
