//! Messages: into a queue, offered to agents as far as their capacity goes, taken, done. The engine has no part in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use smol_str::{SmolStr, format_smolstr};

use super::{
    pairs::Pair,
    sites::has_line,
    state::Switchboard,
    view::{Act, Keep, MessageDetail, MessageRefusal, MessageView, Refusal, Why},
};
use crate::{
    base::{
        id::{CallId, Name, Reference},
        urgency::Urgency,
    },
    infra::site::{Beyond, Full, Skills, Takes},
    live::{
        call::Timer,
        message::{Handed, Message},
        queue::{Place, Wish},
    },
};

impl Switchboard {
    pub(super) fn act_on_message(&mut self, act: Act) -> Result<(), Refusal> {
        match act {
            Act::AddMessage { reference, queue, urgency, keep } => {
                self.add_message(reference, queue, urgency, keep)
            }
            Act::TakeMessage { reference, agent } => self.take_message(&reference, &agent),
            Act::DeclineMessage { reference, agent } => self.decline_message(&reference, &agent),
            Act::CloseMessage { reference } => self.close_message(&reference),
            Act::MoveMessage { reference, queue } => self.move_message(&reference, queue),
            _ => Ok(()),
        }
    }

    /// The same message comes once.
    fn add_message(
        &mut self,
        reference: Reference,
        queue: Name,
        urgency: Urgency,
        keep: Option<Keep>,
    ) -> Result<(), Refusal> {
        if self.messages.find(&reference).is_some() {
            return Ok(());
        }
        self.lets_in(&queue, Takes::Messages)?;
        if let Some(keep) = &keep {
            self.known_agent(&keep.agent)?;
        }
        if self.messages.is_full() {
            return Err(MessageRefusal::TooMany.into());
        }
        let now = self.now();
        let id = self.out.call_id(&self.calls);
        let head_start = self.site.queues.get(&queue).map(|queue| queue.head_start).unwrap_or_default();
        let wish = keep.map(|Keep { agent, seconds }| {
            let until = now + Duration::from_secs(seconds.into());
            Box::new(Wish { agent: Some(agent), needs: Skills::new(), until })
        });
        let message = Message {
            reference,
            queue: queue.clone(),
            place: Place::new(urgency, now, head_start, id),
            entered: now,
            wish,
            hops: 0,
            answered: false,
            stage: Handed::Stranded,
            since: now,
            steps: Vec::new(),
        };
        self.messages.insert(id, message);
        self.line_up(id, queue);
        Ok(())
    }

    fn take_message(&mut self, reference: &Reference, agent: &Name) -> Result<(), Refusal> {
        self.known_agent(agent)?;
        let (id, message) = self.message(reference)?;
        match &message.stage {
            Handed::Taken { agent: has } if has == agent => return Ok(()),
            Handed::Offered { agent: offered } if offered == agent => {}
            _ => return Err(not_offered(reference, agent)),
        }
        let now = self.now();
        let (queue, place, waited) = (message.queue.clone(), message.place, now.since(message.entered));
        if !message.answered {
            self.queues.answered(&queue, waited, self.site.service_level(&queue), now);
        }
        self.leave_line(id, &queue, place);
        self.handed(id, Handed::Taken { agent: agent.clone() }, format_smolstr!("{agent} takes it"));
        if let Some(message) = self.messages.get_mut(id) {
            message.answered = true;
        }
        Ok(())
    }

    fn decline_message(&mut self, reference: &Reference, agent: &Name) -> Result<(), Refusal> {
        let (id, message) = self.message(reference)?;
        if message.stage != (Handed::Offered { agent: agent.clone() }) {
            return Err(not_offered(reference, agent));
        }
        self.not_wanted(id, "declines it");
        Ok(())
    }

    /// It is done, or somebody sees to it elsewhere.
    fn close_message(&mut self, reference: &Reference) -> Result<(), Refusal> {
        let (id, _) = self.message(reference)?;
        let agent = self.out_of_hands(id);
        self.messages.remove(id);
        agent.inspect(|agent| self.freed(agent));
        Ok(())
    }

    fn move_message(&mut self, reference: &Reference, queue: Name) -> Result<(), Refusal> {
        let (id, message) = self.message(reference)?;
        if message.queue == queue && matches!(message.stage, Handed::Waiting) {
            return Ok(());
        }
        self.lets_in(&queue, Takes::Messages)?;
        let agent = self.out_of_hands(id);
        if let Some(message) = self.messages.get_mut(id) {
            (message.wish, message.hops, message.answered) = (None, 0, false);
        }
        self.line_up(id, queue);
        agent.inspect(|agent| self.freed(agent));
        Ok(())
    }

    /// The turn of a message has come.
    pub(super) fn offer_message(&mut self, queue: &Name, pair: Pair) {
        let assignment = self.assignment(queue, &pair);
        let Pair { place, agent, .. } = pair;
        let (now, id) = (self.now(), place.call);
        let ring = self.site.queues.get(queue).map_or(super::goals::RING, |queue| queue.ring);
        self.queues.hold(queue, place);
        self.agents.hand(&agent, id, now);
        self.timers.set(Timer::Offer(id), now + ring);
        if let Some(message) = self.messages.get_mut(id) {
            (message.stage, message.since) = (Handed::Offered { agent }, now);
        }
        self.tell_message(id, assignment);
    }

    pub(super) fn message_not_taken(&mut self, id: CallId) {
        self.not_wanted(id, "does not take it");
    }

    /// Less may be wanted of an agent by now, or another queue has it.
    pub(super) fn message_waits_on(&mut self, id: CallId) {
        let Some(message) = self.messages.get(id) else { return };
        let queue = message.queue.clone();
        if !self.message_overflows(id) {
            self.relax_again(id);
            self.match_queue(&queue);
        }
    }

    pub(super) fn offer_messages_again(&mut self, name: &Name) {
        let now = self.now();
        self.agents.unspare(name, now);
        self.match_agent(name);
    }

    /// What is offered to an agent who pauses or leaves is offered to others.
    pub(super) fn offer_to_others(&mut self, name: &Name) {
        let now = self.now();
        let held = self.agents.get(name).map(|agent| agent.messages.clone()).unwrap_or_default();
        for id in held {
            if self.messages.get(id).is_some_and(|message| matches!(message.stage, Handed::Offered { .. })) {
                self.agents.take_back(name, id, now);
                self.back_in_line(id, format_smolstr!("{name} pauses or leaves"));
            }
        }
    }

    /// A queue lets something in again.
    pub(super) fn messages_look_again(&mut self) {
        let waiting = self.messages.iter().filter(|(_, message)| message.stage == Handed::Waiting);
        for id in waiting.map(|(id, _)| id).collect::<Vec<_>>() {
            self.message_waits_on(id);
        }
    }

    /// Callers who were waited for may have gone, and with them what kept messages from agents.
    pub(super) fn offer_messages(&mut self) {
        if self.messages.is_empty() {
            return;
        }
        let all = self.site.queues.iter().filter(|(_, queue)| queue.takes == Takes::Messages);
        let queues: Vec<Name> = all.map(|(name, _)| name.clone()).collect();
        for queue in queues {
            self.match_queue(&queue);
        }
    }

    /// What was in the hands of agents who have gone is in line again.
    pub(super) fn give_dropped_back(&mut self) {
        let now = self.now();
        for id in self.agents.take_dropped() {
            let Some(message) = self.messages.get_mut(id) else { continue };
            let Some(agent) = message.agent().cloned() else { continue };
            // Somebody else has it by now: it was offered on within the same input.
            if self.agents.get(&agent).is_some_and(|agent| agent.messages.contains(&id)) {
                continue;
            }
            if matches!(message.stage, Handed::Taken { .. }) {
                // The time in hand was no wait.
                message.entered = now;
            }
            self.back_in_line(id, format_smolstr!("{agent} has gone"));
        }
    }

    /// A new site: messages whose queue is no more stand in no line, and those whose queue is there again do.
    pub(super) fn strand_messages(&mut self) {
        let all: Vec<CallId> = self.messages.iter().map(|(id, _)| id).collect();
        for id in all {
            let Some(message) = self.messages.get(id) else { continue };
            let (queue, is_there) = (message.queue.clone(), self.takes_messages(&message.queue));
            match (&message.stage, is_there) {
                (Handed::Stranded, true) => self.line_up(id, queue),
                (Handed::Waiting, true) => self.message_waits_on(id),
                (Handed::Waiting | Handed::Offered { .. }, false) => {
                    let agent = self.out_of_hands(id);
                    let what = format_smolstr!("queue {queue} takes no messages any more");
                    self.handed(id, Handed::Stranded, what);
                    agent.inspect(|agent| self.freed(agent));
                }
                _ => {}
            }
        }
    }

    fn takes_messages(&self, queue: &Name) -> bool {
        has_line(&self.site, queue, Takes::Messages)
    }

    pub(super) fn message(&self, reference: &Reference) -> Result<(CallId, &Message), Refusal> {
        self.messages
            .find(reference)
            .ok_or_else(|| MessageRefusal::NoSuch { reference: reference.clone() }.into())
    }

    /// Into a queue, or where that one overflows to.
    fn line_up(&mut self, id: CallId, mut queue: Name) {
        let now = self.now();
        loop {
            let Some(message) = self.messages.get(id) else { return };
            let Some(settings) = self.site.queues.get(&queue) else { return };
            let Some((why, Beyond::Queue(next))) = self.too_full(settings, &queue, message.place) else {
                break;
            };
            self.tell_message(id, Why::new(now, format_smolstr!("queue {queue}: {why}: on to queue {next}")));
            if let Some(message) = self.messages.get_mut(id) {
                message.hops += 1;
            }
            queue = next;
        }
        let Some(message) = self.messages.get_mut(id) else { return };
        (message.queue, message.entered) = (queue.clone(), now);
        let place = message.place;
        self.queues.hold(&queue, place);
        let position = self.queues.position(&queue, place);
        self.stand(id, format_smolstr!("queue {queue}: place {position}"));
    }

    fn back_in_line(&mut self, id: CallId, why: SmolStr) {
        let Some(message) = self.messages.get(id) else { return };
        self.timers.clear(&Timer::Offer(id));
        if self.takes_messages(&message.queue) {
            self.stand(id, why);
        } else {
            let (queue, place) = (message.queue.clone(), message.place);
            self.leave_line(id, &queue, place);
            self.handed(id, Handed::Stranded, why);
        }
    }

    /// In line, to be offered.
    fn stand(&mut self, id: CallId, why: SmolStr) {
        self.handed(id, Handed::Waiting, why);
        let Some(message) = self.messages.get(id) else { return };
        let (queue, place) = (message.queue.clone(), message.place);
        self.open_place(&queue, place);
        self.stretch(None, &queue);
        if !self.message_overflows(id) {
            self.match_queue(&queue);
        }
    }

    /// What has waited long enough goes on; for the others there is a deadline. Says whether it went.
    fn message_overflows(&mut self, id: CallId) -> bool {
        let now = self.now();
        let Some(message) = self.messages.get(id).filter(|_| !self.went_far(id)) else { return false };
        let Some(settings) = self.site.queues.get(&message.queue) else { return false };
        let waited = settings.overflow.iter().filter_map(|overflow| match (&overflow.when, &overflow.to) {
            (Full::Waited(span), Beyond::Queue(next)) if self.takes(&overflow.to) => {
                Some((message.entered + *span, next.clone()))
            }
            _ => None,
        });
        let Some((due, next)) = waited.min() else { return false };
        if message.stage != Handed::Waiting {
            return false;
        }
        if due > now {
            self.timers.set(Timer::Overflow(id), due);
            return false;
        }
        let (queue, place, since) = (message.queue.clone(), message.place, message.entered);
        let waited = now.since(since).as_secs();
        self.passed_on(id);
        self.leave_line(id, &queue, place);
        if let Some(message) = self.messages.get_mut(id) {
            message.hops += 1;
            (message.wish, message.answered, message.stage) = (None, false, Handed::Stranded);
        }
        self.tell_message(id, Why::new(now, format_smolstr!("waited {waited} s in queue {queue}")));
        self.line_up(id, next);
        true
    }

    fn not_wanted(&mut self, id: CallId, how: &str) {
        let now = self.now();
        let Some(message) = self.messages.get(id) else { return };
        let Handed::Offered { agent } = message.stage.clone() else { return };
        let rest = self.site.queues.get(&message.queue).map(|queue| queue.rest).unwrap_or_default();
        self.agents.spare(&agent, id, now + rest, now);
        match self.agents.spared(&agent) {
            Some(until) => self.timers.set(Timer::Spared(agent.clone()), until),
            None => self.timers.clear(&Timer::Spared(agent.clone())),
        }
        self.back_in_line(id, format_smolstr!("{agent} {how}"));
        self.match_agent(&agent);
    }

    /// Out of its line and out of the hands of whoever has it; gives that one.
    fn out_of_hands(&mut self, id: CallId) -> Option<Name> {
        let now = self.now();
        let Message { queue, place, stage, .. } = self.messages.get(id)?.clone();
        if matches!(stage, Handed::Waiting | Handed::Offered { .. }) {
            self.passed_on(id);
            self.leave_line(id, &queue, place);
        }
        if let Some(message) = self.messages.get_mut(id) {
            message.stage = Handed::Stranded;
        }
        match stage {
            Handed::Offered { agent } => {
                self.agents.take_back(&agent, id, now);
                Some(agent)
            }
            Handed::Taken { agent } => {
                self.agents.relieve(&agent, id, now);
                Some(agent)
            }
            Handed::Waiting | Handed::Stranded => None,
        }
    }

    /// It waited here, and nobody took it.
    fn passed_on(&mut self, id: CallId) {
        let now = self.now();
        if let Some(message) = self.messages.get(id).filter(|message| !message.answered) {
            self.queues.passed_on(&message.queue, now);
        }
    }

    fn leave_line(&mut self, id: CallId, queue: &Name, place: Place) {
        self.queues.leave(queue, place);
        for timer in [Timer::Offer(id), Timer::Relax(id), Timer::Overflow(id)] {
            self.timers.clear(&timer);
        }
        self.stretch(None, queue);
    }

    fn handed(&mut self, id: CallId, stage: Handed, what: SmolStr) {
        let now = self.now();
        if let Some(message) = self.messages.get_mut(id) {
            (message.stage, message.since) = (stage, now);
        }
        self.tell_message(id, Why::new(now, what));
    }

    fn tell_message(&mut self, id: CallId, why: Why) {
        let Some(message) = self.messages.get_mut(id) else { return };
        message.tell(why);
    }

    pub(super) fn message_views(&self) -> Vec<MessageView> {
        let queues: BTreeSet<&Name> = self.messages.iter().map(|(_, message)| &message.queue).collect();
        let lines = queues.iter().flat_map(|queue| self.queues.members(queue).zip(1..));
        let positions: BTreeMap<CallId, usize> = lines.map(|(place, at)| (place.call, at)).collect();
        self.messages.iter().map(|(id, message)| view(message, positions.get(&id).copied())).collect()
    }

    pub(super) fn message_detail(&self, reference: &Reference) -> Option<MessageDetail> {
        let (_, message) = self.messages.find(reference)?;
        let position = message.in_line().map(|(queue, place)| self.queues.position(queue, place));
        Some(MessageDetail { message: view(message, position), steps: message.steps.clone() })
    }

    pub(super) fn references(&self, ids: &BTreeSet<CallId>) -> Vec<Reference> {
        ids.iter().filter_map(|id| Some(self.messages.get(*id)?.reference.clone())).collect()
    }

    pub(super) fn taken_messages(&self, queue: &Name) -> usize {
        if !self.takes_messages(queue) {
            return 0;
        }
        let taken =
            |message: &Message| message.queue == *queue && matches!(message.stage, Handed::Taken { .. });
        self.messages.iter().filter(|(_, message)| taken(message)).count()
    }
}

fn view(message: &Message, position: Option<usize>) -> MessageView {
    let state = match message.stage {
        Handed::Waiting => "waiting",
        Handed::Stranded => "stranded",
        Handed::Offered { .. } => "offered",
        Handed::Taken { .. } => "taken",
    };
    MessageView {
        reference: message.reference.clone(),
        queue: message.queue.clone(),
        state: SmolStr::new_static(state),
        since: message.since,
        agent: message.agent().cloned(),
        joined: message.place.joined,
        position,
        urgency: message.place.urgency,
    }
}

fn not_offered(reference: &Reference, agent: &Name) -> Refusal {
    MessageRefusal::NotOffered { reference: reference.clone(), agent: agent.clone() }.into()
}
