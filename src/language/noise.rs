//! What recognisers do to words: one word taken for another that sounds alike, words lost, fillers heard. Samples are
//! learned a second time like this, so that a caller is understood on a bad line too.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

use super::{
    normal::{Run, is_han, runs},
    sound,
};

/// English words that sound the same.
const HOMOPHONES: &[&[&str]] = &[
    &["to", "two", "too"],
    &["for", "four", "fore"],
    &["there", "their", "they're"],
    &["your", "you're"],
    &["by", "buy", "bye"],
    &["no", "know"],
    &["right", "write"],
    &["hour", "our"],
    &["new", "knew"],
    &["week", "weak"],
    &["wait", "weight"],
    &["mail", "male"],
    &["sale", "sail"],
    &["weather", "whether"],
    &["i'll", "aisle"],
    &["here", "hear"],
    &["meet", "meat"],
    &["one", "won"],
    &["eight", "ate"],
    &["see", "sea"],
    &["be", "bee"],
    &["its", "it's"],
    &["would", "wood"],
    &["where", "wear", "ware"],
    &["bill", "build"],
    &["check", "cheque"],
    &["pay", "pray"],
    &["cancel", "council"],
    &["fare", "fair"],
    &["plane", "plain"],
    &["sum", "some"],
    &["cell", "sell"],
    &["sent", "cent"],
    &["ant", "aunt"],
    &["road", "rode"],
    &["pair", "pear"],
    &["than", "then"],
    &["are", "our"],
    &["can", "can't"],
    &["account", "a count"],
    &["refund", "re fund"],
];
/// Letters taken for others.
const LETTERS: &[(char, char)] = &[
    ('a', 'e'),
    ('e', 'i'),
    ('i', 'e'),
    ('o', 'u'),
    ('u', 'o'),
    ('b', 'p'),
    ('p', 'b'),
    ('d', 't'),
    ('t', 'd'),
    ('g', 'k'),
    ('k', 'g'),
    ('s', 'z'),
    ('z', 's'),
    ('m', 'n'),
    ('n', 'm'),
    ('f', 'v'),
    ('v', 'f'),
    ('l', 'r'),
    ('r', 'l'),
    ('c', 'k'),
];
const FILLERS: &[&str] = &["um", "uh", "er", "like", "well", "you know", "so"];
const HAN_FILLERS: &[&str] = &["嗯", "呃", "那个", "就是", "啊", "这个"];

/// What sounds like what, learned from the samples' own words.
#[derive(Debug, Default)]
pub struct Noise {
    words: BTreeMap<String, Vec<String>>,
    syllables: BTreeMap<u32, Vec<char>>,
}

impl Noise {
    /// From folded texts.
    pub fn learn<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut codes: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        let mut syllables: BTreeMap<u32, BTreeSet<char>> = BTreeMap::new();
        for run in texts.flat_map(runs) {
            match run {
                Run::Word(word) => {
                    codes.entry(soundex(word)).or_default().insert(word);
                }
                Run::Han(han) => han.chars().for_each(|c| {
                    syllables.entry(sound::syllable(c)).or_default().insert(c);
                }),
            }
        }
        let mut words: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for alike in codes.values() {
            for word in alike {
                let others = alike.iter().filter(|other| *other != word && near(word, other));
                words.insert((*word).to_owned(), others.take(8).map(|other| (*other).to_owned()).collect());
            }
        }
        for alike in HOMOPHONES {
            for word in *alike {
                let others = alike.iter().filter(|other| *other != word).map(|other| (*other).to_owned());
                words.entry((*word).to_owned()).or_default().extend(others);
            }
        }
        let syllables = syllables.into_iter().map(|(code, all)| (code, all.into_iter().collect())).collect();
        Self { words, syllables }
    }

    /// A folded text as a recogniser may hear it, about `rate` of its words wrong. Never empty for a text with words.
    pub fn blur(&self, text: &str, rate: f32, random: &mut Rng) -> String {
        let mut heard = String::with_capacity(text.len() + 16);
        for run in runs(text) {
            match run {
                Run::Word(word) => self.word(word, rate, random, &mut heard),
                Run::Han(han) => han.chars().for_each(|c| self.character(c, rate, random, &mut heard)),
            }
        }
        if heard.trim().is_empty() { text.to_owned() } else { heard }
    }

    fn word(&self, word: &str, rate: f32, random: &mut Rng, heard: &mut String) {
        if !heard.is_empty() && !heard.ends_with(is_han) {
            heard.push(' ');
        }
        if random.f32() >= rate {
            return heard.push_str(word);
        }
        match (random.u8(0..10), self.words.get(word).filter(|others| !others.is_empty())) {
            (0..=1, _) => {}
            (2, _) => {
                heard.push_str(FILLERS[random.usize(..FILLERS.len())]);
                heard.push(' ');
                heard.push_str(word);
            }
            (_, Some(others)) => heard.push_str(&others[random.usize(..others.len())]),
            (_, None) => misspell(word, random, heard),
        }
    }

    fn character(&self, c: char, rate: f32, random: &mut Rng, heard: &mut String) {
        if random.f32() >= rate {
            return heard.push(c);
        }
        let alike = || self.syllables.get(&sound::syllable(c)).map_or(&[][..], Vec::as_slice);
        match random.u8(0..10) {
            0 => {}
            1 => {
                heard.push_str(HAN_FILLERS[random.usize(..HAN_FILLERS.len())]);
                heard.push(c);
            }
            _ => {
                let others: Vec<char> = alike().iter().copied().filter(|other| *other != c).collect();
                let mut homophone = || sound::homophone(c, random);
                heard.push(if others.is_empty() {
                    homophone()
                } else {
                    others[random.usize(..others.len())]
                });
            }
        }
    }
}

/// A word that nobody of the samples sounds like loses, doubles or changes a letter inside.
fn misspell(word: &str, random: &mut Rng, heard: &mut String) {
    let letters: Vec<char> = word.chars().collect();
    let at = random.usize(..letters.len());
    for (index, letter) in letters.iter().enumerate() {
        match (index == at, random.bool()) {
            (true, true) if letters.len() > 2 => {}
            (true, _) => {
                heard
                    .push(LETTERS.iter().find(|(this, _)| this == letter).map_or(*letter, |(_, that)| *that));
            }
            _ => heard.push(*letter),
        }
    }
}

/// About as long, so that it could be taken for the other.
fn near(a: &str, b: &str) -> bool {
    a.len().abs_diff(b.len()) <= 2
}

/// Soundex: the first letter and three classes of consonants.
pub fn soundex(word: &str) -> String {
    let class = |c: char| match c {
        'b' | 'f' | 'p' | 'v' => Some('1'),
        'c' | 'g' | 'j' | 'k' | 'q' | 's' | 'x' | 'z' => Some('2'),
        'd' | 't' => Some('3'),
        'l' => Some('4'),
        'm' | 'n' => Some('5'),
        'r' => Some('6'),
        _ => None,
    };
    let mut letters = word.chars().filter(|c| *c != '\'');
    let Some(first) = letters.next() else { return String::new() };
    let mut code = String::from(first);
    let mut before = class(first);
    for letter in letters {
        let this = class(letter);
        if let Some(digit) = this.filter(|_| this != before) {
            code.push(digit);
        }
        if !matches!(letter, 'h' | 'w') {
            before = this;
        }
        if code.chars().count() == 4 {
            break;
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soundex_is_the_known_one() {
        for (word, code) in
            [("robert", "r163"), ("rupert", "r163"), ("ashcraft", "a261"), ("tymczak", "t522"), ("lee", "l")]
        {
            assert_eq!(soundex(word), code, "{word}");
        }
    }

    #[test]
    fn about_the_wanted_share_of_words_is_wrong_and_a_seed_repeats_it() {
        let text = "i want to check the balance of my account please before monday";
        let noise = Noise::learn([text, "i went to change the ballads"].into_iter());
        let wrong = |seed| {
            let heard = noise.blur(text, 0.2, &mut Rng::with_seed(seed));
            text.split(' ').filter(|word| !heard.split(' ').any(|other| other == *word)).count()
        };
        let all: usize = (0..200).map(wrong).sum();
        assert!((0.10..0.25).contains(&(all as f32 / 2400.0)), "{all} of 2400");
        let blurred = |seed| noise.blur(text, 0.3, &mut Rng::with_seed(seed));
        assert_eq!(blurred(3), blurred(3));
        assert!((0..9).any(|seed| blurred(seed) != blurred(9)));
    }

    #[test]
    fn chinese_characters_are_taken_for_others_of_their_sound() {
        let noise = Noise::learn(["我要退款", "腿疼"].into_iter());
        let heard: String =
            (0..200).map(|seed| noise.blur("我要退款", 0.3, &mut Rng::with_seed(seed))).collect();
        assert!(heard.contains('腿'), "退 and 腿 differ in tone only");
    }

    #[test]
    fn a_text_is_never_lost() {
        let noise = Noise::default();
        assert!((0..100).all(|seed| !noise.blur("yes", 1.0, &mut Rng::with_seed(seed)).trim().is_empty()));
        assert_eq!(noise.blur("", 1.0, &mut Rng::with_seed(1)), "");
    }
}
