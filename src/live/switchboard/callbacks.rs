//! Callers who have themselves called back: they hang up and keep their place. When it is their turn an agent is kept for them
//! and they are called, so nobody who joined before them is passed, and never are more called than agents are free.

use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use super::{
    legs::new_call,
    pairs::Pair,
    sites::has_line,
    stages::millis,
    state::Switchboard,
    trunks::is_trunks_fault,
    view::{CallbackView, Refusal},
};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, Name},
        number::{Key, Number},
        text::Label,
    },
    infra::site::{self, Class, Locale, Reached, Takes},
    live::{
        call::{Caller, Next, Party, Stage, Timer, Waiting},
        dialog::Brief,
        queue::Place,
        record::EndedBy,
        routing::{Decision, Goal, reach},
    },
    ports::{
        engine::{Arrival, Command, HangupCause, Origin},
        media::phrase,
    },
};

/// A call back that was promised, by the call in which it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// As if the caller still waited.
    pub waiting: Waiting,
    /// Whom the engine showed calling.
    pub from: Number,
    /// What is dialled.
    pub number: Number,
    /// How, as the queue had it then: who was promised something has it also when others are not.
    pub settings: site::Callback,
    /// A phone of the house called.
    pub inside: bool,
    /// The number of the house that was called.
    pub to: Number,
    pub language: Locale,
    pub brief: Option<Box<Brief>>,
    pub caller: Caller,
    /// How often the caller has been called.
    pub tries: u16,
    /// Why the last try failed.
    pub trouble: Option<SmolStr>,
    pub attempt: Attempt,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attempt {
    /// The caller has not hung up yet.
    Leaving,
    /// As soon as the turn comes.
    Due,
    /// Was not reached; not before then.
    Later(Stamp),
    /// Is being called at this number, as the trunk is told it, and this agent kept.
    Calling { call: CallId, agent: Name, at: Number },
}

impl Switchboard {
    /// Which key whoever waits in a queue presses to be called back.
    pub(super) fn callback_key(&self, queue: &Name) -> Option<Key> {
        Some(self.site.queues.get(queue)?.callback.as_ref()?.key)
    }

    /// A key while somebody waits.
    pub(super) fn waiting_key(&mut self, id: CallId, key: Key) {
        let Some(Stage::Waiting(waiting)) = self.calls.get(&id).map(|call| &call.stage) else { return };
        if self.callback_key(&waiting.queue) != Some(key) {
            return;
        }
        match self.callable(id) {
            Ok((number, inside)) => self.promise(id, number, inside),
            Err(why) => {
                let Some(call) = self.calls.get_mut(&id) else { return };
                self.out.tell(call, format_smolstr!("cannot be called back: {why}"));
            }
        }
    }

    /// What is dialled to call this caller back, if the queue does that, and whether it is a phone of the house.
    pub(super) fn callable(&self, id: CallId) -> Result<(Number, bool), SmolStr> {
        let told = |text| SmolStr::new_static(text);
        let call = self.calls.get(&id).ok_or_else(|| told("the call is over"))?;
        let waiting = call.stage.waiting().ok_or_else(|| told("does not wait"))?;
        let settings = self.site.queues.get(&waiting.queue).and_then(|queue| queue.callback.as_ref());
        let settings = settings.ok_or_else(|| told("the queue calls nobody back"))?;
        if self.queues.promised(&waiting.queue) >= usize::from(settings.most) {
            return Err(told("so many are to be called back already"));
        }
        let from = call.arrival.from.as_ref().ok_or_else(|| told("the number is not shown"))?;
        let inside = match call.arrival.origin {
            Origin::Trunk => false,
            Origin::Phone(_) => true,
            Origin::House => self.site.extensions.contains_key(from),
        };
        let prefix = self.site.dialing.outside.as_ref().map_or("", |outside| outside.prefix.as_str());
        let number = if inside || from.as_str().starts_with('+') {
            from.clone()
        } else {
            Number::new(format!("{prefix}{from}")).map_err(|why| format_smolstr!("{why}"))?
        };
        self.way_back(&number, inside, settings.class)?;
        Ok((number, inside))
    }

    /// Where whoever is called back is reached: outside, and never those who come in emergencies; who called from inside, inside.
    fn way_back(&self, number: &Number, inside: bool, class: Class) -> Result<Decision, SmolStr> {
        let outside = self.site.dialing.outside.as_ref().map(|outside| outside.reached(number));
        if let Some(Reached::Emergency(number)) = outside {
            return Err(format_smolstr!("{number} is an emergency number"));
        }
        match reach(&self.site, class, None, number, self.now()) {
            way @ Decision::Go { goal: Goal::Extension(_), .. } if inside => Ok(way),
            way @ Decision::Go { goal: Goal::Outside { .. }, .. } if !inside => Ok(way),
            Decision::Go { .. } => Err(format_smolstr!("{number} is a number of the house itself")),
            Decision::No { why, .. } => Err(why),
        }
    }

    /// The caller will be called back, is told so and hung up.
    fn promise(&mut self, id: CallId, number: Number, inside: bool) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let (Stage::Waiting(waiting), Some(from)) = (call.stage.clone(), call.arrival.from.clone()) else {
            return;
        };
        let (queue, place) = (waiting.queue.clone(), waiting.place);
        let settings = self.site.queues.get(&queue).and_then(|queue| queue.callback.clone());
        let Some(settings) = settings else { return };
        self.out.tell(call, format_smolstr!("wants to be called back by queue {queue}, and keeps the place"));
        call.wait_ms += millis(now, place.joined.max(call.answered.unwrap_or_default()));
        // It is counted where the promise is kept.
        call.queue = None;
        let before = waiting.waited(now);
        let callback = Callback {
            from,
            number,
            settings,
            inside,
            to: call.arrival.to.clone(),
            language: call.language,
            brief: call.brief.clone(),
            caller: call.caller.clone(),
            tries: 0,
            trouble: None,
            attempt: Attempt::Leaving,
            waiting: Waiting { greeting: false, told: None, wish: None, before, ..waiting },
        };
        let playing = call.playing.take();
        if playing.is_some() {
            self.out.order(&call.leg, Command::Stop);
        }
        self.forget_place(id);
        self.queues.promise(&queue, place);
        self.callbacks.insert(id, callback);
        self.stretch(Some(id), &queue);
        self.say_then(id, phrase::will_call_back, Next::Hangup);
    }

    /// The caller's phone is free again.
    pub(super) fn callback_begins(&mut self, id: CallId) {
        if let Some(callback) = self.callbacks.get_mut(&id)
            && callback.attempt == Attempt::Leaving
        {
            self.callback_due(id);
        }
    }

    /// The caller may be called from now on.
    pub(super) fn callback_due(&mut self, id: CallId) {
        let Some(callback) = self.callbacks.get_mut(&id) else { return };
        callback.attempt = Attempt::Due;
        let (queue, place) = (callback.waiting.queue.clone(), callback.waiting.place);
        self.open_place(&queue, place);
        self.match_queue(&queue);
    }

    /// The turn of somebody has come who is to be called back, and the agent is kept for them.
    pub(super) fn call_back(&mut self, queue: &Name, pair: Pair) {
        let Pair { place, agent, .. } = pair;
        let now = self.now();
        self.queues.hold(queue, place);
        let Some(callback) = self.callbacks.get(&place.call) else { return };
        let way = self.way_back(&callback.number, callback.inside, callback.settings.class);
        let rung = way
            .and_then(|way| self.whom(way, &callback.number).map_err(|refused| format_smolstr!("{refused}")));
        let rung = match rung {
            Ok(rung) => rung,
            Err(why) => return self.once_more_later(place.call, why),
        };
        let callback = callback.clone();
        let at = match &rung.party {
            Party::Extension(number) | Party::Outside(number) => number.clone(),
            Party::Agent(_) => callback.from.clone(),
        };
        let (id, leg) = (self.out.call_id(&self.calls), self.out.leg_id());
        let (from, from_name) = (Some(callback.from), Label::default());
        let arrival = Arrival { origin: Origin::House, from, from_name, to: callback.to };
        let waiting = Waiting { place: Place { call: id, ..place }, ..callback.waiting };
        let stage = Stage::Reaching { next: Next::Wait(Box::new(waiting)), since: now, trunk: None };
        let mut call = new_call(id, leg.clone(), arrival, callback.language, now, stage);
        (call.brief, call.caller) = (callback.brief, callback.caller);
        call.promised_in = Some(place.call);
        let (ago, tries) = (now.since(place.joined).as_secs(), callback.tries + 1);
        let what = format_smolstr!(
            "calls back who joined queue {queue} {ago} s ago in call {}: {agent} is free and kept for them, try {tries}",
            place.call
        );
        self.out.tell(&mut call, what);
        self.agents.offer(&agent, id, now);
        if let Some(callback) = self.callbacks.get_mut(&place.call) {
            callback.tries = tries;
            callback.attempt = Attempt::Calling { call: id, agent, at };
        }
        self.calls_today += 1;
        self.legs.insert(leg, id);
        self.calls.insert(id, call);
        self.ring_own_leg(id, rung);
    }

    /// What the trunk is told whom a call calls back.
    pub(super) fn called_back_at(&self, id: CallId) -> Option<Number> {
        let promised_in = self.calls.get(&id)?.promised_in?;
        match &self.callbacks.get(&promised_in)?.attempt {
            Attempt::Calling { at, .. } => Some(at.clone()),
            _ => None,
        }
    }

    /// A try came to nothing that was not the caller's doing.
    fn once_more_later(&mut self, promised_in: CallId, why: SmolStr) {
        let now = self.now();
        let Some(callback) = self.callbacks.get_mut(&promised_in) else { return };
        let again = now + callback.settings.again;
        (callback.attempt, callback.trouble) = (Attempt::Later(again), Some(why));
        self.timers.set(Timer::Callback(promised_in), again);
    }

    /// Whom Tandem called has answered: goes on, and who was called back is greeted first.
    pub(super) fn reached(&mut self, id: CallId, next: Next) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.promised_in.is_some()) else {
            return self.go(id, next);
        };
        self.out.tell(call, "answered");
        self.say_then(id, phrase::called_back, next);
    }

    /// The greeting has been heard: it goes on as with anybody who waits.
    pub(super) fn keep_promise(&mut self, id: CallId, mut waiting: Waiting) {
        let now = self.now();
        let promised_in = self.calls.get(&id).and_then(|call| call.promised_in);
        let callback = promised_in.and_then(|promised_in| self.drop_callback(promised_in));
        let agent = callback.and_then(|callback| {
            waiting.place = Place { call: id, ..callback.waiting.place };
            match callback.attempt {
                Attempt::Calling { agent, .. } => Some(agent),
                _ => None,
            }
        });
        waiting.entered = Some(now);
        let queue = waiting.queue.clone();
        let position = self.queues.position(&queue, waiting.place);
        if let Some(call) = self.calls.get_mut(&id) {
            call.queue = Some(queue.clone());
            self.out.tell(call, format_smolstr!("was greeted: place {position} of queue {queue}"));
        }
        if let Some(settings) = self.site.queues.get(&queue) {
            self.timers.set(Timer::MaxWait(id), now + settings.max_wait);
        }
        if let Some(agent) = &agent {
            self.agents.release(agent, id, now);
        }
        self.go(id, Next::Wait(Box::new(waiting)));
        self.stretch(Some(id), &queue);
        agent.inspect(|agent| self.freed(agent));
    }

    /// A call ends by which somebody was to be called back: once more later, or not again.
    pub(super) fn callback_failed(&mut self, id: CallId) {
        let now = self.now();
        let Some(call) = self.calls.get(&id) else { return };
        let Some(promised_in) = call.promised_in else { return };
        let cause = call.gone.map_or(HangupCause::NO_ANSWER, |(_, cause)| cause);
        let by_them =
            call.answered.is_some() && matches!(call.ended_by, Some(EndedBy::Caller | EndedBy::Tandem));
        let Some(callback) = self.callbacks.get_mut(&promised_in) else { return };
        let agent = match &callback.attempt {
            Attempt::Calling { call, agent, .. } if *call == id => agent.clone(),
            _ => return,
        };
        if is_trunks_fault(cause) {
            // Nobody was called.
            callback.tries = callback.tries.saturating_sub(1);
        }
        let (tries, again) = (callback.tries, callback.settings.again.as_secs());
        let what = if by_them {
            format_smolstr!("answered, and hung up: not called again")
        } else if tries < callback.settings.tries {
            format_smolstr!("not reached: again in {again} s")
        } else {
            format_smolstr!("not reached by try {tries}, which was the last")
        };
        if by_them || tries >= callback.settings.tries {
            self.give_up_callback(promised_in);
        } else {
            self.once_more_later(promised_in, format_smolstr!("{cause}"));
        }
        if let Some(call) = self.calls.get_mut(&id) {
            self.out.tell(call, what);
        }
        self.agents.release(&agent, id, now);
        self.freed(&agent);
    }

    /// The caller has waited in vain.
    fn give_up_callback(&mut self, promised_in: CallId) {
        let now = self.now();
        let Some(callback) = self.drop_callback(promised_in) else { return };
        let Waiting { queue, before, .. } = &callback.waiting;
        self.queues.abandoned(queue, *before, self.site.service_level(queue), now);
        self.stretch(None, queue);
    }

    fn drop_callback(&mut self, id: CallId) -> Option<Callback> {
        let callback = self.callbacks.remove(&id)?;
        self.timers.clear(&Timer::Callback(id));
        self.timers.clear(&Timer::Relax(id));
        self.queues.leave(&callback.waiting.queue, callback.waiting.place);
        Some(callback)
    }

    /// Nobody is called back any more for this; who is being called just now is hung up. Gives the agent who was kept.
    fn revoke(&mut self, id: CallId) -> Option<(Place, Option<Name>)> {
        let callback = self.drop_callback(id)?;
        let place = callback.waiting.place;
        self.stretch(None, &callback.waiting.queue);
        let Attempt::Calling { call, agent, .. } = callback.attempt else { return Some((place, None)) };
        let now = self.now();
        self.agents.release(&agent, call, now);
        self.hang_up(call, EndedBy::Tandem);
        self.finish(call);
        Some((place, Some(agent)))
    }

    pub(super) fn cancel_callback(&mut self, id: CallId) -> Result<(), Refusal> {
        let queue = self.callbacks.get(&id).map(|callback| callback.waiting.queue.clone());
        let (_, agent) = self.revoke(id).ok_or(Refusal::NoSuchCallback { call: id })?;
        let now = self.now();
        queue.inspect(|queue| self.queues.passed_on(queue, now));
        agent.inspect(|agent| self.freed(agent));
        Ok(())
    }

    /// Whoever was promised to be called back and calls again has the place that was kept, and the agent who was.
    pub(super) fn kept_place(&mut self, id: CallId, queue: &Name) -> Option<(Place, Option<Name>)> {
        let (now, from) = (self.now(), self.calls.get(&id)?.arrival.from.clone()?);
        // Who answered already is somebody else with the same number.
        let reached = |callback: &Callback| match &callback.attempt {
            Attempt::Calling { call, .. } => {
                self.calls.get(call).is_some_and(|call| !matches!(call.stage, Stage::Reaching { .. }))
            }
            _ => false,
        };
        let same = |callback: &Callback| {
            callback.from == from && callback.waiting.queue == *queue && !reached(callback)
        };
        let promised_in = *self.callbacks.iter().find(|(_, callback)| same(callback))?.0;
        let (place, agent) = self.revoke(promised_in)?;
        let call = self.calls.get_mut(&id)?;
        self.out
            .tell(call, format_smolstr!("has the place that was kept for a call back (call {promised_in})"));
        // What was waited then is booked, and who knows what was done since.
        Some((Place { call: id, joined: now, ..place }, agent))
    }

    /// A new site has no such queue any more.
    pub(super) fn leave_gone_queues(&mut self) {
        let gone = |callback: &&Callback| !has_line(&self.site, &callback.waiting.queue, Takes::Calls);
        let gone: Vec<CallId> =
            self.callbacks.iter().filter(|(_, callback)| gone(callback)).map(|(id, _)| *id).collect();
        for id in gone {
            self.revoke(id);
        }
    }

    pub(super) fn callback_views(&self) -> Vec<CallbackView> {
        let view = |(id, callback): (&CallId, &Callback)| {
            let Waiting { queue, place, .. } = &callback.waiting;
            CallbackView {
                call: *id,
                queue: queue.clone(),
                number: callback.from.clone(),
                joined: place.joined,
                position: self.queues.position(queue, *place),
                tries: callback.tries,
                not_before: match callback.attempt {
                    Attempt::Later(then) => Some(then),
                    _ => None,
                },
                trouble: callback.trouble.clone(),
                calling: match callback.attempt {
                    Attempt::Calling { call, .. } => Some(call),
                    _ => None,
                },
            }
        };
        self.callbacks.iter().map(view).collect()
    }
}
