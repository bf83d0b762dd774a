//! A real daemon: the program itself as a child, and its REST v1 on a Unix socket.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::de::DeserializeOwned;
use serde_json::Value;
use tandem::lab::program::{Program, command};

/// `tandem serve`, killed when dropped.
pub struct Daemon {
    program: Program,
}

impl Daemon {
    /// Where the daemon with this state answers.
    pub fn socket(state: &Path) -> PathBuf {
        state.join("tandem.sock")
    }

    /// Starts it and waits until it answers.
    pub async fn start(site: &Path, state: &Path) -> Self {
        let socket = Self::socket(state);
        let mut serve = command(env!("CARGO_BIN_EXE_tandem"));
        serve.arg("serve").arg("--site").arg(site).arg("--state").arg(state).env("TANDEM_SOCKET", &socket);
        serve.env("RUST_LOG", "trace").env("NO_COLOR", "1");
        let mut program =
            Program::start("tandem serve", serve, &state.join("daemon.log")).expect("the daemon starts");
        let rest = Rest::new(socket);
        let ready = program
            .ready(Duration::from_secs(20), async |_| rest.try_get::<Value>("/v1/status").await.is_ok());
        if let Err(why) = ready.await {
            panic!("{why}\n{}", program.said());
        }
        Self { program }
    }

    /// `kill -9`.
    pub async fn kill(mut self) {
        self.program.kill().await;
    }

    /// SIGTERM, and waits for its end.
    pub async fn stop(mut self) {
        self.program.stop(Duration::from_secs(10)).await;
    }

    pub fn said(&self) -> String {
        self.program.said()
    }
}

/// The daemon's REST v1.
#[derive(Clone)]
pub struct Rest(reqwest::Client);

impl Rest {
    pub fn new(socket: PathBuf) -> Self {
        let client = reqwest::Client::builder().unix_socket(socket).timeout(Duration::from_secs(5));
        Self(client.build().expect("a client"))
    }

    pub async fn try_get<T: DeserializeOwned>(&self, path: &str) -> reqwest::Result<T> {
        self.0.get(format!("http://tandem{path}")).send().await?.error_for_status()?.json().await
    }

    /// Orders something of a daemon that may be gone by then.
    pub async fn try_post(&self, path: &str, body: Value) -> reqwest::Result<()> {
        let answer = self.0.post(format!("http://tandem{path}")).json(&body).send().await?;
        answer.error_for_status().map(drop)
    }

    /// Orders something; panics unless it is done.
    pub async fn post(&self, path: &str, body: Value) {
        let answer =
            self.0.post(format!("http://tandem{path}")).json(&body).send().await.expect("the daemon answers");
        let (status, text) = (answer.status(), answer.text().await.unwrap_or_default());
        assert!(status.is_success(), "POST {path}: {status} {text}");
    }
}
