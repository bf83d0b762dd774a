//! Prompts as samples at a stream's rate, kept while there is room.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use super::player::Clip;
use crate::{base::wav::Wav, ports::media::resample};

/// Bytes of samples that are kept: about an hour of prompts.
const ROOM: usize = 64 << 20;
/// Longer files are no prompts.
const LONGEST: u64 = 64 << 20;

/// A file as it was when it was read, at one rate.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    file: PathBuf,
    rate: u32,
    length: u64,
    changed: Option<SystemTime>,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Clips(Mutex<HashMap<Key, Clip>>);

impl Clips {
    /// The samples of a file; `None` when it is not there or no sound. Reads files: not for those who keep time.
    pub(super) fn find(&self, file: &Path, rate: u32) -> Option<Clip> {
        let about = fs::metadata(file).ok().filter(|about| about.len() <= LONGEST)?;
        let key = Key { file: file.into(), rate, length: about.len(), changed: about.modified().ok() };
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(clip) = kept().get(&key) {
            return Some(clip.clone());
        }
        let wav = Wav::parse(&fs::read(file).ok()?).ok()?;
        let clip: Clip = resample::to_rate(&wav, rate).into();
        let mut kept = kept();
        if kept.values().map(|clip| 2 * clip.len()).sum::<usize>() + 2 * clip.len() > ROOM {
            kept.clear();
        }
        kept.insert(key, clip.clone());
        Some(clip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_read_once_and_again_when_it_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("p.wav");
        let clips = Clips::default();
        assert_eq!(clips.find(&file, 8000), None);
        fs::write(&file, b"rubbish").expect("written");
        assert_eq!(clips.find(&file, 8000), None);
        fs::write(&file, Wav::telephone(vec![5; 160]).to_bytes()).expect("written");
        let one = clips.find(&file, 8000).expect("a clip");
        assert!(std::sync::Arc::ptr_eq(&one, &clips.find(&file, 8000).expect("a clip")));
        assert_eq!(clips.find(&file, 16_000).expect("a clip").len(), 320);
        fs::write(&file, Wav::telephone(vec![6; 320]).to_bytes()).expect("written");
        assert_eq!(clips.find(&file, 8000).expect("a clip").len(), 320);
    }
}
