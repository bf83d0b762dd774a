//! The way of finished calls into the database: spool → one transaction, again and again until it is done.
//! The switchboard pushes into the spool and never hears of any of this.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use super::{CallStore, Finished, StoreError};
use crate::{
    base::{
        clock::{Clock, Stamp, SystemClock},
        id::CallId,
        number::Number,
    },
    infra::{
        db::Db,
        spool::{Outlet, Row, SpoolError},
    },
};

/// Calls in one transaction.
const BATCH: usize = 100;
/// Older calls that get their words in one go.
const WORDED: u32 = 500;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often the spool is looked after when nothing happens.
const IDLE: Duration = Duration::from_secs(1);

/// How the projection stands.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Rows that have arrived since the start, those included that were there already.
    pub delivered: u64,
    /// Rows that the database will never take; they are put aside in the spool's folder.
    pub refused: u64,
    /// Why rows wait, if they do.
    pub setback: Option<Setback>,
}

#[derive(Clone, Debug)]
pub struct Setback {
    pub reason: Arc<ProjectionError>,
    pub since: Stamp,
}

#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error("a row of the spool is no call: {0}")]
    Row(#[from] serde_json::Error),
    #[error("the daemon stops; start it again with `tandem serve`")]
    Stopped,
}

impl ProjectionError {
    /// The row is at fault, and trying again does not help.
    fn is_refusal(&self) -> bool {
        match self {
            Self::Store(e) => e.is_refusal(),
            Self::Spool(_) | Self::Stopped => false,
            Self::Row(_) => true,
        }
    }
}

/// A person to be erased, and where the answer goes.
struct Wish {
    person: Number,
    blank: bool,
    reply: oneshot::Sender<Result<Vec<CallId>, ProjectionError>>,
}

/// Erases persons, in step with the rows that are still under way: what was pushed before arrives before.
#[derive(Clone, Debug)]
pub struct Eraser(mpsc::Sender<Wish>);

impl Eraser {
    /// The finished calls of this person.
    pub async fn calls_of(&self, person: &Number) -> Result<Vec<CallId>, ProjectionError> {
        self.ask(person, false).await
    }

    /// Removes what could tell of this person, in the database and on the way to it, and gives the calls.
    pub async fn blank(&self, person: &Number) -> Result<Vec<CallId>, ProjectionError> {
        self.ask(person, true).await
    }

    async fn ask(&self, person: &Number, blank: bool) -> Result<Vec<CallId>, ProjectionError> {
        let (reply, answer) = oneshot::channel();
        let wish = Wish { person: person.clone(), blank, reply };
        self.0.send(wish).await.map_err(|_| ProjectionError::Stopped)?;
        answer.await.map_err(|_| ProjectionError::Stopped)?
    }
}

/// The running task.
pub struct Projection {
    eraser: Eraser,
    standing: watch::Receiver<Standing>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Projection {
    pub fn start(outlet: Outlet, db: Db) -> Self {
        let (said, standing) = watch::channel(Standing::default());
        let (stop, stopped) = oneshot::channel();
        let (wishes, wished) = mpsc::channel(1);
        let work =
            Work { outlet, store: CallStore::new(db), said, pause: FIRST_PAUSE, wished, wordless: true };
        Self { eraser: Eraser(wishes), standing, stop, task: tokio::spawn(work.run(stopped)) }
    }

    pub fn eraser(&self) -> Eraser {
        self.eraser.clone()
    }

    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.clone()
    }

    /// Delivers what can be delivered at once, and ends. The rest is there at the next start.
    pub async fn stop(self) {
        // Both fail only when the task is gone already.
        let _ = self.stop.send(());
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the projection ended early; its rows are delivered at the next start");
        }
    }
}

struct Work {
    outlet: Outlet,
    store: CallStore,
    said: watch::Sender<Standing>,
    pause: Duration,
    wished: mpsc::Receiver<Wish>,
    /// Calls of an earlier version may still have no words.
    wordless: bool,
}

impl Work {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        loop {
            let wake = match self.turn().await {
                Ok(more) => {
                    self.recovered();
                    Instant::now() + if more { Duration::ZERO } else { IDLE }
                }
                Err(error) => self.set_back(error).await,
            };
            let failing = self.said.borrow().setback.is_some();
            tokio::select! {
                // Whoever drops the handle wants the task to live on.
                Ok(()) = &mut stopped => {
                    if let Err(error) = self.deliver_all().await {
                        tracing::warn!(%error, "finished calls wait in the spool for the next start");
                    }
                    return;
                }
                Some(Wish { person, blank, reply }) = self.wished.recv() => {
                    // Whoever asked may be gone; what was begun is done all the same.
                    let _ = reply.send(self.erase(&person, blank).await);
                }
                () = self.outlet.news(), if !failing => {}
                () = sleep_until(wake) => {
                    if let Err(error) = self.outlet.tidy() {
                        tracing::warn!(%error, "the spool cannot be tidied");
                    }
                }
            }
        }
    }

    /// Delivers what has come, then gives words to some older calls; says whether there may be more of those.
    async fn turn(&mut self) -> Result<bool, ProjectionError> {
        self.deliver_all().await?;
        if self.wordless {
            self.wordless = self.store.word_older(WORDED).await? > 0;
        }
        Ok(self.wordless)
    }

    async fn deliver_all(&mut self) -> Result<(), ProjectionError> {
        loop {
            let rows = self.outlet.rows(BATCH)?;
            let Some(last) = rows.last() else { return Ok(()) };
            match self.deliver(&rows).await {
                Err(error) if error.is_refusal() => self.one_by_one(&rows).await?,
                done => {
                    done?;
                    self.outlet.acknowledge(last)?;
                }
            }
        }
    }

    /// One transaction for all of them.
    async fn deliver(&mut self, rows: &[Row]) -> Result<(), ProjectionError> {
        let calls = rows.iter().map(|row| serde_json::from_slice(&row.bytes));
        let calls: Vec<Finished> = calls.collect::<Result<_, _>>()?;
        self.store.write_all(&calls).await?;
        self.said.send_modify(|standing| standing.delivered += calls.len() as u64);
        Ok(())
    }

    /// One of them is refused; the others shall not suffer from it.
    async fn one_by_one(&mut self, rows: &[Row]) -> Result<(), ProjectionError> {
        for row in rows {
            match self.deliver(std::slice::from_ref(row)).await {
                Err(error) if error.is_refusal() => self.put_aside(row, &error)?,
                done => done?,
            }
            self.outlet.acknowledge(row)?;
        }
        Ok(())
    }

    fn put_aside(&mut self, row: &Row, error: &dyn std::error::Error) -> Result<(), SpoolError> {
        let file = self.outlet.put_aside(row)?;
        tracing::error!(%error, file = %file.display(), "a finished call cannot be stored and is put aside");
        self.said.send_modify(|standing| standing.refused += 1);
        Ok(())
    }

    async fn erase(&mut self, person: &Number, blank: bool) -> Result<Vec<CallId>, ProjectionError> {
        self.deliver_all().await?;
        let calls = self.store.calls_of(person).await?;
        if blank {
            self.store.blank(&calls, SystemClock.now()).await?;
            self.outlet.forget_refused(person.as_str())?;
            // Rows that have arrived still lie in the file in hand.
            self.outlet.tidy()?;
        }
        Ok(calls)
    }

    fn recovered(&mut self) {
        self.pause = FIRST_PAUSE;
        if self.said.borrow().setback.is_some() {
            tracing::info!("finished calls reach the database again");
            self.said.send_modify(|standing| standing.setback = None);
        }
    }

    /// Says what is wrong and when to try again. Rows that have to wait are brought to the platter.
    async fn set_back(&mut self, error: ProjectionError) -> Instant {
        let known = self.said.borrow().setback.as_ref().map(|setback| setback.since);
        if known.is_none() {
            tracing::warn!(%error, "finished calls wait in the spool");
        }
        let setback = Setback { reason: Arc::new(error), since: known.unwrap_or_else(|| SystemClock.now()) };
        self.said.send_modify(|standing| standing.setback = Some(setback));
        let files = self.outlet.take_unsynced();
        let synced =
            tokio::task::spawn_blocking(move || files.iter().try_for_each(|file| file.sync_data())).await;
        if !matches!(synced, Ok(Ok(()))) {
            tracing::warn!("the spool could not be synced; a power cut now would lose its rows");
        }
        let wake = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        wake
    }
}
