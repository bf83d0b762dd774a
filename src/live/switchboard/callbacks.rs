//! Callers who have themselves called back: they hang up and keep their place. When it is their turn an agent is kept for them
//! and they are called, so nobody who joined before them is passed, and never are more called than agents are free.

use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use super::{
    asked::Rung,
    legs::new_call,
    pairs::Pair,
    state::Switchboard,
    view::{CallbackView, Refusal},
};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, Name},
        number::{Key, Number},
        text::Label,
    },
    infra::site::Locale,
    live::{
        call::{Caller, Next, Party, Stage, Timer, Waiting},
        dialog::Brief,
        queue::Place,
        record::EndedBy,
        routing::{Decision, Goal, reach},
    },
    ports::{
        engine::{Arrival, HangupCause, Origin},
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
    /// The number of the house that was called.
    pub to: Number,
    pub language: Locale,
    pub brief: Option<Box<Brief>>,
    pub caller: Caller,
    /// How often the caller has been called.
    pub tries: u16,
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
    /// Is being called, and this agent kept.
    Calling { call: CallId, agent: Name },
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
            Ok(number) => self.promise(id, number),
            Err(why) => {
                let Some(call) = self.calls.get_mut(&id) else { return };
                self.out.tell(call, format_smolstr!("cannot be called back: {why}"));
            }
        }
    }

    /// What is dialled to call this caller back, if the queue does that.
    pub(super) fn callable(&self, id: CallId) -> Result<Number, SmolStr> {
        let told = |text| SmolStr::new_static(text);
        let call = self.calls.get(&id).ok_or_else(|| told("the call is over"))?;
        let waiting = call.stage.waiting().ok_or_else(|| told("does not wait"))?;
        let settings = self.site.queues.get(&waiting.queue).and_then(|queue| queue.callback.as_ref());
        let settings = settings.ok_or_else(|| told("the queue calls nobody back"))?;
        let from = call.arrival.from.as_ref().ok_or_else(|| told("the number is not shown"))?;
        let prefix = self.site.dialing.outside.as_ref().map_or("", |outside| outside.prefix.as_str());
        let number = match call.arrival.origin {
            Origin::Trunk if !from.as_str().starts_with('+') => {
                Number::new(format!("{prefix}{from}")).map_err(|why| format_smolstr!("{why}"))?
            }
            Origin::Trunk | Origin::Phone(_) | Origin::House => from.clone(),
        };
        match reach(&self.site, settings.class, None, &number, self.now()) {
            Decision::Go { goal: Goal::Extension(_) | Goal::Outside { .. }, .. } => Ok(number),
            Decision::Go { .. } => Err(format_smolstr!("{number} is a number of the house itself")),
            Decision::No { why, .. } => Err(why),
        }
    }

    /// The caller will be called back, is told so and hung up.
    fn promise(&mut self, id: CallId, number: Number) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let (Stage::Waiting(waiting), Some(from)) = (call.stage.clone(), call.arrival.from.clone()) else {
            return;
        };
        let (queue, place) = (waiting.queue.clone(), waiting.place);
        self.out.tell(call, format_smolstr!("wants to be called back by queue {queue}, and keeps the place"));
        let callback = Callback {
            from,
            number,
            to: call.arrival.to.clone(),
            language: call.language,
            brief: call.brief.clone(),
            caller: call.caller.clone(),
            tries: 0,
            attempt: Attempt::Leaving,
            waiting: Waiting { greeting: false, told: None, wish: None, ..waiting },
        };
        self.stop_waiting(id);
        self.queues.promise(&queue, place);
        self.callbacks.insert(id, callback);
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
        let Some(callback) = self.callbacks.get(&place.call).cloned() else { return };
        let settings = self.site.queues.get(queue).and_then(|queue| queue.callback.as_ref());
        let class = settings.map(|settings| settings.class).unwrap_or_default();
        let decision = reach(&self.site, class, None, &callback.number, now);
        let rung = self.whom(decision, &callback.number);
        let (id, leg) = (self.out.call_id(&self.calls), self.out.leg_id());
        let to = match &rung {
            Ok(Rung { party: Party::Extension(number) | Party::Outside(number), .. }) => number.clone(),
            _ => callback.from.clone(),
        };
        let arrival =
            Arrival { origin: Origin::House, from: Some(callback.to), from_name: Label::default(), to };
        let waiting = Waiting { place: Place { call: id, ..place }, ..callback.waiting };
        let stage = Stage::Reaching { next: Next::Wait(Box::new(waiting)), since: now, trunk: None };
        let mut call = new_call(id, leg.clone(), arrival, callback.language, now, stage);
        (call.brief, call.caller) = (callback.brief, callback.caller);
        (call.queue, call.promised_in) = (Some(queue.clone()), Some(place.call));
        let (ago, tries) = (now.since(place.joined).as_secs(), callback.tries + 1);
        let what = format_smolstr!(
            "calls back who joined queue {queue} {ago} s ago in call {}: {agent} is free and kept for them, try {tries}",
            place.call
        );
        self.out.tell(&mut call, what);
        self.agents.offer(&agent, id, now);
        if let Some(callback) = self.callbacks.get_mut(&place.call) {
            callback.tries = tries;
            callback.attempt = Attempt::Calling { call: id, agent };
        }
        self.calls_today += 1;
        self.legs.insert(leg, id);
        self.calls.insert(id, call);
        match rung {
            Ok(rung) => self.ring_own_leg(id, rung),
            Err(why) => {
                let Some(call) = self.calls.get_mut(&id) else { return };
                self.out.tell(call, format_smolstr!("{why}"));
                self.caller_gone(id, HangupCause::CALL_REJECTED, EndedBy::Tandem);
            }
        }
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
        let position = self.queues.position(&waiting.queue, waiting.place);
        if let Some(call) = self.calls.get_mut(&id) {
            self.out.tell(call, format_smolstr!("was greeted: place {position} of queue {}", waiting.queue));
        }
        if let Some(settings) = self.site.queues.get(&waiting.queue) {
            self.timers.set(Timer::MaxWait(id), now + settings.max_wait);
        }
        if let Some(agent) = &agent {
            self.agents.release(agent, id, now);
        }
        self.go(id, Next::Wait(Box::new(waiting)));
        if let Some(agent) = &agent {
            self.agent_timer(agent);
            self.match_agent(agent);
        }
    }

    /// A call ends by which somebody was to be called back: once more later, or not again.
    pub(super) fn callback_failed(&mut self, id: CallId) {
        let now = self.now();
        let Some(promised_in) = self.calls.get(&id).and_then(|call| call.promised_in) else { return };
        let Some(callback) = self.callbacks.get_mut(&promised_in) else { return };
        let agent = match &callback.attempt {
            Attempt::Calling { call, agent } if *call == id => agent.clone(),
            _ => return,
        };
        let queue = callback.waiting.queue.clone();
        let settings = self.site.queues.get(&queue).and_then(|queue| queue.callback.as_ref());
        let (tries, again) = settings.map_or((0, None), |settings| (settings.tries, Some(settings.again)));
        let left = tries.saturating_sub(callback.tries);
        let what = if let Some(again) = again.filter(|_| left > 0) {
            callback.attempt = Attempt::Later(now + again);
            self.timers.set(Timer::Callback(promised_in), now + again);
            format_smolstr!("not reached: again in {} s", again.as_secs())
        } else {
            let tries = callback.tries;
            self.drop_callback(promised_in);
            format_smolstr!("not reached by try {tries}, which was the last")
        };
        if let Some(call) = self.calls.get_mut(&id) {
            self.out.tell(call, what);
        }
        self.agents.release(&agent, id, now);
        self.agent_timer(&agent);
        self.match_agent(&agent);
    }

    fn drop_callback(&mut self, id: CallId) -> Option<Callback> {
        let callback = self.callbacks.remove(&id)?;
        self.timers.clear(&Timer::Callback(id));
        self.timers.clear(&Timer::Relax(id));
        self.queues.leave(&callback.waiting.queue, callback.waiting.place);
        Some(callback)
    }

    /// Nobody is called back any more for this; who is being called just now is hung up.
    fn revoke(&mut self, id: CallId) -> Option<Callback> {
        let callback = self.drop_callback(id)?;
        if let Attempt::Calling { call, agent } = &callback.attempt {
            let now = self.now();
            self.agents.release(agent, *call, now);
            self.hang_up(*call, EndedBy::Tandem);
            self.finish(*call);
            self.agent_timer(agent);
            self.match_agent(agent);
        }
        Some(callback)
    }

    pub(super) fn cancel_callback(&mut self, id: CallId) -> Result<(), Refusal> {
        self.revoke(id).map(drop).ok_or(Refusal::NoSuchCallback { call: id })
    }

    /// Whoever was promised to be called back and calls again has the place that was kept.
    pub(super) fn kept_place(&mut self, id: CallId, queue: &Name) -> Option<Place> {
        let from = self.calls.get(&id)?.arrival.from.clone()?;
        let same = |callback: &Callback| callback.from == from && callback.waiting.queue == *queue;
        let promised_in = *self.callbacks.iter().find(|(_, callback)| same(callback))?.0;
        let place = self.revoke(promised_in)?.waiting.place;
        let call = self.calls.get_mut(&id)?;
        self.out
            .tell(call, format_smolstr!("has the place that was kept for a call back (call {promised_in})"));
        Some(Place { call: id, ..place })
    }

    /// A new site has no such queue any more.
    pub(super) fn leave_gone_queues(&mut self) {
        let gone = |callback: &&Callback| !self.site.queues.contains_key(&callback.waiting.queue);
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
                calling: match callback.attempt {
                    Attempt::Calling { call, .. } => Some(call),
                    _ => None,
                },
            }
        };
        self.callbacks.iter().map(view).collect()
    }
}
