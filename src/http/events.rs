//! Live events by WebSocket: whoever watches hears what happens, in order, and may come back where it left.

use std::time::Duration;

use axum::{
    Extension,
    extract::{
        State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use futures_util::FutureExt;
use serde::Deserialize;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{interval, timeout},
};

use super::{
    Rooms,
    extract::Asked,
    feed::{Event, Feed, Missed, Told, Whisper},
    gate::Caller,
    problem::{Problem, Says},
};
use crate::{
    base::{
        clock::{Clock, SystemClock},
        id::{CallId, InvalidId},
    },
    desk::access::Scope,
};

/// A watcher that takes nothing for so long is let go.
const SLOW: Duration = Duration::from_secs(5);
/// Often enough that a connection with a living watcher is never found silent.
const PING: Duration = Duration::from_secs(4);
/// Events that are sent without listening in between.
const BATCH: usize = 256;
/// Nobody has much to say here.
const LONGEST: usize = 1024;

/// Codes of a close, beside those of RFC 6455.
const GOING_AWAY: u16 = 1001;
const TOO_SLOW: u16 = 4000;
const NO_LONGER: u16 = 4001;

/// What a watcher of words must have: what callers say is more than how their calls go.
const WORDS_NEED: Scope = Scope::Operate;

/// Where to begin, and whose words to tell as well.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    after: Option<u64>,
    words: Option<Whose>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
enum Whose {
    All,
    Of(CallId),
}

impl TryFrom<String> for Whose {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        if text == "all" { Ok(Self::All) } else { text.parse().map(Self::Of) }
    }
}

/// What is said, to a watcher who asked for it.
struct Overheard {
    whose: Whose,
    words: Receiver<Whisper>,
}

impl Overheard {
    /// Words that are there already.
    fn ready(overheard: &mut Option<Self>) -> Option<Whisper> {
        Self::next(overheard).now_or_never()
    }

    /// The next words; never, when nobody asked. What was too much is left out. Cancel-safe.
    async fn next(overheard: &mut Option<Self>) -> Whisper {
        let Some(Self { whose, words }) = overheard else { return std::future::pending().await };
        loop {
            match words.recv().await {
                Ok(whisper) if matches!(whose, Whose::Of(call) if *call != whisper.call) => {}
                Ok(whisper) => return whisper,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return std::future::pending().await,
            }
        }
    }
}

pub(super) async fn events(
    rooms: State<Rooms>,
    Extension(caller): Extension<Caller>,
    Asked(From { after, words }): Asked<From>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|why| Problem::new(Says::NoWebSocket, why.body_text()))?;
    let State(rooms) = rooms;
    if words.is_some() && !caller.scope().allows(WORDS_NEED) {
        let detail =
            format!("what is said needs the scope `{WORDS_NEED}`, and the token has `{}`", caller.scope());
        return Err(Problem::new(Says::NotPermitted, detail));
    }
    let overheard = words.map(|whose| Overheard { whose, words: rooms.feed.listen() });
    Ok(upgrade.max_message_size(LONGEST).on_upgrade(move |socket| async move {
        let place = after.unwrap_or_else(|| rooms.feed.newest());
        let mut watcher = Watcher { rooms, caller, socket, place, overheard };
        let end = watcher.watch().await;
        let reason = match end {
            TOO_SLOW => "too slow: come back with ?after=SEQ",
            NO_LONGER => "the token is no longer good",
            _ => "the daemon stops",
        };
        let close = Message::Close(Some(CloseFrame { code: end, reason: reason.into() }));
        let _gone = timeout(SLOW, watcher.socket.send(close)).await;
    }))
}

struct Watcher {
    rooms: Rooms,
    caller: Caller,
    socket: WebSocket,
    /// Number of the last event that was sent.
    place: u64,
    overheard: Option<Overheard>,
}

impl Watcher {
    /// Until one of both goes; returns the code to close with.
    async fn watch(&mut self) -> u16 {
        let feed = self.rooms.feed.clone();
        let _counted = feed.watch();
        let mut news = feed.news();
        let mut stopping = self.rooms.stop.subscribe();
        let mut ping = interval(PING);
        if let Err(code) = self.greet(&feed).await {
            return code;
        }
        loop {
            // What was said before something happened is told before it.
            while let Some(whisper) = Overheard::ready(&mut self.overheard) {
                if let Err(code) = self.send(Message::text(&*whisper.text)).await {
                    return code;
                }
            }
            match feed.since(self.place, BATCH) {
                Ok(batch) => {
                    for (seq, text) in batch {
                        if let Err(code) = self.send(Message::text(&*text)).await {
                            return code;
                        }
                        self.place = seq;
                    }
                }
                Err(Missed { .. }) => return TOO_SLOW,
            }
            let more = feed.newest() > self.place;
            tokio::select! {
                _ = news.changed(), if !more => {}
                () = std::future::ready(()), if more => {}
                heard = self.socket.recv() => match heard {
                    None | Some(Err(_) | Ok(Message::Close(_))) => return GOING_AWAY,
                    Some(Ok(_)) => {}
                },
                whisper = Overheard::next(&mut self.overheard) => {
                    if let Err(code) = self.send(Message::text(&*whisper.text)).await {
                        return code;
                    }
                }
                _ = ping.tick() => {
                    if !self.still_good().await {
                        return NO_LONGER;
                    }
                    if let Err(code) = self.send(Message::Ping(Vec::new().into())).await {
                        return code;
                    }
                }
                _ = stopping.changed() => return GOING_AWAY,
            }
        }
    }

    /// Says where the feed is, and what is missing of what was asked for.
    async fn greet(&mut self, feed: &Feed) -> Result<(), u16> {
        self.tell(feed.newest(), Event::Hello {}).await?;
        if let Err(Missed { oldest }) = feed.since(self.place, 0) {
            let after = self.place;
            self.place = oldest - 1;
            self.tell(self.place, Event::Gap { after, oldest }).await?;
        }
        Ok(())
    }

    async fn tell(&mut self, seq: u64, event: Event) -> Result<(), u16> {
        let text = serde_json::to_string(&Told { seq, at: SystemClock.now(), event }).unwrap_or_default();
        self.send(Message::text(text)).await
    }

    async fn send(&mut self, message: Message) -> Result<(), u16> {
        match timeout(SLOW, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(GOING_AWAY),
            Err(_) => Err(TOO_SLOW),
        }
    }

    /// A token that was revoked meanwhile ends the watching. A database that does not answer does not.
    async fn still_good(&mut self) -> bool {
        match &self.caller {
            Caller::Local(_) => true,
            Caller::Bearer(grant) => self.rooms.access.stands(&grant.token).await.unwrap_or(true),
        }
    }
}
