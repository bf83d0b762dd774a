//! Reading, after a crash or beside the running daemon.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;

use super::{
    Places,
    error::OpenError,
    keys::{self, Found, Master, Reading},
    record::{self, HEAD, Head, Kind, Parsed, u64_at},
    segment::{self, BadStart, START, Start},
};
use crate::base::{clock::Stamp, id::CallId};

/// How much is read at once.
const WINDOW: usize = 256 << 10;

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub seq: u64,
    pub at: Stamp,
    pub call: Option<CallId>,
    pub payload: Payload,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The input as it was appended.
    Json(Vec<u8>),
    /// The call's key was destroyed: the order stays, the content is gone.
    Erased,
    /// The inputs from this number to the entry's own were dropped while the disk was full.
    Gap { first: u64 },
    /// The inputs from this number to the entry's own cannot be read: the disk has damaged or lost them.
    Damaged { first: u64 },
}

impl Entry {
    /// The input, when there is one to read.
    pub fn input<T: DeserializeOwned>(&self) -> Option<Result<T, serde_json::Error>> {
        match &self.payload {
            Payload::Json(bytes) => Some(serde_json::from_slice(bytes)),
            _ => None,
        }
    }
}

/// All entries of a state folder, oldest first. The daemon may run meanwhile: at the present end the iterator
/// gives `None`, and when asked again what has come since.
pub fn read(state: &Path, schema: u32) -> Result<Reader, OpenError> {
    let places = Places::of(state);
    let master = Master::open(&places.master, false)?;
    Ok(Reader::new(places.journal, schema, master, None))
}

/// Walks through segments and records; see [`read()`].
pub struct Reader {
    folder: PathBuf,
    schema: u32,
    master: Master,
    /// Entries before this number are skipped; what is missing from it on is reported.
    from: Option<u64>,
    current: Option<Current>,
    /// Number of the last entry given or skipped.
    last: u64,
    /// What happens between the end of a segment being seen and the next one being looked for.
    #[cfg(test)]
    pub(super) on_end: Option<Box<dyn FnOnce() + Send>>,
}

struct Current {
    base: u64,
    cursor: Cursor,
    keys: Reading,
}

impl Reader {
    pub(super) fn new(folder: PathBuf, schema: u32, master: Master, from: Option<u64>) -> Self {
        Self {
            folder,
            schema,
            master,
            from,
            current: None,
            last: from.map_or(0, |f| f.saturating_sub(1)),
            #[cfg(test)]
            on_end: None,
        }
    }

    fn step(&mut self) -> Result<Option<Entry>, OpenError> {
        loop {
            let mut step = self.step_here()?;
            if let Some(Step::End { .. }) = step {
                #[cfg(test)]
                if let Some(happen) = self.on_end.take() {
                    happen();
                }
                if self.following()?.is_none() {
                    return Ok(None);
                }
                // The writer had left this segment before the next one appeared: now it is complete.
                step = self.step_here()?;
            }
            match step {
                Some(Step::Record(head, bytes)) => {
                    self.last = head.seq;
                    if head.seq >= self.from.unwrap_or(0) {
                        return self.entry(head, bytes).map(Some);
                    }
                }
                Some(Step::Damaged { last }) => {
                    let first = (self.last + 1).max(self.from.unwrap_or(0));
                    self.last = last;
                    if first <= last {
                        return Ok(Some(missing(first, last, Stamp(0))));
                    }
                }
                Some(Step::End { .. }) | None => match self.advance()? {
                    Advanced::No => return Ok(None),
                    Advanced::Yes => {}
                    Advanced::Missing(entry) => return Ok(Some(entry)),
                },
            }
        }
    }

    /// The next step in the segment in hand, if there is one in hand.
    fn step_here(&mut self) -> Result<Option<Step>, OpenError> {
        let Some(current) = &mut self.current else { return Ok(None) };
        let step = current.cursor.step();
        step.map(Some).map_err(|e| OpenError::io("read", segment::log_path(&self.folder, current.base))(e))
    }

    fn entry(&mut self, head: Head, bytes: Vec<u8>) -> Result<Entry, OpenError> {
        let payload = match &mut self.current {
            Some(current) => current.unseal(&head, &bytes).map_err(OpenError::io("read", &self.folder))?,
            None => Payload::Damaged { first: head.seq },
        };
        let call = if let Kind::Call(call) = head.kind { Some(call) } else { None };
        Ok(Entry { seq: head.seq, at: head.at, call, payload })
    }

    /// The base of the segment after the current one, or of the first one to read.
    fn following(&self) -> Result<Option<u64>, OpenError> {
        let bases = segment::list(&self.folder, "log").map_err(OpenError::io("list", &self.folder))?;
        Ok(match (&self.current, self.from) {
            (Some(current), _) => bases.into_iter().find(|b| *b > current.base),
            (None, Some(from)) => {
                let later = bases.partition_point(|b| *b <= from);
                bases.get(later.saturating_sub(1)).copied()
            }
            (None, None) => bases.first().copied(),
        })
    }

    /// Goes on to the next segment, if its head can be read already.
    fn advance(&mut self) -> Result<Advanced, OpenError> {
        let Some(base) = self.following()? else { return Ok(Advanced::No) };
        let path = segment::log_path(&self.folder, base);
        let file = match File::open(&path) {
            Ok(file) => file,
            // Pruned since it was listed.
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Advanced::No),
            Err(e) => return Err(OpenError::io("open", path)(e)),
        };
        let start = match Start::read(&file, self.schema, Some(&self.master))
            .map_err(OpenError::io("read", &path))?
        {
            Ok(start) => start,
            // Being made at this moment.
            Err(BadStart::Torn) => return Ok(Advanced::No),
            Err(bad) => return Err(bad.into_open(&path)),
        };
        let keys_path = segment::keys_path(&self.folder, base);
        let keys = Reading::open(self.master.clone(), start.epoch, base, &keys_path)
            .map_err(OpenError::io("open", keys_path))?;
        let first = self.last + 1;
        let known = self.current.is_some() || self.from.is_some();
        self.last = self.last.max(base - 1);
        self.current = Some(Current { base, cursor: Cursor::new(file, base - 1), keys });
        if known && first < base {
            return Ok(Advanced::Missing(missing(first, base - 1, start.at)));
        }
        Ok(Advanced::Yes)
    }
}

fn missing(first: u64, last: u64, at: Stamp) -> Entry {
    Entry { seq: last, at, call: None, payload: Payload::Damaged { first } }
}

enum Advanced {
    No,
    Yes,
    /// Yes, but numbers are missing in between.
    Missing(Entry),
}

impl Iterator for Reader {
    type Item = Result<Entry, OpenError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

impl Current {
    fn unseal(&mut self, head: &Head, bytes: &[u8]) -> io::Result<Payload> {
        let call = match head.kind {
            Kind::Gap => return Ok(Payload::Gap { first: u64_at(bytes, HEAD) }),
            Kind::House => None,
            Kind::Call(call) => Some(call),
        };
        let damaged = Payload::Damaged { first: head.seq };
        Ok(match self.keys.key(head.slot, call)? {
            Found::Erased => Payload::Erased,
            Found::Lost => damaged,
            Found::Key(key) => {
                let plain = keys::open(key, head.seq, &bytes[4..HEAD], bytes[HEAD..].to_vec());
                plain.map_or(damaged, Payload::Json)
            }
        })
    }
}

/// What stands next in a segment.
pub(super) enum Step {
    /// The whole record, head included.
    Record(Head, Vec<u8>),
    /// Something that is not what was written, with good records behind it: up to this number they are missing.
    Damaged { last: u64 },
    /// Nothing whole any more, at this place of the file.
    End { at: u64 },
}

/// Walks through the records of one segment without unsealing them.
pub(super) struct Cursor {
    file: File,
    /// What was read and not yet walked over, and where in the file it stands.
    window: Vec<u8>,
    start: usize,
    at: u64,
    last: u64,
}

impl Cursor {
    pub fn new(file: File, last: u64) -> Self {
        Self { file, window: Vec::new(), start: 0, at: START as u64, last }
    }

    pub fn last(&self) -> u64 {
        self.last
    }

    pub fn step(&mut self) -> io::Result<Step> {
        loop {
            if let Parsed::Whole(head) = self.parse()? {
                let record = self.window[self.start..self.start + head.total()].to_vec();
                self.skip(head.total());
                self.last = head.seq;
                return Ok(Step::Record(head, record));
            }
            let Some((ahead, next)) = self.good_one_behind()? else { return Ok(self.end()) };
            self.skip(ahead);
            if next > self.last + 1 {
                self.last = next - 1;
                return Ok(Step::Damaged { last: self.last });
            }
        }
    }

    /// How far the next good record is and the number from which on it tells, when something stands before it that
    /// is none.
    fn good_one_behind(&mut self) -> io::Result<Option<(usize, u64)>> {
        while self.fill(self.window.len() - self.start + WINDOW)? {}
        let rest = &self.window[self.start..];
        let found = (1..rest.len()).find_map(|ahead| match record::parse(&rest[ahead..], self.last) {
            Parsed::Whole(head) => Some((ahead, head)),
            _ => None,
        });
        Ok(found.map(|(ahead, head)| {
            let gap = head.kind == Kind::Gap;
            (ahead, if gap { u64_at(rest, ahead + HEAD).max(self.last + 1) } else { head.seq })
        }))
    }

    /// What stands here, read as far as needed.
    fn parse(&mut self) -> io::Result<Parsed> {
        loop {
            match record::parse(self.window.get(self.start..).unwrap_or_default(), self.last) {
                Parsed::Short(need) if self.fill(need)? => {}
                parsed => return Ok(parsed),
            }
        }
    }

    /// Reads on until `need` bytes are there; false when the file has no more.
    fn fill(&mut self, need: usize) -> io::Result<bool> {
        self.window.drain(..self.start);
        self.start = 0;
        while self.window.len() < need {
            let have = self.window.len();
            self.window.resize(have + (need - have).max(WINDOW), 0);
            let got = self.file.read_at(&mut self.window[have..], self.at + have as u64);
            self.window.truncate(have + *got.as_ref().unwrap_or(&0));
            if got? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn skip(&mut self, bytes: usize) {
        self.start += bytes;
        self.at += bytes as u64;
    }

    /// The next step looks at the file afresh.
    fn end(&mut self) -> Step {
        self.window.clear();
        self.start = 0;
        Step::End { at: self.at }
    }
}
