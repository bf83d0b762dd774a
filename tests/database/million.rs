//! How fast a large history is searched.

use std::time::{Duration, Instant};

use jiff::{civil::date, tz::TimeZone};
use tandem::{
    base::{id::Name, number::Number},
    live::record::{Before, store::Filter},
};

use crate::house::{House, record};

pub async fn a_million_calls_are_searched_within_200_ms(house: House) {
    const MILLION: u64 = 1_000_000;
    let store = house.store();
    let begun = Instant::now();
    for first in (0..MILLION).step_by(10_000) {
        let calls: Vec<_> = (first..first + 10_000).map(record).collect();
        store.write(&calls).await.unwrap();
    }
    println!("wrote {MILLION} calls in {:?}", begun.elapsed());
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
