//! The section `engine` of `site.yaml`: which engine, how Tandem reaches it, where its configuration lives, and
//! where phones and carriers reach it.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    decode::{self, Fields, Shape, shorten, suggest},
    model::{EngineKind, EngineSettings, Silence, SipSettings},
    problem::Code,
    secret,
    source::{Findings, Place},
    tree::Node,
    webrtc,
};

const ENGINE: Shape = Shape {
    what: "engine",
    keys: &[
        ("kind", "kind: simulator"),
        ("address", "address: 127.0.0.1:8088"),
        ("user", "user: tandem"),
        ("password_file", "password_file: secrets/engine"),
        ("domain", "domain: tandem.example"),
        ("config", "config: /etc/asterisk"),
        ("listen", "listen: 192.0.2.10"),
        ("phone_port", "phone_port: 5060"),
        ("trunk_port", "trunk_port: 5080"),
        ("music", "music: /srv/music"),
        ("media_timeout", "media_timeout: 2m"),
        ("hold_timeout", "hold_timeout: 30m"),
        ("webrtc", "webrtc: { listen: 192.0.2.10 }"),
    ],
};

pub(super) fn read(root: &Path, node: &Node, owner: Place, to: &mut Findings) -> Option<EngineSettings> {
    let fields = Fields::open(node, owner, &ENGINE, to)?;
    let kind = fields.need("kind", to).and_then(|n| kind(n, to));
    let port = if kind == Some(EngineKind::Asterisk) { 8088 } else { 8021 };
    let address = fields
        .get("address")
        .map_or(Some(SocketAddr::from(([127, 0, 0, 1], port))), |n| address(n, port, to));
    let user = fields.get("user").map_or(Some("tandem".to_owned()), |n| word(n, "tandem", to));
    let domain =
        fields.get("domain").map_or(Some("tandem.local".to_owned()), |n| word(n, "tandem.local", to));
    let password_file = match fields.get("password_file") {
        Some(node) => secret::place(root, node, "secrets/engine", to),
        None => secret::default(root, "secrets/engine", node.place, to),
    };
    let home = if kind == Some(EngineKind::Asterisk) { "/etc/asterisk" } else { "/etc/freeswitch" };
    let config = fields.get("config").map_or_else(|| Some(home.into()), |n| folder(n, home, to));
    let sip = sip(&fields, kind, to);
    let webrtc = match fields.get("webrtc") {
        Some(node) => Some(webrtc::read(root, node, kind, to)?),
        None => None,
    };
    let music = match fields.get("music") {
        Some(node) => Some(folder(node, "/srv/music", to)?),
        None => None,
    };
    Some(EngineSettings {
        kind: kind?,
        address: address?,
        user: user?.into(),
        password_file: password_file?,
        domain: domain?.into(),
        config: config?,
        sip: sip?,
        webrtc,
        music,
    })
}

fn sip(fields: &Fields, kind: Option<EngineKind>, to: &mut Findings) -> Option<SipSettings> {
    let usual = SipSettings::default();
    let listen = fields.get("listen").map_or(Some(usual.listen), |n| listen(n, to));
    let phones = fields.get("phone_port").map_or(Some(usual.phones), |n| port(n, "5060", to));
    let trunks = fields.get("trunk_port").map_or(Some(usual.trunks), |n| port(n, "5080", to));
    if let Some(at) = fields.key_place("trunk_port") {
        if kind == Some(EngineKind::Asterisk) {
            let message = "Asterisk has one SIP port, for phones and trunks";
            to.error(Code::UnknownKey, at, message, "remove it; `phone_port` is the port of both");
        } else if trunks.is_some() && trunks == phones {
            let message = "phones and trunks cannot share a port on this engine";
            to.error(Code::Duplicate, at, message, "give the trunks another one, like `trunk_port: 5080`");
        }
    }
    let silence = silence(fields, to);
    Some(SipSettings { listen: listen?, phones: phones?, trunks: trunks?, silence: silence? })
}

/// Whole seconds are what engines count.
fn silence(fields: &Fields, to: &mut Findings) -> Option<Silence> {
    let usual = Silence::default();
    let second = Duration::from_secs(1);
    let mut span = |key: &'static str, usual: Duration, most: Duration| {
        let Some(node) = fields.get(key) else { return Some(usual) };
        let span = decode::duration(node, second, most, to)?;
        if span.subsec_nanos() != 0 {
            let message = format!("`{key}` is no whole number of seconds");
            to.error(Code::BadValue, node.place, message, "engines count seconds: write it like `90s`");
            return None;
        }
        Some(span)
    };
    let talking = span("media_timeout", usual.talking, Duration::from_mins(10));
    let held = span("hold_timeout", usual.held, Duration::from_hours(12));
    let (talking, held) = (talking?, held?);
    if held < talking {
        let place = fields.key_place("hold_timeout").or_else(|| fields.key_place("media_timeout"))?;
        let message = "a call on hold would be given up before one that talks";
        to.error(Code::BadValue, place, message, "make `hold_timeout` at least as long as `media_timeout`");
        return None;
    }
    Some(Silence { talking, held })
}

fn kind(node: &Node, to: &mut Findings) -> Option<EngineKind> {
    let text = decode::scalar(node, "simulator", to)?;
    match text {
        "freeswitch" => Some(EngineKind::Freeswitch),
        "asterisk" => Some(EngineKind::Asterisk),
        "simulator" => Some(EngineKind::Simulator),
        _ => {
            let message = format!("`{}` is no engine", shorten(text));
            let help = suggest(text, &["freeswitch", "asterisk", "simulator"], "allowed");
            to.error(Code::BadValue, node.place, message, help);
            None
        }
    }
}

fn address(node: &Node, port: u16, to: &mut Findings) -> Option<SocketAddr> {
    let example = format!("127.0.0.1:{port}");
    let text = decode::scalar(node, &example, to)?;
    let Ok(address) = text.parse::<SocketAddr>() else {
        let message = format!("`{}` is no address", shorten(text));
        to.error(Code::BadValue, node.place, message, format!("write IP address and port, like `{example}`"));
        return None;
    };
    if !address.ip().is_loopback() {
        let message = format!("the engine at {address} is on another machine");
        let help = "its port is not encrypted, and prompts and recordings are files: run Tandem on its host, or see \
                    Layouts in docs/operations.md";
        to.warn(Code::RemoteEngine, node.place, message, help);
    }
    Some(address)
}

/// An address of this machine. One that stands for all is told to carriers and phones as it is, so it is refused.
pub(super) fn listen(node: &Node, to: &mut Findings) -> Option<IpAddr> {
    let text = decode::scalar(node, "192.0.2.10", to)?;
    let address = text.parse::<IpAddr>().ok().filter(|ip| !ip.is_unspecified() && !ip.is_multicast());
    if address.is_none() {
        let message = format!("`{}` is no address of a machine", shorten(text));
        to.error(Code::BadValue, node.place, message, "write the one that phones reach, like `192.0.2.10`");
    }
    address
}

pub(super) fn port(node: &Node, example: &str, to: &mut Findings) -> Option<u16> {
    let text = decode::scalar(node, example, to)?;
    let port = text.parse::<u16>().ok().filter(|port| *port != 0);
    if port.is_none() {
        let message = format!("`{}` is no port", shorten(text));
        to.error(Code::BadValue, node.place, message, format!("1 to 65535, like `{example}`"));
    }
    port
}

/// An absolute path that every engine can be told.
fn folder(node: &Node, example: &str, to: &mut Findings) -> Option<PathBuf> {
    let text = decode::scalar(node, example, to)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'-' | b'_');
    let path = Path::new(text);
    let up = path.components().any(|part| part == std::path::Component::ParentDir);
    if path.is_absolute() && !up && text.len() <= 512 && text.bytes().all(plain) {
        return Some(path.to_owned());
    }
    let message = format!("`{}` is no folder that the engine can be told", shorten(text));
    let help = format!("an absolute path of letters, digits, `/`, `.`, `-`, `_`: like `{example}`");
    to.error(Code::BadValue, node.place, message, help);
    None
}

pub(super) fn word(node: &Node, example: &str, to: &mut Findings) -> Option<String> {
    let text = decode::scalar(node, example, to)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if (1..=128).contains(&text.len()) && text.bytes().all(plain) {
        return Some(text.to_owned());
    }
    let message = format!("`{}` has characters that do not belong here", shorten(text));
    to.error(
        Code::BadValue,
        node.place,
        message,
        format!("letters, digits, `.`, `-`, `_`: like `{example}`"),
    );
    None
}
