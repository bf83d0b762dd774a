//! How a net is learned: stochastic descent by batches, in which each step touches only the rows of the features it
//! met. A row's whole slope is summed up before the row is stepped, in lanes that stay in the processor's registers.

use fastrand::Rng;

use super::{
    net::{Course, Lessons, Net, add, dot, softmax},
    vocabulary::{Row, shorten},
};

/// Hidden places are summed so many at once.
pub const LANES: usize = 32;
/// Adam's memory of slopes, and of their squares.
const FIRST: f32 = 0.9;
const SECOND: f32 = 0.999;

/// Learns; `tell` hears how many samples were looked at.
pub(super) fn learn(lessons: &Lessons, course: &Course, seed: u64, tell: &dyn Fn(usize)) -> Net {
    let mut random = Rng::with_seed(seed);
    let mut net = Net::start(lessons.features, lessons.classes, course.hidden, &mut random);
    let mut moments = Moments::of(&net);
    let mut batch = Batch::default();
    let mut order: Vec<u32> = (0..lessons.rows.len() as u32).collect();
    let steps = order.len().div_ceil(course.batch) * course.epochs;
    let warming = (steps as f32 * 0.1).clamp(1.0, 100.0);
    let mut step = 0;
    for _ in 0..course.epochs {
        random.shuffle(&mut order);
        for places in order.chunks(course.batch) {
            step += 1;
            let warm = (step as f32 / warming).min(1.0);
            let rate = course.rate * warm * (1.0 - (step - 1) as f32 / steps as f32);
            batch.look(lessons, places, course, &mut random);
            batch.hide(&net, course, &mut random);
            batch.judge(&net, lessons, places, course);
            batch.step(&mut net, &mut moments, Pace::at(step, rate));
        }
        tell(order.len());
    }
    net
}

/// How far a step goes, with what Adam's averages lack at the beginning.
#[derive(Clone, Copy)]
struct Pace {
    rate: f32,
    root: f32,
}

impl Pace {
    fn at(step: i32, rate: f32) -> Self {
        Self { rate: rate / (1.0 - FIRST.powi(step)), root: (1.0 - SECOND.powi(step)).sqrt().recip() }
    }
}

/// Adam's two averages of slopes: of each weight, and of the squares of each row of weights. One square a row learns
/// as well as one a weight, and a root is taken once.
struct Averages {
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Averages {
    fn new(rows: usize, width: usize) -> Self {
        Self { first: vec![0.0; rows * width], second: vec![0.0; rows] }
    }

    /// One step of a row of `weights` against its slope.
    fn step(&mut self, weights: &mut [f32], row: usize, slope: &[f32], pace: Pace) {
        let range = row * slope.len()..(row + 1) * slope.len();
        let second = &mut self.second[row];
        *second = SECOND * *second + (1.0 - SECOND) * dot(slope, slope) / slope.len() as f32;
        let by = pace.rate / (second.sqrt() * pace.root + 1e-8);
        for ((weight, slope), first) in
            weights[range.clone()].iter_mut().zip(slope).zip(&mut self.first[range])
        {
            *first = FIRST * *first + (1.0 - FIRST) * *slope;
            *weight -= by * *first;
        }
    }
}

/// The averages of all that a net learns.
struct Moments {
    embedding: Averages,
    bias: Averages,
    output: Averages,
    output_bias: Averages,
}

impl Moments {
    fn of(net: &Net) -> Self {
        let classes = net.output_bias.len();
        Self {
            embedding: Averages::new(net.embedding.len() / net.hidden, net.hidden),
            bias: Averages::new(net.hidden, 1),
            output: Averages::new(classes, net.hidden),
            output_bias: Averages::new(classes, 1),
        }
    }
}

/// What one batch needs on the way; matrices lie sample by sample.
#[derive(Default)]
struct Batch {
    /// Feature, sample, weight: of the features that are not left out.
    met: Vec<(u32, u32, f32)>,
    row: Row,
    hidden: Vec<f32>,
    kept: Vec<f32>,
    /// Scores, then probabilities, then the slopes of the scores.
    scores: Vec<f32>,
    hidden_slopes: Vec<f32>,
    slope: Vec<f32>,
}

impl Batch {
    /// Looks at the samples, with words and features left out by chance.
    fn look(&mut self, lessons: &Lessons, places: &[u32], course: &Course, random: &mut Rng) {
        self.met.clear();
        for (sample, place) in places.iter().enumerate() {
            let noisy = random.f32() < lessons.noisy_looks;
            let from = &if noisy { lessons.noisy } else { lessons.rows }[*place as usize];
            let lost = lost(from.words, course.drop_words, random);
            let mut stays = |words: &u64| words & lost == 0 && random.f32() >= course.drop_features;
            self.row.clear();
            self.row.extend(
                from.row.iter().zip(&from.origins).filter(|(_, words)| stays(words)).map(|(x, _)| *x),
            );
            shorten(&mut self.row);
            self.met.extend(self.row.iter().map(|(feature, x)| (*feature, sample as u32, *x)));
        }
        let hidden = places.len() * course.hidden;
        self.hidden.resize(hidden, 0.0);
        self.hidden_slopes.resize(hidden, 0.0);
        self.scores.resize(places.len() * lessons.classes, 0.0);
        self.slope.resize(course.hidden, 0.0);
    }

    /// The hidden vectors, with places left out by chance.
    fn hide(&mut self, net: &Net, course: &Course, random: &mut Rng) {
        let width = net.hidden;
        for hidden in self.hidden.chunks_exact_mut(width) {
            hidden.copy_from_slice(&net.bias);
        }
        for (feature, sample, x) in &self.met {
            let to = &mut self.hidden[*sample as usize * width..][..width];
            add(to, &net.embedding[*feature as usize * width..][..width], *x);
        }
        let kept = (1.0 - course.drop_hidden).recip();
        self.kept.clear();
        for h in &mut self.hidden {
            let keep = if random.f32() < course.drop_hidden { 0.0 } else { kept };
            *h = h.max(0.0) * keep;
            self.kept.push(keep);
        }
    }

    /// What the net says, and how far that is from what is wanted: the slopes of scores and of hidden places.
    fn judge(&mut self, net: &Net, lessons: &Lessons, places: &[u32], course: &Course) {
        let (width, classes) = (net.hidden, lessons.classes);
        for (class, (weights, bias)) in net.output.chunks_exact(width).zip(&net.output_bias).enumerate() {
            for (sample, hidden) in self.hidden.chunks_exact(width).enumerate() {
                self.scores[sample * classes + class] = bias + dot(weights, hidden);
            }
        }
        let share = (places.len() as f32).recip();
        for (scores, place) in self.scores.chunks_exact_mut(classes).zip(places) {
            let target = lessons.targets[*place as usize];
            let even = if target.is_some() { course.smoothing } else { 1.0 } / classes as f32;
            softmax(scores);
            for score in scores.iter_mut() {
                *score = (*score - even) * share;
            }
            if let Some(class) = target {
                scores[class] -= (1.0 - course.smoothing) * share;
            }
        }
        let samples = self.hidden_slopes.chunks_exact_mut(width).zip(self.scores.chunks_exact(classes));
        for (slopes, scores) in samples {
            let rows = || scores.iter().zip(net.output.chunks_exact(width)).map(|(by, row)| (*by, row));
            sum(rows, slopes);
        }
        let passed = self.hidden.iter().zip(&self.kept);
        for (slope, (h, kept)) in self.hidden_slopes.iter_mut().zip(passed) {
            *slope *= if *h > 0.0 { *kept } else { 0.0 };
        }
    }

    fn step(&mut self, net: &mut Net, moments: &mut Moments, pace: Pace) {
        let (width, classes) = (net.hidden, net.output_bias.len());
        let Self { met, hidden, scores, hidden_slopes, slope, .. } = self;
        for class in 0..classes {
            let of_class = || scores.iter().skip(class).step_by(classes).copied();
            sum(|| of_class().zip(hidden.chunks_exact(width)), slope);
            moments.output.step(&mut net.output, class, slope, pace);
            moments.output_bias.step(&mut net.output_bias, class, &[of_class().sum()], pace);
        }
        sum(|| hidden_slopes.chunks_exact(width).map(|slopes| (1.0, slopes)), slope);
        for (place, slope) in slope.iter().enumerate() {
            moments.bias.step(&mut net.bias, place, &[*slope], pace);
        }
        met.sort_unstable_by_key(|(feature, sample, _)| (*feature, *sample));
        for same in met.chunk_by(|a, b| a.0 == b.0) {
            let slopes = |sample: u32| &hidden_slopes[sample as usize * width..][..width];
            sum(|| same.iter().map(|(_, sample, x)| (*x, slopes(*sample))), slope);
            moments.embedding.step(&mut net.embedding, same[0].0 as usize, slope, pace);
        }
    }
}

/// The words that a look leaves out, as bits; never the only one.
fn lost(words: u32, share: f32, random: &mut Rng) -> u64 {
    if words < 2 {
        return 0;
    }
    (0..words).filter(|_| random.f32() < share).fold(0, |lost, word| lost | 1 << word)
}

/// The sum of rows, each times its weight, [`LANES`] places at a time.
fn sum<'a, I: Iterator<Item = (f32, &'a [f32])>>(rows: impl Fn() -> I, into: &mut [f32]) {
    for (block, into) in into.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        let mut sums = [0.0_f32; LANES];
        for (by, row) in rows() {
            let row = &row[block * LANES..][..LANES];
            for lane in 0..LANES {
                sums[lane] += by * row[lane];
            }
        }
        *into = sums;
    }
}
