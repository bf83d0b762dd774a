//! Services elsewhere, asked by HTTP: where they may be, and how much of a reply is read.

use std::net::IpAddr;

use reqwest::{Client, Response, Url, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// Why there is no reply. Nothing of what was asked is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteError {
    /// Not there, or the connection broke.
    Unreachable,
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
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().ok()?;
        Some(Self { client, url: address(url)?, secret })
    }

    /// Posts JSON to a path below the address; the body of the reply, if it has at most `longest` bytes.
    pub async fn post(&self, path: &[&str], body: &Value, longest: usize) -> Result<Vec<u8>, RemoteError> {
        let mut url = self.url.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(path);
        }
        let mut request = self.client.post(url).json(body);
        if let Some(secret) = &self.secret {
            request = request.bearer_auth(secret.expose_secret());
        }
        let response = request.send().await.map_err(|_| RemoteError::Unreachable)?;
        if !response.status().is_success() {
            return Err(RemoteError::Refused(response.status().as_u16()));
        }
        read(response, longest).await
    }
}

async fn read(mut response: Response, longest: usize) -> Result<Vec<u8>, RemoteError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| RemoteError::Unreachable)? {
        if bytes.len() + chunk.len() > longest {
            return Err(RemoteError::TooLong);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Whether this is where a service may be: behind TLS, or on this machine; and nothing secret in it.
pub fn is_address(text: &str) -> bool {
    address(text).is_some()
}

fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let here = url.host_str().is_some_and(is_here);
    let sealed = url.scheme() == "https" || url.scheme() == "http" && here;
    (sealed && !text.contains(['@', '?', '#'])).then_some(url)
}

fn is_here(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
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
    }
}
