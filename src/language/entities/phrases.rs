//! Tables of phrases: the longest one that stands at a place, found by its first token.

use std::collections::HashMap;

use smol_str::SmolStr;

use super::token::Text;

#[derive(Debug)]
pub struct Phrases<T> {
    by_first: HashMap<SmolStr, Vec<(Vec<SmolStr>, T)>>,
}

impl<T: Clone> Phrases<T> {
    pub fn new<'a>(entries: impl IntoIterator<Item = (&'a str, T)>) -> Self {
        let mut by_first: HashMap<SmolStr, Vec<(Vec<SmolStr>, T)>> = HashMap::new();
        for (phrase, value) in entries {
            let tokens: Vec<SmolStr> = Text::new(phrase).tokens.into_iter().map(|token| token.text).collect();
            if let Some(first) = tokens.first().cloned() {
                by_first.entry(first).or_default().push((tokens, value));
            }
        }
        for phrases in by_first.values_mut() {
            phrases.sort_by_key(|(tokens, _)| std::cmp::Reverse(tokens.len()));
        }
        Self { by_first }
    }

    /// Whether any phrase begins with this token.
    pub fn begins(&self, word: &str) -> bool {
        self.by_first.contains_key(word)
    }

    /// The value of the longest phrase here, and the token behind it.
    pub fn at(&self, text: &Text, at: usize) -> Option<(&T, usize)> {
        let phrases = self.by_first.get(text.at(at))?;
        phrases
            .iter()
            .find(|(tokens, _)| {
                tokens.iter().enumerate().all(|(offset, token)| text.at(at + offset) == token)
            })
            .map(|(tokens, value)| (value, at + tokens.len()))
    }
}

/// The rows of a shipped table: columns apart by tabs, `#` begins a remark.
pub fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
}

/// The names in one column.
pub fn names(column: &'static str) -> impl Iterator<Item = &'static str> {
    column.split('|').map(str::trim).filter(|name| !name.is_empty())
}
