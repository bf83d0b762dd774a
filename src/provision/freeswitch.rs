//! FreeSWITCH's configuration: phones, trunks, dialplan with lease and fallback, event socket, music, rooms.
//!
//! Three files are ours, beside those that a package brings; in three more we have a block. What a package brings
//! besides is rendered only for a FreeSWITCH that has none: `machine`. The dialplan is the half of the adapter that
//! works without Tandem; `docs/engines/freeswitch.md` tells how both belong together.

mod fit;
mod live;
mod pieces;
mod xml;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use smol_str::SmolStr;

use super::{
    Browsers, Comment, Frame, Part, RenderError, Rendered,
    render::{self, Door, Fit, IDENTITY, Line, OPEN, Phone, SECRET, Sheet, Silence, fill, unfit},
};
use crate::{
    base::id::Name,
    infra::site::{Codec, Site},
};

use fit::{path, plain, value};
pub(super) use live::{reload, verify};
pub(super) use pieces::pieces;
pub(super) use xml::balanced;

/// Seconds that the duty phone rings.
const RING: u64 = 30;
/// Sofia's profiles.
pub(super) const PROFILES: [&str; 2] = ["phones", "trunks"];

const fn whole(path: &'static str, template: &'static str, mode: u32) -> Sheet {
    Sheet { path, template, mode, part: Part::Whole }
}

const fn within(path: &'static str, template: &'static str, mode: u32, frame: Frame) -> Sheet {
    Sheet { path, template, mode, part: Part::Block(frame) }
}

const SOCKET: Frame = Frame {
    comment: Comment::Xml,
    open: "<configuration name=\"event_socket.conf\" description=\"Event socket\">\n  <settings>\n",
    close: "  </settings>\n</configuration>\n",
    above: Some("</settings>"),
};

const STREAMS: Frame = Frame {
    comment: Comment::Xml,
    open: "<configuration name=\"local_stream.conf\" description=\"Music\">\n",
    close: "</configuration>\n",
    above: Some("</configuration>"),
};

const ROOMS: Frame = Frame {
    comment: Comment::Xml,
    open: "<configuration name=\"conference.conf\" description=\"Rooms\">\n  <profiles>\n",
    close: "  </profiles>\n</configuration>\n",
    above: Some("</profiles>"),
};

const OURS: &[Sheet] = &[
    IDENTITY,
    within(
        "autoload_configs/event_socket.conf.xml",
        include_str!("../../templates/freeswitch/event_socket.xml.hbs"),
        SECRET,
        SOCKET,
    ),
    within(
        "autoload_configs/local_stream.conf.xml",
        include_str!("../../templates/freeswitch/local_stream.xml.hbs"),
        OPEN,
        STREAMS,
    ),
    within(
        "autoload_configs/conference.conf.xml",
        include_str!("../../templates/freeswitch/conference.xml.hbs"),
        OPEN,
        ROOMS,
    ),
    whole("sip_profiles/tandem.xml", include_str!("../../templates/freeswitch/profiles.xml.hbs"), SECRET),
    whole("directory/tandem.xml", include_str!("../../templates/freeswitch/directory.xml.hbs"), SECRET),
    whole("dialplan/tandem.xml", include_str!("../../dialplans/freeswitch/dialplan.xml.hbs"), OPEN),
];

const MACHINE: &[Sheet] = &[
    whole("freeswitch.xml", include_str!("../../templates/freeswitch/freeswitch.xml.hbs"), OPEN),
    whole("modules.xml", include_str!("../../templates/freeswitch/modules.xml.hbs"), OPEN),
];

/// Ports on loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Ports {
    pub event_socket: u16,
    /// SIP of the phones, which log in.
    pub phones: u16,
    /// SIP of the trunks.
    pub trunks: u16,
    pub rtp_from: u16,
    pub rtp_to: u16,
}

/// The FreeSWITCH that is told.
#[derive(Clone, Debug)]
pub struct FreeswitchTarget {
    /// Folder with the music for waiting callers: WAV, 8 kHz, 16 bit, mono. Without it FreeSWITCH plays its own.
    pub music: Option<PathBuf>,
    pub socket: SocketAddr,
    /// SIP of phones and of trunks.
    pub listen: IpAddr,
    pub phones: u16,
    pub trunks: u16,
    /// Networks that calls from outside come from.
    pub outside: Vec<SmolStr>,
    /// Of the event socket.
    pub password: SecretString,
    /// SIP passwords by phone.
    pub secrets: BTreeMap<Name, SecretString>,
    /// Passwords by trunk.
    pub lines: BTreeMap<Name, SecretString>,
    pub browsers: Option<Browsers>,
}

impl FreeswitchTarget {
    /// One on loopback whose calls from outside come from there too.
    pub fn local(
        ports: Ports,
        music: PathBuf,
        password: SecretString,
        secrets: BTreeMap<Name, SecretString>,
    ) -> Self {
        Self {
            music: Some(music),
            socket: SocketAddr::from((Ipv4Addr::LOCALHOST, ports.event_socket)),
            listen: Ipv4Addr::LOCALHOST.into(),
            phones: ports.phones,
            trunks: ports.trunks,
            outside: vec!["127.0.0.0/8".into()],
            password,
            secrets,
            lines: BTreeMap::new(),
            browsers: None,
        }
    }
}

#[derive(Serialize)]
struct Values<'a> {
    music: Option<String>,
    socket: Address,
    listen: IpAddr,
    ports: Sip,
    networks: String,
    password: String,
    domain: String,
    lease: u64,
    ring: u64,
    fallback: &'a str,
    duty: &'a str,
    silence: Silence,
    browsers: Option<Door>,
    phones: Vec<Phone<'a>>,
    trunks: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Address {
    ip: IpAddr,
    port: u16,
}

#[derive(Serialize)]
struct Sip {
    phones: u16,
    trunks: u16,
}

/// Renders our part of the configuration.
pub fn render(site: &Site, target: &FreeswitchTarget) -> Result<Vec<Rendered>, RenderError> {
    fill(OURS, &values(site, target)?, xml::escape)
}

/// Renders what a package would have brought. It is started with `-conf` at the folder of all.
pub fn machine(ports: Ports) -> Result<Vec<Rendered>, RenderError> {
    #[derive(Serialize)]
    struct Values {
        ports: Ports,
    }
    fill(MACHINE, &Values { ports }, xml::escape)
}

fn values<'a>(site: &'a Site, target: &FreeswitchTarget) -> Result<Values<'a>, RenderError> {
    let fit = Fit { shown: plain, value };
    Ok(Values {
        music: target.music.as_deref().map(path).transpose()?,
        socket: Address { ip: target.socket.ip(), port: target.socket.port() },
        listen: target.listen,
        ports: Sip { phones: target.phones, trunks: target.trunks },
        networks: networks(&target.outside)?,
        password: value(target.password.expose_secret(), "the event socket's password", "its password file")?,
        domain: render::host(&site.engine.domain, "the SIP domain", "site.yaml")?,
        lease: site.lease.as_secs().max(1),
        ring: RING,
        fallback: site.fallback.as_str(),
        duty: render::fallback(site)?,
        silence: render::silence(site),
        browsers: target.browsers.as_ref().map(|browsers| render::door(browsers, path)).transpose()?,
        phones: render::phones(site, &target.secrets, fit)?,
        trunks: render::trunks(site, &target.lines, fit, codec, "")?,
    })
}

/// Who may call from outside. FreeSWITCH takes addresses only; without any, nobody may.
fn networks(outside: &[SmolStr]) -> Result<String, RenderError> {
    let fit = |b: u8| b.is_ascii_hexdigit() || matches!(b, b'.' | b':' | b'/');
    if let Some(strange) = outside.iter().find(|network| !network.bytes().all(fit)) {
        return Err(unfit(strange, "it must be an address or a network, like 203.0.113.0/24", "trunks.yaml"));
    }
    Ok(if outside.is_empty() { "255.255.255.255/32".to_owned() } else { outside.join(",") })
}

fn codec(codec: Codec) -> &'static str {
    match codec {
        Codec::Pcma => "PCMA",
        Codec::Pcmu => "PCMU",
        Codec::G722 => "G722",
        Codec::G729 => "G729",
        Codec::Opus => "OPUS",
    }
}
