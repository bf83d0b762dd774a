//! Snapshots: the whole live state after one input, so that a start need not replay the whole past.
//!
//! A file of 52 bytes of head (magic, format u32, schema u32, epoch, seq u64, nonce) and the state, sealed by the
//! master key. It appears whole or not at all. Which are kept is the business of `archive`.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    thread::JoinHandle,
    time::Duration,
};

use super::{
    Journal, archive,
    error::OpenError,
    keys::Master,
    record::{u32_at, u64_at},
    segment::{self, FORMAT},
};
use crate::base::clock::Stamp;

const MAGIC: &[u8; 8] = b"TNDMSNAP";
const HEAD: usize = 52;

/// A state that was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The last input that is in it.
    pub seq: u64,
    /// [`Options::schema`](super::Options::schema) of the program that wrote it.
    pub schema: u32,
    pub bytes: Vec<u8>,
}

/// Writes snapshots, one at a time, in a thread of their own.
pub struct Snapshots {
    epoch: [u8; 16],
    writing: Option<JoinHandle<()>>,
}

impl Snapshots {
    pub fn new(epoch: [u8; 16]) -> Self {
        Self { epoch, writing: None }
    }

    pub fn wait(&mut self) {
        if let Some(thread) = self.writing.take()
            && thread.join().is_err()
        {
            tracing::error!("the snapshot's thread ended early; the next snapshot is due as usual");
        }
    }
}

impl Journal {
    /// Writes the state after input `seq` beside the loop. False when the one before is still being written:
    /// try again later.
    pub fn snapshot(&mut self, seq: u64, state: Vec<u8>) -> bool {
        if self.snapshots.writing.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return false;
        }
        self.snapshots.wait();
        let job = Job {
            folder: self.folder.clone(),
            master: self.master.clone(),
            epoch: self.snapshots.epoch,
            schema: self.options.schema,
            seq,
            expired: self.last_at() - self.options.retention.max(Duration::from_secs(1)),
        };
        let thread = std::thread::Builder::new().name("snapshot".into()).spawn(move || job.run(state));
        match thread {
            Ok(thread) => self.snapshots.writing = Some(thread),
            Err(error) => {
                tracing::error!(%error, "no thread for a snapshot");
                return false;
            }
        }
        true
    }

    /// Waits until the snapshot that is being written stands.
    pub fn wait_for_snapshot(&mut self) {
        self.snapshots.wait();
    }
}

struct Job {
    folder: PathBuf,
    master: Master,
    epoch: [u8; 16],
    schema: u32,
    seq: u64,
    /// Segments that ended before this may go.
    expired: Stamp,
}

impl Job {
    fn run(self, state: Vec<u8>) {
        if let Err(error) = self.write(state).and_then(|()| archive::prune(&self.folder, self.expired)) {
            tracing::error!(%error, folder = %self.folder.display(), "a snapshot could not be written; check the disk");
        }
    }

    fn write(&self, mut state: Vec<u8>) -> io::Result<()> {
        let mut head = [0; HEAD];
        head[..8].copy_from_slice(MAGIC);
        head[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        head[12..16].copy_from_slice(&self.schema.to_le_bytes());
        head[16..32].copy_from_slice(&self.epoch);
        head[32..40].copy_from_slice(&self.seq.to_le_bytes());
        let nonce = self.master.seal(&head[..40], &mut state).map_err(io::Error::other)?;
        head[40..].copy_from_slice(&nonce);
        let fresh = self.folder.join("snapshot.new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(&head)?;
        file.write_all(&state)?;
        file.sync_all()?;
        fs::rename(&fresh, path(&self.folder, self.seq))?;
        File::open(&self.folder)?.sync_all()
    }
}

pub(super) fn path(folder: &Path, seq: u64) -> PathBuf {
    folder.join(format!("{seq:020}.snap"))
}

/// Numbers of all snapshots, ascending.
pub fn list(folder: &Path) -> io::Result<Vec<u64>> {
    segment::list(folder, "snap")
}

/// The newest snapshot that can be read; older ones stand in for a damaged one.
pub fn newest(
    folder: &Path,
    schema: u32,
    master: &Master,
    all: &[u64],
    epoch: &mut Option<[u8; 16]>,
) -> Result<Option<Snapshot>, OpenError> {
    for seq in all.iter().rev() {
        let path = path(folder, *seq);
        let bytes = fs::read(&path).map_err(OpenError::io("read", &path))?;
        let Some(head) = bytes.first_chunk::<HEAD>().filter(|head| &head[..8] == MAGIC) else {
            tracing::warn!(file = %path.display(), "a snapshot is damaged; an older one is used");
            continue;
        };
        for (what, found, known) in
            [("format", u32_at(head, 8), FORMAT), ("schema", u32_at(head, 12), schema)]
        {
            if found > known {
                return Err(OpenError::Newer { path, what, found, known });
            }
        }
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&head[40..]);
        let Some(state) = master.unseal(nonce, &head[..40], bytes[HEAD..].to_vec()) else {
            tracing::warn!(file = %path.display(), "a snapshot is damaged; an older one is used");
            continue;
        };
        let mut whose = [0; 16];
        whose.copy_from_slice(&head[16..32]);
        if *epoch.get_or_insert(whose) != whose {
            return Err(OpenError::Foreign { path });
        }
        return Ok(Some(Snapshot { seq: u64_at(head, 32), schema: u32_at(head, 12), bytes: state }));
    }
    Ok(None)
}
