//! What the engine reports, taken leg by leg. An event that does not fit the stage is late, doubled or
//! about something given up: it changes nothing.

use std::time::Duration;

use smol_str::format_smolstr;

use super::{
    goals::ending,
    state::{Link, Switchboard},
};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, LegId, Name, OrderId},
        number::Key,
    },
    live::{
        call::{Call, Dialled, Next, Party, Stage, Timer},
        dialog::{Dialog, Happening},
        mailbox,
        record::EndedBy,
        routing::{Decision, Goal, route},
    },
    ports::engine::{Arrival, Command, Event, HangupCause, Outcome},
};

/// An agent's leg that ends sooner than this after the join was no talk: the caller did not hang up,
/// so the caller is not lost.
pub(super) const SHORTEST_TALK: Duration = Duration::from_secs(2);
/// How long an answer may take before it is ordered again.
pub(super) const ANSWER_GUARD: Duration = Duration::from_secs(3);
/// How long the caller's leg may take to obey again after its peer has gone.
pub(super) const RETURN_GUARD: Duration = Duration::from_secs(1);
/// How often a dialling that the engine failed is repeated.
const REDIALS: usize = 2;
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
            Event::Referred { leg, peer, to } => self.referred(&leg, &peer, &to),
            Event::Met { leg, room } => self.met(&leg, &room),
            Event::Recorded { leg, order, length } => self.recorded(&leg, order, length),
            Event::Trunk { trunk, up } => self.trunk(trunk, up),
            Event::Outcome { leg, order, outcome } => {
                if let Outcome::Refused(why) = outcome {
                    self.played(&leg, order);
                    self.recorded(&leg, order, Duration::ZERO);
                    self.tape_refused(&leg, order, &why);
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
    fn whose(&mut self, leg: &LegId) -> Option<(&mut Call, bool)> {
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
            return self.member_answered(id, leg);
        }
        call.answered.get_or_insert(now);
        if let Stage::Reaching { next, .. } = &mut call.stage {
            let (id, next) = (call.id, std::mem::replace(next, Next::Hangup));
            self.timers.clear(&Timer::Stage(id));
            return self.go(id, next);
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
            Stage::Told => self.told(id),
            Stage::AtMailbox(_) => self.at_mailbox(id, mailbox::Happening::Spoken),
            Stage::Waiting(waiting) if waiting.greeting => self.entertain(id, false),
            _ => {}
        }
    }

    fn key(&mut self, leg: &LegId, key: Key) {
        let Some((call, true)) = self.whose(leg) else { return };
        let id = call.id;
        match call.stage {
            Stage::Dialog(_) => self.dialog(id, Happening::Key(key)),
            Stage::AtMailbox(_) => self.at_mailbox(id, mailbox::Happening::Key(key)),
            _ => {}
        }
    }

    pub(super) fn pressed(&mut self, leg: &LegId, pressed: mailbox::Pressed) {
        let Some((call, true)) = self.whose(leg) else { return };
        let id = call.id;
        if matches!(call.stage, Stage::AtMailbox(_)) {
            self.at_mailbox(id, mailbox::Happening::Pressed(pressed));
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
        let waited = self.answered_from_queue(id, &dialled);
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

    pub(super) fn ended(&mut self, leg: &LegId, cause: HangupCause) {
        match self.whose(leg) {
            Some((call, true)) => {
                let id = call.id;
                if !self.reached_by_next(id, cause) {
                    self.caller_gone(id, cause, EndedBy::Caller);
                }
            }
            Some((call, false)) => {
                let id = call.id;
                self.peer_gone(id, leg, cause);
            }
            None => {}
        }
    }

    /// The caller's leg is no more.
    pub(super) fn caller_gone(&mut self, id: CallId, cause: HangupCause, by: EndedBy) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.gone.is_none()) else { return };
        call.gone = Some((now, cause));
        if let Some(tape) = call.tape_mut() {
            tape.recording.end(now);
        }
        let leg = call.leg.clone();
        if let Some(record) = call.dialled_mut(&leg) {
            record.ended = Some(now);
            record.cause = Some(cause);
        }
        if call.ended_by.is_none() {
            call.ended_by = Some(by);
            let who =
                if by == EndedBy::Caller { "caller hung up" } else { "the engine lost the caller's leg" };
            self.out.tell(call, format_smolstr!("{who}: {cause}"));
        }
        if call.stage != Stage::Ending {
            self.leave_queue(id);
            self.end_talk(id);
            self.end(id);
        }
        self.free_agent_of(id, &leg);
        self.finish(id);
    }

    /// A leg that was dialled for the call is no more.
    pub(super) fn peer_gone(&mut self, id: CallId, leg: &LegId, cause: HangupCause) {
        let now = self.now();
        self.forget_leg(leg);
        let Some(call) = self.calls.get_mut(&id) else { return };
        if let Some(record) = call.dialled_mut(leg).filter(|record| record.ended.is_none()) {
            record.ended = Some(now);
            record.cause = Some(cause);
        }
        match call.stage.clone() {
            Stage::Dialling(dialled) if dialled.leg == *leg => self.not_reached(id, &dialled, cause),
            Stage::Talking { with, joined, then, returned } if with.leg == *leg => {
                self.talk_over(id, with, now.since(joined), then, returned);
            }
            Stage::Meeting(_) => self.member_gone(id, leg, cause),
            _ => self.free_agent_of(id, leg),
        }
        self.finish(id);
    }

    fn not_reached(&mut self, id: CallId, dialled: &Dialled, cause: HangupCause) {
        if let Some(call) = self.calls.get_mut(&id) {
            self.out.tell(call, format_smolstr!("{} was not reached: {cause}", dialled.party.words()));
        }
        let again = self.once_more(id, dialled, cause).or_else(|| self.next_trunk(id, dialled, cause));
        let next = again.or_else(|| match &dialled.party {
            Party::Extension(to) => self.diversion(id, to, cause, &dialled.otherwise),
            _ => None,
        });
        let next = next.unwrap_or_else(|| ending(dialled.otherwise.clone(), cause));
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.stage = Stage::Parting { next };
        self.rest_agent(id, dialled, cause);
        self.timers.set(Timer::Stage(id), self.now() + RETURN_GUARD);
    }

    /// Whoever waits for an extension, and has nowhere else to go, is not lost because the engine, not the phone, failed.
    fn once_more(&self, id: CallId, dialled: &Dialled, cause: HangupCause) -> Option<Next> {
        let (call, Party::Extension(to)) = (self.calls.get(&id)?, &dialled.party) else { return None };
        // The engine did not take the order, or has no such leg.
        let failed = [HangupCause::TEMPORARY_FAILURE, HangupCause::INTERWORKING];
        let failures =
            call.dialled.iter().filter(|leg| leg.cause.is_some_and(|cause| failed.contains(&cause))).count();
        if !failed.contains(&cause) || dialled.otherwise != Next::Hangup || failures > REDIALS {
            return None;
        }
        Some(Next::goal(Goal::Extension(to.clone())))
    }

    fn talk_over(&mut self, id: CallId, with: Dialled, talked: Duration, then: Next, returned: bool) {
        let too_short = talked < SHORTEST_TALK && then == Next::Hangup && with.otherwise != Next::Hangup;
        if !too_short {
            self.end_talk(id);
        }
        self.free_agent(id, &with.party);
        let next = if too_short { with.otherwise.clone() } else { then };
        let Some(call) = self.calls.get_mut(&id) else { return };
        if next == Next::Hangup {
            call.ended_by.get_or_insert(EndedBy::Callee);
        }
        let who = with.party.words();
        self.out.tell(
            call,
            match (&next, too_short) {
                (_, true) => format_smolstr!(
                    "{who} was gone {} ms after answering; the caller stays",
                    talked.as_millis()
                ),
                (Next::Hangup, _) => format_smolstr!("{who} hung up after {} s", talked.as_secs()),
                _ => format_smolstr!("{who} left after {} s", talked.as_secs()),
            },
        );
        if let Next::Wait(waiting) = &next {
            self.give_place_back(id, waiting, talked);
        }
        if returned || next == Next::Hangup {
            return self.go(id, next);
        }
        if let Some(call) = self.calls.get_mut(&id) {
            call.stage = Stage::Parting { next };
        }
        self.timers.set(Timer::Stage(id), self.now() + RETURN_GUARD);
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
            .filter(|(_, agent)| agent.extension == *number)
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
