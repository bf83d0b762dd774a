//! What was measured, in figures.

use std::time::Duration;

use serde_json::json;

use super::{Args, Heard, Model, Sample, trial};
use crate::language::{
    evaluate::{Outcome, outcomes},
    model::Verdict,
};

pub(super) struct Figures {
    sentences: usize,
    word_errors: usize,
    words: usize,
    /// Utterances without words, and why the first of them had none.
    unheard: usize,
    why: Option<String>,
    right: usize,
    right_of_text: usize,
    median: Duration,
    p95: Duration,
    took: Duration,
}

impl Figures {
    pub fn of(model: &Model, sentences: &[Sample], heard: &[Heard], took: Duration) -> Self {
        let words = |one: &Heard| one.words.as_ref().map(ToString::to_string).unwrap_or_default();
        let (mut word_errors, mut all) = (0, 0);
        for (sentence, one) in sentences.iter().zip(heard) {
            let (wrong, of) = trial::errors(&sentence.text, &words(one));
            word_errors += wrong;
            all += of;
        }
        let as_heard: Vec<Sample> = sentences
            .iter()
            .zip(heard)
            .map(|(sentence, one)| Sample { text: words(one), intent: sentence.intent.clone() })
            .collect();
        let right = |samples: &[Sample]| outcomes(model, samples).iter().filter(|one| is_right(one)).count();
        let mut delays: Vec<Duration> = heard.iter().map(|one| one.delay).collect();
        delays.sort();
        let at = |share: usize| delays.get((delays.len() * share / 100).min(delays.len().saturating_sub(1)));
        Self {
            sentences: sentences.len(),
            word_errors,
            words: all,
            unheard: heard.iter().filter(|one| words(one).is_empty()).count(),
            why: heard.iter().find_map(|one| one.words.as_ref().err()).map(ToString::to_string),
            right: right(&as_heard),
            right_of_text: right(sentences),
            median: at(50).copied().unwrap_or_default(),
            p95: at(95).copied().unwrap_or_default(),
            took,
        }
    }

    fn share(&self, of: usize) -> f64 {
        of as f64 / self.sentences.max(1) as f64
    }

    fn word_error_rate(&self) -> f64 {
        self.word_errors as f64 / self.words.max(1) as f64
    }

    pub fn json(&self, args: &Args, voices: &[String]) -> String {
        let figures = json!({
            "sentences": self.sentences,
            "own_samples": args.sentences.is_none(),
            "rate": args.rate.hertz(),
            "primed": !args.unprimed,
            "voices": voices,
            "word_error_rate": thousandth(self.word_error_rate()),
            "intents_right": thousandth(self.share(self.right)),
            "intents_right_of_text": thousandth(self.share(self.right_of_text)),
            "unheard": self.unheard,
            "why_unheard": self.why,
            "delay_ms": { "median": self.median.as_millis() as u64, "p95": self.p95.as_millis() as u64 },
            "hurried": args.hurried,
            "seconds": thousandth(self.took.as_secs_f64()),
        });
        format!("{figures}\n")
    }

    pub fn told(&self, args: &Args, voices: &[String]) -> String {
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        let mut text = format!(
            "{} sentences at {} Hz, {}, spoken by {}\n\n\
             words wrong        {}\n\
             intents right      {} of what was heard, {} of the text itself\n\
             without words      {}\n\
             delay              median {} ms, p95 {} ms{}\n\
             took               {:.0} s, {} at once\n",
            self.sentences,
            args.rate.hertz(),
            if args.unprimed { "unprimed" } else { "primed by the flow" },
            voices.join(", "),
            percent(self.word_error_rate()),
            percent(self.share(self.right)),
            percent(self.share(self.right_of_text)),
            self.unheard,
            self.median.as_millis(),
            self.p95.as_millis(),
            if args.hurried { " (all heard at once)" } else { " from the end of the utterance" },
            self.took.as_secs_f64(),
            args.at_once,
        );
        if let Some(why) = &self.why {
            for part in ["\nthe first without words: ", why, "\n"] {
                text.push_str(part);
            }
        }
        if args.sentences.is_none() {
            text.push_str("\nThese are the flow's own samples, with which it is primed: other hands' sentences (--sentences) tell more.\n");
        }
        text
    }
}

fn thousandth(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

/// Out of scope is right where it is refused.
fn is_right(one: &Outcome) -> bool {
    match &one.intent {
        Some(intent) => *intent == one.guess,
        None => one.verdict == Verdict::Reject,
    }
}
