//! What the doors may see: answers made from live state, as it is between two inputs.

use smol_str::{SmolStr, format_smolstr};

use super::{
    state::{Input, Link, Switchboard},
    view::{Act, AgentView, CallDetail, CallView, EngineView, Query, QueueView, StatusView, Subject, View},
};
use crate::{
    base::{clock::Stamp, id::Name},
    live::{
        agent::{Agent, AgentState},
        call::{Call, Stage},
    },
};

impl Switchboard {
    pub fn view(&self, query: &Query, now: Stamp) -> View {
        match query {
            Query::Status => View::Status(self.status(now)),
            Query::Calls => View::Calls(self.calls.values().map(call_view).collect()),
            Query::Call(id) => View::Call(
                self.calls
                    .get(id)
                    .map(|call| Box::new(CallDetail { call: call_view(call), steps: call.steps.clone() })),
            ),
            Query::Queues => {
                View::Queues(self.site.queues.keys().map(|name| self.queue_view(name, now)).collect())
            }
            Query::Agents => {
                View::Agents(self.agents.iter().map(|(name, agent)| self.agent_view(name, agent)).collect())
            }
        }
    }

    /// How that stands what an input changes, if it is one that is written down.
    pub(super) fn subject(&self, input: &Input) -> Option<Subject> {
        match input {
            Input::Act { act, .. } => match act {
                Act::Login { agent }
                | Act::Logout { agent }
                | Act::Pause { agent, .. }
                | Act::Unpause { agent } => {
                    self.agents.get(agent).map(|known| Subject::Agent(self.agent_view(agent, known)))
                }
                Act::Hangup { call } | Act::Transfer { call, .. } => {
                    self.calls.get(call).map(|call| Subject::Call(call_view(call)))
                }
            },
            Input::Site(_) => {
                Some(Subject::Site { site: self.site.name.clone(), revision: self.site.revision.clone() })
            }
            _ => None,
        }
    }

    fn status(&self, now: Stamp) -> StatusView {
        let stage = |test: fn(&Stage) -> bool| self.calls.values().filter(|call| test(&call.stage)).count();
        StatusView {
            version: self.version.clone(),
            site: self.site.name.clone(),
            revision: self.site.revision.clone(),
            now,
            started: self.started,
            engine: match &self.link {
                Link::Connecting => EngineView::Connecting,
                Link::Up { engine, since, .. } => EngineView::Up { engine: engine.clone(), since: *since },
                Link::Down { reason, since, next_try } => {
                    EngineView::Down { reason: reason.clone(), since: *since, next_try: *next_try }
                }
            },
            calls: self.calls.len(),
            waiting: stage(|stage| stage.waiting().is_some()),
            talking: stage(|stage| matches!(stage, Stage::Talking { .. })),
            agents_ready: self.agents.iter().filter(|(_, agent)| agent.free()).count(),
            agents: self.agents.iter().count(),
            calls_today: self.calls_today,
            troubles: Vec::new(),
        }
    }

    fn queue_view(&self, name: &Name, now: Stamp) -> QueueView {
        let members = || self.agents.iter().filter(|(agent, _)| self.agents.queues(agent).contains(name));
        let tally = self.queues.tally(name);
        QueueView {
            name: name.clone(),
            waiting: self.queues.waiting(name),
            longest_wait_ms: self.queues.oldest(name).map_or(0, |joined| super::stages::millis(now, joined)),
            ready: self.agents.free_in(name),
            talking: self
                .calls
                .values()
                .filter(|call| {
                    matches!(call.stage, Stage::Talking { .. }) && call.queue.as_ref() == Some(name)
                })
                .count(),
            logged_in: members().filter(|(_, agent)| agent.state != AgentState::LoggedOut).count(),
            answered_today: tally.answered,
            abandoned_today: tally.abandoned,
        }
    }

    fn agent_view(&self, name: &Name, agent: &Agent) -> AgentView {
        let settings = self.site.agents.get(name);
        AgentView {
            name: name.clone(),
            display: settings.map(|settings| settings.display.clone()).unwrap_or_default(),
            extension: settings
                .map_or_else(|| self.site.fallback.clone(), |settings| settings.extension.clone()),
            state: agent.words(),
            since: agent.since,
            reason: match &agent.state {
                AgentState::Paused { reason } => Some(reason.clone()),
                AgentState::Resting { why, .. } => Some(crate::base::text::Label::new(why.words())),
                _ => None,
            },
            call: agent.call(),
            queues: self.agents.queues(name).to_vec(),
            calls_today: agent.calls_today,
        }
    }
}

fn call_view(call: &Call) -> CallView {
    CallView {
        id: call.id,
        from: call.arrival.from.clone(),
        from_name: call.arrival.from_name.clone(),
        to: call.arrival.to.clone(),
        since: call.began,
        state: call.stage.word(),
        at: whereabouts(call),
        agent: match &call.stage {
            Stage::Talking { .. } | Stage::Dialling(_) => {
                call.stage.peer().and_then(|dialled| super::legs::agent_of(&dialled.party)).cloned()
            }
            _ => None,
        },
    }
}

fn whereabouts(call: &Call) -> SmolStr {
    match &call.stage {
        Stage::Answering { .. } => SmolStr::new_static("being answered"),
        Stage::Dialog(dialog) => format_smolstr!("{} / {}", dialog.flow, dialog.step),
        Stage::Dialling(dialled) => format_smolstr!("{} rings", dialled.party.words()),
        Stage::Talking { with, .. } => format_smolstr!("with {}", with.party.words()),
        stage => match stage.waiting() {
            Some(waiting) => format_smolstr!("queue {}", waiting.queue),
            None => SmolStr::new_static("leaving"),
        },
    }
}
