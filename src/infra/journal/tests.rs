mod archive;
mod crash;
mod damage;
mod full;
mod life;

use std::path::Path;

use super::*;
use crate::base::{clock::Stamp, id::CallId};

/// A disk with as much room as a test gives it, for the thread that writes, and one that confirms nothing.
pub mod valve {
    use std::{
        cell::Cell,
        fs::{self, File},
        io,
        os::fd::AsRawFd,
        path::{Path, PathBuf},
        sync::Mutex,
    };

    /// Below these folders nothing is confirmed.
    static DEAF: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

    /// Whether the disk below `folder` confirms what was written.
    pub fn confirm(folder: &Path, yes: bool) {
        let mut deaf = DEAF.lock().unwrap();
        deaf.retain(|known| known != folder);
        if !yes {
            deaf.push(folder.to_owned());
        }
    }

    /// What `fdatasync` says before it is asked.
    pub fn sync(file: &File) -> io::Result<()> {
        let path = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
        let deaf = DEAF.lock().unwrap().iter().any(|folder| path.starts_with(folder));
        if deaf { Err(nix::errno::Errno::EIO.into()) } else { Ok(()) }
    }

    thread_local! {
        static ROOM: Cell<Option<usize>> = const { Cell::new(None) };
    }

    /// From now on this many bytes can be written; `None` for as many as the real disk takes.
    pub fn set(room: Option<usize>) {
        ROOM.set(room);
    }

    /// Lets `len` bytes through, or as many as there is room for and then fails as a full disk does.
    pub fn pass(len: usize, write: impl FnOnce(usize) -> io::Result<()>) -> io::Result<()> {
        match ROOM.get() {
            Some(room) if room < len => {
                ROOM.set(Some(0));
                write(room)?;
                Err(io::ErrorKind::StorageFull.into())
            }
            Some(room) => {
                ROOM.set(Some(room - len));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

fn at(seq: u64) -> Stamp {
    Stamp(1_795_000_000_000_000 + seq as i64 * 1000)
}

fn call(n: u64) -> CallId {
    CallId((at(n).millis() as u64) << 20 | n)
}

fn options() -> Options {
    Options { segment_bytes: 4096, ..Options::default() }
}

fn open(state: &Path) -> (Journal, Recovered) {
    Journal::open(state, options()).expect("the journal opens")
}

/// The text of input `seq`.
fn text(seq: u64) -> String {
    format!("input {seq} {}", "x".repeat((seq as usize * 37) % 190))
}

/// Appends `n` inputs, every third of no call, and commits.
fn write(journal: &mut Journal, n: u64) {
    for _ in 0..n {
        let seq = journal.next_seq();
        let whose = (!seq.is_multiple_of(3)).then(|| call(seq % 7 + 1));
        assert_eq!(journal.append(at(seq), whose, &text(seq)).unwrap(), seq);
    }
    journal.commit();
}

fn all(state: &Path) -> Vec<Entry> {
    read(state, 1).unwrap().map(Result::unwrap).collect()
}

fn said(entry: &Entry) -> Option<String> {
    entry.input().map(|json| json.expect("a string"))
}

/// Checks that the entries are exactly the inputs `numbers`, unharmed.
fn assert_inputs(entries: &[Entry], numbers: impl IntoIterator<Item = u64>) {
    let found: Vec<_> = entries.iter().map(|e| (e.seq, e.at, said(e))).collect();
    let expected: Vec<_> = numbers.into_iter().map(|seq| (seq, at(seq), Some(text(seq)))).collect();
    assert_eq!(found, expected);
}
