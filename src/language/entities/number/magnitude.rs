//! What multiplies a written number: “10k”, “1.5M”, “2.33 k”, “20 bln”, 2.2亿.

use super::super::{
    decimal::Decimal,
    token::{Kind, Text},
};

/// Suffix, power of ten, and whether its case must be as given here (a lower-case m is metres).
const SUFFIXES: &[(&str, u32, bool)] = &[
    ("k", 3, false),
    ("K", 3, true),
    ("M", 6, true),
    ("G", 9, true),
    ("T", 12, true),
    ("b", 9, false),
    ("mm", 6, false),
    ("mil", 6, false),
    ("mn", 6, false),
    ("mln", 6, false),
    ("bn", 9, false),
    ("bln", 9, false),
    ("tn", 12, false),
    ("tln", 12, false),
];

/// The number with the suffix that follows it, if one does.
pub fn scaled(text: &Text, value: Decimal, end: usize) -> (Decimal, usize) {
    let exponent = suffix(text, end);
    let product = exponent.and_then(|exponent| value.times(Decimal::new(10i128.pow(exponent), 0)?));
    product.map_or((value, end), |product| (product, end + 1))
}

fn suffix(text: &Text, at: usize) -> Option<u32> {
    if text.kind(at) != Some(Kind::Word) {
        return None;
    }
    let raw = text.raw(at);
    let (_, exponent, _) =
        SUFFIXES.iter().find(|(name, _, exact)| if *exact { raw == *name } else { text.at(at) == *name })?;
    // A single letter that stands apart may be a name: only k, M and G are taken then.
    (text.glued(at) || raw.len() > 1 || matches!(raw, "k" | "K" | "M" | "G")).then_some(*exponent)
}
