//! Phones that are browsers: `engine.webrtc`, where they reach the engine and what it shows them, and who needs it.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
};

use super::{
    decode::{Fields, Shape},
    engine,
    general::General,
    model::{EngineKind, EngineSettings, Extension, HttpSettings, Webrtc},
    problem::Code,
    secret,
    source::{Findings, Place},
    tree::{Key, Node, Value},
    under,
};
use crate::{
    base::{
        clock::{Clock, Stamp, SystemClock},
        number::Number,
    },
    infra::remote::{Identity, Unfit},
};

const WEBRTC: Shape = Shape {
    what: "webrtc",
    keys: &[
        ("listen", "listen: 192.0.2.10"),
        ("port", "port: 8089"),
        ("certificate", "certificate: secrets/webrtc.crt"),
        ("key_file", "key_file: secrets/webrtc.key"),
    ],
};

/// The ports that each engine's own files and every guide for phones in browsers name.
fn usual(kind: Option<EngineKind>) -> u16 {
    if kind == Some(EngineKind::Freeswitch) { 7443 } else { 8089 }
}

pub(super) fn read(root: &Path, node: &Node, kind: Option<EngineKind>, to: &mut Findings) -> Option<Webrtc> {
    let fields = Fields::open(node, node.place, &WEBRTC, to)?;
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let listen = fields.get("listen").map_or(Some(here), |n| engine::listen(n, to));
    let port = fields.get("port").map_or(Some(usual(kind)), |n| engine::port(n, "8089", to));
    let certificate = fields.get("certificate");
    let shown = certificate.unwrap_or(node).place;
    let certificate = secret::file(root, certificate, node.place, ("secrets/webrtc.crt", false), to);
    let key_file = fields.get("key_file");
    let kept = key_file.unwrap_or(node).place;
    let key_file = secret::file(root, key_file, node.place, ("secrets/webrtc.key", true), to);
    let webrtc =
        Webrtc { listen: SocketAddr::new(listen?, port?), certificate: certificate?, key_file: key_file? };
    look(&webrtc, (shown, kept), to);
    Some(webrtc)
}

/// What browsers are shown. Only whoever writes it for the engine needs it, so it keeps nobody else's telephone out.
fn look(webrtc: &Webrtc, (shown, kept): (Place, Place), to: &mut Findings) {
    match Identity::read(&webrtc.certificate, &webrtc.key_file) {
        Ok(identity) => {
            let (now, until) = (SystemClock.now(), Stamp(identity.until.as_microsecond()));
            if now > until || now < Stamp(identity.from.as_microsecond()) {
                let message = format!("the certificate is good from {} to {}", identity.from, identity.until);
                let help =
                    "no browser speaks to an engine that shows it: renew it, or set this machine's clock";
                to.warn(Code::Lapsed, shown, message, help);
            }
        }
        Err(unfit) => {
            let key = matches!(&unfit, Unfit::NoKey(_) | Unfit::Strangers { .. })
                || matches!(&unfit, Unfit::Unreadable { path, .. } if *path == webrtc.key_file);
            let code =
                if matches!(unfit, Unfit::Unreadable { .. }) { Code::Unreadable } else { Code::BadValue };
            let help = "`tandem apply` refuses it. Bring a certificate in PEM that browsers know, for the name by which \
                        they reach the engine, and its key: an ACME client writes both; Tandem's user must be able to \
                        read them";
            to.warn(code, if key { kept } else { shown }, unfit.to_string(), help);
        }
    }
}

/// What only other sections tell: who needs it, and whose port it is already.
pub(super) fn check(
    site: Option<&Node>,
    general: Option<&General>,
    (people, extensions): (Option<&Node>, &BTreeMap<Number, Extension>),
    to: &mut Findings,
) {
    let (Some(site), Some(General { engine, http, .. })) = (site, general) else { return };
    let browsers = people.and_then(|n| under(n, "extensions")).map_or(&[][..], entries);
    let mut browsers = browsers.iter().filter(|(key, _)| {
        extensions.iter().any(|(number, extension)| extension.webrtc && number.as_str() == key.text)
    });
    let section = under(site, "engine").and_then(|n| key_of(n, "webrtc"));
    match (section, &engine.webrtc) {
        (Some((key, _)), Some(webrtc)) => {
            if let Some(whose) = taken(webrtc.listen, engine, http.as_ref()) {
                let message = format!("{} is {whose} already", webrtc.listen);
                to.error(Code::Duplicate, key.place, message, "give it a port of its own, like `port: 8089`");
            }
            if browsers.next().is_none() {
                let message = "no extension is a browser, so nobody needs this";
                to.warn(Code::Unreachable, key.place, message, "add `webrtc: true` to one, or remove it");
            } else if engine.sip.listen.is_loopback() && !webrtc.listen.ip().is_loopback() {
                let (theirs, ours) = (webrtc.listen.ip(), engine.sip.listen);
                let message = format!(
                    "browsers log in at {theirs}, and their sound goes to {ours}, this machine's own"
                );
                let help = format!(
                    "`engine.listen` is where sound goes, `webrtc.listen` where browsers log in: add `listen: {theirs}` \
                                    to `engine` too"
                );
                to.warn(Code::Unreachable, key.place, message, help);
            }
        }
        (None, _) => {
            for (key, node) in browsers {
                let place = key_of(node, "webrtc").map_or(key.place, |(key, _)| key.place);
                let message = format!("extension {} is a browser, and browsers reach no engine", key.text);
                let help = "add `listen: 192.0.2.10` (sound) and `webrtc: { listen: 192.0.2.10 }` (logging in) to `engine` \
                            in site.yaml, an address that browsers reach: docs/provision.md";
                to.error(Code::MissingKey, place, message, help);
            }
        }
        (Some(_), None) => {}
    }
}

fn entries(node: &Node) -> &[(Key, Node)] {
    match &node.value {
        Value::Table(entries) => entries,
        _ => &[],
    }
}

fn key_of<'a>(node: &'a Node, key: &str) -> Option<&'a (Key, Node)> {
    entries(node).iter().find(|(k, _)| k.text == key)
}

/// Who of ours has this TCP port.
fn taken(at: SocketAddr, engine: &EngineSettings, http: Option<&HttpSettings>) -> Option<&'static str> {
    let sip = |port| SocketAddr::new(engine.sip.listen, port);
    let sofia = engine.kind == EngineKind::Freeswitch;
    let all = [
        (Some(engine.address), "the engine's control port"),
        (http.map(|http| http.listen), "REST's, `http.listen`"),
        (sofia.then(|| sip(engine.sip.phones)), "the phones', `phone_port`"),
        (sofia.then(|| sip(engine.sip.trunks)), "the trunks', `trunk_port`"),
    ];
    let meets = |other: SocketAddr| {
        other.port() == at.port() && (other.ip() == at.ip() || other.ip().is_unspecified())
    };
    all.into_iter().find(|(other, _)| other.is_some_and(meets)).map(|(_, whose)| whose)
}
