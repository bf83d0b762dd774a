//! `assistant` of `site.yaml`: a chat model that has a say where the built-in model is not sure.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    decode::{self, Fields, Shape},
    secret,
    source::{Findings, Place},
    tasks::address,
    tree::Node,
};

/// A chat model elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssistantSettings {
    /// `https://HOST/v1`, or http on this machine.
    pub url: SmolStr,
    /// The model's name there.
    pub model: SmolStr,
    /// Its key. Absolute path; mode 0600.
    pub key_file: Option<PathBuf>,
    /// How long a caller waits for it (0.2 to 2.5 s; default 1.5 s).
    pub patience: Duration,
}

const ASSISTANT: Shape = Shape {
    what: "assistant",
    keys: &[
        ("url", "url: https://models.example/v1"),
        ("model", "model: NAME"),
        ("key_file", "key_file: secrets/assistant"),
        ("patience", "patience: 1500ms"),
    ],
};

/// A caller has spoken and waits meanwhile; a paused prompt waits no longer than three seconds.
const PATIENCE: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(1500), Duration::from_millis(2500)];

pub(super) fn read(root: &Path, node: &Node, owner: Place, to: &mut Findings) -> Option<AssistantSettings> {
    let fields = Fields::open(node, owner, &ASSISTANT, to)?;
    let url =
        fields.need("url", to).and_then(|node| address(node, "https://models.example/v1", "key_file", to));
    let model = fields.need("model", to).and_then(|node| decode::line(node, 100, "NAME", to));
    let key_file = match fields.get("key_file") {
        Some(node) => Some(secret::key_place(root, node, "secrets/assistant", to)?),
        None => None,
    };
    let [least, usual, most] = PATIENCE;
    let patience = fields.get("patience").map_or(Some(usual), |node| decode::duration(node, least, most, to));
    Some(AssistantSettings { url: url?, model: model?.into(), key_file, patience: patience? })
}
