//! The admin socket in the file system: one daemon, one owner, no leftovers.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::{
        fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt},
        net::UnixStream,
    },
    path::{Path, PathBuf},
};

use tokio::net::UnixListener;

/// Bytes that a path in `sockaddr_un` may have, its final zero not counted (unix(7)).
const LONGEST: usize = 107;

/// Why the admin socket cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error("another daemon answers at {}; stop it first, or name another socket with --socket", .0.display())]
    Taken(PathBuf),
    #[error("{} is there and is no socket; remove it, or name another socket with --socket", .0.display())]
    NoSocket(PathBuf),
    #[error("{} has more than {LONGEST} bytes, too many for a Unix socket; name a shorter one with --socket", .0.display())]
    TooLong(PathBuf),
    #[error("others may write in {}; forbid it with `chmod go-w {}`", .0.display(), .0.display())]
    Open(PathBuf),
    #[error("cannot make the admin socket {}: {why}; see that the daemon's user may write there", path.display())]
    Io { path: PathBuf, why: io::Error },
}

/// An open admin socket. Its file goes when it is dropped.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    place: Place,
}

/// The socket's file, ours as long as the lock beside it is held.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    _lock: File,
}

impl Socket {
    pub(super) fn into_parts(self) -> (UnixListener, Place) {
        (self.listener, self.place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(why) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %why, "the admin socket's file stays behind");
        }
    }
}

/// Opens the socket with mode 0600. A stale one is replaced, a live one is left alone. Needs a Tokio runtime.
pub fn bind(path: &Path) -> Result<Socket, BindError> {
    let failed = |why| BindError::Io { path: path.to_owned(), why };
    if path.as_os_str().len() > LONGEST {
        return Err(BindError::TooLong(path.to_owned()));
    }
    prepare_folder(path).map_err(failed)?;
    let folder = folder_of(path);
    if fs::metadata(folder).map_err(failed)?.mode() & 0o022 != 0 {
        return Err(BindError::Open(folder.to_owned()));
    }
    let lock = lock(path)?;
    remove_stale(path)?;
    let listener = UnixListener::bind(path).map_err(failed)?;
    let place = Place { path: path.to_owned(), _lock: lock };
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(Socket { listener, place })
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn prepare_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder_of(path))
}

/// Two daemons that start at the same moment must not both find the socket stale.
fn lock(path: &Path) -> Result<File, BindError> {
    let failed = |why| BindError::Io { path: path.to_owned(), why };
    let beside = path.with_added_extension("lock");
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(beside)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BindError::Taken(path.to_owned())),
        Err(TryLockError::Error(why)) => Err(failed(why)),
    }
}

fn remove_stale(path: &Path) -> Result<(), BindError> {
    let failed = |why| BindError::Io { path: path.to_owned(), why };
    match fs::symlink_metadata(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(why) => Err(failed(why)),
        Ok(found) if !found.file_type().is_socket() => Err(BindError::NoSocket(path.to_owned())),
        Ok(_) => match UnixStream::connect(path) {
            Ok(_) => Err(BindError::Taken(path.to_owned())),
            Err(why) if why.kind() == io::ErrorKind::ConnectionRefused => {
                fs::remove_file(path).map_err(failed)
            }
            Err(why) => Err(failed(why)),
        },
    }
}
