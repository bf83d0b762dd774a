//! How the simulated engine obeys orders.

use std::time::Duration;

use super::{
    model::Answer,
    world::{Happening, Leg, State, World},
};
use crate::{
    base::{
        id::{LegId, Name, OrderId},
        number::Key,
        text::Label,
    },
    ports::engine::{Command, Endpoint, Event, HangupCause, Hearing, Order, Outcome, Verdict},
};

/// Who answers, how, and for how long they talk.
pub(super) struct Rung {
    pub(super) phone: Option<Name>,
    pub(super) answer: Answer,
    pub(super) talk: Duration,
    pub(super) keys: Vec<(Duration, Key)>,
}

/// How long every prompt is.
const PROMPT: Duration = Duration::from_secs(2);

impl World {
    pub(super) fn execute(&mut self, order: Order) {
        let Order { id, leg, command } = order;
        if !self.legs.contains_key(&leg) {
            if let Command::Find { record, .. } = &command {
                self.outcome(leg.clone(), id, Outcome::Done);
                return self.find(leg, *record);
            }
            if let Command::Dial { endpoint, timeout, lease, .. } = &command {
                self.outcome(leg.clone(), id, Outcome::Done);
                return self.dial(leg, endpoint, *timeout, *lease);
            }
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
        self.accept(&leg, id, &command);
        self.with(&leg, |leg| leg.heard = leg.heard.take().filter(|_| !command.ends_listening()));
        match command {
            Command::Answer => self.answer(&leg),
            Command::Play { .. } => {
                self.hush(&leg);
                self.schedule(self.now + PROMPT, Happening::PlayEnds(leg.clone(), id));
                self.with(&leg, |leg| leg.playing = Some(id));
            }
            Command::Stop => self.hush(&leg),
            Command::Music => self.music(&leg),
            Command::Connect { to, endpoint, timeout, .. } => self.connect(&leg, to, &endpoint, timeout),
            Command::Hangup { cause } => self.remove(&leg, cause),
            Command::Lease { span } => self.lease(leg, span),
            Command::Release => self.with(&leg, |leg| leg.lease = None),
            Command::Fallback => self.fall_back(&leg),
            Command::Find { record, .. } => self.find(leg, record),
            Command::Ring => self.with(&leg, |leg| leg.rings = true),
            // Nobody hears the pause, a mouth does not mind, a leg that is there is not dialled again, and moods are told without
            // anybody who listens.
            Command::TapePause { .. }
            | Command::Tap { .. }
            | Command::Untap
            | Command::Dial { .. }
            | Command::Overhear(_)
            | Command::OverhearStop => {}
            Command::Meet { room, muted } => self.meet(&leg, room, muted),
            Command::Mute { on } => self.with(&leg, |leg| leg.muted = on),
            Command::Attend { of, how } => self.attend(&leg, of, how),
            Command::Part => self.part(&leg),
            Command::Record { limit, .. } => self.record(&leg, id, limit),
            Command::Tape { .. } => self.with(&leg, |leg| leg.taped = true),
            Command::TapeStop => self.with(&leg, |leg| leg.taped = false),
            Command::Sense { mood, .. } => self.sense(leg, mood),
            Command::SenseStop => self.with(&leg, |leg| leg.sensed = false),
            Command::Listen(hearing) | Command::Detect { hearing, .. } => self.listen(&leg, Some(hearing)),
            Command::Deaf => self.listen(&leg, None),
            Command::GoOn => self.go_on(leg),
        }
    }

    fn music(&mut self, leg: &LegId) {
        self.hush(leg);
        self.with(leg, |leg| leg.music = true);
    }

    fn listen(&mut self, leg: &LegId, how: Option<Hearing>) {
        self.with(leg, |leg| leg.heard = how);
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

    fn lease(&mut self, leg: LegId, span: Duration) {
        let at = self.now + span;
        self.with(&leg, |leg| leg.lease = Some(at));
        self.schedule(at, Happening::LeaseEnds(leg, at));
    }

    pub(super) fn hush(&mut self, leg: &LegId) {
        self.with(leg, |leg| leg.music = false);
        if let Some((order, _)) = self.legs.get(leg).and_then(|leg| leg.recording) {
            self.record_over(leg, order);
        }
        if let Some(order) = self.legs.get(leg).and_then(|leg| leg.playing) {
            self.play_over(leg, order, Verdict::Stopped);
        }
    }

    fn go_on(&mut self, leg: LegId) {
        let Some(found) = self.legs.get_mut(&leg).filter(|leg| leg.paused) else { return };
        found.paused = false;
        if let Some(order) = found.playing {
            self.schedule(self.now + PROMPT, Happening::PlayEnds(leg, order));
        }
    }

    pub(super) fn play_over(&mut self, leg: &LegId, order: OrderId, verdict: Verdict) {
        let Some(found) = self.legs.get_mut(leg).filter(|leg| leg.playing == Some(order)) else { return };
        found.playing = None;
        found.paused = false;
        self.tell(Event::Played { leg: leg.clone(), order, verdict });
    }

    pub(super) fn connect(&mut self, leg: &LegId, to: LegId, endpoint: &Endpoint, timeout: Duration) {
        self.hush(leg);
        if !matches!(self.legs.get(leg).map(|leg| &leg.state), Some(State::Parked))
            || self.legs.contains_key(&to)
        {
            return;
        }
        let phone = match self.rung(endpoint) {
            Ok(phone) => phone,
            Err(cause) => {
                self.tell(Event::Ended { leg: to, cause });
                return self.tell(Event::Returned { leg: leg.clone() });
            }
        };
        self.with(leg, |leg| leg.state = State::Dialling(to.clone()));
        let state = State::Ringing(leg.clone());
        self.ring(to, state, phone, timeout);
    }

    /// A new leg rings.
    pub(super) fn ring(&mut self, leg: LegId, state: State, rung: Rung, timeout: Duration) {
        let Rung { phone, answer, talk, keys } = rung;
        self.legs.insert(leg.clone(), Leg { phone, talk, keys, ..Leg::new(state, self.now) });
        self.tell(Event::Ringing { leg: leg.clone() });
        if let Answer::After(span) = answer {
            self.schedule(self.now + span, Happening::Answers(leg.clone()));
        }
        self.schedule(self.now + timeout, Happening::RingsOut(leg));
    }

    /// What rings, or why nothing does.
    pub(super) fn rung(&self, endpoint: &Endpoint) -> Result<Rung, HangupCause> {
        let rung = match endpoint {
            Endpoint::Phone(extension) | Endpoint::Intercom(extension) => {
                let phone = self.phones.get(extension).ok_or(HangupCause::UNALLOCATED_NUMBER)?;
                if !phone.registered {
                    return Err(HangupCause::SUBSCRIBER_ABSENT);
                }
                if self.busy(&phone.extension) {
                    return Err(HangupCause::USER_BUSY);
                }
                let intercom = matches!(endpoint, Endpoint::Intercom(_));
                let answer = if intercom { Answer::After(Duration::ZERO) } else { phone.answer };
                Rung { phone: Some(phone.extension.clone()), answer, talk: phone.talk, keys: Vec::new() }
            }
            Endpoint::Trunk { trunk, number } => {
                let line = self.lines.get(trunk);
                let fails = line.is_some_and(|line| matches!(line.answer, Answer::Fail(_)));
                let outsider = self.outsiders.get(number).filter(|_| !fails);
                let line = outsider.map(|outsider| &outsider.line).or(line);
                let line = line.ok_or(HangupCause::UNALLOCATED_NUMBER)?;
                let keys = outsider.map(|outsider| outsider.keys.clone()).unwrap_or_default();
                Rung { phone: None, answer: line.answer, talk: line.talk, keys }
            }
        };
        match rung.answer {
            Answer::Busy => Err(HangupCause::USER_BUSY),
            Answer::Reject => Err(HangupCause::CALL_REJECTED),
            Answer::Fail(cause) => Err(cause),
            Answer::After(_) | Answer::Never => Ok(rung),
        }
    }

    /// A phone has one line: it is busy while a leg of it lives.
    pub(super) fn busy(&self, extension: &Name) -> bool {
        self.legs.values().any(|leg| leg.phone.as_ref() == Some(extension))
    }

    pub(super) fn answer_phone(&mut self, leg: &LegId) {
        if let Some(State::Called(lease)) = self.legs.get(leg).map(|leg| leg.state.clone()) {
            return self.answer_called(leg, lease);
        }
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
        if self.legs.get(&caller).is_some_and(|caller| !caller.up) {
            self.answer(&caller);
        }
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
        if self.legs.get(leg).is_some_and(|leg| leg.arrival.is_none()) {
            return self.remove(leg, HangupCause::NORMAL_CLEARING);
        }
        self.fallen_back.insert(leg.clone());
        self.with(leg, |leg| {
            leg.state = State::Fallback;
            leg.lease = None;
        });
        self.tell(Event::Ended { leg: leg.clone(), cause: HangupCause::NORMAL_CLEARING });
    }
}
