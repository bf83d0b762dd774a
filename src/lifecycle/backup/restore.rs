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
        db::Db,
        site::{self, Store},
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
    /// Why nobody knows where the rows belong; they are in `tandem.db` of the state folder.
    pub rows_kept: Option<String>,
}

/// Restores into folders that are not there, or empty, and the rows into the database that the site names, which has
/// none. Nothing is in its place before all of it was verified, and nothing stays there when a part of it fails.
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
    let (Manifest { about, parts, .. }, rows_kept) = done?;
    let (site, state) = (places.site.clone(), places.state.clone());
    Ok(Restored { about, site, state, files: parts.len(), rows_kept })
}

async fn put(
    file: &Path,
    places: &Places,
    with_rows: bool,
    [draft, second]: [&Path; 2],
    told: impl FnMut(u64),
) -> Result<(Manifest<About>, Option<String>), BackupError> {
    for to in [&places.site, &places.state] {
        let made = to.parent().map_or(Ok(()), fs::create_dir_all);
        made.map_err(failed(to))?;
    }
    let manifest = unpacked(file, draft, told)?;
    // The site may be on another disk.
    copy(&draft.join("site"), second).map_err(failed(second))?;
    let state = draft.join("state");
    let rows = state.join("tandem.db");
    let there = rows.exists();
    let (server, kept) = if there && with_rows { server(second, &state) } else { (None, None) };
    let loaded = match &server {
        Some(db) => Some(db.load(&rows).await?),
        None => None,
    };
    if there && !with_rows {
        fs::remove_file(&rows).map_err(failed(&rows))?;
    }
    let moves = [(state.as_path(), places.state.as_path()), (second, places.site.as_path())];
    place(&moves)?;
    if let Some(loaded) = loaded {
        if let Err(why) = loaded.commit().await {
            take_back(&moves);
            return Err(why.into());
        }
        // They are on the server now, and not before.
        let rows = places.state.join("tandem.db");
        fs::remove_file(&rows).map_err(failed(&rows))?;
    }
    Ok((manifest, kept))
}

/// The server to which the rows belong, if the site names one; or why nobody knows.
fn server(site: &Path, state: &Path) -> (Option<Db>, Option<String>) {
    match site::store_of(site) {
        Ok(Store::Sqlite) => (None, None),
        Ok(named) => (Some(store::open(&named, state)), None),
        Err(problems) => (None, Some(problems.to_string())),
    }
}

/// Each folder to where it belongs, or none. A rename takes the place of a folder that is empty.
fn place(moves: &[(&Path, &Path)]) -> Result<(), BackupError> {
    for (done, (from, to)) in moves.iter().enumerate() {
        if let Err(why) = fs::rename(from, to) {
            take_back(&moves[..done]);
            return Err(failed(to)(why));
        }
    }
    Ok(())
}

fn take_back(moves: &[(&Path, &Path)]) {
    for (from, to) in moves {
        if let Err(why) = fs::rename(to, from) {
            tracing::warn!(folder = %to.display(), %why, "a restored folder stays behind; remove it");
        }
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |why| BackupError::Folder { path, why }
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
