//! `tandem speech`: how well a site's callers are heard.

mod eval;

use std::{io, path::PathBuf};

use super::{Common, Exit, Fault};
use crate::{
    base::id::Name,
    language::{sample::SampleError, train::TrainError},
    ports::speech::{SpeechFault, Unheard, Unspoken},
};

/// Measure how well callers are heard
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    Eval(eval::Args),
}

/// Why nothing is measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureFault {
    #[error("{} cannot be read: {why}; name a file that is there and that you may read", file.display())]
    Unreadable { file: PathBuf, why: io::Error },
    #[error("{}: {why}", file.display())]
    Sentences { file: PathBuf, why: SampleError },
    #[error("the flow {0} has no `samples`, so there is no intent to be right about; name another flow")]
    NoSamples(Name),
    #[error("nothing is learned: {0}")]
    Train(#[from] TrainError),
    #[error("there is nothing to measure: no sentence of {} is in this language", .0.display())]
    Empty(PathBuf),
    #[error("{} cannot be made: {why}; TMPDIR must be a folder that you may write", folder.display())]
    Folder { folder: PathBuf, why: io::Error },
    #[error(transparent)]
    Setup(#[from] SpeechFault),
    #[error(transparent)]
    Unheard(#[from] Unheard),
    #[error("a sentence cannot be spoken: {0}")]
    Unspoken(#[from] Unspoken),
}

impl From<MeasureFault> for Fault {
    fn from(why: MeasureFault) -> Self {
        Self::Measure(Box::new(why))
    }
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    match &args.act {
        Act::Eval(args) => eval::run(common, args),
    }
}
