//! A number as a trunk brings it, in the one form that everybody understands: `+` and the country code.

use std::collections::BTreeSet;

use super::{longest, tables};
use crate::base::number::Number;

/// Digits of a whole number with its country code (E.164 allows 15).
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// The number with `+` and its country code, whether it came so, with the exit code (`0086…`), with the trunk prefix
/// (`021…`), with nothing (a mobile number) or with a country code that nothing announces (`8613…`). `None`: an
/// extension, a feature code, a short number, or one that lacks its area code. `home` is the site's country code, with
/// `+` or without.
pub fn international(number: &Number, home: &str) -> Option<Number> {
    let text = number.as_str();
    let home = home.strip_prefix('+').unwrap_or(home);
    if let Some(whole) = text.strip_prefix('+') {
        return worldwide(whole);
    }
    if tables::country(home).is_none() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let rule = tables::dialling(home);
    if let Some(abroad) = text.strip_prefix(rule.exit).and_then(worldwide) {
        return Some(abroad);
    }
    let fits = |national: &str| (rule.least..=rule.most).contains(&national.len());
    let national = if rule.is_whole(text) {
        Some(text)
    } else if rule.trunk.is_empty() {
        Some(text).filter(|text| fits(text))
    } else {
        text.strip_prefix(rule.trunk).filter(|rest| fits(rest) && !rest.starts_with('0'))
    };
    let announced = || text.strip_prefix(home).filter(|rest| text.len() > rule.most && fits(rest));
    worldwide(&format!("{home}{}", national.or_else(announced)?))
}

/// Every form in which trunks may bring this number, and the one it is given in.
pub fn forms(number: &Number, home: &str) -> BTreeSet<Number> {
    let mut forms = BTreeSet::from([number.clone()]);
    let Some(whole) = international(number, home) else { return forms };
    let home = home.strip_prefix('+').unwrap_or(home);
    let rule = tables::dialling(home);
    let digits = whole.as_str().trim_start_matches('+');
    let mut texts = vec![format!("+{digits}"), digits.to_owned(), format!("{}{digits}", rule.exit)];
    if let Some(national) = digits.strip_prefix(home) {
        texts.extend([national.to_owned(), format!("{}{national}", rule.trunk)]);
    }
    let same = |form: &Number| international(form, home).as_ref() == Some(&whole);
    forms.extend(texts.iter().filter_map(|text| Number::new(text).ok()).filter(same));
    forms
}

/// Digits that begin with a country code.
fn worldwide(digits: &str) -> Option<Number> {
    let good = DIGITS.contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    longest(digits, tables::country).filter(|_| good)?;
    Number::new(format!("+{digits}")).ok()
}
