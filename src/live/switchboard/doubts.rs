//! Words of which the built-in model is not sure wait for a second opinion. Whoever goes on meanwhile is not kept
//! waiting: then the built-in opinion counts.

use std::collections::BTreeMap;

use super::state::Input;
use crate::{
    base::id::LegId,
    live::dialog::talk::Heard,
    ports::{
        assistant::{By, Doubt, Settled},
        engine::Event,
    },
};

/// What callers said and nobody has decided about.
#[derive(Default)]
pub(super) struct Doubts {
    waiting: BTreeMap<LegId, (u64, Heard)>,
    next: u64,
}

impl Doubts {
    /// Puts them off; what is to be asked.
    pub fn ask(&mut self, leg: LegId, heard: Heard, doubt: Doubt) -> Doubt {
        let number = self.next;
        self.next += 1;
        self.waiting.insert(leg, (number, heard));
        Doubt { number, ..doubt }
    }

    /// What the caller said before this and has to count now.
    pub fn overtaken(&mut self, input: &Input) -> Option<Input> {
        let (Input::Engine(Event::Said { leg, .. } | Event::Key { leg, .. }) | Input::Pressed { leg, .. }) =
            input
        else {
            return None;
        };
        let (leg, (_, heard)) = self.waiting.remove_entry(leg)?;
        Some(Input::Understood { leg, heard })
    }

    /// What both make of the words; `None` when they count already.
    pub fn settled(&mut self, settled: Settled) -> Option<Input> {
        let whose = |(_, (number, _)): &(&LegId, &(u64, Heard))| *number == settled.number;
        let leg = self.waiting.iter().find(whose)?.0.clone();
        let (_, heard) = self.waiting.remove(&leg)?;
        let second = settled.by == By::Remote;
        let answer = settled.answer;
        let heard = Heard { answer, second, ..heard.meaning(&settled.understanding) };
        Some(Input::Understood { leg, heard })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        base::{id::Name, number::Key},
        language::model::{Guess, Understanding, Verdict},
        ports::assistant::{Answer, Cited},
    };

    fn leg(name: &str) -> LegId {
        LegId::new(name).expect("a leg")
    }

    fn own() -> Understanding {
        let intents = vec![Guess { intent: "refund".into(), probability: 0.4 }];
        Understanding { verdict: Verdict::Confirm, in_scope: 0.6, intents }
    }

    fn asked(doubts: &mut Doubts, name: &str) -> u64 {
        let doubt = Doubt {
            number: 0,
            words: name.to_owned(),
            choices: Arc::new([]),
            own: own(),
            shelf: None,
            answer: None,
        };
        doubts.ask(leg(name), Heard { text: name.into(), ..Heard::default() }, doubt).number
    }

    fn heard(input: Option<Input>) -> (LegId, Heard) {
        match input {
            Some(Input::Understood { leg, heard }) => (leg, heard),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_gets_the_own_answer_once() {
        let mut doubts = Doubts::default();
        let numbers = [asked(&mut doubts, "anna"), asked(&mut doubts, "ben")];
        let cited = Cited { passage: Name::new("hours").expect("a name"), sentence: 0 };
        let found = Some(Answer { cited: vec![cited], sure: true });
        let settled = |number, by| Settled { number, understanding: own(), answer: found.clone(), by };
        let (leg, words) = heard(doubts.settled(settled(numbers[1], By::Remote)));
        assert_eq!((leg.as_str(), words.text.as_str(), words.second), ("ben", "ben", true));
        assert_eq!((words.intents[0].intent.as_str(), words.answer), ("refund", found.clone()));
        assert!(doubts.settled(settled(numbers[1], By::Remote)).is_none());
        let (_, words) = heard(doubts.settled(settled(numbers[0], By::BuiltIn)));
        assert!(!words.second);
    }

    #[test]
    fn who_goes_on_is_not_kept_waiting() {
        let mut doubts = Doubts::default();
        let key = |name| Input::Engine(Event::Key { leg: leg(name), key: Key::new('1').expect("a key") });
        let number = asked(&mut doubts, "anna");
        assert!(doubts.overtaken(&key("ben")).is_none(), "somebody else's key");
        let (_, words) = heard(doubts.overtaken(&key("anna")));
        assert_eq!(words.text, "anna");
        let late = Settled { number, understanding: own(), answer: None, by: By::Remote };
        assert!(doubts.settled(late).is_none(), "it counts once");

        asked(&mut doubts, "anna");
        let again = Event::Said { leg: leg("anna"), text: "again".into() };
        assert_eq!(heard(doubts.overtaken(&Input::Engine(again))).1.text, "anna");
    }
}
