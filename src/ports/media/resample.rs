//! From any rate to another, most often the telephone's 8 kHz: a low-pass of windowed sines, one set of weights per phase.

use std::f64::consts::PI;

use crate::base::wav::Wav;

const RATE: u32 = 8000;
/// Zero crossings of the sine on each side.
const LOBES: f64 = 20.0;
/// Of the lower rate's half: leaves room for the filter's slope.
const CUTOFF: f64 = 0.97;
/// What the loudest sample becomes: speech stays clear of the clip of an A-law or µ-law line.
const PEAK: f64 = 0.6 * 32767.0;

/// The sound with one channel at 8 kHz.
pub(super) fn to_telephone(wav: &Wav) -> Wav {
    let mono = mono(wav);
    if wav.rate == RATE {
        return Wav::telephone(mono.iter().map(|s| clip(*s)).collect());
    }
    Wav::telephone(convert(&mono, wav.rate, RATE).into_iter().map(clip).collect())
}

/// What is heard of the sound at another rate, with one channel.
pub fn to_rate(wav: &Wav, rate: u32) -> Vec<i16> {
    let mono = mono(wav);
    let there = if wav.rate == rate { mono } else { convert(&mono, wav.rate, rate) };
    there.into_iter().map(clip).collect()
}

/// The loudest sample brought to one level, so that all prompts sound alike.
pub(super) fn level(mut wav: Wav) -> Wav {
    let peak = wav.samples.iter().map(|s| f64::from(*s).abs()).fold(0.0, f64::max);
    if peak > 0.0 {
        for sample in &mut wav.samples {
            *sample = clip(f64::from(*sample) * PEAK / peak);
        }
    }
    wav
}

fn mono(wav: &Wav) -> Vec<f64> {
    let channels = usize::from(wav.channels).max(1);
    wav.samples
        .chunks_exact(channels)
        .map(|frame| frame.iter().map(|s| f64::from(*s)).sum::<f64>() / channels as f64)
        .collect()
}

fn convert(input: &[f64], from: u32, to: u32) -> Vec<f64> {
    let common = gcd(from, to);
    let (step, phases) = ((from / common) as usize, (to / common) as usize);
    let cutoff = CUTOFF * (f64::from(to) / f64::from(from)).min(1.0);
    let half = (LOBES / cutoff).ceil() as usize;
    let weights: Vec<Vec<f64>> =
        (0..phases).map(|phase| weights(phase as f64 / phases as f64, half, cutoff)).collect();
    // Silence on both sides, so that sample 0 has neighbours: weight 0 belongs to sample `1 - half`.
    let padded = [&vec![0.0; half - 1][..], input, &vec![0.0; half + 1][..]].concat();
    let length = input.len() * phases / step;
    (0..length)
        .map(|n| {
            let (center, phase) = (n * step / phases, n * step % phases);
            padded[center..].iter().zip(&weights[phase]).map(|(sample, weight)| sample * weight).sum()
        })
        .collect()
}

/// Weights of the samples `1 - half ..= half` around a point `offset` (0 to 1) after sample 0; they sum to 1.
fn weights(offset: f64, half: usize, cutoff: f64) -> Vec<f64> {
    let weights: Vec<f64> = (0..2 * half)
        .map(|i| {
            let x = i as f64 - (half as f64 - 1.0) - offset;
            let window =
                0.42 + 0.5 * (PI * x / half as f64).cos() + 0.08 * (2.0 * PI * x / half as f64).cos();
            sinc(cutoff * x) * window.max(0.0)
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|w| w / sum).collect()
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

fn clip(sample: f64) -> i16 {
    sample.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: u32, hertz: f64, channels: u16) -> Wav {
        let samples = (0..rate).flat_map(|n| {
            let s = (2.0 * PI * hertz * f64::from(n) / f64::from(rate)).sin() * 10_000.0;
            std::iter::repeat_n(s.round() as i16, usize::from(channels))
        });
        Wav { rate, channels, samples: samples.collect() }
    }

    /// Root mean square of the middle, where no edge is heard.
    fn loudness(samples: &[i16]) -> f64 {
        let middle = &samples[samples.len() / 4..samples.len() * 3 / 4];
        (middle.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / middle.len() as f64).sqrt()
    }

    #[test]
    fn tones_below_the_telephones_band_pass_and_those_above_do_not_fold_back() {
        for rate in [11_025, 22_050, 48_000] {
            for hertz in [300.0, 1000.0, 3000.0, 3400.0] {
                let out = to_telephone(&tone(rate, hertz, 1));
                assert_eq!((out.rate, out.channels), (8000, 1));
                assert!(out.samples.len().abs_diff(8000) <= 1, "{} samples", out.samples.len());
                let gain = loudness(&out.samples) / (10_000.0 / 2f64.sqrt());
                assert!((0.98..1.02).contains(&gain), "{hertz} Hz at {rate}: {gain}");
            }
            for hertz in [4600.0, 5200.0] {
                let rest = loudness(&to_telephone(&tone(rate, hertz, 1)).samples) / (10_000.0 / 2f64.sqrt());
                assert!(rest < 0.003, "{hertz} Hz at {rate} leaves {rest}");
            }
        }
    }

    #[test]
    fn the_wave_itself_comes_out_right() {
        let out = to_telephone(&tone(22_050, 440.0, 2));
        for n in 2000..6000u32 {
            let wanted = (2.0 * PI * 440.0 * f64::from(n) / 8000.0).sin() * 10_000.0;
            let got = f64::from(out.samples[n as usize]);
            assert!((got - wanted).abs() < 30.0, "sample {n}: {got} instead of {wanted}");
        }
    }

    #[test]
    fn a_prompt_at_the_wide_band_is_the_same_prompt() {
        let out = to_rate(&tone(8000, 440.0, 1), 16_000);
        assert_eq!(out.len(), 16_000);
        for n in 4000..12_000u32 {
            let wanted = (2.0 * PI * 440.0 * f64::from(n) / 16_000.0).sin() * 10_000.0;
            assert!((f64::from(out[n as usize]) - wanted).abs() < 30.0, "sample {n}");
        }
        assert_eq!(to_rate(&tone(8000, 440.0, 1), 8000), tone(8000, 440.0, 1).samples);
    }

    #[test]
    fn a_level_sound_peaks_below_the_clip() {
        let loud = level(Wav::telephone(vec![0, -3000, 1500]));
        assert_eq!(loud.samples.iter().map(|s| s.unsigned_abs()).max(), Some(19_660));
        assert_eq!(level(Wav::telephone(vec![0, 0])).samples, [0, 0]);
    }
}
