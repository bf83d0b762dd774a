//! What the adapter knows about its legs, and what follows from each thing heard. No I/O: what happened comes
//! in, events for the switchboard and duties for the lanes come out.
//!
//! The engine carries the truth (channel variables, bridges, the dialplan's lease); this only keeps
//! promises that need memory: every leg ends once, every `Play` is over once, a caller returns after
//! the leg dialled for him has ended.

mod audit;

use std::{collections::HashMap, time::Duration};

use super::translate::{Bridge, Channel, Heard, Place};
use crate::{
    base::{
        clock::Stamp,
        id::{LegId, OrderId},
    },
    ports::engine::{Event, HangupCause, Verdict},
};

/// How long an ended leg is remembered, so that an answer written before its end does not revive it.
const MEMORY: Duration = Duration::from_secs(60);

/// Something to do at the engine, in the lane of the leg it stands beside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Duty {
    /// The dialled leg answered: let it and this caller talk.
    Join { to: LegId },
    /// The dialled leg is gone: remove what joined it with this caller.
    Tidy { to: LegId },
    /// Nobody is left to talk with this leg: end it.
    Drop { cause: HangupCause },
    /// A prompt is over: arm the lease that had to wait for it.
    Renew,
    /// Two talk: the lease must not run.
    Release,
    /// Is this prompt still playing?
    AskPlay { order: OrderId },
}

/// What follows.
#[derive(Debug, Default)]
pub struct Effects {
    pub events: Vec<Event>,
    /// Each with the leg in whose lane it is done.
    pub duties: Vec<(LegId, Duty)>,
}

#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Leg {
    since: Stamp,
    dialled: Option<Dialled>,
    up: bool,
    joined: Option<LegId>,
    /// The leg dialled for this one that has not given it back yet.
    awaits: Option<LegId>,
    /// What plays, and what was stopped but not yet reported.
    playing: Vec<Playing>,
    music: bool,
    /// The running lease as far as we ordered it.
    lease: Option<Duration>,
    /// The last span that was ordered.
    span: Option<Duration>,
    /// The lease at the engine is not what it should be: it could not be set while a prompt played.
    stale: bool,
    /// Back in our hands, but the end of the leg it was with has not been heard yet.
    returning: bool,
    /// Missing in the last audit.
    missing: bool,
    /// A dialled leg that waits alone since the last audit.
    alone: bool,
}

#[derive(Debug)]
struct Dialled {
    caller: LegId,
    sent: bool,
    rang: bool,
    cancelled: bool,
}

#[derive(Debug)]
struct Playing {
    order: OrderId,
    stopped: bool,
}

impl Leg {
    fn new(since: Stamp) -> Self {
        Self {
            since,
            dialled: None,
            up: false,
            joined: None,
            awaits: None,
            playing: Vec::new(),
            music: false,
            lease: None,
            span: None,
            stale: false,
            returning: false,
            missing: false,
            alone: false,
        }
    }
}

/// All legs.
#[derive(Debug, Default)]
pub struct Ledger {
    legs: HashMap<LegId, Leg>,
    ended: HashMap<LegId, Stamp>,
}

impl Ledger {
    /// What follows from something heard at `now`.
    pub fn hear(&mut self, heard: Heard, now: Stamp) -> Effects {
        let mut effects = Effects::default();
        match heard {
            Heard::Entered(channel) => self.entered(channel, now, &mut effects),
            Heard::State(channel) => self.state(&channel, &mut effects),
            Heard::LetGo { leg } => self.end(&leg, HangupCause::NORMAL_CLEARING, now, &mut effects),
            Heard::Destroyed { leg, cause } => self.end(&leg, cause, now, &mut effects),
            Heard::Key { leg, key } => {
                if self.legs.contains_key(&leg) {
                    effects.events.push(Event::Key { leg, key });
                }
            }
            Heard::Played { order, failed } => {
                self.played(order, if failed { Verdict::Failed } else { Verdict::Finished }, &mut effects);
            }
            Heard::Bridged { bridge } => self.bridged(&bridge, &mut effects),
            Heard::Phone { extension, registered } => {
                effects.events.push(Event::Phone { extension, registered });
            }
            Heard::Hello | Heard::Replaced => {}
        }
        effects
    }

    fn entered(&mut self, channel: Channel, now: Stamp, effects: &mut Effects) {
        let id = channel.leg.clone();
        match channel.place {
            Place::Arrival => match channel.arrival {
                Some(arrival) => {
                    self.legs.entry(id.clone()).or_insert_with(|| Leg::new(now)).up = channel.up;
                    effects.events.push(Event::Arrived { leg: id, arrival });
                }
                None => effects.duties.push((id, Duty::Drop { cause: HangupCause(28) })),
            },
            Place::Resumed => {
                let open = channel.peer.as_ref().is_some_and(|peer| self.legs.contains_key(peer));
                let leg = self.legs.entry(id.clone()).or_insert_with(|| Leg::new(now));
                leg.up = true;
                leg.music = false;
                leg.joined = None;
                leg.awaits = None;
                leg.returning = open;
                if !open {
                    effects.events.push(Event::Returned { leg: id });
                }
            }
            Place::Dialled => {
                let Some(caller) = channel.caller else {
                    effects.duties.push((id, Duty::Drop { cause: HangupCause::NORMAL_CLEARING }));
                    return;
                };
                self.adopt_dialled(&id, &caller, now);
                self.answered(&id, effects);
                effects.duties.push((caller, Duty::Join { to: id }));
            }
            Place::Fallback | Place::Elsewhere => {}
        }
    }

    fn adopt_dialled(&mut self, id: &LegId, caller: &LegId, now: Stamp) {
        let leg = self.legs.entry(id.clone()).or_insert_with(|| Leg::new(now));
        let dialled = leg.dialled.get_or_insert_with(|| Dialled {
            caller: caller.clone(),
            sent: true,
            rang: false,
            cancelled: false,
        });
        dialled.sent = true;
    }

    fn state(&mut self, channel: &Channel, effects: &mut Effects) {
        if channel.up {
            self.answered(&channel.leg, effects);
        }
        let dialled = self.legs.get_mut(&channel.leg).and_then(|leg| leg.dialled.as_mut());
        if let Some(dialled) = dialled.filter(|dialled| channel.ringing && !dialled.rang) {
            dialled.rang = true;
            effects.events.push(Event::Ringing { leg: channel.leg.clone() });
        }
    }

    /// Reports a leg as answered, once.
    pub fn answered(&mut self, id: &LegId, effects: &mut Effects) {
        if let Some(leg) = self.legs.get_mut(id).filter(|leg| !leg.up) {
            leg.up = true;
            effects.events.push(Event::Answered { leg: id.clone() });
        }
    }

    fn played(&mut self, order: OrderId, verdict: Verdict, effects: &mut Effects) {
        let place = |leg: &Leg| leg.playing.iter().position(|playing| playing.order == order);
        let found = self.legs.iter_mut().find_map(|(id, leg)| {
            let place = place(leg)?;
            Some((id, leg, place))
        });
        let Some((id, leg, place)) = found else { return };
        let stopped = leg.playing.remove(place).stopped;
        let verdict = if stopped { Verdict::Stopped } else { verdict };
        effects.events.push(Event::Played { leg: id.clone(), order, verdict });
        if leg.playing.is_empty() && std::mem::take(&mut leg.stale) {
            effects.duties.push((id.clone(), Duty::Renew));
        }
    }

    /// A prompt that was found not to play any more.
    pub fn play_over(&mut self, order: OrderId, verdict: Verdict) -> Effects {
        let mut effects = Effects::default();
        self.played(order, verdict, &mut effects);
        effects
    }

    fn bridged(&mut self, bridge: &Bridge, effects: &mut Effects) {
        let Some(to) = bridge.dialled() else { return };
        let [a, b] = bridge.members.as_slice() else { return };
        let caller = if *a == to { b.clone() } else { a.clone() };
        for (one, other) in [(&to, &caller), (&caller, &to)] {
            let Some(leg) = self.legs.get_mut(one) else { continue };
            if leg.joined.replace(other.clone()).as_ref() != Some(other) && one == &caller {
                effects.events.push(Event::Joined { leg: caller.clone(), peer: to.clone() });
            }
        }
    }

    fn end(&mut self, id: &LegId, cause: HangupCause, now: Stamp, effects: &mut Effects) {
        let Some(leg) = self.legs.remove(id) else { return };
        self.ended.retain(|_, at| now.since(*at) < MEMORY);
        self.ended.insert(id.clone(), now);
        for Playing { order, .. } in leg.playing {
            effects.events.push(Event::Played { leg: id.clone(), order, verdict: Verdict::Stopped });
        }
        let Some(Dialled { caller, cancelled, .. }) = leg.dialled else {
            effects.events.push(Event::Ended { leg: id.clone(), cause });
            return self.drop_dialled_for(id, effects);
        };
        // The engine's own timeout is not always told apart from an end that was ordered.
        let unheard = cause == HangupCause::NORMAL_CLEARING && !leg.up && !cancelled;
        let cause = if unheard { HangupCause::NO_ANSWER } else { cause };
        effects.events.push(Event::Ended { leg: id.clone(), cause });
        self.let_return(&caller, effects);
        effects.duties.push((caller, Duty::Tidy { to: id.clone() }));
    }

    /// The caller is gone: so are those who were dialled for him.
    fn drop_dialled_for(&mut self, id: &LegId, effects: &mut Effects) {
        for (to, other) in &mut self.legs {
            if let Some(dialled) = other.dialled.as_mut().filter(|dialled| dialled.caller == *id) {
                dialled.cancelled = true;
                effects.duties.push((to.clone(), Duty::Drop { cause: HangupCause::NORMAL_CLEARING }));
            }
        }
    }

    fn let_return(&mut self, caller: &LegId, effects: &mut Effects) {
        if let Some(leg) = self.legs.get_mut(caller).filter(|leg| leg.returning) {
            leg.returning = false;
            effects.events.push(Event::Returned { leg: caller.clone() });
        }
    }

    /// `to` is going to be dialled for `caller`.
    pub fn dialling(&mut self, to: &LegId, caller: &LegId, now: Stamp) {
        let mut leg = Leg::new(now);
        leg.dialled = Some(Dialled { caller: caller.clone(), sent: false, rang: false, cancelled: false });
        self.legs.insert(to.clone(), leg);
        if let Some(caller) = self.legs.get_mut(caller) {
            caller.awaits = Some(to.clone());
        }
    }

    /// The dialling of `to` was called off; its lane ends what may already ring.
    pub fn cancel(&mut self, to: &LegId) {
        if let Some(dialled) = self.legs.get_mut(to).and_then(|leg| leg.dialled.as_mut()) {
            dialled.cancelled = true;
        }
    }

    /// Whether `to` is still wanted.
    pub fn wanted(&self, to: &LegId) -> bool {
        let dialled = self.legs.get(to).and_then(|leg| leg.dialled.as_ref());
        dialled.is_some_and(|dialled| !dialled.cancelled)
    }

    /// The engine was told to dial `to`.
    pub fn sent(&mut self, to: &LegId, now: Stamp) {
        if let Some(leg) = self.legs.get_mut(to) {
            leg.since = now;
            if let Some(dialled) = &mut leg.dialled {
                dialled.sent = true;
            }
        }
    }

    /// `to` could not be dialled.
    pub fn failed(&mut self, to: &LegId, cause: HangupCause, now: Stamp) -> Effects {
        let mut effects = Effects::default();
        // Nobody was rung: the cause is not to be read as one of the engine's.
        self.cancel(to);
        self.end(to, cause, now, &mut effects);
        effects
    }

    /// `order` is going to play on this leg.
    pub fn playing(&mut self, id: &LegId, order: OrderId) {
        if let Some(leg) = self.legs.get_mut(id) {
            leg.playing.push(Playing { order, stopped: false });
            leg.stale |= leg.lease.is_some();
        }
    }

    /// What plays on this leg and is going to be stopped; not `spare`, which is about to begin.
    pub fn stopping(&mut self, id: &LegId, spare: Option<OrderId>) -> Vec<OrderId> {
        let Some(leg) = self.legs.get_mut(id) else { return Vec::new() };
        let stopped = leg.playing.iter_mut().filter(|playing| Some(playing.order) != spare);
        stopped
            .map(|playing| {
                playing.stopped = true;
                playing.order
            })
            .collect()
    }

    /// Notes whether music plays; says whether it did.
    pub fn music(&mut self, id: &LegId, on: bool) -> bool {
        self.legs.get_mut(id).is_some_and(|leg| std::mem::replace(&mut leg.music, on))
    }

    /// Notes the lease; `None` cancels it. Says whether the engine can be told now.
    pub fn lease(&mut self, id: &LegId, lease: Option<Duration>) -> bool {
        let Some(leg) = self.legs.get_mut(id) else { return true };
        leg.lease = lease;
        leg.span = lease.or(leg.span);
        leg.stale |= !leg.playing.is_empty();
        !leg.stale
    }

    /// The lease that runs by our order.
    pub fn leased(&self, id: &LegId) -> Option<Duration> {
        self.legs.get(id)?.lease
    }

    /// The last span that was ordered for this leg.
    pub fn span(&self, id: &LegId) -> Option<Duration> {
        self.legs.get(id)?.span
    }

    pub fn up(&self, id: &LegId) -> bool {
        self.legs.get(id).is_some_and(|leg| leg.up)
    }

    pub fn knows(&self, id: &LegId) -> bool {
        self.legs.contains_key(id)
    }

    /// Whether this caller has still to come back from that leg.
    pub fn awaits(&self, id: &LegId, to: &LegId) -> bool {
        self.legs.get(id).is_some_and(|leg| leg.awaits.as_ref() == Some(to))
    }

    pub fn joined(&self, id: &LegId) -> Option<&LegId> {
        self.legs.get(id)?.joined.as_ref()
    }
}

#[cfg(test)]
mod tests;
