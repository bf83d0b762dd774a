//! Corrections: 不是三,是四 · “no, the fourth” · “not Friday, Thursday” · “I mean five” · 说错了,是明天.
//!
//! Each has the place of what was wrong, if it was said in the same breath, and the value that holds now.

use super::{
    model::{Entity, Span, Value},
    token::{Kind, Text, is_filler},
};

/// Words before what is wrong, and words between it and what is right.
const DENIALS: &[(&[&str], &[&[&str]])] = &[
    (&["不", "是"], &[&["而", "是"], &["应", "该", "是"], &["是"]]),
    (&["不", "要"], &[&["我", "要"], &["要"], &["换"]]),
    (&["不", "去"], &[&["去"]]),
    (&["not"], &[&["but"], &["it's"], &["i", "said"], &["i", "mean"], &["rather"], &[]]),
    (&["it's", "not"], &[&["but"], &["it's"], &[]]),
    (&["instead", "of"], &[&[]]),
    (&["i", "said"], &[&["not"]]),
];

/// Words that take back what was said before; what follows holds.
const TAKEN_BACK: &[&[&str]] = &[
    &["no", "i", "mean"],
    &["no", "i", "said"],
    &["no", "i", "meant"],
    &["no", "sorry"],
    &["no", "wait"],
    &["no", "make", "that"],
    &["i", "mean"],
    &["i", "meant"],
    &["sorry", "i", "mean"],
    &["sorry"],
    &["make", "that"],
    &["make", "it"],
    &["actually"],
    &["correction"],
    &["rather"],
    &["or", "rather"],
    &["wait"],
    &["no"],
    &["不", "对", "是"],
    &["不", "对", "应", "该", "是"],
    &["不", "对"],
    &["不", "是", "是"],
    &["错", "了", "是"],
    &["错", "了"],
    &["说", "错", "了", "是"],
    &["我", "说", "错", "了", "是"],
    &["说", "错", "了"],
    &["我", "说", "错", "了"],
    &["我", "是", "说"],
    &["我", "的", "意", "思", "是"],
    &["应", "该", "是"],
    &["更", "正", "一", "下"],
    &["改", "成"],
    &["改", "为"],
    &["换", "成"],
    &["哦", "不", "是"],
    &["哦", "不"],
    &["啊", "不"],
    &["不", "不"],
];

/// The corrections in a text of which the other entities are known.
pub fn corrections(text: &Text, found: &[Entity]) -> Vec<Entity> {
    let mut corrections: Vec<Entity> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let next = denial(text, at, found)
            .or_else(|| reversed(text, at, found))
            .or_else(|| taken_back(text, at, found));
        match next {
            Some((entity, end)) => {
                corrections.push(entity);
                at = end.max(at + 1);
            }
            None => at += 1,
        }
    }
    corrections
}

/// The entity that begins at this token (punctuation and fillers passed over), and the token behind it.
fn entity_at<'e>(text: &Text, at: usize, found: &'e [Entity]) -> Option<(&'e Entity, usize)> {
    let at = pass(text, at);
    let start = text.tokens.get(at)?.bytes.start;
    let article = matches!(text.at(at), "the" | "on" | "at" | "in" | "to" | "第");
    let next = text.tokens.get(at + 1).map(|token| token.bytes.start);
    let begins = |entity: &&Entity| {
        entity.span.bytes.start == start || article && Some(entity.span.bytes.start) == next
    };
    let entity = found.iter().filter(begins).max_by_key(|entity| entity.span.bytes.len())?;
    let end =
        text.tokens.iter().position(|token| token.bytes.start >= entity.span.bytes.end).unwrap_or(text.len());
    Some((entity, end))
}

fn pass(text: &Text, at: usize) -> usize {
    let mut at = at;
    while text.kind(at) == Some(Kind::Mark) && !matches!(text.at(at), "$" | "€" | "£" | "¥" | "+" | "(")
        || is_filler(text.at(at))
    {
        at += 1;
    }
    at
}

fn made(
    text: &Text,
    start: usize,
    end: usize,
    wrong: Option<Span>,
    right: &Entity,
) -> Option<(Entity, usize)> {
    let value = Value::Correction { wrong, right: Box::new(right.clone()) };
    Some((Entity::new(text, start, end, value)?, end))
}

/// 不是三是四, “not Friday but Thursday”.
fn denial(text: &Text, at: usize, found: &[Entity]) -> Option<(Entity, usize)> {
    for (words, betweens) in DENIALS {
        if !text.starts(at, words) {
            continue;
        }
        let Some((wrong, next)) = entity_at(text, at + words.len(), found) else { continue };
        let next = pass(text, next);
        for between in *betweens {
            if !text.starts(next, between) {
                continue;
            }
            if let Some((right, end)) = entity_at(text, next + between.len(), found) {
                // “I said four not three”: what comes last is wrong.
                let (wrong, right) = if words[0] == "i" { (right, wrong) } else { (wrong, right) };
                return made(text, at, end, Some(wrong.span.clone()), right);
            }
        }
    }
    None
}

/// 是四不是三, “Thursday not Friday”.
fn reversed(text: &Text, at: usize, found: &[Entity]) -> Option<(Entity, usize)> {
    let (right, next) = entity_at(text, at, found)?;
    // “no, not three, four”: the no is not what holds.
    if matches!(right.value, Value::Answer(_)) {
        return None;
    }
    let next = pass(text, next);
    let length = [&["不", "是"][..], &["而", "不", "是"], &["not"], &["instead", "of"]]
        .iter()
        .find(|words| text.starts(next, words))
        .map(|words| words.len())?;
    let (wrong, end) = entity_at(text, next + length, found)?;
    // 三不是四是五: the third is right then; leave it to what follows.
    let follows = pass(text, end);
    if matches!(text.at(follows), "是" | "而") {
        return None;
    }
    made(text, at, end, Some(wrong.span.clone()), right)
}

/// “three, no, four”; “no, the fourth” of what the telephone read back.
fn taken_back(text: &Text, at: usize, found: &[Entity]) -> Option<(Entity, usize)> {
    let words = TAKEN_BACK.iter().filter(|words| text.starts(at, words)).max_by_key(|words| words.len())?;
    let next = pass(text, at + words.len());
    let next = if text.at(next) == "it's" || text.at(next) == "是" { next + 1 } else { next };
    let (right, end) = entity_at(text, next, found)?;
    if matches!(right.value, Value::Answer(_)) {
        return None;
    }
    let start = text.tokens.get(at)?.bytes.start;
    let kind = std::mem::discriminant(&right.value);
    let before = found.iter().filter(|entity| entity.span.bytes.end <= start);
    let wrong = before
        .filter(|entity| std::mem::discriminant(&entity.value) == kind)
        .max_by_key(|entity| entity.span.bytes.end);
    made(text, at, end, wrong.map(|entity| entity.span.clone()), right)
}
