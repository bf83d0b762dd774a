//! A phone joins its two talks, or the one it has with whomever it asks meanwhile. It hangs up as soon as it is told
//! that this is being done, and that is before it is done: its ends are told afterwards, so that nobody takes them for
//! the end of the two talks.

use crate::{
    base::{clock::Stamp, id::LegId},
    ports::engine::{Event, HangupCause},
};

use super::{
    leg::Lane,
    legs::{Legs, PATIENCE},
};

/// A join under way.
#[derive(Debug)]
pub(super) struct Merge {
    /// The two legs of the phone.
    leave: [LegId; 2],
    /// Those with whom it talked; of the one whom it still asks nothing is known here.
    stay: Vec<LegId>,
    /// Legs of the phone that have ended already.
    ended: Vec<(LegId, HangupCause)>,
    since: Stamp,
}

impl Legs {
    pub(super) fn on_joining(&mut self, leave: [LegId; 2], now: Stamp) {
        let peer = |leg| match self.all.get(leg).map(|known| &known.lane) {
            Some(Lane::Talking { to }) => Some(to.clone()),
            _ => None,
        };
        let peers = [peer(&leave[0]), peer(&leave[1])];
        let asks = self.all.contains_key(&leave[1]);
        for leg in &leave {
            self.dismiss(leg);
        }
        let stay = match peers {
            [Some(one), Some(other)] => vec![one, other],
            [Some(one), None] if asks => vec![one],
            _ => return,
        };
        if let ([peer], Some(known)) = (&stay[..], self.all.get_mut(&stay[0])) {
            // The engine lets it hear music, if it has any, and parks it otherwise. Two transfers at once would end it.
            tracing::debug!(%peer, "is handed on to where nobody has answered");
            known.lane = Lane::Leaving { since: now };
            known.peer = None;
            known.held = true;
        }
        self.merges.push(Merge { leave, stay, ended: Vec::new(), since: now });
    }

    /// Whether this end is not to be told yet.
    pub(super) fn is_merging(&mut self, leg: &LegId, cause: HangupCause) -> bool {
        let Some(merge) = self.merges.iter_mut().find(|merge| merge.leave.contains(leg)) else {
            return false;
        };
        merge.ended.push((leg.clone(), cause));
        true
    }

    /// Those who stay are joined.
    pub(super) fn is_merged(&mut self, one: &LegId, other: &LegId, now: Stamp) {
        self.settle(|merge| merge.stay.contains(one) && merge.stay.contains(other), now);
    }

    /// One of those who stay is gone, or back: they will not be joined.
    pub(super) fn is_not_merged(&mut self, leg: &LegId, now: Stamp) {
        self.settle(|merge| merge.stay.contains(leg), now);
    }

    /// Who is handed on before anybody has answered does no more depend on whether anybody will: before the transfer
    /// the dialplan has taken it out of that.
    pub(super) fn is_taken_out(&mut self, leg: &LegId, now: Stamp) {
        self.settle(|merge| merge.stay == [leg.clone()], now);
    }

    pub(super) fn give_up_merges(&mut self, now: Stamp) {
        self.settle(|merge| now.since(merge.since) >= PATIENCE, now);
    }

    fn settle(&mut self, which: impl Fn(&Merge) -> bool, now: Stamp) {
        while let Some(place) = self.merges.iter().position(&which) {
            let Merge { leave: [leg, asked], stay, ended, .. } = self.merges.swap_remove(place);
            if let [peer] = &stay[..]
                && self.all.contains_key(peer)
                && self.all.contains_key(&leg)
            {
                self.tell(Event::HandedOn { leg, peer: peer.clone(), asked });
            }
            for (leg, cause) in ended {
                self.end(&leg, cause, now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        random::{Step, World, leg},
        tag::Tag,
        translate::{Executed, Fact, Next, Place},
    };
    use super::*;
    use crate::base::id::OrderId;

    const BYE: HangupCause = HangupCause::NORMAL_CLEARING;

    /// What was told about ends, joins and returns.
    fn told(world: &mut World) -> Vec<Event> {
        let events = world.legs.take().events.into_iter();
        let counts = |event: &Event| {
            matches!(event, Event::Joined { .. } | Event::Ended { .. } | Event::Returned { .. })
        };
        events.filter(counts).collect()
    }

    /// A phone, called by leg 0 and calling with leg 1, joins leg 0 and the one whom it called: these two are told,
    /// and the phone's leg that was called.
    fn joining() -> (World, LegId, LegId) {
        let mut world = World::new();
        for index in 0..2 {
            world.act(&Step::Park(index));
            world.order(leg(index), 17);
            let to = world.dialled[index].clone();
            world.legs.on_fact(Fact::Created { leg: to.clone() }, world.now);
            world.legs.on_fact(Fact::Answered { leg: to.clone(), tones: false }, world.now);
            world.legs.on_fact(Fact::Bridged { leg: leg(index), peer: to }, world.now);
        }
        let (desk, friend) = (world.dialled[0].clone(), world.dialled[1].clone());
        world.legs.on_fact(Fact::Joining { legs: [desk.clone(), leg(1)] }, world.now);
        told(&mut world);
        (world, desk, friend)
    }

    fn hang_up(world: &mut World, leg: &LegId) {
        world.legs.on_fact(Fact::HungUp { leg: leg.clone(), cause: BYE }, world.now);
    }

    fn ended(leg: &LegId) -> Event {
        Event::Ended { leg: leg.clone(), cause: BYE }
    }

    #[test]
    fn the_phone_leaves_after_the_join() {
        let (mut world, desk, friend) = joining();
        hang_up(&mut world, &leg(1));
        hang_up(&mut world, &desk);
        assert_eq!(told(&mut world), []);
        let (one, other) = (leg(0), friend.clone());
        world.legs.on_fact(Fact::Bridged { leg: one.clone(), peer: other.clone() }, world.now);
        let joined = Event::Joined { leg: one, peer: other };
        assert_eq!(told(&mut world), [joined, ended(&leg(1)), ended(&desk)]);
        hang_up(&mut world, &friend);
        assert_eq!(told(&mut world), [ended(&friend)]);
    }

    /// A phone that talks with leg 0, and asks somebody with leg 1 who has not answered, joins the two.
    fn handing_on() -> (World, LegId) {
        let mut world = World::new();
        for index in 0..2 {
            world.act(&Step::Park(index));
            world.order(leg(index), 17);
            let to = world.dialled[index].clone();
            world.legs.on_fact(Fact::Created { leg: to }, world.now);
        }
        let desk = world.dialled[0].clone();
        world.legs.on_fact(Fact::Answered { leg: desk.clone(), tones: false }, world.now);
        world.legs.on_fact(Fact::Bridged { leg: leg(0), peer: desk.clone() }, world.now);
        world.legs.on_fact(Fact::Joining { legs: [desk.clone(), leg(1)] }, world.now);
        told(&mut world);
        (world, desk)
    }

    /// How often leg 0 was parked anew, and what was told.
    fn parked(world: &mut World) -> (usize, Vec<Event>) {
        let out = world.legs.take();
        let again = super::super::command::park_again(&leg(0));
        (out.sends.iter().filter(|send| send.bytes == again).count(), out.events)
    }

    #[test]
    fn who_is_handed_on_early_is_told_once_he_is_out_of_it_and_parked_anew_once() {
        let back = || Fact::Parked { leg: leg(0), place: Place::Plain, arrival: None };
        for music in [true, false] {
            let (mut world, desk) = handing_on();
            hang_up(&mut world, &leg(1));
            hang_up(&mut world, &desk);
            assert_eq!(parked(&mut world), (0, vec![]), "the engine would still end him with the other call");
            world.legs.on_fact(Fact::Departing { leg: leg(0) }, world.now);
            let handed = Event::HandedOn { leg: desk.clone(), peer: leg(0), asked: leg(1) };
            assert_eq!(parked(&mut world), (0, vec![handed, ended(&leg(1)), ended(&desk)]));
            let begins = if music { Fact::PlayStarted { leg: leg(0) } } else { back() };
            world.legs.on_fact(begins, world.now);
            assert_eq!(parked(&mut world), (1, vec![]));
            world.legs.on_fact(Fact::Departing { leg: leg(0) }, world.now);
            world.legs.on_fact(back(), world.now);
            assert_eq!(parked(&mut world), (0, vec![Event::Returned { leg: leg(0) }]));
        }
    }

    #[test]
    fn who_leaves_while_he_is_handed_on_early_is_not_handed_on() {
        let (mut world, desk) = handing_on();
        hang_up(&mut world, &desk);
        hang_up(&mut world, &leg(0));
        assert_eq!(parked(&mut world), (0, vec![ended(&leg(0)), ended(&desk)]));
        // Nor is anybody held back for ever when nothing is heard.
        let (mut world, desk) = handing_on();
        hang_up(&mut world, &desk);
        world.act(&Step::Wait(2000));
        let handed = Event::HandedOn { leg: desk.clone(), peer: leg(0), asked: leg(1) };
        assert_eq!(parked(&mut world), (1, vec![handed, ended(&desk)]));
    }

    #[test]
    fn a_join_that_does_not_come_keeps_no_end_back() {
        let (mut world, desk, friend) = joining();
        hang_up(&mut world, &desk);
        hang_up(&mut world, &friend);
        assert_eq!(told(&mut world), [ended(&friend), ended(&desk)]);
        hang_up(&mut world, &leg(1));
        assert_eq!(told(&mut world), [ended(&leg(1))]);

        let (mut world, desk, _) = joining();
        hang_up(&mut world, &desk);
        let tag = Tag::Connect(OrderId { seq: 1, index: 1 }, desk.clone());
        let over =
            Executed { leg: leg(0), tag, played: false, cause: BYE, length: PATIENCE, next: Next::Park };
        world.legs.on_fact(Fact::Executed(over), world.now);
        assert_eq!(told(&mut world), [ended(&desk), Event::Returned { leg: leg(0) }]);

        let (mut world, desk, _) = joining();
        hang_up(&mut world, &desk);
        world.act(&Step::Wait(1999));
        assert_eq!(told(&mut world), []);
        world.act(&Step::Wait(1));
        assert_eq!(told(&mut world), [ended(&desk)]);
    }
}
