//! Digits that are nobody's business: a PIN, a secret slot of a conversation, and whatever people press while nobody asks
//! them for anything, be it their bank's PIN in the midst of a talk.
//!
//! They are kept beside the state machine and never become its input: no journal, snapshot, note or log has them. What
//! it learns is that a key was pressed, and whether the whole was right.

use std::collections::{BTreeMap, HashMap};

use secrecy::zeroize::Zeroizing;
use smol_str::SmolStr;

use super::state::{Input, Switchboard};
use crate::{
    base::{
        id::{LegId, Name},
        number::Key,
    },
    infra::site::PinHash,
    live::{
        call::Stage,
        dialog::talk::hiding::Hidden,
        mailbox::{Pressed, Verdict},
    },
    ports::engine::Event,
};

/// No PIN is longer.
const LONGEST: usize = 12;

/// Who wants to know the digit of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ear {
    /// A flow, or a mailbox's choices.
    Open,
    /// Whoever checks a PIN.
    Secret,
    /// A task, later.
    Hidden,
    Nobody,
}

/// No secret of a conversation is longer.
const LONGEST_SLOT: usize = 32;

/// What is being keyed in, by leg; only where it was asked for.
#[derive(Default)]
pub struct Secrets {
    keyed: HashMap<LegId, Keyed>,
    /// Digits for a secret slot.
    digits: HashMap<LegId, Zeroizing<String>>,
    /// What callers told of which the switchboard knows masks.
    told: HashMap<LegId, Vec<Hidden>>,
}

#[derive(Default)]
struct Keyed {
    now: Zeroizing<String>,
    /// Up to the last `Pressed::End`.
    whole: Option<Zeroizing<String>>,
}

impl Secrets {
    /// What the switchboard may know of an input.
    pub fn conceal(&mut self, board: &Switchboard, input: Input) -> Input {
        match input {
            Input::Engine(Event::Key { leg, key }) => match board.ear(&leg) {
                Ear::Open => Input::Engine(Event::Key { leg, key }),
                Ear::Secret => {
                    let pressed = self.keyed.entry(leg.clone()).or_default().press(key);
                    Input::Pressed { leg, pressed }
                }
                Ear::Hidden => match key.char() {
                    digit @ '0'..='9' => {
                        let digits = self.digits.entry(leg.clone()).or_default();
                        digits.reserve_exact(LONGEST_SLOT);
                        if digits.len() == LONGEST_SLOT {
                            digits.remove(0);
                        }
                        digits.push(digit);
                        Input::Pressed { leg, pressed: Pressed::Digit }
                    }
                    _ => Input::Engine(Event::Key { leg, key }),
                },
                Ear::Nobody => Input::Pressed { leg, pressed: Keyed::default().press(key) },
            },
            Input::Engine(Event::Ended { leg, cause }) => {
                self.forget(&leg);
                self.digits.remove(&leg);
                self.told.remove(&leg);
                Input::Engine(Event::Ended { leg, cause })
            }
            other => other,
        }
    }

    /// What was keyed in counts no more.
    pub fn forget(&mut self, leg: &LegId) {
        self.keyed.remove(leg);
    }

    /// What the caller at this leg told, until the leg ends.
    pub fn keep(&mut self, leg: &LegId, hidden: Vec<Hidden>) {
        if !hidden.is_empty() {
            self.told.entry(leg.clone()).or_default().extend(hidden);
        }
    }

    /// The mask of the last digits that were keyed in; empty when they are lost.
    pub fn reveal(&mut self, leg: &LegId, digits: u8) -> SmolStr {
        let keyed = self.digits.remove(leg).unwrap_or_default();
        let Some(from) = keyed.len().checked_sub(usize::from(digits)) else { return SmolStr::default() };
        let hidden = Hidden::new(&keyed[from..]);
        let mask = hidden.mask.clone();
        self.keep(leg, vec![hidden]);
        mask
    }

    /// Facts with what stands behind their masks; nothing when that is lost.
    pub fn unveil(&self, leg: &LegId, facts: BTreeMap<Name, SmolStr>) -> Option<BTreeMap<Name, SmolStr>> {
        let told = self.told.get(leg).map(Vec::as_slice).unwrap_or_default();
        let real = |(slot, text): (Name, SmolStr)| match Hidden::behind(told, &text) {
            Some(real) => Some((slot, real.into())),
            None => (!text.contains('*')).then_some((slot, text)),
        };
        facts.into_iter().map(real).collect()
    }

    /// Whether what was keyed in is this PIN. It is forgotten.
    pub fn check(&mut self, leg: &LegId, pin: &PinHash) -> Verdict {
        let keyed = self.keyed.remove(leg).unwrap_or_default();
        let digits = keyed.whole.unwrap_or(keyed.now);
        match digits.as_str() {
            "" => Verdict::Nothing,
            digits if pin.is(digits) => Verdict::Right,
            _ => Verdict::Wrong,
        }
    }
}

impl Keyed {
    fn press(&mut self, key: Key) -> Pressed {
        match key.char() {
            '*' => {
                self.now = Zeroizing::default();
                return Pressed::Anew;
            }
            '#' => {}
            digit @ '0'..='9' => {
                // Never moved by growing, so that no copy stays behind.
                self.now.reserve_exact(LONGEST);
                self.now.push(digit);
                if self.now.len() < LONGEST {
                    return Pressed::Digit;
                }
            }
            _ => return Pressed::Other,
        }
        // A `#` that follows the last possible digit ends nothing more.
        if !self.now.is_empty() {
            self.whole = Some(std::mem::take(&mut self.now));
        }
        Pressed::End
    }
}

impl Switchboard {
    fn ear(&self, leg: &LegId) -> Ear {
        let call = self.legs.get(leg).and_then(|id| self.calls.get(id)).filter(|call| call.leg == *leg);
        match call.map(|call| &call.stage) {
            Some(Stage::AtMailbox(at)) if at.session.asks_secret() => Ear::Secret,
            Some(Stage::Dialog(_)) if self.keys_are_secret(leg) => Ear::Hidden,
            Some(Stage::AtMailbox(_) | Stage::Dialog(_)) => Ear::Open,
            _ => Ear::Nobody,
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn keyed(keys: &str) -> (Vec<Pressed>, Verdict) {
        let leg = LegId::new("caller").expect("an id");
        let mut secrets = Secrets::default();
        let at = secrets.keyed.entry(leg.clone()).or_default();
        let pressed = keys.chars().map(|key| at.press(Key::new(key).expect("a key"))).collect();
        let verdict = secrets.check(&leg, &PinHash::of(&SecretString::from("904571"), "a place"));
        assert!(secrets.keyed.is_empty(), "it is forgotten");
        (pressed, verdict)
    }

    #[test]
    fn what_is_told_of_a_secret_is_that_keys_were_pressed_and_whether_they_were_right() {
        use Pressed::{Anew, Digit, End, Other};
        let right = keyed("904571#");
        assert_eq!(right, ([[Digit; 6].as_slice(), &[End]].concat(), Verdict::Right));
        assert_eq!(keyed("904572#").1, Verdict::Wrong);
        assert_eq!(keyed("904571").1, Verdict::Right, "a pause ends it, too");
        assert_eq!(keyed("12*904571#").1, Verdict::Right);
        assert_eq!(keyed("12*").0, [Digit, Digit, Anew]);
        assert_eq!(keyed("904571#77").1, Verdict::Right, "what follows is not part of it");
        assert_eq!(keyed("A").0, [Other]);
        for nothing in ["", "#", "*", "904571*"] {
            assert_eq!(keyed(nothing).1, Verdict::Nothing, "{nothing}");
        }
        let long = keyed("9045719045719");
        assert_eq!((long.0[11], long.1), (End, Verdict::Wrong));
        assert_eq!(keyed("904571904571#").1, Verdict::Wrong);
    }
}
