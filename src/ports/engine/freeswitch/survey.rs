//! The audit: what legs the engine really has, asked every few seconds and after every break of the link.
//!
//! `show channels` tells who is alive and who is joined; only `uuid_dump` tells whether a channel is ours. So
//! each channel is portrayed once, and all of them again after a break.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use crate::{
    base::{clock::Stamp, id::LegId},
    ports::engine::{Event, HangupCause, LegSeen, Verdict},
};

use super::{
    command,
    leg::{Lane, Leg, Playing, Stage, Survey},
    legs::{Legs, Then},
    portrait::{self, Portrait, Row},
};

/// Ended legs are remembered this long.
const MEMORY: Duration = Duration::from_secs(120);
/// A leg younger than this may be missing from the engine's table.
const YOUTH: Duration = Duration::from_secs(2);
/// The event of an end that has happened is heard by then, with its cause.
const NEWS: Duration = Duration::from_millis(250);

impl Legs {
    /// Asks for all channels. `job` must be new.
    pub fn ask(&mut self, now: Stamp, job: String, first: bool) {
        if self.survey.is_some() && !first {
            return;
        }
        let bytes = command::background("show channels as json", &job);
        self.survey = Some(Survey { asked: now, job, rows: Vec::new(), awaited: HashSet::new(), first });
        self.send(bytes, Then::Nothing);
    }

    /// When the question under way was asked.
    pub fn asking_since(&self) -> Option<Stamp> {
        self.survey.as_ref().map(|s| s.asked)
    }

    pub(super) fn on_survey_answer(&mut self, job: &str, text: &str, now: Stamp) {
        let Some(survey) = self.survey.as_mut().filter(|s| s.job == job) else { return };
        match portrait::channels(text) {
            Ok(rows) => survey.rows = rows,
            Err(error) => {
                tracing::warn!(%error, "the engine's list of channels is not readable; asking again");
                self.survey = None;
                return;
            }
        }
        survey.awaited = survey
            .rows
            .iter()
            .map(|row| &row.leg)
            .filter(|leg| !self.gone.contains_key(*leg))
            .filter(|leg| survey.first || !(self.all.contains_key(*leg) || self.foreign.contains(*leg)))
            .cloned()
            .collect();
        tracing::debug!(rows = survey.rows.len(), asked = survey.awaited.len(), "listed");
        let portraits: Vec<LegId> = survey.awaited.iter().cloned().collect();
        for leg in portraits {
            self.send(command::plain(&format!("api uuid_dump {leg}")), Then::Portrait(leg));
        }
        self.finish_survey(now);
    }

    pub(super) fn on_portrait(&mut self, leg: &LegId, dump: &[u8], now: Stamp) {
        let Some(survey) = self.survey.as_mut() else { return };
        if !survey.awaited.remove(leg) {
            return;
        }
        let row = survey.rows.iter().find(|row| row.leg == *leg).cloned();
        let first = survey.first;
        match (portrait::portrait(dump), row) {
            (Some(portrait), Some(row)) => self.adopt(portrait, &row, first, now),
            _ => {
                // Ended between the two questions.
                if let Some(survey) = self.survey.as_mut() {
                    survey.rows.retain(|row| row.leg != *leg);
                }
            }
        }
        self.finish_survey(now);
    }

    fn adopt(&mut self, portrait: Portrait, row: &Row, first: bool, now: Stamp) {
        let leg = portrait.leg.clone();
        if portrait.let_go {
            self.gone.insert(leg, now);
            return;
        }
        if portrait.arrival.is_none() && !portrait.dialled {
            self.foreign.insert(leg);
            return;
        }
        let stage = if portrait.up { Stage::Answered } else { Stage::Created };
        let inside = portrait.room.clone().map(|(room, member)| Lane::InRoom { room, member });
        if let Some(known) = self.all.get_mut(&leg) {
            known.stage = known.stage.max(stage);
            if first {
                self.correct(&leg, portrait.silent, inside);
                self.detect_anew(&leg, now);
            }
            return;
        }
        let waits = portrait.arrival.is_some() && !portrait.taken && !row.dialling;
        let away = portrait.dialled && !portrait.up;
        let lane = match inside {
            _ if waits => Lane::Idle,
            _ if away => Lane::Away,
            Some(inside) => inside,
            None => Lane::Unknown,
        };
        let entry = Leg {
            lane,
            stage,
            dialled: portrait.dialled,
            dialled_for: portrait.dialled_for,
            alone: portrait.alone,
            tape: portrait.tape,
            arrival: portrait.arrival.filter(|_| !portrait.taken),
            dressed: portrait.taken,
            ..Leg::new(now)
        };
        self.all.insert(leg.clone(), entry);
        if portrait.detects {
            // Of a Tandem that is no more.
            self.stop_detecting(&leg);
        }
    }

    /// After a break: what a known leg does by now.
    fn correct(&mut self, leg: &LegId, silent: bool, inside: Option<Lane>) {
        let Some(known) = self.all.get_mut(leg) else { return };
        if let Some(Lane::InRoom { room, member }) = inside {
            let lane = Lane::InRoom { room: room.clone(), member };
            let before = std::mem::replace(&mut known.lane, lane);
            known.alone = false;
            known.sure = true;
            if matches!(before, Lane::Entering { .. }) {
                self.tell(Event::Met { leg: leg.clone(), room });
            }
        } else if let Lane::Playing(playing) = &known.lane {
            let lane = Lane::Playing(Playing { started: true, ..playing.clone() });
            if silent {
                known.lane = Lane::Idle;
                self.played_if(leg, &lane, Verdict::Finished);
            } else {
                known.lane = lane;
            }
        }
    }

    fn finish_survey(&mut self, now: Stamp) {
        let Some(survey) = self.survey.take_if(|s| s.awaited.is_empty()) else { return };
        let alive: HashMap<&LegId, &Row> = survey.rows.iter().map(|row| (&row.leg, row)).collect();
        self.foreign.retain(|leg| alive.contains_key(leg));
        // One that was let go stays so as long as its channel lives.
        self.gone.retain(|leg, at| now.since(*at) < MEMORY || alive.contains_key(leg));
        self.forget_missing(&survey, &alive, now);
        let joined: HashMap<LegId, LegId> =
            survey.rows.iter().filter_map(|row| Some((row.joined.clone()?, row.leg.clone()))).collect();
        if survey.first {
            self.reconcile(&alive, &joined);
        }
        self.report(&survey, &alive, &joined);
        if survey.first {
            self.return_abandoned(&alive, now);
        }
    }

    /// The engine's table lags behind. A leg that it misses is asked for by name, and that answer is the truth. Only
    /// after a break its word is enough: whatever is missing has ended unheard.
    fn forget_missing(&mut self, survey: &Survey, alive: &HashMap<&LegId, &Row>, now: Stamp) {
        let (mut lost, mut doubted) = (Vec::new(), Vec::new());
        for (id, leg) in &mut self.all {
            if alive.contains_key(id) {
                leg.vanished = None;
                leg.stage = leg.stage.max(Stage::Created);
            } else if leg.stage > Stage::Promised {
                let old = survey.asked.since(leg.since) > YOUTH;
                if survey.first && old { &mut lost } else { &mut doubted }.push(id.clone());
            }
        }
        for leg in lost {
            // The audit that follows tells it.
            self.all.remove(&leg);
            self.gone.insert(leg, now);
        }
        for leg in doubted {
            self.send(command::plain(&format!("api uuid_exists {leg}")), Then::Exists(leg));
        }
        self.end_orphans(survey.first, alive, now);
    }

    /// Legs that nobody will dial any more: after a break, when what was told before it has never arrived. What became
    /// of one that was dialled for nobody its job tells, and after a break nothing.
    fn end_orphans(&mut self, first: bool, alive: &HashMap<&LegId, &Row>, now: Stamp) {
        let lost = |by: &LegId, leg: &Leg| {
            let dialling = alive.get(by).is_some_and(|row| row.dialling);
            first && !leg.sure && !dialling && matches!(leg.lane, Lane::Dialling { .. })
        };
        let awaited = |leg: &Leg| match &leg.dialled_for {
            Some(by) => self
                .all
                .get(by)
                .is_some_and(|l| (l.lane != Lane::Idle && !lost(by, l)) || !l.waiting.is_empty()),
            None => !first,
        };
        let orphans: Vec<LegId> = self
            .all
            .iter()
            .filter(|(_, leg)| leg.stage == Stage::Promised && !awaited(leg))
            .map(|(id, _)| id.clone())
            .collect();
        for leg in orphans {
            let for_somebody = self.all.get(&leg).is_some_and(|known| known.dialled_for.is_some());
            match (first, for_somebody) {
                (true, true) => self.end(&leg, HangupCause::TEMPORARY_FAILURE, now),
                // The audit that follows tells it.
                (true, false) => {
                    self.all.remove(&leg);
                    self.gone.insert(leg, now);
                }
                (false, _) => self.end(&leg, HangupCause::INTERWORKING, now),
            }
        }
    }

    pub(super) fn on_exists(&mut self, leg: &LegId, answer: &[u8], now: Stamp) {
        if let Some(known) = self.all.get_mut(leg).filter(|_| answer == b"false") {
            known.vanished.get_or_insert(now);
        }
    }

    /// Ends legs that the engine has no more and of whose end nothing was heard.
    pub(super) fn bury(&mut self, now: Stamp) {
        let dead: Vec<LegId> = self
            .all
            .iter()
            .filter(|(_, leg)| leg.vanished.is_some_and(|at| now.since(at) >= NEWS))
            .map(|(id, _)| id.clone())
            .collect();
        for leg in dead {
            self.end(&leg, HangupCause::INTERWORKING, now);
            self.dials_no_more(&leg, now);
        }
    }

    /// Whoever dialled for a leg that is gone unheard obeys again; that the dialling is over was missed with its end.
    fn dials_no_more(&mut self, to: &LegId, now: Stamp) {
        let dialling = |leg: &Leg| matches!(&leg.lane, Lane::Dialling { to: it } if it == to);
        let by: Vec<LegId> =
            self.all.iter().filter(|(_, leg)| dialling(leg)).map(|(id, _)| id.clone()).collect();
        for leg in by {
            self.obeys_again(&leg, now);
        }
    }

    /// Whatever it does by now is ended by parking it anew, as soon as it is told something.
    fn obeys_again(&mut self, leg: &LegId, now: Stamp) {
        self.set_lane(leg, Lane::Unknown);
        self.tell(Event::Returned { leg: leg.clone() });
        self.pump(leg, now);
    }

    /// After a break: who talks with whom, who is being dialled for whom.
    fn reconcile(&mut self, alive: &HashMap<&LegId, &Row>, joined: &HashMap<LegId, LegId>) {
        let dialled: HashMap<LegId, LegId> =
            self.all.iter().filter_map(|(id, leg)| Some((leg.dialled_for.clone()?, id.clone()))).collect();
        let followers: HashMap<&LegId, &LegId> = joined.iter().map(|(leg, peer)| (peer, leg)).collect();
        let mut joins = Vec::new();
        for (id, leg) in &mut self.all {
            let dialling = alive.get(id).is_some_and(|row| row.dialling);
            if let Some(peer) = joined.get(id).or_else(|| followers.get(id).copied()) {
                let talking = Lane::Talking { to: peer.clone() };
                if leg.lane != talking && matches!(leg.lane, Lane::Dialling { .. }) {
                    joins.push((id.clone(), peer.clone()));
                }
                leg.lane = talking;
                leg.peer = Some(peer.clone());
                leg.alone = false;
                leg.sure = true;
            } else if let (true, Some(to)) = (dialling, dialled.get(id)) {
                leg.lane = Lane::Dialling { to: to.clone() };
            }
        }
        for (leg, peer) in joins {
            self.tell(Event::Joined { leg, peer });
        }
    }

    fn report(&mut self, survey: &Survey, alive: &HashMap<&LegId, &Row>, joined: &HashMap<LegId, LegId>) {
        let peers: HashMap<&LegId, &LegId> = joined.iter().flat_map(|(a, b)| [(a, b), (b, a)]).collect();
        // The engine's table lags behind its events: a leg that was heard of is there until it was asked for by name.
        let legs = self
            .all
            .iter()
            .map(|(id, known)| LegSeen {
                leg: id.clone(),
                up: known.stage == Stage::Answered || alive.get(id).is_some_and(|row| row.up),
                peer: peers.get(id).map(|peer| (*peer).clone()),
                room: match &known.lane {
                    Lane::InRoom { room, .. } => Some(room.clone()),
                    _ => None,
                },
                arrival: known.arrival.clone(),
            })
            .collect();
        self.tell(Event::Audit { asked: survey.asked, legs });
    }

    /// After a break: whoever came back from a talk or a room obeys again, and should know it.
    fn return_abandoned(&mut self, alive: &HashMap<&LegId, &Row>, now: Stamp) {
        let abandoned: Vec<LegId> = self
            .all
            .iter()
            .filter(|(id, leg)| match &leg.lane {
                Lane::Dialling { to } => {
                    !self.all.contains_key(to) && alive.get(id).is_some_and(|row| !row.dialling)
                }
                Lane::Talking { to } => !leg.sure || !self.all.contains_key(to),
                Lane::InRoom { .. } | Lane::Entering { .. } => !leg.sure,
                Lane::Leaving { .. } => true,
                _ => false,
            })
            .map(|(id, _)| id.clone())
            .collect();
        for leg in abandoned {
            self.obeys_again(&leg, now);
        }
        for leg in self.all.values_mut() {
            if leg.lane == Lane::Away && leg.stage == Stage::Answered && leg.dialled_for.is_none() {
                leg.lane = Lane::Unknown;
            }
        }
    }

    /// The link is gone: what was under way will not be answered.
    pub fn on_down(&mut self) {
        self.survey = None;
        for leg in self.all.values_mut() {
            leg.sure = false;
        }
    }
}
