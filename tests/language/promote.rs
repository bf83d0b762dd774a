//! A model takes the place of the one that serves, or is kept out; the former one stays beside it, and it is written
//! down who did that and why.

use std::{fs, path::Path};

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;

use crate::{fixture, language, learned, refused, said, text};

fn history(place: &Path) -> Vec<String> {
    let file = place.with_file_name("menu.model.history");
    fs::read_to_string(file).expect("a history").lines().map(str::to_owned).collect()
}

/// A model beside the one in place that takes refunds for humans.
fn worse(place: &Path) -> std::path::PathBuf {
    let samples = place.with_file_name("worse.jsonl");
    let lines = fs::read_to_string(fixture("callers.jsonl")).expect("callers");
    fs::write(&samples, lines.replace("\"refund\"", "\"human\"").replace("\"invoice\"", "\"refund\""))
        .expect("write");
    let model = place.with_file_name("worse.model");
    said(&["train", "--samples", text(&samples), "--out", text(&model)]);
    model
}

#[test]
fn what_understands_less_is_kept_out_and_written_down() {
    let (_folder, place) = learned();
    let (before, worse) = (fs::read(&place).expect("model"), worse(&place));
    let callers = fixture("callers.jsonl");
    let words = ["promote", text(&worse), "--to", text(&place), "--test", text(&callers)];
    let output = language(&words);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("not put in place") && told.contains("the one in place"), "{told}");
    assert_eq!(fs::read(&place).expect("model"), before, "untouched");
    assert!(!place.with_file_name("menu.model.former").exists());
    let lines = history(&place);
    let last: Value = serde_json::from_str(&lines[1]).expect("JSON");
    assert_eq!((lines.len(), &last["promoted"], &last["reason"]), (2, &Value::Bool(false), &Value::Null));
    assert!(last["accuracy"].as_f64() < last["accuracy_in_place"].as_f64(), "{last}");
    // Nobody forces it without a word.
    assert_eq!(refused(&[&words[..], &["--force"]].concat()).0, 2);
    assert_eq!(refused(&[&words[..], &["--force", " "]].concat()).0, 2);
}

#[test]
fn a_reason_puts_it_there_and_the_former_one_comes_back() {
    let (_folder, place) = learned();
    let (before, worse) = (fs::read(&place).expect("model"), worse(&place));
    let callers = fixture("callers.jsonl");
    let promote = |model: &Path, reason: &str| {
        said(&["promote", text(model), "--to", text(&place), "--test", text(&callers), "--force", reason])
    };
    let told = promote(&worse, "the shop has no refunds any more");
    assert_eq!(told["promoted"], true);
    assert_eq!(fs::read(&place).expect("model"), fs::read(&worse).expect("model"));
    let former = place.with_file_name("menu.model.former");
    assert_eq!(fs::read(&former).expect("the former one"), before);
    promote(&former, "that was a mistake");
    assert_eq!(fs::read(&place).expect("model"), before);
    assert_eq!(fs::read(&former).expect("the former one"), fs::read(&worse).expect("model"));
    assert!(!place.with_file_name("menu.model.new").exists());
    let lines = history(&place);
    let read: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let reasons: Vec<Option<&str>> = read.iter().map(|line| line["reason"].as_str()).collect();
    assert_eq!(reasons, [None, Some("the shop has no refunds any more"), Some("that was a mistake")]);
    assert_eq!(read[1]["in_place"]["digest"], read[0]["model"]["digest"]);
    // Each line carries the seal of the one before.
    for pair in [[0, 1], [1, 2]] {
        let seal = digest(&SHA256, lines[pair[0]].as_bytes());
        let seal: String = seal.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(read[pair[1]]["after"], seal);
    }
}

#[test]
fn a_model_says_where_it_comes_from() {
    let (folder, place) = learned();
    let next = folder.path().join("next.model");
    let told = said(&["train", "--samples", text(&fixture("menu.yaml")), "--out", text(&next)]);
    let promoted = said(&["promote", text(&next), "--to", text(&place)]);
    assert_eq!(promoted["origin"], told["origin"], "the file carries it");
    let origin = &promoted["origin"];
    assert_eq!(origin["program"], env!("CARGO_PKG_VERSION"));
    assert_eq!(origin["samples"], told["samples"]);
    assert!(origin["measured"]["held_out"].as_u64() > Some(20), "{origin}");
    assert_eq!(origin["measured"]["accuracy"], told["accuracy"]);
    let (code, why) = refused(&["promote", text(&fixture("menu.yaml")), "--to", text(&place)]);
    assert!(code == 1 && why.contains("this is no model"), "{why}");
}
