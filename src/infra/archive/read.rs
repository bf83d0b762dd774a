//! Unpacking an archive, every part held against the manifest.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, fchown},
    path::{Component, Path},
};

use aws_lc_rs::digest::{Context, SHA256};
use nix::unistd::{User, geteuid};
use serde::de::DeserializeOwned;
use tar::{Archive, Entry};
use zstd::Decoder;

use super::{ArchiveError, FORMAT, MANIFEST, Manifest, Part, write::hex};

/// A manifest is never larger.
const LARGEST_MANIFEST: u64 = 256 << 20;

/// Unpacks into a folder of the caller's own. What differs from the manifest, or is missing, is refused.
/// `told` hears how many bytes of files have come.
pub fn unpack<T: DeserializeOwned>(
    from: impl Read,
    into: &Path,
    mut told: impl FnMut(u64),
) -> Result<Manifest<T>, ArchiveError> {
    let mut archive = Archive::new(Decoder::new(from).map_err(ArchiveError::Read)?);
    let mut found = Vec::new();
    let mut manifest: Option<Manifest<T>> = None;
    for entry in archive.entries().map_err(ArchiveError::Read)? {
        let mut entry = entry.map_err(ArchiveError::Read)?;
        let path = entry.path().map_err(ArchiveError::Read)?.into_owned();
        let name = path.to_string_lossy().into_owned();
        let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        if manifest.is_some() || !plain || !entry.header().entry_type().is_file() {
            return Err(ArchiveError::Strange(name));
        }
        if name == MANIFEST {
            let mut text = Vec::new();
            entry.take(LARGEST_MANIFEST).read_to_end(&mut text).map_err(ArchiveError::Read)?;
            manifest = Some(serde_json::from_slice(&text).map_err(ArchiveError::Garbled)?);
        } else {
            found.push(write(&mut entry, name, &into.join(&path), &mut told)?);
        }
    }
    let manifest = manifest.ok_or(ArchiveError::CutShort)?;
    if manifest.format > FORMAT {
        return Err(ArchiveError::Newer(manifest.format));
    }
    compare(&manifest.parts, &found)?;
    Ok(manifest)
}

fn compare(written: &[Part], found: &[Part]) -> Result<(), ArchiveError> {
    for (index, part) in written.iter().enumerate() {
        match found.get(index) {
            Some(same) if same == part => {}
            Some(other) if other.name == part.name => {
                return Err(ArchiveError::Differs { name: part.name.clone() });
            }
            _ => return Err(ArchiveError::Missing { name: part.name.clone() }),
        }
    }
    found.get(written.len()).map_or(Ok(()), |more| Err(ArchiveError::Strange(more.name.clone())))
}

fn write<R: Read>(
    entry: &mut Entry<'_, R>,
    name: String,
    path: &Path,
    told: &mut impl FnMut(u64),
) -> Result<Part, ArchiveError> {
    let failed = |why| ArchiveError::Target { path: path.to_owned(), why };
    let mode = entry.header().mode().map_err(ArchiveError::Read)? & 0o777;
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
    let mut digest = Context::new(&SHA256);
    let (mut bytes, mut piece) = (0, vec![0; 128 << 10]);
    loop {
        let length = entry.read(&mut piece).map_err(ArchiveError::Read)?;
        if length == 0 {
            break;
        }
        digest.update(&piece[..length]);
        file.write_all(&piece[..length]).map_err(failed)?;
        bytes += length as u64;
        told(length as u64);
    }
    give(entry, &file, path).map_err(failed)?;
    Ok(Part { name, bytes, sha256: hex(digest.finish().as_ref()) })
}

/// Root gives files and their new folders back to the user who had them, if there is one of that name.
fn give<R: Read>(entry: &Entry<'_, R>, file: &fs::File, path: &Path) -> io::Result<()> {
    let name = entry.header().username().ok().flatten().filter(|_| geteuid().is_root());
    let Some(user) = name.and_then(|name| User::from_name(name).ok().flatten()) else { return Ok(()) };
    let (uid, gid) = (user.uid.as_raw(), user.gid.as_raw());
    fchown(file, Some(uid), Some(gid))?;
    let folder = path.parent().map(fs::File::open).transpose()?;
    folder.map_or(Ok(()), |folder| fchown(folder, Some(uid), Some(gid)))
}
