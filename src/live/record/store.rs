//! The SQL of finished calls, and their way into it.

mod day;
mod erase;
mod past;
mod projection;
mod repeats;
mod row;
mod said;
mod search;
mod surveys;

pub use past::CallerPast;
pub use projection::{Eraser, Projection, ProjectionError, Setback, Standing};

use serde::Deserialize;

use super::{Before, CallRecord, Direction, Disposed, Unfindable};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, Name},
        number::Number,
        text::Label,
    },
    infra::db::{Db, DbError, Sql, Transaction, WrongColumn},
    live::switchboard::view::SurveyView,
};

const CALL: &str = "INSERT INTO calls (id, from_number, from_name, to_number, arrived, answered, ended, cause, \
     ended_by, queue, wait_ms, talk_ms, agent, steps, direction, outcome, summary, \
     rated_queue, rated_agent, rated_of, rating, disposition, worded) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, 1) ON CONFLICT (id) DO NOTHING";
const LEG: &str = "INSERT INTO legs (call, place, leg, role, party, began, answered, ended, cause) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const RECORDING: &str = "INSERT INTO recordings (call, place, sound, leg, ordered_by, began, ended, pauses) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const DISPOSED: &str = "UPDATE calls SET disposition = $2 WHERE id = $1";
const OUTBOX: &str = "INSERT INTO outbox (topic, subject, at) VALUES ('call.ended', $1, $2)";
const CALLS: &str = "SELECT id, from_number, from_name, to_number, arrived, answered, ended, cause, ended_by, \
     queue, wait_ms, talk_ms, agent, steps, erased, direction, summary, rated_queue, rated_agent, rated_of, rating, \
     disposition FROM calls";
const LEGS: &str = "SELECT call, leg, role, party, began, answered, ended, cause FROM legs WHERE call";
const RECORDINGS: &str =
    "SELECT call, sound, leg, ordered_by, began, ended, pauses FROM recordings WHERE call";
/// What [`CallRecord::outcome`] says, of a row that an earlier version wrote.
const OUTCOME: &str = "CASE WHEN talk_ms > 0 THEN 'answered' WHEN queue IS NOT NULL THEN 'abandoned' \
     WHEN EXISTS (SELECT 1 FROM legs WHERE legs.call = calls.id AND legs.role <> 'caller') THEN 'missed' \
     WHEN answered IS NOT NULL THEN 'menu' ELSE 'refused' END";

/// Why calls could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("call {call} has a {column} that no Tandem wrote; correct or delete the row")]
    Row { call: CallId, column: &'static str },
    #[error("calls cannot be counted: {0}; correct or delete the rows")]
    Counted(#[from] WrongColumn),
    #[error(transparent)]
    Words(#[from] Unfindable),
}

impl StoreError {
    /// Trying again does not help.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Db(e) => e.is_refusal(),
            Self::Row { .. } | Self::Counted(_) | Self::Words(_) => true,
        }
    }
}

/// What comes of finished calls on the way to the database.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Finished {
    Disposed(Disposed),
    Call(Box<CallRecord>),
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
        let mut transaction = self.db.begin().await?;
        for call in calls {
            insert(&mut transaction, call).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// The same, and what became of calls that were written before, in this order.
    pub async fn write_all(&self, rows: &[Finished]) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        for row in rows {
            match row {
                Finished::Disposed(Disposed { disposed, disposition }) => {
                    let said = Sql::new(DISPOSED).bind(disposed.0 as i64).bind(disposition.as_str());
                    transaction.run(said).await?;
                }
                Finished::Call(call) => insert(&mut transaction, call).await?,
            }
        }
        Ok(transaction.commit().await?)
    }

    /// How many there are, or how many of them ended after a moment.
    pub async fn count(&self, after: Option<Stamp>) -> Result<u64, StoreError> {
        let since = after.map_or(i64::MIN, |after| after.0);
        let rows = self
            .db
            .fetch(Sql::new("SELECT count(*) AS calls FROM calls WHERE ended > $1").bind(since))
            .await?;
        rows.first().map_or(Ok(0), |row| row::counted(row, "calls"))
    }

    /// The last `limit` calls that ended, before `before` if it is given, newest first.
    pub async fn recent(&self, before: Option<Before>, limit: u32) -> Result<Vec<CallRecord>, StoreError> {
        let mut sql = Sql::new(CALLS);
        if let Some(Before { ended, call }) = before {
            // No call has a number below zero: then all that ended in this microsecond are left out.
            let call = call.map_or(-1, |call| call.0 as i64);
            sql.push(" WHERE (ended, id) < (").push_bind(ended.0).push(", ").push_bind(call).push(")");
        }
        sql.push(" ORDER BY ended DESC, id DESC LIMIT ").push_bind(i64::from(limit));
        self.whole(sql).await
    }

    pub async fn call(&self, id: CallId) -> Result<Option<CallRecord>, StoreError> {
        let mut sql = Sql::new(CALLS);
        sql.push(" WHERE id = ").push_bind(id.0 as i64);
        Ok(self.whole(sql).await?.into_iter().next())
    }

    /// The calls of this question with their legs and recordings.
    async fn whole(&self, sql: Sql) -> Result<Vec<CallRecord>, StoreError> {
        let rows = self.db.ask(sql).await?;
        let mut calls = rows.iter().map(row::call).collect::<Result<Vec<_>, _>>()?;
        if calls.is_empty() {
            return Ok(calls);
        }
        let ids: Vec<CallId> = calls.iter().map(|call| call.id).collect();
        let legs = self.db.ask(of_calls(LEGS, &ids)).await?;
        let recordings = self.db.ask(of_calls(RECORDINGS, &ids)).await?;
        row::join(&mut calls, &legs, |call, row| row::leg(row).map(|leg| call.legs.push(leg)))?;
        row::join(&mut calls, &recordings, |call, row| {
            row::recording(row).map(|one| call.recordings.push(one))
        })?;
        Ok(calls)
    }
}

/// What belongs to these calls, in the order of their places.
fn of_calls(question: &'static str, calls: &[CallId]) -> Sql {
    let mut sql = Sql::new(question);
    push_ids(&mut sql, calls);
    sql.push(" ORDER BY call, place");
    sql
}

fn push_ids(sql: &mut Sql, calls: &[CallId]) {
    for (call, place) in calls.iter().zip(0..) {
        sql.push(if place == 0 { " IN (" } else { ", " }).push_bind(call.0 as i64);
    }
    sql.push(")");
}

async fn insert(transaction: &mut Transaction<'_>, call: &CallRecord) -> Result<(), StoreError> {
    let id = call.id.0 as i64;
    let steps =
        serde_json::to_string(&call.steps).map_err(|_| StoreError::Row { call: call.id, column: "steps" })?;
    let summary = call.summary.as_ref().map(serde_json::to_string).transpose();
    let summary = summary.map_err(|_| StoreError::Row { call: call.id, column: "summary" })?;
    let inserted = Sql::new(CALL)
        .bind(id)
        .bind(call.from.as_ref().map(Number::as_str))
        .bind(call.from_name.as_str())
        .bind(call.to.as_str())
        .bind(call.arrived.0)
        .bind(call.answered.map(|at| at.0))
        .bind(call.ended.0)
        .bind(i64::from(call.cause.0))
        .bind(call.ended_by.word())
        .bind(call.queue.as_ref().map(Name::as_str))
        .bind(call.wait_ms as i64)
        .bind(call.talk_ms as i64)
        .bind(call.agent.as_ref().map(Name::as_str))
        .bind(steps)
        .bind(call.direction.map(Direction::word))
        .bind(call.outcome().word())
        .bind(summary.as_deref());
    let inserted = match &call.survey {
        Some(SurveyView { queue, agent, of, rating }) => inserted
            .bind(queue.as_str())
            .bind(agent.as_ref().map(Name::as_str))
            .bind(i64::from(*of))
            .bind(rating.map(i64::from)),
        None => inserted.bind(None::<&str>).bind(None::<&str>).bind(None::<i64>).bind(None::<i64>),
    };
    let inserted = inserted.bind(call.disposition.as_ref().map(Name::as_str));
    if transaction.run(inserted).await? == 0 {
        return Ok(());
    }
    transaction.run(search::words_of(call)).await?;
    insert_parts(transaction, call, id).await?;
    transaction.run(Sql::new(OUTBOX).bind(id).bind(call.ended.0)).await?;
    Ok(())
}

/// Its legs and recordings.
async fn insert_parts(
    transaction: &mut Transaction<'_>,
    call: &CallRecord,
    id: i64,
) -> Result<(), StoreError> {
    for (leg, place) in call.legs.iter().zip(0i64..) {
        let leg = Sql::new(LEG)
            .bind(id)
            .bind(place)
            .bind(leg.leg.as_str())
            .bind(leg.role.word())
            .bind(leg.party.as_str())
            .bind(leg.began.0)
            .bind(leg.answered.map(|at| at.0))
            .bind(leg.ended.map(|at| at.0))
            .bind(leg.cause.map(|cause| i64::from(cause.0)));
        transaction.run(leg).await?;
    }
    for (recording, place) in call.recordings.iter().zip(0i64..) {
        let pauses = serde_json::to_string(&recording.pauses)
            .map_err(|_| StoreError::Row { call: call.id, column: "pauses" })?;
        let recording = Sql::new(RECORDING)
            .bind(id)
            .bind(place)
            .bind(recording.sound.as_str())
            .bind(recording.leg.as_str())
            .bind(recording.by.as_ref().map(Label::as_str))
            .bind(recording.began.0)
            .bind(recording.ended.map(|at| at.0))
            .bind(pauses);
        transaction.run(recording).await?;
    }
    Ok(())
}
