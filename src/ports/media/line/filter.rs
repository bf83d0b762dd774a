//! Filters of second order, after the audio equaliser cookbook.

use std::f32::consts::PI;

use super::rate::TELEPHONE;

/// One filter with what it remembers.
#[derive(Clone, Debug)]
pub(in crate::ports::media) struct Filter {
    forward: [f32; 3],
    back: [f32; 2],
    past: [f32; 2],
}

impl Filter {
    /// Lets pass what is above `hertz`.
    pub(in crate::ports::media) fn above(hertz: f32) -> Self {
        let (cosine, alpha) = angle(hertz, std::f32::consts::FRAC_1_SQRT_2);
        let one = f32::midpoint(1.0, cosine);
        Self::new([one, -2.0 * one, one], cosine, alpha)
    }

    /// Lets pass what is around `hertz`; the higher `quality`, the narrower.
    pub(in crate::ports::media) fn around(hertz: f32, quality: f32) -> Self {
        let (cosine, alpha) = angle(hertz, quality);
        Self::new([alpha, 0.0, -alpha], cosine, alpha)
    }

    fn new(forward: [f32; 3], cosine: f32, alpha: f32) -> Self {
        let whole = 1.0 + alpha;
        let back = [-2.0 * cosine / whole, (1.0 - alpha) / whole];
        Self { forward: forward.map(|weight| weight / whole), back, past: [0.0; 2] }
    }

    pub(in crate::ports::media) fn pass(&mut self, sample: f32) -> f32 {
        let out = self.forward[0] * sample + self.past[0];
        self.past[0] = self.forward[1] * sample - self.back[0] * out + self.past[1];
        self.past[1] = self.forward[2] * sample - self.back[1] * out;
        out
    }
}

fn angle(hertz: f32, quality: f32) -> (f32, f32) {
    let turn = 2.0 * PI * hertz / TELEPHONE as f32;
    (turn.cos(), turn.sin() / (2.0 * quality))
}
