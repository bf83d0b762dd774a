//! Sites that no folder describes: of scenarios, and of tests.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::Duration,
};

use jiff::tz::TimeZone;
use smol_str::SmolStr;

use super::{Alerting, Dialing, EngineKind, EngineSettings, Locale, SipSettings, Site, Store};
use crate::base::{area, number::Number};

/// The home of sites that name no other.
pub(super) fn china() -> SmolStr {
    SmolStr::new_static(area::CHINA)
}

impl EngineSettings {
    /// An engine of which nothing else is said; there is no password.
    pub fn at(kind: EngineKind, address: impl Into<SocketAddr>) -> Self {
        Self {
            kind,
            address: address.into(),
            user: "tandem".into(),
            password_file: "/nonexistent".into(),
            domain: "tandem.local".into(),
            config: "/nonexistent".into(),
            sip: SipSettings::default(),
            webrtc: None,
            music: None,
        }
    }
}

impl Site {
    /// English, in UTC, with the engine in memory, and with nobody and nothing in it but the number of a fallback.
    pub fn bare(name: impl Into<SmolStr>, fallback: Number) -> Self {
        Self {
            name: name.into(),
            revision: "bare".into(),
            time_zone: TimeZone::UTC,
            languages: vec![Locale::English],
            home: china(),
            engine: EngineSettings::at(EngineKind::Simulator, ([127, 0, 0, 1], 1)),
            store: Store::default(),
            http: None,
            speech: BTreeMap::new(),
            voices: BTreeMap::new(),
            crm: None,
            tasks: None,
            assistant: None,
            numbers: BTreeMap::new(),
            hours: BTreeMap::new(),
            extensions: BTreeMap::new(),
            agents: BTreeMap::new(),
            queues: BTreeMap::new(),
            routing: BTreeMap::new(),
            flows: BTreeMap::new(),
            trunks: BTreeMap::new(),
            dialing: Dialing::default(),
            fallback,
            lease: Duration::from_secs(30),
            alerts: Alerting::default(),
            without: BTreeSet::new(),
        }
    }
}
