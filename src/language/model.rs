//! A learned model: hears a text, answers with intents and how sure it is, and says whether to accept, to ask back, or
//! to refuse. Made by `train`, kept in a file by `file`.

use smol_str::SmolStr;

use super::{
    feature::Keys,
    gate::{Clues, Gate},
    net::{dot, softmax},
    normal::normal,
    origin::Origin,
    sample::LONGEST_TEXT,
    table::Table,
    vocabulary::{Row, Vocabulary},
};

/// The slope by which planes' distances become probabilities.
pub const STEEP: f32 = 3.0;

/// What to do with a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Do it.
    Accept,
    /// Ask back: "did you mean …".
    Confirm,
    /// In no intent's scope.
    Reject,
}

/// An intent and how likely it was meant.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Guess {
    pub intent: SmolStr,
    pub probability: f32,
}

/// What a text was understood as.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Understanding {
    pub verdict: Verdict,
    /// How likely it is in scope at all.
    pub in_scope: f32,
    /// All intents, the likeliest first.
    pub intents: Vec<Guess>,
}

/// The part of the net behind its table.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    pub bias: Vec<f32>,
    pub output: Vec<f32>,
    pub output_bias: Vec<f32>,
}

/// A learned model.
#[derive(Clone, Debug)]
pub struct Model {
    pub(super) intents: Vec<SmolStr>,
    pub(super) vocabulary: Vocabulary,
    /// Planes' weights, then the embedding if there is a net.
    pub(super) table: Table,
    pub(super) bias: Vec<f32>,
    pub(super) head: Option<Head>,
    pub(super) gate: Gate,
    pub(super) origin: Origin,
}

/// Room to think, reused from text to text.
#[derive(Debug, Default)]
pub struct Scratch {
    keys: Keys,
    row: Row,
    sums: Vec<f32>,
    scores: Vec<f32>,
}

/// A text's probabilities by intent, before the gate, and the clues for it.
pub(super) struct Raw<'a> {
    pub probabilities: &'a mut [f32],
    pub clues: Clues,
}

impl Model {
    pub fn intents(&self) -> &[SmolStr] {
        &self.intents
    }

    /// What it was learned from, and what was measured then.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// How sure it must be to accept, and to ask back.
    pub fn thresholds(&self) -> (f32, f32) {
        (self.gate.accept, self.gate.confirm)
    }

    /// What a caller's words mean. Of a very long text the beginning counts.
    pub fn understand(&self, text: &str, scratch: &mut Scratch) -> Understanding {
        let (verdict, in_scope) = self.judge(text, scratch);
        let guess = |(intent, probability): (&SmolStr, &f32)| Guess {
            intent: intent.clone(),
            probability: *probability,
        };
        let mut intents: Vec<Guess> = self.intents.iter().zip(&scratch.sums).map(guess).collect();
        intents.sort_by(|a, b| b.probability.total_cmp(&a.probability).then_with(|| a.intent.cmp(&b.intent)));
        Understanding { verdict, in_scope, intents }
    }

    /// The verdict, how likely the text is in scope, and all probabilities left in `scratch`.
    pub(super) fn judge(&self, text: &str, scratch: &mut Scratch) -> (Verdict, f32) {
        let raw = self.raw(cut(text), scratch);
        let in_scope = self.gate.in_scope(&raw.clues, raw.probabilities);
        raw.probabilities.iter_mut().for_each(|probability| *probability *= in_scope);
        let verdict = self.gate.verdict(in_scope, raw.probabilities[highest(raw.probabilities)]);
        let classes = self.intents.len();
        scratch.sums.truncate(classes);
        (verdict, in_scope)
    }

    /// The verdict, the likeliest intent's place, its probability, and how likely the text is in scope.
    pub fn answer(&self, text: &str, scratch: &mut Scratch) -> (Verdict, usize, f32, f32) {
        let (verdict, in_scope) = self.judge(text, scratch);
        let best = highest(&scratch.sums);
        (verdict, best, scratch.sums[best], in_scope)
    }

    pub(super) fn raw<'a>(&self, text: &str, scratch: &'a mut Scratch) -> Raw<'a> {
        let classes = self.intents.len();
        self.vocabulary.weigh(&normal(text), &mut scratch.keys, &mut scratch.row);
        let sums = &mut scratch.sums;
        sums.clear();
        sums.extend_from_slice(&self.bias);
        if let Some(head) = &self.head {
            sums.extend_from_slice(&head.bias);
        }
        self.table.add(&scratch.row, sums);
        let (planes, hidden) = sums.split_at_mut(classes);
        let furthest = planes.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut clues = Clues { furthest, known: scratch.keys.known(), loudest: 0.0 };
        for distance in planes.iter_mut() {
            *distance *= STEEP;
        }
        softmax(planes);
        if let Some(head) = &self.head {
            for h in hidden.iter_mut() {
                *h = h.max(0.0);
            }
            let rows = head.output.chunks_exact(hidden.len()).zip(&head.output_bias);
            scratch.scores.clear();
            scratch.scores.extend(rows.map(|(row, bias)| bias + dot(row, hidden)));
            clues.loudest = scratch.scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            softmax(&mut scratch.scores);
            planes
                .iter_mut()
                .zip(&scratch.scores)
                .for_each(|(plane, score)| *plane = f32::midpoint(*plane, *score));
        }
        Raw { probabilities: planes, clues }
    }
}

/// The place of the highest value, the first of equals.
pub(super) fn highest(values: &[f32]) -> usize {
    let mut best = 0;
    for (at, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = at;
        }
    }
    best
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_TEXT)]
}
