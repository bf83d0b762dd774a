//! `speech` of `site.yaml`: who hears callers and who speaks to them, by language.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use smol_str::SmolStr;

use super::{
    decode::{self, Fields, Shape, shorten, suggest},
    detector,
    model::{EngineKind, Hearer, Hears, Locale, Speaker},
    problem::Code,
    secret,
    source::{Findings, Place},
    tree::Node,
    voices,
};
use crate::infra::remote::{Authorities, near};

/// What `speech` names.
#[derive(Default)]
pub(super) struct Speech {
    pub hearers: BTreeMap<Locale, Hearer>,
    pub voices: BTreeMap<Locale, Speaker>,
}

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
        ("ca_file", "ca_file: speech-ca.pem"),
        ("module", "module: unimrcp"),
        ("grammar", "grammar: \"builtin:speech/transcribe\""),
        ("profile", "profile: my-server"),
        ("params", "params: { speech-language: en-US }"),
        ("synthesizer", "synthesizer: { kind: espeak-ng, voice: en-us }"),
    ],
};
/// What belongs to a recogniser.
const OWN: &[&str] = &[
    "patience", "workers", "command", "url", "model", "key_file", "ca_file", "module", "grammar", "profile",
    "params",
];
const KINDS: [(&str, &[&str]); 7] = [
    ("none", &[]),
    ("pocketsphinx", &["workers"]),
    ("program", &["command"]),
    ("vosk", &["url", "ca_file"]),
    ("funasr", &["url", "ca_file"]),
    ("http", &["url", "model", "key_file", "ca_file"]),
    ("engine", &["module", "grammar", "profile", "params"]),
];

/// Who hears and who speaks each language that is named.
pub(super) fn read(
    root: &Path,
    node: &Node,
    owner: Place,
    engine: Option<EngineKind>,
    to: &mut Findings,
) -> Option<Speech> {
    let fields = Fields::open(node, owner, &SPEECH, to)?;
    let mut all = Speech::default();
    for (key, locale) in [("zh", Locale::Chinese), ("en", Locale::English)] {
        let Some((node, place)) = fields.get(key).zip(fields.key_place(key)) else { continue };
        let Some(fields) = Fields::open(node, place, &LANGUAGE, to) else { continue };
        let voice = fields.get("synthesizer");
        if let Some((node, place)) = voice.zip(fields.key_place("synthesizer")) {
            all.voices.extend(voices::read(root, node, place, to).map(|speaker| (locale, speaker)));
        }
        // Who names only a voice has the usual recogniser.
        if voice.is_none()
            || fields.get("recognizer").is_some()
            || OWN.iter().any(|key| fields.get(key).is_some())
        {
            all.hearers.extend(hearer(root, &fields, locale, engine, to).map(|hearer| (locale, hearer)));
        }
    }
    Some(all)
}

fn hearer(
    root: &Path,
    fields: &Fields,
    locale: Locale,
    engine: Option<EngineKind>,
    to: &mut Findings,
) -> Option<Hearer> {
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
    for key in &OWN[1..] {
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
    let hears = match kind {
        "engine" => detector::read(fields, engine, to),
        _ => hears(root, kind, fields, to),
    };
    let usual = match hears {
        Some(Hears::Engine { .. }) => Hearer::OF_AN_ENGINE,
        _ => Hearer::PATIENCE,
    };
    let patience = fields.get("patience").map_or(Some(usual), |n| decode::duration(n, least, most, to));
    Some(Hearer { hears: hears?, patience: patience? }).filter(|_| fine)
}

fn hears(root: &Path, kind: &str, fields: &Fields, to: &mut Findings) -> Option<Hears> {
    Some(match kind {
        "pocketsphinx" => {
            let workers = fields.get("workers").map_or(Some(4), |n| decode::count(n, 1, 64, to))?;
            Hears::Pocketsphinx { workers }
        }
        "program" => Hears::Program { command: command(fields.need("command", to)?, to)? },
        "vosk" | "funasr" => {
            let (url, ca_file) = server(root, fields, fields.need("url", to)?, "ws", to)?;
            if kind == "vosk" { Hears::Vosk { url, ca_file } } else { Hears::Funasr { url, ca_file } }
        }
        "http" => {
            let (url, model) = (fields.need("url", to), fields.need("model", to));
            let key_file = match fields.get("key_file") {
                Some(node) => Some(secret::key_place(root, node, "secrets/speech", to)?),
                None => None,
            };
            let model = decode::line(model?, 100, "whisper-1", to)?.into();
            let (url, ca_file) = server(root, fields, url?, "http", to)?;
            Hears::Http { url, model, key_file, ca_file }
        }
        _ => Hears::Nobody,
    })
}

/// A program and its arguments; no shell reads them.
pub(super) fn command(node: &Node, to: &mut Findings) -> Option<Vec<String>> {
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

/// The address of a server, and who may have signed its certificate.
pub(super) fn server(
    root: &Path,
    fields: &Fields,
    url: &Node,
    scheme: &str,
    to: &mut Findings,
) -> Option<(SmolStr, Option<PathBuf>)> {
    let url = address(url, scheme, to)?;
    let Some(node) = fields.get("ca_file") else { return Some((url.into(), None)) };
    if url.starts_with(&format!("{scheme}://")) {
        let message = "a server without TLS has no certificate that anybody could have signed";
        to.error(
            Code::Contradiction,
            node.place,
            message,
            "remove `ca_file`, or write `wss` or `https` in `url`",
        );
        return None;
    }
    let path = secret::file(root, Some(node), node.place, ("speech-ca.pem", false), to)?;
    if let Err(error) = Authorities::read(&path) {
        let text = error.to_string();
        let (message, help) = text.split_once("; ").unwrap_or((&text, ""));
        to.error(Code::Unreadable, node.place, message, help);
        return None;
    }
    Some((url.into(), Some(path)))
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
            !host.is_empty() && (own == scheme && near(host) || own.strip_suffix('s') == Some(scheme))
        });
    if !fine {
        // Never the text itself: it may hold a password.
        let message = "that is no address of a speech server";
        let help = match scheme {
            "ws" => {
                "write `wss://HOST:PORT`, or ws with HOST on this machine or an IP address of a private network"
            }
            _ => {
                "write `https://HOST/v1`, or http with HOST on this machine or an IP address of a private network"
            }
        };
        to.error(Code::BadValue, node.place, message, help);
    }
    fine.then_some(text)
}
