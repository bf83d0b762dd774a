//! The end that gives rows out.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Shared, SpoolError, frame};

/// How much is read at once; at least one row.
const WINDOW: usize = 256 << 10;

/// Rows that the receiver will never take.
const REFUSED: &str = "refused.jsonl";

/// A row, and the place behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub bytes: Vec<u8>,
    end: Place,
}

/// A place in the spool's files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub number: u64,
    pub offset: u64,
}

/// The spool's one reader.
pub struct Outlet {
    shared: Arc<Shared>,
    acknowledged: Place,
}

impl Outlet {
    pub(super) fn new(shared: Arc<Shared>, acknowledged: Place) -> Self {
        Self { shared, acknowledged }
    }

    /// Waits until something was pushed since the last wait.
    pub async fn news(&self) {
        self.shared.news.notified().await;
    }

    /// Up to `most` rows behind the last acknowledged one. The same again until they are acknowledged.
    pub fn rows(&mut self, most: usize) -> Result<Vec<Row>, SpoolError> {
        loop {
            let here = self.acknowledged;
            // Asked for before the file is read: what follows was begun when this one was complete.
            let following = list(&self.shared.folder)?.into_iter().find(|n| *n > here.number);
            let rows = self.read(here, most)?;
            match following {
                Some(next) if rows.is_empty() => {
                    self.keep_damaged(here)?;
                    self.acknowledge_to(Place { number: next, offset: 0 })?;
                }
                _ => return Ok(rows),
            }
        }
    }

    /// A file that ends in something that is no row, as a crash leaves it, is put aside instead of deleted.
    fn keep_damaged(&self, left: Place) -> Result<(), SpoolError> {
        let path = path(&self.shared.folder, left.number);
        if fs::metadata(&path).is_ok_and(|meta| meta.len() > left.offset) {
            tracing::warn!(file = %path.display(), at = left.offset, "the rest of a spool file is no row; it is put aside");
            fs::rename(&path, path.with_extension("damaged")).map_err(SpoolError::io("rename", path))?;
        }
        Ok(())
    }

    fn read(&self, from: Place, most: usize) -> Result<Vec<Row>, SpoolError> {
        let path = path(&self.shared.folder, from.number);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(SpoolError::io("open", path)(e)),
        };
        let rows = read_rows(&file, from, most, WINDOW).map_err(SpoolError::io("read", &path))?;
        if rows.is_empty() {
            // Perhaps one row is longer than the window.
            return read_rows(&file, from, 1, usize::MAX).map_err(SpoolError::io("read", path));
        }
        Ok(rows)
    }

    /// The rows up to and with this one have arrived and are not given again.
    pub fn acknowledge(&mut self, row: &Row) -> Result<(), SpoolError> {
        self.acknowledge_to(row.end)
    }

    fn acknowledge_to(&mut self, place: Place) -> Result<(), SpoolError> {
        let folder = &self.shared.folder;
        let ledger = folder.join("acknowledged");
        write_place(&ledger, place).map_err(SpoolError::io("write", ledger))?;
        self.acknowledged = place;
        for number in list(folder)?.into_iter().take_while(|n| *n < place.number) {
            let path = path(folder, number);
            fs::remove_file(&path).map_err(SpoolError::io("remove", path))?;
        }
        Ok(())
    }

    /// For a quiet moment: rows that the disk refused are tried again, and a file that has wholly arrived is left,
    /// so that it does not stay for ever.
    pub fn tidy(&mut self) -> Result<(), SpoolError> {
        let mut tail = self.shared.tail();
        tail.write(&self.shared.folder)?;
        if tail.file.is_some() && self.acknowledged == (Place { number: tail.number, offset: tail.end }) {
            tail.next_file();
            let place = Place { number: tail.number, offset: 0 };
            drop(tail);
            self.acknowledge_to(place)?;
        }
        Ok(())
    }

    /// Files that must still be brought to the platter, if rows are to wait here for long.
    pub fn take_unsynced(&self) -> Vec<Arc<File>> {
        std::mem::take(&mut self.shared.tail().unsynced)
    }

    /// Puts a row aside that the receiver will never take, and gives the file where it lies.
    pub fn put_aside(&self, row: &Row) -> Result<PathBuf, SpoolError> {
        let path = self.shared.folder.join(REFUSED);
        let put = || {
            let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
            file.write_all(&[row.bytes.as_slice(), b"\n"].concat())?;
            file.sync_all()
        };
        put().map_err(SpoolError::io("write", &path))?;
        Ok(path)
    }

    /// Removes from the rows that were put aside those in which `text` stands.
    pub fn forget_refused(&self, text: &str) -> Result<(), SpoolError> {
        let path = self.shared.folder.join(REFUSED);
        let forget = || {
            let rows = match fs::read_to_string(&path) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
                rows => rows?,
            };
            let kept: String = rows.split_inclusive('\n').filter(|row| !row.contains(text)).collect();
            if kept.len() == rows.len() {
                return Ok(());
            }
            let draft = path.with_extension("draft");
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
            file.write_all(kept.as_bytes())?;
            file.sync_all()?;
            fs::rename(draft, &path)
        };
        forget().map_err(SpoolError::io("rewrite", &path))
    }
}

fn read_rows(file: &File, from: Place, most: usize, window: usize) -> io::Result<Vec<Row>> {
    let left = file.metadata()?.len().saturating_sub(from.offset);
    let mut bytes = vec![0; window.min(usize::try_from(left).unwrap_or(usize::MAX))];
    let mut got = 0;
    while got < bytes.len() {
        match file.read_at(&mut bytes[got..], from.offset + got as u64)? {
            0 => break,
            n => got += n,
        }
    }
    let (mut rest, mut end, mut rows) = (&bytes[..got], from, Vec::new());
    while let Some((row, len)) = frame::unpack(rest).filter(|_| rows.len() < most) {
        end.offset += len as u64;
        rows.push(Row { bytes: row.to_vec(), end });
        rest = &rest[len..];
    }
    Ok(rows)
}

pub fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:020}.rows"))
}

fn list(folder: &Path) -> Result<Vec<u64>, SpoolError> {
    let read = || -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for file in fs::read_dir(folder)? {
            let path = file?.path();
            let number = path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse::<u64>().ok());
            numbers.extend(number.filter(|_| path.extension().is_some_and(|e| e == "rows")));
        }
        numbers.sort_unstable();
        Ok(numbers)
    };
    read().map_err(SpoolError::io("list", folder))
}

/// The acknowledged place, and the number of the newest file. An acknowledgement that cannot be read only means
/// that rows are given again.
pub fn places(folder: &Path) -> Result<(Place, u64), SpoolError> {
    let numbers = list(folder)?;
    let acknowledged = fs::read(folder.join("acknowledged")).ok().and_then(|bytes| read_place(&bytes));
    let first = Place { number: numbers.first().copied().unwrap_or(0), offset: 0 };
    Ok((acknowledged.unwrap_or(first), numbers.last().copied().unwrap_or(0)))
}

/// Bytes behind the acknowledged place.
pub fn depth(folder: &Path) -> Result<u64, SpoolError> {
    let (acknowledged, _) = places(folder)?;
    let numbers = list(folder)?;
    let size = |number: &u64| {
        let bytes = fs::metadata(path(folder, *number)).map_or(0, |file| file.len());
        bytes.saturating_sub(if *number == acknowledged.number { acknowledged.offset } else { 0 })
    };
    Ok(numbers.iter().filter(|number| **number >= acknowledged.number).map(size).sum())
}

fn read_place(bytes: &[u8]) -> Option<Place> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    let (offset, crc) = rest.split_first_chunk::<8>()?;
    (crc == crc32fast::hash(&bytes[..16]).to_le_bytes())
        .then(|| Place { number: u64::from_le_bytes(*number), offset: u64::from_le_bytes(*offset) })
}

fn write_place(path: &Path, place: Place) -> io::Result<()> {
    let mut bytes = [place.number.to_le_bytes(), place.offset.to_le_bytes()].concat();
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?
        .write_all_at(&bytes, 0)
}
