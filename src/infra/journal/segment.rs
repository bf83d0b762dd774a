//! A segment: a head of 88 bytes, then records. Its name is the number of its first input; its keys lie beside it.
//!
//! ```text
//!  0 magic   8 bytes      32 base u64   the first input's number     60 mark: the head sealed by the
//!  8 format  u32          40 at   i64   the first input's stamp         master key, 16 bytes of tag
//! 12 schema  u32          48 nonce of the mark                       76 crc u32, then eight zero bytes
//! 16 epoch   16 bytes: which journal this is
//! ```

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::{
    error::{AppendError, OpenError},
    keys::{Master, TAG},
    record::{u32_at, u64_at},
};
use crate::base::clock::Stamp;

pub const START: usize = 88;
const MAGIC: &[u8; 8] = b"TNDMJRNL";
/// Layout of segments, slots and records.
pub const FORMAT: u32 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    pub schema: u32,
    pub epoch: [u8; 16],
    pub base: u64,
    pub at: Stamp,
}

/// Why the head of a file cannot be used.
#[derive(Debug)]
pub enum BadStart {
    /// Shorter than a head, or its checksum is wrong.
    Torn,
    Newer(&'static str, u32, u32),
    WrongKey,
}

impl Start {
    pub fn bytes(&self, master: &Master) -> Result<[u8; START], AppendError> {
        let mut head = [0; START];
        head[..8].copy_from_slice(MAGIC);
        head[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        head[12..16].copy_from_slice(&self.schema.to_le_bytes());
        head[16..32].copy_from_slice(&self.epoch);
        head[32..40].copy_from_slice(&self.base.to_le_bytes());
        head[40..48].copy_from_slice(&self.at.0.to_le_bytes());
        let mut mark = Vec::with_capacity(TAG);
        let nonce = master.seal(&head[..48], &mut mark)?;
        head[48..60].copy_from_slice(&nonce);
        head[60..76].copy_from_slice(&mark);
        let crc = crc32fast::hash(&head[..76]);
        head[76..80].copy_from_slice(&crc.to_le_bytes());
        Ok(head)
    }

    pub fn read(file: &File, schema: u32, master: Option<&Master>) -> io::Result<Result<Self, BadStart>> {
        let mut head = [0; START];
        match file.read_exact_at(&mut head, 0) {
            Ok(()) => Ok(Self::parse(&head, schema, master)),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(Err(BadStart::Torn)),
            Err(e) => Err(e),
        }
    }

    fn parse(head: &[u8; START], schema: u32, master: Option<&Master>) -> Result<Self, BadStart> {
        if &head[..8] != MAGIC {
            return Err(BadStart::Torn);
        }
        let (format, written) = (u32_at(head, 8), u32_at(head, 12));
        if format > FORMAT {
            return Err(BadStart::Newer("format", format, FORMAT));
        }
        if crc32fast::hash(&head[..76]) != u32_at(head, 76) {
            return Err(BadStart::Torn);
        }
        if written > schema {
            return Err(BadStart::Newer("schema", written, schema));
        }
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&head[48..60]);
        if let Some(master) = master
            && master.unseal(nonce, &head[..48], head[60..76].to_vec()).is_none()
        {
            return Err(BadStart::WrongKey);
        }
        let mut epoch = [0; 16];
        epoch.copy_from_slice(&head[16..32]);
        Ok(Self { schema: written, epoch, base: u64_at(head, 32), at: Stamp(u64_at(head, 40) as i64) })
    }
}

impl BadStart {
    pub fn into_open(self, path: &Path) -> OpenError {
        let path = path.into();
        match self {
            Self::Torn => OpenError::Damaged { path },
            Self::Newer(what, found, known) => OpenError::Newer { path, what, found, known },
            Self::WrongKey => OpenError::WrongKey { path },
        }
    }
}

pub fn log_path(folder: &Path, base: u64) -> PathBuf {
    folder.join(format!("{base:020}.log"))
}

pub fn keys_path(folder: &Path, base: u64) -> PathBuf {
    folder.join(format!("{base:020}.keys"))
}

/// The numbers in the names of all files with this ending, ascending.
pub fn list(folder: &Path, ending: &str) -> io::Result<Vec<u64>> {
    let mut bases = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|e| e == ending)
            && let Some(base) = path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse().ok())
        {
            bases.push(base);
        }
    }
    bases.sort_unstable();
    Ok(bases)
}

/// The head of segment `base`, without checking whose it is. `None` when it is gone or damaged.
pub fn peek(folder: &Path, base: u64) -> Option<Start> {
    let file = File::open(log_path(folder, base)).ok()?;
    Start::read(&file, u32::MAX, None).ok()?.ok()
}
