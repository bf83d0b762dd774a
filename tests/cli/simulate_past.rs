//! `tandem simulate --journal`: callers who came once come again.

use std::{collections::BinaryHeap, fs, path::Path, time::Duration};

use fastrand::Rng;
use serde_json::{Value, json};
use tandem::base::clock::Stamp;

use super::{
    commands::{err, out, tandem},
    double::{Daemon, Mood},
    simulate::simulate,
};

const SITE: &str = "examples/scenarios/tiers";
/// 2026-11-23T08:00 in Shanghai.
const MORNING: u64 = 1_795_392_000;
const AGENTS: usize = 12;

/// A day with a rush at noon, as twelve people met it who took everybody in turn; patience of five minutes in the mean.
fn recorded() -> Vec<Value> {
    let mut random = Rng::with_seed(11);
    let mut span = |mean: f64| -mean * (1.0 - random.f64()).ln();
    let mut free: BinaryHeap<i64> = std::iter::repeat_n(0, AGENTS).collect();
    let (mut at, mut calls) = (0.0, Vec::new());
    loop {
        at += span(if (7_200.0..14_400.0).contains(&at) { 11.0 } else { 20.0 });
        if at > 28_800.0 {
            return calls;
        }
        let (patience, talk) = (span(300.0), span(180.0).max(1.0));
        let next = -free.peek().expect("agents") as f64 / 1000.0;
        let wait = (next - at).max(0.0);
        let answered = wait <= patience;
        let (wait, talk) = if answered { (wait, talk) } else { (patience, 0.0) };
        if answered {
            free.pop();
            free.push(-((at + wait + talk) * 1000.0) as i64);
        }
        calls.push(call(calls.len(), [at, wait, talk], answered));
    }
}

fn call(n: usize, [at, wait, talk]: [f64; 3], answered: bool) -> Value {
    let stamp = |after: f64| json!(Stamp(0) + Duration::from_secs(MORNING) + Duration::from_secs_f64(after));
    let leg = |leg: &str, role: &str, party: &str| {
        json!({"leg": format!("{leg}-{n}"), "role": role, "party": party, "began": stamp(at), "ended": stamp(at + wait + talk),
               "answered": stamp(at + wait), "cause": 16})
    };
    // Before that, more or less of a menu.
    let arrived = stamp((at - 11.0 * (n % 7) as f64).max(0.0));
    let legs = if answered {
        vec![leg("c", "caller", "13800138000"), leg("a", "agent", "a1")]
    } else {
        vec![leg("c", "caller", "13800138000")]
    };
    json!({"id": tandem::base::id::CallId(n as u64 + 1), "from": "+8613800138000", "from_name": "", "to": "4001",
           "direction": "inbound", "arrived": arrived, "answered": arrived, "ended": stamp(at + wait + talk), "cause": 16,
           "ended_by": "caller", "queue": "everybody", "wait_ms": (wait * 1000.0) as u64, "talk_ms": (talk * 1000.0) as u64,
           "agent": answered.then_some("a1"), "legs": legs, "steps": []})
}

fn file(folder: &Path, calls: &[Value]) -> String {
    let path = folder.join("calls.jsonl");
    fs::write(&path, calls.iter().map(|call| format!("{call}\n")).collect::<String>()).expect("written");
    path.to_str().expect("UTF-8").to_owned()
}

fn figure(of: &Value, key: &str) -> f64 {
    of[key].as_f64().unwrap_or_else(|| panic!("{key} in {of}"))
}

/// R093 for a day that was: the same agents give the same waits, and more of them at noon less than a third.
#[test]
fn a_day_that_was_comes_again_and_with_more_people_at_noon_waits_are_70_percent_shorter() {
    let temp = tempfile::tempdir().expect("folder");
    let calls = recorded();
    let journal = file(temp.path(), &calls);
    // Two of the site's twenty are there for VIPs first, and take everybody.
    let day = temp.path().join("day.yaml");
    fs::write(&day, "name: that Monday\nagents: { regular: 10 }\narrivals: []\n").expect("written");
    let args = ["--site", SITE, "--journal", &journal, "--scenario", day.to_str().expect("UTF-8")];
    let more = [
        "--what-if",
        "agents regular +8 10:00-12:30",
        "--what-if",
        "agents regular -2 10:00-12:00",
        "--json",
    ];
    let (code, text, errors) = simulate(&[&args[..], &more[..]].concat());
    assert_eq!(code, Some(0), "{errors}");
    let outcome: Value = serde_json::from_str(&text).expect("JSON");
    let (was, all) = (&outcome["was"], &outcome["all"]);
    assert_eq!(figure(was, "offered") as usize, calls.len());
    assert_eq!(outcome["calls"].as_u64().expect("calls") as usize, calls.len());
    let hung_up = calls.iter().filter(|call| call["agent"].is_null()).count();
    assert!(hung_up > 100, "{hung_up}");
    assert_eq!(figure(was, "abandoned") as usize, hung_up);
    // The simulated engine takes some milliseconds here and there, so that somebody may come to another agent.
    assert!((figure(all, "mean_wait") / figure(was, "mean_wait") - 1.0).abs() < 0.03, "{was} {all}");
    assert!((figure(all, "service_level") - figure(was, "service_level")).abs() < 0.01, "{was} {all}");
    assert!((figure(all, "abandoned") / figure(was, "abandoned") - 1.0).abs() < 0.03, "{was} {all}");
    let [more, fewer] = outcome["what_if"].as_array().expect("two").as_slice() else { panic!("{outcome}") };
    let wait = |of: &Value| figure(&of["all"], "mean_wait");
    println!(
        "{:.1} s, {:.1} s with eight more, {:.1} s with two fewer",
        wait(&outcome),
        wait(more),
        wait(fewer)
    );
    assert!(wait(more) <= 0.3 * wait(&outcome), "{more}");
    assert!(wait(fewer) > wait(&outcome), "{fewer}");
    assert!(
        figure(&fewer["all"], "abandoned") > 1.2 * figure(all, "abandoned"),
        "who was answered may now hang up"
    );
    let (code, text, _) = simulate(&args);
    assert!(code == Some(0) && text.contains("As it was: ") && text.contains("everybody"), "{text}");
}

/// Every fifth of those who hung up had been led to a mailbox, and hung up there a minute later.
#[test]
fn who_was_led_elsewhere_in_time_did_not_lose_patience() {
    let temp = tempfile::tempdir().expect("folder");
    let mut calls = recorded();
    let hung_up: Vec<_> = calls.iter_mut().filter(|call| call["agent"].is_null()).collect();
    let (all, mut led) = (hung_up.len(), 0);
    for call in hung_up.into_iter().step_by(5) {
        let ended = serde_json::from_value::<Stamp>(call["ended"].clone()).expect("a stamp");
        call["steps"] = json!([{"at": call["arrived"], "what": "queue everybody: place 1, 0 of its agents free"},
                               {"at": ended, "what": "waited as long as queue everybody allows: step message"}]);
        call["ended"] = json!(ended + Duration::from_secs(60));
        led += 1;
    }
    let args = ["--site", SITE, "--journal", &file(temp.path(), &calls), "--json"];
    let (code, text, errors) = simulate(&args);
    assert_eq!(code, Some(0), "{errors}");
    let outcome: Value = serde_json::from_str(&text).expect("JSON");
    let was = &outcome["was"];
    assert_eq!((figure(was, "abandoned") as usize, figure(was, "overflowed") as usize), (all - led, led));
}

#[test]
fn the_daemon_is_asked_for_the_days_and_what_cannot_come_again_is_told() {
    let daemon = Daemon::start(Mood::Well);
    let ask =
        |more: &[&str]| tandem(&daemon.socket, &[&["simulate", "--site", "examples/small"], more].concat());
    let simulated = ask(&["--journal", "2026-03-02", "--json"]);
    assert_eq!(simulated.status.code(), Some(0), "{}", err(&simulated));
    let outcome: Value = serde_json::from_str(out(&simulated)).expect("JSON");
    assert!(figure(&outcome["was"], "offered") >= 1.0, "{outcome}");
    assert_eq!(outcome["calls"], outcome["was"]["offered"], "{outcome}");
    let temp = tempfile::tempdir().expect("folder");
    let elsewhere = call(1, [0.0, 1.0, 2.0], true);
    for (calls, told) in [
        (vec![elsewhere], "no call of that time waited in a queue of the site"),
        (vec![json!({"id": 3})], "line 1 is no call"),
    ] {
        let refused = ask(&["--journal", &file(temp.path(), &calls)]);
        assert!(refused.status.code() == Some(1) && err(&refused).contains(told), "{}", err(&refused));
    }
    for wrong in ["2026-03-03..2026-03-02", "yesterday", "/nonexistent"] {
        assert_eq!(ask(&["--journal", wrong]).status.code(), Some(2), "{wrong}");
    }
    let alone = tandem(&daemon.socket, &["simulate", "--journal", "2026-03-02"]);
    assert_eq!(alone.status.code(), Some(2), "without a site nobody knows the queues");
}

#[test]
fn who_called_before_midnight_and_waits_after_it_is_of_the_day() {
    let temp = tempfile::tempdir().expect("folder");
    let midnight = 16.0 * 3600.0;
    // The second calls seven seconds before midnight, is of the day on which it came in, and comes to wait long after.
    let calls = [call(0, [midnight - 600.0, 2.0, 30.0], true), call(1, [midnight + 1200.0, 2.0, 30.0], true)];
    let (code, text, errors) =
        simulate(&["--site", SITE, "--journal", &file(temp.path(), &calls[..1]), "--json"]);
    assert_eq!(code, Some(0), "{errors}");
    let alone: Value = serde_json::from_str(&text).expect("JSON");
    let mut late = calls[1].clone();
    late["arrived"] =
        json!(Stamp(0) + Duration::from_secs(MORNING) + Duration::from_secs_f64(midnight - 7.0));
    let journal = file(temp.path(), &[calls[0].clone(), late]);
    let (_, text, _) = simulate(&["--site", SITE, "--journal", &journal, "--json"]);
    let both: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((alone["all"]["answered"].as_u64(), both["was"]["offered"].as_u64()), (Some(1), Some(2)));
    assert_eq!(both["all"]["answered"].as_u64(), Some(2), "{both}");
}
