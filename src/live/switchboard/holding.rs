//! Agents held at work by a client, such as a browser, that says again and again that it is there. One that vanishes costs the
//! agent's work and no caller's time.

use std::time::Duration;

use super::{
    state::Switchboard,
    view::{Act, LEASES, Refusal},
};
use crate::{
    base::{clock::Stamp, id::Name},
    live::{call::Timer, message::Handed},
};

impl Switchboard {
    pub(super) fn hold_agent(&mut self, agent: &Name, seconds: u32) -> Result<(), Refusal> {
        self.known_agent(agent)?;
        self.agents.hold(agent, span(seconds), self.now());
        self.held_timer(agent);
        Ok(())
    }

    /// Whether this act renews a lease that still runs for its whole time, or brings or takes a message that was brought or taken:
    /// it is done already, and need not be written down.
    pub fn is_done_already(&self, act: &Act, now: Stamp) -> bool {
        match act {
            Act::Lease { agent, seconds } => {
                let lease = self.agents.get(agent).and_then(|agent| agent.lease);
                lease.is_some_and(|lease| lease.span == span(*seconds) && lease.is_new(now))
            }
            Act::AddMessage { reference, .. } => self.messages.find(reference).is_some(),
            Act::TakeMessage { reference, agent } => {
                let stage = self.messages.find(reference).map(|(_, message)| &message.stage);
                matches!(stage, Some(Handed::Taken { agent: has }) if has == agent)
            }
            _ => false,
        }
    }

    pub(super) fn client_gone(&mut self, name: &Name) {
        if self.agents.unhold(name, self.now()) {
            self.agent_leaves(name);
        }
    }

    /// While the process was away no client could reach it.
    pub(super) fn hold_all_again(&mut self) {
        for name in self.agents.hold_all(self.now()) {
            self.held_timer(&name);
        }
    }

    fn held_timer(&mut self, name: &Name) {
        let timer = Timer::Held(name.clone());
        match self.agents.get(name).and_then(|agent| agent.lease) {
            Some(lease) => self.timers.set(timer, lease.until),
            None => self.timers.clear(&timer),
        }
    }
}

fn span(seconds: u32) -> Duration {
    // A journal may know others, which meant the nearest of these.
    let seconds = if seconds == 0 { 0 } else { seconds.clamp(*LEASES.start(), *LEASES.end()) };
    Duration::from_secs(seconds.into())
}
