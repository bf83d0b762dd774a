//! Rendering that all engines share: templates filled strictly, and what of a site they all ask for.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use handlebars::Handlebars;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::{
    BlockError, RenderError,
    block::{self, Frame},
};
use crate::{
    base::id::Name,
    infra::site::{Codec, Site},
};

/// For files with secrets.
pub(super) const SECRET: u32 = 0o600;
pub(super) const OPEN: u32 = 0o644;

/// How much of a file is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Whole,
    /// A block between marks; what stands around it is the admin's.
    Block(Frame),
}

/// One file of a configuration, which may hold secrets. The path is relative to the target's configuration folder.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    pub path: PathBuf,
    /// The file, or our block in it without its marks. Empty: not wanted.
    pub text: String,
    /// Permissions; files with secrets are 0600.
    pub mode: u32,
    pub part: Part,
}

impl Rendered {
    /// The file as it is when nobody but us writes into it.
    pub fn alone(&self) -> String {
        match self.part {
            Part::Whole => self.text.clone(),
            Part::Block(frame) => block::alone(frame, &self.text),
        }
    }

    /// The file when this stands in it already.
    pub fn beside(&self, standing: &[u8]) -> Result<Vec<u8>, BlockError> {
        match self.part {
            Part::Whole => Ok(self.text.clone().into_bytes()),
            Part::Block(frame) => block::merge(standing, frame, &self.text),
        }
    }
}

/// What one file is rendered from.
#[derive(Clone, Copy)]
pub(super) struct Sheet {
    pub path: &'static str,
    pub template: &'static str,
    pub mode: u32,
    pub part: Part,
}

/// Fills the templates. Missing values are errors; what is only blank is empty.
pub(super) fn fill(
    sheets: &[Sheet],
    values: &impl Serialize,
    escape: fn(&str) -> String,
) -> Result<Vec<Rendered>, RenderError> {
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    engine.register_escape_fn(escape);
    sheets
        .iter()
        .map(|sheet| {
            let mut text = engine
                .render_template(sheet.template, values)
                .map_err(|source| RenderError::Template { template: sheet.path, source: Box::new(source) })?;
            if text.trim().is_empty() {
                text.clear();
            }
            Ok(Rendered { path: PathBuf::from(sheet.path), text, mode: sheet.mode, part: sheet.part })
        })
        .collect()
}

/// A phone as templates see it, every value fit for the format.
#[derive(Serialize)]
pub(super) struct Phone<'a> {
    pub user: &'a str,
    pub number: &'a str,
    pub name: String,
    pub secret: String,
    /// It is a browser.
    pub webrtc: bool,
}

/// Where browsers reach an engine, and as whom it shows itself to them.
#[derive(Clone, Debug)]
pub struct Browsers {
    pub listen: SocketAddr,
    /// In PEM: certificates, then the key.
    pub identity: SecretString,
    /// The engine's configuration folder.
    pub config: PathBuf,
}

/// The same as templates see it.
#[derive(Serialize)]
pub(super) struct Door {
    pub address: SocketAddr,
    pub folder: String,
    pub file: String,
    pub identity: String,
}

/// An engine's own copy: it runs as somebody else, who may not read the site's secrets. FreeSWITCH wants this name.
pub(super) const IDENTITY: Sheet = Sheet {
    path: "tandem/wss.pem",
    template: "{{#if browsers}}{{{browsers.identity}}}{{/if}}",
    mode: SECRET,
    part: Part::Whole,
};

pub(super) fn door(
    browsers: &Browsers,
    fit: fn(&Path) -> Result<String, RenderError>,
) -> Result<Door, RenderError> {
    let file = browsers.config.join(IDENTITY.path);
    Ok(Door {
        address: browsers.listen,
        folder: fit(file.parent().unwrap_or(&browsers.config))?,
        file: fit(&file)?,
        identity: browsers.identity.expose_secret().to_owned(),
    })
}

/// How a format makes values fit, or refuses them.
#[derive(Clone, Copy)]
pub(super) struct Fit {
    /// A shown name: what could harm is left out.
    pub shown: fn(&str) -> String,
    /// A secret: what could harm is refused.
    pub value: fn(&str, &str, &'static str) -> Result<String, RenderError>,
}

/// The phones of the house.
pub(super) fn phones<'a>(
    site: &'a Site,
    secrets: &BTreeMap<Name, SecretString>,
    fit: Fit,
) -> Result<Vec<Phone<'a>>, RenderError> {
    site.extensions
        .iter()
        .map(|(number, extension)| {
            let user = extension.phone.as_str();
            let secret = secrets
                .get(&extension.phone)
                .ok_or_else(|| RenderError::NoSecret { phone: user.to_owned() })?;
            let what = format!("the SIP password of {user}");
            Ok(Phone {
                user,
                number: number.as_str(),
                name: (fit.shown)(&extension.name),
                secret: (fit.value)(secret.expose_secret(), &what, "its secret file")?,
                webrtc: extension.webrtc,
            })
        })
        .collect()
}

/// A trunk as templates see it.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    pub name: &'a str,
    pub address: String,
    pub host: String,
    pub codecs: String,
    pub user: &'a str,
    pub secret: String,
    pub register: bool,
}

/// The lines to the outside. `usual` are the codecs of a trunk that names none.
pub(super) fn trunks<'a>(
    site: &'a Site,
    secrets: &TrunkSecrets,
    fit: Fit,
    codec: fn(Codec) -> &'static str,
    usual: &str,
) -> Result<Vec<Line<'a>>, RenderError> {
    site.trunks
        .iter()
        .map(|(name, trunk)| {
            let address = host(&trunk.address, &format!("the address of trunk {name}"), "trunks.yaml")?;
            let bare = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host).to_owned();
            let codecs: Vec<&str> = trunk.codecs.iter().map(|c| codec(*c)).collect();
            let codecs = if codecs.is_empty() { usual.to_owned() } else { codecs.join(",") };
            let line = Line {
                name: name.as_str(),
                address,
                host: bare,
                codecs,
                user: "",
                secret: String::new(),
                register: false,
            };
            let Some(login) = &trunk.login else { return Ok(line) };
            let none = || RenderError::NoTrunkSecret { trunk: name.to_string() };
            let secret = secrets.get(name).ok_or_else(none)?.expose_secret();
            let secret = (fit.value)(secret, &format!("the password of trunk {name}"), "its secret file")?;
            Ok(Line { user: &login.user, secret, register: login.register, ..line })
        })
        .collect()
}

/// Passwords of the trunks that have one.
pub(super) type TrunkSecrets = BTreeMap<Name, SecretString>;

/// After how many seconds a far end that sends nothing is given up.
#[derive(Serialize)]
pub(super) struct Silence {
    pub talking: u64,
    pub held: u64,
}

pub(super) fn silence(site: &Site) -> Silence {
    let silence = site.engine.sip.silence;
    Silence { talking: silence.talking.as_secs().max(1), held: silence.held.as_secs().max(1) }
}

/// The phone that rings when Tandem is not there.
pub(super) fn fallback(site: &Site) -> Result<&str, RenderError> {
    let none = || RenderError::NoFallback { number: site.fallback.to_string() };
    site.extensions.get(&site.fallback).map(|extension| extension.phone.as_str()).ok_or_else(none)
}

pub(super) fn unfit(what: &str, why: &'static str, file: &'static str) -> RenderError {
    RenderError::Unfit { what: what.to_owned(), why, file }
}

/// A host with or without port.
pub(super) fn host(text: &str, what: &str, file: &'static str) -> Result<String, RenderError> {
    let fit = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
    if text.is_empty() || !text.bytes().all(fit) {
        return Err(unfit(what, "it must be a host name or an address", file));
    }
    Ok(text.to_owned())
}
