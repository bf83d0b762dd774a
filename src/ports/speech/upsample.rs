//! From the telephone's 8 kHz to the 16 kHz of most recognisers, frame by frame: every sample and one between each two.

use std::f64::consts::PI;

/// Samples on each side that make one between two.
const REACH: usize = 12;

/// Doubles the rate of a stream. It hears `REACH` samples (1.5 ms) ahead.
#[derive(Debug)]
pub(super) struct Upsampler {
    weights: [f64; REACH],
    /// The last samples of what came before.
    before: Vec<f64>,
}

impl Upsampler {
    pub fn new() -> Self {
        let weights = std::array::from_fn(|n| {
            let x = n as f64 + 0.5;
            let window = 0.54 + 0.46 * (PI * x / REACH as f64).cos();
            (PI * x).sin() / (PI * x) * window
        });
        Self { weights, before: vec![0.0; 2 * REACH] }
    }

    /// Twice as many samples.
    pub fn feed(&mut self, frame: &[i16]) -> Vec<i16> {
        let mut all = std::mem::take(&mut self.before);
        all.extend(frame.iter().map(|sample| f64::from(*sample)));
        let clip = |sample: f64| sample.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16;
        let mut out = Vec::with_capacity(2 * frame.len());
        for at in REACH..all.len() - REACH {
            let sides = self.weights.iter().enumerate();
            let between: f64 = sides.map(|(n, weight)| weight * (all[at - n] + all[at + 1 + n])).sum();
            out.extend([clip(all[at]), clip(between)]);
        }
        self.before = all.split_off(all.len() - 2 * REACH);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_stays_a_tone_whatever_the_frames() {
        let at = |n: u32, rate: f64| (2.0 * PI * 1000.0 * f64::from(n) / rate).sin() * 10_000.0;
        let tone: Vec<i16> = (0..800).map(|n| at(n, 8000.0).round() as i16).collect();
        let mut up = Upsampler::new();
        let out: Vec<i16> = tone.chunks(7).flat_map(|frame| up.feed(frame)).collect();
        assert_eq!(out.len(), 1600);
        let late = 2 * REACH as u32;
        for n in 200..1500u32 {
            let (wanted, got) = (at(n - late, 16_000.0), f64::from(out[n as usize]));
            assert!((got - wanted).abs() < 150.0, "sample {n}: {got} instead of {wanted}");
        }
    }
}
