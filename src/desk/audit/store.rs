//! The SQL of the audit.

use super::model::{Change, Entry, seal};
use crate::{
    base::{clock::Stamp, text::Label},
    infra::db::{Db, DbError, Record, Sql, Transaction, WrongColumn},
};

const COLUMNS: &str = "SELECT number, id, at, who, what, subject, before, after, hash FROM audit";
const INSERT: &str = "INSERT INTO audit (number, id, at, who, what, subject, before, after, hash) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
/// Rows that are looked at together.
const PAGE: u32 = 1000;

#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("the audit's row {number} is not as it was written: {why}; compare with a backup")]
    Row { number: i64, why: WrongColumn },
    #[error(
        "the audit's row {number} was changed after it was written, or the row before it taken out; compare with a backup"
    )]
    Broken { number: i64 },
    #[error("the audit ends with row {there}, but {written} were written; compare with a backup")]
    Short { there: i64, written: i64 },
}

impl AuditError {
    /// Trying again does not help.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Db(why) => why.is_refusal(),
            _ => true,
        }
    }
}

/// Which rows; everything that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub who: Option<Label>,
    pub subject: Option<String>,
    /// Rows below this number: the next page.
    pub before: Option<i64>,
}

/// An audit without a fault.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Sound {
    pub rows: i64,
    /// Of the last row. Kept elsewhere, it proves later that nothing before it was changed.
    pub hash: String,
}

/// Writes a change in the transaction that makes it. One that is there already stays as it is.
pub async fn add(transaction: &mut Transaction<'_>, change: &Change) -> Result<(), DbError> {
    // First for writing: whoever else writes waits here.
    transaction.run(Sql::new("UPDATE audit_head SET number = number WHERE one = 1")).await?;
    let known = Sql::new("SELECT number FROM audit WHERE id = $1").bind(change.id.as_str());
    if !transaction.fetch(known).await?.is_empty() {
        return Ok(());
    }
    let heads = transaction.fetch(Sql::new("SELECT number, hash FROM audit_head")).await?;
    let head = heads.first();
    let number = head.and_then(|row| row.int("number").ok().flatten()).unwrap_or(0) + 1;
    let previous = head.and_then(|row| row.text("hash").ok().flatten()).unwrap_or("");
    let hash = seal(previous, number, change);
    let row = Sql::new(INSERT)
        .bind(number)
        .bind(change.id.as_str())
        .bind(change.at.0)
        .bind(change.who.as_str())
        .bind(change.what.word())
        .bind(change.subject.as_str())
        .bind(change.before.as_deref())
        .bind(change.after.as_deref())
        .bind(hash.as_str());
    transaction.run(row).await?;
    let head = Sql::new("UPDATE audit_head SET number = $1, hash = $2 WHERE one = 1").bind(number).bind(hash);
    transaction.run(head).await.map(drop)
}

/// Writes changes, all or none.
pub(super) async fn write(db: &Db, changes: &[Change]) -> Result<(), DbError> {
    let mut transaction = db.begin().await?;
    for change in changes {
        add(&mut transaction, change).await?;
    }
    transaction.commit().await
}

/// The newest `limit` rows, newest first.
pub(super) async fn entries(db: &Db, filter: &Filter, limit: u32) -> Result<Vec<Entry>, AuditError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(" WHERE number < ").push_bind(filter.before.unwrap_or(i64::MAX));
    if let Some(who) = &filter.who {
        sql.push(" AND who = ").push_bind(who.as_str());
    }
    if let Some(subject) = &filter.subject {
        sql.push(" AND subject = ").push_bind(subject.as_str());
    }
    sql.push(" ORDER BY number DESC LIMIT ").push_bind(i64::from(limit));
    db.fetch(sql).await?.iter().map(entry).collect()
}

/// Goes through all rows from the first on.
pub(super) async fn verify(db: &Db) -> Result<Sound, AuditError> {
    let heads = db.fetch(Sql::new("SELECT number, hash FROM audit_head")).await?;
    let written = heads.first().and_then(|row| row.int("number").ok().flatten()).unwrap_or(0);
    let (mut there, mut hash) = (0, String::new());
    loop {
        let mut sql = Sql::new(COLUMNS);
        sql.push(" WHERE number > ")
            .push_bind(there)
            .push(" ORDER BY number LIMIT ")
            .push_bind(i64::from(PAGE));
        let rows = db.fetch(sql).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let entry = entry(row)?;
            if entry.number != there + 1 || entry.hash != seal(&hash, entry.number, &entry.change) {
                return Err(AuditError::Broken { number: entry.number });
            }
            (there, hash) = (entry.number, entry.hash);
        }
    }
    if there < written { Err(AuditError::Short { there, written }) } else { Ok(Sound { rows: there, hash }) }
}

fn entry(row: &Record) -> Result<Entry, AuditError> {
    let number = row.int("number").ok().flatten().unwrap_or(0);
    let bad = |why| AuditError::Row { number, why };
    let text = |column| row.text(column).and_then(|text| text.ok_or(WrongColumn(column))).map_err(bad);
    let at = row.int("at").and_then(|at| at.ok_or(WrongColumn("at"))).map_err(bad)?;
    let change = Change {
        id: text("id")?.into(),
        at: Stamp(at),
        who: Label::new(text("who")?),
        what: text("what")?.parse().map_err(|_| bad(WrongColumn("what")))?,
        subject: text("subject")?.into(),
        before: row.text("before").map_err(bad)?.map(str::to_owned),
        after: row.text("after").map_err(bad)?.map(str::to_owned),
    };
    Ok(Entry { number, change, hash: text("hash")?.to_owned() })
}
