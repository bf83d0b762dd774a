//! `people.yaml`: extensions and agents.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use super::{
    decode::{self, Fields, Shape, shorten},
    model::{Agent, Extension},
    names::Names,
    problem::Code,
    secret,
    source::{Findings, Place},
    tree::{Key, Node},
};
use crate::base::{id::Name, number::Number};

pub(super) const PEOPLE: Shape = Shape {
    what: "people.yaml",
    keys: &[
        ("extensions", "extensions: { 1001: { name: Chen Wei } }"),
        ("agents", "agents: { chen: { extension: 1001, queues: [sales] } }"),
    ],
};

const EXTENSION: Shape = Shape {
    what: "an extension",
    keys: &[
        ("name", "name: Chen Wei"),
        ("phone", "phone: 1001"),
        ("secret_file", "secret_file: secrets/phone-1001"),
    ],
};

const AGENT: Shape = Shape {
    what: "an agent",
    keys: &[
        ("name", "name: Chen Wei"),
        ("extension", "extension: 1001"),
        ("queues", "queues: [sales]"),
        ("wrap_up", "wrap_up: 10s"),
        ("logged_in", "logged_in: true"),
    ],
};

pub(super) type People = (BTreeMap<Number, Extension>, BTreeMap<Name, Agent>);

pub(super) fn read(root: &Path, node: &Node, names: &Names, to: &mut Findings) -> People {
    let top = Place { end: node.place.start, ..node.place };
    let Some(fields) = Fields::open(node, top, &PEOPLE, to) else { return People::default() };
    let extensions = fields.need("extensions", to).map_or_else(BTreeMap::new, |n| extensions(root, n, to));
    let agents = fields.get("agents").map_or_else(BTreeMap::new, |n| agents(n, &extensions, names, to));
    (extensions, agents)
}

fn extensions(root: &Path, node: &Node, to: &mut Findings) -> BTreeMap<Number, Extension> {
    let mut phones = BTreeMap::new();
    let mut all = BTreeMap::new();
    for (key, node) in decode::entries(node, "extensions", "1001: { name: Chen Wei }", to) {
        let number = decode::number(&key.text, key.place, to);
        let Some(fields) = Fields::open(node, key.place, &EXTENSION, to) else { continue };
        let name = fields.need("name", to).and_then(|n| decode::line(n, 80, "Chen Wei", to));
        let (phone, phone_place) = match fields.get("phone") {
            Some(node) => (phone(node, to), node.place),
            None => (Name::new(&key.text).ok(), key.place),
        };
        if let Some(phone) = &phone
            && let Some(first) = phones.insert(phone.clone(), phone_place)
        {
            let first = to.whereabouts(first);
            let message = format!("the phone `{phone}` belongs to another extension, at {first}");
            to.error(Code::Duplicate, phone_place, message, "every extension has a phone of its own");
        }
        let secret_file = match (fields.get("secret_file"), &phone) {
            (Some(node), _) => secret::place(root, node, "secrets/phone-1001", to),
            (None, Some(phone)) => secret::default(root, &format!("secrets/phone-{phone}"), key.place, to),
            (None, None) => {
                if fields.get("phone").is_none() && number.is_some() {
                    let message = format!("extension {} cannot name its phone itself", key.text);
                    to.error(
                        Code::MissingKey,
                        key.place,
                        message,
                        "add `phone: NAME` with a name of letters",
                    );
                }
                None
            }
        };
        if let (Some(number), Some(name), Some(phone), Some(secret_file)) = (number, name, phone, secret_file)
        {
            all.insert(number, Extension::new(name, phone, secret_file));
        }
    }
    all
}

fn phone(node: &Node, to: &mut Findings) -> Option<Name> {
    let text = decode::scalar(node, "1001", to)?;
    let phone = Name::new(text).ok();
    if phone.is_none() {
        let message = format!("`{}` cannot name a phone", shorten(text));
        to.error(Code::BadValue, node.place, message, "its SIP user: letters, digits, `.`, `_`, `-`");
    }
    phone
}

fn agents(
    node: &Node,
    extensions: &BTreeMap<Number, Extension>,
    names: &Names,
    to: &mut Findings,
) -> BTreeMap<Name, Agent> {
    let mut taken = BTreeMap::new();
    decode::entries(node, "agents", "chen: { extension: 1001, queues: [sales] }", to)
        .iter()
        .filter_map(|(key, node)| {
            let name = decode::new_name(key, "an agent", to);
            let (agent, place) = agent(key, node, names, extensions, to)?;
            if let Some(first) = taken.insert(agent.extension.clone(), place) {
                let first = to.whereabouts(first);
                let message = format!("extension {} is another agent's, at {first}", agent.extension);
                to.error(Code::Duplicate, place, message, "every agent has an extension of their own");
            }
            Some((name?, agent))
        })
        .collect()
}

fn agent(
    key: &Key,
    node: &Node,
    names: &Names,
    extensions: &BTreeMap<Number, Extension>,
    to: &mut Findings,
) -> Option<(Agent, Place)> {
    let fields = Fields::open(node, key.place, &AGENT, to)?;
    let extension = fields.need("extension", to);
    let place = extension.map_or(key.place, |n| n.place);
    let extension = extension.and_then(|n| names.extensions.number(n, to));
    let queues = fields.need("queues", to).map(|n| queues(n, names, to));
    let wrap_up = fields.get("wrap_up").map_or(Some(Duration::from_secs(10)), |n| {
        decode::duration(n, Duration::ZERO, Duration::from_hours(1), to)
    });
    let logged_in = fields.get("logged_in").map_or(Some(false), |n| decode::flag(n, to));
    let display = match fields.get("name") {
        Some(node) => decode::line(node, 80, "Chen Wei", to).map(Into::into),
        None => extension.as_ref().and_then(|e| extensions.get(e)).map(|e| e.name.clone()),
    };
    let agent = Agent {
        display: display.unwrap_or_else(|| key.text.as_str().into()),
        extension: extension?,
        queues: queues?,
        wrap_up: wrap_up?,
        logged_in: logged_in?,
    };
    Some((agent, place))
}

fn queues(node: &Node, names: &Names, to: &mut Findings) -> Vec<Name> {
    let mut seen = BTreeSet::new();
    decode::list(node)
        .iter()
        .filter_map(|node| {
            let queue = names.queues.name(node, to)?;
            if !seen.insert(queue.clone()) {
                to.error(Code::Duplicate, node.place, format!("queue `{queue}` is here twice"), "remove one");
            }
            Some(queue)
        })
        .collect()
}
