//! Where samples and models come from and go to: files.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use indicatif::{ProgressBar, ProgressStyle};

use super::LanguageFault;
use crate::{
    cli::{Exit, Fault, check, context::paint, show::print},
    infra::site::samples,
    language::{file, model::Model, sample::Sample},
};

/// Larger files of samples are none.
const LARGEST_SAMPLES: u64 = 256 << 20;

/// Samples of a `.jsonl` file, a `.yaml` file, or a folder of such; the exit code when they were refused, and said so.
pub(super) fn samples(path: &Path, json: bool) -> Result<Result<Vec<Sample>, Exit>, Fault> {
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("jsonl")) {
        let text = String::from_utf8(read(path, LARGEST_SAMPLES)?)
            .map_err(|why| unreadable(path, io::Error::new(io::ErrorKind::InvalidData, why)))?;
        let samples = Sample::lines(&text);
        return samples.map(Ok).map_err(|why| LanguageFault::Samples { file: path.to_owned(), why }.into());
    }
    match samples::load(path) {
        Ok(read) => {
            let sample = |said: &samples::Said| Sample::new(&said.text, said.intent.as_deref());
            Ok(Ok(read.said.iter().map(sample).collect()))
        }
        Err(problems) => {
            let root = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
            let text = if json {
                format!("{}\n", serde_json::json!(problems))
            } else {
                problems.0.iter().map(|problem| check::draw(&paint(), root, problem) + "\n").collect()
            };
            print(&text)?;
            Ok(Err(Exit::RefusedByCheck))
        }
    }
}

pub(super) fn model(path: &Path) -> Result<Model, LanguageFault> {
    let bytes = read(path, file::LARGEST)?;
    file::decode(&bytes).map_err(|why| LanguageFault::Model { file: path.to_owned(), why })
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, LanguageFault> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    match read {
        Ok(count) if count as u64 > limit => Err(unreadable(path, io::ErrorKind::FileTooLarge.into())),
        Ok(_) => Ok(bytes),
        Err(why) => Err(unreadable(path, why)),
    }
}

fn unreadable(path: &Path, why: io::Error) -> LanguageFault {
    LanguageFault::Unreadable { file: path.to_owned(), why }
}

/// How far learning is; drawn on a terminal alone.
pub(super) fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {percent} %, {eta} left");
    ProgressBar::new(1000).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
