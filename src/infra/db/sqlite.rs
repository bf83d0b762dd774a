//! SQLite in one file, in WAL mode: readers and the one writer don't wait for each other.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::Mutex;

use super::{ANSWER, ASKING, DbError, Pools, Record, Sql, steps};

const BUSY: Duration = Duration::from_secs(2);
const CONNECTIONS: u32 = 4;
/// Steps of its machine after which it looks at the clock.
const LOOKS: i32 = 10_000;

#[derive(Debug)]
pub struct File {
    path: PathBuf,
    open: Arc<Mutex<Option<Open>>>,
    /// A connection that was opened while the file could only be read stays so for ever.
    read_only: AtomicBool,
}

#[derive(Debug)]
struct Open {
    /// Device and inode: a file that was deleted or replaced must not swallow rows.
    file: (u64, u64),
    pools: Pools<SqlitePool>,
}

impl File {
    pub fn new(path: PathBuf) -> Self {
        Self { path, open: Arc::default(), read_only: AtomicBool::new(false) }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What a failed statement means.
    pub fn explain(&self, error: sqlx::Error) -> DbError {
        let error = DbError::of_sqlite(&self.path, error);
        if matches!(error, DbError::ReadOnly { .. }) {
            self.read_only.store(true, Ordering::Relaxed);
        }
        error
    }

    pub async fn pools(self: &Arc<Self>) -> Result<Pools<SqlitePool>, DbError> {
        let mut open = self.open.clone().lock_owned().await;
        let here = identity(&self.path);
        let read_only = self.read_only.swap(false, Ordering::Relaxed);
        if let Some(Open { file, pools }) = &*open
            && !read_only
            && here.as_ref().is_ok_and(|here| here == file)
        {
            return Ok(pools.clone());
        }
        let this = self.clone();
        super::to_its_end(&self.path.to_string_lossy(), async move {
            if let Some(gone) = open.take() {
                // Others may still be reading what is left of it.
                tokio::spawn(async move { gone.pools.close().await });
            }
            let pools = this.open().await?;
            let file = identity(&this.path).map_err(|e| this.unreadable(&e))?;
            *open = Some(Open { file, pools: pools.clone() });
            Ok(pools)
        })
        .await
    }

    pub async fn close(&self) {
        if let Some(open) = self.open.lock().await.take() {
            open.pools.close().await;
        }
    }

    fn unreadable(&self, error: &io::Error) -> DbError {
        DbError::Unreadable { place: self.path.display().to_string(), reason: error.to_string() }
    }

    async fn open(&self) -> Result<Pools<SqlitePool>, DbError> {
        // Made here, so that nobody but us can read what customers' calls leave behind.
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.path) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(self.unreadable(&e)),
            _ => {}
        }
        let options = SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            // A row that was acknowledged to the spool must survive a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // What is erased leaves no trace in the file either.
            .pragma("secure_delete", "ON")
            .busy_timeout(BUSY);
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(BUSY * 2)
            .connect_with(options.clone())
            .await
            .map_err(|e| DbError::of_sqlite(&self.path, e))?;
        if let Err(e) = steps::for_sqlite().run(&pool).await {
            pool.close().await;
            let place = self.path.display().to_string();
            return Err(DbError::of_migration(place, e, |e| DbError::of_sqlite(&self.path, e)));
        }
        let asking = SqlitePoolOptions::new().max_connections(ASKING).acquire_timeout(ANSWER);
        Ok(Pools { own: pool, asking: asking.connect_lazy_with(options) })
    }
}

/// Rows of one statement that is given up when its time is over, whether somebody still waits for it or not.
pub async fn ask(pool: &SqlitePool, sql: Sql) -> sqlx::Result<Vec<Record>> {
    let mut one = pool.acquire().await?;
    let until = Instant::now() + ANSWER;
    one.lock_handle().await?.set_progress_handler(LOOKS, move || Instant::now() < until);
    let rows = sql.fetch_sqlite(&mut *one).await;
    one.lock_handle().await?.remove_progress_handler();
    rows
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|meta| (meta.dev(), meta.ino()))
}
