//! The machine: legs, what they do, and an agenda of what happens when.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use smol_str::SmolStr;

use super::{
    model::{Caller, Faults, Line, Outsider, Phone},
    seen::{AUDITS, LEASE},
};
use crate::{
    base::{
        attendance::Attendance,
        clock::Stamp,
        id::{LegId, Name, OrderId, RoomId},
        mood::Mood,
        number::{Key, Number},
        text::Label,
    },
    ports::engine::{Arrival, Event, HangupCause, Hearing, Order, Stream, Verdict},
};

/// How long an order takes.
const LATENCY: Duration = Duration::from_millis(1);
/// How long a far end that has vanished is waited for, unless told.
const SILENCE: Duration = Duration::from_mins(2);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Obeys orders.
    Parked,
    /// Waits for the leg that it dialled.
    Dialling(LegId),
    /// Rings, dialled by that leg.
    Ringing(LegId),
    Talking(LegId),
    /// Rings, dialled for nobody; left alone so long after its answer it ends.
    Called(Duration),
    Room(RoomId),
    /// Left to the fallback extension.
    Fallback,
}

#[derive(Clone, Debug)]
pub(super) struct Leg {
    pub(super) state: State,
    pub(super) up: bool,
    pub(super) arrival: Option<Arrival>,
    pub(super) caller: Option<Caller>,
    /// The phone that was dialled.
    pub(super) phone: Option<Name>,
    pub(super) talk: Duration,
    /// What is pressed after the answer.
    pub(super) keys: Vec<(Duration, Key)>,
    pub(super) playing: Option<OrderId>,
    pub(super) music: bool,
    pub(super) recording: Option<(OrderId, Stamp)>,
    pub(super) taped: bool,
    pub(super) sensed: bool,
    pub(super) muted: bool,
    /// Whose talk it hears, and who hears it there.
    pub(super) attends: Option<(LegId, Attendance)>,
    /// How it is listened to.
    pub(super) heard: Option<Hearing>,
    /// What plays waits for the end of an utterance.
    pub(super) paused: bool,
    /// Its owner has put the talk on hold.
    pub(super) held: bool,
    /// Hears it ring at somebody's, before the answer.
    pub(super) rings: bool,
    pub(super) lease: Option<Stamp>,
    /// Its far end says nothing any more, not even good bye.
    pub(super) vanished: bool,
    /// Has obeyed: it comes back when its peer leaves.
    pub(super) obeys: bool,
    /// Orders for one leg are carried out one after the other.
    pub(super) busy_until: Stamp,
}

impl Leg {
    pub(super) fn new(state: State, now: Stamp) -> Self {
        Self {
            state,
            up: false,
            arrival: None,
            caller: None,
            phone: None,
            talk: Duration::ZERO,
            keys: Vec::new(),
            playing: None,
            music: false,
            recording: None,
            taped: false,
            sensed: false,
            attends: None,
            heard: None,
            paused: false,
            muted: false,
            held: false,
            rings: false,
            lease: None,
            vanished: false,
            obeys: false,
            busy_until: now,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Happening {
    Arrives(LegId, Arrival, Caller),
    Executes(Order),
    Presses(LegId, Key),
    Says(LegId, SmolStr),
    Feels(LegId, Mood),
    LosesPatience(LegId),
    HangsUp(LegId),
    GivesUp(LegId),
    Answers(LegId),
    RingsOut(LegId),
    PlayEnds(LegId, OrderId),
    RecordEnds(LegId, OrderId),
    LeaseEnds(LegId, Stamp),
    Tells(Event),
    Audits,
}

/// The simulated engine. The same seed and the same orders at the same times give the same events.
#[derive(Debug)]
pub struct World {
    pub(super) now: Stamp,
    pub(super) random: fastrand::Rng,
    pub(super) faults: Faults,
    pub(super) phones: BTreeMap<Name, Phone>,
    pub(super) lines: BTreeMap<Name, Line>,
    pub(super) outsiders: BTreeMap<Number, Outsider>,
    pub(super) legs: BTreeMap<LegId, Leg>,
    pub(super) agenda: BTreeMap<(Stamp, u64), Happening>,
    pub(super) told: BTreeMap<(Stamp, u64), Event>,
    pub(super) counter: u64,
    /// What was recorded, and how long it is.
    pub(super) recorded: BTreeMap<OrderId, Duration>,
    pub(super) linked: bool,
    pub(super) silence: Duration,
    pub(super) audits: Duration,
    /// How long the dialplan waits for Tandem.
    pub(super) lease: Duration,
    /// Callers who hung up by themselves.
    pub(super) hung_up: BTreeSet<LegId>,
    /// Callers who reached the fallback extension.
    pub(super) fallen_back: BTreeSet<LegId>,
    /// Callers who talked with somebody.
    pub(super) talked: BTreeSet<LegId>,
    /// Who can be heard, and where.
    pub(super) mouths: BTreeMap<LegId, Stream>,
}

impl World {
    pub fn new(seed: u64, phones: Vec<Phone>, faults: Faults, now: Stamp) -> Self {
        let mut world = Self {
            now,
            random: fastrand::Rng::with_seed(seed),
            faults,
            phones: phones.into_iter().map(|phone| (phone.extension.clone(), phone)).collect(),
            lines: BTreeMap::new(),
            outsiders: BTreeMap::new(),
            legs: BTreeMap::new(),
            agenda: BTreeMap::new(),
            told: BTreeMap::new(),
            counter: 0,
            recorded: BTreeMap::new(),
            linked: false,
            silence: SILENCE,
            audits: AUDITS,
            lease: LEASE,
            hung_up: BTreeSet::new(),
            fallen_back: BTreeSet::new(),
            talked: BTreeSet::new(),
            mouths: BTreeMap::new(),
        };
        world.link(now);
        world
    }

    /// The link to Tandem comes up.
    pub fn link(&mut self, now: Stamp) {
        self.now = now;
        self.linked = true;
        self.tell_surely(Event::Up { engine: Label::new("simulator") });
        let phones: Vec<_> =
            self.phones.values().map(|phone| (phone.extension.clone(), phone.registered)).collect();
        for (extension, registered) in phones {
            self.tell_surely(Event::Phone { extension, registered });
        }
        self.agenda.retain(|_, happening| !matches!(happening, Happening::Audits));
        self.audit();
    }

    /// The link to Tandem goes down: calls live on, nothing is told, nothing is obeyed.
    pub fn cut(&mut self, now: Stamp) {
        self.now = now;
        self.told.clear();
        self.tell_surely(Event::Down { reason: Label::new("link cut"), retry: Duration::from_millis(100) });
        self.linked = false;
    }

    /// Somebody will call.
    pub fn expect(&mut self, at: Stamp, leg: LegId, arrival: Arrival, caller: Caller) {
        self.schedule(at, Happening::Arrives(leg, arrival, caller));
    }

    /// Changes a phone's habits.
    pub fn phone(&mut self, extension: &Name) -> Option<&mut Phone> {
        self.phones.get_mut(extension)
    }

    /// What answers on a trunk; nobody does on one that is not named.
    pub fn line(&mut self, trunk: Name, line: Line) {
        self.lines.insert(trunk, line);
    }

    /// Who answers at a number, on any trunk that does not fail.
    pub fn outsider(&mut self, number: Number, outsider: Outsider) {
        self.outsiders.insert(number, outsider);
    }

    /// From now on other things go wrong.
    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// Ends a leg as its owner would, now.
    pub fn hang_up(&mut self, leg: &LegId, now: Stamp) {
        self.schedule(now, Happening::HangsUp(leg.clone()));
    }

    /// A far end that sends nothing is given up after this time.
    pub fn gives_up_after(&mut self, silence: Duration) {
        self.silence = silence;
    }

    /// The far end of an answered leg is gone without a word.
    pub fn vanish(&mut self, leg: &LegId, now: Stamp) {
        self.now = self.now.max(now);
        if let Some(found) = self.legs.get_mut(leg).filter(|leg| leg.up) {
            found.vanished = true;
            self.schedule(self.now + self.silence, Happening::GivesUp(leg.clone()));
        }
    }

    fn is_there(&self, leg: &LegId) -> bool {
        self.legs.get(leg).is_some_and(|leg| !leg.vanished)
    }

    /// Takes an order.
    pub fn order(&mut self, order: Order, now: Stamp) {
        self.now = self.now.max(now);
        if !self.linked {
            return;
        }
        let slow = self.chance(self.faults.slow);
        let extra = if slow { self.random_span(self.faults.slowness) } else { Duration::ZERO };
        let free = self.legs.get(&order.leg).map_or(now, |leg| leg.busy_until);
        let at = free.max(now) + LATENCY + extra;
        if let Some(leg) = self.legs.get_mut(&order.leg) {
            leg.busy_until = at;
        }
        self.schedule(at, Happening::Executes(order));
    }

    /// When something happens next.
    pub fn next(&self) -> Option<Stamp> {
        let first = |at: Option<&(Stamp, u64)>| at.map(|(at, _)| *at);
        match (first(self.agenda.keys().next()), first(self.told.keys().next())) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Lets everything up to `now` happen, and gives what Tandem hears of it.
    pub fn run(&mut self, now: Stamp) -> Vec<Event> {
        let mut heard = Vec::new();
        while let Some(at) = self.next().filter(|at| *at <= now) {
            self.now = self.now.max(at);
            if self.told.keys().next().is_some_and(|(told, _)| *told <= at) {
                heard.extend(self.told.pop_first().map(|(_, event)| event));
            } else if let Some((_, happening)) = self.agenda.pop_first() {
                self.happen(happening);
            }
        }
        self.now = self.now.max(now);
        heard
    }

    pub(super) fn schedule(&mut self, at: Stamp, happening: Happening) {
        self.counter += 1;
        self.agenda.insert((at.max(self.now), self.counter), happening);
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.random.f64() < probability
    }

    fn random_span(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.random.f64())
    }

    pub(super) fn tell_surely(&mut self, event: Event) {
        if self.linked {
            self.counter += 1;
            self.told.insert((self.now, self.counter), event);
        }
    }

    /// Tells Tandem, with the faults of the day.
    pub(super) fn tell(&mut self, event: Event) {
        if self.chance(self.faults.lose) {
            return;
        }
        if self.chance(self.faults.double) {
            self.tell_surely(event.clone());
        }
        if self.chance(self.faults.late) {
            let at = self.now + self.random_span(self.faults.lateness);
            self.schedule(at, Happening::Tells(event));
        } else {
            self.tell_surely(event);
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Arrives(leg, arrival, caller) => self.arrive(leg, arrival, caller),
            Happening::Executes(order) => self.execute(order),
            Happening::Presses(leg, key) => {
                if self.is_there(&leg) && self.legs.get(&leg).is_some_and(|leg| leg.up) {
                    self.tell(Event::Key { leg, key });
                }
            }
            Happening::Says(leg, text) => self.said(leg, text),
            Happening::Feels(leg, mood) => self.felt(leg, mood),
            Happening::LosesPatience(leg) => {
                if !self.talked.contains(&leg) && self.is_there(&leg) {
                    self.leave(&leg);
                }
            }
            Happening::HangsUp(leg) if self.is_there(&leg) => self.leave(&leg),
            Happening::HangsUp(_) => {}
            Happening::GivesUp(leg) => self.remove(&leg, HangupCause::TIMER_EXPIRED),
            Happening::Answers(leg) => self.answer_phone(&leg),
            Happening::RingsOut(leg) => {
                let ringing = |leg: &Leg| matches!(leg.state, State::Ringing(_) | State::Called(_));
                if self.legs.get(&leg).is_some_and(ringing) {
                    self.remove(&leg, HangupCause::NO_ANSWER);
                }
            }
            Happening::RecordEnds(leg, order) => self.record_over(&leg, order),
            Happening::PlayEnds(leg, _) if self.legs.get(&leg).is_some_and(|leg| leg.paused) => {}
            Happening::PlayEnds(leg, order) => self.play_over(&leg, order, Verdict::Finished),
            Happening::LeaseEnds(leg, at) => {
                if self.legs.get(&leg).is_some_and(|leg| leg.lease == Some(at)) {
                    self.fall_back(&leg);
                }
            }
            Happening::Tells(event) => self.tell_surely(event),
            Happening::Audits => self.audit(),
        }
    }

    fn arrive(&mut self, leg: LegId, arrival: Arrival, caller: Caller) {
        if caller.patience < Duration::MAX {
            self.schedule(self.now + caller.patience, Happening::LosesPatience(leg.clone()));
        }
        let lease = self.now + self.lease;
        self.schedule(lease, Happening::LeaseEnds(leg.clone(), lease));
        let talk = caller.talk;
        self.legs.insert(
            leg.clone(),
            Leg {
                arrival: Some(arrival.clone()),
                caller: Some(caller),
                talk,
                lease: Some(lease),
                obeys: true,
                ..Leg::new(State::Parked, self.now)
            },
        );
        self.tell(Event::Arrived { leg, arrival });
    }

    /// Somebody hangs up a leg of theirs.
    fn leave(&mut self, leg: &LegId) {
        if self.legs.get(leg).is_some_and(|leg| leg.caller.is_some()) {
            self.hung_up.insert(leg.clone());
        }
        self.remove(leg, HangupCause::NORMAL_CLEARING);
    }

    /// A leg is no more; its peer is told to do without.
    pub(super) fn remove(&mut self, leg: &LegId, cause: HangupCause) {
        let Some(gone) = self.legs.remove(leg) else { return };
        if let Some(order) = gone.playing {
            self.tell(Event::Played { leg: leg.clone(), order, verdict: Verdict::Stopped });
        }
        if let Some((order, since)) = gone.recording {
            let length = self.now.since(since);
            self.recorded.insert(order, length);
            self.tell(Event::Recorded { leg: leg.clone(), order, length });
        }
        self.tell(Event::Ended { leg: leg.clone(), cause });
        let (State::Dialling(peer) | State::Ringing(peer) | State::Talking(peer)) = gone.state else {
            return;
        };
        let Some(other) = self.legs.get_mut(&peer) else { return };
        if other.obeys {
            other.state = State::Parked;
            self.tell(Event::Returned { leg: peer });
        } else {
            self.remove(&peer, HangupCause::NORMAL_CLEARING);
        }
    }
}
