//! What an admin orders.

use smol_str::{SmolStr, format_smolstr};

use super::{
    state::Switchboard,
    view::{Act, Actor, Refusal},
};
use crate::{
    base::{
        id::{CallId, Name},
        number::Number,
    },
    live::{
        call::{Next, Party, Stage, Timer},
        record::EndedBy,
    },
    ports::engine::{Command, HangupCause},
};

/// How long an extension rings for a transferred caller.
const RING: std::time::Duration = std::time::Duration::from_secs(30);

impl Switchboard {
    pub(super) fn act(&mut self, actor: &Actor, act: Act) -> Result<(), Refusal> {
        let now = self.now();
        match act {
            Act::Login { agent } => {
                self.known_agent(&agent)?;
                self.agents.ready(&agent, now);
                self.agent_changed(&agent);
            }
            Act::Unpause { agent } => {
                self.known_agent(&agent)?;
                let state = self.agents.get(&agent).map(crate::live::agent::Agent::words).unwrap_or_default();
                if state == "logged out" {
                    let remedy = SmolStr::new_static("log in first: `tandem agents login`");
                    return Err(Refusal::WrongState { agent, state, remedy });
                }
                self.agents.ready(&agent, now);
                self.agent_changed(&agent);
            }
            Act::Logout { agent } => {
                self.known_agent(&agent)?;
                self.agents.log_out(&agent, now);
                self.agent_changed(&agent);
            }
            Act::Pause { agent, reason } => {
                self.known_agent(&agent)?;
                self.agents.pause(&agent, reason, now);
                self.agent_changed(&agent);
            }
            Act::Hangup { call } => {
                let found = self.calls.get_mut(&call).ok_or(Refusal::NoSuchCall { call })?;
                self.out.tell(found, format_smolstr!("{} hangs the call up", actor.0));
                self.leave_queue(call);
                self.end_talk(call);
                self.hang_up(call, EndedBy::Tandem);
                self.finish(call);
            }
            Act::Transfer { call, to } => self.transfer(actor, call, to)?,
        }
        Ok(())
    }

    fn known_agent(&self, agent: &Name) -> Result<(), Refusal> {
        match self.agents.get(agent) {
            Some(_) => Ok(()),
            None => Err(Refusal::NoSuchAgent { agent: agent.clone() }),
        }
    }

    fn agent_changed(&mut self, name: &Name) {
        self.agent_timer(name);
        self.match_agent(name);
    }

    fn transfer(&mut self, actor: &Actor, id: CallId, to: Number) -> Result<(), Refusal> {
        let call = self.calls.get(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        let endpoint = self.extension(&to).ok_or(Refusal::NoSuchExtension { to: to.clone() })?;
        if call.stage == Stage::Ending {
            return Err(Refusal::NotNow { call: id, state: call.stage.word() });
        }
        self.leave_queue(id);
        let Some(call) = self.calls.get_mut(&id) else { return Ok(()) };
        self.out.tell(call, format_smolstr!("{} transfers the call to {to}", actor.0));
        let dial = Next::Dial { to: to.clone(), endpoint: endpoint.clone() };
        match &mut call.stage {
            Stage::Answering { next, .. } | Stage::Parting { next } => *next = dial,
            Stage::Dialling(dialled) => {
                dialled.otherwise = dial;
                self.out.hangup(&dialled.leg, HangupCause::NORMAL_CLEARING);
                self.timers.set(Timer::Stage(id), self.out.now() + super::legs::RETURN_GUARD);
            }
            Stage::Talking { with, then, .. } => {
                *then = dial;
                self.out.hangup(&with.leg, HangupCause::NORMAL_CLEARING);
                self.timers.set(Timer::Stage(id), self.out.now() + super::legs::RETURN_GUARD);
            }
            Stage::Dialog(_) | Stage::Waiting(_) => {
                call.playing = None;
                self.out.order(&call.leg, Command::Stop);
                self.dial(id, Party::Extension(to), endpoint, RING, Next::Hangup);
            }
            Stage::Ending => {}
        }
        Ok(())
    }
}
