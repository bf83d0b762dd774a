//! `speech` of `site.yaml`: who hears callers, by language.

use std::{collections::BTreeMap, net::IpAddr, path::Path, time::Duration};

use super::{
    decode::{self, Fields, Shape, shorten, suggest},
    model::{Hearer, Hears, Locale},
    problem::Code,
    secret,
    source::{Findings, Place},
    tree::Node,
};

const SPEECH: Shape = Shape {
    what: "speech",
    keys: &[
        ("zh", "zh: { recognizer: funasr, url: \"ws://127.0.0.1:10095\" }"),
        ("en", "en: { recognizer: pocketsphinx }"),
    ],
};
const LANGUAGE: Shape = Shape {
    what: "a recogniser",
    keys: &[
        ("recognizer", "recognizer: pocketsphinx"),
        ("patience", "patience: 5s"),
        ("workers", "workers: 4"),
        ("command", "command: [/usr/local/bin/hear, --wav]"),
        ("url", "url: \"ws://127.0.0.1:2700\""),
        ("model", "model: whisper-1"),
        ("key_file", "key_file: secrets/speech"),
    ],
};
const KINDS: [(&str, &[&str]); 6] = [
    ("none", &[]),
    ("pocketsphinx", &["workers"]),
    ("program", &["command"]),
    ("vosk", &["url"]),
    ("funasr", &["url"]),
    ("http", &["url", "model", "key_file"]),
];

/// Who hears each language that is named.
pub(super) fn read(
    root: &Path,
    node: &Node,
    owner: Place,
    to: &mut Findings,
) -> Option<BTreeMap<Locale, Hearer>> {
    let fields = Fields::open(node, owner, &SPEECH, to)?;
    let mut all = BTreeMap::new();
    for (key, locale) in [("zh", Locale::Chinese), ("en", Locale::English)] {
        if let Some((node, place)) = fields.get(key).zip(fields.key_place(key)) {
            all.extend(hearer(root, node, place, locale, to).map(|hearer| (locale, hearer)));
        }
    }
    Some(all)
}

fn hearer(root: &Path, node: &Node, place: Place, locale: Locale, to: &mut Findings) -> Option<Hearer> {
    let fields = Fields::open(node, place, &LANGUAGE, to)?;
    let named = fields.need("recognizer", to)?;
    let text = decode::scalar(named, "pocketsphinx", to)?;
    let Some((kind, own)) = KINDS.into_iter().find(|(kind, _)| *kind == text) else {
        let message = format!("there is no recogniser `{}`", shorten(text));
        to.error(
            Code::BadValue,
            named.place,
            message,
            suggest(text, &KINDS.map(|(kind, _)| kind), "allowed"),
        );
        return None;
    };
    let mut fine = true;
    for (key, _) in &LANGUAGE.keys[2..] {
        if let Some(place) = fields.key_place(key).filter(|_| !own.contains(key)) {
            let message = format!("`{key}` means nothing to the recogniser `{kind}`");
            to.error(Code::UnknownKey, place, message, "remove it, or name the recogniser that it is for");
            fine = false;
        }
    }
    if kind == "pocketsphinx" && locale != Locale::English {
        let message = "pocketsphinx hears English only";
        let help = "run a Vosk or FunASR server and name it here (docs/speech.md), or write `recognizer: none`: callers use keys";
        to.error(Code::BadValue, named.place, message, help);
        return None;
    }
    let (least, most) = (Duration::from_millis(500), Duration::from_secs(30));
    let patience =
        fields.get("patience").map_or(Some(Duration::from_secs(5)), |n| decode::duration(n, least, most, to));
    let hears = hears(root, kind, &fields, to)?;
    Some(Hearer { hears, patience: patience? }).filter(|_| fine)
}

fn hears(root: &Path, kind: &str, fields: &Fields, to: &mut Findings) -> Option<Hears> {
    Some(match kind {
        "pocketsphinx" => {
            let workers = fields.get("workers").map_or(Some(4), |n| decode::count(n, 1, 64, to))?;
            Hears::Pocketsphinx { workers }
        }
        "program" => Hears::Program { command: command(fields.need("command", to)?, to)? },
        "vosk" => Hears::Vosk { url: address(fields.need("url", to)?, "ws", to)?.into() },
        "funasr" => Hears::Funasr { url: address(fields.need("url", to)?, "ws", to)?.into() },
        "http" => {
            let (url, model) = (fields.need("url", to), fields.need("model", to));
            let key_file = match fields.get("key_file") {
                Some(node) => Some(secret::place(root, node, "secrets/speech", to)?),
                None => None,
            };
            let model = decode::line(model?, 100, "whisper-1", to)?.into();
            Hears::Http { url: address(url?, "http", to)?.into(), model, key_file }
        }
        _ => Hears::Nobody,
    })
}

/// A program and its arguments; no shell reads them.
fn command(node: &Node, to: &mut Findings) -> Option<Vec<String>> {
    let words: Vec<String> = decode::list(node)
        .iter()
        .map(|n| decode::line(n, 500, "/usr/local/bin/hear", to))
        .collect::<Option<_>>()?;
    if !words.first().is_some_and(|program| program.starts_with('/')) {
        let message = "the program has no whole path";
        let help =
            "write a list: the program from `/` on, then its arguments, like `[/usr/local/bin/hear, --wav]`";
        to.error(Code::BadValue, node.place, message, help);
        return None;
    }
    Some(words)
}

/// An address of a server. What callers say leaves the house sealed or not at all.
fn address<'a>(node: &'a Node, scheme: &str, to: &mut Findings) -> Option<&'a str> {
    let text = decode::scalar(node, "ws://127.0.0.1:2700", to)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._~:/[]-".contains(&b);
    let fine = text.len() <= 500
        && text.bytes().all(plain)
        && text.split_once("://").is_some_and(|(own, rest)| {
            let host = rest.split('/').next().unwrap_or_default();
            let host = host
                .rsplit_once(':')
                .filter(|(_, port)| port.parse::<u16>().is_ok())
                .map_or(host, |(host, _)| host);
            !host.is_empty() && (own == scheme && near(host) || scheme == "http" && own == "https")
        });
    if !fine {
        // Never the text itself: it may hold a password.
        let message = "that is no address of a recogniser";
        let help = match scheme {
            "ws" => "write `ws://HOST:PORT`, with HOST on this machine or an IP address of a private network",
            _ => {
                "write `https://HOST/v1`, or http with HOST on this machine or an IP address of a private network"
            }
        };
        to.error(Code::BadValue, node.place, message, help);
    }
    fine.then_some(text)
}

/// Whether a host is this machine or in a private network.
pub fn near(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost"
        || address.is_ok_and(|address| match address {
            IpAddr::V4(four) => four.is_loopback() || four.is_private(),
            IpAddr::V6(six) => six.is_loopback() || six.is_unique_local(),
        })
}
