//! Finished calls on their way into a real database that is well, locked, read-only, missing, damaged or replaced.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use jiff::{civil::date, tz::TimeZone};
use sqlx::{Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};
use tandem::{
    base::{
        clock::Stamp,
        id::{CallId, LegId, Name},
        number::Number,
        text::Label,
    },
    infra::{
        db::{Db, DbError},
        spool::Spool,
    },
    live::{
        record::{
            CallRecord, EndedBy, LegRecord, Role,
            store::{CallStore, Filter, Projection, Standing, StoreError},
        },
        switchboard::view::Why,
    },
    ports::engine::HangupCause,
};

/// 2026-11-20T16:00Z, midnight in Shanghai.
const START: i64 = 1_795_190_400_000_000;
const PATIENCE: Duration = Duration::from_mins(1);

/// Call `n`: one every ten seconds, every second one through a queue to an agent.
fn record(n: u64) -> CallRecord {
    let arrived = Stamp(START + n as i64 * 10_000_000);
    let talked = n.is_multiple_of(2);
    let at = |seconds| arrived + Duration::from_secs(seconds);
    let leg = |role, party: &str, began, answered: Option<u64>| LegRecord {
        leg: LegId::new(format!("leg-{n}-{began}")).unwrap(),
        role,
        party: Label::new(party),
        began: at(began),
        answered: answered.map(at),
        ended: Some(at(60)),
        cause: Some(HangupCause::NORMAL_CLEARING),
    };
    let mut legs = vec![leg(Role::Caller, "caller", 0, Some(1))];
    if talked {
        legs.push(leg(Role::Agent, "李 \"wei\"", 15, Some(20)));
    }
    CallRecord {
        id: CallId((arrived.millis() as u64) << 20 | (n & 0xFFFFF)),
        from: (!n.is_multiple_of(5)).then(|| Number::new(format!("+86138{:08}", n % 1000)).unwrap()),
        from_name: Label::new("王小明'); DROP TABLE calls; --"),
        to: Number::new("4001").unwrap(),
        arrived,
        answered: Some(at(1)),
        ended: at(60),
        cause: HangupCause::NORMAL_CLEARING,
        ended_by: if talked { EndedBy::Callee } else { EndedBy::Caller },
        queue: Some(Name::new(if n.is_multiple_of(10) { "sales" } else { "support" }).unwrap()),
        wait_ms: 19_000,
        talk_ms: if talked { 40_000 } else { 0 },
        agent: talked.then(|| Name::new(format!("agent-{}", n % 7)).unwrap()),
        legs,
        steps: vec![Why { at: at(1), what: "number 4001 → flow main".into() }],
    }
}

struct House {
    state: tempfile::TempDir,
    db: Db,
}

impl House {
    fn new() -> Self {
        let state = tempfile::tempdir().unwrap();
        let db = Db::sqlite(state.path().join("tandem.db"));
        Self { state, db }
    }

    fn file(&self) -> PathBuf {
        self.state.path().join("tandem.db")
    }

    fn store(&self) -> CallStore {
        CallStore::new(self.db.clone())
    }

    fn start(&self) -> (Spool, Projection) {
        let (spool, outlet) = Spool::open(self.state.path()).unwrap();
        (spool, Projection::start(outlet, self.db.clone()))
    }

    /// Another program at the same file.
    async fn stranger(&self) -> SqliteConnection {
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(self.file())).await.unwrap()
    }

    /// Calls, legs and outbox rows that are there.
    async fn counts(&self) -> (i64, i64, i64) {
        let sql =
            "SELECT (SELECT COUNT(*) FROM calls), (SELECT COUNT(*) FROM legs), (SELECT COUNT(*) FROM outbox)";
        sqlx::query_as(sql).fetch_one(&mut self.stranger().await).await.unwrap()
    }
}

/// What [`House::counts`] gives when calls `0..n` are there once each.
fn whole(n: i64) -> (i64, i64, i64) {
    (n, n + (n + 1) / 2, n)
}

async fn wait(projection: &Projection, what: &str, mut until: impl FnMut(&Standing) -> bool) -> Standing {
    let mut standing = projection.standing();
    match tokio::time::timeout(PATIENCE, standing.wait_for(|s| until(s))).await {
        Ok(there) => there.expect("the projection runs").clone(),
        Err(late) => panic!("{what}: {late}: {:?}", *projection.standing().borrow()),
    }
}

fn push(spool: &Spool, numbers: impl IntoIterator<Item = u64>) {
    for n in numbers {
        spool.push(&record(n)).unwrap();
    }
}

#[tokio::test]
async fn what_is_written_is_read_back_newest_first_and_filtered() {
    let house = House::new();
    let store = house.store();
    let all: Vec<_> = (0..100).map(record).collect();
    store.write(&all).await.unwrap();
    store.write(&all[40..60]).await.unwrap();
    assert_eq!(house.counts().await, whole(100));

    let newest: Vec<_> = all.iter().rev().cloned().collect();
    assert_eq!(store.calls(&Filter::default(), 1000).await.unwrap(), newest);
    let page = store.calls(&Filter::default(), 30).await.unwrap();
    let before = page.last().map(|call| call.ended);
    let next = store.calls(&Filter { before, ..Filter::default() }, 30).await.unwrap();
    assert_eq!([page, next].concat(), newest[..60]);

    let only = async |filter: Filter, keep: fn(&CallRecord) -> bool| {
        let expected: Vec<_> = newest.iter().filter(|call| keep(call)).cloned().collect();
        assert!(!expected.is_empty() && expected.len() < 100);
        assert_eq!(store.calls(&filter, 1000).await.unwrap(), expected, "{filter:?}");
    };
    let name = |text| Some(Name::new(text).unwrap());
    let filter = Filter { queue: name("sales"), ..Filter::default() };
    only(filter, |c| c.queue.as_ref().unwrap().as_str() == "sales").await;
    let filter = Filter { agent: name("agent-3"), ..Filter::default() };
    only(filter, |c| c.agent.as_ref().is_some_and(|a| a.as_str() == "agent-3")).await;
    let filter = Filter { from: Number::new("+8613800000042").ok(), ..Filter::default() };
    only(filter, |c| c.from.as_ref().is_some_and(|n| n.as_str() == "+8613800000042")).await;
    let filter =
        Filter { queue: name("support"), since: Some(Stamp(START + 500_000_000)), ..Filter::default() };
    only(filter, |c| c.queue.as_ref().unwrap().as_str() == "support" && c.ended.0 >= START + 500_000_000)
        .await;
    let other = Filter { to: Number::new("4002").ok(), ..Filter::default() };
    assert_eq!(store.calls(&other, 10).await.unwrap(), []);

    assert_eq!(store.call(all[8].id).await.unwrap().as_ref(), Some(&all[8]));
    assert_eq!(store.call(CallId(7)).await.unwrap(), None);
    let mode = fs::metadata(house.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn days_are_those_of_the_time_zone() {
    let house = House::new();
    // 8640 calls a day.
    let all: Vec<_> = (0..10_000).step_by(5).map(record).collect();
    house.store().write(&all).await.unwrap();
    let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
    let days = house.store().by_day(&shanghai, date(2026, 11, 20), 3).await.unwrap();
    let seen: Vec<_> = days.iter().map(|d| (d.day, d.calls, d.talked, d.wait_ms, d.talk_ms)).collect();
    let day = |day, calls: u64, talked: u64| (day, calls, talked, calls * 19_000, talked * 40_000);
    assert_eq!(
        seen,
        [
            day(date(2026, 11, 20), 0, 0),
            day(date(2026, 11, 21), 1728, 864),
            day(date(2026, 11, 22), 272, 136)
        ]
    );
}

#[tokio::test]
async fn a_locked_database_delays_rows_and_loses_none() {
    let house = House::new();
    let (spool, projection) = house.start();
    push(&spool, 0..10);
    wait(&projection, "first rows", |s| s.delivered == 10).await;

    let mut stranger = house.stranger().await;
    stranger.execute("BEGIN EXCLUSIVE").await.unwrap();
    push(&spool, 10..300);
    let standing = wait(&projection, "the lock is noticed", |s| s.setback.is_some()).await;
    let said = standing.setback.unwrap().reason.to_string();
    assert!(said.contains("tandem.db") && said.contains("locked by another program"), "{said}");
    // Pushing goes on at once, however long it takes.
    let begun = Instant::now();
    push(&spool, 300..600);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(house.counts().await, whole(10));
    stranger.execute("COMMIT").await.unwrap();
    let standing = wait(&projection, "all rows", |s| s.delivered == 600 && s.setback.is_none()).await;
    assert_eq!(standing.refused, 0);
    assert_eq!(house.counts().await, whole(600));
    projection.stop().await;
}

#[tokio::test]
async fn rows_wait_over_a_restart_while_the_database_cannot_be_opened() {
    let house = House::new();
    // A folder where the file should be: even root cannot open that.
    fs::create_dir(house.file()).unwrap();
    let (spool, projection) = house.start();
    push(&spool, 0..50);
    let standing = wait(&projection, "noticed", |s| s.setback.is_some()).await;
    let said = standing.setback.unwrap().reason.to_string();
    assert!(said.contains("tandem.db") && said.contains("cannot be opened"), "{said}");
    projection.stop().await;
    drop(spool);

    let (spool, projection) = house.start();
    push(&spool, 50..60);
    wait(&projection, "noticed again", |s| s.setback.is_some()).await;
    fs::remove_dir(house.file()).unwrap();
    wait(&projection, "all rows", |s| s.delivered == 60 && s.setback.is_none()).await;
    assert_eq!(house.counts().await, whole(60));
}

#[tokio::test]
async fn a_damaged_database_is_named_and_rows_arrive_when_it_is_repaired() {
    let house = House::new();
    fs::write(house.file(), "this is no database ".repeat(1000)).unwrap();
    let (spool, projection) = house.start();
    push(&spool, 0..5);
    let standing = wait(&projection, "noticed", |s| s.setback.is_some()).await;
    let said = standing.setback.unwrap().reason.to_string();
    assert!(said.contains("is damaged; restore it from a backup"), "{said}");
    fs::remove_file(house.file()).unwrap();
    wait(&projection, "all rows", |s| s.delivered == 5).await;
    assert_eq!(house.counts().await, whole(5));
}

#[tokio::test]
async fn a_database_that_was_replaced_under_the_running_daemon_swallows_no_row() {
    let house = House::new();
    let (spool, projection) = house.start();
    push(&spool, 0..5);
    wait(&projection, "first rows", |s| s.delivered == 5).await;
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{ending}", house.file().display()));
    }
    push(&spool, 5..9);
    wait(&projection, "rows after it", |s| s.delivered == 9).await;
    let found = house.store().calls(&Filter::default(), 100).await.unwrap();
    assert_eq!(found, (5..9).rev().map(record).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_row_that_can_never_be_stored_stops_no_other() {
    let house = House::new();
    house.store().write(&[record(0)]).await.unwrap();
    let mut stranger = house.stranger().await;
    stranger
        .execute(
            "CREATE TRIGGER no BEFORE INSERT ON calls WHEN new.arrived = 1795190430000000
             BEGIN SELECT RAISE(ABORT, 'no'); END",
        )
        .await
        .unwrap();
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

#[tokio::test]
async fn a_newer_or_changed_schema_is_refused() {
    let house = House::new();
    house.store().write(&[record(0)]).await.unwrap();
    house.db.close().await;
    let mut stranger = house.stranger().await;
    stranger
        .execute("INSERT INTO _sqlx_migrations SELECT 99, description, installed_on, success, checksum, execution_time FROM _sqlx_migrations")
        .await
        .unwrap();
    let refused = house.store().call(CallId(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Db(DbError::Newer { found: 99, known: 1, .. })), "{refused}");
    stranger.execute("DELETE FROM _sqlx_migrations WHERE version = 99").await.unwrap();
    stranger.execute("UPDATE _sqlx_migrations SET checksum = x'00'").await.unwrap();
    let refused = house.store().call(CallId(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Db(DbError::Changed { version: 1, .. })), "{refused}");
}

#[tokio::test]
async fn a_row_that_somebody_spoiled_is_named() {
    let house = House::new();
    house.store().write(&[record(0)]).await.unwrap();
    house.stranger().await.execute("UPDATE calls SET to_number = 'sip:x'").await.unwrap();
    let spoiled = house.store().call(record(0).id).await.unwrap_err();
    assert!(matches!(spoiled, StoreError::Row { column: "to_number", call } if call == record(0).id));
}

/// Set for the process that the next test kills.
const VICTIM: &str = "TANDEM_TEST_VICTIM";
const CALLS: u64 = 400;

#[test]
fn killed_at_any_moment_every_call_is_there_exactly_once() {
    if let Some(state) = std::env::var_os(VICTIM) {
        return be_killed(Path::new(&state));
    }
    let house = House::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for kill in 0..12u64 {
        let mut victim = victim(house.state.path());
        let seen = house.state.path().join("pushed");
        // Somewhere in the middle of what it does: after so many rows, or after so long.
        let deadline = Instant::now() + PATIENCE;
        while fs::read(&seen).map_or(0, |bytes| bytes.len() as u64) < 1 + kill * CALLS / 12 {
            assert!(Instant::now() < deadline && victim.try_wait().unwrap().is_none(), "the victim stopped");
            std::thread::yield_now();
        }
        victim.kill().unwrap();
        victim.wait().unwrap();
        fs::remove_file(&seen).unwrap();
    }
    runtime.block_on(async {
        let there = house.counts().await.0 as u64;
        assert!((CALLS / 2..CALLS).contains(&there), "killed while rows were written: {there}");
        let (spool, projection) = house.start();
        push(&spool, 0..CALLS);
        let standing = wait(&projection, "all rows", |s| s.delivered >= CALLS).await;
        projection.stop().await;
        assert_eq!(standing.refused, 0);
        assert_eq!(house.counts().await, whole(CALLS as i64));
        let found = house.store().calls(&Filter::default(), 1000).await.unwrap();
        assert_eq!(found, (0..CALLS).rev().map(record).collect::<Vec<_>>());
    });
}

fn victim(state: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed_at_any_moment_every_call_is_there_exactly_once"])
        .env(VICTIM, state)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Like a daemon after a crash: replays the past, says all of it again, and goes on.
fn be_killed(state: &Path) {
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (spool, outlet) = Spool::open(state).unwrap();
        let projection = Projection::start(outlet, Db::sqlite(state.join("tandem.db")));
        let mut pushed = fs::File::create(state.join("pushed")).unwrap();
        for n in 0..CALLS {
            push(&spool, [n]);
            std::io::Write::write_all(&mut pushed, b".").unwrap();
            // Never far ahead of the database, so that the kill falls into its work too.
            wait(&projection, "rows behind", |s| s.delivered + 7 > n).await;
        }
        wait(&projection, "all rows", |s| s.delivered >= CALLS).await;
        std::future::pending::<()>().await;
    });
}

#[tokio::test]
#[ignore = "long: writes a million calls"]
async fn a_million_calls_are_searched_within_200_ms() {
    const MILLION: u64 = 1_000_000;
    let house = House::new();
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
        let agent = Name::new(format!("agent-{}", round % 7)).ok();
        let from = Number::new(format!("+86138{:08}", round * 20 + 2)).ok();
        let filters = [
            ("newest", Filter::default()),
            ("a page further back", Filter { before: middle, ..Filter::default() }),
            ("a queue", Filter { queue: Name::new("sales").ok(), before: middle, ..Filter::default() }),
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
