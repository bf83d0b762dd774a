//! What is understood of sentences that nobody learned from: of the shipped after-sales flow, and of the public data
//! sets, where they are on the machine: `TANDEM_NLU` names a folder with `clinc150/train.jsonl` and
//! `dev.jsonl`, and so on. Takes minutes in a release build; `make test-long` runs it.

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

#[test]
#[ignore = "minutes, and data sets that are not shipped"]
fn public_sets_are_understood() {
    let Some(folder) = std::env::var_os("TANDEM_NLU").map(PathBuf::from) else {
        eprintln!("TANDEM_NLU names no folder with the public data sets: nothing was measured");
        return;
    };
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
