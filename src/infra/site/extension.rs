//! One extension of `people.yaml`: its phone, how far it may call, where its calls go, and its mailbox.

use std::{collections::BTreeMap, path::Path, time::Duration};

use super::{
    decode::{self, Fields, Shape, shorten, suggest},
    model::{Class, Extension, Forward, Mailbox},
    problem::Code,
    prompt::Tongue,
    secret,
    source::{Findings, Place},
    tree::{Key, Node},
};
use crate::base::{id::Name, number::Number};

const EXTENSION: Shape = Shape {
    what: "an extension",
    keys: &[
        ("name", "name: Chen Wei"),
        ("phone", "phone: 1001"),
        ("secret_file", "secret_file: secrets/phone-1001"),
        ("class", "class: national"),
        ("pickup", "pickup: front"),
        ("forward", "forward: { no_answer: 1002 }"),
        ("mailbox", "mailbox: {}"),
        ("webrtc", "webrtc: true"),
    ],
};
const FORWARD: Shape = Shape {
    what: "a forward",
    keys: &[
        ("always", "always: 1002"),
        ("busy", "busy: 1002"),
        ("no_answer", "no_answer: 1002"),
        ("ring", "ring: 20s"),
    ],
};
const MAILBOX: Shape = Shape {
    what: "a mailbox",
    keys: &[
        ("pin_file", "pin_file: secrets/mailbox-1001"),
        ("greeting", "greeting: { zh: 请留言。, en: Please leave a message. }"),
        ("most", "most: 50"),
        ("limit", "limit: 3m"),
    ],
};

/// The phones that were read, each with its place.
pub(super) type Phones = BTreeMap<Name, Place>;

pub(super) fn read(
    root: &Path,
    (key, node): (&Key, &Node),
    phones: &mut Phones,
    tongue: &Tongue,
    to: &mut Findings,
) -> Option<(Number, Extension)> {
    let number = decode::number(&key.text, key.place, to);
    let fields = Fields::open(node, key.place, &EXTENSION, to)?;
    let name = fields.need("name", to).and_then(|n| decode::line(n, 80, "Chen Wei", to));
    let phone = phone(key, &fields, phones, to);
    let secret_file = match (fields.get("secret_file"), &phone) {
        (Some(node), _) => secret::place(root, node, "secrets/phone-1001", to),
        (None, Some(phone)) => secret::default(root, &format!("secrets/phone-{phone}"), key.place, to),
        (None, None) => {
            if fields.get("phone").is_none() && number.is_some() {
                let message = format!("extension {} cannot name its phone itself", key.text);
                to.error(Code::MissingKey, key.place, message, "add `phone: NAME` with a name of letters");
            }
            None
        }
    };
    let class = fields.get("class").map_or(Some(Class::Internal), |n| class(n, to));
    let pickup = match fields.get("pickup") {
        Some(node) => Some(group(node, to)?),
        None => None,
    };
    let pin_name =
        phone.as_ref().map_or("secrets/mailbox".to_owned(), |phone| format!("secrets/mailbox-{phone}"));
    let mailbox = match fields.get("mailbox").filter(|node| decode::text(node) != Some("false")) {
        Some(node) => Some(mailbox(root, node, &pin_name, tongue, to)?),
        None => None,
    };
    let webrtc = fields.get("webrtc").map_or(Some(false), |n| decode::flag(n, to));
    let forward = match fields.get("forward") {
        Some(node) => forward(node, mailbox.is_some(), to)?,
        None => Forward::default(),
    };
    let extension = Extension {
        class: class?,
        pickup,
        forward,
        mailbox,
        webrtc: webrtc?,
        ..Extension::new(name?, phone?, secret_file?)
    };
    Some((number?, extension))
}

fn phone(key: &Key, fields: &Fields, phones: &mut Phones, to: &mut Findings) -> Option<Name> {
    let (phone, place) = match fields.get("phone") {
        Some(node) => (phone_name(node, to), node.place),
        None => (Name::new(&key.text).ok(), key.place),
    };
    let phone = phone?;
    if let Some(first) = phones.insert(phone.clone(), place) {
        let first = to.whereabouts(first);
        let message = format!("the phone `{phone}` belongs to another extension, at {first}");
        to.error(Code::Duplicate, place, message, "every extension has a phone of its own");
    }
    Some(phone)
}

fn phone_name(node: &Node, to: &mut Findings) -> Option<Name> {
    let text = decode::scalar(node, "1001", to)?;
    let phone = Name::new(text).ok();
    if phone.is_none() {
        let message = format!("`{}` cannot name a phone", shorten(text));
        to.error(Code::BadValue, node.place, message, "its SIP user: letters, digits, `.`, `_`, `-`");
    }
    phone
}

pub(super) fn class(node: &Node, to: &mut Findings) -> Option<Class> {
    let text = decode::scalar(node, "national", to)?;
    let class = Class::ALL.into_iter().find(|class| class.word() == text);
    if class.is_none() {
        let message = format!("`{}` is no class of service", shorten(text));
        to.error(Code::BadValue, node.place, message, suggest(text, &Class::ALL.map(Class::word), "allowed"));
    }
    class
}

fn group(node: &Node, to: &mut Findings) -> Option<Name> {
    let text = decode::scalar(node, "front", to)?;
    let group = Name::new(text).ok();
    if group.is_none() {
        let message = format!("`{}` cannot name a pickup group", shorten(text));
        to.error(Code::BadValue, node.place, message, "use letters, digits, `.`, `_` and `-`, like `front`");
    }
    group
}

/// Whether its numbers lead anywhere is seen when all files are read.
fn forward(node: &Node, mailbox: bool, to: &mut Findings) -> Option<Forward> {
    let fields = Fields::open(node, node.place, &FORWARD, to)?;
    let mut number = |key| match fields.get(key) {
        Some(node) => decode::dialled(node, "1002", to).map(Some),
        None => Some(None),
    };
    let (always, busy, no_answer) = (number("always"), number("busy"), number("no_answer"));
    let (least, most) = (Duration::from_secs(5), Duration::from_mins(2));
    let ring = match fields.get("ring") {
        Some(node) => Some(decode::duration(node, least, most, to)?),
        None => None,
    };
    if let Some(at) = fields.key_place("ring").filter(|_| fields.get("no_answer").is_none() && !mailbox) {
        let message = "nothing says where calls go after it has rung so long";
        to.error(Code::MissingKey, at, message, "add `no_answer: 1002`, or a mailbox");
    }
    Some(Forward { always: always?, busy: busy?, no_answer: no_answer?, ring })
}

/// `true`, or a table.
fn mailbox(root: &Path, node: &Node, pin_name: &str, tongue: &Tongue, to: &mut Findings) -> Option<Mailbox> {
    if decode::text(node) == Some("true") {
        let pin_file = secret::pin_file(root, None, node.place, pin_name, to)?;
        return Some(Mailbox { pin_file, pin: None, greeting: None, most: MOST, limit: LIMIT });
    }
    let fields = Fields::open(node, node.place, &MAILBOX, to)?;
    let pin_file = secret::pin_file(root, fields.get("pin_file"), node.place, pin_name, to);
    let greeting = match fields.get("greeting") {
        Some(node) => Some(tongue.prompt(node, to)?),
        None => None,
    };
    let most = fields.get("most").map_or(Some(MOST), |n| decode::amount(n, 1, 500, to));
    let (shortest, longest) = (Duration::from_secs(10), Duration::from_mins(15));
    let limit = fields.get("limit").map_or(Some(LIMIT), |n| decode::duration(n, shortest, longest, to));
    Some(Mailbox { pin_file: pin_file?, pin: None, greeting, most: most?, limit: limit? })
}

const MOST: u16 = 50;
const LIMIT: Duration = Duration::from_mins(3);
