//! A checked site. Every reference in it points at something that is there.

mod acd;
mod alerts;
mod bare;
mod dialing;
mod flow;
mod routing;
mod speech;
mod talk;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

pub use acd::{
    Beyond, Callback, Capacity, Dispositions, Expansion, Full, Lack, Overflow, Queue, Relaxation, Relaxed,
    ServiceLevel, Skills, Strategy, Survey, Takes, skill_words,
};
pub use alerts::{AlertRule, AlertTarget, Alerting, Escalation, Limit, Metric, Unit};
pub use dialing::{Class, Codes, Conference, Dialing, Forward, Group, Mailbox, Outside, Parking, RingOrder};
pub use flow::{CollectStep, Flow, MenuStep, RateStep, Step, TransferTo};
pub use routing::{Canary, First, Rule, When};
pub use speech::{Hearer, Hears, Speaker, Speaks};
pub use talk::{
    Ask, Choice, End, Human, Jump, Lines, Part, Passage, Shortcut, Slot, Spot, Talk, TalkFault, Topic, parts,
};

pub use crate::base::locale::Locale;

use super::{assistant::AssistantSettings, customers::CrmSettings, features::Feature, outside::Reached};
use crate::base::{hours::Hours, id::Name, number::Number};

/// A text to be spoken, in one or more languages. The caller hears the number's language,
/// or the first that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt(pub BTreeMap<Locale, SmolStr>);

/// A whole site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Site {
    pub name: SmolStr,
    /// Hash of all files, so that a revision can be named and compared.
    pub revision: SmolStr,
    #[serde(with = "zone_name")]
    pub time_zone: TimeZone,
    /// First is the default.
    pub languages: Vec<Locale>,
    /// The country code in which numbers without one are read.
    #[serde(default = "bare::china")]
    pub home: SmolStr,
    pub engine: EngineSettings,
    pub store: Store,
    /// REST by the network; without it there is only the Unix socket.
    #[serde(default)]
    pub http: Option<HttpSettings>,
    /// Who hears callers, where that is not the usual.
    #[serde(default)]
    pub speech: BTreeMap<Locale, Hearer>,
    /// Who speaks to callers, where that is not espeak-ng as it is.
    #[serde(default)]
    pub voices: BTreeMap<Locale, Speaker>,
    /// Who else knows customers.
    #[serde(default)]
    pub crm: Option<CrmSettings>,
    /// Who does the tasks of conversations; without it they fail, and the caller goes to a human.
    #[serde(default)]
    pub tasks: Option<TaskSettings>,
    /// Who has a say where the built-in model is not sure what a caller means; nobody unless named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assistant: Option<AssistantSettings>,
    pub numbers: BTreeMap<Number, NumberEntry>,
    pub hours: BTreeMap<Name, Hours>,
    pub extensions: BTreeMap<Number, Extension>,
    pub agents: BTreeMap<Name, Agent>,
    pub queues: BTreeMap<Name, Queue>,
    /// Policies: which queue takes whom.
    #[serde(default)]
    pub routing: BTreeMap<Name, Vec<Rule>>,
    pub flows: BTreeMap<Name, Flow>,
    pub trunks: BTreeMap<Name, Trunk>,
    #[serde(default)]
    pub dialing: Dialing,
    /// Number that a caller reaches when Tandem is not there: an extension.
    pub fallback: Number,
    /// How long a waiting caller's lease runs (default 30 s; renewed at a third of it).
    pub lease: Duration,
    /// Which figures are watched, and who is told.
    #[serde(default)]
    pub alerts: Alerting,
    /// What this house does not have at all.
    #[serde(default)]
    pub without: BTreeSet<Feature>,
}

impl Site {
    /// Where an agent is rung who has no phone in the house, as the carrier is told it; never those who come in emergencies.
    pub fn carrier_number(&self, agent: &Name) -> Option<Number> {
        match self.dialing.outside.as_ref()?.reached(self.agents.get(agent)?.phone.outside()?) {
            Reached::Class { number, .. } => Some(number),
            _ => None,
        }
    }

    /// The extension of somebody who is called so.
    pub fn person(&self, name: &str) -> Option<&Number> {
        let called = |extension: &Extension| extension.names().contains(&name) || extension.name == name;
        self.extensions.iter().find(|(_, extension)| called(extension)).map(|(number, _)| number)
    }

    /// What a queue promises; the usual, if it is no longer there.
    pub fn service_level(&self, queue: &Name) -> ServiceLevel {
        self.queues.get(queue).map(|queue| queue.service_level).unwrap_or_default()
    }
}

/// Which engine, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    Freeswitch,
    Asterisk,
    Simulator,
}

impl EngineKind {
    /// Whether it has recognisers of its own that can be used.
    pub fn detects(self) -> bool {
        self == Self::Freeswitch
    }
}

/// How to reach the engine. The password is in the file `password_file`, never here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineSettings {
    pub kind: EngineKind,
    /// Event socket (FreeSWITCH, default 127.0.0.1:8021) or HTTP (Asterisk, default 127.0.0.1:8088).
    pub address: SocketAddr,
    /// User name for ARI.
    pub user: SmolStr,
    /// Absolute path; mode 0600.
    pub password_file: PathBuf,
    /// SIP domain of the phones on FreeSWITCH.
    pub domain: SmolStr,
    /// Folder of the engine's configuration, absolute: there `apply` writes.
    #[serde(default)]
    pub config: PathBuf,
    #[serde(default)]
    pub sip: SipSettings,
    #[serde(default)]
    pub webrtc: Option<Webrtc>,
    /// Folder of WAV files for waiting callers, absolute; without it the engine plays its own music.
    #[serde(default)]
    pub music: Option<PathBuf>,
}

/// Where browsers reach the engine: SIP by a WebSocket with TLS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webrtc {
    pub listen: SocketAddr,
    /// PEM, the chain. Absolute path.
    pub certificate: PathBuf,
    /// PEM. Absolute path; mode 0600.
    pub key_file: PathBuf,
}

/// Where phones and carriers reach the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SipSettings {
    pub listen: IpAddr,
    pub phones: u16,
    /// The trunks' port on FreeSWITCH; Asterisk has one for all.
    pub trunks: u16,
    #[serde(default)]
    pub silence: Silence,
}

impl Default for SipSettings {
    fn default() -> Self {
        Self { listen: Ipv4Addr::LOCALHOST.into(), phones: 5060, trunks: 5080, silence: Silence::default() }
    }
}

/// A far end that sends no sound at all, not even silence, is given up after this time: it has vanished without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// While it should send: a phone that is muted sends silence.
    pub talking: Duration,
    /// While its side holds the call: many phones send nothing then.
    pub held: Duration,
}

impl Default for Silence {
    fn default() -> Self {
        Self { talking: Duration::from_mins(2), held: Duration::from_mins(30) }
    }
}

/// The TLS port of REST v1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpSettings {
    /// 127.0.0.1:8443 unless told.
    pub listen: SocketAddr,
    /// PEM, the chain. Absolute path; made at the first start when neither it nor the key is there.
    pub certificate: PathBuf,
    /// PEM. Absolute path; mode 0600.
    pub key_file: PathBuf,
    /// Further names that a certificate made here is good for.
    pub names: Vec<SmolStr>,
}

/// The service that does the tasks of conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSettings {
    /// `https://HOST/PATH`, or http on this machine.
    pub url: SmolStr,
    /// Its bearer token. Absolute path; mode 0600.
    pub secret_file: Option<PathBuf>,
    /// How long one task may take (1 to 9 s; default 8 s).
    pub patience: Duration,
}

/// Where rows are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Store {
    /// SQLite in the state folder.
    #[default]
    Sqlite,
    /// A PostgreSQL server. The password is in the file `password_file`, if it is there, never in `url`.
    Postgres {
        /// `postgres://user@host:port/database`
        url: SmolStr,
        /// Absolute path; mode 0600.
        password_file: PathBuf,
    },
}

/// What happens to calls to one of our numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberEntry {
    pub flow: Name,
    pub language: Locale,
    /// Outside of these hours `closed` is used.
    pub hours: Option<Name>,
    pub closed: Option<Closed>,
}

/// Another flow for closed hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    pub flow: Name,
}

/// A phone in the house. Its SIP user is its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Shown name.
    pub name: SmolStr,
    /// SIP user and endpoint name at the engine: letters, digits, `.`, `_`, `-`.
    pub phone: Name,
    /// Absolute path of the file with the SIP password.
    pub secret_file: PathBuf,
    /// How far it may call.
    #[serde(default)]
    pub class: Class,
    /// The extensions of one pickup group take each other's calls.
    #[serde(default)]
    pub pickup: Option<Name>,
    #[serde(default)]
    pub forward: Forward,
    #[serde(default)]
    pub mailbox: Option<Mailbox>,
    /// Its phone is a browser.
    #[serde(default)]
    pub webrtc: bool,
}

impl Extension {
    /// What its owner is called: the parts of the shown name in each script.
    pub fn names(&self) -> Vec<&str> {
        let text = self.name.as_str();
        let mut names = Vec::new();
        let mut start = 0;
        let mut han = None;
        for (at, c) in text.char_indices().filter(|(_, c)| c.is_alphabetic()) {
            let this = !c.is_ascii() && ('\u{2E80}'..='\u{9FFF}').contains(&c);
            if han.is_some_and(|before| before != this) {
                names.push(text[start..at].trim());
                start = at;
            }
            han = Some(this);
        }
        names.push(text[start..].trim());
        names.retain(|name| !name.is_empty());
        names
    }

    /// An extension of which nothing else is said.
    pub fn new(name: impl Into<SmolStr>, phone: Name, secret_file: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            phone,
            secret_file: secret_file.into(),
            class: Class::default(),
            pickup: None,
            forward: Forward::default(),
            mailbox: None,
            webrtc: false,
        }
    }
}

/// Somebody who takes calls from queues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    pub display: SmolStr,
    #[serde(flatten)]
    pub phone: AgentPhone,
    pub queues: Vec<Name>,
    /// Queues whose callers this agent takes when they are expanded.
    #[serde(default)]
    pub reserve: Vec<Name>,
    #[serde(default)]
    pub skills: Skills,
    #[serde(default)]
    pub capacity: Capacity,
    /// Where this agent stands in `people.yaml`, from 0.
    #[serde(default)]
    pub place: u32,
    /// Time after a call before the next is offered.
    pub wrap_up: Duration,
    /// Logged in at the first start.
    pub logged_in: bool,
}

/// Where an agent is rung.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentPhone {
    Extension(Number),
    /// As a phone of the house dials it. Whoever answers there takes a call by a key.
    #[serde(rename = "number")]
    Outside(Number),
}

impl AgentPhone {
    pub fn extension(&self) -> Option<&Number> {
        match self {
            Self::Extension(number) => Some(number),
            Self::Outside(_) => None,
        }
    }

    pub fn outside(&self) -> Option<&Number> {
        match self {
            Self::Extension(_) => None,
            Self::Outside(number) => Some(number),
        }
    }
}

/// A commercial line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trunk {
    /// `host:port` of the carrier's SIP server.
    pub address: SmolStr,
    /// Networks that its calls come from; none are said: only from `address`.
    #[serde(default)]
    pub from: Vec<SmolStr>,
    /// In the order in which we like them; none are said: the engine's own.
    #[serde(default)]
    pub codecs: Vec<Codec>,
    #[serde(default)]
    pub login: Option<Login>,
}

/// How we show ourselves to a carrier that does not know us by our address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    pub user: SmolStr,
    /// Absolute path of the file with the password.
    pub secret_file: PathBuf,
    /// Tell the carrier where we are, so that its calls find us.
    pub register: bool,
}

/// How a voice is coded on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    Pcma,
    Pcmu,
    G722,
    G729,
    Opus,
}

impl Trunk {
    /// A trunk to `address` of which nothing else is said.
    pub fn to(address: impl Into<SmolStr>) -> Self {
        Self { address: address.into(), from: Vec::new(), codecs: Vec::new(), login: None }
    }
}

mod zone_name {
    use jiff::tz::TimeZone;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(zone: &TimeZone, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(zone.iana_name().unwrap_or("UTC"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<TimeZone, D::Error> {
        let name = String::deserialize(from)?;
        TimeZone::get(&name).map_err(D::Error::custom)
    }
}
