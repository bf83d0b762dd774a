//! What plays on a leg.

use super::{Duty, Effects, Ledger, Leg, Playing};
use crate::{
    base::id::{LegId, OrderId, SoundId},
    ports::engine::{Event, Verdict},
};

impl Ledger {
    pub(super) fn played(&mut self, order: OrderId, verdict: Verdict, effects: &mut Effects) {
        let place = |leg: &Leg| {
            leg.playing.iter().position(|playing| playing.order == order && playing.records.is_none())
        };
        let found = self.legs.iter_mut().find_map(|(id, leg)| {
            let place = place(leg)?;
            Some((id, leg, place))
        });
        let Some((id, leg, place)) = found else { return };
        let stopped = leg.playing.remove(place).stopped;
        let verdict = if stopped { Verdict::Stopped } else { verdict };
        effects.events.push(Event::Played { leg: id.clone(), order, verdict });
        if leg.playing.is_empty() && std::mem::take(&mut leg.stale) {
            effects.duties.push((id.clone(), Duty::Renew));
        }
    }

    /// A prompt that was found not to play any more.
    pub fn play_over(&mut self, order: OrderId, verdict: Verdict) -> Effects {
        let mut effects = Effects::default();
        self.played(order, verdict, &mut effects);
        effects
    }

    /// `order` is going to play on this leg.
    pub fn playing(&mut self, id: &LegId, order: OrderId) {
        if let Some(leg) = self.legs.get_mut(id) {
            leg.playing.push(Playing { order, stopped: false, records: None });
            leg.stale |= leg.lease.is_some();
        }
    }

    /// What plays on this leg, or records into something, and is going to be stopped; not `spare`, which is about to
    /// begin.
    pub fn stopping(&mut self, id: &LegId, spare: Option<OrderId>) -> Vec<(OrderId, Option<SoundId>)> {
        let Some(leg) = self.legs.get_mut(id) else { return Vec::new() };
        let stopped = leg.playing.iter_mut().filter(|playing| Some(playing.order) != spare);
        stopped
            .map(|playing| {
                playing.stopped = true;
                (playing.order, playing.records.clone())
            })
            .collect()
    }

    /// Notes whether music plays; says whether it did.
    pub fn music(&mut self, id: &LegId, on: bool) -> bool {
        self.legs.get_mut(id).is_some_and(|leg| std::mem::replace(&mut leg.music, on))
    }
}
