//! Sounds as samples (8 kHz): sine tones, µ-law (G.711), and how much of a tone is in what was heard.

use std::f64::consts::TAU;

/// Samples a second.
pub const RATE: f64 = 8000.0;

/// What was heard for a while.
#[derive(Clone, Debug, Default)]
pub struct Heard(pub Vec<i16>);

impl Heard {
    pub fn seconds(&self) -> f64 {
        self.0.len() as f64 / RATE
    }

    /// Loudness: 0 is silence, a sine tone of our phones about 5,600.
    pub fn loudness(&self) -> f64 {
        (energy(&self.0) / self.0.len().max(1) as f64).sqrt()
    }

    /// Share of all energy that lies at `frequency` (Goertzel's filter on blocks of 50 ms, so that a lost packet
    /// does not hide the tone): 1 for that tone alone, about 0 for another tone, speech or silence.
    pub fn share(&self, frequency: f64) -> f64 {
        let total: f64 = energy(&self.0);
        let found: f64 = self.0.chunks(400).map(|block| power(block, frequency)).sum();
        if total < 1.0 { 0.0 } else { found / total }
    }
}

fn energy(samples: &[i16]) -> f64 {
    samples.iter().map(|s| f64::from(*s).powi(2)).sum()
}

fn power(block: &[i16], frequency: f64) -> f64 {
    let turn = 2.0 * (TAU * frequency / RATE).cos();
    let (a, b) = block.iter().fold((0.0, 0.0), |(a, b), s| (f64::from(*s) + turn * a - b, a));
    2.0 * (a * a + b * b - turn * a * b) / block.len() as f64
}

/// 160 samples (20 ms) of tones at once, from the sample number `from` on; of none: silence.
pub fn wave(tones: &[f64], from: u32) -> impl Iterator<Item = i16> {
    let sample = move |n: u32, tone: &f64| 8000.0 * (TAU * tone * f64::from(n % 8000) / RATE).sin();
    (0..160).map(move |n| tones.iter().map(|tone| sample(from.wrapping_add(n), tone)).sum::<f64>() as i16)
}

/// The two tones of a key of a telephone (Q.23).
pub fn of_key(key: char) -> [f64; 2] {
    const ROWS: [(&str, f64); 4] = [("123A", 697.0), ("456B", 770.0), ("789C", 852.0), ("*0#D", 941.0)];
    let row = ROWS.iter().find_map(|(keys, low)| keys.find(key).map(|column| (*low, column)));
    let (low, column) = row.expect("a key of a telephone");
    [low, [1209.0, 1336.0, 1477.0, 1633.0][column]]
}

pub fn to_ulaw(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let level = i32::from(sample).abs().min(32635) + 132;
    let exponent = 24 - level.leading_zeros() as i32;
    !(sign | (exponent << 4) as u8 | ((level >> (exponent + 3)) & 0x0F) as u8)
}

/// A-law (G.711): 13 bits, the even ones inverted.
pub fn to_alaw(sample: i16) -> u8 {
    let sign = if sample < 0 { 0 } else { 0x80 };
    let level = (i32::from(sample) ^ (i32::from(sample) >> 15)).min(32635) >> 4;
    let exponent = 28 - (level as u32 | 0x0F).leading_zeros() as i32;
    let mantissa = if exponent == 0 { level & 0x0F } else { (level >> (exponent - 1)) & 0x0F };
    (sign | (exponent << 4) as u8 | mantissa as u8) ^ 0x55
}

pub fn from_alaw(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let (exponent, mantissa) = (i16::from(byte >> 4 & 7), i16::from(byte & 0x0F));
    let level = (mantissa << 4) + 8;
    let level = if exponent == 0 { level } else { (level + 0x100) << (exponent - 1) };
    if byte & 0x80 == 0 { -level } else { level }
}

pub fn from_ulaw(byte: u8) -> i16 {
    let byte = !byte;
    let exponent = i16::from(byte >> 4 & 7);
    let level = (((i16::from(byte & 0x0F) << 3) + 132) << exponent) - 132;
    if byte & 0x80 == 0 { level } else { -level }
}
