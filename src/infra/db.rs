//! The database: where rows go that outlive the daemon. Opened when first needed and again when it was replaced,
//! so that the daemon starts and calls go on without it.
//!
//! SQLite in a file, or PostgreSQL on a server. Whoever keeps rows writes one text with `$1` for both ([`Sql`]) and
//! reads [`Record`]s; which of the two it is, only this room knows.

mod copy;
mod error;
mod look;
mod postgres;
mod sqlite;
mod statement;
mod steps;
mod tables;
mod transfer;
mod words;

pub use error::DbError;
pub use look::Look;
pub use postgres::{Password, Server};
pub use statement::{Record, Sql, Value, WrongColumn};

use std::{path::PathBuf, sync::Arc, time::Duration};

use sqlx::{Database, PgPool, Postgres, Sqlite, SqlitePool};

/// Questions that are answered at once. Whoever writes has connections of its own and never waits behind them.
const ASKING: u32 = 2;
/// No answer is waited for longer than this: nor do the doors.
const ANSWER: Duration = Duration::from_secs(5);

/// A database, reachable at the moment or not.
#[derive(Clone, Debug)]
pub enum Db {
    Sqlite(Arc<sqlite::File>),
    Postgres(Arc<postgres::Remote>),
}

/// Open connections. Asked for with each use: the database may have been replaced since.
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// The connections to one database.
#[derive(Clone, Debug)]
pub struct Pools<P> {
    own: P,
    /// For [`Db::ask`].
    asking: P,
}

impl<D: Database> Pools<sqlx::Pool<D>> {
    async fn close(&self) {
        self.asking.close().await;
        self.own.close().await;
    }

    fn all_taken(&self) -> bool {
        self.asking.size() >= ASKING
    }
}

/// Statements that hold together. Nothing of them holds when it is dropped before its `commit`.
pub struct Transaction<'db> {
    db: &'db Db,
    inner: Inner,
}

enum Inner {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Db {
    /// A file. It is made when it is not there; its folder must be.
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self::Sqlite(Arc::new(sqlite::File::new(path.into())))
    }

    /// A database on a server. It must be there; its tables are made.
    pub fn postgres(server: Server) -> Self {
        Self::Postgres(Arc::new(postgres::Remote::new(server)))
    }

    /// Rows of one statement.
    pub async fn fetch(&self, sql: Sql) -> Result<Vec<Record>, DbError> {
        let rows = match self.pool().await? {
            Pool::Sqlite(pool) => sql.fetch_sqlite(&pool).await,
            Pool::Postgres(pool) => sql.fetch_postgres(&pool).await,
        };
        rows.map_err(|error| self.explain(error))
    }

    /// Rows of one statement of somebody who looks into the past: [`ASKING`] at once, [`ANSWER`] at most.
    pub async fn ask(&self, sql: Sql) -> Result<Vec<Record>, DbError> {
        let (rows, all_taken) = match self {
            Self::Sqlite(file) => {
                let pools = file.pools().await?;
                (sqlite::ask(&pools.asking, sql).await, pools.all_taken())
            }
            Self::Postgres(remote) => {
                let pools = remote.pools().await?;
                (sql.fetch_postgres(&pools.asking).await, pools.all_taken())
            }
        };
        rows.map_err(|error| match error {
            sqlx::Error::PoolTimedOut if all_taken => DbError::Busy { place: self.place() },
            error => self.explain(error),
        })
    }

    /// Runs one statement; returns how many rows it touched.
    pub async fn run(&self, sql: Sql) -> Result<u64, DbError> {
        let touched = match self.pool().await? {
            Pool::Sqlite(pool) => sql.run_sqlite(&pool).await,
            Pool::Postgres(pool) => sql.run_postgres(&pool).await,
        };
        touched.map_err(|error| self.explain(error))
    }

    /// Lets go of copies of what was overwritten, as far as that is in our hands: SQLite's write-ahead log keeps old
    /// pages until it is begun anew.
    pub async fn forget(&self) -> Result<(), DbError> {
        if let Self::Sqlite(_) = self {
            self.run(Sql::new("PRAGMA wal_checkpoint(TRUNCATE)")).await?;
        }
        Ok(())
    }

    /// Begins a transaction that writes.
    pub async fn begin(&self) -> Result<Transaction<'_>, DbError> {
        let inner = match self.pool().await? {
            // At once for writing: a transaction that begins by reading could be refused half-way.
            Pool::Sqlite(pool) => pool.begin_with("BEGIN IMMEDIATE").await.map(Inner::Sqlite),
            Pool::Postgres(pool) => pool.begin().await.map(Inner::Postgres),
        };
        Ok(Transaction { db: self, inner: inner.map_err(|error| self.explain(error))? })
    }

    /// Waits until nothing is under way and lets go of the database.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(file) => file.close().await,
            Self::Postgres(remote) => remote.close().await,
        }
    }

    /// Connections to a database of the present schema; opens and migrates it when need be.
    async fn pool(&self) -> Result<Pool, DbError> {
        match self {
            Self::Sqlite(file) => file.pools().await.map(|pools| Pool::Sqlite(pools.own)),
            Self::Postgres(remote) => remote.pools().await.map(|pools| Pool::Postgres(pools.own)),
        }
    }

    /// How complaints call it.
    fn place(&self) -> String {
        match self {
            Self::Sqlite(file) => file.path().display().to_string(),
            Self::Postgres(remote) => remote.url().to_owned(),
        }
    }

    /// What a failed statement means here.
    fn explain(&self, error: sqlx::Error) -> DbError {
        match self {
            Self::Sqlite(file) => file.explain(error),
            Self::Postgres(remote) => remote.explain(error),
        }
    }
}

/// Goes on though whoever asked is gone: bringing the schema forward may take longer than anybody waits.
async fn to_its_end<T: Send + 'static>(
    place: &str,
    work: impl Future<Output = Result<T, DbError>> + Send + 'static,
) -> Result<T, DbError> {
    let done = tokio::spawn(work).await;
    done.unwrap_or_else(|gone| {
        Err(DbError::Unreachable { place: place.to_owned(), reason: gone.to_string() })
    })
}

impl Transaction<'_> {
    /// Runs one statement; returns how many rows it touched.
    pub async fn run(&mut self, sql: Sql) -> Result<u64, DbError> {
        let touched = match &mut self.inner {
            Inner::Sqlite(transaction) => sql.run_sqlite(&mut **transaction).await,
            Inner::Postgres(transaction) => sql.run_postgres(&mut **transaction).await,
        };
        touched.map_err(|error| self.db.explain(error))
    }

    /// Rows of one statement.
    pub async fn fetch(&mut self, sql: Sql) -> Result<Vec<Record>, DbError> {
        let rows = match &mut self.inner {
            Inner::Sqlite(transaction) => sql.fetch_sqlite(&mut **transaction).await,
            Inner::Postgres(transaction) => sql.fetch_postgres(&mut **transaction).await,
        };
        rows.map_err(|error| self.db.explain(error))
    }

    pub async fn commit(self) -> Result<(), DbError> {
        let committed = match self.inner {
            Inner::Sqlite(transaction) => transaction.commit().await,
            Inner::Postgres(transaction) => transaction.commit().await,
        };
        committed.map_err(|error| self.db.explain(error))
    }
}
