//! Transfers that phones do by themselves, and what a transfer means for a call: who stays, who leaves.

use smol_str::{SmolStr, format_smolstr};

use super::{
    legs::RETURN_GUARD,
    state::Switchboard,
    view::{Actor, Refusal},
};
use crate::{
    base::{
        id::{CallId, LegId, Name},
        number::Number,
        text::Label,
    },
    live::{
        call::{Call, Dialled, Next, Party, Stage, Timer},
        record::{EndedBy, LegRecord, Role},
        routing::{Decision, Goal},
    },
    ports::engine::{Command, HangupCause, Origin},
};

impl Switchboard {
    /// The phone at `leg` sends its peer to a number (REFER), with the rights of that phone's extension.
    pub(super) fn referred(&mut self, leg: &LegId, peer: &LegId, to: &Number) {
        self.sent(leg, peer, Some(to));
    }

    /// Where to is not known when what the phone dialled is over: then back to that phone's extension.
    fn sent(&mut self, leg: &LegId, peer: &LegId, to: Option<&Number>) {
        let Some(id) = self.legs.get(leg).copied() else { return };
        let Some(call) = self.calls.get(&id) else { return };
        let Stage::Talking { with, .. } = &call.stage else { return };
        let caller_leaves = call.leg == *leg;
        let by = if caller_leaves { self.dialled_by(&call.arrival) } else { self.extension_of(&with.party) };
        if caller_leaves && with.leg != *peer || !caller_leaves && with.leg != *leg {
            return;
        }
        let decision = to.map(|to| (to, self.reach(by.as_ref(), to)));
        let circle = self.hop(id);
        let back = || by.clone().map_or(Next::Hangup, |by| Next::goal(Goal::Extension(by)));
        let (next, why) = match decision {
            _ if circle => (Next::Hangup, format_smolstr!("was transferred too often")),
            None => (back(), SmolStr::new_static("comes back: what its phone dialled is over")),
            Some((_, Decision::Go { goal: Goal::Park(slot), .. })) => {
                let why = format_smolstr!("is transferred to slot {slot}");
                (Next::Park { slot, by: by.clone() }, why)
            }
            Some((to, Decision::Go { goal, why })) => {
                (Next::Goal(Box::new((goal, back()))), format_smolstr!("is transferred to {to}: {why}"))
            }
            Some((to, Decision::No { why, .. })) => {
                (back(), format_smolstr!("may not be transferred to {to}: {why}"))
            }
        };
        self.end_talk(id);
        if caller_leaves {
            self.hand_on(id, peer);
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        let who = by.as_ref().map_or("the phone", Number::as_str).to_owned();
        call.by = by;
        self.out.tell(call, format_smolstr!("{who} transfers: the call {why}"));
        call.stage = Stage::Parting { next };
        self.timers.set(Timer::Stage(id), self.now() + RETURN_GUARD);
    }

    /// The phone at `leg` did not wait for the answer to its other call, `asked`, and sends its peer there: as if it had
    /// named the number. What it dialled for that is over, even if somebody has answered in that very moment, and rings
    /// for the peer anew.
    pub(super) fn handed_on(&mut self, leg: &LegId, peer: &LegId, asked: &LegId) {
        let Some(keep) = self.legs.get(leg).copied() else { return };
        let other = self.legs.get(asked).and_then(|id| self.calls.get(id)).filter(|call| call.id != keep);
        let Some((give, to)) = other.map(|call| (call.id, call.arrival.to.clone())) else {
            return self.sent(leg, peer, None);
        };
        if self.leads(give, asked) {
            if let Some(call) = self.calls.get_mut(&give) {
                self.out.tell(call, format_smolstr!("its phone sends call {keep} to {to} instead"));
                call.ended_by.get_or_insert(EndedBy::Tandem);
            }
            self.end_talk(give);
            self.leave_queue(give);
            self.end(give);
        }
        self.out.hangup(asked, HangupCause::NORMAL_CLEARING);
        self.referred(leg, peer, &to);
    }

    /// The caller leaves and the other side stays: the call is about that leg from now on.
    pub(super) fn hand_on(&mut self, id: CallId, stays: &LegId) {
        self.sense_ends(id);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let leaves = std::mem::replace(&mut call.leg, stays.clone());
        if !std::mem::replace(&mut call.handed_on, true) {
            let party = Label::new(call.arrival.from.as_ref().map_or("", Number::as_str));
            let mut record = LegRecord::dialled(leaves, Role::Caller, party, call.began);
            record.answered = call.answered;
            call.dialled.insert(0, record);
        }
        self.tape_follows(id);
    }

    /// The two sides of a talk change places: the call is about the one who was called, and the caller, at extension
    /// `own`, is the other side.
    pub(super) fn turn_round(&mut self, id: CallId, own: Number) {
        let Some(call) = self.calls.get(&id) else { return };
        let Stage::Talking { with, .. } = &call.stage else { return };
        let (stays, other) = (with.leg.clone(), call.leg.clone());
        self.hand_on(id, &stays);
        let Some(call) = self.calls.get_mut(&id) else { return };
        if let Stage::Talking { with, .. } = &mut call.stage {
            *with = Dialled { leg: other, party: Party::Extension(own), ..with.clone() };
        }
    }

    /// Whether the call is about this leg.
    fn leads(&self, id: CallId, leg: &LegId) -> bool {
        self.calls.get(&id).is_some_and(|call| call.leg == *leg)
    }

    /// A phone joined its two talks into one: `one` talks with `two`, who was in another call.
    pub(super) fn merged(&mut self, one: &LegId, two: &LegId) {
        let (Some(a), Some(b)) = (self.legs.get(one).copied(), self.legs.get(two).copied()) else { return };
        let ends = |id| self.calls.get(id).is_none_or(|call: &Call| call.stage == Stage::Ending);
        if [a, b].iter().any(ends) {
            // That they were joined is told too late: their legs are being hung up.
            return;
        }
        let (keep, stays, give, comes) =
            if !self.leads(a, one) && self.leads(b, two) { (b, two, a, one) } else { (a, one, b, two) };
        let now = self.now();
        for id in [keep, give] {
            self.end_talk(id);
            self.leave_queue(id);
        }
        if !self.leads(keep, stays) {
            self.hand_on(keep, stays);
        }
        let Some((record, party)) = self.give_away(give, comes, keep) else { return };
        self.legs.insert(comes.clone(), keep);
        if let Party::Agent(name) = &party {
            self.agents.moved(name, give, keep, now);
        }
        let Some(call) = self.calls.get_mut(&keep) else { return };
        call.dialled.push(record);
        self.out.tell(call, format_smolstr!("is handed on to {} (call {give})", party.words()));
        let with = Dialled { leg: comes.clone(), party, since: now, otherwise: Next::Hangup, trunk: None };
        call.stage = Stage::Talking { with, joined: now, then: Next::Hangup, returned: false };
        call.leased = false;
        for timer in [Timer::Stage(keep), Timer::MaxWait(keep), Timer::Lease(keep)] {
            self.timers.clear(&timer);
        }
        self.end(give);
        self.finish(give);
    }

    /// Takes a leg out of its call, which is over.
    fn give_away(&mut self, give: CallId, leg: &LegId, to: CallId) -> Option<(LegRecord, Party)> {
        let now = self.now();
        self.tape_ends(give, None);
        let call = self.calls.get_mut(&give)?;
        self.out.tell(call, format_smolstr!("is joined with call {to}"));
        call.ended_by.get_or_insert(EndedBy::Tandem);
        let peer = call.stage.peer().filter(|peer| peer.leg == *leg);
        let party = peer.map(|peer| peer.party.clone());
        if call.leg == *leg {
            call.gone = Some((now, HangupCause::NORMAL_CLEARING));
        }
        if let Some(place) = call.dialled.iter().position(|record| record.leg == *leg) {
            let record = call.dialled.remove(place);
            let party = party.or_else(|| who(&record))?;
            return Some((record, party));
        }
        let number = call.arrival.from.clone().unwrap_or_else(|| call.arrival.to.clone());
        let party = match call.arrival.origin {
            Origin::Phone(_) => Party::Extension(number),
            Origin::Trunk | Origin::House => Party::Outside(number),
        };
        let mut record = LegRecord::dialled(leg.clone(), party.role(), party.words(), call.began);
        record.answered = call.answered;
        Some((record, party))
    }

    pub(super) fn may_be_sent(&self, id: CallId) -> Result<(), Refusal> {
        let call = self.calls.get(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        if matches!(call.stage, Stage::Ending | Stage::Told | Stage::Hearing { .. } | Stage::Reaching { .. })
        {
            return Err(Refusal::NotNow { call: id, state: call.stage.word() });
        }
        Ok(())
    }

    /// Sends a call elsewhere, whatever it does.
    pub(super) fn send_on(&mut self, id: CallId, to: Next) -> Result<(), Refusal> {
        self.may_be_sent(id)?;
        match &to {
            Next::Goal(goal) if matches!(**goal, (Goal::Agent(_), Next::Wait(_))) => {
                self.pause_waiting(id);
            }
            _ => self.leave_queue(id),
        }
        self.still_recorded(id);
        let Some(call) = self.calls.get_mut(&id) else { return Ok(()) };
        match &mut call.stage {
            Stage::Answering { next, .. } | Stage::Parting { next } => *next = to,
            Stage::Dialling(dialled) => {
                dialled.otherwise = to;
                dialled.trunk = None;
                self.out.hangup(&dialled.leg, HangupCause::NORMAL_CLEARING);
                self.timers.set(Timer::Stage(id), self.out.now() + RETURN_GUARD);
            }
            Stage::Talking { with, then, .. } => {
                *then = to;
                self.out.hangup(&with.leg, HangupCause::NORMAL_CLEARING);
                self.timers.set(Timer::Stage(id), self.out.now() + RETURN_GUARD);
            }
            Stage::Meeting(meeting) => {
                (meeting.then, meeting.sent) = (to, true);
                for member in &meeting.others {
                    self.out.hangup(&member.leg, HangupCause::NORMAL_CLEARING);
                }
            }
            Stage::Conferring(conferring) => {
                let number = conferring.number.clone();
                self.out.order(&call.leg, Command::Part);
                call.stage = Stage::Parting { next: to };
                self.timers.set(Timer::Stage(id), self.out.now() + RETURN_GUARD);
                self.conference_left(id, &number);
            }
            Stage::Dialog(_) | Stage::Waiting(_) | Stage::Parked(_) | Stage::AtMailbox(_) => {
                call.playing = None;
                self.out.order(&call.leg, Command::Stop);
                self.go(id, to);
            }
            Stage::Ending | Stage::Told | Stage::Hearing { .. } | Stage::Reaching { .. } => {}
        }
        Ok(())
    }

    /// An admin sends a call to a number.
    pub(super) fn transfer(&mut self, actor: &Actor, id: CallId, to: &Number) -> Result<(), Refusal> {
        let call = self.calls.get(&id).ok_or(Refusal::NoSuchCall { call: id })?;
        let by = call.stage.peer().and_then(|dialled| self.extension_of(&dialled.party));
        let next = match self.commanded(actor, by.as_ref(), to) {
            Decision::Go { goal: Goal::Park(slot), .. } => Next::Park { slot, by },
            Decision::Go { goal, .. } => Next::goal(goal),
            Decision::No { why, .. } => return Err(Refusal::NotAllowed { to: to.clone(), why }),
        };
        self.may_be_sent(id)?;
        self.acted(actor, id, &format!("transfers the call to {to}"));
        self.send_on(id, next)
    }
}

/// Who is at a leg that the call was handed on to.
fn who(record: &LegRecord) -> Option<Party> {
    let words = record.party.as_str();
    match record.role {
        Role::Agent => Name::new(words).ok().map(Party::Agent),
        Role::Outside => Number::new(words).ok().map(Party::Outside),
        _ => Number::new(words).ok().map(Party::Extension),
    }
}
