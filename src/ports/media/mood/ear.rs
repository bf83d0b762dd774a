//! What one side sounds like for 20 ms: how loud, how bright, and at which pitch.
//!
//! The pitch is the period at which the last 40 ms are most like what was before (normalised cross-correlation, as in
//! Talkin's "A robust algorithm for pitch tracking", 1995): it needs no fundamental, which a telephone does not carry.
//! Of periods that are about equally like, the shortest is taken, since twice a period is a period as well.

use super::super::line::{
    filter::Filter,
    rate::{FRAME, TELEPHONE},
    voice::is_key,
};

/// Below this nobody is heard, in dB over one step of 16 bits (a full-scale sine has 87).
const FAINT: f32 = 36.0;
/// Likeness to the period before, 1 at most, from which a frame has a pitch.
const PITCHED: f32 = 0.6;
/// A period that is shorter than the likest is taken when it is so much as like.
const SHORTER: f32 = 0.9;
/// Periods in samples at half the telephone's rate: 500 to 60 Hz, and one beyond at each end.
const SHORTEST: usize = 7;
const LONGEST: usize = 67;
const PERIODS: usize = LONGEST - SHORTEST + 1;
/// Samples that are compared, at half the rate: 40 ms.
const COMPARED: usize = 160;
const REMEMBERED: usize = COMPARED + LONGEST;
/// What is above is bright: raised effort lifts it more than the rest (Banse & Scherer 1996).
const BRIGHT: f32 = 1000.0;

/// What a frame of one side is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Heard {
    /// dB over one step of 16 bits, 0 to 90.
    pub level: f32,
    /// dB by which what is above 1000 Hz differs from the whole, -40 to 3.
    pub bright: f32,
    /// Semitones over 50 Hz, 3 to 40.
    pub pitch: Option<f32>,
}

/// Listens to one side.
#[derive(Debug)]
pub(super) struct Ear {
    rumble: Filter,
    above: Filter,
    past: [f32; REMEMBERED],
}

impl Ear {
    pub(super) fn new() -> Self {
        Self { rumble: Filter::above(120.0), above: Filter::above(BRIGHT), past: [0.0; REMEMBERED] }
    }

    pub(super) fn hear(&mut self, frame: &[i16; FRAME]) -> Heard {
        let (mut clean, mut whole, mut bright) = ([0.0; FRAME], 0.0, 0.0);
        for (clean, sample) in clean.iter_mut().zip(frame) {
            *clean = self.rumble.pass(f32::from(*sample));
            let high = self.above.pass(*clean);
            whole += *clean * *clean;
            bright += high * high;
        }
        self.past.copy_within(FRAME / 2.., 0);
        for (kept, pair) in self.past[REMEMBERED - FRAME / 2..].iter_mut().zip(clean.chunks_exact(2)) {
            *kept = f32::midpoint(pair[0], pair[1]);
        }
        let level = decibel(whole);
        let pitch = (level > FAINT && !is_key(&clean)).then(|| pitch(&self.past)).flatten();
        Heard { level, bright: (decibel(bright) - level).max(-40.0), pitch }
    }
}

/// dB over one step, of a frame's energy.
fn decibel(energy: f32) -> f32 {
    10.0 * (energy / FRAME as f32 + 1.0).log10()
}

/// Semitones over 50 Hz.
fn pitch(past: &[f32; REMEMBERED]) -> Option<f32> {
    let likes = likes(past);
    let tops = || likes.windows(3).enumerate().filter_map(|(n, three)| top(n + 1, three));
    let best = tops().map(|(_, like)| like).fold(0.0, f32::max);
    let worth = (SHORTER * best).max(PITCHED);
    let (at, _) = tops().find(|(_, like)| *like >= worth)?;
    let period = SHORTEST as f32 + at;
    Some(12.0 * (TELEPHONE as f32 / 2.0 / period / 50.0).log2())
}

/// Where the parabola through three likenesses has its top and how high it is there, when the middle one is a peak.
fn top(middle: usize, three: &[f32]) -> Option<(f32, f32)> {
    if three[1] < three[0] || three[1] < three[2] {
        return None;
    }
    let bend = three[0] - 2.0 * three[1] + three[2];
    let off = if bend < 0.0 { 0.5 * (three[0] - three[2]) / bend } else { 0.0 };
    Some((middle as f32 + off, three[1] - 0.25 * (three[0] - three[2]) * off))
}

/// How like the last samples are to those of each period before.
fn likes(past: &[f32; REMEMBERED]) -> [f32; PERIODS] {
    let start = REMEMBERED - COMPARED;
    let now = &past[start..];
    let own = product(now, now);
    let mut other = product(&past[start - SHORTEST..][..COMPARED], &past[start - SHORTEST..][..COMPARED]);
    let mut likes = [0.0; PERIODS];
    for (n, like) in likes.iter_mut().enumerate() {
        let before = &past[start - SHORTEST - n..];
        *like = product(now, &before[..COMPARED]) / (own * other.max(0.0)).sqrt().max(1.0);
        if let Some(next) = (start - SHORTEST).checked_sub(n + 1) {
            other += past[next] * past[next] - before[COMPARED - 1] * before[COMPARED - 1];
        }
    }
    likes
}

/// Sum of products, in eight sums that do not wait for each other.
fn product(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::{
        super::synthetic::{Line, Voice},
        *,
    };

    #[test]
    fn a_voice_has_its_pitch_though_the_telephone_cuts_the_fundamental_off() {
        for hertz in [85.0, 120.0, 210.0, 300.0, 420.0] {
            let mut ear = Ear::new();
            let talk = Line::telephone(&Voice { hertz, glide: 0.0, ..Voice::default() }.says(1.0));
            let heard: Vec<_> = talk.iter().filter_map(|frame| ear.hear(frame).pitch).collect();
            let wanted = 12.0 * (hertz / 50.0).log2();
            let near = heard.iter().filter(|pitch| (**pitch - wanted).abs() < 0.5).count();
            assert!(heard.len() > 25 && near * 10 > heard.len() * 9, "{hertz} Hz: {near} of {}", heard.len());
        }
    }

    #[test]
    fn noise_and_keys_have_no_pitch() {
        let mut ear = Ear::new();
        let noise = Line::telephone(&Line::noise(2.0, 2000.0, 7));
        assert!(noise.iter().all(|frame| ear.hear(frame).pitch.is_none()));
        let keys = Line::telephone(&Line::tones(&[770.0, 1336.0], 1.0, 6000.0));
        assert!(keys.iter().filter(|frame| ear.hear(frame).pitch.is_some()).count() <= 2);
    }
}
