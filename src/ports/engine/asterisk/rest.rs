//! ARI's requests, with the three ways in which one can fail told apart.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, Method, Response, StatusCode, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use smol_str::SmolStr;
use tokio::sync::Semaphore;

use super::translate;
use crate::{base::text::Label, ports::engine::Settings};

/// Requests that may be under way at once; the others wait in their lanes.
const IN_FLIGHT: usize = 64;
const CONNECT: Duration = Duration::from_millis(500);
const ANSWER: Duration = Duration::from_secs(3);
const FILE: Duration = Duration::from_secs(120);
/// Asterisk closes idle connections after 15 s: ours are dropped before.
const IDLE: Duration = Duration::from_secs(10);
/// How often and how far apart a request that was never sent is repeated.
const REPEATS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(100);

/// Why a request had no success.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Never reached Asterisk: may be repeated.
    #[error("Asterisk cannot be reached: is it running? is engine.address right?")]
    NotSent,
    /// Sent, or perhaps sent: ask before repeating.
    #[error("Asterisk did not answer in time")]
    Unknown,
    /// Refused by Asterisk.
    #[error("{status}: {reason}")]
    Refused { status: u16, reason: Label },
}

impl Failure {
    /// Refused by us, as Asterisk would.
    pub fn refused(status: u16, reason: &str) -> Self {
        Self::Refused { status, reason: Label::new(reason) }
    }

    /// What was meant is not there any more.
    pub fn gone(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// The channel is on its way through the dialplan and will be ours in a moment.
    pub fn elsewhere(&self) -> bool {
        // 400 is said of a variable that cannot be set in the moment of a channel's move between bridges.
        matches!(self, Self::Refused { status: 400 | 409 | 412, .. })
    }
}

/// A client of one Asterisk.
#[derive(Clone)]
pub struct Rest {
    client: Client,
    base: Arc<str>,
    user: SmolStr,
    password: SecretString,
    slots: Arc<Semaphore>,
}

impl Rest {
    pub fn new(settings: &Settings) -> Self {
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .pool_idle_timeout(IDLE)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .expect("a client without TLS can always be built");
        Self {
            client,
            base: format!("http://{}/ari", settings.address).into(),
            user: settings.user.clone(),
            password: settings.password.clone(),
            slots: Arc::new(Semaphore::new(IN_FLIGHT)),
        }
    }

    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::GET, path, &[], None).await
    }

    pub async fn post(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Failure> {
        self.call(Method::POST, path, query, None).await
    }

    pub async fn delete(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Failure> {
        self.call(Method::DELETE, path, query, None).await
    }

    /// Begins to read a file, which may take its time.
    pub async fn file(&self, path: &str) -> Result<Response, Failure> {
        let request = self
            .client
            .get(format!("{}{path}", self.base))
            .basic_auth(&self.user, Some(self.password.expose_secret()))
            .timeout(FILE);
        let answer = request
            .send()
            .await
            .map_err(|error| if error.is_connect() { Failure::NotSent } else { Failure::Unknown })?;
        let status = answer.status();
        if status.is_success() { Ok(answer) } else { Err(refusal(status, &Value::Null)) }
    }

    /// Makes one request; repeats it only while it certainly was not sent.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let Ok(_slot) = self.slots.acquire().await else { return Err(Failure::NotSent) };
        let mut tries = 0;
        loop {
            let outcome = self.once(method.clone(), path, query, body).await;
            tries += 1;
            match outcome {
                Err(Failure::NotSent) if tries < REPEATS => tokio::time::sleep(PAUSE).await,
                outcome => return outcome,
            }
        }
    }

    async fn once(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .basic_auth(&self.user, Some(self.password.expose_secret()))
            .query(query);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request
            .send()
            .await
            .map_err(|error| if error.is_connect() { Failure::NotSent } else { Failure::Unknown })?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|_| Failure::Unknown)?;
        let tree = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if status.is_success() { Ok(tree) } else { Err(refusal(status, &tree)) }
    }
}

fn refusal(status: StatusCode, tree: &Value) -> Failure {
    let reason =
        translate::reason(tree).unwrap_or_else(|| Label::new(status.canonical_reason().unwrap_or("refused")));
    Failure::Refused { status: status.as_u16(), reason }
}
