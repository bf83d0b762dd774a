//! Amounts of money: “three dollars fifty”, “a grand”, “two fifty”, 三块五, 五元三毛, 一百二十万, $4.2 million, rmb 10.

use std::sync::LazyLock;

use smol_str::SmolStr;

use super::{
    decimal::Decimal,
    model::{Amount, Entity, Setting, Value},
    number::{Found, chinese, english, number, written},
    numeric::scan,
    phrases::{Phrases, names, rows},
    token::{Kind, Text},
};

struct Money {
    /// Names that stand behind a number, and signs that may stand on either side.
    behind: Phrases<SmolStr>,
    before: Phrases<SmolStr>,
    /// Names of hundredths and tenths, each with the currency.
    parts: Phrases<(SmolStr, u32)>,
}

static MONEY: LazyLock<Money> = LazyLock::new(|| {
    let table: Vec<_> = rows(include_str!("data/currencies.tsv")).collect();
    let column = |row: &[&'static str], index: usize| row.get(index).copied().unwrap_or_default();
    let mut behind = Vec::new();
    let mut before = Vec::new();
    let mut parts = Vec::new();
    for row in &table {
        let code = SmolStr::new(row[0]);
        behind.extend(names(column(row, 1)).chain(names(column(row, 2))).map(|name| (name, code.clone())));
        before.extend(names(column(row, 2)).map(|name| (name, code.clone())));
        parts.extend(names(column(row, 3)).map(|name| (name, (code.clone(), 2))));
        parts.extend(names(column(row, 4)).map(|name| (name, (code.clone(), 1))));
    }
    before.push(("dollar", SmolStr::new("DOLLAR")));
    Money { behind: Phrases::new(behind), before: Phrases::new(before), parts: Phrases::new(parts) }
});

pub fn amounts(text: &Text, setting: &Setting) -> Vec<Entity> {
    scan(text, |at| {
        let (amount, end) = amount(text, at)?;
        Some(((at, Value::Amount(at_home(amount, setting))), end))
    })
}

/// The money that a name alone means where the caller is.
fn at_home(mut amount: Amount, setting: &Setting) -> Amount {
    let region = setting.region();
    let code = match (amount.currency.as_str(), region) {
        ("DOLLAR", "AU") => "AUD",
        ("DOLLAR", "CA") => "CAD",
        ("DOLLAR", "NZ") => "NZD",
        ("DOLLAR", "HK") => "HKD",
        ("DOLLAR", "SG") => "SGD",
        ("POUND", _) | ("", "GB") => "GBP",
        ("RUPEE", _) => "INR",
        ("FRANC", _) => "CHF",
        ("", "CN") => "CNY",
        ("DOLLAR" | "", _) => "USD",
        _ => return amount,
    };
    amount.currency = SmolStr::new_static(code);
    amount
}

fn amount(text: &Text, at: usize) -> Found<Amount> {
    if at > 0
        && text.glued(at)
        && text.kind(at - 1) == Some(Kind::Word)
        && text.kind(at) == Some(Kind::Digits)
    {
        return None;
    }
    signed(text, at)
        .or_else(|| millions_first(text, at))
        .or_else(|| named(text, at))
        .or_else(|| colloquial(text, at))
}

/// The sign or code first: $ 4.2 million, us $ 150, rmb 10, MEUR 60, 人民币50元.
fn signed(text: &Text, at: usize) -> Found<Amount> {
    let (code, next) = MONEY.before.at(text, at)?;
    // A code of letters must not be the end of a word.
    if text.kind(at) == Some(Kind::Word)
        && at > 0
        && text.glued(at)
        && text.kind(at - 1) == Some(Kind::Digits)
    {
        return None;
    }
    // “a $48 contract” is no Australian one.
    if matches!(text.at(at), "a" | "s" | "r") && !text.glued(at + 1) {
        return None;
    }
    let (value, end) = figure(text, next)?;
    let end = MONEY
        .behind
        .at(text, end)
        .filter(|(other, _)| text.kind(end) != Some(Kind::Mark) && same(code, other))
        .map_or(end, |(_, end)| end);
    let (value, end) = with_parts(text, code, value, end, text.kind(end - 1) == Some(Kind::Digits));
    Some((Amount::new(value, code.clone()), end))
}

fn same(one: &str, other: &str) -> bool {
    one == other || (other == "DOLLAR" && one.ends_with('D'))
}

/// The number first: “three dollars fifty”, 三块五, 50 €, 75 USD million, 30 MUSD.
fn named(text: &Text, at: usize) -> Found<Amount> {
    if let Some((amount, end)) = parts_alone(text, at) {
        return Some((amount, end));
    }
    if let Some(((low, high), next)) = chinese::about(text, at)
        && let Some((code, end)) = MONEY.behind.at(text, next)
    {
        return Some((Amount { value: low, currency: code.clone(), or: Some(high) }, end));
    }
    let (value, mut next) = figure(text, at)?;
    if text.at(next) == "-" || (text.at(next) == "个" && text.at(next + 1) == "比") {
        next += 1;
    }
    if let Some((code, factor, end)) = in_millions(text, next) {
        return Some((Amount::new(value.times(factor)?, code), end));
    }
    let (code, end) = MONEY.behind.at(text, next)?;
    // In “3 USD50” and “1 $10” the sign belongs to what follows.
    if text.kind(end) == Some(Kind::Digits)
        && text.glued(end)
        && !text.glued(next)
        && text.kind(next) != Some(Kind::Han)
    {
        return None;
    }
    if matches!(text.at(next), "元" | "块" | "分" | "角") && unit_of_more(text, end) {
        return None;
    }
    if let Some(exponent) =
        english::scale(text.at(end)).filter(|_| text.kind(next) == Some(Kind::Word) && is_code(text.at(next)))
    {
        return Some((Amount::new(value.times(english::ten_to(exponent))?, code.clone()), end + 1));
    }
    let (value, end) = with_parts(text, code, value, end, true);
    Some((Amount::new(value, code.clone()), end))
}

fn is_code(word: &str) -> bool {
    word.len() == 3 && word != "yen" && word != "won"
}

/// 元旦, 元宵, 块头 …: no money.
fn unit_of_more(text: &Text, end: usize) -> bool {
    matches!(text.at(end), "旦" | "宵" | "素" | "件" | "月") && text.at(end - 1) == "元"
}

/// The figure itself, also as it is called: “one fifty five” is 155, “a grand”, “five grand”.
fn figure(text: &Text, at: usize) -> Found<Decimal> {
    if let Some((hundreds, next)) =
        english::small(text.at(at)).filter(|value| (1..10).contains(value)).zip(Some(at + 1))
        && let Some((rest, end)) =
            english::cardinal(text, next).filter(|_| text.kind(next) == Some(Kind::Word))
        && rest.integer().is_some_and(|rest| (10..100).contains(&rest))
    {
        return Some((Decimal::from(hundreds * 100).plus(rest)?, end));
    }
    let dash = matches!(text.at(at), "-" | "minus" | "negative" | "负");
    if dash && at > 0 && text.glued(at) {
        return None;
    }
    let (value, end) = number(text, at)?;
    let grand = text.at(end) == "grand";
    if grand { Some((value.times(Decimal::from(1000))?, end + 1)) } else { Some((value, end)) }
}

/// MUSD, MEUR: millions.
fn in_millions(text: &Text, at: usize) -> Option<(SmolStr, Decimal, usize)> {
    let raw = text.raw(at);
    let code = raw
        .strip_prefix('M')
        .filter(|code| code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()))?;
    let lower = Text::new(code);
    let (code, _) = MONEY.before.at(&lower, 0)?;
    Some((code.clone(), english::ten_to(6), at + 1))
}

/// MAUD 60.
fn millions_first(text: &Text, at: usize) -> Found<Amount> {
    let (code, factor, next) = in_millions(text, at)?;
    let (value, end) = figure(text, next)?;
    Some((Amount::new(value.times(factor)?, code), end))
}

/// “fifty cents”, 五毛, 三分钱 without a whole.
fn parts_alone(text: &Text, at: usize) -> Found<Amount> {
    let (value, mut next) = number(text, at)?;
    if text.at(next) == "-" {
        next += 1;
    }
    let ((code, exponent), end) = MONEY.parts.at(text, next)?;
    // 三分 alone may be minutes or marks; 三分钱 is money.
    if text.at(next) == "分" && end == next + 1
        || text.at(next) == "角" && end == next + 1 && text.at(end) == "大"
    {
        return None;
    }
    if matches!(text.at(next), "p" | "sen") && !text.glued(next) {
        return None;
    }
    let code = if code == "USD" { SmolStr::new_static("DOLLAR") } else { code.clone() };
    let value = value.over(english::ten_to(*exponent))?;
    let (more, stop) = below(text, &code, end, *exponent).unwrap_or((Decimal::ZERO, end));
    Some((Amount::new(value.plus(more)?, code), stop))
}

/// What follows the whole: “and fifty cents”, “fifty”, 五毛三, 五, 零五.
fn with_parts(text: &Text, code: &str, value: Decimal, end: usize, bare: bool) -> (Decimal, usize) {
    if value.scale() > 0 || value.is_negative() {
        return (value, end);
    }
    let joined = matches!(text.at(end), "and" | "又" | "零");
    let next = if joined { end + 1 } else { end };
    if let Some((part, end)) = parts(text, code, next) {
        return value.plus(part).map_or((value, end), |sum| (sum, end));
    }
    let rest = if bare { bare_rest(text, next, end) } else { None };
    let Some((part, stop)) = rest else { return (value, end) };
    value.plus(part).map_or((value, end), |sum| (sum, stop))
}

/// Tenths and hundredths of this money.
fn parts(text: &Text, code: &str, at: usize) -> Found<Decimal> {
    let (value, next) = number(text, at)?;
    let ((part_of, exponent), end) = MONEY.parts.at(text, next)?;
    let fits = part_of == code
        || matches!(
            (part_of.as_str(), code),
            ("DOLLAR" | "USD" | "EUR", _) | ("POUND", "GBP") | ("GBP", "POUND")
        );
    if !fits || value.to_f64() >= 100.0 {
        return None;
    }
    let value = value.over(english::ten_to(*exponent))?;
    let (more, end) = below(text, code, end, *exponent).unwrap_or((Decimal::ZERO, end));
    Some((value.plus(more)?, end))
}

/// 三角五分, and 五毛三 with its hundredths unnamed.
fn below(text: &Text, code: &str, at: usize, exponent: u32) -> Found<Decimal> {
    if exponent != 1 {
        return None;
    }
    if let Some(found) = parts(text, code, at) {
        return Some(found);
    }
    let (value, end) = number(text, at)?;
    let single = value.integer().is_some_and(|value| (1..10).contains(&value)) && end == at + 1;
    (single && !goes_on(text, end)).then_some((value.over(Decimal::from(100))?, end))
}

/// “thirteen dollars forty five”, 三块五 (3.5), 三块零五 (3.05), 三块二毛.
fn bare_rest(text: &Text, at: usize, end: usize) -> Found<Decimal> {
    let han = text.kind(end - 1) == Some(Kind::Han);
    let (value, stop) = if text.kind(at) == Some(Kind::Digits) {
        written::plain(text, at)?
    } else if han {
        chinese::integer(text, at)?
    } else {
        english::cardinal(text, at)?
    };
    let part = value.integer().filter(|part| (1..100).contains(part))?;
    if goes_on(text, stop) || matches!(text.at(at - 1), ",") {
        return None;
    }
    if han {
        let money = matches!(text.at(end - 1), "块" | "元");
        let tenths = part < 10 && text.at(end) != "零";
        let joined = money
            && (stop == at + 1 || text.at(end) == "零" || part >= 10 && text.kind(at) == Some(Kind::Digits));
        let value =
            if tenths { Decimal::new(i128::from(part), 1)? } else { Decimal::new(i128::from(part), 2)? };
        return joined.then_some((value, stop));
    }
    // “one dollar and one” is a cent more; “two dollars five” could be anything and is left.
    let said = part >= 10 || text.at(end) == "and";
    said.then_some((Decimal::new(i128::from(part), 2)?, stop))
}

/// A unit or a scale follows: the number belongs to something else.
fn goes_on(text: &Text, at: usize) -> bool {
    let counted =
        ["times", "percent", "%", "dollars", "dollar", "euros", "pounds", "is", "people", "days", "o'clock"];
    let unit = [
        "个", "次", "天", "点", "件", "折", "年", "月", "日", "号", "人", "十", "百", "千", "万", "分钟",
        "倍", "斤",
    ];
    english::scale(text.at(at)).is_some()
        || counted.contains(&text.at(at))
        || unit.contains(&text.at(at))
        || MONEY.behind.at(text, at).is_some_and(|_| text.at(at) != "of")
        || (text.at(at) == "/" || text.glued(at) && text.kind(at) == Some(Kind::Word))
}

/// “a grand”, “five hundred grand”, “two fifty” with nothing else, “a fiver”, “a tenner”.
fn colloquial(text: &Text, at: usize) -> Found<Amount> {
    let article = matches!(text.at(at), "a" | "an");
    match (text.at(at), text.at(at + 1)) {
        ("a", "grand") => return Some((Amount::new(Decimal::from(1000), SmolStr::default()), at + 2)),
        ("a", "fiver") => return Some((Amount::new(Decimal::from(5), "POUND".into()), at + 2)),
        ("a", "tenner") => return Some((Amount::new(Decimal::from(10), "POUND".into()), at + 2)),
        ("a", "buck") => return Some((Amount::new(Decimal::ONE, "DOLLAR".into()), at + 2)),
        _ if article => return None,
        _ => {}
    }
    let (value, end) = figure(text, at)?;
    if text.at(end - 1) == "grand" {
        return Some((Amount::new(value, SmolStr::default()), end));
    }
    two_fifty(text, at, end)
}

/// “two fifty” as all that is said means 2.50; it may mean 250.
fn two_fifty(text: &Text, at: usize, end: usize) -> Found<Amount> {
    let hundreds = english::small(text.at(at)).filter(|value| (1..10).contains(value))?;
    let (rest, stop) = english::cardinal(text, at + 1)?;
    let rest = rest.integer().filter(|rest| (10..100).contains(rest))?;
    let alone = at == 0 && end == text.len() && stop == end && text.kind(at + 1) == Some(Kind::Word);
    if !alone {
        return None;
    }
    let value = Decimal::new(i128::from(hundreds * 100 + rest), 2)?;
    let or = Some(Decimal::from(hundreds * 100 + rest));
    Some((Amount { value, currency: SmolStr::default(), or }, end))
}
