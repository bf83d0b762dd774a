//! Topics, and words that lead to them from everywhere.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::{
    super::{
        decode::{self, Fields, Shape, shorten},
        model::{End, Human, Jump, Shortcut, Spot, Takes, Topic},
        names::Names,
        problem::Code,
        source::Findings,
        tree::{Key, Node, Value},
    },
    Reading,
};
use crate::base::id::Name;

const TOPIC: Shape = Shape {
    what: "a topic",
    keys: &[
        ("title", "title: { zh: 退款, en: a refund }"),
        ("intents", "intents: [refund]"),
        ("key", "key: 2"),
        ("slots", "slots: [order, reason]"),
        ("urgent", "urgent: true"),
        ("task", "task: pay_back"),
        ("done", "done: { zh: 退款已提交。, en: Your refund is on its way. }"),
        ("say", "say: { zh: 我们九点开门。, en: We open at nine. }"),
        ("answer", "answer: opening_hours"),
        ("human", "human: support"),
        ("call", "call: person"),
        ("hangup", "hangup: { zh: 再见。, en: Goodbye. }"),
    ],
};
const ENDS: [&str; 6] = ["task", "say", "answer", "human", "call", "hangup"];
const SHORTCUT: Shape = Shape {
    what: "a shortcut",
    keys: &[("words", "words: [退款, refund]"), ("topic", "topic: refund"), ("language", "language: en")],
};

const HUMAN: Shape =
    Shape { what: "who takes over", keys: &[("queue", "queue: support"), ("route", "route: desk")] };

impl Reading<'_> {
    pub(super) fn all_topics(&mut self, node: &Node, to: &mut Findings) -> BTreeMap<Name, Topic> {
        let example = "refund: { title: { zh: 退款, en: a refund }, human: support }";
        let entries = decode::entries(node, "topics", example, to);
        let read = entries.iter().filter_map(|(key, node)| {
            let name = decode::new_name(key, "a topic", to);
            let topic = self.topic(key, node, name.as_ref(), to);
            self.whole &= topic.is_some();
            Some((name?, topic?))
        });
        read.collect()
    }

    fn topic(&mut self, key: &Key, node: &Node, name: Option<&Name>, to: &mut Findings) -> Option<Topic> {
        let fields = Fields::open(node, key.place, &TOPIC, to)?;
        let name = name?;
        self.places.topics.insert(name.clone(), key.place);
        let title = fields.need("title", to).map(|node| self.text(Spot::Title(name.clone()), node, to));
        let intents = fields.get("intents").map(|node| self.intents(node, to)).unwrap_or_default();
        let phone_key = match fields.get("key") {
            None => Some(None),
            Some(node) => decode::scalar(node, "2", to)
                .and_then(|text| decode::phone_key(text, node.place, to))
                .map(Some),
        };
        let slots = fields.get("slots").map_or(&[][..], decode::list);
        let slots: Vec<_> = slots.iter().map(|node| self.slots.name(node, to)).collect();
        let urgent = fields.get("urgent").map_or(Some(false), |node| decode::flag(node, to));
        let end = self.end(&fields, key, name, to);
        Some(Topic {
            title: title?,
            intents,
            key: phone_key?,
            slots: slots.into_iter().collect::<Option<_>>()?,
            end: end?,
            urgent: urgent?,
        })
    }

    /// The intents of the samples that mean a topic.
    fn intents(&mut self, node: &Node, to: &mut Findings) -> Vec<SmolStr> {
        let mut intents = Vec::new();
        for node in decode::list(node) {
            let Some(text) = decode::scalar(node, "refund", to) else {
                self.whole = false;
                continue;
            };
            match self.intents {
                Some(learned) if learned.intents.has(text) => intents.push(text.into()),
                Some(learned) => {
                    self.whole = false;
                    let message = format!("there are no samples of the intent `{}`", shorten(text));
                    to.error(Code::UnknownName, node.place, message, learned.intents.near(text));
                }
                None => {
                    self.whole = false;
                    let help =
                        "write sentences of callers into language/NAME.yaml, and `samples: NAME` above";
                    to.error(Code::MissingKey, node.place, "no samples tell what callers say for it", help);
                }
            }
        }
        intents
    }

    fn end(&mut self, fields: &Fields, key: &Key, name: &Name, to: &mut Findings) -> Option<End> {
        let mut ends = ENDS.into_iter().filter(|end| fields.get(end).is_some());
        let Some(end) = ends.next() else {
            let message = format!("nothing says how the topic `{name}` ends");
            to.error(Code::MissingKey, key.place, message, format!("add one of: {}", ENDS.join(", ")));
            return None;
        };
        if let Some(second) = ends.next() {
            let message = format!("a topic ends in one way, but this has `{end}` and `{second}`");
            let place = fields.key_place(second).unwrap_or(key.place);
            to.error(Code::UnknownKey, place, message, "remove one, or make two topics");
            return None;
        }
        if end != "task"
            && let Some(place) = fields.key_place("done")
        {
            to.error(Code::UnknownKey, place, "`done` is said after a `task`", "remove it, or name the task");
            return None;
        }
        let node = fields.get(end)?;
        let spot = Spot::End(name.clone());
        Some(match end {
            "task" => {
                let task = decode::scalar(node, "pay_back", to);
                let done = fields.need("done", to).map(|node| self.text(spot, node, to));
                let key = Key { text: task?.to_owned(), place: node.place };
                End::Task { task: decode::new_name(&key, "a task", to)?, done: done? }
            }
            "say" => End::Say(self.text(spot, node, to)),
            "hangup" => End::HangUp(self.text(spot, node, to)),
            "answer" => End::Answer(self.passages.name(node, to)?),
            "call" => End::Call(self.slots.name(node, to)?),
            _ => End::Human(human(node, self.around.house.names, to)?),
        })
    }

    pub(super) fn shortcuts(&mut self, node: &Node, to: &mut Findings) -> Vec<Shortcut> {
        let read: Vec<_> = decode::list(node).iter().map(|node| self.shortcut(node, to)).collect();
        self.whole &= read.iter().all(Option::is_some);
        read.into_iter().flatten().collect()
    }

    fn shortcut(&self, node: &Node, to: &mut Findings) -> Option<Shortcut> {
        let fields = Fields::open(node, node.place, &SHORTCUT, to)?;
        let words = fields.need("words", to).map(|node| words(node, to));
        let jump = match (fields.get("topic"), fields.get("language")) {
            (Some(node), None) => self.topics.name(node, to).map(Jump::Topic),
            (None, Some(node)) => self.around.tongue.language(node, to).map(Jump::Language),
            (Some(_), Some(node)) => {
                let message = "a shortcut leads to a topic or to a language, not to both";
                to.error(Code::UnknownKey, node.place, message, "make two shortcuts");
                None
            }
            (None, None) => {
                to.error(Code::MissingKey, node.place, "a shortcut that leads nowhere", "add `topic: NAME`");
                None
            }
        };
        let words = words?;
        if words.is_empty() {
            to.error(Code::MissingKey, node.place, "a shortcut without words", "add `words: [退款, refund]`");
            return None;
        }
        Some(Shortcut { words, to: jump? })
    }
}

/// A list of words.
pub(super) fn words(node: &Node, to: &mut Findings) -> Vec<SmolStr> {
    let words = decode::list(node).iter();
    words.filter_map(|node| decode::line(node, 40, "退款", to)).map(SmolStr::from).collect()
}

/// A queue, or `{ queue: support, route: desk }`.
pub(super) fn human(node: &Node, names: &Names, to: &mut Findings) -> Option<Human> {
    if !matches!(node.value, Value::Table(_)) {
        return names.queue(node, Takes::Calls, to).map(|queue| Human { queue, route: None });
    }
    let fields = Fields::open(node, node.place, &HUMAN, to)?;
    let queue = fields.need("queue", to).and_then(|node| names.queue(node, Takes::Calls, to));
    let route = match fields.get("route") {
        Some(node) => Some(names.policies.name(node, to)?),
        None => None,
    };
    Some(Human { queue: queue?, route })
}
