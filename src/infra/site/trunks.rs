//! `trunks.yaml`: the commercial lines, who may call in on them, how we log in, and what they speak.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::{Path, PathBuf},
};

use smol_str::SmolStr;

use super::{
    decode::{self, Fields, Shape, shorten, suggest},
    model::{Codec, EngineKind, Login, Trunk},
    problem::Code,
    secret,
    source::Findings,
    tree::{Key, Node},
};
use crate::base::id::Name;

const TRUNK: Shape = Shape {
    what: "a trunk",
    keys: &[
        ("address", "address: sip.carrier.example:5060"),
        ("from", "from: [203.0.113.0/24]"),
        ("codecs", "codecs: [pcma, pcmu]"),
        ("user", "user: 4000123"),
        ("secret_file", "secret_file: secrets/trunk-carrier"),
        ("register", "register: true"),
    ],
};

const CODECS: [(&str, Codec); 5] = [
    ("pcma", Codec::Pcma),
    ("pcmu", Codec::Pcmu),
    ("g722", Codec::G722),
    ("g729", Codec::G729),
    ("opus", Codec::Opus),
];

pub(super) fn read(
    root: &Path,
    node: &Node,
    engine: Option<EngineKind>,
    to: &mut Findings,
) -> BTreeMap<Name, Trunk> {
    let trunks = decode::entries(node, "trunks", "carrier: { address: sip.carrier.example }", to);
    trunks.iter().filter_map(|(key, node)| trunk(root, key, node, engine, to)).collect()
}

fn trunk(
    root: &Path,
    key: &Key,
    node: &Node,
    engine: Option<EngineKind>,
    to: &mut Findings,
) -> Option<(Name, Trunk)> {
    let name = decode::new_name(key, "a trunk", to);
    let fields = Fields::open(node, key.place, &TRUNK, to)?;
    let address = fields.need("address", to).and_then(|n| address(n, to));
    let from = fields.get("from").map(|n| decode::list(n).iter().filter_map(|n| network(n, to)).collect());
    let from: Vec<SmolStr> = from.unwrap_or_default();
    let codecs = fields.get("codecs").map(|n| codecs(n, to)).unwrap_or_default();
    let login = login(root, key, &fields, to);
    let address = address?;
    let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
    if engine == Some(EngineKind::Freeswitch)
        && fields.get("from").is_none()
        && host.parse::<IpAddr>().is_err()
    {
        let message = format!(
            "calls that come in on trunk `{}` are refused: the engine knows callers by address",
            key.text
        );
        to.warn(Code::MissingKey, key.place, message, "add `from: [203.0.113.0/24]` as the carrier tells");
    }
    Some((name?, Trunk { address: address.into(), from, codecs, login }))
}

fn address(node: &Node, to: &mut Findings) -> Option<String> {
    let text = decode::scalar(node, "sip.carrier.example:5060", to)?;
    let address = host_and_port(text);
    if address.is_none() {
        let message = format!("`{}` is no host with port", shorten(text));
        to.error(Code::BadValue, node.place, message, "write it like `sip.carrier.example:5060`");
    }
    address
}

/// With port 5060 where none is given.
fn host_and_port(text: &str) -> Option<String> {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, "5060"));
    let port = port.parse::<u16>().ok().filter(|p| *p != 0)?;
    let plain = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    let edges = |c: char| c.is_ascii_alphanumeric();
    (plain && (1..=253).contains(&host.len()) && host.starts_with(edges) && host.ends_with(edges))
        .then(|| format!("{host}:{port}"))
}

/// An address, or a network with the length of its prefix. Everybody is no network of a carrier.
fn network(node: &Node, to: &mut Findings) -> Option<SmolStr> {
    let text = decode::scalar(node, "203.0.113.0/24", to)?;
    let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
    let ip = address.parse::<IpAddr>().ok();
    let most = if matches!(ip, Some(IpAddr::V6(_))) { 128 } else { 32 };
    let length = length.map_or(Some(most), |l| l.parse::<u8>().ok());
    if ip.is_some() && length.is_some_and(|l| (1..=most).contains(&l)) {
        return Some(SmolStr::new(text));
    }
    let message = format!("`{}` is no network of a carrier", shorten(text));
    to.error(Code::BadValue, node.place, message, "addresses only, with a prefix: `203.0.113.0/24`");
    None
}

fn codecs(node: &Node, to: &mut Findings) -> Vec<Codec> {
    let mut found = Vec::new();
    for node in decode::list(node) {
        let Some(text) = decode::scalar(node, "pcma", to) else { continue };
        let Some((_, codec)) = CODECS.iter().find(|(name, _)| *name == text) else {
            let message = format!("`{}` is no codec of a trunk", shorten(text));
            to.error(Code::BadValue, node.place, message, suggest(text, &CODECS.map(|c| c.0), "allowed"));
            continue;
        };
        if found.contains(codec) {
            to.error(Code::Duplicate, node.place, format!("codec `{text}` is here twice"), "remove one");
        } else {
            found.push(*codec);
        }
    }
    found
}

/// A carrier that wants a password gives one; it is never made up.
fn login(root: &Path, key: &Key, fields: &Fields, to: &mut Findings) -> Option<Login> {
    let register = fields.get("register").map_or(Some(false), |n| decode::flag(n, to));
    let Some(node) = fields.get("user") else {
        for needs in ["secret_file", "register"] {
            if let Some(at) = fields.key_place(needs) {
                let message = format!("`{needs}` without `user` says nothing to the carrier");
                to.error(Code::MissingKey, at, message, "add `user: NAME` as the carrier gave it");
            }
        }
        return None;
    };
    let user = user(node, to);
    let (place, secret_file) = match fields.get("secret_file") {
        Some(node) => (node.place, secret::place(root, node, "secrets/trunk-carrier", to)),
        None => (key.place, secret::default(root, &format!("secrets/trunk-{}", key.text), key.place, to)),
    };
    let secret_file: PathBuf = secret_file?;
    if !secret_file.exists() {
        let message = format!("the password of trunk `{}` is not there", key.text);
        let help = format!("write the carrier's password into {}, mode 0600", secret_file.display());
        to.error(Code::MissingFile, place, message, help);
    }
    Some(Login { user: user?.into(), secret_file, register: register? })
}

fn user(node: &Node, to: &mut Findings) -> Option<String> {
    let text = decode::scalar(node, "4000123", to)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+');
    if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
        return Some(text.to_owned());
    }
    let message = format!("`{}` is no user name of a carrier", shorten(text));
    to.error(Code::BadValue, node.place, message, "letters, digits, `.`, `-`, `_`, `+`: like `4000123`");
    None
}
