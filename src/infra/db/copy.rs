//! A copy of the rows as they are at one moment, while others go on writing; and the way back.

use std::path::Path;

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{Db, DbError, sqlite, transfer};

impl Db {
    /// Writes a copy, always one for SQLite, into `path`, which must not be there. Gives `false` when there are no
    /// rows yet.
    pub async fn copy(&self, path: &Path) -> Result<bool, DbError> {
        match self {
            Self::Sqlite(file) if !file.path().exists() => Ok(false),
            Self::Sqlite(file) => {
                vacuum(file, path).await.map_err(|error| DbError::of_sqlite(file.path(), error))?;
                Ok(true)
            }
            Self::Postgres(remote) => {
                transfer::out(remote, path).await?;
                Ok(true)
            }
        }
    }

    /// Takes the rows of a copy: all, or none. This database must have none of its own.
    pub async fn load(&self, copy: &Path) -> Result<(), DbError> {
        transfer::into(copy, self).await
    }

    /// Whether the rows are in a file of this machine.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}

async fn vacuum(file: &sqlite::File, path: &Path) -> Result<(), sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(file.path()).create_if_missing(false);
    let mut open = SqliteConnection::connect_with(&options).await?;
    let to = path.to_string_lossy().into_owned();
    sqlx::query("VACUUM INTO $1").bind(to).execute(&mut open).await?;
    open.close().await
}
