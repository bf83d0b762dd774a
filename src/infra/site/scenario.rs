//! Scenarios for `tandem simulate`: who calls when, how long they talk and wait, how many agents there are.

use std::{collections::BTreeMap, path::Path, time::Duration};

use jiff::civil::{DateTime, Time};

use super::{
    Code, Problems,
    decode::{self, Fields, Shape, shorten},
    hours,
    model::Queue,
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
        ("queues", "queues: { calls: { max_wait: 1h } }"),
        ("agents", "agents: { calls: 14 }"),
        ("arrivals", "arrivals: [ { queue: calls, rate: 200, handling: { exponential: 180s } } ]"),
    ],
};
const ARRIVALS: Shape = Shape {
    what: "callers",
    keys: &[
        ("queue", "queue: calls"),
        ("rate", "rate: 200"),
        ("handling", "handling: { exponential: 180s }"),
        ("patience", "patience: { exponential: 2m }"),
    ],
};
const SPREAD: Shape = Shape { what: "a time that varies", keys: &[("exponential", "exponential: 180s")] };

/// A day, or several, to be lived through in virtual time.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    pub name: String,
    /// In UTC.
    pub start: DateTime,
    /// How long callers come; those who are there then are served to the end.
    pub length: Duration,
    /// Callers who come before are not counted.
    pub warm_up: Duration,
    pub seed: u64,
    /// Answered within this time counts for the service level.
    pub within: Duration,
    pub queues: BTreeMap<Name, Queue>,
    /// Agents by queue.
    pub agents: BTreeMap<Name, Curve>,
    pub arrivals: Vec<Arrivals>,
}

/// Callers of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrivals {
    pub queue: Name,
    /// Calls an hour; they come independently of each other.
    pub rate: Curve,
    /// From the answer to the end of the talk.
    pub handling: Spread,
    /// Without it nobody hangs up while waiting.
    pub patience: Option<Spread>,
}

/// How long something takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spread {
    Always(Duration),
    /// With this mean.
    Exponential(Duration),
}

impl Spread {
    pub fn mean(self) -> Duration {
        match self {
            Self::Always(span) | Self::Exponential(span) => span,
        }
    }
}

/// A value by the time of day: each from its time on, the last one until midnight; nothing before the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve(pub Vec<(Time, u16)>);

impl Curve {
    pub fn at(&self, time: Time) -> u16 {
        self.0.iter().rev().find(|(from, _)| *from <= time).map_or(0, |(_, value)| *value)
    }

    pub fn most(&self) -> u16 {
        self.0.iter().map(|(_, value)| *value).max().unwrap_or(0)
    }

    /// The value, if it is the same all day.
    pub fn constant(&self) -> Option<u16> {
        match self.0.as_slice() {
            [(Time::MIN, value)] => Some(*value),
            _ => None,
        }
    }
}

/// Reads a scenario's file.
pub fn load(path: &Path) -> Result<Scenario, Problems> {
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
    let scenario = tree::parse(read, &mut to).and_then(|node| scenario(&node, &mut to));
    match scenario {
        Some(scenario) if !to.has_errors() => Ok(scenario),
        _ => Err(to.into_problems()),
    }
}

fn scenario(node: &Node, to: &mut Findings) -> Option<Scenario> {
    let fields = Fields::open(node, node.place, &SCENARIO, to)?;
    let (second, day) = (Duration::from_secs(1), Duration::from_hours(24));
    let name = fields.need("name", to).and_then(|n| decode::line(n, 120, "a busy Monday", to));
    let start = fields.get("start").map_or(Some(DateTime::constant(2026, 11, 23, 0, 0, 0, 0)), |n| {
        let time = decode::scalar(n, "2026-11-23T00:00", to)?.parse().ok();
        if time.is_none() {
            to.error(Code::BadValue, n.place, "this is no time", "write it like 2026-11-23T00:00");
        }
        let year = time.is_some_and(|time: DateTime| (2000..=2100).contains(&time.year()));
        if time.is_some() && !year {
            to.error(Code::BadValue, n.place, "this is not in our time", "from the year 2000 to 2100");
        }
        time
    });
    let mut span = |key, default: Duration, max| {
        fields.get(key).map_or(Some(default), |n| decode::duration(n, Duration::ZERO, max, to))
    };
    let length = span("length", day, 500 * day);
    let warm_up = span("warm_up", Duration::ZERO, day);
    let within = span("within", 20 * second, day);
    let seed = fields.get("seed").map_or(Some(1), |n| decode::amount(n, 0, u16::MAX, to));
    let rules = fields
        .get("queues")
        .map(|n| queues::read(n, &Names::of_queues(n, "the scenario"), &Tongue { languages: Vec::new() }, to))
        .unwrap_or_default();
    let agents = fields.need("agents", to).map(|n| agents(n, to)).unwrap_or_default();
    if let Some(node) = fields.get("queues") {
        unlike_a_site(node, &agents, to);
    }
    let arrivals = fields.need("arrivals", to).map_or(&[][..], decode::list);
    let of_all = fields.get("arrivals").map(|n| n.place);
    let arrivals: Vec<_> = arrivals.iter().map(|n| arrivals_of(n, &agents, to)).collect();
    let hours = length.unwrap_or_default().as_secs_f64() / 3600.0;
    let most = arrivals.iter().flatten().map(|one| f64::from(one.rate.most()) * hours).sum::<f64>();
    if let Some(place) = of_all.filter(|_| most > MOST_CALLERS) {
        let message = format!("{most:.0} callers may come, and {MOST_CALLERS:.0} are the most");
        to.error(Code::TooLarge, place, message, "make `length` shorter or `rate` less");
    }
    Some(Scenario {
        name: name?,
        start: start?,
        length: length?,
        warm_up: warm_up?,
        seed: seed?.into(),
        within: within?,
        queues: rules,
        agents,
        arrivals: arrivals.into_iter().collect::<Option<_>>()?,
    })
}

/// More callers are not lived through at once.
const MOST_CALLERS: f64 = 5_000_000.0;

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

fn agents(node: &Node, to: &mut Findings) -> BTreeMap<Name, Curve> {
    decode::entries(node, "agents", "calls: 14", to)
        .iter()
        .filter_map(|(key, node)| {
            let queue = decode::new_name(key, "a queue", to);
            Some((queue?, curve(node, "14", to)?))
        })
        .collect()
}

fn arrivals_of(node: &Node, agents: &BTreeMap<Name, Curve>, to: &mut Findings) -> Option<Arrivals> {
    let fields = Fields::open(node, node.place, &ARRIVALS, to)?;
    let queue = fields.need("queue", to).and_then(|n| {
        let text = decode::scalar(n, "calls", to)?;
        let found = agents.keys().find(|name| name.as_str() == text);
        if found.is_none() {
            let known: Vec<&str> = agents.keys().map(Name::as_str).collect();
            let message = format!("there are no agents for queue `{}`", shorten(text));
            to.error(Code::UnknownName, n.place, message, decode::suggest(text, &known, "there are for"));
        }
        found.cloned()
    });
    let rate = fields.need("rate", to).and_then(|n| curve(n, "200", to));
    let handling = fields.need("handling", to).and_then(|n| spread(n, to));
    let patience = fields.get("patience").map(|n| spread(n, to));
    Some(Arrivals {
        queue: queue?,
        rate: rate?,
        handling: handling?,
        patience: patience.map_or(Some(None), |spread| spread.map(Some))?,
    })
}

/// `180s`, or `{ exponential: 180s }`.
fn spread(node: &Node, to: &mut Findings) -> Option<Spread> {
    let bounds = (Duration::from_secs(1), Duration::from_hours(24));
    if !matches!(node.value, Value::Table(_)) {
        return decode::duration(node, bounds.0, bounds.1, to).map(Spread::Always);
    }
    let mean = Fields::open(node, node.place, &SPREAD, to)?.need("exponential", to)?;
    decode::duration(mean, bounds.0, bounds.1, to).map(Spread::Exponential)
}

/// `14`, or `{ 08:00: 10, 12:00: 14 }`.
fn curve(node: &Node, example: &str, to: &mut Findings) -> Option<Curve> {
    let Value::Table(entries) = &node.value else {
        let value = decode::amount(node, 0, 60_000, to)?;
        return Some(Curve(vec![(Time::MIN, value)]));
    };
    let mut steps: Vec<(Time, u16)> = Vec::new();
    for (key, node) in entries {
        let time = hours::time(&key.text);
        if time.is_none() {
            let message = format!("`{}` is no time of day", shorten(&key.text));
            to.error(Code::BadValue, key.place, message, format!("write it like `\"08:00\": {example}`"));
        }
        if let (Some(time), Some(value)) = (time, decode::amount(node, 0, 60_000, to)) {
            steps.push((time, value));
        }
    }
    steps.sort_by_key(|(time, _)| *time);
    Some(Curve(steps))
}
