//! What is understood of sentences that nobody learned from: of the shipped after-sales flow, and of the public data
//! sets, where they are on the machine: `TANDEM_NLU` names a folder with `clinc150/train.jsonl` and
//! `dev.jsonl`, and so on. Takes minutes in a release build; `make test-long` measures it, or says in its last lines that it did not.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::civil::date;
use serde_json::Value;
use tandem::{
    base::{id::Name, locale::Locale},
    infra::site::{self, Step},
    live::dialog::talk::{self, Ears, Input, Output, Talking, Why},
};

use crate::{fixture, said, text};

/// What a model of each set understands of its development part, in per cent: what the recipe promises at least.
const SETS: &[(&str, f64)] =
    &[("clinc150", 92.5), ("banking77", 90.0), ("snips", 97.5), ("hwu64_fold1", 88.5)];

/// Where the public data sets are.
fn public_sets() -> PathBuf {
    let folder =
        std::env::var_os("TANDEM_NLU").expect("TANDEM_NLU names the folder with the public data sets");
    PathBuf::from(folder)
}

#[test]
#[ignore = "minutes, and data sets that are not shipped"]
fn public_sets_are_understood() {
    let folder = public_sets();
    for (set, wanted) in SETS {
        let of = |part: &str| folder.join(set).join(part);
        let told = said(&["eval", "--train", text(&of("train.jsonl")), "--test", text(&of("dev.jsonl"))]);
        let right = told["in_scope_accuracy"].as_f64().expect("number") * 100.0;
        eprintln!("{set}: {right:.2} % right, {} µs, {} s", told["latency_us"], told["train_seconds"]);
        assert!(right >= *wanted, "{set}: {right}");
        assert!(told["load_ms"].as_f64() <= Some(200.0), "{set}: {}", told["load_ms"]);
        assert!(told["model_bytes"].as_u64() < Some(15_000_000), "{set}: {}", told["model_bytes"]);
    }
}

/// Menus as small houses have them: twelve intents of a public set, twenty samples each, drawn twelve times. Prints how many
/// sentences of the development part are understood in the mean and in the worst menu, as they are and with every fifth
/// word wrong.
#[test]
#[ignore = "data sets that are not shipped"]
fn menus_of_twelve_intents_are_understood() {
    let folder = public_sets();
    for (set, mean, worst) in [("clinc150", 97.0, 92.0), ("banking77", 92.5, 87.0)] {
        let (clear, noisy): (Vec<f64>, Vec<f64>) =
            (1..=MENUS).map(|seed| menu(&folder.join(set), seed)).unzip();
        let average = |shares: &[f64]| shares.iter().sum::<f64>() / shares.len() as f64;
        let least = |shares: &[f64]| shares.iter().copied().fold(100.0, f64::min);
        let lost = average(&clear) - average(&noisy);
        let (told, low) = (average(&clear), least(&clear));
        eprintln!(
            "{set}, {MENUS} menus: {told:.1} % right, worst {low:.1} %; every fifth word wrong: {lost:.1} less"
        );
        assert!(told >= mean && low >= worst && lost <= 4.0, "{set}");
    }
}

const MENUS: u64 = 12;

/// Draws one menu, learns it, and gives how many per cent it understands: as they are, with every fifth word wrong.
fn menu(set: &Path, seed: u64) -> (f64, f64) {
    let lines = |part: &str| -> Vec<(String, String)> {
        let text = fs::read_to_string(set.join(part)).expect("readable");
        let intent = |line: &str| {
            let value: Value = serde_json::from_str(line).expect("JSON");
            value["intent"].as_str().unwrap_or("oos").to_owned()
        };
        text.lines().map(|line| (intent(line), line.to_owned())).collect()
    };
    let (mut train, test) = (lines("train.jsonl"), lines("dev.jsonl"));
    let mut random = fastrand::Rng::with_seed(seed);
    let mut intents: Vec<String> = train.iter().map(|(intent, _)| intent.clone()).collect();
    intents.sort();
    intents.dedup();
    intents.retain(|intent| !["oos", "out_of_scope", "none"].contains(&intent.as_str()));
    random.shuffle(&mut intents);
    intents.truncate(12);
    random.shuffle(&mut train);
    let folder = tempfile::tempdir().expect("folder");
    let write = |file: &str, rows: Vec<&str>| {
        let path = folder.path().join(file);
        fs::write(&path, rows.join("\n") + "\n").expect("write");
        path
    };
    let of = |rows: &[(String, String)], intent: &String, most: usize| -> Vec<String> {
        rows.iter().filter(|(of, _)| of == intent).take(most).map(|(_, line)| line.clone()).collect()
    };
    let samples: Vec<String> = intents.iter().flat_map(|intent| of(&train, intent, 20)).collect();
    let asked: Vec<String> = intents.iter().flat_map(|intent| of(&test, intent, usize::MAX)).collect();
    let learn = write("menu.jsonl", samples.iter().map(String::as_str).collect());
    let try_on = write("asked.jsonl", asked.iter().map(String::as_str).collect());
    let right = |more: &[&str]| {
        let args = [&["eval", "--train", text(&learn), "--test", text(&try_on)], more].concat();
        said(&args)["in_scope_accuracy"].as_f64().expect("number") * 100.0
    };
    (right(&[]), right(&["--word-errors", "0.2"]))
}

/// Whoever wants something that a topic is for is not told a passage instead; measured with the same sentences.
#[test]
fn callers_who_want_something_are_not_answered_instead() {
    let site =
        site::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small")).expect("the example");
    let (ears, deaf) = Ears::learned(&site);
    assert!(deaf.is_empty(), "{deaf:?}");
    let (flow, now) = (Name::new("after_sales").expect("a name"), date(2026, 11, 21).at(10, 0, 0, 0));
    let Step::Talk(talk) = &site.flows[&flow].steps[&site.flows[&flow].start] else {
        panic!("no conversation")
    };
    for (set, language) in
        [("after_sales.zh.jsonl", Locale::Chinese), ("after_sales.en.jsonl", Locale::English)]
    {
        let (mut all, mut answered) = (0, 0);
        for line in fs::read_to_string(fixture(set)).expect("readable").lines() {
            let said: Value = serde_json::from_str(line).expect("JSON");
            if said["intent"].as_str().is_none_or(|intent| ["oos", "out_of_scope", "none"].contains(&intent))
            {
                continue;
            }
            let mut talking = Talking::new(language);
            talk::on(&mut talking, talk, Input::Begin);
            let text = said["text"].as_str().expect("text");
            let heard = ears.understand(&flow, talk, &talking, text, now).heard;
            let out = talk::on(&mut talking, talk, Input::Understood(heard));
            all += 1;
            answered += usize::from(out.iter().any(|out| matches!(out, Output::Why(Why::Answered { .. }))));
        }
        eprintln!("{set}: {answered} of {all} callers with a wish were told a passage instead");
        assert!(all >= 200 && answered * 100 <= all * 3, "{set}: {answered} of {all}");
    }
}

/// The test sets were written by another hand than the samples, before anything was tuned, and nobody who writes samples
/// reads them.
#[test]
fn callers_of_the_shipped_after_sales_flow_are_understood() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small/language/after_sales.yaml");
    for (set, wanted) in [("after_sales.zh.jsonl", 92.0), ("after_sales.en.jsonl", 90.0)] {
        let told = said(&["eval", "--train", text(&samples), "--test", text(&fixture(set))]);
        let right = told["in_scope_accuracy"].as_f64().expect("number") * 100.0;
        let precise = told["accepted_precision"].as_f64().expect("number") * 100.0;
        eprintln!("{set}: {right:.1} % right, {precise:.1} % of what was accepted");
        assert!(told["in_scope"].as_u64() >= Some(200) && told["out_of_scope"].as_u64() >= Some(40));
        assert!(right >= wanted && precise >= 97.0, "{set}: {right} {precise}");
    }
}
