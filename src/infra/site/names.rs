//! The names that a site defines, gathered before anything is read, so that every reference can be checked
//! where it stands.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    decode::{self, shorten, suggest},
    model::Takes,
    problem::Code,
    source::{Findings, Place},
    tree::{Key, Node, Value},
};
use crate::base::{id::Name, number::Number};

/// The names of one kind.
#[derive(Debug)]
pub(super) struct Known {
    /// "queue"
    what: &'static str,
    /// Where they are defined.
    home: &'static str,
    keys: Vec<Key>,
    /// Where each first stands in `keys`.
    index: BTreeMap<String, usize>,
    /// False when their file could not be read: then nothing is said about references to them.
    complete: bool,
}

impl Known {
    pub fn new(what: &'static str, home: &'static str, keys: Vec<Key>, complete: bool) -> Self {
        let mut index = BTreeMap::new();
        for (i, key) in keys.iter().enumerate() {
            index.entry(key.text.clone()).or_insert(i);
        }
        Self { what, home, keys, index, complete }
    }

    /// From the keys of a table.
    pub fn of_table(what: &'static str, home: &'static str, table: Option<&Node>, complete: bool) -> Self {
        let keys = match table.map(|t| &t.value) {
            Some(Value::Table(entries)) => entries.iter().map(|(key, _)| key.clone()).collect(),
            _ => Vec::new(),
        };
        Self::new(what, home, keys, complete)
    }

    pub fn what(&self) -> &'static str {
        self.what
    }

    pub fn all(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter()
    }

    /// The nearest of these names.
    pub fn near(&self, text: &str) -> String {
        let known: Vec<&str> = self.keys.iter().map(|k| k.text.as_str()).collect();
        suggest(text, &known, "there is")
    }

    pub fn has(&self, text: &str) -> bool {
        self.index.contains_key(text)
    }

    pub fn place(&self, text: &str) -> Option<Place> {
        self.index.get(text).map(|i| self.keys[*i].place)
    }

    /// A name that must be known.
    pub fn name(&self, node: &Node, to: &mut Findings) -> Option<Name> {
        let text = decode::scalar(node, self.example(), to)?;
        self.check(text, node.place, to)?;
        Name::new(text).ok()
    }

    /// A number that must be known.
    pub fn number(&self, node: &Node, to: &mut Findings) -> Option<Number> {
        let text = decode::scalar(node, self.example(), to)?;
        self.check(text, node.place, to)?;
        Number::new(text).ok()
    }

    fn check(&self, text: &str, place: Place, to: &mut Findings) -> Option<()> {
        if self.has(text) {
            return Some(());
        }
        if self.complete {
            let message = format!("there is no {} `{}` in {}", self.what, shorten(text), self.home);
            to.error(Code::UnknownName, place, message, self.near(text));
        }
        None
    }

    fn example(&self) -> &str {
        self.keys.first().map_or(self.what, |k| k.text.as_str())
    }
}

/// All names that files may refer to across each other.
#[derive(Debug)]
pub(super) struct Names {
    pub extensions: Known,
    pub queues: Known,
    /// Those of them that take messages.
    pub for_messages: BTreeSet<String>,
    pub policies: Known,
    pub hours: Known,
    pub trunks: Known,
    pub flows: Known,
    pub numbers: Known,
    pub groups: Known,
    pub conferences: Known,
    pub slots: Known,
    pub short_codes: Known,
}

/// The queues of a table that say that they take messages.
pub(super) fn for_messages(table: Option<&Node>) -> BTreeSet<String> {
    let Some(Value::Table(queues)) = table.map(|table| &table.value) else { return BTreeSet::new() };
    let says = |node: &Node| match &node.value {
        Value::Table(keys) => keys
            .iter()
            .any(|(key, node)| key.text == "takes" && decode::text(node) == Some(Takes::Messages.word())),
        _ => false,
    };
    queues.iter().filter(|(_, node)| says(node)).map(|(key, _)| key.text.clone()).collect()
}

impl Names {
    /// A queue that takes what is to go there.
    pub fn queue(&self, node: &Node, takes: Takes, to: &mut Findings) -> Option<Name> {
        let name = self.queues.name(node, to)?;
        let there = if self.for_messages.contains(name.as_str()) { Takes::Messages } else { Takes::Calls };
        if there == takes {
            return Some(name);
        }
        let (there, wanted) = (there.word(), takes.word());
        let message = format!("queue `{name}` takes {there}, and {wanted} would come from here");
        to.error(Code::Contradiction, node.place, message, format!("name a queue that takes {wanted}"));
        None
    }

    /// Where nothing has a name but queues.
    pub fn of_queues(table: &Node, home: &'static str) -> Self {
        let none = |what| Known::new(what, home, Vec::new(), true);
        Self {
            extensions: none("extension"),
            queues: Known::of_table("queue", home, Some(table), true),
            for_messages: for_messages(Some(table)),
            policies: none("policy"),
            hours: none("calendar"),
            trunks: none("trunk"),
            flows: none("flow"),
            numbers: none("number"),
            groups: none("group"),
            conferences: none("conference"),
            slots: none("parking slot"),
            short_codes: none("short code"),
        }
    }
}
