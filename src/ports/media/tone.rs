//! Tones made by code: the one after which a caller speaks, and the one that says that something is done.

use std::f64::consts::TAU;

use crate::base::wav::Wav;

const RATE: f64 = 8000.0;
/// Rise and fall, so that it does not click.
const RAMP: f64 = 0.01;
/// 9 dB below full scale.
const PEAK: f64 = 0.354_813_389 * 32_767.0;

/// What a tone says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// Speak now.
    Beep,
    /// It is done.
    Confirmation,
}

impl Tone {
    pub const ALL: [Self; 2] = [Self::Beep, Self::Confirmation];

    pub fn name(self) -> &'static [u8] {
        match self {
            Self::Beep => b"beep",
            Self::Confirmation => b"confirmation",
        }
    }

    /// 8 kHz, 16 bit, mono.
    pub fn sound(self) -> Wav {
        let notes: &[(f64, f64)] = match self {
            Self::Beep => &[(1000.0, 0.4)],
            Self::Confirmation => &[(600.0, 0.12), (800.0, 0.18)],
        };
        Wav::telephone(notes.iter().flat_map(|(hertz, seconds)| note(*hertz, *seconds)).collect())
    }
}

fn note(hertz: f64, seconds: f64) -> impl Iterator<Item = i16> {
    (0..(seconds * RATE) as u32).map(move |n| {
        let t = f64::from(n) / RATE;
        let edge = (t / RAMP).min((seconds - t) / RAMP).clamp(0.0, 1.0);
        (PEAK * edge * (TAU * hertz * t).sin()).round() as i16
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_clean_and_the_beep_has_a_thousand_hertz() {
        for (tone, samples) in [(Tone::Beep, 3200), (Tone::Confirmation, 2400)] {
            let wav = tone.sound();
            assert_eq!((wav.rate, wav.channels, wav.samples.len()), (8000, 1, samples), "{tone:?}");
            let loudest = wav.samples.iter().map(|s| s.unsigned_abs()).max().expect("samples");
            assert!((11_000..12_000).contains(&loudest), "{tone:?}: {loudest}");
            let edges = [wav.samples[0], wav.samples[samples - 1]];
            assert!(edges.iter().all(|s| s.unsigned_abs() < 300), "{tone:?} clicks");
        }
        let crossings = Tone::Beep.sound().samples.windows(2).filter(|w| (w[0] < 0) != (w[1] < 0)).count();
        assert!((795..=805).contains(&crossings), "{crossings} crossings in 0.4 s");
    }
}
