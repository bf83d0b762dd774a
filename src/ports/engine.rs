//! The media engine as Tandem sees it: legs that obey orders and report what happened.
//!
//! Three adapters implement this port: `freeswitch`, `asterisk` and `simulator`. One suite of scenarios
//! (`tests/engines`) runs against all three. What an adapter owes the rest of the house:
//!
//! - Orders for one leg are carried out in the order given; every order gets exactly one `Outcome`.
//! - `Outcome::Unknown` (sent, but no answer) is never repeated blindly: the adapter asks the engine first.
//! - Every leg that was reported or dialled ends in exactly one `Ended` while the link lives; what was
//!   missed while it was down is told by the `Audit` that follows every `Up`.
//! - Nothing a caller sends reaches the engine's command line unescaped.

mod ear;
mod model;

pub mod asterisk;
pub mod freeswitch;
pub mod simulator;

pub use ear::{Detector, Ear, Forming, Hearing, Overhearing, Stream, Wire};
pub use model::{
    Arrival, Command, Endpoint, Event, HangupCause, LegSeen, Media, Order, Origin, Outcome, PromptId, Verdict,
};

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    path::PathBuf,
    time::Duration,
};

use secrecy::SecretString;
use smol_str::SmolStr;
use tokio::sync::mpsc;

use crate::base::{
    id::{LegId, SoundId},
    number::Number,
};

/// With this begin the names of files in the folder of recordings that are there to be listened to, and not kept.
pub const OVERHEARD: &str = "overheard-";

/// What an adapter needs to reach its engine.
#[derive(Clone, Debug)]
pub struct Settings {
    pub address: SocketAddr,
    /// ARI's user name; unused by FreeSWITCH.
    pub user: SmolStr,
    pub password: SecretString,
    /// Folder of the prompts, readable by the engine on the same host.
    pub prompts: PathBuf,
    /// Folder of what is recorded, writable by the engine on the same host.
    pub recordings: PathBuf,
    /// SIP domain of registered phones on FreeSWITCH.
    pub domain: SmolStr,
    /// Extension that leases and `Fallback` lead to.
    pub fallback: Number,
    /// How long a leg's lease runs before the first one that is ordered.
    pub lease: Duration,
}

impl Settings {
    /// The file that holds something to be heard.
    pub fn file(&self, media: &Media) -> PathBuf {
        match media {
            Media::Prompt(prompt) => self.prompts.join(format!("{prompt}.wav")),
            Media::Sound(sound) => self.recordings.join(format!("{sound}.wav")),
        }
    }

    /// The file that an engine writes for whoever listens to this leg. It is no recording, and in no backup.
    pub fn overheard(&self, leg: &LegId) -> PathBuf {
        self.recordings.join(format!("{OVERHEARD}{leg}.wav"))
    }

    /// Our address on the way to the engine.
    pub fn facing(&self) -> IpAddr {
        let any: IpAddr =
            if self.address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let way = UdpSocket::bind((any, 0)).and_then(|socket| {
            socket.connect(self.address)?;
            socket.local_addr()
        });
        way.map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip())
    }

    /// How long a message is, from the size of its file (8 kHz, 16 bit, mono); zero when there is none.
    fn length(&self, sound: &SoundId) -> Duration {
        const HEAD: u64 = 44;
        let size = fs::metadata(self.file(&Media::Sound(sound.clone()))).map_or(0, |file| file.len());
        Duration::from_millis(size.saturating_sub(HEAD) / 16)
    }
}

/// The two ends of a running adapter. Dropping `orders` stops it.
pub struct Engine {
    /// Orders to carry out. Unbounded: the switchboard never waits for an engine.
    pub orders: mpsc::UnboundedSender<Order>,
    /// What happened. Unbounded: an engine's socket is always drained.
    pub events: mpsc::UnboundedReceiver<Event>,
}
