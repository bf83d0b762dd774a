//! `tasks` of `site.yaml`: the service that does what conversations want done.

use std::{path::Path, time::Duration};

use smol_str::SmolStr;

use super::{
    decode::{self, Fields, Shape, shorten},
    model::TaskSettings,
    problem::Code,
    secret,
    source::{Findings, Place},
    tree::Node,
};
use crate::infra::remote;

const TASKS: Shape = Shape {
    what: "tasks",
    keys: &[
        ("url", "url: https://desk.example/tandem"),
        ("secret_file", "secret_file: secrets/tasks"),
        ("patience", "patience: 8s"),
    ],
};

/// A caller waits meanwhile, and no longer than ten seconds.
const PATIENCE: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(8), Duration::from_secs(9)];

pub(super) fn read(root: &Path, node: &Node, owner: Place, to: &mut Findings) -> Option<TaskSettings> {
    let fields = Fields::open(node, owner, &TASKS, to)?;
    let url = fields
        .need("url", to)
        .and_then(|node| address(node, "https://desk.example/tandem", "secret_file", to));
    let secret_file = match fields.get("secret_file") {
        Some(node) => Some(secret::place(root, node, "secrets/tasks", to)?),
        None => None,
    };
    let [least, usual, most] = PATIENCE;
    let patience = fields.get("patience").map_or(Some(usual), |node| decode::duration(node, least, most, to));
    Some(TaskSettings { url: url?, secret_file, patience: patience? })
}

/// Where a service is; its secret is in the file that the key `secret` names.
pub(super) fn address(node: &Node, example: &str, secret: &str, to: &mut Findings) -> Option<SmolStr> {
    let text = decode::scalar(node, example, to)?;
    if text.len() <= 300 && remote::is_address(text) {
        return Some(text.into());
    }
    // Behind these a password may stand.
    let shown = if text.contains(['@', '?']) { "this".into() } else { format!("`{}`", shorten(text)) };
    let message = format!("{shown} is no address of a service");
    let help = format!(
        "write https://HOST/PATH without user or password, or http:// on this machine; the secret goes into `{secret}`"
    );
    to.error(Code::BadValue, node.place, message, help);
    None
}
