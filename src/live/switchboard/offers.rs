//! Who is offered whom, and what follows when the offer is taken or not. `pairs` says who fits whom.

use std::time::Duration;

use super::{goals::RING, legs::agent_of, pairs::Pair, stages::millis, state::Switchboard};
use crate::{
    base::id::{CallId, LegId, Name},
    infra::site::Takes,
    live::{
        agent::{Agent, AgentState, Rest},
        call::{Next, Party, Stage, Timer, Waiting},
        record::Role,
    },
    ports::engine::HangupCause,
};

impl Switchboard {
    fn offer(&mut self, queue: &Name, pair: Pair) {
        if self.callbacks.contains_key(&pair.place.call) {
            return self.call_back(queue, pair);
        }
        if self.messages.get(pair.place.call).is_some() {
            return self.offer_message(queue, pair);
        }
        if self.rings_all(queue) && pair.wanted.agent.is_none() {
            return self.offer_to_all(queue, &pair);
        }
        let assignment = self.assignment(queue, &pair);
        let Pair { place, agent: name, .. } = pair;
        let (now, id) = (self.now(), place.call);
        let ring = self.site.queues.get(queue).map_or(RING, |queue| queue.ring);
        // Whatever comes of it, nobody is offered twice.
        self.queues.hold(queue, place);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::Waiting(waiting) = &call.stage else { return };
        let waiting = waiting.clone();
        self.agents.offer(&name, id, now);
        self.out.tell_all(call, assignment);
        self.dial_agent(id, &name, ring, Next::Wait(Box::new(waiting)));
    }

    pub(super) fn match_all(&mut self) {
        let mut queues: Vec<(Takes, Name)> =
            self.site.queues.iter().map(|(name, queue)| (queue.takes, name.clone())).collect();
        queues.sort();
        for (_, queue) in queues {
            self.match_queue(&queue);
        }
    }

    /// Whether a queue may offer what waits in it: without the engine nobody is rung.
    pub(super) fn may_offer(&self, queue: &Name) -> bool {
        self.ready() || self.site.queues.get(queue).is_some_and(|queue| queue.takes == Takes::Messages)
    }

    /// Offers as many callers of a queue as there are agents for.
    pub(super) fn match_queue(&mut self, queue: &Name) {
        while self.may_offer(queue) {
            let Some(pair) = self.pair(queue) else { return };
            self.offer(queue, pair);
        }
    }

    /// An agent became free: of the callers for whom the agent is enough, the one who has waited longest comes first, and a
    /// message after all of them.
    pub(super) fn match_agent(&mut self, name: &Name) {
        // Whom the house may not call back takes nobody's time, and the next one's turn comes.
        loop {
            let free = |queue: &&Name| self.may_offer(queue) && self.agents.is_free_in(queue, name);
            let longest = self.agents.serves(name).filter(free).filter_map(|queue| {
                let settings = self.site.queues.get(queue)?;
                if settings.takes == Takes::Messages && self.is_awaited(name) {
                    return None;
                }
                let first =
                    self.queues.firsts(queue).filter(|(wanted, _)| self.suits(settings, name, wanted));
                Some((settings.takes, first.map(|(_, place)| place).min()?, queue.clone()))
            });
            let Some((.., queue)) = longest.min() else { break };
            self.match_queue(&queue);
        }
        self.ring_along(name);
    }

    /// An agent who was kept, or rested, may be free.
    pub(super) fn freed(&mut self, name: &Name) {
        self.agent_timer(name);
        self.match_agent(name);
    }

    pub(super) fn agent_timer(&mut self, name: &Name) {
        let timer = Timer::Agent(name.clone());
        match self.agents.get(name).and_then(Agent::deadline) {
            Some(at) => self.timers.set(timer, at),
            None => self.timers.clear(&timer),
        }
    }

    /// The dialled agent talks: the caller leaves the queue. Gives the milliseconds waited.
    pub(super) fn answered_from_queue(&mut self, id: CallId, party: &Party, place: &Next) -> Option<u64> {
        let now = self.now();
        let name = agent_of(party)?;
        self.agents.talk(name, id, now);
        let call = self.calls.get_mut(&id)?;
        call.agent = Some(name.clone());
        let queue = match place {
            Next::Wait(waiting) => Some(waiting.queue.clone()),
            _ => call.queue.clone(),
        };
        if let Some(queue) = queue {
            self.sense(id, &queue);
        }
        let Next::Wait(waiting) = place else { return None };
        let call = self.calls.get_mut(&id)?;
        let waited = millis(now, waiting.place.joined.max(call.answered.unwrap_or_default()));
        call.wait_ms += waited;
        call.served = Some(waiting.queue.clone());
        self.queues.leave(&waiting.queue, waiting.place);
        let queue = waiting.queue.clone();
        self.queues.answered(&queue, waiting.waited(now), self.site.service_level(&queue), now);
        self.stretch(Some(id), &queue);
        Some(waited)
    }

    /// The agent was gone before the talk began in earnest: the caller has the old place again.
    pub(super) fn give_place_back(&mut self, id: CallId, waiting: &Waiting, talked: Duration) {
        let (now, millis_talked) = (self.now(), u64::try_from(talked.as_millis()).unwrap_or(u64::MAX));
        self.queues.hold(&waiting.queue, waiting.place);
        let (then, level) = (now - talked, self.site.service_level(&waiting.queue));
        let counted = (then, self.is_today(then));
        self.queues.unanswered(&waiting.queue, waiting.waited(then), level, counted);
        let max_wait = self.site.queues.get(&waiting.queue).map(|queue| queue.max_wait);
        if let Some(call) = self.calls.get_mut(&id) {
            let since = waiting.place.joined.max(call.answered.unwrap_or_default());
            let booked = millis(now, since).saturating_sub(millis_talked);
            call.wait_ms = call.wait_ms.saturating_sub(booked);
        }
        if let Some(span) = max_wait {
            self.timers.set(crate::live::call::Timer::MaxWait(id), waiting.entered() + span);
        }
        self.stretch(Some(id), &waiting.queue);
    }

    /// The talk was none: an agent has nothing to say of it, and there is nothing to ask the caller about.
    pub(super) fn never_served(&mut self, id: CallId, party: &Party) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if agent_of(party).is_some_and(|name| call.agent.as_ref() == Some(name)) {
            call.served = None;
            call.agent = None;
        }
    }

    /// An offer did not become a talk by the agent's doing. `place`: the one that the caller has.
    pub(super) fn rest_agent(&mut self, id: CallId, party: &Party, place: &Next, cause: HangupCause) {
        let now = self.now();
        let Some(name) = agent_of(party).cloned() else { return };
        let queue = match place {
            Next::Wait(waiting) => self.site.queues.get(&waiting.queue),
            _ => None,
        };
        match queue.map(|queue| queue.rest) {
            Some(rest) => self.agents.rest(&name, id, why_rest(cause), rest, now),
            None => self.agents.release(&name, id, now),
        }
        self.agent_timer(&name);
        self.match_agent(&name);
    }

    /// The call no longer holds the agent: wrap-up after a talk, ready after an offer.
    pub(super) fn free_agent(&mut self, id: CallId, party: &Party) {
        let now = self.now();
        let Some(name) = agent_of(party) else { return };
        let wrap_up = self.site.agents.get(name).map_or(Duration::ZERO, |agent| agent.wrap_up);
        let duty = self.duty(id);
        match self.agents.get(name).map(|agent| &agent.state) {
            Some(AgentState::Talking { .. }) => self.agents.wrap_up(name, id, wrap_up, duty, now),
            _ => self.agents.release(name, id, now),
        }
        let name = name.clone();
        self.agent_timer(&name);
        self.match_agent(&name);
    }

    /// Frees the agent whose leg has ended after the call went on without it.
    pub(super) fn free_agent_of(&mut self, id: CallId, leg: &LegId) {
        let Some(call) = self.calls.get(&id) else { return };
        let record = call.dialled.iter().find(|record| record.leg == *leg && record.role == Role::Agent);
        if let Some(name) = record.and_then(|record| Name::new(record.party.as_str()).ok()) {
            self.free_agent(id, &Party::Agent(name));
        }
    }
}

fn why_rest(cause: HangupCause) -> Rest {
    match cause {
        HangupCause::USER_BUSY => Rest::Busy,
        HangupCause::CALL_REJECTED => Rest::Rejected,
        HangupCause::NO_ANSWER | HangupCause::NO_USER_RESPONSE | HangupCause::NORMAL_CLEARING => {
            Rest::NoAnswer
        }
        _ => Rest::Unreachable,
    }
}
