//! Recognisers that hear along by WebSocket: the servers of Vosk and of FunASR, which an operator runs for any language.

mod dialect;

use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt, future::BoxFuture};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Error, Message, http::Uri, protocol::WebSocketConfig},
};

pub use self::dialect::Dialect;
use self::dialect::Taken;
use super::{Partial, Recognizer, Sound, Unheard};
use crate::{infra::remote::near, ports::engine::Hearing};

const CONNECT: Duration = Duration::from_secs(2);
/// Of one message, and of all words.
const MOST: usize = 64 << 10;
/// How long more is waited for after words that may be the last.
const GRACE: Duration = Duration::from_millis(200);

/// A server, and how it wants to be spoken to.
#[derive(Clone, Debug)]
pub struct Socket {
    address: Uri,
    dialect: Dialect,
    patience: Duration,
}

/// Why an address is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no address of a recogniser; write ws://HOST:PORT, with HOST on this machine or in a private network"
)]
pub struct NoAddress(pub String);

impl Socket {
    pub fn new(url: &str, dialect: Dialect, patience: Duration) -> Result<Self, NoAddress> {
        let wrong = || NoAddress(url.to_owned());
        let address: Uri = url.parse().map_err(|_| wrong())?;
        let near = address.host().is_some_and(near);
        if address.scheme_str() != Some("ws") || !near || url.contains('@') {
            return Err(wrong());
        }
        Ok(Self { address, dialect, patience })
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
        async move {
            let stream =
                timeout(CONNECT, connect(&server.address)).await.map_err(|_| Unheard::Unreachable)??;
            converse(server.dialect, stream, sound, partial).await
        }
        .boxed()
    }

    fn patience(&self) -> Duration {
        self.patience
    }
}

async fn connect(address: &Uri) -> Result<WebSocketStream<TcpStream>, Unheard> {
    let host = address.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = address.port_u16().unwrap_or(80);
    let tcp = TcpStream::connect((host, port)).await.map_err(|_| Unheard::Unreachable)?;
    // Each frame leaves at once.
    let _ = tcp.set_nodelay(true);
    let bounds = WebSocketConfig::default().max_message_size(Some(MOST)).max_frame_size(Some(MOST));
    match client_async_with_config(address, tcp, Some(bounds)).await {
        Ok((stream, _)) => Ok(stream),
        Err(Error::Http(response)) => Err(Unheard::Refused { status: response.status().as_u16() }),
        Err(_) => Err(Unheard::Nonsense),
    }
}

async fn converse(
    dialect: Dialect,
    mut stream: WebSocketStream<TcpStream>,
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

async fn send(stream: &mut WebSocketStream<TcpStream>, message: Message) -> Result<(), Unheard> {
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
