//! Digits that are nobody's business: a PIN, a secret slot of a conversation, and whatever people press while nobody asks
//! them for anything, be it their bank's PIN in the midst of a talk.
//!
//! They are kept beside the state machine and never become its input: no journal, snapshot, note or log has them. What
//! it learns is that a key was pressed, and whether the whole was right.

use std::collections::{BTreeMap, HashMap};

use secrecy::zeroize::Zeroizing;
use smol_str::SmolStr;

use super::{
    confirming::takes,
    state::{Input, Switchboard},
};
use crate::{
    base::{
        id::{LegId, Name},
        number::Key,
    },
    infra::site::PinHash,
    live::{
        call::Stage,
        dialog::talk::{
            Fact, FactKind, Heard,
            hiding::{self, Hidden},
        },
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
    Hidden {
        before: usize,
        most: usize,
    },
    Nobody,
}

/// No secret of a conversation is longer.
const LONGEST_SLOT: usize = 32;

/// What is being keyed in, by leg; only where it was asked for.
#[derive(Default)]
pub struct Secrets {
    keyed: HashMap<LegId, Keyed>,
    /// Digits for a secret slot.
    digits: HashMap<LegId, Keyed>,
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
            Input::Engine(Event::Key { leg, key }) => match board.ear(&leg, key) {
                Ear::Open => Input::Engine(Event::Key { leg, key }),
                Ear::Secret => {
                    let pressed = self.keyed.entry(leg.clone()).or_default().press(key);
                    Input::Pressed { leg, pressed }
                }
                Ear::Hidden { before, most } => {
                    let keyed = self.digits.entry(leg.clone()).or_default();
                    if keyed.hide(key, before, most) {
                        Input::Pressed { leg, pressed: Pressed::Digit }
                    } else {
                        Input::Engine(Event::Key { leg, key })
                    }
                }
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

    /// Nothing of anybody is kept.
    pub fn is_empty(&self) -> bool {
        self.keyed.is_empty() && self.digits.is_empty() && self.told.is_empty()
    }

    /// Nothing is kept of legs that are in no call any more.
    pub fn sweep(&mut self, board: &Switchboard) {
        self.keyed.retain(|leg, _| board.knows(leg));
        self.digits.retain(|leg, _| board.knows(leg));
        self.told.retain(|leg, _| board.knows(leg));
    }

    /// What was keyed in counts no more.
    pub fn forget(&mut self, leg: &LegId) {
        self.keyed.remove(leg);
    }

    /// What the caller at this leg told, until the leg ends; what was heard gets its numbers.
    pub fn keep(&mut self, leg: &LegId, heard: &mut Heard, hidden: Vec<Hidden>) {
        if hidden.is_empty() {
            return;
        }
        let told = self.told.entry(leg.clone()).or_default();
        let numbers: Vec<u32> = hidden.into_iter().map(|one| one.number(told)).collect();
        for fact in &mut heard.facts {
            if let FactKind::Secret(number) = &mut fact.kind
                && let Some(own) = numbers.get(*number as usize)
            {
                *number = *own;
            }
        }
    }

    /// The mask of the digits that were keyed in, as many as were counted; `None` when they are lost.
    pub fn reveal(&mut self, leg: &LegId, digits: u8) -> Option<Fact> {
        let keyed = self.digits.remove(leg)?;
        let whole = keyed.whole.unwrap_or(keyed.now);
        if whole.len() != usize::from(digits) {
            return None;
        }
        let hidden = Hidden::new(&whole);
        let text = hidden.mask.clone();
        let number = hidden.number(self.told.entry(leg.clone()).or_default());
        Some(Fact { kind: FactKind::Secret(number), span: 0..text.len(), text })
    }

    /// Facts with what stands behind their masks; nothing when that is lost.
    pub fn unveil(
        &self,
        leg: &LegId,
        facts: BTreeMap<Name, SmolStr>,
        hidden: &BTreeMap<Name, u32>,
    ) -> Option<BTreeMap<Name, SmolStr>> {
        let told = self.told.get(leg).map(Vec::as_slice).unwrap_or_default();
        let real = |(slot, text): (Name, SmolStr)| match hidden.get(&slot) {
            Some(number) => Some((slot, Hidden::behind(told, *number, &text)?.into())),
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
    /// Never moved by growing, so that no copy stays behind.
    fn push(&mut self, digit: char, longest: usize) {
        if self.now.capacity() == 0 {
            self.now.reserve_exact(longest);
        }
        if self.now.len() < longest {
            self.now.push(digit);
        }
    }

    /// Takes a key for a secret of a conversation, of which so many digits came before; `false` for one that is no digit.
    /// What follows the last possible digit before that is told is no part of it.
    fn hide(&mut self, key: Key, before: usize, most: usize) -> bool {
        if before == 0 {
            self.now = Zeroizing::default();
        }
        let digit = key.char().is_ascii_digit();
        match key.char() {
            digit @ '0'..='9' => self.push(digit, LONGEST_SLOT),
            '*' => *self = Self::default(),
            _ => {}
        }
        let ends = if digit { before + 1 >= most } else { key.char() == '#' };
        if ends && self.whole.is_none() && !self.now.is_empty() {
            self.whole = Some(std::mem::take(&mut self.now));
        }
        digit
    }

    fn press(&mut self, key: Key) -> Pressed {
        match key.char() {
            '*' => {
                self.now = Zeroizing::default();
                return Pressed::Anew;
            }
            '#' => {}
            digit @ '0'..='9' => {
                self.push(digit, LONGEST);
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
    fn knows(&self, leg: &LegId) -> bool {
        self.legs.get(leg).is_some_and(|id| self.calls.contains_key(id))
    }

    fn ear(&self, leg: &LegId, key: Key) -> Ear {
        let call = self.legs.get(leg).and_then(|id| self.calls.get(id));
        if call.is_some_and(|call| call.leg != *leg) {
            return if self.is_asked(leg) && takes(key) { Ear::Open } else { Ear::Nobody };
        }
        match call.map(|call| &call.stage) {
            Some(Stage::AtMailbox(at)) if at.session.asks_secret() => Ear::Secret,
            Some(Stage::AtMailbox(_)) => Ear::Open,
            Some(Stage::Dialog(_)) => match self.pressed_in_talk(leg, key) {
                hiding::Pressed::Open => Ear::Open,
                hiding::Pressed::Secret { before, most } => Ear::Hidden { before, most },
                hiding::Pressed::Stray => Ear::Nobody,
            },
            Some(Stage::Waiting(waiting)) if self.callback_key(&waiting.queue) == Some(key) => Ear::Open,
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

    #[test]
    fn a_secret_stays_in_its_place_while_it_grows() {
        let mut keyed = Keyed::default();
        let places = "904571904571".chars().map(|digit| {
            keyed.push(digit, LONGEST);
            (keyed.now.as_ptr(), keyed.now.capacity())
        });
        let places: std::collections::HashSet<_> = places.collect();
        assert_eq!(places.len(), 1, "{places:?}");
    }

    #[test]
    fn what_is_keyed_behind_the_whole_is_no_part_of_it_and_a_new_beginning_has_nothing_of_the_old() {
        let whole = |keys: &[(char, usize)]| {
            let mut keyed = Keyed::default();
            for (key, before) in keys {
                keyed.hide(Key::new(*key).expect("a key"), *before, 4);
            }
            keyed.whole.unwrap_or(keyed.now).to_string()
        };
        assert_eq!(whole(&[('1', 0), ('2', 1), ('3', 2), ('4', 3), ('5', 0)]), "1234");
        assert_eq!(whole(&[('1', 0), ('2', 1), ('#', 2), ('5', 0)]), "12");
        assert_eq!(whole(&[('1', 0), ('2', 1), ('5', 0)]), "5", "the first were given up");
        assert_eq!(whole(&[('1', 0), ('*', 1), ('5', 0)]), "5");
    }
}
