//! Callers who talk with the house in their own words: what is understood, tasks and their outcomes.

use std::collections::BTreeMap;

use smol_str::{SmolStr, format_smolstr};

use super::{
    state::{Effect, Switchboard},
    view::{Speaker, Words},
};
use crate::{
    base::{
        clock::Stamp,
        id::{CallId, LegId, Name},
        number::Key,
    },
    infra::site::{Step, Talk},
    live::{
        call::{Call, Stage},
        dialog::{
            Conversation, Dialog, Happening,
            talk::{self, Ears, Fact, FactKind, Heard, Hearsay, Known, hiding},
        },
    },
};

impl Switchboard {
    /// What a caller said, as whoever has asked understands it; `None` when nobody has.
    pub fn hear(&self, ears: &Ears, leg: &LegId, text: &str, now: Stamp) -> Option<Hearsay> {
        let (_, dialog, step) = self.listening(leg)?;
        let now = now.zoned(&self.site.time_zone).datetime();
        match (step, &dialog.talk) {
            (Step::Talk(talk), Some(conversation)) => {
                Some(ears.understand(&dialog.flow, talk, &conversation.talking, text, now))
            }
            (Step::Rate(_), _) => Some(ears.value(dialog.language, text, now)),
            _ => None,
        }
    }

    /// What the caller at this leg says, for those who watch; `None` when nobody has asked.
    pub fn words(&self, leg: &LegId, text: &str, whole: bool) -> Option<Words> {
        let (call, dialog, step) = self.listening(leg)?;
        let (language, secrets) = match (step, &dialog.talk) {
            (Step::Talk(talk), Some(conversation)) => {
                let language = conversation.ear.map_or(conversation.talking.language, |(_, locale)| locale);
                (language, hiding::knows_secrets(talk))
            }
            (Step::Rate(_), _) => (dialog.language, false),
            _ => return None,
        };
        // What is whole has been heard without its secrets.
        let text = if whole || !secrets { text.into() } else { hiding::blanked(text).into() };
        let leg = leg.clone();
        Some(Words { call: call.id, leg, by: Speaker::Caller, language, text, whole })
    }

    /// The step of a flow at which the caller at this leg is listened to.
    fn listening(&self, leg: &LegId) -> Option<(&Call, &Dialog, &Step)> {
        let call = self.calls.get(self.legs.get(leg)?).filter(|call| call.leg == *leg)?;
        let Stage::Dialog(dialog) = &call.stage else { return None };
        let step = self.site.flows.get(&dialog.flow)?.steps.get(&dialog.step)?;
        let listens = match step {
            Step::Talk(_) => dialog.talk.is_some(),
            step => matches!(step, Step::Rate(_)),
        };
        listens.then_some((call, dialog, step))
    }

    /// The conversation that the caller at this leg is in.
    fn conversing(&self, leg: &LegId) -> Option<(&Talk, &Conversation)> {
        let (_, dialog, step) = self.listening(leg)?;
        match step {
            Step::Talk(talk) => Some((talk, dialog.talk.as_ref()?)),
            _ => None,
        }
    }

    /// What becomes of a key of this leg.
    pub(super) fn pressed_in_talk(&self, leg: &LegId, key: Key) -> hiding::Pressed {
        self.conversing(leg).map_or(hiding::Pressed::Open, |(talk, conversation)| {
            hiding::pressed(talk, &conversation.talking, key)
        })
    }

    pub(super) fn understood(&mut self, leg: &LegId, heard: Heard) {
        if self.listening(leg).is_some()
            && let Some(id) = self.legs.get(leg).copied()
        {
            let words = self.words(leg, heard.text.trim(), true);
            if let Some(words) = words {
                self.out.push(Effect::Words(words));
            }
            if heard.second
                && let Some(call) = self.calls.get_mut(&id)
            {
                self.out.tell(call, "a chat model elsewhere had a say in what the caller means");
            }
            let nothing = heard.text.trim().is_empty();
            let converses = self.conversing(leg).is_some();
            if converses
                && !nothing
                && let Some(call) = self.calls.get_mut(&id)
            {
                // The same rule as for a second opinion: who tells a value tells it the house alone.
                let answer =
                    |fact: &Fact| matches!(fact.kind, FactKind::Yes | FactKind::No | FactKind::Neither);
                let open = heard.facts.iter().all(answer)
                    && !heard.text.contains(|c: char| c.is_numeric() || c == '*');
                let (text, spoken) = (heard.text.trim(), call.spoken.get_or_insert_default());
                spoken.add(Speaker::Caller, text, open.then_some(text));
            }
            let word = if nothing { talk::Input::Nothing } else { talk::Input::Understood(heard) };
            self.dialog(id, Happening::Word(word));
        }
    }

    /// Somebody begins to speak: what was waited for waits until it is over.
    pub(super) fn voice(&mut self, leg: &LegId) {
        if self.listening(leg).is_some()
            && let Some(id) = self.legs.get(leg).copied()
        {
            self.dialog(id, Happening::Voice);
        }
    }

    /// A flow wants something done outside.
    pub(super) fn task(&mut self, id: CallId, task: Name, facts: BTreeMap<Name, SmolStr>) {
        let Some(leg) = self.calls.get(&id).map(|call| call.leg.clone()) else { return };
        let known = self.conversing(&leg).map(|(_, conversation)| &conversation.talking.facts);
        let number = |(slot, known): (&Name, &Known)| Some((slot.clone(), known.hidden?));
        let hidden = known.into_iter().flatten().filter_map(number).collect();
        let Some(call) = self.calls.get_mut(&id) else { return };
        self.out.tell(call, format_smolstr!("the task {task} begins"));
        self.out.push(Effect::Task { call: id, leg, task, facts, hidden });
    }

    pub(super) fn task_done(&mut self, id: CallId, outcome: Option<BTreeMap<SmolStr, SmolStr>>) {
        self.dialog(id, Happening::Word(talk::Input::Task(outcome)));
    }
}
