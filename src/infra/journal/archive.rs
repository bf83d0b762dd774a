//! What is kept of the past, and for how long.
//!
//! The last two snapshots, for the next start; and for every segment that is kept the newest snapshot before it,
//! so that any call in it can be run again from a state that was. Segments go when the retention is over.

use std::{fs, io, path::Path};

use super::{
    Places,
    error::OpenError,
    keys::Master,
    read::Reader,
    segment,
    snapshot::{self, Snapshot},
};
use crate::base::clock::Stamp;

/// Snapshots for the next start: the newest, and one that stands in for it when it is damaged.
const FOR_START: usize = 2;

/// A state that was, and what came after it up to the present end.
pub struct Past {
    pub snapshot: Snapshot,
    pub entries: Reader,
}

/// The state before the segment that was begun last at `at` or earlier (before the first one that is kept, for
/// `None`). Gives `None` when no state from then can be read. The daemon may run meanwhile.
pub fn past(state: &Path, schema: u32, at: Option<Stamp>) -> Result<Option<Past>, OpenError> {
    let Places { journal: folder, master } = Places::of(state);
    let master = Master::open(&master, false)?;
    let listed = OpenError::io("list", &folder);
    let (bases, snapshots) = segment::list(&folder, "log")
        .and_then(|bases| Ok((bases, snapshot::list(&folder)?)))
        .map_err(listed)?;
    let Some(first) = bases.first().copied() else { return Ok(None) };
    let begun = |base: &&u64| at.is_some_and(|at| segment::peek(&folder, **base).is_some_and(|s| s.at <= at));
    let wanted = bases.iter().rev().find(begun).copied().unwrap_or(first);
    let replayable = snapshots.partition_point(|seq| seq + 1 < first);
    let before = match at {
        Some(_) => &snapshots[replayable..snapshots.partition_point(|seq| *seq < wanted).max(replayable)],
        None => &snapshots[replayable..snapshots.len().min(replayable + 1)],
    };
    let found = snapshot::newest(&folder, schema, &master, before, &mut None)?;
    Ok(found.map(|snapshot| {
        let entries = Reader::new(folder, schema, master, Some(snapshot.seq + 1));
        Past { snapshot, entries }
    }))
}

/// Deletes what neither the next start nor the retention needs.
pub(super) fn prune(folder: &Path, expired: Stamp) -> io::Result<()> {
    let snapshots = snapshot::list(folder)?;
    let last = snapshots.len().saturating_sub(FOR_START);
    let mut bases = segment::list(folder, "log")?;
    if let Some(needed) = snapshots.get(last).filter(|_| snapshots.len() >= FOR_START) {
        let goes = |next: &u64| {
            *next <= needed + 1 && segment::peek(folder, *next).is_some_and(|start| start.at < expired)
        };
        let gone = bases.iter().skip(1).take_while(|next| goes(next)).count();
        for base in bases.drain(..gone) {
            // The keys first: when only this is done, what is left of the segment tells nobody anything.
            match fs::remove_file(segment::keys_path(folder, base)) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => fs::remove_file(segment::log_path(folder, base))?,
            }
        }
    }
    let opens = |seq: &u64, next: &u64| bases.iter().any(|base| seq < base && base <= next);
    for pair in snapshots[..(last + 1).min(snapshots.len())].windows(2) {
        if !opens(&pair[0], &pair[1]) {
            fs::remove_file(snapshot::path(folder, pair[0]))?;
        }
    }
    Ok(())
}

/// Deletes the old snapshots that tell of a call whose inputs lie in the segments `bases[first..=last]`.
pub(super) fn forget(folder: &Path, bases: &[u64], first: usize, last: usize) -> io::Result<()> {
    let snapshots = snapshot::list(folder)?;
    let old = snapshots.len().saturating_sub(FOR_START);
    let end = bases.get(last + 1).copied().unwrap_or(u64::MAX);
    for seq in snapshots[..old].iter().filter(|seq| (bases[first]..end).contains(*seq)) {
        fs::remove_file(snapshot::path(folder, *seq))?;
    }
    Ok(())
}
