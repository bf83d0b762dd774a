//! ARI's event stream: one WebSocket that is always drained, pinged, and given up when it falls silent.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use secrecy::ExposeSecret;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        http::{StatusCode, header::AUTHORIZATION},
        protocol::WebSocketConfig,
    },
};

use super::rest::Failure;
use crate::{base::text::Label, ports::engine::Settings};

const CONNECT: Duration = Duration::from_secs(1);
const PING: Duration = Duration::from_secs(2);
/// Silence (not even a pong) after which the link counts as dead.
const SILENCE: Duration = Duration::from_secs(6);
const LARGEST: usize = 4 << 20;

/// Why there is no link. Each is short enough for a `Label`, to its remedy.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("no Asterisk at {0}: is it running? is engine.address right?")]
    Unreachable(std::net::SocketAddr),
    #[error("Asterisk refused user {0}: compare the password file with ari.conf")]
    Password(smol_str::SmolStr),
    #[error("Asterisk is still starting")]
    Starting,
    #[error("{0} answers, but not as ARI: see ari.conf, http.conf and engine.address")]
    NoAri(std::net::SocketAddr),
    #[error("Asterisk closed the event stream")]
    Closed,
    #[error("Asterisk fell silent")]
    Silent,
    #[error("another Tandem took over this Asterisk: stop one of the two")]
    Replaced,
    #[error("the event stream is deaf: what Asterisk says never reaches us")]
    Deaf,
    #[error("Asterisk takes no event stream: is it overloaded? else restart it")]
    Jammed,
    #[error("Asterisk stopped answering requests")]
    NoAnswer,
    #[error("Asterisk refused to be asked: {0}")]
    Refused(Failure),
}

impl LinkError {
    pub fn label(&self) -> Label {
        Label::new(&self.to_string())
    }
}

/// The open stream.
pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    ping: tokio::time::Interval,
    heard: Instant,
}

impl Socket {
    /// Connects and becomes the application that gets every event.
    pub async fn open(settings: &Settings, app: &str) -> Result<Self, LinkError> {
        let address = settings.address;
        let unreachable = |_| LinkError::Unreachable(address);
        let tcp =
            timeout(CONNECT, TcpStream::connect(address)).await.map_err(|_| LinkError::Unreachable(address));
        let tcp = tcp?.map_err(unreachable)?;
        timeout(CONNECT, Self::shake(settings, app, tcp)).await.unwrap_or(Err(LinkError::Jammed))
    }

    async fn shake(settings: &Settings, app: &str, tcp: TcpStream) -> Result<Self, LinkError> {
        let address = settings.address;
        let _ = tcp.set_nodelay(true);
        let uri = format!("ws://{address}/ari/events?app={app}&subscribeAll=true");
        let mut request = uri.into_client_request().map_err(|_| LinkError::NoAri(address))?;
        let credentials = basic_credentials(&settings.user, settings.password.expose_secret());
        let mut header: tokio_tungstenite::tungstenite::http::HeaderValue =
            credentials.parse().map_err(|_| LinkError::Password(settings.user.clone()))?;
        header.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, header);
        let limits = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
        match client_async_with_config(request, tcp, Some(limits)).await {
            Ok((stream, _)) => {
                let mut ping = tokio::time::interval(PING);
                ping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
                Ok(Self { stream, ping, heard: Instant::now() })
            }
            Err(Error::Http(answer)) => Err(match answer.status() {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    LinkError::Password(settings.user.clone())
                }
                StatusCode::SERVICE_UNAVAILABLE => LinkError::Starting,
                _ => LinkError::NoAri(address),
            }),
            Err(Error::Io(_)) => Err(LinkError::Unreachable(address)),
            Err(_) => Err(LinkError::NoAri(address)),
        }
    }

    /// Leaves, and waits until Asterisk has dismantled its side: done later, that would hit the next stream.
    pub async fn close(mut self) {
        let left = async {
            let _ = self.stream.close(None).await;
            while let Some(Ok(_)) = self.stream.next().await {}
        };
        let _ = timeout(CONNECT, left).await;
    }

    /// The next text frame. Safe to drop and call again.
    pub async fn next(&mut self) -> Result<String, LinkError> {
        loop {
            tokio::select! {
                frame = self.stream.next() => {
                    self.heard = Instant::now();
                    match frame {
                        Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(LinkError::Closed),
                        Some(Ok(_)) => {}
                    }
                }
                _ = self.ping.tick() => {
                    if self.heard.elapsed() >= SILENCE {
                        return Err(LinkError::Silent);
                    }
                    let ping = self.stream.send(Message::Ping(Vec::new().into()));
                    if !matches!(timeout(PING, ping).await, Ok(Ok(()))) {
                        return Err(LinkError::Closed);
                    }
                }
            }
        }
    }
}

/// The value of a basic `Authorization` header (RFC 7617).
fn basic_credentials(user: &str, password: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let plain = format!("{user}:{password}");
    let mut text = String::from("Basic ");
    for chunk in plain.as_bytes().chunks(3) {
        let word =
            chunk.iter().fold(0u32, |word, byte| (word << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[((word >> (18 - 6 * place)) & 63) as usize];
            text.push(if place > chunk.len() { '=' } else { char::from(digit) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn credentials_are_those_of_the_standard() {
        assert_eq!(super::basic_credentials("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(super::basic_credentials("a", "b"), "Basic YTpi");
        assert_eq!(super::basic_credentials("ab", "b"), "Basic YWI6Yg==");
    }
}
