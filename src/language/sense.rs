//! What English words mean, as directions: a table shipped with the program, in which words that are used alike lie
//! near each other. A caller's words are added up to one direction, which stands beside the words themselves. How the
//! table was made, and of what, is in `docs/language.md`.

use std::sync::LazyLock;

use super::{
    normal::{Run, runs},
    vocabulary::Row,
};

/// Places of a direction.
pub const WIDTH: usize = 64;

/// Whether a model is told what English words mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Senses {
    #[default]
    Left,
    Told,
}

impl Senses {
    /// How many features that makes.
    pub fn width(self) -> usize {
        match self {
            Self::Left => 0,
            Self::Told => WIDTH,
        }
    }

    /// What a model's file says of it: the table's mark, or nothing.
    pub fn written(self) -> u32 {
        match self {
            Self::Left => 0,
            Self::Told => PARTS.mark,
        }
    }

    /// From what a file says; `None` if it means another table.
    pub fn read(written: u32) -> Option<Self> {
        [Self::Left, Self::Told].into_iter().find(|senses| senses.written() == written)
    }
}

/// Behind the head: keys in order, lengths, directions.
static TABLE: &[u8] = include_bytes!("sense/en.bin");
/// Magic, number of rows, the greatest length.
const HEAD: usize = 8 + 4 + 4;
/// A piece of a word is no longer than this, in bytes.
const LONGEST: usize = 20;
/// A direction's places are halves of bytes, from -7 to 7.
const MIDDLE: i32 = 8;

/// The table's parts.
struct Parts {
    keys: &'static [[u8; 4]],
    lengths: &'static [[u8; 2]],
    directions: &'static [[u8; WIDTH / 2]],
    greatest: f32,
    /// Tells this table from any other: what was learned with one means nothing with another.
    mark: u32,
}

static PARTS: LazyLock<Parts> = LazyLock::new(|| {
    let (head, rest) = TABLE.split_at(HEAD);
    let word = |at: usize| [head[at], head[at + 1], head[at + 2], head[at + 3]];
    let rows = u32::from_le_bytes(word(8)) as usize;
    let (keys, rest) = rest.split_at(rows * 4);
    let (lengths, directions) = rest.split_at(rows * 2);
    Parts {
        keys: keys.as_chunks().0,
        lengths: lengths.as_chunks().0,
        directions: directions.as_chunks().0,
        greatest: f32::from_le_bytes(word(12)),
        mark: crc32fast::hash(TABLE),
    }
});

/// Where a word's hash begins, and a piece's that goes on with a word.
const BEGINNING: u32 = 0x811c_9dc5;
const GOING_ON: u32 = hash(hash(BEGINNING, b'#'), b'#');

const fn hash(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
}

/// The direction of a text that is being read.
#[derive(Debug)]
struct Direction {
    places: [f32; WIDTH],
    /// Words, and how many of them the table has.
    words: u32,
    known: u32,
}

impl Direction {
    fn of(text: &str) -> Self {
        let mut direction = Self { places: [0.0; WIDTH], words: 0, known: 0 };
        for run in runs(text) {
            match run {
                Run::Word(word) => word.split('\'').for_each(|part| direction.word(part.as_bytes())),
                Run::Han(han) => direction.words += han.chars().count() as u32,
            }
        }
        direction
    }

    /// A word as the table has it, or else as its longest pieces from the left; as none of them if any is missing.
    fn word(&mut self, word: &[u8]) {
        self.words += 1;
        let mut pieces = [0_usize; LONGEST];
        let (mut count, mut rest, mut start) = (0, word, BEGINNING);
        while !rest.is_empty() {
            let Some((row, length)) = longest(rest, start).filter(|_| count < LONGEST) else { return };
            pieces[count] = row;
            (count, rest, start) = (count + 1, &rest[length..], GOING_ON);
        }
        for row in &pieces[..count] {
            self.add(*row);
        }
        self.known += 1;
    }

    fn add(&mut self, row: usize) {
        let parts = &*PARTS;
        let length = f32::from(u16::from_le_bytes(parts.lengths[row])) * parts.greatest / 65_535.0;
        for (places, byte) in self.places.as_chunks_mut::<2>().0.iter_mut().zip(&parts.directions[row]) {
            places[0] += (i32::from(byte & 15) - MIDDLE) as f32 * length;
            places[1] += (i32::from(byte >> 4) - MIDDLE) as f32 * length;
        }
    }
}

/// The row of the longest piece with which this begins, and its bytes.
fn longest(word: &[u8], start: u32) -> Option<(usize, usize)> {
    let mut hashes = [0_u32; LONGEST];
    let mut state = start;
    let ends = word.len().min(LONGEST);
    for (to, byte) in hashes.iter_mut().zip(word) {
        state = hash(state, *byte);
        *to = state;
    }
    let row = |key: &u32| PARTS.keys.binary_search_by_key(key, |bytes| u32::from_le_bytes(*bytes)).ok();
    (0..ends).rev().find_map(|end| Some((row(&hashes[end])?, end + 1)))
}

/// Appends the direction of a folded text as features from `first` on, of length one, or less by the share of words
/// that have none.
pub fn append(text: &str, first: u32, row: &mut Row) {
    let direction = Direction::of(text);
    let square: f32 = direction.places.iter().map(|place| place * place).sum();
    if square > 0.0 {
        let scale = direction.known as f32 / direction.words as f32 / square.sqrt();
        row.extend((first..).zip(direction.places.iter().map(|place| place * scale)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direction(text: &str) -> Row {
        let mut row = Row::new();
        append(text, 5, &mut row);
        row
    }

    fn likeness(a: &str, b: &str) -> f32 {
        direction(a).iter().zip(direction(b)).map(|((_, a), (_, b))| a * b).sum()
    }

    #[test]
    fn the_table_is_whole_and_in_order() {
        let keys: Vec<u32> = PARTS.keys.iter().map(|key| u32::from_le_bytes(*key)).collect();
        assert!(keys.len() > 20_000 && keys.is_sorted_by(|a, b| a < b));
        assert_eq!((PARTS.lengths.len(), PARTS.directions.len()), (keys.len(), keys.len()));
        assert!(PARTS.directions.as_flattened().iter().all(|byte| byte & 15 != 0 && byte >> 4 != 0));
    }

    #[test]
    fn what_means_alike_lies_nearer_than_what_does_not() {
        for (said, alike, other) in [
            ("i want my money back", "please refund me", "please call me a taxi"),
            ("what is the weather tomorrow", "will it rain", "will it arrive"),
            ("my phone was stolen", "someone took my mobile", "someone ate my lunch"),
        ] {
            assert!(likeness(said, alike) > likeness(said, other) + 0.1, "{said}");
        }
    }

    #[test]
    fn it_is_of_length_one_and_shorter_by_words_without_direction() {
        let length = |text: &str| likeness(text, text).sqrt();
        assert!((length("cancel my order") - 1.0).abs() < 1e-5);
        assert!((length("wifi坏了") - 1.0 / 3.0).abs() < 1e-5);
        assert_eq!(direction("order")[0].0, 5);
        assert_eq!(direction("order").len(), WIDTH);
        for nothing in ["", "退款", "жжж", &"q".repeat(2_000)] {
            assert!(direction(nothing).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn an_unknown_word_is_its_pieces() {
        assert_eq!(longest(b"booking", BEGINNING).map(|(_, length)| length), Some(7));
        let (first, length) = longest(b"overbookedness", BEGINNING).expect("a piece");
        assert!(length < 14, "no word of the table");
        let mut sum = Direction { places: [0.0; WIDTH], words: 0, known: 0 };
        sum.add(first);
        let mut rest = &b"overbookedness"[length..];
        while let Some((row, length)) = longest(rest, GOING_ON) {
            sum.add(row);
            rest = &rest[length..];
        }
        assert_eq!(sum.places.map(f32::to_bits), Direction::of("overbookedness").places.map(f32::to_bits));
    }

    #[test]
    fn a_file_names_its_table() {
        for senses in [Senses::Left, Senses::Told] {
            assert_eq!(Senses::read(senses.written()), Some(senses));
        }
        assert_eq!(Senses::read(Senses::Told.written() ^ 1), None);
    }
}
