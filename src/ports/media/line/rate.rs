//! What comes in, as frames of 20 ms, at the stream's rate and at the telephone's.

use std::f32::consts::PI;

/// Frames a second.
pub(in crate::ports::media) const FRAMES: u32 = 50;
/// The rate at which voices are looked for.
pub(in crate::ports::media) const TELEPHONE: u32 = 8000;
/// Samples of a frame at that rate.
pub(in crate::ports::media) const FRAME: usize = (TELEPHONE / FRAMES) as usize;

/// Samples of a frame at `rate`.
pub(super) fn frame_of(rate: u32) -> usize {
    (rate / FRAMES) as usize
}

/// Whether a stream of this rate can be listened to.
pub(super) fn served(rate: u32) -> bool {
    matches!(rate, 8000 | 16_000 | 24_000 | 32_000 | 48_000)
}

/// Cuts what comes, in pieces of any length, into frames of one.
#[derive(Debug)]
pub(super) struct Cutter {
    frame: usize,
    rest: Vec<i16>,
}

impl Cutter {
    pub(super) fn new(rate: u32) -> Self {
        Self { frame: frame_of(rate), rest: Vec::new() }
    }

    pub(super) fn cut(&mut self, samples: &[i16]) -> Vec<Vec<i16>> {
        self.rest.extend_from_slice(samples);
        let whole = self.rest.len() / self.frame * self.frame;
        let frames = self.rest[..whole].chunks_exact(self.frame).map(<[i16]>::to_vec).collect();
        self.rest.drain(..whole);
        frames
    }
}

/// From a multiple of the telephone's rate down to it, frame by frame.
#[derive(Debug)]
pub(super) struct Down {
    factor: usize,
    weights: Vec<f32>,
    past: Vec<f32>,
}

impl Down {
    pub(super) fn new(rate: u32) -> Self {
        let factor = (rate / TELEPHONE).max(1) as usize;
        let taps = 16 * factor + 1;
        let middle = (taps / 2) as f32;
        let weights: Vec<f32> = (0..taps)
            .map(|n| {
                let x = (n as f32 - middle) / factor as f32 * 0.9;
                let sine = if x.abs() < 1e-6 { 1.0 } else { (PI * x).sin() / (PI * x) };
                sine * (0.5 - 0.5 * (2.0 * PI * (n as f32 + 0.5) / taps as f32).cos())
            })
            .collect();
        let sum: f32 = weights.iter().sum();
        Self {
            factor,
            past: vec![0.0; taps - 1],
            weights: weights.into_iter().map(|weight| weight / sum).collect(),
        }
    }

    pub(super) fn frame(&mut self, samples: &[i16]) -> Vec<i16> {
        if self.factor == 1 {
            return samples.to_vec();
        }
        self.past.extend(samples.iter().map(|sample| f32::from(*sample)));
        let taps = self.weights.len();
        let out = (0..samples.len() / self.factor)
            .map(|n| {
                let window = &self.past[n * self.factor..][..taps];
                window.iter().zip(&self.weights).map(|(sample, weight)| sample * weight).sum::<f32>() as i16
            })
            .collect();
        let old = self.past.len() - (taps - 1);
        self.past.drain(..old);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: u32, hertz: f32) -> Vec<i16> {
        (0..rate).map(|n| ((2.0 * PI * hertz * n as f32 / rate as f32).sin() * 10_000.0) as i16).collect()
    }

    fn loudness(samples: &[i16]) -> f32 {
        let middle = &samples[1000..samples.len() - 1000];
        (middle.iter().map(|s| f32::from(*s).powi(2)).sum::<f32>() / middle.len() as f32).sqrt()
    }

    #[test]
    fn frames_are_of_one_length_whatever_comes() {
        let mut cutter = Cutter::new(8000);
        let lengths: Vec<usize> =
            [240, 240, 80, 1, 319, 40].iter().map(|n| cutter.cut(&vec![1; *n]).len()).collect();
        assert_eq!(lengths, [1, 2, 0, 0, 2, 0]);
    }

    #[test]
    fn the_telephones_band_passes_and_what_is_above_does_not_fold_back() {
        for rate in [16_000, 24_000, 32_000, 48_000] {
            let through = |hertz| {
                let mut down = Down::new(rate);
                let out: Vec<i16> =
                    tone(rate, hertz).chunks(frame_of(rate)).flat_map(|f| down.frame(f)).collect();
                assert_eq!(out.len(), 8000);
                loudness(&out) / (10_000.0 / 2f32.sqrt())
            };
            for hertz in [300.0, 1000.0, 2500.0] {
                assert!((0.95..1.05).contains(&through(hertz)), "{hertz} at {rate}: {}", through(hertz));
            }
            assert!(through(5000.0) < 0.1, "{}", through(5000.0));
        }
    }
}
