//! Who fits whom (`docs/queues.md`): of the callers for whom somebody is free who has what the queue needs, the one who has waited longest;
//! of those agents, the first in the queue's order. And why the others are passed over.

use std::time::Duration;

use smol_str::{SmolStr, format_smolstr};

use super::{
    stages::millis,
    state::Switchboard,
    view::{Assignment, Over, Passed, Why},
};
use crate::{
    base::id::{CallId, Name},
    infra::site::{Lack, Queue, Relaxed, Skills, Strategy, Takes, skill_words},
    live::{
        agent::{Agent, AgentState},
        call::Timer,
        message::Message,
        queue::{Expected, Place, Wanted, Wish},
    },
};

/// So many who were passed over are kept with a decision.
const KEPT: usize = 12;
/// Of those who are free and stand behind the chosen one, so many.
const BEHIND: usize = 3;
/// So many of a queue's agents are looked at for those who are not free.
const LOOKED_AT: usize = 64;

/// A caller and the agent for whom the caller's turn has come.
pub(super) struct Pair {
    pub place: Place,
    pub wanted: Wanted,
    pub agent: Name,
}

impl Switchboard {
    /// Who is next in a queue, if somebody is free for them.
    pub(super) fn pair(&self, queue: &Name) -> Option<Pair> {
        let settings = self.site.queues.get(queue)?;
        let fit = |(wanted, place): (_, Place)| {
            let agent = self.first(queue, settings, wanted)?;
            Some((place, wanted, agent))
        };
        let (place, wanted, agent) =
            self.queues.firsts(queue).filter_map(fit).min_by_key(|(place, ..)| *place)?;
        Some(Pair { place, wanted: wanted.clone(), agent: agent.clone() })
    }

    /// The first of the free agents who is what is wanted.
    fn first<'a>(&'a self, queue: &Name, settings: &Queue, wanted: &'a Wanted) -> Option<&'a Name> {
        let comes = |agent: &Name| settings.takes == Takes::Calls || !self.is_awaited(agent);
        if let Some(agent) = &wanted.agent {
            let free = self.agents.is_free_in(queue, agent) && self.suits(settings, agent, wanted);
            return (free && comes(agent)).then_some(agent);
        }
        let has_all = |agent: &&Name| {
            missing(&wanted.needs, self.agents.skills(agent)).next().is_none() && comes(agent)
        };
        self.agents.free_and_fit(queue, wanted.relaxed).find(has_all)
    }

    /// Whether a caller waits for whom this agent would do, who could come to a phone but for what is in hand: no message
    /// fills the hands before.
    pub(super) fn is_awaited(&self, name: &Name) -> bool {
        let idle = |agent: &Agent| agent.state == AgentState::Ready && agent.registered != Some(false);
        let awaited = |queue: &Name| {
            let settings = self.site.queues.get(queue).filter(|settings| settings.takes == Takes::Calls);
            settings.is_some_and(|settings| {
                self.queues.firsts(queue).any(|(wanted, _)| self.suits(settings, name, wanted))
            })
        };
        self.agents.get(name).is_some_and(idle) && self.agents.serves(name).any(awaited)
    }

    /// Whether an agent is what is wanted.
    pub(super) fn suits(&self, queue: &Queue, agent: &Name, wanted: &Wanted) -> bool {
        let skills = self.agents.skills(agent);
        wanted.agent.as_ref().is_none_or(|only| only == agent)
            && queue.is_met(skills, wanted.relaxed)
            && missing(&wanted.needs, skills).next().is_none()
    }

    /// The caller has this place, and can be offered to agents or not.
    pub(super) fn place(&mut self, queue: &Name, place: Place, open: bool) {
        if open { self.open_place(queue, place) } else { self.queues.hold(queue, place) }
    }

    /// The caller can be offered to agents, as far as the wait has relaxed what the queue needs.
    pub(super) fn open_place(&mut self, queue: &Name, place: Place) {
        let wanted = self.wanted(queue, place);
        self.queues.open(queue, place, wanted);
    }

    /// Whether an agent is at work and takes callers of this queue.
    pub(super) fn may_come(&self, queue: &Name, agent: &Name) -> bool {
        self.agents.get(agent).is_some_and(Agent::works)
            && self.agents.serves(agent).any(|served| served == queue)
    }

    /// This agent does not come any more: those who are kept for them are for everybody.
    pub(super) fn unkeep(&mut self, agent: &Name) {
        let queues: Vec<Name> = self.agents.queues(agent).to_vec();
        for queue in &queues {
            let members: Vec<CallId> = self.queues.members(queue).map(|place| place.call).collect();
            for member in members {
                self.relax_again(member);
            }
            self.match_queue(queue);
        }
    }

    /// Where somebody stands in line: on the phone, to be called back, or by a message.
    pub(super) fn in_line(&self, id: CallId) -> Option<(&Name, Place)> {
        let waits = self.calls.get(&id).and_then(|call| call.stage.waiting());
        let waits = waits.or_else(|| self.callbacks.get(&id).map(|callback| &callback.waiting));
        let waits = waits.map(|waiting| (&waiting.queue, waiting.place));
        waits.or_else(|| self.messages.get(id).and_then(Message::in_line))
    }

    /// Whoever stands in line has another place there.
    pub(super) fn replaced(&mut self, id: CallId, place: Place) {
        let waits = self.calls.get_mut(&id).and_then(|call| call.stage.waiting_mut());
        let waits = waits.or_else(|| self.callbacks.get_mut(&id).map(|callback| &mut callback.waiting));
        match waits {
            Some(waiting) => waiting.place = place,
            None => {
                if let Some(message) = self.messages.get_mut(id) {
                    message.place = place;
                }
            }
        }
    }

    /// How long a caller with this place will wait, by how fast the queue was served lately.
    pub(super) fn expected(&self, queue: &Name, place: Place) -> Option<Expected> {
        self.queues.expected(queue, place, self.now())
    }

    /// Less is wanted of an agent from now on; a caller who is being offered learns it when that fails.
    pub(super) fn relax_due(&mut self, id: CallId) {
        let Some((queue, place)) = self.relax_again(id) else { return };
        let wanted = self.wanted(&queue, place);
        if let Some(settings) = self.site.queues.get(&queue)
            && let Some(call) = self.calls.get_mut(&id)
        {
            let (waited, wants) = (self.out.now().since(place.joined).as_secs(), in_words(settings, &wanted));
            let wants = if wants.is_empty() { "nothing special".into() } else { wants };
            self.out.tell(call, format_smolstr!("waited {waited} s: queue {queue} needs {wants} now"));
        }
        self.match_queue(&queue);
    }

    /// A caller's place is where the queue's present settings put it.
    pub(super) fn relax_again(&mut self, id: CallId) -> Option<(Name, Place)> {
        let (queue, place) = self.in_line(id)?;
        let queue = queue.clone();
        if self.queues.is_open(&queue, place) {
            self.open_place(&queue, place);
        } else {
            self.wanted(&queue, place);
        }
        Some((queue, place))
    }

    /// What is wanted of an agent for this caller; the moment when it becomes less is a deadline.
    fn wanted(&mut self, queue: &Name, place: Place) -> Wanted {
        let wanted = self.wanted_now(queue, place);
        let steps = self.site.queues.get(queue).map_or(&[][..], |queue| &queue.relax);
        let step = steps.get(wanted.relaxed.steps).map(|step| place.joined + step.after);
        let until = self.kept_for(queue, place).map(|wish| wish.until);
        match step.into_iter().chain(until).min() {
            Some(due) => self.timers.set(Timer::Relax(place.call), due),
            None => self.timers.clear(&Timer::Relax(place.call)),
        }
        wanted
    }

    pub(super) fn wanted_now(&self, queue: &Name, place: Place) -> Wanted {
        let now = self.now();
        let steps = self.site.queues.get(queue).map_or(&[][..], |queue| &queue.relax);
        let behind = steps.iter().take_while(|step| place.joined + step.after <= now).count();
        let relaxed = Relaxed { steps: behind, expanded: self.agents.is_expanded(queue) };
        let wish = self.kept_for(queue, place);
        let (agent, needs) = wish.map(|wish| (wish.agent.clone(), wish.needs.clone())).unwrap_or_default();
        Wanted { relaxed, agent, needs }
    }

    fn wish_of(&self, id: CallId) -> Option<&Wish> {
        let waiting = self.calls.get(&id).and_then(|call| call.stage.waiting()?.wish.as_deref());
        waiting.or_else(|| self.messages.get(id).and_then(|message| message.wish.as_deref()))
    }

    /// What the caller is kept for, if there is any hope.
    fn kept_for(&self, queue: &Name, place: Place) -> Option<&Wish> {
        let wish = self.wish_of(place.call).filter(|wish| wish.until > self.now())?;
        let hopeful = wish.agent.as_ref().is_none_or(|agent| self.may_come(queue, agent));
        hopeful.then_some(wish)
    }

    /// The reason why this agent is offered this caller.
    pub(super) fn assignment(&self, queue: &Name, pair: &Pair) -> Why {
        let Pair { place, wanted, agent: chosen } = pair;
        let now = self.now();
        let free = self.agents.free_in(queue);
        let unknown = || Why::new(now, format_smolstr!("offered to {chosen}"));
        let (Some(settings), Some(agent)) = (self.site.queues.get(queue), self.agents.get(chosen)) else {
            return unknown();
        };
        let needs = in_words(settings, wanted);
        let passed = self.passed(queue, settings, pair);
        let crew = self.agents.crew(queue).len();
        let with = if needs.is_empty() { needs.clone() } else { format_smolstr!(" with {needs}") };
        let what = if wanted.agent.is_some() {
            let reason = match settings.takes {
                Takes::Calls => "who talked with this caller last",
                Takes::Messages => "for whom it is kept",
            };
            format_smolstr!("offered to {chosen}, {reason}, in {queue}")
        } else {
            let merit = self.merit(settings, chosen, agent);
            format_smolstr!("offered to {chosen}: {merit} of {free} free{with} in {queue}")
        };
        let assignment = Assignment {
            queue: queue.clone(),
            agent: chosen.clone(),
            strategy: settings.strategy.word().into(),
            needs,
            waited_ms: millis(now, place.joined),
            more: crew.saturating_sub(passed.len() + 1),
            passed,
        };
        Why { assignment: Some(Box::new(assignment)), ..Why::new(now, what) }
    }

    fn merit(&self, queue: &Queue, name: &Name, agent: &Agent) -> SmolStr {
        let measure = self.measure(queue, name, agent);
        match queue.strategy {
            Strategy::LongestIdle | Strategy::RingAll => {
                format_smolstr!("idle longest ({} s)", measure / 1000)
            }
            Strategy::LeastTalk => format_smolstr!("talked least today ({} s)", measure / 1000),
            Strategy::RoundRobin => SmolStr::new_static("whose turn it is"),
            Strategy::BestSkill => format_smolstr!("best skilled ({measure} levels)"),
            Strategy::Sequential => format_smolstr!("first of the list (place {})", measure + 1),
            Strategy::LeastBusy => format_smolstr!("fewest messages in hand ({measure})"),
        }
    }

    /// What a strategy goes by: milliseconds, levels, or a place from 0.
    fn measure(&self, queue: &Queue, name: &Name, agent: &Agent) -> i64 {
        let now = self.now();
        let ms = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let (idle, offered) = agent.since_when(queue.takes);
        match queue.strategy {
            Strategy::LongestIdle | Strategy::RingAll => ms(now.since(idle)),
            Strategy::LeastTalk => ms(agent.talked_today),
            Strategy::RoundRobin => ms(now.since(offered)),
            Strategy::LeastBusy => i64::try_from(agent.messages.len()).unwrap_or(i64::MAX),
            Strategy::BestSkill => i64::from(queue.score(self.agents.skills(name))),
            Strategy::Sequential => self.site.agents.get(name).map_or(0, |agent| i64::from(agent.place)),
        }
    }

    /// Some of those who are passed over: who is free first, in the queue's order.
    fn passed(&self, queue: &Name, settings: &Queue, pair: &Pair) -> Vec<Passed> {
        let chosen = &pair.agent;
        let over = |name: &Name| {
            Some(Passed { agent: name.clone(), because: self.over(queue, settings, pair, name)? })
        };
        let before = self.agents.free(queue).take_while(|name| *name != chosen);
        let mut passed: Vec<Passed> = before.take(KEPT).filter_map(over).collect();
        let behind = self.agents.free_behind(queue, chosen).take(BEHIND);
        let busy = |name: &&Name| self.agents.get(name).is_some_and(|agent| !agent.free_for(settings.takes));
        let busy = self.agents.crew(queue).iter().take(LOOKED_AT).filter(busy);
        let room = KEPT - passed.len();
        passed.extend(behind.chain(busy).take(room).filter_map(over));
        passed
    }

    /// All that stood in the way of somebody who is not the one.
    fn over(&self, name: &Name, queue: &Queue, pair: &Pair, other: &Name) -> Option<Vec<Over>> {
        let Pair { place, wanted, agent: chosen } = pair;
        let (skills, agent) = (self.agents.skills(other), self.agents.get(other)?);
        let busy = || Over::Busy { state: agent.busy_with(queue.takes), since: agent.since };
        let busy = (!agent.free_for(queue.takes)).then(busy);
        let awaited = || queue.takes == Takes::Messages && self.is_awaited(other);
        let busy = busy.or_else(|| awaited().then_some(Over::Awaited));
        let kept_ms = self.kept_ms(*place);
        let kept = wanted.agent.is_some().then_some(Over::Kept { after_ms: kept_ms });
        let met = queue
            .met_after(skills, wanted.relaxed.expanded)
            .and_then(|steps| queue.relax.get(steps.checked_sub(1)?));
        let after_ms = met.map(|step| u64::try_from(step.after.as_millis()).unwrap_or(u64::MAX));
        let lacks = |after_ms| {
            move |lack: Lack<'_>| Over::Lacks {
                skill: lack.skill.clone(),
                has: lack.has,
                needs: lack.needs,
                after_ms,
            }
        };
        let needed = queue.lacks(skills, wanted.relaxed).map(lacks(after_ms));
        let wished = missing(&wanted.needs, skills).map(lacks(Some(kept_ms)));
        if kept.is_some() {
            // Whoever a caller is kept for comes before every order.
            return Some(busy.into_iter().chain(kept).chain(needed).collect());
        }
        let (own, first) = (self.agents.rank(name, other)?, self.agents.rank(name, chosen)?);
        let not_preferred = (first.preferred() && !own.preferred()).then_some(Over::NotPreferred);
        let outdone = own.preferred() && !first.preferred();
        let later = (!outdone && (own.order(), other) > (first.order(), chosen)).then_some(Over::Later {
            own: self.measure(queue, other, agent),
            chosen: self.measure(queue, chosen, self.agents.get(chosen)?),
        });
        Some([busy, not_preferred, later].into_iter().flatten().chain(needed).chain(wished).collect())
    }

    /// After how much of the wait what the caller wishes besides counts no more.
    fn kept_ms(&self, place: Place) -> u64 {
        let until = self.wish_of(place.call).map(|wish| wish.until);
        until.map_or(0, |until| millis(until, place.joined))
    }
}

/// What of `needs` these skills do not meet.
fn missing<'a>(needs: &'a Skills, skills: &'a Skills) -> impl Iterator<Item = Lack<'a>> {
    needs.iter().filter_map(|(skill, needs)| {
        let has = skills.get(skill).copied().unwrap_or(0);
        (has < *needs).then_some(Lack { skill, has, needs: *needs })
    })
}

/// `vip 5, english 3`, `li`: what is wanted.
fn in_words(queue: &Queue, wanted: &Wanted) -> SmolStr {
    let mut needs: Skills =
        queue.needs(wanted.relaxed).map(|(skill, level)| (skill.clone(), level)).collect();
    for (skill, level) in &wanted.needs {
        let least = needs.entry(skill.clone()).or_default();
        *least = (*least).max(*level);
    }
    let needs = skill_words(needs.iter().map(|(skill, level)| (skill, *level)));
    match &wanted.agent {
        Some(agent) if needs.is_empty() => agent.as_str().into(),
        Some(agent) => format_smolstr!("{agent}, {needs}"),
        None => needs,
    }
}
