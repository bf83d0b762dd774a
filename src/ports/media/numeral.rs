//! Numbers as they are said, in pieces that are made ready: 1234 is 1 千 2 百 34, or 1 thousand 2 hundred and 34.

use smol_str::{SmolStr, format_smolstr};

use super::phrase::PAIR;
use crate::infra::site::Locale;

/// Digits of a number that is said as one; a longer row, or one that begins with 0, is said digit by digit.
const LONGEST: usize = 9;

/// The words between the digits of numbers, and of money.
pub(super) fn words(locale: Locale) -> &'static [&'static str] {
    match locale {
        Locale::Chinese => {
            &["百", "千", "万", "亿", "点", "负", "元", "美元", "欧元", "英镑", "日元", "港币"]
        }
        Locale::English => &[
            "hundred", "thousand", "million", "and", "point", "minus", "yuan", "fen", "dollar", "dollars",
            "cent", "cents", "euro", "euros", "pound", "pounds", "pence", "yen",
        ],
    }
}

/// The pieces of a number: digits, perhaps with a sign before and some after a point. Nothing for what is none.
pub(super) fn pieces(text: &str, locale: Locale) -> Option<Vec<SmolStr>> {
    let (minus, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, part) = text.split_once('.').map_or((text, None), |(whole, part)| (whole, Some(part)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || part.is_some_and(|part| !digits(part)) {
        return None;
    }
    let (negative, point) = match locale {
        Locale::Chinese => ("负", "点"),
        Locale::English => ("minus", "point"),
    };
    let mut said = Said { locale, pieces: Vec::new() };
    if minus {
        said.word(negative);
    }
    if whole.len() > LONGEST || whole.len() > 1 && whole.starts_with('0') {
        said.row(whole);
    } else {
        said.number(whole.parse().ok()?);
    }
    if let Some(part) = part {
        said.word(point);
        said.row(part);
    }
    Some(said.pieces)
}

struct Said {
    locale: Locale,
    pieces: Vec<SmolStr>,
}

impl Said {
    fn word(&mut self, word: &'static str) {
        self.pieces.push(SmolStr::new_static(word));
    }

    fn small(&mut self, number: u64) {
        self.pieces.push(format_smolstr!("{number}"));
    }

    fn row(&mut self, digits: &str) {
        self.pieces.extend(digits.chars().map(|digit| format_smolstr!("{digit}")));
    }

    fn number(&mut self, number: u64) {
        match self.locale {
            _ if number < 100 => self.small(number),
            Locale::Chinese => self.chinese(number),
            Locale::English => self.english(number),
        }
    }

    fn english(&mut self, number: u64) {
        for (unit, word) in [(1_000_000, "million"), (1000, "thousand"), (100, "hundred")] {
            let many = number / unit % 1000;
            let many = if unit == 100 { many % 10 } else { many };
            if many > 0 {
                self.number(many);
                self.word(word);
            }
        }
        let rest = number % 100;
        if rest > 0 {
            self.word("and");
            self.small(rest);
        }
    }

    /// By ten thousands; a gap between them is one 零.
    fn chinese(&mut self, number: u64) {
        let mut above = false;
        let mut gap = false;
        for (unit, word) in [(100_000_000, "亿"), (10_000, "万"), (1, "")] {
            let four = number / unit % 10_000;
            if four == 0 {
                gap = true;
                continue;
            }
            if above && (gap || four < 1000) {
                self.small(0);
            }
            self.four(four, above, unit > 1);
            if unit > 1 {
                self.word(word);
            }
            (above, gap) = (true, false);
        }
    }

    /// Four digits; a 2 before a unit is 两.
    fn four(&mut self, four: u64, above: bool, counted: bool) {
        let (thousands, hundreds, rest) = (four / 1000, four / 100 % 10, four % 100);
        for (many, word) in [(thousands, "千"), (hundreds, "百")] {
            if many > 0 {
                self.unit(many);
                self.word(word);
            } else if word == "百" && thousands > 0 && rest > 0 {
                self.small(0);
            }
        }
        let before = thousands > 0 || hundreds > 0;
        match rest {
            0 => {}
            2 if counted && !before && !above => self.word(PAIR),
            1..10 if hundreds > 0 => {
                self.small(0);
                self.small(rest);
            }
            10..20 if before || above => {
                self.small(1);
                self.small(rest);
            }
            _ => self.small(rest),
        }
    }

    fn unit(&mut self, many: u64) {
        if many == 2 { self.word(PAIR) } else { self.small(many) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_say_them() {
        for (number, chinese, english) in [
            ("0", "0", "0"),
            ("2", "2", "2"),
            ("14", "14", "14"),
            ("100", "1 百", "1 hundred"),
            ("114", "1 百 1 14", "1 hundred and 14"),
            ("202", "两 百 0 2", "2 hundred and 2"),
            ("1010", "1 千 0 1 10", "1 thousand and 10"),
            ("1200", "1 千 两 百", "1 thousand 2 hundred"),
            ("1234", "1 千 两 百 34", "1 thousand 2 hundred and 34"),
            ("20000", "两 万", "20 thousand"),
            ("20026", "两 万 0 26", "20 thousand and 26"),
            ("120500", "12 万 0 5 百", "1 hundred and 20 thousand 5 hundred"),
            ("100005000", "1 亿 0 5 千", "1 hundred million 5 thousand"),
            ("199.50", "1 百 99 点 5 0", "1 hundred and 99 point 5 0"),
            ("-3", "负 3", "minus 3"),
            ("0123", "0 1 2 3", "0 1 2 3"),
            ("2026112199", "2 0 2 6 1 1 2 1 9 9", "2 0 2 6 1 1 2 1 9 9"),
        ] {
            let said = |locale| pieces(number, locale).expect("a number").join(" ");
            assert_eq!(
                (said(Locale::Chinese).as_str(), said(Locale::English).as_str()),
                (chinese, english),
                "{number}"
            );
        }
        for none in ["", "-", "1.", ".5", "1.2.3", "1e5", "12 kg", "٣"] {
            assert_eq!(pieces(none, Locale::English), None, "{none}");
        }
    }

    #[test]
    fn every_word_of_a_number_is_made_ready() {
        for number in (0..1_000_000_000_u64).step_by(7_654_321).chain([110, 2_222_222]) {
            for locale in [Locale::Chinese, Locale::English] {
                for piece in pieces(&format!("-{number}.5"), locale).expect("a number") {
                    let small = piece.parse::<u8>().is_ok_and(|number| number <= super::super::phrase::MOST);
                    assert!(small || piece == PAIR || words(locale).contains(&&*piece), "{number}: {piece}");
                }
            }
        }
    }
}
