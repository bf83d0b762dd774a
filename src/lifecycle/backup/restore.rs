//! Putting a backup where a daemon shall go on.

use std::{
    fs::{self, File, Permissions},
    io::{self, BufReader},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{About, BackupError, Places};
use crate::{
    infra::{
        archive::{Manifest, unpack},
        site,
    },
    lifecycle::store,
};

/// What was put where.
#[derive(Clone, Debug, Serialize)]
pub struct Restored {
    pub about: About,
    pub site: PathBuf,
    pub state: PathBuf,
    pub files: usize,
}

/// Restores into folders that are not there, or empty, and the rows into the database that the site names, which has
/// none. Nothing is in its place before all of it was verified.
pub async fn restore(
    file: &Path,
    places: &Places,
    with_rows: bool,
    told: impl FnMut(u64),
) -> Result<Restored, BackupError> {
    for folder in [&places.site, &places.state] {
        if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(BackupError::Taken(folder.clone()));
        }
    }
    let beside = |folder: &Path| folder.with_extension(format!("restore.{}", std::process::id()));
    let (draft, second) = (beside(&places.state), beside(&places.site));
    let done = put(file, places, with_rows, [&draft, &second], told).await;
    let _moved = (fs::remove_dir_all(&draft), fs::remove_dir_all(&second));
    let Manifest { about, parts, .. } = done?;
    Ok(Restored { about, site: places.site.clone(), state: places.state.clone(), files: parts.len() })
}

async fn put(
    file: &Path,
    places: &Places,
    with_rows: bool,
    [draft, second]: [&Path; 2],
    told: impl FnMut(u64),
) -> Result<Manifest<About>, BackupError> {
    for to in [&places.site, &places.state] {
        let made = to.parent().map_or(Ok(()), fs::create_dir_all);
        made.map_err(|why| BackupError::Folder { path: to.clone(), why })?;
    }
    let manifest = unpacked(file, draft, told)?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |why| BackupError::Folder { path, why }
    };
    // The site may be on another disk.
    copy(&draft.join("site"), second).map_err(failed(second))?;
    rows(second, &draft.join("state"), with_rows).await?;
    // A rename takes the place of a folder that is empty.
    fs::rename(draft.join("state"), &places.state).map_err(failed(&places.state))?;
    fs::rename(second, &places.site).map_err(failed(&places.site))?;
    Ok(manifest)
}

/// Where the site names a server, the rows belong there.
async fn rows(site: &Path, state: &Path, wanted: bool) -> Result<(), BackupError> {
    let copy = state.join("tandem.db");
    let db = store::open(&site::load(site).map_err(BackupError::Site)?.store, state);
    if !copy.exists() || (wanted && db.is_file()) {
        return Ok(());
    }
    if wanted {
        let loaded = db.load(&copy).await;
        db.close().await;
        loaded?;
    }
    fs::remove_file(&copy).map_err(|why| BackupError::Folder { path: copy, why })
}

/// Unpacks and verifies, and gives folders the modes that a daemon gives them.
pub(super) fn unpacked(
    file: &Path,
    into: &Path,
    told: impl FnMut(u64),
) -> Result<Manifest<About>, BackupError> {
    let open = |why| BackupError::File { path: file.to_owned(), why };
    let bytes = BufReader::with_capacity(1 << 20, File::open(file).map_err(open)?);
    let manifest = unpack(bytes, into, told)?;
    for (folder, mode) in [("site", 0o755), ("site/flows", 0o755), ("state", 0o711), ("state/prompts", 0o755)]
    {
        let path = into.join(folder);
        if path.is_dir() {
            let set = fs::set_permissions(&path, Permissions::from_mode(mode));
            set.map_err(|why| BackupError::Folder { path, why })?;
        }
    }
    Ok(manifest)
}

/// A folder with its modes and owners.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let meta = fs::metadata(from)?;
    fs::create_dir(to)?;
    fs::set_permissions(to, meta.permissions())?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            own(&entry.metadata()?, &target)?;
        }
    }
    own(&meta, to)
}

fn own(of: &fs::Metadata, path: &Path) -> io::Result<()> {
    if nix::unistd::geteuid().is_root() { chown(path, Some(of.uid()), Some(of.gid())) } else { Ok(()) }
}
