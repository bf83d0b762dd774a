//! Where forwards, groups and short codes lead: somewhere, no further than allowed, and not in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        decode::{self, shorten, suggest},
        model::{Class, Dialing, Extension},
        names::{Known, Names},
        outside::Reached,
        problem::Code,
        source::{Findings, Place},
        tree::{Key, Node, Value},
    },
    codes,
};
use crate::base::{area, id::Name, number::Number};

/// What can be dialled, as far as it was read.
pub(in super::super) struct House<'a> {
    pub names: &'a Names,
    pub extensions: &'a BTreeMap<Number, Extension>,
    pub dialing: &'a Dialing,
    /// False when something could not be read: then nothing is said about what is not there.
    complete: bool,
    /// The same for what is outside.
    outside: bool,
    /// On which level of menus the deepest may be.
    pub deepest_menu: Option<usize>,
}

/// Who sends calls somewhere.
enum Sender<'a> {
    Forward(&'a Number, Class),
    Group,
    ShortCode,
}

/// Looks at every number that another one leads to.
pub(in super::super) fn check(
    people: Option<&Node>,
    dialing: Option<&Node>,
    house: &House,
    home: &str,
    to: &mut Findings,
) {
    let mut arrows = Arrows::default();
    let groups: Vec<&str> = table(people, "extensions")
        .iter()
        .filter_map(|(_, node)| decode::text(field(node, "pickup")?))
        .collect();
    for (key, node) in table(people, "extensions") {
        let Some(number) = key_number(key) else { continue };
        // Of an extension that could not be read no class is known, and nothing is said about it.
        let allowed = house.extensions.get(&number).map_or(Class::International, |e| e.class);
        if house.extensions.contains_key(&number) {
            class(node, allowed, house, to);
        }
        pickup(node, &groups, to);
        mailbox(node, house, to);
        for (when, node) in table(Some(node), "forward").iter().filter(|(k, _)| k.text != "ring") {
            let sender = Sender::Forward(&number, allowed);
            if let Some(target) = leads(node, &sender, house, to)
                && when.text == "always"
            {
                arrows.add(&number, target, node.place);
            }
        }
    }
    agents(people, house, home, to);
    for (key, node) in table(dialing, "groups") {
        let otherwise =
            field(node, "otherwise").and_then(|n| Some((n, leads(n, &Sender::Group, house, to)?)));
        if let (Some(number), Some((node, target))) = (key_number(key), otherwise) {
            arrows.add(&number, target, node.place);
        }
    }
    for (_, node) in table(dialing, "short_codes") {
        leads(node, &Sender::ShortCode, house, to);
    }
    arrows.circles(to);
}

/// Where agents are rung outside: somewhere, and no two of them at one telephone, however its number is written.
fn agents(people: Option<&Node>, house: &House, home: &str, to: &mut Findings) {
    let mut taken: BTreeMap<Number, (Number, Place)> = BTreeMap::new();
    let nodes = table(people, "agents").iter().filter_map(|(_, node)| field(node, "number"));
    for node in nodes.filter(|node| decode::text(node).is_some_and(|text| Number::new(text).is_ok())) {
        let Some(number) = house.outside(node, "", to) else { continue };
        let reached = house.dialing.outside.as_ref().map(|outside| outside.reached(&number));
        let Some(Reached::Class { number: told, .. }) = reached else { continue };
        let whole = area::international(&told, home).unwrap_or(told);
        // Those written alike are told where agents are read.
        if let Some((other, first)) = taken.insert(whole, (number.clone(), node.place))
            && other != number
        {
            let first = to.whereabouts(first);
            let message = format!("number {number} is another agent's, written {other}, at {first}");
            to.error(Code::Duplicate, node.place, message, "every agent has one number of their own");
        }
    }
}

/// The number in `node`, if calls can be sent there; what is wrong is said.
fn leads(node: &Node, sender: &Sender, house: &House, to: &mut Findings) -> Option<Number> {
    let number = Number::new(decode::text(node)?).ok().filter(|_| !to.full())?;
    match fault(&number, sender, house) {
        None => Some(number),
        Some(_) if !house.complete => None,
        Some((code, message, help)) => {
            to.error(code, node.place, message, help);
            None
        }
    }
}

type Fault = (Code, String, String);

const MANY: usize = 1000;

fn elsewhere() -> String {
    "name an extension, a group, one of our numbers or one outside".to_owned()
}

fn fault(number: &Number, sender: &Sender, house: &House) -> Option<Fault> {
    let names = house.names;
    let has = |known: &Known| known.has(number.as_str());
    if let Sender::Forward(own, _) = sender
        && *own == number
    {
        let message = format!("extension {number} would forward to itself");
        return Some((Code::EndlessLoop, message, elsewhere()));
    }
    if let Some(target) = house.dialing.short_codes.get(number) {
        let message = format!("{number} is a short code, and a short code leads to a number");
        return match sender {
            Sender::ShortCode => {
                Some((Code::BadValue, message, format!("write `{target}`, to which that one leads")))
            }
            _ => fault(target, sender, house),
        };
    }
    if has(&names.slots) || has(&names.conferences) {
        let what = if has(&names.slots) { "a parking slot" } else { "a conference" };
        let message = format!("{number} is {what}: calls are not sent there unasked");
        return (!matches!(sender, Sender::ShortCode)).then(|| (Code::BadValue, message, elsewhere()));
    }
    if [&names.extensions, &names.groups, &names.numbers].into_iter().any(has) {
        return None;
    }
    match codes::each(&house.dialing.codes).into_iter().find(|(_, code)| begins(code, number)) {
        Some(code) => feature(number, code, sender, house),
        None => outside(number, sender, house),
    }
}

fn begins(code: &Number, number: &Number) -> bool {
    number.as_str().starts_with(code.as_str())
}

/// A feature code leads nowhere, but a message can be left.
fn feature(number: &Number, (key, code): (&str, &Number), sender: &Sender, house: &House) -> Option<Fault> {
    let rest = &number.as_str()[code.as_str().len()..];
    let message = || format!("`{number}` is for the phone that dials it: the code `{key}`");
    if key != "voicemail" || rest.is_empty() || matches!(sender, Sender::ShortCode) {
        return Some((Code::BadValue, message(), "name a number where calls can go".to_owned()));
    }
    if !house.names.extensions.has(rest) {
        let message = format!("there is no extension `{rest}` for a message");
        return Some((Code::UnknownName, message, house.names.extensions.near(rest)));
    }
    let boxless =
        Number::new(rest).ok().and_then(|n| house.extensions.get(&n)).is_some_and(|e| e.mailbox.is_none());
    boxless.then(|| {
        let message = format!("extension {rest} has no mailbox");
        (Code::MissingKey, message, format!("add `mailbox: {{}}` to {rest} in people.yaml"))
    })
}

fn outside(number: &Number, sender: &Sender, house: &House) -> Option<Fault> {
    match house.dialing.outside.as_ref().map_or(Reached::Inside, |outside| outside.reached(number)) {
        Reached::Emergency(_) => {
            let message = format!("{number} is an emergency number: nobody is sent there unasked");
            Some((Code::BadValue, message, "name another number".to_owned()))
        }
        Reached::Blocked(pattern) => {
            let message = format!("{number} is blocked by the pattern `{pattern}`");
            Some((
                Code::BadValue,
                message,
                "name another number, or narrow `blocked` in dialing.yaml".to_owned(),
            ))
        }
        Reached::Class { class, .. } => match sender {
            Sender::Forward(own, allowed) if class > *allowed => {
                let message = format!("{number} is {}, further than extension {own} may call", class.word());
                Some((
                    Code::BadValue,
                    message,
                    format!("add `class: {}` to {own}, or forward elsewhere", class.word()),
                ))
            }
            _ => None,
        },
        Reached::Inside | Reached::Unknown if !house.outside => None,
        Reached::Inside | Reached::Unknown => {
            let house = house.names;
            let all = [&house.extensions, &house.groups, &house.numbers];
            let known: Vec<&str> =
                all.into_iter().flat_map(Known::all).map(|key| key.text.as_str()).collect();
            let message =
                format!("`{number}` leads nowhere: it is nothing in the house, nor by any pattern outside");
            // To look for the nearest of very many takes longer than anybody waits.
            let help =
                if known.len() > MANY { elsewhere() } else { suggest(number.as_str(), &known, "there is") };
            Some((Code::UnknownName, message, help))
        }
    }
}

impl<'a> House<'a> {
    /// `complete`: all files were read. `tree` is that of `dialing.yaml`.
    pub fn new(
        names: &'a Names,
        extensions: &'a BTreeMap<Number, Extension>,
        dialing: &'a Dialing,
        tree: Option<&Node>,
        complete: bool,
        deepest_menu: Option<usize>,
    ) -> Self {
        let broken = dialing.outside.is_none() && tree.is_some_and(|tree| field(tree, "outside").is_some());
        Self { names, extensions, dialing, complete, outside: complete && !broken, deepest_menu }
    }

    /// A number outside that a flow dials, or at which an agent is rung. `instead`: what else there may be, where nothing says how to call outside.
    pub fn outside(&self, node: &Node, instead: &str, to: &mut Findings) -> Option<Number> {
        let number = decode::dialled(node, "+862161234567", to)?;
        let (message, help) = match self.dialing.outside.as_ref().map(|outside| outside.reached(&number)) {
            Some(Reached::Class { .. }) => return Some(number),
            _ if !self.outside => return None,
            None => (
                "nothing says how to call outside".to_owned(),
                format!("add the section `outside` to dialing.yaml{instead}"),
            ),
            Some(Reached::Blocked(pattern)) => (
                format!("{number} is blocked by the pattern `{pattern}`"),
                "name another number, or narrow `blocked` in dialing.yaml".to_owned(),
            ),
            Some(Reached::Emergency(_)) => (
                format!("{number} is an emergency number: nobody is sent there unasked"),
                "name another number".to_owned(),
            ),
            Some(_) => (
                format!("{number} is by no pattern of dialing.yaml a number outside"),
                "write it as a phone dials it, with the prefix, or with `+`; or add a pattern".to_owned(),
            ),
        };
        to.error(Code::BadValue, node.place, message, help);
        None
    }

    /// An extension where messages can be left.
    pub fn mailbox(&self, node: &Node, to: &mut Findings) -> Option<Number> {
        let number = self.names.extensions.number(node, to)?;
        if self.extensions.get(&number).is_some_and(|extension| extension.mailbox.is_none()) {
            let message = format!("extension {number} has no mailbox");
            let help = format!("add `mailbox: {{}}` to {number} in people.yaml");
            to.error(Code::MissingKey, node.place, message, help);
            return None;
        }
        Some(number)
    }
}

fn class(extension: &Node, class: Class, house: &House, to: &mut Findings) {
    let Some(node) = field(extension, "class").filter(|_| class > Class::Internal) else { return };
    if house.outside && house.dialing.outside.is_none() {
        let message = format!("nothing says which numbers are {}, nor how to call them", class.word());
        let help = "add the section `outside` to dialing.yaml, or remove `class`";
        to.error(Code::MissingKey, node.place, message, help);
    }
}

fn pickup(node: &Node, all: &[&str], to: &mut Findings) {
    let Some((node, group)) = field(node, "pickup").and_then(|n| Some((n, decode::text(n)?))) else { return };
    if Name::new(group).is_ok() && all.iter().filter(|other| **other == group).count() == 1 {
        let others: BTreeSet<&str> = all.iter().copied().filter(|other| *other != group).collect();
        let others: Vec<&str> = others.into_iter().collect();
        let message = format!("nobody else is in the pickup group `{}`", shorten(group));
        to.warn(Code::UnknownName, node.place, message, suggest(group, &others, "others are"));
    }
}

fn mailbox(node: &Node, house: &House, to: &mut Findings) {
    let Some(node) = field(node, "mailbox").filter(|n| decode::text(n) != Some("false")) else { return };
    if house.complete && house.dialing.codes.voicemail.is_none() {
        let message = "nobody can hear what is left in this mailbox: there is no code for it";
        to.warn(Code::MissingKey, node.place, message, "add `codes: { voicemail: \"*97\" }` to dialing.yaml");
    }
}

/// What sends every call on; from each number at most one arrow leads.
#[derive(Default)]
struct Arrows(BTreeMap<Number, (Number, Place)>);

impl Arrows {
    fn add(&mut self, from: &Number, target: Number, place: Place) {
        self.0.insert(from.clone(), (target, place));
    }

    fn circles(&self, to: &mut Findings) {
        let mut told = BTreeSet::new();
        for start in self.0.keys() {
            let mut path = vec![start];
            let mut at = start;
            while let Some((next, _)) = self.0.get(at) {
                if next == start && told.insert(start) {
                    told.extend(path.iter().copied());
                    let shown: Vec<&str> = path.iter().chain([&start]).map(|n| n.as_str()).collect();
                    let message = format!("calls would go in a circle for ever: {}", shown.join(" → "));
                    to.error(
                        Code::EndlessLoop,
                        self.0[start].1,
                        message,
                        "end one of these, or let it lead elsewhere",
                    );
                }
                if path.contains(&next) {
                    break;
                }
                path.push(next);
                at = next;
            }
        }
    }
}

fn table<'a>(node: Option<&'a Node>, key: &str) -> &'a [(Key, Node)] {
    match node.and_then(|node| field(node, key)).map(|n| &n.value) {
        Some(Value::Table(entries)) => entries,
        _ => &[],
    }
}

fn field<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    let Value::Table(entries) = &node.value else { return None };
    entries.iter().find(|(k, _)| k.text == key).map(|(_, node)| node)
}

fn key_number(key: &Key) -> Option<Number> {
    Number::new(shorten(&key.text)).ok()
}
