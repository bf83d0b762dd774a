//! The spool: finished things on their way to the database, kept on the disk until they have arrived.
//!
//! Numbered files of framed rows, and the place up to which they are acknowledged. [`Spool`] takes rows and never
//! waits; [`Outlet`] gives them out again, at least once, in order. A crash may repeat rows, never lose one, so
//! the receiver keeps a unique key.

mod frame;
mod outlet;

#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use tokio::sync::Notify;

pub use outlet::{Outlet, Row};

/// A new file begins when one has grown to this size.
const FILE_BYTES: u64 = 1 << 20;
/// How much is kept in memory while nothing can be written.
const MEMORY: usize = 64 << 20;

#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    #[error("cannot {doing} {}: {source}; check the disk of the state folder", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("the row cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the disk of {} takes nothing and memory is full: the oldest waiting row was lost; free some room", path.display())]
    Overflow { path: PathBuf },
}

impl SpoolError {
    fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}

/// The end that takes rows. Clones share it.
#[derive(Clone)]
pub struct Spool {
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    tail: Mutex<Tail>,
    news: Notify,
}

/// Where rows are written.
struct Tail {
    /// Number of the file in hand, made with its first row.
    number: u64,
    file: Option<Arc<File>>,
    end: u64,
    /// Framed rows that are in no file yet.
    waiting: VecDeque<Vec<u8>>,
    waiting_bytes: usize,
    /// Files that were written since they were last brought to the platter.
    unsynced: Vec<Arc<File>>,
}

impl Spool {
    /// Opens the spool in the state folder `state`. What was not acknowledged comes first.
    pub fn open(state: &Path) -> Result<(Self, Outlet), SpoolError> {
        let folder = state.join("spool");
        fs::create_dir_all(&folder).map_err(SpoolError::io("create", &folder))?;
        let private = fs::set_permissions(&folder, Permissions::from_mode(0o700));
        private.map_err(SpoolError::io("set the mode of", &folder))?;
        let (acknowledged, newest) = outlet::places(&folder)?;
        let tail = Tail {
            // Never the name of a file that was there: it may end in half a row.
            number: newest.max(acknowledged.number) + 1,
            file: None,
            end: 0,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            unsynced: Vec::new(),
        };
        let shared = Arc::new(Shared { folder, tail: Mutex::new(tail), news: Notify::new() });
        let outlet = Outlet::new(shared.clone(), acknowledged);
        Ok((Self { shared }, outlet))
    }

    /// Takes a row: after `Ok` it is in a file. After an error it is kept in memory and written as soon as the
    /// disk takes it.
    pub fn push(&self, row: &impl Serialize) -> Result<(), SpoolError> {
        let frame = frame::pack(row)?;
        self.shared.push(frame)
    }

    /// Bytes that have not been acknowledged yet. Reads the folder.
    pub fn depth(&self) -> u64 {
        outlet::depth(&self.shared.folder).unwrap_or(0) + self.waiting_bytes() as u64
    }

    /// Bytes that the disk has not taken yet.
    pub fn waiting_bytes(&self) -> usize {
        self.shared.tail().waiting_bytes
    }
}

impl Shared {
    fn tail(&self) -> MutexGuard<'_, Tail> {
        // Every change of the tail is whole before anything can panic.
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, frame: Vec<u8>) -> Result<(), SpoolError> {
        let mut tail = self.tail();
        tail.waiting_bytes += frame.len();
        tail.waiting.push_back(frame);
        let mut overflow = false;
        while tail.waiting_bytes > MEMORY {
            tail.drop_oldest();
            overflow = true;
        }
        let written = tail.write(&self.folder);
        drop(tail);
        self.news.notify_one();
        if overflow { Err(SpoolError::Overflow { path: self.folder.clone() }) } else { written }
    }
}

impl Tail {
    fn drop_oldest(&mut self) {
        if let Some(frame) = self.waiting.pop_front() {
            self.waiting_bytes -= frame.len();
        }
    }

    /// Writes what waits, oldest first, as far as the disk takes it.
    fn write(&mut self, folder: &Path) -> Result<(), SpoolError> {
        while let Some(frame) = self.waiting.front() {
            let path = outlet::path(folder, self.number);
            let file = match &self.file {
                Some(file) => file.clone(),
                None => Arc::new(
                    OpenOptions::new()
                        .write(true)
                        .create(true)
                        .truncate(true)
                        .mode(0o600)
                        .open(&path)
                        .map_err(SpoolError::io("create", &path))?,
                ),
            };
            self.file = Some(file.clone());
            // At its place: a write that failed half-way is simply repeated.
            file.write_all_at(frame, self.end).map_err(SpoolError::io("write", path))?;
            self.end += frame.len() as u64;
            if !self.unsynced.iter().any(|known| Arc::ptr_eq(known, &file)) {
                self.unsynced.push(file);
            }
            self.drop_oldest();
            if self.end >= FILE_BYTES {
                self.next_file();
            }
        }
        Ok(())
    }

    fn next_file(&mut self) {
        self.number += 1;
        self.file = None;
        self.end = 0;
    }
}
