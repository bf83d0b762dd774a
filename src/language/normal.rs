//! The one spelling of a text: compatibility forms folded, lower case, one apostrophe; and the runs it is made of.

use unicode_normalization::UnicodeNormalization;

/// A stretch of one kind; whatever is between two runs separates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run<'a> {
    /// Letters and digits, with apostrophes inside.
    Word(&'a str),
    /// Chinese characters.
    Han(&'a str),
}

/// Folds a text to its one spelling.
pub fn normal(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkc().flat_map(char::to_lowercase).map(|c| if is_apostrophe(c) { '\'' } else { c }).collect()
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\u{2018}' | '\u{2019}' | '\u{02bc}' | '\u{ff07}' | '`')
}

/// A Chinese character, the numeral 〇 included.
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{323af}')
}

/// The runs of a text that [`normal`] has folded.
pub fn runs(text: &str) -> impl Iterator<Item = Run<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        let han = is_han(rest.chars().next()?);
        let end = if han {
            rest.find(|c| !is_han(c))
        } else {
            rest.char_indices()
                .find(|&(at, c)| {
                    let inside = c == '\''
                        && rest[at + 1..].starts_with(|next: char| next.is_alphanumeric() && !is_han(next));
                    is_han(c) || !(c.is_alphanumeric() || inside)
                })
                .map(|(at, _)| at)
        };
        let (run, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        Some(if han { Run::Han(run) } else { Run::Word(run) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let shown = |run| match run {
            Run::Word(word) => word.to_owned(),
            Run::Han(han) => format!("<{han}>"),
        };
        runs(&normal(text)).map(shown).collect()
    }

    #[test]
    fn forms_and_case_fold_and_runs_part() {
        assert_eq!(of("I don’t KNOW, ok?"), ["i", "don't", "know", "ok"]);
        assert_eq!(of("Ｗｉ－Ｆｉ坏了！"), ["wi", "fi", "<坏了>"]);
        assert_eq!(of("我要查iPhone15的订单,谢谢"), ["<我要查>", "iphone15", "<的订单>", "<谢谢>"]);
        assert_eq!(of("二〇二六年"), ["<二〇二六年>"]);
    }

    #[test]
    fn nothing_comes_of_nothing() {
        for text in ["", "  ", "?!…", "'''", "\u{0}\u{fffd}"] {
            assert_eq!(of(text), Vec::<String>::new(), "{text:?}");
        }
        assert_eq!(of("'quoted' rock'"), ["quoted", "rock"]);
    }
}
