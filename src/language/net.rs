//! The net half: features add up to a short hidden vector, from which every intent gets its score. `descent` learns it.

use fastrand::Rng;

use super::{
    descent,
    vocabulary::{Row, Shape},
};

/// How a net is learned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    /// A multiple of [`descent::LANES`].
    pub hidden: usize,
    pub epochs: usize,
    pub batch: usize,
    pub rate: f32,
    /// Share of a text's words left out at each look, with all their features.
    pub drop_words: f32,
    /// Share of the features left out of what remains.
    pub drop_features: f32,
    /// Share of the hidden vector left out at each look.
    pub drop_hidden: f32,
    /// Share of the certainty that goes to all classes evenly.
    pub smoothing: f32,
}

/// What a net learns from.
#[derive(Clone, Copy)]
pub struct Lessons<'a> {
    pub rows: &'a [Shape],
    /// Each row as a recogniser may hear it.
    pub noisy: &'a [Shape],
    /// How often a look is at the noisy one.
    pub noisy_looks: f32,
    /// A class, or none for what is out of scope.
    pub targets: &'a [Option<usize>],
    pub features: usize,
    pub classes: usize,
}

/// The learned net; rows lie feature by feature and class by class.
#[derive(Clone, Debug)]
pub struct Net {
    pub hidden: usize,
    pub embedding: Vec<f32>,
    pub bias: Vec<f32>,
    pub output: Vec<f32>,
    pub output_bias: Vec<f32>,
}

impl Net {
    /// Learns; `tell` hears how many samples were looked at.
    pub fn learn(lessons: &Lessons, course: &Course, seed: u64, tell: &dyn Fn(usize)) -> Self {
        descent::learn(lessons, course, seed, tell)
    }

    /// A net that knows nothing yet.
    pub(super) fn start(features: usize, classes: usize, hidden: usize, random: &mut Rng) -> Self {
        let mut uniform = |size: usize, width: f32| -> Vec<f32> {
            (0..size).map(|_| (random.f32() * 2.0 - 1.0) * width).collect()
        };
        Self {
            hidden,
            embedding: uniform(features * hidden, 0.1),
            bias: vec![0.0; hidden],
            output: uniform(classes * hidden, (hidden as f32).sqrt().recip()),
            output_bias: vec![0.0; classes],
        }
    }

    /// The hidden vector of a row.
    pub fn hide(&self, row: &Row, into: &mut Vec<f32>) {
        into.clear();
        into.extend_from_slice(&self.bias);
        for (feature, x) in row {
            let from = *feature as usize * self.hidden;
            add(into, &self.embedding[from..from + self.hidden], *x);
        }
        for h in into.iter_mut() {
            *h = h.max(0.0);
        }
    }

    /// The classes' scores of a hidden vector.
    pub fn decide(&self, hidden: &[f32], scores: &mut Vec<f32>) {
        scores.clear();
        let rows = self.output.chunks_exact(self.hidden).zip(&self.output_bias);
        scores.extend(rows.map(|(row, bias)| bias + dot(row, hidden)));
    }
}

/// `to += from * by`.
pub fn add(to: &mut [f32], from: &[f32], by: f32) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from * by;
    }
}

/// The sum of products.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    let (a, rest_a) = a.as_chunks::<8>();
    let (b, rest_b) = b.as_chunks::<8>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f32>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f32>()
}

/// Scores to probabilities.
pub fn softmax(scores: &mut [f32]) {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - highest).exp();
        sum += *score;
    }
    for score in scores.iter_mut() {
        *score /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COURSE: Course = Course {
        hidden: 32,
        epochs: 1000,
        batch: 4,
        rate: 0.01,
        drop_words: 0.0,
        drop_features: 0.1,
        drop_hidden: 0.1,
        smoothing: 0.05,
    };

    fn learned(seed: u64, noisy_looks: f32) -> Net {
        // Either feature alone is one class, both together are the other: no plane parts them.
        let rows: Vec<Row> = vec![vec![(0, 1.0)], vec![(1, 1.0)], vec![(0, 0.7), (1, 0.7)], vec![(2, 1.0)]];
        let shape = |row: Row| Shape { origins: vec![1; row.len()], row, words: 1 };
        let rows: Vec<Shape> = rows.into_iter().map(shape).collect();
        let targets = [Some(0), Some(0), Some(1), None];
        let lessons =
            Lessons { rows: &rows, noisy: &rows, noisy_looks, targets: &targets, features: 3, classes: 2 };
        Net::learn(&lessons, &Course { drop_features: 0.0, ..COURSE }, seed, &|_| {})
    }

    fn probabilities(net: &Net, row: &Row) -> Vec<f32> {
        let (mut hidden, mut scores) = (Vec::new(), Vec::new());
        net.hide(row, &mut hidden);
        net.decide(&hidden, &mut scores);
        softmax(&mut scores);
        scores
    }

    #[test]
    fn what_no_plane_parts_is_learned_and_what_is_outside_stays_undecided() {
        let net = learned(5, 0.0);
        assert!(probabilities(&net, &vec![(0, 1.0)])[0] > 0.8);
        assert!(probabilities(&net, &vec![(1, 1.0)])[0] > 0.8);
        assert!(probabilities(&net, &vec![(0, 0.7), (1, 0.7)])[1] > 0.8);
        let outside = probabilities(&net, &vec![(2, 1.0)]);
        assert!((outside[0] - 0.5).abs() < 0.15, "{outside:?}");
    }

    #[test]
    fn a_seed_repeats_itself_and_another_does_not() {
        assert_eq!(learned(1, 0.5).embedding, learned(1, 0.5).embedding);
        assert_ne!(learned(1, 0.5).embedding, learned(2, 0.5).embedding);
    }
}
