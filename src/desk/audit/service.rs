//! The audit's two ends: changes go in at once and never wait, rows come out of the database.

use std::{path::Path, time::Duration};

use tokio::{sync::oneshot, task::JoinHandle, time::Instant};

use super::{
    model::{Change, Entry},
    store::{self, AuditError, Filter, Sound},
};
use crate::infra::{
    db::Db,
    spool::{Outlet, Row, Spool, SpoolError},
};

/// Changes in one transaction.
const BATCH: usize = 100;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(1);

/// What has been written down.
#[derive(Clone, Debug)]
pub struct Audit {
    db: Db,
}

impl Audit {
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// Writes a change at once; for what the database has just done.
    pub async fn add(&self, change: &Change) -> Result<(), AuditError> {
        Ok(store::write(&self.db, std::slice::from_ref(change)).await?)
    }

    /// The newest `limit` rows of the filter, newest first.
    pub async fn entries(&self, filter: &Filter, limit: u32) -> Result<Vec<Entry>, AuditError> {
        store::entries(&self.db, filter, limit).await
    }

    /// Looks whether every row is as it was written, and none is missing.
    pub async fn verify(&self) -> Result<Sound, AuditError> {
        store::verify(&self.db).await
    }
}

/// Takes changes down. Clones share it.
#[derive(Clone)]
pub struct Ledger {
    spool: Spool,
}

/// The task that brings changes from the spool into the database.
pub struct Bringing {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Ledger {
    /// Opens the spool in the folder `audit` of the state folder, and brings what waits there to the database.
    pub fn open(state: &Path, db: Db) -> Result<(Self, Bringing), SpoolError> {
        let (spool, outlet) = Spool::open(&state.join("audit"))?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(Bringer { outlet, db, pause: FIRST_PAUSE, failing: false }.run(stopped));
        Ok((Self { spool }, Bringing { stop, task }))
    }

    /// After this the change outlives the process.
    pub fn note(&self, change: &Change) {
        if let Err(why) = self.spool.push(change) {
            tracing::error!(subject = %change.subject, %why, "a change is not in the audit's spool but in memory");
        }
    }
}

impl Bringing {
    /// Brings what can be brought at once, and ends. The rest is there at the next start.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the audit's task ended early; its rows are brought at the next start");
        }
    }
}

struct Bringer {
    outlet: Outlet,
    db: Db,
    pause: Duration,
    failing: bool,
}

impl Bringer {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        loop {
            let wake = Instant::now() + self.turn().await;
            tokio::select! {
                Ok(()) = &mut stopped => {
                    self.turn().await;
                    return;
                }
                () = self.outlet.news(), if !self.failing => {}
                () = tokio::time::sleep_until(wake) => {
                    if let Err(error) = self.outlet.tidy() {
                        tracing::warn!(%error, "the audit's spool cannot be tidied");
                    }
                }
            }
        }
    }

    /// Brings everything, or says how long to wait before trying again.
    async fn turn(&mut self) -> Duration {
        match self.bring().await {
            Ok(()) => {
                (self.pause, self.failing) = (FIRST_PAUSE, false);
                IDLE
            }
            Err(why) => {
                if !self.failing {
                    tracing::warn!(%why, "changes wait in the audit's spool");
                }
                self.failing = true;
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                self.pause
            }
        }
    }

    async fn bring(&mut self) -> Result<(), AuditError> {
        loop {
            let rows = self.outlet.rows(BATCH).unwrap_or_default();
            let Some(last) = rows.last() else { return Ok(()) };
            let changes: Vec<Change> =
                rows.iter().filter_map(|row| serde_json::from_slice(&row.bytes).ok()).collect();
            let written = store::write(&self.db, &changes).await;
            let aside = match written {
                Ok(()) if changes.len() == rows.len() => false,
                Ok(()) => true,
                Err(why) if why.is_refusal() => true,
                Err(why) => return Err(why.into()),
            };
            for row in rows.iter().filter(|_| aside) {
                self.one(row).await?;
            }
            if let Err(error) = self.outlet.acknowledge(last) {
                tracing::warn!(%error, "the audit's spool cannot be shortened");
                return Ok(());
            }
        }
    }

    /// What can never be written is put aside, where an admin finds it.
    async fn one(&mut self, row: &Row) -> Result<(), AuditError> {
        let Ok(change) = serde_json::from_slice::<Change>(&row.bytes) else {
            self.put_aside(row);
            return Ok(());
        };
        match store::write(&self.db, &[change]).await {
            Err(why) if why.is_refusal() => {
                self.put_aside(row);
                Ok(())
            }
            other => Ok(other?),
        }
    }

    fn put_aside(&mut self, row: &Row) {
        match self.outlet.put_aside(row) {
            Ok(file) => tracing::error!(file = %file.display(), "a change cannot be stored and is put aside"),
            Err(error) => tracing::error!(%error, "a change can neither be stored nor be put aside"),
        }
    }
}
