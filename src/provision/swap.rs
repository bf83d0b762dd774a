//! Files are replaced whole: written beside, flushed, renamed. Whoever reads sees the old bytes or the new ones.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};

/// Why a file could not be replaced.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be written: {why}; run this as root, or as a user who may write there", path.display())]
pub struct SwapError {
    pub path: PathBuf,
    pub why: io::Error,
}

/// Puts `bytes` at `path` in one step. A file of ours belongs to `owner` when we may say so.
pub(super) fn put(path: &Path, bytes: &[u8], mode: u32, owner: Option<(u32, u32)>) -> Result<(), SwapError> {
    let write = || -> io::Result<()> {
        let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        if !folder.is_dir() {
            fs::DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
        }
        let beside = beside(path);
        let _left_by_a_crash = fs::remove_file(&beside);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(bytes)?;
        if let Some((uid, gid)) = owner
            && fchown(&file, Some(uid), Some(gid)).is_err()
            && nix::unistd::geteuid().is_root()
        {
            return Err(io::Error::other("its owner cannot be kept"));
        }
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|why| {
        let _not_there = fs::remove_file(beside(path));
        SwapError { path: path.to_owned(), why }
    })
}

/// Takes a file away that was not there before.
pub(super) fn remove(path: &Path) -> Result<(), SwapError> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(SwapError { path: path.to_owned(), why }),
        _ => Ok(()),
    }
}

/// Hidden and without the file's ending: no engine includes it.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.tandem-new"))
}
