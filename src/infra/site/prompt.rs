//! Texts to be spoken: one text per language, or one plain text in the site's first language.

use std::collections::BTreeMap;

use super::{
    decode, general,
    model::{Locale, Prompt},
    problem::Code,
    source::Findings,
    tree::{Key, Node, Value},
};

const EXAMPLE: &str = "{ zh: 您好。, en: Hello. }";
/// Two minutes of speech; what is longer is a recording.
const MAX_TEXT: usize = 1000;

/// The languages that the site speaks.
#[derive(Debug)]
pub(super) struct Tongue {
    pub languages: Vec<Locale>,
}

impl Tongue {
    pub fn default(&self) -> Option<Locale> {
        self.languages.first().copied()
    }

    /// A language that the site must speak.
    pub fn language(&self, node: &Node, to: &mut Findings) -> Option<Locale> {
        let locale = general::language(node, to)?;
        self.spoken(locale, node.place, to).then_some(locale)
    }

    /// A key that names a language of the site.
    pub fn named(&self, key: &Key, to: &mut Findings) -> Option<Locale> {
        let Some(locale) = general::locale(&key.text) else {
            let message = format!("`{}` is no language of Tandem", decode::shorten(&key.text));
            let help = decode::suggest(&key.text, &["zh", "en"], "allowed");
            to.error(Code::UnknownKey, key.place, message, help);
            return None;
        };
        self.spoken(locale, key.place, to).then_some(locale)
    }

    /// A prompt; `None` (and said so) when it has nothing that could be spoken.
    pub fn prompt(&self, node: &Node, to: &mut Findings) -> Option<Prompt> {
        let Value::Table(entries) = &node.value else {
            let text = decode::line(node, MAX_TEXT, EXAMPLE, to)?;
            return Some(Prompt(BTreeMap::from([(self.default()?, text.into())])));
        };
        if entries.is_empty() {
            to.error(
                Code::BadValue,
                node.place,
                "this prompt has no text",
                format!("write it like `{EXAMPLE}`"),
            );
            return None;
        }
        let mut texts = BTreeMap::new();
        for (key, node) in entries {
            let Some(locale) = self.named(key, to) else { continue };
            let text = decode::line(node, MAX_TEXT, "en: Hello.", to);
            texts.extend(text.map(|text| (locale, text.into())));
        }
        for locale in
            self.languages.iter().filter(|l| !entries.iter().any(|e| general::locale(&e.0.text) == Some(**l)))
        {
            let short = short(*locale);
            let message = format!("this prompt is not in `{short}`: those callers hear another language");
            to.warn(
                Code::Untranslated,
                node.place,
                message,
                format!("add `{short}: …`, or write one plain text"),
            );
        }
        (!texts.is_empty()).then_some(Prompt(texts))
    }

    fn spoken(&self, locale: Locale, place: super::source::Place, to: &mut Findings) -> bool {
        let spoken = self.languages.is_empty() || self.languages.contains(&locale);
        if !spoken {
            let short = short(locale);
            let message = format!("the site does not speak `{short}`");
            to.error(Code::UnknownName, place, message, format!("add `{short}` to `languages` in site.yaml"));
        }
        spoken
    }
}

fn short(locale: Locale) -> &'static str {
    match locale {
        Locale::Chinese => "zh",
        Locale::English => "en",
    }
}
