//! Whether a frame holds a voice: louder than the line's own noise, and with a pitch.
//!
//! The floor is the noise of the line, tracked in the whole band and in four parts of it: down with every quiet frame,
//! up slowly, so that speech does not become its own noise. A frame is loud when it stands out of the floor, and
//! voiced when it repeats itself 60 to 400 times a second as vocal cords do. Noise of any loudness has no pitch; the
//! tones of keys have two that no voice has.

use super::{
    filter::Filter,
    rate::{FRAME, TELEPHONE},
};

/// Below this no caller is heard, in dB over one step of 16 bits (a full-scale sine has 87).
const FAINT: f32 = 36.0;
/// A loud frame stands out of the floor by this much, in the whole band,
const OUT: f32 = 6.0;
/// or in one part of it.
const OUT_PART: f32 = 9.0;
/// Self-likeness of a voiced frame, 1 at most.
const PITCH: f32 = 0.6;
/// A floor that is not known yet is not above this.
const FIRST_FLOOR: f32 = 45.0;
/// dB a frame by which the floor rises: in a voice, and in what is loud without one.
const RISE_VOICED: f32 = 0.02;
const RISE_LOUD: f32 = 0.2;
/// Shares of the way to a quiet frame's loudness, upwards and downwards.
const UP: f32 = 0.05;
const DOWN: f32 = 0.15;
/// Middles of the parts of the band.
const PARTS: [f32; 4] = [400.0, 1000.0, 1900.0, 3000.0];
const QUALITY: f32 = 1.2;
/// Pitches, as periods at half the telephone's rate.
const PERIODS: std::ops::RangeInclusive<usize> = 10..=66;
/// Samples that are compared with those of a period before, at half the rate: 40 ms.
const COMPARED: usize = 160;
const REMEMBERED: usize = COMPARED + 66 + 1;
/// The tones of keys (Q.23).
const KEYS: [f32; 8] = [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0];
/// Share of the energy that a key's two tones hold.
const KEY: f32 = 0.8;

/// What a frame is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sense {
    pub loud: bool,
    /// Loud, and with a pitch.
    pub voiced: bool,
}

/// Listens to one leg, frame by frame.
#[derive(Debug)]
pub(super) struct Voice {
    rumble: Filter,
    parts: [Filter; 4],
    /// The whole band's, then the parts'.
    floor: Option<[f32; 5]>,
    past: Vec<f32>,
}

impl Voice {
    pub(super) fn new() -> Self {
        Self {
            rumble: Filter::above(120.0),
            parts: PARTS.map(|middle| Filter::around(middle, QUALITY)),
            floor: None,
            past: vec![0.0; REMEMBERED],
        }
    }

    /// A frame of 20 ms at the telephone's rate.
    pub(super) fn sense(&mut self, frame: &[i16]) -> Sense {
        let clean: Vec<f32> = frame.iter().map(|sample| self.rumble.pass(f32::from(*sample))).collect();
        let mut levels = [level(clean.iter().copied()); 5];
        for (part, level_of) in self.parts.iter_mut().zip(&mut levels[1..]) {
            *level_of = level(clean.iter().map(|sample| part.pass(*sample)));
        }
        self.past.drain(..frame.len().min(FRAME) / 2);
        self.past.extend(clean.chunks_exact(2).map(|pair| f32::midpoint(pair[0], pair[1])));
        let old = self.past.len().saturating_sub(REMEMBERED);
        self.past.drain(..old);

        let floor = self.floor.get_or_insert_with(|| levels.map(|level| level.min(FIRST_FLOOR)));
        let out = |n: usize| levels[n] - floor[n];
        let loud = levels[0] > FAINT && (out(0) > OUT || (1..5).any(|part| out(part) > OUT_PART));
        let voiced = loud && !is_key(&clean) && pitch(&self.past) > PITCH;
        for (floor, level) in floor.iter_mut().zip(levels) {
            let way = level - *floor;
            *floor += match (loud, voiced) {
                _ if way < 0.0 => DOWN * way,
                (_, true) => RISE_VOICED.min(way),
                (true, _) => RISE_LOUD.min(way),
                _ => UP * way,
            };
        }
        Sense { loud, voiced }
    }
}

/// dB over one step.
fn level(samples: impl Iterator<Item = f32>) -> f32 {
    let sum: f32 = samples.map(|sample| sample * sample).sum();
    10.0 * (sum / FRAME as f32 + 1.0).log10()
}

/// How much the last samples are like those of some period before.
fn pitch(past: &[f32]) -> f32 {
    let Some(start) = past.len().checked_sub(COMPARED) else { return 0.0 };
    let now = &past[start..];
    let energy: f32 = now.iter().map(|x| x * x).sum();
    let like = |period: usize| {
        let before = &past[start - period..][..COMPARED];
        let (same, other) = now
            .iter()
            .zip(before)
            .fold((0.0, 0.0), |(same, other), (now, before)| (same + now * before, other + before * before));
        same / (energy * other).sqrt().max(1.0)
    };
    let likes: Vec<f32> = PERIODS.map(like).collect();
    let peaks = likes.windows(3).filter(|three| three[1] >= three[0] && three[1] >= three[2]);
    peaks.map(|three| three[1]).fold(0.0, f32::max)
}

/// Whether two tones, one of each group, are nearly all that is heard.
pub(in crate::ports::media) fn is_key(frame: &[f32]) -> bool {
    let energy: f32 = frame.iter().map(|x| x * x).sum();
    let power = |hertz: &f32| {
        let turn = 2.0 * (2.0 * std::f32::consts::PI * hertz / TELEPHONE as f32).cos();
        let (a, b) = frame.iter().fold((0.0, 0.0), |(a, b), x| (x + turn * a - b, a));
        2.0 * (a * a + b * b - turn * a * b) / frame.len() as f32
    };
    let loudest = |keys: &[f32]| keys.iter().map(power).fold(0.0, f32::max);
    let (low, high) = (loudest(&KEYS[..4]), loudest(&KEYS[4..]));
    low + high > KEY * energy && low.min(high) > 0.1 * energy
}

#[cfg(test)]
mod tests {
    use super::*;

    fn senses(samples: &[i16]) -> Vec<Sense> {
        let mut voice = Voice::new();
        samples.chunks_exact(FRAME).map(|frame| voice.sense(frame)).collect()
    }

    /// Sums of sines that begin after a second of faint noise.
    fn tones(of: &[f32], loudness: f32) -> Vec<i16> {
        let mut random = fastrand::Rng::with_seed(1);
        (0..16_000)
            .map(|n| {
                let at = n as f32 / TELEPHONE as f32;
                let sound: f32 = of.iter().map(|hertz| (2.0 * std::f32::consts::PI * hertz * at).sin()).sum();
                let on = if n < 8000 { 0.0 } else { loudness };
                (sound * on + (random.f32() - 0.5) * 20.0) as i16
            })
            .collect()
    }

    #[test]
    fn keys_and_silence_are_no_voice() {
        for key in [[697.0, 1209.0], [941.0, 1477.0], [770.0, 1336.0]] {
            let voiced = senses(&tones(&key, 6000.0)).iter().filter(|sense| sense.voiced).count();
            assert!(voiced <= 2, "{key:?}: {voiced} frames");
        }
        assert!(senses(&vec![0; 16_000]).iter().all(|sense| !sense.loud));
    }

    #[test]
    fn a_hum_of_harmonics_is_voiced_and_becomes_noise_when_it_stays() {
        let hum = [130.0, 260.0, 390.0, 520.0, 650.0];
        let there = senses(&tones(&hum, 1500.0));
        assert!(there[52..90].iter().all(|sense| sense.voiced), "{there:?}");
    }

    #[test]
    fn noise_that_begins_at_once_has_no_pitch_and_becomes_the_floor() {
        let mut random = fastrand::Rng::with_seed(5);
        let samples: Vec<i16> = (0..80_000)
            .map(|n| ((random.f32() - 0.5) * if n < 8000 { 60.0 } else { 6000.0 }) as i16)
            .collect();
        let there = senses(&samples);
        assert!(there.iter().all(|sense| !sense.voiced));
        assert!(there[51].loud);
        assert!(there[300..].iter().all(|sense| !sense.loud), "after five seconds it is the line's noise");
    }
}
