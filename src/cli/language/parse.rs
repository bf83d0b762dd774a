//! `tandem language parse`: what one sentence means, to a model.

use std::path::PathBuf;

use jiff::civil::DateTime;
use serde_json::json;

use super::{LanguageFault, figures::percent, source};
use crate::{
    cli::{
        Common, Exit, Fault,
        context::paint,
        paint::{Tone, number, text},
        show::print,
    },
    language::model::{Scratch, Understanding, Verdict},
};

/// Shown in a table; `--json` has all.
const SHOWN: usize = 5;

/// Say what one sentence of a caller means
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The model's file; without it, no intents are told
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// The caller's language
    #[arg(long, value_name = "LOCALE", default_value = "en", value_parser = ["en", "en-US", "zh", "zh-CN"])]
    locale: String,
    /// The time that "tomorrow" is relative to, such as 2026-11-20T10:00; else the present
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
    /// What the caller says
    #[arg(value_name = "TEXT")]
    text: String,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    let now = match &args.now {
        Some(now) => now.parse::<DateTime>().map_err(|_| LanguageFault::Now(now.clone()))?,
        None => jiff::Zoned::now().datetime(),
    };
    let understood = match &args.model {
        Some(file) => Some(source::model(file)?.understand(&args.text, &mut Scratch::default())),
        None => None,
    };
    if common.json {
        let told = json!({
            "text": args.text,
            "locale": args.locale,
            "now": now.to_string(),
            "verdict": understood.as_ref().map(|understood| understood.verdict),
            "in_scope": understood.as_ref().map(|understood| understood.in_scope),
            "intents": understood.as_ref().map_or(&[][..], |understood| &understood.intents),
        });
        print(&format!("{told}\n"))?;
    } else if let Some(understood) = understood {
        print(&told(&understood))?;
    }
    Ok(Exit::Done)
}

fn told(understood: &Understanding) -> String {
    let paint = paint();
    let verdict = match understood.verdict {
        Verdict::Accept => paint.word("accepted", Tone::Good),
        Verdict::Confirm => paint.word("asked back", Tone::Busy),
        Verdict::Reject => paint.word("out of scope", Tone::Bad),
    };
    let rows = understood.intents.iter().take(SHOWN);
    let rows = rows.map(|guess| vec![text(&guess.intent), number(percent(f64::from(guess.probability)))]);
    format!("{verdict}\n{}", paint.table(&["INTENT", "PROBABILITY"], rows))
}
