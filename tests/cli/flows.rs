//! `tandem flow`: the shipped flows looked over, talked to, tried and drawn.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small")
}

fn flow(site: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tandem"))
        .arg("flow")
        .args(words)
        .arg("--site")
        .arg(site)
        .output()
        .expect("tandem")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// A copy of the shipped site that may be changed.
fn copy() -> tempfile::TempDir {
    let temp = tempfile::tempdir().expect("folder");
    for folder in ["", "flows", "language"] {
        let to = temp.path().join(folder);
        fs::create_dir_all(&to).expect("folder");
        for entry in fs::read_dir(shipped().join(folder)).expect("folder").map(|entry| entry.expect("entry"))
        {
            if entry.path().is_file() {
                fs::copy(entry.path(), to.join(entry.file_name())).expect("copy");
            }
        }
    }
    temp
}

#[test]
fn nothing_is_found_in_the_shipped_flows_and_their_trials_go_as_they_should() {
    let checked = flow(&shipped(), &["check"]);
    assert_eq!(checked.status.code(), Some(0), "{}", out(&checked));
    let tried = flow(&shipped(), &["test"]);
    assert_eq!(tried.status.code(), Some(0), "{}", out(&tried));
    for name in ["after_sales", "operator", "appointment"] {
        assert!(out(&tried).contains(&format!("{name}: good")), "{}", out(&tried));
    }
}

#[test]
fn overlapping_intents_are_found() {
    let site = copy();
    let file = site.path().join("language/operator.yaml");
    let text = fs::read_to_string(&file).expect("samples");
    // What is said for one intent, divided among two.
    let (head, rest) = text.split_once("  support:").expect("the intent");
    let twin = "  service:\n    samples:\n      zh: [机器坏了叫谁, 设备出问题了, 软件用不了, 装不好怎么办, 打不开软件了, 有技术上的问题]\n      en: [my device is broken, i need help installing it, it crashes all the time, i see an error message, how do i set it up, i need a technician]\n";
    fs::write(&file, format!("{head}{twin}  support:{rest}")).expect("write");
    let menu = site.path().join("flows/operator.yaml");
    let text = fs::read_to_string(&menu).expect("flow");
    let topic =
        "  service: { title: { zh: 服务, en: service }, intents: [service], key: 6, human: support }\n";
    fs::write(&menu, text.replace("topics:\n", &format!("topics:\n{topic}"))).expect("write");
    let checked = flow(site.path(), &["check"]);
    assert_eq!(checked.status.code(), Some(3));
    assert!(out(&checked).contains("service and support overlap"), "{}", out(&checked));
}

#[test]
fn a_trial_that_goes_otherwise_fails_with_its_line() {
    let site = copy();
    let file = site.path().join("flows/operator.test.yaml");
    let text = fs::read_to_string(&file).expect("trials");
    fs::write(&file, text.replace("ends: extension 1003", "ends: extension 1004")).expect("write");
    let tried = flow(site.path(), &["test", "operator"]);
    assert_eq!(tried.status.code(), Some(1), "{}", out(&tried));
    assert!(out(&tried).contains("it ends at extension 1003, not at extension 1004"), "{}", out(&tried));
    let told = flow(site.path(), &["test", "operator", "--json"]);
    let told: Value = serde_json::from_str(&out(&told)).expect("JSON");
    assert_eq!(told[0]["failed"], 1, "{told}");
    assert_eq!(told[0]["faults"].as_array().map(Vec::len), Some(1), "{told}");
    assert!(told[0]["covered"].as_u64().is_some_and(|covered| covered >= 70), "{told}");
}

#[test]
fn a_flow_is_talked_to_from_a_pipe() {
    let mut chat = Command::new(env!("CARGO_BIN_EXE_tandem"))
        .args(["flow", "chat", "after_sales", "--now", "2026-11-21T10:00", "--json", "--site"])
        .arg(shipped())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("tandem");
    let mut typed = chat.stdin.take().expect("a pipe");
    typed
        .write_all("我要把东西退了\n二零二六幺幺三五\n不是三，是四\n/keys 1\n/keys 3\n".as_bytes())
        .expect("typed");
    drop(typed);
    let output = chat.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(0));
    let turns: Vec<Value> =
        out(&output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(turns.len(), 6, "{turns:#?}");
    assert_eq!(turns[1]["understood"]["intents"][0]["intent"], "refund");
    assert!(
        turns[3]["said"][0]["text"].as_str().is_some_and(|text| text.contains("二零二六,幺幺四五")),
        "{turns:#?}"
    );
    assert_eq!(turns[5]["task"]["facts"]["order"], "20261145");
    assert_eq!(turns[5]["task"]["facts"]["reason"], "late");
}

#[test]
fn a_question_is_answered_in_the_terminal_and_a_trial_that_cites_otherwise_fails() {
    let mut chat = Command::new(env!("CARGO_BIN_EXE_tandem"))
        .args(["flow", "chat", "after_sales", "--language", "en", "--json", "--site"])
        .arg(shipped())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("tandem");
    chat.stdin.take().expect("a pipe").write_all(b"how much is shipping\n").expect("typed");
    let output = chat.wait_with_output().expect("an end");
    let turn = out(&output).lines().nth(1).map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let turn = turn.expect("a turn");
    assert_eq!(turn["cites"][0], "shipping", "{turn}");
    assert_eq!(turn["said"][0]["text"], "Delivery is free from ninety-nine yuan, below that it costs eight.");

    let site = copy();
    let file = site.path().join("flows/after_sales.test.yaml");
    let text = fs::read_to_string(&file).expect("trials");
    fs::write(&file, text.replace("cites: warranty", "cites: waranty")).expect("write");
    let tried = flow(site.path(), &["test", "after_sales"]);
    assert_eq!(tried.status.code(), Some(1), "{}", out(&tried));
    assert!(out(&tried).contains("answered from warranty, warranty, not from waranty"), "{}", out(&tried));
}

#[test]
fn a_secret_is_echoed_nowhere() {
    let site = copy();
    let file = site.path().join("flows/after_sales.yaml");
    let text = fs::read_to_string(&file).expect("flow");
    fs::write(&file, text.replace("    keep: true ", "    secret: true ")).expect("write");
    for json in [true, false] {
        let mut chat = Command::new(env!("CARGO_BIN_EXE_tandem"))
            .args(["flow", "chat", "after_sales", "--language", "en", "--site"])
            .arg(site.path())
            .args(json.then_some("--json"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("tandem");
        let lines = b"/keys 1\nit is 20261145\nno\n/keys 20261145\n/keys 1\n/done state=ready\nwhere is two zero two six one one four five\n";
        chat.stdin.take().expect("a pipe").write_all(lines).expect("typed");
        let output = chat.wait_with_output().expect("an end");
        let told = out(&output) + &String::from_utf8_lossy(&output.stderr);
        assert!(told.contains("Order 4 5, is that right?") && told.contains("order_state"), "{told}");
        for part in ["202611", "2 0 2 6", "two six", "zero two"] {
            assert!(!told.contains(part), "{part} in {told}");
        }
    }
}

#[test]
fn menus_by_keys_are_led_too_and_what_is_no_flow_is_told() {
    let mut chat = Command::new(env!("CARGO_BIN_EXE_tandem"))
        .args(["flow", "chat", "welcome", "--language", "en", "--site"])
        .arg(shipped())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("tandem");
    chat.stdin.take().expect("a pipe").write_all(b"/keys 2\n").expect("typed");
    let output = chat.wait_with_output().expect("an end");
    assert!(
        out(&output).contains("For sales, press 1") && out(&output).contains("queue support"),
        "{}",
        out(&output)
    );
    let none = flow(&shipped(), &["graph", "welcom"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&none.stderr).contains("after_sales"));
}

#[test]
fn a_flow_is_drawn() {
    let mermaid = out(&flow(&shipped(), &["graph", "after_sales"]));
    assert!(mermaid.starts_with("flowchart TD\n") && mermaid.contains("refund: order, reason"), "{mermaid}");
    let dot = out(&flow(&shipped(), &["graph", "after_sales", "--format", "dot"]));
    assert!(dot.starts_with("digraph") && dot.trim_end().ends_with('}'), "{dot}");
    let drawn: Value =
        serde_json::from_str(&out(&flow(&shipped(), &["graph", "welcome", "--json"]))).expect("JSON");
    let ids: Vec<&str> =
        drawn["boxes"].as_array().expect("boxes").iter().filter_map(|one| one["id"].as_str()).collect();
    for arrow in drawn["arrows"].as_array().expect("arrows") {
        assert!(ids.contains(&arrow["to"].as_str().expect("an end")), "{arrow} leads to no box: {ids:?}");
    }
}

#[test]
fn keys_are_proposed_in_the_order_of_what_callers_want_and_never_changed_silently() {
    let site = copy();
    let told = site.path().join("told.jsonl");
    let why = |what: &str| format!("{{\"what\":\"{what}\"}}\n");
    let lines = [
        why("the caller wants complaint (91 %)").repeat(5),
        why("key 2 leads to refund").repeat(3),
        why("a shortcut leads to refund"),
        why("the caller wants order_status (88 %)"),
        why("the caller wants order_status_of_another_flow (88 %)").repeat(9),
    ];
    fs::write(&told, lines.concat()).expect("write");
    let file = site.path().join("flows/after_sales.yaml");
    let before = fs::read_to_string(&file).expect("flow");
    let words = ["order", "after_sales", "--told", told.to_str().expect("a path")];
    let proposed = flow(site.path(), &words);
    assert_eq!(proposed.status.code(), Some(5), "{}", out(&proposed));
    for line in ["-    key: 4", "+    key: 1"] {
        assert!(out(&proposed).contains(line), "{}", out(&proposed));
    }
    assert_eq!(fs::read_to_string(&file).expect("flow"), before, "nothing is written");
    let told = flow(site.path(), &[&words[..], &["--json"]].concat());
    let told: Value = serde_json::from_str(&out(&told)).expect("JSON");
    let order: Vec<_> =
        told["topics"].as_array().expect("topics").iter().map(|row| row["topic"].clone()).collect();
    let own = ["complaint", "refund", "order_status", "invoice", "person", "opening_hours"];
    assert_eq!(order, own, "{told}");
}
