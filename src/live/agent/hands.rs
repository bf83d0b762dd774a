//! Messages in agents' hands, beside their calls.

use std::collections::BTreeSet;

use super::Agents;
use crate::base::{
    clock::Stamp,
    id::{CallId, Name},
};

impl Agents {
    /// A message is offered.
    pub fn hand(&mut self, name: &Name, message: CallId, now: Stamp) {
        self.change(name, now, |agent| {
            agent.messages.insert(message);
            agent.handed = now;
        });
    }

    /// The agent is done with a message.
    pub fn relieve(&mut self, name: &Name, message: CallId, now: Stamp) {
        self.change(name, now, |agent| {
            if agent.messages.remove(&message) {
                agent.relieved = now;
            }
        });
    }

    /// A message is taken out of the agent's hands, who has nothing to do with that.
    pub fn take_back(&mut self, name: &Name, message: CallId, now: Stamp) {
        self.change(name, now, |agent| {
            agent.messages.remove(&message);
        });
    }

    /// A message was not taken: none is offered until then.
    pub fn spare(&mut self, name: &Name, message: CallId, until: Stamp, now: Stamp) {
        self.change(name, now, |agent| {
            agent.messages.remove(&message);
            agent.spared = Some(until).filter(|until| *until > now);
        });
    }

    /// When messages are offered again.
    pub fn spared(&self, name: &Name) -> Option<Stamp> {
        self.get(name).and_then(|agent| agent.spared)
    }

    /// Messages are offered again, if it is time, or if the agent says so.
    pub fn unspare(&mut self, name: &Name, now: Stamp) {
        self.change(name, now, |agent| agent.spared = None);
    }

    /// All that is in hand is in nobody's.
    pub(super) fn drop_messages(&mut self, name: &Name, now: Stamp) {
        let mut dropped = BTreeSet::new();
        self.change(name, now, |agent| dropped.append(&mut agent.messages));
        self.dropped.append(&mut dropped);
    }

    /// What was in the hands of agents who went.
    pub fn take_dropped(&mut self) -> BTreeSet<CallId> {
        std::mem::take(&mut self.dropped)
    }
}
