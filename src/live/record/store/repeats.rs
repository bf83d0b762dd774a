//! Callers who called again, counted.

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};

use super::{CallStore, StoreError, day::Days, row};
use crate::{
    base::{clock::Stamp, id::Name},
    infra::db::Sql,
    live::{record::RepeatReport, switchboard::view::Repeats},
};

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

    /// Of the callers of the seven last days of which it is known. Each day by itself: none takes the database long. Where the
    /// clocks change, the first of them may not be over yet.
    pub async fn repeats_of_a_week(
        &self,
        zone: &TimeZone,
        within: u16,
        now: Stamp,
    ) -> Result<BTreeMap<Name, Repeats>, StoreError> {
        let today = now.zoned(zone).date();
        let mut queues = BTreeMap::<Name, (u64, u64)>::new();
        let mut known = 0;
        for back in 1..=8 {
            if known == 7 {
                break;
            }
            let span = jiff::Span::new().days(i64::from(within) + back);
            let Ok(day) = today.checked_sub(span) else { continue };
            let told = self.repeats(zone, (day, 1), within, now).await?;
            let Some(over) = told.into_iter().find(|day| !day.open) else { continue };
            known += 1;
            for of in over.queues {
                let sum = queues.entry(of.queue).or_default();
                (sum.0, sum.1) = (sum.0 + of.repeats.callers, sum.1 + of.repeats.again);
            }
        }
        let of = |(queue, (callers, again))| (queue, Repeats::of(callers, again));
        Ok(queues.into_iter().map(of).collect())
    }
}
