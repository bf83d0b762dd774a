//! The language room through its door: learned from samples, asked, measured, kept in a file that may be damaged.

mod files;
mod goals;
mod menu;
mod promote;
mod remote;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/language").join(name)
}

fn language(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
    command.env("NO_COLOR", "1").arg("language").args(words).output().expect("the program runs")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// The JSON of a command that ended well.
fn said(words: &[&str]) -> Value {
    let output = language(&[words, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// How a command that fails ends, and what it says on standard error.
fn refused(words: &[&str]) -> (i32, String) {
    let output = language(words);
    (output.status.code().expect("no signal"), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A folder and a model in it, learned from the menu.
fn learned() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("folder");
    let model = folder.path().join("menu.model");
    let told = said(&["train", "--samples", text(&fixture("menu.yaml")), "--out", text(&model)]);
    assert_eq!((told["promoted"].as_bool(), told["intents"].as_u64()), (Some(true), Some(5)));
    (folder, model)
}
