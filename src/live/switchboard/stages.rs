//! How a call goes from one stage to the next.

use std::time::Duration;

use smol_str::{SmolStr, format_smolstr};

use super::{
    legs::END_GUARD,
    sites::on_with_the_flow,
    state::{Effect, Switchboard},
    summaries,
    view::{Speaker, Words},
};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, Name},
        number::Number,
        text::Label,
    },
    infra::site::TransferTo,
    live::{
        call::{Call, Dialled, Next, Party, Stage, Timer, Waiting},
        dialog::{self, Act, Dialog, Happening},
        record::{CallRecord, Direction, EndedBy, LegRecord, Role},
        routing::{Decision, Goal},
    },
    ports::engine::{Command, Endpoint, HangupCause, Hearing, Origin},
};

/// How much longer than its ring time a leg may take to report its end.
pub(super) const RING_GUARD: Duration = Duration::from_secs(5);
/// Whoever has not been reached after this time will not be.
pub(super) const LONGEST_RING: Duration = Duration::from_secs(125);

impl Switchboard {
    /// The caller's leg obeys: what comes next.
    pub(super) fn go(&mut self, id: CallId, next: Next) {
        self.sense_ends(id);
        match next {
            Next::Hangup => self.hang_up(id, EndedBy::Tandem),
            Next::Flow(dialog) if !self.is_there(&dialog) => {
                let next = self.renewed(id, &dialog);
                self.go(id, next);
            }
            Next::Flow(dialog) => {
                let Some(call) = self.calls.get_mut(&id) else { return };
                call.stage = Stage::Dialog(*dialog);
                self.lease(id);
                self.dialog(id, Happening::Enter);
            }
            Next::Wait(waiting) if !self.site.queues.contains_key(&waiting.queue) => {
                self.go(id, on_with_the_flow(&waiting));
            }
            Next::Wait(waiting) => {
                let (queue, place) = (waiting.queue.clone(), waiting.place);
                let Some(call) = self.calls.get_mut(&id) else { return };
                call.stage = Stage::Waiting(Waiting { greeting: false, ..*waiting });
                let seen = !call.unseen;
                self.place(&queue, place, seen);
                self.lease(id);
                self.wait_on(id, false);
            }
            Next::Goal(way) => {
                let (goal, after) = *way;
                self.lease(id);
                self.pursue(id, goal, after);
            }
            Next::Turn(turn) => self.next_turn(id, *turn),
            Next::Park { slot, by } => self.park(id, slot, by),
            Next::TurnAway(cause) => self.hang_up_with(id, EndedBy::Tandem, cause),
        }
    }

    /// Lets the caller's dialog go on.
    pub(super) fn dialog(&mut self, id: CallId, happening: Happening) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::Dialog(dialog) = &mut call.stage else { return };
        let acts = dialog::on(dialog, &self.site, happening, now);
        // Whoever changed the language in a conversation is greeted in it by the queue.
        call.language = dialog.language;
        // What changes nothing, such as a key while a task is done, leaves the deadline as it is.
        if acts.iter().any(|act| !matches!(act, Act::Because(_) | Act::Note(_))) {
            self.timers.clear(&Timer::Stage(id));
        }
        for act in acts {
            let Some(call) = self.calls.get_mut(&id) else { return };
            match act {
                Act::Speak(media) => call.playing = Some(self.out.order(&call.leg, Command::Play { media })),
                Act::Words { language, text, told } => {
                    if matches!(&call.stage, Stage::Dialog(dialog) if dialog.talk.is_some()) {
                        let spoken = call.spoken.get_or_insert_default();
                        spoken.add(Speaker::House, &text, Some(&told));
                    }
                    let (call, leg, by) = (call.id, call.leg.clone(), Speaker::House);
                    self.out.push(Effect::Words(Words { call, leg, by, language, text, whole: true }));
                }
                Act::Because(why) => self.out.tell(call, format_smolstr!("{why}")),
                Act::Hush => {
                    call.playing = None;
                    self.out.order(&call.leg, Command::Stop);
                }
                Act::Listen(ear, locale) => {
                    let Stage::Dialog(dialog) = &call.stage else { return };
                    let hearing = Hearing { locale, flow: dialog.flow.clone(), ear };
                    self.out.order(&call.leg, Command::Listen(hearing));
                }
                Act::GoOn => drop(self.out.order(&call.leg, Command::GoOn)),
                Act::Deaf => drop(self.out.order(&call.leg, Command::Deaf)),
                Act::Wait(span) => self.timers.set(Timer::Stage(id), now + span),
                Act::Note(text) => self.out.tell(call, text),
                Act::Queue { queue, route, otherwise, brief } => {
                    call.brief = brief.or(call.brief.take());
                    self.queue_step(id, queue, route.as_ref(), otherwise);
                }
                Act::Route { policy, otherwise } => self.route_step(id, &policy, otherwise),
                Act::SumUp => self.sum_up(id),
                Act::Reveal(digits) => {
                    let (call, leg) = (call.id, call.leg.clone());
                    self.out.push(Effect::Reveal { call, leg, digits });
                }
                Act::Task { task, facts } => self.task(id, task, facts),
                Act::Transfer { to, digits, ring, otherwise } => {
                    self.transfer_step(id, &to, digits, ring, otherwise);
                }
                Act::Voicemail { mailbox } => self.leave_message(id, &mailbox),
                Act::Asked { of } => self.asked_for_rating(id, of),
                Act::Rated(rating) => self.rated(id, rating),
                Act::Hangup => self.hang_up(id, EndedBy::Tandem),
            }
        }
    }

    fn transfer_step(
        &mut self,
        id: CallId,
        to: &TransferTo,
        digits: Option<SmolStr>,
        ring: Duration,
        otherwise: Name,
    ) {
        let Some(call) = self.calls.get(&id) else { return };
        let Stage::Dialog(dialog) = &call.stage else { return };
        let after = Next::Flow(Box::new(at_step(dialog, otherwise)));
        let decision = match to {
            TransferTo::Trunk { trunk, number } => {
                let endpoint = Endpoint::Trunk { trunk: trunk.clone(), number: number.clone() };
                return self.dial(id, Party::Outside(number.clone()), endpoint, ring, after);
            }
            TransferTo::Group(number) => return self.pursue(id, Goal::Group(number.clone()), after),
            TransferTo::Conference(number) => {
                return self.pursue(id, Goal::Conference(number.clone()), after);
            }
            TransferTo::Outside(number) => Some(super::goals::everywhere(&self.site, number, self.now())),
            TransferTo::Extension(number) => Some(self.reach(None, number)),
            TransferTo::Collected(_) => {
                digits.and_then(|digits| Number::new(digits).ok()).map(|number| self.reach(None, &number))
            }
        };
        match decision {
            Some(Decision::Go { goal: Goal::Extension(to), .. }) => self.ring_extension(id, to, ring, after),
            Some(Decision::Go { goal: goal @ (Goal::Group(_) | Goal::Outside { .. }), .. }) => {
                self.pursue(id, goal, after);
            }
            _ => {
                if let Some(call) = self.calls.get_mut(&id) {
                    self.out.tell(call, "there is no such extension");
                }
                self.go(id, after);
            }
        }
    }

    pub(super) fn extension(&self, number: &Number) -> Option<Endpoint> {
        self.site.extensions.get(number).map(|extension| Endpoint::Phone(extension.phone.clone()))
    }

    /// Dials somebody for the caller.
    pub(super) fn dial(
        &mut self,
        id: CallId,
        party: Party,
        endpoint: Endpoint,
        ring: Duration,
        otherwise: Next,
    ) {
        self.dial_by(id, party, endpoint, ring, otherwise, None);
    }

    /// Dials somebody, on a trunk: with those to try when it fails.
    pub(super) fn dial_by(
        &mut self,
        id: CallId,
        party: Party,
        endpoint: Endpoint,
        ring: Duration,
        otherwise: Next,
        trunk: Option<(Name, Vec<Name>)>,
    ) {
        let now = self.now();
        let leg = self.out.leg_id();
        let Some((caller, caller_name)) = self.shown(id, &endpoint) else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.playing = None;
        call.dialled.push(LegRecord::dialled(leg.clone(), party.role(), party.words(), now));
        self.out.tell(call, format_smolstr!("dialling {}", party.words()));
        self.out.order(
            &call.leg,
            Command::Connect { to: leg.clone(), endpoint, timeout: ring, caller, caller_name },
        );
        call.stage = Stage::Dialling(Dialled { leg: leg.clone(), party, since: now, otherwise, trunk });
        self.legs.insert(leg, id);
        self.timers.set(Timer::Stage(id), now + ring + RING_GUARD);
    }

    /// Whom a phone or somebody outside sees calling.
    pub(super) fn shown(&self, id: CallId, at: &Endpoint) -> Option<(Number, Label)> {
        let call = self.calls.get(&id)?;
        let own = self.outside_caller().filter(|_| matches!(at, Endpoint::Trunk { .. }));
        let from = own.or_else(|| call.arrival.from.clone()).unwrap_or_else(|| call.arrival.to.clone());
        Some((from, call.arrival.from_name.clone()))
    }

    /// The number that people outside see when the house calls them.
    pub(super) fn outside_caller(&self) -> Option<Number> {
        self.site.dialing.outside.as_ref().and_then(|outside| outside.caller.clone())
    }

    /// The caller waits or is in a menu: the lease shall be held.
    pub(super) fn lease(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if !call.leased {
            call.leased = true;
            self.out.order(&call.leg, Command::Lease { span: self.site.lease });
            self.timers.set(Timer::Lease(id), self.out.now() + self.site.lease / 3);
        }
    }

    /// Books the end of a talk, if there was one.
    pub(super) fn end_talk(&mut self, id: CallId) {
        let now = self.now();
        if let Some(call) = self.calls.get_mut(&id)
            && let Some(since) = call.stage.talks_since()
        {
            call.talk_ms += millis(now, since);
        }
    }

    pub(super) fn hang_up(&mut self, id: CallId, by: EndedBy) {
        self.hang_up_with(id, by, HangupCause::NORMAL_CLEARING);
    }

    /// A caller who was never answered is told why.
    pub(super) fn hang_up_with(&mut self, id: CallId, by: EndedBy, cause: HangupCause) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.gone.is_none() {
            if call.ended_by.is_none() {
                call.ended_by = Some(by);
                self.out.tell(call, "hanging up");
            }
            let told = if call.answered.is_none() { cause } else { HangupCause::NORMAL_CLEARING };
            self.out.hangup(&call.leg, told);
        }
        self.end(id);
    }

    /// No stage follows; the legs that are left are ended.
    pub(super) fn end(&mut self, id: CallId) {
        let now = self.now();
        self.still_recorded(id);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let left = std::mem::replace(&mut call.stage, Stage::Ending);
        call.playing = None;
        let open: Vec<_> = call.open_legs().map(|record| record.leg.clone()).collect();
        for leg in open {
            self.out.hangup(&leg, HangupCause::NORMAL_CLEARING);
        }
        if let Stage::Conferring(conferring) = left {
            self.conference_left(id, &conferring.number);
        }
        for timer in Timer::OF_CALL {
            self.timers.clear(&timer(id));
        }
        self.timers.set(Timer::Stage(id), now + END_GUARD);
        self.callback_failed(id);
    }

    /// Writes the record when nothing is left of the call.
    pub(super) fn finish(&mut self, id: CallId) {
        let over = self.calls.get(&id).is_some_and(|call| {
            call.stage == Stage::Ending && call.gone.is_some() && call.open_legs().next().is_none()
        });
        if !over {
            return;
        }
        if let Some(call) = self.calls.remove(&id) {
            // A leg that was joined with another call lives on there.
            if self.legs.get(&call.leg) == Some(&id) {
                self.forget_leg(&call.leg);
            }
            self.retire(call);
        }
    }

    /// Nothing of the call is left: its record is written.
    pub(super) fn retire(&mut self, mut call: Call) {
        self.timers.clear(&Timer::Stage(call.id));
        for timer in Timer::OF_CALL {
            self.timers.clear(&timer(call.id));
        }
        if let Some(tape) = call.tape_mut() {
            tape.recording.end(self.now());
        }
        self.count_rating(&call);
        let summary = summaries::at_the_end(&mut call);
        let id = call.id;
        self.out.push(Effect::Record(Box::new(CallRecord { summary, ..record(call) })));
        self.callback_begins(id);
    }
}

/// The dialog of a caller who goes on at another step.
pub(super) fn at_step(dialog: &Dialog, step: Name) -> Dialog {
    Dialog { step, tries: 0, keys: SmolStr::default(), speaking: false, talk: None, ..dialog.clone() }
}

pub(super) fn millis(now: Stamp, then: Stamp) -> u64 {
    u64::try_from(now.since(then).as_millis()).unwrap_or(u64::MAX)
}

fn record(call: Call) -> CallRecord {
    let survey = super::surveys::told(&call);
    let (ended, cause) = call.gone.unwrap_or((call.began, HangupCause::INTERWORKING));
    let caller = LegRecord {
        leg: call.leg,
        role: Role::Caller,
        party: Label::new(call.arrival.from.as_ref().map_or("", Number::as_str)),
        began: call.began,
        answered: call.answered,
        ended: Some(ended),
        cause: Some(cause),
    };
    let outside = call.dialled.iter().any(|leg| leg.role == Role::Outside);
    let direction = match call.arrival.origin {
        Origin::Trunk => Direction::Inbound,
        // The caller began it, and was called back.
        Origin::House if call.promised_in.is_some() && call.queue.is_some() => Direction::Inbound,
        Origin::Phone(_) if !outside => Direction::Internal,
        Origin::Phone(_) | Origin::House => Direction::Outbound,
    };
    CallRecord {
        id: call.id,
        from: call.arrival.from,
        from_name: call.arrival.from_name,
        to: call.arrival.to,
        direction: Some(direction),
        arrived: call.began,
        answered: call.answered,
        ended,
        cause,
        ended_by: call.ended_by.unwrap_or(EndedBy::Engine),
        queue: call.queue,
        wait_ms: call.wait_ms,
        talk_ms: call.talk_ms,
        agent: call.agent,
        legs: if call.handed_on {
            call.dialled
        } else {
            std::iter::once(caller).chain(call.dialled).collect()
        },
        recordings: call.recorded.into_iter().map(|tape| tape.recording).collect(),
        steps: call.steps,
        summary: None,
        survey,
        disposition: call.disposition,
        erased: None,
    }
}
