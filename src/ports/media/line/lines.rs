//! All legs that are listened to, or may be: orders and events find theirs here. Sans I/O.

use std::{collections::BTreeMap, io, net::SocketAddr, time::Duration};

use super::{
    detected::{Detected, Way},
    effect::{Effect, Found, Ids, Step, Words},
    leg::Leg,
};
use crate::{
    base::id::LegId,
    ports::{
        engine::{Command, Event, LegSeen, Order, Outcome},
        speech::Recognizers,
    },
};

/// A leg that so many audits do not know is gone.
const MISSED: u32 = 2;

/// Stands between the switchboard and an adapter.
#[derive(Debug)]
pub(super) struct Lines {
    legs: BTreeMap<LegId, Leg>,
    detected: Detected,
    ids: Ids,
    out: Vec<Effect>,
}

impl Lines {
    pub(super) fn new(seed: u64) -> Self {
        Self { legs: BTreeMap::new(), detected: Detected::default(), ids: Ids::new(seed), out: Vec::new() }
    }

    /// What is to be done now.
    pub(super) fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.out)
    }

    /// Whether frames are due.
    pub(super) fn is_busy(&self) -> bool {
        self.legs.values().any(Leg::is_busy)
    }

    fn with(&mut self, leg: &LegId, now: Duration, act: impl FnOnce(&mut Leg, &mut Step)) {
        let Some(found) = self.legs.get_mut(leg) else { return };
        act(found, &mut Step { now, out: &mut self.out, ids: &mut self.ids });
        if found.is_idle() {
            self.legs.remove(leg);
        }
    }

    fn step(&mut self, now: Duration) -> Step<'_> {
        Step { now, out: &mut self.out, ids: &mut self.ids }
    }

    /// An order of the switchboard, and who hears which language.
    pub(super) fn order(&mut self, order: Order, who: &Recognizers, now: Duration) {
        let mut order = match self.detected.order(order, |locale| who.detector(locale).cloned()) {
            Way::Here { order, undetect } => {
                if undetect {
                    self.step(now).order(&order.leg, Command::Deaf);
                }
                order
            }
            Way::Engine(order) => {
                self.with(&order.leg, now, Leg::release);
                return self.out.push(Effect::Order(order));
            }
        };
        if matches!(&order.command, Command::Listen(hearing) if !who.hears(hearing.locale)) {
            order.command = Command::Deaf;
        }
        // A leg that is new or gone is the engine's.
        let ours = matches!(
            order.command,
            Command::Listen(_) | Command::GoOn | Command::Deaf | Command::Play { .. } | Command::Music
        );
        if !ours && !self.legs.contains_key(&order.leg) {
            return self.out.push(Effect::Order(order));
        }
        let id = order.leg.clone();
        self.legs.entry(id.clone()).or_insert_with(|| Leg::new(id.clone()));
        self.with(&id, now, |leg, step| leg.order(order, step));
    }

    /// Something happened at the engine.
    pub(super) fn event(&mut self, event: Event, now: Duration) {
        let Some(event) = self.detected.event(event) else { return };
        match event {
            Event::Forming(forming) => self.out.push(Effect::Forming(forming)),
            Event::Tapped { leg, stream } => self.with(&leg, now, |leg, step| leg.tapped(stream, step)),
            Event::Outcome { leg, order, outcome } if self.ids.is_ours(order) => {
                self.with(&leg, now, |leg, step| leg.outcome(order, &outcome, step));
            }
            Event::Played { leg, order, verdict } if self.legs.contains_key(&leg) => {
                self.with(&leg, now, |leg, step| leg.played(order, verdict, step));
            }
            event => {
                match &event {
                    Event::Joined { leg, peer } => {
                        for leg in [leg, peer] {
                            self.with(leg, now, Leg::taken);
                        }
                    }
                    Event::Met { leg, .. } | Event::Returned { leg } => self.with(leg, now, Leg::taken),
                    Event::Ended { leg, .. } => {
                        self.with(leg, now, Leg::taken);
                        self.legs.remove(leg);
                    }
                    Event::Outcome { leg, order, outcome: Outcome::Refused(_) } => {
                        self.with(leg, now, |leg, step| leg.silent(*order, step));
                    }
                    Event::Audit { legs, .. } => self.audit(legs, now),
                    _ => {}
                }
                self.out.push(Effect::Tell(event));
            }
        }
    }

    /// Legs whose end nobody told.
    fn audit(&mut self, seen: &[LegSeen], now: Duration) {
        let mut gone = Vec::new();
        for (id, leg) in &mut self.legs {
            let there = seen.iter().any(|seen| seen.leg == *id);
            leg.missed = if there { 0 } else { leg.missed + 1 };
            if leg.missed >= MISSED {
                gone.push(id.clone());
            }
        }
        for leg in gone {
            self.with(&leg, now, Leg::taken);
            self.legs.remove(&leg);
        }
    }

    /// A socket was opened for this leg, or could not be.
    pub(super) fn bound(&mut self, leg: &LegId, socket: io::Result<SocketAddr>, now: Duration) {
        self.with(leg, now, |leg, step| leg.bound(socket, step));
    }

    /// A datagram came to this leg's socket.
    pub(super) fn datagram(&mut self, leg: &LegId, from: SocketAddr, bytes: &[u8], now: Duration) {
        self.with(leg, now, |leg, step| {
            if let Some(duplex) = leg.duplex().filter(|duplex| duplex.engine() == from) {
                duplex.datagram(bytes, step);
            }
        });
    }

    /// Where this leg's frames go.
    pub(super) fn engine(&mut self, leg: &LegId) -> Option<SocketAddr> {
        Some(self.legs.get_mut(leg)?.duplex()?.engine())
    }

    pub(super) fn found(&mut self, found: Found, now: Duration) {
        let Found { leg, order, rate, clips } = found;
        self.with(&leg, now, |leg, step| {
            if let Some(duplex) = leg.duplex() {
                duplex.found(order, rate, clips, step);
            }
        });
    }

    pub(super) fn partial(&mut self, leg: &LegId, text: &str, now: Duration) {
        self.with(leg, now, |leg, step| {
            if let Some(duplex) = leg.duplex() {
                duplex.partial(text, step);
            }
        });
    }

    pub(super) fn words(&mut self, words: Words, now: Duration) {
        let Words { leg, utterance, text, complete } = words;
        self.with(&leg, now, |leg, step| {
            if let Some(duplex) = leg.duplex() {
                duplex.words(utterance, text, complete, step);
            }
        });
    }

    /// So many frames are due, and so many more were missed.
    pub(super) fn tick(&mut self, frames: u32, missed: u32, now: Duration) {
        let busy: Vec<LegId> =
            self.legs.iter().filter(|(_, leg)| leg.is_busy()).map(|(id, _)| id.clone()).collect();
        for leg in busy {
            self.with(&leg, now, |leg, step| {
                if let Some(duplex) = leg.duplex().filter(|_| missed > 0) {
                    duplex.skip(missed);
                }
                leg.tick(frames, step);
            });
        }
    }
}
