//! A backup: everything that a daemon needs to go on elsewhere, as it was at one moment, while the daemon runs.
//!
//! The order is that of the way of a finished call, upstream first: journal, spool, database. What moves on while
//! it is copied is then in the backup twice, which the rows' keys make one, and never not at all.

mod drill;
mod parts;
mod restore;

use std::{
    fs::{self, DirBuilder},
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::store;
use crate::{
    base::clock::{Clock, Stamp, SystemClock},
    desk::audit::Audit,
    infra::{
        archive::{ArchiveError, Manifest, Packing},
        db::{Db, DbError},
        site::{self, Problems},
    },
    live::record::store::{CallStore, StoreError},
};

pub use drill::{Drill, drill};
pub use restore::{Restored, restore};

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub made: Stamp,
    /// Of the program that made it.
    pub version: String,
    pub site: String,
    pub revision: String,
    pub calls: u64,
    pub audit_rows: i64,
    /// Of the audit's last row.
    pub audit_hash: String,
    pub prompts: u64,
    pub recordings: u64,
    /// What was found wrong while it was made; it is in the backup as it was found.
    pub faults: Vec<String>,
}

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Places {
    pub site: PathBuf,
    pub state: PathBuf,
}

/// Why there is no backup, or nothing restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("the site is refused")]
    Site(Problems),
    #[error("there is no journal in {}; name the daemon's state folder with --state", .0.display())]
    NoState(PathBuf),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Rows(#[from] StoreError),
    #[error("{} cannot be used: {why}; make room, or give it to the user who runs this", path.display())]
    Folder { path: PathBuf, why: io::Error },
    #[error("{} is not empty; nothing is ever written over: name another folder, or move it away", .0.display())]
    Taken(PathBuf),
    #[error("{} cannot be opened: {why}; name a backup that was made by `tandem backup`", path.display())]
    File { path: PathBuf, why: io::Error },
}

/// How far it is: bytes done, and all.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Makes a backup.
pub async fn backup<W: Write>(
    places: &Places,
    with_rows: bool,
    to: W,
    progress: Progress<'_>,
) -> Result<(W, Manifest<About>), BackupError> {
    let site = site::load(&places.site).map_err(BackupError::Site)?;
    let state = &places.state;
    if !state.join("journal").is_dir() {
        return Err(BackupError::NoState(state.clone()));
    }
    let db = store::open(&site.store, state);
    let made = SystemClock.now();
    let mut packing = Packing::new(to)?;
    let (mut done, mut all) = (0, parts::size(places));
    let mut told = |bytes| {
        done += bytes;
        progress(done, all.max(done));
    };
    for (name, path) in parts::before_rows(places) {
        packing.add(&name, &path, &mut told)?;
    }
    let staged = Staged::of(state)?;
    let copy = staged.0.join("tandem.db");
    let (mut calls, mut audit, mut faults) = (0, (0, String::new()), Vec::new());
    if with_rows && db.copy(&copy).await? {
        (calls, audit) = count(&copy, &mut faults).await?;
        packing.add("state/tandem.db", &copy, &mut told)?;
    }
    drop(staged);
    let (mut prompts, mut recordings) = (0, 0);
    for (name, path) in parts::after_rows(places) {
        let there = packing.add(&name, &path, &mut told)?;
        prompts += u64::from(there && name.starts_with("state/prompts/"));
        recordings += u64::from(there && name.starts_with("state/recordings/"));
    }
    all = done;
    progress(all, all);
    let about = About {
        made,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        site: site.name.to_string(),
        revision: site.revision.to_string(),
        calls,
        audit_rows: audit.0,
        audit_hash: audit.1,
        prompts,
        recordings,
        faults,
    };
    Ok(packing.finish(about)?)
}

/// Calls, and the end of the audit, in a database of one's own.
async fn count(file: &Path, faults: &mut Vec<String>) -> Result<(u64, (i64, String)), BackupError> {
    let db = Db::sqlite(file);
    let calls = CallStore::new(db.clone()).count(None).await?;
    let audit = Audit::new(db.clone()).verify().await;
    db.close().await;
    let end = audit.map_or_else(
        |why| {
            faults.push(why.to_string());
            (0, String::new())
        },
        |sound| (sound.rows, sound.hash),
    );
    Ok((calls, end))
}

/// A private folder in which the rows are copied; it goes with its owner.
struct Staged(PathBuf);

impl Staged {
    fn of(folder: &Path) -> Result<Self, BackupError> {
        let path = folder.join(format!("backup.{}", std::process::id()));
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|why| BackupError::Folder { path: path.clone(), why })?;
        Ok(Self(path))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Err(why) = fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %why, "a folder stays behind; remove it");
        }
    }
}
