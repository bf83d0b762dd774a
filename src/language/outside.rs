//! What callers say that no menu is meant for, shipped with the program, so that a model knows from its first day that
//! not everything is an intent. A sentence that reads like one of the admin's own intents is left out.

use std::collections::HashMap;

use super::{
    feature::Keys,
    normal::is_han,
    train::Lesson,
    vocabulary::{Row, Vocabulary},
};

const ENGLISH: &str = include_str!("outside/en.txt");
const CHINESE: &str = include_str!("outside/zh.txt");

/// So like an intent's sample is too like it.
const ALIKE: f32 = 0.45;
/// From such a share of the samples on, a language is spoken here.
const SPOKEN: f32 = 0.1;

/// The shipped sentences, in the languages of the lessons, that are unlike all of their intents.
pub(super) fn beside(lessons: &[Lesson]) -> Vec<String> {
    let han = lessons.iter().filter(|lesson| lesson.text.contains(is_han)).count() as f32;
    let share = han / lessons.len().max(1) as f32;
    let spoken = [(ENGLISH, 1.0 - share), (CHINESE, share)];
    let lines = spoken.into_iter().filter(|(_, share)| *share >= SPOKEN).flat_map(|(text, _)| text.lines());
    let near = Near::new(lessons);
    let mut keys = Keys::default();
    lines.filter(|line| near.likeness(line, &mut keys) < ALIKE).map(str::to_owned).collect()
}

/// The lessons in scope by their features, to find the most alike.
struct Near {
    vocabulary: Vocabulary,
    by_feature: HashMap<u32, Vec<(u32, f32)>>,
}

impl Near {
    fn new(lessons: &[Lesson]) -> Self {
        let inside =
            || lessons.iter().filter(|lesson| lesson.class.is_some()).map(|lesson| lesson.text.as_str());
        let vocabulary = Vocabulary::learn(inside().chain(ENGLISH.lines()).chain(CHINESE.lines()), 1);
        let mut by_feature: HashMap<u32, Vec<(u32, f32)>> = HashMap::new();
        let (mut keys, mut row) = (Keys::default(), Row::new());
        for (number, text) in inside().enumerate() {
            vocabulary.weigh(text, &mut keys, &mut row);
            for (feature, x) in &row {
                by_feature.entry(*feature).or_default().push((number as u32, *x));
            }
        }
        Self { vocabulary, by_feature }
    }

    /// The cosine with the most alike lesson.
    fn likeness(&self, text: &str, keys: &mut Keys) -> f32 {
        let mut row = Row::new();
        self.vocabulary.weigh(text, keys, &mut row);
        let mut sums: HashMap<u32, f32> = HashMap::new();
        for (feature, x) in row {
            for (number, y) in self.by_feature.get(&feature).map_or(&[][..], Vec::as_slice) {
                *sums.entry(*number).or_default() += x * y;
            }
        }
        sums.into_values().fold(0.0, f32::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lesson(text: &str) -> Lesson {
        Lesson { text: text.to_owned(), class: Some(0) }
    }

    #[test]
    fn only_languages_that_are_spoken_and_nothing_like_an_intent() {
        let english = beside(&[lesson("refund my order please")]);
        assert!(english.len() > 100 && english.iter().all(|line| line.is_ascii()), "{}", english.len());
        let joking = beside(&[lesson("can you sing me a song")]);
        assert_eq!(english.len() - joking.len(), 1, "the one that is an intent here");
        let both = beside(&[lesson("我要退款"), lesson("refund my order please")]);
        assert!(both.len() > english.len() + 100);
    }
}
