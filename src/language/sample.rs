//! Samples: what callers say, and which intent that is, or none.

use std::collections::BTreeMap;

use serde::Deserialize;
use smol_str::SmolStr;

use super::normal::{is_han, normal, runs};

/// Samples more than these are more than a menu has.
pub const MOST: usize = 200_000;
/// A longer text is no utterance.
pub const LONGEST_TEXT: usize = 2_000;
/// An intent's name in files of samples that are in no intent's scope.
pub const OUTSIDE: [&str; 3] = ["oos", "out_of_scope", "none"];

/// What a caller said, and what it meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub text: String,
    /// `None` when it is in no intent's scope.
    pub intent: Option<SmolStr>,
}

/// Why samples are not taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SampleError {
    #[error("line {line} is no sample: {why}; write {{\"text\": …, \"intent\": …}} on one line")]
    NoSample { line: usize, why: String },
    #[error("line {line} is longer than {LONGEST_TEXT} bytes; a sample is one sentence of a caller")]
    TooLong { line: usize },
    #[error("there are more than {MOST} samples; leave out what says the same")]
    TooMany,
}

#[derive(Deserialize)]
struct Line {
    text: String,
    #[serde(default)]
    intent: Option<SmolStr>,
}

impl Sample {
    pub fn new(text: &str, intent: Option<&str>) -> Self {
        Self { text: text.to_owned(), intent: intent.map(SmolStr::new) }
    }

    /// Samples as JSON lines with `text` and `intent`; other members are passed over.
    pub fn lines(text: &str) -> Result<Vec<Self>, SampleError> {
        let mut samples = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line_number = index + 1;
            if line.trim().is_empty() {
                continue;
            }
            let read: Line = serde_json::from_str(line)
                .map_err(|why| SampleError::NoSample { line: line_number, why: why.to_string() })?;
            if read.text.len() > LONGEST_TEXT {
                return Err(SampleError::TooLong { line: line_number });
            }
            if samples.len() == MOST {
                return Err(SampleError::TooMany);
            }
            let intent = read.intent.filter(|name| !OUTSIDE.contains(&name.as_str()));
            samples.push(Self { text: read.text, intent });
        }
        Ok(samples)
    }

    /// Whether the text has a word at all.
    pub fn says_something(&self) -> bool {
        runs(&normal(&self.text)).next().is_some()
    }
}

/// The intents' names, sorted, and how many samples each has.
pub fn intents(samples: &[Sample]) -> BTreeMap<SmolStr, usize> {
    let mut count = BTreeMap::new();
    samples
        .iter()
        .filter_map(|sample| sample.intent.clone())
        .for_each(|name| *count.entry(name).or_default() += 1);
    count
}

/// Whether most of the letters are Chinese.
pub fn mostly_han(samples: &[Sample]) -> bool {
    let letters = samples.iter().flat_map(|sample| sample.text.chars()).filter(|c| c.is_alphabetic());
    // A Chinese character carries about as much as a word of four letters.
    let (han, other) =
        letters.fold((0, 0), |(han, other), c| if is_han(c) { (han + 4, other) } else { (han, other + 1) });
    han > other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_give_samples_and_name_what_is_none() {
        let text = "{\"text\":\"hello\",\"intent\":\"greet\",\"entities\":[]}\n\n{\"text\":\"量子力学\",\"intent\":\"oos\"}\n{\"text\":\"x\"}";
        let samples = Sample::lines(text).expect("samples");
        assert_eq!(
            samples,
            [Sample::new("hello", Some("greet")), Sample::new("量子力学", None), Sample::new("x", None)]
        );
        let why = Sample::lines("{\"text\":\"a\"}\n{\"txt\":1}").expect_err("no sample");
        assert!(why.to_string().starts_with("line 2 is no sample"), "{why}");
        let long = format!("{{\"text\":\"{}\"}}", "a".repeat(LONGEST_TEXT + 1));
        assert_eq!(Sample::lines(&long), Err(SampleError::TooLong { line: 1 }));
    }

    #[test]
    fn the_language_is_what_most_of_it_is_written_in() {
        assert!(mostly_han(&[Sample::new("我的wifi坏了", None)]));
        assert!(!mostly_han(&[Sample::new("call Mr 李 in accounting please", None)]));
    }
}
