//! Ports: SIP, audio and HTTP belong to those who need them, and to nobody else.

use std::{fs, net::SocketAddr};

use super::{
    Check, Findings, people,
    sockets::{Taken, Transport, taken},
};
use crate::infra::site::{EngineKind, Site};

const CALLS: &str = "phones and carriers speak to somebody else, or to nobody";
const CONTROL: &str = "Tandem cannot command the engine";
const DOORS: &str = "the daemon does not start, or nobody elsewhere reaches it";
const AUDIO: &str = "a call that draws this port is heard by nobody, or takes long to begin";

/// A port that is needed.
struct Need {
    what: &'static str,
    at: SocketAddr,
    transport: Transport,
    program: &'static str,
    /// That program runs, so somebody must be there.
    runs: bool,
    why: &'static str,
}

pub(super) fn look(site: &Site, engine_up: bool, to: &mut Findings) {
    let all = taken();
    let before = to.0.len();
    let needs = needs(site, engine_up);
    for need in &needs {
        judge(need, &all, to);
    }
    if site.engine.kind != EngineKind::Simulator {
        audio(site, &all, to);
    }
    if to.0.len() == before {
        to.well(Check::Ports, format!("{} ports belong to those who need them, or are free", needs.len()));
    }
}

fn needs(site: &Site, engine_up: bool) -> Vec<Need> {
    let (engine, sip) = (&site.engine, site.engine.sip);
    let program = people::program(engine.kind);
    let need = |what, at, transport, why| Need { what, at, transport, program, runs: engine_up, why };
    let mut needs = Vec::new();
    if engine.kind != EngineKind::Simulator {
        needs.push(need("SIP of the phones", SocketAddr::new(sip.listen, sip.phones), Transport::Udp, CALLS));
        needs.push(need("the engine's control port", engine.address, Transport::Tcp, CONTROL));
    }
    if engine.kind == EngineKind::Freeswitch && !site.trunks.is_empty() {
        needs.push(need("SIP of the trunks", SocketAddr::new(sip.listen, sip.trunks), Transport::Udp, CALLS));
    }
    if let (Some(webrtc), true) = (&engine.webrtc, engine.kind != EngineKind::Simulator) {
        needs.push(need("SIP of the browsers", webrtc.listen, Transport::Tcp, CALLS));
    }
    if let Some(http) = &site.http {
        let door = need("REST by TLS", http.listen, Transport::Tcp, DOORS);
        needs.push(Need { program: "tandem", runs: false, ..door });
    }
    needs
}

fn judge(need: &Need, all: &[Taken], to: &mut Findings) {
    let Need { what, at, transport, program, .. } = need;
    let meets = |one: &&Taken| {
        let wide = one.ip.is_unspecified() || at.ip().is_unspecified() || one.ip == at.ip();
        one.transport == *transport && one.port == at.port() && wide
    };
    let mut there = all.iter().filter(meets).peekable();
    if there.peek().is_none() {
        if need.runs {
            let listens = format!("nobody listens on {at}, {what}, though {program} runs");
            to.fault(Check::Ports, listens, need.why, "`tandem apply`, then look at the engine's log");
        }
        return;
    }
    for one in there {
        match (one.is(program), &one.by) {
            (Some(true), _) => {}
            (Some(false), Some((name, pid))) => {
                let what = format!("{at}, {what}, is taken by {name} (process {pid})");
                to.fault(Check::Ports, what, need.why, format!("stop {name}, or give it another port"));
            }
            _ => to.unseen(
                Check::Ports,
                format!("{at}, {what}, is somebody's"),
                "run the doctor as root to see whose",
            ),
        }
    }
}

/// Ports of the engine's range that another program has.
fn audio(site: &Site, all: &[Taken], to: &mut Findings) {
    let (folder, program) = (&site.engine.config, people::program(site.engine.kind));
    let (file, keys, usual) = match site.engine.kind {
        EngineKind::Asterisk => ("rtp.conf", ["rtpstart", "rtpend"], [10_000, 20_000]),
        _ => ("autoload_configs/switch.conf.xml", ["rtp-start-port", "rtp-end-port"], [16_384, 32_768]),
    };
    let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
    let [from, till] = [0, 1].map(|at| number(&text, keys[at]).unwrap_or(usual[at]));
    for one in all.iter().filter(|one| one.transport == Transport::Udp && (from..=till).contains(&one.port)) {
        if let (Some(false), Some((name, pid))) = (one.is(program), &one.by) {
            let what = format!(
                "UDP {}, of the audio ports {from} to {till}, is taken by {name} (process {pid})",
                one.port
            );
            to.advice(Check::Ports, what, AUDIO, format!("move {name}, or the range in {file}"));
        }
    }
}

/// `rtpstart = 10000`, or `<param name="rtp-start-port" value="16384"/>`; what is commented out does not count.
fn number(text: &str, key: &str) -> Option<u16> {
    let bare = |line: &&str| !line.trim_start().starts_with(';') && !line.trim_start().starts_with("<!--");
    let line = text.lines().filter(bare).find(|line| line.contains(key))?;
    let (_, after) = line.split_once(key)?;
    let digits = after.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
