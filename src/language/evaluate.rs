//! How well a model understands samples that it did not learn from: a separate file of them, or each part of the
//! samples in turn.

use std::collections::BTreeMap;

use serde::Serialize;
use smol_str::SmolStr;

use super::{
    measure::{Judged, Trade, auroc, curve, macro_f1},
    model::{Model, Scratch, Verdict},
    sample::Sample,
    train::{Progress, TrainError, Wanted, divide, train},
};

/// So many confused pairs are shown.
const PAIRS: usize = 20;

/// What became of one sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// `None` when it is out of scope.
    pub intent: Option<SmolStr>,
    pub guess: SmolStr,
    pub probability: f32,
    pub in_scope: f32,
    pub verdict: Verdict,
}

/// An intent taken for another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Confusion {
    pub intent: SmolStr,
    pub taken_for: SmolStr,
    pub times: u32,
}

/// How one intent fares.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fare {
    pub intent: SmolStr,
    pub samples: u32,
    pub recall: f32,
    pub precision: f32,
}

/// The figures of many outcomes. Shares are between 0 and 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    pub in_scope: usize,
    pub out_of_scope: usize,
    /// First guesses that are right, of the samples in scope, whether refused or not.
    pub in_scope_accuracy: f64,
    /// The same, but what is refused counts as wrong.
    pub in_scope_accuracy_after_refusal: f64,
    pub macro_f1: f64,
    /// Share of what is out of scope that is refused, at the model's own threshold.
    pub oos_recall: Option<f64>,
    pub oos_auroc: Option<f64>,
    /// Share of what is in scope that is refused, at the same threshold.
    pub in_scope_loss: f64,
    /// Of the samples in scope: accepted, asked back.
    pub accepted: f64,
    pub confirmed: f64,
    /// Of what is accepted: right.
    pub accepted_precision: f64,
    /// How far stated probabilities are from what came true, on the average.
    pub calibration_error: f64,
    pub curve: Vec<Trade>,
    pub confusions: Vec<Confusion>,
    pub intents: Vec<Fare>,
}

/// What a model makes of samples.
pub fn outcomes(model: &Model, samples: &[Sample]) -> Vec<Outcome> {
    let mut scratch = Scratch::default();
    let outcome = |sample: &Sample| {
        let (verdict, best, probability, in_scope) = model.answer(&sample.text, &mut scratch);
        let guess = model.intents()[best].clone();
        Outcome { intent: sample.intent.clone(), guess, probability, in_scope, verdict }
    };
    samples.iter().map(outcome).collect()
}

/// Each of `folds` parts understood by a model of the others.
pub fn cross(
    samples: &[Sample],
    folds: usize,
    wanted: &Wanted,
    progress: Progress,
) -> Result<Vec<Outcome>, TrainError> {
    let parts =
        divide(&samples.iter().map(|sample| sample.intent.clone()).collect::<Vec<_>>(), folds, wanted.seed);
    let mut all = Vec::new();
    for fold in 0..folds {
        let side = |held: bool| -> Vec<Sample> {
            let of = samples.iter().zip(&parts).filter(|(_, part)| (**part == fold) == held);
            of.map(|(sample, _)| sample.clone()).collect()
        };
        let model =
            train(&side(false), wanted, &|share| progress((fold as f32 + share) / folds as f32))?.model;
        all.extend(outcomes(&model, &side(true)));
    }
    Ok(all)
}

/// The figures of outcomes.
pub fn evaluate(outcomes: &[Outcome]) -> Evaluation {
    let names = numbered(outcomes);
    let inside: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.intent.is_some()).collect();
    let outside = outcomes.len() - inside.len();
    let share = |of: &dyn Fn(&Outcome) -> bool| {
        inside.iter().filter(|outcome| of(outcome)).count() as f64 / inside.len().max(1) as f64
    };
    let right = |outcome: &Outcome| outcome.intent.as_ref() == Some(&outcome.guess);
    let is = |verdict: Verdict| move |outcome: &Outcome| outcome.verdict == verdict;
    let judged: Vec<Judged> =
        outcomes.iter().map(|outcome| (outcome.in_scope, outcome.intent.is_some())).collect();
    let pairs: Vec<_> = inside
        .iter()
        .map(|outcome| (outcome.intent.as_ref().map(|name| names[name]), Some(names[&outcome.guess])))
        .collect();
    let refused_outside = outcomes
        .iter()
        .filter(|outcome| outcome.intent.is_none() && outcome.verdict == Verdict::Reject)
        .count();
    let accepted: Vec<&Outcome> =
        outcomes.iter().filter(|outcome| outcome.verdict == Verdict::Accept).collect();
    let accepted_right = accepted.iter().filter(|outcome| right(outcome)).count();
    Evaluation {
        in_scope: inside.len(),
        out_of_scope: outside,
        in_scope_accuracy: share(&right),
        in_scope_accuracy_after_refusal: share(&|outcome| {
            right(outcome) && outcome.verdict != Verdict::Reject
        }),
        macro_f1: macro_f1(names.len(), &pairs),
        oos_recall: (outside > 0).then(|| refused_outside as f64 / outside as f64),
        oos_auroc: auroc(&judged),
        in_scope_loss: share(&is(Verdict::Reject)),
        accepted: share(&is(Verdict::Accept)),
        confirmed: share(&is(Verdict::Confirm)),
        accepted_precision: accepted_right as f64 / accepted.len().max(1) as f64,
        calibration_error: calibration(outcomes),
        curve: if outside > 0 { curve(&judged) } else { Vec::new() },
        confusions: confusions(&inside),
        intents: fares(&inside),
    }
}

fn numbered(outcomes: &[Outcome]) -> BTreeMap<SmolStr, usize> {
    let all = outcomes.iter().flat_map(|outcome| outcome.intent.iter().chain([&outcome.guess]));
    let mut names: Vec<&SmolStr> = all.collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().enumerate().map(|(number, name)| (name.clone(), number)).collect()
}

fn confusions(inside: &[&Outcome]) -> Vec<Confusion> {
    let mut times: BTreeMap<(&SmolStr, &SmolStr), u32> = BTreeMap::new();
    for outcome in inside {
        if let Some(intent) = outcome.intent.as_ref().filter(|intent| **intent != outcome.guess) {
            *times.entry((intent, &outcome.guess)).or_default() += 1;
        }
    }
    let mut confusions: Vec<Confusion> = times
        .into_iter()
        .map(|((intent, taken_for), times)| Confusion {
            intent: intent.clone(),
            taken_for: taken_for.clone(),
            times,
        })
        .collect();
    confusions.sort_by_key(|confusion| std::cmp::Reverse(confusion.times));
    confusions.truncate(PAIRS);
    confusions
}

fn fares(inside: &[&Outcome]) -> Vec<Fare> {
    let mut counts: BTreeMap<&SmolStr, (u32, u32, u32)> = BTreeMap::new();
    for outcome in inside {
        let Some(intent) = &outcome.intent else { continue };
        let hit = u32::from(*intent == outcome.guess);
        let of = counts.entry(intent).or_default();
        (of.0, of.2) = (of.0 + 1, of.2 + hit);
        counts.entry(&outcome.guess).or_default().1 += 1;
    }
    let share = |hits: u32, of: u32| if of == 0 { 0.0 } else { hits as f32 / of as f32 };
    let fare = |(intent, (samples, guessed, hits)): (&SmolStr, (u32, u32, u32))| Fare {
        intent: intent.clone(),
        samples,
        recall: share(hits, samples),
        precision: share(hits, guessed),
    };
    counts.into_iter().map(fare).collect()
}

/// Expected calibration error of the first guesses, in ten equal steps.
fn calibration(outcomes: &[Outcome]) -> f64 {
    let mut steps = [(0.0_f64, 0.0_f64); 10];
    for outcome in outcomes {
        let step = &mut steps[((outcome.probability * 10.0) as usize).min(9)];
        step.0 += f64::from(outcome.probability);
        step.1 += if outcome.intent.as_ref() == Some(&outcome.guess) { 1.0 } else { 0.0 };
    }
    steps.iter().map(|(stated, true_)| (stated - true_).abs()).sum::<f64>() / outcomes.len().max(1) as f64
}
