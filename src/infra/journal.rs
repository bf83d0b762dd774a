//! The journal: every input of the switchboard, in order, before its effects leave the house.
//!
//! Append-only segments in the state folder, read back after a crash, a kill or a power cut. What belongs to a
//! call is sealed with that call's own key, so that a person can be erased without touching the order. The room
//! knows bytes, numbers and stamps; what an input means is the switchboard's business. See `docs/journal.md`.
//!
//! - [`Journal`] writes (one owner), [`Reader`] reads, also while the daemon runs
//! - `record`, `segment`, `keys`, `snapshot`: what is on the disk, byte for byte
//! - `backlog`: what waits in memory while the disk is full
//! - `flusher`: the thread that brings written bytes to the platter
//! - `recover`: what happens at start
//! - `archive`: what is kept of the past

mod archive;
mod backlog;
mod erase;
mod error;
mod flusher;
mod keys;
mod read;
mod record;
mod recover;
mod segment;
mod snapshot;
mod write;

#[cfg(test)]
mod tests;

use std::{path::PathBuf, time::Duration};

pub use archive::{Past, past};
pub use erase::erase;
pub use error::{AppendError, Health, OpenError, Reason, Trouble};
pub use read::{Entry, Payload, Reader, read};
pub use recover::{Entries, Recovered, Torn};
pub use snapshot::Snapshot;
pub use write::Journal;

/// How the journal treats the disk.
#[derive(Clone, Debug)]
pub struct Options {
    /// A new segment begins when one has grown to this size.
    pub segment_bytes: u64,
    pub fsync: Fsync,
    /// Segments that no kept snapshot needs are deleted when all in them is older than this.
    pub retention: Duration,
    /// How much is kept in memory while nothing can be written.
    pub backlog_bytes: usize,
    /// Version of what the caller puts into payloads and snapshots. A journal with a newer one is refused.
    pub schema: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 32 << 20,
            fsync: Fsync::Every(Duration::from_secs(1)),
            retention: Duration::from_hours(30 * 24),
            backlog_bytes: 64 << 20,
            schema: 1,
        }
    }
}

/// When written bytes are brought to the platter. Process death loses nothing either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// A power cut loses at most this much.
    Every(Duration),
    /// A power cut loses nothing that was committed; every commit waits for the disk.
    EachCommit,
}

/// Where things are in the state folder.
#[derive(Clone, Debug)]
struct Places {
    /// The folder of segments and snapshots.
    journal: PathBuf,
    master: PathBuf,
}

impl Places {
    fn of(state: &std::path::Path) -> Self {
        Self { journal: state.join("journal"), master: state.join("keys").join("master") }
    }
}
