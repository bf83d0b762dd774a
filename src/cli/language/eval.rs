//! `tandem language eval`: how good a model of these samples is, on others or on each part of them in turn.

use std::{path::PathBuf, time::Instant};

use serde_json::json;

use super::{
    LanguageFault,
    figures::{Cost, percent, told},
    source,
};
use crate::{
    cli::{Common, Exit, Fault, context::paint, show::print},
    language::{
        advice::advise,
        evaluate::{self, Outcome},
        noise::Noise,
        normal::normal,
        sample::Sample,
        train::{Wanted, train},
    },
};

/// Measure what a model of these samples understands
///
/// With --test, of a model learned from all of --train. Without it, each of --folds parts is understood by a model of
/// the other parts.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Samples to learn from: a .jsonl or .yaml file, or a folder of .yaml files
    #[arg(long, value_name = "FILE")]
    train: PathBuf,
    /// Samples to measure with
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,
    /// Without --test: into so many parts the samples are divided
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(2..=20), conflicts_with = "test")]
    folds: u8,
    /// Share of words that are made wrong before measuring, as a bad line does
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    word_errors: f32,
    /// Share of what is in scope that may be refused
    #[arg(long, value_name = "SHARE", default_value_t = 0.03, value_parser = share)]
    in_scope_loss: f32,
}

pub(super) fn share(text: &str) -> Result<f32, String> {
    let share = text.parse().ok().filter(|share| (0.0..=0.9).contains(share));
    share.ok_or_else(|| "write a share from 0 to 0.9, such as 0.03".to_owned())
}

pub(super) fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    let samples = match source::samples(&args.train, common.json)? {
        Ok(samples) => samples,
        Err(exit) => return Ok(exit),
    };
    let test = match args.test.as_ref().map(|test| source::samples(test, common.json)).transpose()? {
        Some(Ok(test)) if test.is_empty() => {
            return Err(LanguageFault::Empty(args.test.clone().unwrap_or_default()).into());
        }
        Some(Ok(test)) => Some(blurred(test, args.word_errors)),
        Some(Err(exit)) => return Ok(exit),
        None => None,
    };
    let mut wanted = Wanted::default();
    wanted.tolerance.in_scope_loss = args.in_scope_loss;
    let bar = source::bar();
    let passes = if test.is_some() { 1.0 } else { f32::from(args.folds) + 1.0 };
    let began = Instant::now();
    let model = train(&samples, &wanted, &|share| bar.set_position((share / passes * 1000.0) as u64))
        .map_err(LanguageFault::from)?
        .model;
    let seconds = began.elapsed().as_secs_f64();
    let outcomes: Vec<Outcome> = if let Some(test) = &test {
        evaluate::outcomes(&model, test)
    } else {
        let done =
            |share: f32| bar.set_position(((1.0 + share * f32::from(args.folds)) / passes * 1000.0) as u64);
        evaluate::cross(&samples, usize::from(args.folds), &wanted, &done).map_err(LanguageFault::from)?
    };
    bar.finish_and_clear();
    let cost = Cost::of(&model, seconds, test.as_ref().unwrap_or(&samples));
    let evaluation = evaluate::evaluate(&outcomes);
    let advice = advise(&samples, &outcomes, &evaluation);
    if common.json {
        let mut figures = json!(evaluation);
        cost.add_to(&mut figures);
        figures["train_samples"] = json!(samples.len());
        figures["folds"] = json!(test.is_none().then_some(args.folds));
        figures["word_errors"] = json!(args.word_errors);
        figures["advice"] = json!(advice);
        print(&format!("{figures}\n"))?;
    } else {
        let how = test
            .map_or_else(|| format!("{} parts in turn", args.folds), |test| format!("{} others", test.len()));
        let head = format!("{} samples, measured on {how}; {cost}\n", samples.len());
        let noise = match args.word_errors {
            0.0 => String::new(),
            share => format!("{} of the words measured with are made wrong\n", percent(f64::from(share))),
        };
        print(&(head + &noise + "\n" + &told(&paint(), &evaluation, &advice)))?;
    }
    Ok(Exit::Done)
}

/// The samples as a recogniser on a bad line hears them.
fn blurred(samples: Vec<Sample>, rate: f32) -> Vec<Sample> {
    if rate == 0.0 {
        return samples;
    }
    let texts: Vec<String> = samples.iter().map(|sample| normal(&sample.text)).collect();
    let noise = Noise::learn(texts.iter().map(String::as_str));
    let mut random = fastrand::Rng::with_seed(20);
    let blur =
        |(sample, text): (Sample, &String)| Sample { text: noise.blur(text, rate, &mut random), ..sample };
    samples.into_iter().zip(&texts).map(blur).collect()
}
