//! FreeSWITCH's whole configuration on loopback: phones, trunks, dialplan with lease and fallback, event socket.
//!
//! The dialplan is the half of the adapter that works without Tandem; `docs/engines/freeswitch.md` tells how both
//! belong together.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use handlebars::Handlebars;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::{RenderError, Rendered};
use crate::{base::id::Name, infra::site::Site};

const SECRET: u32 = 0o600;
const OPEN: u32 = 0o644;
/// Seconds that the duty phone rings.
const RING: u64 = 30;

/// Name, template, permissions.
const FILES: &[(&str, &str, u32)] = &[
    ("freeswitch.xml", include_str!("../../templates/freeswitch/freeswitch.xml.hbs"), OPEN),
    ("modules.xml", include_str!("../../templates/freeswitch/modules.xml.hbs"), OPEN),
    ("event_socket.xml", include_str!("../../templates/freeswitch/event_socket.xml.hbs"), SECRET),
    ("sofia.xml", include_str!("../../templates/freeswitch/sofia.xml.hbs"), OPEN),
    ("directory.xml", include_str!("../../templates/freeswitch/directory.xml.hbs"), SECRET),
    ("dialplan.xml", include_str!("../../dialplans/freeswitch/dialplan.xml.hbs"), OPEN),
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

/// The FreeSWITCH that is told. It is started with `-conf` at the folder of what is rendered here.
#[derive(Clone, Debug)]
pub struct FreeswitchTarget {
    /// Folder with the music for waiting callers: WAV, 8 kHz, 16 bit, mono.
    pub music: PathBuf,
    pub ports: Ports,
    /// Of the event socket.
    pub password: SecretString,
    /// SIP passwords by phone.
    pub secrets: BTreeMap<Name, SecretString>,
}

#[derive(Serialize)]
struct Values<'a> {
    music: String,
    ports: Ports,
    password: String,
    domain: String,
    lease: u64,
    ring: u64,
    fallback: &'a str,
    duty: &'a str,
    phones: Vec<Phone<'a>>,
    trunks: Vec<Trunk<'a>>,
}

#[derive(Serialize)]
struct Phone<'a> {
    user: &'a str,
    number: &'a str,
    name: String,
    secret: String,
}

#[derive(Serialize)]
struct Trunk<'a> {
    name: &'a str,
    address: String,
}

/// Renders every file of the configuration.
pub fn render(site: &Site, target: &FreeswitchTarget) -> Result<Vec<Rendered>, RenderError> {
    let values = values(site, target)?;
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    engine.register_escape_fn(xml);
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

fn values<'a>(site: &'a Site, target: &FreeswitchTarget) -> Result<Values<'a>, RenderError> {
    let duty = site
        .extensions
        .get(&site.fallback)
        .ok_or_else(|| RenderError::NoFallback { number: site.fallback.to_string() })?;
    Ok(Values {
        music: path(&target.music)?,
        ports: target.ports,
        password: value(target.password.expose_secret(), "the event socket's password", "its password file")?,
        domain: host(&site.engine.domain, "the SIP domain", "site.yaml")?,
        lease: site.lease.as_secs().max(1),
        ring: RING,
        fallback: site.fallback.as_str(),
        duty: duty.phone.as_str(),
        phones: phones(site, target)?,
        trunks: trunks(site)?,
    })
}

fn phones<'a>(site: &'a Site, target: &FreeswitchTarget) -> Result<Vec<Phone<'a>>, RenderError> {
    site.extensions
        .iter()
        .map(|(number, extension)| {
            let user = extension.phone.as_str();
            let secret = target
                .secrets
                .get(&extension.phone)
                .ok_or_else(|| RenderError::NoSecret { phone: user.to_owned() })?;
            let what = format!("the SIP password of {user}");
            Ok(Phone {
                user,
                number: number.as_str(),
                name: plain(&extension.name),
                secret: value(secret.expose_secret(), &what, "its secret file")?,
            })
        })
        .collect()
}

fn trunks(site: &Site) -> Result<Vec<Trunk<'_>>, RenderError> {
    site.trunks
        .iter()
        .map(|(name, trunk)| {
            let address = host(&trunk.address, &format!("the address of trunk {name}"), "trunks.yaml")?;
            Ok(Trunk { name: name.as_str(), address })
        })
        .collect()
}

fn unfit(what: &str, why: &'static str, file: &'static str) -> RenderError {
    RenderError::Unfit { what: what.to_owned(), why, file }
}

/// The value of an attribute: one line, nothing that FreeSWITCH would expand.
fn value(text: &str, what: &str, file: &'static str) -> Result<String, RenderError> {
    if text.is_empty() || text.len() > 1000 {
        return Err(unfit(what, "it must have 1 to 1000 bytes", file));
    }
    if text.chars().any(char::is_control) {
        return Err(unfit(what, "it contains a control character", file));
    }
    if text.contains("${") {
        return Err(unfit(what, "FreeSWITCH would expand ${ in it", file));
    }
    Ok(text.to_owned())
}

fn host(text: &str, what: &str, file: &'static str) -> Result<String, RenderError> {
    let fit = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
    if text.is_empty() || !text.bytes().all(fit) {
        return Err(unfit(what, "it must be a host name or an address", file));
    }
    Ok(text.to_owned())
}

fn path(path: &Path) -> Result<String, RenderError> {
    let text = path.to_str().filter(|_| path.is_absolute()).unwrap_or_default();
    let fit = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    if text.is_empty() || !text.chars().all(fit) {
        let what = format!("the path {}", path.display());
        return Err(unfit(&what, "it must be absolute, of letters, digits, '/', '.', '-', '_'", "site.yaml"));
    }
    Ok(text.to_owned())
}

/// A shown name, without what variables are made of.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '$' | '{' | '}' | '\\' | '\'' | '"')).collect()
}

/// XML's escape for text and for attributes in double quotes.
fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_site_ends_an_attribute() {
        assert_eq!(xml("a\"/><x y='&"), "a&quot;/&gt;&lt;x y=&#39;&amp;");
        assert_eq!(plain("O'Brien ${x}\n王"), "OBrien x王");
        for bad in ["", "a\nb", "$${x}", "${x}"] {
            assert!(value(bad, "it", "file").is_err(), "{bad:?}");
        }
        assert!(host("a\"b", "it", "file").is_err() && host("carrier.example:5060", "it", "file").is_ok());
        assert!(path(Path::new("/a b")).is_err() && path(Path::new("relative")).is_err());
    }
}
