//! What can be wrong with the database, and what to do about it.

use std::path::{Path, PathBuf};

use sqlx::migrate::MigrateError;

#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error(
        "the database {} is locked by another program; close it (a shell with an open transaction, a backup)",
        path.display()
    )]
    Locked { path: PathBuf },
    #[error(
        "the database {} cannot be opened ({reason}); check that its folder is there and that the user of the daemon may read and write both",
        path.display()
    )]
    Unreadable { path: PathBuf, reason: String },
    #[error("the database {} cannot be written; give the user of the daemon the right to write it and its folder", path.display())]
    ReadOnly { path: PathBuf },
    #[error("the disk of the database {} is full; free some room", path.display())]
    Full { path: PathBuf },
    #[error(
        "the database {} is damaged; restore it from a backup, or move it away to begin an empty one",
        path.display()
    )]
    Corrupt { path: PathBuf },
    #[error(
        "the database {} was written by a newer Tandem (schema {found}, this one knows up to {known}); install that version again or restore a backup",
        path.display()
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error(
        "step {version} of the schema of {} is not the one that this Tandem knows; install the version that made it, or restore a backup",
        path.display()
    )]
    Changed { path: PathBuf, version: i64 },
    #[error("the database {} refused a statement: {source}", path.display())]
    Refused { path: PathBuf, source: Box<sqlx::Error> },
}

impl DbError {
    pub(super) fn of(path: &Path, error: sqlx::Error) -> Self {
        let path = path.to_owned();
        let unreadable = |reason: String| Self::Unreadable { path: path.clone(), reason };
        let code = match &error {
            // The low byte is the kind, the rest says more (`SQLITE_BUSY_SNAPSHOT`, …).
            sqlx::Error::Database(e) => e.code().and_then(|code| code.parse::<u32>().ok()).map(|c| c & 0xFF),
            sqlx::Error::PoolTimedOut => return Self::Locked { path },
            sqlx::Error::Io(e) => return unreadable(e.to_string()),
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => return unreadable(error.to_string()),
            _ => None,
        };
        match code {
            Some(5 | 6) => Self::Locked { path },
            Some(8) => Self::ReadOnly { path },
            Some(3 | 10 | 14) => unreadable(error.to_string()),
            Some(13) => Self::Full { path },
            Some(11 | 26) => Self::Corrupt { path },
            _ => Self::Refused { path, source: Box::new(error) },
        }
    }

    pub(super) fn of_migration(path: &Path, known: i64, error: MigrateError) -> Self {
        let path_buf = path.to_owned();
        match error {
            MigrateError::VersionMissing(found) => Self::Newer { path: path_buf, found, known },
            MigrateError::VersionMismatch(version) | MigrateError::Dirty(version) => {
                Self::Changed { path: path_buf, version }
            }
            MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _) => Self::of(path, e),
            other => Self::Refused { path: path_buf, source: Box::new(other.into()) },
        }
    }

    /// The database is well; the statement or its values are not. Trying again does not help.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}
