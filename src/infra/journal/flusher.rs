//! The thread that calls `fdatasync`, so that the switchboard never waits for a platter.

use std::{
    fs::File,
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI32, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// A segment's two files.
pub struct Pair {
    pub keys: File,
    pub log: File,
}

impl Pair {
    /// Keys first: a record on the platter without its key could not be read.
    pub fn sync(&self) -> io::Result<()> {
        sync(&self.keys)?;
        sync(&self.log)
    }
}

fn sync(file: &File) -> io::Result<()> {
    #[cfg(test)]
    super::tests::valve::sync(file)?;
    file.sync_data()
}

#[derive(Default)]
struct Shared {
    dirty: AtomicBool,
    /// The error number of the first failure, or 0. It stays: after a failure the kernel takes what it could not write
    /// for written, and confirms the next time what was never on the platter.
    failure: AtomicI32,
}

pub struct Flusher {
    shared: Arc<Shared>,
    notes: Option<Sender<Pair>>,
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    pub fn start(folder: PathBuf, every: Duration) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (notes, inbox) = channel();
        let worker = Worker { shared: shared.clone(), folder, every, pairs: Vec::new(), folder_dirty: false };
        let thread =
            std::thread::Builder::new().name("journal-sync".into()).spawn(move || worker.run(&inbox))?;
        Ok(Self { shared, notes: Some(notes), thread: Some(thread) })
    }

    /// From now on these files are written; earlier ones are synced once more and let go.
    pub fn watch(&self, pair: Pair) {
        if let Some(notes) = &self.notes {
            // A worker that is gone has panicked, and `finish` says so.
            let _ = notes.send(pair);
        }
    }

    pub fn written(&self) {
        self.shared.dirty.store(true, Ordering::Release);
    }

    pub fn failure(&self) -> Option<io::ErrorKind> {
        match self.shared.failure.load(Ordering::Relaxed) {
            0 => None,
            number => Some(io::Error::from_raw_os_error(number).kind()),
        }
    }

    /// Syncs what is left and ends the thread.
    pub fn finish(&mut self) -> Option<io::ErrorKind> {
        self.notes = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            return Some(io::ErrorKind::Other);
        }
        self.failure()
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.finish();
    }
}

struct Worker {
    shared: Arc<Shared>,
    folder: PathBuf,
    every: Duration,
    pairs: Vec<Pair>,
    /// A file was made since the folder was last synced.
    folder_dirty: bool,
}

impl Worker {
    fn run(mut self, inbox: &Receiver<Pair>) {
        let mut due = Instant::now() + self.every;
        loop {
            match inbox.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(pair) => {
                    self.pairs.push(pair);
                    self.folder_dirty = true;
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.sync();
                    due = Instant::now() + self.every;
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.sync();
                    return;
                }
            }
        }
    }

    fn sync(&mut self) {
        if !self.shared.dirty.swap(false, Ordering::Acquire) {
            return;
        }
        let done = self
            .pairs
            .iter()
            .try_for_each(Pair::sync)
            .and_then(|()| if self.folder_dirty { File::open(&self.folder)?.sync_all() } else { Ok(()) });
        match done {
            Ok(()) => {
                self.folder_dirty = false;
                let newest = self.pairs.len().saturating_sub(1);
                self.pairs.drain(..newest);
            }
            Err(e) => {
                self.shared.dirty.store(true, Ordering::Release);
                let number = e.raw_os_error().unwrap_or(5);
                let _first =
                    self.shared.failure.compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed);
            }
        }
    }
}
