//! Values as they are read back: digits one by one, dates and choices by name, money in its units.

use jiff::civil::{Date, DateTime, Time};

use crate::infra::site::{Ask, Locale, Part, parts};

/// The text with its fields filled; a field that is not known is left out.
pub fn filled(text: &str, fields: &[(String, String)]) -> String {
    let value = |field| fields.iter().find(|(name, _)| name == field).map_or("", |(_, value)| value);
    let said = parts(text).map(|part| match part {
        Part::Words(words) => words,
        Part::Field(field) => value(field),
    });
    said.collect()
}

/// A slot's value in this language.
pub fn value(ask: &Ask, text: &str, locale: Locale) -> String {
    match ask {
        Ask::Digits { .. } | Ask::Phone | Ask::Code => {
            unmasked(text, locale).unwrap_or_else(|| spelled(text, locale))
        }
        Ask::Choice(options) => options
            .iter()
            .find(|option| option.value.as_str() == text)
            .and_then(|option| option.title.0.get(&locale).or_else(|| option.title.0.values().next()))
            .map_or_else(|| text.to_owned(), ToString::to_string),
        Ask::Date => text.parse().map_or_else(|_| text.to_owned(), |date| day(date, locale)),
        Ask::Time => text.parse().map_or_else(|_| text.to_owned(), |time| clock(time, locale)),
        Ask::Amount => money(text, locale).unwrap_or_else(|| text.to_owned()),
        Ask::Number | Ask::Person | Ask::Place | Ask::Answer => text.to_owned(),
    }
}

/// A row of so many digits is a name of something, not a number.
const ROW: usize = 6;

/// What a task gives back, by its shape: a row of digits one by one; `2026-11-23`, `15:30`, `2026-11-23T15:30` and `199.50 CNY` are said as such;
/// anything else as it is.
pub fn result(text: &str, locale: Locale) -> String {
    let date = || text.parse().ok().filter(|_: &Date| text.len() == 10).map(|date| day(date, locale));
    let time = || {
        text.parse()
            .ok()
            .filter(|_: &Time| text.contains(':') && !text.contains('-'))
            .map(|time| clock(time, locale))
    };
    let moment = || {
        let at: DateTime = text.parse().ok().filter(|_| text.contains(['T', ' ']))?;
        Some(format!("{}{}{}", day(at.date(), locale), gap(locale), clock(at.time(), locale)))
    };
    if text.len() >= ROW && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return spelled(text, locale);
    }
    date().or_else(time).or_else(moment).or_else(|| money(text, locale)).unwrap_or_else(|| text.to_owned())
}

fn gap(locale: Locale) -> &'static str {
    match locale {
        Locale::Chinese => "",
        Locale::English => " ",
    }
}

/// `199.50 CNY`: as many of the unit, and in English of its hundredths apart.
fn money(text: &str, locale: Locale) -> Option<String> {
    let (value, currency) = text.split_once(' ')?;
    let (minus, value) = value.strip_prefix('-').map_or((false, value), |value| (true, value));
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) {
        return None;
    }
    let part = part.trim_end_matches('0');
    let (chinese, [one, many], cents) = match currency {
        "CNY" => ("元", ["yuan", "yuan"], ["fen", "fen"]),
        "USD" => ("美元", ["dollar", "dollars"], ["cent", "cents"]),
        "EUR" => ("欧元", ["euro", "euros"], ["cent", "cents"]),
        "GBP" => ("英镑", ["pound", "pounds"], ["pence", "pence"]),
        "JPY" => ("日元", ["yen", "yen"], ["sen", "sen"]),
        "HKD" => ("港币", ["dollar", "dollars"], ["cent", "cents"]),
        _ => return None,
    };
    let counted = |number: &str, [one, many]: [&str; 2]| {
        let number = number.trim_start_matches('0');
        format!("{} {}", if number.is_empty() { "0" } else { number }, if number == "1" { one } else { many })
    };
    let said = match locale {
        Locale::Chinese if part.is_empty() => format!("{whole}{chinese}"),
        Locale::Chinese => format!("{whole}.{part}{chinese}"),
        Locale::English if part.is_empty() => counted(whole, [one, many]),
        Locale::English if part.len() > 2 || currency == "JPY" => format!("{whole}.{part} {many}"),
        Locale::English => {
            format!("{} and {}", counted(whole, [one, many]), counted(&format!("{part:0<2}"), cents))
        }
    };
    let nothing = value.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    Some(match locale {
        _ if !minus || nothing => said,
        Locale::Chinese => format!("-{said}"),
        Locale::English => format!("minus {said}"),
    })
}

fn day(date: Date, locale: Locale) -> String {
    match locale {
        Locale::Chinese => format!("{}月{}日", date.month(), date.day()),
        Locale::English => date.strftime("%B %-d").to_string(),
    }
}

fn clock(time: Time, locale: Locale) -> String {
    let (hour, minute) = (time.hour(), time.minute());
    let twelve = (hour + 11) % 12 + 1;
    match locale {
        Locale::English => time.strftime(if minute == 0 { "%-I %p" } else { "%-I:%M %p" }).to_string(),
        Locale::Chinese => {
            let part = match hour {
                0..6 => "凌晨",
                6..12 => "上午",
                12 => "中午",
                13..18 => "下午",
                _ => "晚上",
            };
            let minutes = match minute {
                0 => String::new(),
                30 => "半".to_owned(),
                _ => format!("{minute}分"),
            };
            format!("{part}{twelve}点{minutes}")
        }
    }
}

/// Of a mask the digits that it shows, or how many there are.
fn unmasked(text: &str, locale: Locale) -> Option<String> {
    let shown = &text[text.rfind('*')? + 1..];
    Some(match locale {
        _ if !shown.is_empty() => spelled(shown, locale),
        Locale::Chinese => format!("{}位", text.len()),
        Locale::English => format!("{} digits", text.len()),
    })
}

/// One by one, with a pause after every fourth; a 1 is 幺 in a row of digits.
fn spelled(text: &str, locale: Locale) -> String {
    let name = |c: char| match (locale, c) {
        (Locale::Chinese, '0'..='9') => {
            ["零", "幺", "二", "三", "四", "五", "六", "七", "八", "九"][c as usize - '0' as usize].to_owned()
        }
        _ => c.to_string(),
    };
    let (gap, pause) = match locale {
        Locale::Chinese => ("", ","),
        Locale::English => (" ", ", "),
    };
    let names: Vec<String> = text.chars().map(name).collect();
    names.chunks(4).map(|four| four.join(gap)).collect::<Vec<_>>().join(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_task_gives_back_is_said_by_its_shape() {
        for (text, chinese, english) in [
            ("2026-11-23", "11月23日", "November 23"),
            ("15:30", "下午3点半", "3:30 PM"),
            ("2026-11-23T09:00", "11月23日上午9点", "November 23 9 AM"),
            ("199.50 CNY", "199.5元", "199 yuan and 50 fen"),
            ("1.00 USD", "1美元", "1 dollar"),
            ("0.01 EUR", "0.01欧元", "0 euros and 1 cent"),
            ("2000 GBP", "2000英镑", "2000 pounds"),
            ("-199.50 CNY", "-199.5元", "minus 199 yuan and 50 fen"),
            ("-1 USD", "-1美元", "minus 1 dollar"),
            ("-0.00 EUR", "0欧元", "0 euros"),
            ("--5 CNY", "--5 CNY", "--5 CNY"),
            ("12 kg", "12 kg", "12 kg"),
            ("3", "3", "3"),
            ("20261123", "二零二六,幺幺二三", "2 0 2 6, 1 1 2 3"),
            ("on its way", "on its way", "on its way"),
        ] {
            let said = |locale| result(text, locale);
            assert_eq!(
                (said(Locale::Chinese).as_str(), said(Locale::English).as_str()),
                (chinese, english),
                "{text}"
            );
        }
    }
}
