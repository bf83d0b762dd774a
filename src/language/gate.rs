//! How sure is sure: turns raw probabilities into calibrated ones, tells what is in no intent's scope, and holds the
//! thresholds between accepting, asking back and refusing. Fitted on answers to samples that were not learned from.

use super::{
    measure::{Judged, threshold},
    model::{Verdict, highest},
};

/// What tells in scope from out of scope besides the probabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Clues {
    /// Distance from the plane of the class that it is furthest inside of.
    pub furthest: f32,
    /// Share of the text's keys that the samples had.
    pub known: f32,
    /// The net's highest score.
    pub loudest: f32,
}

/// One answer to a sample that was not learned from.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub clues: Clues,
    pub probabilities: Vec<f32>,
    /// The right class; `None` when out of scope.
    pub class: Option<usize>,
}

/// How many numbers tell in scope from out of scope, with the constant.
pub const WEIGHTS: usize = 6;

/// Calibration and thresholds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    /// Exponent of the probabilities.
    pub sharpness: f32,
    pub weights: [f32; WEIGHTS],
    /// At least so sure: accepted.
    pub accept: f32,
    /// At least so sure: asked back; below: refused.
    pub confirm: f32,
}

/// What share of the samples in scope may be refused, and how many of the accepted may be wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    pub in_scope_loss: f32,
    pub wrong_accepted: f32,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { in_scope_loss: 0.03, wrong_accepted: 0.03 }
    }
}

impl Gate {
    /// A gate that lets everything through as it is.
    pub const OPEN: Self = Self { sharpness: 1.0, weights: [0.0; WEIGHTS], accept: 0.0, confirm: 0.0 };

    /// Fits to answers.
    pub fn fit(answers: &[Answer], tolerance: Tolerance) -> Self {
        let mut gate = Self { sharpness: sharpness(answers), ..Self::OPEN };
        let points: Vec<([f32; WEIGHTS], bool)> = answers
            .iter()
            .map(|answer| {
                let mut probabilities = answer.probabilities.clone();
                gate.sharpen(&mut probabilities);
                (features(&answer.clues, &probabilities), answer.class.is_some())
            })
            .collect();
        gate.weights = logistic(&points);
        let mut scope: Vec<Judged> = Vec::new();
        let mut guesses: Vec<(f32, bool)> = Vec::new();
        for answer in answers {
            let mut probabilities = answer.probabilities.clone();
            let in_scope = gate.in_scope(&answer.clues, &mut probabilities);
            let best = highest(&probabilities);
            scope.push((in_scope, answer.class.is_some()));
            guesses.push((probabilities[best] * in_scope, answer.class == Some(best)));
        }
        gate.confirm = threshold(&scope, tolerance.in_scope_loss);
        gate.accept = surely(guesses, tolerance.wrong_accepted);
        gate
    }

    fn sharpen(&self, probabilities: &mut [f32]) {
        let mut sum = 0.0;
        for probability in probabilities.iter_mut() {
            *probability = probability.max(1e-9).powf(self.sharpness);
            sum += *probability;
        }
        for probability in probabilities.iter_mut() {
            *probability /= sum;
        }
    }

    /// Calibrates the probabilities and says how likely the text is in scope.
    pub fn in_scope(&self, clues: &Clues, probabilities: &mut [f32]) -> f32 {
        self.sharpen(probabilities);
        sigmoid(features(clues, probabilities).iter().zip(&self.weights).map(|(x, weight)| x * weight).sum())
    }

    /// What to do with a text of which one intent has this probability.
    pub fn verdict(&self, in_scope: f32, probability: f32) -> Verdict {
        if in_scope < self.confirm {
            Verdict::Reject
        } else if probability < self.accept {
            Verdict::Confirm
        } else {
            Verdict::Accept
        }
    }
}

/// The lowest probability from which on at most `wrong` of the guesses are wrong.
fn surely(mut guesses: Vec<(f32, bool)>, wrong: f32) -> f32 {
    guesses.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut errors, mut lowest) = (0_u32, 1.0);
    for (count, (probability, right)) in guesses.into_iter().enumerate() {
        errors += u32::from(!right);
        if errors as f32 <= wrong * (count + 1) as f32 {
            lowest = probability;
        }
    }
    lowest
}

/// The numbers that tell in scope from out of scope.
fn features(clues: &Clues, probabilities: &[f32]) -> [f32; WEIGHTS] {
    let (mut first, mut second) = (0.0_f32, 0.0_f32);
    for probability in probabilities {
        if *probability > first {
            (first, second) = (*probability, first);
        } else if *probability > second {
            second = *probability;
        }
    }
    let odds = (first.clamp(1e-4, 0.9999) / (1.0 - first.clamp(1e-4, 0.9999))).ln();
    [1.0, odds, clues.furthest, clues.known, clues.loudest * 0.25, first - second]
}

/// The exponent under which the right classes are likeliest.
fn sharpness(answers: &[Answer]) -> f32 {
    let loss = |exponent: f32| -> f64 {
        answers
            .iter()
            .filter_map(|answer| {
                let class = answer.class?;
                let power = |p: &f32| f64::from(p.max(1e-9).powf(exponent));
                let sum: f64 = answer.probabilities.iter().map(power).sum();
                Some(-(power(&answer.probabilities[class]) / sum).ln())
            })
            .sum()
    };
    let (mut low, mut high) = (0.25_f32, 6.0_f32);
    for _ in 0..24 {
        let (a, b) = (low + (high - low) * 0.382, low + (high - low) * 0.618);
        if loss(a) < loss(b) { high = b } else { low = a }
    }
    f32::midpoint(low, high)
}

/// Weights under which the points' sides are likeliest, both sides weighing the same; Newton's steps.
fn logistic(points: &[([f32; WEIGHTS], bool)]) -> [f32; WEIGHTS] {
    let inside = points.iter().filter(|(_, inside)| *inside).count() as f64;
    let outside = points.len() as f64 - inside;
    let mut weights = [0.0_f64; WEIGHTS];
    if inside < 1.0 || outside < 1.0 {
        weights[1] = 1.0;
        return weights.map(|weight| weight as f32);
    }
    for _ in 0..30 {
        let mut slope = weights.map(|weight| -weight * 0.02);
        let mut curve = [[0.0_f64; WEIGHTS]; WEIGHTS];
        (0..WEIGHTS).for_each(|i| curve[i][i] = 0.02);
        for (x, is_inside) in points {
            let each = if *is_inside { 0.5 / inside } else { 0.5 / outside };
            let z: f64 = x.iter().zip(&weights).map(|(x, weight)| f64::from(*x) * weight).sum();
            let p = 1.0 / (1.0 + (-z).exp());
            let wanted = if *is_inside { 1.0 } else { 0.0 };
            for i in 0..WEIGHTS {
                slope[i] += each * 100.0 * (wanted - p) * f64::from(x[i]);
                for j in 0..WEIGHTS {
                    curve[i][j] +=
                        each * 100.0 * (p * (1.0 - p)).max(1e-6) * f64::from(x[i]) * f64::from(x[j]);
                }
            }
        }
        for (weight, step) in weights.iter_mut().zip(solve(curve, slope)) {
            *weight += step.clamp(-2.0, 2.0);
        }
    }
    weights.map(|weight| weight as f32)
}

/// Solves a symmetric positive system.
fn solve(mut a: [[f64; WEIGHTS]; WEIGHTS], mut b: [f64; WEIGHTS]) -> [f64; WEIGHTS] {
    for i in 0..WEIGHTS {
        for j in i + 1..WEIGHTS {
            let by = a[j][i] / a[i][i];
            let above = a[i];
            a[j].iter_mut().zip(above).for_each(|(to, from)| *to -= by * from);
            b[j] -= by * b[i];
        }
    }
    for i in (0..WEIGHTS).rev() {
        let known: f64 = (i + 1..WEIGHTS).map(|j| a[i][j] * b[j]).sum();
        b[i] = (b[i] - known) / a[i][i];
    }
    b
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
