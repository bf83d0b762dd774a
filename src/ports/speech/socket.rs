//! Recognisers that hear along by WebSocket: the servers of Vosk and of FunASR, which an operator runs for any language.

mod dialect;

use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt, future::BoxFuture};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};

pub use self::dialect::Dialect;
use self::dialect::Taken;
use super::{Partial, Recognizer, Sound, Unheard};
use crate::{
    infra::remote::{Authorities, Remote, RemoteError, Upgraded},
    ports::engine::Hearing,
};

const CONNECT: Duration = Duration::from_secs(2);
/// Of one message, and of all words.
const MOST: usize = 64 << 10;
/// How long more is waited for after words that may be the last.
const GRACE: Duration = Duration::from_millis(200);

/// A server, and how it wants to be spoken to.
#[derive(Clone, Debug)]
pub struct Socket {
    remote: Remote,
    dialect: Dialect,
    patience: Duration,
}

/// Why an address is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no address of a recogniser; write wss://HOST:PORT, or ws with HOST on this machine or in a private network"
)]
pub struct NoAddress(pub String);

impl Socket {
    /// `authorities`: nobody else says who it is.
    pub fn new(
        url: &str,
        authorities: Option<Authorities>,
        dialect: Dialect,
        patience: Duration,
    ) -> Result<Self, NoAddress> {
        // A WebSocket begins as HTTP.
        let place = url.strip_prefix("ws").map(|rest| format!("http{rest}"));
        let remote = place.and_then(|place| Remote::in_house(&place, None, authorities));
        Ok(Self { remote: remote.ok_or_else(|| NoAddress(url.to_owned()))?, dialect, patience })
    }
}

impl Recognizer for Socket {
    fn recognise(
        &self,
        _: &Hearing,
        sound: Sound,
        partial: Partial,
    ) -> BoxFuture<'static, Result<String, Unheard>> {
        let server = self.clone();
        async move { converse(server.dialect, connect(&server.remote).await?, sound, partial).await }.boxed()
    }

    fn patience(&self) -> Duration {
        self.patience
    }
}

async fn connect(remote: &Remote) -> Result<WebSocketStream<Upgraded>, Unheard> {
    let key = generate_key();
    let shaken = remote.web_socket(&key, &derive_accept_key(key.as_bytes()), CONNECT).await;
    let stream = shaken.map_err(|why| match why {
        RemoteError::Gone => Unheard::Nonsense,
        other => other.into(),
    })?;
    let bounds = WebSocketConfig::default().max_message_size(Some(MOST)).max_frame_size(Some(MOST));
    Ok(WebSocketStream::from_raw_socket(stream, Role::Client, Some(bounds)).await)
}

async fn converse(
    dialect: Dialect,
    mut stream: WebSocketStream<Upgraded>,
    mut sound: Sound,
    partial: Partial,
) -> Result<String, Unheard> {
    let mut told = dialect.start(sound.rate());
    send(&mut stream, Message::text(told.hello())).await?;
    let mut last_word = None;
    loop {
        let speaking = !told.ended();
        let grace = last_word.unwrap_or_else(Instant::now);
        tokio::select! {
            frame = sound.next(), if speaking => {
                let message = match frame {
                    Some(frame) => Message::binary(told.frame(&frame)),
                    None => Message::text(told.end()),
                };
                send(&mut stream, message).await?;
            }
            () = sleep_until(grace), if last_word.is_some() => return Ok(told.words()),
            heard = stream.next() => match told.take(&text(heard)?)? {
                Taken::More => partial.tell(&told.words()),
                Taken::PerhapsLast => last_word = Some(Instant::now() + GRACE),
                Taken::Last => return Ok(told.words()),
            },
        }
        if told.length() > MOST {
            return Err(Unheard::TooLong);
        }
    }
}

async fn send(stream: &mut WebSocketStream<Upgraded>, message: Message) -> Result<(), Unheard> {
    stream.send(message).await.map_err(|_| Unheard::Gone)
}

/// A text that was sent; empty for what is no text and no end.
fn text(heard: Option<Result<Message, Error>>) -> Result<String, Unheard> {
    match heard {
        Some(Ok(Message::Text(text))) => Ok(text.to_string()),
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(String::new()),
        Some(Ok(Message::Binary(_))) => Err(Unheard::Nonsense),
        Some(Err(Error::Capacity(_))) => Err(Unheard::TooLong),
        Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Unheard::Gone),
    }
}

#[cfg(test)]
mod tests;
