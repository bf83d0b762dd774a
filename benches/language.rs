//! How long it takes to understand a caller's sentence, and to learn a menu of thirty intents.

use criterion::{Criterion, criterion_group, criterion_main};
use tandem::language::{
    file::{decode, encode},
    model::Scratch,
    sample::Sample,
    train::{Wanted, train},
};

const ACTS: [&str; 6] = ["cancel", "change", "order", "ask about", "complain about", "pay for"];
const THINGS: [&str; 5] = ["my invoice", "the delivery", "a spare part", "my contract", "the appointment"];
const BEFORE: [&str; 6] =
    ["i want to", "can i please", "how do i", "hello i would like to", "is it possible to", "i need to"];
const AFTER: [&str; 5] = ["", "from last week", "as soon as possible", "because it is wrong", "again"];

/// Thirty intents, thirty samples each.
fn menu() -> Vec<Sample> {
    let mut samples = Vec::new();
    for (act, thing) in ACTS.iter().flat_map(|act| THINGS.map(|thing| (*act, thing))) {
        for (before, after) in BEFORE.iter().flat_map(|before| AFTER.map(|after| (*before, after))) {
            samples.push(Sample::new(
                &format!("{before} {act} {thing} {after}"),
                Some(&format!("{act}/{thing}")),
            ));
        }
    }
    samples
}

fn language(criterion: &mut Criterion) {
    let samples = menu();
    let learn = || train(&samples, &Wanted::default(), &|_| {}).expect("a model").model;
    let model = learn();
    let bytes = encode(&model);
    let mut group = criterion.benchmark_group("language");
    let mut scratch = Scratch::default();
    group.bench_function("understand", |bench| {
        bench.iter(|| model.answer("um can i please change the appointment to next tuesday", &mut scratch));
    });
    group.bench_function("load", |bench| bench.iter(|| decode(&bytes).expect("a model")));
    group.sample_size(10);
    group.bench_function("learn 30 intents of 30 samples", |bench| bench.iter(learn));
    group.finish();
}

criterion_group!(benches, language);
criterion_main!(benches);
