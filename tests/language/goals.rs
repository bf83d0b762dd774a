//! The public data sets, where they are on the machine: `TANDEM_NLU` names a folder with `clinc150/train.jsonl` and
//! `dev.jsonl`, and so on. Takes minutes in a release build; `make test-long` runs it.

use std::path::PathBuf;

use crate::{said, text};

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
