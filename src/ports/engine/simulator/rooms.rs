//! Legs without a peer: dialled for nobody, in rooms, recorded; and what a phone's REFER does.

use std::time::Duration;

use super::world::{Happening, State, World};
use crate::{
    base::{
        attendance::Attendance,
        clock::Stamp,
        id::{LegId, OrderId, RoomId},
        number::Number,
    },
    ports::engine::{Endpoint, Event, HangupCause},
};

impl World {
    pub(super) fn dial(&mut self, leg: LegId, endpoint: &Endpoint, timeout: Duration, lease: Duration) {
        match self.rung(endpoint) {
            Ok(rung) => self.ring(leg, State::Called(lease), rung, timeout),
            Err(cause) => self.tell(Event::Ended { leg, cause }),
        }
    }

    pub(super) fn answer_called(&mut self, leg: &LegId, lease: Duration) {
        let at = self.now + lease;
        self.with(leg, |leg| {
            leg.up = true;
            leg.state = State::Parked;
            leg.obeys = true;
            leg.muted = false;
            leg.lease = Some(at);
        });
        self.schedule(at, Happening::LeaseEnds(leg.clone(), at));
        let keys = self.legs.get(leg).map(|leg| leg.keys.clone()).unwrap_or_default();
        for (after, key) in keys {
            self.schedule(self.now + after, Happening::Presses(leg.clone(), key));
        }
        self.tell(Event::Answered { leg: leg.clone() });
    }

    pub(super) fn meet(&mut self, leg: &LegId, room: RoomId, muted: bool) {
        self.hush(leg);
        self.leave_peer(leg);
        self.with(leg, |leg| {
            leg.up = true;
            leg.muted = muted;
            leg.state = State::Room(room.clone());
            leg.attends = None;
        });
        self.tell(Event::Met { leg: leg.clone(), room: room.clone() });
        let present: Vec<LegId> = self.in_room(&room);
        if present.len() < 2 {
            return;
        }
        for other in present {
            self.with(&other, |leg| leg.lease = None);
            if self.talked.insert(other.clone()) {
                let talk = self.legs.get(&other).map_or(Duration::ZERO, |leg| leg.talk);
                self.schedule(self.now + talk, Happening::HangsUp(other));
            }
        }
    }

    pub(super) fn attend(&mut self, leg: &LegId, of: LegId, how: Attendance) {
        self.with(leg, |leg| {
            leg.attends = Some((of, how)).filter(|_| leg.up && leg.state == State::Parked);
        });
        if self.talked.insert(leg.clone()) {
            let talk = self.legs.get(leg).map_or(Duration::ZERO, |leg| leg.talk);
            self.schedule(self.now + talk, Happening::HangsUp(leg.clone()));
        }
    }

    /// Whose talk this leg hears, and how it is heard there.
    pub fn attends(&self, leg: &LegId) -> Option<(&LegId, Attendance)> {
        let (of, how) = self.legs.get(leg)?.attends.as_ref()?;
        self.legs.contains_key(of).then_some((of, *how))
    }

    pub(super) fn part(&mut self, leg: &LegId) {
        self.leave_peer(leg);
        if self.legs.get(leg).is_some_and(|leg| leg.state != State::Parked) {
            self.park(leg);
            self.tell(Event::Returned { leg: leg.clone() });
        }
    }

    /// Whoever talked with this leg, or was dialled for it, does without it.
    fn leave_peer(&mut self, leg: &LegId) {
        let Some(found) = self.legs.get(leg) else { return };
        match found.state.clone() {
            State::Talking(peer) => {
                self.park(&peer);
                self.tell(Event::Returned { leg: peer });
            }
            State::Dialling(peer) => {
                self.with(leg, |leg| leg.state = State::Parked);
                self.with(&peer, |peer| peer.state = State::Parked);
                self.remove(&peer, HangupCause::NORMAL_CLEARING);
            }
            _ => {}
        }
    }

    fn park(&mut self, leg: &LegId) {
        self.with(leg, |leg| {
            leg.state = State::Parked;
            leg.obeys = true;
            leg.muted = false;
        });
    }

    /// Who is in a room.
    pub fn in_room(&self, room: &RoomId) -> Vec<LegId> {
        let here = |state: &State| *state == State::Room(room.clone());
        self.legs.iter().filter(|(_, leg)| here(&leg.state)).map(|(id, _)| id.clone()).collect()
    }

    /// The room of a leg.
    pub fn room(&self, leg: &LegId) -> Option<&RoomId> {
        match &self.legs.get(leg)?.state {
            State::Room(room) => Some(room),
            _ => None,
        }
    }

    pub(super) fn record(&mut self, leg: &LegId, order: OrderId, limit: Duration) {
        self.hush(leg);
        let now = self.now;
        self.with(leg, |leg| leg.recording = Some((order, now)));
        self.schedule(now + limit, Happening::RecordEnds(leg.clone(), order));
    }

    pub(super) fn record_over(&mut self, leg: &LegId, order: OrderId) {
        let Some(found) = self.legs.get_mut(leg) else { return };
        let Some((_, since)) = found.recording.take_if(|(known, _)| *known == order) else { return };
        let length = self.now.since(since);
        self.recorded.insert(order, length);
        self.tell(Event::Recorded { leg: leg.clone(), order, length });
    }

    pub(super) fn find(&mut self, leg: LegId, order: OrderId) {
        let length = self.recorded.get(&order).copied().unwrap_or_default();
        self.tell(Event::Recorded { leg, order, length });
    }

    /// The phone at `leg` sends its peer to a number (REFER).
    pub fn refer(&mut self, leg: &LegId, to: Number, now: Stamp) {
        self.now = self.now.max(now);
        let Some(peer) = self.peer(leg).cloned() else { return };
        self.tell(Event::Referred { leg: leg.clone(), peer: peer.clone(), to });
        self.leave_peer(leg);
        self.with(leg, |leg| leg.state = State::Parked);
        self.remove(leg, HangupCause::NORMAL_CLEARING);
    }

    /// The phone at `leg` sends its peer to where its leg `asked` is going, before anybody has answered there.
    pub fn refer_early(&mut self, leg: &LegId, asked: &LegId, now: Stamp) {
        self.now = self.now.max(now);
        let Some(peer) = self.peer(leg).cloned() else { return };
        self.tell(Event::HandedOn { leg: leg.clone(), peer: peer.clone(), asked: asked.clone() });
        self.leave_peer(leg);
        self.with(leg, |leg| leg.state = State::Parked);
        self.remove(leg, HangupCause::NORMAL_CLEARING);
    }

    /// A phone joins its two talks into one (REFER with Replaces): its legs end, the other two talk.
    pub fn refer_attended(&mut self, leg: &LegId, other: &LegId, now: Stamp) {
        self.now = self.now.max(now);
        let (Some(one), Some(two)) = (self.peer(leg).cloned(), self.peer(other).cloned()) else { return };
        for (a, b) in [(&one, &two), (&two, &one)] {
            self.with(a, |leg| leg.state = State::Talking(b.clone()));
        }
        self.tell(Event::Joined { leg: one, peer: two });
        for gone in [leg, other] {
            self.with(gone, |leg| leg.state = State::Parked);
            self.remove(gone, HangupCause::NORMAL_CLEARING);
        }
    }
}
