//! A copy of the rows as they are at one moment, while others go on writing.

use std::path::Path;

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{Db, DbError};

impl Db {
    /// Writes a copy into `path`, which must not be there. Gives `false` when there are no rows yet, or when they are
    /// not in a file: a server's rows are copied by the server's own tools.
    pub async fn copy(&self, path: &Path) -> Result<bool, DbError> {
        let Self::Sqlite(file) = self else { return Ok(false) };
        if !file.path().exists() {
            return Ok(false);
        }
        let options = SqliteConnectOptions::new().filename(file.path()).create_if_missing(false);
        let copied = async {
            let mut open = SqliteConnection::connect_with(&options).await?;
            let to = path.to_string_lossy().into_owned();
            sqlx::query("VACUUM INTO $1").bind(to).execute(&mut open).await?;
            open.close().await
        };
        copied.await.map_err(|error| DbError::of_sqlite(file.path(), error))?;
        Ok(true)
    }

    /// Whether the rows are in a file of this machine.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}
