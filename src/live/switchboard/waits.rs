//! Callers who wait: how they come into a queue, overflow into another, and leave. `pairs` says whose turn it is.

use std::time::Duration;

use smol_str::{SmolStr, format_smolstr};

use super::{
    goals::MAX_HOPS,
    stages::{at_step, millis},
    state::Switchboard,
};
use crate::{
    base::{
        id::{CallId, Name},
        urgency::Urgency,
    },
    infra::site::{Beyond, Full, Queue, Rule, Skills},
    live::{
        agent::Agent,
        call::{Next, Stage, Timer, Waiting},
        dialog::{Dialog, talk::Priority},
        queue::{Place, Wish},
        record::WAITED,
        routing::Goal,
    },
    ports::{engine::Command, media},
};

impl Switchboard {
    /// The caller joins a queue, as `rule` says if there is one; `after` when waiting is over.
    pub(super) fn join(&mut self, id: CallId, queue: Name, after: Dialog, rule: Option<&Rule>) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(settings) = self.site.queues.get(&queue) else {
            self.out.tell(call, format_smolstr!("queue {queue} is no longer in the site"));
            return self.go(id, Next::Flow(Box::new(after)));
        };
        if let Some(by) = self.queues.drained(&queue).cloned() {
            return self.past_drained(id, &queue, &by, after);
        }
        let urgency = match call.brief.as_ref().map(|brief| brief.priority) {
            Some(Priority::Urgent) => Urgency::Emergency,
            Some(Priority::Raised) => Urgency::Raised,
            Some(Priority::Normal) | None => Urgency::Normal,
        };
        let head_start = settings.head_start.max(rule.map(|rule| rule.head_start).unwrap_or_default());
        let place = Place::new(urgency, now, head_start, id);
        let patient = rule.filter(|_| urgency != Urgency::Emergency);
        let wish = patient.and_then(|rule| self.wish(id, rule)).map(Box::new);
        let waiting = Waiting {
            queue,
            place,
            after,
            greeting: false,
            told: None,
            entered: None,
            wish,
            before: Duration::ZERO,
        };
        match self.kept_place(id, &waiting.queue) {
            Some((place, agent)) => {
                self.enter_anyway(id, Waiting { place, entered: Some(now), ..waiting });
                agent.inspect(|agent| self.freed(agent));
            }
            None => self.enter(id, waiting),
        }
    }

    /// Into a queue, with a place in it; elsewhere where it is too full.
    fn enter(&mut self, id: CallId, waiting: Waiting) {
        let Some(settings) = self.site.queues.get(&waiting.queue) else {
            return self.go(id, Next::Flow(Box::new(waiting.after)));
        };
        if let Some((why, beyond)) = self.too_full(settings, &waiting.queue, waiting.place) {
            let Some(call) = self.calls.get_mut(&id) else { return };
            self.out.tell(call, format_smolstr!("queue {}: {why}", waiting.queue));
            return self.overflow(id, waiting, beyond);
        }
        self.enter_anyway(id, waiting);
    }

    fn enter_anyway(&mut self, id: CallId, waiting: Waiting) {
        let Some(settings) = self.site.queues.get(&waiting.queue) else { return };
        let (queue, place) = (waiting.queue.clone(), waiting.place);
        self.timers.set(Timer::MaxWait(id), waiting.entered() + settings.max_wait);
        let greeting = settings.greeting.is_some();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let first = call.stage.waiting().is_none();
        let greeting = first && greeting;
        let seen = !call.unseen;
        call.queue = Some(queue.clone());
        call.stage = Stage::Waiting(Waiting { greeting, ..waiting });
        self.place(&queue, place, seen);
        let Some(call) = self.calls.get_mut(&id) else { return };
        self.out.tell(
            call,
            format_smolstr!(
                "queue {queue}: place {}, {} of its agents free",
                self.queues.position(&queue, place),
                self.agents.free_in(&queue)
            ),
        );
        self.stretch(Some(id), &queue);
        self.wait_on(id, first);
    }

    /// The caller has a place: is offered to whoever is free, or hears something, and overflows in time.
    pub(super) fn wait_on(&mut self, id: CallId, just_joined: bool) {
        let Some(queue) = self.waits_in(id) else { return };
        if !self.overflow_in_time(id) {
            self.announce_in_time(id);
            self.match_queue(&queue);
            self.entertain(id, just_joined);
        }
    }

    fn waits_in(&self, id: CallId) -> Option<Name> {
        match &self.calls.get(&id)?.stage {
            Stage::Waiting(waiting) => Some(waiting.queue.clone()),
            _ => None,
        }
    }

    /// Greeting or music for a caller who still waits.
    pub(super) fn entertain(&mut self, id: CallId, just_joined: bool) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::Waiting(waiting) = &mut call.stage else { return };
        let greeting = self.site.queues.get(&waiting.queue).and_then(|queue| queue.greeting.as_ref());
        let spoken = greeting.filter(|_| just_joined).and_then(|prompt| media::prompt(prompt, call.language));
        waiting.greeting = spoken.is_some();
        match spoken {
            Some(media) => {
                call.playing = Some(self.out.order(&call.leg, Command::Play { media: vec![media] }));
            }
            None => call.playing = Some(self.out.order(&call.leg, Command::Music)),
        }
    }

    /// Whom the caller is kept for, by this rule.
    fn wish(&mut self, id: CallId, rule: &Rule) -> Option<Wish> {
        let first = rule.first.as_ref()?;
        let now = self.now();
        let agent = match first.last_agent {
            Some(span) => self.last_agent(id, &rule.queue, span),
            None => None,
        };
        let wanted = agent.is_some() || !first.needs.is_empty();
        // Whom the caller knows is welcome whatever else was asked for.
        let needs = if agent.is_some() { Skills::new() } else { first.needs.clone() };
        wanted.then(|| Wish { agent, needs, until: now + first.wait })
    }

    /// The agent whom the caller talked with last, if there is any hope to have that one again.
    fn last_agent(&mut self, id: CallId, queue: &Name, span: Duration) -> Option<Name> {
        let now = self.now();
        let call = self.calls.get_mut(&id)?;
        let last = call.caller.known()?.last.clone()?;
        let name = last.agent.filter(|_| now.since(last.at) <= span)?;
        let serves = self.agents.queues(&name).contains(queue);
        let why = match self.agents.get(&name) {
            _ if !serves => "does not serve this queue",
            Some(agent) if !agent.works() => "is not at work",
            Some(_) => {
                self.out.tell(
                    call,
                    format_smolstr!("kept for {name} at first, who talked with this caller last"),
                );
                return Some(name);
            }
            None => "is no longer in the site",
        };
        self.out.tell(call, format_smolstr!("{name} talked with this caller last, but {why}"));
        None
    }

    /// Why nobody comes to wait with this place here, and where instead.
    pub(super) fn too_full(&self, settings: &Queue, queue: &Name, place: Place) -> Option<(SmolStr, Beyond)> {
        let now = self.now();
        if self.went_far(place.call) {
            return None;
        }
        // Who comes before everybody is not turned away because of those behind.
        let urgent = place.urgency == Urgency::Emergency;
        settings.overflow.iter().filter(|overflow| self.takes(&overflow.to)).find_map(|overflow| {
            let why = match &overflow.when {
                Full::Waited(_) => return None,
                Full::Length(_) | Full::Expected(_) if urgent => return None,
                Full::Length(most) => {
                    let waiting = self.queues.in_line(queue);
                    (waiting >= usize::from(*most)).then(|| format_smolstr!("{waiting} wait already"))
                }
                Full::Expected(most) => {
                    let expected = self.expected(queue, place)?.mean;
                    let words = || format_smolstr!("a wait of {} s is to be expected", expected.as_secs());
                    (expected > *most).then(words)
                }
                Full::Nobody => {
                    let works = |name: &Name| self.agents.get(name).is_some_and(Agent::works);
                    let expanded = self.agents.is_expanded(queue);
                    let reserve = || self.agents.reserve(queue).filter(|_| expanded);
                    let nobody = !self.agents.crew(queue).iter().chain(reserve()).any(works);
                    nobody.then(|| "none of its agents is at work".into())
                }
                Full::Closed(hours) => {
                    let zone = &self.site.time_zone;
                    let closed = self.site.hours.get(hours).is_some_and(|hours| !hours.open(now, zone));
                    closed.then(|| format_smolstr!("{hours} is closed"))
                }
            };
            why.map(|why| (why, overflow.to.clone()))
        })
    }

    /// Whether it has been sent on so often that it stays where it is.
    pub(super) fn went_far(&self, id: CallId) -> bool {
        let call = self.calls.get(&id).map(|call| call.hops);
        let hops = call.or_else(|| self.messages.get(id).map(|message| message.hops));
        hops.is_none_or(|hops| hops >= MAX_HOPS)
    }

    /// Whether somebody new may go there.
    pub(super) fn takes(&self, beyond: &Beyond) -> bool {
        !matches!(beyond, Beyond::Queue(queue) if self.queues.drained(queue).is_some())
    }

    /// Who has waited long enough goes on; for the others there is a deadline. Says whether the caller went.
    pub(super) fn overflow_in_time(&mut self, id: CallId) -> bool {
        let now = self.now();
        let Some(call) = self.calls.get(&id).filter(|_| !self.went_far(id)) else { return false };
        let Stage::Waiting(waiting) = &call.stage else { return false };
        let Some(settings) = self.site.queues.get(&waiting.queue) else { return false };
        let waited = settings.overflow.iter().filter_map(|overflow| match overflow.when {
            Full::Waited(span) if self.takes(&overflow.to) => Some((waiting.entered() + span, &overflow.to)),
            _ => None,
        });
        let Some((due, beyond)) = waited.min_by_key(|(due, _)| *due) else { return false };
        if due > now {
            self.timers.set(Timer::Overflow(id), due);
            return false;
        }
        let (waiting, beyond) = (waiting.clone(), beyond.clone());
        let waited = now.since(waiting.entered()).as_secs();
        let Some(call) = self.calls.get_mut(&id) else { return false };
        self.out.tell(call, format_smolstr!("{WAITED} {waited} s in queue {}", waiting.queue));
        self.overflow(id, waiting, beyond);
        true
    }

    fn overflow(&mut self, id: CallId, waiting: Waiting, beyond: Beyond) {
        let now = self.now();
        self.hop(id);
        let after = Next::Flow(Box::new(waiting.after.clone()));
        let joined = matches!(&self.calls.get(&id), Some(call) if call.stage.waiting().is_some());
        let Some(call) = self.calls.get_mut(&id) else { return };
        match beyond {
            Beyond::Queue(queue) => {
                self.out.tell(call, format_smolstr!("on to queue {queue}, with the same place"));
                if joined && let Some(left) = self.forget_place(id) {
                    self.queues.passed_on(&left.queue, now);
                }
                self.enter(id, Waiting { queue, entered: Some(now), wish: None, greeting: false, ..waiting });
            }
            Beyond::Flow(flow) => {
                let language = call.language;
                self.out.tell(call, format_smolstr!("on to flow {flow}"));
                self.stop_waiting(id);
                self.go(id, Next::Goal(Box::new((Goal::Flow { flow, language }, after))));
            }
            Beyond::Extension(extension) => {
                self.out.tell(call, format_smolstr!("on to extension {extension}"));
                self.stop_waiting(id);
                self.go(id, Next::Goal(Box::new((Goal::Extension(extension), after))));
            }
        }
    }

    /// The music ends, and the place with it.
    pub(super) fn stop_waiting(&mut self, id: CallId) {
        self.leave_queue(id);
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.playing.take().is_some() {
            self.out.order(&call.leg, Command::Stop);
        }
    }

    /// Takes the caller out of the queue without an answer.
    pub(super) fn leave_queue(&mut self, id: CallId) {
        let now = self.now();
        let placed = self.pause_waiting(id);
        let Some(call) = self.calls.get(&id) else { return };
        // Whoever was answered there waits no more.
        let unserved = |waiting: &&Waiting| call.served.as_ref() != Some(&waiting.queue);
        let sent = || call.stage.sent_waiting().filter(unserved).cloned();
        let Some(waiting) = placed.or_else(sent) else { return };
        let queue = &waiting.queue;
        if call.gone.is_some() {
            let waited = waiting.waited(now);
            self.queues.abandoned(queue, waited, self.site.service_level(queue), now);
        } else {
            self.queues.passed_on(queue, now);
        }
    }

    /// Takes the caller out of the queue for somebody by name. The wait goes on, and is counted when it is over.
    pub(super) fn pause_waiting(&mut self, id: CallId) -> Option<Waiting> {
        let now = self.now();
        let waiting = self.forget_place(id)?;
        let call = self.calls.get_mut(&id)?;
        call.wait_ms += millis(now, waiting.place.joined.max(call.answered.unwrap_or_default()));
        Some(waiting)
    }

    pub(super) fn forget_place(&mut self, id: CallId) -> Option<Waiting> {
        let waiting = self.calls.get(&id)?.stage.waiting()?.clone();
        self.queues.leave(&waiting.queue, waiting.place);
        for timer in [Timer::MaxWait(id), Timer::Relax(id), Timer::Overflow(id), Timer::Announce(id)] {
            self.timers.clear(&timer);
        }
        self.stretch(Some(id), &waiting.queue);
        Some(waiting)
    }

    /// A step of a flow, or a conversation, sends the caller to a queue.
    pub(super) fn queue_step(&mut self, id: CallId, queue: Name, route: Option<&Name>, otherwise: Name) {
        let Some(Stage::Dialog(dialog)) = self.calls.get(&id).map(|call| &call.stage) else { return };
        let after = at_step(dialog, otherwise);
        match route.and_then(|policy| self.decided(id, policy)) {
            Some(rule) => self.join(id, rule.queue.clone(), after, Some(&rule)),
            None => self.join(id, queue, after, None),
        }
    }
}
