//! Words that mean about the same, or are of one kind, shipped with the program: a caller who says "annul" is
//! understood by samples that say "cancel".

use std::{collections::HashMap, sync::LazyLock};

const ENGLISH: &str = include_str!("alike/en.txt");
const CHINESE: &str = include_str!("alike/zh.txt");

/// What words of English end with when they are bent.
const ENDINGS: [&str; 8] = ["'s", "s", "es", "ed", "d", "ing", "ly", "er"];
/// The longest Chinese word of the groups, in characters.
const LONGEST: usize = 4;

/// A group's number.
pub type Group = u16;

static GROUPS: LazyLock<HashMap<&'static str, Vec<Group>>> = LazyLock::new(|| {
    let mut groups: HashMap<&str, Vec<Group>> = HashMap::new();
    for (group, line) in ENGLISH.lines().chain(CHINESE.lines()).enumerate() {
        for word in line.split_whitespace() {
            groups.entry(word).or_default().push(group as Group);
        }
    }
    groups
});

fn exactly(word: &str) -> Option<&'static [Group]> {
    GROUPS.get(word).map(Vec::as_slice)
}

/// The groups of a folded word, or of the word that it is bent from.
pub fn of(word: &str) -> &'static [Group] {
    let bent = || ENDINGS.iter().find_map(|ending| without(word, ending));
    let many = || exactly(&format!("{}y", word.strip_suffix("ies")?));
    exactly(word).or_else(bent).or_else(many).unwrap_or_default()
}

/// The groups of a word without an ending: "books", "wanted", "stopped", "making".
fn without(word: &str, ending: &str) -> Option<&'static [Group]> {
    let base = word.strip_suffix(ending).filter(|base| base.len() > 2)?;
    let doubled = || match base.as_bytes() {
        [.., before, last] if before == last => exactly(&base[..base.len() - 1]),
        _ => None,
    };
    let silent = || matches!(ending, "ing" | "ed").then(|| exactly(&format!("{base}e"))).flatten();
    exactly(base).or_else(silent).or_else(doubled)
}

/// The longest word of the groups with which this stretch of Chinese begins: its characters, and its groups.
pub fn beginning(han: &str) -> Option<(usize, &'static [Group])> {
    let ends = han.char_indices().map(|(at, c)| at + c.len_utf8()).take(LONGEST);
    let found = ends.enumerate().filter_map(|(count, end)| Some((count + 1, exactly(&han[..end])?)));
    found.last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bent_words_are_of_their_words_groups() {
        for (bent, word) in
            [("orders", "order"), ("annulled", "annul"), ("activating", "activate"), ("taxis", "taxi")]
        {
            assert!(!of(word).is_empty() && of(bent) == of(word), "{bent}");
        }
        assert!(of("annul").iter().any(|group| of("cancel").contains(group)));
        for word in ["", "s", "zyzzyva", "é", "ééd"] {
            assert!(of(word).is_empty(), "{word}");
        }
    }

    #[test]
    fn the_longest_chinese_word_counts() {
        assert_eq!(beginning("退款到哪了"), Some((2, of("退款"))));
        assert_eq!(beginning("优惠券"), Some((3, of("优惠券"))));
        assert_eq!((beginning("鑫"), beginning("")), (None, None));
    }

    #[test]
    fn every_line_is_a_group() {
        for line in ENGLISH.lines().chain(CHINESE.lines()) {
            let mut words: Vec<&str> = line.split_whitespace().collect();
            let count = words.len();
            words.sort_unstable();
            words.dedup();
            assert!(count > 1 && words.len() == count, "{line}");
            assert!(words.iter().all(|word| *word == super::super::normal::normal(word)), "{line}");
            assert!(words.iter().all(|word| word.is_ascii() || word.chars().count() <= LONGEST), "{line}");
        }
    }
}
