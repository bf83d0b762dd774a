//! A look at a database that changes nothing: neither is it made, nor brought forward.

use std::path::Path;

use sqlx::{
    Connection, PgConnection, SqliteConnection,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};

use super::{Db, DbError, steps};

const NEWEST_STEP: &str = "SELECT max(version) FROM _sqlx_migrations WHERE success";

/// How far a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Steps of the schema that it has.
    pub schema: i64,
    /// Steps that this Tandem knows.
    pub known: i64,
}

impl Db {
    /// `None`: it is not there yet, and is made when it is first used.
    pub async fn look(&self) -> Result<Option<Look>, DbError> {
        let schema = match self {
            Self::Sqlite(file) if !file.path().exists() => return Ok(None),
            Self::Sqlite(file) => {
                let looked = of_sqlite(file.path()).await;
                looked.map_err(|error| DbError::of_sqlite(file.path(), error))?
            }
            Self::Postgres(remote) => {
                let looked = of_postgres(remote.options()?).await;
                looked.map_err(|error| remote.explain(error))?
            }
        };
        Ok(Some(Look { schema, known: steps::NEWEST }))
    }
}

async fn of_sqlite(path: &Path) -> Result<i64, sqlx::Error> {
    // The log beside the file is part of it; naming the mode keeps it as it is.
    let options = SqliteConnectOptions::new().filename(path).read_only(true).create_if_missing(false);
    let mut open = SqliteConnection::connect_with(&options.journal_mode(SqliteJournalMode::Wal)).await?;
    let tables = "SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
    let schema = if sqlx::query_scalar::<_, i64>(tables).fetch_one(&mut open).await? == 0 {
        None
    } else {
        sqlx::query_scalar::<_, Option<i64>>(NEWEST_STEP).fetch_one(&mut open).await?
    };
    open.close().await?;
    Ok(schema.unwrap_or(0))
}

async fn of_postgres(options: PgConnectOptions) -> Result<i64, sqlx::Error> {
    let mut open = PgConnection::connect_with(&options).await?;
    let schema = schema_of_postgres(&mut open).await?;
    open.close().await?;
    Ok(schema)
}

/// Steps that the server has; 0: none.
pub(super) async fn schema_of_postgres(open: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let tables = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    if !sqlx::query_scalar::<_, bool>(tables).fetch_one(&mut *open).await? {
        return Ok(0);
    }
    let schema = sqlx::query_scalar::<_, Option<i64>>(NEWEST_STEP).fetch_one(open).await?;
    Ok(schema.unwrap_or(0))
}
