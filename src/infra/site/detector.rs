//! A recogniser of the engine's own: what stands here goes onto the engine's command line, so only what is listed may.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::{
    decode::{self, Fields, shorten},
    model::{EngineKind, Hears},
    problem::Code,
    source::Findings,
    tree::Node,
};
use crate::base::detector::{GRAMMAR, MODULE, PARAM, VALUE, Words};

const MOST: usize = 20;

/// `engine` is the site's, if that could be read.
pub(super) fn read(fields: &Fields, engine: Option<EngineKind>, to: &mut Findings) -> Option<Hears> {
    let named = fields.get("recognizer")?;
    if engine == Some(EngineKind::Asterisk) {
        let message = "Asterisk has no recogniser that Tandem could use: ARI knows none; callers use keys";
        let help =
            "name a server instead, like `recognizer: vosk` (docs/speech.md), or write `recognizer: none`";
        to.warn(Code::Contradiction, named.place, message, help);
    }
    let (module, grammar) = (fields.need("module", to), fields.need("grammar", to));
    let module = word(module?, MODULE, "unimrcp", to);
    let grammar = word(grammar?, GRAMMAR, "builtin:speech/transcribe", to);
    let profile = match fields.get("profile") {
        Some(node) => Some(word(node, MODULE, "my-server", to)?),
        None => None,
    };
    let params = match fields.get("params") {
        Some(node) => params(node, to)?,
        None => BTreeMap::new(),
    };
    Some(Hears::Engine { module: module?, grammar: grammar?, profile, params })
}

fn params(node: &Node, to: &mut Findings) -> Option<BTreeMap<SmolStr, SmolStr>> {
    let listed = decode::entries(node, "params", "params: { speech-language: en-US }", to);
    if listed.len() > MOST {
        let message = format!("{} params are more than {MOST}", listed.len());
        to.error(Code::TooLarge, node.place, message, "leave the rest to the module's own configuration");
        return None;
    }
    let mut params = BTreeMap::new();
    for (key, node) in listed {
        let name: SmolStr = key.text.as_str().into();
        if !PARAM.allows(&name) {
            let message = format!("`{}` cannot name a param", shorten(&name));
            to.error(Code::BadValue, key.place, message, PARAM.remedy);
            return None;
        }
        params.insert(name, word(node, VALUE, "en-US", to)?);
    }
    Some(params)
}

fn word(node: &Node, words: Words, example: &str, to: &mut Findings) -> Option<SmolStr> {
    let text = decode::scalar(node, example, to)?;
    if !words.allows(text) {
        let message = format!("`{}` has something that the engine would misread", shorten(text));
        to.error(Code::BadValue, node.place, message, words.remedy);
        return None;
    }
    Some(text.into())
}
