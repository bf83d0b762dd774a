//! Room on the disk of the state folder: bytes and inodes.

use std::path::Path;

use nix::sys::statvfs::statvfs;

use super::{Check, Findings};

const MATTERS: &str =
    "on a full disk calls go on from memory, and what happens meanwhile is lost with a power cut";
/// A day of calls of a large site, with recordings.
const LEAST: u64 = 1 << 30;
/// So many of a hundred must be free.
const PART: u64 = 5;

pub(super) fn look(state: &Path, to: &mut Findings) {
    let there = state.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    let disk = match statvfs(there) {
        Ok(disk) => disk,
        Err(error) => {
            return to.unseen(Check::Disk, format!("{}: {error}", there.display()), "check the mount");
        }
    };
    let block = disk.fragment_size();
    let (free, all) = (disk.blocks_available() * block, disk.blocks() * block);
    let (inodes, every) = (disk.files_available(), disk.files());
    let place = there.display();
    let before = to.0.len();
    if free < LEAST.min(all / 2) || free * 100 < all * PART {
        let what = format!("{} MB of {} MB are free on the disk of {place}", free >> 20, all >> 20);
        to.fault(Check::Disk, what, MATTERS, "free some room, or move the state folder to a larger disk");
    }
    // Some file systems have no fixed number of them.
    if every > 0 && inodes * 100 < every * PART {
        let what = format!("{inodes} of {every} inodes are free on the disk of {place}");
        to.fault(Check::Disk, what, MATTERS, "remove folders of many small files; df -i finds the disk");
    }
    if to.0.len() == before {
        to.well(Check::Disk, format!("{} GB free on the disk of {place}", free >> 30));
    }
}
