//! What is seen of the machine: by those who ask for all its legs, and by tests.

use std::{collections::BTreeSet, time::Duration};

use super::world::{Happening, State, World};
use crate::{
    base::id::LegId,
    ports::engine::{Event, LegSeen},
};

/// How often the engine is asked for all its legs, unless told.
pub(super) const AUDITS: Duration = Duration::from_secs(5);

/// How long a caller waits for Tandem before the fallback, unless told.
pub(super) const LEASE: Duration = Duration::from_secs(30);

impl World {
    /// The engine is asked for all its legs so rarely, and waits so long for Tandem.
    pub fn rests(&mut self, span: Duration) {
        (self.audits, self.lease) = (span, span);
        self.agenda.retain(|_, happening| !matches!(happening, Happening::Audits));
        self.schedule(self.now + span, Happening::Audits);
    }

    /// Legs that are there.
    pub fn legs(&self) -> impl Iterator<Item = &LegId> {
        self.legs.keys()
    }

    /// Whether this leg talks, and with whom.
    pub fn peer(&self, leg: &LegId) -> Option<&LegId> {
        match &self.legs.get(leg)?.state {
            State::Talking(peer) => Some(peer),
            _ => None,
        }
    }

    pub fn hung_up(&self) -> &BTreeSet<LegId> {
        &self.hung_up
    }

    pub fn fallen_back(&self) -> &BTreeSet<LegId> {
        &self.fallen_back
    }

    pub fn talked(&self) -> &BTreeSet<LegId> {
        &self.talked
    }

    pub(super) fn audit(&mut self) {
        let legs = self
            .legs
            .iter()
            .filter(|(_, leg)| leg.state != State::Fallback)
            .map(|(id, leg)| LegSeen {
                leg: id.clone(),
                up: leg.up,
                room: match &leg.state {
                    State::Room(room) => Some(room.clone()),
                    _ => None,
                },
                peer: match &leg.state {
                    State::Talking(peer) => Some(peer.clone()),
                    _ => None,
                },
                arrival: leg.arrival.clone().filter(|_| leg.state == State::Parked),
            })
            .collect();
        self.tell_surely(Event::Audit { asked: self.now, legs });
        if self.linked {
            self.schedule(self.now + self.audits, Happening::Audits);
        }
    }
}
