//! Where a call goes: one function for every goal, whether a phone dialled it, a flow, a transfer or a forward.

use std::time::Duration;

use smol_str::format_smolstr;

use super::{legs::ANSWER_GUARD, state::Switchboard};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, Name},
        number::Number,
    },
    infra::site::{Class, Site},
    live::{
        call::{Next, Party, Stage, Timer},
        routing::{Decision, Goal, reach},
    },
    ports::engine::{Arrival, Command, Endpoint, HangupCause, Origin},
};

/// How long an extension rings when nobody says otherwise.
pub(super) const RING: Duration = Duration::from_secs(30);
/// So often a call is sent on; more is a circle.
pub(super) const MAX_HOPS: u8 = 6;

impl Switchboard {
    /// On to a goal; `after` when nobody comes to talk.
    pub(super) fn pursue(&mut self, id: CallId, goal: Goal, after: Next) {
        let unanswered = self.calls.get(&id).is_some_and(|call| call.answered.is_none());
        if unanswered && wants_answer(&goal) {
            return self.answer_first(id, Next::Goal(Box::new((goal, after))));
        }
        match goal {
            Goal::Flow { flow, language } => {
                let next = if self.site.flows.contains_key(&flow) {
                    self.flow(&flow, language)
                } else {
                    self.anew(id)
                };
                self.go(id, next);
            }
            Goal::Extension(to) => self.ring_extension(id, to, RING, after),
            Goal::Intercom(to) => self.ring_intercom(id, to, after),
            Goal::Queue(queue) => match after {
                Next::Flow(dialog) => self.join(id, queue, *dialog, None),
                after => self.go(id, after),
            },
            Goal::Agent(name) => self.ring_agent(id, &name, after),
            Goal::Group(group) => self.ring_group(id, &group, after),
            Goal::Outside { number, trunks } => self.dial_out(id, number, &trunks, after),
            Goal::Conference(number) => self.confer(id, &number),
            Goal::Park(slot) => self.fetch(id, &slot),
            Goal::PickUp(of) => self.pick_up(id, of.as_ref()),
            Goal::Mailbox(number) => self.hear_messages(id, &number),
            Goal::Message(number) => self.leave_message(id, &number),
            Goal::Setting(setting) => self.dial_setting(id, &setting),
        }
    }

    /// Where a number leads for whoever has these rights. `by`: whose rights they are.
    pub(super) fn reach(&self, by: Option<&Number>, to: &Number) -> Decision {
        reach(&self.site, self.class(by), by, to, self.now())
    }

    /// What an extension may dial; nobody's rights are those of the house alone.
    pub(super) fn class(&self, by: Option<&Number>) -> Class {
        by.and_then(|number| self.site.extensions.get(number)).map_or(Class::Internal, |ext| ext.class)
    }

    /// The extension of the phone that a call came from.
    pub(super) fn dialled_by(&self, arrival: &Arrival) -> Option<Number> {
        match &arrival.origin {
            Origin::Phone(phone) => self.number_of(phone),
            Origin::Trunk | Origin::House => None,
        }
    }

    /// The extension with this phone.
    pub(super) fn number_of(&self, phone: &Name) -> Option<Number> {
        let mut all = self.site.extensions.iter();
        all.find(|(_, extension)| extension.phone == *phone).map(|(number, _)| number.clone())
    }

    /// The extension that a party is at.
    pub(super) fn extension_of(&self, party: &Party) -> Option<Number> {
        match party {
            Party::Agent(name) => self.site.agents.get(name)?.phone.extension().cloned(),
            Party::Extension(number) => Some(number.clone()),
            Party::Outside(_) => None,
        }
    }

    /// Counts one more forward or transfer; says whether there have been too many.
    pub(super) fn hop(&mut self, id: CallId) -> bool {
        let Some(call) = self.calls.get_mut(&id) else { return true };
        call.hops = call.hops.saturating_add(1);
        let circle = call.hops > MAX_HOPS;
        if circle {
            self.out.tell(call, "the call goes in a circle");
        }
        circle
    }

    pub(super) fn ring_extension(&mut self, id: CallId, to: Number, ring: Duration, after: Next) {
        let wishes = self.wishes(&to);
        if let Some(target) = wishes.always {
            return self.forward(id, &to, &target, "always", after);
        }
        if wishes.quiet {
            if let Some(call) = self.calls.get_mut(&id) {
                self.out.tell(call, format_smolstr!("{to} does not want to be disturbed"));
            }
            return self.not_taken(id, &to, HangupCause::USER_BUSY, after);
        }
        let Some(endpoint) = self.extension(&to) else {
            return self.nowhere(id, after, HangupCause::UNALLOCATED_NUMBER, "there is no such extension");
        };
        let ring = wishes.ring.filter(|_| wishes.no_answer.is_some()).unwrap_or(ring);
        self.dial(id, Party::Extension(to), endpoint, ring, after);
    }

    fn ring_intercom(&mut self, id: CallId, to: Number, after: Next) {
        let phone = self.site.extensions.get(&to).map(|extension| extension.phone.clone());
        match phone {
            Some(_) if self.wishes(&to).quiet => {
                self.refuse(id, HangupCause::USER_BUSY, "the extension does not want to be disturbed");
            }
            Some(phone) => self.dial(id, Party::Extension(to), Endpoint::Intercom(phone), RING, after),
            None => self.refuse(id, HangupCause::UNALLOCATED_NUMBER, "there is no such extension"),
        }
    }

    /// An extension did not take the call: on to where it forwards such calls, or to `after`.
    pub(super) fn not_taken(&mut self, id: CallId, to: &Number, cause: HangupCause, after: Next) {
        let next = self.diversion(id, to, cause, &after).unwrap_or_else(|| ending(after, cause));
        self.go(id, next);
    }

    /// Where an extension wants calls to go that it did not take.
    pub(super) fn diversion(
        &mut self,
        id: CallId,
        to: &Number,
        cause: HangupCause,
        after: &Next,
    ) -> Option<Next> {
        let wishes = self.wishes(to);
        let (target, why) = match cause {
            HangupCause::USER_BUSY | HangupCause::CALL_REJECTED => (wishes.busy, "busy"),
            _ => (wishes.no_answer, "no answer"),
        };
        let Some(target) = target else {
            // Whoever has nowhere else to go may leave a message.
            let mailbox = self.site.extensions.get(to).is_some_and(|extension| extension.mailbox.is_some());
            return (mailbox && *after == Next::Hangup).then(|| Next::goal(Goal::Message(to.clone())));
        };
        self.forwarded(id, to, &target, why, after.clone())
    }

    fn forward(&mut self, id: CallId, of: &Number, target: &Number, why: &str, after: Next) {
        let next = self.forwarded(id, of, target, why, after.clone());
        self.go(id, next.unwrap_or_else(|| ending(after, HangupCause::USER_BUSY)));
    }

    /// The way that a forward leads, with the rights of the extension that forwards.
    fn forwarded(
        &mut self,
        id: CallId,
        of: &Number,
        target: &Number,
        why: &str,
        after: Next,
    ) -> Option<Next> {
        if self.hop(id) {
            return None;
        }
        let decision = self.reach(Some(of), target);
        let call = self.calls.get_mut(&id)?;
        match decision {
            Decision::Go { goal, .. } => {
                self.out.tell(call, format_smolstr!("{of} forwards to {target} ({why})"));
                call.by = Some(of.clone());
                Some(Next::Goal(Box::new((goal, after))))
            }
            Decision::No { why, .. } => {
                self.out.tell(call, format_smolstr!("{of} forwards to {target}, which may not be: {why}"));
                None
            }
        }
    }

    /// Nothing comes of it, for this reason.
    pub(super) fn refuse(&mut self, id: CallId, cause: HangupCause, why: &str) {
        if let Some(call) = self.calls.get_mut(&id) {
            self.out.tell(call, why);
        }
        self.go(id, Next::TurnAway(cause));
    }

    /// What a caller hears who waits for somebody to be rung.
    pub(super) fn keep_company(&mut self, id: CallId) {
        self.lease(id);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let command = if call.answered.is_some() { Command::Music } else { Command::Ring };
        call.playing = Some(self.out.order(&call.leg, command));
    }

    fn answer_first(&mut self, id: CallId, next: Next) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.stage = Stage::Answering { next, tries: 1 };
        self.out.order(&call.leg, Command::Answer);
        self.timers.set(Timer::Stage(id), self.out.now() + ANSWER_GUARD);
    }
}

/// Whether the caller's leg must be answered before it goes there.
fn wants_answer(goal: &Goal) -> bool {
    match goal {
        Goal::Flow { .. }
        | Goal::Queue(_)
        | Goal::Conference(_)
        | Goal::Mailbox(_)
        | Goal::Message(_)
        | Goal::Setting(_) => true,
        Goal::Extension(_)
        | Goal::Intercom(_)
        | Goal::Agent(_)
        | Goal::Group(_)
        | Goal::Outside { .. }
        | Goal::Park(_)
        | Goal::PickUp(_) => false,
    }
}

/// Whoever has nowhere else to go is told why nobody was reached.
pub(super) fn ending(after: Next, cause: HangupCause) -> Next {
    if after == Next::Hangup { Next::TurnAway(cause) } else { after }
}

/// Where a number leads for whoever commands the house.
pub(super) fn everywhere(site: &Site, to: &Number, now: Stamp) -> Decision {
    reach(site, Class::International, None, to, now)
}
