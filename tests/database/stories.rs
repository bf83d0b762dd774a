//! What holds on both databases.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

use tandem::{
    base::id::CallId,
    infra::db::{DbError, Sql},
    live::record::{Before, store::StoreError},
};

use crate::house::{House, Kind, PATIENCE, push, record, wait, whole};

pub async fn what_is_written_is_read_back_newest_first(house: House) {
    let store = house.store();
    let all: Vec<_> = (0..100).map(record).collect();
    store.write(&all).await.unwrap();
    store.write(&all[40..60]).await.unwrap();
    assert_eq!(house.counts().await, whole(100));

    let newest: Vec<_> = all.iter().rev().cloned().collect();
    assert_eq!(store.recent(None, 1000).await.unwrap(), newest);
    let page = store.recent(None, 30).await.unwrap();
    let before = page.last().map(|call| Before { ended: call.ended, call: Some(call.id) });
    let next = store.recent(before, 30).await.unwrap();
    assert_eq!([page, next].concat(), newest[..60]);

    assert_eq!(store.call(all[8].id).await.unwrap().as_ref(), Some(&all[8]));
    assert_eq!(store.call(CallId(7)).await.unwrap(), None);
    if matches!(house.kind, Kind::Sqlite) {
        let mode = fs::metadata(house.file()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

pub async fn pages_leave_nobody_out_who_ended_in_the_same_microsecond(house: House) {
    let store = house.store();
    let mut all: Vec<_> = (0..50).map(record).collect();
    let ended = all[49].ended;
    // All but the first ten at once.
    all.iter_mut().skip(10).for_each(|call| call.ended = ended);
    store.write(&all).await.unwrap();
    for size in [1, 7, 40] {
        let (mut before, mut read) = (None, Vec::new());
        loop {
            let page = store.recent(before, size).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(Before { ended: last.ended, call: Some(last.id) });
            read.extend(page);
        }
        assert_eq!(read, all.iter().rev().cloned().collect::<Vec<_>>(), "pages of {size}");
    }
    let before = Some(Before { ended, call: None });
    assert_eq!(store.recent(before, 100).await.unwrap().len(), 10);
}

pub async fn a_locked_database_delays_rows_and_loses_none(house: House) {
    let (spool, projection) = house.start();
    push(&spool, 0..10);
    wait(&projection, "first rows", |s| s.delivered == 10).await;

    let mut stranger = house.stranger().await;
    let lock = house.say("BEGIN EXCLUSIVE", "BEGIN; LOCK TABLE calls IN SHARE ROW EXCLUSIVE MODE");
    stranger.run(lock).await;
    push(&spool, 10..300);
    let standing = wait(&projection, "the lock is noticed", |s| s.setback.is_some()).await;
    let said = standing.setback.unwrap().reason.to_string();
    assert!(said.contains(&house.place()) && said.contains("locked by another program"), "{said}");
    // Pushing goes on at once, however long it takes.
    let begun = Instant::now();
    push(&spool, 300..600);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(house.counts().await, whole(10));
    stranger.run("COMMIT").await;
    let standing = wait(&projection, "all rows", |s| s.delivered == 600 && s.setback.is_none()).await;
    assert_eq!(standing.refused, 0);
    assert_eq!(house.counts().await, whole(600));
    projection.stop().await;
}

pub async fn rows_wait_over_a_restart_while_the_database_cannot_be_opened(mut house: House) {
    house.obstruct();
    let (spool, projection) = house.start();
    push(&spool, 0..50);
    let standing = wait(&projection, "noticed", |s| s.setback.is_some()).await;
    let said = standing.setback.unwrap().reason.to_string();
    let why = house.say("cannot be opened", "cannot be reached");
    assert!(said.contains(&house.place()) && said.contains(why), "{said}");
    projection.stop().await;
    drop(spool);

    let (spool, projection) = house.start();
    push(&spool, 50..60);
    wait(&projection, "noticed again", |s| s.setback.is_some()).await;
    house.repair();
    wait(&projection, "all rows", |s| s.delivered == 60 && s.setback.is_none()).await;
    assert_eq!(house.counts().await, whole(60));
}

pub async fn a_database_that_was_replaced_under_the_running_daemon_swallows_no_row(house: House) {
    let (spool, projection) = house.start();
    push(&spool, 0..5);
    wait(&projection, "first rows", |s| s.delivered == 5).await;
    house.replace().await;
    push(&spool, 5..9);
    wait(&projection, "rows after it", |s| s.delivered == 9).await;
    let found = house.store().recent(None, 100).await.unwrap();
    assert_eq!(found, (5..9).rev().map(record).collect::<Vec<_>>());
}

pub async fn a_row_that_can_never_be_stored_stops_no_other(house: House) {
    house.store().write(&[record(0)]).await.unwrap();
    let mut stranger = house.stranger().await;
    stranger
        .run(house.say(
            "CREATE TRIGGER no BEFORE INSERT ON calls WHEN new.arrived = 1795190430000000
             BEGIN SELECT RAISE(ABORT, 'no'); END",
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
             CREATE TRIGGER no BEFORE INSERT ON calls FOR EACH ROW WHEN (new.arrived = 1795190430000000)
             EXECUTE FUNCTION no()",
        ))
        .await;
    let (spool, projection) = house.start();
    push(&spool, 1..3);
    spool.push(&"not a call").unwrap();
    push(&spool, 3..10);
    let standing = wait(&projection, "all others", |s| s.delivered == 8).await;
    assert!(standing.setback.is_none());
    wait(&projection, "two put aside", |s| s.refused == 2).await;
    projection.stop().await;
    let aside = fs::read_to_string(house.state.path().join("spool/refused.jsonl")).unwrap();
    assert!(aside.contains("not a call") && aside.contains("leg-3-0"), "{aside}");
    assert_eq!(house.counts().await.0, 9);
}

pub async fn a_newer_or_changed_schema_is_refused(house: House) {
    house.store().write(&[record(0)]).await.unwrap();
    house.db.close().await;
    let mut stranger = house.stranger().await;
    stranger
        .run("INSERT INTO _sqlx_migrations SELECT 99, description, installed_on, success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1")
        .await;
    let refused = house.store().call(CallId(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Db(DbError::Newer { found: 99, .. })), "{refused}");
    stranger.run("DELETE FROM _sqlx_migrations WHERE version = 99").await;
    let change = house.say(
        "UPDATE _sqlx_migrations SET checksum = x'00'",
        "UPDATE _sqlx_migrations SET checksum = '\\x00'",
    );
    stranger.run(change).await;
    let refused = house.store().call(CallId(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Db(DbError::Changed { version: 1, .. })), "{refused}");
}

pub async fn a_row_that_somebody_spoiled_is_named(house: House) {
    house.store().write(&[record(0)]).await.unwrap();
    house.stranger().await.run("UPDATE calls SET to_number = 'sip:x'").await;
    let spoiled = house.store().call(record(0).id).await.unwrap_err();
    assert!(matches!(spoiled, StoreError::Row { column: "to_number", call } if call == record(0).id));
}

pub async fn many_who_look_into_the_past_hold_up_nobody_who_writes(house: House) {
    /// Seconds of work, and no row before its end.
    const LONG: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) \
         SELECT count(*) AS n FROM n";
    let store = house.store();
    store.write(&[record(0)]).await.unwrap();
    let begun = tokio::time::Instant::now();
    let ask = || {
        let db = house.db.clone();
        tokio::spawn(async move { db.ask(Sql::new(LONG)).await.map(|_| ()).unwrap_err() })
    };
    let asked: Vec<_> = (0..20).map(|_| ask()).collect();
    for n in 1..10 {
        store.write(&[record(n)]).await.unwrap();
    }
    assert!(asked.iter().all(|one| !one.is_finished()), "all are still at it, or wait");
    let mut told = Vec::new();
    for one in asked {
        told.push(one.await.unwrap());
    }
    assert!(told.iter().any(|why| matches!(why, DbError::Slow { .. })), "{told:?}");
    assert!(told.iter().all(|why| matches!(why, DbError::Slow { .. } | DbError::Busy { .. })), "{told:?}");
    println!("twenty long questions were given up after {:?}", begun.elapsed());
    // Whoever asks and goes away leaves the connection to the next, also when nobody else had one.
    let gone: Vec<_> = (0..20).map(|_| ask()).collect();
    let all_are_taken = async {
        while tokio::time::timeout(Duration::from_millis(50), store.recent(None, 1)).await.is_ok() {}
    };
    tokio::time::timeout(PATIENCE, all_are_taken).await.expect("every connection is asked something");
    gone.iter().for_each(tokio::task::JoinHandle::abort);
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while store.recent(None, 100).await.map_or(0, |calls| calls.len()) != 10 {
        assert!(tokio::time::Instant::now() < deadline, "nobody is answered any more");
    }
}
