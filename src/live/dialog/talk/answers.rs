//! Questions that the house has written an answer to: told in its words, and back to where the caller was.

use super::{
    rules::Turn,
    words::{Heard, Output, Stage, Why},
};
use crate::{
    base::{id::Name, text::ANSWER},
    infra::site::Locale,
};

/// Whoever is told the same so often in a row is not helped by it.
const MOST: u8 = 2;

impl Turn<'_> {
    /// What was said is a question to which an answer is known; a sure one, where something else may be meant.
    pub fn told(&mut self, heard: &Heard, surely: bool) -> bool {
        let talk = self.talk;
        let Some(answer) = heard.answer.as_ref().filter(|answer| answer.sure || !surely) else {
            return false;
        };
        let sentence = |passage: &Name, nth: u16| {
            talk.knowledge.get(passage)?.sentences(self.state.language).nth(usize::from(nth))
        };
        let said: Vec<(&Name, u16, (Locale, &str))> = answer
            .cited
            .iter()
            .filter_map(|cited| {
                Some((&cited.passage, cited.sentence, sentence(&cited.passage, cited.sentence)?))
            })
            .take(ANSWER)
            .collect();
        let Some((first, ..)) = said.first() else { return false };
        let before =
            self.state.told.as_ref().filter(|(passage, _)| passage == *first).map_or(0, |(_, times)| *times);
        if before >= MOST {
            return false;
        }
        for (passage, sentence, (language, text)) in &said {
            self.tell(passage, *sentence, *language, text);
        }
        self.progress();
        self.state.told = Some(((*first).clone(), before + 1));
        true
    }

    /// The whole of a passage, as far as it is spoken.
    pub fn tell_all(&mut self, name: &Name) {
        let talk = self.talk;
        let Some(passage) = talk.knowledge.get(name) else { return };
        for (nth, (language, text)) in (0..).zip(passage.sentences(self.state.language)).take(ANSWER) {
            self.tell(name, nth, language, text);
        }
    }

    fn tell(&mut self, passage: &Name, sentence: u16, language: Locale, text: &str) {
        self.why(Why::Answered { passage: passage.clone(), sentence: sentence + 1 });
        self.state.speaking = true;
        let (said, template) = (text.into(), text.into());
        self.out.push(Output::Say { language, text: said, template, values: Vec::new() });
    }

    /// Answers, or counts as a failure.
    pub fn unclear(&mut self, heard: &Heard) {
        if self.told(heard, false) {
            self.go_on();
        } else {
            self.miss();
        }
    }

    /// Asks again what was asked before the caller put a question.
    pub fn go_on(&mut self) {
        match self.state.stage {
            Stage::Sure(_) | Stage::Which(..) => self.question(),
            _ => self.proceed(),
        }
    }
}
