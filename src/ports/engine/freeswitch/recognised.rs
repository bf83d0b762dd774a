//! What a recogniser of the engine has made of an utterance. Modules differ: those for MRCP pass on the server's NLSML
//! (RFC 6787, section 9.6) or EMMA, others write JSON. It is a server's text about a caller's words, so both may have
//! made it: whatever is not understood has no words.

use serde::Deserialize;
use smol_str::SmolStr;

use crate::base::text;

/// Longer results are no utterance.
const LONGEST: usize = 1 << 16;
/// Of longer texts the beginning counts.
const MOST: usize = 1000;
/// Elements within each other.
const DEEPEST: usize = 40;

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
        Some(b'<') => Reading::default().of(body),
        _ => None,
    };
    text::one_line(&found.unwrap_or_default(), MOST)
}

fn json(body: &str) -> Option<String> {
    let Json { text, partial, error } = serde_json::from_str(body).ok()?;
    error.is_none().then_some(if text.is_empty() { partial } else { text })
}

/// One pass over the elements. The first interpretation is the likeliest.
#[derive(Default)]
struct Reading {
    open: Vec<Element>,
    tokens: Option<String>,
    input: String,
    instance: String,
    nothing: bool,
    pressed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    Interpretation,
    Input,
    /// Keys: they are told by themselves.
    Pressed,
    Instance,
    Other,
}

impl Reading {
    fn of(mut self, mut rest: &str) -> Option<String> {
        while let Some(at) = rest.find('<') {
            self.text(&plain(&rest[..at]));
            rest = &rest[at + 1..];
            if let Some(comment) = rest.strip_prefix("!--") {
                rest = &comment[comment.find("-->")? + 3..];
            } else if let Some(data) = rest.strip_prefix("![CDATA[") {
                let end = data.find("]]>")?;
                self.text(&data[..end]);
                rest = &data[end + 3..];
            } else if rest.starts_with('!') {
                // A document with definitions of its own.
                return None;
            } else {
                let end = end_of_tag(rest)?;
                let tag = &rest[..end];
                rest = &rest[end + 1..];
                if tag.starts_with('?') {
                    continue;
                }
                if !self.tag(tag) {
                    return None;
                }
                if self.tokens.is_some() {
                    return self.tokens;
                }
                if tag.starts_with('/') && self.open.pop() == Some(Element::Interpretation) {
                    return self.found();
                }
            }
        }
        None
    }

    /// An element begins, and may end with that. EMMA has the words in an attribute. Says whether this is still sane.
    fn tag(&mut self, tag: &str) -> bool {
        if tag.starts_with('/') {
            return true;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let name = local(tag.split(char::is_whitespace).next().unwrap_or_default());
        let pressed = attribute(tag, "mode").as_deref() == Some("dtmf");
        let element = match name {
            "interpretation" => Element::Interpretation,
            "input" if pressed => Element::Pressed,
            "input" => Element::Input,
            "instance" | "literal" => Element::Instance,
            _ => Element::Other,
        };
        self.nothing |= matches!(name, "nomatch" | "noinput");
        self.pressed |= pressed;
        if element == Element::Interpretation && !pressed {
            self.tokens = attribute(tag, "tokens").filter(|tokens| !tokens.trim().is_empty());
        }
        if !empty {
            self.open.push(element);
        }
        self.open.len() <= DEEPEST
    }

    fn text(&mut self, text: &str) {
        if !self.open.contains(&Element::Interpretation) || self.open.contains(&Element::Pressed) {
            return;
        }
        if self.open.contains(&Element::Input) {
            self.input.push_str(text);
        } else if self.open.contains(&Element::Instance) {
            self.instance.push_str(text);
            self.instance.push(' ');
        }
    }

    fn found(self) -> Option<String> {
        let Self { input, instance, nothing, pressed, .. } = self;
        match input.trim().is_empty() {
            _ if nothing => None,
            true => (!pressed).then_some(instance),
            false => Some(input),
        }
    }
}

/// Where a tag ends; what is quoted may hold anything.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    text.bytes().position(|byte| {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return true,
            _ => {}
        }
        false
    })
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// The value of an attribute, whatever its prefix.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    while let Some(at) = rest.find('=') {
        let key = rest[..at].split_whitespace().next_back().unwrap_or_default();
        let value = rest[at + 1..].trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = value[1..].split_once(quote)?;
        if local(key) == name {
            return Some(plain(value));
        }
        rest = after;
    }
    None
}

/// With the five entities and characters by number; others have no meaning.
fn plain(text: &str) -> String {
    let mut clear = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        clear.push_str(before);
        let Some((entity, tail)) = after.split_once(';').filter(|(entity, _)| entity.len() <= 8) else {
            rest = after;
            continue;
        };
        let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
        clear.extend(match entity {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => match (entity.strip_prefix("#x"), entity.strip_prefix('#')) {
                (Some(digits), _) => number(digits, 16),
                (None, Some(digits)) => number(digits, 10),
                _ => None,
            },
        });
        rest = tail;
    }
    clear.push_str(rest);
    clear
}

#[cfg(test)]
mod tests;
