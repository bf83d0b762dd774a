//! An archive of files: tar in zstd, with the SHA-256 of every part in a manifest at its end.
//!
//! Written and read as a stream. A part is what its file was when it was opened: what is appended meanwhile belongs to
//! the next archive. Only ordinary files go in and come out, and only below the folder that was named.

mod read;
mod write;

pub use read::unpack;
pub use write::Packing;

use std::{io, path::PathBuf};

use serde::{Deserialize, Serialize};

/// The manifest's name; no part has it.
const MANIFEST: &str = "manifest.json";
/// What this program writes and reads.
const FORMAT: u32 = 1;

/// One file of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

/// What an archive says of itself, and what its maker says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest<T> {
    pub format: u32,
    pub about: T,
    pub parts: Vec<Part>,
}

/// Why an archive cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("{} cannot be read: {why}; run this as root, or as the daemon's user", path.display())]
    Source { path: PathBuf, why: io::Error },
    #[error("{} became shorter while it was read; make the backup again", .0.display())]
    Shrunk(PathBuf),
    #[error("the archive cannot be written: {0}; make room, or name another place")]
    Write(io::Error),
    #[error("the archive cannot be read: {0}; it is damaged, or no backup of Tandem")]
    Read(io::Error),
    #[error("{} cannot be written: {why}; make room, or name another folder", path.display())]
    Target { path: PathBuf, why: io::Error },
    #[error("the archive ends before its manifest; it was cut short, take another one")]
    CutShort,
    #[error("the archive's manifest is not understood: {0}; it is damaged, or no backup of Tandem")]
    Garbled(serde_json::Error),
    #[error("the archive has format {0}, this Tandem reads {FORMAT}; take the Tandem that made it")]
    Newer(u32),
    #[error("the archive has a part {0:?} that no backup has; it was not made by Tandem")]
    Strange(String),
    #[error("{name} is not as it was written (SHA-256); take another backup")]
    Differs { name: String },
    #[error("{name} is missing in the archive; take another backup")]
    Missing { name: String },
}
