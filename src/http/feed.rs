//! What happens, as it happens: events with numbers that only rise, the newest of them kept for whoever comes back.
//!
//! Each watcher reads from here at its own pace: nobody is waited for, and whoever falls behind what is kept is told
//! so. Numbers begin at the microsecond of the daemon's start, so that one of an earlier daemon is never taken for one
//! of this.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use tokio::sync::{Notify, broadcast, watch};
use utoipa::ToSchema;

use crate::{
    base::{
        clock::Stamp,
        id::{CallId, Name, Reference},
        number::Number,
    },
    live::{
        record::CallRecord,
        switchboard::view::{
            AgentView, AlertTurn, AlertView, CallView, ConferenceView, EngineView, ExtensionView,
            MessageView, QueueView, Trouble, Words,
        },
    },
};

/// Events that are kept.
const KEPT: usize = 10_000;
/// Words that wait for whoever takes them; who is slower loses the older ones.
const WHISPERED: usize = 1024;

/// One thing that happened.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event")]
pub enum Event {
    /// A decision about a call and its reason.
    #[serde(rename = "call.told")]
    CallTold {
        call: CallId,
        #[schema(value_type = String)]
        what: SmolStr,
    },
    /// A call came, or is somewhere else than before.
    #[serde(rename = "call.changed")]
    CallChanged { call: CallView },
    /// A call is no longer live.
    #[serde(rename = "call.gone")]
    CallGone { call: CallId },
    /// A call is over; what the history will say of it.
    #[serde(rename = "call.ended")]
    CallEnded { call: Box<CallRecord> },
    /// An agent said what became of a call that is over.
    #[serde(rename = "call.disposed")]
    CallDisposed { call: CallId, disposition: Name },
    #[serde(rename = "agent.changed")]
    AgentChanged { agent: AgentView },
    #[serde(rename = "agent.gone")]
    AgentGone { agent: Name },
    #[serde(rename = "queue.changed")]
    QueueChanged { queue: QueueView },
    /// What became of an alert.
    #[serde(rename = "alert.changed")]
    AlertChanged { turn: AlertTurn, alert: AlertView },
    /// A message came, or is somewhere else than before.
    #[serde(rename = "message.changed")]
    MessageChanged { message: MessageView },
    /// A message is done with.
    #[serde(rename = "message.gone")]
    MessageGone { message: Reference },
    #[serde(rename = "engine.changed")]
    EngineChanged { engine: EngineView },
    #[serde(rename = "conference.changed")]
    ConferenceChanged { conference: ConferenceView },
    /// Nobody is in this conference any more.
    #[serde(rename = "conference.gone")]
    ConferenceGone { conference: Number },
    #[serde(rename = "extension.changed")]
    ExtensionChanged { extension: ExtensionView },
    #[serde(rename = "extension.gone")]
    ExtensionGone { extension: Number },
    /// All that an admin should see to now; nothing when all is well.
    #[serde(rename = "troubles.changed")]
    TroublesChanged { troubles: Vec<Trouble> },
    /// What is said in a conversation, as it forms. Told to whoever asks for it and may have it, and kept for nobody:
    /// `seq` is the number of the newest event.
    #[serde(rename = "call.words")]
    CallWords { words: Words },
    /// The first thing that a watcher hears. `seq` is the number of the newest event.
    #[serde(rename = "hello")]
    Hello {},
    /// Events after `after` are no longer there; the oldest that is comes next.
    #[serde(rename = "gap")]
    Gap { after: u64, oldest: u64 },
}

/// An event with its number and moment.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Told {
    pub seq: u64,
    pub at: Stamp,
    #[serde(flatten)]
    pub event: Event,
}

/// Where events are published and read. Clones share it.
#[derive(Clone)]
pub struct Feed {
    inner: Arc<Inner>,
}

struct Inner {
    ring: Mutex<Ring>,
    newest: watch::Sender<u64>,
    words: broadcast::Sender<Whisper>,
    watchers: AtomicUsize,
    stirred: Notify,
}

struct Ring {
    /// Number of the first event in `texts`.
    oldest: u64,
    texts: VecDeque<Arc<str>>,
}

/// What somebody said, as it is told.
#[derive(Clone)]
pub(super) struct Whisper {
    pub(super) call: CallId,
    pub(super) text: Arc<str>,
}

/// Events behind the wanted number are gone, or never were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Missed {
    pub(super) oldest: u64,
}

/// Counted as long as it lives.
pub(super) struct Watching(Arc<Inner>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.watchers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Feed {
    pub fn new(start: Stamp) -> Self {
        let oldest = u64::try_from(start.0).unwrap_or(0) + 1;
        let ring = Mutex::new(Ring { oldest, texts: VecDeque::new() });
        let (newest, _) = watch::channel(oldest - 1);
        let (words, _) = broadcast::channel(WHISPERED);
        let (watchers, stirred) = (AtomicUsize::new(0), Notify::new());
        Self { inner: Arc::new(Inner { ring, newest, words, watchers, stirred }) }
    }

    /// Never waits.
    pub fn publish(&self, at: Stamp, event: Event) {
        let mut ring = self.ring();
        let seq = ring.next();
        match serde_json::to_string(&Told { seq, at, event }) {
            Ok(text) => ring.texts.push_back(text.into()),
            Err(why) => return tracing::error!(%why, "an event cannot be told"),
        }
        if ring.texts.len() > KEPT {
            ring.texts.pop_front();
            ring.oldest += 1;
        }
        drop(ring);
        self.inner.newest.send_replace(seq);
    }

    /// Tells those who listen now, and nobody later. Never waits.
    pub fn whisper(&self, at: Stamp, words: Words) {
        if self.inner.words.receiver_count() == 0 {
            return;
        }
        let call = words.call;
        match serde_json::to_string(&Told { seq: self.newest(), at, event: Event::CallWords { words } }) {
            Ok(text) => drop(self.inner.words.send(Whisper { call, text: text.into() })),
            Err(why) => tracing::error!(%why, "words cannot be told"),
        }
    }

    /// How many hear what is said.
    pub fn listeners(&self) -> usize {
        self.inner.words.receiver_count()
    }

    /// What is said from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<Whisper> {
        self.inner.words.subscribe()
    }

    /// Up to `most` events behind number `after`, each with its number.
    pub(super) fn since(&self, after: u64, most: usize) -> Result<Vec<(u64, Arc<str>)>, Missed> {
        let ring = self.ring();
        if after.saturating_add(1) < ring.oldest || after >= ring.next() {
            return Err(Missed { oldest: ring.oldest });
        }
        let begin = (after + 1 - ring.oldest) as usize;
        let texts = ring.texts.range(begin..).take(most).cloned();
        Ok(texts.zip(after + 1..).map(|(text, seq)| (seq, text)).collect())
    }

    /// The number of the newest event.
    pub fn newest(&self) -> u64 {
        *self.inner.newest.borrow()
    }

    /// Live state may have changed. Never waits.
    pub fn stir(&self) {
        self.inner.stirred.notify_one();
    }

    /// Until live state may have changed since this was last asked.
    pub(super) async fn stirred(&self) {
        self.inner.stirred.notified().await;
    }

    /// Changes with every event.
    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.inner.newest.subscribe()
    }

    pub(super) fn watch(&self) -> Watching {
        self.inner.watchers.fetch_add(1, Ordering::Relaxed);
        self.stir();
        Watching(self.inner.clone())
    }

    pub(super) fn watchers(&self) -> usize {
        self.inner.watchers.load(Ordering::Relaxed)
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.inner.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn next(&self) -> u64 {
        self.oldest + self.texts.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(feed: &Feed, many: usize) {
        for _ in 0..many {
            feed.publish(Stamp(0), Event::CallGone { call: CallId(7) });
        }
    }

    fn numbers(feed: &Feed, after: u64, most: usize) -> Result<Vec<u64>, Missed> {
        let events = feed.since(after, most)?;
        for (seq, text) in &events {
            let told: Told = serde_json::from_str(text).unwrap();
            assert_eq!(told.seq, *seq);
        }
        Ok(events.into_iter().map(|(seq, _)| seq).collect())
    }

    #[test]
    fn events_are_read_from_any_number_that_is_kept() {
        let feed = Feed::new(Stamp(100));
        assert_eq!((feed.newest(), numbers(&feed, 100, 9)), (100, Ok(vec![])));
        publish(&feed, 5);
        assert_eq!(numbers(&feed, 100, 9), Ok(vec![101, 102, 103, 104, 105]));
        assert_eq!(numbers(&feed, 102, 2), Ok(vec![103, 104]));
        assert_eq!(numbers(&feed, 105, 9), Ok(vec![]));
        for elsewhere in [0, 99, 106, u64::MAX - 1] {
            assert_eq!(numbers(&feed, elsewhere, 9), Err(Missed { oldest: 101 }), "{elsewhere}");
        }
        publish(&feed, KEPT);
        assert_eq!(numbers(&feed, 104, 9), Err(Missed { oldest: 106 }));
        assert_eq!(numbers(&feed, 105, 1), Ok(vec![106]));
        assert_eq!(numbers(&feed, 105, usize::MAX).unwrap().len(), KEPT);
    }
}
