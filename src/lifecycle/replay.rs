//! Recorded calls, run again from the journal and held against what was written down about them.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::store;
use crate::{
    base::{clock::Stamp, id::CallId},
    infra::{
        db::Db,
        journal::{self, OpenError, Past},
        site::{self, Problems},
    },
    live::{
        record::{
            CallRecord,
            store::{CallStore, StoreError},
        },
        switchboard::{
            RunError,
            replay::{Replay, Rerun},
            view::Why,
        },
    },
};

/// What to run again.
#[derive(Clone, Debug)]
pub struct Question {
    /// The daemon's state folder; it may run meanwhile.
    pub state: PathBuf,
    /// One call, or all that the journal keeps.
    pub call: Option<CallId>,
    /// Lead every arriving call by the site in this folder instead of its own.
    pub site: Option<PathBuf>,
}

/// Why nothing could be run again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("the new site is refused")]
    Site(Problems),
    #[error(transparent)]
    Journal(#[from] OpenError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is no journal in {}; name the daemon's state folder with --state", .0.display())]
    NoJournal(PathBuf),
    #[error(
        "the journal in {} keeps no state from before that; calls can be replayed until their retention is over, and \
         not across one that was erased meanwhile", .0.display()
    )]
    Forgotten(PathBuf),
    #[error("the journal in {} has no call {call}; see `tandem calls history`", state.display())]
    NoSuchCall { state: PathBuf, call: CallId },
}

/// One call, as it was written down and as it goes now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    pub call: CallId,
    pub recorded: Vec<Why>,
    pub replayed: Vec<Why>,
    /// The first decision that is not the same.
    pub differs_at: Option<usize>,
}

impl Comparison {
    fn of(record: CallRecord, rerun: Rerun) -> Self {
        let (recorded, replayed) = (record.steps, rerun.steps);
        let same = recorded.iter().zip(&replayed).take_while(|(a, b)| a.what == b.what).count();
        let differs_at = (same < recorded.len().max(replayed.len())).then_some(same);
        Self { call: rerun.call, recorded, replayed, differs_at }
    }
}

/// All that was run again.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Answer {
    pub calls: usize,
    pub decisions: usize,
    /// Calls that went another way; of a single call this one, whatever its way.
    pub shown: Vec<Comparison>,
    pub differing: usize,
    /// Run again, but not (or not yet) written down: there is nothing to compare them with.
    pub unrecorded: usize,
    pub entries: u64,
    /// Entries that were erased, or dropped or damaged on the disk: near them calls may go another way.
    pub missing: u64,
    /// Recorded time from the first to the last entry, and how long it took now, in milliseconds.
    pub recorded_ms: u64,
    pub took_ms: u64,
}

/// Runs it again. `progress` is told the number of entries now and then.
pub async fn replay(question: &Question, progress: impl Fn(u64)) -> Result<Answer, ReplayError> {
    let began = Instant::now();
    let site = question.site.as_deref().map(site::load).transpose().map_err(ReplayError::Site)?;
    let schema = journal::Options::default().schema;
    let from = question.call.map(CallId::born);
    if !question.state.join("journal").is_dir() {
        return Err(ReplayError::NoJournal(question.state.clone()));
    }
    let past = journal::past(&question.state, schema, from)?;
    let Past { snapshot, entries } = past.ok_or_else(|| ReplayError::Forgotten(question.state.clone()))?;
    let mut run = Replay::new(&snapshot, site.map(Arc::new), question.call)?;
    let mut answer = Answer::default();
    let (mut first, mut last) = (None, Stamp::default());
    let mut over = Vec::new();
    for entry in entries {
        let entry = entry?;
        answer.entries += 1;
        answer.missing += u64::from(!matches!(entry.payload, journal::Payload::Json(_)));
        first.get_or_insert(entry.at);
        last = last.max(entry.at);
        over.append(&mut run.on(&entry)?);
        if answer.entries.is_multiple_of(10_000) {
            progress(answer.entries);
        }
        if question.call.is_some() && !over.is_empty() {
            break;
        }
    }
    let db = store::open(&run.site().store, &question.state);
    over.extend(run.unfinished());
    answer.recorded_ms = millis(last.since(first.unwrap_or(last)));
    answer.took_ms = millis(began.elapsed());
    compare(question, db, over, last, &mut answer).await?;
    Ok(answer)
}

async fn compare(
    question: &Question,
    db: Db,
    over: Vec<Rerun>,
    read_to: Stamp,
    answer: &mut Answer,
) -> Result<(), ReplayError> {
    let store = CallStore::new(db);
    for rerun in over {
        // A daemon that runs may have written down meanwhile how a call ended whose end was not in the journal yet.
        let record = store.call(rerun.call).await?.filter(|record| record.ended <= read_to);
        let Some(record) = record else {
            answer.unrecorded += 1;
            continue;
        };
        let comparison = Comparison::of(record, rerun);
        answer.calls += 1;
        answer.decisions += comparison.recorded.len();
        answer.differing += usize::from(comparison.differs_at.is_some());
        if comparison.differs_at.is_some() || question.call.is_some() {
            answer.shown.push(comparison);
        }
    }
    match question.call {
        Some(call) if answer.calls + answer.unrecorded == 0 => {
            Err(ReplayError::NoSuchCall { state: question.state.clone(), call })
        }
        _ => Ok(()),
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
