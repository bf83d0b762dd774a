//! A menu of five intents in two languages: what callers mean, and what is none of its business.

use std::fs;

use crate::{fixture, language, learned, refused, said, text};

#[test]
fn callers_are_understood_in_both_languages_and_with_wrong_characters() {
    let (_folder, model) = learned();
    let cases = [
        ("en", "um has my parcel been sent", "order_status"),
        ("en", "i wont my money back", "refund"),
        ("en", "OPERATOR, please!", "human"),
        ("zh-CN", "帮我查一下快递到哪了", "order_status"),
        // What a recogniser hears: 腿 for 退, 法 for 发, 素 for 诉.
        ("zh-CN", "我要腿款", "refund"),
        ("zh-CN", "我要开法票", "invoice"),
        ("zh-CN", "我要头素", "complaint"),
    ];
    for (locale, words, intent) in cases {
        let told = said(&["parse", "--model", text(&model), "--locale", locale, words]);
        assert_eq!(told["intents"][0]["intent"], intent, "{words}: {told}");
        assert_ne!(told["verdict"], "reject", "{words}: {told}");
        let sum: f64 = told["intents"]
            .as_array()
            .expect("list")
            .iter()
            .filter_map(|one| one["probability"].as_f64())
            .sum();
        assert!((sum - told["in_scope"].as_f64().expect("number")).abs() < 1e-3, "{told}");
    }
    for words in ["how do penguins keep warm in winter", "月亮为什么是圆的", "…", ""] {
        let told = said(&["parse", "--model", text(&model), words]);
        assert_eq!(told["verdict"], "reject", "{words}: {told}");
    }
}

#[test]
fn a_sentence_gives_its_entities_too() {
    let now = ["--now", "2026-11-20T10:00"];
    let told = said(&[&["parse", "--locale", "zh-CN"], &now[..], &["下周三下午三点送两箱"]].concat());
    let entities = told["entities"].as_array().expect("list");
    let kinds: Vec<&str> = entities.iter().filter_map(|one| one["type"].as_str()).collect();
    assert!(kinds.contains(&"when"), "{told}");
    assert!(entities[0]["value"].to_string().contains("2026-11-25"), "{told}");
    assert_eq!(told["intents"].as_array().map(Vec::len), Some(0), "no model, no intents");
    let (code, why) = refused(&["parse", "--now", "tomorrow", "x"]);
    assert!(code == 1 && why.contains("is no time"), "{why}");
    assert_eq!(refused(&["parse", "--locale", "fr", "x"]).0, 2);
}

#[test]
fn measuring_gives_every_figure_and_they_agree() {
    let told =
        said(&["eval", "--train", text(&fixture("menu.yaml")), "--test", text(&fixture("callers.jsonl"))]);
    let figure = |name: &str| told[name].as_f64().unwrap_or_else(|| panic!("{name} is a number: {told}"));
    assert_eq!((figure("in_scope"), figure("out_of_scope")), (20.0, 4.0));
    assert!(figure("in_scope_accuracy") >= 0.9, "{told}");
    assert!(figure("macro_f1") >= 0.85 && figure("oos_auroc") >= 0.9, "{told}");
    assert!(figure("in_scope_accuracy_after_refusal") <= figure("in_scope_accuracy"));
    assert!(
        (figure("accepted") + figure("confirmed") + figure("in_scope_loss") - 1.0).abs() < 1e-6,
        "{told}"
    );
    assert!(told["latency_us"]["p50"].as_f64() <= told["latency_us"]["p99"].as_f64());
    assert!(figure("train_seconds") > 0.0 && figure("model_bytes") > 10_000.0);
    let curve = told["curve"].as_array().expect("a curve");
    let recall = |at: usize| curve[at]["oos_recall"].as_f64().expect("number");
    assert!(curve.len() > 5 && (1..curve.len()).all(|at| recall(at - 1) <= recall(at)), "{told}");
}

#[test]
fn without_other_samples_each_part_is_measured_in_turn() {
    let told = said(&["eval", "--train", text(&fixture("menu.yaml")), "--folds", "3"]);
    assert_eq!(
        (told["folds"].as_u64(), told["in_scope"].as_u64(), told["out_of_scope"].as_u64()),
        (Some(3), Some(90), Some(4))
    );
    let accuracy = told["in_scope_accuracy"].as_f64().expect("number");
    assert!(accuracy > 0.6, "{told}");
    // What was learned from would be understood nearly always.
    assert!(accuracy < 0.99, "parts are measured by models that have not seen them: {told}");
}

#[test]
fn advice_names_the_intents_and_the_sentence() {
    let folder = tempfile::tempdir().expect("folder");
    let lines = folder.path().join("samples.jsonl");
    let line =
        |text: String, intent: &str| serde_json::json!({ "text": text, "intent": intent }).to_string() + "\n";
    let said_of = |number: usize| {
        line(format!("move appointment number {number}"), "move")
            + &line(format!("shift appointment number {number}"), ["shift", "move"][number % 2])
            + &line(format!("weather in town {number}"), "weather")
    };
    let mut all: String = (0..20).map(said_of).collect();
    all += &(line("Bye!".to_owned(), "bye") + &line("bye".to_owned(), "weather"));
    fs::write(&lines, all).expect("write");
    let told = said(&["eval", "--train", text(&lines), "--folds", "4"]);
    let advice = told["advice"].as_array().expect("list");
    let has = |kind: &str, member: &str, value: &str| {
        advice.iter().any(|one| one["advice"] == kind && one[member].to_string().contains(value))
    };
    assert!(has("too_few", "intent", "bye") && has("too_few", "intent", "shift"), "{advice:?}");
    assert!(has("same_sample", "text", "Bye!"), "{advice:?}");
    assert!(
        has("overlap", "other", "move") && has("nothing_outside", "advice", "nothing_outside"),
        "{advice:?}"
    );
    assert!(!has("too_few", "intent", "weather"), "{advice:?}");
}

#[test]
fn a_worse_model_is_not_put_in_place_unless_forced() {
    let (folder, model) = learned();
    let before = fs::read(&model).expect("model");
    let worse = folder.path().join("worse.jsonl");
    let lines = fs::read_to_string(fixture("callers.jsonl")).expect("callers");
    let mixed = lines.replace("\"refund\"", "\"human\"").replace("\"invoice\"", "\"refund\"");
    fs::write(&worse, mixed).expect("write");
    let words = [
        "train",
        "--samples",
        text(&worse),
        "--out",
        text(&model),
        "--test",
        text(&fixture("callers.jsonl")),
    ]
    .map(str::to_owned);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = language(&words);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("not put in place") && told.contains("--force"), "{told}");
    assert_eq!(fs::read(&model).expect("model"), before, "the one in place is untouched");
    assert_eq!(said(&[&words[..], &["--force", "a test wants it"]].concat())["promoted"], true);
    assert_ne!(fs::read(&model).expect("model"), before);
    assert!(!folder.path().join("menu.model.new").exists());
}

#[test]
fn the_same_samples_give_the_same_model() {
    let ((_a, one), (_b, other)) = (learned(), learned());
    assert_eq!(fs::read(one).expect("model"), fs::read(other).expect("model"));
}

#[test]
fn what_cannot_be_learned_from_is_told() {
    let folder = tempfile::tempdir().expect("folder");
    let out = folder.path().join("m.model");
    let with = |name: &str, content: &str| {
        let file = folder.path().join(name);
        fs::write(&file, content).expect("write");
        refused(&["train", "--samples", text(&file), "--out", text(&out)])
    };
    let one = "{\"text\":\"a b\",\"intent\":\"a\"}\n";
    for (name, content, code, part) in [
        ("empty.jsonl", "", 1, "there is no sample of any intent"),
        ("outside.jsonl", "{\"text\":\"x\",\"intent\":\"oos\"}", 1, "there is no sample of any intent"),
        ("one.jsonl", one, 1, "all samples are of the one intent a"),
        (
            "wordless.jsonl",
            &format!("{one}{{\"text\":\"?!\",\"intent\":\"b\"}}"),
            1,
            "the intent b has only samples without a word",
        ),
        ("rubbish.jsonl", "\u{1}\u{2}", 1, "line 1 is no sample"),
        ("long.jsonl", &format!("{{\"text\":\"{}\"}}", "x".repeat(10 << 20)), 1, "line 1 is longer than"),
        ("binary.yaml", "a: [", 3, ""),
    ] {
        let (ended, said) = with(name, content);
        assert_eq!(ended, code, "{name}: {said}");
        assert!(said.contains(part), "{name}: {said}");
    }
    let (ended, said) = refused(&["eval", "--train", "/nowhere.jsonl"]);
    assert!(ended == 1 && said.contains("/nowhere.jsonl cannot be read"), "{said}");
    assert!(!out.exists());
}
