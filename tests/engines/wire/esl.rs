//! One connection to an event socket, read along. Replies come in the order of the commands, so one that never comes
//! holds up all after it.

use std::collections::VecDeque;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use super::book::{Act, Book, Deed, Mishap, Seen};

/// A command whose reply is due.
struct Due {
    seen: Seen,
    /// `api` is answered in a body, everything else in a header.
    body: bool,
}

pub async fn carry(near: TcpStream, far: TcpStream, book: &Book) {
    let (mut near_says, mut near_hears) = near.into_split();
    let (mut far_says, mut far_hears) = far.into_split();
    let (mut asks, mut replies) = (Vec::new(), Vec::new());
    let mut due: VecDeque<Due> = VecDeque::new();
    let mut stuck = false;
    loop {
        let read = tokio::select! {
            read = near_says.read_buf(&mut asks) => read,
            read = far_says.read_buf(&mut replies) => read,
        };
        if !matches!(read, Ok(1..)) {
            return;
        }
        while let Some(command) = message(&mut asks) {
            let seen = book.asked(&act(&command));
            let withheld = matches!(seen.mishap, Some(Mishap::Refused | Mishap::Lost));
            due.push_back(Due { seen, body: command.starts_with("api ") });
            if !withheld && far_hears.write_all(command.as_bytes()).await.is_err() {
                return;
            }
        }
        loop {
            // What the engine never saw is answered here, in its turn.
            while let Some(refused) = due.pop_front_if(|due| due.seen.mishap == Some(Mishap::Refused)) {
                if !stuck && near_hears.write_all(refusal(refused.body)).await.is_err() {
                    return;
                }
                book.replied(&refused.seen);
            }
            stuck |= due.front().is_some_and(|due| due.seen.mishap == Some(Mishap::Lost));
            let Some(frame) = frame(&mut replies) else { break };
            learn(&frame, book);
            let reply = is_reply(&frame).then(|| due.pop_front()).flatten();
            match reply.as_ref().and_then(|due| due.seen.mishap) {
                Some(Mishap::Late(span)) => sleep(span).await,
                Some(Mishap::ReplyLost) => stuck = true,
                _ => {}
            }
            if stuck {
                continue;
            }
            if near_hears.write_all(frame.as_bytes()).await.is_err() {
                return;
            }
            if let Some(due) = reply {
                book.replied(&due.seen);
            }
        }
    }
}

fn refusal(body: bool) -> &'static [u8] {
    if body {
        b"Content-Type: api/response\nContent-Length: 19\n\n-ERR out of order!\n"
    } else {
        b"Content-Type: command/reply\nReply-Text: -ERR out of order!\n\n"
    }
}

fn is_reply(frame: &str) -> bool {
    ["command/reply", "api/response"].iter().any(|kind| frame.starts_with(&format!("Content-Type: {kind}\n")))
}

/// Takes one command: lines that end with an empty one.
fn message(bytes: &mut Vec<u8>) -> Option<String> {
    let end = bytes.windows(2).position(|window| window == b"\n\n")? + 2;
    let rest = bytes.split_off(end);
    Some(String::from_utf8_lossy(&std::mem::replace(bytes, rest)).into_owned())
}

/// Takes one frame: headers, and a body as long as they say.
fn frame(bytes: &mut Vec<u8>) -> Option<String> {
    let head = bytes.windows(2).position(|window| window == b"\n\n")? + 2;
    let text = String::from_utf8_lossy(&bytes[..head]);
    let length = text.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    if bytes.len() < head + length {
        return None;
    }
    let rest = bytes.split_off(head + length);
    Some(String::from_utf8_lossy(&std::mem::replace(bytes, rest)).into_owned())
}

/// An event that tells who calls with which leg.
fn learn(frame: &str, book: &Book) {
    if !frame.contains("text/event-plain") {
        return;
    }
    let value = |key: &str| frame.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
    if value("Event-Name") == Some("CHANNEL_PARK")
        && let (Some(leg), Some(caller)) = (value("Unique-ID"), value("Caller-Caller-ID-Number"))
    {
        book.learn(leg, caller);
    }
}

/// What a command is about.
fn act(command: &str) -> Act {
    let value = |key: &str| command.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
    let mut words = command.lines().next().unwrap_or_default().split(' ');
    let (verb, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let third = words.next().unwrap_or_default();
    let mut makes = None;
    let (deed, leg) = match (verb, name) {
        ("sendmsg", leg) => {
            let tag = value("event-uuid").unwrap_or_default();
            makes = tag
                .strip_prefix("tandem/connect/")
                .and_then(|rest| rest.split('/').nth(1))
                .map(str::to_owned);
            let deed = match tag.split('/').nth(1).unwrap_or_default() {
                "answer" => Deed::Answer,
                "play" => Deed::Play,
                "music" => Deed::Music,
                "connect" => Deed::Connect,
                _ => Deed::Note,
            };
            (deed, leg)
        }
        ("api", "uuid_break") => (Deed::Stop, third),
        ("api", "uuid_kill") => (Deed::HangUp, third),
        ("api", "uuid_transfer") => (Deed::GiveBack, third),
        ("api", "sched_del") => (Deed::Release, third),
        ("api", "sched_transfer") => (Deed::Lease, words.next().unwrap_or_default()),
        ("api", "uuid_setvar" | "uuid_setvar_multi") => (Deed::Note, third),
        _ => (Deed::Ask, ""),
    };
    Act { deed, leg: leg.to_owned(), makes }
}
