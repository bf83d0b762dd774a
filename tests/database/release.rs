//! Databases of earlier releases, as those releases wrote them, are brought forward with all that is in them.

use std::collections::BTreeMap;

use crate::house::{House, Stranger, record};
use sqlx::Row;

/// What 0.1 left behind after a minute of simulated calls: `sqlite3 tandem.db .dump`.
const V0_1: &str = include_str!("../fixtures/store/v0.1.sql");

#[tokio::test]
async fn a_database_of_0_1_comes_forward_with_every_call() {
    let house = House::with_file();
    let Stranger::Sqlite(mut stranger) = house.stranger_who_makes().await else { unreachable!("a file") };
    sqlx::raw_sql(V0_1).execute(&mut stranger).await.unwrap();
    let sql = "SELECT id, to_number, ended, talk_ms, (SELECT COUNT(*) FROM legs WHERE call = id) AS legs FROM calls";
    let before: BTreeMap<i64, (String, i64, i64, i64)> = sqlx::query(sql)
        .fetch_all(&mut stranger)
        .await
        .unwrap()
        .iter()
        .map(|row| {
            (row.get("id"), (row.get("to_number"), row.get("ended"), row.get("talk_ms"), row.get("legs")))
        })
        .collect();
    assert_eq!(before.len(), 40);

    let store = house.store();
    let calls = store.recent(None, 1000).await.unwrap();
    let after: BTreeMap<_, _> = calls
        .iter()
        .map(|call| {
            let legs = call.legs.len() as i64;
            (call.id.0 as i64, (call.to.as_str().to_owned(), call.ended.0, call.talk_ms as i64, legs))
        })
        .collect();
    assert_eq!(after, before);
    assert!(calls.iter().all(|call| !call.steps.is_empty()));
    store.write(&[record(3)]).await.unwrap();
    assert_eq!(store.call(record(3).id).await.unwrap(), Some(record(3)));
    let steps = sqlx::query("SELECT COUNT(*) AS n, MIN(success) AS well FROM _sqlx_migrations")
        .fetch_one(&mut stranger)
        .await
        .unwrap();
    assert_eq!((steps.get::<i64, _>("n"), steps.get::<bool, _>("well")), (newest_step(), true));
}

/// Every step that this version has.
fn newest_step() -> i64 {
    std::fs::read_dir("migrations/sqlite").unwrap().count() as i64
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
