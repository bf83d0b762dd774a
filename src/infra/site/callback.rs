//! `callback` of a queue: who waits may hang up, keep the place and be called.

use std::{collections::BTreeMap, time::Duration};

use super::{
    decode::{self, Fields, Shape},
    extension,
    model::{Callback, Class, Dialing, Queue},
    problem::Code,
    source::Findings,
    tree::{Node, Value},
};
use crate::base::{id::Name, number::Key};

const CALLBACK: Shape = Shape {
    what: "a callback",
    keys: &[
        ("key", "key: 1"),
        ("tries", "tries: 3"),
        ("again", "again: 5m"),
        ("class", "class: national"),
        ("tell", "tell: 1m"),
        ("most", "most: 100"),
    ],
};

/// `{ key: 1, tries: 3, again: 5m, class: national, tell: 1m }`
pub(super) fn read(node: &Node, to: &mut Findings) -> Option<Callback> {
    let fields = Fields::open(node, node.place, &CALLBACK, to)?;
    let key = fields.need("key", to).and_then(|n| digit(n, to));
    let tries = fields.get("tries").map_or(Some(3), |n| decode::amount(n, 1, 10, to));
    let mut span = |key, default, min| {
        let day = Duration::from_hours(24);
        fields.get(key).map_or(Some(Duration::from_secs(default)), |n| {
            decode::duration(n, Duration::from_secs(min), day, to)
        })
    };
    let (again, tell) = (span("again", 300, 30), span("tell", 60, 15));
    let most = fields.get("most").map_or(Some(100), |n| decode::amount(n, 1, 10_000, to));
    let class = fields.get("class").map_or(Some(Class::National), |n| extension::class(n, to));
    Some(Callback { key: key?, tries: tries?, again: again?, class: class?, most: most?, tell: tell? })
}

/// A key that can be told by its number.
fn digit(node: &Node, to: &mut Findings) -> Option<Key> {
    let key = decode::phone_key(decode::scalar(node, "1", to)?, node.place, to)?;
    let digit = key.char().is_ascii_digit();
    if !digit {
        let message = format!("callers are told to press a number, and `{key}` is none");
        to.error(Code::BadValue, node.place, message, "one of 0 to 9");
    }
    digit.then_some(key)
}

/// Queues that call back, in a house from which so far away nobody is called.
pub(super) fn unreachable(node: &Node, queues: &BTreeMap<Name, Queue>, dialing: &Dialing, to: &mut Findings) {
    let Value::Table(entries) = &node.value else { return };
    for (key, node) in entries {
        let callback = Name::new(&key.text).ok().and_then(|name| queues.get(&name)?.callback.as_ref());
        let Some(class) = callback.map(|callback| callback.class).filter(|class| *class > Class::Internal)
        else {
            continue;
        };
        let patterns = dialing.outside.as_ref().map_or(0, |outside| {
            let all = [
                (Class::Local, &outside.local),
                (Class::National, &outside.national),
                (Class::International, &outside.international),
            ];
            all.iter().filter(|(least, _)| *least <= class).map(|(_, patterns)| patterns.len()).sum()
        });
        if patterns == 0 {
            let message =
                format!("nobody from outside can be called back: no {} number can be dialled", class.word());
            let help =
                "say in dialing.yaml what may be dialled: `outside: { national: [...], trunks: [...] }`";
            to.warn(Code::Unreachable, place_of(node), message, help);
        }
    }
}

/// Where `callback` stands.
fn place_of(queue: &Node) -> super::source::Place {
    let Value::Table(fields) = &queue.value else { return queue.place };
    fields.iter().find(|(key, _)| key.text == "callback").map_or(queue.place, |(key, _)| key.place)
}
