//! What a recogniser is primed with: what callers of a flow say, the names that they may say, and how all of it sounds.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use super::{ngram, sounding};

const DIGITS: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
/// What is said in every conversation.
const EVERYWHERE: &str = "oh ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty \
    thirty forty fifty sixty seventy eighty ninety hundred thousand double triple first second third fourth fifth \
    yes no yeah nope sure right correct wrong not hello please thanks um uh okay monday tuesday wednesday thursday \
    friday saturday sunday today tomorrow yesterday next morning noon afternoon evening o'clock half quarter past \
    january february march april may june july august september october november december dollars cents";
/// So often each name counts beside the sentences.
const NAMES_COUNT: usize = 3;
/// Rows of digits among what is said freely, and where digits are asked for.
const ROWS: usize = 20;
const ROWS_ASKED: usize = 400;

/// What callers of one flow say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Primer {
    pub sentences: Vec<String>,
    pub names: Vec<String>,
}

/// A language model and a dictionary, as the recogniser reads them.
#[derive(Debug)]
pub(super) struct Primed {
    pub model: String,
    pub dictionary: String,
}

impl Primer {
    /// `sounds` is a whole dictionary in the CMU format. `digits`: they are what is asked for.
    pub(super) fn primed(&self, sounds: &str, digits: bool) -> Primed {
        let mut said: Vec<Vec<String>> = self.sentences.iter().map(|text| words(text)).collect();
        let names = self.names.iter().map(|name| words(name)).filter(|name| !name.is_empty());
        said.extend(names.flat_map(|name| std::iter::repeat_n(name, NAMES_COUNT)));
        said.extend(rows(if digits { ROWS_ASKED } else { ROWS }));
        let everywhere = EVERYWHERE.split_whitespace().chain(DIGITS).map(str::to_owned);
        let all: BTreeSet<String> = said.iter().flatten().cloned().chain(everywhere).collect();
        let known = Dictionary::of(sounds);
        let mut dictionary = String::new();
        let mut there = BTreeSet::new();
        for word in &all {
            let entries = known.entries(word);
            for entry in &entries {
                let _ = writeln!(dictionary, "{entry}");
            }
            if !entries.is_empty() {
                there.insert(word.clone());
            }
        }
        for sentence in &mut said {
            sentence.retain(|word| there.contains(word));
        }
        said.retain(|sentence| !sentence.is_empty());
        Primed { model: ngram::arpa(&said, &there), dictionary }
    }
}

/// Words as they are spoken: small letters, numbers digit by digit.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut plain = String::new();
    for c in text.to_lowercase().chars() {
        match c {
            '0'..='9' => {
                plain.push(' ');
                plain.push_str(DIGITS[usize::from(c as u8 - b'0')]);
                plain.push(' ');
            }
            '’' => plain.push('\''),
            c if c.is_ascii_alphabetic() || c == '\'' => plain.push(c),
            _ => plain.push(' '),
        }
    }
    plain
        .split_whitespace()
        .map(|word| word.trim_matches('\'').to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

/// Rows of three to eight digits, always the same.
fn rows(many: usize) -> impl Iterator<Item = Vec<String>> {
    let mut state: u32 = 0x9E37_79B9;
    let mut next = move |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % below
    };
    (0..many).map(move |_| (0..3 + next(6)).map(|_| DIGITS[next(10) as usize].to_owned()).collect())
}

struct Dictionary<'a>(BTreeMap<&'a str, Vec<&'a str>>);

impl<'a> Dictionary<'a> {
    /// `word SOUNDS…`, further ways as `word(2) SOUNDS…`.
    fn of(text: &'a str) -> Self {
        let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (word, line) in text.lines().filter_map(|line| Some((line.split_once(' ')?.0, line))) {
            let plain = word.split_once('(').map_or(word, |(plain, _)| plain);
            all.entry(plain).or_default().push(line);
        }
        Self(all)
    }

    fn entries(&self, word: &str) -> Vec<String> {
        if let Some(lines) = self.0.get(word) {
            return lines.iter().map(|line| (*line).to_owned()).collect();
        }
        let one = |word: &str| {
            let line = self.0.get(word)?.first()?;
            Some(line.split_once(' ')?.1.trim().to_owned())
        };
        sounding::sounds(word, one).map(|sounds| format!("{word} {sounds}")).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_and_who_is_named_is_in_the_dictionary() {
        let primer = Primer {
            sentences: vec!["Where’s order 55, please?".into(), "我要退款".into()],
            names: vec!["Chen Wei".into()],
        };
        let sounds =
            "order AO R D ER\nwhere's W EH R Z\nplease P L IY Z\nfive F AY V\nthe DH AH\nthe(2) DH IY\n";
        let primed = primer.primed(sounds, false);
        for line in ["five F AY V", "where's W EH R Z", "wei W EY", "chen CH AH N"] {
            assert!(primed.dictionary.lines().any(|own| own == line), "{line}: {}", primed.dictionary);
        }
        assert!(primed.model.contains(" order five five"), "{}", primed.model);
        assert!(!primed.dictionary.contains("the "), "only what is said");
    }

    #[test]
    fn rows_of_digits_are_the_same_each_time() {
        let all: Vec<Vec<String>> = rows(50).collect();
        assert_eq!(all, rows(50).collect::<Vec<_>>());
        assert!(all.iter().all(|row| (3..=8).contains(&row.len())));
        let used: BTreeSet<&String> = all.iter().flatten().collect();
        assert_eq!(used.len(), 10);
    }
}
