//! The channel and the bridge through which a leg's audio streams, as Asterisk has them. Their name tells whose they
//! are; the mark in it is in no id, so the channel is never taken for a leg.

use std::net::SocketAddr;

use serde_json::Value;

use super::{APP, text};
use crate::base::{attendance::Attendance, id::LegId};

const PREFIX: &str = "tandem~tap~";

/// The name of both, for this leg.
pub fn tap_of(leg: &LegId) -> String {
    format!("{PREFIX}{leg}")
}

/// The answer to `GET /channels` or `GET /bridges`: whose streams there are.
pub fn taps(answer: &Value) -> Vec<LegId> {
    let one = |tree: &Value| LegId::new(text(tree, "/id")?.strip_prefix(PREFIX)?).ok();
    answer.as_array().map(|list| list.iter().filter_map(one).collect()).unwrap_or_default()
}

/// What is asked to have a channel that streams signed samples at 8 kHz to `to`, over RTP.
pub fn stream_to<'a>(name: &'a str, to: &'a str) -> [(&'a str, &'a str); 9] {
    [
        ("channelId", name),
        ("app", APP),
        ("appArgs", "tap"),
        ("external_host", to),
        ("format", "slin"),
        ("encapsulation", "rtp"),
        ("transport", "udp"),
        ("connection_type", "client"),
        ("direction", "both"),
    ]
}

/// What is asked to have a channel that hears a leg, and is heard there.
pub fn attends(how: Attendance) -> [(&'static str, &'static str); 4] {
    let whisper = match how {
        Attendance::Listen => "none",
        // Out of Asterisk, to whoever is at the leg.
        Attendance::Whisper => "out",
        Attendance::Barge => "both",
    };
    [("spy", "both"), ("whisper", whisper), ("app", APP), ("appArgs", "tap")]
}

/// The answers to the questions for where such a channel sends from.
pub fn value(address: &Value, port: &Value) -> Option<SocketAddr> {
    let port = text(port, "/value")?.parse().ok()?;
    Some(SocketAddr::new(text(address, "/value")?.parse().ok()?, port))
}
