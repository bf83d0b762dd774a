//! The step of a flow that asks how it was: one key, or a number said.

use std::time::Duration;

use smol_str::format_smolstr;

use super::{
    conversing::UTTERANCE,
    model::{Act, Dialog, Happening},
    rules::{PROMPT_GUARD, Turn, Way},
    talk::{FactKind, Heard, Input},
};
use crate::{infra::site::RateStep, ports::engine::Ear};

/// An answer is one number.
const EAR: Ear = Ear::Digits { min: 1, max: 1 };
/// Whoever makes nothing but noise is waited for so long each time.
const NOISE: Duration = Duration::from_secs(3);

impl Turn<'_> {
    pub(super) fn rate(&mut self, dialog: &mut Dialog, rate: &RateStep, happening: Happening) -> Way {
        match happening {
            Happening::Enter => {
                dialog.tries = 1;
                self.acts.extend([Act::Asked { of: rate.of }, Act::Listen(EAR, dialog.language)]);
                self.speak(dialog, &[&rate.prompt]);
                Way::Stay
            }
            Happening::Spoken => self.listen(dialog, rate.timeout),
            Happening::Voice => {
                self.acts.push(Act::Wait(UTTERANCE));
                Way::Stay
            }
            Happening::Key(key) => {
                let rating = key.char().to_digit(10).and_then(|digit| u8::try_from(digit).ok());
                self.rated(dialog, rate, rating, &format_smolstr!("key {key}"))
            }
            Happening::Word(Input::Understood(heard)) => {
                self.rated(dialog, rate, said(&heard, rate.of), "what was said")
            }
            Happening::Word(_) if dialog.speaking => {
                self.acts.extend([Act::GoOn, Act::Wait(PROMPT_GUARD)]);
                Way::Stay
            }
            Happening::Word(_) if dialog.tries < rate.tries => {
                dialog.tries += 1;
                self.acts.push(Act::Wait(NOISE));
                Way::Stay
            }
            Happening::Silence if dialog.speaking => self.listen(dialog, rate.timeout),
            Happening::Silence | Happening::Word(_) => {
                self.note(format_smolstr!("rate {}: no answer", dialog.step));
                self.acts.push(Act::Deaf);
                Way::To(rate.otherwise.clone())
            }
        }
    }

    fn rated(&mut self, dialog: &mut Dialog, rate: &RateStep, rating: Option<u8>, by: &str) -> Way {
        if let Some(rating) = rating.filter(|rating| (1..=rate.of).contains(rating)) {
            self.hush(dialog);
            self.note(format_smolstr!("rate {}: {rating} of {} by {by}", dialog.step, rate.of));
            self.acts.extend([Act::Deaf, Act::Rated(rating)]);
            return Way::To(rate.next.clone());
        }
        let why = format_smolstr!("rate {}: {by} is no answer", dialog.step);
        let way = self.again(dialog, &rate.prompt, rate.invalid.as_ref(), rate.tries, &rate.otherwise, &why);
        if matches!(way, Way::To(_)) {
            self.acts.push(Act::Deaf);
        }
        way
    }
}

/// The answer in what was said: one number that can be it. Who says two that can is asked again.
fn said(heard: &Heard, of: u8) -> Option<u8> {
    let number = |kind: &FactKind| matches!(kind, FactKind::Digits | FactKind::Number | FactKind::Ordinal);
    let numbers = heard.facts.iter().filter(|fact| number(&fact.kind));
    let mut answers = numbers.filter_map(|fact| fact.text.parse().ok()).filter(|n| (1..=of).contains(n));
    let first = answers.next()?;
    answers.all(|other| other == first).then_some(first)
}
