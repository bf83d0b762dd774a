//! What happened at the engine, and what it means for a leg.

use std::collections::BTreeMap;

use crate::{
    base::{
        clock::Stamp,
        id::{LegId, Name, OrderId},
    },
    ports::engine::{Arrival, Event, HangupCause, Verdict},
};

use super::{
    command,
    leg::{Lane, Leg, Stage},
    legs::{Legs, Then},
    tag::Tag,
    translate::{self, Executed, Fact, Next},
};

/// How jobs begin that ask for phones.
const PHONES: &str = "tandem-phones-";

impl Legs {
    /// Something happened at the engine.
    pub fn on_fact(&mut self, fact: Fact, now: Stamp) {
        match fact {
            Fact::Heartbeat => {}
            Fact::Parked { leg, arrival } => self.on_parked(leg, arrival.map(|a| *a), now),
            Fact::Created { leg } => self.on_created(&leg),
            Fact::Ringing { leg } => self.on_ringing(leg),
            Fact::Answered { leg } => self.on_answered(leg),
            Fact::PlayStarted { leg } => self.on_play_started(&leg),
            Fact::PlayStopped { leg, whole } => {
                if let Some(Lane::Playing(playing)) = self.all.get_mut(&leg).map(|l| &mut l.lane) {
                    playing.whole = whole;
                }
            }
            Fact::Executed(executed) => self.on_executed(executed, now),
            Fact::Key { leg, key } => {
                if self.all.contains_key(&leg) {
                    self.tell(Event::Key { leg, key });
                }
            }
            Fact::Bridged { leg, peer } => self.on_bridged(leg, peer),
            Fact::HungUp { leg, cause } => {
                let cause = self.meant(&leg, cause);
                self.end(&leg, cause, now);
            }
            Fact::LetGo { leg } => self.end(&leg, HangupCause::NORMAL_CLEARING, now),
            Fact::Phone { extension, registered } => self.on_phone(extension, registered, now),
            Fact::Answer { job, text } if job.starts_with(PHONES) => {
                self.on_phones(&translate::phones(&text), false, now);
            }
            Fact::Answer { job, text } => self.on_survey_answer(&job, &text, now),
        }
    }

    /// Whoever answered is in order: when the other side leaves in the instant of the answer, before both are
    /// bridged, the engine ends the answered leg with "destination out of order" (`audio_bridge_thread`).
    fn meant(&self, leg: &LegId, cause: HangupCause) -> HangupCause {
        let answered =
            self.all.get(leg).is_some_and(|l| l.dialled_for.is_some() && l.stage == Stage::Answered);
        match cause {
            HangupCause::DESTINATION_OUT_OF_ORDER if answered => HangupCause::NORMAL_CLEARING,
            cause => cause,
        }
    }

    fn on_phone(&mut self, extension: Name, registered: bool, now: Stamp) {
        if self.phones.hear(&extension, registered, now) {
            self.tell(Event::Phone { extension, registered });
        }
    }

    /// The engine's list of all phones; an empty one says nothing: there is no such list.
    pub(super) fn on_phones(&mut self, listed: &BTreeMap<Name, bool>, first: bool, now: Stamp) {
        if listed.is_empty() {
            return;
        }
        for (extension, registered) in self.phones.list(listed, first, now) {
            self.tell(Event::Phone { extension, registered });
        }
    }

    /// Asks for all phones. `job` must be new.
    pub(super) fn ask_phones(&mut self, job: &str) {
        if let Ok(question) = command::phones(&self.settings.domain) {
            self.send(command::background(&question, &format!("{PHONES}{job}")), Then::Nothing);
        }
    }

    fn on_parked(&mut self, leg: LegId, arrival: Option<Arrival>, now: Stamp) {
        let Some(known) = self.all.get_mut(&leg) else {
            if let (Some(arrival), false) = (arrival, self.gone.contains_key(&leg)) {
                self.foreign.remove(&leg);
                let entry = Leg { arrival: Some(arrival.clone()), ..Leg::new(now) };
                self.all.insert(leg.clone(), entry);
                self.tell(Event::Arrived { leg, arrival });
            }
            return;
        };
        let lane = std::mem::replace(&mut known.lane, Lane::Idle);
        if let (Lane::Idle, Some(arrival)) = (&lane, known.arrival.clone()) {
            self.tell(Event::Arrived { leg, arrival });
            return;
        }
        match lane {
            Lane::Reparking { .. } => {}
            lane => {
                self.played_if(&leg, &lane, Verdict::Stopped);
                if let Lane::Dialling { to } = &lane {
                    self.end_if_not_created(to, now);
                }
                self.tell(Event::Returned { leg: leg.clone() });
            }
        }
        self.pump(&leg, now);
    }

    fn end_if_not_created(&mut self, to: &LegId, now: Stamp) {
        if self.all.get(to).is_some_and(|l| l.stage == Stage::Promised) {
            self.end(to, HangupCause::NORMAL_CLEARING, now);
        }
    }

    fn on_created(&mut self, leg: &LegId) {
        let Some(known) = self.all.get_mut(leg) else { return };
        known.stage = known.stage.max(Stage::Created);
        if let Some(cause) = known.cancelled.take() {
            self.send(command::hangup(leg, cause), Then::Nothing);
        }
    }

    fn on_ringing(&mut self, leg: LegId) {
        let Some(known) = self.all.get_mut(&leg) else { return };
        if known.dialled_for.is_some() && known.stage < Stage::Ringing {
            known.stage = Stage::Ringing;
            self.tell(Event::Ringing { leg });
        }
    }

    fn on_answered(&mut self, leg: LegId) {
        let Some(known) = self.all.get_mut(&leg) else { return };
        if known.stage < Stage::Answered {
            known.stage = Stage::Answered;
            self.tell(Event::Answered { leg });
        }
    }

    fn on_play_started(&mut self, leg: &LegId) {
        let Some(Lane::Playing(playing)) = self.all.get_mut(leg).map(|l| &mut l.lane) else { return };
        playing.started = true;
        if playing.stop.is_some() {
            self.send(command::stop(leg), Then::Nothing);
        }
    }

    fn on_bridged(&mut self, leg: LegId, peer: LegId) {
        if !self.all.contains_key(&peer) {
            return;
        }
        let Some(known) = self.all.get_mut(&leg) else { return };
        known.lane = Lane::Talking { to: peer.clone() };
        self.tell(Event::Joined { leg, peer });
    }

    fn on_executed(&mut self, executed: Executed, now: Stamp) {
        let Executed { leg, tag, played, cause, next } = executed;
        match tag {
            Tag::Answer(_) => {}
            Tag::Play(order) => self.on_play_over(&leg, order, played, next, now),
            Tag::Music(_) => self.on_music_over(&leg, played, next, now),
            Tag::Connect(_, to) => self.on_connect_over(&leg, &to, cause, next, now),
        }
    }

    fn on_play_over(&mut self, leg: &LegId, order: OrderId, played: bool, next: Next, now: Stamp) {
        let Some(known) = self.all.get_mut(leg) else { return };
        if known.reported >= Some(order) {
            return;
        }
        known.reported = Some(order);
        let verdict = match &known.lane {
            Lane::Playing(playing) if playing.prompt == Some(order) => {
                if !played {
                    Verdict::Failed
                } else if playing.stop.is_some() && !playing.whole || next != Next::Park {
                    Verdict::Stopped
                } else {
                    Verdict::Finished
                }
            }
            _ if next == Next::Park && played => Verdict::Finished,
            _ => Verdict::Stopped,
        };
        match &known.lane {
            Lane::Playing(playing) if playing.prompt == Some(order) => known.lane = after(next, now),
            Lane::Unknown => known.lane = after(next, now),
            _ => {}
        }
        self.tell(Event::Played { leg: leg.clone(), order, verdict });
        self.pump(leg, now);
    }

    fn on_music_over(&mut self, leg: &LegId, played: bool, next: Next, now: Stamp) {
        let Some(known) = self.all.get_mut(leg) else { return };
        let Lane::Playing(playing) = &mut known.lane else { return };
        if playing.prompt.is_some() {
            return;
        }
        if played && playing.stop.is_none() && next == Next::Park {
            // The file starts again from its beginning.
            playing.started = false;
            return;
        }
        known.lane = after(next, now);
        self.pump(leg, now);
    }

    pub(super) fn on_connect_over(
        &mut self,
        leg: &LegId,
        to: &LegId,
        cause: HangupCause,
        next: Next,
        now: Stamp,
    ) {
        let talked = match self.all.get(leg).map(|l| &l.lane) {
            Some(Lane::Talking { to: peer }) => peer == to,
            Some(Lane::Dialling { to: peer }) if peer == to => false,
            Some(Lane::Unknown) => false,
            // The caller is gone, or was taken away from the dialling.
            _ => return self.end(to, cause, now),
        };
        if !talked {
            self.end(to, cause, now);
        }
        match next {
            Next::Park => {
                self.set_lane(leg, Lane::Idle);
                self.tell(Event::Returned { leg: leg.clone() });
                self.pump(leg, now);
            }
            Next::Transfer => self.set_lane(leg, Lane::Leaving { since: now }),
            Next::Hangup => {}
        }
    }
}

fn after(next: Next, now: Stamp) -> Lane {
    match next {
        Next::Park | Next::Hangup => Lane::Idle,
        Next::Transfer => Lane::Reparking { since: now },
    }
}
