//! `tandem speech eval`: a recogniser measured by sentences that are spoken to it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small")
}

fn eval(site: &Path, words: &[&str]) -> Output {
    let flow = ["speech", "eval", "--flow", "after_sales", "--site"];
    let program = env!("CARGO_BIN_EXE_tandem");
    Command::new(program).args(flow).arg(site).args(words).output().expect("tandem")
}

fn figures(output: &Output) -> Value {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{complaint}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn what_is_primed_is_heard_better_and_a_deaf_one_is_seen() {
    let temp = tempfile::tempdir().expect("folder");
    let file = temp.path().join("said.jsonl");
    // A worker that has heard nobody yet hears the first ones badly.
    let said = "{\"text\": \"where is my order\", \"intent\": \"order_status\"}\n\
                {\"text\": \"i want a refund\", \"intent\": \"refund\"}\n\
                {\"text\": \"i want my money back\", \"intent\": \"refund\"}\n\
                {\"text\": \"my package has not arrived\", \"intent\": \"order_status\"}\n\
                {\"text\": \"let me talk to a human\", \"intent\": \"human\"}\n"
        .repeat(2)
        + "{\"text\": \"我要退款\", \"intent\": \"refund\"}\n";
    fs::write(&file, said).expect("sentences");
    let file = file.display().to_string();
    let site = temp.path().join("site");
    fs::create_dir(&site).expect("folder");
    copy(&shipped(), &site);
    let shipped_yaml = fs::read_to_string(site.join("site.yaml")).expect("site");
    let speech = |en: &str| {
        fs::write(site.join("site.yaml"), format!("{shipped_yaml}speech: {{ en: {{ {en} }} }}\n"))
            .expect("site");
    };
    // One voice, one after the other: what a worker heard before changes what it hears.
    speech("recognizer: pocketsphinx, synthesizer: { kind: espeak-ng, voice: en-us, speed: 150 }");
    let of = |more: &[&str]| {
        let words = [&["--json", "--hurried", "--at-once", "1", "--sentences", &file], more].concat();
        figures(&eval(&site, &words))
    };
    let primed = of(&[]);
    assert_eq!((&primed["sentences"], &primed["primed"]), (&10.into(), &true.into()), "{primed}");
    assert_eq!((&primed["unheard"], &primed["rate"]), (&0.into(), &16_000.into()), "{primed}");
    assert_eq!(primed["intents_right_of_text"], 1.0, "{primed}");
    let wrong = |figures: &Value| figures["word_error_rate"].as_f64().expect("a rate");
    assert!(wrong(&primed) < 0.5, "{primed}");
    let unprimed = of(&["--unprimed"]);
    assert!(wrong(&unprimed) > wrong(&primed), "{unprimed} {primed}");

    // A recogniser that says nothing, and a language that nobody hears.
    speech("recognizer: program, command: [/bin/false], patience: 1s");
    let silent = figures(&eval(&site, &["--json", "--hurried", "--sentences", &file]));
    assert_eq!((&silent["unheard"], &silent["word_error_rate"]), (&10.into(), &1.0.into()), "{silent}");
    assert!(silent["why_unheard"].as_str().is_some_and(|why| why.contains("mid-utterance")), "{silent}");
    let nobody = eval(&shipped(), &["--language", "zh", "--sentences", &file]);
    assert_eq!(nobody.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("nobody hears Chinese"), "{nobody:?}");
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("folder").map(|entry| entry.expect("entry")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&target).expect("folder");
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("copy");
        }
    }
}
