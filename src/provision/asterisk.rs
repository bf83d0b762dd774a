//! Asterisk's configuration: phones, trunks, dialplan with lease and fallback, ARI, music.
//!
//! Ours is a block at the end of seven files, and for browsers a file of its own. What Debian's package brings besides (folders, modules, logs) is
//! rendered only for an Asterisk that has no package: `machine`. The dialplan is the half of the adapter that works
//! without Tandem; `docs/engines/asterisk.md` tells how both belong together. Endpoints on the outside are named
//! `trunk.NAME`, and phones may not be.

mod fit;
mod live;
mod pieces;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use handlebars::no_escape;
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

pub(super) use fit::join;
use fit::{ini, path, quoted, section};
pub(super) use live::{reload, verify};
pub(super) use pieces::pieces;

/// The Stasis application that Tandem is to Asterisk.
const APP: &str = "tandem";
/// The module with which Asterisk can jam: `docs/engines/asterisk.md`.
pub const JAMS: &str = "res_stasis_device_state.so";
/// Endpoint of calls from outside.
const OUTSIDE: &str = "trunk.from-outside";
/// Seconds that a call rings for a Tandem that restarts.
const GRACE: u64 = 5;

const END_OF_FILE: Part =
    Part::Block(Frame { comment: Comment::Semicolon, open: "", close: "", above: None });

const fn ours(path: &'static str, template: &'static str, mode: u32) -> Sheet {
    Sheet { path, template, mode, part: END_OF_FILE }
}

const fn whole(path: &'static str, template: &'static str) -> Sheet {
    Sheet { path, template, mode: OPEN, part: Part::Whole }
}

/// A file that is new has the modules that a package's has: all.
const MODULES: Sheet = Sheet {
    path: "modules.conf",
    template: include_str!("../../templates/asterisk/modules-ours.conf.hbs"),
    mode: OPEN,
    part: Part::Block(Frame {
        comment: Comment::Semicolon,
        open: "[modules]\nautoload = yes\n",
        close: "",
        above: None,
    }),
};

const OURS: &[Sheet] = &[
    MODULES,
    IDENTITY,
    ours("pjsip.conf", include_str!("../../templates/asterisk/pjsip.conf.hbs"), SECRET),
    ours("ari.conf", include_str!("../../templates/asterisk/ari.conf.hbs"), SECRET),
    ours("http.conf", include_str!("../../templates/asterisk/http.conf.hbs"), OPEN),
    ours("features.conf", include_str!("../../templates/asterisk/features.conf.hbs"), OPEN),
    ours("musiconhold.conf", include_str!("../../templates/asterisk/musiconhold.conf.hbs"), OPEN),
    ours("extensions.conf", include_str!("../../dialplans/asterisk/extensions.conf.hbs"), OPEN),
];

const MACHINE: &[Sheet] = &[
    whole("asterisk.conf", include_str!("../../templates/asterisk/asterisk.conf.hbs")),
    whole("modules.conf", include_str!("../../templates/asterisk/modules.conf.hbs")),
    whole("rtp.conf", include_str!("../../templates/asterisk/rtp.conf.hbs")),
    whole("logger.conf", include_str!("../../templates/asterisk/logger.conf.hbs")),
    whole("indications.conf", include_str!("../../templates/asterisk/indications.conf.hbs")),
];

/// The Asterisk that is told.
#[derive(Clone, Debug)]
pub struct AsteriskTarget {
    /// SIP, for phones and trunks.
    pub sip: SocketAddr,
    /// ARI.
    pub http: SocketAddr,
    pub user: SmolStr,
    pub password: SecretString,
    /// SIP passwords by phone.
    pub secrets: BTreeMap<Name, SecretString>,
    /// Passwords by trunk.
    pub lines: BTreeMap<Name, SecretString>,
    /// Folder with the music for waiting callers; without it Asterisk plays its own.
    pub music: Option<PathBuf>,
    /// Networks that calls from outside come from.
    pub outside: Vec<SmolStr>,
    pub browsers: Option<Browsers>,
}

/// An Asterisk without a package around it.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Where it keeps what it writes; the configuration is in `etc` below.
    pub run: PathBuf,
    pub modules: PathBuf,
    /// Its shipped data (documentation, REST descriptions).
    pub data: PathBuf,
    pub ports: Ports,
}

/// Ports on loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Ports {
    pub sip: u16,
    /// ARI.
    pub http: u16,
    pub rtp_from: u16,
    pub rtp_to: u16,
}

impl Ports {
    pub fn at(port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }
}

#[derive(Serialize)]
struct Values<'a> {
    app: &'static str,
    jams: &'static str,
    outside: &'static str,
    networks: Vec<String>,
    bind: String,
    media: IpAddr,
    http: Address,
    music: Option<String>,
    class: &'static str,
    user: String,
    password: String,
    lease: u64,
    grace: u64,
    fallback: &'a str,
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

/// Renders our part of the configuration.
pub fn render(site: &Site, target: &AsteriskTarget) -> Result<Vec<Rendered>, RenderError> {
    // Every value has been made fit by `ini` and its kin, which, unlike an escape, can refuse.
    fill(OURS, &values(site, target)?, no_escape)
}

/// Renders what a package would have brought.
pub fn machine(machine: &Machine) -> Result<Vec<Rendered>, RenderError> {
    #[derive(Serialize)]
    struct Values {
        run: String,
        modules: String,
        data: String,
        ports: Ports,
    }
    let Machine { run, modules, data, ports } = machine;
    let values = Values { run: path(run)?, modules: path(modules)?, data: path(data)?, ports: *ports };
    fill(MACHINE, &values, no_escape)
}

fn values<'a>(site: &'a Site, target: &AsteriskTarget) -> Result<Values<'a>, RenderError> {
    let fit = Fit { shown: quoted, value: ini };
    let network = |text: &SmolStr| {
        render::host(&text.replace('/', "-"), "a network", "trunks.yaml").map(|_| text.to_string())
    };
    if let Some(extension) = site.extensions.values().find(|e| e.phone.as_str().starts_with("trunk.")) {
        let what = format!("phone {}", extension.phone);
        return Err(unfit(&what, "names from `trunk.` on are the trunks'", "people.yaml"));
    }
    Ok(Values {
        app: APP,
        jams: JAMS,
        outside: OUTSIDE,
        networks: target.outside.iter().map(network).collect::<Result<_, _>>()?,
        bind: target.sip.to_string(),
        media: target.sip.ip(),
        http: Address { ip: target.http.ip(), port: target.http.port() },
        music: target.music.as_deref().map(path).transpose()?,
        class: if target.music.is_some() { "tandem" } else { "default" },
        user: section(&target.user, "the ARI user")?,
        password: ini(target.password.expose_secret(), "the ARI password", "its password file")?,
        lease: site.lease.as_secs().max(1),
        grace: GRACE,
        fallback: render::fallback(site)?,
        silence: render::silence(site),
        browsers: target.browsers.as_ref().map(|browsers| render::door(browsers, path)).transpose()?,
        phones: render::phones(site, &target.secrets, fit)?,
        trunks: render::trunks(site, &target.lines, fit, codec, "ulaw,alaw,g722,opus,g729")?,
    })
}

fn codec(codec: Codec) -> &'static str {
    match codec {
        Codec::Pcma => "alaw",
        Codec::Pcmu => "ulaw",
        Codec::G722 => "g722",
        Codec::G729 => "g729",
        Codec::Opus => "opus",
    }
}

/// Asterisk's name for a trunk.
pub fn endpoint_of_trunk(trunk: &Name) -> String {
    format!("trunk.{trunk}")
}
