//! A PostgreSQL of the test's own: from Debian's package, in a temporary folder, on a Unix socket and a loopback
//! port, gone with the test. The server refuses root, so root starts it as the package's user.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{PermissionsExt, chown},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use secrecy::SecretString;
use sqlx::{Connection, Executor, PgConnection};
use tandem::infra::db::{Db, Server};

const PATIENCE: Duration = Duration::from_secs(60);
/// Of the user that Tandem logs in as.
pub const PASSWORD: &str = "open-Sesame-42";

/// A server. It ends when dropped, and with the thread that started it.
pub struct Postgres {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
    child: Option<Child>,
}

impl Postgres {
    /// An empty server with a database `tandem` that belongs to a user `tandem`.
    pub fn start() -> Self {
        let mut server = Self::prepared();
        server.resume();
        server.admin("postgres", &format!("CREATE ROLE tandem LOGIN PASSWORD '{PASSWORD}'"));
        server.create();
        server
    }

    fn prepared() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let programs = fs::read_dir("/usr/lib/postgresql")
            .expect("PostgreSQL is installed: run `make setup`")
            .map(|version| version.unwrap().path().join("bin"))
            .max()
            .expect("PostgreSQL is installed: run `make setup`");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { folder, programs, port, child: None };
        if let Some((uid, gid)) = servant() {
            chown(server.folder.path(), Some(uid), Some(gid)).unwrap();
        }
        fs::set_permissions(server.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let made = server
            .command("initdb")
            .args(["--no-sync", "--encoding=UTF8", "--locale=C", "--username=postgres"])
            // Our own way in is the socket; Tandem comes by the port, with its password.
            .args(["--auth-local=trust", "--auth-host=scram-sha-256", "--pgdata"])
            .arg(server.data())
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        server
    }

    /// Starts the server again after `halt`.
    pub fn resume(&mut self) {
        let log = fs::File::create(self.folder.path().join("log")).unwrap();
        let mut command = self.command("postgres");
        command
            .arg("-D")
            .arg(self.data())
            .arg("-k")
            .arg(self.folder.path())
            .args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            // Speed; nothing here outlives the test.
            .args(["-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=40"])
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        self.child = Some(command.spawn().unwrap());
        let deadline = Instant::now() + PATIENCE;
        while !self.answers() {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
            assert!(ended.is_none() && Instant::now() < deadline, "{ended:?}: {}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops the server; what it holds stays.
    pub fn halt(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Fast shutdown: clients are disconnected.
            let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
            child.wait().unwrap();
        }
    }

    /// What Tandem is told, without the password.
    pub fn url(&self) -> String {
        format!("postgres://tandem@127.0.0.1:{}/tandem", self.port)
    }

    /// The database as the daemon opens it; the password is asked for with each opening.
    pub fn db(&self) -> Db {
        self.db_with(|| PASSWORD.to_owned())
    }

    pub fn db_with(&self, password: impl Fn() -> String + Send + Sync + 'static) -> Db {
        Db::postgres(Server {
            url: self.url(),
            password: Arc::new(move || Ok(Some(SecretString::from(password())))),
        })
    }

    /// One more connection to the database, with all rights.
    pub async fn stranger(&self) -> PgConnection {
        PgConnection::connect(&self.superuser("tandem")).await.unwrap()
    }

    /// Takes the database away, whoever uses it.
    pub async fn drop_database(&self) {
        let mut postgres = PgConnection::connect(&self.superuser("postgres")).await.unwrap();
        postgres.execute("DROP DATABASE tandem WITH (FORCE)").await.unwrap();
    }

    /// Makes the empty database.
    pub async fn create_database(&self) {
        let mut postgres = PgConnection::connect(&self.superuser("postgres")).await.unwrap();
        postgres.execute("CREATE DATABASE tandem OWNER tandem").await.unwrap();
    }

    fn create(&self) {
        self.admin("postgres", "CREATE DATABASE tandem OWNER tandem");
    }

    fn admin(&self, database: &str, sql: &str) {
        let done = self.psql(database).args(["-c", sql]).output().unwrap();
        assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn answers(&self) -> bool {
        let mut psql = self.psql("postgres");
        psql.args(["-c", "SELECT 1"]).stdout(Stdio::null()).stderr(Stdio::null());
        psql.status().unwrap().success()
    }

    fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.arg("-XqAt").arg("-h").arg(self.folder.path());
        psql.args(["-p", &self.port.to_string(), "-U", "postgres", "-d", database]);
        psql
    }

    fn superuser(&self, database: &str) -> String {
        let folder = self.folder.path().display();
        format!("postgres://postgres@localhost:{}/{database}?host={folder}", self.port)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        if let Some((uid, gid)) = servant() {
            command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".to_owned()]);
        }
        command.args(["--pdeathsig", "QUIT", "--"]).arg(self.programs.join(program));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap_or(0));
            // Immediate shutdown: nothing is to be kept.
            let _gone = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGQUIT);
            let _status = child.wait();
        }
    }
}

/// Whom the server runs as when we are root.
fn servant() -> Option<(u32, u32)> {
    if !nix::unistd::Uid::effective().is_root() {
        return None;
    }
    let user = nix::unistd::User::from_name("postgres").unwrap().expect("the package's user is there");
    Some((user.uid.as_raw(), user.gid.as_raw()))
}
