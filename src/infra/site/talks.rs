//! A conversation in `flows/*.yaml`: topics, slots, shortcuts and lines beside the steps.
//!
//! `parts` reads topics and shortcuts, `slots` what is asked for, `knowledge` what the house answers, `faults` puts what `Talk::check` finds at its place.

mod faults;
mod knowledge;
mod parts;
mod slots;

use std::collections::BTreeMap;

use super::{
    decode::{self, Fields, Shape},
    dialing::House,
    flows::HANGUP,
    model::{Lines, Locale, Prompt, Spot, Talk},
    names::Known,
    problem::Code,
    prompt::Tongue,
    samples::Learned,
    source::{Findings, Place},
    tree::Key,
};
use crate::base::id::Name;

/// The step that leads the conversation of a flow.
pub(super) const TALK: &str = "talk";

const LINES: Shape = Shape {
    what: "what every conversation says",
    keys: &[
        ("greeting", "greeting: { zh: 您好。, en: Hello. }"),
        ("again", "again: { zh: 没有听清。, en: I did not get that. }"),
        ("more", "more: { zh: 还有什么可以帮您？, en: Anything else? }"),
        ("sure", "sure: { zh: 您是要{topic}吗？, en: You want {topic}? }"),
        ("which", "which: { zh: 您要{first}还是{second}？, en: Do you want {first} or {second}? }"),
        ("aside", "aside: { zh: 先办{topic}。, en: Sure, {topic} first. }"),
        ("back", "back: { zh: 我们继续{topic}。, en: Back to {topic}. }"),
        ("first", "first: { zh: 先办完{topic}。, en: Let us finish {topic} first. }"),
        ("human", "human: { zh: 马上转人工。, en: I am putting you through. }"),
        ("failed", "failed: { zh: 现在办不了。, en: I can't do that now. }"),
    ],
};

/// What a conversation may refer to.
pub(super) struct Surroundings<'a> {
    pub house: &'a House<'a>,
    pub tongue: &'a Tongue,
    pub steps: &'a Known,
    pub samples: &'a BTreeMap<String, Learned>,
}

/// Where things of a conversation stand.
#[derive(Default)]
struct Places {
    topics: BTreeMap<Name, Place>,
    slots: BTreeMap<Name, Place>,
    passages: BTreeMap<Name, Place>,
    texts: BTreeMap<Spot, Place>,
}

/// Everything at hand while a conversation is read.
struct Reading<'a> {
    around: &'a Surroundings<'a>,
    topics: Known,
    slots: Known,
    passages: Known,
    intents: Option<&'a Learned>,
    places: Places,
    whole: bool,
}

/// The conversation among the keys of a flow, which has `topics`.
pub(super) fn read(fields: &Fields, around: &Surroundings, to: &mut Findings) -> Option<Talk> {
    let topics = fields.get("topics")?;
    let top = fields.key_place("topics").unwrap_or(topics.place);
    let keys = |key| fields.get(key).map(keys_of).unwrap_or_default();
    let (samples, known) = samples(fields, around, to);
    let mut reading = Reading {
        around,
        topics: Known::new("topic", "this flow", keys("topics"), true),
        slots: Known::new("slot", "this flow", keys("slots"), true),
        passages: Known::new("passage", "this flow", keys("knowledge"), true),
        intents: samples,
        places: Places::default(),
        whole: known,
    };
    let slots = fields.get("slots").map(|node| reading.all_slots(node, to)).unwrap_or_default();
    let topics = reading.all_topics(topics, to);
    let knowledge = fields.get("knowledge").map(|node| reading.knowledge(node, to)).unwrap_or_default();
    let shortcuts = fields.get("shortcuts").map(|node| reading.shortcuts(node, to)).unwrap_or_default();
    let lines = reading.lines(fields, to);
    let human = fields.need("human", to).and_then(|node| parts::human(node, around.house.names, to));
    let otherwise = fields.need("otherwise", to).and_then(|node| match decode::text(node) {
        Some(HANGUP) => Name::new(HANGUP).ok(),
        _ => around.steps.name(node, to),
    });
    let misses = fields.get("misses").map_or(Some(3), |node| decode::count(node, 1, 9, to));
    let most = around.house.deepest_menu.and_then(|most| u8::try_from(most).ok());
    let deepest = match fields.get("deepest") {
        None => Some(most.unwrap_or(3)),
        Some(node) => decode::count(node, 1, 9, to).inspect(|deepest| {
            if most.is_some_and(|most| *deepest > most) {
                let message =
                    format!("{deepest} topics, one inside the other, are too deep for a small company");
                let help =
                    format!("write {} at most, or `profile: medium` into site.yaml", most.unwrap_or(9));
                to.error(Code::TooDeep, node.place, message, help);
            }
        }),
    };
    let talk = Talk {
        topics,
        slots,
        shortcuts,
        human: human?,
        otherwise: otherwise?,
        samples: samples.map(|learned| learned.file.clone()),
        knowledge,
        lines,
        misses: misses?,
        deepest: deepest?,
    };
    reading.whole.then(|| reading.note_faults(&talk, top, to))?.then_some(talk)
}

/// The samples that the flow names; and whether nothing about them is wrong.
fn samples<'a>(fields: &Fields, around: &'a Surroundings, to: &mut Findings) -> (Option<&'a Learned>, bool) {
    let Some(node) = fields.get("samples") else { return (None, true) };
    let Some(text) = decode::scalar(node, "after_sales", to) else { return (None, false) };
    let found = around.samples.get(text);
    if found.is_none() {
        let known: Vec<&str> = around.samples.keys().map(String::as_str).collect();
        let message = format!("there are no samples `{}` in language/", decode::shorten(text));
        to.error(Code::UnknownName, node.place, message, decode::suggest(text, &known, "there is"));
    }
    (found, found.is_some())
}

pub(super) fn keys_of(node: &super::tree::Node) -> Vec<Key> {
    match &node.value {
        super::tree::Value::Table(entries) => entries.iter().map(|(key, _)| key.clone()).collect(),
        _ => Vec::new(),
    }
}

impl Reading<'_> {
    /// A text at its place; an empty one when it could not be read, and said so.
    fn text(&mut self, spot: Spot, node: &super::tree::Node, to: &mut Findings) -> Prompt {
        self.places.texts.insert(spot, node.place);
        let read = self.around.tongue.prompt(node, to);
        self.whole &= read.is_some();
        read.unwrap_or_default()
    }

    fn lines(&mut self, fields: &Fields, to: &mut Findings) -> Lines {
        let mut lines = Lines::default();
        let Some(node) = fields.get("lines") else { return lines };
        let Some(fields) = Fields::open(node, node.place, &LINES, to) else {
            self.whole = false;
            return lines;
        };
        for (name, line) in lines.all_mut() {
            if let Some(node) = fields.get(name) {
                *line = self.text(Spot::Line(name), node, to);
            }
        }
        lines
    }

    fn spoken(&self) -> &[Locale] {
        &self.around.tongue.languages
    }
}
