//! What the house knows: passages that answer callers' questions, sentence by sentence.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::super::{Locale, Prompt};
use crate::base::text::sentences;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    pub text: Prompt,
    /// What callers ask whom the whole of it answers.
    #[serde(default)]
    pub asked: BTreeMap<Locale, Vec<SmolStr>>,
}

impl Passage {
    /// What it says in this language, or in the one that it has, and which that is.
    pub fn text(&self, locale: Locale) -> Option<(Locale, &str)> {
        let text = self.text.0.get_key_value(&locale).or_else(|| self.text.0.iter().next());
        text.map(|(locale, text)| (*locale, text.as_str()))
    }

    /// Its sentences in this language, or in the one that it has, and which that is.
    pub fn sentences(&self, locale: Locale) -> impl Iterator<Item = (Locale, &str)> {
        let text = self.text(locale);
        text.into_iter().flat_map(|(locale, text)| sentences(text).map(move |sentence| (locale, sentence)))
    }
}
