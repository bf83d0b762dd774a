//! A new site takes effect under live calls: what somebody hears or says goes on, and whoever stood at something that is
//! there no more goes on at once. `docs/switchboard.md` has the rules as a table.

use std::sync::Arc;

use smol_str::format_smolstr;

use super::state::Switchboard;
use crate::{
    base::id::{CallId, Name},
    infra::site::{Feature, Site, Takes},
    live::{
        call::{Next, Stage, Waiting},
        dialog::Dialog,
        routing::{Decision, Goal, route},
    },
    ports::engine::{Command, HangupCause, Origin},
};

impl Switchboard {
    pub(super) fn adopt(&mut self, site: Arc<Site>) {
        self.agents.adopt(&site, self.now());
        self.site = site;
        let agents: Vec<_> = self.agents.iter().map(|(name, _)| name.clone()).collect();
        for name in &agents {
            self.agent_timer(name);
        }
        self.queues.keep(&self.site);
        if self.site.without.contains(&Feature::Recording) {
            self.record_nothing();
        }
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        for id in calls {
            self.leave_gone_queue(id);
            self.leave_gone_step(id);
            self.leave_gone_slot(id);
            self.relax_again(id);
            self.overflow_in_time(id);
            self.announce_in_time(id);
        }
        self.leave_gone_queues();
        self.strand_messages();
        let promised: Vec<CallId> = self.callbacks.keys().copied().collect();
        for id in promised {
            self.relax_again(id);
        }
        let queues: Vec<_> = self.queues.names().cloned().collect();
        for queue in &queues {
            self.stretch(None, queue);
        }
        self.match_all();
        self.watch_figures();
    }

    /// Whoever waits in a queue that is no more goes on at the flow's next step; who is being offered, when the offer
    /// fails.
    fn leave_gone_queue(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if let Stage::Talking { with, .. } = &mut call.stage
            && let Next::Wait(waiting) = &with.otherwise
            && !has_line(&self.site, &waiting.queue, Takes::Calls)
        {
            with.otherwise = on_with_the_flow(waiting);
        }
        let Some(waiting) = call.stage.waiting().cloned() else { return };
        if has_line(&self.site, &waiting.queue, Takes::Calls) {
            return;
        }
        let (queue, step) = (&waiting.queue, &waiting.after.step);
        self.out.tell(call, format_smolstr!("queue {queue} is no longer in the site: step {step}"));
        self.leave_queue(id);
        let after = on_with_the_flow(&waiting);
        let Some(call) = self.calls.get_mut(&id) else { return };
        match &mut call.stage {
            Stage::Dialling(dialled) => dialled.otherwise = after,
            Stage::Parting { next } => *next = after,
            Stage::Meeting(_) => self.call_off(id, after),
            _ => self.interrupt(id, after),
        }
    }

    fn leave_gone_step(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let Stage::Dialog(dialog) = &call.stage else { return };
        if !self.is_there(dialog) {
            let next = Next::Flow(Box::new(dialog.clone()));
            self.interrupt(id, next);
        }
    }

    fn leave_gone_slot(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::Parked(parked) = &call.stage else { return };
        let slots = self.site.dialing.parking.as_ref().map(|parking| &parking.slots);
        if slots.is_none_or(|slots| !slots.contains(&parked.slot)) {
            let text = format_smolstr!("slot {} is no longer in the site", parked.slot);
            self.out.tell(call, text);
            self.unpark(id);
        }
    }

    /// What the caller hears ends, and the call goes on.
    fn interrupt(&mut self, id: CallId, next: Next) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.playing = None;
        self.out.order(&call.leg, Command::Stop);
        self.go(id, next);
    }

    pub(super) fn is_there(&self, dialog: &Dialog) -> bool {
        self.site.flows.get(&dialog.flow).is_some_and(|flow| flow.steps.contains_key(&dialog.step))
    }

    /// The way on for a dialog whose step is no more: its flow begins anew, or what the number has instead of it.
    pub(super) fn renewed(&mut self, id: CallId, dialog: &Dialog) -> Next {
        let Dialog { flow, step, .. } = dialog;
        let start = self.site.flows.get(flow).map(|found| found.start.clone());
        if let Some(call) = self.calls.get_mut(&id) {
            let what = if start.is_some() {
                format_smolstr!("step {step} is no longer in flow {flow}: it begins anew")
            } else {
                format_smolstr!("flow {flow} is no longer in the site")
            };
            self.out.tell(call, what);
            if start.is_none() && call.survey.is_some() {
                return Next::Hangup;
            }
        }
        match start {
            Some(start) if !self.hop(id) => Next::Flow(Box::new(super::stages::at_step(dialog, start))),
            _ => self.anew(id),
        }
    }

    /// The call begins again at the number that was called; without that, at the fallback extension.
    pub(super) fn anew(&mut self, id: CallId) -> Next {
        if self.hop(id) {
            return Next::TurnAway(HangupCause::TEMPORARY_FAILURE);
        }
        let Some(call) = self.calls.get(&id) else { return Next::Hangup };
        match route(&self.site, &call.arrival, self.now()) {
            Decision::Go { goal: goal @ Goal::Flow { .. }, .. } => Next::goal(goal),
            _ => Next::goal(Goal::Extension(self.site.fallback.clone())),
        }
    }

    /// Where the call was to go is no more. A caller from outside whom we have answered, and who has nowhere else to
    /// go, begins anew; everybody else goes on, or is told why.
    pub(super) fn nowhere(&mut self, id: CallId, after: Next, cause: HangupCause, why: &str) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        self.out.tell(call, why);
        let ours = call.answered.is_some() && call.arrival.origin == Origin::Trunk;
        let next =
            if ours && after == Next::Hangup { self.anew(id) } else { super::goals::ending(after, cause) };
        self.go(id, next);
    }
}

/// Whether a queue is there, and takes these.
pub(super) fn has_line(site: &Site, queue: &Name, takes: Takes) -> bool {
    site.queues.get(queue).is_some_and(|queue| queue.takes == takes)
}

pub(super) fn on_with_the_flow(waiting: &Waiting) -> Next {
    Next::Flow(Box::new(waiting.after.clone()))
}
