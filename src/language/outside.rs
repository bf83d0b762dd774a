//! What callers say that no menu is meant for, shipped with the program, so that a model knows from its first day that
//! not everything is an intent. A sentence that reads like one of the admin's own intents is left out.

use super::{feature::Keys, near::Near, normal::is_han, sense::Senses, train::Lesson};

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
    let inside: Vec<&str> =
        lessons.iter().filter(|lesson| lesson.class.is_some()).map(|lesson| lesson.text.as_str()).collect();
    let outside: Vec<&str> = of(true).chain(of(false)).collect();
    let near = Near::new(&inside, &outside, Senses::Left);
    let mut keys = Keys::default();
    lines
        .filter(|line| near.likest(line, &mut keys).is_none_or(|(_, like)| like < ALIKE))
        .map(str::to_owned)
        .collect()
}

/// All of them in one language.
pub fn of(english: bool) -> impl Iterator<Item = &'static str> {
    if english { ENGLISH.lines() } else { CHINESE.lines() }
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
