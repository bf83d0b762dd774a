//! A PostgreSQL server. Its pool connects anew by itself; the schema is looked at when it is opened, and again when
//! its tables turn out to be gone.

use std::{
    fmt,
    net::IpAddr,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};
use tokio::sync::Mutex;

use super::{ANSWER, ASKING, DbError, Pools, steps};

/// How long a lock of somebody else is waited for.
const LOCK: &str = "2s";
/// No statement of ours takes this long, but for those that bring the schema forward.
const STATEMENT: &str = "60s";
const ACQUIRE: Duration = Duration::from_secs(4);
const CONNECTIONS: u32 = 8;

/// Where the password comes from, asked for with each opening. `None`: there is none of our own, `~/.pgpass` may
/// have one.
pub type Password = Arc<dyn Fn() -> Result<Option<SecretString>, String> + Send + Sync>;

/// Which database on which server.
#[derive(Clone)]
pub struct Server {
    /// `postgres://user@host:port/database`, without a password.
    pub url: String,
    pub password: Password,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("url", &self.url).finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub struct Remote {
    server: Server,
    open: Arc<Mutex<Option<Pools<PgPool>>>>,
    /// The tables were gone when last looked at.
    stale: AtomicBool,
}

impl Remote {
    pub fn new(server: Server) -> Self {
        Self { server, open: Arc::default(), stale: AtomicBool::new(false) }
    }

    pub fn url(&self) -> &str {
        &self.server.url
    }

    pub async fn pools(self: &Arc<Self>) -> Result<Pools<PgPool>, DbError> {
        let mut open = self.open.clone().lock_owned().await;
        if let Some(pools) = &*open
            && !self.stale.load(Ordering::Relaxed)
        {
            return Ok(pools.clone());
        }
        let this = self.clone();
        super::to_its_end(self.url(), async move {
            if let Some(gone) = open.take() {
                tokio::spawn(async move { gone.close().await });
            }
            let pools = this.open().await?;
            this.stale.store(false, Ordering::Relaxed);
            *open = Some(pools.clone());
            Ok(pools)
        })
        .await
    }

    pub async fn close(&self) {
        if let Some(pools) = self.open.lock().await.take() {
            pools.close().await;
        }
    }

    pub fn explain(&self, error: sqlx::Error) -> DbError {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        let stays = code.is_some_and(|code| code != "42P01");
        if !stays {
            self.stale.store(true, Ordering::Relaxed);
        }
        DbError::of_postgres(self.server.url.clone(), error)
    }

    async fn open(&self) -> Result<Pools<PgPool>, DbError> {
        let one = self.connect(1, "0").await?;
        let prepared = self.prepare(&one).await;
        one.close().await;
        prepared?;
        let asking = PgPoolOptions::new().max_connections(ASKING).acquire_timeout(ANSWER);
        let answer = format!("{}ms", ANSWER.as_millis());
        let asking = asking.connect_lazy_with(self.options_for(&answer)?);
        Ok(Pools { own: self.connect(CONNECTIONS, STATEMENT).await?, asking })
    }

    async fn connect(&self, most: u32, statement: &str) -> Result<PgPool, DbError> {
        let pool = PgPoolOptions::new().max_connections(most).acquire_timeout(ACQUIRE);
        pool.connect_with(self.options_for(statement)?).await.map_err(|e| self.explain(e))
    }

    /// Brings the schema forward.
    async fn prepare(&self, one: &PgPool) -> Result<(), DbError> {
        let asked = sqlx::query_as("SHOW server_encoding").fetch_one(one).await;
        let (found,): (String,) = asked.map_err(|e| self.explain(e))?;
        if found != "UTF8" {
            return Err(DbError::Encoding { place: self.server.url.clone(), found });
        }
        let ran = steps::for_postgres().run(one).await;
        ran.map_err(|e| DbError::of_migration(self.server.url.clone(), e, |e| self.explain(e)))
    }

    pub fn options(&self) -> Result<PgConnectOptions, DbError> {
        self.options_for(STATEMENT)
    }

    /// With this much time for each statement.
    fn options_for(&self, statement: &str) -> Result<PgConnectOptions, DbError> {
        let place = || self.server.url.clone();
        let mut options = PgConnectOptions::from_str(&self.server.url).map_err(|e| self.explain(e))?;
        if !near(&options) && !self.server.url.contains("sslmode=") {
            options = options.ssl_mode(PgSslMode::VerifyFull);
        }
        let password =
            (self.server.password)().map_err(|reason| DbError::Password { place: place(), reason })?;
        if let Some(password) = password {
            options = options.password(password.expose_secret());
        }
        Ok(options.application_name("tandem").options([
            ("lock_timeout", LOCK),
            ("statement_timeout", statement),
            // The best way to look for a rare word is the worst one for a common word.
            ("plan_cache_mode", "force_custom_plan"),
        ]))
    }
}

/// On this machine: nobody can listen on the way.
fn near(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    options.get_socket().is_some()
        || host == "localhost"
        || host.starts_with('/')
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> PgConnectOptions {
        let password: Password = Arc::new(|| Ok(Some(SecretString::from("Sesame-1"))));
        let remote = Remote::new(Server { url: url.to_owned(), password });
        assert!(!format!("{remote:?}").contains("Sesame"));
        remote.options().expect("options")
    }

    #[test]
    fn a_server_elsewhere_must_prove_who_it_is_unless_told_otherwise() {
        for url in ["postgres://t@db.example/t", "postgres://t@192.0.2.7:5433/t"] {
            assert!(matches!(options(url).get_ssl_mode(), PgSslMode::VerifyFull), "{url}");
        }
        for url in [
            "postgres://t@127.0.0.1/t",
            "postgres://t@[::1]/t",
            "postgres://t@localhost/t?host=/run/postgresql",
            "postgres://t@%2Frun%2Fpostgresql/t",
            "postgres://t@db.example/t?sslmode=prefer",
        ] {
            assert!(matches!(options(url).get_ssl_mode(), PgSslMode::Prefer), "{url}");
        }
    }
}
