//! What a conversation asks for.

use std::collections::BTreeMap;

use super::{
    super::{
        decode::{self, Fields, Shape, shorten, suggest},
        model::{Ask, Choice, Locale, Slot, Spot},
        problem::Code,
        source::Findings,
        tree::{Key, Node},
    },
    Reading,
    parts::words,
};
use crate::base::id::Name;

const SLOT: Shape = Shape {
    what: "a slot",
    keys: &[
        ("ask", "ask: digits"),
        ("prompts", "prompts: { zh: 请说订单号。, en: What is the order number? }"),
        ("min", "min: 8"),
        ("max", "max: 8"),
        ("options", "options: { late: { title: { zh: 太晚, en: too late } } }"),
        ("invalid", "invalid: { zh: 订单号是八位。, en: An order number has eight digits. }"),
        ("confirm", "confirm: { zh: \"{value}，对吗？\", en: \"{value}, is that right?\" }"),
        ("language", "language: en"),
        ("keep", "keep: true"),
        ("secret", "secret: true"),
    ],
};
const OPTION: Shape = Shape {
    what: "an option",
    keys: &[("title", "title: { zh: 太晚, en: too late }"), ("words", "words: [还没到, \"not here yet\"]")],
};
const KINDS: [&str; 11] =
    ["digits", "phone", "code", "number", "amount", "date", "time", "person", "place", "answer", "choice"];

impl Reading<'_> {
    pub(super) fn all_slots(&mut self, node: &Node, to: &mut Findings) -> BTreeMap<Name, Slot> {
        let entries = decode::entries(node, "slots", "day: { ask: date, prompts: { en: Which day? } }", to);
        let read = entries.iter().filter_map(|(key, node)| {
            let name = decode::new_name(key, "a slot", to);
            let slot = self.slot(key, node, name.as_ref(), to);
            self.whole &= slot.is_some();
            Some((name?, slot?))
        });
        read.collect()
    }

    fn slot(&mut self, key: &Key, node: &Node, name: Option<&Name>, to: &mut Findings) -> Option<Slot> {
        let fields = Fields::open(node, key.place, &SLOT, to)?;
        let name = name?;
        self.places.slots.insert(name.clone(), key.place);
        let ask = self.ask(&fields, name, to);
        let prompts = fields.need("prompts", to).map_or(&[][..], decode::list).iter().enumerate();
        let prompts: Vec<_> =
            prompts.map(|(nth, node)| self.text(Spot::Prompt(name.clone(), nth), node, to)).collect();
        let invalid = fields
            .get("invalid")
            .map(|node| self.text(Spot::Invalid(name.clone()), node, to))
            .unwrap_or_default();
        let confirm = fields.get("confirm").map(|node| self.text(Spot::Confirm(name.clone()), node, to));
        let language = match fields.get("language") {
            None => Some(None),
            Some(node) => self.around.tongue.language(node, to).map(Some),
        };
        if let (Some(Some(language)), Some(node)) = (language, fields.get("language")) {
            self.silent(language, &prompts, node, to);
        }
        let keep = fields.get("keep").map_or(Some(false), |node| decode::flag(node, to));
        let secret = fields.get("secret").map_or(Some(false), |node| decode::flag(node, to));
        Some(Slot { ask: ask?, prompts, invalid, confirm, language: language?, keep: keep?, secret: secret? })
    }

    /// A slot that is asked in a language that it does not speak.
    fn silent(
        &self,
        language: Locale,
        prompts: &[super::super::model::Prompt],
        node: &Node,
        to: &mut Findings,
    ) {
        if self.spoken().contains(&language) && prompts.iter().any(|prompt| !prompt.0.contains_key(&language))
        {
            let message = "this slot is asked in a language in which it has no text";
            to.error(
                Code::Contradiction,
                node.place,
                message,
                "add the text to `prompts`, or remove `language`",
            );
        }
    }

    fn ask(&mut self, fields: &Fields, name: &Name, to: &mut Findings) -> Option<Ask> {
        let node = fields.need("ask", to)?;
        let kind = decode::scalar(node, "digits", to)?;
        for (key, of) in [("min", "digits"), ("max", "digits"), ("options", "choice")] {
            if kind != of
                && KINDS.contains(&kind)
                && let Some(place) = fields.key_place(key)
            {
                let message = format!("`{key}` belongs to `ask: {of}`, but this asks for `{kind}`");
                to.error(Code::UnknownKey, place, message, "remove it");
            }
        }
        Some(match kind {
            "digits" => {
                let min = fields.get("min").map_or(Some(1), |node| decode::count(node, 1, 32, to));
                let max = fields.need("max", to).and_then(|node| decode::count(node, 1, 32, to));
                Ask::Digits { min: min?, max: max? }
            }
            "phone" => Ask::Phone,
            "code" => Ask::Code,
            "number" => Ask::Number,
            "amount" => Ask::Amount,
            "date" => Ask::Date,
            "time" => Ask::Time,
            "person" => Ask::Person,
            "place" => Ask::Place,
            "answer" => Ask::Answer,
            "choice" => Ask::Choice(self.options(fields.need("options", to)?, name, to)?),
            other => {
                let message = format!("nobody can be asked for `{}`", shorten(other));
                to.error(Code::BadValue, node.place, message, suggest(other, &KINDS, "allowed"));
                return None;
            }
        })
    }

    fn options(&mut self, node: &Node, slot: &Name, to: &mut Findings) -> Option<Vec<Choice>> {
        let example = "late: { title: { zh: 太晚, en: too late } }";
        let entries = decode::entries(node, "options", example, to);
        let read: Vec<_> = entries.iter().map(|(key, node)| self.option(key, node, slot, to)).collect();
        read.into_iter().collect()
    }

    fn option(&mut self, key: &Key, node: &Node, slot: &Name, to: &mut Findings) -> Option<Choice> {
        let value = decode::new_name(key, "an option", to);
        let fields = Fields::open(node, key.place, &OPTION, to)?;
        let spot = Spot::Option(slot.clone(), value.clone()?);
        let title = fields.need("title", to).map(|node| self.text(spot, node, to));
        let words = fields.get("words").map(|node| words(node, to)).unwrap_or_default();
        Some(Choice { value: value?, title: title?, words })
    }
}
