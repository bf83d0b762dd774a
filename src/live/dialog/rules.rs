//! The steps of a flow, one function each.

use jiff::tz::TimeZone;
use smol_str::{SmolStr, SmolStrBuilder, format_smolstr};

use super::model::{Act, Dialog, Happening};
use crate::{
    base::{clock::Stamp, id::Name, number::Key},
    infra::site::{CollectStep, Flow, MenuStep, Prompt, Site, Step, TransferTo},
    ports::media,
};

/// More steps than this without waiting for the caller is a loop; `check` refuses such flows,
/// and a caller is not held hostage by one that slipped through.
const MAX_STEPS_AT_ONCE: usize = 64;

/// Says how long to wait for the end of a prompt before going on without its report.
pub(super) const PROMPT_GUARD: std::time::Duration = std::time::Duration::from_mins(2);

/// What the caller's dialog does next.
pub fn on(dialog: &mut Dialog, site: &Site, happening: Happening, now: Stamp) -> Vec<Act> {
    let mut acts = Vec::new();
    let Some(flow) = site.flows.get(&dialog.flow) else {
        acts.push(Act::Note(format_smolstr!("flow {} is no longer in the site", dialog.flow)));
        acts.push(Act::Hangup);
        return acts;
    };
    let turn = Turn { flow, site, zone: &site.time_zone, now, acts: &mut acts };
    turn.run(dialog, happening);
    acts
}

/// Where a step leads.
pub(super) enum Way {
    Stay,
    To(Name),
}

pub(super) struct Turn<'a> {
    pub(super) flow: &'a Flow,
    pub(super) site: &'a Site,
    zone: &'a TimeZone,
    now: Stamp,
    pub(super) acts: &'a mut Vec<Act>,
}

impl Turn<'_> {
    fn run(mut self, dialog: &mut Dialog, mut happening: Happening) {
        for _ in 0..MAX_STEPS_AT_ONCE {
            let Some(step) = self.flow.steps.get(&dialog.step) else {
                self.note(format_smolstr!("step {} is no longer in flow {}", dialog.step, dialog.flow));
                self.acts.push(Act::Hangup);
                return;
            };
            match self.step(dialog, step, happening) {
                Way::Stay => return,
                Way::To(next) => {
                    dialog.step = next;
                    dialog.tries = 0;
                    dialog.keys = SmolStr::default();
                    dialog.talk = None;
                    happening = Happening::Enter;
                }
            }
        }
        self.note(format_smolstr!("flow {} goes in a circle at {}", dialog.flow, dialog.step));
        self.acts.push(Act::Hangup);
    }

    fn step(&mut self, dialog: &mut Dialog, step: &Step, happening: Happening) -> Way {
        match step {
            Step::Say { prompt, next } => self.say(dialog, prompt, next, happening),
            Step::Play { file, next } => match happening {
                Happening::Enter => {
                    dialog.speaking = true;
                    self.acts.push(Act::Speak(vec![media::recording(file)]));
                    self.acts.push(Act::Wait(PROMPT_GUARD));
                    Way::Stay
                }
                Happening::Key(_) | Happening::Voice | Happening::Word(_) => Way::Stay,
                Happening::Spoken | Happening::Silence => spoken(dialog, next),
            },
            Step::Menu(menu) => self.menu(dialog, menu, happening),
            Step::Collect(collect) => self.collect(dialog, collect, happening),
            Step::Rate(rate) => self.rate(dialog, rate, happening),
            Step::Queue { queue, otherwise } => {
                let (queue, otherwise) = (queue.clone(), otherwise.clone());
                self.acts.push(Act::Queue { queue, route: None, otherwise, brief: None });
                Way::Stay
            }
            Step::Route { policy, otherwise } => {
                self.acts.push(Act::Route { policy: policy.clone(), otherwise: otherwise.clone() });
                Way::Stay
            }
            Step::Transfer { to, ring, otherwise } => {
                let digits = match to {
                    TransferTo::Collected(step) => dialog.collected.get(step).cloned(),
                    _ => None,
                };
                self.acts.push(Act::Transfer {
                    to: to.clone(),
                    digits,
                    ring: *ring,
                    otherwise: otherwise.clone(),
                });
                Way::Stay
            }
            Step::Hours { hours, open, closed } => {
                let is_open = self.site.hours.get(hours).is_some_and(|h| h.open(self.now, self.zone));
                let (word, next) = if is_open { ("open", open) } else { ("closed", closed) };
                self.note(format_smolstr!("{hours} is {word}: step {next}"));
                Way::To(next.clone())
            }
            Step::Voicemail { mailbox } => {
                self.acts.push(Act::Voicemail { mailbox: mailbox.clone() });
                Way::Stay
            }
            Step::Talk(talk) => self.converse(dialog, talk, happening),
            Step::Flow(flow) => self.other_flow(dialog, flow),
            Step::Hangup => {
                self.acts.push(Act::Hangup);
                Way::Stay
            }
        }
    }

    fn say(&mut self, dialog: &mut Dialog, prompt: &Prompt, next: &Name, happening: Happening) -> Way {
        match happening {
            Happening::Enter => {
                self.speak(dialog, &[prompt]);
                Way::Stay
            }
            Happening::Key(_) | Happening::Voice | Happening::Word(_) => Way::Stay,
            Happening::Spoken | Happening::Silence => spoken(dialog, next),
        }
    }

    fn menu(&mut self, dialog: &mut Dialog, menu: &MenuStep, happening: Happening) -> Way {
        match happening {
            Happening::Enter => {
                dialog.tries = 1;
                self.speak(dialog, &[&menu.prompt]);
                Way::Stay
            }
            Happening::Spoken => self.listen(dialog, menu.timeout),
            Happening::Key(key) => {
                if let Some(next) = menu.keys.get(&key) {
                    self.hush(dialog);
                    self.note(format_smolstr!("menu {}: key {key} → {next}", dialog.step));
                    Way::To(next.clone())
                } else {
                    let why = format_smolstr!("menu {}: key {key} leads nowhere", dialog.step);
                    self.again(dialog, &menu.prompt, menu.invalid.as_ref(), menu.tries, &menu.otherwise, &why)
                }
            }
            Happening::Voice | Happening::Word(_) => Way::Stay,
            Happening::Silence if dialog.speaking => self.listen(dialog, menu.timeout),
            Happening::Silence => {
                let why = format_smolstr!("menu {}: no key", dialog.step);
                self.again(dialog, &menu.prompt, None, menu.tries, &menu.otherwise, &why)
            }
        }
    }

    fn collect(&mut self, dialog: &mut Dialog, collect: &CollectStep, happening: Happening) -> Way {
        match happening {
            Happening::Enter => {
                dialog.tries = 1;
                // After an interruption all is asked for anew.
                dialog.keys = SmolStr::default();
                self.speak(dialog, &[&collect.prompt]);
                Way::Stay
            }
            Happening::Spoken => self.listen(dialog, collect.timeout),
            Happening::Key(key) => self.gather(dialog, collect, key),
            Happening::Voice | Happening::Word(_) => Way::Stay,
            Happening::Silence if dialog.speaking => self.listen(dialog, collect.timeout),
            Happening::Silence => self.gathered(dialog, collect),
        }
    }

    fn gather(&mut self, dialog: &mut Dialog, collect: &CollectStep, key: Key) -> Way {
        self.hush(dialog);
        if Some(key) == collect.end_key {
            return self.gathered(dialog, collect);
        }
        let mut keys = SmolStrBuilder::new();
        keys.push_str(&dialog.keys);
        keys.push(key.char());
        dialog.keys = keys.finish();
        if dialog.keys.len() >= usize::from(collect.max) {
            return self.gathered(dialog, collect);
        }
        self.acts.push(Act::Wait(collect.timeout));
        Way::Stay
    }

    fn gathered(&mut self, dialog: &mut Dialog, collect: &CollectStep) -> Way {
        let keys = std::mem::take(&mut dialog.keys);
        if keys.len() >= usize::from(collect.min) {
            self.note(format_smolstr!("collect {}: {} keys", dialog.step, keys.len()));
            dialog.collected.insert(dialog.step.clone(), keys);
            return Way::To(collect.next.clone());
        }
        let why =
            format_smolstr!("collect {}: {} keys, at least {} needed", dialog.step, keys.len(), collect.min);
        self.again(dialog, &collect.prompt, collect.invalid.as_ref(), collect.tries, &collect.otherwise, &why)
    }

    /// One more try, or the way out.
    pub(super) fn again(
        &mut self,
        dialog: &mut Dialog,
        prompt: &Prompt,
        before: Option<&Prompt>,
        tries: u8,
        otherwise: &Name,
        why: &SmolStr,
    ) -> Way {
        self.hush(dialog);
        if dialog.tries >= tries {
            self.note(format_smolstr!("{why}, {tries} tries are over: step {otherwise}"));
            return Way::To(otherwise.clone());
        }
        self.note(format_smolstr!("{why}, try {} of {tries}", dialog.tries + 1));
        dialog.tries += 1;
        let prompts: Vec<&Prompt> = before.into_iter().chain([prompt]).collect();
        self.speak(dialog, &prompts);
        Way::Stay
    }

    pub(super) fn speak(&mut self, dialog: &mut Dialog, prompts: &[&Prompt]) {
        dialog.speaking = true;
        let media = prompts.iter().filter_map(|prompt| media::prompt(prompt, dialog.language)).collect();
        for prompt in prompts {
            let text = prompt.0.get_key_value(&dialog.language).or_else(|| prompt.0.iter().next());
            let words = text.map(|(language, text)| Act::Words {
                language: *language,
                text: text.clone(),
                told: text.clone(),
            });
            self.acts.extend(words);
        }
        self.acts.push(Act::Speak(media));
        self.acts.push(Act::Wait(PROMPT_GUARD));
    }

    pub(super) fn hush(&mut self, dialog: &mut Dialog) {
        if std::mem::take(&mut dialog.speaking) {
            self.acts.push(Act::Hush);
        }
    }

    pub(super) fn listen(&mut self, dialog: &mut Dialog, timeout: std::time::Duration) -> Way {
        dialog.speaking = false;
        self.acts.push(Act::Wait(timeout));
        Way::Stay
    }

    pub(super) fn note(&mut self, text: SmolStr) {
        self.acts.push(Act::Note(text));
    }
}

fn spoken(dialog: &mut Dialog, next: &Name) -> Way {
    dialog.speaking = false;
    Way::To(next.clone())
}
