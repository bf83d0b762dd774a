//! `synthesizer` of a language: who speaks to callers.

use std::{path::Path, time::Duration};

use super::{
    decode::{self, Fields, Shape, shorten, suggest},
    model::{Speaker, Speaks},
    problem::Code,
    secret,
    source::{Findings, Place},
    speech::{command, server},
    tree::Node,
};

const VOICE: Shape = Shape {
    what: "a synthesiser",
    keys: &[
        ("kind", "kind: espeak-ng"),
        ("patience", "patience: 10s"),
        ("voice", "voice: en-us"),
        ("speed", "speed: 160"),
        ("command", "command: [/usr/local/bin/say]"),
        ("url", "url: \"https://speech.example/v1\""),
        ("model", "model: tts-1"),
        ("key_file", "key_file: secrets/speech"),
        ("ca_file", "ca_file: speech-ca.pem"),
    ],
};
const KINDS: [(&str, &[&str]); 3] = [
    ("espeak-ng", &["voice", "speed"]),
    ("http", &["url", "model", "voice", "key_file", "ca_file"]),
    ("program", &["command"]),
];
/// At the least, usually, at the most.
const PATIENCE: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(10), Duration::from_secs(60)];

pub(super) fn read(root: &Path, node: &Node, place: Place, to: &mut Findings) -> Option<Speaker> {
    let fields = Fields::open(node, place, &VOICE, to)?;
    let named = fields.need("kind", to)?;
    let text = decode::scalar(named, "espeak-ng", to)?;
    let Some((kind, own)) = KINDS.into_iter().find(|(kind, _)| *kind == text) else {
        let message = format!("there is no synthesiser `{}`", shorten(text));
        let help = suggest(text, &KINDS.map(|(kind, _)| kind), "allowed");
        to.error(Code::BadValue, named.place, message, help);
        return None;
    };
    let mut fine = true;
    for (key, _) in &VOICE.keys[2..] {
        if let Some(place) = fields.key_place(key).filter(|_| !own.contains(key)) {
            let message = format!("`{key}` means nothing to the synthesiser `{kind}`");
            to.error(Code::UnknownKey, place, message, "remove it, or name the synthesiser that it is for");
            fine = false;
        }
    }
    let [least, usual, most] = PATIENCE;
    let patience = fields.get("patience").map_or(Some(usual), |n| decode::duration(n, least, most, to));
    let speaks = match kind {
        "http" => http(root, &fields, to),
        "program" => Some(Speaks::Program { command: command(fields.need("command", to)?, to)? }),
        _ => espeak(&fields, to),
    };
    Some(Speaker { speaks: speaks?, patience: patience? }).filter(|_| fine)
}

fn http(root: &Path, fields: &Fields, to: &mut Findings) -> Option<Speaks> {
    let (url, model, voice) = (fields.need("url", to), fields.need("model", to), fields.need("voice", to));
    let key_file = match fields.get("key_file") {
        Some(node) => Some(secret::key_place(root, node, "secrets/speech", to)?),
        None => None,
    };
    let model = decode::line(model?, 100, "tts-1", to)?.into();
    let voice = decode::line(voice?, 100, "alloy", to)?.into();
    let (url, ca_file) = server(root, fields, url?, "http", to)?;
    Some(Speaks::Http { url, model, voice, key_file, ca_file })
}

fn espeak(fields: &Fields, to: &mut Findings) -> Option<Speaks> {
    let speed = fields.get("speed").map_or(Some(Speaks::SPEED), |n| decode::amount(n, 80, 400, to));
    let voice = match fields.get("voice") {
        Some(node) => {
            let text = decode::line(node, 40, "en-us", to)?;
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_+".contains(&b);
            if text.starts_with('-') || !text.bytes().all(plain) {
                let message = format!("`{}` is no voice of espeak-ng", shorten(&text));
                to.error(
                    Code::BadValue,
                    node.place,
                    message,
                    "`espeak-ng --voices` lists them; like `en-us` or `cmn+f2`",
                );
                return None;
            }
            Some(text.into())
        }
        None => None,
    };
    Some(Speaks::Espeak { voice, speed: speed? })
}
