//! Music on hold, made by code: a slow broken chord of soft tones that loops without a seam.

use std::f64::consts::TAU;

use crate::base::wav::Wav;

const RATE: f64 = 8000.0;
/// Seconds from one note to the next.
const BEAT: f64 = 0.625;
/// Root mean square: 18 dB below full scale.
const LOUDNESS: f64 = 0.125_892_541 * 32_767.0;
/// How long a note rings, in seconds.
const RING: f64 = 3.5;

/// Four chords of eight notes (C, A minor, F, G), as semitones from middle A.
const CHORDS: [[i32; 8]; 4] = [
    [-9, -2, 3, 7, 10, 7, 3, -2],
    [-12, -5, 0, 3, 7, 3, 0, -5],
    [-16, -9, -4, 0, 3, 0, -4, -9],
    [-14, -7, -2, 2, 5, 2, -2, -7],
];

/// Twenty seconds as a WAV file: 8 kHz, 16 bit, mono.
pub fn wav() -> Vec<u8> {
    Wav::telephone(samples()).to_bytes()
}

pub(super) fn samples() -> Vec<i16> {
    let notes: Vec<i32> = CHORDS.into_iter().flatten().collect();
    let length = (notes.len() as f64 * BEAT * RATE) as usize;
    let mut sum = vec![0.0; length];
    for (i, semitones) in notes.iter().enumerate() {
        let start = (i as f64 * BEAT * RATE) as usize;
        let hertz = 440.0 * 2f64.powf(f64::from(*semitones) / 12.0);
        let accent = if i % 8 == 0 { 1.0 } else { 0.8 };
        // A note that rings past the end is heard at the beginning: so there is no seam.
        for n in 0..(RING * RATE) as usize {
            sum[(start + n) % length] += accent * note(hertz, n as f64 / RATE);
        }
    }
    let power = sum.iter().map(|s| s * s).sum::<f64>() / sum.len() as f64;
    let gain = LOUDNESS / power.sqrt();
    sum.iter().map(|s| (s * gain).round().clamp(-32_768.0, 32_767.0) as i16).collect()
}

/// A struck tone: soft attack, slow decay to nothing, two quiet overtones that fade sooner.
fn note(hertz: f64, t: f64) -> f64 {
    let attack = (t / 0.03).min(1.0);
    let attack = attack * attack * (3.0 - 2.0 * attack);
    let release = ((RING - t) / 0.5).clamp(0.0, 1.0);
    let tone = |k: f64, decay: f64| (TAU * hertz * k * t).sin() * (-t / decay).exp();
    attack * release * (tone(1.0, 1.1) + 0.25 * tone(2.0, 0.5) + 0.08 * tone(3.0, 0.25))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_loud_as_said_never_clips_and_has_no_seam() {
        let wav = Wav::parse(&wav()).expect("wav");
        assert_eq!((wav.rate, wav.channels, wav.samples.len()), (8000, 1, 160_000));
        let power = wav.samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / 160_000.0;
        let decibels = 20.0 * (power.sqrt() / 32_767.0).log10();
        assert!((-18.1..-17.9).contains(&decibels), "{decibels} dBFS");
        assert!(wav.samples.iter().all(|s| s.unsigned_abs() < 30_000), "clips");
        let step = |a: i16, b: i16| (i32::from(a) - i32::from(b)).abs();
        let steepest = wav.samples.windows(2).map(|w| step(w[0], w[1])).max().expect("samples");
        let seam = step(wav.samples[159_999], wav.samples[0]);
        assert!(seam <= steepest, "{seam} at the seam, {steepest} elsewhere");
    }

    #[test]
    fn it_is_never_silent() {
        let wav = Wav::parse(&wav()).expect("wav");
        for (i, second) in wav.samples.chunks(4000).enumerate() {
            let power = second.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / second.len() as f64;
            assert!(power.sqrt() > 1000.0, "half second {i}: {}", power.sqrt());
        }
    }
}
