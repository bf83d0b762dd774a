//! Where the switchboard's finished calls and told reasons go, and what is wrong with the ways out.

use smol_str::format_smolstr;
use tokio::sync::watch;

use crate::{
    base::id::CallId,
    infra::{journal::Health, spool::Spool},
    live::{
        record::{CallRecord, store::Standing},
        switchboard::{
            self,
            view::{Trouble, Why},
        },
    },
};

/// Records to the spool, reasons to the log, troubles to `status`.
pub(super) struct Outlet {
    spool: Spool,
    standing: watch::Receiver<Standing>,
    health: Health,
    /// For those who must know whether everything is in the journal's files.
    told: watch::Sender<Health>,
}

impl Outlet {
    pub(super) fn new(spool: Spool, standing: watch::Receiver<Standing>) -> Self {
        Self { spool, standing, health: Health::Good, told: watch::Sender::new(Health::Good) }
    }

    pub(super) fn journal(&self) -> watch::Receiver<Health> {
        self.told.subscribe()
    }
}

impl switchboard::Outlet for Outlet {
    fn record(&mut self, record: &CallRecord) {
        if let Err(why) = self.spool.push(record) {
            tracing::error!(call = %record.id, %why, "the record of a finished call is kept in memory");
        }
    }

    fn told(&mut self, call: CallId, why: &Why) {
        tracing::info!(target: "call", %call, "{}", why.what);
    }

    fn health(&mut self, health: Health) {
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
        [journal, database, refused].into_iter().flatten().collect()
    }
}
