//! Erasing calls: their keys are destroyed, the order of the journal stays.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::FileExt,
    path::Path,
    time::Duration,
};

use super::{
    Journal, Places, archive,
    keys::{SLOT, WRAPPED, slot_is},
    record::u64_at,
    segment,
};
use crate::base::id::CallId;

/// How far a clock may have been set back between a call's birth and its records.
const CLOCK_SLACK: Duration = Duration::from_hours(24);

impl Journal {
    /// Like [`erase`], with what is still in memory.
    pub fn erase(&mut self, call: CallId) -> io::Result<u32> {
        Ok(self.keys.erase(call) + erase_below(&self.folder, &[call].into())?)
    }
}

/// Overwrites every key of these calls in the state folder, also of a running daemon, and waits until that is on the
/// platter. The calls must be over and the journal well, so that all their keys are in files. Gives the number of keys
/// destroyed. Old snapshots that tell of the calls are deleted; the last two may still tell of one that has just ended,
/// until two newer ones have replaced them.
pub fn erase(state: &Path, calls: &BTreeSet<CallId>) -> io::Result<u32> {
    erase_below(&Places::of(state).journal, calls)
}

fn erase_below(folder: &Path, calls: &BTreeSet<CallId>) -> io::Result<u32> {
    let Some(oldest) = calls.first().map(|call| call.born()) else { return Ok(0) };
    let bases = segment::list(folder, "keys")?;
    let mut erased = 0;
    let mut within: BTreeMap<CallId, (usize, usize)> = BTreeMap::new();
    for (i, base) in bases.iter().enumerate() {
        let ended = bases.get(i + 1).and_then(|next| segment::peek(folder, *next)).map(|next| next.at);
        if ended.is_none_or(|ended| ended + CLOCK_SLACK >= oldest) {
            for call in erase_in(&segment::keys_path(folder, *base), calls)? {
                within.entry(call).or_insert((i, i)).1 = i;
                erased += 1;
            }
        }
    }
    for (first, last) in within.into_values() {
        archive::forget(folder, &bases, first, last)?;
    }
    Ok(erased)
}

/// The calls whose keys were there, one for each key.
fn erase_in(path: &Path, calls: &BTreeSet<CallId>) -> io::Result<Vec<CallId>> {
    let mut file: File = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        // Pruned, key and all.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let mut slots = Vec::new();
    file.read_to_end(&mut slots)?;
    let mut erased = Vec::new();
    for (number, slot) in slots.chunks_exact(SLOT).enumerate() {
        let call = CallId(u64_at(slot, 0));
        if slot_is(slot, call) && calls.contains(&call) {
            file.write_all_at(&[0; SLOT - WRAPPED.start], (number * SLOT + WRAPPED.start) as u64)?;
            erased.push(call);
        }
    }
    if !erased.is_empty() {
        file.sync_all()?;
    }
    Ok(erased)
}
