//! `flows/*.test.yaml`: conversations that try a flow: what the caller does, what has to come of it.

use std::{collections::BTreeMap, path::Path};

use jiff::civil::DateTime;
use smol_str::SmolStr;

use super::{
    Code, Locale, Problems, TESTS,
    decode::{self, Fields, Shape, shorten},
    general,
    source::Findings,
    tree::{self, Node},
};
use crate::base::{id::Name, number::Key};

const FILE: Shape = Shape {
    what: "a file of trials",
    keys: &[
        ("now", "now: 2026-11-21T10:00"),
        ("tests", "tests: [ { name: a refund, turns: [ { say: refund } ] } ]"),
    ],
};
const TRIAL: Shape = Shape {
    what: "a trial",
    keys: &[
        ("name", "name: a refund with a correction"),
        ("language", "language: zh"),
        ("turns", "turns: [ { say: 我要退款, hears: 订单号 } ]"),
        ("ends", "ends: queue support"),
        ("knows", "knows: { order: 20261145 }"),
    ],
};
const TURN: Shape = Shape {
    what: "a turn",
    keys: &[
        ("say", "say: 我要退款"),
        ("keys", "keys: 20261145"),
        ("silence", "silence:"),
        ("done", "done: { state: 已发货 }"),
        ("failed", "failed:"),
        ("hears", "hears: 订单号"),
        ("intent", "intent: refund"),
        ("does", "does: refund_request"),
        ("cites", "cites: hours"),
    ],
};
const DEEDS: [&str; 5] = ["say", "keys", "silence", "done", "failed"];

/// One conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    pub name: String,
    /// `None`: the site's first.
    pub language: Option<Locale>,
    pub now: DateTime,
    pub turns: Vec<TrialTurn>,
    /// In the words of `Ending`: `queue support`, `extension 1001`, `hangup`, `mailbox 1001`.
    pub ends: Option<String>,
    /// What is known at the end.
    pub knows: BTreeMap<Name, SmolStr>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TrialTurn {
    /// In its file.
    pub line: usize,
    pub deed: Deed,
    /// Parts of what is said then, in this order.
    pub hears: Vec<String>,
    /// The likeliest intent.
    pub intent: Option<String>,
    /// The task that begins.
    pub does: Option<String>,
    /// The passage that answers.
    pub cites: Option<String>,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    Say(String),
    Keys(Vec<Key>),
    Silence,
    /// The outcome of the task at hand.
    Done(BTreeMap<SmolStr, SmolStr>),
    Failed,
}

/// The trials of a flow; none when there is no file of them.
pub fn load(root: &Path, flow: &Name) -> Result<Vec<Trial>, Problems> {
    let mut to = Findings::default();
    let file = format!("flows/{flow}{TESTS}");
    let tree = to.read(root, &file).and_then(|read| tree::parse(read, &mut to));
    let trials = tree.map(|node| read(&node, &mut to)).unwrap_or_default();
    if to.has_errors() { Err(to.into_problems()) } else { Ok(trials) }
}

fn read(node: &Node, to: &mut Findings) -> Vec<Trial> {
    let Some(fields) = Fields::open(node, node.place, &FILE, to) else { return Vec::new() };
    let now = match fields.get("now").map(|node| (node, decode::scalar(node, "2026-11-21T10:00", to))) {
        None => DateTime::constant(2026, 11, 21, 10, 0, 0, 0),
        Some((node, text)) => text.and_then(|text| text.parse().ok()).unwrap_or_else(|| {
            to.error(Code::BadValue, node.place, "this is no time", "write it like 2026-11-21T10:00");
            DateTime::default()
        }),
    };
    let Some(tests) = fields.need("tests", to) else { return Vec::new() };
    decode::list(tests).iter().filter_map(|node| trial(node, now, to)).collect()
}

fn trial(node: &Node, now: DateTime, to: &mut Findings) -> Option<Trial> {
    let fields = Fields::open(node, node.place, &TRIAL, to)?;
    let name = fields.need("name", to).and_then(|node| decode::line(node, 120, "a refund", to));
    let language = fields.get("language").and_then(|node| general::language(node, to));
    let turns: Vec<_> =
        fields.need("turns", to).map_or(&[][..], decode::list).iter().map(|node| turn(node, to)).collect();
    let ends = fields.get("ends").and_then(|node| decode::line(node, 80, "queue support", to));
    let knows = fields.get("knows").map(|node| values(node, to)).unwrap_or_default();
    let knows = knows.into_iter().filter_map(|(name, value)| Some((Name::new(name).ok()?, value)));
    Some(Trial {
        name: name?,
        language,
        now,
        knows: knows.collect(),
        turns: turns.into_iter().collect::<Option<_>>()?,
        ends,
    })
}

fn turn(node: &Node, to: &mut Findings) -> Option<TrialTurn> {
    let fields = Fields::open(node, node.place, &TURN, to)?;
    let mut deeds = DEEDS.into_iter().filter(|deed| fields.get(deed).is_some());
    let (deed, more) = (deeds.next(), deeds.next());
    if deed.is_none() || more.is_some() {
        let help = format!("write one of: {}", DEEDS.join(", "));
        to.error(Code::MissingKey, node.place, "a turn is one thing that happens", help);
        return None;
    }
    let name = deed?;
    let value = fields.get(name)?;
    let deed = match name {
        "say" => Deed::Say(decode::line(value, 1000, "我要退款", to)?),
        "keys" => {
            let text = decode::scalar(value, "20261145#", to)?;
            let keys: Option<Vec<Key>> = text.chars().map(Key::new).collect();
            if keys.is_none() {
                let message = format!("`{}` are no keys of a telephone", shorten(text));
                to.error(Code::BadValue, value.place, message, "0 to 9, `*`, `#`, in quotes");
            }
            Deed::Keys(keys?)
        }
        "silence" => Deed::Silence,
        "done" => {
            Deed::Done(values(value, to).into_iter().map(|(name, value)| (name.into(), value)).collect())
        }
        _ => Deed::Failed,
    };
    let hears = fields.get("hears").map_or(&[][..], decode::list).iter();
    let hears: Vec<_> = hears.map(|node| decode::line(node, 1000, "订单号", to)).collect();
    let intent = fields.get("intent").and_then(|node| decode::scalar(node, "refund", to)).map(str::to_owned);
    let does = fields.get("does").and_then(|node| decode::scalar(node, "refund", to)).map(str::to_owned);
    let cites = fields.get("cites").and_then(|node| decode::scalar(node, "hours", to)).map(str::to_owned);
    let line = to.line(node.place);
    Some(TrialTurn { line, deed, hears: hears.into_iter().collect::<Option<_>>()?, intent, does, cites })
}

fn values(node: &Node, to: &mut Findings) -> Vec<(String, SmolStr)> {
    let entries = decode::entries(node, "values", "state: 已发货", to);
    let mut one = |node: &Node| decode::line(node, 200, "已发货", to).map(SmolStr::from);
    entries.iter().filter_map(|(key, node)| Some((key.text.clone(), one(node)?))).collect()
}
