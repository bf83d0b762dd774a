//! One connection of an ARI client, read along: requests one after the other, or the stream of events.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use super::book::{Act, Book, Deed, Mishap};

/// Longer than any client waits for a reply.
const FOR_EVER: Duration = Duration::from_secs(60);
const REFUSAL: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\nContent-type: application/json\r\n\
                         Content-Length: 26\r\n\r\n{\"message\":\"Out of order\"}";

pub async fn carry(mut near: TcpStream, mut far: TcpStream, book: &Book) {
    let (mut asks, mut replies) = (Vec::new(), Vec::new());
    loop {
        let Some(head) = head(&mut near, &mut asks).await else { return };
        let request = take(&mut near, &mut asks, head).await;
        if header(&request[..head], "upgrade").is_some() {
            if far.write_all(&request).await.is_ok() {
                events(near, far, book).await;
            }
            return;
        }
        let seen = book.asked(&act(&String::from_utf8_lossy(&request)));
        match seen.mishap {
            Some(Mishap::Refused) => {
                if near.write_all(REFUSAL).await.is_err() {
                    return;
                }
                book.replied(&seen);
                continue;
            }
            Some(Mishap::Lost) => return silence(near).await,
            _ => {}
        }
        if far.write_all(&request).await.is_err() {
            return;
        }
        let Some(head) = self::head(&mut far, &mut replies).await else { return };
        let reply = take(&mut far, &mut replies, head).await;
        match seen.mishap {
            Some(Mishap::Late(span)) => sleep(span).await,
            Some(Mishap::ReplyLost) => return silence(near).await,
            _ => {}
        }
        if near.write_all(&reply).await.is_err() {
            return;
        }
        book.replied(&seen);
    }
}

/// Says nothing until the client gives up.
async fn silence(mut near: TcpStream) {
    let mut rest = [0; 1];
    let _ = tokio::time::timeout(FOR_EVER, near.read(&mut rest)).await;
}

/// Reads until the head is whole; gives its length.
async fn head(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<usize> {
    loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            return Some(at + 4);
        }
        if !matches!(stream.read_buf(bytes).await, Ok(1..)) {
            return None;
        }
    }
}

/// Takes a whole message with its body.
async fn take(stream: &mut TcpStream, bytes: &mut Vec<u8>, head: usize) -> Vec<u8> {
    let length = header(&bytes[..head], "content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while bytes.len() < head + length {
        if !matches!(stream.read_buf(bytes).await, Ok(1..)) {
            break;
        }
    }
    let rest = bytes.split_off((head + length).min(bytes.len()));
    std::mem::replace(bytes, rest)
}

fn header(head: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(head);
    let mut values = text.lines().skip(1).filter_map(|line| line.split_once(':'));
    let found = values.find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim().to_owned())
}

/// What a request is about.
fn act(request: &str) -> Act {
    let line = request.lines().next().unwrap_or_default();
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let value = |key: &str| {
        let pair = query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
        pair.unwrap_or_default().to_owned()
    };
    let parts: Vec<&str> = path.trim_start_matches("/ari/").split('/').collect();
    let bridge = |id: &str| id.trim_start_matches("tandem-").to_owned();
    let (deed, leg) = match (method, parts.as_slice()) {
        ("POST", ["channels"]) => (Deed::Connect, value("originator")),
        ("DELETE", ["channels", leg]) => (Deed::HangUp, (*leg).to_owned()),
        ("POST", ["channels", leg, "variable"]) => {
            let deed = match (value("variable").as_str(), value("value").as_str()) {
                ("TIMEOUT%28absolute%29" | "TIMEOUT(absolute)", "0.000") => Deed::Release,
                ("TIMEOUT%28absolute%29" | "TIMEOUT(absolute)", _) => Deed::Lease,
                _ => Deed::Note,
            };
            (deed, (*leg).to_owned())
        }
        ("POST" | "DELETE", ["channels", leg, what]) => {
            let deed = match (method, *what) {
                ("POST", "answer") => Deed::Answer,
                ("POST", "play") => Deed::Play,
                ("POST", "moh") => Deed::Music,
                ("DELETE", "moh") => Deed::Stop,
                ("POST", "continue") => Deed::GiveBack,
                _ => Deed::Note,
            };
            (deed, (*leg).to_owned())
        }
        ("DELETE", ["playbacks", order]) => (Deed::Stop, (*order).to_owned()),
        ("POST", ["bridges", id]) => (Deed::Bridge, bridge(id)),
        ("POST", ["bridges", id, "addChannel"]) => (Deed::Enter, bridge(id)),
        ("DELETE", ["bridges", id]) => (Deed::Unbridge, bridge(id)),
        _ => (Deed::Ask, String::new()),
    };
    let makes = match deed {
        Deed::Connect => Some(value("channelId")),
        // A prompt is stopped by its own name.
        Deed::Play => Some(value("playbackId")),
        _ => None,
    };
    Act { deed, leg, makes }
}

/// Carries the stream of events; learns who calls.
async fn events(near: TcpStream, far: TcpStream, book: &Book) {
    let (mut near_says, mut near_hears) = near.into_split();
    let (mut far_says, mut far_hears) = far.into_split();
    let back = async {
        let (mut chunk, mut frames) = (vec![0; 1 << 16], Frames::default());
        while let Ok(count @ 1..) = far_says.read(&mut chunk).await {
            frames.feed(&chunk[..count], book);
            if near_hears.write_all(&chunk[..count]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        _ = tokio::io::copy(&mut near_says, &mut far_hears) => {}
        () = back => {}
    }
}

/// The frames of a WebSocket, as a server writes them: not masked.
#[derive(Default)]
struct Frames {
    bytes: Vec<u8>,
    upgraded: bool,
}

impl Frames {
    fn feed(&mut self, chunk: &[u8], book: &Book) {
        self.bytes.extend_from_slice(chunk);
        if !self.upgraded {
            let Some(at) = self.bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return };
            self.bytes.drain(..at + 4);
            self.upgraded = true;
        }
        while let Some((start, end)) = self.whole() {
            if let Ok(event) = serde_json::from_slice::<Value>(&self.bytes[start..end])
                && event["type"] == "StasisStart"
                && let (Some(leg), Some(caller)) =
                    (event["channel"]["id"].as_str(), event["channel"]["caller"]["number"].as_str())
            {
                book.learn(leg, caller);
            }
            self.bytes.drain(..end);
        }
    }

    /// Where the first frame's payload begins and ends.
    fn whole(&self) -> Option<(usize, usize)> {
        let bytes = self.bytes.as_slice();
        let (start, length) = match (*bytes.get(1)? & 0x7f, bytes) {
            (126, [_, _, a, b, ..]) => (4, usize::from(u16::from_be_bytes([*a, *b]))),
            (127, _) => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize),
            (126, _) => return None,
            (short, _) => (2, usize::from(short)),
        };
        (bytes.len() >= start + length).then_some((start, start + length))
    }
}
