//! Databases of earlier releases, as those releases wrote them, are brought forward with all that is in them.

use std::{borrow::Cow, collections::BTreeMap, str::FromStr};

use jiff::{civil::date, tz::TimeZone};
use sqlx::{
    Connection, Executor, PgConnection, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
    postgres::PgConnectOptions,
};
use tandem::live::record::{CallRecord, Filter, Outcome};
use tokio::time::{Duration, Instant, sleep};

use crate::{
    house::{House, Kind, PATIENCE, Stranger, record},
    postgres::PASSWORD,
};

/// What 0.1 left behind after a minute of simulated calls: `sqlite3 tandem.db .dump`.
const V0_1: &str = include_str!("../fixtures/store/v0.1.sql");
/// All that 0.1 knew of a schema.
const FIRST_STEP: &str = include_str!("../../migrations/postgres/0001_calls.sql");
/// Calls that came out otherwise than those of the simulator: refused, abandoned, missed.
const OTHERS: &str = "
    INSERT INTO calls VALUES (1, NULL, '', '4001', 1795249900000000, NULL, 1795249900500000, 17, 'tandem', NULL, 0, 0, NULL, '[]');
    INSERT INTO calls VALUES (2, '100', 'Ann', '4001', 1795249901000000, 1795249901000001, 1795249909000000, 16, 'caller', 'sales', 900, 0, NULL, '[]');
    INSERT INTO calls VALUES (3, '101', 'Bo', '4001', 1795249902000000, 1795249902000001, 1795249912000000, 16, 'caller', NULL, 0, 0, NULL, '[]');
    INSERT INTO legs VALUES (3, 0, 'leg-a', 'caller', 'Bo', 1795249902000000, NULL, NULL, NULL);
    INSERT INTO legs VALUES (3, 1, 'leg-b', 'extension', '1001', 1795249903000000, NULL, NULL, NULL);";
const TOLD: &str = "SELECT id || ' ' || to_number || ' ' || ended || ' ' || talk_ms || ' ' || \
     (SELECT COUNT(*) FROM legs WHERE call = id) FROM calls ORDER BY id";

/// A database as 0.1 left it behind, and another program at it.
pub async fn left_behind(house: &House) -> Stranger {
    match &house.kind {
        Kind::Sqlite => {
            let mut stranger = house.stranger_who_makes().await;
            stranger.run(V0_1).await;
            stranger.run(OTHERS).await;
            stranger
        }
        Kind::Postgres(server) => {
            let options = PgConnectOptions::from_str(&server.url()).unwrap().password(PASSWORD);
            let mut owner = PgConnection::connect_with(&options).await.unwrap();
            let step = (Cow::Borrowed("calls"), MigrationType::Simple, FIRST_STEP.into_sql_str());
            let step = Migration::new(1, step.0, step.1, step.2, false);
            let first = Migrator { migrations: vec![step].into(), ..Migrator::DEFAULT };
            first.run(&mut owner).await.unwrap();
            let rows = V0_1.lines().filter(|line| line.starts_with("INSERT INTO"));
            for row in rows.filter(|line| !line.contains("sqlite") && !line.contains("_sqlx_migrations")) {
                let row = row.replace("INTO outbox VALUES", "INTO outbox OVERRIDING SYSTEM VALUE VALUES");
                sqlx::raw_sql(sqlx::AssertSqlSafe(row)).execute(&mut owner).await.unwrap();
            }
            owner.execute(OTHERS).await.unwrap();
            let next = "SELECT setval(pg_get_serial_sequence('outbox', 'number'), max(number)) FROM outbox";
            owner.execute(next).await.unwrap();
            house.stranger().await
        }
    }
}

pub async fn what_0_1_wrote_comes_forward_with_every_call(house: House) {
    let mut stranger = left_behind(&house).await;
    let before = stranger.texts(TOLD).await;
    assert_eq!(before.len(), 43);

    let store = house.store();
    let mut calls = store.recent(None, 1000).await.unwrap();
    calls.sort_by_key(|call| call.id);
    let tell = |c: &CallRecord| format!("{} {} {} {} {}", c.id.0, c.to, c.ended.0, c.talk_ms, c.legs.len());
    assert_eq!(calls.iter().map(tell).collect::<Vec<_>>(), before);
    assert_eq!(calls.iter().filter(|call| call.steps.is_empty()).count(), 3, "those that are made up");

    let mut wanted = BTreeMap::<&str, u64>::new();
    for call in &calls {
        *wanted.entry(call.outcome().word()).or_default() += 1;
    }
    assert_eq!(wanted.len(), Outcome::ALL.len(), "{wanted:?}");
    // True from the first moment on, though no old call has its words yet.
    for _words_or_not in 0..2 {
        let all = store.by_day(&TimeZone::UTC, date(2026, 11, 21), 1).await.unwrap()[0].all;
        let counted = [all.answered, all.abandoned, all.missed, all.menu, all.refused];
        assert_eq!(counted.to_vec(), Outcome::ALL.iter().map(|of| wanted[of.word()]).collect::<Vec<_>>());
        let (_spool, projection) = house.start();
        let deadline = Instant::now() + PATIENCE;
        while stranger.texts("SELECT 'wordless' FROM calls WHERE worded IS NULL").await != [""; 0] {
            assert!(Instant::now() < deadline, "{:?}", projection.standing().borrow());
            sleep(Duration::from_millis(10)).await;
        }
        projection.stop().await;
    }
    let outcomes = stranger.texts("SELECT id || ' ' || outcome FROM calls ORDER BY id").await;
    let tell = |call: &CallRecord| format!("{} {}", call.id.0, call.outcome().word());
    assert_eq!(outcomes, calls.iter().map(tell).collect::<Vec<_>>());
    for outcome in Outcome::ALL {
        let filter = Filter { outcome: Some(*outcome), ..Filter::default() };
        let found = store.search(&filter, None, 1000).await.unwrap();
        let expected = calls.iter().rev().filter(|call| call.outcome() == *outcome);
        assert_eq!(found.iter().collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }

    store.write(&[record(3)]).await.unwrap();
    assert_eq!(store.call(record(3).id).await.unwrap(), Some(record(3)));
    let steps = stranger.texts("SELECT CAST(version AS TEXT) FROM _sqlx_migrations WHERE success").await;
    assert_eq!(steps.len(), newest_step());
}

/// With a hundred million calls that would take longer than anybody waits.
pub async fn no_step_goes_through_all_the_calls(house: House) {
    let mut stranger = left_behind(&house).await;
    if let Kind::Postgres(_) = house.kind {
        stranger
            .run(
                "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'written to'; END; $$;
                 CREATE TRIGGER no BEFORE UPDATE ON calls FOR EACH ROW EXECUTE FUNCTION no()",
            )
            .await;
    } else {
        stranger
            .run("CREATE TRIGGER no BEFORE UPDATE ON calls BEGIN SELECT RAISE(ABORT, 'written to'); END")
            .await;
    }
    assert_eq!(house.store().recent(None, 1000).await.unwrap().len(), 43);
}

/// An index on many rows takes as long as it takes; all other statements have their limit.
#[tokio::test]
async fn a_step_is_given_all_the_time_that_it_needs() {
    let house = House::with_server();
    let mut stranger = left_behind(&house).await;
    stranger
        .run(
            "CREATE FUNCTION hurried() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF current_setting('statement_timeout') <> '0' THEN
                     RAISE 'not in %', current_setting('statement_timeout') USING ERRCODE = 'query_canceled';
                 END IF; END; $$;
             CREATE EVENT TRIGGER hurried ON ddl_command_start EXECUTE FUNCTION hurried()",
        )
        .await;
    assert_eq!(house.store().recent(None, 1000).await.unwrap().len(), 43);
}

/// Every step that this version has.
fn newest_step() -> usize {
    std::fs::read_dir("migrations/sqlite").unwrap().count()
}

#[test]
fn both_databases_have_the_same_steps() {
    let names = |folder| {
        let files = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("migrations/sqlite"), names("migrations/postgres"));
}
