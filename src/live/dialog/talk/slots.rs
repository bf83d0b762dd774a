//! Slots: filled, corrected, read back, one after the other until all is known.

use smol_str::SmolStr;

use super::{
    matching::{Fit, fit, meant, mended, named},
    rules::{Turn, yes_or_no},
    words::{Correction, Fact, FactKind, Heard, Known, Stage, Sureness, Why},
};
use crate::{
    base::id::Name,
    infra::site::{Ask, Topic},
};

/// What an utterance was to the slots of the open topic.
#[derive(Default)]
pub(super) struct Filling {
    /// Bytes of the text that filled something.
    pub covered: usize,
    pub filled: usize,
    /// The asked slot's kind of value, but impossible.
    pub wrong: bool,
}

impl Turn<'_> {
    /// An answer to the present question, or anything else.
    pub fn answered(&mut self, slot: &Name, heard: &Heard) {
        let corrected = self.correct(heard);
        let filling = self.fill(Some(slot), &heard.text, &free(heard, corrected));
        let answered = filling.filled > 0 || corrected > 0;
        // A sentence that is nearly all value is an answer, whatever the model takes it for.
        let more = filling.covered * 2 < heard.text.len();
        if more && self.turned(heard) {
            return;
        }
        if answered {
            return self.proceed();
        }
        if self.told(heard, true) {
            return self.go_on();
        }
        if filling.wrong {
            self.why(Why::Invalid { slot: slot.clone() });
            if let Some(slot) = self.talk.slots.get(slot) {
                self.say(&slot.invalid, &[]);
            }
            return self.miss();
        }
        self.unclear(heard);
    }

    /// What the caller makes of a value read back.
    pub fn checked(&mut self, slot: &Name, heard: &Heard) {
        let corrected = self.correct(heard);
        if corrected > 0 {
            self.fill(None, &heard.text, &free(heard, corrected));
            return self.proceed();
        }
        let Some((ask, secret)) = self.talk.slots.get(slot).map(|slot| (&slot.ask, slot.secret)) else {
            return self.gone(slot.clone());
        };
        let answer = yes_or_no(heard);
        let said =
            heard.facts.iter().filter(|fact| meant(ask, fact.kind) && open(secret, fact)).find_map(|fact| {
                match fit(ask, fact) {
                    Fit::Is(text) => Some((text, fact.hidden())),
                    Fit::Wrong | Fit::Other => None,
                }
            });
        let said = said.or_else(|| Some((choice(ask, &heard.text)?, None)));
        let known = self.known(slot).map(|known| (known.text.clone(), known.hidden));
        let same = said.is_some() && said == known;
        match (said, answer) {
            (Some((text, hidden)), _) if !same => {
                self.why(Why::Corrected { slot: slot.clone() });
                self.put(slot, text, hidden, false);
                self.proceed();
            }
            (_, Some(true)) | (Some(_), None) => self.confirmed(slot, heard),
            (_, no) if (no.is_none() || heard.sure == Sureness::Accept) && self.turned(heard) => {
                if no.is_some() {
                    self.state.facts.remove(slot);
                }
            }
            (_, Some(false)) => {
                self.why(Why::Denied { slot: slot.clone() });
                self.state.facts.remove(slot);
                self.state.stage = Stage::Ask(slot.clone());
                self.miss();
            }
            (_, None) => self.unclear(heard),
        }
    }

    fn confirmed(&mut self, slot: &Name, heard: &Heard) {
        self.why(Why::Confirmed { slot: slot.clone() });
        if let Some(known) = self.state.facts.get_mut(slot) {
            known.settled = true;
        }
        self.progress();
        self.fill(None, &heard.text, &heard.facts);
        self.proceed();
    }

    /// Asks for the next thing that the open topic needs, reads it back, or ends the topic.
    pub fn proceed(&mut self) {
        let Some(name) = self.state.topics.last().cloned() else { return self.open() };
        let Some(topic) = self.talk.topics.get(&name) else { return self.gone(name) };
        match self.lacking(topic) {
            Some(stage) => {
                self.state.stage = stage;
                self.question();
            }
            None => self.conclude(&name, topic),
        }
    }

    /// What a topic needs next: a value, or a yes to one.
    pub fn lacking(&self, topic: &Topic) -> Option<Stage> {
        topic.slots.iter().find_map(|slot| match self.known(slot) {
            None => Some(Stage::Ask(slot.clone())),
            Some(known) => (!known.settled).then(|| Stage::Confirm(slot.clone())),
        })
    }

    /// Fills the asked slot, then whatever else the open topic lacks.
    pub fn fill(&mut self, asked: Option<&Name>, text: &str, facts: &[Fact]) -> Filling {
        let mut filling = Filling::default();
        let mut left: Vec<&Fact> = facts.iter().collect();
        let topic = self.state.topics.last().and_then(|topic| self.talk.topics.get(topic));
        let others = topic.map(|topic| topic.slots.as_slice()).unwrap_or_default();
        for name in asked.into_iter().chain(others.iter().filter(|other| asked != Some(*other))) {
            let Some(slot) = self.talk.slots.get(name) else { continue };
            if self.known(name).is_some() {
                continue;
            }
            let is_asked = asked == Some(name);
            if let Some(value) = choice(&slot.ask, text) {
                filling.covered += if is_asked { text.len() } else { 0 };
                filling.filled += 1;
                self.put(name, value, None, slot.confirm.is_none());
                continue;
            }
            // What is said for just this comes first; what might pass for it only where it was asked.
            let open = || left.iter().filter(|fact| open(slot.secret, fact));
            let just = open().filter(|fact| meant(&slot.ask, fact.kind));
            let passing = open().filter(|fact| is_asked && !meant(&slot.ask, fact.kind));
            let fits = just.chain(passing).map(|fact| (*fact, fit(&slot.ask, fact)));
            let mut found = None;
            for (fact, fit) in fits {
                match fit {
                    Fit::Is(value) => {
                        found = Some((fact.clone(), value));
                        break;
                    }
                    Fit::Wrong => filling.wrong |= is_asked,
                    Fit::Other => {}
                }
            }
            if let Some((fact, value)) = found {
                left.retain(|other| **other != fact && !overlap(other, &fact));
                filling.covered += fact.span.len();
                filling.filled += 1;
                self.why(Why::Filled { slot: name.clone() });
                self.put(name, value, fact.hidden(), slot.confirm.is_none());
            }
        }
        filling
    }

    fn put(&mut self, slot: &Name, text: SmolStr, hidden: Option<u32>, settled: bool) {
        self.state.facts.insert(slot.clone(), Known { text, settled, hidden });
        if settled {
            self.progress();
        }
    }

    /// Applies corrections to what is known; how many found their place.
    fn correct(&mut self, heard: &Heard) -> usize {
        let mut done = 0;
        for correction in &heard.corrections {
            match self.correction(correction, heard) {
                Some((slot, value)) => {
                    done += 1;
                    self.why(Why::Corrected { slot: slot.clone() });
                    let settled = self.talk.slots.get(&slot).is_some_and(|slot| slot.confirm.is_none());
                    self.put(&slot, value, None, settled);
                }
                None => self.why(Why::Unclear),
            }
        }
        done
    }

    /// The slot that a correction is for, and its new value: what is spoken of first, then what was said last.
    fn correction(&self, correction: &Correction, heard: &Heard) -> Option<(Name, SmolStr)> {
        let right = &correction.right;
        let wrong = correction.wrong.as_ref();
        let wrong = wrong.and_then(|span| heard.facts.iter().find(|fact| fact.span == *span));
        if wrong.is_none() && self.slot().is_some_and(|slot| matches!(fit(&slot.ask, right), Fit::Is(_))) {
            return None;
        }
        let present = match &self.state.stage {
            Stage::Confirm(slot) => Some(slot),
            _ => None,
        };
        let topic = self.talk.topics.get(self.state.topics.last()?)?;
        present.into_iter().chain(topic.slots.iter().rev()).find_map(|name| {
            // Of a secret the whole is told anew.
            let slot = self.talk.slots.get(name).filter(|slot| !slot.secret)?;
            let (ask, known) = (&slot.ask, self.known(name)?);
            let whole = wrong.is_none_or(|wrong| fit(ask, wrong) == Fit::Is(known.text.clone()));
            let value = match fit(ask, right) {
                Fit::Is(value) if whole => Some(value),
                _ => mended(ask, &known.text, wrong.map(|wrong| wrong.text.as_str()), right),
            };
            Some((name.clone(), value.filter(|value| acceptable(ask, value))?))
        })
    }
}

/// A mask is for secret slots alone.
fn open(secret: bool, fact: &Fact) -> bool {
    secret || fact.hidden().is_none()
}

/// A mended value has still to be one.
fn acceptable(ask: &Ask, value: &str) -> bool {
    match ask {
        Ask::Digits { min, max } => (usize::from(*min)..=usize::from(*max)).contains(&value.len()),
        _ => !value.is_empty(),
    }
}

fn choice(ask: &Ask, text: &str) -> Option<SmolStr> {
    match ask {
        Ask::Choice(options) => named(options, text).map(|option| option.value.as_str().into()),
        _ => None,
    }
}

/// Two readings of the same words; the day and the time of one moment are none.
fn overlap(a: &Fact, b: &Fact) -> bool {
    let moment = |fact: &Fact| matches!(fact.kind, FactKind::Date | FactKind::Time);
    let siblings = a.span == b.span && a.kind != b.kind && moment(a) && moment(b);
    !siblings && a.span.start < b.span.end && b.span.start < a.span.end
}

/// The facts that no applied correction has used.
fn free(heard: &Heard, corrected: usize) -> Vec<Fact> {
    let used = |fact: &Fact| {
        heard.corrections.iter().any(|correction| {
            corrected > 0 && overlap(fact, &correction.right) || correction.wrong.as_ref() == Some(&fact.span)
        })
    };
    heard.facts.iter().filter(|fact| !used(fact)).cloned().collect()
}
