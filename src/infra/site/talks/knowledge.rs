//! What the house answers to questions.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::{
    super::{
        decode::{self, Fields, Shape},
        model::{Locale, Passage, Spot},
        source::Findings,
        tree::{Key, Node, Value},
    },
    Reading,
};
use crate::base::id::Name;

const PASSAGE: Shape = Shape {
    what: "a passage",
    keys: &[
        ("text", "text: { zh: 我们九点开门。, en: We open at nine. }"),
        ("asked", "asked: { zh: [几点开门], en: [when do you open] }"),
    ],
};

impl Reading<'_> {
    pub(super) fn knowledge(&mut self, node: &Node, to: &mut Findings) -> BTreeMap<Name, Passage> {
        let example = "hours: { text: { zh: 我们九点开门。, en: We open at nine. } }";
        let entries = decode::entries(node, "knowledge", example, to);
        let read = entries.iter().filter_map(|(key, node)| {
            let name = decode::new_name(key, "a passage", to);
            let passage = self.passage(key, node, name.as_ref(), to);
            self.whole &= passage.is_some();
            Some((name?, passage?))
        });
        read.collect()
    }

    fn passage(&mut self, key: &Key, node: &Node, name: Option<&Name>, to: &mut Findings) -> Option<Passage> {
        let fields = Fields::open(node, key.place, &PASSAGE, to)?;
        let name = name?;
        self.places.passages.insert(name.clone(), key.place);
        let text = fields.need("text", to).map(|node| self.text(Spot::Passage(name.clone()), node, to));
        let asked = fields.get("asked").map(|node| self.asked(node, to)).unwrap_or_default();
        Some(Passage { text: text?, asked })
    }

    /// By language, or those of the site's first one.
    fn asked(&mut self, node: &Node, to: &mut Findings) -> BTreeMap<Locale, Vec<SmolStr>> {
        let mut lines = |node: &Node, to: &mut Findings| -> Vec<SmolStr> {
            let read: Vec<_> =
                decode::list(node).iter().map(|node| decode::line(node, 200, "几点开门", to)).collect();
            self.whole &= read.iter().all(Option::is_some);
            read.into_iter().flatten().map(SmolStr::from).collect()
        };
        let Value::Table(entries) = &node.value else {
            let all = lines(node, to);
            return self.around.tongue.default().map(|locale| (locale, all)).into_iter().collect();
        };
        let mut all = BTreeMap::new();
        for (key, node) in entries {
            let asked = lines(node, to);
            if let Some(locale) = self.around.tongue.named(key, to) {
                all.insert(locale, asked);
            }
        }
        all
    }
}
