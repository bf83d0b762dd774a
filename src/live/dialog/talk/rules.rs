//! One turn: what happened, and which way the conversation takes. The ways themselves are in the files beside this.

use super::{
    matching::{named, says},
    words::{FactKind, Heard, Input, Known, Output, Priority, Stage, Sureness, Talking, Why},
};
use crate::{
    base::id::Name,
    infra::site::{Ask, Jump, Slot, Talk, Topic},
};

/// A conversation so long gets nowhere; a human takes over.
const MOST_TURNS: u16 = 200;
/// So often a prompt goes on over noise.
const MOST_ALARMS: u8 = 3;

/// What the conversation does next.
pub fn on(state: &mut Talking, talk: &Talk, input: Input) -> Vec<Output> {
    let mut turn = Turn { talk, state, out: Vec::new() };
    turn.take(input);
    turn.out
}

pub(super) struct Turn<'a> {
    pub talk: &'a Talk,
    pub state: &'a mut Talking,
    pub out: Vec<Output>,
}

impl<'a> Turn<'a> {
    fn take(&mut self, input: Input) {
        if self.state.stage == Stage::Over {
            return;
        }
        if matches!(
            input,
            Input::Understood(_) | Input::Nothing | Input::Key(_) | Input::Digit | Input::Silence
        ) {
            self.state.turns = self.state.turns.saturating_add(1);
            if self.state.turns > MOST_TURNS {
                self.why(Why::TooLong { turns: MOST_TURNS });
                return self.human(Priority::Raised);
            }
        }
        match input {
            Input::Begin => self.begin(),
            Input::Understood(heard) => {
                if self.nods(&heard) {
                    return;
                }
                self.hush();
                self.state.keys = "".into();
                self.heard(&heard);
            }
            Input::Key(key) => self.key(key),
            Input::Digit => self.secret_digit(),
            Input::Typed(typed) => self.typed(typed),
            Input::Spoken => self.state.speaking = false,
            Input::Silence if self.state.speaking => {}
            Input::Silence if !self.state.keys.is_empty() => self.gathered(),
            Input::Silence | Input::Nothing => self.nothing(),
            Input::Task(outcome) => self.outcome(outcome),
        }
    }

    fn begin(&mut self) {
        let again = self.state.stage != Stage::Fresh;
        self.why(Why::Began { again });
        if again {
            self.state.keys = "".into();
            self.forget_secrets();
            return self.question();
        }
        self.state.stage = Stage::Open;
        self.say(&self.talk.lines.greeting, &[]);
        self.listen();
    }

    /// Whoever kept the secrets may be gone: they are asked for anew.
    fn forget_secrets(&mut self) {
        let secret = |slot: &Name| self.talk.slots.get(slot).is_some_and(|slot| slot.secret);
        self.state.facts.retain(|slot, _| !secret(slot));
        self.state.held.retain(|fact| fact.hidden().is_none());
        if let Stage::Confirm(slot) = &self.state.stage
            && secret(slot)
        {
            self.state.stage = Stage::Ask(slot.clone());
        }
    }

    /// Noise, or nothing at all. A prompt goes on over noise, but not for ever: who cannot be heard needs help.
    fn nothing(&mut self) {
        if matches!(self.state.stage, Stage::Task(_) | Stage::Fresh) {
            return;
        }
        if self.state.speaking && self.state.alarms < MOST_ALARMS {
            self.state.alarms += 1;
            return self.why(Why::FalseAlarm);
        }
        self.hush();
        self.miss();
    }

    fn heard(&mut self, heard: &Heard) {
        self.state.last.clone_from(&heard.text);
        if self.shortcut(heard) || self.emergency(heard) {
            return;
        }
        match self.state.stage.clone() {
            Stage::Ask(slot) => self.answered(&slot, heard),
            Stage::Confirm(slot) => self.checked(&slot, heard),
            Stage::Sure(topic) => self.assured(&topic, heard),
            Stage::Which(first, second) => self.chosen(first, second, heard),
            Stage::Task(task) => self.why(Why::Busy { task }),
            Stage::Open => {
                if !self.turned(heard) {
                    self.unclear(heard);
                }
            }
            Stage::Fresh | Stage::Over => {}
        }
    }

    /// Words that count everywhere, unless they are the answer to what was just asked.
    fn shortcut(&mut self, heard: &Heard) -> bool {
        if let Stage::Ask(name) = &self.state.stage
            && let Some(Slot { ask: Ask::Choice(options), .. }) = self.talk.slots.get(name)
            && named(options, &heard.text).is_some()
        {
            return false;
        }
        let busy = matches!(self.state.stage, Stage::Task(_));
        let open = self.state.topics.last();
        let jump =
            self.talk.shortcuts.iter().map(|shortcut| (shortcut, &shortcut.to)).find(|(shortcut, to)| {
                let leads = match to {
                    Jump::Topic(to) => {
                        open != Some(to)
                            && (!busy || self.talk.topics.get(to).is_some_and(|topic| topic.urgent))
                    }
                    Jump::Language(to) => !busy && *to != self.state.language,
                };
                leads && shortcut.words.iter().any(|word| says(&heard.text, word))
            });
        match jump.map(|(_, to)| to) {
            None => return false,
            Some(Jump::Topic(topic)) => {
                self.why(Why::Shortcut { topic: topic.clone() });
                self.state.held.clone_from(&heard.facts);
                self.enter(topic);
            }
            Some(Jump::Language(to)) => {
                self.state.language = *to;
                self.why(Why::Language { to: *to });
                self.question();
            }
        }
        true
    }

    /// An emergency need not be certain.
    fn emergency(&mut self, heard: &Heard) -> bool {
        let best = heard.intents.first().filter(|_| heard.sure != Sureness::Reject);
        let Some((name, topic)) = best.and_then(|guess| self.topic_of(&guess.intent)) else { return false };
        if topic.urgent {
            self.enter(name);
        }
        topic.urgent
    }

    /// The topic that an intent means.
    pub fn topic_of(&self, intent: &str) -> Option<(&'a Name, &'a Topic)> {
        let talk = self.talk;
        talk.topics.iter().find(|(_, topic)| topic.intents.iter().any(|own| own == intent))
    }

    /// Nothing came of this turn: more help, or a human.
    pub fn miss(&mut self) {
        self.state.misses = self.state.misses.saturating_add(1);
        self.why(Why::Miss { count: self.state.misses, most: self.talk.misses });
        if self.state.misses >= self.talk.misses {
            return self.human(Priority::Raised);
        }
        self.question();
    }

    /// Something came of it.
    pub fn progress(&mut self) {
        self.state.misses = 0;
        self.state.alarms = 0;
        self.state.told = None;
    }

    pub fn known(&self, slot: &Name) -> Option<&Known> {
        self.state.facts.get(slot)
    }

    pub fn why(&mut self, why: Why) {
        self.out.push(Output::Why(why));
    }

    pub fn hush(&mut self) {
        if std::mem::take(&mut self.state.speaking) {
            self.out.push(Output::Hush);
        }
    }
}

/// Yes, no, or nothing of both: the first that was said counts.
pub(super) fn yes_or_no(heard: &Heard) -> Option<bool> {
    heard.facts.iter().find_map(|fact| match fact.kind {
        FactKind::Yes => Some(true),
        FactKind::No | FactKind::Neither => Some(false),
        _ => None,
    })
}
