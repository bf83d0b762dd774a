//! YAML as a tree in which every key and value knows its place.
//!
//! Only what a site needs is let through: one document of tables, lists and scalars. Anchors, aliases,
//! tags and directives are refused, and depth, size and number of values are bounded, so that no file can
//! unfold into something large.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, Span, options};

use super::{
    problem::Code,
    source::{Findings, Place},
};

const MAX_DEPTH: usize = 16;
const MAX_VALUES: usize = 250_000;
const MAX_SCALAR: usize = 8192;

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Node {
    pub place: Place,
    pub value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    /// A text; whether it was quoted tells an empty text from nothing.
    Scalar {
        text: String,
        quoted: bool,
    },
    List(Vec<Node>),
    Table(Vec<(Key, Node)>),
}

/// A key and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub text: String,
    pub place: Place,
}

impl Node {
    /// What this is, in words.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar { text, quoted: false } if matches!(text.as_str(), "" | "~" | "null") => "nothing",
            Value::Scalar { .. } => "a single value",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    pub fn is_nothing(&self) -> bool {
        self.kind() == "nothing"
    }
}

enum Open {
    List(Place, Vec<Node>),
    /// With where each key stands, and the key whose value comes next.
    Table(Place, Vec<(Key, Node)>, HashMap<String, Place>, Option<Key>),
}

/// Why a file was given up.
struct Refused(Code, Place, String, &'static str);

/// The tree of a file that was read; `None` when it is no YAML (and said so).
pub(super) fn parse(file: usize, findings: &mut Findings) -> Option<Node> {
    let text = findings.text(file).to_owned();
    let mut growth = Growth { file, open: Vec::new(), root: None, values: 0, doubles: Vec::new() };
    let refused = growth.run(&text).err();
    for (key, first) in std::mem::take(&mut growth.doubles) {
        let first = findings.whereabouts(first);
        findings.error(
            Code::Duplicate,
            key.place,
            format!("`{}` is here twice; the first is at {first}", key.text),
            "remove or rename one of them",
        );
    }
    if let Some(Refused(code, place, message, help)) = refused {
        findings.error(code, place, message, help);
        return None;
    }
    growth.root.or_else(|| {
        let place = Place { file, start: 0, end: 0 };
        Some(Node { place, value: Value::Table(Vec::new()) })
    })
}

struct Growth {
    file: usize,
    open: Vec<Open>,
    root: Option<Node>,
    values: usize,
    doubles: Vec<(Key, Place)>,
}

impl Growth {
    fn run(&mut self, text: &str) -> Result<(), Refused> {
        let options = options! {
            disallow_directives: true,
            emit_comments: false,
            emit_unresolved_aliases: true,
            flow_nesting_limit: MAX_DEPTH + 1,
            block_nesting_limit: MAX_DEPTH + 1,
        };
        let skip = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
        let mut documents = 0;
        for next in Parser::new_from_str_with_options(&text[skip..], options) {
            let (event, span) = next.map_err(|error| {
                let start = skip + byte(&text[skip..], error.marker());
                let place = Place { file: self.file, start, end: start + 1 };
                let help = syntax_help(&text[..start.min(text.len())], &error.info());
                Refused(Code::BadSyntax, place, error.info(), help)
            })?;
            let place = self.place(&text[skip..], skip, &span);
            if let Event::DocumentStart(..) = event {
                documents += 1;
                if documents > 1 {
                    return Err(Refused(
                        Code::BadSyntax,
                        place,
                        "a second document starts here".into(),
                        "one file holds one document: remove the `---`",
                    ));
                }
            }
            self.take(event, place)?;
        }
        Ok(())
    }

    fn take(&mut self, event: Event<'_>, place: Place) -> Result<(), Refused> {
        if matches!(event, Event::Alias(_) | Event::UnresolvedAlias(_))
            || event.anchor_id().is_some_and(|id| id != 0)
        {
            let help = "write the value out where it is used; the telephone key is quoted: `\"*\"`";
            return Err(Refused(
                Code::BadSyntax,
                place,
                "anchors and aliases are not allowed in a site".into(),
                help,
            ));
        }
        if event.tag().is_some() {
            let message = "tags (`!…`) are not allowed in a site".into();
            return Err(Refused(Code::BadSyntax, place, message, "remove the tag, or quote the text"));
        }
        match event {
            Event::Scalar(text, style, ..) => {
                if text.len() > MAX_SCALAR {
                    let message = format!("this text is longer than {MAX_SCALAR} bytes");
                    return Err(Refused(Code::TooLarge, place, message, "shorten it"));
                }
                let quoted = style != ScalarStyle::Plain;
                self.add(Node { place, value: Value::Scalar { text: text.into_owned(), quoted } })
            }
            Event::SequenceStart(..) => self.descend(Open::List(place, Vec::new()), place),
            Event::MappingStart(..) => {
                self.descend(Open::Table(place, Vec::new(), HashMap::new(), None), place)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(start, list)) => self.add(closed(start, place, Value::List(list))),
                Some(Open::Table(start, table, ..)) => self.add(closed(start, place, Value::Table(table))),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn descend(&mut self, open: Open, place: Place) -> Result<(), Refused> {
        if self.open.len() >= MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(Refused(Code::TooLarge, place, message, "no part of a site is that deep"));
        }
        self.open.push(open);
        Ok(())
    }

    fn add(&mut self, node: Node) -> Result<(), Refused> {
        self.values += 1;
        if self.values > MAX_VALUES {
            let message = format!("more than {MAX_VALUES} values in one file");
            return Err(Refused(Code::TooLarge, node.place, message, "no site's file is that large"));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(_, list)) => list.push(node),
            Some(Open::Table(_, table, keys, waiting)) => match (waiting.take(), node) {
                (Some(key), node) => {
                    if let Some(first) = keys.get(&key.text) {
                        self.doubles.push((key, *first));
                    } else {
                        keys.insert(key.text.clone(), key.place);
                        table.push((key, node));
                    }
                }
                (None, Node { place, value: Value::Scalar { text, .. } }) => {
                    *waiting = Some(Key { text, place });
                }
                (None, node) => {
                    let message = format!("{} cannot be a key", node.kind());
                    let help = "a key is one word, like `name:`";
                    return Err(Refused(Code::BadSyntax, node.place, message, help));
                }
            },
        }
        Ok(())
    }

    fn place(&self, text: &str, skip: usize, span: &Span) -> Place {
        let (start, end) = (byte(text, &span.start), byte(text, &span.end));
        Place { file: self.file, start: skip + start, end: skip + end.max(start) }
    }
}

fn closed(start: Place, end: Place, value: Value) -> Node {
    Node { place: Place { end: end.end.max(start.start), ..start }, value }
}

fn byte(text: &str, marker: &granit_parser::Marker) -> usize {
    let byte = marker
        .byte_offset()
        .unwrap_or_else(|| text.char_indices().nth(marker.index()).map_or(text.len(), |(byte, _)| byte));
    (0..=byte.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

fn syntax_help(before: &str, message: &str) -> &'static str {
    let line = before.rsplit('\n').next().unwrap_or_default();
    if line.trim_start_matches(' ').starts_with('\t') || line.ends_with('\t') {
        "indent with spaces: YAML allows no tabs"
    } else if message.contains("quote") {
        "close the quotes"
    } else if message.contains("bracket") {
        "every `{` needs its `}`, every `[` its `]`"
    } else {
        "look at the colons, quotes and indentation of this line and the one above; a text with `: ` or ` #` \
         needs quotes"
    }
}
