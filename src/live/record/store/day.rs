//! Days, counted.

use std::ops::Range;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{CallStore, OUTCOME, StoreError, row};
use crate::{
    infra::db::Sql,
    live::record::{DayReport, day::Group},
};

/// Days that are equally long, in one statement: from the moment `$1` on, before `$2`, a day being `$3` long.
const DAYS: &str = "SELECT (arrived - $1) / $3 AS day, queue, outcome, COUNT(*) AS calls, \
     CAST(COALESCE(SUM(wait_ms), 0) AS BIGINT) AS wait_ms, \
     CAST(COALESCE(SUM(talk_ms), 0) AS BIGINT) AS talk_ms FROM (\
     SELECT arrived, queue, outcome, wait_ms, talk_ms FROM calls WHERE outcome IS NOT NULL \
     AND arrived >= $1 AND arrived < $2 AND (direction = 'inbound' OR direction IS NULL) \
     UNION ALL SELECT arrived, queue, ";
/// Those of an earlier version whose turn has not come yet.
const OLDER: &str = ", wait_ms, talk_ms FROM calls WHERE outcome IS NULL AND worded IS NULL \
     AND arrived >= $1 AND arrived < $2 AND (direction = 'inbound' OR direction IS NULL)) \
     AS counted GROUP BY 1, 2, 3";

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
            reports.push((day, midnight(day)..midnight(next)));
            day = next;
        }
        let mut groups: Vec<Vec<Group>> = vec![Vec::new(); reports.len()];
        let mut begun = 0;
        for alike in reports.chunk_by(|(_, one), (_, next)| length(one) == length(next)) {
            let (from, to) = (alike[0].1.start, alike[alike.len() - 1].1.end);
            let mut sql = Sql::new(DAYS);
            sql.push(OUTCOME).push(OLDER);
            let rows = self.db.ask(sql.bind(from).bind(to).bind(length(&alike[0].1))).await?;
            for row in &rows {
                let (day, group) = row::group(row)?;
                groups[begun + day].push(group);
            }
            begun += alike.len();
        }
        let hours = |day: &Range<i64>| u8::try_from(length(day) / 3_600_000_000).unwrap_or(24);
        let told = reports.into_iter().zip(groups);
        Ok(told.map(|((date, day), groups)| DayReport::of(date, hours(&day), groups)).collect())
    }
}

fn length(day: &Range<i64>) -> i64 {
    day.end - day.start
}
