//! Which queue takes a caller: who calls is asked when the call comes in, and the site's rules say the rest.

use std::{collections::BTreeMap, time::Duration};

use smol_str::{SmolStr, format_smolstr};

use super::{
    stages::at_step,
    state::{Effect, Switchboard},
    view::Known,
};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, Name},
    },
    infra::site::{Rule, Step},
    live::{
        call::{Caller, Next, Stage, Timer},
        dialog::Happening,
        routing::{Goal, policy},
    },
    ports::engine::Origin,
};

/// So long after the call came in a rule waits for what is known of the caller, where no customer system has its own patience.
const PATIENCE: Duration = Duration::from_millis(300);

impl Switchboard {
    /// Asks who calls, where rules want to know.
    pub(super) fn look_up(&mut self, id: CallId) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let (Origin::Trunk, Some(from)) = (&call.arrival.origin, &call.arrival.from) else { return };
        if !self.site.routing.is_empty() {
            call.caller = Caller::Asked(now);
            self.out.push(Effect::LookUp { call: id, from: from.clone() });
        }
    }

    /// Somebody said who calls.
    pub(super) fn known(&mut self, id: CallId, known: Option<Box<Known>>) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if !matches!(call.caller, Caller::Asked(_)) {
            return;
        }
        self.out.tell(call, told(known.as_deref(), self.out.now()));
        call.caller = known.map_or(Caller::Unknown, Caller::Known);
        let Stage::Dialog(dialog) = &call.stage else { return };
        let flow = self.site.flows.get(&dialog.flow);
        if let Some(Step::Route { .. }) = flow.and_then(|flow| flow.steps.get(&dialog.step)) {
            self.dialog(id, Happening::Enter);
        }
    }

    /// A step of a flow lets a policy say the queue.
    pub(super) fn route_step(&mut self, id: CallId, policy: &Name, otherwise: Name) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        if let Caller::Asked(at) = call.caller {
            let until = at + self.site.crm.as_ref().map_or(PATIENCE, |crm| crm.patience);
            if now < until {
                return self.timers.set(Timer::Stage(id), until);
            }
            self.out.tell(call, "nobody said in time who calls");
        }
        let Some(call) = self.calls.get(&id) else { return };
        let Stage::Dialog(dialog) = &call.stage else { return };
        let after = at_step(dialog, otherwise);
        match self.decided(id, policy) {
            Some(rule) => self.join(id, rule.queue.clone(), after, Some(&rule)),
            None if self.circles(id) => self.go(id, Next::goal(Goal::Extension(self.site.fallback.clone()))),
            None => self.go(id, Next::Flow(Box::new(after))),
        }
    }

    /// The rule of a policy that fits this caller; the call's story has it and why.
    pub(super) fn decided(&mut self, id: CallId, policy: &Name) -> Option<Rule> {
        let now = self.now();
        let call = self.calls.get(&id)?;
        let context = call.brief.as_ref().map(|brief| &brief.context);
        let facts: BTreeMap<Name, SmolStr> = context
            .map(|context| &context.facts)
            .into_iter()
            .flatten()
            .filter(|(_, known)| known.hidden.is_none())
            .map(|(slot, known)| (slot.clone(), known.text.clone()))
            .collect();
        let caller = policy::Caller {
            from: call.arrival.from.as_ref(),
            to: &call.arrival.to,
            language: call.language,
            known: call.caller.known(),
            topics: context.map_or(&[], |context| &context.topics),
            facts: &facts,
        };
        let decision = policy::decide(&self.site, policy, &caller, now);
        let decision = decision.map(|(rule, why)| (rule.clone(), why));
        let call = self.calls.get_mut(&id)?;
        let Some((rule, why)) = decision else {
            self.out.tell(call, format_smolstr!("policy {policy}: no rule fits"));
            return None;
        };
        let Rule { name, queue, .. } = &rule;
        self.out.tell(call, format_smolstr!("policy {policy}: rule {name} ({why}) → queue {queue}"));
        Some(rule)
    }
}

/// What is known, without a word that tells more than the rules need.
fn told(known: Option<&Known>, now: Stamp) -> SmolStr {
    let Some(known) = known else { return SmolStr::new_static("nobody knows this caller") };
    let class = known.class.as_ref().map_or(", of no class".into(), |class| format!(" as {class}"));
    let last = known.last.as_ref().map_or(String::new(), |last| {
        let with = last.agent.as_ref().map(|agent| format!(" with {agent}")).unwrap_or_default();
        format!(", last{with} {} h ago", now.since(last.at).as_secs() / 3600)
    });
    format_smolstr!("known by {}{class}{last}", known.by)
}
