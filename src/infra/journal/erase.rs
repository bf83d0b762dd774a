//! Erasing a call: its keys are destroyed, the order of the journal stays.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::FileExt,
    path::Path,
    time::Duration,
};

use super::{
    Journal, archive,
    keys::{SLOT, WRAPPED, slot_is},
    segment,
};
use crate::base::id::CallId;

/// How far a clock may have been set back between a call's birth and its records.
const CLOCK_SLACK: Duration = Duration::from_hours(24);

impl Journal {
    /// Overwrites every key of the call, on the disk and in memory, and waits until that is on the platter.
    /// Gives the number of keys destroyed. Old snapshots that tell of the call are deleted; the last two may still
    /// tell of one that has just ended, until two newer ones have replaced them.
    pub fn erase(&mut self, call: CallId) -> io::Result<u32> {
        let mut erased = self.keys.erase(call);
        let bases = segment::list(&self.folder, "keys")?;
        let mut within = None;
        for (i, base) in bases.iter().enumerate() {
            let ended =
                bases.get(i + 1).and_then(|next| segment::peek(&self.folder, *next)).map(|next| next.at);
            if ended.is_none_or(|ended| ended + CLOCK_SLACK >= call.born()) {
                let here = erase_in(&segment::keys_path(&self.folder, *base), call)?;
                if here > 0 {
                    within = Some((within.map_or(i, |(first, _)| first), i));
                }
                erased += here;
            }
        }
        if let Some((first, last)) = within {
            archive::forget(&self.folder, &bases, first, last)?;
        }
        Ok(erased)
    }
}

fn erase_in(path: &Path, call: CallId) -> io::Result<u32> {
    let mut file: File = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        // Pruned, key and all.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(e) => return Err(e),
    };
    let mut slots = Vec::new();
    file.read_to_end(&mut slots)?;
    let mut erased = 0;
    for (number, _) in slots.chunks_exact(SLOT).enumerate().filter(|(_, slot)| slot_is(slot, call)) {
        file.write_all_at(&[0; SLOT - WRAPPED.start], (number * SLOT + WRAPPED.start) as u64)?;
        erased += 1;
    }
    if erased > 0 {
        file.sync_all()?;
    }
    Ok(erased)
}
