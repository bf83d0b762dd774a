//! One SQL text for both databases, with its values, and the rows that come back.

use std::borrow::Cow;

use sqlx::{
    AssertSqlSafe, Executor, Postgres, Row, Sqlite, postgres::PgRow, query::Query, sqlite::SqliteRow,
};

/// A statement. Values never stand in its text: `$1`, `$2`, … stand for them.
#[derive(Clone, Debug)]
pub struct Sql {
    text: Cow<'static, str>,
    values: Vec<Value>,
}

/// What a column can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(str::to_owned))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_owned())
    }
}

impl Sql {
    pub fn new(text: &'static str) -> Self {
        Self { text: Cow::Borrowed(text), values: Vec::new() }
    }

    /// A text that this room has put together from names that it knows.
    pub(super) fn made(text: String, values: Vec<Value>) -> Self {
        Self { text: Cow::Owned(text), values }
    }

    /// The value of the next `$n` that the text has already.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Goes on with the text.
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// Goes on with a `$n` and its value.
    pub fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        let place = format!("${}", self.values.len());
        self.text.to_mut().push_str(&place);
        self
    }

    pub(super) async fn fetch_sqlite<'c>(
        self,
        on: impl Executor<'c, Database = Sqlite>,
    ) -> sqlx::Result<Vec<Record>> {
        Ok(self.sqlite().fetch_all(on).await?.into_iter().map(Record::Sqlite).collect())
    }

    pub(super) async fn fetch_postgres<'c>(
        self,
        on: impl Executor<'c, Database = Postgres>,
    ) -> sqlx::Result<Vec<Record>> {
        Ok(self.postgres().fetch_all(on).await?.into_iter().map(Record::Postgres).collect())
    }

    pub(super) async fn run_sqlite<'c>(self, on: impl Executor<'c, Database = Sqlite>) -> sqlx::Result<u64> {
        Ok(self.sqlite().execute(on).await?.rows_affected())
    }

    pub(super) async fn run_postgres<'c>(
        self,
        on: impl Executor<'c, Database = Postgres>,
    ) -> sqlx::Result<u64> {
        Ok(self.postgres().execute(on).await?.rows_affected())
    }

    fn sqlite(self) -> Query<'static, Sqlite, <Sqlite as sqlx::Database>::Arguments> {
        self.values.into_iter().fold(sqlx::query(AssertSqlSafe(self.text)), |query, value| match value {
            Value::Int(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
        })
    }

    fn postgres(self) -> Query<'static, Postgres, <Postgres as sqlx::Database>::Arguments> {
        self.values.into_iter().fold(sqlx::query(AssertSqlSafe(self.text)), |query, value| match value {
            Value::Int(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
        })
    }
}

/// One row.
#[derive(Debug)]
pub enum Record {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// The column is not there or holds something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the column {0} holds something that no Tandem wrote")]
pub struct WrongColumn(pub &'static str);

impl Record {
    pub fn int(&self, column: &'static str) -> Result<Option<i64>, WrongColumn> {
        let value = match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        };
        value.map_err(|_| WrongColumn(column))
    }

    pub fn text(&self, column: &'static str) -> Result<Option<&str>, WrongColumn> {
        let value = match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        };
        value.map_err(|_| WrongColumn(column))
    }

    pub fn bytes(&self, column: &'static str) -> Result<Option<&[u8]>, WrongColumn> {
        let value = match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        };
        value.map_err(|_| WrongColumn(column))
    }
}
