//! `hours.yaml`: calendars with weekly spans, holidays and make-up workdays.

use std::collections::BTreeMap;

use jiff::{
    ToSpan,
    civil::{Date, Time},
};

use super::{
    decode::{self, shorten, suggest},
    problem::Code,
    source::{Findings, Place},
    tree::{Key, Node, Value},
};
use crate::base::{
    hours::{Hours, Span},
    id::Name,
};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const EXAMPLE: &str = "mon-fri: 09:00-18:00";
/// A range of holidays is a few days; more is a slip of the pen.
const MAX_RANGE: usize = 366;
/// Nobody closes for so few minutes.
const SLIP: i64 = 5;

pub(super) fn read(node: &Node, to: &mut Findings) -> BTreeMap<Name, Hours> {
    let calendars = decode::entries(node, "opening hours", "office: { mon-fri: 09:00-18:00 }", to);
    calendars
        .iter()
        .filter_map(|(key, node)| {
            let name = decode::new_name(key, "opening hours", to);
            Some((name?, calendar(key, node, to)?))
        })
        .collect()
}

fn calendar(key: &Key, node: &Node, to: &mut Findings) -> Option<Hours> {
    let Value::Table(entries) = &node.value else {
        let message = format!("opening hours are a table, but this is {}", node.kind());
        let place = if node.is_nothing() { key.place } else { node.place };
        to.error(Code::WrongType, place, message, format!("write days below it, like `{EXAMPLE}`"));
        return None;
    };
    let mut hours = Hours::default();
    for (key, node) in entries {
        match key.text.as_str() {
            "holidays" => holidays(node, &mut hours, to),
            "makeup" => makeup(node, &mut hours, to),
            days => {
                let Some(days) = weekdays(days) else {
                    unknown_days(key, to);
                    continue;
                };
                let spans = spans(node, to);
                for day in days {
                    if hours.week[day].is_empty() {
                        hours.week[day].clone_from(&spans);
                    } else {
                        let message = format!("{} has opening hours twice", DAYS[day]);
                        let help = "write all spans of a day together: `fri: 09:00-12:00, 13:00-18:00`";
                        to.error(Code::Duplicate, key.place, message, help);
                    }
                }
            }
        }
    }
    gaps(key, &hours, entries, to);
    Some(hours)
}

/// Days and minutes that were probably forgotten.
fn gaps(key: &Key, hours: &Hours, entries: &[(Key, Node)], to: &mut Findings) {
    let name = &key.text;
    if hours.week.iter().all(Vec::is_empty) {
        let help = format!("add days, like `{EXAMPLE}`");
        to.warn(Code::Unreachable, key.place, format!("`{name}` is never open"), help);
        return;
    }
    let under = |section: &str| {
        entries.iter().find(|(key, _)| key.text == section).map_or(key.place, |(_, n)| n.place)
    };
    for (date, day) in &hours.makeup {
        let day = usize::from(*day);
        if hours.week[day].is_empty() {
            let message = format!("{date} is to be like a {}, and then `{name}` is closed", DAYS[day]);
            let open = DAYS
                .iter()
                .zip(&hours.week)
                .find(|(_, spans)| !spans.is_empty())
                .map_or("mon", |(day, _)| day);
            let help = format!("name a day that has hours: `{date}: {open}`");
            to.error(Code::Contradiction, under("makeup"), message, help);
        } else if hours.holidays.contains(date) {
            let message = format!("{date} is a holiday and a make-up workday: `{name}` is open then");
            to.warn(Code::Contradiction, under("makeup"), message, "remove it from one of them");
        }
    }
    for (day, spans) in DAYS.iter().zip(&hours.week) {
        let mut spans = spans.clone();
        spans.sort_by_key(|span| span.from);
        for pair in spans.windows(2) {
            let (end, start) = (pair[0].to, pair[1].from);
            let gap = end.duration_until(start).as_mins();
            if (1..=SLIP).contains(&gap) {
                let message =
                    format!("`{name}` is closed from {end:.0} to {start:.0} on {day}, for {gap} min");
                to.warn(Code::Contradiction, key.place, message, "let one span begin where the other ends");
            }
        }
    }
}

fn unknown_days(key: &Key, to: &mut Findings) {
    let known: Vec<&str> = DAYS.into_iter().chain(["mon-fri", "holidays", "makeup"]).collect();
    let message = format!("`{}` is no day of the week", shorten(&key.text));
    let help = format!("{}, or a range like `mon-fri`", suggest(&key.text, &known, "allowed"));
    to.error(Code::UnknownKey, key.place, message, help);
}

/// `mon`, or `mon-fri`; a range may run over the week's end.
fn weekdays(text: &str) -> Option<Vec<usize>> {
    let day = |name: &str| DAYS.iter().position(|d| *d == name);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (day(first.trim())?, day(last.trim())?);
    Some((0..=(last + 7 - first) % 7).map(|i| (first + i) % 7).collect())
}

/// `09:00-12:00, 13:00-18:00`, or a list of such.
fn spans(node: &Node, to: &mut Findings) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for node in decode::list(node) {
        let Some(text) = decode::scalar(node, "09:00-18:00", to) else { continue };
        if text == "closed" {
            continue;
        }
        for part in text.split(',').map(str::trim) {
            match span(part) {
                Some(new) if spans.iter().any(|old| overlap(*old, new)) => {
                    let message = format!("{part} overlaps another span of this day");
                    to.error(Code::BadValue, node.place, message, "join them, or move one");
                }
                Some(new) => spans.push(new),
                None => {
                    let message = format!("`{}` is no span of time", shorten(part));
                    let help =
                        "write from-to by the 24-hour clock: `09:00-18:00`, `22:00-02:00`, `00:00-24:00`";
                    to.error(Code::BadValue, node.place, message, help);
                }
            }
        }
    }
    spans
}

fn span(text: &str) -> Option<Span> {
    let (from, to) = text.split_once('-')?;
    let (from, end) = (time(from.trim())?, to.trim());
    let to = if end == "24:00" { Time::midnight() } else { time(end)? };
    (from != to || end == "24:00").then_some(Span { from, to })
}

pub(super) fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str, len: std::ops::RangeInclusive<usize>| {
        (len.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
            .then(|| part.parse::<i8>().ok())
            .flatten()
    };
    Time::new(digits(hour, 1..=2)?, digits(minute, 2..=2)?, 0, 0).ok()
}

/// Within the day; what runs over midnight ends at its end here.
fn overlap(a: Span, b: Span) -> bool {
    let end = |s: Span| if s.to <= s.from { Time::MAX } else { s.to };
    a.from < end(b) && b.from < end(a)
}

/// `2026-10-01`, or `2026-10-01..2026-10-07`.
fn holidays(node: &Node, hours: &mut Hours, to: &mut Findings) {
    for node in decode::list(node) {
        let Some(text) = decode::scalar(node, "2026-10-01", to) else { continue };
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let first = decode::date(first.trim(), node.place, to);
        let last = if text.contains("..") { decode::date(last.trim(), node.place, to) } else { first };
        let (Some(first), Some(last)) = (first, last) else { continue };
        let days: Vec<Date> = first.series(1.day()).take_while(|d| *d <= last).take(MAX_RANGE + 1).collect();
        if days.is_empty() || days.len() > MAX_RANGE {
            let message = format!("{first} to {last} is no range of holidays");
            to.error(Code::BadValue, node.place, message, "first day..last day, at most a year");
            continue;
        }
        hours.holidays.extend(days);
    }
}

/// `2026-10-10: fri`: open on that date as on a Friday.
fn makeup(node: &Node, hours: &mut Hours, to: &mut Findings) {
    for (key, node) in decode::entries(node, "make-up workdays", "makeup: { 2026-10-10: fri }", to) {
        let date = decode::date(&key.text, key.place, to);
        let Some(text) = decode::scalar(node, "fri", to) else { continue };
        let day = DAYS.iter().position(|d| *d == text).and_then(|day| u8::try_from(day).ok());
        if day.is_none() {
            weekday_error(text, node.place, to);
        }
        if let (Some(date), Some(day)) = (date, day) {
            hours.makeup.insert(date, day);
        }
    }
}

fn weekday_error(text: &str, place: Place, to: &mut Findings) {
    let message = format!("`{}` is no day of the week", shorten(text));
    to.error(Code::BadValue, place, message, suggest(text, &DAYS, "allowed"));
}
