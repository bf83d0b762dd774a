//! Ten minutes without a database: nothing is lost, nothing doubled, the order stays, and no call notices.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tandem::{
    base::clock::{Clock, Stamp, SystemClock},
    infra::{db::Db, journal, site, spool::Spool},
    lifecycle::{self, Options, Traffic},
    live::{
        record::{
            CallRecord,
            store::{CallStore, Projection, Standing},
        },
        switchboard::{Effect, Input, Switchboard},
    },
};
use tokio::{
    sync::{oneshot, watch},
    task::spawn_blocking,
    time::advance,
};

use super::house::{House, PATIENCE, Stranger, push, record, whole};

const OUTAGE: Duration = Duration::from_mins(10);
const STEP: Duration = Duration::from_millis(250);

/// Lets the real world (threads, disks) go on for a moment while the outlet's time stands still.
async fn moment() {
    let pause = spawn_blocking(|| std::thread::sleep(Duration::from_millis(1)));
    pause.await.expect("a moment passes");
}

/// Bytes of memory that this process has.
fn memory() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").expect("this is Linux");
    let pages: usize = statm.split(' ').nth(1).expect("resident pages").parse().expect("a number");
    pages * 4096
}

/// The outlet's own clock is moved by hand: its back-off is the real one, the ten minutes are its ten minutes.
/// First the file cannot be opened, then it is damaged, then the old one is back.
#[tokio::test(start_paused = true)]
async fn pain_07_ten_minutes_without_a_database_lose_nothing_and_delay_no_call() {
    // A task on a blocking thread keeps the clock from running ahead by itself.
    let (let_go, held) = std::sync::mpsc::channel::<()>();
    let holding = spawn_blocking(move || held.recv());
    let house = House::with_file();
    let (spool, projection) = house.start();
    push(&spool, 0..100);
    wait_moving(&projection, 100).await;
    house.db.close().await;
    let (there, aside) = (house.file(), house.state.path().join("aside"));
    fs::rename(&there, &aside).unwrap();
    fs::create_dir(&there).unwrap();

    let pushed = ten_minutes(&there, &spool, projection.standing()).await;
    fs::remove_file(&there).unwrap();
    fs::rename(&aside, &there).unwrap();
    wait_moving(&projection, pushed).await;
    assert_eq!(projection.standing().borrow().refused, 0);
    projection.stop().await;
    assert_eq!(house.counts().await, whole(pushed as i64));
    let told = "SELECT subject FROM outbox ORDER BY number";
    let told: Vec<(i64,)> = match house.stranger().await {
        Stranger::Sqlite(mut connection) => sqlx::query_as(told).fetch_all(&mut connection).await.unwrap(),
        Stranger::Postgres(_) => unreachable!("this house has a file"),
    };
    let ids: Vec<_> = (0..pushed).map(|n| (record(n).id.0 as i64,)).collect();
    assert_eq!(told, ids, "in the order in which they were pushed");
    let_go.send(()).unwrap();
    holding.await.unwrap().unwrap();
}

/// Pushes three rows every step while nothing can be delivered, and watches; gives how many rows there are then.
async fn ten_minutes(there: &Path, spool: &Spool, mut standing: watch::Receiver<Standing>) -> u64 {
    let (mut pushed, mut tries, mut reasons) = (100, 0, Vec::new());
    let (mut times, mut most_memory) = (Vec::new(), 0);
    let before = memory();
    let mut passed = Duration::ZERO;
    while passed < OUTAGE {
        if passed == OUTAGE / 2 {
            fs::remove_dir(there).unwrap();
            fs::write(there, "no database ".repeat(1000)).unwrap();
        }
        let begun = Instant::now();
        push(spool, pushed..pushed + 3);
        times.push(begun.elapsed());
        pushed += 3;
        advance(STEP).await;
        moment().await;
        passed += STEP;
        most_memory = most_memory.max(memory());
        if standing.has_changed().unwrap() {
            tries += 1;
            let said = standing.borrow_and_update().setback.as_ref().map(|s| s.reason.to_string());
            reasons.extend(said.filter(|said| reasons.last() != Some(said)));
        }
        assert_eq!(spool.waiting_bytes(), 0, "rows are on the disk, not in memory");
    }
    assert_eq!(standing.borrow().delivered, 100);
    // Every five seconds, or less often where a try takes long on a busy machine: not a busy loop, and not asleep.
    assert!((20..=140).contains(&tries), "{tries} tries in {OUTAGE:?}");
    for remedy in ["check that its folder is there", "is damaged; restore it from a backup"] {
        assert!(
            reasons.iter().any(|said| said.contains("tandem.db") && said.contains(remedy)),
            "{reasons:?}"
        );
    }
    assert!(most_memory < before + (16 << 20), "{before} bytes of memory became {most_memory}");
    times.sort();
    let p99 = times[times.len() * 99 / 100];
    let grown = (most_memory - before) / 1024;
    println!("{pushed} rows, p99 of three pushes {p99:?}, {tries} tries, memory +{grown} KiB");
    assert!(p99 < Duration::from_millis(20), "three pushes take {p99:?} while the database is down");
    pushed
}

/// Moves the clock until so many rows have arrived.
async fn wait_moving(projection: &Projection, rows: u64) {
    let deadline = Instant::now() + PATIENCE;
    let standing = projection.standing();
    while standing.borrow().delivered != rows || standing.borrow().setback.is_some() {
        assert!(Instant::now() < deadline, "{rows} rows: {:?}", standing.borrow());
        advance(Duration::from_millis(20)).await;
        moment().await;
    }
}

/// A whole daemon on the simulated engine, with a call every 50 ms.
struct Desk {
    folder: tempfile::TempDir,
    stop: oneshot::Sender<()>,
    daemon: tokio::task::JoinHandle<Result<(), lifecycle::Failure>>,
}

/// Callers who talk at length would leave too few calls that end: at those numbers they hear good night.
fn talk_with_nobody(site: &Path) {
    let file = site.join("numbers.yaml");
    let mut numbers = fs::read_to_string(&file).expect("shipped");
    for flow in ["after_sales", "operator", "appointment"] {
        numbers = numbers.replace(&format!("flow: {flow}"), "flow: night");
        fs::remove_file(site.join(format!("flows/{flow}.yaml"))).expect("shipped");
        fs::remove_file(site.join(format!("flows/{flow}.test.yaml"))).expect("shipped");
    }
    fs::write(file, numbers).expect("written");
}

impl Desk {
    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().join("site");
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small"), &site);
        talk_with_nobody(&site);
        let options = Options {
            log: tandem::infra::log::Lost::default(),
            drift: Duration::ZERO,
            site,
            state: folder.path().join("state"),
            socket: folder.path().join("tandem.sock"),
            traffic: Some(Traffic { every: Duration::from_millis(50), seed: 10 }),
        };
        let (stop, stopped) = oneshot::channel();
        let daemon = tokio::spawn(lifecycle::serve(options, stopped));
        Self { folder, stop, daemon }
    }

    async fn get(&self, path: &str) -> Option<serde_json::Value> {
        let socket = self.folder.path().join("tandem.sock");
        let client = reqwest::Client::builder().unix_socket(socket).build().unwrap();
        client.get(format!("http://tandem{path}")).send().await.ok()?.json().await.ok()
    }

    async fn until(&self, what: &str, good: impl AsyncFn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !good(self).await {
            assert!(Instant::now() < deadline && !self.daemon.is_finished(), "{what}");
            tokio::time::sleep(STEP).await;
        }
    }

    async fn troubles(&self) -> String {
        let status = self.get("/v1/status").await.expect("status");
        status["troubles"].to_string()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// What an offer says of idle times begins with the daemon's start, which is not in the journal.
fn without_idle_times(mut record: CallRecord) -> CallRecord {
    record.steps.retain(|step| !step.what.starts_with("offered to"));
    record
}

/// The records of finished calls as the journal tells them: what must be in the database.
fn told_by_the_journal(state: &Path, site: &Path) -> BTreeMap<u64, CallRecord> {
    let site = site::load(site).expect("the example is clean");
    let mut board = Switchboard::new(site.into(), SystemClock.now());
    let mut records = BTreeMap::new();
    for entry in journal::read(state, journal::Options::default().schema).unwrap() {
        let entry = entry.unwrap();
        let input: Input = entry.input().expect("an input").expect("of this version");
        for effect in board.on(entry.seq, entry.at, input) {
            if let Effect::Record(record) = effect {
                assert!(
                    records.insert(record.id.0, without_idle_times(*record)).is_none(),
                    "a call ended twice"
                );
            }
        }
    }
    records
}

/// From the arrival to the answer, 99 of 100 calls, in microseconds.
fn delay(records: &[&CallRecord]) -> i64 {
    let mut delays: Vec<_> =
        records.iter().filter_map(|record| Some(record.answered?.0 - record.arrived.0)).collect();
    delays.sort_unstable();
    assert!(delays.len() > 50, "only {} calls were answered", delays.len());
    delays[delays.len() * 99 / 100]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_do_not_notice_that_the_database_is_down() {
    down_for(Duration::from_secs(15)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: ten real minutes"]
async fn calls_do_not_notice_that_the_database_is_down_for_ten_minutes() {
    down_for(OUTAGE).await;
}

async fn down_for(outage: Duration) {
    let desk = Desk::open();
    let file = desk.state().join("tandem.db");
    desk.until("the daemon is there", async |desk| desk.get("/v1/status").await.is_some()).await;
    // As long a time with the database as without it, to compare; a minute at most.
    tokio::time::sleep(outage.min(Duration::from_mins(1))).await;
    assert_eq!(desk.troubles().await, "[]");
    let mut stranger = House::stranger_at(&file).await;
    stranger.run("BEGIN EXCLUSIVE").await;
    let down = SystemClock.now();
    desk.until("status tells", async |desk| desk.troubles().await.contains("locked by another program"))
        .await;
    tokio::time::sleep(outage.saturating_sub(SystemClock.now().since(down))).await;
    assert!(desk.troubles().await.contains("nothing is lost"), "{}", desk.troubles().await);
    let up = SystemClock.now();
    stranger.run("COMMIT").await;
    desk.until("status is well", async |desk| desk.troubles().await == "[]").await;

    let Desk { folder, stop, daemon } = desk;
    stop.send(()).unwrap();
    daemon.await.unwrap().unwrap();
    let told = told_by_the_journal(&folder.path().join("state"), &folder.path().join("site"));
    let store = CallStore::new(Db::sqlite(&file));
    let found = store.recent(None, 1_000_000).await.unwrap();
    let found: BTreeMap<_, _> =
        found.into_iter().map(|record| (record.id.0, without_idle_times(record))).collect();
    assert_eq!(found.len(), told.len());
    for (id, record) in &told {
        assert_eq!(found.get(id), Some(record), "the database does not hold what the journal tells");
    }
    let ended = |from: Stamp, to: Stamp| -> Vec<&CallRecord> {
        told.values().filter(|record| record.arrived >= from && record.arrived < to).collect()
    };
    let (well, without) = (delay(&ended(Stamp(0), down)), delay(&ended(down, up)));
    println!("{} calls; p99 of the answer {well} µs with, {without} µs without the database", told.len());
    assert!(without < well.max(20_000) * 3, "an answer takes {without} µs instead of {well} µs");
}
