//! Where the switchboard's finished calls and told reasons go.

use crate::{
    base::id::CallId,
    infra::{journal::Health, spool::Spool},
    live::{
        record::CallRecord,
        switchboard::{self, view::Why},
    },
};

/// Records to the spool, reasons to the log, the journal's health to whoever asks.
pub(super) struct Outlet {
    spool: Spool,
    healthy: bool,
}

impl Outlet {
    pub(super) fn new(spool: Spool) -> Self {
        Self { spool, healthy: true }
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
        if health.is_good() != std::mem::replace(&mut self.healthy, health.is_good()) {
            if self.healthy {
                tracing::info!("the journal is written again; nothing is kept back");
            } else {
                tracing::error!(%health, "the journal cannot be written; calls go on from memory; make room on the disk");
            }
        }
    }
}
