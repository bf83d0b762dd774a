//! What happens when nothing happens. Every stage that waits for the engine has a deadline, so that a lost
//! event costs seconds and never a caller.

use std::time::Duration;

use smol_str::format_smolstr;

use super::{
    legs::{ANSWER_GUARD, RETURN_GUARD},
    state::Switchboard,
};
use crate::{
    base::id::{CallId, Name},
    live::{
        call::{Next, Stage, Timer},
        dialog::Happening,
        mailbox,
        record::{EndedBy, WAITED},
    },
    ports::engine::{Command, HangupCause},
};

/// While the engine is out of reach, deadlines about it wait this long and look again.
const PATIENCE: Duration = Duration::from_secs(1);

/// No queue greets for longer.
const LONGEST_GREETING: Duration = Duration::from_mins(2);

/// After so many orders to answer, the call's story tells that the engine does not.
const ANSWER_TRIES: u8 = 5;

impl Switchboard {
    pub(super) fn clock(&mut self) {
        let now = self.now();
        self.turn_day();
        while let Some(timer) = self.timers.pop(now) {
            match &timer {
                Timer::Agent(name) => self.agent_due(name),
                Timer::Held(name) => self.client_gone(name),
                Timer::Alerts => self.look_at_figures(),
                Timer::Offer(id) => self.message_not_taken(*id),
                Timer::Spared(name) => self.offer_messages_again(name),
                Timer::Overflow(id) | Timer::Relax(id) if self.messages.get(*id).is_some() => {
                    self.message_waits_on(*id);
                }
                _ if !self.ready() => self.timers.set(timer, now + PATIENCE),
                Timer::Stage(id) => self.stage_due(*id),
                Timer::MaxWait(id) => self.max_wait_due(*id),
                Timer::Relax(id) => self.relax_due(*id),
                Timer::Overflow(id) => drop(self.overflow_in_time(*id)),
                Timer::Announce(id) => self.announce_due(*id),
                Timer::Lease(id) => self.lease_due(*id),
                Timer::Attend(id) => self.attend_due(*id),
                Timer::Callback(id) => self.callback_due(*id),
            }
        }
    }

    fn agent_due(&mut self, name: &Name) {
        self.not_said(name);
        if self.agents.wake(name, self.now()) {
            self.match_agent(name);
        }
    }

    fn lease_due(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.leased && call.gone.is_none()) else {
            return;
        };
        self.out.order(&call.leg, Command::Lease { span: self.site.lease });
        self.timers.set(Timer::Lease(id), self.out.now() + self.site.lease / 3);
        self.nobody_in_silence(id);
    }

    /// Music that the engine refused, or the end of a greeting that was never told, costs a while of silence and no more.
    fn nobody_in_silence(&mut self, id: CallId) {
        let now = self.now();
        let Some(call) = self.calls.get(&id) else { return };
        let refused = call.playing.is_none();
        match &call.stage {
            Stage::Waiting(waiting) => {
                let since = waiting.told.unwrap_or(waiting.place.joined);
                let untold = waiting.greeting && since + LONGEST_GREETING < now;
                if refused || untold {
                    self.entertain(id, false);
                }
            }
            Stage::Meeting(meeting) if refused && meeting.aside => self.keep_company(id),
            Stage::Parked(_) if refused => self.keep_company(id),
            _ => {}
        }
    }

    fn stage_due(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        match &mut call.stage {
            Stage::Dialog(_) => self.dialog(id, Happening::Silence),
            // As long as the caller rings: a caller who is turned away is lost, one who rings may still get through.
            Stage::Answering { tries, .. } => {
                *tries = tries.saturating_add(1);
                let troubled = *tries == ANSWER_TRIES;
                self.out.order(&call.leg, Command::Answer);
                self.timers.set(Timer::Stage(id), self.out.now() + ANSWER_GUARD);
                if troubled {
                    self.out.tell(call, "the engine does not answer the call; it is told so again and again");
                }
            }
            Stage::Dialling(dialled) => {
                let leg = dialled.leg.clone();
                self.out.hangup(&leg, HangupCause::NO_ANSWER);
                self.peer_gone(id, &leg, HangupCause::NO_ANSWER);
            }
            Stage::Parting { next } => {
                let next = std::mem::replace(next, Next::Hangup);
                self.go(id, next);
            }
            Stage::Ending => self.give_up(id),
            Stage::Talking { with, then, .. } if *then != Next::Hangup => {
                // The agent's leg did not obey: the transfer waits for its end.
                self.out.hangup(&with.leg, HangupCause::NORMAL_CLEARING);
                self.timers.set(Timer::Stage(id), self.out.now() + RETURN_GUARD);
            }
            Stage::Meeting(_) => self.meeting_due(id),
            Stage::Parked(_) => self.park_due(id),
            Stage::Conferring(_) => self.conference_due(id),
            Stage::Told | Stage::Hearing { .. } => self.told(id),
            Stage::AtMailbox(_) => self.at_mailbox(id, mailbox::Happening::Silence),
            Stage::Reaching { .. } => {
                let leg = call.leg.clone();
                self.out.hangup(&leg, HangupCause::NO_ANSWER);
                self.caller_gone(id, HangupCause::NO_ANSWER, EndedBy::Tandem);
            }
            Stage::Waiting(_) | Stage::Talking { .. } => {}
        }
    }

    /// The legs of an ended call do not report their end: they are told once more, the record is written without
    /// them, and the next audit ends whatever is still there.
    fn give_up(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let legs: Vec<_> = call.open_legs().map(|record| record.leg.clone()).collect();
        if call.gone.is_none() {
            self.out.hangup(&call.leg, HangupCause::NORMAL_CLEARING);
        }
        for leg in legs {
            self.out.hangup(&leg, HangupCause::NORMAL_CLEARING);
            self.peer_gone(id, &leg, HangupCause::INTERWORKING);
        }
        self.caller_gone(id, HangupCause::INTERWORKING, EndedBy::Engine);
    }

    fn max_wait_due(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(waiting) = call.stage.waiting().cloned() else { return };
        let after = Next::Flow(Box::new(waiting.after.clone()));
        self.out.tell(
            call,
            format_smolstr!(
                "{WAITED} as long as queue {} allows: step {}",
                waiting.queue,
                waiting.after.step
            ),
        );
        self.leave_queue(id);
        let Some(call) = self.calls.get_mut(&id) else { return };
        match &mut call.stage {
            Stage::Dialling(dialled) => {
                dialled.otherwise = after;
                self.out.hangup(&dialled.leg, HangupCause::NORMAL_CLEARING);
                self.timers.set(Timer::Stage(id), self.out.now() + RETURN_GUARD);
            }
            Stage::Parting { next } => *next = after,
            Stage::Meeting(_) => self.call_off(id, after),
            _ => {
                call.playing = None;
                self.out.order(&call.leg, Command::Stop);
                self.go(id, after);
            }
        }
    }
}
