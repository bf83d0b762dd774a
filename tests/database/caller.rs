//! What finished calls tell of a caller, and how fast.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use tandem::{
    base::{area, clock::Stamp, id::Name, number::Number},
    live::record::{CallRecord, store::CallerPast},
};

use crate::house::{House, Kind, record};

fn number(text: &str) -> Number {
    Number::new(text).unwrap()
}

fn forms(text: &str) -> BTreeSet<Number> {
    area::forms(&number(text), "+86")
}

fn call(n: u64, from: &str, agent: Option<&str>) -> CallRecord {
    let talk_ms = if agent.is_some() { 40_000 } else { 0 };
    CallRecord {
        from: Some(number(from)),
        agent: agent.map(|name| Name::new(name).unwrap()),
        talk_ms,
        ..record(n)
    }
}

pub async fn a_caller_is_known_by_what_was_before(house: House) {
    let store = house.store();
    let calls = [
        call(1, "13800138000", Some("li")),
        call(2, "+8613800138000", Some("chen")),
        call(3, "013800138000", None),
        call(4, "13900139000", Some("smith")),
    ];
    store.write(&calls).await.unwrap();
    // Offered, and not talked with.
    store.write(&[CallRecord { talk_ms: 0, ..call(5, "8613800138000", Some("smith")) }]).await.unwrap();
    let before = |n: usize| calls[n].ended - Duration::from_micros(1);
    let past = store.caller(&forms("13800138000"), before(0)).await.unwrap();
    assert_eq!(past.contacts, 2, "nobody talked in the others");
    assert_eq!(past.last, Some((Name::new("chen").ok(), calls[1].ended)));
    assert_eq!(store.caller(&forms("+8613800138000"), before(1)).await.unwrap().contacts, 1);
    let never = store.caller(&forms("13700137000"), Stamp(0)).await.unwrap();
    assert_eq!(never, CallerPast::default());
    assert_eq!(store.caller(&BTreeSet::new(), Stamp(0)).await.unwrap(), never);
    store.blank(&[calls[1].id], calls[1].ended).await.unwrap();
    let past = store.caller(&forms("13800138000"), before(0)).await.unwrap();
    assert_eq!((past.contacts, past.last.and_then(|(agent, _)| agent)), (1, Name::new("li").ok()));
    // Answered by a phone of the house that is no agent's.
    store.write(&[CallRecord { talk_ms: 9, ..call(6, "13800138000", None) }]).await.unwrap();
    let past = store.caller(&forms("13800138000"), before(0)).await.unwrap();
    assert_eq!((past.contacts, past.last), (2, Some((None, record(6).ended))));
}

/// However many calls there are, and however many of one number.
pub async fn a_caller_among_a_million_calls_is_found_by_an_index(house: House) {
    house.store().write(&[call(0, "13800138000", Some("li"))]).await.unwrap();
    let mut stranger = house.stranger().await;
    let sqlite = matches!(house.kind, Kind::Sqlite);
    let numbers = if sqlite {
        "WITH RECURSIVE made(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM made WHERE n < 1000000)"
    } else {
        "WITH made AS (SELECT generate_series(CAST(1 AS BIGINT), 1000000) AS n)"
    };
    // Each third call is from one and the same number, whose calls no agent took.
    let many = format!(
        "INSERT INTO calls (id, from_number, from_name, to_number, arrived, answered, ended, cause, ended_by, wait_ms, talk_ms, steps) \
         {numbers} SELECT n, CASE WHEN n % 3 = 0 THEN '13900139000' ELSE '+86138' || (10000000 + n) END, '', '4001', n, n, n, 16, \
         'caller', 0, 0, '[]' FROM made"
    );
    stranger.run(Box::leak(many.into_boxed_str())).await;
    stranger.run(house.say("ANALYZE calls", "ANALYZE calls")).await;
    let store = house.store();
    for (text, contacts) in [("13800138000", 1), ("13900139000", 0), ("13810000001", 0), ("13899999999", 0)] {
        let forms = forms(text);
        store.caller(&forms, Stamp(0)).await.unwrap();
        let mut took: Vec<Duration> = Vec::new();
        for _ in 0..20 {
            let begun = Instant::now();
            let past = store.caller(&forms, Stamp(0)).await.unwrap();
            took.push(begun.elapsed());
            assert_eq!(past.contacts, contacts, "{text}");
        }
        took.sort();
        println!("{text} among 1,000,000 calls: median {:?}, slowest {:?}", took[10], took[19]);
        // A look at all calls takes ten times as long.
        assert!(took[10] < Duration::from_millis(30), "{text}: {took:?}");
    }
}
