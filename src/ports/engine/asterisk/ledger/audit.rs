//! The ledger against the engine's own lists: legs of a former life are taken up, lost ones forgotten, and what
//! was left half done is done.

use std::collections::HashSet;

use super::{Duty, Effects, Ledger, Leg, Playing, Stay, lane_of};
use crate::{
    base::{
        clock::Stamp,
        id::{LegId, RoomId},
    },
    ports::engine::{
        Arrival, Event, LegSeen,
        asterisk::translate::{
            Bridge, Channel, Hold, Place, Purpose, Recording, Talk, bridge_for, rooms, talks,
        },
    },
};

/// Where the engine's bridges have a leg.
struct With<'a> {
    talk: Option<&'a Talk>,
    room: Option<&'a RoomId>,
    fresh: bool,
}

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
        let (talks, rooms) = (talks(bridges), rooms(bridges));
        let ours = |channel: &&Channel| {
            !self.ended.contains_key(&channel.leg)
                && (channel.dialled || matches!(channel.place, Place::Arrival | Place::Resumed))
                && channel.place != Place::Fallback
        };
        let ours: Vec<&Channel> = channels.iter().filter(ours).collect();
        let seen = ours
            .iter()
            .map(|channel| LegSeen {
                leg: channel.leg.clone(),
                up: channel.up,
                peer: talks.get(&channel.leg).map(|talk| talk.peer.clone()),
                room: rooms.get(&channel.leg).cloned(),
                arrival: waiting_arrival(channel),
            })
            .collect();
        for channel in &ours {
            let with = With { talk: talks.get(&channel.leg), room: rooms.get(&channel.leg), fresh };
            self.adopt(channel, &with, asked, &mut effects);
        }
        for (caller, to) in self.drop_missing(&ours, asked, fresh) {
            self.let_return(&caller, &mut effects);
            effects.duties.push((caller, Duty::Tidy { to }));
        }
        self.sweep(bridges, fresh, &mut effects);
        (seen, effects)
    }

    fn adopt(&mut self, channel: &Channel, with: &With, asked: Stamp, effects: &mut Effects) {
        let id = &channel.leg;
        let known = self.legs.contains_key(id);
        let leg = self.legs.entry(id.clone()).or_insert_with(|| Leg::new(asked));
        leg.missing = false;
        if !known {
            leg.up = channel.up;
            leg.caller.clone_from(&channel.caller);
            leg.away = channel.caller.is_some() || channel.peer.is_some() || channel.place == Place::Resumed;
            // The news of it was lost with the old link, or is under way: it may be told twice.
            if let Some(arrival) = waiting_arrival(channel) {
                effects.events.push(Event::Arrived { leg: id.clone(), arrival });
            }
        }
        if with.fresh {
            leg.refresh(channel, with);
            // Perhaps it was muted there by a former life of ours.
            leg.muted |= with.room.is_some() && !known;
            leg.away |= with.talk.is_some() || with.room.is_some();
            if with.talk.is_some() {
                effects.duties.push((id.clone(), Duty::Release));
            }
            if let (Some(order), false) = (channel.play, known) {
                leg.playing.push(Playing { order, stopped: false, records: None });
            }
            if let (Some(Recording::Message { order, sound, .. }), false) = (&channel.record, known) {
                effects.duties.push((id.clone(), Duty::AskRecord { order: *order, sound: sound.clone() }));
            }
            for Playing { order, records, .. } in &leg.playing {
                let duty = match records.clone() {
                    Some(sound) => Duty::AskRecord { order: *order, sound },
                    None => Duty::AskPlay { order: *order },
                };
                effects.duties.push((id.clone(), duty));
            }
        }
        if !channel.dialled {
            return;
        }
        let waits = channel.place == Place::Dialled
            && channel.hold == Hold::Ours
            && with.talk.is_none()
            && with.room.is_none();
        let alone = std::mem::replace(&mut leg.alone, waits);
        let caller = leg.caller.clone();
        self.adopt_dialled(channel, asked);
        if let Some(caller) = caller.filter(|_| waits && (alone || with.fresh)) {
            effects.duties.push((caller, Duty::Join { to: id.clone() }));
        }
    }

    /// Forgets legs that the engine does not have; without an event, since the audit itself tells it.
    /// Says which callers lost whom.
    fn drop_missing(&mut self, ours: &[&Channel], asked: Stamp, fresh: bool) -> Vec<(LegId, LegId)> {
        let there: HashSet<&LegId> = ours.iter().map(|channel| &channel.leg).collect();
        let mut callers = Vec::new();
        self.legs.retain(|id, leg| {
            let unsent = leg.dialled.as_ref().is_some_and(|dialled| !dialled.sent);
            if there.contains(id) || unsent || leg.since >= asked || leg.ending.is_some() {
                return true;
            }
            // Twice in a row, since the news of its end may still be under way.
            if !fresh && !leg.missing {
                leg.missing = true;
                return true;
            }
            callers.extend(leg.caller.take().map(|caller| (caller, id.clone())));
            false
        });
        callers
    }

    /// Bridges stay behind when nobody was there to remove them; and who is alone in a room holds a lease.
    fn sweep(&self, bridges: &[Bridge], fresh: bool, effects: &mut Effects) {
        let expected = |to: &LegId| self.legs.get(to).is_some_and(|leg| leg.alone || leg.joined.is_some());
        for bridge in bridges {
            let empty = bridge.members.is_empty();
            match bridge.purpose() {
                Some(Purpose::Talk(to)) if !self.legs.contains_key(&to) => {
                    effects.duties.push((to.clone(), Duty::Tidy { to }));
                }
                Some(Purpose::Talk(to)) if fresh && empty && !expected(&to) => {
                    let bridge = bridge_for(&to);
                    effects.duties.push((to, Duty::Sweep { bridge }));
                }
                Some(Purpose::Room(room)) if fresh || self.members(&room).len() < 2 => {
                    effects.duties.push((lane_of(&room), Duty::Count { room }));
                }
                _ => {}
            }
        }
    }
}

impl Leg {
    /// After a new link: what the engine says of it, in place of what may have been missed.
    fn refresh(&mut self, channel: &Channel, with: &With) {
        self.joined = with.talk.map(|talk| talk.peer.clone());
        self.bridge = with.talk.map(|talk| talk.made.clone());
        if channel.place == Place::Resumed {
            self.awaits = None;
        }
        self.room = with.room.map(|room| Stay { room: room.clone(), met: true, free: false });
    }
}

/// What a call brought that nobody has taken yet.
fn waiting_arrival(channel: &Channel) -> Option<Arrival> {
    channel
        .arrival
        .clone()
        .filter(|_| !channel.up && channel.place == Place::Arrival && channel.peer.is_none())
}
