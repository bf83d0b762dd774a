//! Back to how a revision left the files, to the byte.

use std::{collections::BTreeSet, path::PathBuf};

use super::{
    Applied, ApplyError, EngineFault, History, How, Plan, Reached, RevisionError, Stage, Verdict,
    apply::left_alone,
    plan::{self, Change, Kind},
    revision::{Turn, put_back},
    target::Link,
};
use crate::infra::site::{EngineSettings, secret};

/// Takes the files back to how revision `to` left them; 0 is how they were before the first. What stands now is kept
/// as a revision of its own, so that this too can be taken back.
pub async fn rollback(to: u32, how: How<'_>, mut tell: impl FnMut(Stage)) -> Result<Applied, ApplyError> {
    let history = History::open(how.state)?;
    let revisions = History::list(how.state)?;
    let last = revisions.last().map(|revision| revision.number);
    let Some(latest) = revisions.last().filter(|latest| to <= latest.number) else {
        return Err(RevisionError::NoSuch { number: to, last }.into());
    };
    let wanted = history.left_by(to, &revisions)?;
    let mut stood = Vec::new();
    for (path, after) in &wanted {
        let read = |why| super::SwapError { path: path.clone(), why };
        let before = plan::standing(path).map_err(read).map_err(ApplyError::Swap)?;
        if before.as_ref() != after.as_ref() {
            stood.push(Turn { path: path.clone(), before, after: after.clone() });
        }
    }
    tell(Stage::Compared { changes: stood.len() });
    if stood.is_empty() {
        let reached = Reached::Not { why: "nothing had to change".to_owned() };
        return Ok(Applied { revision: None, files: Vec::new(), reached, restart: false });
    }
    let mut revision = history.begin(&latest.site, &latest.engine, &stood, how.now)?;
    tell(Stage::Kept { revision: revision.number });
    for turn in &stood {
        put_back(&turn.path, turn.after.as_ref()).map_err(ApplyError::Swap)?;
    }
    history.conclude(&mut revision, Verdict::Back { to })?;
    tell(Stage::Swapped { files: stood.len() });
    let files: Vec<PathBuf> = stood.iter().map(|turn| turn.path.clone()).collect();
    let outcome =
        if how.files_only { Err(left_alone().to_string()) } else { reload(&latest.engine, stood).await };
    let reached = match outcome {
        Ok(()) => {
            tell(Stage::Reloaded);
            Reached::Verified
        }
        Err(why) => {
            tell(Stage::NotReached { why: why.clone() });
            Reached::Not { why }
        }
    };
    Ok(Applied { revision: Some(revision.number), files, reached, restart: false })
}

/// Lets the engine read again what became of its files.
async fn reload(engine: &EngineSettings, stood: Vec<Turn>) -> Result<(), String> {
    let link = Link::of(engine, secret::read).map_err(|error| error.to_string())?;
    let folder = std::fs::canonicalize(&engine.config).unwrap_or_else(|_| engine.config.clone());
    let mut plan = Plan { folder, changes: Vec::new(), pieces: BTreeSet::new(), added: BTreeSet::new() };
    for Turn { path, before, after } in stood {
        let file = path.strip_prefix(&plan.folder).unwrap_or(&path).to_owned();
        for side in [&before, &after].into_iter().flatten() {
            let text = String::from_utf8_lossy(&side.bytes);
            plan.added.extend(link.pieces(&file.to_string_lossy(), &text).into_keys());
        }
        plan.changes.push(Change::bare(file, Kind::Change, path, before));
    }
    link.reload(&plan).await.map_err(|fault: EngineFault| fault.to_string())
}
