//! Writing: append to memory, commit with one write, go on when the disk does not.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    Fsync, Options,
    backlog::{Backlog, Batch},
    error::{AppendError, Health, Reason, Trouble},
    flusher::{Flusher, Pair},
    keys::{Master, TAG, Writing},
    record::{self, HEAD, Head, Kind, MAX_BODY},
    segment::{self, Start},
    snapshot::Snapshots,
};
use crate::base::{clock::Stamp, id::CallId};

/// How long a failing disk is left alone before the next try.
const RETRY: Duration = Duration::from_millis(100);

/// The journal's one writer. `append` costs memory only; `commit` makes it last.
pub struct Journal {
    pub(super) folder: PathBuf,
    pub(super) options: Options,
    pub(super) master: Master,
    pub(super) keys: Writing,
    pub(super) snapshots: Snapshots,
    epoch: [u8; 16],
    next: u64,
    /// Number of the first input of the segment in hand, and its stamp when there is one.
    base: u64,
    first_at: Option<Stamp>,
    last_at: Stamp,
    /// Made at the first commit that needs it.
    segment: Option<Segment>,
    batch: Batch,
    backlog: Backlog,
    flusher: Flusher,
    failing: Option<(Reason, Stamp)>,
    /// The disk once did not confirm what was written: it may have forgotten it, whatever it confirms later.
    unconfirmed: Option<(io::ErrorKind, Stamp)>,
    retry_at: Instant,
    /// Held as long as the journal lives.
    _lock: File,
}

/// The files that are being written, and how far.
struct Segment {
    files: Pair,
    log_end: u64,
    keys_end: u64,
}

/// What `recover` found, for the writer to go on from.
pub(super) struct Ground {
    pub folder: PathBuf,
    pub options: Options,
    pub master: Master,
    pub epoch: [u8; 16],
    pub next: u64,
    pub lock: File,
}

impl Journal {
    pub(super) fn on(ground: Ground) -> io::Result<Self> {
        let Ground { folder, options, master, epoch, next, lock } = ground;
        let every = match options.fsync {
            Fsync::Every(span) => span.max(Duration::from_millis(1)),
            Fsync::EachCommit => Duration::from_secs(1),
        };
        Ok(Self {
            flusher: Flusher::start(folder.clone(), every)?,
            keys: Writing::new(master.clone(), epoch, next),
            snapshots: Snapshots::new(epoch),
            backlog: Backlog::new(options.backlog_bytes),
            folder,
            options,
            master,
            epoch,
            next,
            base: next,
            first_at: None,
            last_at: Stamp(0),
            segment: None,
            batch: Batch::default(),
            failing: None,
            unconfirmed: None,
            retry_at: Instant::now(),
            _lock: lock,
        })
    }

    /// The number that the next [`append`](Self::append) gives.
    pub fn next_seq(&self) -> u64 {
        self.next
    }

    /// Which journal this is: made at random with the first segment, the same for ever after.
    pub fn epoch(&self) -> [u8; 16] {
        self.epoch
    }

    /// Stamp of the last input of this run.
    pub(super) fn last_at(&self) -> Stamp {
        self.last_at
    }

    /// Puts an input at the end and gives its number. Not written before [`commit`](Self::commit).
    pub fn append(
        &mut self,
        at: Stamp,
        call: Option<CallId>,
        payload: &impl Serialize,
    ) -> Result<u64, AppendError> {
        let (seq, begin) = (self.next, self.batch.bytes.len());
        match self.encode(seq, at, call, payload) {
            Ok(()) => {
                self.batch.added(seq, at);
                self.first_at.get_or_insert(at);
                self.last_at = at;
                self.next += 1;
                Ok(seq)
            }
            Err(e) => {
                self.batch.bytes.truncate(begin);
                Err(e)
            }
        }
    }

    fn encode(
        &mut self,
        seq: u64,
        at: Stamp,
        call: Option<CallId>,
        payload: &impl Serialize,
    ) -> Result<(), AppendError> {
        let slot = self.keys.slot(call)?;
        let bytes = &mut self.batch.bytes;
        let begin = bytes.len();
        bytes.resize(begin + HEAD, 0);
        serde_json::to_writer(&mut *bytes, payload)?;
        let body = bytes.len() - begin - HEAD + TAG;
        if body > MAX_BODY {
            return Err(AppendError::TooLong(body));
        }
        let kind = call.map_or(Kind::House, Kind::Call);
        let (head, plain) = bytes[begin..].split_at_mut(HEAD);
        Head { len: body as u32, seq, at, slot, kind }.put(head);
        let tag = self.keys.seal(call, seq, &head[4..], plain).ok_or(AppendError::TooLong(body))?;
        bytes.extend_from_slice(&tag);
        record::finish(&mut bytes[begin..]);
        Ok(())
    }

    /// Writes all that was appended, with one `write`. After it the effects of these inputs may leave.
    /// When the disk takes nothing the inputs are kept in memory and written, in order, when it does again.
    pub fn commit(&mut self) -> Health {
        if !self.batch.is_empty() {
            if self.backlog.is_empty() {
                let batch = std::mem::take(&mut self.batch);
                let done = self.put(&batch.bytes);
                self.batch = batch;
                match done {
                    Ok(()) => self.batch.clear(),
                    Err(e) => self.keep(&e),
                }
            } else {
                self.backlog.push(&mut self.batch);
            }
        }
        if !self.backlog.is_empty() && Instant::now() >= self.retry_at {
            self.catch_up();
        }
        if self.backlog.is_empty() && self.grown() {
            self.begin_segment();
        }
        self.health()
    }

    fn keep(&mut self, error: &io::Error) {
        self.failing.get_or_insert((reason(error), self.batch.at));
        self.backlog.push(&mut self.batch);
        self.retry_at = Instant::now() + RETRY;
    }

    /// Writes what was kept, oldest first, as far as the disk takes it.
    fn catch_up(&mut self) {
        let done = self.try_catch_up();
        match done {
            Ok(()) => self.failing = None,
            Err(e) => {
                let since = self.failing.map_or(self.last_at, |(_, since)| since);
                self.failing = Some((reason(&e), since));
                self.retry_at = Instant::now() + RETRY;
            }
        }
    }

    fn try_catch_up(&mut self) -> io::Result<()> {
        if let Some(gap) = self.backlog.gap() {
            // What was dropped may stand half written behind the last whole record.
            if let Some(segment) = &self.segment {
                segment.files.log.set_len(segment.log_end)?;
            }
            self.put(&gap)?;
            self.backlog.gap_written();
        }
        while let Some(batch) = self.backlog.take_oldest() {
            if let Err(e) = self.put(&batch.bytes) {
                self.backlog.put_back(batch);
                return Err(e);
            }
        }
        self.backlog.emptied();
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.segment.is_none() {
            self.segment = Some(self.create()?);
        }
        let Some(segment) = &mut self.segment else { return Ok(()) };
        if !self.keys.unwritten.is_empty() {
            write_at(&segment.files.keys, &self.keys.unwritten, segment.keys_end)?;
            segment.keys_end += self.keys.unwritten.len() as u64;
            self.keys.unwritten.clear();
        }
        write_at(&segment.files.log, bytes, segment.log_end)?;
        segment.log_end += bytes.len() as u64;
        self.flusher.written();
        if self.options.fsync == Fsync::EachCommit {
            let synced = segment.files.sync();
            self.unconfirmed = self.unconfirmed.or(synced.err().map(|e| (e.kind(), self.last_at)));
        }
        Ok(())
    }

    fn create(&self) -> io::Result<Segment> {
        let start = Start {
            schema: self.options.schema,
            epoch: self.epoch,
            base: self.base,
            at: self.first_at.unwrap_or(self.last_at),
        };
        let (log, keys) =
            (segment::log_path(&self.folder, self.base), segment::keys_path(&self.folder, self.base));
        let made = Self::create_files(&log, &keys, &start, &self.master).and_then(|files| {
            if self.options.fsync == Fsync::EachCommit {
                File::open(&self.folder)?.sync_all()?;
            }
            self.flusher.watch(Pair { keys: files.keys.try_clone()?, log: files.log.try_clone()? });
            Ok(Segment { files, log_end: segment::START as u64, keys_end: 0 })
        });
        if made.is_err() {
            // Ours and empty, or never made.
            let _ = (fs::remove_file(log), fs::remove_file(keys));
        }
        made
    }

    fn create_files(log: &Path, keys: &Path, start: &Start, master: &Master) -> io::Result<Pair> {
        let make = |path| OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
        let pair = Pair { keys: make(keys)?, log: make(log)? };
        let head = start.bytes(master).map_err(io::Error::other)?;
        write_at(&pair.log, &head, 0)?;
        Ok(pair)
    }

    fn grown(&self) -> bool {
        self.segment.as_ref().is_some_and(|s| s.log_end >= self.options.segment_bytes)
    }

    /// The next input goes to a new segment, under new keys.
    fn begin_segment(&mut self) {
        self.segment = None;
        self.base = self.next;
        self.first_at = None;
        self.keys = Writing::new(self.master.clone(), self.epoch, self.base);
    }

    /// The call is over: its key need not stay in memory.
    pub fn forget(&mut self, call: CallId) {
        self.keys.forget(call);
    }

    pub fn health(&mut self) -> Health {
        if let Some((reason, since)) = self.failing {
            return self.trouble(reason, since);
        }
        self.unconfirmed = self.unconfirmed.or(self.flusher.failure().map(|kind| (kind, self.last_at)));
        match self.unconfirmed {
            Some((kind, since)) => self.trouble(Reason::Sync(kind), since),
            None => Health::Good,
        }
    }

    fn trouble(&self, reason: Reason, since: Stamp) -> Health {
        let kept_bytes = (self.backlog.bytes() + self.keys.unwritten.len()) as u64;
        Health::Failing(Trouble { reason, since, kept_bytes, dropped: self.backlog.dropped() })
    }

    /// Clean stop: writes what is left, waits for the disk, ends the thread.
    pub fn close(mut self) -> Health {
        self.stop()
    }

    fn stop(&mut self) -> Health {
        self.retry_at = Instant::now();
        self.commit();
        self.flusher.finish();
        self.snapshots.wait();
        self.health()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.stop();
    }
}

fn reason(error: &io::Error) -> Reason {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Reason::DiskFull
        }
        kind => Reason::Write(kind),
    }
}

/// Writes at a place, so that a write that failed half-way can simply be repeated.
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    #[cfg(test)]
    super::tests::valve::pass(bytes.len(), |room| file.write_all_at(&bytes[..room], at))?;
    file.write_all_at(bytes, at)
}
