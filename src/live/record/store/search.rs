//! Finished calls looked for by their words, newest arrival first.

use super::{CALLS, CallStore, OUTCOME, StoreError, row};
use crate::{
    base::{clock::Stamp, id::CallId},
    infra::db::{Sql, Transaction},
    live::record::{CallRecord, Filter, find},
};

const WORDS: &str = "INSERT INTO calls_words (rowid, words) VALUES ($1, $2)";
const NEW_WORDS: &str = "UPDATE calls_words SET words = $2 WHERE rowid = $1";
const WORDLESS: &str = "SELECT id FROM calls WHERE worded IS NULL ORDER BY arrived DESC LIMIT $1";
const WORDED: &str = "UPDATE calls SET worded = 1, outcome = COALESCE(outcome, ";
/// The outer one first: the calls themselves are looked at only where the words agree.
const WITH_LENGTH: &str = "SELECT calls_words.rowid FROM calls_words CROSS JOIN calls \
     WHERE calls.id = calls_words.rowid AND (calls.ended - calls.arrived) / 1000000 BETWEEN ";

impl CallStore {
    /// At most `limit` calls that fit, newest arrival first: those that arrived before the call `before`.
    pub async fn search(
        &self,
        filter: &Filter,
        before: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<CallRecord>, StoreError> {
        let wanted = filter.wanted()?;
        let latest =
            [before.map(|call| call.0 as i64), filter.until.map(first_id)].into_iter().flatten().min();
        let bounds = [(" >= ", filter.since.map(first_id)), (" < ", latest)];
        let mut sql = Sql::new(CALLS);
        let narrow = |sql: &mut Sql, column, mut word: &'static str| {
            for (than, id) in bounds.into_iter().filter_map(|(than, id)| Some((than, id?))) {
                sql.push(word).push(column).push(than).push_bind(id);
                word = " AND ";
            }
        };
        if wanted.is_empty() {
            narrow(&mut sql, "id", " WHERE ");
        } else {
            sql.push(" WHERE id IN (");
            match filter.seconds() {
                Some((min, max)) => {
                    sql.push(WITH_LENGTH).push_bind(min as i64).push(" AND ").push_bind(max as i64);
                    sql.push(" AND ");
                }
                None => {
                    sql.push("SELECT rowid FROM calls_words WHERE ");
                }
            }
            self.db.push_words(&mut sql, "calls_words", &wanted);
            narrow(&mut sql, "calls_words.rowid", " AND ");
            sql.push(" ORDER BY calls_words.rowid DESC LIMIT ").push_bind(i64::from(limit)).push(")");
        }
        sql.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(limit));
        self.whole(sql).await
    }

    /// Gives words and outcome to at most `limit` calls of an earlier version, the newest first; says how many there
    /// were. What cannot be read is left without words, once and for all.
    pub async fn word_older(&self, limit: u32) -> Result<usize, StoreError> {
        let rows = self.db.fetch(Sql::new(WORDLESS).bind(i64::from(limit))).await?;
        let calls = rows.iter().map(row::id).collect::<Result<Vec<_>, _>>()?;
        match self.word(&calls).await {
            Err(why) if why.is_refusal() => {
                for call in &calls {
                    self.word_or_leave(*call).await?;
                }
            }
            done => done?,
        }
        Ok(calls.len())
    }

    async fn word_or_leave(&self, call: CallId) -> Result<(), StoreError> {
        match self.word(&[call]).await {
            Err(why) if why.is_refusal() => {
                tracing::error!(error = %why, "a finished call of an earlier version will not be found by words");
                self.db.run(worded(call)).await?;
                Ok(())
            }
            done => done,
        }
    }

    /// All of these, or none.
    async fn word(&self, calls: &[CallId]) -> Result<(), StoreError> {
        if calls.is_empty() {
            return Ok(());
        }
        let mut transaction = self.db.begin().await?;
        for call in &read(&mut transaction, calls).await? {
            transaction.run(words_of(call)).await?;
            transaction.run(worded(call.id)).await?;
        }
        Ok(transaction.commit().await?)
    }
}

fn worded(call: CallId) -> Sql {
    let mut sql = Sql::new(WORDED);
    sql.push(OUTCOME).push(") WHERE id = ").push_bind(call.0 as i64);
    sql
}

/// These calls with their legs: all that has to do with their words.
async fn read(transaction: &mut Transaction<'_>, ids: &[CallId]) -> Result<Vec<CallRecord>, StoreError> {
    let mut sql = Sql::new(CALLS);
    sql.push(" WHERE id");
    super::push_ids(&mut sql, ids);
    let rows = transaction.fetch(sql).await?;
    let mut calls = rows.iter().map(row::call).collect::<Result<Vec<_>, _>>()?;
    let legs = transaction.fetch(super::of_calls(super::LEGS, ids)).await?;
    row::join(&mut calls, &legs, |call, row| row::leg(row).map(|leg| call.legs.push(leg)))?;
    Ok(calls)
}

/// The ids of calls begin with the millisecond of their arrival.
fn first_id(at: Stamp) -> i64 {
    at.millis().saturating_mul(1 << 20)
}

pub(super) fn words_of(call: &CallRecord) -> Sql {
    Sql::new(WORDS).bind(call.id.0 as i64).bind(find::words(call))
}

/// The words of a call of which much was erased. Of one that cannot be read none are left.
pub(super) async fn reword(transaction: &mut Transaction<'_>, call: CallId) -> Result<(), StoreError> {
    let words = match read(transaction, &[call]).await {
        Ok(calls) => calls.first().map(find::words).unwrap_or_default(),
        Err(StoreError::Row { .. }) => String::new(),
        Err(why) => return Err(why),
    };
    transaction.run(Sql::new(NEW_WORDS).bind(call.0 as i64).bind(words)).await?;
    Ok(())
}
