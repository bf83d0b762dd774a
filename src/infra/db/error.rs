//! What can be wrong with the database, and what to do about it.

use std::path::Path;

use nix::unistd::{AccessFlags, access};
use sqlx::migrate::MigrateError;

use super::steps;

/// `place` is the file, or the server's address without the password.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error(
        "the database {place} is locked by another program; close it (a shell with an open transaction, a backup)"
    )]
    Locked { place: String },
    #[error(
        "the database {place} did not answer in time; narrow the question (a span of time, a queue), or see what else keeps it busy"
    )]
    Slow { place: String },
    #[error(
        "the database {place} answers as many questions as it may at once; ask again in a moment, or when an export is done"
    )]
    Busy { place: String },
    #[error(
        "the database {place} cannot be opened ({reason}); check that its folder is there and that the user of the daemon may read and write both"
    )]
    Unreadable { place: String, reason: String },
    #[error(
        "the database {place} cannot be reached ({reason}); see that its server runs and takes connections from this machine"
    )]
    Unreachable { place: String, reason: String },
    #[error(
        "the database {place} refuses the login ({reason}); write the user's password into secrets/store of the site or into ~/.pgpass (both mode 0600), or let the user in by pg_hba.conf"
    )]
    Login { place: String, reason: String },
    #[error(
        "there is no database {place}; make it with `createdb`, its owner the user of the site's `store`"
    )]
    Absent { place: String },
    #[error(
        "the user may not do in the database {place} what is needed ({reason}); make that user its owner: ALTER DATABASE … OWNER TO …"
    )]
    Denied { place: String, reason: String },
    #[error(
        "the database {place} keeps text as {found}; make one with `createdb --encoding UTF8 --template template0`"
    )]
    Encoding { place: String, found: String },
    #[error("the password of the database {place} cannot be had: {reason}")]
    Password { place: String, reason: String },
    #[error(
        "the database {place} cannot be written; give the user of the daemon the right to write it, and see that its disk is not mounted read-only"
    )]
    ReadOnly { place: String },
    #[error("the disk of the database {place} is full; free some room")]
    Full { place: String },
    #[error(
        "the database {place} is damaged; restore it from a backup, or move it away to begin an empty one"
    )]
    Corrupt { place: String },
    #[error(
        "the database {place} was written by a newer Tandem (schema {found}, this one knows up to {known}); install that version again or restore a backup"
    )]
    Newer { place: String, found: i64, known: i64 },
    #[error(
        "the database {place} was written by an older Tandem (schema {found}, this one has {known}), which may still use it; run that version's program, or start this version's daemon first, which brings the rows forward"
    )]
    Older { place: String, found: i64, known: i64 },
    #[error(
        "step {version} of the schema of {place} is not the one that this Tandem knows; install the version that made it, or restore a backup"
    )]
    Changed { place: String, version: i64 },
    #[error(
        "the database {place} has rows already ({table}); nothing is ever written over: name an empty one in the site's `store`, or leave the rows out"
    )]
    Taken { place: String, table: String },
    #[error("the database {place} refused a statement: {source}")]
    Refused { place: String, source: Box<sqlx::Error> },
}

impl DbError {
    pub(super) fn of_sqlite(path: &Path, error: sqlx::Error) -> Self {
        let place = path.display().to_string();
        let code = match &error {
            // The low byte is the kind, the rest says more (`SQLITE_BUSY_SNAPSHOT`, …).
            sqlx::Error::Database(e) => e.code().and_then(|code| code.parse::<u32>().ok()).map(|c| c & 0xFF),
            sqlx::Error::PoolTimedOut => return Self::Locked { place },
            sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Some(10),
            _ => None,
        };
        match code {
            Some(5 | 6) => Self::Locked { place },
            // Interrupted: its time was over.
            Some(9) => Self::Slow { place },
            Some(8) => Self::ReadOnly { place },
            // It cannot make its files beside the database, or open this one to write.
            Some(14) if exists_read_only(path) => Self::ReadOnly { place },
            Some(3 | 10 | 14) => Self::Unreadable { place, reason: error.to_string() },
            Some(13) => Self::Full { place },
            Some(11 | 26) => Self::Corrupt { place },
            _ => Self::Refused { place, source: Box::new(error) },
        }
    }

    /// The classes of SQLSTATE; what is not the statement's own fault may be well the next time.
    pub(super) fn of_postgres(place: String, error: sqlx::Error) -> Self {
        let (code, reason) = match &error {
            sqlx::Error::Database(e) => (e.code().unwrap_or_default().into_owned(), e.message().to_owned()),
            sqlx::Error::PoolTimedOut => {
                return Self::Unreachable { place, reason: "no connection in time".to_owned() };
            }
            sqlx::Error::Encode(_) | sqlx::Error::InvalidArgument(_) => {
                return Self::Refused { place, source: Box::new(error) };
            }
            other => return Self::Unreachable { place, reason: other.to_string() },
        };
        match code.as_str() {
            "55P03" | "40001" | "40P01" => Self::Locked { place },
            "57014" => Self::Slow { place },
            "28000" | "28P01" => Self::Login { place, reason },
            "3D000" => Self::Absent { place },
            "42501" => Self::Denied { place, reason },
            "25006" => Self::ReadOnly { place },
            "53100" => Self::Full { place },
            "XX001" | "XX002" => Self::Corrupt { place },
            // The tables are gone: they are made anew with the next connection.
            "42P01" => Self::Unreachable { place, reason },
            _ => match &code[..code.len().min(2)] {
                "22" | "23" | "42" | "54" | "P0" => Self::Refused { place, source: Box::new(error) },
                _ => Self::Unreachable { place, reason },
            },
        }
    }

    pub(super) fn of_migration(
        place: String,
        error: MigrateError,
        of: impl FnOnce(sqlx::Error) -> Self,
    ) -> Self {
        match error {
            MigrateError::VersionMissing(found) => Self::Newer { place, found, known: steps::NEWEST },
            MigrateError::VersionMismatch(version) | MigrateError::Dirty(version) => {
                Self::Changed { place, version }
            }
            MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _) => of(e),
            other => Self::Refused { place, source: Box::new(other.into()) },
        }
    }

    /// The database is well; the statement or its values are not. Trying again does not help.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

/// The database is there, and it or its folder may not be written.
fn exists_read_only(path: &Path) -> bool {
    let writable = |path: &Path| access(path, AccessFlags::W_OK).is_ok();
    path.is_file() && !(writable(path) && path.parent().is_some_and(writable))
}
