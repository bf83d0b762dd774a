//! What can go wrong with the journal, and what to do about it.

use std::{fmt, io, path::PathBuf};

use crate::base::clock::Stamp;

/// Why the journal cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot {doing} {}: {source}; check that the disk is mounted and belongs to the user of the daemon", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error(
        "{} is in use by process {pid}: two daemons cannot share a state folder; stop the other one or choose another folder",
        path.display()
    )]
    Locked { path: PathBuf, pid: LockHolder },
    #[error(
        "{} was written by a newer Tandem ({what} {found}, this one knows up to {known}); install that version again or restore the state folder from a backup",
        path.display()
    )]
    Newer { path: PathBuf, what: &'static str, found: u32, known: u32 },
    #[error(
        "the master key {} is missing but there is a journal sealed with it; restore the key from a backup, or move the folder journal/ away to start without history",
        path.display()
    )]
    KeyMissing { path: PathBuf },
    #[error("the master key {} can be read by others (mode {mode:03o}); run: chmod 600 {}", path.display(), path.display())]
    KeyExposed { path: PathBuf, mode: u32 },
    #[error("the master key {} has {bytes} bytes instead of 32; restore it from a backup", path.display())]
    KeyDamaged { path: PathBuf, bytes: usize },
    #[error("{} is not sealed with this master key; restore keys/master and journal/ from the same backup", path.display())]
    WrongKey { path: PathBuf },
    #[error("the head of {} is damaged; restore it from a backup, or move it and all later segments away", path.display())]
    Damaged { path: PathBuf },
    #[error("{} belongs to another journal; move it away", path.display())]
    Foreign { path: PathBuf },
}

impl OpenError {
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}

/// The process that holds the lock, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockHolder(pub Option<u32>);

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(pid) => write!(f, "{pid}"),
            None => f.write_str("of unknown number"),
        }
    }
}

/// Why an input is not in the journal.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    #[error("the input cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("an input of {0} bytes is too long for the journal")]
    TooLong(usize),
    #[error("the system has no random numbers for a new key")]
    NoRandom,
}

/// How the journal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Good,
    Failing(Trouble),
}

impl Health {
    pub fn is_good(self) -> bool {
        self == Self::Good
    }
}

/// What is wrong, since when, and what is at stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub reason: Reason,
    /// Stamp of the first input that could not be written.
    pub since: Stamp,
    /// Waiting in memory for room on the disk.
    pub kept_bytes: u64,
    /// Inputs that no longer found room in memory either, since the trouble began.
    pub dropped: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    DiskFull,
    Write(io::ErrorKind),
    Sync(io::ErrorKind),
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Good => f.write_str("good"),
            Self::Failing(trouble) => trouble.fmt(f),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            Reason::DiskFull => write!(f, "the disk of the state folder is full; free some room")?,
            Reason::Write(kind) => write!(f, "the journal cannot be written ({kind}); check the disk")?,
            Reason::Sync(kind) => {
                write!(
                    f,
                    "the disk did not confirm what was written ({kind}), so a power cut may lose it; check the disk, then restart"
                )?;
            }
        }
        write!(f, " (since {}, {} bytes wait in memory", self.since, self.kept_bytes)?;
        if self.dropped > 0 {
            write!(f, ", {} inputs lost", self.dropped)?;
        }
        f.write_str(")")
    }
}
