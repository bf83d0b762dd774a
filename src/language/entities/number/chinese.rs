//! Chinese numbers: 一百二 (120), 三千五 (3500), 一亿两千万, 五万亿, 三万4000, 两点五, 三分之一, 一又二分之一, 半百, 一打.

use std::{collections::HashMap, sync::LazyLock};

use smol_str::SmolStr;

use super::{
    super::{
        decimal::Decimal,
        token::{Kind, Text},
    },
    Found,
    english::ten_to,
    magnitude, written,
};

/// The value of a numeral, everyday or as on cheques.
pub fn digit(word: &str) -> Option<i64> {
    Some(match word {
        "〇" | "零" => 0,
        "一" | "壹" => 1,
        "二" | "两" | "贰" => 2,
        "三" | "叁" | "仨" => 3,
        "四" | "肆" => 4,
        "五" | "伍" => 5,
        "六" | "陆" => 6,
        "七" | "柒" => 7,
        "八" | "捌" => 8,
        "九" | "玖" => 9,
        _ => return None,
    })
}

/// Powers of ten inside a group of four.
fn unit(word: &str) -> Option<u32> {
    Some(match word {
        "十" | "拾" => 1,
        "百" | "佰" => 2,
        "千" | "仟" => 3,
        _ => return None,
    })
}

/// Powers of ten that close a group.
fn group(word: &str) -> Option<u32> {
    Some(match word {
        "万" => 4,
        "亿" => 8,
        "兆" => 12,
        _ => return None,
    })
}

fn tens(word: &str) -> Option<i64> {
    Some(match word {
        "廿" => 20,
        "卅" => 30,
        "卌" => 40,
        _ => return None,
    })
}

/// What makes a number of numerals.
pub fn counts(word: &str) -> bool {
    unit(word).is_some() || group(word).is_some() || tens(word).is_some()
}

/// Sums up a number from left to right.
struct Walk<'t, 's> {
    text: &'t Text<'s>,
    pos: usize,
    total: Decimal,
    section: Decimal,
    /// A numeral that waits for its unit.
    pending: Option<Decimal>,
    /// The power of ten of the last unit, for 一百二.
    last: Option<u32>,
    last_unit: Option<u32>,
    last_group: Option<u32>,
    zero: bool,
    began: bool,
    /// The numeral that waits is one character, so that it may be short for tens.
    short: bool,
}

impl<'t, 's> Walk<'t, 's> {
    fn new(text: &'t Text<'s>, at: usize) -> Self {
        Self {
            text,
            pos: at,
            total: Decimal::ZERO,
            section: Decimal::ZERO,
            pending: None,
            last: None,
            last_unit: None,
            last_group: None,
            zero: false,
            began: false,
            short: false,
        }
    }

    /// 零, a numeral, or written digits.
    fn numeral(&mut self) -> bool {
        let word = self.text.at(self.pos);
        if self.pending.is_some() {
            return false;
        }
        if matches!(word, "零" | "〇") {
            let goes_on = digit(self.text.at(self.pos + 1)).is_some()
                || unit(self.text.at(self.pos + 1)).is_some()
                || matches!(self.text.at(self.pos + 1), "几" | "卌" | "廿" | "卅")
                || self.text.kind(self.pos + 1) == Some(Kind::Digits);
            if !self.began {
                self.pending = Some(Decimal::ZERO);
                if unit(self.text.at(self.pos + 1)).is_some() {
                    self.pending = None;
                }
            } else if !goes_on || self.zero && self.last.is_none() {
                return false;
            }
            (self.zero, self.began) = (true, true);
            self.pos += 1;
            return true;
        }
        if self.text.kind(self.pos) == Some(Kind::Digits) {
            let Some((value, end)) = written::plain(self.text, self.pos) else { return false };
            let fits = self.last.is_none_or(|last| value.to_f64() < 10f64.powi(last as i32));
            if !fits {
                return false;
            }
            (self.pending, self.short, self.pos) = (Some(value), self.text.at(self.pos).len() == 1, end);
            self.began = true;
            return true;
        }
        let whole = tens(word);
        let Some(value) = whole.or_else(|| digit(word)) else { return false };
        if whole.is_some() {
            self.section = match self.section.plus(Decimal::from(value)) {
                Some(sum) => sum,
                None => return false,
            };
            (self.last, self.last_unit) = (Some(1), Some(1));
        } else {
            (self.pending, self.short) = (Some(Decimal::from(value)), true);
        }
        self.began = true;
        self.pos += 1;
        true
    }

    fn take_unit(&mut self) -> bool {
        let Some(exponent) = unit(self.text.at(self.pos)) else { return false };
        if self.last_unit.is_some_and(|last| exponent >= last) {
            return false;
        }
        let implied = exponent == 1 && (!self.began || self.zero || self.last.is_some())
            || !self.began && digit(self.text.at(self.pos + 1)).is_some_and(|next| next > 0);
        let factor = match self.pending.take() {
            Some(pending) if pending != Decimal::ZERO => pending,
            _ if implied => Decimal::ONE,
            pending => {
                self.pending = pending;
                return false;
            }
        };
        let Some(section) = factor.times(ten_to(exponent)).and_then(|part| self.section.plus(part)) else {
            return false;
        };
        self.section = section;
        (self.last, self.last_unit) = (Some(exponent), Some(exponent));
        (self.began, self.zero) = (true, false);
        self.pos += 1;
        true
    }

    fn take_group(&mut self) -> bool {
        let Some(exponent) = group(self.text.at(self.pos)) else { return false };
        let pending = self.pending.unwrap_or(Decimal::ZERO);
        let (Some(section), factor) = (self.section.plus(pending), ten_to(exponent)) else { return false };
        let total = if self.last_group.is_some_and(|last| exponent < last) && section != Decimal::ZERO {
            section.times(factor).and_then(|part| self.total.plus(part))
        } else {
            self.total.plus(section).and_then(|sum| sum.times(factor))
        };
        let Some(total) = total.filter(|total| *total != Decimal::ZERO) else { return false };
        (self.total, self.section, self.pending) = (total, Decimal::ZERO, None);
        (self.last, self.last_unit, self.last_group) = (Some(exponent), None, Some(exponent));
        self.zero = false;
        self.pos += 1;
        true
    }

    /// 十几万, 五百余万, 一千多万: about so much.
    fn about(&mut self) -> bool {
        let vague = matches!(self.text.at(self.pos), "几" | "多" | "余");
        if self.began
            && (self.pending.is_none() || !self.short)
            && vague
            && group(self.text.at(self.pos + 1)).is_some()
        {
            self.pos += 1;
            return true;
        }
        false
    }

    fn sum(&self) -> Option<Decimal> {
        let rest = match (self.pending, self.last) {
            (Some(pending), Some(last)) if self.short && !self.zero && last >= 2 => {
                pending.times(ten_to(last - 1))?
            }
            (Some(pending), _) => pending,
            (None, _) => Decimal::ZERO,
        };
        self.total.plus(self.section)?.plus(rest)
    }
}

/// A whole number in characters, or mixed with digits.
pub fn integer(text: &Text, at: usize) -> Found<Decimal> {
    if text.at(at) == "半" && text.at(at + 1) == "百" {
        return Some((Decimal::from(50), at + 2));
    }
    let mut walk = Walk::new(text, at);
    while walk.numeral() || walk.take_unit() || walk.take_group() || walk.about() {}
    if !walk.began {
        return None;
    }
    let sum = walk.sum()?;
    if text.at(walk.pos) == "打" && sum != Decimal::ZERO {
        return Some((sum.times(Decimal::from(12))?, walk.pos + 1));
    }
    Some((sum, walk.pos))
}

/// 两点五, 零点零三; the point of a written number is read by [`written`].
fn decimal(text: &Text, at: usize) -> Found<Decimal> {
    let (value, end) = integer(text, at)?;
    if text.at(end) == "点" && value.scale() == 0 {
        let mut digits = String::new();
        let mut next = end + 1;
        while let Some(part) = digit(text.at(next)).filter(|_| text.at(next) != "两") {
            digits.push_str(&part.to_string());
            next += 1;
        }
        if digits.is_empty() && text.kind(next) == Some(Kind::Digits) {
            text.at(next).clone_into(&mut digits);
            next += 1;
        }
        if !digits.is_empty() && digits.len() < 30 {
            let value = value.plus(format!("0.{digits}").parse().ok()?)?;
            return Some(groups(text, value, next));
        }
    }
    Some(magnitude::scaled(text, value, end))
}

/// 二十点一万.
fn groups(text: &Text, value: Decimal, end: usize) -> (Decimal, usize) {
    let (mut value, mut end) = (value, end);
    while let Some(product) = group(text.at(end)).and_then(|exponent| value.times(ten_to(exponent))) {
        (value, end) = (product, end + 1);
    }
    (value, end)
}

/// Any number: whole, with a point, a fraction, with or without 负.
pub fn number(text: &Text, at: usize) -> Found<Decimal> {
    if text.at(at) == "负" {
        let doubled = text.at(at + 1) == "负";
        let (value, end) = if doubled { return None } else { number(text, at + 1)? };
        return Some((value.negated(), end));
    }
    if stands_in_word(text, at) {
        return None;
    }
    let (value, end) = decimal(text, at)?;
    if text.at(end) == "又"
        && let Some((below, next)) = decimal(text, end + 1)
        && let Some((above, end)) = above(text, next)
    {
        return Some((value.plus(above.over(below)?)?, end));
    }
    if let Some((above, end)) = above(text, end) {
        return Some((above.over(value)?, end));
    }
    if text.kind(at) == Some(Kind::Digits)
        && let Some((exact, stop)) = written::number(text, at).filter(|(_, stop)| *stop > end)
    {
        return Some(magnitude::scaled(text, exact, stop));
    }
    Some((value, end))
}

/// 七八百, 十五六, 三五万: about so many, from the lower to the upper.
pub fn about(text: &Text, at: usize) -> Found<(Decimal, Decimal)> {
    let counts = |index: usize| digit(text.at(index)).filter(|value| (1..10).contains(value));
    let place = (at..at + 8)
        .take_while(|index| {
            counts(*index).is_some() || unit(text.at(*index)).is_some() || group(text.at(*index)).is_some()
        })
        .find(|index| counts(*index).is_some() && counts(index + 1).is_some())?;
    let (low, high) = (counts(place)?, counts(place + 1)?);
    let behind_unit =
        place == at || unit(text.at(place - 1)).is_some() || group(text.at(place - 1)).is_some();
    let neighbours = high == low + 1 || (low, high) == (3, 5);
    if !behind_unit || !neighbours || counts(place + 2).is_some() {
        return None;
    }
    let without = |index: usize| {
        let mut tokens = text.tokens.clone();
        tokens.remove(index);
        number(&Text { source: text.source, tokens }, at)
    };
    let ((low, end), (high, other)) = (without(place + 1)?, without(place)?);
    (end == other && end > place).then_some(((low, high), end + 1))
}

/// 分之 with what is above the line.
fn above(text: &Text, at: usize) -> Found<Decimal> {
    if !text.starts(at, &["分", "之"]) {
        return None;
    }
    if text.at(at + 2) == "负" {
        let (value, end) = decimal(text, at + 3)?;
        return Some((value.negated(), end));
    }
    decimal(text, at + 2)
}

/// Words in which a numeral counts nothing.
const WORDS: &[&str] = &[
    "四川",
    "一切",
    "一看",
    "一下",
    "一直",
    "一起",
    "一样",
    "一些",
    "一定",
    "一般",
    "一共",
    "一旦",
    "一边",
    "一会",
    "万一",
    "千万",
    "统一",
    "唯一",
    "九九",
    "十足",
    "五角大楼",
    "标准普尔",
    "大陆",
    "陆地",
    "登陆",
    "陆空",
    "放肆",
    "肆意",
    "肆无",
    "入伍",
    "队伍",
    "退伍",
    "伍仁",
    "收拾",
    "夕拾",
    "拾取",
    "拾起",
    "拾到",
    "百度",
    "三星",
    "周一",
    "周二",
    "周三",
    "周四",
    "周五",
    "周六",
    "着陆",
    "陆续",
    "一点也",
    "一点都",
    "有一点",
    "星期一",
    "星期二",
    "星期三",
    "星期四",
    "星期五",
    "星期六",
    "礼拜一",
    "礼拜二",
    "礼拜三",
    "礼拜四",
    "礼拜五",
    "礼拜六",
    "不二",
    "十分钟爱",
    "七夕",
    "三明治",
    "百货",
    "千克",
    "千米",
    "千瓦",
    "千卡",
    "三亚",
    "六安",
    "九江",
    "百色",
    "万科",
    "五金",
    "两两",
];

/// Each numeral with the words that hold it, folded, and its place in the word.
type Holders = HashMap<SmolStr, Vec<(Vec<SmolStr>, usize)>>;

fn stands_in_word(text: &Text, at: usize) -> bool {
    static HOLDERS: LazyLock<Holders> = LazyLock::new(|| {
        let mut holders = Holders::new();
        for word in WORDS {
            let folded: Vec<SmolStr> = Text::new(word).tokens.into_iter().map(|token| token.text).collect();
            for (place, numeral) in folded.iter().enumerate() {
                holders.entry(numeral.clone()).or_default().push((folded.clone(), place));
            }
        }
        holders
    });
    if text.kind(at) != Some(Kind::Han) {
        return false;
    }
    let counts_on = unit(text.at(at + 1)).or_else(|| group(text.at(at + 1))).is_some();
    HOLDERS.get(text.at(at)).is_some_and(|words| {
        words.iter().any(|(word, place)| {
            let runs_on = *place == 0 && counts_on && digit(text.at(at)).is_some();
            !runs_on
                && *place <= at
                && word.iter().enumerate().all(|(offset, c)| text.at(at - place + offset) == c)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ends_mean_the_next_lower_unit() {
        for (said, value) in [
            ("一百二", "120"),
            ("三千五", "3500"),
            ("一万三", "13000"),
            ("一亿两千万", "120000000"),
            ("一百零二", "102"),
            ("十几万", "100000"),
            ("三万4000", "34000"),
            ("两点五", "2.5"),
            ("三分之一", "0.333333333333333"),
            ("五万亿", "5000000000000"),
        ] {
            let text = Text::new(said);
            let (found, end) = number(&text, 0).unwrap_or_else(|| panic!("{said}"));
            assert_eq!((found.to_string().as_str(), end), (value, text.len()), "{said}");
        }
    }
}
