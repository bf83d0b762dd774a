//! The SQL of finished calls, and their way into it.

mod projection;
mod row;

pub use projection::{Projection, ProjectionError, Setback, Standing};

use jiff::{civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, QueryBuilder, Sqlite, SqliteConnection};

use super::CallRecord;
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, Name},
        number::Number,
    },
    infra::db::{Db, DbError, Pool},
};

const CALL: &str = "INSERT INTO calls (id, from_number, from_name, to_number, arrived, answered, ended, cause, \
     ended_by, queue, wait_ms, talk_ms, agent, steps) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (id) DO NOTHING";
const LEG: &str = "INSERT INTO legs (call, place, leg, role, party, began, answered, ended, cause) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const OUTBOX: &str = "INSERT INTO outbox (topic, subject, at) VALUES ('call.ended', $1, $2)";
const CALLS: &str = "SELECT id, from_number, from_name, to_number, arrived, answered, ended, cause, ended_by, \
     queue, wait_ms, talk_ms, agent, steps FROM calls";
const LEGS: &str = "SELECT call, leg, role, party, began, answered, ended, cause FROM legs WHERE call IN (";
const DAY: &str = "SELECT COUNT(*), COUNT(NULLIF(talk_ms, 0)), COALESCE(SUM(wait_ms), 0), \
     COALESCE(SUM(talk_ms), 0) FROM calls WHERE arrived >= $1 AND arrived < $2";

/// Why calls could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("call {call} has a {column} that no Tandem wrote; correct or delete the row")]
    Row { call: CallId, column: &'static str },
}

impl StoreError {
    /// Trying again does not help.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Db(e) => e.is_refusal(),
            Self::Row { .. } => true,
        }
    }
}

/// Which calls; everything that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub queue: Option<Name>,
    pub agent: Option<Name>,
    pub from: Option<Number>,
    pub to: Option<Number>,
    /// Ended at this moment or later.
    pub since: Option<Stamp>,
    /// Ended before this moment: for the next page the `ended` of the last call of this one.
    pub before: Option<Stamp>,
}

/// What arrived on one day of a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCount {
    pub day: Date,
    pub calls: u64,
    /// Of these, how many talked with somebody.
    pub talked: u64,
    pub wait_ms: u64,
    pub talk_ms: u64,
}

/// Finished calls in the database.
#[derive(Clone, Debug)]
pub struct CallStore {
    db: Db,
}

impl CallStore {
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// Writes calls with their legs and an outbox row each, all or none. One that is there already stays as it is.
    pub async fn write(&self, calls: &[CallRecord]) -> Result<(), StoreError> {
        let Pool::Sqlite(pool) = self.db.pool().await?;
        let write = async {
            // At once for writing: a transaction that begins by reading could be refused half-way.
            let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
            for call in calls {
                insert(&mut transaction, call).await?;
            }
            transaction.commit().await
        };
        Ok(write.await.map_err(|e| self.db.explain(e))?)
    }

    /// The last `limit` calls that ended, newest first.
    pub async fn calls(&self, filter: &Filter, limit: u32) -> Result<Vec<CallRecord>, StoreError> {
        let Pool::Sqlite(pool) = self.db.pool().await?;
        let mut query = filtered(filter);
        query.push(" ORDER BY ended DESC, id DESC LIMIT ").push_bind(i64::from(limit));
        let rows = query.build().fetch_all(&pool).await.map_err(|e| self.db.explain(e))?;
        let mut calls = rows.iter().map(row::call).collect::<Result<Vec<_>, _>>()?;
        if calls.is_empty() {
            return Ok(calls);
        }
        let mut query = QueryBuilder::<Sqlite>::new(LEGS);
        let mut ids = query.separated(", ");
        for call in &calls {
            ids.push_bind(call.id.0 as i64);
        }
        query.push(") ORDER BY call, place");
        let legs = query.build().fetch_all(&pool).await.map_err(|e| self.db.explain(e))?;
        row::join(&mut calls, &legs)?;
        Ok(calls)
    }

    pub async fn call(&self, id: CallId) -> Result<Option<CallRecord>, StoreError> {
        let Pool::Sqlite(pool) = self.db.pool().await?;
        let found = sqlx::query(AssertSqlSafe(format!("{CALLS} WHERE id = $1")))
            .bind(id.0 as i64)
            .fetch_optional(&pool)
            .await
            .map_err(|e| self.db.explain(e))?;
        let Some(found) = found else { return Ok(None) };
        let mut call = [row::call(&found)?];
        let legs = sqlx::query(AssertSqlSafe(format!("{LEGS}$1) ORDER BY place")))
            .bind(id.0 as i64)
            .fetch_all(&pool)
            .await
            .map_err(|e| self.db.explain(e))?;
        row::join(&mut call, &legs)?;
        Ok(call.into_iter().next())
    }

    /// Calls that arrived on each of `days` days from `first` on, in the days of this time zone.
    pub async fn by_day(&self, zone: &TimeZone, first: Date, days: u16) -> Result<Vec<DayCount>, StoreError> {
        let Pool::Sqlite(pool) = self.db.pool().await?;
        let midnight = |day: Date| {
            day.to_zoned(zone.clone()).map_or(i64::MAX, |midnight| midnight.timestamp().as_microsecond())
        };
        let mut counts = Vec::with_capacity(usize::from(days));
        let mut day = first;
        for _ in 0..days {
            let Ok(next) = day.tomorrow() else { break };
            let (calls, talked, wait, talk): (i64, i64, i64, i64) = sqlx::query_as(DAY)
                .bind(midnight(day))
                .bind(midnight(next))
                .fetch_one(&pool)
                .await
                .map_err(|e| self.db.explain(e))?;
            let [calls, talked, wait_ms, talk_ms] = [calls, talked, wait, talk].map(|n| n as u64);
            counts.push(DayCount { day, calls, talked, wait_ms, talk_ms });
            day = next;
        }
        Ok(counts)
    }
}

fn filtered(filter: &Filter) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(CALLS);
    let mut word = " WHERE ";
    let texts = [
        ("queue", filter.queue.as_ref().map(Name::as_str)),
        ("agent", filter.agent.as_ref().map(Name::as_str)),
        ("from_number", filter.from.as_ref().map(Number::as_str)),
        ("to_number", filter.to.as_ref().map(Number::as_str)),
    ];
    for (column, text) in texts {
        if let Some(text) = text {
            query.push(word).push(column).push(" = ").push_bind(text.to_owned());
            word = " AND ";
        }
    }
    for (condition, stamp) in [("ended >= ", filter.since), ("ended < ", filter.before)] {
        if let Some(stamp) = stamp {
            query.push(word).push(condition).push_bind(stamp.0);
            word = " AND ";
        }
    }
    query
}

async fn insert(connection: &mut SqliteConnection, call: &CallRecord) -> sqlx::Result<()> {
    let id = call.id.0 as i64;
    let steps = serde_json::to_string(&call.steps).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
    let inserted = sqlx::query(CALL)
        .bind(id)
        .bind(call.from.as_ref().map(Number::as_str))
        .bind(call.from_name.as_str())
        .bind(call.to.as_str())
        .bind(call.arrived.0)
        .bind(call.answered.map(|at| at.0))
        .bind(call.ended.0)
        .bind(call.cause.0)
        .bind(row::ended_by(call.ended_by))
        .bind(call.queue.as_ref().map(Name::as_str))
        .bind(call.wait_ms as i64)
        .bind(call.talk_ms as i64)
        .bind(call.agent.as_ref().map(Name::as_str))
        .bind(steps)
        .execute(&mut *connection)
        .await?;
    if inserted.rows_affected() == 0 {
        return Ok(());
    }
    for (leg, place) in call.legs.iter().zip(0i64..) {
        sqlx::query(LEG)
            .bind(id)
            .bind(place)
            .bind(leg.leg.as_str())
            .bind(row::role(leg.role))
            .bind(leg.party.as_str())
            .bind(leg.began.0)
            .bind(leg.answered.map(|at| at.0))
            .bind(leg.ended.map(|at| at.0))
            .bind(leg.cause.map(|cause| cause.0))
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query(OUTBOX).bind(id).bind(call.ended.0).execute(connection).await?;
    Ok(())
}
