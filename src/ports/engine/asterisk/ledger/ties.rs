//! Who talks with whom, who is in which room, and how that ends.

use super::{Duty, Effects, Ledger, Stay};
use crate::{
    base::id::{LegId, RoomId},
    ports::engine::{
        Event,
        asterisk::translate::{Bridge, Purpose, Wish, bridge_for, bridge_of},
    },
};

/// A leg that is no more with the one it talked with, or was to talk with.
#[derive(Debug, PartialEq, Eq)]
pub enum Parted {
    /// It talked with this one, in this bridge.
    Talk { peer: LegId, bridge: String },
    /// This leg was being dialled for it.
    Awaited(LegId),
    /// It had answered for this caller, and they had not met yet.
    Promised(LegId),
}

impl Ledger {
    pub(super) fn bridged(&mut self, bridge: &Bridge, effects: &mut Effects) {
        match bridge.purpose() {
            Some(Purpose::Talk(to)) => {
                let [a, b] = bridge.members.as_slice() else { return };
                let caller = if *a == to { b.clone() } else { a.clone() };
                self.joins(&caller, &to, &to, effects);
            }
            Some(Purpose::Room(room)) => {
                for leg in &bridge.members {
                    self.meets(leg, &room, effects);
                }
            }
            None => {}
        }
    }

    /// Two hear each other, in the bridge made for `made`. Told once.
    fn joins(&mut self, caller: &LegId, to: &LegId, made: &LegId, effects: &mut Effects) {
        for (one, other) in [(to, caller), (caller, to)] {
            let Some(leg) = self.legs.get_mut(one) else { continue };
            leg.bridge = Some(made.clone());
            leg.away = true;
            if leg.joined.replace(other.clone()).as_ref() != Some(other) && one == caller {
                effects.events.push(Event::Joined { leg: caller.clone(), peer: to.clone() });
            }
        }
    }

    fn meets(&mut self, id: &LegId, room: &RoomId, effects: &mut Effects) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        let stay = leg.room.get_or_insert_with(|| Stay::new(room));
        if stay.room == *room && !std::mem::replace(&mut stay.met, true) {
            leg.away = true;
            effects.events.push(Event::Met { leg: id.clone(), room: room.clone() });
            effects.duties.push((lane_of(room), Duty::Count { room: room.clone() }));
        }
    }

    pub fn joined(&self, id: &LegId) -> Option<&LegId> {
        self.legs.get(id)?.joined.as_ref()
    }

    pub fn room(&self, id: &LegId) -> Option<&RoomId> {
        self.legs.get(id)?.room.as_ref().map(|stay| &stay.room)
    }

    /// Who is in this room, or on the way into it.
    pub fn members(&self, room: &RoomId) -> Vec<LegId> {
        let here = |id: &&LegId| self.room(id) == Some(room);
        let mut members: Vec<LegId> = self.legs.keys().filter(here).cloned().collect();
        members.sort_unstable();
        members
    }

    /// This leg goes into the room; says which one it leaves for that.
    pub fn meeting(&mut self, id: &LegId, room: &RoomId) -> Option<RoomId> {
        let leg = self.legs.get_mut(id)?;
        leg.away = true;
        let left = leg.room.replace(Stay::new(room))?;
        (left.room != *room).then_some(left.room)
    }

    /// This leg leaves its room.
    pub fn leaving(&mut self, id: &LegId) -> Option<RoomId> {
        self.legs.get_mut(id)?.room.take().map(|stay| stay.room)
    }

    /// Notes that this leg's lease does not run in its room, or does; says whether that is new.
    pub fn freed(&mut self, id: &LegId, free: bool) -> bool {
        let stay = self.legs.get_mut(id).and_then(|leg| leg.room.as_mut());
        stay.is_some_and(|stay| std::mem::replace(&mut stay.free, free) != free)
    }

    /// Whether this leg is with others in a room, without a lease.
    pub fn free(&self, id: &LegId) -> bool {
        self.legs.get(id).and_then(|leg| leg.room.as_ref()).is_some_and(|stay| stay.free)
    }

    /// Notes whether the others hear this leg; says whether that is new.
    pub fn muted(&mut self, id: &LegId, on: bool) -> bool {
        self.legs.get_mut(id).is_some_and(|leg| std::mem::replace(&mut leg.muted, on) != on)
    }

    /// This leg leaves its talk, or the attempt at one: nobody's end concerns the other any more.
    pub fn part(&mut self, id: &LegId) -> Option<Parted> {
        let leg = self.legs.get_mut(id)?;
        let (caller, awaited) = (leg.caller.take(), leg.awaits.take());
        let Some(peer) = leg.joined.take() else {
            return caller.map(Parted::Promised).or(awaited.map(Parted::Awaited));
        };
        let made = leg.bridge.take();
        if let Some(other) = self.legs.get_mut(&peer) {
            other.joined = None;
            other.bridge = None;
            other.awaits = None;
            other.caller = None;
        }
        let bridge = bridge_for(made.as_ref().unwrap_or(&peer));
        Some(Parted::Talk { peer, bridge })
    }

    pub(super) fn refers(&self, id: &LegId, wish: Wish, effects: &mut Effects) {
        if !self.knows(id) {
            return;
        }
        let peer = self.joined(id).filter(|peer| self.knows(peer)).cloned();
        let duty = match (wish, peer) {
            (Wish::Number(to), Some(peer)) => {
                effects.events.push(Event::Referred { leg: id.clone(), peer: peer.clone(), to });
                Duty::Refer { peer }
            }
            (Wish::Other(asked), Some(peer)) if self.waits(&asked) => {
                effects.events.push(Event::HandedOn { leg: id.clone(), peer: peer.clone(), asked });
                Duty::Refer { peer }
            }
            (Wish::Other(other), Some(_)) => Duty::Merge { other },
            _ => Duty::Decline,
        };
        effects.duties.push((id.clone(), duty));
    }

    /// Whether this leg waits for somebody who has not answered yet.
    fn waits(&self, id: &LegId) -> bool {
        self.legs
            .get(id)
            .is_some_and(|leg| leg.joined.is_none() && leg.room.is_none() && leg.dialled.is_none())
    }

    /// Whom the phone with these two legs wants to join: first the one who shall get back when the other ends.
    pub fn pair(&self, one: &LegId, other: &LegId) -> Option<(LegId, LegId)> {
        let (a, b) = (self.joined(one)?, self.joined(other)?);
        let distinct = one != other && a != b && a != other;
        let dialled = |id: &LegId| self.legs.get(id).map(|leg| leg.dialled.is_some());
        match (dialled(a)?, dialled(b)?) {
            _ if !distinct => None,
            (true, false) => Some((b.clone(), a.clone())),
            _ => Some((a.clone(), b.clone())),
        }
    }

    /// Two that talked with the two legs of one phone talk with each other, in the bridge made for `peer`. Says
    /// which bridges they were in.
    pub fn merged(&mut self, phone: [&LegId; 2], leg: &LegId, peer: &LegId) -> (Vec<String>, Effects) {
        let mut effects = Effects::default();
        let mut bridges = Vec::new();
        for one in phone {
            if let Some(Parted::Talk { bridge, .. }) = self.part(one) {
                bridges.push(bridge);
            }
        }
        if let Some(to) = self.legs.get_mut(peer) {
            to.caller = Some(leg.clone());
        }
        self.joins(leg, peer, peer, &mut effects);
        bridges.retain(|bridge| *bridge != bridge_for(peer));
        (bridges, effects)
    }
}

impl Stay {
    fn new(room: &RoomId) -> Self {
        Self { room: room.clone(), met: false, free: false }
    }
}

/// The lane in which a room is kept in order.
pub fn lane_of(room: &RoomId) -> LegId {
    LegId::new(bridge_of(room)).unwrap_or_else(|_| LegId::new("tandem-room").expect("a plain id"))
}
