//! A text cut into tokens that know where they stood: words, Chinese characters, runs of digits, marks.
//!
//! Folding is per token, so every value keeps its place in the original: lower case, half-width forms, simplified
//! characters (only those that numbers, dates and units are written with).

use std::ops::Range;

use smol_str::SmolStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Letters, with an apostrophe inside.
    Word,
    /// One Chinese character.
    Han,
    /// ASCII digits.
    Digits,
    /// Anything else that is seen, one character.
    Mark,
}

#[derive(Clone, Debug)]
pub struct Token {
    pub text: SmolStr,
    pub kind: Kind,
    pub bytes: Range<usize>,
    pub chars: Range<usize>,
    /// Nothing stands between this token and the one before.
    pub glued: bool,
}

/// A text with its tokens.
#[derive(Debug)]
pub struct Text<'a> {
    pub source: &'a str,
    pub tokens: Vec<Token>,
}

/// Longer texts are cut here: nobody says so much in one turn.
const LONGEST: usize = 1000;

/// Traditional and other forms, each followed by the one that the grammars know.
const FORMS: &str = "萬万億亿點点兩两俩两倆两負负貳贰贰二叁三參三叄三肆四伍五陸六陆六柒七捌八玖九拾十佰百仟千壹一弍二\
                     週周禮礼後后時时鐘钟鍾钟號号個个這这幾几過过從从間间內内歲岁塊块圓元圆元錢钱臺台萬万\
                     農农曆历節节國国慶庆當当對对錯错馬马嗎吗請请電电話话們们說说數数該该為为還还來来開开\
                     結结業业東东車车門门樓楼區区縣县鎮镇鄉乡廣广灣湾層层麼么現现當当紀纪雙双聖圣誕诞勞劳動动婦妇";

fn fold(c: char) -> char {
    let c = match c {
        '\u{ff01}'..='\u{ff5d}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' | '\u{202f}' | '\u{2009}' => ' ',
        '\u{2018}' | '\u{2019}' | '\u{2bc}' => '\'',
        '~' | '\u{ff5e}' | '\u{2013}' | '\u{2014}' | '\u{2212}' | '\u{2010}' | '\u{2011}' => '-',
        '。' => '.',
        _ => c,
    };
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    if is_han(c) {
        return simplified(c);
    }
    c.to_lowercase().next().unwrap_or(c)
}

fn simplified(c: char) -> char {
    use std::{collections::HashMap, sync::LazyLock};
    static TABLE: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
        let forms: Vec<char> = FORMS.chars().collect();
        forms.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
    });
    TABLE.get(&c).copied().unwrap_or(c)
}

pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

fn kind(c: char) -> Option<Kind> {
    if c.is_ascii_digit() {
        Some(Kind::Digits)
    } else if is_han(c) {
        Some(Kind::Han)
    } else if c.is_alphabetic() {
        Some(Kind::Word)
    } else if c.is_whitespace() || c.is_control() {
        None
    } else {
        Some(Kind::Mark)
    }
}

impl<'a> Text<'a> {
    pub fn new(source: &'a str) -> Self {
        let mut tokens: Vec<Token> = Vec::with_capacity(source.len() / 4 + 1);
        let mut word = String::new();
        let mut chars = source.char_indices().enumerate().take(LONGEST).peekable();
        let mut end = usize::MAX;
        while let Some((index, (at, raw))) = chars.next() {
            let first = fold(raw);
            let Some(kind) = kind(first) else { continue };
            word.clear();
            word.push(first);
            let (mut last, mut stop) = (index, at + raw.len_utf8());
            let address = kind == Kind::Word && is_address(&source[at..]);
            while let Some(&(next, (from, c))) = chars.peek() {
                let c2 = fold(c);
                let joins = match kind {
                    _ if address => !c.is_whitespace() && c.is_ascii(),
                    Kind::Digits => c2.is_ascii_digit(),
                    Kind::Word => {
                        (c2.is_alphabetic() && !is_han(c2)) || (c2 == '\'' && letter_after(source, from, c))
                    }
                    Kind::Han | Kind::Mark => false,
                };
                if !joins {
                    break;
                }
                word.push(c2);
                (last, stop) = (next, from + c.len_utf8());
                chars.next();
            }
            tokens.push(Token {
                text: SmolStr::new(&word),
                kind,
                bytes: at..stop,
                chars: index..last + 1,
                glued: at == end,
            });
            end = stop;
        }
        Self { source, tokens }
    }

    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The token's text, empty behind the end.
    pub fn at(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |token| token.text.as_str())
    }

    pub fn kind(&self, index: usize) -> Option<Kind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    /// The token follows the one before without a gap.
    pub fn glued(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| token.glued)
    }

    /// Whether these words or characters stand at a place.
    pub fn starts(&self, at: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(offset, word)| self.at(at + offset) == *word)
    }

    /// As it was written, case kept.
    pub fn raw(&self, index: usize) -> &'a str {
        self.tokens.get(index).map_or("", |token| &self.source[token.bytes.clone()])
    }
}

/// The whole of an address in the web is one word: its digits mean nothing.
fn is_address(rest: &str) -> bool {
    rest.starts_with("http://") || rest.starts_with("https://")
}

fn letter_after(source: &str, at: usize, c: char) -> bool {
    source[at + c.len_utf8()..].chars().next().is_some_and(|next| next.is_alphabetic() && !is_han(next))
}

/// Sounds that mean nothing, which may stand between any two words.
pub fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "um" | "uh" | "er" | "erm" | "uhm" | "hmm" | "mm" | "呃" | "额" | "嗯" | "啊" | "哦" | "唔"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_know_their_place_in_the_original() {
        let text = Text::new("Ｉt’s ５萬 o'clock-下周");
        let seen: Vec<_> = text.tokens.iter().map(|token| (token.text.as_str(), token.glued)).collect();
        let want = [
            ("it's", false),
            ("5", false),
            ("万", true),
            ("o'clock", false),
            ("-", true),
            ("下", true),
            ("周", true),
        ];
        assert_eq!(seen, want);
        for token in &text.tokens {
            assert!(text.source.is_char_boundary(token.bytes.start), "{token:?}");
            let chars = text.source[..token.bytes.start].chars().count();
            assert_eq!(chars, token.chars.start, "{token:?}");
        }
    }
}
