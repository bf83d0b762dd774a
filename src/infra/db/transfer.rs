//! All rows of one database into an empty one, whichever of the two kinds each is.

use std::path::Path;

use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, postgres::PgRow, sqlite::SqliteRow};

use super::{
    Db, DbError, Inner, Transaction, look,
    postgres::Remote,
    statement::{Sql, Value},
    steps,
    tables::{Kind, Table, tables},
};

/// Rows of one statement; the databases take 32,766 values in one.
const MANY: usize = 100;
/// Numbers that the server gives itself, and where.
const NUMBERED: &str = "SELECT CAST(table_name AS TEXT) AS name, CAST(column_name AS TEXT) AS number \
     FROM information_schema.columns WHERE table_schema = current_schema() AND is_identity = 'YES'";

type Rows<'c> = BoxStream<'c, sqlx::Result<Vec<Value>>>;

/// The rows of a server, as they are at this moment, into a new file; the server is left as it is. `false`: it has
/// no tables yet.
pub(super) async fn out(remote: &Remote, path: &Path) -> Result<bool, DbError> {
    let explain = |error| remote.explain(error);
    let mut open = PgConnection::connect_with(&remote.options()?).await.map_err(explain)?;
    let mut from =
        open.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await.map_err(explain)?;
    // Others are not held up by it; it takes as long as there are rows.
    from.execute("SET LOCAL statement_timeout = 0").await.map_err(explain)?;
    let place = || remote.url().to_owned();
    match look::schema_of_postgres(&mut from).await.map_err(explain)? {
        0 => return Ok(false),
        found if found > steps::NEWEST => {
            return Err(DbError::Newer { place: place(), found, known: steps::NEWEST });
        }
        found if found < steps::NEWEST => {
            return Err(DbError::Older { place: place(), found, known: steps::NEWEST });
        }
        _ => {}
    }
    let copy = Db::sqlite(path);
    let mut to = copy.begin().await?;
    for table in tables().await? {
        let columns = &table.columns;
        let rows = sqlx::query(AssertSqlSafe(table.select())).fetch(&mut *from);
        let rows = rows.map(|row| of_postgres(&row?, columns)).boxed();
        fill(&table, rows, &mut to, explain).await?;
    }
    to.commit().await?;
    copy.close().await;
    Ok(true)
}

/// The rows of a file into a database without any; they are there when the transaction is committed.
pub(super) async fn into<'db>(path: &Path, db: &'db Db) -> Result<Transaction<'db>, DbError> {
    let copy = Db::sqlite(path);
    let mut to = db.begin().await?;
    let server = matches!(db, Db::Postgres(_));
    if server {
        to.run(Sql::new("SET LOCAL statement_timeout = 0")).await?;
    }
    let tables = tables().await?;
    for table in tables.iter().filter(|table| !table.filled) {
        if !to.fetch(table.one()).await?.is_empty() {
            return Err(DbError::Taken { place: db.place(), table: table.name.clone() });
        }
    }
    let mut from = copy.begin().await?;
    for table in &tables {
        let Inner::Sqlite(open) = &mut from.inner else { continue };
        let rows = sqlx::query(AssertSqlSafe(table.select())).fetch(&mut **open);
        let rows = rows.map(|row| of_sqlite(&row?, &table.columns)).boxed();
        fill(table, rows, &mut to, |error| copy.explain(error)).await?;
    }
    if server {
        for row in to.fetch(Sql::new(NUMBERED)).await? {
            let named = |column| row.text(column).ok().flatten();
            let (Some(table), Some(number)) = (named("name"), named("number")) else { continue };
            let next = format!(
                "SELECT setval(pg_get_serial_sequence('{table}', '{number}'), coalesce(max({number}), 0) + 1, false) \
                 FROM {table}"
            );
            to.run(Sql::made(next, Vec::new())).await?;
        }
    }
    drop(from);
    copy.close().await;
    Ok(to)
}

async fn fill(
    table: &Table,
    rows: Rows<'_>,
    to: &mut Transaction<'_>,
    explain: impl Fn(sqlx::Error) -> DbError,
) -> Result<(), DbError> {
    let server = matches!(to.inner, Inner::Postgres(_));
    if table.filled {
        to.run(table.empty()).await?;
    }
    let mut many = rows.try_chunks(MANY);
    while let Some(chunk) = many.next().await {
        let chunk = chunk.map_err(|stopped| explain(stopped.1))?;
        to.run(table.insert(chunk, server)).await?;
    }
    Ok(())
}

macro_rules! values {
    ($of:ident, $row:ty) => {
        fn $of(row: &$row, columns: &[(String, Kind)]) -> sqlx::Result<Vec<Value>> {
            let value = |(place, (_, kind)): (usize, &(String, Kind))| {
                Ok(match kind {
                    Kind::Int => Value::Int(row.try_get(place)?),
                    Kind::Text => Value::Text(row.try_get(place)?),
                    Kind::Bytes => Value::Bytes(row.try_get(place)?),
                })
            };
            columns.iter().enumerate().map(value).collect()
        }
    };
}

values!(of_sqlite, SqliteRow);
values!(of_postgres, PgRow);
