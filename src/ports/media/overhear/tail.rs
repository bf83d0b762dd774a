//! A file that an engine writes while two talk: read as it grows, and cut, so that no more than a few seconds of them are ever in it.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{FileExt, PermissionsExt},
    path::PathBuf,
};

/// The head of a WAVE file as engines write it.
const HEAD: u64 = 44;
/// A sample of both.
const PAIR: u64 = 4;
/// What is read at a time at most: two seconds.
const AT_ONCE: u64 = 64_000;
/// So much of what was read may stay: eight seconds.
const STAYS: u64 = 256_000;

#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    file: File,
    /// Up to where it has been read.
    at: u64,
    /// How long it may be before it is cut.
    most: u64,
}

impl Tail {
    /// The file is ours, so that it can be cut; the engine writes by its group's rights, as it does beside it. One that an
    /// engine writes already, since a former life of ours, is emptied and heard from its end on.
    pub(super) fn begin(path: PathBuf) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        file.set_permissions(Permissions::from_mode(0o660))?;
        let there = file.metadata()?.len().saturating_sub(HEAD);
        file.set_len(0)?;
        let at = HEAD + there / PAIR * PAIR;
        Ok(Self { path, file, at, most: at + STAYS })
    }

    /// Nobody listens any more. Not when Tandem stops: the engine writes on, and the next Tandem listens again.
    pub(super) fn end(self) {
        let _gone = fs::remove_file(&self.path);
    }

    /// What has come since: of both sides, in turn.
    pub(super) fn read(&mut self) -> io::Result<Vec<i16>> {
        let new = self.file.metadata()?.len().saturating_sub(self.at).min(AT_ONCE) / PAIR * PAIR;
        if new == 0 {
            return Ok(Vec::new());
        }
        let mut bytes = vec![0; new as usize];
        self.file.read_exact_at(&mut bytes, self.at)?;
        self.at += new;
        if self.at > self.most {
            // The engine goes on where it was: before that there is nothing any more.
            self.file.set_len(0)?;
            self.most = self.at + STAYS;
        }
        Ok(bytes.as_chunks().0.iter().map(|two| i16::from_le_bytes(*two)).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// As an engine writes: on where it was, whatever has become of what is before.
    struct Engine(File);

    impl Engine {
        fn says(&mut self, samples: &[i16]) {
            let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            self.0.write_all(&bytes).expect("written");
        }
    }

    fn engine(path: &PathBuf) -> Engine {
        let mut file = OpenOptions::new().write(true).open(path).expect("there");
        file.write_all(&[7; HEAD as usize]).expect("a head");
        Engine(file)
    }

    #[test]
    fn what_grows_is_read_once_and_what_was_read_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.wav");
        let mut tail = Tail::begin(path.clone()).expect("begun");
        let mut engine = engine(&path);
        assert!(tail.read().expect("read").is_empty());
        engine.says(&[1, 2, 3, 4, 5]);
        assert_eq!(tail.read().expect("read"), [1, 2, 3, 4], "in pairs");
        engine.says(&[6]);
        assert_eq!(tail.read().expect("read"), [5, 6]);
        let second: Vec<i16> = (0..16_000).map(|n| n as i16).collect();
        let mut longest = 0;
        for _ in 0..60 {
            engine.says(&second);
            assert_eq!(tail.read().expect("read"), second);
            longest = longest.max(held(&path));
        }
        assert!(
            longest < 2 * STAYS,
            "{longest} bytes on the disk of {}",
            fs::metadata(&path).expect("there").len()
        );
        let mut next = Tail::begin(path.clone()).expect("begun");
        assert!(next.read().expect("read").is_empty() && held(&path) == 0, "from its end on");
        engine.says(&[1, 2]);
        assert_eq!(next.read().expect("read"), [1, 2]);
        drop(tail);
        assert!(path.exists());
        next.end();
        assert!(!path.exists(), "whoever listens no more leaves nothing");
    }

    fn held(path: &PathBuf) -> u64 {
        use std::os::unix::fs::MetadataExt;
        512 * fs::metadata(path).expect("there").blocks()
    }
}
