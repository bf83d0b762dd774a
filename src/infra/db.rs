//! The database: where rows go that outlive the daemon. Opened when first needed and again when it was replaced,
//! so that the daemon starts and calls go on without it. SQL is written with `$1`, so that PostgreSQL can follow.

mod error;
mod sqlite;

pub use error::DbError;

use std::{path::PathBuf, sync::Arc};

use sqlx::SqlitePool;

/// A database, reachable at the moment or not.
#[derive(Clone, Debug)]
pub enum Db {
    Sqlite(Arc<sqlite::Sqlite>),
}

/// Open connections. Ask [`Db::pool`] for each use: the file may have been replaced since.
#[derive(Clone, Debug)]
pub enum Pool {
    Sqlite(SqlitePool),
}

impl Db {
    /// A file. It is made when it is not there; its folder must be.
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self::Sqlite(Arc::new(sqlite::Sqlite::new(path.into())))
    }

    /// Connections to a database of the present schema; opens and migrates it when need be.
    pub async fn pool(&self) -> Result<Pool, DbError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.pool().await.map(Pool::Sqlite),
        }
    }

    /// What a failed statement means here.
    pub fn explain(&self, error: sqlx::Error) -> DbError {
        match self {
            Self::Sqlite(sqlite) => DbError::of(sqlite.path(), error),
        }
    }

    /// Waits until nothing is under way and lets go of the database.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => sqlite.close().await,
        }
    }
}
