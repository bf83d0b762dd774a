//! What happened at the engine, and what it means for a leg.

use std::collections::BTreeMap;

use crate::{
    base::{
        clock::Stamp,
        id::{LegId, Name},
        number::{Key, Number},
    },
    ports::engine::{Arrival, Event, HangupCause, Verdict},
};

use super::{
    cause, command, dial,
    keys::Way,
    leg::{Lane, Leg, Stage},
    legs::{Legs, Then},
    portrait,
    tag::Tag,
    translate::{Executed, Fact, Next, Place},
};

/// How jobs begin that ask for phones, and for trunks.
const PHONES: &str = "tandem-phones-";
const TRUNKS: &str = "tandem-trunks-";

impl Legs {
    /// Something happened at the engine.
    pub fn on_fact(&mut self, fact: Fact, now: Stamp) {
        match fact {
            Fact::Heartbeat => {}
            Fact::Parked { leg, place, arrival } => self.on_parked(leg, place, arrival.map(|a| *a), now),
            Fact::Created { leg } => self.on_created(&leg),
            Fact::Smuggled { leg } => {
                tracing::warn!(%leg, "a phone's REFER made the engine call a stranger; hanging up");
                self.send(command::hangup(&leg, HangupCause::CALL_REJECTED), Then::Nothing);
            }
            Fact::Ringing { leg } => self.on_ringing(leg),
            Fact::Answered { leg, tones } => self.on_answered(leg, tones),
            Fact::PlayStarted { leg } => self.on_play_started(&leg),
            Fact::PlayStopped { leg, whole } => {
                if let Some(Lane::Playing(playing)) = self.all.get_mut(&leg).map(|l| &mut l.lane) {
                    playing.whole = whole;
                }
            }
            Fact::RecordStarted { leg } => self.on_record_started(&leg, now),
            Fact::Executed(executed) => self.on_executed(&executed, now),
            Fact::Recoded { leg } => self.on_recoded(&leg, now),
            Fact::Departing { leg } => self.is_taken_out(&leg, now),
            Fact::Detected { leg, number, what } => self.on_detected(&leg, number, what, now),
            Fact::Key { leg, key, way } => self.on_key(leg, key, way, now),
            Fact::Met { leg, room, member } => {
                self.on_met(leg.clone(), room, member);
                self.pump(&leg, now);
            }
            Fact::Bridged { leg, peer } => self.on_bridged(leg, peer, now),
            Fact::Referring { leg, to } => self.on_referring(&leg, to),
            Fact::Joining { legs } => self.on_joining(legs, now),
            Fact::HungUp { leg, cause } => {
                let cause = self.meant(&leg, cause);
                if !self.is_recorded(&leg, cause, now) && !self.is_merging(&leg, cause) {
                    self.end(&leg, cause, now);
                }
            }
            Fact::LetGo { leg } => self.end(&leg, HangupCause::NORMAL_CLEARING, now),
            Fact::Phone { extension, registered } => self.on_phone(extension, registered, now),
            Fact::Trunk { trunk, up } => {
                if self.trunks.hear(&trunk, up) {
                    self.tell(Event::Trunk { trunk, up });
                }
            }
            Fact::Answer { job, text } => self.on_answer(&job, &text, now),
        }
    }

    fn on_answer(&mut self, job: &str, text: &str, now: Stamp) {
        if job.starts_with(PHONES) {
            self.on_phones(&portrait::phones(text), false, now);
        } else if job.starts_with(TRUNKS) {
            self.on_trunks(portrait::trunks(text), false);
        } else if let Some(leg) = dial::dialled_by(job) {
            self.on_dialled(&leg, text, now);
        } else {
            self.on_survey_answer(job, text, now);
        }
    }

    /// Whoever answered is in order: when the other side leaves in the instant of the answer, before both are
    /// bridged, the engine ends the answered leg with "destination out of order" (`audio_bridge_thread`).
    fn meant(&self, leg: &LegId, cause: HangupCause) -> HangupCause {
        let answered = self.all.get(leg).is_some_and(|l| l.dialled && l.stage == Stage::Answered);
        match cause {
            HangupCause::DESTINATION_OUT_OF_ORDER if answered => HangupCause::NORMAL_CLEARING,
            cause => cause,
        }
    }

    /// A leg that was dialled for nobody has come, or never will.
    fn on_dialled(&mut self, leg: &LegId, text: &str, now: Stamp) {
        let away = self.all.get(leg).is_some_and(|known| known.lane == Lane::Away);
        if let (true, Some(why)) = (away, text.trim().strip_prefix("-ERR ")) {
            self.end(leg, cause::from_name(why.trim()), now);
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

    pub(super) fn on_trunks(&mut self, listed: BTreeMap<Name, bool>, first: bool) {
        for (trunk, up) in self.trunks.list(listed, first) {
            self.tell(Event::Trunk { trunk, up });
        }
    }

    /// Asks for all phones and trunks. `job` must be new.
    pub(super) fn ask_around(&mut self, job: &str) {
        if let Ok(question) = command::phones(&self.settings.domain) {
            self.send(command::background(&question, &format!("{PHONES}{job}")), Then::Nothing);
        }
        self.send(command::background(command::TRUNKS, &format!("{TRUNKS}{job}")), Then::Nothing);
    }

    fn on_key(&mut self, leg: LegId, key: Key, way: Way, now: Stamp) {
        if self.all.get_mut(&leg).is_some_and(|known| known.keys.is_new(key, way, now)) {
            self.tell(Event::Key { leg, key });
        }
    }

    fn on_parked(&mut self, leg: LegId, place: Place, arrival: Option<Arrival>, now: Stamp) {
        let Some(known) = self.all.get_mut(&leg) else {
            if let (Some(arrival), false) = (arrival, self.gone.contains_key(&leg)) {
                self.foreign.remove(&leg);
                let entry = Leg { arrival: Some(arrival.clone()), ..Leg::new(now) };
                self.all.insert(leg.clone(), entry);
                self.tell(Event::Arrived { leg, arrival });
            }
            return;
        };
        known.sure = true;
        if std::mem::take(&mut known.held) {
            return self.send(command::park_again(&leg), Then::Nothing);
        }
        match (&known.lane, &place, known.arrival.clone()) {
            (Lane::Idle, _, Some(arrival)) => return self.tell(Event::Arrived { leg, arrival }),
            // It was told to go elsewhere meanwhile, and will.
            (Lane::Entering { room, .. }, Place::Room(other), _) if room != other => return,
            (Lane::Entering { .. }, Place::Plain, _) | (Lane::Leaving { .. }, Place::Room(_), _) => return,
            _ => {}
        }
        let lane = std::mem::replace(&mut known.lane, Lane::Idle);
        let peer = known.peer.take();
        self.give_record_up(&leg);
        match (lane, place, peer) {
            (Lane::Reparking { .. } | Lane::Away, _, _) => self.pump(&leg, now),
            (Lane::Talking { .. } | Lane::Leaving { .. }, Place::Referred(Some(to)), Some(phone)) => {
                // Not heard of before, as it may be after a break.
                if self.all.get(&phone).is_some_and(|phone| !phone.dismissed) {
                    self.dismiss(&phone);
                    self.tell(Event::Referred { leg: phone, peer: leg.clone(), to });
                }
                self.come_home(&leg, now);
            }
            (lane, _, _) => {
                self.played_if(&leg, &lane, Verdict::Stopped);
                if let Lane::Dialling { to } = &lane {
                    self.end_if_not_created(to, now);
                }
                self.come_home(&leg, now);
            }
        }
    }

    /// The leg is parked again and obeys; if its phone has taken leave of it, it ends.
    fn come_home(&mut self, leg: &LegId, now: Stamp) {
        self.is_not_merged(leg, now);
        let Some(known) = self.all.get_mut(leg) else { return };
        known.lane = Lane::Idle;
        known.held = false;
        known.alone = false;
        if known.dismissed {
            return self.send(command::hangup(leg, HangupCause::NORMAL_CLEARING), Then::Nothing);
        }
        self.tell(Event::Returned { leg: leg.clone() });
        self.pump(leg, now);
    }

    /// The leg's phone has sent the other side on: it ends as soon as it is out of the talk.
    pub(super) fn dismiss(&mut self, leg: &LegId) {
        let Some(known) = self.all.get_mut(leg) else { return };
        known.dismissed = true;
        if known.lane == Lane::Idle {
            self.send(command::hangup(leg, HangupCause::NORMAL_CLEARING), Then::Nothing);
        }
    }

    /// Told at once: the phone may be gone before its peer is there.
    fn on_referring(&mut self, leg: &LegId, to: Option<Number>) {
        self.dismiss(leg);
        let Some(Lane::Talking { to: peer }) = self.all.get(leg).map(|known| &known.lane) else { return };
        if let Some(to) = to {
            let (leg, peer) = (leg.clone(), peer.clone());
            self.tell(Event::Referred { leg, peer, to });
        }
    }

    pub(super) fn end_if_not_created(&mut self, to: &LegId, now: Stamp) {
        if self.all.get(to).is_some_and(|l| l.stage == Stage::Promised) {
            self.end(to, HangupCause::NORMAL_CLEARING, now);
        }
    }

    /// One of which it was told that it has ended, as it may be after a break, rings for nobody.
    fn on_created(&mut self, leg: &LegId) {
        let Some(known) = self.all.get_mut(leg) else {
            if self.gone.contains_key(leg) {
                self.send(command::hangup(leg, HangupCause::NORMAL_CLEARING), Then::Nothing);
            }
            return;
        };
        known.stage = known.stage.max(Stage::Created);
        if let Some(cause) = known.cancelled.take() {
            self.send(command::hangup(leg, cause), Then::Nothing);
        }
    }

    fn on_ringing(&mut self, leg: LegId) {
        let Some(known) = self.all.get_mut(&leg) else { return };
        if known.dialled && known.stage < Stage::Ringing {
            known.stage = Stage::Ringing;
            self.tell(Event::Ringing { leg });
        }
    }

    fn on_answered(&mut self, leg: LegId, tones: bool) {
        let Some(known) = self.all.get_mut(&leg) else { return };
        if known.stage < Stage::Answered {
            known.stage = Stage::Answered;
            if tones {
                self.send(command::hear_tones(&leg), Then::Nothing);
            }
            self.tell(Event::Answered { leg });
        }
    }

    fn on_bridged(&mut self, leg: LegId, peer: LegId, now: Stamp) {
        if !self.all.contains_key(&leg) || !self.all.contains_key(&peer) {
            return;
        }
        for (one, other) in [(&leg, &peer), (&peer, &leg)] {
            if let Some(known) = self.all.get_mut(one) {
                let lane = std::mem::replace(&mut known.lane, Lane::Talking { to: other.clone() });
                known.peer = Some(other.clone());
                known.alone = false;
                known.sure = true;
                // The engine took it from what it heard.
                self.played_if(one, &lane, Verdict::Stopped);
            }
        }
        self.tell(Event::Joined { leg: leg.clone(), peer: peer.clone() });
        self.is_merged(&leg, &peer, now);
        self.end_left(&leg, &peer);
        self.pump(&leg, now);
        self.pump(&peer, now);
    }

    /// Legs of a phone that has joined their peers. The engine misses at times that such a peer is gone, for it is in
    /// another talk already (`switch_ivr_multi_threaded_bridge` waits while its state is that of a talk).
    fn end_left(&mut self, leg: &LegId, peer: &LegId) {
        let left = |lane: &Lane| matches!(lane, Lane::Talking { to } if to == leg || to == peer);
        let legs = self
            .all
            .iter()
            .filter(|(id, known)| known.dismissed && *id != leg && *id != peer && left(&known.lane));
        let legs: Vec<LegId> = legs.map(|(id, _)| id.clone()).collect();
        for id in legs {
            self.send(command::hangup(&id, HangupCause::NORMAL_CLEARING), Then::Nothing);
        }
    }

    fn on_executed(&mut self, executed: &Executed, now: Stamp) {
        match &executed.tag {
            Tag::Answer(_) | Tag::Ring(_) => {}
            tag @ Tag::Redetect(_) => self.is_told(&executed.leg, tag),
            Tag::Play(order) => self.on_play_over(executed, *order, now),
            Tag::Detect(order) => self.on_detecting(&executed.leg, *order),
            Tag::Music(_) => self.on_music_over(executed, now),
            Tag::Record(order) => self.on_record_over(executed, *order, now),
            Tag::Connect(_, to) => {
                self.on_connect_over(&executed.leg, to, executed.cause, executed.next, now);
            }
        }
    }

    pub(super) fn on_connect_over(
        &mut self,
        leg: &LegId,
        to: &LegId,
        cause: HangupCause,
        next: Next,
        now: Stamp,
    ) {
        let talked = match self.all.get(leg).map(|known| &known.lane) {
            Some(Lane::Talking { to: peer }) if peer == to => true,
            Some(Lane::Dialling { to: peer }) if peer == to => false,
            Some(Lane::Unknown) => false,
            // The caller is gone, or was taken away: whoever was dialled has an end of its own, if it was ever there, or
            // goes to somebody else.
            _ => return self.end_if_not_created(to, now),
        };
        if !talked {
            self.end_if_away(to, cause, now);
        }
        match next {
            Next::Park => self.come_home(leg, now),
            Next::Transfer => self.set_lane(leg, Lane::Leaving { since: now }),
            Next::Hangup => {}
        }
    }

    /// A leg that was dialled and did not come to talk. One that talked has an end of its own, or stays.
    fn end_if_away(&mut self, to: &LegId, cause: HangupCause, now: Stamp) {
        if self.all.get(to).is_some_and(|known| known.lane == Lane::Away) {
            self.end(to, cause, now);
        }
    }
}
