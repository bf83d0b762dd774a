//! `tandem simulate` with callers who are called back, served by a menu, or call again until they are helped.

use std::path::Path;

use serde_json::Value;

use super::simulate_what_if::{figure, other, outcome, shipped};

/// All who came, by what became of them.
fn fates(of: &Value) -> f64 {
    ["offered", "served_alone", "left_early", "not_reached"].iter().map(|key| figure(of, key)).sum()
}

/// R031.
#[test]
fn a_menu_and_a_call_back_miss_five_of_a_hundred_where_eighteen_were_missed_with_the_same_people() {
    let outcome = shipped("overload");
    let (before, after) = (&outcome["all"], &outcome["what_if"][0]["all"]);
    let (missed, still) = (figure(before, "missed"), figure(after, "missed"));
    println!("{:.1} % are missed, and {:.1} % with a menu and a call back", 100.0 * missed, 100.0 * still);
    assert!((0.17..0.19).contains(&missed) && still <= 0.05, "{missed} {still}");
    assert_eq!(before["came"], after["came"], "the same callers");
    for of in [before, after] {
        assert!((fates(of) - figure(of, "came")).abs() < 0.5, "each of them once: {of}");
    }
    assert_eq!((before["served_alone"].as_u64(), before["called_back"].as_u64()), (Some(0), Some(0)));
    assert!(figure(after, "served_alone") > 1_000.0 && figure(after, "called_back") > 300.0, "{after}");
    // The menu does most of it; the call back takes the phone from the ear of those who wait.
    let alone = &outcome["what_if"][1]["all"];
    assert!(figure(alone, "missed") <= 0.06 && alone["called_back"].as_u64() == Some(0), "{alone}");
    assert!(figure(after, "wait_95") >= 25.0, "whoever keeps a place has waited before: {after}");
    assert!(figure(after, "wait_95") < 0.6 * figure(alone, "wait_95"), "{after} {alone}");
}

#[test]
fn who_does_not_want_it_is_not_called_back_and_who_does_not_answer_is_missed() {
    let temp = tempfile::tempdir().expect("folder");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/scenarios");
    let with = |habit: &str| {
        let file = other(temp.path(), "overload", |text| {
            let text =
                text.replace("site overload-menu", &format!("site {}/overload-menu", folder.display()));
            text.replace("accept: 75, after: 25s, answer: 95", habit)
        });
        outcome(&["--scenario", &file])["what_if"][0]["all"].clone()
    };
    let (nobody, all, deaf) = (
        with("accept: 0, after: 25s"),
        with("accept: 75, after: 25s"),
        with("accept: 75, after: 25s, answer: 0"),
    );
    assert_eq!(
        (nobody["called_back"].as_u64(), nobody["not_reached"].as_u64()),
        (Some(0), Some(0)),
        "{nobody}"
    );
    assert!(figure(&all, "called_back") > 300.0 && figure(&all, "not_reached") < 20.0, "{all}");
    assert_eq!(deaf["called_back"].as_u64(), Some(0), "{deaf}");
    assert!(figure(&deaf, "not_reached") > 200.0, "{deaf}");
    let missed = [&all, &nobody, &deaf].map(|of| figure(of, "missed"));
    assert!(missed[2] > missed[0] + 0.05 && missed[2] > missed[1] + 0.05, "{missed:?}");
}

/// R100.
#[test]
fn more_is_resolved_at_first_contact_by_the_agent_who_knows_the_caller() {
    let outcome = shipped("resolved");
    let resolved = |of: &Value| figure(&of["all"]["first_contact"], "resolved");
    let (knows, anybody) = (resolved(&outcome), resolved(&outcome["what_if"][0]));
    println!("{:.1} % by who knows them, {:.1} % by anybody", 100.0 * knows, 100.0 * anybody);
    assert!(knows > anybody + 0.015 && (0.64..0.67).contains(&anybody), "{knows} {anybody}");
    assert!(outcome["calls"].as_u64() < outcome["what_if"][0]["calls"].as_u64(), "fewer have to call again");
    for of in [&outcome["all"], &outcome["what_if"][0]["all"]] {
        let first = &of["first_contact"];
        let rate = 1.0 - figure(first, "again") / figure(first, "callers");
        assert!((rate - figure(first, "resolved")).abs() < 1e-9 && figure(first, "callers") > 5_000.0);
    }
}

/// The gain is the assumption's: without it there is none.
#[test]
fn where_everybody_helps_alike_it_makes_no_difference_who_does() {
    let temp = tempfile::tempdir().expect("folder");
    let with = |problem: &str| {
        let file = other(temp.path(), "resolved", |text| {
            let text = text.replace("length: 336h", "length: 240h");
            text.replace("solved: 65, known: 90", problem).replace("within: 7d }", "within: 3d }")
        });
        outcome(&["--scenario", &file])
    };
    let resolved = |of: &Value| figure(&of["all"]["first_contact"], "resolved");
    let alike = with("solved: 65");
    assert!((resolved(&alike) - resolved(&alike["what_if"][0])).abs() < 0.015, "{alike}");
    let all = with("solved: 100");
    assert!((resolved(&all) - 1.0).abs() < 1e-9, "nobody calls again: {all}");
    assert_eq!(all["calls"], all["what_if"][0]["calls"]);
}
