//! Which keys count, and how much: an exact table of the keys that the samples showed often enough.

use std::collections::HashMap;

use super::{
    feature::Keys,
    sense::{self, Senses},
};

/// Features of one text: number and weight, by number.
pub type Row = Vec<(u32, f32)>;

/// A text to learn from: its features, and the words that each is made of.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    pub row: Row,
    /// Of each feature, the words as bits.
    pub origins: Vec<u64>,
    /// How many of the bits are words.
    pub words: u32,
}

/// Keys, their numbers, and how rare they are.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    keys: Vec<u64>,
    rarity: Vec<f32>,
    /// Open addressing: number + 1, or 0 where nothing is.
    slots: Vec<u32>,
    /// Whether what English words mean is told too, as features behind the keys.
    pub senses: Senses,
}

impl Vocabulary {
    /// The keys that at least `least` of the texts have.
    pub fn learn<'a>(texts: impl Iterator<Item = &'a str>, least: u32) -> Self {
        let mut seen: HashMap<u64, u32> = HashMap::new();
        let mut keys = Keys::default();
        let mut count = 0_u32;
        for text in texts {
            keys.read(text);
            for block in [&mut keys.words, &mut keys.pieces, &mut keys.meanings] {
                block.sort_unstable();
                block.dedup();
                for key in block.iter() {
                    *seen.entry(*key).or_default() += 1;
                }
            }
            count += 1;
        }
        let mut kept: Vec<(u64, u32)> = seen.into_iter().filter(|(_, texts)| *texts >= least).collect();
        kept.sort_unstable();
        let rarity =
            kept.iter().map(|(_, texts)| ((1.0 + count as f32) / (1.0 + *texts as f32)).ln() + 1.0).collect();
        Self::new(kept.into_iter().map(|(key, _)| key).collect(), rarity)
    }

    /// A vocabulary from its parts.
    pub fn new(keys: Vec<u64>, rarity: Vec<f32>) -> Self {
        let size = (keys.len() * 2 + 2).next_power_of_two();
        let mut slots = vec![0_u32; size];
        for (number, key) in keys.iter().enumerate() {
            let mut at = *key as usize & (size - 1);
            while slots[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            slots[at] = number as u32 + 1;
        }
        Self { keys, rarity, slots, senses: Senses::Left }
    }

    pub fn keys(&self) -> &[u64] {
        &self.keys
    }

    /// How rare each key is, by its number.
    pub fn rarity(&self) -> &[f32] {
        &self.rarity
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many features a text may have: keys, and places of its direction.
    pub fn features(&self) -> usize {
        self.len() + self.senses.width()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn number(&self, key: u64) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let mut at = key as usize & mask;
        loop {
            match self.slots[at] {
                0 => return None,
                found if self.keys[found as usize - 1] == key => return Some(found - 1),
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// The features of a folded text, and where they come from.
    pub fn shape(&self, text: &str, keys: &mut Keys) -> Shape {
        let mut row = Row::new();
        self.weigh(text, keys, &mut row);
        let mut from: HashMap<u32, u64> = HashMap::new();
        for (key, words) in keys.origins() {
            if let Some(number) = self.number(key) {
                *from.entry(number).or_default() |= words;
            }
        }
        let origins = row.iter().map(|(number, _)| from.get(number).copied().unwrap_or_default()).collect();
        Shape { row, origins, words: keys.count() }
    }

    /// The features of a folded text into `row`, of length one all together unless there are none.
    pub fn weigh(&self, text: &str, keys: &mut Keys, row: &mut Row) {
        keys.read(text);
        row.clear();
        keys.found = 0;
        for (block, meanings) in [(&keys.words, &keys.meanings[..]), (&keys.pieces, &[])] {
            let start = row.len();
            let numbered = |key: &u64| self.number(*key).map(|number| (number, 1.0));
            row.extend(block.iter().filter_map(numbered));
            keys.found += row.len() - start;
            row.extend(meanings.iter().filter_map(numbered));
            row[start..].sort_unstable_by_key(|(number, _)| *number);
            fold(row, start);
            for (number, weight) in &mut row[start..] {
                *weight = (1.0 + weight.ln()) * self.rarity[*number as usize];
            }
            shorten(&mut row[start..]);
        }
        if self.senses == Senses::Told && !row.is_empty() {
            sense::append(text, self.len() as u32, row);
        }
        shorten(row);
    }
}

/// Equal neighbours become one, their weights added.
fn fold(row: &mut Row, start: usize) {
    let mut to = start;
    for from in start..row.len() {
        if to > start && row[to - 1].0 == row[from].0 {
            row[to - 1].1 += row[from].1;
        } else {
            row[to] = row[from];
            to += 1;
        }
    }
    row.truncate(to);
}

/// Scales to length one.
pub fn shorten(row: &mut [(u32, f32)]) {
    let square: f32 = row.iter().map(|(_, weight)| weight * weight).sum();
    if square > 0.0 {
        let scale = square.sqrt().recip();
        for (_, weight) in row.iter_mut() {
            *weight *= scale;
        }
    }
}
