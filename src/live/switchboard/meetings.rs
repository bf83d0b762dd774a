//! The caller and others in a room of the call: a group that rings, a consultation, somebody who picked up.
//!
//! Who should be in the room follows from who is there (`settle`); everything else is orders that bring it about.

use std::time::Duration;

use smol_str::format_smolstr;

use super::{asked::Rung, ends::vanished, state::Switchboard};
use crate::{
    base::{
        id::{CallId, LegId, RoomId},
        number::Number,
    },
    live::{
        call::{Meeting, Member, Next, Presence, Stage, Timer},
        record::{EndedBy, LegRecord},
    },
    ports::engine::{Command, HangupCause},
};

/// How long a way into a room may take before it is ordered again.
pub(super) const MEET_GUARD: Duration = Duration::from_secs(2);

impl Switchboard {
    /// Rings several at once; the caller goes to `then` when nobody comes.
    pub(super) fn race(&mut self, id: CallId, members: &[Number], ring: Duration, then: Next) {
        let room = self.out.room_id();
        let mut others = Vec::new();
        for member in members {
            if self.wishes(member).quiet {
                continue;
            }
            if let Some(endpoint) = self.extension(member) {
                others.extend(self.ring_member(id, Rung::phone(member.clone(), endpoint, ring)));
            }
        }
        if others.is_empty() {
            return self.go(id, super::goals::ending(then, HangupCause::USER_BUSY));
        }
        self.begin_race(id, room, others, then);
    }

    pub(super) fn begin_race(&mut self, id: CallId, room: RoomId, others: Vec<Member>, then: Next) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.stage = Stage::Meeting(Meeting::race(room, others, then));
        self.keep_company(id);
        self.timers.set(Timer::Stage(id), self.now() + MEET_GUARD);
    }

    /// Dials somebody who shall come into the call's room.
    pub(super) fn ring_member(&mut self, id: CallId, rung: Rung) -> Option<Member> {
        let Rung { party, endpoint, ring, trunk, .. } = rung;
        let now = self.now();
        let leg = self.out.leg_id();
        let (caller, caller_name) = self.shown(id, &endpoint)?;
        let call = self.calls.get_mut(&id)?;
        call.dialled.push(LegRecord::dialled(leg.clone(), party.role(), party.words(), now));
        self.out.tell(call, format_smolstr!("dialling {}", party.words()));
        let lease = self.site.lease;
        self.out.order(&leg, Command::Dial { endpoint, timeout: ring, caller, caller_name, lease });
        self.legs.insert(leg.clone(), id);
        Some(Member { leg, party, presence: Presence::Ringing, trunk })
    }

    /// Somebody who was rung has answered.
    pub(super) fn member_answered(&mut self, id: CallId, leg: &LegId) {
        if self.is_unwanted(id, leg) {
            // Given up before, and the order was lost.
            return self.out.hangup(leg, HangupCause::NORMAL_CLEARING);
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::Meeting(meeting) = &mut call.stage else { return };
        let Some(member) = meeting.member(leg).filter(|member| member.presence == Presence::Ringing) else {
            return;
        };
        if member.confirms() {
            return self.ask_to_take(id, leg);
        }
        self.comes(id, leg, "answered");
    }

    /// Somebody has the call: into the room.
    pub(super) fn comes(&mut self, id: CallId, leg: &LegId, how: &str) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::Meeting(meeting) = &mut call.stage else { return };
        let room = meeting.room.clone();
        let Some(member) = meeting.member(leg) else { return };
        member.presence = Presence::Coming;
        let who = member.party.words();
        let mut late = Vec::new();
        if std::mem::take(&mut meeting.race) {
            let (came, ringing): (Vec<Member>, Vec<Member>) =
                std::mem::take(&mut meeting.others).into_iter().partition(|member| member.presence.came());
            meeting.others = came;
            late = ringing;
        }
        self.out.tell(call, format_smolstr!("{who} {how}"));
        for member in late {
            self.out.hangup(&member.leg, HangupCause::NORMAL_CLEARING);
        }
        self.out.order(leg, Command::Meet { room, muted: false });
        self.timers.set(Timer::Stage(id), now + MEET_GUARD);
        self.settle(id);
    }

    /// A leg is in the room.
    pub(super) fn met(&mut self, leg: &LegId, room: &RoomId) {
        let now = self.now();
        let Some(id) = self.legs.get(leg).copied() else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let caller = call.leg == *leg;
        match &mut call.stage {
            Stage::Conferring(conferring) if caller && conferring.room == *room => conferring.here = true,
            Stage::Meeting(meeting) if meeting.room == *room => {
                if caller {
                    meeting.here = true;
                    call.answered.get_or_insert(now);
                } else if let Some(member) = meeting.member(leg) {
                    member.presence = Presence::Here;
                }
                self.hear_each_other(id);
            }
            _ => {}
        }
    }

    fn hear_each_other(&mut self, id: CallId) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::Meeting(meeting) = &mut call.stage else { return };
        let there = meeting.others.iter().any(|member| member.presence == Presence::Here);
        if !meeting.here || !there {
            return;
        }
        if meeting.since.is_none() {
            meeting.since = Some(now);
            if !meeting.sent {
                self.talks_with_one(id);
            }
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.leased = false;
        self.out.order(&call.leg, Command::Release);
        self.timers.clear(&Timer::Lease(id));
    }

    /// Somebody of the meeting is no more.
    pub(super) fn member_gone(&mut self, id: CallId, leg: &LegId, cause: HangupCause) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::Meeting(meeting) = &mut call.stage else { return };
        let Some(place) = meeting.others.iter().position(|member| member.leg == *leg) else {
            // Whoever transferred the call here leaves later than its caller came.
            return self.free_agent_of(id, leg);
        };
        let member = meeting.others.remove(place);
        let consulted = meeting.consultant.take_if(|consultant| consultant == leg).is_some();
        let unanswered = meeting.came().next().is_none();
        let asked = member.presence == Presence::Ringing && (!meeting.race || member.confirms());
        let who = member.party.words();
        let text = match member.presence {
            Presence::Ringing => format_smolstr!("{who} was not reached: {cause}"),
            Presence::Asked(_) => format_smolstr!("{who} did not take the call"),
            _ if vanished(cause) => format_smolstr!("nothing was heard of {who} any more"),
            Presence::Coming | Presence::Here => format_smolstr!("{who} left"),
        };
        if vanished(cause) && unanswered && meeting.since.is_some() && meeting.then == Next::Hangup {
            call.ended_by.get_or_insert(EndedBy::Engine);
        }
        let offered = (meeting.race && meeting.place().is_some()).then(|| meeting.then.clone());
        self.out.tell(call, text);
        let instead = asked.then(|| self.instead_of(id, &member, cause)).flatten();
        match offered {
            // By another way.
            _ if instead.is_some() && member.confirms() => {}
            Some(place) => self.rest_agent(id, &member.party, &place, cause),
            None => self.free_agent_of(id, leg),
        }
        if let Some(rung) = instead
            && let Some(other) = self.ring_member(id, rung)
            && let Some(Stage::Meeting(meeting)) = self.calls.get_mut(&id).map(|call| &mut call.stage)
        {
            meeting.others.insert(place, other);
        }
        if consulted && unanswered {
            // Handed on before the other side answered: whoever did so is rung again when it does not.
            let back = self.extension_of(&member.party).map(crate::live::routing::Goal::Extension);
            if let Some(call) = self.calls.get_mut(&id)
                && let (Stage::Meeting(meeting), Some(goal)) = (&mut call.stage, back)
                && !meeting.sent
            {
                meeting.then = Next::goal(goal);
            }
        }
        self.settle(id);
    }

    /// Brings about that those are in the room who should be.
    pub(super) fn settle(&mut self, id: CallId) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::Meeting(meeting) = &mut call.stage else { return };
        if meeting.others.is_empty() {
            return self.meeting_over(id);
        }
        let asked = meeting.consultant.is_some() && meeting.others.len() > 1;
        let aside = asked || meeting.came().next().is_none();
        let was = std::mem::replace(&mut meeting.aside, aside);
        let room = meeting.room.clone();
        match (was, aside) {
            (true, false) => {
                call.playing = None;
                self.out.order(&call.leg, Command::Meet { room, muted: false });
                self.timers.set(Timer::Stage(id), now + MEET_GUARD);
            }
            (false, true) => {
                let here = std::mem::take(&mut meeting.here);
                self.out.order(&call.leg, Command::Part);
                if !here {
                    // On the way in; nobody may report that it is over.
                    self.keep_company(id);
                }
            }
            _ => {}
        }
    }

    fn meeting_over(&mut self, id: CallId) {
        self.end_talk(id);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::Meeting(meeting) = &mut call.stage else { return };
        // Whoever was told to come in is there, or will be before the next order.
        let (next, inside, talked) = (meeting.then.clone(), !meeting.aside, meeting.since.take().is_some());
        let next = if talked { next } else { super::goals::ending(next, HangupCause::NO_ANSWER) };
        let asked = if talked && next == Next::Hangup { self.survey(id) } else { None };
        let next = asked.unwrap_or(next);
        let Some(call) = self.calls.get_mut(&id) else { return };
        if talked && next.is_end() {
            call.ended_by.get_or_insert(EndedBy::Callee);
        }
        if !inside || next.is_end() {
            return self.go(id, next);
        }
        self.out.order(&call.leg, Command::Part);
        call.stage = Stage::Parting { next };
        self.timers.set(Timer::Stage(id), self.now() + super::legs::RETURN_GUARD);
    }

    /// A leg of the meeting obeys again: the caller is kept company, everybody else goes (back) into the room.
    pub(super) fn meeting_returned(&mut self, id: CallId, leg: &LegId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let caller = call.leg == *leg;
        let Stage::Meeting(meeting) = &mut call.stage else { return };
        let room = meeting.room.clone();
        if caller {
            meeting.here = false;
            if meeting.aside {
                return self.keep_company(id);
            }
        } else {
            match meeting.member(leg) {
                Some(member) if member.presence == Presence::Here => member.presence = Presence::Coming,
                _ => return,
            }
        }
        self.out.order(leg, Command::Meet { room, muted: false });
        self.timers.set(Timer::Stage(id), self.now() + MEET_GUARD);
    }

    /// Whoever is still on the way is told once more.
    pub(super) fn meeting_due(&mut self, id: CallId) {
        let now = self.now();
        let Some(call) = self.calls.get(&id) else { return };
        let Stage::Meeting(meeting) = &call.stage else { return };
        let caller = (!meeting.aside && !meeting.here).then(|| call.leg.clone());
        let coming = meeting.others.iter().filter(|member| member.presence == Presence::Coming);
        let late: Vec<LegId> = coming.map(|member| member.leg.clone()).chain(caller).collect();
        let ringing: Vec<LegId> = meeting
            .others
            .iter()
            .filter(|member| member.presence == Presence::Ringing)
            .map(|member| member.leg.clone())
            .collect();
        let overdue = call.open_legs().filter(|record| {
            ringing.contains(&record.leg) && record.began + super::stages::LONGEST_RING < now
        });
        let overdue: Vec<LegId> = overdue.map(|record| record.leg.clone()).collect();
        let undecided = meeting.undecided(now);
        let silent = meeting.aside && call.playing.is_none();
        for leg in late {
            self.out.order(&leg, Command::Meet { room: meeting.room.clone(), muted: false });
        }
        if meeting.unsettled() {
            let guard = now + MEET_GUARD;
            let due =
                meeting.asked_until().filter(|until| *until > now).map_or(guard, |until| until.min(guard));
            self.timers.set(Timer::Stage(id), due);
        }
        if silent {
            self.keep_company(id);
        }
        for leg in overdue.into_iter().chain(undecided) {
            self.out.hangup(&leg, HangupCause::NO_ANSWER);
            self.peer_gone(id, &leg, HangupCause::NO_ANSWER);
        }
    }

    /// After a restart or a lost link: what the engine's list says of the room.
    pub(super) fn meeting_seen(&mut self, id: CallId, leg: &LegId, room: Option<&RoomId>) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let caller = call.leg == *leg;
        let Stage::Meeting(meeting) = &mut call.stage else { return };
        let here = room == Some(&meeting.room);
        if caller {
            meeting.here = here;
        } else if let Some(member) = meeting.member(leg).filter(|m| m.presence.came()) {
            member.presence = if here { Presence::Here } else { Presence::Coming };
        }
    }
}
