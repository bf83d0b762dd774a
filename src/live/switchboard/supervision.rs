//! What supervisors do with queues and those who wait: another place, another queue, nobody new, this agent and no other.

use smol_str::{SmolStr, format_smolstr};

use super::{
    state::Switchboard,
    view::{Actor, MessageRefusal, Refusal, Spot},
};
use crate::{
    base::{
        id::{CallId, Name},
        text::Label,
    },
    infra::site::{Beyond, Human, Queue, Step, Takes},
    live::{
        agent::Agent,
        call::{Next, Stage, Timer, Waiting},
        dialog::Dialog,
        queue::Place,
        routing::Goal,
    },
    ports::engine::HangupCause,
};

/// So often one input leads a call past queues that let nobody in; more is a circle.
const MAX_PAST: usize = 8;

impl Switchboard {
    pub(super) fn move_caller(&mut self, actor: &Actor, id: CallId, to: &Spot) -> Result<(), Refusal> {
        let call = self.calls.get(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        let waiting =
            call.stage.waiting().ok_or_else(|| Refusal::NotNow { call: id, state: call.stage.word() })?;
        let (queue, before) = (waiting.queue.clone(), waiting.place);
        match to {
            Spot::Place(to) => {
                let to = usize::try_from(*to).unwrap_or(usize::MAX);
                let from = self.queues.position(&queue, before);
                for (was, place) in self.queues.moved(&queue, before, to) {
                    self.queues.replace(&queue, was, place);
                    self.replaced(was.call, place);
                }
                let place = self.calls.get(&id).and_then(|call| Some(call.stage.waiting()?.place));
                let now = self.queues.position(&queue, place.unwrap_or(before));
                self.acted(
                    actor,
                    id,
                    &format!("moves the caller from place {from} of queue {queue} to {now}"),
                );
            }
            Spot::Queue(to) => self.change_queue(actor, id, to)?,
        }
        Ok(())
    }

    /// On to another queue, as if the caller had waited there so long; what that queue does by time begins anew.
    fn change_queue(&mut self, actor: &Actor, id: CallId, to: &Name) -> Result<(), Refusal> {
        let now = self.now();
        self.lets_in(to, Takes::Calls)?;
        let max_wait = self.site.queues.get(to).map_or(std::time::Duration::ZERO, |queue| queue.max_wait);
        let call = self.calls.get(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        let Stage::Waiting(waiting) = &call.stage else {
            return Err(Refusal::NotNow { call: id, state: call.stage.word() });
        };
        let (from, place) = (waiting.queue.clone(), Place { joined: now, ..waiting.place });
        self.leave_queue(id);
        let Some(call) = self.calls.get_mut(&id) else { return Ok(()) };
        let seen = !call.unseen;
        call.queue = Some(to.clone());
        if let Some(waiting) = call.stage.waiting_mut() {
            (waiting.queue, waiting.place) = (to.clone(), place);
            (waiting.entered, waiting.wish) = (None, None);
        }
        self.place(to, place, seen);
        self.timers.set(Timer::MaxWait(id), now + max_wait);
        let position = self.queues.position(to, place);
        self.acted(
            actor,
            id,
            &format!("moves the caller from queue {from} to place {position} of queue {to}"),
        );
        self.stretch(Some(id), to);
        if !self.overflow_in_time(id) {
            self.match_queue(to);
        }
        Ok(())
    }

    pub(super) fn lets_in(&self, queue: &Name, wanted: Takes) -> Result<(), Refusal> {
        let takes = self.site.queues.get(queue).map(|queue| queue.takes);
        let takes = takes.ok_or_else(|| Refusal::NoSuchQueue { queue: queue.clone() })?;
        if takes != wanted {
            return Err(MessageRefusal::Takes { queue: queue.clone(), takes: takes.word().into() }.into());
        }
        match self.queues.drained(queue) {
            Some(_) => Err(Refusal::Drained { queue: queue.clone() }),
            None => Ok(()),
        }
    }

    pub(super) fn drain(&mut self, actor: &Actor, queue: &Name, on: bool) -> Result<(), Refusal> {
        if !self.site.queues.contains_key(queue) {
            return Err(Refusal::NoSuchQueue { queue: queue.clone() });
        }
        self.queues.drain(queue, on.then(|| actor.0.clone()));
        // Whoever was to overflow there looks again.
        let waiting: Vec<CallId> =
            self.calls.values().filter(|call| call.stage.waiting().is_some()).map(|c| c.id).collect();
        for id in waiting.into_iter().filter(|_| !on) {
            self.overflow_in_time(id);
        }
        if !on {
            self.messages_look_again();
        }
        Ok(())
    }

    /// One more step that led on at once; says whether there were too many within one input, and tells it.
    pub(super) fn circles(&mut self, id: CallId) -> bool {
        self.out.past.push(id);
        let circle = self.out.past.iter().filter(|past| **past == id).count() > MAX_PAST;
        if let Some(call) = self.calls.get_mut(&id).filter(|_| circle) {
            self.out.tell(call, "the steps go in a circle: the fallback extension");
        }
        circle
    }

    /// A queue lets nobody in: on with the flow at once.
    pub(super) fn past_drained(&mut self, id: CallId, queue: &Name, by: &Label, after: Dialog) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let step = &after.step;
        self.out
            .tell(call, format_smolstr!("queue {queue} takes no new callers, by order of {by}: step {step}"));
        if self.circles(id) {
            return self.go(id, Next::goal(Goal::Extension(self.site.fallback.clone())));
        }
        self.go(id, Next::Flow(Box::new(after)));
    }

    /// Sends a call to an agent. Who came from a queue has the place there again when the agent does not answer.
    pub(super) fn transfer_to_agent(
        &mut self,
        actor: &Actor,
        id: CallId,
        name: &Name,
    ) -> Result<(), Refusal> {
        let agent = self.agents.get(name).ok_or_else(|| Refusal::NoSuchAgent { agent: name.clone() })?;
        if !agent.free() {
            let remedy = SmolStr::new_static("choose somebody who is ready: `tandem agents list`");
            return Err(Refusal::WrongState { agent: name.clone(), state: agent.words(), remedy });
        }
        let call = self.calls.get(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        let from = match &call.stage {
            Stage::Talking { with, .. } => with.otherwise.place(),
            Stage::Meeting(meeting) => meeting.place().or(meeting.former.as_deref()),
            stage => stage.waiting(),
        };
        // Who waits has waited so long already.
        let before = call.stage.waiting().map(|waiting| waiting.waited(self.now()));
        let after = from.map_or(Next::Hangup, |waiting| {
            let before = before.unwrap_or(waiting.before);
            Next::Wait(Box::new(Waiting { before, ..waiting.clone() }))
        });
        self.may_be_sent(id)?;
        self.acted(actor, id, &format!("transfers the call to {name}"));
        self.send_on(id, Next::Goal(Box::new((Goal::Agent(name.clone()), after))))
    }

    /// Sends a call to the end of a queue.
    pub(super) fn transfer_to_queue(
        &mut self,
        actor: &Actor,
        id: CallId,
        queue: &Name,
    ) -> Result<(), Refusal> {
        self.lets_in(queue, Takes::Calls)?;
        let call = self.calls.get(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        if call.answered.is_none() {
            return Err(Refusal::NotNow { call: id, state: call.stage.word() });
        }
        let (flow, otherwise) =
            self.way_to(queue).ok_or_else(|| Refusal::NoWayTo { queue: queue.clone() })?;
        let after = Next::Flow(Box::new(Dialog::new(flow, otherwise, call.language)));
        self.may_be_sent(id)?;
        self.acted(actor, id, &format!("transfers the call to queue {queue}"));
        self.send_on(id, Next::Goal(Box::new((Goal::Queue(queue.clone()), after))))
    }

    /// The flow that leads callers to a queue, by itself, by a policy or by another queue's overflow, and the step there for
    /// those to whom nobody comes.
    fn way_to(&self, queue: &Name) -> Option<(Name, Name)> {
        let mut queues = vec![queue];
        let mut at = 0;
        while let Some(to) = queues.get(at).copied() {
            let steps = self.site.flows.iter().flat_map(|(flow, found)| {
                found.steps.values().filter_map(move |step| Some((flow, self.leads_into(step, to)?)))
            });
            if let Some((flow, otherwise)) = steps.min() {
                return Some((flow.clone(), otherwise.clone()));
            }
            let overflows = |queue: &Queue| {
                queue.overflow.iter().any(|over| matches!(&over.to, Beyond::Queue(over) if over == to))
            };
            let before = self.site.queues.iter().filter(|(_, queue)| overflows(queue)).map(|(name, _)| name);
            let new: Vec<&Name> = before.filter(|name| !queues.contains(name)).collect();
            queues.extend(new);
            at += 1;
        }
        None
    }

    /// What follows a step that may lead to a queue, when nobody comes.
    fn leads_into<'a>(&self, step: &'a Step, to: &Name) -> Option<&'a Name> {
        let routes = |policy: &Name| {
            self.site.routing.get(policy).is_some_and(|rules| rules.iter().any(|rule| rule.queue == *to))
        };
        match step {
            Step::Queue { queue, otherwise } => (queue == to).then_some(otherwise),
            Step::Route { policy, otherwise } => routes(policy).then_some(otherwise),
            Step::Talk(talk) => {
                let Human { queue, route } = &talk.human;
                (queue == to || route.as_ref().is_some_and(routes)).then_some(&talk.otherwise)
            }
            _ => None,
        }
    }

    /// Rings an agent whom somebody named, if free.
    pub(super) fn ring_agent(&mut self, id: CallId, name: &Name, after: Next) {
        let now = self.now();
        let there = self.site.agents.contains_key(name);
        if !there || !self.agents.get(name).is_some_and(Agent::free) {
            if let Some(call) = self.calls.get_mut(&id) {
                self.out.tell(call, format_smolstr!("{name} is not free any more"));
            }
            let after = self.again(id, after);
            return self.go(id, super::goals::ending(after, HangupCause::USER_BUSY));
        }
        let after = self.again(id, after);
        let ring = match &after {
            Next::Wait(waiting) => self.site.queues.get(&waiting.queue).map(|queue| queue.ring),
            _ => None,
        };
        self.agents.offer(name, id, now);
        let ring = ring.unwrap_or(super::goals::RING);
        self.dial_agent(id, name, ring, after);
    }

    /// Who is to wait again has the place meanwhile, if the queue is still there. What was waited or talked before is booked.
    fn again(&mut self, id: CallId, after: Next) -> Next {
        let Next::Wait(mut waiting) = after else { return after };
        waiting.place.joined = self.now();
        (waiting.entered, waiting.wish) = (None, None);
        let settings = self.site.queues.get(&waiting.queue);
        let Some(settings) = settings.filter(|queue| queue.takes == Takes::Calls) else {
            return Next::Flow(Box::new(waiting.after));
        };
        self.timers.set(Timer::MaxWait(id), waiting.place.joined + settings.max_wait);
        self.queues.hold(&waiting.queue, waiting.place);
        self.stretch(Some(id), &waiting.queue);
        Next::Wait(waiting)
    }
}
