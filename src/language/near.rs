//! Which of some texts a text is most like, by its words, their pieces and what they mean.

use std::collections::HashMap;

use super::{
    feature::Keys,
    sense::Senses,
    vocabulary::{Row, Vocabulary},
};

/// Texts by their features.
#[derive(Debug)]
pub struct Near {
    vocabulary: Vocabulary,
    by_feature: HashMap<u32, Vec<(u32, f32)>>,
}

impl Near {
    /// Of folded texts; `beside` tells which words are common.
    pub fn new(texts: &[&str], beside: &[&str], senses: Senses) -> Self {
        let all = texts.iter().chain(beside).copied();
        let mut vocabulary = Vocabulary::learn(all, 1);
        vocabulary.senses = senses;
        let mut by_feature: HashMap<u32, Vec<(u32, f32)>> = HashMap::new();
        let (mut keys, mut row) = (Keys::default(), Row::new());
        for (number, text) in texts.iter().enumerate() {
            vocabulary.weigh(text, &mut keys, &mut row);
            for (feature, x) in &row {
                by_feature.entry(*feature).or_default().push((number as u32, *x));
            }
        }
        Self { vocabulary, by_feature }
    }

    /// The one that a folded text is most like, by its place, and how like it is (cosine).
    pub fn likest(&self, text: &str, keys: &mut Keys) -> Option<(usize, f32)> {
        let mut row = Row::new();
        self.vocabulary.weigh(text, keys, &mut row);
        let mut sums: HashMap<u32, f32> = HashMap::new();
        for (feature, x) in row {
            for (number, y) in self.by_feature.get(&feature).map_or(&[][..], Vec::as_slice) {
                *sums.entry(*number).or_default() += x * y;
            }
        }
        // Of two alike the first, whatever the order of the table.
        let best = sums.into_iter().max_by(|(a, x), (b, y)| x.total_cmp(y).then(b.cmp(a)));
        best.map(|(number, like)| (number as usize, like))
    }
}
