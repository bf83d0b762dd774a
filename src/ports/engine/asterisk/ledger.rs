//! What the adapter knows about its legs, and what follows from each thing heard. No I/O: what happened comes
//! in, events for the switchboard and duties for the lanes come out.
//!
//! The engine carries the truth (channel variables, bridges, the dialplan's lease); this only keeps
//! promises that need memory: every leg ends once, every `Play` is over once, a caller returns after
//! the leg dialled for him has ended.

mod audit;
mod dialling;
mod keys;
mod playing;
mod recording;
mod tapping;
mod ties;
mod trunks;

pub use ties::{Parted, lane_of};

use std::{collections::HashMap, time::Duration};

use self::keys::Keys;
use super::translate::{Channel, Heard, Place};
use crate::{
    base::{
        clock::Stamp,
        id::{LegId, OrderId, RoomId, SoundId},
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
    /// Nobody is left to talk with this leg, or nobody is there to answer: end it.
    Drop { cause: HangupCause },
    /// A prompt is over: arm the lease that had to wait for it.
    Renew,
    /// Two talk: the lease must not run.
    Release,
    /// Is this prompt still playing?
    AskPlay { order: OrderId },
    /// Is this recording still going on?
    AskRecord { order: OrderId, sound: SoundId },
    /// A recording is done: bring it where it belongs.
    Collect { order: OrderId, sound: SoundId },
    /// A side of a tape is done: make one file of both.
    Splice { sound: SoundId },
    /// Remove this bridge, which nobody is in.
    Sweep { bridge: String },
    /// Remove what is left of a stream of this leg, unless it has a new one.
    Untap,
    /// The phone here sent its peer elsewhere: the peer is ours, the phone's leg ends.
    Refer { peer: LegId },
    /// The phone here joins its peer with the peer of its other leg.
    Merge { other: LegId },
    /// The phone here wants something that cannot be.
    Decline,
    /// The others of the room that it came from need not hear this leg; the next one shall.
    Unmute,
    /// Somebody came into this room or left it: set right who stays, who holds a lease, and whether there is a room.
    Count { room: RoomId },
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
    /// Who gets back when this leg ends.
    caller: Option<LegId>,
    up: bool,
    joined: Option<LegId>,
    /// The leg that the bridge it talks in was made for.
    bridge: Option<LegId>,
    room: Option<Stay>,
    /// The leg dialled for this one that has not given it back yet.
    awaits: Option<LegId>,
    /// Away from our orders, in a talk, a room, or on the way there: `Returned` will be news.
    away: bool,
    /// What plays, and what was stopped but not yet reported.
    playing: Vec<Playing>,
    music: bool,
    muted: bool,
    tape: Option<SoundId>,
    /// Its audio comes and goes as a stream.
    tapped: bool,
    keys: Keys,
    /// Ended, and what it was recorded into is still to come.
    ending: Option<HangupCause>,
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
    /// Given up by us, since its far end is silent.
    dead: bool,
    /// A dialled leg that waits alone since the last audit.
    alone: bool,
}

#[derive(Debug, Default)]
struct Dialled {
    sent: bool,
    rang: bool,
    cancelled: bool,
}

/// In a room, or on the way into it.
#[derive(Debug)]
struct Stay {
    room: RoomId,
    met: bool,
    /// With others, and so without a lease.
    free: bool,
}

#[derive(Debug)]
struct Playing {
    order: OrderId,
    stopped: bool,
    /// It does not play but records, into this.
    records: Option<SoundId>,
}

impl Leg {
    fn new(since: Stamp) -> Self {
        Self {
            since,
            dialled: None,
            caller: None,
            up: false,
            joined: None,
            bridge: None,
            room: None,
            awaits: None,
            away: false,
            playing: Vec::new(),
            music: false,
            muted: false,
            tape: None,
            tapped: false,
            keys: Keys::default(),
            ending: None,
            lease: None,
            span: None,
            stale: false,
            returning: false,
            missing: false,
            dead: false,
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
            Heard::Key { leg, key, at, lasted } => {
                if let Some(known) = self.legs.get_mut(&leg)
                    && known.keys.is_new(key, at, lasted)
                {
                    effects.events.push(Event::Key { leg, key });
                }
            }
            Heard::Played { order, failed } => {
                self.played(order, if failed { Verdict::Failed } else { Verdict::Finished }, &mut effects);
            }
            Heard::Recorded { recording } => self.finished(recording, &mut effects),
            Heard::Bridged { bridge } => self.bridged(&bridge, &mut effects),
            Heard::Refers { leg, wish } => self.refers(&leg, wish, &mut effects),
            Heard::Phone { extension, registered } => {
                effects.events.push(Event::Phone { extension, registered });
            }
            Heard::Trunk { trunk, up } => effects.events.push(Event::Trunk { trunk, up }),
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
            Place::Resumed => self.resumed(&channel, now, effects),
            Place::Dialled if channel.dialled => {
                self.adopt_dialled(&channel, now);
                self.answered(&id, effects);
                if let Some(caller) = channel.caller {
                    effects.duties.push((caller, Duty::Join { to: id }));
                }
            }
            Place::Dialled => {
                effects.duties.push((id, Duty::Drop { cause: HangupCause::NORMAL_CLEARING }));
            }
            Place::Fallback | Place::Elsewhere => {}
        }
    }

    /// Back from a talk, a room, or an attempt at a talk.
    fn resumed(&mut self, channel: &Channel, now: Stamp, effects: &mut Effects) {
        let id = &channel.leg;
        let gives = |peer: &LegId| self.legs.get(peer).is_some_and(|leg| leg.caller.as_ref() == Some(id));
        let open = channel.peer.as_ref().is_some_and(gives);
        let known = self.legs.contains_key(id);
        let leg = self.legs.entry(id.clone()).or_insert_with(|| Leg::new(now));
        leg.up = channel.up;
        leg.music = false;
        leg.joined = None;
        leg.bridge = None;
        leg.awaits = None;
        if let Some(Stay { room, .. }) = leg.room.take() {
            effects.duties.push((lane_of(&room), Duty::Count { room }));
        }
        if leg.muted {
            effects.duties.push((id.clone(), Duty::Unmute));
        }
        let away = leg.away || !known;
        leg.returning = away && open;
        leg.away = leg.returning;
        if away && !open {
            effects.events.push(Event::Returned { leg: id.clone() });
        }
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

    fn end(&mut self, id: &LegId, cause: HangupCause, now: Stamp, effects: &mut Effects) {
        if self.waits_for_recordings(id, cause, effects) {
            return;
        }
        let Some(leg) = self.legs.remove(id) else { return };
        self.ended.retain(|_, at| now.since(*at) < MEMORY);
        self.ended.insert(id.clone(), now);
        for Playing { order, .. } in leg.playing {
            effects.events.push(Event::Played { leg: id.clone(), order, verdict: Verdict::Stopped });
        }
        // The engine's own timeout is not always told apart from an end that was ordered.
        let unheard = leg.dialled.is_some_and(|dialled| !dialled.cancelled)
            && cause == HangupCause::NORMAL_CLEARING
            && !leg.up;
        let cause = match (leg.dead, unheard) {
            (true, _) => HangupCause::TIMER_EXPIRED,
            (_, true) => HangupCause::NO_ANSWER,
            _ => cause,
        };
        effects.events.push(Event::Ended { leg: id.clone(), cause });
        if leg.tapped {
            effects.duties.push((id.clone(), Duty::Untap));
        }
        if let Some(caller) = leg.caller {
            self.let_return(&caller, effects);
            effects.duties.push((caller, Duty::Tidy { to: id.clone() }));
        }
        if let Some(stay) = leg.room {
            effects.duties.push((lane_of(&stay.room), Duty::Count { room: stay.room }));
        }
        self.drop_dialled_for(id, effects);
    }

    /// What it said last is told before its end.
    fn waits_for_recordings(&mut self, id: &LegId, cause: HangupCause, effects: &mut Effects) -> bool {
        let Some(leg) = self.legs.get_mut(id) else { return false };
        let open = leg.playing.iter().filter_map(|playing| Some((playing.order, playing.records.clone()?)));
        let open: Vec<_> = open.collect();
        if open.is_empty() || leg.ending.is_some() {
            return leg.ending.is_some();
        }
        leg.ending = Some(cause);
        let collect = |(order, sound)| (id.clone(), Duty::Collect { order, sound });
        effects.duties.extend(open.into_iter().map(collect));
        true
    }

    /// The caller is gone: so are those who were dialled for him.
    fn drop_dialled_for(&mut self, id: &LegId, effects: &mut Effects) {
        for (to, other) in self.legs.iter_mut().filter(|(_, other)| other.caller.as_ref() == Some(id)) {
            if let Some(dialled) = other.dialled.as_mut() {
                dialled.cancelled = true;
            }
            effects.duties.push((to.clone(), Duty::Drop { cause: HangupCause::NORMAL_CLEARING }));
        }
    }

    fn let_return(&mut self, caller: &LegId, effects: &mut Effects) {
        if let Some(leg) = self.legs.get_mut(caller).filter(|leg| leg.returning) {
            leg.returning = false;
            leg.away = false;
            effects.events.push(Event::Returned { leg: caller.clone() });
        }
    }

    /// Notes the lease; `None` cancels it. Says whether the engine can be told now.
    pub fn lease(&mut self, id: &LegId, lease: Option<Duration>) -> bool {
        let Some(leg) = self.legs.get_mut(id) else { return true };
        leg.lease = lease;
        leg.span = lease.or(leg.span);
        leg.stale |= !leg.playing.is_empty();
        !leg.stale
    }

    /// Notes the last lease that was ordered, for later.
    pub fn spans(&mut self, id: &LegId, span: Duration) {
        if let Some(leg) = self.legs.get_mut(id) {
            leg.span = Some(span);
        }
    }

    /// The lease that a leg holds: the site's, by the dialplan, until one is ordered.
    pub fn holds(&self, id: &LegId, by_the_dialplan: Duration) -> Option<Duration> {
        let leg = self.legs.get(id)?;
        if leg.span.is_none() { Some(by_the_dialplan) } else { leg.lease }
    }

    /// The lease that runs by our order.
    pub fn leased(&self, id: &LegId) -> Option<Duration> {
        self.legs.get(id)?.lease
    }

    /// The last lease that was ordered.
    pub fn span(&self, id: &LegId) -> Option<Duration> {
        self.legs.get(id)?.span
    }

    pub fn knows(&self, id: &LegId) -> bool {
        self.legs.contains_key(id)
    }

    pub fn up(&self, id: &LegId) -> bool {
        self.legs.get(id).is_some_and(|leg| leg.up)
    }
}

#[cfg(test)]
mod tests;
