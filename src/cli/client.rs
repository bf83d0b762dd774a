//! The daemon's REST v1, from the other side of its socket.

use std::{error::Error, io, path::PathBuf, time::Duration};

use serde::{Serialize, de::DeserializeOwned};

use super::Fault;
use crate::http::Problem;

/// Longer than the daemon's own deadline, so that its words are heard first.
const PATIENCE: Duration = Duration::from_secs(10);

/// An answer: as it came, and understood.
pub(super) struct Answer<T> {
    pub(super) raw: String,
    pub(super) value: T,
}

pub(super) struct Client {
    socket: PathBuf,
    http: reqwest::Client,
}

impl Client {
    pub(super) fn new(socket: PathBuf) -> Result<Self, Fault> {
        let http = reqwest::Client::builder()
            .unix_socket(socket.as_path())
            .timeout(PATIENCE)
            .build()
            .map_err(Fault::Client)?;
        Ok(Self { socket, http })
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Answer<T>, Fault> {
        self.send(path, self.http.get(url(path))).await
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + ?Sized),
    ) -> Result<Answer<T>, Fault> {
        self.send(path, self.http.post(url(path)).json(body)).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        path: &str,
        request: reqwest::RequestBuilder,
    ) -> Result<Answer<T>, Fault> {
        let answer = request.send().await.map_err(|why| self.no_answer(&why))?;
        let good = answer.status().is_success();
        let raw = answer.text().await.map_err(|why| self.no_answer(&why))?;
        let garbled = |why| Fault::Garbled { path: path.to_owned(), why };
        if good {
            let value = serde_json::from_str(&raw).map_err(garbled)?;
            Ok(Answer { raw, value })
        } else {
            let problem: Problem = serde_json::from_str(&raw).map_err(garbled)?;
            Err(Fault::Refused(Box::new(problem)))
        }
    }

    fn no_answer(&self, why: &reqwest::Error) -> Fault {
        let socket = self.socket.clone();
        match root_cause(why) {
            Some(io) if io.kind() == io::ErrorKind::PermissionDenied => Fault::NotAllowed(socket),
            Some(io) if why.is_connect() => Fault::Unreachable { socket, why: io.to_string() },
            _ if why.is_connect() => Fault::Unreachable { socket, why: why.to_string() },
            _ if why.is_timeout() => {
                Fault::Silent { socket, why: format!("nothing came within {} s", PATIENCE.as_secs()) }
            }
            _ => Fault::Silent { socket, why: "the connection was closed".to_owned() },
        }
    }
}

/// The host is of no meaning on a Unix socket.
fn url(path: &str) -> String {
    format!("http://tandem{path}")
}

fn root_cause(why: &reqwest::Error) -> Option<&io::Error> {
    let mut cause = why.source();
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref() {
            return Some(io);
        }
        cause = error.source();
    }
    None
}
