//! `tandem language train`: a model from samples, put in place if it is no worse than the one that is there.

use std::path::PathBuf;

use serde_json::json;

use super::{LanguageFault, eval::share, figures::advised, place::Place, promote, source};
use crate::{
    cli::{Common, Exit, Fault, context::paint, show::print},
    language::{
        advice::advise,
        evaluate,
        train::{Wanted, train},
    },
};

/// Learn a model from samples and put it in place
///
/// A model that understands less than the one in place is not put there, unless --force says so. Both are measured on
/// --test; without it, by what each understood of its own samples when they were held out. The one in place is kept as
/// FILE.former, and FILE.history gets a line.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Samples: a .yaml or .jsonl file, or a folder of .yaml files
    #[arg(long, value_name = "PATH")]
    samples: PathBuf,
    /// The model's file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Samples on which the new model and the one in place are compared
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,
    /// Share of what is in scope that may be refused
    #[arg(long, value_name = "SHARE", default_value_t = 0.03, value_parser = share)]
    in_scope_loss: f32,
    /// Put the model in place even if it understands less, or if the one in place cannot be read, for this reason
    #[arg(long, value_name = "REASON", value_parser = promote::reason)]
    force: Option<String>,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    let samples = match source::samples(&args.samples, common.json)? {
        Ok(samples) => samples,
        Err(exit) => return Ok(exit),
    };
    let test = match args.test.as_ref().map(|test| source::samples(test, common.json)).transpose()? {
        Some(Err(exit)) => return Ok(exit),
        Some(Ok(test)) => Some(test),
        None => None,
    };
    let place = Place::new(&args.out, args.force.as_deref())?;
    let mut wanted = Wanted::default();
    wanted.tolerance.in_scope_loss = args.in_scope_loss;
    let bar = source::bar();
    let trained = train(&samples, &wanted, &|share| bar.set_position((share * 1000.0) as u64));
    bar.finish_and_clear();
    let trained = trained.map_err(LanguageFault::from)?;
    let judged = place.offer(&trained.model, test.as_deref())?;
    let advice = advise(&samples, &trained.unseen, &evaluate::evaluate(&trained.unseen));
    if common.json {
        let (accept, confirm) = trained.model.thresholds();
        let mut told = judged.json();
        told["intents"] = json!(trained.model.intents().len());
        told["samples"] = json!(samples.len());
        told["accept"] = json!(accept);
        told["confirm"] = json!(confirm);
        told["origin"] = json!(trained.model.origin());
        told["advice"] = json!(advice);
        print(&format!("{told}\n"))?;
    } else {
        let head = promote::from(&trained.model) + &promote::compared(&judged);
        print(&(head + &advised(&paint(), &advice) + &promote::ended(&judged, &args.out)))?;
    }
    Ok(judged.exit())
}
