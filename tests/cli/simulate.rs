//! `tandem simulate` against the textbook, and against bad scenarios.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

pub(super) fn simulate(args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tandem"))
        .arg("simulate")
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn queue(scenario: &str) -> Value {
    let (code, text, errors) = simulate(&["--scenario", scenario, "--json"]);
    assert_eq!(code, Some(0), "{errors}");
    let outcome: Value = serde_json::from_str(&text).expect("JSON");
    outcome["queues"][0].clone()
}

/// Within one point of the share, and one second of the wait.
fn agrees(queue: &Value) {
    let (seen, told) = (|key: &str| queue[key].as_f64().expect("a figure"), &queue["theory"]);
    let told = |key: &str| told[key].as_f64().expect("a figure");
    assert!((seen("service_level") - told("within")).abs() < 0.01, "{queue}");
    assert!((seen("mean_wait") - told("mean_wait")).abs() < 1.0, "{queue}");
    assert!((seen("occupancy") - told("occupancy")).abs() < 0.01, "{queue}");
    let abandoned = seen("abandoned") / seen("offered");
    assert!((abandoned - told("abandoned")).abs() < 0.01, "{queue}");
}

#[test]
fn what_is_simulated_is_what_the_textbook_says() {
    let ten = queue("examples/scenarios/erlang-c-10.yaml");
    assert!((ten["theory"]["within"].as_f64().expect("a figure") - 0.888).abs() < 0.001, "{ten}");
    assert!((ten["theory"]["mean_wait"].as_f64().expect("a figure") - 7.8).abs() < 0.05, "{ten}");
    agrees(&ten);
    let impatient = queue("examples/scenarios/erlang-a-10.yaml");
    assert!(impatient["abandoned"].as_u64().expect("a count") > 5_000, "{impatient}");
    agrees(&impatient);
}

/// 860,000 calls.
#[test]
#[ignore = "long: make test-long"]
fn the_larger_textbook_case_agrees_too() {
    let more = queue("examples/scenarios/erlang-c-24.yaml");
    assert!((more["theory"]["within"].as_f64().expect("a figure") - 0.840).abs() < 0.001, "{more}");
    assert!((more["theory"]["mean_wait"].as_f64().expect("a figure") - 11.6).abs() < 0.05, "{more}");
    agrees(&more);
}

fn scenario(dir: &Path, text: &str) -> String {
    let path = dir.join("scenario.yaml");
    fs::write(&path, text).expect("write");
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn agents_come_and_go_by_the_hour_and_the_same_seed_gives_the_same_day() {
    let temp = tempfile::tempdir().expect("folder");
    let day = "name: a day\nstart: 2026-11-23T00:00\nlength: 24h\nagents: { calls: { \"08:00\": 2, \"18:00\": 0 } }\n\
               arrivals:\n  - { queue: calls, rate: { \"08:00\": 30, \"17:00\": 0 }, handling: 60s }\n";
    let file = scenario(temp.path(), day);
    let (_, first, _) = simulate(&["--scenario", &file, "--json"]);
    assert_eq!(first, simulate(&["--scenario", &file, "--json"]).1);
    let calls = &queue(&file);
    // 270 in the mean, so within five deviations.
    assert!((190..350).contains(&calls["offered"].as_u64().expect("a count")), "{calls}");
    assert_eq!(calls["offered"], calls["answered"], "{calls}");
    assert!(calls["theory"].is_null(), "no formula is about this: {calls}");
    let share = calls["answered"].as_f64().expect("a count") * 60.0 / (2.0 * 10.0 * 3600.0);
    assert!((calls["occupancy"].as_f64().expect("a figure") - share).abs() < 0.01, "{calls} {share}");
    let other = scenario(temp.path(), &format!("{day}seed: 2\n"));
    assert_ne!(first, simulate(&["--scenario", &other, "--json"]).1);
    let late = "name: nobody at night\nstart: 2026-11-23T08:00\nlength: 16h\nagents: { calls: { \"08:00\": 1, \"18:00\": 0 } }\n\
                arrivals:\n  - { queue: calls, rate: 30, handling: 300s }\n";
    let night = queue(&scenario(temp.path(), late));
    assert_eq!(
        night["answered"], night["offered"],
        "those of the evening are served in the morning: {night}"
    );
    assert!(night["longest_wait"].as_f64().expect("a time") > 8.0 * 3600.0, "{night}");
    assert!(night["occupancy"].as_f64().expect("a share") <= 1.0, "{night}");
    let early = "name: nobody is there\nlength: 8h\nagents: { calls: { \"08:00\": 2 } }\n\
                 arrivals:\n  - { queue: calls, rate: 30, handling: 60s, patience: 30s }\n";
    let none = queue(&scenario(temp.path(), early));
    assert!(none["offered"].as_u64().expect("a count") > 100, "{none}");
    assert_eq!(none["abandoned"], none["offered"], "{none}");
}

#[test]
fn a_roster_is_made_of_the_hours_needs() {
    let file = "examples/scenarios/monday.yaml";
    let (code, text, errors) = simulate(&["--scenario", file, "--staffing", "--shrinkage", "30", "--json"]);
    assert_eq!(code, Some(0), "{errors}");
    let needs: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    assert_eq!(needs.len(), 6, "{text}");
    for need in &needs {
        let of = |key: &str| need[key].as_f64().expect("a figure");
        let there = of("rostered") * 0.7;
        assert!(of("within") >= 0.8 && of("agents") <= there && there < of("agents") + 0.7, "{need}");
        assert!((of("erlangs") - of("rate") / 20.0).abs() < 1e-9, "{need}");
    }
    let (code, _, errors) = simulate(&["--scenario", file, "--shrinkage", "30"]);
    assert_eq!(code, Some(2), "{errors}");
}

#[test]
fn a_bad_scenario_is_told_with_place_and_remedy() {
    let temp = tempfile::tempdir().expect("folder");
    for (text, line, remedy) in [
        (
            "name: x\nagents: { calls: 2 }\narrivals: [ { queue: cals, rate: 3, handling: 60s } ]\n",
            3,
            "did you mean `calls`?",
        ),
        (
            "name: x\nagents: { calls: 2 }\narrivals: [ { queue: calls, rate: 3, handling: 60 } ]\n",
            3,
            "did you mean `60s`?",
        ),
        ("name: x\nagents: { calls: { morning: 2 } }\narrivals: []\n", 2, "\"08:00\": 14"),
        ("name: x\nagent: { calls: 2 }\narrivals: []\n", 2, "did you mean `agents`?"),
        ("name: x\nagents: { calls: 2 }\nqueues: { cals: {} }\narrivals: []\n", 3, "did you mean `calls`?"),
        (
            "name: x\nagents: { calls: 2 }\nqueues: { calls: { needs: { vip: 5 } } }\narrivals: []\n",
            3,
            "leave it out",
        ),
        (
            "name: x\nlength: 9000h\nagents: { calls: 2 }\narrivals: [ { queue: calls, rate: 60000, handling: 60s } ]\n",
            4,
            "make `length` shorter",
        ),
        (
            "name: x\nsite: SITES/resolved\narrivals: [ { to: 4000, rate: 3, handling: 60s, problem: { solved: 80, known: 70, again: 1h } } ]\n",
            3,
            "as much as `solved`",
        ),
        (
            "name: x\nagents: { calls: 2 }\narrivals: [ { queue: calls, rate: 3, handling: 60s, callback: { accept: 50, after: 30s } } ]\n",
            3,
            "name one: `site: DIR`",
        ),
        ("name: x\nstart: 9999-12-31T23:00\nagents: { calls: 2 }\narrivals: []\n", 2, "2000 to 2100"),
    ] {
        let sites = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/scenarios");
        let text = text.replace("SITES", sites);
        let (code, _, errors) = simulate(&["--scenario", &scenario(temp.path(), &text)]);
        assert_eq!(code, Some(3), "{text}: {errors}");
        assert!(
            errors.contains(&format!("scenario.yaml:{line}:")) && errors.contains(remedy),
            "{text}: {errors}"
        );
    }
    let (code, _, errors) = simulate(&["--scenario", "/nonexistent/day.yaml"]);
    assert_eq!(code, Some(3));
    assert!(errors.contains("examples/scenarios"), "{errors}");
}
