//! Folders for one run: readable by us alone, gone at the end.

use std::{
    env, fs,
    ops::Deref,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use super::LabError;

/// A new folder, removed with all that is in it when dropped. `TANDEM_LAB_KEEP=1` keeps it.
#[derive(Debug)]
pub struct RunDir(PathBuf);

impl RunDir {
    pub fn new(what: &str) -> Result<Self, LabError> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("tandem-{what}-{}-{number}", process::id()));
        let make = || {
            if path.exists() {
                fs::remove_dir_all(&path)?;
            }
            fs::DirBuilder::new().mode(0o700).create(&path)
        };
        make().map_err(|why| LabError::Folder { path: path.clone(), why })?;
        Ok(Self(path))
    }
}

impl Deref for RunDir {
    type Target = Path;
    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        if env::var_os("TANDEM_LAB_KEEP").is_none() {
            // Whatever can't be removed stays in the temporary folder; there is nobody to tell.
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}
