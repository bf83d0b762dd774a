//! Finished calls looked for by their words, newest arrival first.

use super::{CALLS, CallStore, StoreError, row};
use crate::{
    base::{clock::Stamp, id::CallId},
    infra::db::{Sql, Transaction},
    live::record::{CallRecord, Filter, find},
};

const WORDS: &str = "INSERT INTO calls_words (rowid, words) VALUES ($1, $2)";
const NEW_WORDS: &str = "UPDATE calls_words SET words = $2 WHERE rowid = $1";
const WORDLESS: &str = " WHERE worded IS NULL LIMIT ";
const WORDED: &str = "UPDATE calls SET worded = 1 WHERE id = $1";
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

    /// Gives words to at most `limit` calls of an earlier version; says how many there were.
    pub async fn word_older(&self, limit: u32) -> Result<usize, StoreError> {
        let mut sql = Sql::new(CALLS);
        sql.push(WORDLESS).push_bind(i64::from(limit));
        let calls = self.whole(sql).await?;
        if calls.is_empty() {
            return Ok(0);
        }
        let mut transaction = self.db.begin().await?;
        for call in &calls {
            transaction.run(words_of(call)).await?;
            transaction.run(Sql::new(WORDED).bind(call.id.0 as i64)).await?;
        }
        transaction.commit().await?;
        Ok(calls.len())
    }
}

/// The ids of calls begin with the millisecond of their arrival.
fn first_id(at: Stamp) -> i64 {
    at.millis().saturating_mul(1 << 20)
}

pub(super) fn words_of(call: &CallRecord) -> Sql {
    Sql::new(WORDS).bind(call.id.0 as i64).bind(find::words(call))
}

/// The words of a call of which much was erased.
pub(super) async fn reword(transaction: &mut Transaction<'_>, call: CallId) -> Result<(), StoreError> {
    let id = call.0 as i64;
    let mut of_call = Sql::new(CALLS);
    of_call.push(" WHERE id = ").push_bind(id);
    let rows = transaction.fetch(of_call).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let mut call = row::call(row)?;
    let legs = transaction.fetch(super::of_calls(super::LEGS, &[call.id])).await?;
    row::join(std::slice::from_mut(&mut call), &legs, |call, row| {
        row::leg(row).map(|leg| call.legs.push(leg))
    })?;
    transaction.run(Sql::new(NEW_WORDS).bind(id).bind(find::words(&call))).await?;
    Ok(())
}
