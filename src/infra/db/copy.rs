//! A copy of the rows as they are at one moment, while others go on writing; and the way back.

use std::path::Path;

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{Db, DbError, Transaction, sqlite, transfer};

impl Db {
    /// Writes a copy, always one for SQLite, into `path`, which must not be there. Nothing here is changed, not even
    /// brought forward. Gives `false` when there are no rows yet.
    pub async fn copy(&self, path: &Path) -> Result<bool, DbError> {
        match self {
            Self::Sqlite(file) if !file.path().exists() => Ok(false),
            Self::Sqlite(file) => {
                vacuum(file, path).await.map_err(|error| DbError::of_sqlite(file.path(), error))?;
                Ok(true)
            }
            Self::Postgres(remote) => transfer::out(remote, path).await,
        }
    }

    /// Takes the rows of a copy: all, or none before what is given is committed. This database must have none of its
    /// own.
    pub async fn load(&self, copy: &Path) -> Result<Transaction<'_>, DbError> {
        transfer::into(copy, self).await
    }
}

async fn vacuum(file: &sqlite::File, path: &Path) -> Result<(), sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(file.path()).create_if_missing(false);
    let mut open = SqliteConnection::connect_with(&options).await?;
    let to = path.to_string_lossy().into_owned();
    sqlx::query("VACUUM INTO $1").bind(to).execute(&mut open).await?;
    open.close().await
}
