//! Sounds for the tests, made here: a formant voice, lines, noises, tones.

use std::f32::consts::PI;

const RATE: f32 = 8000.0;

/// One speaker: pulses of the vocal cords through three formants that move, in syllables with pauses.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    /// Of the pitch, in the middle.
    pub hertz: f32,
    /// Semitones by which the pitch moves in a sentence.
    pub glide: f32,
    /// Peak of 16 bits.
    pub loud: f32,
    /// 0 soft to 1 pressed: how sharp the pulses are.
    pub pressed: f32,
    /// Syllables a second.
    pub pace: f32,
    pub seed: u64,
}

impl Default for Voice {
    fn default() -> Self {
        Self { hertz: 120.0, glide: 3.0, loud: 3000.0, pressed: 0.3, pace: 4.0, seed: 1 }
    }
}

impl Voice {
    /// So many seconds of talk: sentences of about 2.5 s with pauses of 0.4 s.
    pub(super) fn says(&self, seconds: f32) -> Vec<f32> {
        let mut random = Random(self.seed);
        let (mut phase, mut out) = (0.0_f32, Vec::new());
        let mut formants = [Resonator::default(), Resonator::default(), Resonator::default()];
        let mut targets = [500.0, 1500.0, 2500.0];
        let (mut softened, mut accent, mut shake) = (0.0, 0.0, 1.0);
        for n in 0..(seconds * RATE) as usize {
            let at = n as f32 / RATE;
            let sentence = at % 2.9;
            let syllable = (at * self.pace) % 1.0;
            if syllable < self.pace / RATE {
                accent = random.next() * self.glide * 0.3;
                targets = [
                    random.between(300.0, 800.0),
                    random.between(900.0, 2200.0),
                    random.between(2300.0, 2900.0),
                ];
            }
            let on =
                if sentence < 2.5 && syllable < 0.75 { (PI * syllable / 0.75).sin().sqrt() } else { 0.0 };
            let wave = (2.0 * PI * sentence / 2.5 * 1.5).sin();
            let hertz =
                self.hertz * 2.0_f32.powf((self.glide * wave / 2.0 + accent * (PI * syllable).sin()) / 12.0);
            phase += hertz * shake / RATE;
            let mut pulse = 0.0;
            if phase >= 1.0 {
                phase -= 1.0;
                // No two periods of vocal cords are alike.
                shake = 1.0 + 0.01 * random.next();
                pulse = 1.0;
            }
            softened += (pulse - softened) * (0.15 + 0.85 * self.pressed);
            let sound: f32 = formants
                .iter_mut()
                .zip(targets)
                .zip([1.0, 0.5 + self.pressed, 0.2 + self.pressed])
                .map(|((formant, hertz), share)| share * formant.pass(softened, hertz))
                .sum();
            out.push(sound * on * self.loud);
        }
        let most = out.iter().fold(1.0_f32, |most, x| most.max(x.abs()));
        out.iter().map(|x| x / most * self.loud).collect()
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Resonator([f32; 2]);

impl Resonator {
    fn pass(&mut self, sample: f32, hertz: f32) -> f32 {
        let radius = (-PI * 90.0 / RATE).exp();
        let out =
            sample + 2.0 * radius * (2.0 * PI * hertz / RATE).cos() * self.0[0] - radius * radius * self.0[1];
        self.0 = [out, self.0[0]];
        out
    }
}

/// Even numbers from a seed (Knuth's multiplier).
#[derive(Clone, Debug)]
pub(super) struct Random(pub u64);

impl Random {
    /// -1 to 1.
    pub(super) fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    }

    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * 0.5 * (self.next() + 1.0)
    }
}

/// What is on a line beside a voice.
#[derive(Debug)]
pub(super) struct Line;

impl Line {
    pub(super) fn silence(seconds: f32) -> Vec<f32> {
        vec![0.0; (seconds * RATE) as usize]
    }

    /// White, of this peak.
    pub(super) fn noise(seconds: f32, loud: f32, seed: u64) -> Vec<f32> {
        let mut random = Random(seed);
        (0..(seconds * RATE) as usize).map(|_| random.next() * loud).collect()
    }

    /// Each tone of this peak.
    pub(super) fn tones(of: &[f32], seconds: f32, loud: f32) -> Vec<f32> {
        let tone = |hertz: &f32, n: usize| (2.0 * PI * hertz * n as f32 / RATE).sin();
        (0..(seconds * RATE) as usize)
            .map(|n| of.iter().map(|hertz| tone(hertz, n)).sum::<f32>() * loud)
            .collect()
    }

    pub(super) fn mixed(a: &[f32], b: &[f32]) -> Vec<f32> {
        let longest = a.len().max(b.len());
        (0..longest).map(|n| a.get(n).unwrap_or(&0.0) + b.get(n).unwrap_or(&0.0)).collect()
    }

    /// One after the other.
    pub(super) fn joined(parts: &[Vec<f32>]) -> Vec<f32> {
        parts.concat()
    }

    pub(super) fn scaled(a: &[f32], by: f32) -> Vec<f32> {
        a.iter().map(|x| x * by).collect()
    }

    pub(super) fn delayed(a: &[f32], seconds: f32) -> Vec<f32> {
        let late = (seconds * RATE) as usize;
        let mut out = vec![0.0; late];
        out.extend_from_slice(&a[..a.len() - late.min(a.len())]);
        out
    }

    /// As a telephone carries it: 300 Hz upwards, A-law (G.711), frames of 20 ms.
    pub(super) fn telephone(sound: &[f32]) -> Vec<[i16; 160]> {
        let mut cut = super::super::line::filter::Filter::above(300.0);
        let line: Vec<i16> = sound.iter().map(|x| a_law(cut.pass(*x))).collect();
        line.as_chunks::<160>().0.to_vec()
    }
}

/// There and back: 13 segments, as G.711's A-law.
fn a_law(sample: f32) -> i16 {
    let size = sample.abs().min(32_256.0) as i32;
    let step = if size < 512 { 16 } else { 16 << ((31 - (size >> 8).leading_zeros()) as i32 - 1).max(0) };
    let heard = (size / step * step + step / 2) as i16;
    if sample < 0.0 { -heard } else { heard }
}
