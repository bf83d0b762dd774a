//! Services elsewhere, asked by HTTP: where they may be, whom of them is believed, and how much of a reply is read.

mod breaker;
mod certificate;
mod trust;

use std::{net::IpAddr, time::Duration};

pub use reqwest::Upgraded;
use reqwest::{
    Client, RequestBuilder, Response, StatusCode, Url,
    header::{
        CONNECTION, CONTENT_TYPE, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
    },
    redirect::Policy,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

pub use breaker::Breaker;
pub use certificate::{Identity, Unfit};
pub use trust::{Authorities, Distrust, NoAuthorities};

/// Why there is no reply. Nothing of what was asked is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteError {
    /// Not there, or no answer came.
    Unreachable,
    /// It is there, and cannot prove who it is.
    Untrusted(Distrust),
    /// It broke off while it answered.
    Gone,
    /// Its status.
    Refused(u16),
    TooLong,
}

/// A service behind one address; its bearer token, if it has one, goes nowhere else.
#[derive(Clone, Debug)]
pub struct Remote {
    client: Client,
    url: Url,
    secret: Option<SecretString>,
}

impl Remote {
    /// `None` where `is_address` says no.
    pub fn new(url: &str, secret: Option<SecretString>) -> Option<Self> {
        Self::where_it_may_be(url, secret, None, is_here)
    }

    /// A service that may be in the house without TLS too: on this machine or in a private network. With `authorities`
    /// nobody else is believed to know who it is.
    pub fn in_house(
        url: &str,
        secret: Option<SecretString>,
        authorities: Option<Authorities>,
    ) -> Option<Self> {
        Self::where_it_may_be(url, secret, authorities, near)
    }

    fn where_it_may_be(
        url: &str,
        secret: Option<SecretString>,
        authorities: Option<Authorities>,
        open: fn(&str) -> bool,
    ) -> Option<Self> {
        let client = Client::builder().redirect(Policy::none()).no_proxy();
        let client = match authorities {
            Some(authorities) => authorities.alone_in(client),
            None => client,
        };
        Some(Self { client: client.build().ok()?, url: address(url, open)?, secret })
    }

    /// The same as a WebSocket, whose handshake has this key and wants this answer; what comes then is no HTTP.
    pub async fn web_socket(
        &self,
        key: &str,
        accept: &str,
        patience: Duration,
    ) -> Result<Upgraded, RemoteError> {
        let request = self
            .client
            .get(self.url.clone())
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, key);
        let shake = async {
            let response = request.send().await.map_err(|error| match why(&error) {
                // It is there, and no web server.
                RemoteError::Unreachable if !error.is_connect() => RemoteError::Gone,
                why => why,
            })?;
            if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                return Err(RemoteError::Refused(response.status().as_u16()));
            }
            if response.headers().get(SEC_WEBSOCKET_ACCEPT).is_none_or(|own| own != accept) {
                return Err(RemoteError::Gone);
            }
            response.upgrade().await.map_err(|_| RemoteError::Gone)
        };
        tokio::time::timeout(patience, shake).await.map_err(|_| RemoteError::Unreachable)?
    }

    /// Posts JSON to a path below the address; the body of the reply, if it has at most `longest` bytes.
    pub async fn post(&self, path: &[&str], body: &Value, longest: usize) -> Result<Vec<u8>, RemoteError> {
        self.send(self.client.post(self.below(path)).json(body), longest).await
    }

    /// The same at the address itself, which this is asked of.
    pub async fn post_asking(
        &self,
        query: &[(&str, &str)],
        body: &Value,
        longest: usize,
    ) -> Result<Vec<u8>, RemoteError> {
        self.send(self.client.post(self.url.clone()).query(query).json(body), longest).await
    }

    /// The same with a body of another kind.
    pub async fn post_as(
        &self,
        path: &[&str],
        kind: &str,
        body: Vec<u8>,
        longest: usize,
    ) -> Result<Vec<u8>, RemoteError> {
        self.send(self.client.post(self.below(path)).header(CONTENT_TYPE, kind).body(body), longest).await
    }

    fn below(&self, path: &[&str]) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(path);
        }
        url
    }

    async fn send(&self, mut request: RequestBuilder, longest: usize) -> Result<Vec<u8>, RemoteError> {
        if let Some(secret) = &self.secret {
            request = request.bearer_auth(secret.expose_secret());
        }
        let response = request.send().await.map_err(|error| why(&error))?;
        if !response.status().is_success() {
            return Err(RemoteError::Refused(response.status().as_u16()));
        }
        read(response, longest).await
    }
}

fn why(error: &reqwest::Error) -> RemoteError {
    match trust::distrust(error) {
        Some(distrust) => RemoteError::Untrusted(distrust),
        None => RemoteError::Unreachable,
    }
}

async fn read(mut response: Response, longest: usize) -> Result<Vec<u8>, RemoteError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| RemoteError::Gone)? {
        if bytes.len() + chunk.len() > longest {
            return Err(RemoteError::TooLong);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Whether this is where a service may be: behind TLS, or on this machine; and nothing secret in it.
pub fn is_address(text: &str) -> bool {
    address(text, is_here).is_some()
}

/// Without TLS a host must be `open`.
fn address(text: &str, open: fn(&str) -> bool) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let open = url.host_str().is_some_and(open);
    let sealed = url.scheme() == "https" || url.scheme() == "http" && open;
    (sealed && !text.contains(['@', '?', '#'])).then_some(url)
}

fn is_here(host: &str) -> bool {
    host == "localhost" || ip(host).is_some_and(|address| address.is_loopback())
}

/// Whether a host is this machine or in a private network.
pub fn near(host: &str) -> bool {
    is_here(host)
        || ip(host).is_some_and(|address| match address {
            IpAddr::V4(four) => four.is_private(),
            IpAddr::V6(six) => six.is_unique_local(),
        })
}

fn ip(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_callers_leave_the_machine_sealed_or_not_at_all() {
        for text in [
            "https://models.example/v1",
            "http://127.0.0.1:8000/v1/",
            "http://[::1]:1/v1",
            "http://localhost",
        ] {
            assert!(is_address(text), "{text}");
        }
        for text in [
            "http://models.example/v1",
            "ftp://127.0.0.1/",
            "models",
            "mailto:x",
            "https://me:word@models.example/v1",
            "https://models.example/v1?key=word",
        ] {
            assert!(!is_address(text), "{text}");
        }
        let in_house = |text| Remote::in_house(text, None, None).is_some();
        assert!(
            in_house("http://192.168.0.7/v1")
                && in_house("http://[fd00::1]/")
                && in_house("https://a.example")
        );
        assert!(
            !in_house("http://8.8.8.8/v1") && !in_house("http://a.example") && !is_address("http://10.0.0.1")
        );
        let below = |url| Remote::new(url, None).expect(url).below(&["audio", "speech"]).path().to_owned();
        assert_eq!(below("http://127.0.0.1/v1/"), "/v1/audio/speech");
        assert_eq!(below("http://127.0.0.1/v1"), "/v1/audio/speech");
    }
}
