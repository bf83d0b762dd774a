//! What the engine reports, taken leg by leg. An event that does not fit the stage is late, doubled or
//! about something given up: it changes nothing.

use std::time::Duration;

use smol_str::format_smolstr;

use super::{
    confirming::takes,
    state::{Link, Switchboard},
};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, LegId, Name, OrderId},
        number::Key,
    },
    live::{
        call::{Call, Caller, Next, Party, Stage, Timer},
        dialog::{Dialog, Happening, talk},
        mailbox,
        record::EndedBy,
        routing::{Decision, Goal, route},
    },
    ports::engine::{Arrival, Command, Event, HangupCause, Outcome},
};

/// How long an answer may take before it is ordered again.
pub(super) const ANSWER_GUARD: Duration = Duration::from_secs(3);
/// How long the caller's leg may take to obey again after its peer has gone.
pub(super) const RETURN_GUARD: Duration = Duration::from_secs(1);
/// How long the legs of an ended call may take to end.
pub(super) const END_GUARD: Duration = Duration::from_secs(3);

impl Switchboard {
    pub(super) fn engine(&mut self, event: Event) {
        match event {
            Event::Up { engine } => {
                self.link = Link::Up { engine, since: self.now(), audited: false };
            }
            Event::Down { reason, retry } => {
                let now = self.now();
                let since = match self.link {
                    Link::Down { since, .. } => since,
                    _ => now,
                };
                self.link = Link::Down { reason, since, next_try: now + retry };
            }
            Event::Audit { asked, legs } => self.audit(asked, &legs),
            Event::Phone { extension, registered } => self.phone(&extension, registered),
            Event::Arrived { leg, arrival } => self.arrived(leg, arrival),
            Event::Answered { leg } => self.answered(&leg),
            Event::Ringing { leg } => self.ringing(&leg),
            Event::Played { leg, order, .. } => self.played(&leg, order),
            Event::Key { leg, key } => self.key(&leg, key),
            Event::Joined { leg, peer } => self.joined(&leg, &peer),
            Event::Returned { leg } => self.returned(&leg),
            Event::Ended { leg, cause } => self.ended(&leg, cause),
            Event::HandedOn { leg, peer, asked } => self.handed_on(&leg, &peer, &asked),
            Event::Referred { leg, peer, to } => self.referred(&leg, &peer, &to),
            Event::Met { leg, room } => self.met(&leg, &room),
            Event::Recorded { leg, order, length } => self.recorded(&leg, order, length),
            Event::Mood { leg, mood } => self.mood(&leg, mood),
            Event::Unsensed { leg, why } => self.unsensed(&leg, &why),
            Event::Trunk { trunk, up } => self.trunk(trunk, up),
            Event::Voice { leg } => self.voice(&leg),
            // Understood before it comes here (`Input::Understood`), if at all; or theirs who listen between here and the
            // engine.
            Event::Said { .. } | Event::Tapped { .. } | Event::Forming(_) | Event::Deafened { .. } => {}
            Event::Outcome { leg, order, outcome } => {
                if let Outcome::Refused(why) = outcome {
                    self.played(&leg, order);
                    self.recorded(&leg, order, Duration::ZERO);
                    self.tape_refused(&leg, order, &why);
                    self.attendance_refused(&leg, order, &why);
                    self.sense_refused(&leg, order, &why);
                }
            }
        }
    }

    /// A new call, unless the leg is known or has just ended.
    pub(super) fn arrived(&mut self, leg: LegId, arrival: Arrival) {
        if self.legs.contains_key(&leg) || self.ended_lately(&leg) {
            return;
        }
        let now = self.now();
        self.turn_day();
        self.calls_today += 1;
        let id = self.out.call_id(&self.calls);
        let (goal, why) = match route(&self.site, &arrival, now) {
            Decision::Go { goal, why } => (goal, why),
            Decision::No { cause, why } => return self.turn_away(id, leg, arrival, cause, &why),
        };
        let language = match &goal {
            Goal::Flow { language, .. } => *language,
            _ => self.site.languages[0],
        };
        let stage = Stage::Answering { next: Next::Hangup, tries: 1 };
        let mut call = new_call(id, leg.clone(), arrival, language, now, stage);
        call.leased = true;
        call.by = self.dialled_by(&call.arrival);
        let from = call.arrival.from.as_ref().map_or("a withheld number", |n| n.as_str()).to_owned();
        let opening = format_smolstr!("call from {from} to {}", call.arrival.to);
        self.out.tell(&mut call, opening);
        self.out.tell(&mut call, why);
        self.timers.set(Timer::Lease(id), now + self.site.lease / 3);
        self.legs.insert(leg, id);
        self.calls.insert(id, call);
        self.look_up(id);
        self.pursue(id, goal, Next::Hangup);
    }

    fn turn_away(&mut self, id: CallId, leg: LegId, arrival: Arrival, cause: HangupCause, why: &str) {
        let now = self.now();
        let language = self.site.languages[0];
        let mut call = new_call(id, leg.clone(), arrival, language, now, Stage::Ending);
        call.ended_by = Some(EndedBy::Tandem);
        self.out.tell(&mut call, why);
        self.out.hangup(&leg, cause);
        self.timers.set(Timer::Stage(id), now + END_GUARD);
        self.legs.insert(leg, id);
        self.calls.insert(id, call);
    }

    pub(super) fn flow(&self, flow: &Name, language: crate::infra::site::Locale) -> Next {
        self.site.flows.get(flow).map_or(Next::Hangup, |found| {
            Next::Flow(Box::new(Dialog::new(flow.clone(), found.start.clone(), language)))
        })
    }

    /// The call of a leg, and whether it is the caller's leg.
    pub(super) fn whose(&mut self, leg: &LegId) -> Option<(&mut Call, bool)> {
        let id = self.legs.get(leg)?;
        let call = self.calls.get_mut(id)?;
        let caller = call.leg == *leg;
        Some((call, caller))
    }

    pub(super) fn answered(&mut self, leg: &LegId) {
        let now = self.now();
        let Some((call, caller)) = self.whose(leg) else { return };
        if !caller {
            if let Some(record) = call.dialled_mut(leg) {
                record.answered.get_or_insert(now);
            }
            let id = call.id;
            if self.attendant_answered(id, leg) {
                return;
            }
            return self.member_answered(id, leg);
        }
        call.answered.get_or_insert(now);
        if let Stage::Reaching { next, .. } = &mut call.stage {
            let (id, next) = (call.id, std::mem::replace(next, Next::Hangup));
            self.timers.clear(&Timer::Stage(id));
            return self.reached(id, next);
        }
        if let Stage::Answering { next, .. } = &mut call.stage {
            let (id, next) = (call.id, std::mem::replace(next, Next::Hangup));
            self.timers.clear(&Timer::Stage(id));
            self.go(id, next);
        }
    }

    fn ringing(&mut self, leg: &LegId) {
        let Some(id) = self.legs.get(leg) else { return };
        let Some(call) = self.calls.get_mut(id) else { return };
        if let Some(dialled) = call.stage.peer().filter(|dialled| dialled.leg == *leg) {
            let text = format_smolstr!("{} rings", dialled.party.words());
            if call.steps.last().is_none_or(|why| why.what != text) {
                self.out.tell(call, text);
            }
        }
    }

    fn played(&mut self, leg: &LegId, order: OrderId) {
        let Some((call, true)) = self.whose(leg) else { return };
        if call.playing != Some(order) {
            return;
        }
        call.playing = None;
        let id = call.id;
        match &mut call.stage {
            Stage::Dialog(_) => self.dialog(id, Happening::Spoken),
            Stage::Told | Stage::Hearing { .. } => self.told(id),
            Stage::AtMailbox(_) => self.at_mailbox(id, mailbox::Happening::Spoken),
            Stage::Waiting(waiting) if waiting.greeting => self.entertain(id, false),
            _ => {}
        }
    }

    fn key(&mut self, leg: &LegId, key: Key) {
        let Some((call, caller)) = self.whose(leg) else { return };
        let id = call.id;
        match call.stage {
            _ if !caller => self.member_key(id, leg, takes(key)),
            Stage::Dialog(_) => self.dialog(id, Happening::Key(key)),
            Stage::AtMailbox(_) => self.at_mailbox(id, mailbox::Happening::Key(key)),
            Stage::Waiting(_) => self.waiting_key(id, key),
            _ => {}
        }
    }

    pub(super) fn pressed(&mut self, leg: &LegId, pressed: mailbox::Pressed) {
        let Some((call, caller)) = self.whose(leg) else { return };
        let id = call.id;
        match call.stage {
            _ if !caller => self.member_key(id, leg, false),
            Stage::AtMailbox(_) => self.at_mailbox(id, mailbox::Happening::Pressed(pressed)),
            Stage::Dialog(_) => self.dialog(id, Happening::Word(talk::Input::Digit)),
            _ => {}
        }
    }

    pub(super) fn joined(&mut self, leg: &LegId, peer: &LegId) {
        let now = self.now();
        let Some(id) = self.legs.get(leg).copied() else { return };
        if self.legs.get(peer).is_some_and(|other| *other != id) {
            return self.merged(leg, peer);
        }
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.leg == *leg) else { return };
        let Stage::Dialling(dialled) = &call.stage else {
            let given_up = call.stage.peer().is_none_or(|dialled| dialled.leg != *peer);
            if given_up && call.open_legs().any(|record| record.leg == *peer) {
                self.out.hangup(peer, HangupCause::NORMAL_CLEARING);
            }
            return;
        };
        if dialled.leg != *peer {
            return;
        }
        let dialled = dialled.clone();
        if let Some(record) = call.dialled_mut(peer) {
            record.answered.get_or_insert(now);
        }
        call.playing = None;
        call.leased = false;
        call.answered.get_or_insert(now);
        let waited = self.answered_from_queue(id, &dialled.party, &dialled.otherwise);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let who = dialled.party.words();
        let waited = waited.map(|ms| format_smolstr!("; waited {}.{} s", ms / 1000, ms % 1000 / 100));
        self.out.tell(call, format_smolstr!("{who} answered{}", waited.unwrap_or_default()));
        call.stage = Stage::Talking { with: dialled, joined: now, then: Next::Hangup, returned: false };
        self.out.order(leg, Command::Release);
        for timer in [Timer::Stage(id), Timer::MaxWait(id), Timer::Lease(id)] {
            self.timers.clear(&timer);
        }
    }

    pub(super) fn returned(&mut self, leg: &LegId) {
        let Some((call, caller)) = self.whose(leg) else { return };
        let id = call.id;
        match &mut call.stage {
            Stage::Meeting(_) => self.meeting_returned(id, leg),
            _ if !caller => {}
            Stage::Conferring(_) => self.conference_returned(id),
            Stage::Parting { next } => {
                let next = std::mem::replace(next, Next::Hangup);
                self.timers.clear(&Timer::Stage(id));
                self.go(id, next);
            }
            Stage::Talking { returned, .. } => *returned = true,
            _ => {}
        }
    }

    fn phone(&mut self, phone: &Name, registered: bool) {
        let now = self.now();
        let Some((number, _)) = self.site.extensions.iter().find(|(_, ext)| ext.phone == *phone) else {
            return;
        };
        let agents: Vec<Name> = self
            .site
            .agents
            .iter()
            .filter(|(_, agent)| agent.phone.extension() == Some(number))
            .map(|(name, _)| name.clone())
            .collect();
        for name in agents {
            if self.agents.registered(&name, registered, now) {
                self.agent_timer(&name);
                self.match_agent(&name);
            }
        }
    }
}

pub(super) fn new_call(
    id: CallId,
    leg: LegId,
    arrival: Arrival,
    language: crate::infra::site::Locale,
    began: Stamp,
    stage: Stage,
) -> Call {
    Call {
        id,
        leg,
        arrival,
        language,
        began,
        answered: None,
        stage,
        playing: None,
        leased: false,
        unseen: false,
        gone: None,
        ended_by: None,
        queue: None,
        agent: None,
        wait_ms: 0,
        talk_ms: 0,
        dialled: Vec::new(),
        handed_on: false,
        hops: 0,
        by: None,
        recorded: Vec::new(),
        brief: None,
        attended: None,
        spoken: None,
        sensed: None,
        caller: Caller::default(),
        promised_in: None,
        served: None,
        survey: None,
        disposition: None,
        steps: Vec::new(),
    }
}

/// The agent of a party, if it is one.
pub(super) fn agent_of(party: &Party) -> Option<&Name> {
    match party {
        Party::Agent(name) => Some(name),
        _ => None,
    }
}
