//! The ledger against the engine's own lists: legs of a former life are taken up, lost ones forgotten, and what
//! was left half done is done.

use std::collections::HashSet;

use super::{Duty, Effects, Ledger, Leg, Playing};
use crate::{
    base::{clock::Stamp, id::LegId},
    ports::engine::{
        Arrival, Event, LegSeen,
        asterisk::translate::{Bridge, Channel, Hold, Place, peers},
    },
};

impl Ledger {
    /// Compares with the answer to a question sent at `asked`; `fresh` when the link has just been restored.
    pub fn audit(
        &mut self,
        channels: &[Channel],
        bridges: &[Bridge],
        asked: Stamp,
        fresh: bool,
    ) -> (Vec<LegSeen>, Effects) {
        let mut effects = Effects::default();
        let peers = peers(bridges);
        let ours = |channel: &&Channel| {
            !self.ended.contains_key(&channel.leg)
                && (channel.caller.is_some() || matches!(channel.place, Place::Arrival | Place::Resumed))
        };
        let ours: Vec<&Channel> = channels.iter().filter(ours).collect();
        let seen = ours
            .iter()
            .map(|channel| LegSeen {
                leg: channel.leg.clone(),
                up: channel.up,
                peer: peers.get(&channel.leg).cloned(),
                room: None,
                arrival: waiting_arrival(channel),
            })
            .collect();
        for channel in &ours {
            self.adopt(channel, peers.get(&channel.leg), asked, fresh, &mut effects);
        }
        for (caller, to) in self.drop_missing(&ours, asked, fresh) {
            self.let_return(&caller, &mut effects);
            effects.duties.push((caller, Duty::Tidy { to }));
        }
        self.sweep(bridges, &mut effects);
        (seen, effects)
    }

    fn adopt(
        &mut self,
        channel: &Channel,
        peer: Option<&LegId>,
        asked: Stamp,
        fresh: bool,
        effects: &mut Effects,
    ) {
        let id = &channel.leg;
        let known = self.legs.contains_key(id);
        let leg = self.legs.entry(id.clone()).or_insert_with(|| Leg::new(asked));
        leg.missing = false;
        if !known {
            leg.up = channel.up;
            // The news of it was lost with the old link, or is under way: it may be told twice.
            if let Some(arrival) = waiting_arrival(channel) {
                effects.events.push(Event::Arrived { leg: id.clone(), arrival });
            }
        }
        if fresh {
            leg.joined = peer.cloned();
            if channel.place == Place::Resumed {
                leg.awaits = None;
            }
            if channel.caller.is_none() && peer.is_some() {
                effects.duties.push((id.clone(), Duty::Release));
            }
            if let (Some(order), false) = (channel.play, known) {
                leg.playing.push(Playing { order, stopped: false });
            }
            for Playing { order, .. } in &leg.playing {
                effects.duties.push((id.clone(), Duty::AskPlay { order: *order }));
            }
        }
        let Some(caller) = &channel.caller else { return };
        let waits = channel.place == Place::Dialled && channel.hold == Hold::Ours && peer.is_none();
        let alone = std::mem::replace(&mut leg.alone, waits);
        self.adopt_dialled(id, caller, asked);
        if waits && (alone || fresh) {
            effects.duties.push((caller.clone(), Duty::Join { to: id.clone() }));
        }
    }

    /// Forgets legs that the engine does not have; without an event, since the audit itself tells it.
    /// Says which callers lost whom.
    fn drop_missing(&mut self, ours: &[&Channel], asked: Stamp, fresh: bool) -> Vec<(LegId, LegId)> {
        let there: HashSet<&LegId> = ours.iter().map(|channel| &channel.leg).collect();
        let mut callers = Vec::new();
        self.legs.retain(|id, leg| {
            let unsent = leg.dialled.as_ref().is_some_and(|dialled| !dialled.sent);
            if there.contains(id) || unsent || leg.since >= asked {
                return true;
            }
            // Twice in a row, since the news of its end may still be under way.
            if !fresh && !leg.missing {
                leg.missing = true;
                return true;
            }
            callers.extend(leg.dialled.take().map(|dialled| (dialled.caller, id.clone())));
            false
        });
        callers
    }

    /// Bridges whose dialled leg is gone stay behind when nobody was there to remove them.
    fn sweep(&self, bridges: &[Bridge], effects: &mut Effects) {
        for to in bridges.iter().filter_map(Bridge::dialled) {
            if !self.legs.contains_key(&to) {
                effects.duties.push((to.clone(), Duty::Tidy { to }));
            }
        }
    }
}

/// What a call brought that nobody has taken yet.
fn waiting_arrival(channel: &Channel) -> Option<Arrival> {
    channel.arrival.clone().filter(|_| !channel.up && channel.place == Place::Arrival)
}
