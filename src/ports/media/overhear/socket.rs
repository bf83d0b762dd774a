//! What an engine sends by `AudioSocket` (Asterisk's `app_audiosocket`): one connection a side, first its identity, then samples.

use std::{net::IpAddr, time::Duration};

use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

/// Kinds of messages, each with its length in two bytes after it.
const IDENTITY: u8 = 0x01;
const AUDIO: u8 = 0x10;
/// 100 ms; Asterisk sends 20.
const LONGEST: usize = 1600;
/// How long whoever connects may take to say who that is.
const PATIENCE: Duration = Duration::from_secs(2);

/// Some samples, and of what.
#[derive(Debug)]
pub(super) struct Heard {
    pub id: u128,
    pub samples: Vec<i16>,
}

/// A socket to listen at, on the side of the engine.
pub(super) async fn open(address: IpAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind((address, 0)).await
}

/// Reads a connection to its end, or until it says what is not understood.
pub(super) async fn read(mut from: TcpStream, to: mpsc::Sender<Heard>) {
    let mut buffer = [0; LONGEST];
    let Ok(Some((IDENTITY, id))) = timeout(PATIENCE, message(&mut from, &mut buffer)).await else { return };
    let Ok(id) = id.try_into().map(u128::from_be_bytes) else { return };
    while let Some((kind, bytes)) = message(&mut from, &mut buffer).await {
        if kind != AUDIO {
            continue;
        }
        let samples = bytes.as_chunks().0.iter().map(|two| i16::from_le_bytes(*two)).collect();
        if to.send(Heard { id, samples }).await.is_err() {
            return;
        }
    }
}

async fn message<'a>(from: &mut TcpStream, buffer: &'a mut [u8]) -> Option<(u8, &'a [u8])> {
    let mut head = [0; 3];
    from.read_exact(&mut head).await.ok()?;
    let length = usize::from(u16::from_be_bytes([head[1], head[2]]));
    let body = buffer.get_mut(..length)?;
    from.read_exact(body).await.ok()?;
    (head[0] != 0).then_some((head[0], body))
}
