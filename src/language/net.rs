//! The net half: features add up to a short hidden vector, from which every intent gets its score. Learned by
//! stochastic descent in which each step touches only the rows of the features it met.

use fastrand::Rng;

use super::vocabulary::{Row, shorten};

/// How a net is learned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    pub hidden: usize,
    pub epochs: usize,
    pub batch: usize,
    pub rate: f32,
    /// Share of a text's features left out at each look.
    pub drop_features: f32,
    /// Share of the hidden vector left out at each look.
    pub drop_hidden: f32,
    /// Share of the certainty that goes to all classes evenly.
    pub smoothing: f32,
}

/// What a net learns from.
#[derive(Clone, Copy)]
pub struct Lessons<'a> {
    pub rows: &'a [Row],
    /// Each row as a recogniser may hear it.
    pub noisy: &'a [Row],
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

/// Adam's two averages of a parameter's slopes: of each weight, and of the squares of each row of weights. One
/// square a row learns as well as one a weight, and a root is taken once.
struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Moments {
    fn new(size: usize, width: usize) -> Self {
        Self { first: vec![0.0; size], second: vec![0.0; size / width] }
    }

    /// One step of a row of `weights` against its slope, which is set back to nothing.
    fn step(&mut self, weights: &mut [f32], row: usize, slope: &mut [f32], pace: Pace) {
        let range = row * slope.len()..(row + 1) * slope.len();
        let second = &mut self.second[row];
        *second = 0.999 * *second + 0.001 * dot(slope, slope) / slope.len() as f32;
        let by = pace.rate / (second.sqrt() * pace.root + 1e-8);
        let first = &mut self.first[range.clone()];
        for ((weight, slope), first) in weights[range].iter_mut().zip(slope).zip(first) {
            *first = 0.9 * *first + 0.1 * *slope;
            *weight -= by * *first;
            *slope = 0.0;
        }
    }
}

/// How far a step goes, with what Adam's averages lack at the beginning.
#[derive(Clone, Copy)]
struct Pace {
    rate: f32,
    root: f32,
}

impl Pace {
    fn at(step: i32, rate: f32) -> Self {
        Self { rate: rate / (1.0 - 0.9_f32.powi(step)), root: (1.0 - 0.999_f32.powi(step)).sqrt().recip() }
    }
}

/// The slopes of one batch and what it needs on the way.
struct Slopes {
    /// Where a feature's slope lies in `rows`, or nowhere.
    place: Vec<u32>,
    met: Vec<u32>,
    rows: Vec<f32>,
    bias: Vec<f32>,
    output: Vec<f32>,
    output_bias: Vec<f32>,
}

const NOWHERE: u32 = u32::MAX;

impl Net {
    /// Learns; `tell` hears how many samples were looked at.
    pub fn learn(lessons: &Lessons, course: &Course, seed: u64, tell: &dyn Fn(usize)) -> Self {
        let mut random = Rng::with_seed(seed);
        let Lessons { features, classes, rows, .. } = *lessons;
        let mut net = Self::start(features, classes, course.hidden, &mut random);
        let mut slopes = Slopes::new(features, classes, course.hidden);
        let mut moments = [
            Moments::new(net.embedding.len(), course.hidden),
            Moments::new(course.hidden, 1),
            Moments::new(net.output.len(), course.hidden),
            Moments::new(classes, 1),
        ];
        let mut order: Vec<u32> = (0..rows.len() as u32).collect();
        let steps = rows.len().div_ceil(course.batch) * course.epochs;
        let warming = (steps as f32 * 0.1).clamp(1.0, 100.0);
        let mut step = 0;
        let mut look = Look::default();
        for _ in 0..course.epochs {
            random.shuffle(&mut order);
            for batch in order.chunks(course.batch) {
                for at in batch {
                    let at = *at as usize;
                    let noisy = random.f32() < lessons.noisy_looks;
                    look.thin(if noisy { &lessons.noisy[at] } else { &rows[at] }, course, &mut random);
                    net.look(&mut look, lessons.targets[at], course, batch.len(), &mut slopes);
                }
                step += 1;
                let warm = (step as f32 / warming).min(1.0);
                let rate = course.rate * warm * (1.0 - (step - 1) as f32 / steps as f32);
                net.step(&mut slopes, &mut moments, Pace::at(step, rate));
            }
            tell(rows.len());
        }
        net
    }

    fn start(features: usize, classes: usize, hidden: usize, random: &mut Rng) -> Self {
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

    /// One look at a sample: its share of the batch's slopes.
    fn look(
        &self,
        look: &mut Look,
        target: Option<usize>,
        course: &Course,
        batch: usize,
        slopes: &mut Slopes,
    ) {
        let (hidden, classes) = (self.hidden, self.output_bias.len());
        self.hide(&look.row, &mut look.hidden);
        for (h, kept) in look.hidden.iter_mut().zip(&look.kept) {
            *h *= kept;
        }
        self.decide(&look.hidden, &mut look.scores);
        softmax(&mut look.scores);
        let even = if target.is_some() { course.smoothing } else { 1.0 } / classes as f32;
        look.slope.clear();
        look.slope.resize(hidden, 0.0);
        for (class, probability) in look.scores.iter().enumerate() {
            let wanted = even + if target == Some(class) { 1.0 - course.smoothing } else { 0.0 };
            let slope = (probability - wanted) / batch as f32;
            slopes.output_bias[class] += slope;
            let range = class * hidden..(class + 1) * hidden;
            add(&mut slopes.output[range.clone()], &look.hidden, slope);
            add(&mut look.slope, &self.output[range], slope);
        }
        for ((slope, h), kept) in look.slope.iter_mut().zip(&look.hidden).zip(&look.kept) {
            *slope = if *h > 0.0 { *slope * kept } else { 0.0 };
        }
        add(&mut slopes.bias, &look.slope, 1.0);
        for (feature, x) in &look.row {
            add(slopes.row(*feature, hidden), &look.slope, *x);
        }
    }

    fn step(&mut self, slopes: &mut Slopes, moments: &mut [Moments; 4], pace: Pace) {
        let hidden = self.hidden;
        let [embedding, bias, output, output_bias] = moments;
        for (place, feature) in slopes.met.iter().enumerate() {
            slopes.place[*feature as usize] = NOWHERE;
            let slope = &mut slopes.rows[place * hidden..(place + 1) * hidden];
            embedding.step(&mut self.embedding, *feature as usize, slope, pace);
        }
        slopes.met.clear();
        for (class, slope) in slopes.output.chunks_exact_mut(hidden).enumerate() {
            output.step(&mut self.output, class, slope, pace);
        }
        for (at, slope) in slopes.bias.chunks_exact_mut(1).enumerate() {
            bias.step(&mut self.bias, at, slope, pace);
        }
        for (class, slope) in slopes.output_bias.chunks_exact_mut(1).enumerate() {
            output_bias.step(&mut self.output_bias, class, slope, pace);
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

impl Slopes {
    fn new(features: usize, classes: usize, hidden: usize) -> Self {
        Self {
            place: vec![NOWHERE; features],
            met: Vec::new(),
            rows: Vec::new(),
            bias: vec![0.0; hidden],
            output: vec![0.0; classes * hidden],
            output_bias: vec![0.0; classes],
        }
    }

    fn row(&mut self, feature: u32, hidden: usize) -> &mut [f32] {
        if self.place[feature as usize] == NOWHERE {
            self.place[feature as usize] = self.met.len() as u32;
            self.met.push(feature);
            if self.rows.len() < self.met.len() * hidden {
                self.rows.resize(self.met.len() * hidden, 0.0);
            }
        }
        let from = self.place[feature as usize] as usize * hidden;
        &mut self.rows[from..from + hidden]
    }
}

/// One sample as it is looked at once, with features and hidden places left out by chance.
#[derive(Default)]
struct Look {
    row: Row,
    hidden: Vec<f32>,
    kept: Vec<f32>,
    scores: Vec<f32>,
    slope: Vec<f32>,
}

impl Look {
    fn thin(&mut self, row: &Row, course: &Course, random: &mut Rng) {
        self.row.clear();
        self.row.extend(row.iter().filter(|_| random.f32() >= course.drop_features));
        shorten(&mut self.row);
        let kept = (1.0 - course.drop_hidden).recip();
        self.kept.clear();
        let chance = |_| if random.f32() < course.drop_hidden { 0.0 } else { kept };
        self.kept.extend((0..course.hidden).map(chance));
    }
}

/// `to += from * by`.
fn add(to: &mut [f32], from: &[f32], by: f32) {
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
        hidden: 8,
        epochs: 1000,
        batch: 4,
        rate: 0.01,
        drop_features: 0.1,
        drop_hidden: 0.1,
        smoothing: 0.05,
    };

    fn learned(seed: u64, noisy_looks: f32) -> Net {
        // Either feature alone is one class, both together are the other: no plane parts them.
        let rows: Vec<Row> = vec![vec![(0, 1.0)], vec![(1, 1.0)], vec![(0, 0.7), (1, 0.7)], vec![(2, 1.0)]];
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
