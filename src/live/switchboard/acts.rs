//! What an admin orders.

use std::time::Duration;

use smol_str::{SmolStr, format_smolstr};

use super::{
    state::{Effect, Switchboard},
    view::{Act, Actor, Refusal},
};
use crate::{
    base::id::{CallId, Name},
    live::record::EndedBy,
};

impl Switchboard {
    pub(super) fn act(&mut self, actor: &Actor, act: Act) -> Result<(), Refusal> {
        if let Some(feature) = act.feature().filter(|feature| self.site.without.contains(feature)) {
            return Err(Refusal::SwitchedOff { feature });
        }
        let now = self.now();
        match act {
            Act::Login { agent } => self.log_in(&agent)?,
            Act::Unpause { agent } => self.unpause(agent)?,
            Act::WrapUp { agent, seconds } => self.extend_wrap_up(agent, seconds)?,
            Act::Lease { agent, seconds } => self.hold_agent(&agent, seconds)?,
            Act::Dispose { agent, disposition } => self.dispose(actor, agent, disposition)?,
            Act::Logout { agent } => {
                self.known_agent(&agent)?;
                self.agents.log_out(&agent, now);
                self.agent_leaves(&agent);
            }
            Act::Pause { agent, reason } => {
                self.known_agent(&agent)?;
                self.agents.pause(&agent, reason, now);
                self.agent_leaves(&agent);
            }
            Act::Hangup { call } => self.hang_call_up(actor, call)?,
            Act::Transfer { call, to } => self.transfer(actor, call, &to)?,
            Act::TransferToAgent { call, agent } => self.transfer_to_agent(actor, call, &agent)?,
            Act::TransferToQueue { call, queue } => self.transfer_to_queue(actor, call, &queue)?,
            Act::Move { call, to } => self.move_caller(actor, call, &to)?,
            Act::Drain { queue, on } => self.drain(actor, &queue, on)?,
            Act::CancelCallback { call } => self.cancel_callback(call)?,
            Act::AcknowledgeAlert { rule, queue } => self.acknowledge(actor, &rule, queue.as_ref())?,
            Act::Attend { call, by, mode } => self.attend(actor, call, &by, mode)?,
            Act::Unattend { call } => self.unattend(actor, call)?,
            Act::TakeOver { call, by } => self.take_from_agent(actor, call, &by)?,
            Act::Consult { call, to } => self.consult(actor, call, &to)?,
            Act::Complete { call } => self.complete(actor, call)?,
            Act::Back { call } => self.come_back(actor, call)?,
            Act::Join { call } => self.join_all(actor, call)?,
            Act::Park { call, slot } => self.park_talk(actor, call, slot)?,
            Act::Record { call, on } => self.record_talk(actor, call, on)?,
            Act::PauseRecording { call, on } => self.pause_tape(actor, call, on)?,
            Act::Invite { conference, to } => self.invite(actor, &conference, &to)?,
            Act::RecordConference { conference, on } => self.record_conference(actor, &conference, on)?,
            Act::Lock { conference, on } => self.lock(actor, &conference, on)?,
            Act::Mute { call, on } => self.mute(actor, call, on)?,
            act @ (Act::AddMessage { .. }
            | Act::TakeMessage { .. }
            | Act::DeclineMessage { .. }
            | Act::CloseMessage { .. }
            | Act::MoveMessage { .. }) => self.act_on_message(act)?,
            Act::ForgetMessages { messages } => {
                for sound in self.boxes.erase(&messages) {
                    self.out.push(Effect::Forget(sound));
                }
            }
            Act::Extension { extension, setting } => self.set_extension(&extension, &setting)?,
        }
        Ok(())
    }

    fn hang_call_up(&mut self, actor: &Actor, call: CallId) -> Result<(), Refusal> {
        let found = self.calls.get_mut(&call).ok_or(Refusal::NoSuchCall { call })?;
        self.out.tell(found, format_smolstr!("{} hangs the call up", actor.0));
        self.leave_queue(call);
        self.end_talk(call);
        self.hang_up(call, EndedBy::Tandem);
        self.finish(call);
        Ok(())
    }

    fn log_in(&mut self, agent: &Name) -> Result<(), Refusal> {
        self.says_first(agent)?;
        self.agents.ready(agent, self.now());
        self.agent_changed(agent);
        Ok(())
    }

    fn unpause(&mut self, agent: Name) -> Result<(), Refusal> {
        self.says_first(&agent)?;
        let state = self.agents.get(&agent).map(crate::live::agent::Agent::words).unwrap_or_default();
        if state == "logged out" {
            let remedy = SmolStr::new_static("log in first: `tandem agents login`");
            return Err(Refusal::WrongState { agent, state, remedy });
        }
        self.agents.ready(&agent, self.now());
        self.agent_changed(&agent);
        Ok(())
    }

    fn extend_wrap_up(&mut self, agent: Name, seconds: u32) -> Result<(), Refusal> {
        self.known_agent(&agent)?;
        let (span, now) = (Duration::from_secs(seconds.into()), self.now());
        if !self.agents.extend_wrap_up(&agent, span, now) {
            let state = self.agents.get(&agent).map(crate::live::agent::Agent::words).unwrap_or_default();
            let remedy = SmolStr::new_static(
                "only a wrap-up can be made longer; `tandem agents pause` holds without one",
            );
            return Err(Refusal::WrongState { agent, state, remedy });
        }
        self.agent_timer(&agent);
        Ok(())
    }

    /// Writes into the call's story who did what.
    pub(super) fn acted(&mut self, actor: &Actor, id: CallId, what: &str) {
        if let Some(call) = self.calls.get_mut(&id) {
            self.out.tell(call, format_smolstr!("{} {what}", actor.0));
        }
    }

    pub(super) fn known_agent(&self, agent: &Name) -> Result<(), Refusal> {
        match self.agents.get(agent) {
            Some(_) => Ok(()),
            None => Err(Refusal::NoSuchAgent { agent: agent.clone() }),
        }
    }

    pub(super) fn agent_leaves(&mut self, name: &Name) {
        self.offer_to_others(name);
        self.agent_changed(name);
        self.unkeep(name);
    }

    fn agent_changed(&mut self, name: &Name) {
        self.agent_timer(name);
        self.match_agent(name);
    }
}
