//! Making an archive.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use aws_lc_rs::digest::{Context, SHA256};
use nix::unistd::{Uid, User};
use serde::Serialize;
use tar::{Builder, Header};
use zstd::Encoder;

use super::{ArchiveError, FORMAT, MANIFEST, Manifest, Part};

/// As fast as a disk, and a third of the size.
const LEVEL: i32 = 3;

/// An archive in the making.
pub struct Packing<W: Write> {
    tar: Builder<Encoder<'static, W>>,
    parts: Vec<Part>,
}

/// Counts and hashes what goes by.
struct Passing<'a, R> {
    from: R,
    digest: Context,
    passed: u64,
    told: &'a mut dyn FnMut(u64),
}

impl<R: Read> Read for Passing<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let length = self.from.read(bytes)?;
        self.digest.update(&bytes[..length]);
        self.passed += length as u64;
        (self.told)(length as u64);
        Ok(length)
    }
}

impl<W: Write> Packing<W> {
    pub fn new(to: W) -> Result<Self, ArchiveError> {
        let mut encoder = Encoder::new(to, LEVEL).map_err(ArchiveError::Write)?;
        encoder.include_checksum(true).map_err(ArchiveError::Write)?;
        Ok(Self { tar: Builder::new(encoder), parts: Vec::new() })
    }

    /// Takes a file in; one that has gone meanwhile is left out, and `false` returned.
    pub fn add(&mut self, name: &str, path: &Path, told: &mut dyn FnMut(u64)) -> Result<bool, ArchiveError> {
        let unread = |why| ArchiveError::Source { path: path.to_owned(), why };
        let file = match File::open(path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(false),
            other => other.map_err(unread)?,
        };
        let meta = file.metadata().map_err(unread)?;
        let mut header = Header::new_gnu();
        header.set_size(meta.len());
        header.set_mode(meta.permissions().mode() & 0o777);
        header.set_mtime(u64::try_from(meta.mtime()).unwrap_or(0));
        header.set_uid(meta.uid().into());
        header.set_gid(meta.gid().into());
        if let Ok(Some(user)) = User::from_uid(Uid::from_raw(meta.uid())) {
            let _too_long = header.set_username(&user.name);
        }
        let mut passing =
            Passing { from: file.take(meta.len()), digest: Context::new(&SHA256), passed: 0, told };
        self.tar.append_data(&mut header, name, &mut passing).map_err(ArchiveError::Write)?;
        if passing.passed < meta.len() {
            return Err(ArchiveError::Shrunk(path.to_owned()));
        }
        let sha256 = hex(passing.digest.finish().as_ref());
        self.parts.push(Part { name: name.to_owned(), bytes: meta.len(), sha256 });
        Ok(true)
    }

    /// Adds the manifest and gives back what was written into.
    pub fn finish<T: Serialize>(mut self, about: T) -> Result<(W, Manifest<T>), ArchiveError> {
        let manifest = Manifest { format: FORMAT, about, parts: self.parts };
        let text = serde_json::to_vec_pretty(&manifest).map_err(ArchiveError::Garbled)?;
        let mut header = Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        self.tar.append_data(&mut header, MANIFEST, text.as_slice()).map_err(ArchiveError::Write)?;
        let encoder = self.tar.into_inner().map_err(ArchiveError::Write)?;
        Ok((encoder.finish().map_err(ArchiveError::Write)?, manifest))
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
