//! The tables of the schema, as a new database has them.

use std::{fmt::Write as _, path::Path};

use sqlx::{AssertSqlSafe, SqlitePool, sqlite::SqlitePoolOptions};

use super::{DbError, statement::Sql, statement::Value, steps, words};

/// Each was made after those that it refers to; what an index keeps for itself is no table of ours.
const NAMES: &str = "SELECT made.name FROM sqlite_master AS made \
     JOIN pragma_table_list AS kind ON kind.name = made.name AND kind.schema = 'main' \
     WHERE kind.type = 'table' AND made.name NOT LIKE 'sqlite%' AND made.name <> '_sqlx_migrations' \
     ORDER BY made.rowid";
const COLUMNS: &str = "SELECT name, type, pk FROM pragma_table_info($1) WHERE name <> $2 ORDER BY cid";

/// What a column holds, in both databases.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Int,
    Text,
    Bytes,
}

/// A table and those of its columns that are copied.
pub(super) struct Table {
    pub name: String,
    pub columns: Vec<(String, Kind)>,
    key: Vec<String>,
    /// A new database has rows in it.
    pub filled: bool,
}

/// All of them, from a database that is made for this and gone again.
pub(super) async fn tables() -> Result<Vec<Table>, DbError> {
    let explain = |error| DbError::of_sqlite(Path::new(":memory:"), error);
    let made = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await;
    let made = made.map_err(explain)?;
    let ran = steps::for_sqlite().run(&made).await;
    ran.map_err(|error| DbError::of_migration(":memory:".to_owned(), error, explain))?;
    let tables = read(&made).await.map_err(explain);
    made.close().await;
    tables
}

async fn read(made: &SqlitePool) -> sqlx::Result<Vec<Table>> {
    let names: Vec<String> = sqlx::query_scalar(NAMES).fetch_all(made).await?;
    let mut tables = Vec::with_capacity(names.len());
    for name in names {
        let columns = sqlx::query_as(COLUMNS).bind(&name).bind(words::MARK).fetch_all(made).await?;
        let columns: Vec<(String, String, i64)> = columns;
        let mut key: Vec<_> = columns.iter().filter(|column| column.2 > 0).collect();
        key.sort_by_key(|column| column.2);
        let key = key.into_iter().map(|column| column.0.clone()).collect();
        let kind = |of: &str| match of {
            "INTEGER" => Kind::Int,
            "BLOB" => Kind::Bytes,
            _ => Kind::Text,
        };
        let columns = columns.into_iter().map(|(name, of, _)| (name, kind(&of))).collect();
        let one = format!("SELECT 1 FROM {name} LIMIT 1");
        let filled = sqlx::query(AssertSqlSafe(one)).fetch_optional(made).await?.is_some();
        tables.push(Table { name, columns, key, filled });
    }
    Ok(tables)
}

impl Table {
    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Everything, in the order of the key.
    pub fn select(&self) -> String {
        format!("SELECT {} FROM {} ORDER BY {}", self.names(), self.name, self.key.join(", "))
    }

    /// Any row.
    pub fn one(&self) -> Sql {
        Sql::made(format!("SELECT 1 FROM {} LIMIT 1", self.name), Vec::new())
    }

    pub fn empty(&self) -> Sql {
        Sql::made(format!("DELETE FROM {}", self.name), Vec::new())
    }

    pub fn insert(&self, rows: Vec<Vec<Value>>, server: bool) -> Sql {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_table_comes_after_those_that_it_refers_to_and_has_a_key() {
        let made =
            SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.expect("made");
        steps::for_sqlite().run(&made).await.expect("migrated");
        let tables = read(&made).await.expect("tables");
        assert!(tables.len() > 6 && tables.iter().any(|table| table.filled));
        for (place, table) in tables.iter().enumerate() {
            assert!(!table.key.is_empty() && !table.columns.is_empty(), "{}", table.name);
            let asked = sqlx::query_scalar("SELECT \"table\" FROM pragma_foreign_key_list($1)");
            let needed: Vec<String> = asked.bind(&table.name).fetch_all(&made).await.expect("keys");
            for name in needed {
                assert!(tables[..place].iter().any(|before| before.name == name), "{}: {name}", table.name);
            }
        }
    }
}
