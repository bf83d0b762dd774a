//! Finished calls are found by whatever is asked for, and by nothing else; checked against looking at each call.

use std::time::Duration;

use tandem::{
    base::{
        clock::Stamp,
        id::{CallId, Name},
        number::Number,
        text::Label,
    },
    live::record::{CallRecord, Direction, EndedBy, Filter, LegRecord, Outcome, Role, store::StoreError},
    ports::engine::HangupCause,
};

use crate::house::{House, START, push, record, wait};

/// Calls of all sorts.
fn calls() -> Vec<CallRecord> {
    let names = ["王小明", "Ann-Smith", "ANN 小龙", "李小龙; DROP TABLE", "", "O'Neill \"x\""];
    let queues = [Some("sales"), Some("Sales"), None, Some("support.cn")];
    (0..400)
        .map(|n| {
            let mut call = record(n);
            call.from_name = Label::new(names[n as usize % 6]);
            call.queue = queues[n as usize % 4].map(|queue| Name::new(queue).unwrap());
            call.ended = call.arrived + Duration::from_secs(n * n / 16);
            call.cause = HangupCause([16, 17, 31][n as usize % 3]);
            call.direction = [Some(Direction::Inbound), Some(Direction::Outbound), None][n as usize % 3];
            if n % 50 == 7 {
                let number = Label::new(&format!("+4930{n:06}"));
                call.legs.push(LegRecord { role: Role::Outside, party: number, ..call.legs[0].clone() });
            }
            call
        })
        .collect()
}

fn name(text: &str) -> Option<Name> {
    Name::new(text).ok()
}

fn text(text: &str) -> Filter {
    Filter { text: Some(text.to_owned()), ..Filter::default() }
}

/// Whether a call fits, told without any words.
fn fits(filter: &Filter, call: &CallRecord) -> bool {
    let same = |wanted: &Option<Name>, there: &Option<Name>| wanted.is_none() || wanted == there;
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let numbers = || {
        let outside = call.legs.iter().filter(|leg| leg.role == Role::Outside);
        let all = call.from.iter().chain([&call.to]).map(Number::as_str);
        all.chain(outside.map(|leg| leg.party.as_str())).map(digits).collect::<Vec<_>>()
    };
    let by_text = |text: &String| {
        let all = call.legs.iter().filter(|leg| leg.role == Role::Agent).map(|leg| leg.party.as_str());
        let said = all.chain([call.from_name.as_str()]).collect::<Vec<_>>().join(" ").to_lowercase();
        text.to_lowercase().split(' ').all(|word| {
            let number = word.len() > 2 && word.bytes().all(|b| b.is_ascii_digit());
            said.split([' ', '-', ';', '"', '\'']).any(|one| one == word)
                || (!word.is_ascii() && said.contains(word))
                || (number && numbers().iter().any(|one| one.ends_with(word)))
        })
    };
    filter.since.is_none_or(|since| call.arrived >= since)
        && filter.until.is_none_or(|until| call.arrived < until)
        && filter.caller.as_ref().is_none_or(|from| call.from.as_ref() == Some(from))
        && filter.called.as_ref().is_none_or(|to| call.to == *to)
        && same(&filter.queue, &call.queue)
        && same(&filter.agent, &call.agent)
        && filter.direction.is_none_or(|way| call.direction == Some(way))
        && filter.outcome.is_none_or(|outcome| call.outcome() == outcome)
        && filter.ended_by.is_none_or(|who| call.ended_by == who)
        && filter.cause.is_none_or(|cause| call.cause.0 == cause)
        && filter.min_seconds.is_none_or(|min| call.seconds() >= min)
        && filter.max_seconds.is_none_or(|max| call.seconds() <= max)
        && filter.text.as_ref().is_none_or(by_text)
}

fn filters() -> Vec<Filter> {
    let all = Filter::default;
    let mut filters = vec![
        all(),
        Filter { queue: name("sales"), ..all() },
        Filter { queue: name("Sales"), ..all() },
        Filter { queue: name("support.cn"), agent: name("agent-3"), ..all() },
        Filter { agent: name("nobody"), ..all() },
        Filter { caller: Number::new("+8613800000042").ok(), ..all() },
        Filter { called: Number::new("4001").ok(), outcome: Some(Outcome::Missed), ..all() },
        Filter { direction: Some(Direction::Outbound), ..all() },
        Filter { ended_by: Some(EndedBy::Callee), cause: Some(17), ..all() },
        Filter { since: Some(Stamp(START + 500_000_000)), until: Some(Stamp(START + 700_000_000)), ..all() },
        Filter { until: Some(Stamp(START + 700_000_000)), queue: name("sales"), ..all() },
    ];
    for outcome in Outcome::ALL {
        filters.push(Filter { outcome: Some(*outcome), ..all() });
    }
    for (min, max) in [(0, 0), (1, 5), (63, 64), (64, 71), (65, 200), (1000, 1030), (9_900, 1 << 40), (5, 4)]
    {
        filters.push(Filter { min_seconds: Some(min), max_seconds: Some(max), ..all() });
        filters.push(Filter { min_seconds: Some(min), queue: name("sales"), ..all() });
    }
    let texts = [
        "ann",
        "ANN smith",
        "小龙",
        "小明",
        "明小",
        "王 小龙",
        "drop",
        "dro",
        "o",
        "x",
        "001",
        "00042",
        "3800000042",
        "8613800000042",
        "4001",
        "30000057",
        "ann 4001",
        "王 13800000042",
        "李",
        "wei",
    ];
    filters.extend(texts.map(text));
    filters
}

pub async fn calls_are_found_as_if_each_had_been_looked_at(house: House) {
    let (store, calls) = (house.store(), calls());
    store.write(&calls).await.unwrap();
    let mut found = 0;
    for filter in filters() {
        let expected: Vec<_> = calls.iter().rev().filter(|call| fits(&filter, call)).cloned().collect();
        assert_eq!(store.search(&filter, None, 1000).await.unwrap(), expected, "{filter:?}");
        found += usize::from(!expected.is_empty());
        let (mut before, mut read): (Option<CallId>, Vec<CallRecord>) = (None, Vec::new());
        loop {
            let page = store.search(&filter, before, 37).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            read.extend(page);
        }
        assert_eq!(read, expected, "in pages: {filter:?}");
    }
    assert!(found > 30, "{found} filters found something");
    for hostile in ["\" OR 1", "'; DROP TABLE calls; --", "a\\' | 'b", "NEAR(a b)", "x:小 *"] {
        store.search(&text(hostile), None, 10).await.unwrap_or_else(|why| panic!("{hostile}: {why}"));
    }
    let empty = store.search(&text(" -- "), None, 10).await.unwrap_err();
    assert!(matches!(empty, StoreError::Words(_)), "{empty}");
}

pub async fn calls_of_an_earlier_version_are_found_too(house: House) {
    let (store, calls) = (house.store(), calls());
    store.write(&calls).await.unwrap();
    let mut stranger = house.stranger().await;
    stranger.run("DELETE FROM calls_words").await;
    stranger.run("UPDATE calls SET worded = NULL").await;
    assert_eq!(store.search(&text("ann"), None, 1000).await.unwrap(), []);
    let (_spool, projection) = house.start();
    let deadline = tokio::time::Instant::now() + crate::house::PATIENCE;
    let expected = calls.iter().filter(|call| fits(&text("ann"), call)).count();
    while store.search(&text("ann"), None, 1000).await.unwrap().len() < expected {
        assert!(tokio::time::Instant::now() < deadline, "not all calls have their words");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    projection.stop().await;
}

pub async fn an_old_call_that_cannot_be_read_holds_up_no_other(house: House) {
    let (store, calls) = (house.store(), calls());
    store.write(&calls).await.unwrap();
    let mut stranger = house.stranger().await;
    stranger.run("DELETE FROM calls_words").await;
    stranger.run("UPDATE calls SET worded = NULL").await;
    let newest = calls.last().unwrap();
    // Call 100 has words of its own and a leg that no Tandem wrote, 200 steps that are none.
    let spoil = format!("UPDATE calls SET steps = 'none' WHERE id = {}", calls[200].id.0);
    stranger.texts(&format!("{spoil} RETURNING ''")).await;
    let spoil = format!("UPDATE legs SET leg = '' WHERE place = 0 AND call = {}", calls[100].id.0);
    stranger.texts(&format!("{spoil} RETURNING ''")).await;
    assert_eq!(store.word_older(1).await.unwrap(), 1);
    let worded = stranger.texts("SELECT CAST(id AS TEXT) FROM calls WHERE worded = 1").await;
    assert_eq!(worded, [newest.id.0.to_string()], "the newest first");
    let (spool, projection) = house.start();
    push(&spool, [1000]);
    let deadline = tokio::time::Instant::now() + crate::house::PATIENCE;
    while stranger.texts("SELECT CAST(id AS TEXT) FROM calls WHERE worded IS NULL").await != [""; 0] {
        let standing = projection.standing().borrow().clone();
        assert!(standing.setback.is_none(), "{standing:?}");
        assert!(tokio::time::Instant::now() < deadline, "{standing:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    wait(&projection, "the new call", |s| s.delivered == 1 && s.setback.is_none()).await;
    projection.stop().await;
    let kept =
        calls.iter().enumerate().filter(|(n, call)| ![100, 200].contains(n) && fits(&text("ann"), call));
    let found = store.search(&text("ann"), None, 1000).await.unwrap();
    assert_eq!(found.len(), kept.count());
}

pub async fn an_erased_person_is_not_found_and_the_call_is(house: House) {
    let (store, mut calls) = (house.store(), calls());
    calls[42].from_name = Label::new("Zhang Unmistakable");
    store.write(&calls).await.unwrap();
    let person = calls[42].from.clone().unwrap();
    let theirs = store.calls_of(&person).await.unwrap();
    let count = async |filter: Filter| store.search(&filter, None, 1000).await.unwrap().len();
    let sales = Filter { queue: name("sales"), ..Filter::default() };
    let before = count(sales.clone()).await;
    assert_eq!((theirs.len(), count(text("unmistakable")).await), (1, 1));
    store.blank(&theirs, Stamp(5)).await.unwrap();
    for gone in ["unmistakable", "zhang", "0000042"] {
        assert_eq!(count(text(gone)).await, 0, "{gone}");
    }
    assert_eq!(count(Filter { caller: Some(person), ..Filter::default() }).await, 0);
    assert_eq!(count(sales).await, before);
}
