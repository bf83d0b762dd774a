//! Where the switchboard's finished calls and told reasons go, and what is wrong with the ways out.

use std::{fs, path::PathBuf, sync::Arc};

use smol_str::format_smolstr;
use tokio::sync::watch;

use super::{alerts::Courier, change};
use crate::{
    base::{
        clock::Clock,
        id::{CallId, SoundId},
        text::discreet,
    },
    desk::audit::Ledger,
    http::{Event, Feed, Meters},
    infra::{journal::Health, log::Lost, spool::Spool},
    live::{
        record::{CallRecord, Disposed, store::Standing},
        switchboard::{
            self, Turn,
            view::{AlertNews, Done, Trouble, Why, Words},
        },
    },
};

/// Records to the spool, reasons to the log, troubles to `status`.
pub(super) struct Outlet {
    spool: Spool,
    standing: watch::Receiver<Standing>,
    ledger: Ledger,
    /// Whom to tell; nobody while the past is told again.
    feed: Option<Feed>,
    meters: Meters,
    /// Who tells of alerts; nobody while the past is told again.
    courier: Option<Courier>,
    clock: Arc<dyn Clock>,
    drift: watch::Receiver<Option<Trouble>>,
    health: Health,
    log: Lost,
    /// Folder of what callers said.
    recordings: PathBuf,
    /// For those who must know whether everything is in the journal's files.
    told: watch::Sender<Health>,
}

impl Outlet {
    pub(super) fn new(
        spool: Spool,
        standing: watch::Receiver<Standing>,
        drift: watch::Receiver<Option<Trouble>>,
        ledger: Ledger,
        meters: Meters,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let told = watch::Sender::new(Health::Good);
        Self {
            log: Lost::default(),
            recordings: PathBuf::new(),
            spool,
            standing,
            drift,
            ledger,
            feed: None,
            courier: None,
            meters,
            clock,
            health: Health::Good,
            told,
        }
    }

    pub(super) fn journal(&self) -> watch::Receiver<Health> {
        self.told.subscribe()
    }

    /// The past is told: what comes now is news.
    pub(super) fn tell(&mut self, feed: Feed, courier: Courier, recordings: PathBuf, log: Lost) {
        self.log = log;
        self.feed = Some(feed);
        self.courier = Some(courier);
        self.recordings = recordings;
    }

    fn publish(&self, event: impl FnOnce() -> Event) {
        if let Some(feed) = &self.feed {
            feed.publish(self.clock.now(), event());
        }
    }
}

impl switchboard::Outlet for Outlet {
    fn record(&mut self, record: &CallRecord) {
        if let Err(why) = self.spool.push(record) {
            tracing::error!(call = %record.id, %why, "the record of a finished call is kept in memory");
        }
        self.publish(|| Event::CallEnded { call: Box::new(record.clone()) });
    }

    fn disposed(&mut self, disposed: &Disposed) {
        if let Err(why) = self.spool.push(disposed) {
            tracing::error!(call = %disposed.disposed, %why, "what became of a finished call is kept in memory");
        }
        self.publish(|| Event::CallDisposed {
            call: disposed.disposed,
            disposition: disposed.disposition.clone(),
        });
    }

    fn forget(&mut self, sound: &SoundId) {
        let file = self.recordings.join(format!("{sound}.wav"));
        if let Err(why) = fs::remove_file(&file) {
            tracing::warn!(file = %file.display(), %why, "a deleted message is still there");
        }
    }

    fn told(&mut self, call: CallId, why: &Why) {
        tracing::info!(target: "call", %call, "{}", discreet(&why.what));
        self.publish(|| Event::CallTold { call, what: why.what.clone() });
    }

    fn words(&mut self, words: Words) {
        if let Some(feed) = &self.feed {
            feed.whisper(self.clock.now(), words);
        }
    }

    fn done(&mut self, done: Done) {
        self.ledger.note(&change::of(&done));
    }

    fn alert(&mut self, news: AlertNews) {
        let AlertNews { turn, alert, .. } = &news;
        tracing::warn!(rule = %alert.rule, "alert {}: {}", turn.word(), alert.words);
        self.publish(|| Event::AlertChanged { turn: *turn, alert: alert.clone() });
        if let Some(courier) = &self.courier {
            courier.tell(news);
        }
    }

    fn turned(&mut self, turn: Turn) {
        self.meters.turned(turn.inputs, turn.commit, turn.whole, turn.offered);
        if let Some(feed) = &self.feed {
            feed.stir();
        }
    }

    fn health(&mut self, health: Health) {
        self.meters.journal(health.is_good());
        let before = std::mem::replace(&mut self.health, health);
        self.told.send_if_modified(|told| std::mem::replace(told, health) != health);
        if health.is_good() && !before.is_good() {
            tracing::info!("the journal is written again");
        } else if !health.is_good() && before.is_good() {
            tracing::error!(%health, "the journal cannot be written; calls go on from memory");
        }
    }

    fn troubles(&self) -> Vec<Trouble> {
        let journal = (!self.health.is_good()).then(|| Trouble {
            what: format_smolstr!("the journal cannot be written: {}", self.health),
            remedy: "calls go on from memory; make room on the disk of the state folder".into(),
        });
        let standing = self.standing.borrow();
        let database = standing.setback.as_ref().map(|setback| Trouble {
            what: format_smolstr!(
                "finished calls wait for the database since {}: {}",
                setback.since,
                setback.reason
            ),
            remedy: "nothing is lost; they are written when it answers again".into(),
        });
        let refused = (standing.refused > 0).then(|| Trouble {
            what: format_smolstr!("the database refused {} finished calls", standing.refused),
            remedy: "they are put aside in the folder spool of the state folder".into(),
        });
        let lost = self.log.lines();
        let log = (lost > 0).then(|| Trouble {
            what: format_smolstr!("nobody reads the log: {lost} lines are lost"),
            remedy: "look at what the daemon's standard error goes to; calls are not affected".into(),
        });
        let drift = self.drift.borrow().clone();
        [journal, database, refused, log, drift].into_iter().flatten().collect()
    }
}
