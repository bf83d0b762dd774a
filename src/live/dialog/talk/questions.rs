//! What is said and how it is listened to in each state.

use super::{
    rules::Turn,
    said::{self, filled},
    words::{Output, Stage},
};
use crate::{
    base::id::Name,
    infra::site::{Ask, Locale, Prompt, Slot},
    ports::engine::Ear,
};

impl<'a> Turn<'a> {
    /// Asks what the present state asks, with as much help as the misses so far call for.
    pub fn question(&mut self) {
        let talk = self.talk;
        match self.state.stage.clone() {
            Stage::Open if self.state.misses > 0 => self.say(&talk.lines.again, &[]),
            Stage::Open => self.say(&talk.lines.more, &[]),
            Stage::Ask(name) => {
                let Some(slot) = talk.slots.get(&name) else { return self.gone(name) };
                let help = usize::from(self.state.misses).min(slot.prompts.len().saturating_sub(1));
                let Some(prompt) = slot.prompts.get(help) else { return self.gone(name) };
                let fields = self.values();
                self.say(prompt, &fields);
            }
            Stage::Confirm(name) => {
                let Some(prompt) = talk.slots.get(&name).and_then(|slot| slot.confirm.as_ref()) else {
                    return self.gone(name);
                };
                let value = self.value(&name).unwrap_or_default();
                self.say(prompt, &[("value".to_owned(), value)]);
            }
            Stage::Sure(topic) => {
                let title = self.title(&topic);
                self.say(&talk.lines.sure, &[("topic".to_owned(), title)]);
            }
            Stage::Which(first, second) => {
                let titles =
                    [("first".to_owned(), self.title(&first)), ("second".to_owned(), self.title(&second))];
                self.say(&talk.lines.which, &titles);
            }
            Stage::Fresh | Stage::Task(_) | Stage::Over => return,
        }
        self.listen();
    }

    pub fn say(&mut self, prompt: &Prompt, fields: &[(String, String)]) {
        let wanted = self.language();
        let Some((language, text)) = prompt.0.get_key_value(&wanted).or_else(|| prompt.0.iter().next())
        else {
            return;
        };
        self.state.speaking = true;
        let said = filled(text, fields).into();
        let values = fields.to_vec();
        self.out.push(Output::Say { language: *language, text: said, template: text.clone(), values });
    }

    pub fn listen(&mut self) {
        let ear = match self.slot().map(|slot| &slot.ask) {
            Some(Ask::Digits { min, max }) => Ear::Digits { min: *min, max: *max },
            Some(Ask::Phone) => Ear::Digits { min: 7, max: 15 },
            _ => Ear::Free,
        };
        let language = self.language();
        self.out.push(Output::Listen { ear, language });
    }

    /// The slot that is asked for.
    pub fn slot(&self) -> Option<&'a Slot> {
        match &self.state.stage {
            Stage::Ask(slot) => self.talk.slots.get(slot),
            _ => None,
        }
    }

    /// The language of this state: the caller's, unless the slot has its own.
    pub fn language(&self) -> Locale {
        let slot = match &self.state.stage {
            Stage::Ask(slot) | Stage::Confirm(slot) => self.talk.slots.get(slot),
            _ => None,
        };
        slot.and_then(|slot| slot.language).unwrap_or(self.state.language)
    }

    /// What is known of the open topic, as it is spoken.
    pub fn values(&self) -> Vec<(String, String)> {
        let topic = self.state.topics.last().and_then(|topic| self.talk.topics.get(topic));
        let slots = topic.map(|topic| topic.slots.as_slice()).unwrap_or_default();
        slots.iter().filter_map(|slot| Some((slot.to_string(), self.value(slot)?))).collect()
    }

    fn value(&self, slot: &Name) -> Option<String> {
        let known = self.known(slot)?;
        Some(said::value(&self.talk.slots.get(slot)?.ask, &known.text, self.language()))
    }

    pub fn title(&self, topic: &Name) -> String {
        let title = self.talk.topics.get(topic).map(|topic| &topic.title.0);
        let title = title.and_then(|title| title.get(&self.language()).or_else(|| title.values().next()));
        title.map_or_else(|| topic.to_string(), ToString::to_string)
    }
}
