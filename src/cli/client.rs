//! The daemon's REST v1, from the other side of its socket or port.

use std::{
    env,
    error::Error,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use reqwest::{
    Certificate, Method, RequestBuilder, Response, StatusCode, Upgraded, Url,
    header::{
        AUTHORIZATION, CONNECTION, HeaderMap, HeaderValue, LINK, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
        UPGRADE,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{handshake::client::generate_key, protocol::Role},
};

use super::{Fault, context::Remote, exit::BadRemote};
use crate::http::Problem;

/// Longer than the daemon's own deadline, so that its words are heard first.
const PATIENCE: Duration = Duration::from_secs(10);

/// Of what is followed until somebody ends it.
const ENDLESS: Duration = Duration::from_hours(24 * 365);

/// An answer: as it came, and understood.
pub(super) struct Answer<T> {
    pub(super) raw: String,
    pub(super) value: T,
    /// Where the next page is.
    pub(super) next: Option<String>,
}

#[derive(Clone)]
pub(super) struct Client {
    /// What complaints call the daemon's place.
    place: PathBuf,
    base: Url,
    http: reqwest::Client,
}

impl Client {
    /// By the Unix socket; the host of its addresses has no meaning.
    pub(super) fn local(socket: PathBuf) -> Result<Self, Fault> {
        let http = reqwest::Client::builder().unix_socket(socket.as_path()).timeout(PATIENCE);
        let base = Url::parse("http://tandem").expect("an address");
        Ok(Self { place: socket, base, http: http.build().map_err(Fault::Client)? })
    }

    /// By TLS, with a token.
    pub(super) fn remote(url: &str, remote: &Remote) -> Result<Self, Fault> {
        let base = Url::parse(url).ok().filter(|url| url.scheme() == "https" && url.has_host());
        let base = base.ok_or_else(|| BadRemote::Url(url.to_owned()))?;
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, token(remote)?);
        let mut http = reqwest::Client::builder().timeout(PATIENCE).https_only(true).default_headers(headers);
        if let Some(file) = &remote.ca {
            let pem =
                fs::read(file).map_err(|why| BadRemote::Ca { file: file.clone(), why: why.to_string() })?;
            let known = Certificate::from_pem_bundle(&pem);
            let known = known.map_err(|why| BadRemote::Ca { file: file.clone(), why: why.to_string() })?;
            http = http.tls_certs_only(known);
        }
        Ok(Self { place: url.into(), base, http: http.build().map_err(Fault::Client)? })
    }

    pub(super) fn socket(&self) -> &Path {
        &self.place
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Answer<T>, Fault> {
        self.send(path, self.request(Method::GET, path)).await
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + ?Sized),
    ) -> Result<Answer<T>, Fault> {
        self.send(path, self.request(Method::POST, path).json(body)).await
    }

    pub(super) async fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<Answer<T>, Fault> {
        self.send(path, self.request(Method::DELETE, path)).await
    }

    /// The messages of a WebSocket.
    pub(super) async fn stream(&self, path: &str) -> Result<WebSocketStream<Upgraded>, Fault> {
        let request = self
            .request(Method::GET, path)
            .header(CONNECTION, "upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, generate_key())
            .timeout(ENDLESS);
        let answer = request.send().await.map_err(|why| self.no_answer(&why))?;
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            let socket = answer.upgrade().await.map_err(|why| self.no_answer(&why))?;
            return Ok(WebSocketStream::from_raw_socket(socket, Role::Client, None).await);
        }
        let raw = answer.text().await.map_err(|why| self.no_answer(&why))?;
        let garbled = |why| Fault::Garbled { path: path.to_owned(), why };
        Err(Fault::Refused(Box::new(serde_json::from_str(&raw).map_err(garbled)?)))
    }

    /// An answer that is read while it comes, however long that takes.
    pub(super) async fn open(&self, path: &str) -> Result<Response, Fault> {
        let request = self.request(Method::GET, path).timeout(ENDLESS);
        let answer = request.send().await.map_err(|why| self.no_answer(&why))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let raw = answer.text().await.map_err(|why| self.no_answer(&why))?;
        let garbled = |why| Fault::Garbled { path: path.to_owned(), why };
        Err(Fault::Refused(Box::new(serde_json::from_str(&raw).map_err(garbled)?)))
    }

    /// The next part of it. An answer that breaks off is no answer.
    pub(super) async fn part(&self, answer: &mut Response) -> Result<Option<Bytes>, Fault> {
        answer.chunk().await.map_err(|why| self.no_answer(&why))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let base = self.base.as_str().trim_end_matches('/');
        self.http.request(method, format!("{base}{path}"))
    }

    async fn send<T: DeserializeOwned>(
        &self,
        path: &str,
        request: RequestBuilder,
    ) -> Result<Answer<T>, Fault> {
        let answer = request.send().await.map_err(|why| self.no_answer(&why))?;
        let good = answer.status().is_success();
        let next = answer.headers().get(LINK).and_then(|link| link.to_str().ok()).and_then(next_in);
        let raw = answer.text().await.map_err(|why| self.no_answer(&why))?;
        let garbled = |why| Fault::Garbled { path: path.to_owned(), why };
        if good {
            let value = serde_json::from_str(&raw).map_err(garbled)?;
            Ok(Answer { raw, value, next })
        } else {
            let problem: Problem = serde_json::from_str(&raw).map_err(garbled)?;
            Err(Fault::Refused(Box::new(problem)))
        }
    }

    fn no_answer(&self, why: &reqwest::Error) -> Fault {
        let socket = self.place.clone();
        match root_cause(why) {
            Some(io) if io.kind() == io::ErrorKind::PermissionDenied => Fault::NotAllowed(socket),
            Some(io) if why.is_connect() => Fault::Unreachable { socket, why: io.to_string() },
            _ if why.is_connect() => Fault::Unreachable { socket, why: deepest(why) },
            _ if why.is_timeout() => {
                Fault::Silent { socket, why: format!("nothing came within {} s", PATIENCE.as_secs()) }
            }
            _ => Fault::Silent { socket, why: "the connection was closed".to_owned() },
        }
    }
}

/// The token, from the file or the environment.
fn token(remote: &Remote) -> Result<HeaderValue, BadRemote> {
    let text = match &remote.token_file {
        Some(file) => {
            let unreadable = |why: io::Error| BadRemote::Token { file: file.clone(), why: why.to_string() };
            if fs::metadata(file).map_err(unreadable)?.mode() & 0o077 != 0 {
                return Err(BadRemote::Open(file.clone()));
            }
            fs::read_to_string(file).map_err(unreadable)?
        }
        None => env::var("TANDEM_TOKEN").map_err(|_| BadRemote::NoToken)?,
    };
    let mut value =
        HeaderValue::from_str(&format!("Bearer {}", text.trim())).map_err(|_| BadRemote::NoToken)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The address in `<…>; rel="next"`.
fn next_in(link: &str) -> Option<String> {
    let (address, kind) = link.strip_prefix('<')?.split_once('>')?;
    kind.contains("rel=\"next\"").then(|| address.to_owned())
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

/// What the last of the causes says.
fn deepest(why: &reqwest::Error) -> String {
    let mut last: &dyn Error = why;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}
