//! What a recogniser of the engine has made of an utterance. Modules differ: those for MRCP pass on the server's NLSML
//! (RFC 6787, section 9.6) or EMMA, others write JSON. It is a server's text about a caller's words, so both may have
//! made it: whatever is not understood has no words.

use roxmltree::{Document, Node, ParsingOptions};
use serde::Deserialize;
use smol_str::SmolStr;

use crate::base::text;

/// Longer results are no utterance.
const LONGEST: usize = 1 << 16;
/// Of longer texts the beginning counts.
const MOST: usize = 1000;
/// Elements and texts of one result.
const MOST_NODES: u32 = 4000;

#[derive(Deserialize)]
struct Json {
    #[serde(default)]
    text: String,
    #[serde(default)]
    partial: String,
    error: Option<String>,
}

/// The words, in one line; empty when there are none.
pub fn words(body: &[u8]) -> SmolStr {
    let Ok(body) = std::str::from_utf8(body) else { return SmolStr::default() };
    let body = body.trim();
    let found = match body.as_bytes().first() {
        _ if body.len() > LONGEST => None,
        Some(b'{') => json(body),
        Some(b'<') => xml(body),
        _ => None,
    };
    text::one_line(&found.unwrap_or_default(), MOST)
}

fn json(body: &str) -> Option<String> {
    let Json { text, partial, error } = serde_json::from_str(body).ok()?;
    error.is_none().then_some(if text.is_empty() { partial } else { text })
}

/// The first interpretation is the likeliest. EMMA has the words in an attribute, NLSML in `input` or else in `instance`.
fn xml(body: &str) -> Option<String> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(body, options).ok()?;
    let first = document.descendants().find(|node| node.tag_name().name() == "interpretation")?;
    let said = |name: &str| first.descendants().any(|node| node.tag_name().name() == name);
    if said("nomatch") || said("noinput") {
        return None;
    }
    // Keys are told by themselves.
    let pressed = |node: Node| attribute(node, "mode") == Some("dtmf");
    if let Some(tokens) =
        attribute(first, "tokens").filter(|tokens| !tokens.trim().is_empty() && !pressed(first))
    {
        return Some(tokens.to_owned());
    }
    let texts = |names: &[&str]| -> Vec<&str> {
        let within = |node: &Node| node.ancestors().any(|outer| names.contains(&outer.tag_name().name()));
        let spoken = |node: &Node| !node.ancestors().any(pressed);
        first
            .descendants()
            .filter(|node| node.is_text() && within(node) && spoken(node))
            .filter_map(|node| node.text())
            .collect()
    };
    let input = texts(&["input"]).concat();
    if !input.trim().is_empty() {
        return Some(input);
    }
    (!first.descendants().any(pressed)).then(|| texts(&["instance", "literal"]).join(" "))
}

/// Whatever its prefix.
fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|attribute| attribute.name() == name).map(|attribute| attribute.value())
}

#[cfg(test)]
mod tests;
