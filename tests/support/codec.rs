//! What a phone speaks: G.711 proper, and stand-ins for Opus and G.729, which an engine only passes on.
//!
//! A stand-in packet says in every pair of its bytes which tone it is. It is heard as that tone only where it arrives
//! as it was sent: whoever decodes it, or makes another codec of it, leaves nothing of it.

use super::tone::{RATE, from_alaw, from_ulaw, to_alaw, to_ulaw, wave};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Codec {
    #[default]
    Pcmu,
    Pcma,
    Opus,
    G729,
}

const FRAME: usize = 160;

impl Codec {
    /// Its payload type, or the one that we offer.
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::Opus => 107,
            Self::G729 => 18,
        }
    }

    /// Its name in an `rtpmap`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU/8000",
            Self::Pcma => "PCMA/8000",
            Self::Opus => "opus/48000/2",
            Self::G729 => "G729/8000",
        }
    }

    /// 20 ms of tones, or of silence, from the sample number `from` on. A stand-in says the first of them.
    pub fn encode(self, tones: &[f64], from: u32) -> Vec<u8> {
        let samples = || wave(tones, from);
        match self {
            Self::Pcmu => samples().map(to_ulaw).collect(),
            Self::Pcma => samples().map(to_alaw).collect(),
            Self::Opus | Self::G729 => {
                (tones.first().copied().unwrap_or(0.0) as u16).to_be_bytes().repeat(10)
            }
        }
    }

    /// A sound of 8 kHz; stand-ins know only tones.
    pub fn encode_sound(self, samples: &[i16]) -> Vec<u8> {
        match self {
            Self::Pcmu => samples.iter().map(|sample| to_ulaw(*sample)).collect(),
            Self::Pcma => samples.iter().map(|sample| to_alaw(*sample)).collect(),
            Self::Opus | Self::G729 => self.encode(&[], 0),
        }
    }

    /// What is heard of a packet.
    pub fn decode(self, payload: &[u8], heard: usize) -> Vec<i16> {
        match self {
            Self::Pcmu => payload.iter().map(|byte| from_ulaw(*byte)).collect(),
            Self::Pcma => payload.iter().map(|byte| from_alaw(*byte)).collect(),
            Self::Opus | Self::G729 => {
                let said = payload.first_chunk::<2>().filter(|pair| payload == pair.repeat(10));
                let tone = said.map_or(0.0, |pair| f64::from(u16::from_be_bytes(*pair)));
                wave(&[tone], (heard % RATE as usize) as u32).take(FRAME).collect()
            }
        }
    }
}
