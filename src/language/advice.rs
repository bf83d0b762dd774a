//! What the admin can do about an intent that is not understood well.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use smol_str::SmolStr;

use super::{
    evaluate::{Evaluation, Outcome},
    normal::{Run, normal, runs},
    sample::Sample,
};

/// With fewer samples, callers say it in ways that none of them shows.
pub const ENOUGH: usize = 15;
/// Two intents overlap when so much of one is taken for the other.
const OVERLAP: f32 = 0.10;
/// An intent is weak when less of it is understood.
const WEAK: f32 = 0.85;
/// Shown of one kind.
const MOST: usize = 20;

/// One piece of advice.
#[derive(Clone, Debug, PartialEq, Serialize, thiserror::Error)]
#[serde(tag = "advice", rename_all = "snake_case")]
pub enum Advice {
    #[error("{intent}: only {samples} samples; write {} more, in the words of real callers", ENOUGH - samples)]
    TooFew { intent: SmolStr, samples: usize },
    #[error(
        "{intent} and {other} overlap: {} of {intent} is taken for {other}; make them one intent, or give each \
         samples with the words that tell them apart", percent(*share)
    )]
    Overlap { intent: SmolStr, other: SmolStr, share: f32 },
    #[error("{}: the same sentence is a sample of each: “{text}”; leave it in one", intents.join(" and "))]
    SameSample { text: String, intents: Vec<SmolStr> },
    #[error("{intent}: {} of it is understood, mixed up with many others; give it samples of one meaning", percent(*recall))]
    Weak { intent: SmolStr, recall: f32 },
    #[error(
        "no samples out of scope; write what callers say that the menu is not for, and refusing gets surer"
    )]
    NothingOutside,
}

fn percent(share: f32) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Advice from the samples learned from and what became of samples not learned from.
pub fn advise(samples: &[Sample], outcomes: &[Outcome], evaluation: &Evaluation) -> Vec<Advice> {
    let mut advice = Vec::new();
    let counts = super::sample::intents(samples);
    let few = counts.iter().filter(|(_, count)| **count < ENOUGH);
    advice.extend(
        few.take(MOST).map(|(intent, count)| Advice::TooFew { intent: intent.clone(), samples: *count }),
    );
    advice.extend(same(samples));
    let overlaps = overlaps(outcomes);
    for fare in evaluation.intents.iter().filter(|fare| fare.samples >= 3 && fare.recall < WEAK).take(MOST) {
        let overlapping = overlaps
            .iter()
            .any(|advice| matches!(advice, Advice::Overlap { intent, .. } if *intent == fare.intent));
        if !overlapping && counts.get(&fare.intent).is_some_and(|count| *count >= ENOUGH) {
            advice.push(Advice::Weak { intent: fare.intent.clone(), recall: fare.recall });
        }
    }
    advice.extend(overlaps);
    if samples.iter().all(|sample| sample.intent.is_some()) {
        advice.push(Advice::NothingOutside);
    }
    advice
}

/// Sentences that differ in nothing but signs and case and are samples of several intents.
fn same(samples: &[Sample]) -> Vec<Advice> {
    let mut said: BTreeMap<String, (&str, BTreeSet<&SmolStr>)> = BTreeMap::new();
    for sample in samples {
        let Some(intent) = &sample.intent else { continue };
        let folded = normal(&sample.text);
        let words: Vec<&str> = runs(&folded)
            .map(|run| match run {
                Run::Word(word) | Run::Han(word) => word,
            })
            .collect();
        said.entry(words.join(" ")).or_insert_with(|| (&sample.text, BTreeSet::new())).1.insert(intent);
    }
    let several = said.into_values().filter(|(_, intents)| intents.len() > 1);
    let advice = |(text, intents): (&str, BTreeSet<&SmolStr>)| Advice::SameSample {
        text: text.to_owned(),
        intents: intents.into_iter().cloned().collect(),
    };
    several.take(MOST).map(advice).collect()
}

fn overlaps(outcomes: &[Outcome]) -> Vec<Advice> {
    let mut all: BTreeMap<&SmolStr, u32> = BTreeMap::new();
    let mut taken: BTreeMap<(&SmolStr, &SmolStr), u32> = BTreeMap::new();
    for outcome in outcomes {
        let Some(intent) = &outcome.intent else { continue };
        *all.entry(intent).or_default() += 1;
        if *intent != outcome.guess {
            *taken.entry((intent, &outcome.guess)).or_default() += 1;
        }
    }
    let mut found: Vec<(f32, &SmolStr, &SmolStr)> = taken
        .into_iter()
        .map(|((intent, other), times)| (times, times as f32 / all[intent] as f32, intent, other))
        .filter(|(times, share, ..)| *times >= 2 && *share >= OVERLAP)
        .map(|(_, share, intent, other)| (share, intent, other))
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let advice = |(share, intent, other): (f32, &SmolStr, &SmolStr)| Advice::Overlap {
        intent: intent.clone(),
        other: other.clone(),
        share,
    };
    found.into_iter().take(MOST).map(advice).collect()
}
