//! `strategy: ring_all`: a caller is offered to all agents at once, and whoever answers first has them.

use std::time::Duration;

use smol_str::format_smolstr;

use super::{pairs::Pair, state::Switchboard, view::Why};
use crate::{
    base::id::{CallId, LegId, Name},
    infra::site::Strategy,
    live::{
        agent::Agent,
        call::{Member, Next, Presence, Stage, Timer},
        queue::Place,
    },
    ports::engine::HangupCause,
};

/// So many are rung at once, at most: the first in the queue's order.
const MOST: usize = 20;

impl Switchboard {
    pub(super) fn offer_to_all(&mut self, queue: &Name, pair: &Pair) {
        let now = self.now();
        let Place { call: id, .. } = pair.place;
        let Some(settings) = self.site.queues.get(queue) else { return };
        let ring = settings.ring;
        let suits = |agent: &&Name| self.suits(settings, agent, &pair.wanted);
        let free: Vec<Name> = self.agents.free(queue).filter(suits).take(MOST).cloned().collect();
        let why = self.offered_together(queue, pair, &free);
        self.queues.hold(queue, pair.place);
        let Some(Stage::Waiting(waiting)) = self.calls.get(&id).map(|call| call.stage.clone()) else {
            return;
        };
        if let Some(call) = self.calls.get_mut(&id) {
            self.out.tell_all(call, why);
        }
        let room = self.out.room_id();
        let mut others = Vec::new();
        for name in free {
            self.agents.offer(&name, id, now);
            others.extend(self.ring_agent_of_many(id, name, ring));
        }
        self.begin_race(id, room, others, Next::Wait(Box::new(waiting)));
    }

    /// An agent who became free rings along where all are rung.
    pub(super) fn ring_along(&mut self, name: &Name) {
        if !self.ready() || !self.agents.get(name).is_some_and(Agent::free) {
            return;
        }
        let queues = || self.agents.serves(name).filter(|queue| self.rings_all(queue));
        let offered = queues().find_map(|queue| {
            let rung = self.queues.members(queue).find(|place| self.may_ring_along(queue, *place, name))?;
            Some((queue.clone(), rung.call))
        });
        let Some((queue, id)) = offered else { return };
        let now = self.now();
        let ring = self.site.queues.get(&queue).map_or(super::goals::RING, |queue| queue.ring);
        self.agents.offer(name, id, now);
        if let Some(call) = self.calls.get_mut(&id) {
            self.out.tell(call, format_smolstr!("{name} is free by now, and is rung with the others"));
        }
        let member = self.ring_agent_of_many(id, name.clone(), ring);
        if let Some(Stage::Meeting(meeting)) = self.calls.get_mut(&id).map(|call| &mut call.stage) {
            meeting.others.extend(member);
        }
    }

    pub(super) fn rings_all(&self, queue: &Name) -> bool {
        self.site.queues.get(queue).is_some_and(|queue| queue.strategy == Strategy::RingAll)
    }

    fn may_ring_along(&self, queue: &Name, place: Place, name: &Name) -> bool {
        let Some(settings) = self.site.queues.get(queue) else { return false };
        let Some(Stage::Meeting(meeting)) = self.calls.get(&place.call).map(|call| &call.stage) else {
            return false;
        };
        let wanted = || self.wanted_now(queue, place);
        meeting.race
            && meeting.place().is_some()
            && meeting.others.len() < MOST
            && self.suits(settings, name, &wanted())
    }

    fn ring_agent_of_many(&mut self, id: CallId, name: Name, ring: Duration) -> Option<Member> {
        let rung = self.agent_rung(&name, ring);
        self.ring_member(id, rung)
    }

    /// The reason, without those who are rung among those passed over.
    fn offered_together(&self, queue: &Name, pair: &Pair, rung: &[Name]) -> Why {
        let mut why = self.assignment(queue, pair);
        let names: Vec<&str> = rung.iter().map(Name::as_str).collect();
        let all = self.agents.free_in(queue);
        why.what = format_smolstr!(
            "offered to {} at once: {} of {all} free in {queue}",
            names.join(", "),
            rung.len()
        );
        if let Some(assignment) = &mut why.assignment {
            assignment.passed.retain(|passed| !rung.contains(&passed.agent));
        }
        why
    }

    /// One of those who were rung hears the caller: a place in a queue is theirs no more.
    pub(super) fn talks_with_one(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::Meeting(meeting) = &mut call.stage else { return };
        let place = std::mem::replace(&mut meeting.then, Next::Hangup);
        meeting.former = place.place().cloned().map(Box::new);
        let here = meeting.others.iter().find(|member| member.presence == Presence::Here);
        let Some(party) = here.map(|member| member.party.clone()) else { return };
        self.timers.clear(&Timer::MaxWait(id));
        let waited = self.answered_from_queue(id, &party, &place);
        if let (Some(call), Some(ms)) = (self.calls.get_mut(&id), waited) {
            self.out.tell(
                call,
                format_smolstr!("talks with {}; waited {}.{} s", party.words(), ms / 1000, ms % 1000 / 100),
            );
        }
    }

    /// The place is gone: whoever still rings is hung up, and the caller goes there.
    pub(super) fn call_off(&mut self, id: CallId, after: Next) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::Meeting(meeting) = &mut call.stage else { return };
        (meeting.then, meeting.sent) = (after, true);
        let legs: Vec<LegId> = meeting.others.iter().map(|member| member.leg.clone()).collect();
        for leg in legs {
            self.out.hangup(&leg, HangupCause::NORMAL_CLEARING);
        }
    }
}
