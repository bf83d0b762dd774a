//! From the tree to values: tables with known keys, and scalars with units. What is wrong is noted and
//! `None` returned, so that reading goes on and every problem is found.

use std::time::Duration;

use jiff::{SignedDuration, civil::Date};

use super::{
    problem::Code,
    source::{Findings, Place},
    tree::{Key, Node, Value},
};
use crate::base::{
    id::Name,
    number::{Key as PhoneKey, Number},
    text::hostile,
};

/// The keys of one kind of table, each with an example line.
pub(super) struct Shape {
    /// "a queue"
    pub what: &'static str,
    pub keys: &'static [(&'static str, &'static str)],
}

/// An opened table. `owner` is what a missing key is reported at.
pub(super) struct Fields<'a> {
    shape: &'static Shape,
    owner: Place,
    entries: &'a [(Key, Node)],
}

impl<'a> Fields<'a> {
    /// Opens `node` as a table and reports keys that `shape` does not know.
    pub fn open(node: &'a Node, owner: Place, shape: &'static Shape, to: &mut Findings) -> Option<Self> {
        let entries = match &node.value {
            Value::Table(entries) => entries.as_slice(),
            _ if node.is_nothing() => &[],
            _ => {
                let example = shape.keys.first().map_or("key: value", |k| k.1);
                let message = format!("{} is a table, but this is {}", shape.what, node.kind());
                to.error(
                    Code::WrongType,
                    node.place,
                    message,
                    format!("write keys below it, like `{example}`"),
                );
                return None;
            }
        };
        let known: Vec<&str> = shape.keys.iter().map(|k| k.0).collect();
        for (key, _) in entries.iter().filter(|(k, _)| !known.contains(&k.text.as_str())) {
            let message = format!("{} has no key `{}`", shape.what, key.text);
            to.error(Code::UnknownKey, key.place, message, suggest(&key.text, &known, "allowed"));
        }
        Some(Self { shape, owner, entries })
    }

    pub fn get(&self, key: &str) -> Option<&'a Node> {
        debug_assert!(self.shape.keys.iter().any(|k| k.0 == key), "{key} is not in the shape");
        self.entries.iter().find(|(k, _)| k.text == key).map(|(_, node)| node)
    }

    /// Where the key itself stands.
    pub fn key_place(&self, key: &str) -> Option<Place> {
        self.entries.iter().find(|(k, _)| k.text == key).map(|(k, _)| k.place)
    }

    /// A key that must be there.
    pub fn need(&self, key: &str, to: &mut Findings) -> Option<&'a Node> {
        let found = self.get(key);
        if found.is_none() {
            let example = self.shape.keys.iter().find(|k| k.0 == key).map_or(key, |k| k.1);
            let message = format!("{} needs the key `{key}`", self.shape.what);
            to.error(Code::MissingKey, self.owner, message, format!("add `{example}`"));
        }
        found
    }
}

/// The entries of a table whose keys are names of the admin's choice.
pub(super) fn entries<'a>(node: &'a Node, what: &str, example: &str, to: &mut Findings) -> &'a [(Key, Node)] {
    match &node.value {
        Value::Table(entries) => entries,
        _ if node.is_nothing() => &[],
        _ => {
            let message = format!("{what} are a table, but this is {}", node.kind());
            to.error(Code::WrongType, node.place, message, format!("write it like `{example}`"));
            &[]
        }
    }
}

/// A list, or one value that stands for a list of one.
pub(super) fn list(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(list) => list,
        _ if node.is_nothing() => &[],
        _ => std::slice::from_ref(node),
    }
}

/// The text of a single value, if this is one; nothing is said.
pub(super) fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar { text, .. } => Some(text),
        _ => None,
    }
}

/// A single value, of which `example` is one.
pub(super) fn scalar<'a>(node: &'a Node, example: &str, to: &mut Findings) -> Option<&'a str> {
    match &node.value {
        Value::Scalar { text, .. } if !node.is_nothing() => Some(text),
        _ => {
            let message = format!("a single value belongs here, but this is {}", node.kind());
            to.error(Code::WrongType, node.place, message, format!("write it like `{example}`"));
            None
        }
    }
}

/// A shown text: one line, at most `max` characters.
pub(super) fn line(node: &Node, max: usize, example: &str, to: &mut Findings) -> Option<String> {
    let text = scalar(node, example, to)?;
    let clean = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let problem = if clean.is_empty() {
        "this text is empty".to_owned()
    } else if clean.chars().count() > max {
        format!("this text is longer than {max} characters")
    } else if clean.chars().any(hostile) {
        "this text has characters that are not shown: control or direction".to_owned()
    } else {
        return Some(clean);
    };
    to.error(Code::BadValue, node.place, problem, format!("write it like `{example}`"));
    None
}

/// A name of the admin's choice.
pub(super) fn new_name(key: &Key, what: &str, to: &mut Findings) -> Option<Name> {
    Name::new(&key.text)
        .map_err(|_| {
            let message = format!("`{}` cannot name {what}", key.text);
            to.error(
                Code::BadValue,
                key.place,
                message,
                "use letters, digits, `.`, `_` and `-`, at most 128",
            );
        })
        .ok()
}

/// A telephone number.
pub(super) fn number(text: &str, place: Place, to: &mut Findings) -> Option<Number> {
    Number::new(text)
        .map_err(|_| {
            let message = format!("`{}` is no telephone number", shorten(text));
            let help = "write digits only, no spaces: `4000` or `+862161234567` (also `*`, `#`; at most 32)";
            to.error(Code::BadValue, place, message, help);
        })
        .ok()
}

/// A telephone number as a value.
pub(super) fn dialled(node: &Node, example: &str, to: &mut Findings) -> Option<Number> {
    number(scalar(node, example, to)?, node.place, to)
}

pub(super) fn flag(node: &Node, to: &mut Findings) -> Option<bool> {
    match scalar(node, "true", to)? {
        "true" => Some(true),
        "false" => Some(false),
        other => {
            let message = format!("`{}` is neither true nor false", shorten(other));
            let help = match other.to_ascii_lowercase().as_str() {
                "yes" | "on" | "y" | "1" => "did you mean `true`?",
                "no" | "off" | "n" | "0" => "did you mean `false`?",
                _ => "write `true` or `false`",
            };
            to.error(Code::BadValue, node.place, message, help);
            None
        }
    }
}

pub(super) fn count(node: &Node, min: u8, max: u8, to: &mut Findings) -> Option<u8> {
    amount(node, min.into(), max.into(), to).and_then(|value| u8::try_from(value).ok())
}

pub(super) fn amount(node: &Node, min: u16, max: u16, to: &mut Findings) -> Option<u16> {
    let text = scalar(node, "3", to)?;
    match text.parse::<u16>() {
        Ok(value) if (min..=max).contains(&value) => Some(value),
        _ => {
            let message = format!("`{}` is no whole number from {min} to {max}", shorten(text));
            to.error(
                Code::BadValue,
                node.place,
                message,
                format!("write a number, like `{}`", min.max(3).min(max)),
            );
            None
        }
    }
}

/// A duration with a unit, within bounds.
pub(super) fn duration(node: &Node, min: Duration, max: Duration, to: &mut Findings) -> Option<Duration> {
    let text = scalar(node, "30s", to)?;
    let help = "write a number with its unit: `500ms`, `30s`, `2m`, `1h`";
    let Some(span) = parse_duration(text) else {
        let (message, help) = if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
            (format!("`{}` has no unit", shorten(text)), format!("did you mean `{text}s`? {help}"))
        } else {
            (format!("`{}` is no duration", shorten(text)), help.to_owned())
        };
        to.error(Code::BadValue, node.place, message, help);
        return None;
    };
    if span < min || span > max {
        let fault = if span < min { "short" } else { "long" };
        let message = format!("`{text}` is too {fault}");
        to.error(Code::BadValue, node.place, message, format!("from {} to {}", show(min), show(max)));
        return None;
    }
    Some(span)
}

pub fn parse_duration(text: &str) -> Option<Duration> {
    if let Some(days) = text.strip_suffix('d').and_then(|days| days.trim().parse::<u32>().ok()) {
        return Some(Duration::from_hours(24 * u64::from(days)));
    }
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ');
    let span = plain.then(|| text.parse::<SignedDuration>().ok()).flatten()?;
    Duration::try_from(span).ok()
}

fn show(span: Duration) -> String {
    match (span.as_secs(), span.subsec_millis()) {
        (0, 0) => "0s".to_owned(),
        (0, ms) => format!("{ms}ms"),
        (s, _) if s > 86_400 && s % 86_400 == 0 => format!("{}d", s / 86_400),
        (s, _) if s % 3600 == 0 => format!("{}h", s / 3600),
        (s, _) if s % 60 == 0 => format!("{}m", s / 60),
        (s, _) => format!("{s}s"),
    }
}

pub(super) fn date(text: &str, place: Place, to: &mut Findings) -> Option<Date> {
    let date = (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten();
    if date.is_none() {
        let message = format!("`{}` is no date", shorten(text));
        to.error(Code::BadValue, place, message, "write year-month-day, like `2026-10-01`");
    }
    date
}

/// A key of the telephone keypad.
pub(super) fn phone_key(text: &str, place: Place, to: &mut Findings) -> Option<PhoneKey> {
    let mut chars = text.chars();
    let key = chars.next().and_then(PhoneKey::new).filter(|_| chars.next().is_none());
    if key.is_none() {
        let message = format!("`{}` is no key of a telephone", shorten(text));
        to.error(Code::BadValue, place, message, "one of 0 to 9, \"*\" or \"#\" (these two in quotes)");
    }
    key
}

/// The nearest of `known`, and all of them when they are few.
pub(super) fn suggest(wrong: &str, known: &[&str], label: &str) -> String {
    let lower = wrong.to_lowercase();
    let near = known
        .iter()
        .map(|k| (strsim::damerau_levenshtein(&lower, &k.to_lowercase()), *k))
        .filter(|(distance, k)| *distance <= 1 + k.chars().count() / 3)
        .min_by_key(|(distance, _)| *distance)
        .or_else(|| known.iter().find(|k| k.len() > 1 && lower.starts_with(**k)).map(|k| (0, *k)));
    let mut all: Vec<&str> = known.to_vec();
    all.sort_unstable();
    let rest = match all.len() {
        0 => format!("{label}: none"),
        1..=16 => format!("{label}: {}", all.join(", ")),
        n => format!("{label}: {}, … ({n} in all)", all[..12].join(", ")),
    };
    match near {
        Some((_, near)) => format!("did you mean `{near}`? {rest}"),
        None => rest,
    }
}

/// At most 40 characters of a text that may be anything.
pub(super) fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
