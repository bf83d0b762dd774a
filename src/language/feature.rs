//! What a text is made of, as 64-bit keys: words, pairs of words and groups of words that mean alike; and how they look
//! or sound: pieces of words by letters, Chinese characters by their toneless sound.

use super::{
    alike::{self, Group},
    normal::{Run, runs},
    sound,
};

/// Longest piece of a word, in letters.
const LONGEST: usize = 4;

/// The keys of one text, in two blocks that weigh the same. Reused from text to text.
#[derive(Debug, Default)]
pub struct Keys {
    pub words: Vec<u64>,
    pub pieces: Vec<u64>,
    /// Groups of the words: weighed with them, but no sign that a text is known.
    pub meanings: Vec<u64>,
    /// How many of the words and pieces a vocabulary had.
    pub(super) found: usize,
    /// The words that each of these is made of, as bits.
    words_from: Vec<u64>,
    pieces_from: Vec<u64>,
    meanings_from: Vec<u64>,
    /// The bits of the word at hand and of the one before.
    bit: u64,
    bit_before: u64,
    letters: Vec<u32>,
}

/// Where the hash of each sort of key begins, so that no two sorts collide.
const WORD: u64 = 0x9e37_79b9_7f4a_7c15;
const PAIR: u64 = 0xc2b2_ae3d_27d4_eb4f;
const PIECE: u64 = 0x1656_67b1_9e37_79f9;
const SYLLABLE: u64 = 0x27d4_eb2f_1656_67c5;
const GROUP: u64 = 0x8ebc_6af0_9c88_c6e3;
const EDGE: u64 = 0x2545_f491_4f6c_dd1d;

fn mix(hash: u64, with: u64) -> u64 {
    let mixed = (hash ^ with).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 32)
}

impl Keys {
    /// Replaces the keys by those of a text that `normal` has folded.
    pub fn read(&mut self, text: &str) {
        let Self { words, pieces, meanings, words_from, pieces_from, meanings_from, .. } = self;
        for list in [words, pieces, meanings, words_from, pieces_from, meanings_from] {
            list.clear();
        }
        (self.bit, self.bit_before) = (0, 0);
        let mut before = EDGE;
        for run in runs(text) {
            match run {
                Run::Word(word) => {
                    self.go_on();
                    let hash = word.bytes().fold(WORD, |hash, byte| mix(hash, u64::from(byte)));
                    before = self.word(before, hash);
                    self.mean(alike::of(word));
                    self.spell(word);
                }
                Run::Han(han) => {
                    let mut before_sound = EDGE;
                    let mut known = 0;
                    for (at, c) in han.char_indices() {
                        self.go_on();
                        if let Some((length, groups)) = alike::beginning(&han[at..]).filter(|_| known == 0) {
                            known = length;
                            self.mean(groups);
                        }
                        known = known.saturating_sub(1);
                        before = self.word(before, mix(WORD, u64::from(u32::from(c))));
                        before_sound = self.voice(before_sound, c);
                    }
                }
            }
        }
        if before != EDGE {
            self.words.push(mix(mix(PAIR, before), EDGE));
            self.words_from.push(self.bit);
        }
    }

    /// The share of the words and pieces that the vocabulary had.
    pub fn known(&self) -> f32 {
        self.found as f32 / (self.words.len() + self.pieces.len()).max(1) as f32
    }

    /// Each key, and which of the text's words it is made of: a bit each, the last one for all from the 64th on.
    pub fn origins(&self) -> impl Iterator<Item = (u64, u64)> {
        let words = self.words.iter().zip(&self.words_from);
        let pieces = self.pieces.iter().zip(&self.pieces_from);
        let meanings = self.meanings.iter().zip(&self.meanings_from);
        words.chain(pieces).chain(meanings).map(|(key, from)| (*key, *from))
    }

    /// How many of the bits are words.
    pub fn count(&self) -> u32 {
        u64::BITS - self.bit.leading_zeros()
    }

    fn go_on(&mut self) {
        self.bit_before = self.bit;
        self.bit = if self.bit == 0 { 1 } else { self.bit.checked_mul(2).unwrap_or(self.bit) };
    }

    fn word(&mut self, before: u64, hash: u64) -> u64 {
        self.words.push(hash);
        self.words_from.push(self.bit);
        self.words.push(mix(mix(PAIR, before), hash));
        self.words_from.push(self.bit | self.bit_before);
        hash
    }

    /// What else could have been said for the word at hand.
    fn mean(&mut self, groups: &[Group]) {
        for group in groups {
            self.meanings.push(mix(GROUP, u64::from(*group)));
            self.meanings_from.push(self.bit);
        }
    }

    /// Two to [`LONGEST`] letters in a row, with a blank before and after the word.
    fn spell(&mut self, word: &str) {
        self.letters.clear();
        self.letters.push(32);
        self.letters.extend(word.chars().map(u32::from));
        self.letters.push(32);
        for start in 0..self.letters.len() - 1 {
            let mut hash = PIECE;
            for (length, letter) in self.letters[start..].iter().take(LONGEST).enumerate() {
                hash = mix(hash, u64::from(*letter));
                if length > 0 {
                    self.pieces.push(hash);
                    self.pieces_from.push(self.bit);
                }
            }
        }
    }

    /// A character's syllable, and the pair of it with the one before in the same run.
    fn voice(&mut self, before: u64, c: char) -> u64 {
        let syllable = mix(SYLLABLE, u64::from(sound::syllable(c)));
        self.pieces.push(syllable);
        self.pieces_from.push(self.bit);
        if before != EDGE {
            self.pieces.push(mix(mix(PAIR, before), syllable));
            self.pieces_from.push(self.bit | self.bit_before);
        }
        syllable
    }
}
