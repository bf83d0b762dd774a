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

/// Callers say something that is in no intent's scope about once in ten times: their odds of being in scope.
const ODDS: f64 = 9.0;

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
    let (mut errors, mut count, mut lowest) = (0, 0, 1.0);
    for same in guesses.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        errors += same.iter().filter(|(_, right)| !right).count();
        count += same.len();
        if errors as f32 <= wrong * count as f32 {
            lowest = same[0].0;
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

/// Weights under which the points' sides are likeliest, as many callers are on each as [`ODDS`] says, however many
/// samples there are; Newton's steps.
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
    // Both sides weighed the same.
    weights[0] += ODDS.ln();
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

#[cfg(test)]
mod tests {
    use super::*;

    /// In scope: sure and mostly known, every tenth taken for another; out of scope: unsure and mostly unknown.
    fn answers() -> Vec<Answer> {
        let answer = |number: usize| {
            let outside = number.is_multiple_of(5);
            let wave = (number * 37 % 100) as f32 / 100.0;
            let sure = if outside { 0.25 + wave * 0.3 } else { 0.5 + wave * 0.2 };
            let known = if outside { wave * 0.6 } else { 0.5 + wave * 0.5 };
            let class = (!outside).then_some(usize::from(number % 50 == 1));
            let clues = Clues { furthest: sure - 0.5, known, loudest: sure * 4.0 };
            Answer { clues, probabilities: vec![sure, (1.0 - sure) * 0.6, (1.0 - sure) * 0.4], class }
        };
        (0..1000).map(answer).collect()
    }

    fn verdicts(gate: &Gate) -> Vec<(Verdict, Option<usize>, f32)> {
        let judged = |mut answer: Answer| {
            let in_scope = gate.in_scope(&answer.clues, &mut answer.probabilities);
            let probability = answer.probabilities[0] * in_scope;
            (gate.verdict(in_scope, probability), answer.class, probability)
        };
        answers().into_iter().map(judged).collect()
    }

    #[test]
    fn it_refuses_no_more_in_scope_than_it_may_and_most_of_the_rest() {
        let gate = Gate::fit(&answers(), Tolerance { in_scope_loss: 0.05, wrong_accepted: 0.03 });
        let all = verdicts(&gate);
        let refused = |inside: bool| {
            let of: Vec<_> = all.iter().filter(|(_, class, _)| class.is_some() == inside).collect();
            of.iter().filter(|(verdict, ..)| *verdict == Verdict::Reject).count() as f32 / of.len() as f32
        };
        assert!(refused(true) <= 0.05, "{}", refused(true));
        assert!(refused(false) > 0.6, "{}", refused(false));
    }

    #[test]
    fn of_what_is_accepted_no_more_is_wrong_than_may_be() {
        let tolerance = Tolerance { in_scope_loss: 0.0, wrong_accepted: 0.04 };
        let gate = Gate::fit(&answers(), tolerance);
        let accepted: Vec<_> = verdicts(&gate).into_iter().filter(|one| one.0 == Verdict::Accept).collect();
        let wrong = accepted.iter().filter(|(_, class, _)| *class != Some(0)).count();
        assert!(
            !accepted.is_empty() && wrong as f32 <= 0.04 * accepted.len() as f32,
            "{wrong} of {}",
            accepted.len()
        );
        assert_eq!(surely(vec![(0.9, false)], 0.1).to_bits(), 1.0_f32.to_bits(), "nothing is sure enough");
    }

    #[test]
    fn probabilities_become_as_sure_as_they_are_right() {
        let gate = Gate::fit(&answers(), Tolerance::default());
        // Said to be about 0.6, and right in 39 of 40.
        assert!(gate.sharpness > 1.5, "{}", gate.sharpness);
        let mut probabilities = vec![0.6, 0.24, 0.16];
        gate.in_scope(&Clues::default(), &mut probabilities);
        assert!(probabilities[0] > 0.8 && (probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }
}
