//! Scenarios for `tandem simulate`: who calls when, how long they talk and wait, how many agents there are, in a site or
//! in queues of their own.

mod callers;
mod change;
mod habits;
mod spread;

use std::{collections::BTreeMap, path::Path, time::Duration};

use jiff::{civil::DateTime, tz::TimeZone};

pub use callers::{Arrivals, Came, Target, Who};
pub use change::{Change, WhatIf};
pub use habits::{Back, Problem};
pub use spread::{Curve, Spread};

use super::{
    Code, Problems, Site,
    decode::{self, Fields, Shape, shorten},
    model::{Queue, Takes},
    names::Names,
    prompt::Tongue,
    queues,
    source::Findings,
    tree::{self, Node, Value},
};
use crate::base::id::Name;

const SCENARIO: Shape = Shape {
    what: "a scenario",
    keys: &[
        ("name", "name: a busy Monday"),
        ("start", "start: 2026-11-23T00:00"),
        ("length", "length: 24h"),
        ("warm_up", "warm_up: 30m"),
        ("seed", "seed: 1"),
        ("within", "within: 20s"),
        ("site", "site: ../small"),
        ("queues", "queues: { calls: { max_wait: 1h } }"),
        ("agents", "agents: { calls: 14 }"),
        ("arrivals", "arrivals: [ { queue: calls, rate: 200, handling: { exponential: 180s } } ]"),
        ("what_if", "what_if: [ \"agents calls -2 10:00-12:00\" ]"),
    ],
};
const WHAT_IF: Shape = Shape {
    what: "a what-if",
    keys: &[("name", "name: first come, first served"), ("changes", "changes: [ agents calls -2 ]")],
};
/// Who has waited so long is turned away, unless told.
const LONGEST_WAIT: Duration = Duration::from_hours(7 * 24);
/// A Monday.
const SOME_DAY: DateTime = DateTime::constant(2026, 11, 23, 0, 0, 0, 0);
/// More callers are not lived through at once.
const MOST_CALLERS: f64 = 5_000_000.0;

/// A day, or several, to be lived through in virtual time.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    pub name: String,
    /// In the site's time zone; without a site in UTC.
    pub start: DateTime,
    /// How long callers come; those who are there then are served to the end.
    pub length: Duration,
    /// Callers who come before are not counted.
    pub warm_up: Duration,
    pub seed: u64,
    /// Answered within this time counts for the service level.
    pub within: Duration,
    /// Whose queues, agents and rules these are.
    pub site: Option<Box<Site>>,
    /// Without a site: how queues behave.
    pub queues: BTreeMap<Name, Queue>,
    /// How many agents are there, by queue. In a site those whose first queue it is, in the order of `people.yaml`; all,
    /// where nothing is said.
    pub agents: BTreeMap<Name, Curve>,
    pub arrivals: Vec<Arrivals>,
    /// Who came once and comes again, in the order in which they do.
    pub recorded: Vec<Came>,
    pub what_if: Vec<WhatIf>,
}

/// A queue of a scenario of which nothing is said.
pub fn usual() -> Queue {
    Queue::new(Duration::from_secs(20), Duration::ZERO, LONGEST_WAIT)
}

impl Scenario {
    /// A day in a site on which nobody calls.
    pub fn of(site: Site) -> Self {
        Self {
            name: site.name.to_string(),
            start: SOME_DAY,
            length: Duration::from_hours(24),
            warm_up: Duration::ZERO,
            seed: 1,
            within: Duration::from_secs(20),
            site: Some(Box::new(site)),
            queues: BTreeMap::new(),
            agents: BTreeMap::new(),
            arrivals: Vec::new(),
            recorded: Vec::new(),
            what_if: Vec::new(),
        }
    }

    pub fn zone(&self) -> TimeZone {
        self.site.as_ref().map_or(TimeZone::UTC, |site| site.time_zone.clone())
    }

    /// The agents of a site by their first queue, in the order of `people.yaml`.
    pub fn crews(&self) -> BTreeMap<Name, Vec<Name>> {
        let mut crews: BTreeMap<Name, Vec<Name>> = BTreeMap::new();
        let Some(site) = &self.site else { return crews };
        let mut agents: Vec<_> = site.agents.iter().collect();
        agents.sort_by_key(|(_, agent)| agent.place);
        for (name, agent) in agents {
            if let Some(home) = agent.queues.iter().chain(&agent.reserve).next() {
                crews.entry(home.clone()).or_default().push(name.clone());
            }
        }
        crews
    }

    /// Whether everything that is named is in the site, and enough agents.
    fn fits(&self) -> Result<(), String> {
        let Some(site) = &self.site else { return Ok(()) };
        let crews = self.crews();
        for (queue, curve) in &self.agents {
            let there = crews.get(queue).map_or(0, Vec::len);
            if usize::from(curve.most()) > there {
                let most = curve.most();
                return Err(format!(
                    "{most} agents of {queue} are wanted, and it is the first queue of {there} in people.yaml"
                ));
            }
        }
        for one in &self.arrivals {
            let there = match &one.to {
                Target::Queue(queue) => site.queues.contains_key(queue),
                Target::Policy(policy) => site.routing.contains_key(policy),
                Target::Number(number) => site.numbers.contains_key(number),
            };
            if !there {
                return Err(format!(
                    "where the callers {} come in is not in the site {}",
                    one.name, site.name
                ));
            }
        }
        let queues = site.routing.values().flatten().map(|rule| &rule.queue);
        match queues.into_iter().find(|queue| !site.queues.contains_key(*queue)) {
            Some(queue) => Err(format!("there is no queue {queue} in the site")),
            None => Ok(()),
        }
    }
}

/// Reads a scenario's file, in this site or in the one that it names.
pub fn load(path: &Path, site: Option<Site>) -> Result<Scenario, Problems> {
    let mut to = Findings::default();
    let (root, name) = (path.parent().unwrap_or(Path::new("")), path.file_name().unwrap_or_default());
    let file = name.to_string_lossy();
    let Some(read) = to.read(root, &file) else {
        if !to.has_errors() {
            let place = to.absent(&file);
            let help = "`examples/scenarios` has some";
            to.error(Code::MissingFile, place, format!("there is no scenario {}", path.display()), help);
        }
        return Err(to.into_problems());
    };
    let scenario = tree::parse(read, &mut to).and_then(|node| scenario(root, &node, site, &mut to));
    match scenario {
        Some(scenario) if !to.has_errors() => Ok(scenario),
        _ => Err(to.into_problems()),
    }
}

fn scenario(root: &Path, node: &Node, site: Option<Site>, to: &mut Findings) -> Option<Scenario> {
    let fields = Fields::open(node, node.place, &SCENARIO, to)?;
    let (second, day) = (Duration::from_secs(1), Duration::from_hours(24));
    let name = fields.need("name", to).and_then(|n| decode::line(n, 120, "a busy Monday", to));
    let start = start(&fields, to);
    let mut span = |key, default: Duration, max| {
        fields.get(key).map_or(Some(default), |n| decode::duration(n, Duration::ZERO, max, to))
    };
    let length = span("length", day, 500 * day);
    let warm_up = span("warm_up", Duration::ZERO, day);
    let within = span("within", 20 * second, day);
    let seed = fields.get("seed").map_or(Some(1), |n| decode::amount(n, 0, u16::MAX, to));
    let site = match (site, fields.get("site")) {
        (Some(site), _) => Some(site),
        (None, Some(node)) => Some(named_site(root, node, to)?),
        (None, None) => None,
    };
    let rules = fields.get("queues").map(|n| rules(n, site.as_ref(), to)).unwrap_or_default();
    let agents = match &site {
        None => fields.need("agents", to),
        Some(_) => fields.get("agents"),
    };
    let agents = agents.map(|n| agents_of(n, site.as_ref(), to)).unwrap_or_default();
    if let (Some(node), None) = (fields.get("queues"), &site) {
        unlike_a_site(node, &agents, to);
    }
    let scenario = Scenario {
        name: name?,
        start: start?,
        length: length?,
        warm_up: warm_up?,
        seed: seed?.into(),
        within: within?,
        arrivals: arrivals(&fields, length?, site.as_ref(), &agents, to)?,
        site: site.map(Box::new),
        queues: rules,
        agents,
        recorded: Vec::new(),
        what_if: fields.get("what_if").map_or(Some(Vec::new()), |n| what_ifs(root, n, to))?,
    };
    if let Err(why) = scenario.fits() {
        let place = fields.key_place("agents").unwrap_or(node.place);
        to.error(Code::Contradiction, place, why, "see the site's people.yaml and routing.yaml");
    }
    Some(scenario)
}

fn start(fields: &Fields, to: &mut Findings) -> Option<DateTime> {
    let Some(n) = fields.get("start") else { return Some(SOME_DAY) };
    let time: Option<DateTime> = decode::scalar(n, "2026-11-23T00:00", to)?.parse().ok();
    if time.is_none() {
        to.error(Code::BadValue, n.place, "this is no time", "write it like 2026-11-23T00:00");
    }
    let year = time.is_some_and(|time| (2000..=2100).contains(&time.year()));
    if time.is_some() && !year {
        to.error(Code::BadValue, n.place, "this is not in our time", "from the year 2000 to 2100");
    }
    time
}

fn named_site(root: &Path, node: &Node, to: &mut Findings) -> Option<Site> {
    let dir = root.join(decode::scalar(node, "../small", to)?);
    let loaded = super::load(&dir);
    if let Err(problems) = &loaded {
        let message = format!("the site in {} has {} errors", dir.display(), problems.errors());
        to.error(Code::BadValue, node.place, message, format!("`tandem check {}` tells them", dir.display()));
    }
    loaded.ok()
}

fn rules(node: &Node, site: Option<&Site>, to: &mut Findings) -> BTreeMap<Name, Queue> {
    if site.is_some() {
        let help = "change the site, or say it in `what_if`: `queue calls max_wait 1h`";
        to.error(Code::Contradiction, node.place, "the queues are those of the site", help);
        return BTreeMap::new();
    }
    let read =
        queues::read(node, &Names::of_queues(node, "the scenario"), &Tongue { languages: Vec::new() }, to);
    if let Some((name, _)) = read.iter().find(|(_, queue)| queue.takes != Takes::Calls) {
        let message = format!("queue `{name}` takes messages, and a scenario has callers only");
        to.error(Code::Contradiction, node.place, message, "remove it");
    }
    read
}

fn arrivals(
    fields: &Fields,
    length: Duration,
    site: Option<&Site>,
    agents: &BTreeMap<Name, Curve>,
    to: &mut Findings,
) -> Option<Vec<Arrivals>> {
    let node = fields.need("arrivals", to)?;
    let queues: Vec<&str> = match site {
        Some(site) => {
            let calls = site.queues.iter().filter(|(_, queue)| queue.takes == Takes::Calls);
            calls.map(|(name, _)| name.as_str()).collect()
        }
        None => agents.keys().map(Name::as_str).collect(),
    };
    let read: Vec<_> = decode::list(node).iter().map(|n| Arrivals::read(n, &queues, site, to)).collect();
    let hours = length.as_secs_f64() / 3600.0;
    let most = read.iter().flatten().map(|one| f64::from(one.rate.most()) * hours).sum::<f64>();
    if most > MOST_CALLERS {
        let message = format!("{most:.0} callers may come, and {MOST_CALLERS:.0} are the most");
        to.error(Code::TooLarge, node.place, message, "make `length` shorter or `rate` less");
    }
    read.into_iter().collect()
}

/// A list of changes, each a text or a table with a name for several.
fn what_ifs(root: &Path, node: &Node, to: &mut Findings) -> Option<Vec<WhatIf>> {
    let read = decode::list(node).iter().map(|node| {
        let (name, texts) = match &node.value {
            Value::Table(_) => {
                let fields = Fields::open(node, node.place, &WHAT_IF, to)?;
                let name = fields.need("name", to).and_then(|n| decode::line(n, 120, "calmer", to));
                (Some(name?), decode::list(fields.need("changes", to)?))
            }
            _ => (None, std::slice::from_ref(node)),
        };
        let mut changes = Vec::new();
        let mut words = Vec::new();
        for node in texts {
            let text = decode::scalar(node, "agents calls -2 10:00-12:00", to)?;
            match WhatIf::parse(text, root) {
                Ok(read) => changes.extend(read.changes),
                Err(why) => {
                    to.error(Code::BadValue, node.place, why, "see docs/simulate.md");
                    return None;
                }
            }
            words.push(text);
        }
        Some(WhatIf { name: name.unwrap_or_else(|| words.join("; ")), changes })
    });
    let read: Vec<_> = read.collect();
    read.into_iter().collect()
}

/// A name that must be one of those.
fn nearest(what: &str, text: &str, known: &[&str], node: &Node, to: &mut Findings) -> Option<Name> {
    if !known.contains(&text) {
        let message = format!("there is no {what} `{}`", shorten(text));
        to.error(Code::UnknownName, node.place, message, decode::suggest(text, known, "there is"));
        return None;
    }
    Name::new(text).ok()
}

/// Queues of which nothing is called, and settings that have no meaning here.
fn unlike_a_site(node: &Node, agents: &BTreeMap<Name, Curve>, to: &mut Findings) {
    let Value::Table(queues) = &node.value else { return };
    for (key, node) in queues {
        if !agents.keys().any(|name| name.as_str() == key.text) {
            let known: Vec<&str> = agents.keys().map(Name::as_str).collect();
            let message = format!("there are no agents for queue `{}`", shorten(&key.text));
            to.error(
                Code::UnknownName,
                key.place,
                message,
                decode::suggest(&key.text, &known, "there are for"),
            );
        }
        let Value::Table(settings) = &node.value else { continue };
        for (key, _) in
            settings.iter().filter(|(key, _)| ["needs", "prefers", "relax"].contains(&key.text.as_str()))
        {
            let message = format!("`{}` has no meaning in a scenario: its agents are all alike", key.text);
            to.error(Code::Contradiction, key.place, message, "leave it out");
        }
    }
}

fn agents_of(node: &Node, site: Option<&Site>, to: &mut Findings) -> BTreeMap<Name, Curve> {
    let known: Option<Vec<&str>> = site.map(|site| site.queues.keys().map(Name::as_str).collect());
    decode::entries(node, "agents", "calls: 14", to)
        .iter()
        .filter_map(|(key, node)| {
            let queue = match &known {
                Some(known) if !known.contains(&key.text.as_str()) => {
                    let message = format!("there is no queue `{}`", shorten(&key.text));
                    to.error(
                        Code::UnknownName,
                        key.place,
                        message,
                        decode::suggest(&key.text, known, "there is"),
                    );
                    None
                }
                _ => decode::new_name(key, "a queue", to),
            };
            Some((queue?, Curve::read(node, "14", to)?))
        })
        .collect()
}
