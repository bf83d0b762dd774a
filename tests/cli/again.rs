//! Who called again, as the whole program tells of it: from rows of the database to the alert.

use std::{fs, time::Duration};

use nix::sys::signal::Signal;
use tandem::{
    base::{
        clock::{Clock, Stamp, SystemClock},
        id::CallId,
    },
    infra::db::Db,
    live::record::{CallRecord, store::CallStore},
};

use crate::{daemon::House, double::extension, figures::figures, past::record};

/// Five callers of twelve days ago, of whom two called again in time.
fn calls() -> Vec<CallRecord> {
    let day = Duration::from_hours(24);
    let call = |n: u64, from: &str, arrived: Stamp| {
        let ended = arrived + Duration::from_secs(130);
        let id = CallId((arrived.millis() as u64) << 20 | n);
        CallRecord { id, from: Some(extension(from)), arrived, ended, ..record() }
    };
    let then = SystemClock.now() - day * 12;
    let first = (1..=5).map(|n| call(n, &format!("10{n}"), then));
    let later =
        [call(6, "101", then + day * 3), call(7, "102", then + day * 6), call(8, "103", then + day * 8)];
    first.chain(later).collect()
}

#[test]
fn an_alert_tells_how_many_call_again_and_how_few_are_resolved() {
    let mut house = House::of("small", "sqlite");
    let rules = "rules:\n  again: { when: repeat_rate, above: 15, least: 5 }\n  solved: { when: first_contact_resolution, below: 90, within: 5d, least: 5 }\n";
    fs::write(house.site().join("alerts.yaml"), rules).expect("written");
    house.start(&[]);
    house.end(Signal::SIGTERM);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let store = CallStore::new(Db::sqlite(house.state().join("tandem.db")));
    runtime.block_on(store.write(&calls())).expect("written");
    drop((store, runtime));
    house.start(&[]);
    house.until("both alerts", |house| {
        house.json(&["alerts", "--json"]).as_array().is_some_and(|alerts| alerts.len() == 2)
    });
    let alerts = house.json(&["alerts", "--json"]);
    let words = |n: usize| alerts[n]["words"].as_str().map(str::to_owned);
    // Six of the days from 14 to 8 days ago, two of them called again; seven of those from 12 to 6, and one did.
    assert_eq!(words(0).as_deref(), Some("sales: repeat rate 33.3 %, above 15.0 %"));
    assert_eq!(words(1).as_deref(), Some("sales: first contact resolution 85.7 %, below 90.0 %"));
    let figures = figures(&house.socket());
    for (figure, ratio) in [("repeat", 0.333), ("first_contact_resolution", 0.666)] {
        let told = figures[&format!("tandem_queue_{figure}_ratio{{queue=\"sales\"}}")];
        assert!((told - ratio).abs() < 1e-9, "{figure} {told}");
    }
    house.end(Signal::SIGTERM);
}
