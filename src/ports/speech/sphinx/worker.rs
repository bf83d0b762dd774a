//! One process that hears utterance after utterance.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use nix::sys::stat::Mode;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::unix::pipe::{OpenOptions, Sender},
    process::{Child, ChildStderr, ChildStdin, Command},
    time::sleep,
};

use super::{
    super::{Sound, Unheard, upsample::Upsampler},
    wide,
};

/// It writes some kilobytes of log for an utterance.
const MOST_LOG: u64 = 1 << 20;
/// How often is looked whether it opens its ear.
const LOOK: Duration = Duration::from_millis(5);

/// Ends with its value.
pub(super) struct Worker {
    // Killed when dropped; its input is closed too, which it obeys.
    child: Child,
    stdin: ChildStdin,
    log: BufReader<ChildStderr>,
    /// The pipe through which it hears.
    ear: PathBuf,
    heard: u64,
}

impl Worker {
    pub fn start(program: &Path, models: &[(&str, &Path)], folder: &Path) -> Result<Self, Unheard> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("{}.pcm", COUNT.fetch_add(1, Ordering::Relaxed));
        let ear = folder.join(name);
        nix::unistd::mkfifo(&ear, Mode::S_IRUSR | Mode::S_IWUSR).map_err(std::io::Error::from)?;
        let mut command = Command::new(program);
        for (option, path) in models {
            command.arg(option).arg(path);
        }
        let child = command
            .args(["-adcin", "yes", "-cepdir"])
            .arg(folder)
            .args(["-cepext", ".pcm", "-ctl", "/dev/stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) => {
                let _ = std::fs::remove_file(&ear);
                return Err(match error.kind() {
                    std::io::ErrorKind::NotFound => Unheard::Missing(program.display().to_string()),
                    _ => Unheard::Run(error),
                });
            }
        };
        let (stdin, stderr) = child.stdin.take().zip(child.stderr.take()).ok_or(Unheard::Gone)?;
        Ok(Self { child, stdin, log: BufReader::new(stderr), ear, heard: 0 })
    }

    /// The words of one utterance.
    pub async fn hear(&mut self, mut sound: Sound) -> Result<String, Unheard> {
        self.heard += 1;
        let utterance = format!("utterance-{}", self.heard);
        let stem = self.ear.file_stem().and_then(|stem| stem.to_str()).ok_or(Unheard::Gone)?;
        let order = format!("{stem} 0 -1 {utterance}\n");
        self.stdin.write_all(order.as_bytes()).await.map_err(|_| Unheard::Gone)?;
        let ear = &self.ear;
        let speak = async {
            let mut to = open(ear).await?;
            let mut up = Upsampler::new();
            while let Some(frame) = sound.next().await {
                // Closed early: what it has to say follows on its log.
                if to.write_all(&wide(sound.rate(), &frame, &mut up)).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        // Whichever fails first ends both.
        let ((), text) = tokio::try_join!(speak, words(&mut self.log, &utterance))?;
        Ok(text)
    }

    #[cfg(test)]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until it has loaded its models.
    pub async fn hear_nothing(&mut self) -> Result<(), Unheard> {
        let silence = Sound::of(16_000, vec![0; 1600]);
        let loaded = tokio::time::timeout(Duration::from_secs(20), self.hear(silence)).await;
        loaded.map_err(|_| Unheard::TimedOut)?.map(|_| ())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        // Its folder is emptied anyway when Tandem starts.
        let _ = std::fs::remove_file(&self.ear);
    }
}

/// The pipe, as soon as the other side listens.
async fn open(ear: &Path) -> Result<Sender, Unheard> {
    loop {
        match OpenOptions::new().open_sender(ear) {
            Err(error) if error.raw_os_error() == Some(nix::errno::Errno::ENXIO as i32) => sleep(LOOK).await,
            opened => return opened.map_err(Unheard::Run),
        }
    }
}

/// What its log tells of an utterance: `WORDS (NAME SCORE)`, then a line that begins with its name and `done`.
async fn words(log: &mut BufReader<ChildStderr>, utterance: &str) -> Result<String, Unheard> {
    let mut log = log.take(MOST_LOG);
    let mut text = String::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if log.read_until(b'\n', &mut line).await? == 0 {
            return Err(if log.limit() == 0 { Unheard::TooLong } else { Unheard::Gone });
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line.strip_prefix(utterance).is_some_and(|rest| rest.starts_with(" done")) {
            return Ok(text);
        }
        let scored = line.strip_suffix(')').and_then(|line| line.rsplit_once('('));
        if let Some((words, _)) = scored.filter(|(_, score)| score.split(' ').next() == Some(utterance)) {
            words.trim().clone_into(&mut text);
        }
    }
}
