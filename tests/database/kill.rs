//! A process that writes calls and is killed, again and again.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Instant,
};

use secrecy::SecretString;
use tandem::{
    infra::{
        db::{Db, Server},
        spool::Spool,
    },
    live::record::store::Projection,
};

use crate::{
    house::{House, Kind, PATIENCE, push, record, wait, whole},
    postgres::PASSWORD,
};

/// Set for the process that is killed: its state folder, and its server if it has one.
const VICTIM: &str = "TANDEM_TEST_VICTIM";
const SERVER: &str = "TANDEM_TEST_SERVER";
/// So many more rows are written before each kill.
const STEP: u64 = 33;

/// `test` is the name under which the victim finds its way here again.
pub fn killed_at_any_moment_every_call_is_there_exactly_once(house: fn() -> House, test: &str) {
    if let Some(state) = std::env::var_os(VICTIM) {
        return be_killed(Path::new(&state));
    }
    let house = house();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut most = 0;
    for kill in 0..12u64 {
        let mut victim = victim(&house, test);
        let seen = house.state.path().join("pushed");
        // It writes without an end, so the kill falls into its work, however late it comes.
        let deadline = Instant::now() + PATIENCE;
        while fs::read(&seen).map_or(0, |bytes| bytes.len() as u64) < 1 + kill * STEP {
            assert!(Instant::now() < deadline && victim.try_wait().unwrap().is_none(), "the victim stopped");
            std::thread::yield_now();
        }
        victim.kill().unwrap();
        victim.wait().unwrap();
        most = most.max(fs::read(&seen).unwrap().len() as u64);
        fs::remove_file(&seen).unwrap();
    }
    runtime.block_on(async {
        let there = house.counts().await.0 as u64;
        // A push may have been made and not yet counted when the kill came.
        let all = most + 2;
        assert!((10 * STEP..=all).contains(&there), "{there} of {most}");
        let (spool, projection) = house.start();
        push(&spool, 0..all);
        let standing = wait(&projection, "all rows", |s| s.delivered >= all).await;
        projection.stop().await;
        assert_eq!(standing.refused, 0);
        assert_eq!(house.counts().await, whole(all as i64));
        let found = house.store().recent(None, all as u32).await.unwrap();
        assert_eq!(found, (0..all).rev().map(record).collect::<Vec<_>>());
    });
}

fn victim(house: &House, test: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test]).env(VICTIM, house.state.path()).stdout(Stdio::null());
    if let Kind::Postgres(server) = &house.kind {
        command.env(SERVER, server.url());
    }
    command.spawn().unwrap()
}

fn database(state: &Path) -> Db {
    match std::env::var(SERVER) {
        Ok(url) => {
            Db::postgres(Server { url, password: Arc::new(|| Ok(Some(SecretString::from(PASSWORD)))) })
        }
        Err(_) => Db::sqlite(state.join("tandem.db")),
    }
}

/// Like a daemon after a crash: replays the past, says all of it again, and goes on.
fn be_killed(state: &Path) {
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (spool, outlet) = Spool::open(state).unwrap();
        let projection = Projection::start(outlet, database(state));
        let mut pushed = fs::File::create(state.join("pushed")).unwrap();
        for n in 0.. {
            push(&spool, [n]);
            std::io::Write::write_all(&mut pushed, b".").unwrap();
            // Never far ahead of the database, so that the kill falls into its work too.
            wait(&projection, "rows behind", |s| s.delivered + 7 > n).await;
        }
    });
}
