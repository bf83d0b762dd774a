//! `queues.yaml`: where callers wait.

use std::{collections::BTreeMap, time::Duration};

use super::{
    callback,
    decode::{self, Fields, Shape},
    dispositions, messages,
    model::{Agent, Dialing, Queue, ServiceLevel, Strategy, Takes},
    names::Names,
    overflow,
    problem::Code,
    prompt::Tongue,
    skills,
    source::Findings,
    survey,
    tree::{Node, Value},
};
use crate::base::{id::Name, mood::MoodLimits};

const QUEUE: Shape = Shape {
    what: "a queue",
    keys: &[
        ("takes", "takes: messages"),
        ("ring", "ring: 20s"),
        ("rest", "rest: 30s"),
        ("max_wait", "max_wait: 5m"),
        ("announce", "announce: 45s"),
        ("greeting", "greeting: { zh: 请稍候。, en: Please hold. }"),
        ("needs", "needs: { vip: 5 }"),
        ("prefers", "prefers: { english: 3 }"),
        ("relax", "relax: [ { after: 10s, needs: { vip: 3 } } ]"),
        ("strategy", "strategy: longest_idle"),
        ("head_start", "head_start: 2m"),
        ("expand", "expand: { above: 10 }"),
        ("overflow", "overflow: [ { waited: 1m, queue: backup } ]"),
        ("service_level", "service_level: { percent: 80, within: 20s }"),
        ("callback", "callback: { key: 1 }"),
        ("survey", "survey: { flow: rating }"),
        ("dispositions", "dispositions: { codes: { solved: { zh: 已解决, en: Solved } } }"),
        ("mood", "mood: { silence: 20s, heat: 70 }"),
    ],
};

pub(super) fn read(node: &Node, names: &Names, tongue: &Tongue, to: &mut Findings) -> BTreeMap<Name, Queue> {
    let queues = decode::entries(node, "queues", "sales: { ring: 20s, max_wait: 5m }", to);
    let read: BTreeMap<Name, Queue> = queues
        .iter()
        .filter_map(|(key, node)| {
            let name = decode::new_name(key, "a queue", to);
            let fields = Fields::open(node, key.place, &QUEUE, to)?;
            let queue = match messages::takes(&fields, to)? {
                Takes::Calls => for_calls(&fields, names, tongue, to),
                Takes::Messages => messages::queue(&fields, names, to),
            };
            Some((name?, queue?))
        })
        .collect();
    overflow::circles(node, &read, to);
    read
}

fn for_calls(fields: &Fields, names: &Names, tongue: &Tongue, to: &mut Findings) -> Option<Queue> {
    let (second, hour) = (Duration::from_secs(1), Duration::from_hours(1));
    let mut span = |key, default: u64, min, max| {
        fields.get(key).map_or(Some(Duration::from_secs(default)), |n| decode::duration(n, min, max, to))
    };
    let ring = span("ring", 20, 5 * second, 120 * second);
    let rest = span("rest", 30, Duration::ZERO, hour);
    let max_wait = span("max_wait", 300, 5 * second, 24 * hour);
    let head_start = span("head_start", 0, Duration::ZERO, 24 * hour);
    let announce = fields.get("announce").map(|n| decode::duration(n, 15 * second, hour, to));
    let greeting = fields.get("greeting").map(|n| tongue.prompt(n, to));
    let mut levels = |key, least| fields.get(key).map(|n| skills::levels(n, least, to)).unwrap_or_default();
    let (needs, prefers) = (levels("needs", 1), levels("prefers", 1));
    let relax = fields.get("relax").map(|n| skills::relaxations(n, &needs, max_wait, to));
    let expand = fields.get("expand").map(|n| skills::expansion(n, &needs, to));
    let overflow = fields.get("overflow").map(|n| overflow::read(n, names, Takes::Calls, max_wait, to));
    let level = fields.get("service_level").map(|n| service_level(n, hour, to));
    let callback = fields.get("callback").map(|n| callback::read(n, to));
    let survey = fields.get("survey").map(|n| survey::read(n, names, to));
    let dispositions = fields.get("dispositions").map(|n| dispositions::read(n, tongue, to));
    let mood = fields.get("mood").map(|n| mood(n, to));
    let strategy = fields.get("strategy").map_or(Some(Strategy::default()), |n| strategy(n, to));
    Some(Queue {
        greeting: greeting.unwrap_or_default(),
        needs,
        prefers,
        relax: relax.unwrap_or_default(),
        strategy: strategy?,
        head_start: head_start?,
        overflow: overflow.unwrap_or_default(),
        expand: expand.flatten(),
        announce: announce.flatten(),
        service_level: level.flatten().unwrap_or_default(),
        callback: callback.flatten(),
        survey: survey.flatten(),
        dispositions: dispositions.flatten(),
        mood: mood.flatten(),
        ..Queue::new(ring?, rest?, max_wait?)
    })
}

const LEVEL: Shape = Shape {
    what: "a service level",
    keys: &[("percent", "percent: 80"), ("within", "within: 20s"), ("short", "short: 5s")],
};

pub(super) fn service_level(node: &Node, longest: Duration, to: &mut Findings) -> Option<ServiceLevel> {
    let fields = Fields::open(node, node.place, &LEVEL, to)?;
    let (usual, minute) = (ServiceLevel::default(), Duration::from_mins(1));
    let percent = fields.need("percent", to).and_then(|n| decode::amount(n, 1, 100, to));
    let within = fields.need("within", to).and_then(|n| decode::duration(n, Duration::ZERO, longest, to));
    let short = fields.get("short").map(|n| decode::duration(n, Duration::ZERO, minute, to));
    let (percent, within) = (u8::try_from(percent?).ok()?, within?);
    Some(ServiceLevel { percent, within, short: short.unwrap_or(Some(usual.short))? })
}

const MOOD: Shape =
    Shape { what: "what is told of talks", keys: &[("silence", "silence: 20s"), ("heat", "heat: 70")] };

fn mood(node: &Node, to: &mut Findings) -> Option<MoodLimits> {
    let fields = Fields::open(node, node.place, &MOOD, to)?;
    let (least, most) = (Duration::from_secs(3), Duration::from_mins(10));
    let silence = fields.get("silence").map(|n| decode::duration(n, least, most, to));
    let heat = fields.get("heat").map(|n| decode::amount(n, 30, 95, to).and_then(|n| u8::try_from(n).ok()));
    if silence.is_none() && heat.is_none() {
        let help = "write `silence: 20s`, `heat: 70`, or both";
        to.error(Code::MissingKey, node.place, "nothing is to be told of talks", help);
        return None;
    }
    Some(MoodLimits { silence: silence.flatten(), heat: heat.flatten() })
}

pub(super) fn strategy(node: &Node, to: &mut Findings) -> Option<Strategy> {
    let text = decode::scalar(node, "longest_idle", to)?;
    let found = Strategy::ALL.into_iter().find(|(word, _)| *word == text);
    if found.is_none() {
        let known: Vec<&str> = Strategy::ALL.iter().map(|(word, _)| *word).collect();
        let message = format!("`{}` is no strategy", decode::shorten(text));
        to.error(Code::BadValue, node.place, message, decode::suggest(text, &known, "allowed"));
    }
    found.map(|(_, strategy)| strategy)
}

/// What of queues is wrong beside the rest of the site. Without `people.yaml` nobody knows who serves them.
pub(super) fn check(
    node: &Node,
    queues: &BTreeMap<Name, Queue>,
    agents: Option<&BTreeMap<Name, Agent>>,
    dialing: &Dialing,
    to: &mut Findings,
) {
    agents.inspect(|agents| unserved(node, queues, agents, to));
    callback::unreachable(node, queues, dialing, to);
}

/// Queues that nobody serves, or whose needs nobody meets.
fn unserved(node: &Node, queues: &BTreeMap<Name, Queue>, agents: &BTreeMap<Name, Agent>, to: &mut Findings) {
    let Value::Table(entries) = &node.value else { return };
    for (key, node) in entries {
        let mut crew =
            agents.values().filter(|agent| agent.queues.iter().any(|q| q.as_str() == key.text)).peekable();
        if crew.peek().is_none() {
            let takes = Name::new(&key.text).ok().and_then(|name| queues.get(&name)).map(|queue| queue.takes);
            let message =
                format!("no agent takes {} of queue `{}`", takes.unwrap_or_default().word(), key.text);
            let help = format!("add it to somebody in people.yaml: `queues: [{}]`", key.text);
            to.warn(Code::EmptyQueue, key.place, message, help);
        } else if let Some(queue) = Name::new(&key.text).ok().and_then(|name| queues.get(&name)) {
            skills::unmet(key, node, queue, crew, to);
        }
    }
}
