//! What must hold between any two inputs, whatever the engine said. Tests check it after every input;
//! each rule is named after the pain that it makes impossible.

use smol_str::{SmolStr, format_smolstr};

use super::{callbacks::Attempt, sites::has_line, state::Switchboard};
use crate::{
    base::id::{CallId, Name, Reference},
    infra::site::Takes,
    live::{
        agent::AgentState,
        call::{Call, Stage, Timer, Waiting},
        message::{Handed, Message},
        record::Role,
    },
};

/// A rule that does not hold: a bug of ours.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Broken {
    #[error("pain 1: agent {0} is held by call {1}, which has no live leg of that agent")]
    AgentStuck(Name, CallId),
    #[error("pain 3: agent {0} has live legs in calls {1} and {2}")]
    AgentTwice(Name, CallId, CallId),
    #[error("pain 4: queue {0} has a caller and a free agent, and nobody offers")]
    QueueIdle(Name),
    #[error("pain 2: call {0} has a place in queue {1} without waiting in it")]
    GhostMember(CallId, Name),
    #[error("call {0} waits in queue {1} without a place")]
    PlaceLost(CallId, Name),
    #[error("pain 11: whoever was promised it in call {0} will not be called back")]
    PromiseLost(CallId),
    #[error("message {0} is neither in line nor in the hands of an agent who knows of it")]
    MessageLost(Reference),
    #[error("agent {0} has message {1} in hand, which is elsewhere")]
    MessageTwice(Name, CallId),
    #[error("call {0} waits for the engine without a deadline")]
    NoDeadline(CallId),
    #[error("call {0} stands at {1}, which is no longer in the site")]
    Nowhere(CallId, SmolStr),
    #[error("agent {0} is no longer in the site and in no call, and stays")]
    AgentLeft(Name),
    #[error("call {0} lives on although its caller and all its legs are gone")]
    Zombie(CallId),
}

impl Switchboard {
    /// The first rule that does not hold.
    pub fn check(&self) -> Result<(), Broken> {
        self.check_agents()?;
        self.check_queues()?;
        self.check_callbacks()?;
        self.check_messages()?;
        self.check_calls()
    }

    fn check_agents(&self) -> Result<(), Broken> {
        let mut legs: Vec<(Name, CallId)> = Vec::new();
        for call in self.calls.values() {
            let open = call.dialled.iter().filter(|leg| leg.ended.is_none());
            for leg in open.filter(|leg| leg.role == Role::Agent) {
                let Ok(name) = Name::new(leg.party.as_str()) else { continue };
                if let Some((_, other)) = legs.iter().find(|(held, _)| *held == name) {
                    return Err(Broken::AgentTwice(name, *other, call.id));
                }
                legs.push((name, call.id));
            }
        }
        legs.extend(self.callbacks.values().filter_map(|callback| match &callback.attempt {
            Attempt::Calling { call, agent, .. } => Some((agent.clone(), *call)),
            _ => None,
        }));
        for (name, agent) in self.agents.iter() {
            if agent.call().is_none() && !self.site.agents.contains_key(name) {
                return Err(Broken::AgentLeft(name.clone()));
            }
            if let AgentState::Offered { call } | AgentState::Talking { call } = agent.state
                && !legs.contains(&(name.clone(), call))
            {
                return Err(Broken::AgentStuck(name.clone(), call));
            }
        }
        Ok(())
    }

    fn check_queues(&self) -> Result<(), Broken> {
        for queue in self.queues.names() {
            if self.may_offer(queue) && self.pair(queue).is_some() {
                return Err(Broken::QueueIdle(queue.clone()));
            }
            for place in self.queues.members(queue) {
                let waits = self.in_line(place.call);
                if waits != Some((queue, place)) {
                    return Err(Broken::GhostMember(place.call, queue.clone()));
                }
            }
        }
        Ok(())
    }

    fn check_callbacks(&self) -> Result<(), Broken> {
        for (id, callback) in &self.callbacks {
            let Waiting { queue, place, .. } = &callback.waiting;
            let reached = |call: &Call| matches!(call.stage, Stage::Reaching { .. } | Stage::Hearing { .. });
            let goes_on = match &callback.attempt {
                Attempt::Leaving => self.calls.contains_key(id),
                Attempt::Due => self.queues.is_open(queue, *place),
                Attempt::Later(_) => self.timers.has(&Timer::Callback(*id)),
                Attempt::Calling { call, .. } => self.calls.get(call).is_some_and(reached),
            };
            if !goes_on || !self.queues.members(queue).any(|member| member == *place) {
                return Err(Broken::PromiseLost(*id));
            }
        }
        Ok(())
    }

    fn check_messages(&self) -> Result<(), Broken> {
        for (id, message) in self.messages.iter() {
            let holds = |name: &Name| self.agents.get(name).is_some_and(|agent| agent.messages.contains(&id));
            let in_line = self.queues.members(&message.queue).any(|place| place == message.place);
            let well = match &message.stage {
                Handed::Waiting => in_line && self.queues.is_open(&message.queue, message.place),
                Handed::Stranded => !in_line,
                Handed::Offered { agent } => in_line && holds(agent) && self.timers.has(&Timer::Offer(id)),
                Handed::Taken { agent, .. } => !in_line && holds(agent),
            };
            if !well {
                return Err(Broken::MessageLost(message.reference.clone()));
            }
        }
        for (name, agent) in self.agents.iter() {
            let elsewhere = |id: &&CallId| self.messages.get(**id).and_then(Message::agent) != Some(name);
            if let Some(id) = agent.messages.iter().find(elsewhere) {
                return Err(Broken::MessageTwice(name.clone(), *id));
            }
        }
        Ok(())
    }

    fn check_calls(&self) -> Result<(), Broken> {
        for call in self.calls.values() {
            if let Some(gone) = self.gone(&call.stage) {
                return Err(Broken::Nowhere(call.id, gone));
            }
            if let Some(waiting) = call.stage.waiting()
                && !self.queues.members(&waiting.queue).any(|place| place == waiting.place)
            {
                return Err(Broken::PlaceLost(call.id, waiting.queue.clone()));
            }
            let waits_for_engine = match &call.stage {
                Stage::Waiting(_) | Stage::Talking { .. } => false,
                Stage::Meeting(meeting) => meeting.unsettled(),
                Stage::Conferring(conferring) => !conferring.here,
                _ => true,
            };
            if waits_for_engine && !self.timers.has(&Timer::Stage(call.id)) {
                return Err(Broken::NoDeadline(call.id));
            }
            if call.stage == Stage::Ending && call.gone.is_some() && call.open_legs().next().is_none() {
                return Err(Broken::Zombie(call.id));
            }
        }
        Ok(())
    }

    /// What a stage stands at although a new site has it no more.
    fn gone(&self, stage: &Stage) -> Option<SmolStr> {
        let slots = self.site.dialing.parking.as_ref().map_or(&[][..], |parking| &parking.slots);
        match stage {
            Stage::Dialog(dialog) if !self.is_there(dialog) => {
                Some(format_smolstr!("step {} of flow {}", dialog.step, dialog.flow))
            }
            Stage::Parked(parked) if !slots.contains(&parked.slot) => {
                Some(format_smolstr!("slot {}", parked.slot))
            }
            stage => {
                let waiting = stage.waiting().filter(|w| !has_line(&self.site, &w.queue, Takes::Calls))?;
                Some(format_smolstr!("queue {}", waiting.queue))
            }
        }
    }
}
