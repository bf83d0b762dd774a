//! `tandem simulate` in sites, and one change beside another with the same callers.

use std::{fs, path::Path};

use serde_json::Value;

use super::simulate::simulate;

pub fn outcome(args: &[&str]) -> Value {
    let (code, text, errors) = simulate(&[args, &["--json"]].concat());
    assert_eq!(code, Some(0), "{errors}");
    serde_json::from_str(&text).expect("JSON")
}

pub fn shipped(name: &str) -> Value {
    outcome(&["--scenario", &format!("examples/scenarios/{name}.yaml")])
}

pub fn figure(of: &Value, key: &str) -> f64 {
    of[key].as_f64().unwrap_or_else(|| panic!("{key} in {of}"))
}

/// Everybody counts in every column, whatever became of them.
fn same_callers(outcome: &Value) {
    for tried in outcome["what_if"].as_array().expect("what if") {
        assert_eq!(tried["calls"], outcome["calls"], "{}", tried["change"]);
    }
}

/// A copy of a shipped scenario with other lines, its site where it was.
pub fn other(temp: &Path, name: &str, change: impl Fn(String) -> String) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/scenarios");
    let text = fs::read_to_string(folder.join(format!("{name}.yaml"))).expect("shipped");
    let site = format!("site: {}", folder.join(name).display());
    let path = temp.join(format!("{name}.yaml"));
    fs::write(&path, change(text.replace(&format!("site: {name}"), &site))).expect("write");
    path.to_str().expect("UTF-8").to_owned()
}

/// R084: the same load and the same people.
#[test]
fn vips_wait_12_seconds_in_three_stages_and_45_in_one_line() {
    let outcome = shipped("tiers");
    same_callers(&outcome);
    let vip = |of: &Value| {
        assert_eq!(of["callers"][0]["callers"], "vip to 4000", "{of}");
        assert!(figure(&of["callers"][0], "offered") > 1_500.0, "{of}");
        figure(&of["callers"][0], "mean_wait")
    };
    let (staged, lined) = (vip(&outcome), vip(&outcome["what_if"][0]));
    println!("VIPs wait {staged:.1} s in three stages, {lined:.1} s in one line");
    assert!(staged <= 12.0 && lined >= 45.0, "{staged} {lined}");
    let work = |of: &Value| figure(&of["all"], "occupancy");
    assert!((work(&outcome) - work(&outcome["what_if"][0])).abs() < 0.01, "the same work is done");
}

/// R086: which group takes whom, by the site's clock.
#[test]
fn at_night_and_on_holidays_the_duty_group_takes_all_calls_and_none_by_day() {
    let temp = tempfile::tempdir().expect("folder");
    let queues = |start: &str, length: &str| {
        let file = other(temp.path(), "night", |text| {
            text.replace("2026-10-24T00:00", start).replace("length: 72h", &format!("length: {length}"))
        });
        let outcome = outcome(&["--scenario", &file]);
        ["by day", "at night"].map(|kind| {
            let callers = outcome["callers"].as_array().expect("callers");
            let found = callers.iter().find(|one| one["callers"] == kind).expect(kind);
            let count = |queue: &str| found["queues"][queue].as_u64().unwrap_or(0);
            (count("office"), count("duty"))
        })
    };
    // An hour twice on 2026-10-25, an hour left out on 2026-03-29.
    for start in ["2026-10-24T00:00", "2026-03-28T00:00"] {
        let [day, night] = queues(start, "72h");
        assert!(day.0 > 2_000 && day.1 == 0, "{start}: {day:?}");
        assert!(night.0 == 0 && night.1 > 350, "{start}: {night:?}");
    }
    let [day, night] = queues("2026-12-25T00:00", "24h");
    assert!(day.0 == 0 && day.1 > 600 && night.0 == 0 && night.1 > 100, "a holiday: {day:?} {night:?}");
    // By the clocks of Berlin, after the change and before: the last hour of the night, and the first of the day.
    let constant = |start: &str| {
        let file = other(temp.path(), "night", |text| {
            let text =
                text.replace("start: 2026-10-24T00:00", &format!("start: {start}")).replace("72h", "1h");
            text.replace("{ \"08:00\": 60, \"22:00\": 0 }", "60")
                .replace("{ \"08:00\": 4, \"22:00\": 0 }", "4")
        });
        let outcome = outcome(&["--scenario", &file]);
        (0..2).map(|n| figure(&outcome["queues"][n], "offered")).collect::<Vec<_>>()
    };
    for day in ["2026-10-24", "2026-10-25", "2026-03-29"] {
        let (before, after) = (constant(&format!("{day}T07:00")), constant(&format!("{day}T08:00")));
        assert!(before[0] > 30.0 && before[1] == 0.0, "duty, then office: {before:?}");
        assert!(after[0] == 0.0 && after[1] > 30.0, "duty, then office: {after:?}");
    }
}

/// R092.
#[test]
fn a_reserve_brings_those_who_give_up_in_a_rush_below_three_of_a_hundred() {
    let outcome = shipped("rush");
    same_callers(&outcome);
    let abandoned = |of: &Value| {
        let support = &of["queues"][1];
        assert_eq!(support["queue"], "support", "{of}");
        100.0 * figure(support, "abandoned") / figure(support, "offered")
    };
    let (with, without) = (abandoned(&outcome), abandoned(&outcome["what_if"][0]));
    println!("{with:.1} % give up with the reserve, {without:.1} % without");
    assert!(with <= 3.0 && without >= 10.0, "{with} {without}");
    let sales = &outcome["queues"][0];
    assert!(
        figure(sales, "abandoned") / figure(sales, "offered") < 0.03,
        "who helps is missed nowhere: {sales}"
    );
}

/// R093.
#[test]
fn the_same_people_at_other_hours_cut_the_wait_by_more_than_70_percent() {
    let outcome = shipped("shift");
    same_callers(&outcome);
    let wait = |of: &Value| figure(&of["all"], "mean_wait");
    let (before, after) = (wait(&outcome), wait(&outcome["what_if"][0]));
    println!("{before:.0} s before, {after:.0} s after");
    assert!(before > 60.0 && after <= 0.3 * before, "{before} {after}");
    // Nobody was hired: an hour more here is one less there, but for who talks on.
    let hours = |of: &Value| {
        let talked: f64 =
            of["queues"].as_array().expect("queues").iter().map(|q| figure(q, "answered")).sum();
        talked / figure(&of["all"], "occupancy")
    };
    assert!((hours(&outcome["what_if"][0]) / hours(&outcome) - 1.0).abs() < 0.08, "{outcome}");
}

/// R090: 1 less the deviation of the agents' occupancies by their mean.
#[test]
fn agents_are_busy_evenly_unless_they_stand_in_a_line() {
    let outcome = shipped("balance");
    same_callers(&outcome);
    let balance = |of: &Value| figure(&of["queues"][0], "balance");
    let others = outcome["what_if"].as_array().expect("what if");
    println!(
        "{:.3} by longest idle, then {:?}",
        balance(&outcome),
        others.iter().map(balance).collect::<Vec<_>>()
    );
    assert!(balance(&outcome) >= 0.85, "{outcome}");
    assert!(others[..2].iter().all(|of| balance(of) >= 0.85), "{outcome}");
    assert!(balance(&others[2]) < 0.85, "who stands first talks most: {outcome}");
}

#[test]
fn a_change_that_changes_nothing_changes_no_figure() {
    let file = "examples/scenarios/monday.yaml";
    let outcome = outcome(&[
        "--scenario",
        file,
        "--what-if",
        "queue calls strategy longest_idle",
        "--what-if",
        "agents -2 10:00-12:00; queue calls max_wait 2m",
    ]);
    same_callers(&outcome);
    let [same, fewer] = outcome["what_if"].as_array().expect("two").as_slice() else { panic!("{outcome}") };
    for part in ["calls", "all", "queues", "callers"] {
        assert_eq!(same[part], outcome[part], "{part}");
    }
    assert!(figure(&fewer["all"], "mean_wait") > figure(&outcome["all"], "mean_wait"), "{outcome}");
    assert!(figure(&fewer["all"], "service_level") < figure(&outcome["all"], "service_level"), "{outcome}");
    assert!(fewer["all"]["longest_wait"].as_f64().expect("a time") <= 120.5, "{fewer}");
    let (code, text, _) = simulate(&["--scenario", file, "--what-if", "agents -2 10-12"]);
    assert_eq!(code, Some(0));
    for told in ["AS IT IS", "A: agents -2 10-12", "The same callers", "mean wait", "balance"] {
        assert!(text.contains(told), "{told}: {text}");
    }
}

fn copied(from: &str, to: &Path) {
    fs::create_dir_all(to.join("flows")).expect("folder");
    for folder in ["", "flows"] {
        for entry in
            fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(from).join(folder)).expect("shipped")
        {
            let entry = entry.expect("entry");
            if entry.file_type().expect("type").is_file() {
                fs::copy(entry.path(), to.join(folder).join(entry.file_name())).expect("copy");
            }
        }
    }
}

#[test]
fn a_site_takes_the_callers_of_a_scenario_as_it_would_take_real_ones() {
    let temp = tempfile::tempdir().expect("folder");
    let site = temp.path().join("other");
    copied("examples/scenarios/tiers", &site);
    fs::write(site.join("routing.yaml"), "desk:\n  - { rule: rest, queue: regular }\n").expect("write");
    let day = |arrivals: &str| {
        let file = temp.path().join("day.yaml");
        fs::write(&file, format!("name: a day\nlength: 4h\nseed: 3\narrivals:\n{arrivals}")).expect("write");
        file.to_str().expect("UTF-8").to_owned()
    };
    let file = day(
        "  - { to: 4000, class: vip, rate: 60, handling: 60s }\n  - { route: desk, rate: 60, handling: 60s }\n  - { queue: everybody, rate: 60, handling: 60s }\n",
    );
    let other = format!("site {}", site.display());
    let outcome = outcome(&["--scenario", &file, "--site", "examples/scenarios/tiers", "--what-if", &other]);
    let queues = |of: &Value, n: usize| {
        let found = of["callers"][n]["queues"].as_object().expect("queues");
        found.keys().cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!([0, 1, 2].map(|n| queues(&outcome, n)), ["vip", "regular", "everybody"], "{outcome}");
    let tried = &outcome["what_if"][0];
    assert_eq!([0, 1, 2].map(|n| queues(tried, n)), ["regular", "regular", "everybody"], "{tried}");
    let (code, _, errors) = simulate(&["--scenario", &file, "--site", "/nonexistent"]);
    assert_eq!(code, Some(3), "{errors}");
    let (code, _, errors) = simulate(&["--scenario", &file]);
    assert_eq!(code, Some(3), "{errors}");
    assert!(errors.contains("--site DIR"), "{errors}");
}

#[test]
fn a_change_that_cannot_be_made_is_told_with_its_remedy() {
    let monday = "examples/scenarios/monday.yaml";
    for (change, remedy) in [
        ("agents sales -2", "there is: calls"),
        ("agents two fewer", "agents QUEUE -2"),
        ("queue cals expand off", "did you mean `calls`"),
        ("queue calls strategy best_skil", "did you mean `best_skill`"),
        ("rule desk vip first off", "routing.yaml"),
    ] {
        let (code, _, errors) = simulate(&["--scenario", monday, "--what-if", change]);
        let told =
            errors.contains(remedy) || (remedy == "did you mean" && errors.contains("there is: calls"));
        assert!(code == Some(2) && told, "{change}: {code:?} {errors}");
    }
    let (code, _, errors) =
        simulate(&["--scenario", "examples/scenarios/rush.yaml", "--what-if", "agents support +1"]);
    assert!(code == Some(2) && errors.contains("first queue of 52"), "{errors}");
    let temp = tempfile::tempdir().expect("folder");
    let file = temp.path().join("day.yaml");
    for (text, line, remedy) in [
        ("what_if: [ agents cals 2 ]\n", 4, "agents QUEUE -2"),
        ("what_if: [ { name: calmer } ]\n", 4, "changes"),
        ("site: nowhere\n", 4, "tandem check"),
    ] {
        let head = "name: x\nagents: { calls: 2 }\narrivals: [ { queue: calls, rate: 3, handling: 60s } ]\n";
        fs::write(&file, format!("{head}{text}")).expect("write");
        let (code, _, errors) = simulate(&["--scenario", file.to_str().expect("UTF-8")]);
        let place = format!("day.yaml:{line}:");
        assert!(code == Some(3) && errors.contains(&place) && errors.contains(remedy), "{text}: {errors}");
    }
}

#[test]
fn agents_outside_take_their_callers_as_those_in_the_house_do() {
    let temp = tempfile::tempdir().expect("folder");
    let site = temp.path().join("other");
    copied("examples/scenarios/tiers", &site);
    let people = fs::read_to_string(site.join("people.yaml")).expect("there");
    let (phones, agents) = people.split_once("agents:\n").expect("agents");
    let outside = agents.replace("extension: 1", "number: 1390000");
    assert_ne!(outside, agents);
    fs::write(site.join("people.yaml"), format!("{phones}agents:\n{outside}")).expect("write");
    fs::write(site.join("trunks.yaml"), "carrier: { address: 192.0.2.1 }\n").expect("write");
    let dialing =
        "outside: { prefix: \"\", national: [\"1390000xxx\"], emergency: [110], trunks: [carrier] }\n";
    fs::write(site.join("dialing.yaml"), dialing).expect("write");
    let day =
        "name: a day\nlength: 4h\nseed: 3\narrivals:\n  - { queue: everybody, rate: 120, handling: 60s }\n";
    let file = temp.path().join("day.yaml");
    fs::write(&file, day).expect("write");
    let file = file.to_str().expect("UTF-8");
    let other = format!("site {}", site.display());
    let outcome = outcome(&["--scenario", file, "--site", "examples/scenarios/tiers", "--what-if", &other]);
    let answered = |of: &Value| of["all"]["answered"].as_u64().expect("a number");
    assert!(answered(&outcome) > 300, "{outcome}");
    assert_eq!(answered(&outcome), answered(&outcome["what_if"][0]), "{outcome}");
}
