//! The engine on the other side: what it shall have, and how it is told.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::SecretString;
use smol_str::{SmolStr, format_smolstr};

use super::{
    BlockError, Browsers, Piece, Plan, PlanError, RenderError, Rendered,
    asterisk::{self, AsteriskTarget},
    freeswitch::{self, FreeswitchTarget},
};
use crate::{
    base::{id::Name, number::Number},
    infra::{
        remote::Identity,
        site::{
            EngineKind, EngineSettings, Site,
            secret::{self, SecretError},
        },
    },
    ports::engine::Settings,
};

/// How long the engine may take to have what it was told.
const PATIENCE: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(250);

/// Why an engine did not follow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineFault {
    #[error("{why}")]
    NotReached { why: String },
    #[error("the engine refused {what}: {answer}")]
    Refused { what: String, answer: String },
    #[error("the engine took the files, but has no {}; its log says why", .what.join(", "))]
    Missing { what: Vec<String> },
}

/// What an engine shall have.
#[derive(Clone, Debug, Default)]
pub struct Wants {
    pub phones: BTreeSet<Name>,
    /// With their addresses.
    pub trunks: BTreeMap<Name, SmolStr>,
}

/// An engine that has a configuration.
#[derive(Clone)]
pub struct Target {
    pub folder: PathBuf,
    pub(super) rendered: Vec<Rendered>,
    pub(super) secrets: Vec<SecretString>,
    wants: Wants,
    link: Link,
}

/// Where passwords come from.
pub(super) type SecretOf = fn(&Path) -> Result<SecretString, SecretError>;

/// How an engine is reached.
#[derive(Clone, Debug)]
pub(super) struct Link {
    kind: EngineKind,
    settings: Settings,
}

impl Target {
    /// The site's engine; `None` when it is simulated and has nothing to configure.
    pub fn of(site: &Site) -> Result<Option<Self>, PlanError> {
        Self::with(site, secret::read)
    }

    /// The same for a look ahead: passwords that are not there yet are thought of as some.
    pub fn drafted(site: &Site) -> Result<Option<Self>, PlanError> {
        Self::with(site, secret::read_or_invent)
    }

    fn with(site: &Site, read: SecretOf) -> Result<Option<Self>, PlanError> {
        if site.engine.kind == EngineKind::Simulator {
            return Ok(None);
        }
        if !site.engine.address.ip().is_loopback() {
            return Err(PlanError::Elsewhere(site.engine.address));
        }
        let link = Link::of(&site.engine, read)?;
        let secrets: BTreeMap<Name, _> = site
            .extensions
            .values()
            .map(|extension| Ok((extension.phone.clone(), read(&extension.secret_file)?)))
            .collect::<Result<_, SecretError>>()?;
        let logins = site.trunks.iter().filter_map(|(name, trunk)| Some((name, trunk.login.as_ref()?)));
        let lines: BTreeMap<Name, _> = logins
            .map(|(name, login)| Ok((name.clone(), read(&login.secret_file)?)))
            .collect::<Result<_, SecretError>>()?;
        let own = [link.settings.password.clone()];
        let hidden = secrets.values().chain(lines.values()).cloned().chain(own).collect();
        let rendered = render(site, link.settings.password.clone(), secrets, lines)?;
        let phones = site.extensions.values().map(|extension| extension.phone.clone()).collect();
        let trunks = site.trunks.iter().map(|(name, trunk)| (name.clone(), trunk.address.clone())).collect();
        let folder = site.engine.config.clone();
        Ok(Some(Self { folder, rendered, secrets: hidden, wants: Wants { phones, trunks }, link }))
    }

    /// Our text, fit for the file that stands.
    pub(super) fn join(&self, standing: &[u8], text: &str) -> Result<String, BlockError> {
        match self.link.kind {
            EngineKind::Asterisk => asterisk::join(standing, text),
            _ => Ok(text.to_owned()),
        }
    }

    /// What can be told from a file alone before the engine reads it.
    pub(super) fn sound(&self, bytes: &[u8]) -> Result<(), BlockError> {
        match self.link.kind {
            EngineKind::Freeswitch => freeswitch::balanced(bytes),
            _ => Ok(()),
        }
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// How an engine is reached, wherever it is.
    pub(super) fn reach(engine: &EngineSettings) -> Result<Settings, PlanError> {
        Ok(Link::of(engine, secret::read_or_invent)?.settings)
    }

    /// Waits until the engine has all that is wanted.
    pub(super) async fn verify(&self) -> Result<(), EngineFault> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let missing = self.link.verify(&self.wants).await?;
            if missing.is_empty() {
                return Ok(());
            }
            if tokio::time::Instant::now() > deadline {
                return Err(EngineFault::Missing { what: missing });
            }
            tokio::time::sleep(STEP).await;
        }
    }
}

impl Link {
    /// The engine of a site; the password is read from its file.
    pub(super) fn of(engine: &EngineSettings, read: SecretOf) -> Result<Self, PlanError> {
        let settings = Settings {
            address: engine.address,
            user: engine.user.clone(),
            password: read(&engine.password_file)?,
            prompts: PathBuf::new(),
            recordings: PathBuf::new(),
            domain: engine.domain.clone(),
            fallback: Number::new("0").expect("a number"),
            lease: Duration::ZERO,
        };
        Ok(Self { kind: engine.kind, settings })
    }

    /// What our part of a file says of each phone and trunk.
    pub(super) fn pieces(&self, file: &str, text: &str) -> BTreeMap<Piece, String> {
        match self.kind {
            EngineKind::Freeswitch => freeswitch::pieces(file, text),
            _ => asterisk::pieces(file, text),
        }
    }

    pub(super) async fn reload(&self, plan: &Plan) -> Result<(), EngineFault> {
        match self.kind {
            EngineKind::Asterisk => asterisk::reload(&self.settings, plan).await,
            EngineKind::Freeswitch => freeswitch::reload(&self.settings, plan).await,
            EngineKind::Simulator => Ok(()),
        }
    }

    async fn verify(&self, wants: &Wants) -> Result<Vec<String>, EngineFault> {
        match self.kind {
            EngineKind::Asterisk => asterisk::verify(&self.settings, wants).await,
            EngineKind::Freeswitch => freeswitch::verify(&self.settings, wants).await,
            EngineKind::Simulator => Ok(Vec::new()),
        }
    }
}

type Secrets = BTreeMap<Name, SecretString>;

fn render(
    site: &Site,
    password: SecretString,
    secrets: Secrets,
    lines: Secrets,
) -> Result<Vec<Rendered>, PlanError> {
    let (engine, sip) = (&site.engine, site.engine.sip);
    let music = engine.music.clone();
    let browsers = browsers(engine)?;
    if engine.kind == EngineKind::Asterisk {
        let target = AsteriskTarget {
            sip: SocketAddr::new(sip.listen, sip.phones),
            http: engine.address,
            user: engine.user.clone(),
            password,
            secrets,
            lines,
            music,
            outside: outside(site).collect(),
            browsers,
        };
        return Ok(asterisk::render(site, &target)?);
    }
    let target = FreeswitchTarget {
        music,
        socket: engine.address,
        listen: sip.listen,
        phones: sip.phones,
        trunks: sip.trunks,
        outside: outside(site).filter_map(|host| network(&host)).collect(),
        password,
        secrets,
        lines,
        browsers,
    };
    Ok(freeswitch::render(site, &target)?)
}

/// Where browsers reach the engine, with what it shows them.
pub fn browsers(engine: &EngineSettings) -> Result<Option<Browsers>, RenderError> {
    let Some(webrtc) = &engine.webrtc else { return Ok(None) };
    let identity = Identity::read(&webrtc.certificate, &webrtc.key_file)?.pem;
    Ok(Some(Browsers { listen: webrtc.listen, identity, config: engine.config.clone() }))
}

/// Where calls from outside may come from.
fn outside(site: &Site) -> impl Iterator<Item = SmolStr> {
    site.trunks.values().flat_map(|trunk| {
        let host = trunk.address.rsplit_once(':').map_or(&*trunk.address, |(host, _)| host);
        if trunk.from.is_empty() { vec![SmolStr::new(host)] } else { trunk.from.clone() }
    })
}

/// An address as a network of one.
fn network(host: &SmolStr) -> Option<SmolStr> {
    if host.contains('/') {
        return Some(host.clone());
    }
    match host.parse::<IpAddr>().ok()? {
        IpAddr::V4(ip) => Some(format_smolstr!("{ip}/32")),
        IpAddr::V6(ip) => Some(format_smolstr!("{ip}/128")),
    }
}
