//! What the demo's phones say: espeak-ng, at the rate of telephones, again and again.

use std::path::Path;

use tokio::process::Command;

use super::LabError;
use crate::base::wav::Wav;

/// Samples of two minutes: a phone hangs up when its file ends.
const LENGTH: usize = 2 * 60 * 8000;
const PAUSE: usize = 8000;

/// Speaks `text` with an espeak-ng voice into the WAV file `file`, repeated for two minutes.
pub async fn record(voice: &str, text: &str, file: &Path) -> Result<(), LabError> {
    let refused = |why| LabError::Start {
        program: "espeak-ng".to_owned(),
        why,
        remedy: "install it with `apt-get install espeak-ng`".to_owned(),
    };
    let raw = file.with_extension("raw.wav");
    let output = Command::new("espeak-ng")
        .args(["-v", voice, "-w"])
        .arg(&raw)
        .arg("--")
        .arg(text)
        .output()
        .await
        .map_err(refused)?;
    let folder = |why| LabError::Folder { path: raw.clone(), why };
    let bytes = std::fs::read(&raw).map_err(folder)?;
    let spoken = Wav::parse(&bytes).map_err(|why| LabError::Died {
        program: format!("espeak-ng ({why})"),
        status: output.status.to_string(),
        log: raw.clone(),
    })?;
    let mut once = at_telephone_rate(&spoken);
    once.extend([0; PAUSE]);
    let samples = once.iter().copied().cycle().take(LENGTH).collect();
    std::fs::write(file, Wav::telephone(samples).to_bytes()).map_err(folder)
}

/// Each sample is the mean of those that it stands for.
fn at_telephone_rate(wav: &Wav) -> Vec<i16> {
    let step = f64::from(wav.rate) / 8000.0;
    let count = (wav.samples.len() as f64 / step) as usize;
    let mean = |i: usize| {
        let from = (i as f64 * step) as usize;
        let until = (((i + 1) as f64 * step) as usize).clamp(from + 1, wav.samples.len());
        let part = &wav.samples[from..until];
        (part.iter().map(|s| i32::from(*s)).sum::<i32>() / part.len() as i32) as i16
    };
    (0..count).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::rundir::RunDir;

    #[tokio::test]
    async fn a_voice_lasts_two_minutes() {
        let dir = RunDir::new("voice").expect("a folder");
        let file = dir.join("hello.wav");
        record("en-us", "Good morning.", &file).await.expect("espeak-ng speaks");
        let wav = Wav::parse(&std::fs::read(&file).expect("a file")).expect("a WAV file");
        assert_eq!((wav.rate, wav.channels, wav.samples.len()), (8000, 1, LENGTH));
        let loud = wav.samples.iter().filter(|s| s.unsigned_abs() > 1000).count();
        assert!(loud > LENGTH / 20, "{loud} loud samples");
    }
}
