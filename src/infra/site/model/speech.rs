//! Who hears callers, and who speaks to them.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::Locale;

/// Who hears one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hearer {
    pub hears: Hears,
    /// How long the words may take after the caller has spoken.
    pub patience: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hears {
    Nobody,
    /// English, by Debian's packages.
    Pocketsphinx {
        workers: u8,
    },
    /// A program and its arguments, run for each utterance.
    Program {
        command: Vec<String>,
    },
    /// Behind TLS, `ca_file` names the authorities that may have signed its certificate, here and below.
    Vosk {
        url: SmolStr,
        ca_file: Option<PathBuf>,
    },
    Funasr {
        url: SmolStr,
        ca_file: Option<PathBuf>,
    },
    /// The key is in its file, never here.
    Http {
        url: SmolStr,
        model: SmolStr,
        key_file: Option<PathBuf>,
        ca_file: Option<PathBuf>,
    },
    /// A module of the engine itself.
    Engine {
        module: SmolStr,
        grammar: SmolStr,
        profile: Option<SmolStr>,
        params: BTreeMap<SmolStr, SmolStr>,
    },
}

impl Hearer {
    pub const PATIENCE: Duration = Duration::from_secs(5);
    /// An engine does not tell when somebody has spoken: it counts from the first word, or the last that was told.
    pub const OF_AN_ENGINE: Duration = Duration::from_secs(15);

    /// Who hears a language of which the site says nothing.
    pub fn usual(locale: Locale) -> Self {
        let hears = match locale {
            Locale::Chinese => Hears::Nobody,
            Locale::English => Hears::Pocketsphinx { workers: 4 },
        };
        Self { hears, patience: Self::PATIENCE }
    }
}

/// Who speaks one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speaker {
    pub speaks: Speaks,
    /// How long one prompt may take.
    pub patience: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaks {
    /// With another voice than the language's own, words a minute.
    Espeak { voice: Option<SmolStr>, speed: u16 },
    /// A program and its arguments, run for each prompt.
    Program { command: Vec<String> },
    /// The key is in its file, never here.
    Http { url: SmolStr, model: SmolStr, voice: SmolStr, key_file: Option<PathBuf>, ca_file: Option<PathBuf> },
}

impl Speaks {
    /// Words a minute, unless told otherwise.
    pub const SPEED: u16 = 160;
}
