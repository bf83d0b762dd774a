//! Our view against the engine's own. After a restart or a lost link every call is taken up again where its
//! stage says; every few seconds the same comparison finds what a lost event left behind.

use std::{collections::BTreeMap, time::Duration};

use super::state::{Link, Switchboard};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, LegId},
    },
    live::{
        call::{Meeting, Next, Stage, Timer},
        dialog::Happening,
        mailbox,
        record::EndedBy,
    },
    ports::engine::{Command, HangupCause, LegSeen},
};

/// An engine's list of its legs may be this old when it arrives: what is younger is judged next time.
pub(super) const LIST_LAG: Duration = Duration::from_millis(2500);

impl Switchboard {
    pub(super) fn audit(&mut self, asked: Stamp, seen: &[LegSeen]) {
        let Link::Up { audited, .. } = self.link else { return };
        let first = !audited;
        let seen: BTreeMap<&LegId, &LegSeen> = seen.iter().map(|leg| (&leg.leg, leg)).collect();
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        for id in calls {
            self.compare(id, asked, &seen, first);
        }
        for leg in seen.values() {
            self.unknown_leg(leg);
        }
        if first {
            for id in self.calls.keys().copied().collect::<Vec<_>>() {
                self.sense_again(id);
            }
        }
        self.find_recordings(asked);
        if let Link::Up { audited, .. } = &mut self.link {
            *audited = true;
        }
        self.match_all();
    }

    fn compare(&mut self, id: CallId, asked: Stamp, seen: &BTreeMap<&LegId, &LegSeen>, first: bool) {
        let old = |since: Stamp| since + LIST_LAG < asked;
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.unseen = !seen.contains_key(&call.leg);
        if let Stage::Waiting(waiting) = &call.stage {
            let (queue, place) = (waiting.queue.clone(), waiting.place);
            let seen = !call.unseen;
            self.place(&queue, place, seen);
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(caller) = seen.get(&call.leg) else {
            let dialled = if let Stage::Reaching { since, .. } = call.stage { since } else { call.began };
            if old(dialled.max(call.began)) {
                self.caller_gone(id, HangupCause::INTERWORKING, EndedBy::Engine);
                self.end_unseen_legs(id, asked, seen);
            }
            return;
        };
        let leg = call.leg.clone();
        let meets = match &call.stage {
            Stage::Meeting(meeting) => meeting.others.iter().map(|member| member.leg.clone()).collect(),
            _ => Vec::new(),
        };
        match &call.stage {
            Stage::Answering { .. } | Stage::Reaching { .. } if caller.up => self.answered(&leg),
            Stage::Meeting(_) => {
                for other in meets.iter().filter_map(|other| seen.get(other)) {
                    if other.up {
                        self.member_answered(id, &other.leg);
                    }
                    if first {
                        self.meeting_seen(id, &other.leg, other.room.as_ref());
                    }
                }
                if first {
                    self.meeting_seen(id, &leg, caller.room.as_ref());
                }
            }
            Stage::Dialling(dialled) if caller.peer.as_ref() == Some(&dialled.leg) => {
                let peer = dialled.leg.clone();
                self.joined(&leg, &peer);
            }
            Stage::Dialling(dialled) if !seen.contains_key(&dialled.leg) && old(dialled.since) => {
                let peer = dialled.leg.clone();
                self.peer_gone(id, &peer, HangupCause::INTERWORKING);
                self.returned(&leg);
            }
            Stage::Talking { with, joined, .. } if !seen.contains_key(&with.leg) && old(*joined) => {
                let peer = with.leg.clone();
                self.peer_gone(id, &peer, HangupCause::INTERWORKING);
                self.returned(&leg);
            }
            _ => {}
        }
        self.attendant_seen(id, seen);
        self.end_unseen_legs(id, asked, seen);
        if first {
            self.take_up(id);
            self.attend_again(id);
        }
    }

    /// Whoever is to attend the call may have answered unheard.
    fn attendant_seen(&mut self, id: CallId, seen: &BTreeMap<&LegId, &LegSeen>) {
        let attending = self.calls.get(&id).and_then(|call| call.attended.as_deref());
        let Some(leg) = attending.map(|attending| attending.leg.clone()) else { return };
        if seen.get(&leg).is_some_and(|leg| leg.up) {
            self.attendant_answered(id, &leg);
        }
    }

    /// Legs that the call no longer needs and the engine no longer has.
    fn end_unseen_legs(&mut self, id: CallId, asked: Stamp, seen: &BTreeMap<&LegId, &LegSeen>) {
        let Some(call) = self.calls.get(&id) else { return };
        let current = call.stage.peer().map(|dialled| dialled.leg.clone());
        let lost: Vec<LegId> = call
            .open_legs()
            .filter(|record| !seen.contains_key(&record.leg) && Some(&record.leg) != current.as_ref())
            .filter(|record| record.began + LIST_LAG < asked)
            .map(|record| record.leg.clone())
            .collect();
        let alone = |leg: &LegSeen| leg.up && leg.peer.is_none() && leg.room.is_none();
        let old = call.open_legs().filter(|record| record.began + LIST_LAG < asked);
        let left: Vec<LegId> = old
            .filter(|record| seen.get(&record.leg).is_some_and(|leg| alone(leg)))
            .map(|record| record.leg.clone())
            .filter(|leg| self.is_unwanted(id, leg))
            .collect();
        for leg in left {
            self.out.hangup(&leg, HangupCause::NORMAL_CLEARING);
        }
        for leg in lost {
            self.peer_gone(id, &leg, HangupCause::INTERWORKING);
        }
        self.finish(id);
    }

    /// Whether a leg was dialled for the call, still lives, and is given up.
    pub(super) fn is_unwanted(&self, id: CallId, leg: &LegId) -> bool {
        self.calls.get(&id).is_some_and(|call| {
            let meets = |meeting: &Meeting| meeting.others.iter().any(|member| member.leg == *leg);
            let wanted = match &call.stage {
                Stage::Meeting(meeting) => meets(meeting),
                stage => stage.peer().is_some_and(|dialled| dialled.leg == *leg),
            };
            let attends =
                call.attended.as_deref().is_some_and(|attending| attending.leg == *leg && !attending.over);
            !wanted && !attends && call.open_legs().any(|record| record.leg == *leg)
        })
    }

    /// Orders again what the call's stage expects of the engine.
    fn take_up(&mut self, id: CallId) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let leg = call.leg.clone();
        if call.leased {
            self.out.order(&leg, Command::Lease { span: self.site.lease });
            self.timers.set(Timer::Lease(id), now + self.site.lease / 3);
        }
        match &mut call.stage {
            Stage::Answering { .. } => {
                self.out.order(&leg, Command::Answer);
            }
            Stage::Dialog(_) => {
                self.out.order(&leg, Command::Stop);
                self.dialog(id, Happening::Enter);
            }
            Stage::Waiting(_) => {
                self.out.order(&leg, Command::Stop);
                self.entertain(id, false);
            }
            Stage::Parting { next } => {
                let next = std::mem::replace(next, Next::Hangup);
                self.go(id, next);
            }
            Stage::Talking { with, then, .. } => {
                self.out.order(&leg, Command::Release);
                if *then != Next::Hangup {
                    // A transfer was under way.
                    self.out.hangup(&with.leg, HangupCause::NORMAL_CLEARING);
                    self.timers.set(Timer::Stage(id), now + super::legs::RETURN_GUARD);
                }
            }
            Stage::Meeting(meeting) => {
                let aside = meeting.aside;
                self.timers.set(Timer::Stage(id), now + super::legs::RETURN_GUARD);
                self.meeting_due(id);
                self.ask_again(id);
                if aside {
                    self.keep_company(id);
                }
            }
            Stage::Parked(_) => self.keep_company(id),
            Stage::Conferring(conferring) => {
                conferring.here = false;
                self.conference_due(id);
            }
            Stage::Told | Stage::Hearing { .. } => self.told(id),
            Stage::AtMailbox(_) => {
                self.out.order(&leg, Command::Stop);
                self.at_mailbox(id, mailbox::Happening::Enter);
            }
            Stage::Ending => self.hang_up(id, EndedBy::Tandem),
            Stage::Dialling(_) | Stage::Reaching { .. } => {}
        }
    }

    /// A leg that we do not know: a caller who came while nobody was here, or something left over.
    fn unknown_leg(&mut self, seen: &LegSeen) {
        if self.legs.contains_key(&seen.leg) {
            return;
        }
        if let Some((at, _)) = self.ended.iter().find(|(_, leg)| *leg == seen.leg) {
            if self.now().since(*at) > LIST_LAG {
                self.out.hangup(&seen.leg, HangupCause::NORMAL_CLEARING);
            }
            return;
        }
        if let Some(arrival) = &seen.arrival {
            self.arrived(seen.leg.clone(), arrival.clone());
            if self.legs.get(&seen.leg).and_then(|id| self.calls.get(id)).is_some_and(|call| call.leased) {
                // Nobody knows how long this caller has waited, and how much of the lease is left.
                self.out.order(&seen.leg, Command::Lease { span: self.site.lease });
            }
        } else if seen.peer.is_none() && is_ours(&seen.leg) {
            self.out.hangup(&seen.leg, HangupCause::NORMAL_CLEARING);
        }
    }
}

/// Whether Tandem dialled this leg: such ids are UUIDs of version 8.
fn is_ours(leg: &LegId) -> bool {
    let text = leg.as_str().as_bytes();
    text.len() == 36 && text[14] == b'8'
}
