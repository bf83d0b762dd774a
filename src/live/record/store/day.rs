//! Days, counted.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{CallStore, StoreError, row};
use crate::{
    infra::db::Sql,
    live::record::{DayReport, day::Group},
};

const DAY: &str = "SELECT queue, outcome, COUNT(*) AS calls, \
     CAST(COALESCE(SUM(wait_ms), 0) AS BIGINT) AS wait_ms, \
     CAST(COALESCE(SUM(talk_ms), 0) AS BIGINT) AS talk_ms FROM calls \
     WHERE arrived >= $1 AND arrived < $2 AND (direction = 'inbound' OR direction IS NULL) \
     GROUP BY queue, outcome";

impl CallStore {
    /// Calls that came from outside on each of `days` days from `first` on, in the days of this time zone.
    pub async fn by_day(
        &self,
        zone: &TimeZone,
        first: Date,
        days: u16,
    ) -> Result<Vec<DayReport>, StoreError> {
        let midnight = |day: Date| {
            day.to_zoned(zone.clone())
                .map_or(Timestamp::MAX, |midnight| midnight.timestamp())
                .as_microsecond()
        };
        let mut reports = Vec::with_capacity(usize::from(days));
        let mut day = first;
        for _ in 0..days {
            let Ok(next) = day.tomorrow() else { break };
            let (from, to) = (midnight(day), midnight(next));
            let rows = self.db.fetch(Sql::new(DAY).bind(from).bind(to)).await?;
            let groups = rows.iter().map(row::group).collect::<Result<Vec<Group>, _>>()?;
            let hours = u8::try_from((to - from) / 3_600_000_000).unwrap_or(24);
            reports.push(DayReport::of(day, hours, groups));
            day = next;
        }
        Ok(reports)
    }
}
