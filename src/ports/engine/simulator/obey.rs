//! How the simulated engine obeys orders.

use std::time::Duration;

use super::{
    model::Answer,
    world::{Happening, Leg, State, World},
};
use crate::{
    base::{
        id::{LegId, Name, OrderId},
        text::Label,
    },
    ports::engine::{Command, Endpoint, Event, HangupCause, Order, Outcome, Verdict},
};

/// How long every prompt is.
const PROMPT: Duration = Duration::from_secs(2);

impl World {
    pub(super) fn execute(&mut self, order: Order) {
        let Order { id, leg, command } = order;
        if !self.legs.contains_key(&leg) {
            if let Command::Connect { to, .. } = command {
                // Every leg that was promised ends, once. The caller left first: nothing has failed.
                self.tell(Event::Ended { leg: to, cause: HangupCause::NORMAL_CLEARING });
            }
            return self.outcome(leg, id, Outcome::Refused(Label::new("no such channel")));
        }
        if self.chance(self.faults.refuse) {
            if let Command::Connect { to, .. } = &command {
                self.tell(Event::Ended { leg: to.clone(), cause: HangupCause::DESTINATION_OUT_OF_ORDER });
                self.tell(Event::Returned { leg: leg.clone() });
            }
            return self.outcome(leg, id, Outcome::Refused(Label::new("refused")));
        }
        self.outcome(leg.clone(), id, Outcome::Done);
        match command {
            Command::Answer => self.answer(&leg),
            Command::Play { .. } => {
                self.hush(&leg);
                self.schedule(self.now + PROMPT, Happening::PlayEnds(leg.clone(), id));
                self.with(&leg, |leg| leg.playing = Some(id));
            }
            Command::Stop => self.hush(&leg),
            Command::Music => {
                self.hush(&leg);
                self.with(&leg, |leg| leg.music = true);
            }
            Command::Connect { to, endpoint, timeout, .. } => self.connect(&leg, to, &endpoint, timeout),
            Command::Hangup { cause } => self.remove(&leg, cause),
            Command::Lease { span } => {
                let at = self.now + span;
                self.with(&leg, |leg| leg.lease = Some(at));
                self.schedule(at, Happening::LeaseEnds(leg, at));
            }
            Command::Release => self.with(&leg, |leg| leg.lease = None),
            Command::Fallback => self.fall_back(&leg),
            _ => {}
        }
    }

    pub(super) fn outcome(&mut self, leg: LegId, order: OrderId, outcome: Outcome) {
        self.tell(Event::Outcome { leg, order, outcome });
    }

    pub(super) fn with(&mut self, leg: &LegId, change: impl FnOnce(&mut Leg)) {
        if let Some(leg) = self.legs.get_mut(leg) {
            change(leg);
        }
    }

    pub(super) fn answer(&mut self, leg: &LegId) {
        let Some(found) = self.legs.get_mut(leg) else { return };
        if !std::mem::replace(&mut found.up, true) {
            let keys = found.caller.as_ref().map(|caller| caller.keys.clone()).unwrap_or_default();
            for (after, key) in keys {
                self.schedule(self.now + after, Happening::Presses(leg.clone(), key));
            }
        }
        self.tell(Event::Answered { leg: leg.clone() });
    }

    pub(super) fn hush(&mut self, leg: &LegId) {
        self.with(leg, |leg| leg.music = false);
        if let Some(order) = self.legs.get(leg).and_then(|leg| leg.playing) {
            self.play_over(leg, order, Verdict::Stopped);
        }
    }

    pub(super) fn play_over(&mut self, leg: &LegId, order: OrderId, verdict: Verdict) {
        let Some(found) = self.legs.get_mut(leg).filter(|leg| leg.playing == Some(order)) else { return };
        found.playing = None;
        self.tell(Event::Played { leg: leg.clone(), order, verdict });
    }

    pub(super) fn connect(&mut self, leg: &LegId, to: LegId, endpoint: &Endpoint, timeout: Duration) {
        self.hush(leg);
        if !matches!(self.legs.get(leg).map(|leg| &leg.state), Some(State::Parked))
            || self.legs.contains_key(&to)
        {
            return;
        }
        let phone = match endpoint {
            Endpoint::Phone(extension) | Endpoint::Intercom(extension) => self.phones.get(extension).cloned(),
            Endpoint::Trunk { .. } => None,
        };
        let refusal = match &phone {
            Some(phone) if !phone.registered => Some(HangupCause::SUBSCRIBER_ABSENT),
            Some(phone) if phone.answer == Answer::Busy || self.busy(&phone.extension) => {
                Some(HangupCause::USER_BUSY)
            }
            Some(phone) if phone.answer == Answer::Reject => Some(HangupCause::CALL_REJECTED),
            Some(_) => None,
            None => Some(HangupCause::UNALLOCATED_NUMBER),
        };
        let (Some(phone), None) = (phone, refusal) else {
            let cause = refusal.unwrap_or(HangupCause::UNALLOCATED_NUMBER);
            self.tell(Event::Ended { leg: to, cause });
            return self.tell(Event::Returned { leg: leg.clone() });
        };
        self.with(leg, |leg| leg.state = State::Dialling(to.clone()));
        self.legs.insert(
            to.clone(),
            Leg {
                state: State::Ringing(leg.clone()),
                up: false,
                arrival: None,
                caller: None,
                phone: Some(phone.extension),
                talk: phone.talk,
                playing: None,
                music: false,
                lease: None,
                busy_until: self.now,
            },
        );
        self.tell(Event::Ringing { leg: to.clone() });
        if let Answer::After(span) = phone.answer {
            self.schedule(self.now + span, Happening::Answers(to.clone()));
        }
        self.schedule(self.now + timeout, Happening::RingsOut(to));
    }

    /// A phone has one line: it is busy while a leg of it lives.
    pub(super) fn busy(&self, extension: &Name) -> bool {
        self.legs.values().any(|leg| leg.phone.as_ref() == Some(extension))
    }

    pub(super) fn answer_phone(&mut self, leg: &LegId) {
        let Some(Leg { state: State::Ringing(caller), talk, .. }) = self.legs.get(leg).cloned() else {
            return;
        };
        self.with(leg, |leg| {
            leg.up = true;
            leg.state = State::Talking(caller.clone());
        });
        self.with(&caller, |other| {
            other.state = State::Talking(leg.clone());
            other.lease = None;
        });
        self.talked.insert(caller.clone());
        self.tell(Event::Answered { leg: leg.clone() });
        self.tell(Event::Joined { leg: caller.clone(), peer: leg.clone() });
        self.schedule(self.now + talk, Happening::HangsUp(leg.clone()));
        let caller_talk = self.legs.get(&caller).map_or(talk, |caller| caller.talk);
        self.schedule(self.now + caller_talk, Happening::HangsUp(caller));
    }

    pub(super) fn fall_back(&mut self, leg: &LegId) {
        if self.legs.get(leg).is_none_or(|leg| leg.state == State::Fallback) {
            return;
        }
        self.fallen_back.insert(leg.clone());
        self.with(leg, |leg| {
            leg.state = State::Fallback;
            leg.lease = None;
        });
        self.tell(Event::Ended { leg: leg.clone(), cause: HangupCause::NORMAL_CLEARING });
    }
}
