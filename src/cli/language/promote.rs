//! `tandem language promote`: a learned model takes the place of the one that serves, if it understands no less.

use std::path::PathBuf;

use serde_json::json;

use super::{
    figures::percent,
    place::{Judged, Place},
    source,
};
use crate::{
    cli::{Common, Exit, Fault, context::paint, paint::Tone, show::print},
    language::model::Model,
};

/// Put a learned model in the place of the one that serves
///
/// One that understands less than the one in place is refused, unless --force says why not. Both are measured on
/// --test; without it, by what each understood of its own samples when they were held out. The one in place is kept as
/// FILE.former, and FILE.history gets a line.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The learned model
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// The file that serves
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Samples on which both models are compared
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,
    /// Put it in place even if it understands less, for this reason
    #[arg(long, value_name = "REASON", value_parser = reason)]
    force: Option<String>,
}

pub(super) fn reason(text: &str) -> Result<String, String> {
    let said = (3..=500).contains(&text.trim().len()) && !text.contains(char::is_control);
    said.then(|| text.trim().to_owned()).ok_or_else(|| "say in a few words why".to_owned())
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    let test = match args.test.as_ref().map(|test| source::samples(test, common.json)).transpose()? {
        Some(Err(exit)) => return Ok(exit),
        Some(Ok(test)) => Some(test),
        None => None,
    };
    let model = source::model(&args.model)?;
    let judged = Place::new(&args.to, args.force.as_deref())?.offer(&model, test.as_deref())?;
    if common.json {
        let mut told = judged.json();
        told["origin"] = json!(model.origin());
        print(&format!("{told}\n"))?;
    } else {
        print(&(from(&model) + &compared(&judged) + &ended(&judged, &args.to)))?;
    }
    Ok(judged.exit())
}

/// What the model was learned from.
pub(super) fn from(model: &Model) -> String {
    let origin = model.origin();
    format!(
        "{} samples of {} intents, {} out of scope; learned by Tandem {}, samples {}\n",
        origin.samples,
        model.intents().len(),
        origin.outside,
        origin.program,
        origin.digest
    )
}

pub(super) fn compared(judged: &Judged) -> String {
    let was = judged.accuracy_in_place.map(|old| format!("; the one in place {}", percent(old)));
    format!("{} understood{}\n", percent(judged.accuracy), was.unwrap_or_default())
}

pub(super) fn ended(judged: &Judged, file: &std::path::Path) -> String {
    let (paint, file) = (paint(), file.display());
    if judged.promoted {
        format!("\n{file}: {}, {} kB\n", paint.word("in place", Tone::Good), judged.bytes / 1000)
    } else {
        let word = paint.word("not put in place", Tone::Bad);
        format!(
            "\n{file}: {word}: it understands less than the one there; mend the samples, or say --force REASON\n"
        )
    }
}
