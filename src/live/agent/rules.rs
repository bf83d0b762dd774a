//! The transitions of all agents, and the index of who is free in which queue.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    free::{Free, Ordered},
    model::{Agent, AgentState, Lease, Owes, Rest, Then},
    seats::{self, Post, Rank, Seat},
};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, Name},
        text::Label,
    },
    infra::site::{Relaxed, Site, Skills, Takes},
};

/// Nobody wraps a call up for longer.
const LONGEST_WRAP_UP: Duration = Duration::from_mins(30);
/// So long after a talk it may be said what became of the call.
const LATEST_WORD: Duration = Duration::from_hours(1);

/// Why an agent pauses whose client is heard of no more.
const GONE: &str = "gone";

/// All agents of the site. What follows from the site is not saved: whoever reads them from a snapshot gives it anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agents {
    pub(super) all: BTreeMap<Name, Agent>,
    /// Queues whose reserves take callers, too.
    #[serde(default)]
    expanded: BTreeSet<Name>,
    /// Messages that were in the hands of agents who went, until somebody asks for them.
    #[serde(skip)]
    pub(super) dropped: BTreeSet<CallId>,
    #[serde(skip)]
    posts: BTreeMap<Name, Post>,
    /// Everybody who serves a queue.
    #[serde(skip)]
    crews: BTreeMap<Name, Vec<Name>>,
    /// Free agents of each queue, in the order in which they are offered its callers.
    #[serde(skip)]
    free: BTreeMap<Name, Free>,
}

impl Agents {
    /// Takes over a site: new agents come, those no longer named go once their call is over,
    /// everybody else keeps their state.
    pub fn adopt(&mut self, site: &Site, now: Stamp) {
        for (name, agent) in &site.agents {
            let known = self.all.entry(name.clone()).or_insert_with(|| Agent::new(agent.logged_in, now));
            if agent.phone.outside().is_some() {
                // The phone in the house that was theirs says nothing about that one.
                known.registered = None;
            }
        }
        let stays = |name: &Name| site.agents.contains_key(name);
        for (_, agent) in self.all.iter_mut().filter(|(name, _)| !stays(name)) {
            self.dropped.append(&mut agent.messages);
        }
        self.all.retain(|name, agent| stays(name) || agent.call().is_some());
        self.post(site);
        self.excuse(site, now);
    }

    /// Gives everybody their place in the site.
    pub fn post(&mut self, site: &Site) {
        (self.posts, self.crews) = seats::posts(site);
        self.free.clear();
        for (name, agent) in &mut self.all {
            agent.capacity = self.posts.get(name).map(|post| post.capacity).unwrap_or_default();
        }
        let names: Vec<Name> = self.all.keys().cloned().collect();
        for name in &names {
            self.index(name);
        }
    }

    pub fn get(&self, name: &Name) -> Option<&Agent> {
        self.all.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Agent)> {
        self.all.iter()
    }

    /// The queues of an agent.
    pub fn queues(&self, name: &Name) -> &[Name] {
        self.posts.get(name).map_or(&[], |post| &post.queues)
    }

    /// The queues whose callers an agent takes now.
    pub fn serves(&self, name: &Name) -> impl Iterator<Item = &Name> {
        let seats = self.posts.get(name).map_or(&[][..], |post| &post.seats);
        let counts = |seat: &&Seat| !seat.reserve || self.expanded.contains(&seat.queue);
        seats.iter().filter(counts).map(|seat| &seat.queue)
    }

    /// Those who stand in reserve for a queue.
    pub fn reserve<'a>(&'a self, queue: &'a Name) -> impl Iterator<Item = &'a Name> {
        let stands = |post: &Post| post.seats.iter().any(|seat| seat.reserve && seat.queue == *queue);
        self.posts.iter().filter(move |(_, post)| stands(post)).map(|(name, _)| name)
    }

    pub fn is_expanded(&self, queue: &Name) -> bool {
        self.expanded.contains(queue)
    }

    /// The reserves of a queue take its callers from now on, or no more.
    pub fn expand(&mut self, queue: &Name, on: bool) {
        let reserve: Vec<Name> = self.reserve(queue).cloned().collect();
        for name in &reserve {
            self.unindex(name);
        }
        if on {
            self.expanded.insert(queue.clone())
        } else {
            self.expanded.remove(queue)
        };
        for name in &reserve {
            self.index(name);
        }
    }

    /// Everybody who serves a queue.
    pub fn crew(&self, queue: &Name) -> &[Name] {
        self.crews.get(queue).map_or(&[], Vec::as_slice)
    }

    pub fn skills(&self, name: &Name) -> &Skills {
        static NONE: Skills = Skills::new();
        self.posts.get(name).map_or(&NONE, |post| &post.skills)
    }

    /// Where an agent stands, or would stand if free, among those of `queue`.
    pub fn rank(&self, queue: &Name, name: &Name) -> Option<Rank> {
        Some(self.seat(queue, name)?.rank(self.all.get(name)?))
    }

    fn seat(&self, queue: &Name, name: &Name) -> Option<&Seat> {
        self.posts.get(name)?.seats.iter().find(|seat| seat.queue == *queue)
    }

    /// The free agents of `queue`, first who is offered first.
    pub fn free(&self, queue: &Name) -> impl Iterator<Item = &Name> {
        self.free.get(queue).map_or_else(Ordered::default, Free::all)
    }

    /// Those of them who have what the queue needs then.
    pub fn free_and_fit(&self, queue: &Name, relaxed: Relaxed) -> impl Iterator<Item = &Name> {
        self.free.get(queue).map_or_else(Ordered::default, |free| free.fit(relaxed))
    }

    /// The free agents of `queue` who come after this one.
    pub fn free_behind(&self, queue: &Name, name: &Name) -> impl Iterator<Item = &Name> {
        let free = self.free.get(queue).zip(self.rank(queue, name));
        free.map_or_else(Ordered::default, |(free, rank)| free.behind(rank, name))
    }

    /// Whether somebody is one of them.
    pub fn is_free_in(&self, queue: &Name, name: &Name) -> bool {
        let (Some(seat), Some(rank)) = (self.seat(queue, name), self.rank(queue, name)) else { return false };
        self.free.get(queue).is_some_and(|free| free.contains(seat, rank, name))
    }

    /// How many agents of `queue` are free.
    pub fn free_in(&self, queue: &Name) -> usize {
        self.free.get(queue).map_or(0, Free::len)
    }

    /// Reserves a free agent for a call.
    pub fn offer(&mut self, name: &Name, call: CallId, now: Stamp) {
        self.change(name, now, |agent| {
            agent.state = AgentState::Offered { call };
            agent.offered = now;
        });
    }

    /// The offered agent talks.
    pub fn talk(&mut self, name: &Name, call: CallId, now: Stamp) {
        self.change(name, now, |agent| {
            agent.state = AgentState::Talking { call };
            agent.calls_today += 1;
        });
    }

    /// The agent's talk goes on in another call.
    pub fn moved(&mut self, name: &Name, from: CallId, to: CallId, now: Stamp) {
        if self.all.get(name).and_then(Agent::call) == Some(from) {
            self.change(name, now, |agent| agent.state = AgentState::Talking { call: to });
        }
    }

    /// The offer is over and was not the agent's fault: ready again, idle as long as before.
    pub fn release(&mut self, name: &Name, call: CallId, now: Stamp) {
        self.leave(name, call, now, |agent| agent.state = AgentState::Ready);
    }

    /// The offer was not taken: left alone until `now + rest`.
    pub fn rest(&mut self, name: &Name, call: CallId, why: Rest, rest: Duration, now: Stamp) {
        self.leave(name, call, now, |agent| agent.state = AgentState::Resting { why, until: now + rest });
    }

    /// The talk is over. `duty`: the queue of which the agent may say what became of the call, and for how long that is waited
    /// for at most, if it must be said.
    pub fn wrap_up(
        &mut self,
        name: &Name,
        call: CallId,
        span: Duration,
        duty: Option<(Name, Option<Duration>)>,
        now: Stamp,
    ) {
        self.leave(name, call, now, |agent| {
            agent.idle_since = now;
            let most = duty.as_ref().and_then(|(_, most)| *most);
            let (required, until) = (most.is_some(), now + span);
            let late = |(queue, _): &(Name, _)| Owes {
                call,
                queue: queue.clone(),
                required: false,
                until: now + LATEST_WORD,
            };
            agent.last = duty.as_ref().map(late);
            agent.owes = duty.map(|(queue, _)| Owes { call, queue, required, until });
            agent.state = if span.is_zero() && !required {
                AgentState::Ready
            } else {
                AgentState::WrapUp { until: until.max(now + most.unwrap_or_default()) }
            };
        });
    }

    /// A wrap-up ends `span` from now, and no later than half an hour after it began. Says whether there is one.
    pub fn extend_wrap_up(&mut self, name: &Name, span: Duration, now: Stamp) -> bool {
        let Some(agent) = self.all.get_mut(name) else { return false };
        let must_say = agent.must_say().is_some();
        let AgentState::WrapUp { until } = &mut agent.state else { return false };
        let wished = (now + span).min(agent.since + LONGEST_WRAP_UP);
        // What must be said is waited for all the same.
        *until = if must_say { wished.max(*until) } else { wished };
        if let Some(owes) = &mut agent.owes {
            owes.until = wished;
        }
        true
    }

    /// It was said what became of the call: the wrap-up ends as it would have without that.
    pub fn said(&mut self, name: &Name, now: Stamp) {
        self.change(name, now, |agent| {
            let must_say = agent.must_say().is_some();
            let Some(owes) = agent.owes.as_mut().filter(|_| must_say) else { return };
            owes.required = false;
            match (owes.until, &mut agent.state) {
                (until, AgentState::WrapUp { until: end }) if until > now => *end = until,
                _ => agent.goes_on(),
            }
        });
    }

    /// Nothing must be said any more of calls of these queues.
    fn excuse(&mut self, site: &Site, now: Stamp) {
        let required = |queue: &Name| {
            let dispositions = site.queues.get(queue).and_then(|queue| queue.dispositions.as_ref());
            dispositions.is_some_and(|dispositions| dispositions.required)
        };
        let excused = |agent: &Agent| agent.must_say().is_some_and(|owes| !required(&owes.queue));
        let names: Vec<Name> =
            self.all.iter().filter(|(_, agent)| excused(agent)).map(|(name, _)| name.clone()).collect();
        for name in names {
            self.said(&name, now);
        }
    }

    /// Wrap-up or rest has run out. Says whether the agent became ready.
    pub fn wake(&mut self, name: &Name, now: Stamp) -> bool {
        let due = self.all.get(name).and_then(Agent::deadline).is_some_and(|until| until <= now);
        if due {
            self.change(name, now, Agent::goes_on);
        }
        due
    }

    /// Logs in, or ends a pause, a rest or a wrap-up. An agent in a call is left in it.
    pub fn ready(&mut self, name: &Name, now: Stamp) {
        self.change(name, now, |agent| {
            (agent.then, agent.spared) = (None, None);
            let busy = agent.call().is_some() || agent.must_say().is_some();
            if !busy && agent.state != AgentState::Ready {
                if agent.state == AgentState::LoggedOut {
                    agent.idle_since = now;
                }
                agent.state = AgentState::Ready;
            }
        });
    }

    /// Logs out; an agent in a call does so when the call is over.
    pub fn log_out(&mut self, name: &Name, now: Stamp) {
        self.change(name, now, |agent| {
            agent.then = Some(Then::LogOut);
            if agent.call().is_none() && agent.must_say().is_none() {
                agent.goes_on();
            }
        });
        self.hold(name, Duration::ZERO, now);
    }

    /// Pauses; an agent in a call does so when the call is over.
    pub fn pause(&mut self, name: &Name, reason: Label, now: Stamp) {
        self.change(name, now, |agent| {
            agent.then = Some(Then::Pause(reason));
            if agent.call().is_none() && agent.must_say().is_none() {
                agent.goes_on();
            }
        });
    }

    /// A client holds the agent for this time, from now; no time: nobody does.
    pub fn hold(&mut self, name: &Name, span: Duration, now: Stamp) {
        if let Some(agent) = self.all.get_mut(name) {
            agent.lease = (!span.is_zero()).then(|| Lease::new(span, now));
        }
    }

    /// Nobody could renew a lease lately: all of them begin anew. Says whose.
    pub fn hold_all(&mut self, now: Stamp) -> Vec<Name> {
        let held = self.all.iter_mut().filter_map(|(name, agent)| Some((name, agent.lease.as_mut()?)));
        held.map(|(name, lease)| {
            lease.until = lease.until.max(Lease::new(lease.span, now).until);
            name.clone()
        })
        .collect()
    }

    /// The lease has run out: who works is offered nothing more, after the present call if there is one. Says whether it had.
    pub fn unhold(&mut self, name: &Name, now: Stamp) -> bool {
        let Some(agent) = self.all.get_mut(name) else { return false };
        if agent.lease.take_if(|lease| lease.until <= now).is_none() {
            return false;
        }
        if agent.works() {
            self.pause(name, Label::new(GONE), now);
        }
        self.drop_messages(name, now);
        true
    }

    /// The engine said whether the phone is there. Says whether the agent became free by it.
    pub fn registered(&mut self, name: &Name, registered: bool, now: Stamp) -> bool {
        let free_for = |agents: &Self| {
            let agent = agents.all.get(name);
            [Takes::Calls, Takes::Messages].map(|takes| agent.is_some_and(|agent| agent.free_for(takes)))
        };
        let was = free_for(self);
        self.change(name, now, |agent| {
            agent.registered = Some(registered);
            if registered && matches!(agent.state, AgentState::Resting { why: Rest::Unreachable, .. }) {
                agent.state = AgentState::Ready;
            }
        });
        was.iter().zip(free_for(self)).any(|(was, is)| !was && is)
    }

    pub fn new_day(&mut self) {
        let names: Vec<Name> = self.all.keys().cloned().collect();
        for name in names {
            self.unindex(&name);
            if let Some(agent) = self.all.get_mut(&name) {
                agent.calls_today = 0;
                agent.talked_today = Duration::ZERO;
            }
            self.index(&name);
        }
    }

    /// Ends what `call` holds, and nothing else: a late word about another call changes nothing.
    fn leave(&mut self, name: &Name, call: CallId, now: Stamp, next: impl FnOnce(&mut Agent)) {
        if self.all.get(name).and_then(Agent::call) != Some(call) {
            return;
        }
        self.change(name, now, |agent| {
            next(agent);
            if agent.then.is_some() && agent.must_say().is_none() {
                agent.goes_on();
            }
        });
        if !self.posts.contains_key(name) {
            self.all.remove(name);
        }
    }

    pub(super) fn change(&mut self, name: &Name, now: Stamp, change: impl FnOnce(&mut Agent)) {
        self.unindex(name);
        if let Some(agent) = self.all.get_mut(name) {
            let before = agent.state.clone();
            change(agent);
            let wraps_on =
                matches!((&before, &agent.state), (AgentState::WrapUp { .. }, AgentState::WrapUp { .. }));
            if agent.state != before && !wraps_on {
                if matches!(before, AgentState::Talking { .. }) {
                    agent.talked_today += now.since(agent.since);
                }
                agent.since = now;
            }
            if !matches!(agent.state, AgentState::WrapUp { .. }) {
                agent.owes = None;
            }
            if agent.state == AgentState::LoggedOut {
                self.dropped.append(&mut agent.messages);
            }
        }
        self.index(name);
    }

    fn index(&mut self, name: &Name) {
        let Some(agent) = self.all.get(name) else { return };
        for seat in self.posts.get(name).map_or(&[][..], |post| &post.seats) {
            if !agent.free_for(seat.takes) || seat.reserve && !self.expanded.contains(&seat.queue) {
                continue;
            }
            let free = match self.free.get_mut(&seat.queue) {
                Some(free) => free,
                None => self.free.entry(seat.queue.clone()).or_default(),
            };
            free.insert(seat, seat.rank(agent), name);
        }
    }

    fn unindex(&mut self, name: &Name) {
        let Some(agent) = self.all.get(name) else { return };
        for seat in self.posts.get(name).map_or(&[][..], |post| &post.seats) {
            if agent.free_for(seat.takes)
                && let Some(free) = self.free.get_mut(&seat.queue)
            {
                free.remove(seat, seat.rank(agent), name);
            }
        }
    }
}
