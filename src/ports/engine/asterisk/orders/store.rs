//! Files that Asterisk has recorded, brought into the recordings folder: whole or not at all.

use std::{io, path::PathBuf, time::Duration};

use reqwest::Response;
use tokio::{
    fs::{self, File},
    io::{AsyncSeekExt, AsyncWriteExt},
};

use crate::{
    base::{id::SoundId, wav::Wav},
    ports::engine::{
        Media,
        asterisk::{lane::Desk, rest::Failure},
    },
};

/// A WAV file's head, as Asterisk writes it and as we do.
const HEAD: usize = 44;
/// 16 bit, mono.
const BYTES: usize = 2;
const RATE: u64 = 8000;

/// Where a sound goes.
pub struct Store<'a> {
    desk: &'a Desk,
    path: PathBuf,
}

impl<'a> Store<'a> {
    pub fn new(desk: &'a Desk, sound: &SoundId) -> Self {
        Self { desk, path: desk.settings.file(&Media::Sound(sound.clone())) }
    }

    /// A message; gives its length. One without a sound is not kept.
    pub async fn message(&self, name: &str) -> Result<Duration, Failure> {
        let voice = Voice::open(self.desk, name).await?;
        let samples = self.write(vec![Some(voice)]).await?;
        self.forget(name).await?;
        Ok(Duration::from_millis(samples * 1000 / RATE))
    }

    /// A tape of two sides. A side that is missing is silence; without both there is nothing to do.
    pub async fn tape(&self, sides: &[String; 2]) -> Result<(), Failure> {
        let mut voices = Vec::new();
        for name in sides {
            voices.push(match Voice::open(self.desk, name).await {
                Err(failure) if failure.gone() => None,
                voice => Some(voice?),
            });
        }
        if voices.iter().all(Option::is_none) {
            return Ok(());
        }
        self.write(voices).await?;
        for name in sides {
            match self.forget(name).await {
                Err(failure) if !failure.gone() => return Err(failure),
                _ => {}
            }
        }
        Ok(())
    }

    async fn forget(&self, name: &str) -> Result<(), Failure> {
        self.desk.rest.delete(&format!("/recordings/stored/{name}"), &[]).await.map(drop)
    }

    /// Writes the voices side by side, and says how many samples each has.
    async fn write(&self, voices: Vec<Option<Voice>>) -> Result<u64, Failure> {
        let part = self.path.with_extension("part");
        let written = interleave(&part, voices).await;
        let samples = match written {
            Ok(samples) => samples,
            Err(Trouble::Engine(failure)) => return Err(failure),
            Err(Trouble::Disk(why)) => {
                tracing::error!(path = %part.display(), %why, "a recording cannot be kept: is there room, and may we write?");
                return Err(Failure::refused(507, "a recording cannot be written"));
            }
        };
        let settled =
            if samples > 0 { fs::rename(&part, &self.path).await } else { fs::remove_file(&part).await };
        settled.map_err(|why| Failure::refused(507, &why.to_string()))?;
        Ok(samples)
    }
}

enum Trouble {
    Engine(Failure),
    Disk(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(why: io::Error) -> Self {
        Self::Disk(why)
    }
}

async fn interleave(path: &PathBuf, mut voices: Vec<Option<Voice>>) -> Result<u64, Trouble> {
    let channels = u16::try_from(voices.len()).unwrap_or(u16::MAX);
    let mut head = Wav { rate: 8000, channels, samples: Vec::new() }.to_bytes();
    let mut file = io_buffer(File::create(path).await?);
    file.write_all(&head).await?;
    let mut samples = 0u64;
    loop {
        for voice in voices.iter_mut().flatten() {
            voice.fill().await.map_err(Trouble::Engine)?;
        }
        // What the shortest of those that go on has; when none goes on, what the longest has.
        let ready = |voice: &Voice| voice.waiting.len() / BYTES;
        let going = voices.iter().flatten().filter(|voice| !voice.over).map(ready).min();
        let count = going.or_else(|| voices.iter().flatten().map(ready).max()).unwrap_or(0);
        if count == 0 && going.is_none() {
            break;
        }
        let mut block = Vec::with_capacity(count * BYTES * voices.len());
        for at in 0..count {
            for voice in &voices {
                let sample = voice.as_ref().and_then(|voice| voice.waiting.get(at * BYTES..(at + 1) * BYTES));
                block.extend_from_slice(sample.unwrap_or(&[0; BYTES]));
            }
        }
        file.write_all(&block).await?;
        for voice in voices.iter_mut().flatten() {
            voice.waiting.drain(..(count * BYTES).min(voice.waiting.len()));
        }
        samples += count as u64;
    }
    let size = u32::try_from(samples * BYTES as u64 * u64::from(channels)).unwrap_or(u32::MAX - 64);
    head[4..8].copy_from_slice(&(size + 36).to_le_bytes());
    head[40..44].copy_from_slice(&size.to_le_bytes());
    file.seek(io::SeekFrom::Start(0)).await?;
    file.write_all(&head).await?;
    file.flush().await?;
    Ok(samples)
}

fn io_buffer(file: File) -> tokio::io::BufWriter<File> {
    tokio::io::BufWriter::with_capacity(1 << 16, file)
}

/// A stored recording on its way here.
struct Voice {
    answer: Response,
    head: usize,
    waiting: Vec<u8>,
    over: bool,
}

impl Voice {
    async fn open(desk: &Desk, name: &str) -> Result<Self, Failure> {
        let answer = desk.rest.file(&format!("/recordings/stored/{name}/file")).await?;
        Ok(Self { answer, head: HEAD, waiting: Vec::new(), over: false })
    }

    /// Has something waiting, or is over.
    async fn fill(&mut self) -> Result<(), Failure> {
        while !self.over && self.waiting.len() < BYTES {
            match self.answer.chunk().await.map_err(|_| Failure::Unknown)? {
                Some(bytes) => {
                    let skip = self.head.min(bytes.len());
                    self.head -= skip;
                    self.waiting.extend_from_slice(&bytes[skip..]);
                }
                None => self.over = true,
            }
        }
        Ok(())
    }
}
