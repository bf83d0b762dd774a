//! `tandem language parse`: what one sentence means, to a model.

use std::path::PathBuf;

use jiff::civil::DateTime;
use serde_json::json;

use super::{LanguageFault, ask, figures::percent, source};
use crate::{
    cli::{
        Common, Exit, Fault, alone,
        context::paint,
        paint::{Tone, number, text},
        show::print,
    },
    language::{
        entities::{self, Entity, Setting},
        model::{Understanding, Verdict},
    },
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
    #[arg(long, value_name = "LOCALE", default_value = "en", value_parser = locale)]
    locale: String,
    /// The time that "tomorrow" is relative to, such as 2026-11-20T10:00; else the present
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
    #[command(flatten)]
    ask: ask::Ask,
    /// What the caller says
    #[arg(value_name = "TEXT")]
    text: String,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    let now = match &args.now {
        Some(now) => now.parse::<DateTime>().map_err(|_| LanguageFault::Now(now.clone()))?,
        None => jiff::Zoned::now().datetime(),
    };
    let setting = Setting::new(&args.locale, now);
    let entities = entities::parse(&args.text, &setting);
    let understood = match &args.model {
        Some(file) => match args.ask.assistant(source::model(file)?, common.json)? {
            Ok(assistant) => Some(alone(async { Ok(assistant.understand(&args.text).await) })?),
            Err(exit) => return Ok(exit),
        },
        None => None,
    };
    let (by, silence) = understood.as_ref().map(|found| (found.by, found.silence.clone())).unzip();
    let silence = silence.flatten();
    let understood = understood.map(|found| found.understanding);
    if common.json {
        let told = json!({
            "text": args.text,
            "locale": args.locale,
            "now": now.to_string(),
            "verdict": understood.as_ref().map(|understood| understood.verdict),
            "in_scope": understood.as_ref().map(|understood| understood.in_scope),
            "intents": understood.as_ref().map_or(&[][..], |understood| &understood.intents),
            "entities": entities,
            "by": by,
            "silence": silence.map(|why| why.to_string()),
        });
        print(&format!("{told}\n"))?;
    } else {
        if let Some(why) = silence {
            eprintln!("tandem: the model elsewhere had no say: {why}");
        }
        let intents = understood.map(|understood| told(&understood)).unwrap_or_default();
        print(&(intents + &found(&args.text, &entities)))?;
    }
    Ok(Exit::Done)
}

/// English or Chinese, of any country.
fn locale(text: &str) -> Result<String, String> {
    let language = text.split(['-', '_']).next().unwrap_or_default();
    let spoken = ["en", "zh"].contains(&language).then(|| text.to_owned());
    spoken.ok_or_else(|| "write en, zh, or one with a country, such as en-GB or zh-CN".to_owned())
}

fn found(said: &str, entities: &[Entity]) -> String {
    if entities.is_empty() {
        return String::new();
    }
    let rows = entities.iter().map(|entity| {
        let value = json!(entity.value);
        let kind = value["type"].as_str().unwrap_or_default();
        let words = said.get(entity.span.bytes.clone()).unwrap_or_default();
        vec![text(words), text(kind), text(value["value"].to_string())]
    });
    paint().table(&["SAID", "ENTITY", "VALUE"], rows)
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
