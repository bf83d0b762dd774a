//! Numbers that two things want: whoever dials one would reach the other.

use std::collections::BTreeMap;

use super::{
    super::{
        decode::Fields,
        model::Dialing,
        names::{Known, Names},
        outside::Reached,
        problem::Code,
        source::{Findings, Place},
        tree::{Node, Value},
    },
    codes,
};
use crate::base::number::Number;

/// Whatever is dialled inside the house, with its place.
fn inside(names: &Names) -> Vec<(&'static str, &str, Place)> {
    let all = [
        &names.numbers,
        &names.extensions,
        &names.groups,
        &names.conferences,
        &names.slots,
        &names.short_codes,
    ];
    all.into_iter()
        .flat_map(|known: &Known| known.all().map(|key| (known.what(), key.text.as_str(), key.place)))
        .collect()
}

pub(super) fn check(fields: &Fields, top: Place, names: &Names, dialing: &Dialing, to: &mut Findings) {
    let inside = inside(names);
    twice(names, &inside, to);
    let section = fields.get("codes");
    let owner = fields.key_place("codes").unwrap_or(top);
    shadows(dialing, &inside, |key| at(section?, key), owner, to);
    outside(dialing, &inside, to);
}

/// Numbers of `dialing.yaml` that are something else already.
fn twice(names: &Names, inside: &[(&'static str, &str, Place)], to: &mut Findings) {
    let mine = |what: &str| {
        [&names.groups, &names.conferences, &names.slots, &names.short_codes].iter().any(|k| k.what() == what)
    };
    let mut taken: BTreeMap<&str, (&str, Place)> = BTreeMap::new();
    for (what, number, place) in inside {
        let Some((other, first)) = taken.get(number) else {
            taken.insert(number, (what, *place));
            continue;
        };
        if other != what && mine(what) {
            let first = to.whereabouts(*first);
            let message = format!("{number} is {} already, at {first}", an(other));
            to.error(Code::Duplicate, *place, message, format!("give this {what} another number"));
        }
    }
}

/// A code that begins another, or a number of the house: nobody could dial the longer one. It is told at the code
/// that the file names.
fn shadows(
    dialing: &Dialing,
    inside: &[(&'static str, &str, Place)],
    written: impl Fn(&str) -> Option<Place>,
    owner: Place,
    to: &mut Findings,
) {
    let codes = codes::each(&dialing.codes);
    let help = |key: &str| format!("give `{key}` another code, or `none`");
    for (i, (key, code)) in codes.iter().enumerate() {
        for (other, longer) in codes.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, other)| other) {
            let begins = longer.as_str().starts_with(code.as_str());
            // Two alike are told once.
            if !begins || (code == longer && key > other) {
                continue;
            }
            let message = if code == longer {
                format!("`{code}` is the code of `{key}` and of `{other}`: one of them is never reached")
            } else {
                format!("`{code}` of `{key}` begins `{longer}` of `{other}`: one of them is never reached")
            };
            let (at, place) =
                [key, other].into_iter().find_map(|key| Some((key, written(key)?))).unwrap_or((key, owner));
            to.error(Code::Duplicate, place, message, help(at));
        }
        for (what, number, at) in inside.iter().filter(|(_, number, _)| number.starts_with(code.as_str())) {
            let at = to.whereabouts(*at);
            let message = format!(
                "`{code}` of `{key}` begins the {what} {number}, at {at}: one of them is never reached"
            );
            to.error(Code::Duplicate, written(key).unwrap_or(owner), message, help(key));
        }
    }
}

/// Numbers of the house that look like one outside.
fn outside(dialing: &Dialing, inside: &[(&'static str, &str, Place)], to: &mut Findings) {
    let Some(outside) = &dialing.outside else { return };
    for (what, number, place) in inside {
        let Ok(parsed) = Number::new(number) else { continue };
        match outside.reached(&parsed) {
            Reached::Emergency(_) => {
                let message = format!("{number} is an emergency number, so this {what} is never reached");
                to.error(
                    Code::Duplicate,
                    *place,
                    message,
                    "give it another number: emergency calls come first",
                );
            }
            Reached::Class { class, .. } => {
                let message = format!("{number} is also {} outside, and nobody reaches that", class.word());
                let help = "give it another number, or make the pattern in dialing.yaml narrower";
                to.warn(Code::Duplicate, *place, message, help);
            }
            Reached::Blocked(_) | Reached::Inside | Reached::Unknown => {}
        }
    }
}

fn an(what: &str) -> String {
    format!("{} {what}", if what.starts_with('e') { "an" } else { "a" })
}

/// Where the value of a key stands.
fn at(table: &Node, key: &str) -> Option<Place> {
    let Value::Table(entries) = &table.value else { return None };
    entries.iter().find(|(k, _)| k.text == key).map(|(_, node)| node.place)
}
