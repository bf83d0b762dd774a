//! `customers` of `site.yaml`: where else than in the own table customers are known.

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

/// The company's own customer system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmSettings {
    /// `https://HOST/PATH`, or http on this machine.
    pub url: SmolStr,
    /// Its bearer token. Absolute path; mode 0600.
    pub secret_file: Option<PathBuf>,
    /// How long a caller's call waits for it (100 ms to 1 s; default 300 ms).
    pub patience: Duration,
    /// How long its answer is taken for true (1 s to 24 h; default 10 min).
    pub cache: Duration,
}

const CUSTOMERS: Shape =
    Shape { what: "customers", keys: &[("crm", "crm: { url: https://crm.example/who }")] };
const CRM: Shape = Shape {
    what: "crm",
    keys: &[
        ("url", "url: https://crm.example/who"),
        ("secret_file", "secret_file: secrets/crm"),
        ("patience", "patience: 300ms"),
        ("cache", "cache: 10m"),
    ],
};

const PATIENCE: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(300), Duration::from_secs(1)];
const CACHE: [Duration; 3] = [Duration::from_secs(1), Duration::from_mins(10), Duration::from_hours(24)];

pub(super) fn read(root: &Path, node: &Node, owner: Place, to: &mut Findings) -> Option<CrmSettings> {
    let fields = Fields::open(node, owner, &CUSTOMERS, to)?;
    let node = fields.need("crm", to)?;
    let fields = Fields::open(node, fields.key_place("crm").unwrap_or(node.place), &CRM, to)?;
    let url =
        fields.need("url", to).and_then(|node| address(node, "https://crm.example/who", "secret_file", to));
    let secret_file = match fields.get("secret_file") {
        Some(node) => Some(secret::place(root, node, "secrets/crm", to)?),
        None => None,
    };
    let mut span = |key, [least, usual, most]: [Duration; 3]| {
        fields.get(key).map_or(Some(usual), |node| decode::duration(node, least, most, to))
    };
    let (patience, cache) = (span("patience", PATIENCE), span("cache", CACHE));
    Some(CrmSettings { url: url?, secret_file, patience: patience?, cache: cache? })
}
