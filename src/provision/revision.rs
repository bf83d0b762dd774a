//! What stood before each change, kept so that it can stand again.
//!
//! A revision is a folder `provision/NNNNNN` in the state folder: `revision.json`, and the bytes of every file that
//! the change touches, before it and after it. All is there, flushed, before the first file is swapped.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    plan::{self, Change, Standing},
    swap,
};
use crate::{base::clock::Stamp, infra::site::EngineSettings};

const MANIFEST: &str = "revision.json";

/// Why revisions cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    #[error("another `tandem apply` or `rollback` is at work; wait for it to end")]
    Busy,
    #[error("revisions cannot be kept in {}: {why}; name another state folder with --state, or run this as its owner", path.display())]
    Io { path: PathBuf, why: io::Error },
    #[error("{} is no revision of this version: {why}; move its folder away", path.display())]
    Garbled { path: PathBuf, why: serde_json::Error },
    #[error("there is no revision {number}; {}", known(*last))]
    NoSuch { number: u32, last: Option<u32> },
}

fn known(last: Option<u32>) -> String {
    match last {
        Some(last) => format!("there are 0 to {last}, 0 is what stood before the first"),
        None => "nothing was ever applied with this state folder; name another with --state".to_owned(),
    }
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum Verdict {
    /// Begun; what follows never came when this is all that is there.
    Begun,
    /// The engine has all that was wanted.
    Verified,
    /// In the files; the engine did not answer.
    Written { why: String },
    /// The engine refused it: the files are as before.
    Restored { why: String },
    /// The files were taken back to how another revision left them.
    Back { to: u32 },
}

/// One change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Revision {
    pub number: u32,
    pub at: Stamp,
    /// The site's revision.
    pub site: String,
    #[serde(flatten)]
    pub verdict: Verdict,
    pub files: Vec<Kept>,
    pub engine: EngineSettings,
}

/// A file before and after; `None`: it is not there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    pub path: PathBuf,
    before: Option<Saved>,
    after: Option<Saved>,
}

/// A file that is about to change.
pub(super) struct Turn {
    pub path: PathBuf,
    pub before: Option<Standing>,
    pub after: Option<Standing>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Saved {
    bytes: String,
    mode: u32,
    owner: (u32, u32),
}

/// All revisions, ours alone while this lives.
#[derive(Debug)]
pub struct History {
    folder: PathBuf,
    _lock: File,
}

impl History {
    /// Takes the revisions of a state folder; refused while another has them.
    pub fn open(state: &Path) -> Result<Self, RevisionError> {
        let folder = state.join("provision");
        let failed = |why| RevisionError::Io { path: folder.clone(), why };
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
        let mut options = File::options();
        let lock = options.create(true).truncate(false).write(true).mode(0o600).open(folder.join("lock"));
        let lock = lock.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(RevisionError::Busy),
            Err(TryLockError::Error(why)) => Err(failed(why)),
        }
    }

    /// Whether anything was ever applied with this state folder.
    pub fn exists(state: &Path) -> bool {
        numbers(&state.join("provision")).next().is_some()
    }

    /// All revisions, oldest first. Needs no lock.
    pub fn list(state: &Path) -> Result<Vec<Revision>, RevisionError> {
        let folder = state.join("provision");
        let mut numbers: Vec<u32> = numbers(&folder).collect();
        numbers.sort_unstable();
        numbers.into_iter().map(|number| read(&folder.join(format!("{number:06}")))).collect()
    }

    /// Keeps what stands, before it is changed.
    pub(super) fn begin(
        &self,
        site: &str,
        engine: &EngineSettings,
        turns: &[Turn],
        at: Stamp,
    ) -> Result<Revision, RevisionError> {
        let number = numbers(&self.folder).max().unwrap_or(0) + 1;
        let draft = self.folder.join("draft");
        let write = || -> io::Result<Revision> {
            let _left_by_a_crash = fs::remove_dir_all(&draft);
            DirBuilder::new().mode(0o700).create(&draft)?;
            let mut kept = Vec::new();
            for (index, turn) in turns.iter().enumerate() {
                let before = save(&draft, format!("{index}.before"), turn.before.as_ref())?;
                let after = save(&draft, format!("{index}.after"), turn.after.as_ref())?;
                kept.push(Kept { path: turn.path.clone(), before, after });
            }
            let (site, engine, verdict) = (site.to_owned(), engine.clone(), Verdict::Begun);
            let revision = Revision { number, at, site, verdict, files: kept, engine };
            write_manifest(&draft, &revision)?;
            fs::rename(&draft, self.place(number))?;
            File::open(&self.folder)?.sync_all()?;
            Ok(revision)
        };
        write().map_err(|why| RevisionError::Io { path: self.folder.clone(), why })
    }

    /// Notes what became of a revision.
    pub(super) fn conclude(&self, revision: &mut Revision, verdict: Verdict) -> Result<(), RevisionError> {
        revision.verdict = verdict;
        let folder = self.place(revision.number);
        write_manifest(&folder, revision).map_err(|why| RevisionError::Io { path: folder, why })
    }

    /// How every file that a later revision touched was left by revision `to`: as the last one up to there wrote
    /// it, or as it stood before the first one ever.
    pub(super) fn left_by(
        &self,
        to: u32,
        revisions: &[Revision],
    ) -> Result<BTreeMap<PathBuf, Option<Standing>>, RevisionError> {
        let mut left = BTreeMap::new();
        for revision in revisions.iter().filter(|revision| revision.number > to).rev() {
            for kept in &revision.files {
                left.insert(kept.path.clone(), self.saved(revision, kept.before.as_ref())?);
            }
        }
        let stood = |revision: &&Revision| {
            revision.number <= to && !matches!(revision.verdict, Verdict::Restored { .. })
        };
        for revision in revisions.iter().filter(stood) {
            for kept in &revision.files {
                if let Some(wrote) = left.get_mut(&kept.path) {
                    *wrote = self.saved(revision, kept.after.as_ref())?;
                }
            }
        }
        Ok(left)
    }

    fn saved(&self, revision: &Revision, saved: Option<&Saved>) -> Result<Option<Standing>, RevisionError> {
        let Some(saved) = saved else { return Ok(None) };
        let path = self.place(revision.number).join(&saved.bytes);
        let bytes = fs::read(&path).map_err(|why| RevisionError::Io { path, why })?;
        Ok(Some(Standing { bytes, mode: saved.mode, owner: saved.owner }))
    }

    fn place(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number:06}"))
    }
}

/// What changes do to their files.
pub(super) fn turns(changes: &[Change]) -> Vec<Turn> {
    let turn = |change: &Change| {
        let Change { path, before, bytes, mode, owner, .. } = change.clone();
        let owner = owner.unwrap_or_default();
        Turn { path, before, after: Some(Standing { bytes, mode, owner }) }
    };
    changes.iter().map(turn).collect()
}

fn save(folder: &Path, name: String, standing: Option<&Standing>) -> io::Result<Option<Saved>> {
    let Some(Standing { bytes, mode, owner }) = standing else { return Ok(None) };
    swap::put(&folder.join(&name), bytes, 0o600, None).map_err(|error| error.why)?;
    Ok(Some(Saved { bytes: name, mode: *mode, owner: *owner }))
}

/// Puts a file to how it stood, or takes it away if it did not. Returns whether anything had to be done.
pub(super) fn put_back(path: &Path, before: Option<&Standing>) -> Result<bool, swap::SwapError> {
    let now = plan::standing(path).map_err(|why| swap::SwapError { path: path.to_owned(), why })?;
    if now.as_ref() == before {
        return Ok(false);
    }
    match before {
        Some(Standing { bytes, mode, owner }) => swap::put(path, bytes, *mode, Some(*owner))?,
        None => swap::remove(path)?,
    }
    Ok(true)
}

fn numbers(folder: &Path) -> impl Iterator<Item = u32> {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.filter_map(|name| name.to_str().filter(|name| name.len() == 6)?.parse().ok())
}

fn read(folder: &Path) -> Result<Revision, RevisionError> {
    let path = folder.join(MANIFEST);
    let bytes = fs::read(&path).map_err(|why| RevisionError::Io { path: path.clone(), why })?;
    serde_json::from_slice(&bytes).map_err(|why| RevisionError::Garbled { path, why })
}

fn write_manifest(folder: &Path, revision: &Revision) -> io::Result<()> {
    let json = serde_json::to_vec_pretty(revision).map_err(io::Error::other)?;
    swap::put(&folder.join(MANIFEST), &json, 0o600, None).map_err(|error| error.why)
}
