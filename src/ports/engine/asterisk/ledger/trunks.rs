//! Calls over trunks, whose far ends may say nothing at all.

use super::{Duty, Effects, Ledger};
use crate::{base::id::LegId, ports::engine::HangupCause};

impl Ledger {
    /// Whether nothing is known to have been heard of this leg since it was dialled.
    pub fn unheard(&self, id: &LegId) -> bool {
        self.legs.get(id).is_some_and(|leg| {
            !leg.up && leg.dialled.as_ref().is_some_and(|dialled| !dialled.rang && !dialled.cancelled)
        })
    }

    /// Ends a leg whose far end is silent.
    pub fn give_up(&mut self, id: &LegId) -> Effects {
        let mut effects = Effects::default();
        if self.unheard(id)
            && let Some(leg) = self.legs.get_mut(id)
        {
            leg.dead = true;
            effects.duties.push((id.clone(), Duty::Drop { cause: HangupCause::TIMER_EXPIRED }));
        }
        effects
    }
}
