//! The journal: its key fits, and what the next start would read can be read.

use std::path::Path;

use tokio::task::spawn_blocking;

use super::{Check, Findings};
use crate::{
    base::clock::Stamp,
    infra::journal::{self, OpenError, Past, Payload},
};

const MATTERS: &str = "a daemon that starts takes its calls over from it";

pub(super) async fn look(state: &Path, to: &mut Findings) {
    if !state.join("journal").is_dir() {
        let what = format!("there is none in {} yet", state.display());
        return to.unseen(Check::Journal, what, "name the daemon's state folder with --state, or start it");
    }
    let state = state.to_owned();
    match spawn_blocking(move || latest(&state)).await {
        Ok(Ok((entries, 0))) => {
            to.well(Check::Journal, format!("{entries} entries since the last state can be read"));
        }
        Ok(Ok((entries, missing))) => {
            let what =
                format!("of {entries} entries since the last state {missing} were lost or are damaged");
            to.fault(
                Check::Journal,
                what,
                MATTERS,
                "check the disk (`dmesg`, `smartctl`); keep the newest backup",
            );
        }
        Ok(Err(error)) => to.error(Check::Journal, error, MATTERS),
        Err(error) => to.unseen(Check::Journal, error.to_string(), "look again"),
    }
}

/// Entries of the last segment and before it back to a whole state, and how many of them are missing.
fn latest(state: &Path) -> Result<(u64, u64), OpenError> {
    let schema = journal::Options::default().schema;
    let entries = match journal::past(state, schema, Some(Stamp::MAX))? {
        Some(Past { entries, .. }) => entries,
        None => journal::read(state, schema)?,
    };
    let (mut count, mut missing) = (0, 0);
    for entry in entries {
        let entry = entry?;
        count += 1;
        if let Payload::Gap { first } | Payload::Damaged { first } = entry.payload {
            missing += entry.seq - first + 1;
        }
    }
    Ok((count, missing))
}
