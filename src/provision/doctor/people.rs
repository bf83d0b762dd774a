//! Who the engine is on this machine, and what that user may do.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use nix::unistd::{Gid, Uid, User, getgrouplist};

use crate::infra::site::EngineKind;

/// A user with groups.
pub(super) struct Identity {
    pub(super) name: String,
    uid: u32,
    gids: Vec<u32>,
}

/// What somebody wants of a file or folder.
#[derive(Clone, Copy)]
pub(super) enum Want {
    Read = 4,
    /// Have it run.
    Run = 1,
    /// Make files in it.
    Make = 3,
}

pub(super) fn program(kind: EngineKind) -> &'static str {
    match kind {
        EngineKind::Asterisk => "asterisk",
        EngineKind::Freeswitch => "freeswitch",
        EngineKind::Simulator => "tandem",
    }
}

/// The user of the running engine, or else the one that its package makes.
pub(super) fn engine(kind: EngineKind) -> Option<Identity> {
    let name = program(kind);
    running(name).or_else(|| {
        let user = User::from_name(name).ok().flatten()?;
        let c_name = std::ffi::CString::new(name).ok()?;
        let groups = getgrouplist(&c_name, user.gid).ok()?;
        let own = user.gid.as_raw();
        let mut gids: Vec<u32> = groups.into_iter().map(Gid::as_raw).collect();
        gids.push(own);
        Some(Identity { name: user.name, uid: user.uid.as_raw(), gids })
    })
}

/// Who owns a file, and with it what is kept there.
pub(super) fn owner(path: &Path) -> Option<Identity> {
    let uid = Uid::from_raw(fs::metadata(path).ok()?.uid());
    let user = User::from_uid(uid).ok().flatten();
    let groups = user.as_ref().and_then(|user| {
        let name = std::ffi::CString::new(user.name.as_str()).ok()?;
        getgrouplist(&name, user.gid).ok()
    });
    let gids = groups.unwrap_or_default().into_iter().map(Gid::as_raw).collect();
    Some(Identity { name: user.map_or_else(|| uid.to_string(), |user| user.name), uid: uid.as_raw(), gids })
}

fn running(name: &str) -> Option<Identity> {
    fs::read_dir("/proc").ok()?.filter_map(Result::ok).find_map(|process| {
        let comm = fs::read_to_string(process.path().join("comm")).ok()?;
        let status =
            (comm.trim() == name).then(|| fs::read_to_string(process.path().join("status")).ok())??;
        let numbers = |key: &str| -> Vec<u32> {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
            line.split_whitespace().filter_map(|word| word.parse().ok()).collect()
        };
        // Real, effective, saved, of the file system.
        let uid = *numbers("Uid:").get(1)?;
        let mut gids = numbers("Groups:");
        gids.extend(numbers("Gid:").get(1));
        let known = User::from_uid(Uid::from_raw(uid)).ok().flatten();
        Some(Identity { name: known.map_or_else(|| uid.to_string(), |user| user.name), uid, gids })
    })
}

impl Identity {
    /// The group that is this user's own.
    pub(super) fn group(&self) -> Option<u32> {
        self.gids.last().copied()
    }

    /// By the modes of the path and of all folders above it; `Err` names the one that is in the way.
    pub(super) fn may(&self, want: Want, path: &Path) -> Result<(), String> {
        let path = path.canonicalize().map_err(|why| format!("{}: {why}", path.display()))?;
        let mut ways: Vec<&Path> = path.ancestors().collect();
        ways.reverse();
        for way in ways {
            let meta = fs::metadata(way).map_err(|why| format!("{}: {why}", way.display()))?;
            let through = u32::from(meta.is_dir());
            let needs = if way == path { through | want as u32 } else { 1 };
            let mode = meta.permissions().mode();
            let bits = if meta.uid() == self.uid {
                mode >> 6
            } else if self.gids.contains(&meta.gid()) {
                mode >> 3
            } else {
                mode
            };
            if self.uid != 0 && bits & needs != needs {
                return Err(format!("{} (mode {:04o})", way.display(), mode & 0o7777));
            }
        }
        Ok(())
    }
}
