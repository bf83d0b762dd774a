//! Asterisk's whole configuration on loopback: phones, trunks, dialplan with lease and fallback, ARI.
//!
//! The dialplan is the half of the adapter that works without Tandem; `docs/engines/asterisk.md` tells how
//! both belong together. Endpoints on the outside are named `trunk.NAME`, and phones may not be.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use handlebars::{Handlebars, no_escape};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use smol_str::SmolStr;

use super::{RenderError, Rendered};
use crate::{base::id::Name, infra::site::Site};

/// The Stasis application that Tandem is to Asterisk.
const APP: &str = "tandem";
/// Endpoint of calls from outside.
const OUTSIDE: &str = "trunk.from-outside";
/// Seconds that a call rings for a Tandem that restarts.
const GRACE: u64 = 5;

const SECRET: u32 = 0o600;
const OPEN: u32 = 0o644;

/// Name, template, permissions.
const FILES: &[(&str, &str, u32)] = &[
    ("asterisk.conf", include_str!("../../templates/asterisk/asterisk.conf.hbs"), OPEN),
    ("modules.conf", include_str!("../../templates/asterisk/modules.conf.hbs"), OPEN),
    ("pjsip.conf", include_str!("../../templates/asterisk/pjsip.conf.hbs"), SECRET),
    ("ari.conf", include_str!("../../templates/asterisk/ari.conf.hbs"), SECRET),
    ("http.conf", include_str!("../../templates/asterisk/http.conf.hbs"), OPEN),
    ("rtp.conf", include_str!("../../templates/asterisk/rtp.conf.hbs"), OPEN),
    ("logger.conf", include_str!("../../templates/asterisk/logger.conf.hbs"), OPEN),
    ("musiconhold.conf", include_str!("../../templates/asterisk/musiconhold.conf.hbs"), OPEN),
    ("indications.conf", include_str!("../../templates/asterisk/indications.conf.hbs"), OPEN),
    ("extensions.conf", include_str!("../../dialplans/asterisk/extensions.conf.hbs"), OPEN),
];

/// Ports on loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Ports {
    pub sip: u16,
    /// ARI.
    pub http: u16,
    pub rtp_from: u16,
    pub rtp_to: u16,
}

/// The Asterisk that is told.
#[derive(Clone, Debug)]
pub struct AsteriskTarget {
    /// Where it keeps what it writes; the configuration is in `etc` below.
    pub run: PathBuf,
    /// Its modules.
    pub modules: PathBuf,
    /// Its shipped data (documentation, REST descriptions).
    pub data: PathBuf,
    /// Folder with the music for waiting callers.
    pub music: PathBuf,
    pub ports: Ports,
    pub user: SmolStr,
    pub password: SecretString,
    /// SIP passwords by phone.
    pub secrets: BTreeMap<Name, SecretString>,
    /// Short SIP timers, for a peer that can only be on this machine.
    pub brisk: bool,
}

#[derive(Serialize)]
struct Values<'a> {
    app: &'static str,
    outside: &'static str,
    run: String,
    modules: String,
    data: String,
    music: String,
    ports: Ports,
    user: String,
    password: String,
    brisk: bool,
    lease: u64,
    grace: u64,
    fallback: &'a str,
    phones: Vec<Phone<'a>>,
    trunks: Vec<Trunk>,
}

#[derive(Serialize)]
struct Phone<'a> {
    user: &'a str,
    number: &'a str,
    name: String,
    secret: String,
}

#[derive(Serialize)]
struct Trunk {
    endpoint: String,
    address: String,
}

/// Renders every file of the configuration.
pub fn render(site: &Site, target: &AsteriskTarget) -> Result<Vec<Rendered>, RenderError> {
    let values = values(site, target)?;
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    // Every value below has been made fit by `ini` and its kin, which, unlike an escape, can refuse.
    engine.register_escape_fn(no_escape);
    FILES
        .iter()
        .map(|&(name, template, mode)| {
            let text = engine
                .render_template(template, &values)
                .map_err(|source| RenderError::Template { template: name, source: Box::new(source) })?;
            Ok(Rendered { path: PathBuf::from(name), text, mode })
        })
        .collect()
}

fn values<'a>(site: &'a Site, target: &AsteriskTarget) -> Result<Values<'a>, RenderError> {
    let fallback = site
        .extensions
        .get(&site.fallback)
        .ok_or_else(|| RenderError::NoFallback { number: site.fallback.to_string() })?;
    Ok(Values {
        app: APP,
        outside: OUTSIDE,
        run: path(&target.run)?,
        modules: path(&target.modules)?,
        data: path(&target.data)?,
        music: path(&target.music)?,
        ports: target.ports,
        user: section(&target.user, "the ARI user")?,
        password: ini(target.password.expose_secret(), "the ARI password", "its password file")?,
        brisk: target.brisk,
        lease: site.lease.as_secs().max(1),
        grace: GRACE,
        fallback: fallback.phone.as_str(),
        phones: phones(site, target)?,
        trunks: trunks(site)?,
    })
}

fn phones<'a>(site: &'a Site, target: &AsteriskTarget) -> Result<Vec<Phone<'a>>, RenderError> {
    site.extensions
        .iter()
        .map(|(number, extension)| {
            let phone = extension.phone.as_str();
            if phone.starts_with("trunk.") {
                return Err(unfit(
                    format!("phone {phone}"),
                    "names from `trunk.` on are the trunks'",
                    "people.yaml",
                ));
            }
            let secret = target
                .secrets
                .get(&extension.phone)
                .ok_or_else(|| RenderError::NoSecret { phone: phone.to_owned() })?;
            Ok(Phone {
                user: phone,
                number: number.as_str(),
                name: quoted(&extension.name),
                secret: ini(
                    secret.expose_secret(),
                    &format!("the SIP password of {phone}"),
                    "its secret file",
                )?,
            })
        })
        .collect()
}

fn trunks(site: &Site) -> Result<Vec<Trunk>, RenderError> {
    site.trunks
        .iter()
        .map(|(name, trunk)| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
            if trunk.address.is_empty() || !trunk.address.bytes().all(plain) {
                return Err(unfit(format!("address of trunk {name}"), "it must be host:port", "trunks.yaml"));
            }
            Ok(Trunk { endpoint: endpoint_of_trunk(name), address: trunk.address.to_string() })
        })
        .collect()
}

/// Asterisk's name for a trunk.
pub fn endpoint_of_trunk(trunk: &Name) -> String {
    format!("trunk.{trunk}")
}

fn unfit(what: String, why: &'static str, file: &'static str) -> RenderError {
    RenderError::Unfit { what, why, file }
}

/// A value after `key =`: one line, `;` escaped, nothing that Asterisk would trim away.
fn ini(value: &str, what: &str, file: &'static str) -> Result<String, RenderError> {
    if value.is_empty() || value.len() > 1000 {
        return Err(unfit(what.to_owned(), "it must have 1 to 1000 bytes", file));
    }
    if value.chars().any(char::is_control) {
        return Err(unfit(what.to_owned(), "it contains a control character", file));
    }
    if value.trim() != value {
        return Err(unfit(what.to_owned(), "it begins or ends with a blank", file));
    }
    if value.contains("\\;") {
        return Err(unfit(what.to_owned(), "a backslash before a semicolon is lost on Asterisk", file));
    }
    Ok(value.replace(';', "\\;"))
}

/// A name in square brackets.
fn section(value: &str, what: &str) -> Result<String, RenderError> {
    match Name::new(value) {
        Ok(name) if value != "general" => Ok(name.to_string()),
        _ => Err(unfit(
            what.to_owned(),
            "letters, digits, '.', '_' and '-' are allowed, and not `general`",
            "site.yaml",
        )),
    }
}

/// A path on a line of its own.
fn path(path: &Path) -> Result<String, RenderError> {
    let text = path
        .to_str()
        .ok_or_else(|| unfit(path.display().to_string(), "it is not UTF-8", "the command line"))?;
    if text.contains('|') || text.contains(',') {
        return Err(unfit(
            text.to_owned(),
            "a path with ',' or '|' cannot be told to Asterisk",
            "the command line",
        ));
    }
    ini(text, text, "the command line")
}

/// A display name between quotation marks: what could end it becomes a blank.
fn quoted(name: &str) -> String {
    let fit = |c: char| if c.is_control() || matches!(c, '"' | '\\' | ';' | '<' | '>') { ' ' } else { c };
    name.chars().take(80).map(fit).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests;
