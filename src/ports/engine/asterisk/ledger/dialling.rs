//! Legs that we dial, for somebody or for nobody.

use std::time::Duration;

use super::{Dialled, Effects, Ledger, Leg};
use crate::{
    base::{clock::Stamp, id::LegId},
    ports::engine::{HangupCause, asterisk::translate::Channel},
};

impl Ledger {
    /// `to` is going to be dialled for `caller`.
    pub fn dialling(&mut self, to: &LegId, caller: &LegId, now: Stamp) {
        let mut leg = Leg::new(now);
        leg.dialled = Some(Dialled::default());
        leg.caller = Some(caller.clone());
        leg.away = true;
        self.legs.insert(to.clone(), leg);
        if let Some(caller) = self.legs.get_mut(caller) {
            caller.awaits = Some(to.clone());
            caller.away = true;
        }
    }

    /// This leg is going to be dialled for nobody.
    pub fn dialling_alone(&mut self, id: &LegId, lease: Duration, now: Stamp) {
        let mut leg = Leg::new(now);
        leg.dialled = Some(Dialled::default());
        (leg.lease, leg.span) = (Some(lease), Some(lease));
        self.legs.insert(id.clone(), leg);
    }

    pub(super) fn adopt_dialled(&mut self, channel: &Channel, now: Stamp) {
        let leg = self.legs.entry(channel.leg.clone()).or_insert_with(|| {
            let mut leg = Leg::new(now);
            leg.caller.clone_from(&channel.caller);
            leg.away = channel.caller.is_some();
            leg
        });
        leg.dialled.get_or_insert_default().sent = true;
    }

    /// The dialling of `to` was called off; its lane ends what may already ring.
    pub fn cancel(&mut self, to: &LegId) {
        if let Some(dialled) = self.legs.get_mut(to).and_then(|leg| leg.dialled.as_mut()) {
            dialled.cancelled = true;
        }
    }

    /// Whether `to` is still wanted.
    pub fn wanted(&self, to: &LegId) -> bool {
        let dialled = self.legs.get(to).and_then(|leg| leg.dialled.as_ref());
        dialled.is_some_and(|dialled| !dialled.cancelled)
    }

    /// The engine was told to dial `to`.
    pub fn sent(&mut self, to: &LegId, now: Stamp) {
        if let Some(leg) = self.legs.get_mut(to) {
            leg.since = now;
            if let Some(dialled) = &mut leg.dialled {
                dialled.sent = true;
            }
        }
    }

    /// `to` could not be dialled.
    pub fn failed(&mut self, to: &LegId, cause: HangupCause, now: Stamp) -> Effects {
        let mut effects = Effects::default();
        // Nobody was rung: the cause is not to be read as one of the engine's.
        self.cancel(to);
        self.end(to, cause, now, &mut effects);
        effects
    }

    /// Whether this caller has still to come back from that leg.
    pub fn awaits(&self, id: &LegId, to: &LegId) -> bool {
        self.legs.get(id).is_some_and(|leg| leg.awaits.as_ref() == Some(to))
    }

    /// Who gets back when this leg ends.
    pub fn caller(&self, id: &LegId) -> Option<&LegId> {
        self.legs.get(id)?.caller.as_ref()
    }
}
