//! What is recorded of a leg.

use std::time::Duration;

use super::{Duty, Effects, Ledger, Playing};
use crate::{
    base::{
        clock::Stamp,
        id::{LegId, OrderId, SoundId},
    },
    ports::engine::{Event, asterisk::translate::Recording},
};

impl Ledger {
    /// `order` is going to record this leg.
    pub fn recording(&mut self, id: &LegId, order: OrderId, sound: &SoundId) {
        if let Some(leg) = self.legs.get_mut(id) {
            leg.playing.push(Playing { order, stopped: false, records: Some(sound.clone()) });
            leg.stale |= leg.lease.is_some();
        }
    }

    pub fn is_recording(&self, id: &LegId, order: OrderId) -> bool {
        self.legs.get(id).is_some_and(|leg| leg.playing.iter().any(|playing| playing.order == order))
    }

    /// A recording is over, and its file where it belongs.
    pub fn recorded(&mut self, id: &LegId, order: OrderId, length: Duration, now: Stamp) -> Effects {
        let mut effects = Effects::default();
        if let Some(leg) = self.legs.get_mut(id) {
            leg.playing.retain(|playing| playing.order != order);
            effects.events.push(Event::Recorded { leg: id.clone(), order, length });
            if leg.playing.is_empty() && std::mem::take(&mut leg.stale) {
                effects.duties.push((id.clone(), Duty::Renew));
            }
        }
        self.end_at_last(id, now, &mut effects);
        effects
    }

    /// The file of a recording cannot be had now; whoever waits for it only to end waits no more.
    pub fn unfetched(&mut self, id: &LegId, order: OrderId, now: Stamp) -> Effects {
        let ending = self.legs.get(id).is_some_and(|leg| leg.ending.is_some());
        if ending { self.recorded(id, order, Duration::ZERO, now) } else { Effects::default() }
    }

    /// The end of this leg was heard before its recording was here: it is told now.
    fn end_at_last(&mut self, id: &LegId, now: Stamp, effects: &mut Effects) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        if leg.playing.iter().all(|playing| playing.records.is_none())
            && let Some(cause) = leg.ending.take()
        {
            self.end(id, cause, now, effects);
        }
    }

    /// Asterisk has finished something that it recorded for us.
    pub(super) fn finished(&mut self, recording: Recording, effects: &mut Effects) {
        effects.duties.push(match recording {
            Recording::Message { order, leg, sound } => (leg, Duty::Collect { order, sound }),
            Recording::Tape { leg, sound, .. } => {
                if self.taped(&leg) == Some(&sound) {
                    self.untape(&leg);
                }
                (leg, Duty::Splice { sound })
            }
        });
    }

    /// What Asterisk has finished while nobody listened. The tape of a leg that is still taped is not.
    pub fn left_over(&mut self, list: Vec<Recording>) -> Effects {
        let mut effects = Effects::default();
        for recording in list {
            let goes_on = match &recording {
                Recording::Tape { leg, sound, .. } => self.taped(leg) == Some(sound),
                Recording::Message { leg, order, .. } => self.is_recording(leg, *order),
            };
            if !goes_on {
                self.finished(recording, &mut effects);
            }
        }
        effects
    }

    /// Notes what this leg is taped into. `false`: it cannot be.
    pub fn tape(&mut self, id: &LegId, sound: &SoundId) -> bool {
        let free = self.legs.get_mut(id).filter(|leg| leg.tape.is_none());
        free.map(|leg| leg.tape = Some(sound.clone())).is_some()
    }

    pub fn taped(&self, id: &LegId) -> Option<&SoundId> {
        self.legs.get(id)?.tape.as_ref()
    }

    pub fn untape(&mut self, id: &LegId) -> Option<SoundId> {
        self.legs.get_mut(id)?.tape.take()
    }
}
