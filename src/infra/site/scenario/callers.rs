//! Who calls in a scenario: whom, how often, known as what.

use std::{collections::BTreeSet, time::Duration};

use super::{Back, Curve, Problem, Spread, habits, nearest};
use crate::{
    base::{
        clock::Stamp,
        id::Name,
        number::{Key, Number},
    },
    infra::site::{
        Code, Locale, Site,
        decode::{self, Fields, Shape, shorten},
        general,
        source::Findings,
        tree::Node,
    },
};

const ARRIVALS: Shape = Shape {
    what: "callers",
    keys: &[
        ("queue", "queue: calls"),
        ("route", "route: desk"),
        ("to", "to: 4000"),
        ("name", "name: investors"),
        ("keys", "keys: \"1\""),
        ("from", "from: +8621"),
        ("class", "class: vip"),
        ("tags", "tags: [investor]"),
        ("language", "language: en"),
        ("complaints", "complaints: 2"),
        ("contacts", "contacts: 3"),
        ("rate", "rate: 200"),
        ("handling", "handling: { exponential: 180s }"),
        ("patience", "patience: { exponential: 2m }"),
        ("callback", "callback: { accept: 60, after: 40s }"),
        ("problem", "problem: { solved: 70, again: { exponential: 12h } }"),
    ],
};
/// What only means something in a site.
const OF_SITES: [&str; 11] = [
    "route",
    "to",
    "keys",
    "from",
    "class",
    "tags",
    "language",
    "complaints",
    "contacts",
    "callback",
    "problem",
];

/// Callers of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrivals {
    /// As they are told of.
    pub name: String,
    pub to: Target,
    pub who: Who,
    /// What they press, one key after the other.
    pub keys: Vec<Key>,
    /// Calls an hour; they come independently of each other.
    pub rate: Curve,
    /// From the answer to the end of the talk.
    pub handling: Spread,
    /// Without it nobody hangs up while waiting.
    pub patience: Option<Spread>,
    /// Without it nobody wants to be called back.
    pub callback: Option<Back>,
    /// Without it nobody calls again.
    pub problem: Option<Problem>,
}

/// Somebody who came once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Came {
    pub at: Stamp,
    /// Which of the kinds of callers this is one of.
    pub kind: usize,
    pub talk: Duration,
    pub patience: Duration,
}

/// Where callers come in.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// By a number of this queue alone.
    Queue(Name),
    /// By a number of which all callers are led by this policy.
    Policy(Name),
    /// By a number of the site.
    Number(Number),
}

impl Target {
    pub fn queue(&self) -> Option<&Name> {
        match self {
            Self::Queue(queue) => Some(queue),
            Self::Policy(_) | Self::Number(_) => None,
        }
    }
}

/// What is known of callers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Who {
    /// How their numbers begin.
    pub from: Option<Number>,
    pub class: Option<Name>,
    pub tags: BTreeSet<Name>,
    pub language: Option<Locale>,
    pub complaints: u32,
    pub contacts: u32,
}

impl Arrivals {
    pub(super) fn read(node: &Node, queues: &[&str], site: Option<&Site>, to: &mut Findings) -> Option<Self> {
        let fields = Fields::open(node, node.place, &ARRIVALS, to)?;
        if site.is_none() {
            for key in OF_SITES.into_iter().filter(|key| fields.get(key).is_some()) {
                let message = format!("`{key}` has no meaning without a site");
                let place = fields.key_place(key).unwrap_or(node.place);
                to.error(Code::Contradiction, place, message, "name one: `site: DIR`, or --site DIR");
            }
        }
        let target = target(node, &fields, queues, site, to);
        let rate = fields.need("rate", to).and_then(|n| Curve::read(n, "200", to));
        let handling = fields.need("handling", to).and_then(|n| Spread::read(n, to));
        let patience = fields.get("patience").map(|n| Spread::read(n, to));
        let callback = fields.get("callback").map(|n| habits::back(n, to));
        let problem = fields.get("problem").map(|n| habits::problem(n, to));
        let who = who(&fields, to);
        let keys = fields.get("keys").and_then(|n| {
            let text = decode::scalar(n, "1", to)?;
            let key = |c: char| decode::phone_key(c.encode_utf8(&mut [0; 4]), n.place, to);
            Some(text.chars().map(key).collect::<Vec<_>>())
        });
        let name = fields.get("name").map(|n| decode::line(n, 60, "investors", to));
        let (target, who) = (target?, who?);
        Some(Self {
            name: name.unwrap_or_else(|| Some(called(&target, &who)))?,
            to: target,
            who,
            keys: keys.unwrap_or_default().into_iter().collect::<Option<_>>()?,
            rate: rate?,
            handling: handling?,
            patience: patience.map_or(Some(None), |spread| spread.map(Some))?,
            callback: callback.map_or(Some(None), |back| back.map(Some))?,
            problem: problem.map_or(Some(None), |problem| problem.map(Some))?,
        })
    }
}

fn target(
    node: &Node,
    fields: &Fields,
    queues: &[&str],
    site: Option<&Site>,
    to: &mut Findings,
) -> Option<Target> {
    let ways: Vec<(&str, &Node)> =
        ["queue", "route", "to"].into_iter().filter_map(|key| Some((key, fields.get(key)?))).collect();
    let &[(way, at)] = ways.as_slice() else {
        if ways.is_empty() {
            fields.need("queue", to);
        } else {
            let help = "keep one of `queue`, `route` and `to`";
            to.error(Code::Contradiction, node.place, "these callers come in two ways at once", help);
        }
        return None;
    };
    let text = decode::scalar(at, "calls", to)?;
    let policies: Vec<&str> = site.iter().flat_map(|site| site.routing.keys()).map(Name::as_str).collect();
    let numbers: Vec<&str> = site.iter().flat_map(|site| site.numbers.keys()).map(Number::as_str).collect();
    match way {
        "queue" => nearest("queue", text, queues, at, to).map(Target::Queue),
        "route" => nearest("policy", text, &policies, at, to).map(Target::Policy),
        _ if numbers.contains(&text) => Number::new(text).ok().map(Target::Number),
        _ => {
            let message = format!("`{}` is no number of the site", shorten(text));
            to.error(Code::UnknownName, at.place, message, decode::suggest(text, &numbers, "there is"));
            None
        }
    }
}

fn who(fields: &Fields, to: &mut Findings) -> Option<Who> {
    let mut name = |n: &Node| {
        let text = decode::scalar(n, "vip", to)?;
        let name = Name::new(text).ok();
        if name.is_none() {
            let message = format!("`{}` is no name", shorten(text));
            to.error(Code::BadValue, n.place, message, "letters, digits, `.`, `_`, `-`");
        }
        name
    };
    let class = fields.get("class").map(&mut name);
    let tags = fields.get("tags").map(|n| decode::list(n).iter().map(&mut name).collect::<Option<_>>());
    let from = fields.get("from").map(|n| decode::dialled(n, "+8621", to));
    let mut amount = |key| fields.get(key).map_or(Some(0), |n| decode::amount(n, 0, 1000, to));
    let (complaints, contacts) = (amount("complaints"), amount("contacts"));
    let language = fields.get("language").map(|n| general::language(n, to));
    Some(Who {
        from: from.map_or(Some(None), |from| from.map(Some))?,
        class: class.map_or(Some(None), |class| class.map(Some))?,
        tags: tags.unwrap_or_else(|| Some(BTreeSet::new()))?,
        language: language.map_or(Some(None), |language| language.map(Some))?,
        complaints: complaints?.into(),
        contacts: contacts?.into(),
    })
}

/// `vip to desk`
fn called(target: &Target, who: &Who) -> String {
    let place = match target {
        Target::Queue(name) | Target::Policy(name) => name.as_str(),
        Target::Number(number) => number.as_str(),
    };
    match &who.class {
        Some(class) => format!("{class} to {place}"),
        None => place.to_owned(),
    }
}
