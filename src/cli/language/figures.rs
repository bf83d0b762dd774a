//! Figures of a model as a reader wants them.

use std::{
    fmt::{self, Write},
    time::Instant,
};

use serde_json::{Value, json};

use crate::{
    cli::paint::{Paint, Tone, number, text},
    language::{
        advice::Advice,
        evaluate::Evaluation,
        file::{decode, encode},
        model::{Model, Scratch},
        sample::Sample,
    },
};

/// Shown in a table; `--json` has more.
const SHOWN: usize = 10;
/// So many texts are timed at least.
const TIMED: usize = 2_000;

/// Microseconds from text to understanding, features included.
#[derive(Clone, Copy, Debug)]
struct Latency {
    p50: f64,
    p99: f64,
}

impl Latency {
    /// Of understanding each sample's text, warm. Each is timed thrice and the middle time counts: the time that the
    /// machine gives to other programs meanwhile is not the model's.
    fn of(model: &Model, samples: &[Sample]) -> Self {
        let mut scratch = Scratch::default();
        let mut once = |sample: &Sample| {
            let began = Instant::now();
            std::hint::black_box(model.answer(&sample.text, &mut scratch));
            began.elapsed().as_nanos() as f64 / 1000.0
        };
        let mut middle = |sample: &Sample| {
            let mut times = [once(sample), once(sample), once(sample)];
            times.sort_by(f64::total_cmp);
            times[1]
        };
        let rounds = TIMED.div_ceil(samples.len().max(1));
        let mut all: Vec<f64> =
            samples.iter().cycle().take(samples.len() * rounds).map(&mut middle).collect();
        all.sort_by(f64::total_cmp);
        let at = |share: f64| all.get((all.len() as f64 * share) as usize).copied().unwrap_or_default();
        Self { p50: at(0.5), p99: at(0.99) }
    }
}

/// What a model costs: to learn, to keep, to load, to ask.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    seconds: f64,
    bytes: usize,
    load_ms: f64,
    latency: Latency,
}

impl Cost {
    pub(super) fn of(model: &Model, seconds: f64, samples: &[Sample]) -> Self {
        let file = encode(model);
        let began = Instant::now();
        std::hint::black_box(decode(&file)).expect("what was just written");
        let load_ms = began.elapsed().as_secs_f64() * 1000.0;
        Self { seconds, bytes: file.len(), load_ms, latency: Latency::of(model, samples) }
    }

    pub(super) fn add_to(self, figures: &mut Value) {
        let tenths = |figure: f64| (figure * 10.0).round() / 10.0;
        figures["latency_us"] = json!({ "p50": tenths(self.latency.p50), "p99": tenths(self.latency.p99) });
        figures["train_seconds"] = json!((self.seconds * 1000.0).round() / 1000.0);
        figures["load_ms"] = json!(tenths(self.load_ms));
        figures["model_bytes"] = json!(self.bytes);
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seconds, load_ms, latency: Latency { p50, p99 }, .. } = self;
        let size = self.bytes as f64 / 1e6;
        write!(
            f,
            "learned in {seconds:.1} s, {size:.1} MB, loaded in {load_ms:.0} ms, understands in {p50:.0} µs (p99 {p99:.0} µs)"
        )
    }
}

/// A share as a percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// The figures, the curve, confusions and advice.
pub(super) fn told(paint: &Paint, evaluation: &Evaluation, advice: &[Advice]) -> String {
    let mut out = String::new();
    let mut line = |what: &str, value: String| {
        let _ = writeln!(out, "{what:<26}{value}");
    };
    line("in scope, right", format!("{} of {}", percent(evaluation.in_scope_accuracy), evaluation.in_scope));
    line("macro F1", format!("{:.3}", evaluation.macro_f1));
    line("in scope, refused", percent(evaluation.in_scope_loss));
    line("in scope, asked back", percent(evaluation.confirmed));
    line("accepted and right", percent(evaluation.accepted_precision));
    if let (Some(recall), Some(auroc)) = (evaluation.oos_recall, evaluation.oos_auroc) {
        line("out of scope, refused", format!("{} of {}", percent(recall), evaluation.out_of_scope));
        line("AUROC", format!("{auroc:.3}"));
    }
    out + &curve(paint, evaluation) + &confusions(paint, evaluation) + &advised(paint, advice)
}

fn curve(paint: &Paint, evaluation: &Evaluation) -> String {
    if evaluation.curve.is_empty() {
        return String::new();
    }
    let rows = evaluation.curve.iter().map(|at| {
        let share = |share: f32| number(percent(f64::from(share)));
        vec![share(at.in_scope_loss), share(at.oos_recall), number(format!("{:.3}", at.threshold))]
    });
    format!("\n{}", paint.table(&["REFUSED IN SCOPE", "REFUSED OUT OF SCOPE", "THRESHOLD"], rows))
}

fn confusions(paint: &Paint, evaluation: &Evaluation) -> String {
    if evaluation.confusions.is_empty() {
        return String::new();
    }
    let rows =
        evaluation.confusions.iter().take(SHOWN).map(|confusion| {
            vec![text(&confusion.intent), text(&confusion.taken_for), number(confusion.times)]
        });
    format!("\n{}", paint.table(&["INTENT", "TAKEN FOR", "TIMES"], rows))
}

pub(super) fn advised(paint: &Paint, advice: &[Advice]) -> String {
    let mut out = String::new();
    for (index, one) in advice.iter().take(SHOWN).enumerate() {
        let _ = writeln!(
            out,
            "{}{} {one}",
            if index == 0 { "\n" } else { "" },
            paint.word("advice:", Tone::Busy)
        );
    }
    if advice.len() > SHOWN {
        let _ = writeln!(out, "… and {} more; --json has them all", advice.len() - SHOWN);
    }
    out
}
