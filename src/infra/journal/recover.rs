//! Opening a journal: whose it is, where it ends, what a crash left behind.

use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use aws_lc_rs::rand;

use super::{
    Options, Places,
    error::{LockHolder, OpenError},
    keys::Master,
    read::{Cursor, Entry, Reader, Step},
    segment::{self, BadStart, START, Start},
    snapshot::{self, Snapshot},
    write::{Ground, Journal},
};

/// What was there when the journal was opened.
pub struct Recovered {
    pub snapshot: Option<Snapshot>,
    /// All entries after the snapshot, or from the first on.
    pub entries: Entries,
    pub torn: Option<Torn>,
}

/// The end of a segment that no record can be made of: a write that a crash cut short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    pub segment: PathBuf,
    pub at: u64,
    pub bytes: u64,
    /// Where the cut bytes were put aside, if there was room.
    pub kept: Option<PathBuf>,
}

/// The entries to be replayed; ends where the journal ended when it was opened.
pub struct Entries {
    reader: Reader,
    until: u64,
}

impl Iterator for Entries {
    type Item = Result<Entry, OpenError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.reader.next().filter(|entry| entry.as_ref().map_or(true, |e| e.seq < self.until))
    }
}

impl Journal {
    /// Opens the journal in the state folder `state`, or begins one.
    pub fn open(state: &Path, options: Options) -> Result<(Self, Recovered), OpenError> {
        let places = Places::of(state);
        let folder = places.journal;
        fs::create_dir_all(&folder).map_err(OpenError::io("create", &folder))?;
        let private = fs::set_permissions(&folder, Permissions::from_mode(0o700));
        private.map_err(OpenError::io("set the mode of", &folder))?;
        let lock = lock(&folder.join("lock"))?;

        let bases = segment::list(&folder, "log").map_err(OpenError::io("list", &folder))?;
        let snapshots = snapshot::list(&folder).map_err(OpenError::io("list", &folder))?;
        let master = Master::open(&places.master, bases.is_empty() && snapshots.is_empty())?;
        let mut found = find_end(&folder, &options, &master, bases)?;
        let snapshot = snapshot::newest(&folder, options.schema, &master, &snapshots, &mut found.epoch)?;
        let epoch = match found.epoch {
            Some(epoch) => epoch,
            None => new_epoch(&folder)?,
        };
        let after = snapshot.as_ref().map_or(0, |s| s.seq);
        let next = found.next.max(after + 1);

        let reader = Reader::new(folder.clone(), options.schema, master.clone(), Some(after + 1));
        let entries = Entries { reader, until: next };
        let ground = Ground { folder: folder.clone(), options, master, epoch, next, lock };
        let journal = Self::on(ground).map_err(OpenError::io("start the sync thread for", folder))?;
        Ok((journal, Recovered { snapshot, entries, torn: found.torn }))
    }
}

fn new_epoch(folder: &Path) -> Result<[u8; 16], OpenError> {
    let mut epoch = [0; 16];
    rand::fill(&mut epoch)
        .map_err(|_| OpenError::io("get random numbers for", folder)(std::io::Error::other("none")))?;
    Ok(epoch)
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let io = |doing| OpenError::io(doing, path);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(io("open"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
            return Err(OpenError::Locked { path: path.into(), pid: LockHolder(pid) });
        }
        Err(TryLockError::Error(e)) => return Err(io("lock")(e)),
    }
    // Only for the message above: a full disk must not keep the daemon from starting.
    let _ = file.set_len(0).and_then(|()| file.write_all(std::process::id().to_string().as_bytes()));
    Ok(file)
}

#[derive(Default)]
struct End {
    epoch: Option<[u8; 16]>,
    next: u64,
    torn: Option<Torn>,
}

/// Finds the last whole record, and cuts off what stands behind it.
fn find_end(
    folder: &Path,
    options: &Options,
    master: &Master,
    mut bases: Vec<u64>,
) -> Result<End, OpenError> {
    let mut end = End { next: 1, ..End::default() };
    while let Some(base) = bases.pop() {
        end.next = end.next.max(base);
        let path = segment::log_path(folder, base);
        let file = OpenOptions::new().read(true).write(true).open(&path);
        let file = file.map_err(OpenError::io("open", &path))?;
        let start =
            match Start::read(&file, options.schema, Some(master)).map_err(OpenError::io("read", &path))? {
                Ok(start) => start,
                Err(BadStart::Torn) => {
                    end.torn = cut(folder, base, &file, 0)?.or(end.torn);
                    remove(folder, base)?;
                    continue;
                }
                Err(bad) => return Err(bad.into_open(&path)),
            };
        if end.epoch.is_some_and(|epoch| epoch != start.epoch) {
            return Err(OpenError::Foreign { path });
        }
        end.epoch = Some(start.epoch);
        let (last, at) = walk(&file, base).map_err(OpenError::io("read", &path))?;
        end.torn = cut(folder, base, &file, at)?.or(end.torn);
        end.next = end.next.max(last + 1);
        if at > START as u64 {
            break;
        }
        remove(folder, base)?;
    }
    Ok(end)
}

/// Number and end of the last whole record.
fn walk(file: &File, base: u64) -> std::io::Result<(u64, u64)> {
    let mut cursor = Cursor::new(file.try_clone()?, base - 1);
    loop {
        if let Step::End { at } = cursor.step()? {
            return Ok((cursor.last(), at));
        }
    }
}

/// Puts aside what stands behind `at`, and cuts it off.
fn cut(folder: &Path, base: u64, file: &File, at: u64) -> Result<Option<Torn>, OpenError> {
    let path = segment::log_path(folder, base);
    let io = |doing| OpenError::io(doing, &path);
    let bytes = file.metadata().map_err(io("look at"))?.len().saturating_sub(at);
    if bytes == 0 {
        return Ok(None);
    }
    let aside = folder.join(format!("{base:020}-{at}.torn"));
    let keep = || {
        let mut from = file;
        from.seek(SeekFrom::Start(at))?;
        let mut to = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        std::io::copy(&mut from, &mut to)
    };
    let kept = keep().is_ok().then_some(aside);
    file.set_len(at).and_then(|()| file.sync_all()).map_err(io("cut"))?;
    Ok(Some(Torn { segment: path, at, bytes, kept }))
}

/// Takes away a segment that never got a record.
fn remove(folder: &Path, base: u64) -> Result<(), OpenError> {
    let (log, keys) = (segment::log_path(folder, base), segment::keys_path(folder, base));
    let _ = fs::remove_file(keys);
    fs::remove_file(&log).map_err(OpenError::io("remove", log))
}
