//! The event stream: breaks off while events flow, goes deaf, and meets an Asterisk that would jam.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tandem::ports::engine::Event;

use crate::rig::{PASSWORD, Rig, connect};

const JAMS: &str = "/asterisk/modules/res_stasis_device_state.so";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_went_deaf_is_noticed_and_opened_anew() {
    let mut rig = Rig::start().await;
    let outside = rig.outside("15550100").await;
    let deaf = json!({ "allowed": [{ "type": "DeviceStateChanged" }] });
    assert_eq!(rig.ask(Method::PUT, "/applications/tandem/eventFilter", Some(&deaf)).await, 200);
    let patience = Duration::from_secs(30);
    let down = rig.within(patience, |event| matches!(event, Event::Down { .. })).await;
    assert!(
        matches!(&down, Some(Event::Down { reason, .. }) if reason.as_str().contains("deaf")),
        "{down:?}"
    );
    rig.until("Up", |event| matches!(event, Event::Up { .. })).await;
    let (call, leg) = rig.caller(&outside).await;
    call.hang_up().await;
    rig.ended(&leg).await;
    rig.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_asterisk_that_still_has_the_module_that_jams_loses_it() {
    let mut rig = Rig::start().await;
    assert_eq!(rig.ask(Method::GET, JAMS, None).await, 404, "it is not loaded by our configuration");
    assert_eq!(rig.ask(Method::POST, JAMS, None).await, 204);
    rig.reconnect().await;
    assert_eq!(rig.ask(Method::GET, JAMS, None).await, 404);
    rig.clean().await;
}

mod long {
    use super::*;

    const BREAKS: usize = 1000;

    /// With the module that jams Asterisk hung within some hundred breaks of this.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "takes minutes: make test-long"]
    async fn a_thousand_streams_that_break_off_under_events_jam_nothing() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut rig = Rig::start().await;
        let mut worst = Duration::ZERO;
        let calls = tokio::spawn(calls_come(rig.ports.http));
        for broken in 1..=BREAKS {
            tokio::time::sleep(Duration::from_micros(random.u64(..100_000))).await;
            rig.die().await;
            let start = Instant::now();
            rig.engine = connect(&rig.dir, rig.asterisk.ari(), PASSWORD);
            rig.seen.clear();
            rig.until("the first audit", |event| matches!(event, Event::Audit { .. })).await;
            worst = worst.max(start.elapsed());
            if broken % 100 == 0 {
                println!("{broken} streams broken off, a new one heard after at most {worst:.0?}");
            }
        }
        calls.abort();
        // The last of them ring for a second.
        let none = async { while rig.get("/channels").await != json!([]) {} };
        tokio::time::timeout(Duration::from_secs(10), none).await.expect("no channel is left");
        rig.reconnect().await;
        rig.clean().await;
    }

    /// Some ten calls a second that ring for a second, each with its dozens of events.
    async fn calls_come(http: u16) {
        let client = reqwest::Client::new();
        let url = format!("http://127.0.0.1:{http}/ari/channels");
        let call = [
            ("endpoint", "Local/8000@tandem-trunk"),
            ("context", "tandem-dialled"),
            ("extension", "s"),
            ("priority", "1"),
            ("timeout", "1"),
        ];
        loop {
            let request = client.post(&url).query(&call).basic_auth("tandem", Some(PASSWORD));
            let answer = request.send().await.expect("ARI answers");
            assert!(answer.status().is_success(), "{answer:?}");
            tokio::time::sleep(Duration::from_millis(fastrand::u64(..150))).await;
        }
    }
}
