//! All rows of one database into an empty one, whichever of the two kinds each is.

use std::{fmt::Write as _, path::Path, sync::Arc};

use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use sqlx::{AssertSqlSafe, Executor, Row, postgres::PgRow, sqlite::SqliteRow};

use super::{Db, DbError, Inner, Transaction, postgres::Remote, statement::Sql, statement::Value};

/// Every table, each after those that it refers to.
const TABLES: [&str; 8] = ["users", "tokens", "audit", HEAD, "calls", "legs", "recordings", "outbox"];
/// What the database makes anew: the words of calls, and which calls have theirs.
const ANEW: (&str, &str) = ("calls_words", "worded");
/// An empty database has its one row.
const HEAD: &str = "audit_head";
/// Rows of one statement; the databases take 32,766 values in one.
const MANY: usize = 100;

/// What a column holds, in both databases.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Int,
    Text,
    Bytes,
}

/// A table and its columns, as a migrated SQLite file has them.
struct Table {
    name: &'static str,
    columns: Vec<(String, Kind)>,
}

type Rows<'c> = BoxStream<'c, sqlx::Result<Vec<Value>>>;

/// The rows of a server, as they are at this moment, into a new file.
pub(super) async fn out(remote: &Arc<Remote>, path: &Path) -> Result<(), DbError> {
    let copy = Db::sqlite(path);
    let mut to = copy.begin().await?;
    let pool = remote.pool().await?;
    let explain = |error| remote.explain(error);
    let mut from =
        pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await.map_err(explain)?;
    // Others are not held up by it; it takes as long as there are rows.
    from.execute("SET LOCAL statement_timeout = 0").await.map_err(explain)?;
    for table in tables(&mut to).await? {
        let columns = &table.columns;
        let rows = sqlx::query(AssertSqlSafe(table.select())).fetch(&mut *from);
        let rows = rows.map(|row| of_postgres(&row?, columns)).boxed();
        table.fill(rows, &mut to, explain).await?;
    }
    to.commit().await?;
    copy.close().await;
    Ok(())
}

/// The rows of a file into a database without any.
pub(super) async fn into(path: &Path, db: &Db) -> Result<(), DbError> {
    let copy = Db::sqlite(path);
    let mut to = db.begin().await?;
    let place = match db {
        Db::Sqlite(file) => file.path().display().to_string(),
        Db::Postgres(remote) => remote.url().to_owned(),
    };
    let server = matches!(db, Db::Postgres(_));
    if server {
        to.run(Sql::new("SET LOCAL statement_timeout = 0")).await?;
    }
    for table in TABLES.into_iter().filter(|name| *name != HEAD) {
        let one = Sql::made(format!("SELECT 1 FROM {table} LIMIT 1"), Vec::new());
        if !to.fetch(one).await?.is_empty() {
            return Err(DbError::Taken { place, table });
        }
    }
    let mut from = copy.begin().await?;
    for table in tables(&mut from).await? {
        let Inner::Sqlite(open) = &mut from.inner else { continue };
        let columns = &table.columns;
        let rows = sqlx::query(AssertSqlSafe(table.select())).fetch(&mut **open);
        let rows = rows.map(|row| of_sqlite(&row?, columns)).boxed();
        table.fill(rows, &mut to, |error| copy.explain(error)).await?;
    }
    if server {
        let next = "SELECT setval(pg_get_serial_sequence('outbox', 'number'), coalesce(max(number), 0) + 1, false) FROM outbox";
        to.run(Sql::new(next)).await?;
    }
    drop(from);
    copy.close().await;
    to.commit().await
}

async fn tables(of: &mut Transaction<'_>) -> Result<Vec<Table>, DbError> {
    let mut tables = Vec::new();
    for name in TABLES {
        let asked = Sql::new("SELECT name, type FROM pragma_table_info($1) WHERE name <> $2 ORDER BY cid")
            .bind(name)
            .bind(ANEW.1);
        let found = of.fetch(asked).await?;
        let column = |record: &super::Record| {
            let kind = match record.text("type").ok()?? {
                "INTEGER" => Kind::Int,
                "BLOB" => Kind::Bytes,
                _ => Kind::Text,
            };
            Some((record.text("name").ok()??.to_owned(), kind))
        };
        tables.push(Table { name, columns: found.iter().filter_map(column).collect() });
    }
    Ok(tables)
}

impl Table {
    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// In the order of the key, which the first two columns of every table have.
    fn select(&self) -> String {
        format!("SELECT {} FROM {} ORDER BY 1, 2", self.names(), self.name)
    }

    fn insert(&self, rows: Vec<Vec<Value>>, server: bool) -> Sql {
        // The numbers stay those that others were told.
        let own = if server { "OVERRIDING SYSTEM VALUE " } else { "" };
        let mut text = format!("INSERT INTO {} ({}) {own}VALUES ", self.name, self.names());
        let width = self.columns.len();
        for row in 0..rows.len() {
            let places: Vec<_> = (1..=width).map(|column| format!("${}", row * width + column)).collect();
            let comma = if row == 0 { "" } else { ", " };
            let _fits = write!(text, "{comma}({})", places.join(", "));
        }
        Sql::made(text, rows.into_iter().flatten().collect())
    }

    async fn fill(
        &self,
        rows: Rows<'_>,
        to: &mut Transaction<'_>,
        explain: impl Fn(sqlx::Error) -> DbError,
    ) -> Result<(), DbError> {
        let server = matches!(to.inner, Inner::Postgres(_));
        if self.name == HEAD {
            to.run(Sql::new("DELETE FROM audit_head")).await?;
        }
        let mut many = rows.try_chunks(MANY);
        while let Some(chunk) = many.next().await {
            let chunk = chunk.map_err(|stopped| explain(stopped.1))?;
            to.run(self.insert(chunk, server)).await?;
        }
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_table_of_the_schema_is_taken_along() {
        let folder = tempfile::tempdir().expect("folder");
        let db = Db::sqlite(folder.path().join("tandem.db"));
        let asked = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> '_sqlx_migrations'";
        let there = db.fetch(Sql::new(asked)).await.expect("tables");
        let mut there: Vec<_> =
            there.iter().map(|row| row.text("name").expect("text").expect("a name")).collect();
        there.retain(|name| !name.starts_with(ANEW.0));
        there.sort_unstable();
        let mut known = TABLES;
        known.sort_unstable();
        assert_eq!(there, known);
    }
}
