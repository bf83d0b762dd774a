//! Figures for Prometheus, in a form that it takes.

use std::{collections::BTreeMap, path::Path};

use crate::double::{Daemon, Mood};

/// What is at `/metrics`: each line's name with its labels, and its value. Refuses what Prometheus would refuse.
pub fn figures(socket: &Path) -> BTreeMap<String, f64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let text = runtime.block_on(async {
        let client = reqwest::Client::builder().unix_socket(socket).build().expect("client");
        let answer = client.get("http://tandem/metrics").send().await.expect("answer");
        assert_eq!(answer.status(), 200);
        assert!(
            answer.headers()["content-type"].to_str().expect("text").starts_with("text/plain; version=0.0.4")
        );
        answer.text().await.expect("text")
    });
    let mut figures = BTreeMap::new();
    let mut kinds = BTreeMap::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("# TYPE ") {
            let (name, kind) = head.split_once(' ').expect("a kind");
            assert!(["gauge", "counter", "histogram"].contains(&kind), "{line}");
            assert!(kinds.insert(name.to_owned(), kind).is_none(), "{name} has two kinds");
        } else if !line.starts_with("# HELP ") {
            let (name, value) = line.rsplit_once(' ').expect("a value");
            let family = name.split('{').next().expect("a name");
            let known = ["", "_bucket", "_sum", "_count"]
                .iter()
                .any(|end| family.strip_suffix(end).is_some_and(|family| kinds.contains_key(family)));
            assert!(known && family.starts_with("tandem_"), "{line} has no kind");
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            assert!(family.chars().all(plain), "{line}");
            let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
            assert!(figures.insert(name.to_owned(), value).is_none(), "{name} is there twice");
        }
    }
    figures
}

#[test]
fn live_state_is_told_in_figures() {
    let daemon = Daemon::start(Mood::Well);
    let there = figures(&daemon.socket);
    for (name, value) in [
        ("tandem_engine_up", 1.0),
        ("tandem_calls{state=\"talking\"}", 1.0),
        ("tandem_calls{state=\"waiting\"}", 0.0),
        ("tandem_agents{state=\"paused\"}", 1.0),
        ("tandem_queue_waiting{queue=\"sales\"}", 1.0),
        ("tandem_queue_longest_wait_milliseconds{queue=\"sales\"}", 65_000.0),
        ("tandem_queue_expected_wait_milliseconds{queue=\"sales\"}", 140_000.0),
        ("tandem_queue_expanded{queue=\"sales\"}", 0.0),
        ("tandem_queue_service_level_target_ratio{queue=\"sales\"}", 0.8),
        ("tandem_queue_service_level_within_seconds{queue=\"sales\"}", 20.0),
        ("tandem_queue_service_level_ratio{queue=\"sales\",over=\"day\"}", 12.0 / 18.0),
        ("tandem_queue_answer_ratio{queue=\"sales\",over=\"day\"}", 15.0 / 18.0),
        ("tandem_queue_abandonment_ratio{queue=\"sales\",over=\"day\"}", 2.0 / 18.0),
        ("tandem_queue_average_wait_seconds{queue=\"sales\",over=\"day\"}", 13.5),
        ("tandem_queue_offered{queue=\"sales\",over=\"15m\"}", 0.0),
        ("tandem_survey_asked{queue=\"sales\"}", 12.0),
        ("tandem_survey_answer_ratio{queue=\"sales\"}", 0.75),
        ("tandem_survey_good_ratio{queue=\"sales\"}", 6.0 / 9.0),
        ("tandem_survey_average_ratio{queue=\"sales\"}", 0.822),
        ("tandem_calls_today", 17.0),
        ("tandem_spool_bytes", 4711.0),
    ] {
        assert_eq!(there.get(name), Some(&value), "{name}: {there:?}");
    }
    let nobody = "tandem_queue_answer_ratio{queue=\"sales\",over=\"15m\"}";
    assert!(!there.contains_key(nobody), "a rate of nobody is none");
    let down = Daemon::start(Mood::EngineDown);
    assert_eq!(figures(&down.socket).get("tandem_engine_up"), Some(&0.0));
}
