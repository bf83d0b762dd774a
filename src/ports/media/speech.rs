//! Text to sound by espeak-ng: one short-lived process a prompt, the text on its standard input.

use std::{io, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
    time::timeout,
};

use super::voice;
use crate::{
    base::{
        text::Label,
        wav::{Wav, WavError},
    },
    infra::site::Locale,
};

/// A prompt of a thousand characters takes a fraction of this.
const PATIENCE: Duration = Duration::from_secs(30);
/// Ten minutes at espeak-ng's rate.
const MAX_SOUND: u64 = 32 << 20;

/// Why a prompt could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SpeechError {
    #[error("espeak-ng is not installed, so callers hear no prompts: apt-get install espeak-ng")]
    Missing,
    #[error("espeak-ng cannot be run: {0}; try `espeak-ng --version` as this user")]
    Run(io::Error),
    #[error("espeak-ng did not finish within {} s; the machine is overloaded, or try a shorter text", PATIENCE.as_secs())]
    Slow,
    #[error(
        "espeak-ng hangs, so the other texts were not tried; end what holds it, then `tandem serve` again"
    )]
    Hung,
    #[error("espeak-ng refused: {}; try `espeak-ng -v {voice}`", .said.as_str())]
    Refused { voice: &'static str, said: Label },
    #[error("what espeak-ng gave is no sound: {0}; reinstall espeak-ng-data")]
    Garbled(WavError),
    #[error("the recording cannot be used: {0}; convert it to 16-bit PCM WAV")]
    Recording(WavError),
    #[error(
        "a prompt's file cannot be written or read: {0}; the folder needs space, and Tandem's user must own it"
    )]
    File(io::Error),
}

impl SpeechError {
    /// Whether the next prompt would fail in the same way.
    pub(super) fn concerns_all(&self) -> bool {
        matches!(self, Self::Missing | Self::Run(_) | Self::Hung)
    }
}

/// Speaks `text`.
pub(super) async fn speak(program: &str, locale: Locale, text: &str) -> Result<Wav, SpeechError> {
    let bytes =
        timeout(PATIENCE, run(program, voice(locale), text)).await.map_err(|_| SpeechError::Slow)??;
    Wav::parse(&bytes).map_err(SpeechError::Garbled)
}

async fn run(program: &str, voice: &'static str, text: &str) -> Result<Vec<u8>, SpeechError> {
    let mut child = Command::new(program)
        .args(["-v", voice, "-s", "160", "-b", "1", "--stdin", "--stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => SpeechError::Missing,
            _ => SpeechError::Run(error),
        })?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        // A child that ends early closes its input; its exit status says why.
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(spoken_only(text).as_bytes()).await;
            let _ = stdin.write_all(b"\n").await;
        }
    };
    let (mut sound, mut said) = (Vec::new(), Vec::new());
    let read = async {
        if let Some(stdout) = stdout {
            stdout.take(MAX_SOUND).read_to_end(&mut sound).await?;
        }
        io::Result::Ok(())
    };
    let listen = async {
        if let Some(stderr) = stderr {
            stderr.take(4096).read_to_end(&mut said).await?;
        }
        io::Result::Ok(())
    };
    let ((), read, listen) = tokio::join!(write, read, listen);
    read.and(listen).map_err(SpeechError::Run)?;
    let status = child.wait().await.map_err(SpeechError::Run)?;
    if status.success() && !sound.is_empty() {
        Ok(sound)
    } else {
        let said = String::from_utf8_lossy(&said).split_whitespace().collect::<Vec<_>>().join(" ");
        Err(SpeechError::Refused { voice, said: Label::new(&said) })
    }
}

/// Double square brackets would switch espeak-ng to phonemes.
fn spoken_only(text: &str) -> String {
    text.replace(['[', ']'], " ")
}

#[cfg(test)]
pub(super) mod tests {
    use std::{
        fs,
        os::unix::fs::PermissionsExt,
        path::Path,
        time::{Duration, Instant},
    };

    use super::*;

    /// A synthesiser that never says anything. It leaves its process number behind in `folder`.
    pub fn hanging(folder: &Path) -> String {
        let program = folder.join("hangs");
        let text = format!("#!/bin/sh\n: > {}/pid.$$\nexec sleep 1000\n", folder.display());
        fs::write(&program, text).expect("a program");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("an executable");
        program.display().to_string()
    }

    /// Waits until all that [`hanging`] began are gone, and checks that they were so many at most.
    pub fn wait_for_end(folder: &Path, most: usize) {
        let names = fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("entry").file_name());
        let pids: Vec<String> =
            names.filter_map(|name| Some(name.to_str()?.strip_prefix("pid.")?.to_owned())).collect();
        assert!(pids.len() <= most, "{pids:?}");
        let deadline = Instant::now() + Duration::from_secs(10);
        let runs = |pid: &String| {
            // Reaped, or dead and not yet reaped.
            fs::read_to_string(format!("/proc/{pid}/stat"))
                .is_ok_and(|stat| !stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
        };
        while pids.iter().any(runs) {
            assert!(Instant::now() < deadline, "{pids:?} still run");
            std::thread::yield_now();
        }
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime").block_on(future)
    }

    #[test]
    fn a_missing_program_names_its_package() {
        let error =
            block_on(speak("espeak-ng-that-is-not-there", Locale::English, "hello")).expect_err("missing");
        assert!(matches!(error, SpeechError::Missing), "{error}");
        assert!(error.to_string().contains("apt-get install espeak-ng"), "{error}");
    }

    #[test]
    fn a_program_that_fails_is_quoted() {
        let error = block_on(speak("false", Locale::English, "hello")).expect_err("fails");
        assert!(matches!(error, SpeechError::Refused { .. }), "{error}");
    }

    /// The real 30 s pass at once in virtual time; the program is ended, not left behind.
    #[tokio::test(start_paused = true)]
    async fn a_program_that_hangs_is_ended_after_thirty_seconds() {
        let folder = tempfile::tempdir().expect("a folder");
        let hangs = hanging(folder.path());
        let began = tokio::time::Instant::now();
        let error = speak(&hangs, Locale::English, "hello").await.expect_err("hangs");
        assert!(matches!(error, SpeechError::Slow), "{error}");
        assert_eq!(began.elapsed().as_secs(), 30);
        wait_for_end(folder.path(), 1);
    }

    #[test]
    fn text_is_spoken_not_obeyed() {
        let length = |text: &str| {
            let wav = block_on(speak("espeak-ng", Locale::English, text)).expect("espeak-ng is installed");
            wav.samples.len() as f64 / f64::from(wav.rate)
        };
        let plain = length("hello hello hello hello");
        assert!(plain > 0.8, "{plain} s");
        let hostile = length("--version $(reboot) `reboot` [[h@l'oU]] <break time=\"60s\"/> -f /etc/passwd");
        assert!((1.0..30.0).contains(&hostile), "{hostile} s");
    }
}
