//! How legs end, and what that means for their call.

use std::time::Duration;

use smol_str::format_smolstr;

use super::{goals::ending, legs::RETURN_GUARD, state::Switchboard};
use crate::{
    base::id::{CallId, LegId},
    live::{
        call::{Dialled, Next, Party, Stage, Timer},
        record::EndedBy,
        routing::Goal,
    },
    ports::engine::HangupCause,
};

/// An agent's leg that ends sooner than this after the join was no talk: the caller did not hang up,
/// so the caller is not lost.
pub(super) const SHORTEST_TALK: Duration = Duration::from_secs(2);
/// How often a dialling that the engine failed is repeated.
const REDIALS: usize = 2;

/// How a talk ended.
#[derive(Clone, Copy)]
struct Talk {
    /// The caller obeys again already.
    returned: bool,
    /// The other side did not hang up: it was not heard any more.
    lost: bool,
}

/// Whether an answered leg that ended so said nothing any more, not even good bye.
pub(super) fn vanished(cause: HangupCause) -> bool {
    cause == HangupCause::TIMER_EXPIRED
}

impl Switchboard {
    pub(super) fn ended(&mut self, leg: &LegId, cause: HangupCause) {
        match self.whose(leg) {
            Some((call, true)) => {
                let (id, lost) = (call.id, vanished(cause) && call.answered.is_some());
                if !self.reached_by_next(id, cause) {
                    let by = if lost { EndedBy::Engine } else { EndedBy::Caller };
                    self.caller_gone(id, cause, by);
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
            let who = match by {
                EndedBy::Engine if vanished(cause) => "nothing was heard of the caller any more",
                EndedBy::Caller => "caller hung up",
                _ => "the engine lost the caller's leg",
            };
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
        let stage = call.stage.clone();
        self.attendance_ends(id, leg, cause);
        match stage {
            Stage::Dialling(dialled) if dialled.leg == *leg => self.not_reached(id, &dialled, cause),
            Stage::Talking { with, joined, then, returned } if with.leg == *leg => {
                let lost = vanished(cause);
                self.talk_over(id, with, now.since(joined), then, Talk { returned, lost });
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
        self.rest_agent(id, &dialled.party, &dialled.otherwise, cause);
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

    fn talk_over(&mut self, id: CallId, with: Dialled, talked: Duration, then: Next, end: Talk) {
        let too_short = talked < SHORTEST_TALK && then == Next::Hangup && with.otherwise != Next::Hangup;
        if too_short {
            self.never_served(id, &with.party);
        } else {
            self.end_talk(id);
        }
        self.free_agent(id, &with.party);
        let next = if too_short { with.otherwise.clone() } else { then };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let who = with.party.words();
        self.out.tell(
            call,
            match (&next, too_short) {
                (_, true) => format_smolstr!(
                    "{who} was gone {} ms after answering; the caller stays",
                    talked.as_millis()
                ),
                _ if end.lost => {
                    format_smolstr!(
                        "nothing was heard of {who} any more, {} s after answering",
                        talked.as_secs()
                    )
                }
                (Next::Hangup, _) => format_smolstr!("{who} hung up after {} s", talked.as_secs()),
                _ => format_smolstr!("{who} left after {} s", talked.as_secs()),
            },
        );
        let asked = if next == Next::Hangup && !end.lost { self.survey(id) } else { None };
        let next = asked.unwrap_or(next);
        if next == Next::Hangup
            && let Some(call) = self.calls.get_mut(&id)
        {
            call.ended_by.get_or_insert(if end.lost { EndedBy::Engine } else { EndedBy::Callee });
        }
        if let Next::Wait(waiting) = &next {
            self.give_place_back(id, waiting, talked);
        }
        if end.returned || next == Next::Hangup {
            return self.go(id, next);
        }
        if let Some(call) = self.calls.get_mut(&id) {
            call.stage = Stage::Parting { next };
        }
        self.timers.set(Timer::Stage(id), self.now() + RETURN_GUARD);
    }
}
