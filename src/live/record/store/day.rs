//! Days, counted.

use std::ops::Range;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{CallStore, OUTCOME, StoreError, row};
use crate::{
    infra::db::{Db, Record, Sql},
    live::record::DayReport,
};

/// Days that are equally long, in one statement: from the moment `$1` on, before `$2`, a day being `$3` long; `more` from `$4` on.
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

/// Days one after the other, in this time zone.
pub(super) struct Days(Vec<(Date, Range<i64>)>);

impl Days {
    pub fn of(zone: &TimeZone, first: Date, days: u16) -> Self {
        let midnight = |day: Date| {
            day.to_zoned(zone.clone())
                .map_or(Timestamp::MAX, |midnight| midnight.timestamp())
                .as_microsecond()
        };
        let mut all = Vec::with_capacity(usize::from(days));
        let mut day = first;
        for _ in 0..days {
            let Ok(next) = day.tomorrow() else { break };
            all.push((day, midnight(day)..midnight(next)));
            day = next;
        }
        Self(all)
    }

    /// What a statement finds of each day: of all that are equally long at once, from the moment `$1` on, before `$2`, a day
    /// being `$3` long.
    pub async fn ask<T: Clone>(
        self,
        db: &Db,
        sql: impl Fn() -> Sql,
        more: &[i64],
        read: impl Fn(&Record) -> Result<(usize, T), StoreError>,
    ) -> Result<Vec<(Date, Range<i64>, Vec<T>)>, StoreError> {
        let mut found: Vec<Vec<T>> = vec![Vec::new(); self.0.len()];
        let mut begun = 0;
        for alike in self.0.chunk_by(|(_, one), (_, next)| length(one) == length(next)) {
            let (from, to) = (alike[0].1.start, alike[alike.len() - 1].1.end);
            let asked = sql().bind(from).bind(to).bind(length(&alike[0].1));
            let rows = db.ask(more.iter().fold(asked, |asked, more| asked.bind(*more))).await?;
            for row in &rows {
                let (day, one) = read(row)?;
                found[begun + day].push(one);
            }
            begun += alike.len();
        }
        Ok(self.0.into_iter().zip(found).map(|((date, day), found)| (date, day, found)).collect())
    }
}

impl CallStore {
    /// Calls that came from outside on each of `days` days from `first` on, in the days of this time zone.
    pub async fn by_day(
        &self,
        zone: &TimeZone,
        first: Date,
        days: u16,
    ) -> Result<Vec<DayReport>, StoreError> {
        let sql = || {
            let mut sql = Sql::new(DAYS);
            sql.push(OUTCOME).push(OLDER);
            sql
        };
        let hours = |day: &Range<i64>| u8::try_from(length(day) / 3_600_000_000).unwrap_or(24);
        let found = Days::of(zone, first, days).ask(&self.db, sql, &[], row::group).await?;
        Ok(found.into_iter().map(|(date, day, groups)| DayReport::of(date, hours(&day), groups)).collect())
    }
}

fn length(day: &Range<i64>) -> i64 {
    day.end - day.start
}
