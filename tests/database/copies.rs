//! Rows of either database in a copy, and from there in an empty one of either kind.

use std::{path::Path, sync::Arc};

use tandem::{
    base::{clock::SystemClock, id::Name, text::Label},
    desk::{
        access::{Access, NewToken, Scope},
        audit::Audit,
    },
    infra::db::{Db, DbError},
    live::record::{Filter, store::CallStore},
};

use crate::{
    house::{House, push, record, wait, whole},
    release::left_behind,
};

const CALLS: u64 = 333;

pub async fn rows_go_into_a_copy_and_from_it_into_an_empty_database(house: House) {
    let (spool, projection) = house.start();
    push(&spool, 0..CALLS);
    wait(&projection, "all rows", |s| s.delivered >= CALLS).await;
    projection.stop().await;
    let (root, nina) = (Label::new("root"), Name::new("nina").unwrap());
    let access = Access::new(house.db.clone(), Arc::new(SystemClock));
    access.add_user(&root, nina.clone(), Scope::Admin).await.unwrap();
    let asked = NewToken { scope: Scope::Read, days: 30, note: Label::new("板") };
    let token = access.make_token(&root, &nina, asked).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    assert!(house.db.copy(&copy).await.unwrap());
    let end = Audit::new(house.db.clone()).verify().await.unwrap();
    for other in [House::with_file(), House::with_server()] {
        let before = House::counts_of(House::stranger_at(&copy).await).await;
        drop(other.db.load(&copy).await.unwrap());
        other.db.load(&copy).await.expect("nothing came of the first").commit().await.unwrap();
        assert_eq!(other.counts().await, whole(CALLS as i64));
        assert_eq!(other.counts().await, before);
        let found = CallStore::new(other.db.clone()).recent(None, 1000).await.unwrap();
        assert_eq!(found, (0..CALLS).rev().map(record).collect::<Vec<_>>());
        let audit = Audit::new(other.db.clone());
        assert_eq!(audit.verify().await.unwrap(), end);
        let access = Access::new(other.db.clone(), Arc::new(SystemClock));
        assert_eq!(access.admit(&token.secret).await.unwrap().user, nina);
        // What is written next comes after what was loaded.
        access.revoke(&root, &token.token.id).await.unwrap();
        assert_eq!(audit.verify().await.unwrap().rows, end.rows + 1);
        let (spool, projection) = other.start();
        push(&spool, CALLS..CALLS + 3);
        wait(&projection, "the next calls", |s| s.delivered >= 3).await;
        projection.stop().await;
        assert_eq!(other.counts().await, whole(CALLS as i64 + 3));
        // Words are made anew, not copied.
        let wei = Filter { text: Some("wei".to_owned()), ..Filter::default() };
        let found = CallStore::new(other.db.clone()).search(&wei, None, 1000).await.unwrap();
        assert_eq!(found.len() as u64, (CALLS + 3).div_ceil(2));

        let twice = other.db.load(&copy).await.err().unwrap();
        assert!(matches!(twice, DbError::Taken { .. }), "{twice}");
        assert_eq!(other.counts().await, whole(CALLS as i64 + 3), "nothing was written over");
    }
    nothing_comes_of_half_a_copy(&copy).await;
}

async fn nothing_comes_of_half_a_copy(copy: &Path) {
    let mut stranger = House::stranger_at(copy).await;
    stranger.run("PRAGMA foreign_keys = OFF").await;
    stranger.run("DELETE FROM calls WHERE id = (SELECT max(id) FROM calls)").await;
    drop(stranger);
    for other in [House::with_file(), House::with_server()] {
        assert!(other.db.load(copy).await.is_err());
        assert_eq!(other.counts().await, (0, 0, 0));
        let gone = Db::sqlite(copy.with_file_name("nowhere/copy.db"));
        assert!(!gone.copy(&copy.with_extension("second")).await.unwrap(), "no rows, no copy");
    }
}

/// An older daemon may still use it.
#[tokio::test]
async fn a_copy_of_a_server_changes_nothing_there() {
    let house = House::with_server();
    let folder = tempfile::tempdir().unwrap();
    let copy = |name: &str| folder.path().join(name);
    assert!(!house.db.copy(&copy("none")).await.unwrap(), "nothing is there");
    assert_eq!(house.db.look().await.unwrap().unwrap().schema, 0, "and nothing was made");
    let mut stranger = left_behind(&house).await;
    let refused = house.db.copy(&copy("older")).await.unwrap_err();
    assert!(matches!(refused, DbError::Older { found: 1, .. }), "{refused}");
    assert_eq!(house.db.look().await.unwrap().unwrap().schema, 1);
    house.store().recent(None, 1).await.unwrap();
    assert!(house.db.copy(&copy("present")).await.unwrap());
    let newer = "INSERT INTO _sqlx_migrations SELECT 99, 'newer', now(), true, checksum, 0 FROM _sqlx_migrations LIMIT 1";
    stranger.run(newer).await;
    let refused = house.db.copy(&copy("newer")).await.unwrap_err();
    assert!(matches!(refused, DbError::Newer { found: 99, .. }), "{refused}");
}
