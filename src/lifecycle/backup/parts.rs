//! What belongs to a backup, and in which order.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::Places;
use crate::ports::engine::OVERHEARD;

type Files = Vec<(String, PathBuf)>;

/// What grows upstream of the rows: the site, the journal with its keys, what is on its way.
pub(super) fn before_rows(places: &Places) -> Files {
    let state = &places.state;
    let mut files = below(&places.site, "site", &|_| true);
    files.extend(below(&state.join("keys"), "state/keys", &|name| name == "master"));
    files.extend(journal(&state.join("journal")));
    for folder in ["spool", "audit"] {
        let mut waiting = below(&state.join(folder), &format!("state/{folder}"), &|_| true);
        // What is acknowledged after this is in the rows, which come later.
        waiting.sort_by_key(|(name, _)| !name.ends_with("acknowledged"));
        files.extend(waiting);
    }
    files
}

/// A state first, then inputs up to it and beyond; of a segment the keys after the records that they open.
fn journal(folder: &Path) -> Files {
    let of = |end| {
        below(folder, "state/journal", &move |name| name.rsplit_once('.').is_some_and(|parts| parts.1 == end))
    };
    let mut files = of("snap");
    for (name, path) in of("log") {
        let keys = (name.replace(".log", ".keys"), path.with_extension("keys"));
        files.extend([(name, path), keys]);
    }
    files
}

/// What does not change by calls.
pub(super) fn after_rows(places: &Places) -> Files {
    ["provision", "prompts", "recordings"]
        .iter()
        .flat_map(|folder| {
            below(&places.state.join(folder), &format!("state/{folder}"), &|name| {
                name != "lock" && !name.starts_with(OVERHEARD)
            })
        })
        .filter(|(name, _)| !name.starts_with("state/provision/draft"))
        .collect()
}

/// About how many bytes there are.
pub(super) fn size(places: &Places) -> u64 {
    let rows = [(String::new(), places.state.join("tandem.db"))];
    let files = before_rows(places).into_iter().chain(after_rows(places)).chain(rows);
    files.filter_map(|(_, path)| fs::metadata(path).ok()).map(|meta| meta.len()).sum()
}

/// Ordinary files below a folder, by name; what is no file, or a link to none, is left out.
fn below(folder: &Path, name: &str, is: &dyn Fn(&str) -> bool) -> Files {
    let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut files = Files::new();
    for entry in entries {
        let own = entry.file_name().to_string_lossy().into_owned();
        let (path, full) = (entry.path(), format!("{name}/{own}"));
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            files.extend(below(&path, &full, is));
        } else if is(&own) && path.is_file() {
            files.push((full, path));
        }
    }
    files
}
