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
    /// `None`: nothing follows.
    pub samples: Option<Vec<i16>>,
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
        if to.send(Heard { id, samples: Some(samples) }).await.is_err() {
            return;
        }
    }
    let _gone = to.send(Heard { id, samples: None }).await;
}

async fn message<'a>(from: &mut TcpStream, buffer: &'a mut [u8]) -> Option<(u8, &'a [u8])> {
    let mut head = [0; 3];
    from.read_exact(&mut head).await.ok()?;
    let length = usize::from(u16::from_be_bytes([head[1], head[2]]));
    let body = buffer.get_mut(..length)?;
    from.read_exact(body).await.ok()?;
    (head[0] != 0).then_some((head[0], body))
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    const ID: u128 = 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef;

    /// What is heard of somebody who sends these bytes and hangs up.
    async fn heard(bytes: &[u8]) -> Vec<Option<Vec<i16>>> {
        let door = open(std::net::Ipv4Addr::LOCALHOST.into()).await.expect("a door");
        let mut engine = TcpStream::connect(door.local_addr().expect("an address")).await.expect("connected");
        let (from, _) = door.accept().await.expect("accepted");
        let (to, mut inbox) = mpsc::channel(64);
        engine.write_all(bytes).await.expect("sent");
        drop(engine);
        read(from, to).await;
        let mut all = Vec::new();
        while let Some(heard) = inbox.recv().await {
            assert_eq!(heard.id, ID);
            all.push(heard.samples);
        }
        all
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        [&[kind], &(body.len() as u16).to_be_bytes()[..], body].concat()
    }

    #[tokio::test]
    async fn a_side_says_who_it_is_and_then_what_it_hears_until_it_ends() {
        let (who, audio) = (message(IDENTITY, &ID.to_be_bytes()), message(AUDIO, &[1, 0, 255, 255]));
        let end = message(0, &[]);
        let said = heard(&[&who[..], &audio, &message(3, b"5"), &audio, &end, &audio].concat()).await;
        assert_eq!(said, [Some(vec![1, -1]), Some(vec![1, -1]), None]);
    }

    #[tokio::test]
    async fn a_stranger_is_not_listened_to() {
        let who = message(IDENTITY, &ID.to_be_bytes());
        for bytes in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            &message(AUDIO, &[1, 0]),
            &message(IDENTITY, b"short"),
            &who[..9],
        ] {
            assert!(heard(bytes).await.is_empty());
        }
        let much = message(AUDIO, &[0; LONGEST + 2]);
        assert_eq!(heard(&[&who[..], &much].concat()).await, [None]);
    }
}
