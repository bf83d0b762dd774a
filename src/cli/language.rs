//! `tandem language`: the built-in model of intents: learned, measured, and asked.

mod ask;
mod eval;
mod figures;
mod parse;
mod place;
mod promote;
mod source;
mod train;

use std::{io, path::PathBuf};

use super::{Common, Exit, Fault};
use crate::{
    infra::chat::ChatError,
    language::{file::FileError, sample::SampleError, train::TrainError},
};

/// Learn, measure and ask the built-in model of what callers mean
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    Train(train::Args),
    Eval(eval::Args),
    Parse(parse::Args),
    Promote(promote::Args),
}

/// Why language is not learned, measured or asked.
#[derive(Debug, thiserror::Error)]
pub enum LanguageFault {
    #[error("{} cannot be read: {why}; name a file that is there and that you may read", file.display())]
    Unreadable { file: PathBuf, why: io::Error },
    #[error("{}: {why}", file.display())]
    Samples { file: PathBuf, why: SampleError },
    #[error("nothing is learned: {0}")]
    Train(#[from] TrainError),
    #[error("{}: {why}", file.display())]
    Model { file: PathBuf, why: FileError },
    #[error("{} cannot be written: {why}; name a file in a folder that you may write", file.display())]
    Unwritable { file: PathBuf, why: io::Error },
    #[error(transparent)]
    Chat(#[from] ChatError),
    #[error("`{0}` is no time; write it like 2026-11-20T10:00")]
    Now(String),
    #[error("there is nothing to measure: {} has no sample", .0.display())]
    Empty(PathBuf),
}

impl From<LanguageFault> for Fault {
    fn from(why: LanguageFault) -> Self {
        Self::Language(Box::new(why))
    }
}

pub(super) fn run(common: &Common, args: Args) -> Result<Exit, Fault> {
    match args.act {
        Act::Train(args) => train::run(common, &args),
        Act::Eval(args) => eval::run(common, &args),
        Act::Parse(args) => parse::run(common, &args),
        Act::Promote(args) => promote::run(common, &args),
    }
}
