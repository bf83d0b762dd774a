//! Trunks, whose far ends Asterisk asks whether they are there.
//!
//! A call to a far end that says nothing at all ends in Asterisk after 6.4 s. It ends sooner where that far end does
//! not answer Asterisk's questions either; unless it never did: some never answer them and take calls all the same.

use super::{Duty, Effects, Ledger};
use crate::{
    base::id::{LegId, Name},
    ports::engine::{Event, HangupCause},
};

/// What is known of a trunk's far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Up,
    /// It does not answer, and never did.
    Mute,
    /// It does not answer any more.
    Dead,
}

impl Ledger {
    pub(super) fn trunk(&mut self, trunk: Name, up: bool, effects: &mut Effects) {
        let state = match (up, self.trunks.get(&trunk)) {
            (true, _) => State::Up,
            (false, None | Some(State::Mute)) => State::Mute,
            (false, Some(State::Up | State::Dead)) => State::Dead,
        };
        self.trunks.insert(trunk.clone(), state);
        if state == State::Dead {
            let legs: Vec<LegId> = self
                .legs
                .iter()
                .filter(|(_, leg)| leg.trunk.as_ref() == Some(&trunk))
                .map(|(id, _)| id.clone())
                .collect();
            for id in legs {
                let more = self.give_up(&id);
                effects.duties.extend(more.duties);
            }
        }
        effects.events.push(Event::Trunk { trunk, up });
    }

    /// This leg is dialled over that trunk; says whether its far end seems dead.
    pub fn over(&mut self, id: &LegId, trunk: &Name) -> bool {
        if let Some(leg) = self.legs.get_mut(id) {
            leg.trunk = Some(trunk.clone());
        }
        self.trunks.get(trunk) == Some(&State::Dead)
    }

    /// Its far end has answered something: the call takes its time.
    pub(super) fn progresses(&mut self, id: &LegId) {
        if let Some(leg) = self.legs.get_mut(id) {
            leg.trunk = None;
        }
    }

    /// Ends a leg of which nothing was heard over a trunk that is still dead.
    pub fn give_up(&mut self, id: &LegId) -> Effects {
        let mut effects = Effects::default();
        let Some(leg) = self.legs.get_mut(id) else { return effects };
        let dead = leg.trunk.as_ref().is_some_and(|trunk| self.trunks.get(trunk) == Some(&State::Dead));
        let heard = leg.up || leg.dialled.as_ref().is_none_or(|dialled| dialled.rang || dialled.cancelled);
        if dead && !heard {
            leg.dead = true;
            effects.duties.push((id.clone(), Duty::Drop { cause: HangupCause::NO_USER_RESPONSE }));
        }
        effects
    }
}
