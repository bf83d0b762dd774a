//! A state folder and a database of either kind, and who else meddles with it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{Connection, Executor, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions};
use tandem::{
    base::{
        clock::Stamp,
        id::{CallId, LegId, Name, SoundId},
        number::Number,
        text::Label,
    },
    infra::{db::Db, spool::Spool},
    live::{
        record::{
            CallRecord, Direction, EndedBy, LegRecord, Role,
            store::{CallStore, Projection, Standing},
        },
        switchboard::view::{Pause, Recording, SummaryView, SummedBy, SurveyView, Why},
    },
    ports::engine::HangupCause,
};

use crate::postgres::Postgres;

/// 2026-11-20T16:00Z, midnight in Shanghai.
pub const START: i64 = 1_795_190_400_000_000;
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Call `n`: one every ten seconds, every second one through a queue to an agent.
pub fn record(n: u64) -> CallRecord {
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
        direction: Some(if n % 10 == 9 { Direction::Internal } else { Direction::Inbound }),
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
        recordings: recordings(n),
        steps: vec![Why::new(at(1), "number 4001 → flow main")],
        summary: (!n.is_multiple_of(3)).then(|| SummaryView {
            text: "我要退款 … '); DROP TABLE calls; --".into(),
            promises: vec!["We'll send it again.".into()],
            by: if talked { SummedBy::Remote } else { SummedBy::BuiltIn },
        }),
        survey: talked.then(|| SurveyView {
            queue: Name::new("sales").unwrap(),
            agent: (!n.is_multiple_of(8)).then(|| Name::new(format!("agent-{}", n % 7)).unwrap()),
            of: 5,
            rating: (!n.is_multiple_of(4)).then(|| 1 + (n % 5) as u8),
        }),
        disposition: n.is_multiple_of(4).then(|| Name::new("solved").unwrap()),
        erased: None,
    }
}

/// Every second call of an agent was recorded, once paused, once not to its end; some twice.
fn recordings(n: u64) -> Vec<Recording> {
    let arrived = Stamp(START + n as i64 * 10_000_000);
    let at = |seconds| arrived + Duration::from_secs(seconds);
    let one = |place: u64| Recording {
        sound: SoundId::new(format!("sound-{n}-{place}")).unwrap(),
        leg: LegId::new(format!("leg-{n}-0")).unwrap(),
        by: (place == 1).then(|| Label::new("O'Neill; --")),
        began: at(20 + place),
        ended: Some(at(40 + place)),
        pauses: (0..place)
            .map(|_| Pause {
                from: at(25),
                to: n.is_multiple_of(8).then(|| at(27)),
                by: Some(Label::new("王")),
            })
            .collect(),
    };
    (0..2).filter(|place| n.is_multiple_of(4 + 4 * place)).map(one).collect()
}

/// Where the database is.
pub enum Kind {
    Sqlite,
    Postgres(Box<Postgres>),
}

pub struct House {
    pub state: tempfile::TempDir,
    pub db: Db,
    pub kind: Kind,
}

/// Another program at the same database.
pub enum Stranger {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Stranger {
    pub async fn run(&mut self, sql: &'static str) {
        self.try_run(sql).await.unwrap_or_else(|why| panic!("{sql}: {why}"));
    }

    pub async fn try_run(&mut self, sql: &'static str) -> Result<(), String> {
        let done = match self {
            Self::Sqlite(connection) => connection.execute(sql).await.map(drop),
            Self::Postgres(connection) => connection.execute(sql).await.map(drop),
        };
        done.map_err(|why| why.to_string())
    }

    /// A column of texts.
    pub async fn texts(&mut self, sql: &str) -> Vec<String> {
        match self {
            Self::Sqlite(connection) => {
                sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_all(connection).await.unwrap()
            }
            Self::Postgres(connection) => {
                sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_all(connection).await.unwrap()
            }
        }
    }
}

impl House {
    pub fn with_file() -> Self {
        let state = tempfile::tempdir().unwrap();
        let db = Db::sqlite(state.path().join("tandem.db"));
        Self { state, db, kind: Kind::Sqlite }
    }

    pub fn with_server() -> Self {
        let server = Postgres::start();
        let db = server.db();
        Self { state: tempfile::tempdir().unwrap(), db, kind: Kind::Postgres(Box::new(server)) }
    }

    pub fn file(&self) -> PathBuf {
        self.state.path().join("tandem.db")
    }

    /// How complaints call the database.
    pub fn place(&self) -> String {
        match &self.kind {
            Kind::Sqlite => self.file().display().to_string(),
            Kind::Postgres(server) => server.url(),
        }
    }

    /// The one of two texts that is for this database.
    pub fn say(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match &self.kind {
            Kind::Sqlite => sqlite,
            Kind::Postgres(_) => postgres,
        }
    }

    pub fn store(&self) -> CallStore {
        CallStore::new(self.db.clone())
    }

    pub fn start(&self) -> (Spool, Projection) {
        let (spool, outlet) = Spool::open(self.state.path()).unwrap();
        (spool, Projection::start(outlet, self.db.clone()))
    }

    pub async fn stranger(&self) -> Stranger {
        match &self.kind {
            Kind::Sqlite => Self::stranger_at(&self.file()).await,
            Kind::Postgres(server) => Stranger::Postgres(server.stranger().await),
        }
    }

    /// Another program at this file.
    pub async fn stranger_at(file: &Path) -> Stranger {
        let options = SqliteConnectOptions::new().filename(file);
        Stranger::Sqlite(SqliteConnection::connect_with(&options).await.unwrap())
    }

    /// The same, who makes the file.
    pub async fn stranger_who_makes(&self) -> Stranger {
        let options = SqliteConnectOptions::new().filename(self.file()).create_if_missing(true);
        Stranger::Sqlite(SqliteConnection::connect_with(&options).await.unwrap())
    }

    /// Nobody can use the database until `repair`.
    pub fn obstruct(&mut self) {
        match &mut self.kind {
            // A folder where the file should be: even root cannot open that.
            Kind::Sqlite => fs::create_dir(self.state.path().join("tandem.db")).unwrap(),
            Kind::Postgres(server) => server.halt(),
        }
    }

    pub fn repair(&mut self) {
        match &mut self.kind {
            Kind::Sqlite => fs::remove_dir(self.state.path().join("tandem.db")).unwrap(),
            Kind::Postgres(server) => server.resume(),
        }
    }

    /// An empty database takes the place of the present one.
    pub async fn replace(&self) {
        match &self.kind {
            Kind::Sqlite => {
                for ending in ["", "-wal", "-shm"] {
                    let _ = fs::remove_file(format!("{}{ending}", self.file().display()));
                }
            }
            Kind::Postgres(server) => {
                server.drop_database().await;
                server.create_database().await;
            }
        }
    }

    /// Wherever `text` still stands: files of the state folder, tables of the server.
    pub async fn found(&self, text: &str) -> Vec<String> {
        let mut places = files_with(self.state.path(), text);
        if let Kind::Postgres(_) = self.kind {
            let mut stranger = self.stranger().await;
            let tables = "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = 'public'";
            for table in stranger.texts(tables).await {
                let rows = format!(
                    "SELECT 'table {table}' FROM {table} AS one WHERE strpos(CAST(one AS TEXT), '{text}') > 0 LIMIT 1"
                );
                places.extend(stranger.texts(&rows).await);
            }
        }
        places
    }

    /// Calls, legs and outbox rows that are there.
    pub async fn counts(&self) -> (i64, i64, i64) {
        Self::counts_of(self.stranger().await).await
    }

    pub async fn counts_of(stranger: Stranger) -> (i64, i64, i64) {
        let sql =
            "SELECT (SELECT COUNT(*) FROM calls), (SELECT COUNT(*) FROM legs), (SELECT COUNT(*) FROM outbox)";
        match stranger {
            Stranger::Sqlite(mut connection) => sqlx::query_as(sql).fetch_one(&mut connection).await.unwrap(),
            Stranger::Postgres(mut connection) => {
                sqlx::query_as(sql).fetch_one(&mut connection).await.unwrap()
            }
        }
    }
}

/// Files below `folder` in which `text` stands.
pub fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut places = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            places.extend(files_with(&path, text));
        } else if memchr::memmem::find(&fs::read(&path).unwrap(), text.as_bytes()).is_some() {
            places.push(path.display().to_string());
        }
    }
    places
}

/// What [`House::counts`] gives when calls `0..n` are there once each.
pub fn whole(n: i64) -> (i64, i64, i64) {
    (n, n + (n + 1) / 2, n)
}

pub async fn wait(projection: &Projection, what: &str, mut until: impl FnMut(&Standing) -> bool) -> Standing {
    let mut standing = projection.standing();
    match tokio::time::timeout(PATIENCE, standing.wait_for(|s| until(s))).await {
        Ok(there) => there.expect("the projection runs").clone(),
        Err(late) => panic!("{what}: {late}: {:?}", *projection.standing().borrow()),
    }
}

pub fn push(spool: &Spool, numbers: impl IntoIterator<Item = u64>) {
    for n in numbers {
        spool.push(&record(n)).unwrap();
    }
}
