//! An engine as simple as it can be: orders are carried out at once, what it tells of one leg comes in its order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tandem::{
    base::id::LegId,
    ports::engine::{Arrival, Command, Endpoint, Event, HangupCause, LegSeen, Order},
};

use crate::rig::arrival;

/// A leg at the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    up: bool,
    peer: Option<LegId>,
    /// Who dialled it, before the answer.
    by: Option<LegId>,
    phone: Option<String>,
    arrival: Option<Arrival>,
}

#[derive(Clone, Debug, Default)]
pub struct Engine {
    pub lines: BTreeMap<LegId, Line>,
    /// What was told and not heard yet.
    pub told: BTreeMap<LegId, VecDeque<Event>>,
    pub talked: BTreeSet<LegId>,
}

impl Engine {
    fn tell(&mut self, leg: &LegId, event: Event) {
        self.told.entry(leg.clone()).or_default().push_back(event);
    }

    pub fn arrives(&mut self, leg: LegId) {
        let arrival = arrival("4000");
        let line = Line { up: false, peer: None, by: None, phone: None, arrival: Some(arrival.clone()) };
        self.lines.insert(leg.clone(), line);
        self.tell(&leg.clone(), Event::Arrived { leg, arrival });
    }

    pub fn execute(&mut self, order: Order) {
        let Order { leg, command, .. } = order;
        let Some(line) = self.lines.get_mut(&leg) else { return };
        match command {
            Command::Answer if !line.up => {
                line.up = true;
                self.tell(&leg.clone(), Event::Answered { leg });
            }
            Command::Connect { to, endpoint: Endpoint::Phone(phone), .. } => {
                let phone = phone.to_string();
                let rung = self.lines.values().find(|line| line.phone.as_ref() == Some(&phone));
                assert!(rung.is_none(), "{phone} is offered twice");
                let dials = self.lines.values().find(|line| line.by.as_ref() == Some(&leg));
                assert!(dials.is_none(), "{leg} is offered to two agents");
                let line = Line { up: false, peer: None, by: Some(leg), phone: Some(phone), arrival: None };
                self.lines.insert(to, line);
            }
            Command::Hangup { cause } => self.ends(&leg, cause),
            _ => {}
        }
    }

    pub fn answers(&mut self, leg: &LegId) {
        let Some(by) = self.lines.get_mut(leg).and_then(|line| line.by.take()) else { return };
        for (one, other) in [(leg, &by), (&by, leg)] {
            if let Some(line) = self.lines.get_mut(one) {
                line.up = true;
                line.peer = Some(other.clone());
            }
        }
        self.talked.insert(by.clone());
        self.tell(&by, Event::Joined { leg: by.clone(), peer: leg.clone() });
    }

    pub fn ends(&mut self, leg: &LegId, cause: HangupCause) {
        let Some(line) = self.lines.remove(leg) else { return };
        self.tell(leg, Event::Ended { leg: leg.clone(), cause });
        if line.arrival.is_some() {
            // Whoever rings for a caller, or talks with one, goes with the caller.
            let with = |other: &Line| other.by.as_ref() == Some(leg) || other.peer.as_ref() == Some(leg);
            let with: Vec<LegId> =
                self.lines.iter().filter(|(_, other)| with(other)).map(|(leg, _)| leg.clone()).collect();
            for other in with {
                self.lines.remove(&other);
                self.tell(&other, Event::Ended { leg: other.clone(), cause });
            }
        } else if let Some(caller) = line.by.or(line.peer) {
            if let Some(line) = self.lines.get_mut(&caller) {
                line.peer = None;
            }
            self.tell(&caller, Event::Returned { leg: caller.clone() });
        }
    }

    pub fn ringing(&self) -> Vec<LegId> {
        self.lines.iter().filter(|(_, line)| line.by.is_some()).map(|(leg, _)| leg.clone()).collect()
    }

    pub fn callers(&self) -> Vec<LegId> {
        self.lines.iter().filter(|(_, line)| line.arrival.is_some()).map(|(leg, _)| leg.clone()).collect()
    }

    pub fn talking(&self) -> Vec<LegId> {
        self.callers().into_iter().filter(|leg| self.lines[leg].peer.is_some()).collect()
    }

    pub fn list(&self) -> Vec<LegSeen> {
        let seen = |(leg, line): (&LegId, &Line)| LegSeen {
            leg: leg.clone(),
            up: line.up,
            peer: line.peer.clone(),
            room: None,
            arrival: line.arrival.clone(),
        };
        self.lines.iter().map(seen).collect()
    }
}
