//! Into a room, in it, and out of it; and how talks end by an order.

use crate::{
    base::{
        clock::Stamp,
        id::{LegId, OrderId, RoomId},
    },
    ports::engine::{Command, Event, Order, Outcome, Verdict},
};

use super::{
    command::{self, Entrance},
    leg::Lane,
    legs::{Legs, Then},
};

impl Legs {
    /// Who else is in the room, or on the way there.
    pub(super) fn others_in<'a>(
        &'a self,
        room: &'a RoomId,
        leg: &'a LegId,
    ) -> impl Iterator<Item = &'a LegId> + 'a {
        let inside = move |lane: &Lane| match lane {
            Lane::Entering { room: other, .. } | Lane::InRoom { room: other, .. } => other == room,
            _ => false,
        };
        self.all.iter().filter(move |(id, known)| *id != leg && inside(&known.lane)).map(|(id, _)| id)
    }

    /// At once, whatever the leg does; one that is still on its way to obey gets there first. A record is stopped
    /// first: taken away from it, the engine would hang up.
    pub(super) fn meet(&mut self, order: Order, now: Stamp) {
        let Order { id, leg, command } = &order;
        let Command::Meet { room, muted } = command else { return };
        let Some(known) = self.all.get(leg) else { return };
        if matches!(known.lane, Lane::Away | Lane::Recording(_)) {
            return self.line_up(order, now);
        }
        let lease = known.span.unwrap_or(self.settings.lease);
        self.overtake(leg, now);
        let others: Vec<LegId> = self.others_in(room, leg).take(2).cloned().collect();
        let with = if let [other] = &others[..] { Some(other) } else { None };
        let entrance = Entrance { leg, room, muted: *muted, with, joins: !others.is_empty(), lease };
        let [prepare, go] = command::enter(&entrance);
        self.send(prepare, Then::Nothing);
        self.send(go, Then::Outcome { leg: leg.clone(), order: *id });
        self.set_lane(leg, Lane::Entering { room: room.clone(), since: now });
    }

    pub(super) fn on_met(&mut self, leg: LegId, room: RoomId, member: u32) {
        let Some(known) = self.all.get_mut(&leg) else { return };
        let expected = match &known.lane {
            Lane::Entering { room: other, .. } => *other == room,
            // Parked in between, as it seemed: it is in the room all the same.
            lane => matches!(lane, Lane::Idle | Lane::Unknown),
        };
        if expected {
            known.lane = Lane::InRoom { room: room.clone(), member };
            known.alone = false;
            known.sure = true;
            self.tell(Event::Met { leg, room });
        }
    }

    /// At once. The application holds on to the other leg alone, and ends with it; then this leg ends, too, with or
    /// without us.
    pub(super) fn attend(&mut self, order: Order, now: Stamp) {
        let Order { id, leg, command } = &order;
        let Command::Attend { of, how } = command else { return };
        let Some(known) = self.all.get(leg) else { return };
        match known.lane {
            Lane::Away => return self.line_up(order, now),
            Lane::Idle | Lane::Unknown | Lane::Attending => {}
            _ => return self.refuse(leg, *id, "the leg is with others"),
        }
        if !self.all.contains_key(of) {
            return self.refuse(leg, *id, "nobody is there who could be attended");
        }
        self.overtake(leg, now);
        let [prepare, go] = command::attend(leg, of, *how);
        self.send(prepare, Then::Nothing);
        self.send(go, Then::Outcome { leg: leg.clone(), order: *id });
        self.set_lane(leg, Lane::Attending);
    }

    pub(super) fn mute(&mut self, leg: &LegId, order: OrderId, on: bool) {
        match self.all.get(leg).map(|known| &known.lane) {
            Some(Lane::InRoom { room, member }) => {
                let bytes = command::mute(room, *member, on);
                self.send(bytes, Then::Outcome { leg: leg.clone(), order });
            }
            _ => self.refuse(leg, order, "the leg is in no room"),
        }
    }

    /// Back from a talk or a room.
    pub(super) fn part(&mut self, leg: &LegId, order: OrderId, now: Stamp) {
        match self.all.get(leg).map(|known| &known.lane) {
            Some(Lane::Talking { .. } | Lane::InRoom { .. } | Lane::Entering { .. }) => {
                self.overtake(leg, now);
                self.set_lane(leg, Lane::Leaving { since: now });
                self.send(command::park_again(leg), Then::Outcome { leg: leg.clone(), order });
            }
            Some(Lane::Dialling { .. } | Lane::Away) => {
                self.refuse(leg, order, "nobody has answered yet; hang up the dialled leg");
            }
            // It is back already, or on its way.
            _ => self.outcome(leg, order, Outcome::Done),
        }
    }

    /// The leg is taken away from whatever it does. Whoever talks with it comes back by itself.
    fn overtake(&mut self, leg: &LegId, now: Stamp) {
        let Some(known) = self.all.get_mut(leg) else { return };
        let lane = std::mem::replace(&mut known.lane, Lane::Idle);
        known.peer = None;
        for order in std::mem::take(&mut known.waiting) {
            self.drop_order(&order, "a later order came first", now);
        }
        self.played_if(leg, &lane, Verdict::Stopped);
        match lane {
            Lane::Dialling { to } => self.end_if_not_created(&to, now),
            Lane::Talking { to } => {
                let with = Lane::Talking { to: leg.clone() };
                if let Some(peer) = self.all.get_mut(&to).filter(|peer| peer.lane == with) {
                    peer.lane = Lane::Leaving { since: now };
                    peer.peer = None;
                    self.send(command::come_back(&to), Then::Nothing);
                    self.send(command::give_back(leg), Then::Nothing);
                }
            }
            _ => {}
        }
    }
}
