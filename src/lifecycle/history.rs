//! Finished calls for the doors, from the database; and persons erased from all that is written down.

use std::{collections::BTreeSet, fs, io, path::PathBuf, sync::Arc};

use futures_util::future::BoxFuture;
use jiff::{civil::Date, tz::TimeZone};
use tokio::{sync::watch, task::spawn_blocking};

use super::outside::OfRevision;
use crate::{
    base::{
        clock::{Clock, SystemClock},
        id::{CallId, Name},
        number::Number,
    },
    http::{History, Lost},
    infra::{
        journal::{self, Health},
        site::{Queue, Site},
    },
    live::record::{
        Before, CallRecord, DayReport, DispositionReport, Filter, RepeatReport, SurveyReport,
        store::{CallStore, Eraser},
    },
    ports::crm::Crm,
};

/// The database's calls in the words of the doors.
pub(super) struct Stored {
    pub(super) store: CallStore,
    pub(super) eraser: Eraser,
    /// The state folder, where the journal is.
    pub(super) state: PathBuf,
    pub(super) journal: watch::Receiver<Health>,
    /// It keeps what it was told for a while.
    pub(super) crm: OfRevision<Crm>,
    /// As it is in force.
    pub(super) site: watch::Receiver<Arc<Site>>,
}

fn lost(why: impl std::fmt::Display) -> Lost {
    Lost(why.to_string())
}

impl Stored {
    /// The journal goes first: what is blank in the database can't be found again.
    async fn erase_all(&self, person: &Number) -> Result<u64, Lost> {
        let found = self.eraser.calls_of(person).await.map_err(lost)?.into_iter().collect();
        self.erase_from_journal(&found).await?;
        let blanked: BTreeSet<_> = self.eraser.blank(person).await.map_err(lost)?.into_iter().collect();
        // Those that ended in between.
        self.erase_from_journal(&blanked.difference(&found).copied().collect()).await?;
        self.forget_voices().await?;
        if let Some(crm) = (self.crm)() {
            crm.forget(person);
        }
        tracing::info!(calls = blanked.len(), "a person was erased from finished calls");
        Ok(blanked.len() as u64)
    }

    /// Recordings of erased persons go, file first: what is left by a failure is found by the next erasure.
    async fn forget_voices(&self) -> Result<(), Lost> {
        for sound in self.store.sounds_of_erased().await.map_err(lost)? {
            let file = self.state.join("recordings").join(format!("{sound}.wav"));
            match fs::remove_file(&file) {
                Err(why) if why.kind() != io::ErrorKind::NotFound => {
                    return Err(Lost(format!("{} cannot be deleted: {why}", file.display())));
                }
                _ => self.store.forget_sound(&sound).await.map_err(lost)?,
            }
        }
        Ok(())
    }

    async fn erase_from_journal(&self, calls: &BTreeSet<CallId>) -> Result<(), Lost> {
        let health = *self.journal.borrow();
        if !health.is_good() {
            return Err(Lost(format!("nothing can be erased now: {health}")));
        }
        let (state, calls) = (self.state.clone(), calls.clone());
        let erased = spawn_blocking(move || journal::erase(&state, &calls)).await.map_err(lost)?;
        erased.map(drop).map_err(|why| Lost(format!("the journal's keys cannot be destroyed: {why}")))
    }
}

impl History for Stored {
    fn recent(&self, limit: u32, before: Option<Before>) -> BoxFuture<'_, Result<Vec<CallRecord>, Lost>> {
        Box::pin(async move { self.store.recent(before, limit).await.map_err(lost) })
    }

    fn search<'a>(
        &'a self,
        filter: &'a Filter,
        before: Option<CallId>,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<CallRecord>, Lost>> {
        Box::pin(async move { self.store.search(filter, before, limit).await.map_err(lost) })
    }

    fn zone(&self) -> TimeZone {
        self.site.borrow().time_zone.clone()
    }

    fn days(&self, first: Date, days: u16) -> BoxFuture<'_, Result<Vec<DayReport>, Lost>> {
        Box::pin(async move { self.store.by_day(&self.zone(), first, days).await.map_err(lost) })
    }

    fn surveys(&self, first: Date, days: u16) -> BoxFuture<'_, Result<Vec<SurveyReport>, Lost>> {
        Box::pin(async move { self.store.surveys(&self.zone(), first, days).await.map_err(lost) })
    }

    fn repeats(&self, first: Date, days: u16, within: u16) -> BoxFuture<'_, Result<Vec<RepeatReport>, Lost>> {
        let now = SystemClock.now();
        Box::pin(
            async move { self.store.repeats(&self.zone(), (first, days), within, now).await.map_err(lost) },
        )
    }

    fn dispositions(&self, first: Date, days: u16) -> BoxFuture<'_, Result<Vec<DispositionReport>, Lost>> {
        let site = self.site.borrow().clone();
        Box::pin(async move {
            let reports = self.store.dispositions(&site.time_zone, first, days).await.map_err(lost)?;
            let labels = |(name, queue): (&Name, &Queue)| {
                queue.dispositions.as_ref().map(|dispositions| (name.clone(), dispositions.labels()))
            };
            let labels = site.queues.iter().filter_map(labels).collect();
            Ok(reports.into_iter().map(|report| report.among(&labels)).collect())
        })
    }

    fn call(&self, id: CallId) -> BoxFuture<'_, Result<Option<CallRecord>, Lost>> {
        Box::pin(async move { self.store.call(id).await.map_err(lost) })
    }

    fn erase<'a>(&'a self, person: &'a Number) -> BoxFuture<'a, Result<u64, Lost>> {
        Box::pin(self.erase_all(person))
    }
}
