//! Who may read and write what is private: secrets, keys, journal, rows.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::{Check, Findings, Patient};

const READ: &str = "whoever has it can take calls, read them, or pose as a phone or as Tandem";
const WRITTEN: &str = "whoever writes the site decides where calls go and which programs are told what";

/// What is private in the state folder, folders and files. What the engine reads is not.
const PRIVATE: [&str; 8] =
    ["keys", "journal", "spool", "audit", "provision", "tandem.db", "tandem.db-wal", "tandem.db-shm"];
/// A certificate is for everybody; its key is not.
const PUBLIC: [&str; 2] = ["crt", "pem"];

pub(super) fn look(patient: &Patient<'_>, to: &mut Findings) {
    let before = to.0.len();
    let secrets = patient.site.join("secrets");
    let private = PRIVATE.iter().map(|name| patient.state.join(name)).chain([secrets]);
    for path in private.flat_map(below) {
        let public = path.extension().and_then(|end| end.to_str()).is_some_and(|end| PUBLIC.contains(&end));
        if !public {
            close(&path, 0o077, "others can read", READ, patient.fix, to);
        }
    }
    for path in [patient.site, patient.state].into_iter().flat_map(below_once) {
        close(&path, 0o002, "anybody can write", WRITTEN, patient.fix, to);
    }
    if to.0.len() == before {
        to.well(Check::Modes, "secrets, keys, journal and rows are closed to others");
    }
}

fn close(path: &Path, forbidden: u32, does: &str, why: &str, fix: bool, to: &mut Findings) {
    let Ok(meta) = fs::symlink_metadata(path) else { return };
    let mode = meta.permissions().mode() & 0o7777;
    if meta.is_symlink() || mode & forbidden == 0 {
        return;
    }
    let (what, wanted) = (format!("{does} {} (mode {mode:04o})", path.display()), mode & !forbidden);
    let remedy = format!("chmod {wanted:04o} {}", path.display());
    if !fix {
        return to.fault(Check::Modes, what, why, remedy);
    }
    match fs::set_permissions(path, Permissions::from_mode(wanted)) {
        Ok(()) => to.fixed(Check::Modes, format!("{what}: now {wanted:04o}"), why),
        Err(error) => to.fault(Check::Modes, format!("{what}; it cannot be changed: {error}"), why, remedy),
    }
}

/// A folder with all that is in it, or a file.
fn below(path: PathBuf) -> Vec<PathBuf> {
    let mut found = vec![path];
    let mut at = 0;
    while let Some(next) = found.get(at) {
        if !next.is_symlink()
            && let Ok(entries) = fs::read_dir(next)
        {
            let entries: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
            found.extend(entries);
        }
        at += 1;
    }
    found
}

fn below_once(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.path()).chain([path.to_owned()]).collect()
}
