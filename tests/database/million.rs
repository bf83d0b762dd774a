//! How fast a large history is searched.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use jiff::{civil::date, tz::TimeZone};
use tandem::{
    base::{id::Name, number::Number, text::Label},
    live::record::{Before, CallRecord, Direction, Filter, Outcome, store::CallStore},
};

use crate::house::{House, Kind, record, whole};

const MILLION: u64 = 1_000_000;

/// Call `n`: some callers call often, some names are rare, few calls are long.
fn call(n: u64) -> CallRecord {
    let mut call = record(n);
    if !n.is_multiple_of(3) && call.from.is_some() {
        call.from = Number::new(format!("+86139{n:08}")).ok();
    }
    call.ended = call.ended + Duration::from_secs(n % 300 + if n.is_multiple_of(9973) { 7200 } else { 0 });
    if n.is_multiple_of(9973) {
        call.from_name = Label::new("Ann 欧阳");
    }
    call
}

/// What is looked for in round `n`, and whether something must be found.
fn filters(n: u64) -> Vec<(&'static str, Filter, bool)> {
    let all = Filter::default;
    let text = |text: &str| Filter { text: Some(text.to_owned()), ..all() };
    let agent = Name::new(format!("agent-{}", n % 7)).ok();
    let (sales, from) = (Name::new("sales").ok(), call(n * 1000).arrived);
    let rare = format!("{:08}", n * 20_003 / 3 * 3 + 1);
    vec![
        ("the newest", all(), true),
        (
            "a week",
            Filter { since: Some(from), until: Some(from + Duration::from_hours(168)), ..all() },
            true,
        ),
        ("a queue", Filter { queue: sales.clone(), ..all() }, true),
        ("a queue and an agent", Filter { queue: sales.clone(), agent: agent.clone(), ..all() }, true),
        ("an agent's answered calls", Filter { agent, outcome: Some(Outcome::Answered), ..all() }, true),
        ("a common outcome", Filter { outcome: Some(Outcome::Abandoned), ..all() }, true),
        (
            "what never is",
            Filter { direction: Some(Direction::Internal), queue: sales.clone(), ..all() },
            false,
        ),
        ("a caller", Filter { caller: Number::new(format!("+86138{:08}", n * 3 + 3)).ok(), ..all() }, false),
        ("a caller who called once", text(&rare), false),
        ("the end of a number", text(&format!("{:04}", n * 211 % 10_000)), false),
        ("the end of the house's number", text("4001"), true),
        ("a name that all have", text("小明"), true),
        ("a rare name", text("欧阳"), true),
        ("a name and a number", text(&format!("ann {n:03}")), false),
        ("nobody's name", text("nobody"), false),
        ("long calls", Filter { min_seconds: Some(7000), ..all() }, true),
        ("calls of a length", Filter { min_seconds: Some(100), max_seconds: Some(130), ..all() }, true),
        ("short calls of a queue", Filter { max_seconds: Some(70), queue: sales, ..all() }, true),
    ]
}

async fn write(store: &CallStore) {
    let begun = Instant::now();
    for first in (0..MILLION).step_by(10_000) {
        let calls: Vec<_> = (first..first + 10_000).map(call).collect();
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
    house.db.load(&copy).await.unwrap().commit().await.unwrap();
    let took = begun.elapsed();
    println!("copied and loaded in {took:?}");
    assert_eq!(house.counts().await, whole(MILLION.cast_signed()));
    assert!(took < Duration::from_mins(30), "{took:?}");
}

pub async fn a_million_calls_are_searched_within_200_ms(house: House) {
    let store = house.store();
    write(&store).await;
    if matches!(house.kind, Kind::Postgres(_)) {
        // What the server does by itself once in a while.
        house.stranger().await.run("VACUUM ANALYZE").await;
    }
    let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for round in 0..40u64 {
        let mut took = |what, begun: Instant| times.entry(what).or_default().push(begun.elapsed());
        // A page somewhere in the depth.
        let deep = Some(call(MILLION - round * 24_000 - 1).id);
        for (what, filter, there) in filters(round) {
            for before in [None, deep] {
                let begun = Instant::now();
                let page = store.search(&filter, before, 51).await.unwrap();
                took(what, begun);
                assert!(!there || before.is_some() || !page.is_empty(), "{what}");
            }
        }
        let before = Some(Before { ended: call(round * 25_000).ended, call: None });
        let begun = Instant::now();
        store.recent(before, 51).await.unwrap();
        took("a page of the history", begun);
        let begun = Instant::now();
        assert!(store.call(call(round * 20_000).id).await.unwrap().is_some());
        took("one call", begun);
        let begun = Instant::now();
        store.by_day(&shanghai, date(2026, 11, 21), 31).await.unwrap();
        took("a month by day", begun);
    }
    let mut slow = Vec::new();
    for (what, times) in &mut times {
        times.sort();
        let p95 = times[times.len() * 95 / 100];
        println!(
            "{what:32} p50 {:>10.1?}  p95 {p95:>10.1?}  slowest {:>10.1?}",
            times[times.len() / 2],
            times[times.len() - 1]
        );
        // A report goes through all the calls of its days; the doors wait five seconds.
        let most = if *what == "a month by day" { 5000 } else { 200 };
        if p95 > Duration::from_millis(most) {
            slow.push((*what, p95));
        }
    }
    println!("{} searches of {} kinds", times.values().map(Vec::len).sum::<usize>(), times.len());
    assert_eq!(slow, [], "kinds whose 95th percentile is too high");
}
