//! How fast a large history is searched.

use std::time::{Duration, Instant};

use jiff::{civil::date, tz::TimeZone};
use tandem::{
    base::{id::Name, number::Number},
    live::record::{
        Before,
        store::{CallStore, Filter},
    },
};

use crate::house::{House, record, whole};

const MILLION: u64 = 1_000_000;

async fn write(store: &CallStore) {
    let begun = Instant::now();
    for first in (0..MILLION).step_by(10_000) {
        let calls: Vec<_> = (first..first + 10_000).map(record).collect();
        store.write(&calls).await.unwrap();
    }
    println!("wrote {MILLION} calls in {:?}", begun.elapsed());
}

/// What a backup does with rows and a restore with a copy.
pub async fn a_million_calls_are_copied_and_loaded_within_half_an_hour(house: House) {
    write(&house.store()).await;
    let copy = house.state.path().join("copy.db");
    let begun = Instant::now();
    assert!(house.db.copy(&copy).await.unwrap());
    println!("copied in {:?}", begun.elapsed());
    house.replace().await;
    house.db.load(&copy).await.unwrap();
    let took = begun.elapsed();
    println!("copied and loaded in {took:?}");
    assert_eq!(house.counts().await, whole(MILLION.cast_signed()));
    assert!(took < Duration::from_mins(30), "{took:?}");
}

pub async fn a_million_calls_are_searched_within_200_ms(house: House) {
    let store = house.store();
    write(&store).await;
    let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
    let mut times: Vec<(Duration, &str)> = Vec::new();
    for round in 0..40u64 {
        let middle = Some(record(round * 25_000 + 77).ended);
        let before = middle.map(|ended| Before { ended, call: None });
        let agent = Name::new(format!("agent-{}", round % 7)).ok();
        let from = Number::new(format!("+86138{:08}", round * 20 + 2)).ok();
        let filters = [
            ("newest", Filter::default()),
            ("a page further back", Filter { before, ..Filter::default() }),
            ("a queue", Filter { queue: Name::new("sales").ok(), before, ..Filter::default() }),
            ("an agent", Filter { agent: agent.clone(), since: middle, ..Filter::default() }),
            ("a queue and an agent", Filter { queue: Name::new("sales").ok(), agent, ..Filter::default() }),
            ("a caller", Filter { from, ..Filter::default() }),
            ("nobody", Filter { to: Number::new("999").ok(), ..Filter::default() }),
        ];
        for (what, filter) in filters {
            let begun = Instant::now();
            store.calls(&filter, 100).await.unwrap();
            times.push((begun.elapsed(), what));
        }
        let begun = Instant::now();
        assert!(store.call(record(round * 20_000).id).await.unwrap().is_some());
        times.push((begun.elapsed(), "one call"));
        let begun = Instant::now();
        store.by_day(&shanghai, date(2026, 11, 21), 31).await.unwrap();
        times.push((begun.elapsed(), "a month by day"));
    }
    times.sort();
    let p95 = times[times.len() * 95 / 100];
    println!("p50 {:?}, p95 {p95:?}, slowest {:?}", times[times.len() / 2], times.last());
    assert!(p95.0 <= Duration::from_millis(200), "{p95:?}");
}
