//! The words of the port for whoever listens: to callers, and to how talks go.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::base::{
    id::{LegId, Name},
    locale::Locale,
};

/// How to listen to a caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hearing {
    pub locale: Locale,
    /// The flow whose words are expected.
    pub flow: Name,
    pub ear: Ear,
}

/// When an utterance is over: digits come with pauses between them. Keys are heard in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ear {
    Free,
    Digits { min: u8, max: u8 },
}

/// A recogniser of the engine's own, and what it is told. What may stand in it is checked where the site is read, and again
/// by the adapter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detector {
    /// The engine's module, as `unimrcp`.
    pub module: SmolStr,
    /// What may be said: a grammar by its address, as `builtin:speech/transcribe`.
    pub grammar: SmolStr,
    /// Which of the module's servers.
    pub profile: Option<SmolStr>,
    pub params: BTreeMap<SmolStr, SmolStr>,
    /// How long it may be silent after a voice has begun, or after the last partial text.
    pub patience: Duration,
}

/// What somebody says at a leg that is listened to, as it forms. For those who watch: the switchboard is not told, and it
/// is in no journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forming {
    pub leg: LegId,
    pub text: SmolStr,
}

/// A leg's audio as a stream of UDP datagrams, one frame each, both ways alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// Where the engine sends from, and hears.
    pub engine: SocketAddr,
    pub wire: Wire,
}

/// Signed 16-bit mono samples at `rate` Hz, on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    /// Little-endian samples and nothing else.
    Raw { rate: u32 },
    /// RTP (RFC 3550) of this payload type, big-endian as L16 is (RFC 3551, section 4.5.11).
    Rtp { payload: u8, rate: u32 },
}

/// How an engine lets a talk be listened to. Each has its own way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overhearing {
    /// Into `Settings::overheard`, as they speak: a WAVE file in stereo at 8 kHz, left what the leg says.
    File,
    /// To here, by `AudioSocket`: what the leg says under one identity, what it hears under the other.
    Sockets { to: SocketAddr, says: u128, hears: u128 },
}
