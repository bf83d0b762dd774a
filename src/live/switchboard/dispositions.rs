//! What agents say of a call when it is over. Where a queue wants it they wrap up until they have said it.

use std::time::Duration;

use smol_str::{SmolStr, format_smolstr};

use super::{
    state::{Effect, Switchboard},
    view::{Actor, OwesView, Refusal},
};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, Name},
    },
    infra::site::Dispositions,
    live::{
        agent::{Agent, Owes},
        record::Disposed,
    },
};

impl Switchboard {
    /// The queue of which an agent of this call may say what became of it, and for how long that is waited for if it must be.
    pub(super) fn duty(&self, id: CallId) -> Option<(Name, Option<Duration>)> {
        let queue = self.calls.get(&id)?.served.clone()?;
        let dispositions = self.site.queues.get(&queue)?.dispositions.as_ref()?;
        Some((queue, dispositions.required.then_some(dispositions.within)))
    }

    pub(super) fn dispose(&mut self, actor: &Actor, agent: Name, disposition: Name) -> Result<(), Refusal> {
        let Some(found) = self.agents.get(&agent) else { return Err(Refusal::NoSuchAgent { agent }) };
        let owes = found.owes.as_ref().or_else(|| found.may_say(self.now()));
        let Some(Owes { call, queue, .. }) = owes.cloned() else {
            let state = found.words();
            let remedy = "a disposition is given of the last call, if its queue has `dispositions`, within an hour after it";
            return Err(Refusal::WrongState { agent, state, remedy: SmolStr::new_static(remedy) });
        };
        let codes = self.codes(&queue);
        if !codes.contains(&disposition) {
            let codes: Vec<&str> = codes.iter().map(Name::as_str).collect();
            let remedy = format_smolstr!(
                "queue {queue} has no disposition {disposition}; one of {}",
                codes.join(", ")
            );
            return Err(Refusal::WrongState { agent, state: found.words(), remedy });
        }
        match self.calls.get_mut(&call) {
            Some(live) => {
                live.disposition = Some(disposition.clone());
                self.out.tell(live, format_smolstr!("{} says of {agent}'s part: {disposition}", actor.0));
            }
            None => self.out.push(Effect::Disposed(Disposed { disposed: call, disposition })),
        }
        self.agents.said(&agent, self.now());
        self.agent_timer(&agent);
        self.match_agent(&agent);
        Ok(())
    }

    fn codes(&self, queue: &Name) -> Vec<Name> {
        let dispositions = self.site.queues.get(queue).and_then(|queue| queue.dispositions.as_ref());
        dispositions.into_iter().flat_map(|dispositions| dispositions.codes.keys().cloned()).collect()
    }

    /// Refuses what an agent cannot do who must say first what became of a call.
    pub(super) fn says_first(&self, agent: &Name) -> Result<(), Refusal> {
        let Some(found) = self.agents.get(agent) else {
            return Err(Refusal::NoSuchAgent { agent: agent.clone() });
        };
        if found.must_say().is_none() {
            return Ok(());
        }
        let remedy =
            format_smolstr!("say first what became of the call: `tandem agents dispose {agent} --as CODE`");
        Err(Refusal::WrongState { agent: agent.clone(), state: found.words(), remedy })
    }

    pub(super) fn owes_view(&self, agent: &Agent) -> Option<OwesView> {
        agent.owes.as_ref().map(|owes| self.sayable(owes))
    }

    pub(super) fn may_say_view(&self, agent: &Agent, now: Stamp) -> Option<OwesView> {
        agent.may_say(now).filter(|_| agent.owes.is_none()).map(|owes| self.sayable(owes))
    }

    fn sayable(&self, owes: &Owes) -> OwesView {
        let Owes { call, queue, required, .. } = owes.clone();
        let codes = self.codes(&queue);
        let dispositions = self.site.queues.get(&queue).and_then(|queue| queue.dispositions.as_ref());
        let labels = dispositions.map(Dispositions::labels).unwrap_or_default();
        OwesView { call, queue, required, codes, labels }
    }

    /// An agent's time is over. If there was something to be said of a call, it was not.
    pub(super) fn not_said(&mut self, agent: &Name) {
        let now = self.now();
        let Some(found) = self.agents.get(agent).filter(|agent| agent.deadline().is_some_and(|at| at <= now))
        else {
            return;
        };
        let Some(Owes { queue, .. }) = found.must_say().cloned() else { return };
        self.turn_day();
        *self.ratings.undisposed.entry(queue).or_default() += 1;
    }

    pub(super) fn undisposed_today(&self, queue: &Name, now: Stamp) -> u64 {
        self.ratings.undisposed.get(queue).copied().filter(|_| self.is_today(now)).unwrap_or_default()
    }
}
