//! Words as a telephone carries them.

use std::process::Command;

use tandem::base::wav::Wav;

/// What espeak-ng makes of it, at 8 kHz.
pub fn spoken(voice: &str, text: &str) -> Vec<i16> {
    spoken_at(voice, 50, text)
}

/// The same at this pitch, of 99.
pub fn spoken_at(voice: &str, pitch: u8, text: &str) -> Vec<i16> {
    let pitch = pitch.to_string();
    let args = ["-v", voice, "-p", &pitch, "--stdout", text];
    let out = Command::new("espeak-ng").args(args).output().expect("espeak-ng");
    let Wav { rate, samples, .. } = Wav::parse(&out.stdout).expect("a WAV");
    let step = f64::from(rate) / 8000.0;
    let many = (samples.len() as f64 / step) as usize;
    (0..many.saturating_sub(1))
        .map(|n| {
            let at = n as f64 * step;
            let (low, part) = (at as usize, at.fract());
            (f64::from(samples[low]) * (1.0 - part) + f64::from(samples[low + 1]) * part) as i16
        })
        .collect()
}

/// What of it is speech: without the silence at its end.
pub fn without_end(mut samples: Vec<i16>) -> Vec<i16> {
    let loud = samples.iter().rposition(|sample| sample.unsigned_abs() > 300).unwrap_or_default();
    samples.truncate(loud + 1);
    samples
}
