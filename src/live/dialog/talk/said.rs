//! Values as they are read back: digits one by one, dates and choices by name.

use jiff::civil::{Date, Time};

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
        Ask::Digits { .. } | Ask::Phone | Ask::Code => spelled(text, locale),
        Ask::Choice(options) => options
            .iter()
            .find(|option| option.value.as_str() == text)
            .and_then(|option| option.title.0.get(&locale).or_else(|| option.title.0.values().next()))
            .map_or_else(|| text.to_owned(), ToString::to_string),
        Ask::Date => text.parse().map_or_else(|_| text.to_owned(), |date| day(date, locale)),
        Ask::Time => text.parse().map_or_else(|_| text.to_owned(), |time| clock(time, locale)),
        Ask::Number | Ask::Amount | Ask::Person | Ask::Place | Ask::Answer => text.to_owned(),
    }
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
