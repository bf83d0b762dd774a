//! `tandem language train`: a model from samples, put in place if it is no worse than the one that is there.

use std::path::PathBuf;

use serde_json::json;

use super::{
    LanguageFault,
    eval::share,
    figures::{advised, percent},
    source,
};
use crate::{
    cli::{Common, Exit, Fault, context::paint, paint::Tone, show::print},
    language::{
        advice::advise,
        evaluate,
        file::encode,
        model::Model,
        sample::Sample,
        train::{Wanted, train},
    },
};

/// So much less accurate than the model in place may a new one be: what chance alone does.
const TOLERATED: f64 = 0.005;

/// Learn a model from samples and put it in place
///
/// A model that understands less than the one in place is not put there, unless --force says so. Both are measured on
/// --test; without it, by what each understood of its own samples when they were held out.
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
    /// Put the model in place even if it understands less, or if the one in place cannot be read
    #[arg(long)]
    force: bool,
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
    let before = if args.out.exists() { in_place(args)? } else { None };
    let mut wanted = Wanted::default();
    wanted.tolerance.in_scope_loss = args.in_scope_loss;
    let bar = source::bar();
    let trained = train(&samples, &wanted, &|share| bar.set_position((share * 1000.0) as u64));
    bar.finish_and_clear();
    let trained = trained.map_err(LanguageFault::from)?;
    let accuracy = |model: &Model| match &test {
        Some(test) => of(model, test),
        None => f64::from(model.accuracy()),
    };
    let (old, new) = (before.as_ref().map(&accuracy), accuracy(&trained.model));
    let worse = old.is_some_and(|old| new < old - TOLERATED);
    let bytes = encode(&trained.model);
    let promoted = !worse || args.force;
    if promoted {
        source::keep(&args.out, &bytes)?;
    }
    let advice = advise(&samples, &trained.unseen, &evaluate::evaluate(&trained.unseen));
    if common.json {
        let (accept, confirm) = trained.model.thresholds();
        let told = json!({
            "promoted": promoted, "accuracy": new, "accuracy_in_place": old, "model_bytes": bytes.len(),
            "intents": trained.model.intents().len(), "samples": samples.len(), "accept": accept, "confirm": confirm,
            "advice": advice,
        });
        print(&format!("{told}\n"))?;
    } else {
        let paint = paint();
        let was = old.map(|old| format!("; the one in place {}", percent(old))).unwrap_or_default();
        let head = format!(
            "{} samples of {} intents: {} understood of those held out{was}\n",
            samples.len(),
            trained.model.intents().len(),
            percent(new)
        );
        let file = args.out.display();
        let end = if promoted {
            format!("\n{file}: {}, {} kB\n", paint.word("in place", Tone::Good), bytes.len() / 1000)
        } else {
            let word = paint.word("not put in place", Tone::Bad);
            format!(
                "\n{file}: {word}: it understands less than the one there; mend the samples, or add --force\n"
            )
        };
        print(&(head + &advised(&paint, &advice) + &end))?;
    }
    Ok(if promoted { Exit::Done } else { Exit::RefusedByCheck })
}

/// The model in place; one that cannot be read stops, unless it may be written over.
fn in_place(args: &Args) -> Result<Option<Model>, LanguageFault> {
    match source::model(&args.out) {
        Ok(model) => Ok(Some(model)),
        Err(_) if args.force => Ok(None),
        Err(why) => Err(why),
    }
}

fn of(model: &Model, test: &[Sample]) -> f64 {
    evaluate::evaluate(&evaluate::outcomes(model, test)).in_scope_accuracy
}
