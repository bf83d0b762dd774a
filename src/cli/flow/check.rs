//! `tandem flow check`: what is wrong with flows and with what callers say for them.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Where, say};
use crate::{
    cli::{Common, Exit, Fault, check::draw, context::paint, paint::Tone},
    infra::site::{self, Problem, Step, samples},
    language::{
        advice::{Advice, advise},
        evaluate,
        sample::Sample,
        train::{Wanted, train},
    },
};

/// Report dead ends, loops, missing translations and overlapping intents
///
/// Looks at flows/ and language/. Ends with 3 if anything is found, be it a warning.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    place: Where,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    let report = site::check(&args.place.site);
    let ours = |problem: &&Problem| {
        let path = problem.file.as_str();
        report.site.is_none() || path.starts_with("flows") || path.starts_with("language")
    };
    let problems: Vec<&Problem> = report.problems.0.iter().filter(ours).collect();
    let advice = report.site.as_ref().map(overlaps).unwrap_or_default();
    let found = problems.len() + advice.len();
    if common.json {
        let advice: Vec<_> =
            advice.iter().map(|(file, text)| json!({ "file": file, "advice": text })).collect();
        say(&format!("{}\n", json!({ "problems": problems, "advice": advice })))?;
    } else {
        let paint = paint();
        let mut text: String =
            problems.iter().map(|problem| draw(&paint, &args.place.site, problem) + "\n").collect();
        text.extend(advice.iter().map(|(file, advice)| format!("{file}: {advice}\n")));
        let flows = report.site.as_ref().map_or(0, |site| site.flows.len());
        let word = if found == 0 { paint.word("good", Tone::Good) } else { paint.word("mend", Tone::Bad) };
        let place = args.place.site.display();
        say(&(text + &format!("{place}: {word}: {flows} flows, {found} found\n")))?;
    }
    Ok(if found == 0 { Exit::Done } else { Exit::RefusedByCheck })
}

/// So much of an intent is taken for another only when they mean the same, or when nearly nothing tells them apart.
const OVERLAP: f32 = 0.25;

/// Advice without which callers are misled; `tandem language eval` gives all.
fn grave(advice: &Advice) -> bool {
    match advice {
        Advice::Overlap { share, .. } => *share >= OVERLAP,
        Advice::SameSample { .. } => true,
        Advice::TooFew { .. } | Advice::Weak { .. } | Advice::NothingOutside => false,
    }
}

/// Intents that a model of their samples takes for each other.
fn overlaps(site: &site::Site) -> Vec<(String, String)> {
    let talks = site.flows.values().flat_map(|flow| flow.steps.values());
    let files: BTreeSet<_> = talks
        .filter_map(|step| match step {
            Step::Talk(talk) => talk.samples.clone(),
            _ => None,
        })
        .collect();
    let mut all = Vec::new();
    for file in files {
        let Ok(read) = samples::load(&file) else { continue };
        let samples: Vec<Sample> =
            read.said.iter().map(|said| Sample::new(&said.text, said.intent.as_deref())).collect();
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match train(&samples, &Wanted::default(), &|_| {}) {
            Ok(trained) => {
                let advice = advise(&samples, &trained.unseen, &evaluate::evaluate(&trained.unseen));
                let grave = advice.iter().filter(|advice| grave(advice));
                all.extend(grave.map(|advice| (format!("language/{name}"), advice.to_string())));
            }
            Err(why) => all.push((format!("language/{name}"), why.to_string())),
        }
    }
    all
}
