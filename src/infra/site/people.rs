//! `people.yaml`: extensions and agents.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use super::{
    capacity,
    decode::{self, Fields, Shape},
    extension::{self, Phones},
    model::{Agent, AgentPhone, Capacity, Extension},
    names::Names,
    problem::Code,
    prompt::Tongue,
    skills,
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

const AGENT: Shape = Shape {
    what: "an agent",
    keys: &[
        ("name", "name: Chen Wei"),
        ("extension", "extension: 1001"),
        ("number", "number: \"+8613800138000\""),
        ("queues", "queues: [sales]"),
        ("reserve", "reserve: [support]"),
        ("skills", "skills: { english: 5 }"),
        ("capacity", "capacity: { of: 3, call: 2 }"),
        ("wrap_up", "wrap_up: 10s"),
        ("logged_in", "logged_in: true"),
    ],
};

pub(super) type People = (BTreeMap<Number, Extension>, BTreeMap<Name, Agent>);

pub(super) fn read(root: &Path, node: &Node, names: &Names, tongue: &Tongue, to: &mut Findings) -> People {
    let top = Place { end: node.place.start, ..node.place };
    let Some(fields) = Fields::open(node, top, &PEOPLE, to) else { return People::default() };
    let mut phones = Phones::new();
    let entries = fields
        .need("extensions", to)
        .map_or(&[][..], |n| decode::entries(n, "extensions", "1001: { name: Chen Wei }", to));
    let extensions = entries
        .iter()
        .filter_map(|(key, node)| extension::read(root, (key, node), &mut phones, tongue, to))
        .collect();
    let agents = fields.get("agents").map_or_else(BTreeMap::new, |n| agents(n, &extensions, names, to));
    (extensions, agents)
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
        .zip(0..)
        .filter_map(|((key, node), order)| {
            let name = decode::new_name(key, "an agent", to);
            let (mut agent, place) = agent(key, node, names, extensions, to)?;
            agent.place = order;
            let (AgentPhone::Extension(rung) | AgentPhone::Outside(rung)) = &agent.phone;
            if let Some(first) = taken.insert(agent.phone.clone(), place) {
                let first = to.whereabouts(first);
                let what = if agent.phone.outside().is_some() { "number" } else { "extension" };
                let message = format!("{what} {rung} is another agent's, at {first}");
                to.error(Code::Duplicate, place, message, format!("every agent has one {what} of their own"));
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
    let (phone, place) = phone(&fields, key, names, to);
    let queues = fields.need("queues", to).map(|n| queues(n, names, to));
    let reserve = fields.get("reserve").map(|n| (n.place, self::queues(n, names, to)));
    if let (Some(queues), Some((place, reserve))) = (&queues, &reserve)
        && let Some(twice) = reserve.iter().find(|queue| queues.contains(queue))
    {
        let message = format!("`{twice}` stands in `queues` and in `reserve`");
        to.error(Code::Contradiction, *place, message, "remove it from one of them");
    }
    let skills = fields.get("skills").map(|n| skills::levels(n, 1, to)).unwrap_or_default();
    let capacity = fields.get("capacity").map_or(Some(Capacity::default()), |n| capacity::read(n, to));
    let wrap_up = fields.get("wrap_up").map_or(Some(Duration::from_secs(10)), |n| {
        decode::duration(n, Duration::ZERO, Duration::from_hours(1), to)
    });
    let logged_in = fields.get("logged_in").map_or(Some(false), |n| decode::flag(n, to));
    let display = match fields.get("name") {
        Some(node) => decode::line(node, 80, "Chen Wei", to).map(Into::into),
        None => phone.as_ref().and_then(|p| extensions.get(p.extension()?)).map(|e| e.name.clone()),
    };
    let agent = Agent {
        display: display.unwrap_or_else(|| key.text.as_str().into()),
        phone: phone?,
        queues: queues?,
        reserve: reserve.map(|(_, reserve)| reserve).unwrap_or_default(),
        skills,
        capacity: capacity?,
        place: 0,
        wrap_up: wrap_up?,
        logged_in: logged_in?,
    };
    Some((agent, place))
}

/// Where an agent is rung, and where that stands.
fn phone(fields: &Fields, key: &Key, names: &Names, to: &mut Findings) -> (Option<AgentPhone>, Place) {
    let Some(number) = fields.get("number") else {
        let extension = fields.need("extension", to);
        let place = extension.map_or(key.place, |n| n.place);
        let extension = extension.and_then(|n| names.extensions.number(n, to));
        return (extension.map(AgentPhone::Extension), place);
    };
    if fields.get("extension").is_some() {
        let message = "an agent has an extension or a number outside, not both";
        to.error(Code::Contradiction, number.place, message, "remove `extension` or `number`");
    }
    (decode::dialled(number, "\"+8613800138000\"", to).map(AgentPhone::Outside), number.place)
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
