//! Names of a directory, found by their sound: a recogniser writes 张薇 or 章伟 for 张伟, “jon smyth” for John Smith.
//!
//! [`sound`] says how alike two words sound; a [`Directory`] holds the names with their sounds and finds candidates.

mod sound;

use std::collections::HashMap;

use serde::Serialize;
use smol_str::SmolStr;

use super::{
    model::{Entity, Value},
    number::Found,
    numeric::scan,
    token::{Kind, Text},
};
use sound::Syllable;

/// One name of the directory that was perhaps said.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// The name as the directory has it.
    pub name: SmolStr,
    /// 1 if it was said just so; below 0.75 it is a guess.
    pub score: f32,
}

/// Candidates below this are nothing.
const LOWEST: f32 = 0.72;
/// As many are kept.
const MOST: usize = 5;

/// Names with their sounds, ready to be found.
#[derive(Debug, Default)]
pub struct Directory {
    chinese: Vec<Chinese>,
    latin: Vec<Latin>,
    /// Which Chinese names hold a sound, by its coarse key.
    by_sound: HashMap<u16, Vec<usize>>,
    /// Which words of Latin names begin with a sound.
    by_letter: HashMap<char, Vec<(usize, usize)>>,
}

#[derive(Debug)]
struct Chinese {
    name: SmolStr,
    syllables: Vec<Syllable>,
}

#[derive(Debug)]
struct Latin {
    name: SmolStr,
    words: Vec<(SmolStr, String)>,
}

impl Directory {
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut directory = Self::default();
        for name in names {
            directory.enter(name);
        }
        directory
    }

    fn enter(&mut self, name: &str) {
        let text = Text::new(name);
        let han: Vec<Syllable> = text
            .tokens
            .iter()
            .filter(|token| token.kind == Kind::Han)
            .map(|token| Syllable::of(&token.text))
            .collect();
        if !han.is_empty() {
            let index = self.chinese.len();
            for key in han.iter().flat_map(Syllable::keys) {
                let names = self.by_sound.entry(key).or_default();
                if names.last() != Some(&index) {
                    names.push(index);
                }
            }
            self.chinese.push(Chinese { name: SmolStr::new(name), syllables: han });
            return;
        }
        let words: Vec<(SmolStr, String)> = text
            .tokens
            .iter()
            .filter(|token| token.kind == Kind::Word)
            .map(|token| (token.text.clone(), sound::code(&token.text)))
            .collect();
        let index = self.latin.len();
        for (place, (_, code)) in words.iter().enumerate() {
            if let Some(first) = code.chars().next() {
                self.by_letter.entry(first).or_default().push((index, place));
            }
        }
        self.latin.push(Latin { name: SmolStr::new(name), words });
    }

    pub fn is_empty(&self) -> bool {
        self.chinese.is_empty() && self.latin.is_empty()
    }

    /// The names that may begin at this token, the likeliest first, and the token behind the likeliest.
    fn candidates(&self, text: &Text, at: usize) -> Found<Vec<Candidate>> {
        let mut found = match text.kind(at)? {
            Kind::Han => self.chinese_at(text, at),
            Kind::Word => self.latin_at(text, at),
            _ => return None,
        };
        found.sort_by(|a, b| b.0.score.total_cmp(&a.0.score).then(b.1.cmp(&a.1)));
        let end = found.first()?.1;
        let mut candidates: Vec<Candidate> = Vec::new();
        for (candidate, stop) in found {
            let known = candidates.iter().any(|other| other.name == candidate.name);
            if stop == end && !known && candidates.len() < MOST {
                candidates.push(candidate);
            }
        }
        Some((candidates, end))
    }

    fn chinese_at(&self, text: &Text, at: usize) -> Vec<(Candidate, usize)> {
        let heard: Vec<Syllable> = (at..text.len().min(at + 4))
            .take_while(|index| text.kind(*index) == Some(Kind::Han))
            .map(|index| Syllable::of(text.at(index)))
            .collect();
        let mut names: Vec<usize> = heard
            .iter()
            .take(2)
            .flat_map(Syllable::keys)
            .filter_map(|key| self.by_sound.get(&key))
            .flatten()
            .copied()
            .collect();
        names.sort_unstable();
        names.dedup();
        let titled = (1..=2).find(|length| is_title(text, at + length));
        let mut found = Vec::new();
        for entry in names.iter().filter_map(|index| self.chinese.get(*index)) {
            let length = entry.syllables.len();
            if heard.len() >= length {
                found.push((alike(&entry.syllables, &heard[..length]), entry, at + length));
            }
            // 张经理: the surname with a title; 伟明: the given name alone.
            if let Some(length) = titled.filter(|length| *length < entry.syllables.len() && *length == 1) {
                found.push((alike(&entry.syllables[..length], &heard[..length]) * 0.86, entry, at + length));
            }
            if length == 3 && heard.len() >= 2 {
                found.push((alike(&entry.syllables[1..], &heard[..2]) * 0.85, entry, at + 2));
            }
        }
        let kept = found.into_iter().filter(|(score, ..)| *score >= LOWEST);
        kept.map(|(score, entry, end)| (Candidate { name: entry.name.clone(), score }, end)).collect()
    }

    fn latin_at(&self, text: &Text, at: usize) -> Vec<(Candidate, usize)> {
        let heard: Vec<(&str, String)> = (at..text.len().min(at + 3))
            .take_while(|index| text.kind(*index) == Some(Kind::Word))
            .map(|index| (text.at(index), sound::code(text.at(index))))
            .collect();
        let Some(first) = heard.first().and_then(|(_, code)| code.chars().next()) else { return Vec::new() };
        let mut found = Vec::new();
        for &(index, place) in self.by_letter.get(&first).map_or(&[][..], Vec::as_slice) {
            let Some(entry) = self.latin.get(index) else { continue };
            let mut scores = Vec::new();
            for (word, heard) in entry.words[place..].iter().zip(&heard) {
                let score = sound::similar(&word.0, &word.1, heard.0, &heard.1);
                if score < LOWEST {
                    break;
                }
                scores.push(score);
            }
            let Some(mean) = scores.iter().copied().reduce(|a, b| a + b).map(|sum| sum / scores.len() as f32)
            else {
                continue;
            };
            // One word of several is less than all of them.
            let share = scores.len() as f32 / entry.words.len() as f32;
            let score = mean * (0.8 + 0.2 * share);
            if score >= LOWEST {
                found.push((Candidate { name: entry.name.clone(), score }, at + scores.len()));
            }
        }
        found
    }
}

/// How alike a name and what was heard sound; a syllable that sounds like nothing of it spoils it.
fn alike(name: &[Syllable], heard: &[Syllable]) -> f32 {
    let scores = name.iter().zip(heard).map(|(name, heard)| name.alike(heard));
    let (sum, worst) = scores.fold((0.0f32, 1.0f32), |(sum, worst), score| (sum + score, worst.min(score)));
    let mean = sum / name.len() as f32;
    if worst < 0.5 && name.len() < 3 || worst < 0.3 { mean * 0.7 } else { mean }
}

/// A title behind a surname.
fn is_title(text: &Text, at: usize) -> bool {
    const TITLES: &[&[&str]] = &[
        &["经", "理"],
        &["先", "生"],
        &["女", "士"],
        &["小", "姐"],
        &["总"],
        &["工"],
        &["主", "任"],
        &["老", "师"],
        &["医", "生"],
        &["主", "管"],
        &["部", "长"],
        &["师", "傅"],
        &["律", "师"],
        &["教", "授"],
        &["院", "长"],
    ];
    TITLES.iter().any(|title| text.starts(at, title))
}

/// Names that are common words must be said with care: only sure ones are found in free text.
pub fn people(text: &Text, directory: Option<&Directory>) -> Vec<Entity> {
    let Some(directory) = directory.filter(|directory| !directory.is_empty()) else { return Vec::new() };
    scan(text, |at| {
        // A better name may begin one or two words later: 找张伟 sounds a little like a name too.
        let (here, end) = directory.candidates(text, at)?;
        let score = here.first()?.score;
        let better = (at + 1..end).filter_map(|next| directory.candidates(text, next));
        let beaten =
            better.into_iter().any(|(other, _)| other.first().is_some_and(|other| other.score > score));
        (!beaten).then_some(((at, Value::Person { candidates: here }), end))
    })
}
