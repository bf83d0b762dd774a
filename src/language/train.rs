//! Learns a model from samples: the whole one, and smaller ones that show how it answers to what it has not seen.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use fastrand::Rng;
use smol_str::SmolStr;

use super::{
    evaluate::{Outcome, evaluate},
    feature::Keys,
    gate::{Answer, Gate, Tolerance},
    linear::Linear,
    model::{Head, Model, Scratch, highest},
    net::Net,
    noise::Noise,
    normal::normal,
    origin::Origin,
    outside,
    plan::Plan,
    sample::{Sample, intents},
    table::Table,
    vocabulary::{Row, Shape, Vocabulary},
};

/// Never more threads than these.
const THREADS: usize = 2;

/// What training is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    pub seed: u64,
    pub tolerance: Tolerance,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { seed: 20_261_121, tolerance: Tolerance::default() }
    }
}

/// A learned model, and what it makes of samples that it did not learn from, as far as they were held out.
#[derive(Debug)]
pub struct Trained {
    pub model: Model,
    pub unseen: Vec<Outcome>,
}

/// Why nothing is learned.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TrainError {
    #[error("there is no sample of any intent; write some sentences that callers say for each intent")]
    NoSamples,
    #[error("all samples are of the one intent {0}; a second one is needed to tell it from")]
    OneIntent(SmolStr),
    #[error("the intent {0} has only samples without a word; write what callers say")]
    Wordless(SmolStr),
}

/// Told now and then which share of the work is done; from several threads.
pub type Progress<'a> = &'a (dyn Fn(f32) + Sync);

/// Learns a model. The same samples, wishes and program give the same model.
pub fn train(samples: &[Sample], wanted: &Wanted, progress: Progress) -> Result<Trained, TrainError> {
    train_by(&Plan::of(samples), samples, wanted, progress)
}

/// Learns by another plan than the samples' own.
pub fn train_by(
    plan: &Plan,
    samples: &[Sample],
    wanted: &Wanted,
    progress: Progress,
) -> Result<Trained, TrainError> {
    let names = check(samples)?;
    let class = |intent: &SmolStr| names.binary_search(intent).expect("an intent of these samples");
    let mut lessons: Vec<Lesson> = samples
        .iter()
        .map(|sample| Lesson { text: normal(&sample.text), class: sample.intent.as_ref().map(class) })
        .filter(|lesson| super::normal::runs(&lesson.text).next().is_some())
        .collect();
    lessons.extend(outside::beside(&lessons).into_iter().map(|text| Lesson { text, class: None }));
    let classes: Vec<Option<usize>> = lessons.iter().map(|lesson| lesson.class).collect();
    let parts = divide(&classes, plan.folds, wanted.seed);

    let mut desks = vec![Desk::new(&lessons, |_| true, plan, names.len(), wanted.seed)];
    desks.extend((0..plan.held_out).map(|out| {
        Desk::new(&lessons, |at| parts[at] != out, plan, names.len(), wanted.seed + 1 + out as u64)
    }));
    let learned = learn(&desks, plan, progress);
    let mut models = desks.into_iter().zip(learned).map(|(desk, learned)| desk.model(&names, learned));
    let mut model = models.next().expect("the whole one is first");
    let mut scratch = Scratch::default();
    let mut answers = Vec::new();
    for (out, model) in models.enumerate() {
        for (lesson, _) in lessons.iter().zip(&parts).filter(|(_, part)| **part == out) {
            let raw = model.raw(&lesson.text, &mut scratch);
            let (clues, probabilities) = (raw.clues, raw.probabilities.to_vec());
            answers.push(Answer { clues, probabilities, class: lesson.class });
        }
    }
    model.gate = Gate::fit(&answers, wanted.tolerance);
    let unseen: Vec<Outcome> = answers.into_iter().map(|answer| outcome(&model, answer)).collect();
    model.origin = Origin::of(samples, &evaluate(&unseen));
    Ok(Trained { model, unseen })
}

/// What the model's gate makes of an answer to a sample that was not learned from.
fn outcome(model: &Model, mut answer: Answer) -> Outcome {
    let in_scope = model.gate.in_scope(&answer.clues, &mut answer.probabilities);
    let best = highest(&answer.probabilities);
    Outcome {
        intent: answer.class.map(|class| model.intents[class].clone()),
        guess: model.intents[best].clone(),
        probability: answer.probabilities[best] * in_scope,
        in_scope,
        verdict: model.gate.verdict(in_scope, answer.probabilities[best] * in_scope),
    }
}

/// The intents' names, if something can be learned of them.
fn check(samples: &[Sample]) -> Result<Vec<SmolStr>, TrainError> {
    let names: Vec<SmolStr> = intents(samples).into_keys().collect();
    match names.as_slice() {
        [] => return Err(TrainError::NoSamples),
        [one] => return Err(TrainError::OneIntent(one.clone())),
        _ => {}
    }
    let mut spoken = vec![false; names.len()];
    for sample in samples.iter().filter(|sample| sample.says_something()) {
        if let Some(at) = sample.intent.as_ref().and_then(|intent| names.binary_search(intent).ok()) {
            spoken[at] = true;
        }
    }
    match spoken.iter().position(|spoken| !spoken) {
        Some(silent) => Err(TrainError::Wordless(names[silent].clone())),
        None => Ok(names),
    }
}

/// A folded text and its class.
pub(super) struct Lesson {
    pub text: String,
    pub class: Option<usize>,
}

/// The part that each of these belongs to; each class is spread evenly over all parts.
pub(super) fn divide<T: Ord>(classes: &[T], parts: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..classes.len()).collect();
    Rng::with_seed(seed).shuffle(&mut order);
    order.sort_by_key(|at| &classes[*at]);
    let mut part_of = vec![0; classes.len()];
    order.into_iter().enumerate().for_each(|(place, at)| part_of[at] = place % parts);
    part_of
}

/// All that is needed to learn one model.
struct Desk {
    vocabulary: Vocabulary,
    rows: Vec<Shape>,
    noisy: Vec<Shape>,
    classes: Vec<Option<usize>>,
    names: usize,
    seed: u64,
}

enum Learned {
    Linear(Linear),
    Net(Net),
}

impl Desk {
    fn new(lessons: &[Lesson], takes: impl Fn(usize) -> bool, plan: &Plan, names: usize, seed: u64) -> Self {
        let taken: Vec<&Lesson> =
            lessons.iter().enumerate().filter(|(at, _)| takes(*at)).map(|(_, lesson)| lesson).collect();
        let texts = || taken.iter().map(|lesson| lesson.text.as_str());
        let noise = Noise::learn(texts());
        let mut random = Rng::with_seed(seed);
        let blurred: Vec<String> = texts().map(|text| noise.blur(text, plan.noise, &mut random)).collect();
        let mut vocabulary = Vocabulary::learn(texts(), plan.least);
        vocabulary.senses = plan.senses;
        let mut keys = Keys::default();
        let rows = texts().map(|text| vocabulary.shape(text, &mut keys)).collect();
        let noisy = blurred.iter().map(|text| vocabulary.shape(text, &mut keys)).collect();
        let classes = taken.iter().map(|lesson| lesson.class).collect();
        Self { vocabulary, rows, noisy, classes, names, seed }
    }

    fn linear(&self) -> Linear {
        let rows: Vec<&Row> = self.rows.iter().chain(&self.noisy).map(|shape| &shape.row).collect();
        let classes: Vec<Option<usize>> = self.classes.iter().chain(&self.classes).copied().collect();
        Linear::learn(&rows, &classes, self.vocabulary.features(), self.names, self.seed)
    }

    fn model(self, names: &[SmolStr], learned: (Linear, Option<Net>)) -> Model {
        let (linear, net) = learned;
        let mut blocks = vec![(self.names, linear.weights.as_slice())];
        blocks.extend(net.iter().map(|net| (net.hidden, net.embedding.as_slice())));
        let table = Table::of(&blocks, self.vocabulary.features());
        let head = |net: Net| Head { bias: net.bias, output: net.output, output_bias: net.output_bias };
        Model {
            intents: names.to_vec(),
            vocabulary: self.vocabulary,
            table,
            bias: linear.bias,
            head: net.map(head),
            gate: Gate::OPEN,
            origin: Origin::default(),
        }
    }
}

/// Learns both halves of all models, on as many threads as may be.
fn learn(desks: &[Desk], plan: &Plan, progress: Progress) -> Vec<(Linear, Option<Net>)> {
    let whole: usize = desks.iter().map(|desk| desk.rows.len()).sum();
    let epochs = plan.net.map_or(0, |course| course.epochs);
    let (done, all) = (AtomicUsize::new(0), (whole * (epochs + 10)) as f32);
    let tell = |rows: usize| progress((done.fetch_add(rows, Ordering::Relaxed) + rows) as f32 / all);
    // A net takes longest, so it begins first.
    let jobs: Vec<(usize, bool)> =
        desks.iter().enumerate().flat_map(|(at, _)| [(at, true), (at, false)]).collect();
    let next = AtomicUsize::new(0);
    let learned: Mutex<Vec<(usize, Learned)>> = Mutex::new(Vec::new());
    let work = || {
        while let Some((at, is_net)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let desk = &desks[*at];
            let what = match (is_net, plan.net) {
                (false, _) => Learned::Linear(desk.linear()),
                (true, None) => continue,
                (true, Some(course)) => {
                    let lessons = super::net::Lessons {
                        rows: &desk.rows,
                        noisy: &desk.noisy,
                        noisy_looks: plan.noisy_looks,
                        targets: &desk.classes,
                        features: desk.vocabulary.features(),
                        classes: desk.names,
                    };
                    Learned::Net(Net::learn(&lessons, &course, desk.seed, &tell))
                }
            };
            if matches!(what, Learned::Linear(_)) {
                tell(desk.rows.len() * 10);
            }
            learned.lock().expect("no thread panics holding it").push((*at, what));
        }
    };
    thread::scope(|scope| {
        (1..THREADS).for_each(|_| {
            scope.spawn(work);
        });
        work();
    });
    let mut halves: Vec<(Option<Linear>, Option<Net>)> = desks.iter().map(|_| (None, None)).collect();
    for (at, what) in learned.into_inner().expect("all threads are done") {
        match what {
            Learned::Linear(linear) => halves[at].0 = Some(linear),
            Learned::Net(net) => halves[at].1 = Some(net),
        }
    }
    halves.into_iter().map(|(linear, net)| (linear.expect("learned by the first job of it"), net)).collect()
}
