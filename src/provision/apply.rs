//! The five steps in their order, and back again when the engine refuses.

use std::path::{Path, PathBuf};

use super::{
    EngineFault, History, Plan, PlanError, Revision, RevisionError, SwapError, Target, Verdict, plan,
    revision::{put_back, turns},
    swap,
};
use crate::{base::clock::Stamp, infra::site::Site};

/// What is being done, for whoever watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    Compared { changes: usize },
    Kept { revision: u32 },
    Swapped { files: usize },
    Reloaded,
    Verified,
    NotReached { why: String },
    Restored { files: usize },
}

/// How far the engine was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It has all that is wanted.
    Verified,
    /// It did not answer: the files wait for it.
    Not { why: String },
    /// It is simulated.
    NoEngine,
}

/// A change that is done, or was not needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// `None`: nothing had to change.
    pub revision: Option<u32>,
    pub files: Vec<PathBuf>,
    pub reached: Reached,
    /// Some of it takes effect when the engine starts anew.
    pub restart: bool,
}

/// Why a change is not done. The files are as they were, except where it says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Revision(#[from] RevisionError),
    #[error("{0}; what was changed before has been put back")]
    Swap(SwapError),
    #[error("{fault}; every file is as it was before")]
    Refused { fault: EngineFault, revision: u32 },
    #[error("{fault}; and {why}: `tandem rollback {before}` puts the rest back", before = revision - 1)]
    Stuck { fault: String, why: SwapError, revision: u32 },
}

/// How a change is made.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    /// The daemon's state folder: revisions are kept there.
    pub state: &'a Path,
    /// Write the files and leave the engine alone, as in an image that is being built.
    pub files_only: bool,
    pub now: Stamp,
}

/// Makes the engine follow the site.
pub async fn apply(site: &Site, how: How<'_>, mut tell: impl FnMut(Stage)) -> Result<Applied, ApplyError> {
    let Some(target) = Target::of(site)? else {
        let (revision, files, reached, restart) = (None, Vec::new(), Reached::NoEngine, false);
        return Ok(Applied { revision, files, reached, restart });
    };
    let history = History::open(how.state)?;
    let plan = plan(&target)?;
    tell(Stage::Compared { changes: plan.changes.len() });
    let restart = plan.needs_restart();
    if plan.is_empty() {
        let outcome = if how.files_only { Err(left_alone()) } else { target.verify().await };
        let reached = seen(outcome, &mut tell).map_err(|fault| ApplyError::Refused { fault, revision: 0 })?;
        return Ok(Applied { revision: None, files: Vec::new(), reached, restart });
    }
    let mut revision = history.begin(&site.revision, &site.engine, &turns(&plan.changes), how.now)?;
    tell(Stage::Kept { revision: revision.number });
    write(&plan, &history, &mut revision)?;
    tell(Stage::Swapped { files: plan.changes.len() });
    let outcome = if how.files_only { Err(left_alone()) } else { follow(&target, &plan, &mut tell).await };
    match seen(outcome, &mut tell) {
        Ok(reached) => {
            let verdict = match &reached {
                Reached::Not { why } => Verdict::Written { why: why.clone() },
                _ => Verdict::Verified,
            };
            history.conclude(&mut revision, verdict)?;
            let files = plan.changes.iter().map(|change| change.file.clone()).collect();
            Ok(Applied { revision: Some(revision.number), files, reached, restart })
        }
        Err(fault) => Err(restore(&target, &plan, &history, revision, fault, &mut tell).await),
    }
}

fn write(plan: &Plan, history: &History, revision: &mut Revision) -> Result<(), ApplyError> {
    for change in &plan.changes {
        if let Err(error) = swap::put(&change.path, &change.bytes, change.mode, change.owner) {
            put_all_back(plan).map_err(|why| ApplyError::Stuck {
                fault: error.to_string(),
                why,
                revision: revision.number,
            })?;
            history.conclude(revision, Verdict::Restored { why: error.to_string() })?;
            return Err(ApplyError::Swap(error));
        }
    }
    Ok(())
}

async fn follow(target: &Target, plan: &Plan, tell: &mut impl FnMut(Stage)) -> Result<(), EngineFault> {
    target.link().reload(plan).await?;
    tell(Stage::Reloaded);
    target.verify().await
}

pub(super) fn left_alone() -> EngineFault {
    EngineFault::NotReached { why: "it was to be left alone".to_owned() }
}

/// An engine that does not answer is no reason to take anything back.
fn seen(outcome: Result<(), EngineFault>, tell: &mut impl FnMut(Stage)) -> Result<Reached, EngineFault> {
    match outcome {
        Ok(()) => {
            tell(Stage::Verified);
            Ok(Reached::Verified)
        }
        Err(EngineFault::NotReached { why }) => {
            tell(Stage::NotReached { why: why.clone() });
            Ok(Reached::Not { why })
        }
        Err(fault) => Err(fault),
    }
}

async fn restore(
    target: &Target,
    plan: &Plan,
    history: &History,
    mut revision: Revision,
    fault: EngineFault,
    tell: &mut impl FnMut(Stage),
) -> ApplyError {
    let number = revision.number;
    if let Err(why) = put_all_back(plan) {
        return ApplyError::Stuck { fault: fault.to_string(), why, revision: number };
    }
    tell(Stage::Restored { files: plan.changes.len() });
    if let Err(error) = target.link().reload(plan).await {
        tracing::warn!(%error, "the engine was not told that the files are as before");
    }
    match history.conclude(&mut revision, Verdict::Restored { why: fault.to_string() }) {
        Ok(()) => ApplyError::Refused { fault, revision: number },
        Err(error) => error.into(),
    }
}

fn put_all_back(plan: &Plan) -> Result<(), SwapError> {
    for change in &plan.changes {
        put_back(&change.path, change.before.as_ref())?;
    }
    Ok(())
}
